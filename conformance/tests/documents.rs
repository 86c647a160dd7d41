//! What is written about the files and the errors, held against the files and the errors.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use samefit_conformance::cases;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

fn read(path: &str) -> String {
    std::fs::read_to_string(format!("{ROOT}/{path}")).unwrap()
}

/// Errors and notes that the cases give, by code: the first of each.
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
    format!("{place}{}", error["text"].as_str().unwrap().replacen('\n', "\nhelp: ", 1))
}

fn errors_page() -> String {
    let examples = examples();
    let mut page = "# Errors\n\nEvery error of the component has a stable code, which other languages and the page go by. \
        The text is for people and may change. What follows is made from the table of codes and from the cases in `data/cases/`, \
        and a test keeps it so: `SAMEFIT_BLESS=1 cargo test -p samefit-conformance` writes it again.\n\n\
        On the command line an error begins with `error: ` and the file; bad input ends with exit code 3.\n"
        .to_owned();
    for (code, meaning) in samefit_core::error::Code::ALL.iter().map(|code| (code.name(), code.meaning())) {
        page += &format!("\n## `{code}`\n\n{meaning}\n");
        if let Some(example) = examples.get(code) {
            page += &format!("\n```text\n{}\n```\n", message(example));
        }
    }
    page += "\n# Errors of the program\n\nWhat is found outside the component, before or after it is asked.\n\n";
    for (code, meaning) in samefit_stages::code::CODES {
        page += &format!("- `{code}`: {meaning}\n");
    }
    page
}

#[test]
fn errors_are_listed_with_their_messages() {
    let page = errors_page();
    if std::env::var_os("SAMEFIT_BLESS").is_some() {
        std::fs::write(format!("{ROOT}/docs/errors.md"), &page).unwrap();
    }
    assert_eq!(read("docs/errors.md"), page, "docs/errors.md is not what the codes and cases say");
}

/// Which schema describes an output of a case.
const SCHEMA_OF_OUTPUT: [(&str, &str); 12] = [
    ("statistics.json", "statistics"),
    ("model.json", "model"),
    ("prediction.json", "prediction"),
    ("report.json", "report"),
    ("profile.json", "profile"),
    ("plan.json", "plan"),
    ("shared.json", "shared"),
    ("records.jsonl", "qc-record"),
    ("form.json", "form"),
    ("entries.json", "entries"),
    ("explanation.json", "explanation"),
    ("residuals.json", "residuals"),
];

/// Finds the schemas that a schema refers to, beside it.
struct Beside;

impl jsonschema::Retrieve for Beside {
    fn retrieve(&self, uri: &jsonschema::Uri<String>) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        let name = uri.as_str().rsplit('/').next().unwrap_or_default();
        Ok(serde_json::from_str(&read(&format!("docs/schemas/{name}")))?)
    }
}

fn validator(schema: &str) -> jsonschema::Validator {
    let name = format!("{schema}.schema.json");
    let options = jsonschema::options().with_base_uri(format!("samefit:///schemas/{name}")).with_retriever(Beside);
    options.build(&serde_json::from_str(&read(&format!("docs/schemas/{name}"))).unwrap()).unwrap()
}

fn assert_valid(validator: &jsonschema::Validator, text: &str, what: &str) {
    let document: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{what}: {error}"));
    let faults: Vec<String> = validator.iter_errors(&document).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(faults.is_empty(), "{what}:\n{}", faults.join("\n"));
}

#[test]
fn what_comes_out_is_as_the_schemas_say() {
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
fn the_data_that_ship_are_as_the_schemas_say() {
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

/// A fenced example without its comments. None of the examples has `//` in a text but for the addresses of terminologies.
fn without_comments(example: &str) -> String {
    let line = |line: &str| match line.match_indices("//").find(|(at, _)| !line[..*at].ends_with(':')) {
        Some((at, _)) => line[..at].to_owned(),
        None => line.to_owned(),
    };
    example.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_examples_of_the_formats_are_as_the_schemas_say() {
    let titles = [
        ("## Plan", "plan"),
        ("## `schema.json`", "schema"),
        ("## `statistics.json`", "statistics"),
        ("## `model.json`", "model"),
        ("## `provenance.json`", "provenance"),
        ("## Audit", "audit"),
        ("## Attributes", "attributes"),
        ("## Predictions", "prediction"),
        ("## QC records", "qc-record"),
        ("## `report.json`", "report"),
        ("## Form", "form"),
        ("## Entries", "entries"),
        ("## Explanation", "explanation"),
        ("## Residuals", "residuals"),
        ("## Profile", "profile"),
    ];
    let page = read("docs/formats.md");
    for (title, schema) in titles {
        let section = page.split(&format!("\n{title}\n")).nth(1).unwrap_or_else(|| panic!("no section {title}"));
        let example = section.split("```jsonc\n").nth(1).unwrap().split("```").next().unwrap();
        assert_valid(&validator(schema), &without_comments(example), title);
    }
}
