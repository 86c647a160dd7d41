//! Runs the conformance cases over the three builds of the component. All must give the same bytes.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::Path;

use samefit_conformance::outcome::Outcome;
use samefit_conformance::runner::Introduction;
use samefit_stages::ports::engine::Engine;

use crate::engine::WasmEngine;

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../data");

fn check_all(engine: &WasmEngine, build: &str) {
    let introduction = Introduction {
        language: "Rust".to_owned(),
        engine: format!("wasmtime, {build}"),
        digest: engine.identity().unwrap().component_sha256,
    };
    let outcome = Outcome::of(engine, introduction, Path::new(DATA)).unwrap();
    outcome.report().unwrap();
    assert!(outcome.failures.is_empty(), "{}", outcome.failures.join("\n\n"));
}

#[test]
fn every_case_gives_its_bytes_in_the_component() {
    check_all(&WasmEngine::embedded().unwrap(), "component");
}

#[test]
fn every_case_gives_its_bytes_in_the_code_for_any_processor() {
    check_all(&WasmEngine::for_any_processor().unwrap(), "component for any processor");
}

#[test]
fn every_case_gives_its_bytes_without_simd() {
    check_all(&WasmEngine::without_simd().unwrap(), "component without SIMD");
}
