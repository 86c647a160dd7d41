//! The conformance cases over the component that this program holds, and over its twin without SIMD: the same bytes.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::Path;

use samefit_conformance::cases;

use crate::engine::Wasm;

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../data");

fn check_all(engine: &Wasm) {
    let cases = cases(Path::new(DATA)).unwrap();
    assert!(cases.len() > 100, "the corpus is gone");
    let failures: Vec<String> = cases.iter().filter_map(|case| case.check(engine, false).err()).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn every_case_gives_its_bytes_in_the_component() {
    check_all(&Wasm::embedded().unwrap());
}

#[test]
fn every_case_gives_its_bytes_on_a_plain_machine() {
    check_all(&Wasm::plain().unwrap());
}

#[test]
fn every_case_gives_its_bytes_without_simd() {
    check_all(&Wasm::without_simd().unwrap());
}
