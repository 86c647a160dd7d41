//! Models, statistics, schemas, records and specs with changed bytes or parts: every verb that reads one ends with one of its own exit codes.
//!
//! *Not here*: changed models that are still valid (`forgeries`), and documents that are too large (`giants`).

use std::path::Path;

use serde_json::{Map, Value, json};

use crate::support::{Random, RunOutput, data, rounds, samefit};

/// A document, and the command lines that read it. `IN` stands for its path.
struct Target {
    document: &'static str,
    lines: &'static [&'static str],
}

const TARGETS: [Target; 5] = [
    Target {
        document: "m/model.json",
        lines: &[
            "inspect IN",
            "infer --model IN --attributes records --out o",
            "qc --model IN --records data.csv --threshold 900 --out o",
            "verify IN --data data.csv --schema schema.json --threads 2",
        ],
    },
    Target {
        document: "s.json",
        lines: &[
            "inspect IN",
            "merge IN t.json --out o.json",
            "fit IN --schema schema.json --out o",
            "fit IN --target y --features bmi,map --out o",
            "forget IN --rows data.csv --out o.json",
        ],
    },
    Target {
        document: "schema.json",
        lines: &[
            "train --data data.csv --schema IN --out o",
            "profile data.csv --schema IN",
            "summarize --data data.csv --schema IN --share --out o.json",
        ],
    },
    Target {
        document: "records/1.json",
        lines: &[
            "infer --model m --attributes IN --out o",
            "infer --model m --attributes IN --only predicted --with-input --out o",
            "qc --model m --records IN --threshold 900 --out o",
            "train --data IN --target y --out o",
            "profile records",
        ],
    },
    Target { document: "spec.json", lines: &["pipeline validate IN"] },
];

/// Returns a folder with a document of each kind.
fn test_folder() -> tempfile::TempDir {
    let temp = tempfile::tempdir().unwrap();
    let at = |name: &str| temp.path().join(name);
    std::fs::copy(data("diabetes_raw.csv"), at("data.csv")).unwrap();
    std::fs::copy(data("diabetes_raw.schema.json"), at("schema.json")).unwrap();
    std::fs::create_dir(at("records")).unwrap();
    let variables: Vec<Value> = ["age", "sex", "bmi", "map", "tc", "ldl", "hdl", "tch", "ltg", "glu"]
        .iter()
        .map(|name| json!({"name": name, "value": if *name == "sex" { json!(1) } else { json!("4.5") }}))
        .collect();
    std::fs::write(at("records/1.json"), json!({"independent_variables": variables, "dependent_variable": 90.5}).to_string()).unwrap();
    let specs = concat!(env!("CARGO_MANIFEST_DIR"), "/../pachyderm/specs/single");
    let mut specs: Vec<_> = std::fs::read_dir(specs).unwrap().map(|entry| entry.unwrap().path()).collect();
    specs.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    specs.sort();
    std::fs::copy(&specs[0], at("spec.json")).unwrap();
    for line in ["train --data data.csv --schema schema.json --out m", "summarize --data data.csv --schema schema.json --out s.json"] {
        let ran = run(temp.path(), line);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
    }
    std::fs::copy(at("s.json"), at("t.json")).unwrap();
    for target in &TARGETS {
        // the documents are valid before they are changed
        for line in target.lines.iter().filter(|line| !line.contains("records --out") && !line.contains("--share")) {
            let ran = run(temp.path(), &line.replace("IN", target.document));
            assert!(ran.code == 0 || target.document == "records/1.json", "{line}: {}", ran.stderr);
        }
    }
    temp
}

fn run(folder: &Path, line: &str) -> RunOutput {
    samefit(folder, &line.split(' ').collect::<Vec<_>>())
}

/// Returns a value that no document should contain.
fn unexpected_value(random: &mut Random) -> Value {
    let number = |text: &str| serde_json::from_str(text).unwrap();
    match random.below(20) {
        0 => Value::Null,
        1 => json!(true),
        2 => number("-1"),
        3 => number("0"),
        4 => number("1e400"),
        5 => number("-1e-400"),
        6 => number("123456789012345678901234567890"),
        7 => number("9223372036854775808"),
        8 => number("0.1"),
        9 => json!(""),
        10 => json!("NaN"),
        11 => json!("-0"),
        12 => json!("1e99999"),
        13 => json!(format!("0.{}1", "0".repeat(3000))),
        14 => json!("x".repeat(5000)),
        15 => json!("a*b^2"),
        16 => json!("\u{0}\u{feff}\u{202e}"),
        17 => json!([]),
        18 => json!({}),
        _ => json!([[[[{"a": [1, null, {"b": "c"}]}]]]]),
    }
}

/// Collects the JSON pointers of all values in a document.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Array(items) => items.iter().enumerate().for_each(|(index, item)| pointers(item, &format!("{at}/{index}"), found)),
        Value::Object(entries) => entries.iter().for_each(|(key, item)| {
            pointers(item, &format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")), found);
        }),
        _ => {}
    }
}

/// Changes one part of a document, and returns a description of the change.
fn change(document: &mut Value, random: &mut Random) -> String {
    let mut found = Vec::new();
    pointers(document, "", &mut found);
    let (pointer, other) = (random.pick(&found).clone(), random.pick(&found).clone());
    let copy = document.pointer(&other).cloned().unwrap();
    let unexpected = unexpected_value(random);
    let part = document.pointer_mut(&pointer).unwrap();
    let what = random.below(8);
    match (what, &mut *part) {
        (0, Value::Array(items)) if !items.is_empty() => drop(items.remove(random.below(items.len()))),
        (1, Value::Array(items)) => items.extend(items.clone()),
        (2, Value::Array(items)) => items.reverse(),
        (3, Value::Array(items)) => items.push(unexpected),
        (0, Value::Object(entries)) if !entries.is_empty() => {
            let key = entries.keys().nth(random.below(entries.len())).unwrap().clone();
            entries.remove(&key);
        }
        (1, Value::Object(entries)) if !entries.is_empty() => {
            // the value gets another key
            let key = entries.keys().nth(random.below(entries.len())).unwrap().clone();
            let value = entries.remove(&key).unwrap();
            entries.insert(format!("{key}2"), value);
        }
        (2, Value::Object(entries)) => *entries = entries.clone().into_iter().rev().collect::<Map<_, _>>(),
        (3, Value::Object(entries)) => drop(entries.insert("other".to_owned(), unexpected)),
        (4..=6, part) => *part = unexpected,
        (_, part) => *part = copy,
    }
    format!("{what} at `{pointer}`, `{other}`")
}

/// Changes bytes of a text, and returns a description of the change.
fn change_bytes(text: &mut Vec<u8>, random: &mut Random) -> String {
    let at = random.below(text.len());
    let end = (at + 1 + random.below(30)).min(text.len());
    let what = random.below(5);
    match what {
        0 => text[at] = random.below(256) as u8,
        1 => text.truncate(at),
        2 => drop(text.drain(at..end)),
        3 => {
            let piece = text[at..end].to_vec();
            text.splice(at..at, piece);
        }
        _ => text[at] = *random.pick(b"{}[]\",:.0e-\\"),
    }
    format!("bytes, {what} at {at} to {end}")
}

#[test]
fn changed_documents_are_read_or_refused() {
    let (temp, mut random) = (test_folder(), Random::new("documents"));
    for round in 0..rounds(60, 6000) {
        let target = &TARGETS[round % TARGETS.len()];
        let good = std::fs::read(temp.path().join(target.document)).unwrap();
        let (text, what) = match random.below(3) {
            0 => {
                let mut text = good;
                let what = change_bytes(&mut text, &mut random);
                (text, what)
            }
            _ => {
                let mut document: Value = serde_json::from_slice(&good).unwrap();
                let what: Vec<String> = (0..=random.below(3)).map(|_| change(&mut document, &mut random)).collect();
                (document.to_string().into_bytes(), what.join("; "))
            }
        };
        std::fs::write(temp.path().join("changed.json"), text).unwrap();
        let line = random.pick(target.lines).replace("IN", "changed.json");
        let ran = run(temp.path(), &line);
        let what = format!("{line}: {} with {what}", target.document);
        ran.assert_orderly(&what);
        assert_ne!(ran.code, 1, "{what}\n{}", ran.stderr);
    }
}

/// Returns the text of a document in which one object contains a key twice.
fn with_repeated_key(document: &Value, random: &mut Random) -> String {
    let mut found = Vec::new();
    pointers(document, "", &mut found);
    found.retain(|pointer| document.pointer(pointer).and_then(Value::as_object).is_some_and(|entries| !entries.is_empty()));
    let pointer = random.pick(&found).clone();
    let mut marked = document.clone();
    let entries = marked.pointer_mut(&pointer).unwrap().as_object_mut().unwrap();
    let (key, value) = entries.iter().nth(random.below(entries.len())).map(|(key, value)| (key.clone(), value.clone())).unwrap();
    entries.insert("KEY-TWICE".to_owned(), value);
    marked.to_string().replace("\"KEY-TWICE\"", &Value::from(key).to_string())
}

#[test]
fn a_repeated_key_is_bad_data_in_every_object() {
    let (temp, mut random) = (test_folder(), Random::new("keys"));
    for round in 0..rounds(20, 1000) {
        let target = &TARGETS[round % TARGETS.len()];
        let document: Value = serde_json::from_slice(&std::fs::read(temp.path().join(target.document)).unwrap()).unwrap();
        std::fs::write(temp.path().join("twice.json"), with_repeated_key(&document, &mut random)).unwrap();
        for line in target.lines.iter().filter(|line| line.contains("IN")) {
            let ran = run(temp.path(), &line.replace("IN", "twice.json"));
            ran.assert_orderly(line);
            assert_ne!(ran.code, 0, "{line}: {}", target.document);
            assert!(ran.stderr.contains("twice") || ran.stderr.contains("a second time"), "{line}: {}", ran.stderr);
        }
    }
}
