//! Runs all cases over the linked engine, and checks that each error code has a case.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use samefit_conformance::cases;
use samefit_conformance::outcome::Outcome;
use samefit_conformance::runner::Introduction;
use samefit_wasi_command::engine::LinkedEngine;
use std::collections::BTreeSet;
use std::path::Path;

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../data");

/// Codes that no case shows: most need calls in the wrong order, columns or states, and `empty-cells` is a note of a model, which is no
/// output of a case. `core-wasm/tests` has them.
const NOT_IN_CASES: [&str; 4] = ["spent", "column-lengths", "part", "empty-cells"];

/// With `SAMEFIT_BLESS=1`, writes the outputs as the expected ones: read the differences before you commit them.
#[test]
fn every_case_gives_its_bytes() {
    if std::env::var_os("SAMEFIT_BLESS").is_some() {
        // cases read outputs of other cases, such as models, and these read outputs in turn
        let bless_all = || cases(Path::new(DATA)).unwrap().iter().for_each(|case| drop(case.check(&LinkedEngine, true)));
        (0..3).for_each(|_| bless_all());
    }
    // it runs no module, so it has no digest
    let native = Introduction { language: "Rust".to_owned(), engine: "native code, linked".to_owned(), digest: String::new() };
    let outcome = Outcome::of(&LinkedEngine, native, Path::new(DATA)).unwrap();
    outcome.report().unwrap();
    assert!(outcome.failures.is_empty(), "{}", outcome.failures.join("\n\n"));
}

#[test]
fn every_code_has_a_case() {
    let mut seen = BTreeSet::new();
    for case in cases(Path::new(DATA)).unwrap() {
        for (name, bytes) in case.expected().unwrap() {
            if name == "error.json" || name == "notes.json" {
                let document: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
                let all = document.as_array().cloned().unwrap_or_else(|| vec![document]);
                seen.extend(all.iter().map(|error| error["code"].as_str().unwrap().to_owned()));
            }
        }
    }
    let missing: Vec<&str> = samefit_core::error::Code::ALL
        .iter()
        .map(|code| code.name())
        .filter(|code| !seen.contains(*code) && !NOT_IN_CASES.contains(code))
        .collect();
    assert!(missing.is_empty(), "no case shows {missing:?}");
}
