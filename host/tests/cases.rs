//! Runs the conformance cases of bad input through the program. It must exit with code 3, name the file, print the case's message and write
//! nothing.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../data");

/// Longest time of one run of the program.
const RUN_TIME_MAX: Duration = Duration::from_secs(120);

/// A conformance case of bad input: its name, `case.json` and `error.json`.
#[derive(Clone)]
struct Case {
    name: String,
    input: Value,
    error: Value,
}

fn read(path: &Path) -> Option<Value> {
    Some(serde_json::from_slice(&std::fs::read(path).ok()?).unwrap())
}

/// Returns the cases of bad input whose `do` is `verb`, sorted by name.
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

/// Returns the bytes that a value of a case describes; see data/cases/README.md.
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

/// A folder for the files of one case.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// Writes the bytes that `value` describes, and returns the path.
    fn put(&self, name: &str, value: &Value) -> String {
        let path = self.path(name);
        std::fs::write(&path, bytes(value)).unwrap();
        path
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }
}

/// Runs the program. Panics if it takes longer than [`RUN_TIME_MAX`].
fn samefit(arguments: &[String]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_samefit"));
    let child = command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let id = child.id();
    let (sender, output) = std::sync::mpsc::channel();
    std::thread::spawn(move || sender.send(child.wait_with_output()));
    output.recv_timeout(RUN_TIME_MAX).map(Result::unwrap).unwrap_or_else(|_| {
        let _ = Command::new("kill").args(["-9", &id.to_string()]).status();
        panic!("{arguments:?} took longer than {RUN_TIME_MAX:?}")
    })
}

/// Returns the flags that mean the same as a plan.
fn flags(folder: &Folder, plan: &Value) -> Vec<String> {
    let list = |value: &Value| value.as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect::<Vec<_>>().join(",");
    let mut flags = Vec::new();
    for (key, value) in plan.as_object().into_iter().flatten() {
        match key.as_str() {
            "target" | "missing" | "weights" | "counts" | "by" | "formula" | "collinear" | "decimal" | "thousands" => {
                flags.extend([format!("--{key}"), value.as_str().unwrap().to_owned()]);
            }
            "reference" => {
                let one = |(name, level): (&String, &Value)| format!("{name}={}", level.as_str().unwrap());
                flags.extend(["--reference".to_owned(), value.as_object().unwrap().iter().map(one).collect::<Vec<_>>().join(",")]);
            }
            "other" => {
                for (name, kept) in value.as_object().unwrap() {
                    flags.extend(["--other".to_owned(), format!("{name}={}", list(kept))]);
                }
            }
            "na" => value.as_array().unwrap().iter().for_each(|text| flags.extend(["--na".to_owned(), text.as_str().unwrap().to_owned()])),
            // `train` looks for categories anyway
            "find_categories" => {}
            "features" | "columns" | "terms" | "categories" => flags.extend([format!("--{key}"), list(value)]),
            "schema" => {
                let document = if value.get("file").is_some() { value.clone() } else { serde_json::json!({ "json": value }) };
                flags.extend(["--schema".to_owned(), folder.put("schema.json", &document)]);
            }
            "share" => flags.push("--share".to_owned()),
            "decimals" => {
                let one = |(name, decimals): (&String, &Value)| format!("{name}={decimals}");
                flags.extend(["--decimals".to_owned(), value.as_object().unwrap().iter().map(one).collect::<Vec<_>>().join(",")]);
            }
            "delimiter" | "comment" => flags.extend([format!("--{key}"), value.as_str().unwrap().to_owned()]),
            "skip" => flags.extend(["--skip".to_owned(), value.to_string()]),
            "header" => flags.extend(["--header".to_owned(), list(value)]),
            "intercept" => flags.push("--no-intercept".to_owned()),
            "near_collinear" => flags.extend(["--near-collinear".to_owned(), value.as_str().unwrap().to_owned()]),
            "only" => flags.extend(["--only".to_owned(), value.as_str().unwrap().to_owned()]),
            "with_input" => flags.push("--with-input".to_owned()),
            "on_error" => flags.extend(["--on-error".to_owned(), value.as_str().unwrap().to_owned()]),
            "format" => {}
            other => panic!("no flag says `{other}`"),
        }
    }
    flags
}

/// Returns the message that the program must print after the file's name.
fn message(error: &Value) -> String {
    let position = match (error["row"].as_u64(), error["column"].as_str()) {
        (Some(row), Some(column)) => format!("row {row}, column `{column}`: "),
        (Some(row), None) => format!("row {row}: "),
        (None, Some(column)) => format!("column `{column}`: "),
        (None, None) => String::new(),
    };
    let help = error["help"].as_str().filter(|help| !help.is_empty()).map(|help| format!("\nhelp: {help}"));
    format!("{position}{}{}", error["text"].as_str().unwrap(), help.unwrap_or_default())
}

/// Runs the program and compares its output with the case. The message must name `file`.
fn assert_refused(case: &Case, file: &str, arguments: &[String], out: &str) {
    let output = samefit(arguments);
    // where records are not lines, the program calls a row a record
    let stderr = String::from_utf8(output.stderr).unwrap().replace(": record ", ": row ");
    assert_eq!(output.status.code(), Some(3), "{}: {stderr}", case.name);
    assert!(stderr.contains(&message(&case.error)), "{}\n  expected: {}\n  got:      {stderr}", case.name, message(&case.error));
    assert!(stderr.contains(file), "{}: {file} is not named in {stderr}", case.name);
    assert!(!Path::new(out).exists() || std::fs::read_dir(out).unwrap().count() == 0, "{}: something was written", case.name);
}

fn words<const N: usize>(words: [&str; N]) -> Vec<String> {
    words.map(str::to_owned).to_vec()
}

#[test]
fn bad_data_are_refused() {
    // for the command line these are usage errors, or no flag can express them; `train` takes units for words; UTF-16 is converted
    let elsewhere = [
        "bad-plan-key",
        "bad-plan-delimiter",
        "bad-plan-comment",
        "bad-no-target",
        "bad-share-not-asked",
        "bad-share-sums-nothing",
        "bad-units-row",
        "bad-utf16",
    ];
    let cases: Vec<Case> = bad_cases("train").into_iter().filter(|case| !elsewhere.contains(&case.name.as_str())).collect();
    assert!(cases.len() > 40);
    for case in &cases {
        let folder = Folder::new();
        let plan = &case.input["plan"];
        let name = match plan["format"].as_str() {
            Some("jsonl") => "data.jsonl",
            Some("json") => "data.json",
            _ => "data.csv",
        };
        let (data, out) = (folder.put(name, &case.input["data"]), folder.path("out"));
        let to_fit = plan.get("columns").is_none() && plan.as_object().is_some_and(|plan| !plan.is_empty());
        let verb = if to_fit { "train" } else { "summarize" };
        let arguments = [words([verb, "--data", &data, "--out", &out]), flags(&folder, plan)].concat();
        // an error in the flags or in the schema names no data file
        let is_in_plan =
            ["plan", "schema", "term", "target"].contains(&case.error["code"].as_str().unwrap()) || case.name == "bad-duplicate-feature";
        assert_refused(case, if is_in_plan { "" } else { name }, &arguments, &out);
    }
}

#[test]
fn data_that_must_not_be_shared_are_refused() {
    let cases = bad_cases("share");
    assert!(cases.len() > 8);
    for case in &cases {
        let folder = Folder::new();
        let (data, out) = (folder.put("data.csv", &case.input["data"]), folder.path("out"));
        let arguments = [words(["summarize", "--data", &data, "--out", &out]), flags(&folder, &case.input["plan"])].concat();
        let is_in_plan = ["plan", "decimals", "capacity"].contains(&case.error["code"].as_str().unwrap());
        assert_refused(case, if is_in_plan { "" } else { "data.csv" }, &arguments, &out);
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
    // on the command line these are usage errors: a word other than `predicted`, and flags that exclude each other
    let elsewhere = ["bad-plan-only", "bad-plan-on-error"];
    let mut tables = bad_cases("table");
    // the program names its flag
    let help = "fill in the value, or give --on-error continue: it leaves such records without a prediction and counts them";
    tables.iter_mut().filter(|case| case.error["code"] == "missing-values").for_each(|case| case.error["help"] = help.into());
    for case in bad_cases("predict").iter().chain(&tables).filter(|case| !elsewhere.contains(&case.name.as_str())) {
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
fn bad_input_of_quality_control_is_refused() {
    // for the command line a threshold of zero is a usage error
    for case in bad_cases("judge").iter().filter(|case| case.input.get("documents").is_none() && case.name != "bad-judge-threshold") {
        let folder = Folder::new();
        let (model, data, out) =
            (folder.put("model.json", &case.input["model"]), folder.put("records.csv", &case.input["data"]), folder.path("out"));
        let threshold = case.input["threshold"].to_string();
        assert_refused(case, "", &words(["qc", "--model", &model, "--records", &data, "--threshold", &threshold, "--out", &out]), &out);
    }
}
