//! Compares `docs/errors.md` with the error codes and cases, and files with their JSON Schemas.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod schemas;

use samefit_conformance::cases;
use schemas::{assert_valid, validator};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

fn read(path: &str) -> String {
    std::fs::read_to_string(format!("{ROOT}/{path}")).unwrap()
}

/// Returns the first error or note of each code that a case gives.
fn examples() -> BTreeMap<String, Value> {
    let mut examples = BTreeMap::new();
    for case in cases(&Path::new(ROOT).join("data")).unwrap() {
        for (name, bytes) in case.expected().unwrap() {
            if name == "error.json" || name == "notes.json" {
                let document: Value = serde_json::from_slice(&bytes).unwrap();
                for error in document.as_array().cloned().unwrap_or_else(|| vec![document]) {
                    examples.entry(error["code"].as_str().unwrap().to_owned()).or_insert(error);
                }
            }
        }
    }
    examples
}

fn message(error: &Value) -> String {
    let row = error["row"].as_u64().map(|row| format!("row {row}"));
    let column = error["column"].as_str().map(|column| format!("column `{column}`"));
    let place: Vec<String> = row.into_iter().chain(column).collect();
    let place = if place.is_empty() { String::new() } else { place.join(", ") + ": " };
    let help = error["help"].as_str().filter(|help| !help.is_empty()).map(|help| format!("\nhelp: {help}"));
    format!("{place}{}{}", error["text"].as_str().unwrap(), help.unwrap_or_default())
}

fn errors_page() -> String {
    let examples = examples();
    let mut page = "# Errors\n\nEvery error of the component has a stable code, which other languages and the page go by. \
        The text is for people and may change. This page is made from the table of codes and from the cases in `data/cases/`. \
        A test compares it; `SAMEFIT_BLESS=1 cargo test -p samefit-conformance` writes it again.\n\n\
        On the command line an error begins with `error: ` and the file; bad input ends with exit code 3.\n"
        .to_owned();
    for (code, meaning) in samefit_core::error::Code::ALL.iter().map(|code| (code.name(), code.meaning())) {
        page += &format!("\n## `{code}`\n\n{meaning}\n");
        if let Some(example) = examples.get(code) {
            page += &format!("\n```text\n{}\n```\n", message(example));
        }
    }
    page += "\n# Errors of the program\n\nThe program finds these before or after it calls the component.\n\n";
    for (code, meaning) in samefit_stages::code::CODES {
        page += &format!("- `{code}`: {meaning}\n");
    }
    page
}

#[test]
fn the_page_of_errors_is_up_to_date() {
    let page = errors_page();
    if std::env::var_os("SAMEFIT_BLESS").is_some() {
        std::fs::write(format!("{ROOT}/docs/errors.md"), &page).unwrap();
    }
    assert_eq!(read("docs/errors.md"), page, "docs/errors.md differs from the codes and cases");
}

/// The outputs of cases, and the schema that describes each.
const SCHEMA_OF_OUTPUT: [(&str, &str); 15] = [
    ("statistics.json", "statistics"),
    ("model.json", "model"),
    ("summary.json", "summary"),
    ("test.json", "test"),
    ("prediction.json", "prediction"),
    ("report.json", "report"),
    ("profile.json", "profile"),
    ("preview.json", "preview"),
    ("plan.json", "plan"),
    ("shared.json", "shared"),
    ("records.jsonl", "qc-record"),
    ("form.json", "form"),
    ("entries.json", "entries"),
    ("explanation.json", "explanation"),
    ("residuals.json", "residuals"),
];

#[test]
fn outputs_of_cases_are_valid() {
    for (output, schema) in SCHEMA_OF_OUTPUT {
        let validator = validator(schema);
        let mut seen = 0;
        for case in cases(&Path::new(ROOT).join("data")).unwrap() {
            let Some(bytes) = case.expected().unwrap().remove(output) else { continue };
            let text = String::from_utf8(bytes).unwrap();
            let documents: Vec<&str> = if output.ends_with('l') { text.lines().collect() } else { vec![&text] };
            for document in documents {
                assert_valid(&validator, document, &format!("{}/{output}", case.name));
                seen += 1;
            }
        }
        assert!(seen > 0, "no case gives {output}");
    }
}

#[test]
fn errors_and_notes_of_cases_are_valid() {
    let validator = validator("error");
    let examples = examples();
    assert!(!examples.is_empty());
    for (code, example) in examples {
        assert_valid(&validator, &example.to_string(), &code);
    }
}

#[test]
fn shipped_data_are_valid() {
    for schema in ["diabetes", "diabetes_raw"] {
        assert_valid(&validator("schema"), &read(&format!("data/{schema}.schema.json")), schema);
    }
    for folder in ["attributes", "attributes_raw"] {
        for entry in std::fs::read_dir(format!("{ROOT}/data/{folder}")).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            assert_valid(&validator("attributes"), &read(&format!("data/{folder}/{name}")), &name);
        }
    }
}
