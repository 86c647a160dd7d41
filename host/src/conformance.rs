//! Runs the conformance cases over the three builds of the component. All must give the same bytes.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::Path;

use samefit_conformance::cases;

use crate::engine::WasmEngine;

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../data");

/// Fewer cases than this mean that the folder of cases was not found.
const CASES_MIN: usize = 100;

fn check_all(engine: &WasmEngine) {
    let cases = cases(Path::new(DATA)).unwrap();
    assert!(cases.len() > CASES_MIN, "there are only {} cases", cases.len());
    let failures: Vec<String> = cases.iter().filter_map(|case| case.check(engine, false).err()).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn every_case_gives_its_bytes_in_the_component() {
    check_all(&WasmEngine::embedded().unwrap());
}

#[test]
fn every_case_gives_its_bytes_in_the_code_for_any_processor() {
    check_all(&WasmEngine::for_any_processor().unwrap());
}

#[test]
fn every_case_gives_its_bytes_without_simd() {
    check_all(&WasmEngine::without_simd().unwrap());
}
