//! The examples of `docs/formats.md` are real: each is an output of the program, byte for byte, or an input that the program reads.
//!
//! A comment above each example names its source:
//!
//! - `<!-- output: cases/NAME/FILE -->`: the output of a case. Of JSON Lines, the example is one line.
//! - `<!-- output: stage FILE -->`: a file that the stages of [`stage_files`] write. Of JSON Lines, the example is a line in the layout of a document.
//! - `<!-- part: cases/NAME/FILE -->`: a value within the output of a case.
//! - `<!-- input: KIND -->`: an input of one of the kinds of [`read_input`].
//!
//! In an example `//` begins a comment, and `…` stands for bytes that are left out.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod command_line;
mod schemas;

use samefit_formats::json;
use samefit_stages::limits::SPLIT_BYTES;
use samefit_stages::ports::engine::{Engine, Interval};
use samefit_stages::testing::MemoryFiles;
use samefit_wasi_command::engine::LinkedEngine;
use serde_json::Value;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

fn read(path: &str) -> String {
    std::fs::read_to_string(format!("{ROOT}/{path}")).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// An example, and the comment above it.
struct Example {
    /// The line of the page where it begins.
    line: usize,
    source: String,
    /// The text without comments; it ends with a line break.
    text: String,
}

/// Returns the examples of the page. Panics if one has no source.
fn examples() -> Vec<Example> {
    let page = read("docs/formats.md");
    let lines: Vec<&str> = page.lines().collect();
    let mut examples = Vec::new();
    let mut at = 0;
    while let Some(start) = (at..lines.len()).find(|&line| lines[line].starts_with("```")) {
        let end = (start + 1..lines.len()).find(|&line| lines[line] == "```").unwrap();
        let comment = lines[start - 1].strip_prefix("<!-- ").and_then(|comment| comment.strip_suffix(" -->"));
        let source = comment.unwrap_or_else(|| panic!("docs/formats.md:{}: an example without a source", start + 1)).to_owned();
        let text = lines[start + 1..end].iter().filter_map(|line| without_comment(line)).map(|line| format!("{line}\n")).collect();
        examples.push(Example { line: start + 1, source, text });
        at = end + 1;
    }
    examples
}

/// Returns a line without its comment; `None` if it has nothing else.
fn without_comment(line: &str) -> Option<&str> {
    let code = line.find("// ").filter(|&at| line[..at].ends_with(' ') || at == 0).map_or(line, |at| line[..at].trim_end());
    (code.len() == line.len() || !code.is_empty()).then_some(code)
}

/// Whether an example is a text, in which each `…` stands for any bytes.
fn is_text(example: &str, text: &str) -> bool {
    let pieces: Vec<&str> = example.split('…').collect();
    let [first, others @ ..] = pieces.as_slice() else { return false };
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let [middle @ .., last] = others else { return rest.is_empty() };
    for piece in middle {
        match rest.split_once(piece) {
            Some((_, behind)) => rest = behind,
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// The texts of which an example may be one: a document, or the lines of JSON Lines.
fn documents(path: &str, text: &str) -> Vec<String> {
    if path.ends_with(".jsonl") { text.lines().map(|line| format!("{line}\n")).collect() } else { vec![text.to_owned()] }
}

/// Lays out all values within a document.
fn parts(value: &Value, found: &mut Vec<String>) {
    found.push(json::document(value));
    match value {
        Value::Array(items) => items.iter().for_each(|item| parts(item, found)),
        Value::Object(entries) => entries.values().for_each(|item| parts(item, found)),
        _ => {}
    }
}

/// Runs the stages whose files are examples.
fn stage_files() -> MemoryFiles {
    let data = ["diabetes.csv", "diabetes_raw.csv", "diabetes_raw.schema.json"];
    let files = MemoryFiles::of(&data.map(|name| (name, read(&format!("data/{name}")))));
    for line in [
        "train --data diabetes.csv --target y --features bmi,ltg --out model",
        "summarize --data diabetes_raw.csv --columns bmi,hdl,y --share --schema diabetes_raw.schema.json --out north.json",
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        let (result, _) = command_line::run(&LinkedEngine, &files, &words, 1, SPLIT_BYTES);
        result.unwrap_or_else(|error| panic!("{line}: {error}"));
    }
    files
}

/// Reads an example of an input as the program reads it, and validates it.
fn read_input(kind: &str, text: &str) {
    schemas::assert_valid(&schemas::validator(kind), text, kind);
    match kind {
        "plan" => drop(LinkedEngine.summarizer(text).unwrap()),
        "schema" => drop(LinkedEngine.form(text).unwrap()),
        "attributes" => drop(
            LinkedEngine.model(&read("data/cases/train-bmi-ltg/model.json")).unwrap().predict_record(text, Interval::default()).unwrap(),
        ),
        other => panic!("no such kind of input: {other}"),
    }
}

/// Asserts that typed entries give the result that the page shows after them.
fn evaluate_entries(text: &str) {
    let mut form = LinkedEngine.form(&read("data/cases/example-train/model.json")).unwrap();
    assert_eq!(form.evaluate(text).unwrap(), read("data/cases/example-entries/entries.json"));
}

#[test]
fn examples_are_real() {
    let files = stage_files();
    let mut counts = [0; 3];
    for Example { line, source, text } in examples() {
        let place = format!("docs/formats.md:{line}");
        let (kind, path) = source.split_once(": ").unwrap_or_else(|| panic!("{place}: `{source}` is no source"));
        let candidates = match (kind, path.strip_prefix("stage ")) {
            ("output", Some(file)) => {
                let written = String::from_utf8(files.get(file).unwrap_or_else(|| panic!("{place}: no {file}"))).unwrap();
                documents(file, &written).iter().map(|text| json::document(&serde_json::from_str(text).unwrap())).collect()
            }
            ("output", None) => documents(path, &read(&format!("data/{path}"))),
            ("part", None) => {
                let mut found = Vec::new();
                parts(&serde_json::from_str(&read(&format!("data/{path}"))).unwrap(), &mut found);
                found
            }
            ("input", None) => {
                counts[2] += 1;
                if path == "entries" {
                    evaluate_entries(&text)
                } else {
                    read_input(path, &text)
                }
                continue;
            }
            _ => panic!("{place}: `{source}` is no source"),
        };
        counts[usize::from(kind == "part")] += 1;
        assert!(candidates.iter().any(|candidate| is_text(&text, candidate)), "{place}: not in {path}:\n{text}\n{}", candidates[0]);
    }
    // the page has examples of each kind
    assert!(counts[0] > 10 && counts[1] > 0 && counts[2] > 3, "{counts:?}");
}

#[test]
fn examples_are_compared_as_bytes() {
    assert!(is_text("[1, …, 9]\n", "[1, 2, 3, 9]\n"));
    assert!(is_text("{}\n", "{}\n"));
    for (example, text) in [("[1, …, 9]\n", "[1, 2]\n"), ("[1]\n", "[1, 2]\n"), ("[1]\n", "[1]"), ("[1, …\n", "[2, 1]\n")] {
        assert!(!is_text(example, text), "{example}");
    }
    assert_eq!(without_comment("  \"a\": \"http://b\",   // c"), Some("  \"a\": \"http://b\","));
    assert_eq!((without_comment("  // c"), without_comment("// c"), without_comment("")), (None, None, Some("")));
}
