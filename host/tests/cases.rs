//! The conformance cases of bad input through the binary: exit code 3, the case's message after the file's name, nothing written.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../data");

/// A case of bad input: its name, what it does with what, and the error.
#[derive(Clone)]
struct Case {
    name: String,
    input: Value,
    error: Value,
}

fn read(path: &Path) -> Option<Value> {
    Some(serde_json::from_slice(&std::fs::read(path).ok()?).unwrap())
}

fn bad_cases(verb: &str) -> Vec<Case> {
    let folders = std::fs::read_dir(format!("{DATA}/cases")).unwrap().map(|entry| entry.unwrap().path());
    let case = |folder: PathBuf| {
        let (input, error) = (read(&folder.join("case.json"))?, read(&folder.join("error.json"))?);
        Some(Case { name: folder.file_name()?.to_str()?.to_owned(), input, error })
    };
    let mut cases: Vec<Case> = folders.filter_map(case).filter(|case| case.input["do"] == verb).collect();
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    cases
}

/// The bytes that a case describes; see data/cases/README.md.
fn bytes(value: &Value) -> Vec<u8> {
    match value {
        Value::String(text) => text.clone().into_bytes(),
        Value::Array(parts) => parts.iter().flat_map(bytes).collect(),
        Value::Object(map) => match map.iter().next().unwrap() {
            (key, Value::String(file)) if key == "file" => std::fs::read(format!("{DATA}/{file}")).unwrap(),
            (key, Value::String(hex)) if key == "hex" => samefit_formats::hex::decode(hex).unwrap(),
            (key, Value::Array(pair)) if key == "repeat" => {
                pair[0].as_str().unwrap().repeat(pair[1].as_u64().unwrap() as usize).into_bytes()
            }
            (_, json) => json.to_string().into_bytes(),
        },
        other => panic!("{other}"),
    }
}

/// A folder with the files of a case.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn put(&self, name: &str, value: &Value) -> String {
        let path = self.path(name);
        std::fs::write(&path, bytes(value)).unwrap();
        path
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }
}

fn samefit(arguments: &[String]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_samefit")).args(arguments).output().unwrap()
}

/// The flags that say what a plan says.
fn flags(folder: &Folder, plan: &Value) -> Vec<String> {
    let list = |value: &Value| value.as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect::<Vec<_>>().join(",");
    let mut flags = Vec::new();
    for (key, value) in plan.as_object().into_iter().flatten() {
        match key.as_str() {
            "target" | "missing" => flags.extend([format!("--{key}"), value.as_str().unwrap().to_owned()]),
            "features" | "columns" | "terms" => flags.extend([format!("--{key}"), list(value)]),
            "schema" => {
                let document = if value.get("file").is_some() { value.clone() } else { serde_json::json!({ "json": value }) };
                flags.extend(["--schema".to_owned(), folder.put("schema.json", &document)]);
            }
            "share" => flags.push("--share".to_owned()),
            "decimals" => {
                let one = |(name, decimals): (&String, &Value)| format!("{name}={decimals}");
                flags.extend(["--decimals".to_owned(), value.as_object().unwrap().iter().map(one).collect::<Vec<_>>().join(",")]);
            }
            "intercept" => flags.push("--no-intercept".to_owned()),
            "only" => flags.extend(["--only".to_owned(), value.as_str().unwrap().to_owned()]),
            "with_input" => flags.push("--with-input".to_owned()),
            "format" => {}
            other => panic!("no flag says `{other}`"),
        }
    }
    flags
}

/// What the program must say of the error, after the file's name.
fn message(error: &Value) -> String {
    let position = match (error["row"].as_u64(), error["column"].as_str()) {
        (Some(row), Some(column)) => format!("row {row}, column `{column}`: "),
        (Some(row), None) => format!("row {row}: "),
        (None, Some(column)) => format!("column `{column}`: "),
        (None, None) => String::new(),
    };
    position + &error["text"].as_str().unwrap().replacen('\n', "\nhelp: ", 1)
}

/// Runs it and holds the answer against the case; `file` must be named.
fn assert_refused(case: &Case, file: &str, arguments: &[String], out: &str) {
    let output = samefit(arguments);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{}: {stderr}", case.name);
    assert!(stderr.contains(&message(&case.error)), "{}\n  want: {}\n  got:  {stderr}", case.name, message(&case.error));
    assert!(stderr.contains(file), "{}: no file name {file} in {stderr}", case.name);
    assert!(!Path::new(out).exists() || std::fs::read_dir(out).unwrap().count() == 0, "{}: something was written", case.name);
}

fn words<const N: usize>(words: [&str; N]) -> Vec<String> {
    words.map(str::to_owned).to_vec()
}

#[test]
fn bad_data_are_refused() {
    // the command line refuses these as wrong usage, or has no way to say them
    let elsewhere = ["bad-plan-key", "bad-plan-delimiter", "bad-no-target", "bad-share-not-asked", "bad-share-sums-nothing"];
    let cases: Vec<Case> = bad_cases("train").into_iter().filter(|case| !elsewhere.contains(&case.name.as_str())).collect();
    assert!(cases.len() > 40);
    for case in &cases {
        let folder = Folder::new();
        let plan = &case.input["plan"];
        let name = if plan["format"] == "jsonl" { "data.jsonl" } else { "data.csv" };
        let (data, out) = (folder.put(name, &case.input["data"]), folder.path("out"));
        let to_fit = plan.get("columns").is_none() && plan.as_object().is_some_and(|plan| !plan.is_empty());
        let verb = if to_fit { "train" } else { "summarize" };
        let arguments = [words([verb, "--data", &data, "--out", &out]), flags(&folder, plan)].concat();
        // what the flags or the schema say wrong is no fault of the data
        let of_plan =
            ["plan", "schema", "term", "target"].contains(&case.error["code"].as_str().unwrap()) || case.name == "bad-duplicate-feature";
        assert_refused(case, if of_plan { "" } else { name }, &arguments, &out);
    }
}

#[test]
fn what_may_not_be_shared_is_refused() {
    let cases = bad_cases("share");
    assert!(cases.len() > 8);
    for case in &cases {
        let folder = Folder::new();
        let (data, out) = (folder.put("data.csv", &case.input["data"]), folder.path("out"));
        let arguments = [words(["summarize", "--data", &data, "--out", &out]), flags(&folder, &case.input["plan"])].concat();
        let of_plan = ["plan", "decimals", "capacity"].contains(&case.error["code"].as_str().unwrap());
        assert_refused(case, if of_plan { "" } else { "data.csv" }, &arguments, &out);
    }
}

#[test]
fn bad_statistics_are_refused() {
    for case in bad_cases("merge").iter().chain(&bad_cases("fit")) {
        let folder = Folder::new();
        let documents = case.input["documents"].as_array().unwrap();
        let paths: Vec<String> = documents.iter().enumerate().map(|(at, document)| folder.put(&format!("s{at}.json"), document)).collect();
        let (verb, out) = (case.input["do"].as_str().unwrap(), folder.path("out"));
        let target = if verb == "merge" { folder.path("out/merged.json") } else { out.clone() };
        let arguments = [words([verb]), paths, words(["--out", &target]), flags(&folder, &case.input["plan"])].concat();
        assert_refused(case, &format!("s{}.json", documents.len() - 1), &arguments, &out);
    }
}

#[test]
fn bad_records_are_refused() {
    // another word than `predicted` is wrong usage
    for case in bad_cases("predict").iter().chain(&bad_cases("table")).filter(|case| case.name != "bad-plan-only") {
        let folder = Folder::new();
        let name = match (case.input["do"].as_str().unwrap(), case.input["plan"]["format"].as_str()) {
            ("predict", _) => "record.json",
            (_, Some(_)) => "records.jsonl",
            _ => "records.csv",
        };
        let (model, data, out) =
            (folder.put("model.json", &case.input["model"]), folder.put(name, &case.input["data"]), folder.path("out"));
        let file = if case.name.starts_with("bad-model") { "model.json" } else { name };
        let arguments =
            [words(["infer", "--model", &model, "--attributes", &data, "--out", &out]), flags(&folder, &case.input["plan"])].concat();
        assert_refused(case, file, &arguments, &out);
    }
}

#[test]
fn bad_judgements_are_refused() {
    // a threshold of zero is wrong usage
    for case in bad_cases("judge").iter().filter(|case| case.input.get("documents").is_none() && case.name != "bad-judge-threshold") {
        let folder = Folder::new();
        let (model, data, out) =
            (folder.put("model.json", &case.input["model"]), folder.put("records.csv", &case.input["data"]), folder.path("out"));
        let threshold = case.input["threshold"].to_string();
        assert_refused(case, "", &words(["qc", "--model", &model, "--records", &data, "--threshold", &threshold, "--out", &out]), &out);
    }
}
