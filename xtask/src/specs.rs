//! Writes the Pachyderm specs that ship, `pachyderm/specs/VARIANT/PIPELINE.json`. What they share is written once, here.
//!
//! A variant is a folder of specs that are created together. It reads the repos `training_data`, `qc_data` and `attributes` and no others.
//!
//! *Invariants*: two datums of a job never write the same path, because the output files of a pipeline with many datums have the names of
//! its input files. An input with a model consists of the model's file alone, so a change of the record beside it runs nothing again.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

/// The folder of the specs. It contains nothing else.
const FOLDER: &str = "pachyderm/specs";
const IMAGE: &str = concat!("samefit/samefit:", env!("CARGO_PKG_VERSION"));

/// The target: the name of its column in the data, and its name in predictions.
const TARGET: &str = "y";
const TARGET_NAME: &str = "diabetes_progression";
const COLUMNS: [&str; 11] = ["age", "sex", "bmi", "map", "tc", "ldl", "hdl", "tch", "ltg", "glu", TARGET];
/// The limit of the root mean squared residual, in units of the target.
const THRESHOLD: &str = "60";

/// The longest line that is not broken, in characters.
const LINE_MAX: usize = 100;

/// The folder of each variant, its features, and whether many workers share the training.
const VARIANTS: [(&str, &[&str], bool); 4] = [
    ("single", &["bmi"], false),
    ("multiple", &["bmi", "ltg"], false),
    ("all", &["age", "sex", "bmi", "map", "tc", "ldl", "hdl", "tch", "ltg", "glu"], false),
    ("scalable", &["bmi", "ltg"], true),
];

/// Writes the specs, and removes those that an earlier version wrote.
pub(crate) fn write(root: &Path) -> Result<()> {
    let folder = root.join(FOLDER);
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("{}", folder.display()))?;
    }
    for (path, text) in all() {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().context("a file in a folder")?)?;
        fs::write(&path, text).with_context(|| format!("{}", path.display()))?;
        println!("{}", path.strip_prefix(root)?.display());
    }
    Ok(())
}

/// Returns the text of every spec, by its path below [`FOLDER`].
fn all() -> BTreeMap<PathBuf, String> {
    let of_variant = |(folder, features, shared)| {
        let pipelines: Vec<Pipeline> = if shared { scalable(features) } else { workshop(features) };
        pipelines.into_iter().map(move |pipeline| (Path::new(folder).join(format!("{}.json", pipeline.name)), pipeline.text()))
    };
    VARIANTS.into_iter().flat_map(of_variant).collect()
}

/// Returns the pipelines of the workshop, and one that publishes the report of its quality control.
fn workshop(features: &[&str]) -> Vec<Pipeline> {
    vec![train(features), records(), quality("model"), report("model"), infer()]
}

/// Returns the same pipelines with training shared by any number of workers. Exact sums can be added up in any order.
fn scalable(features: &[&str]) -> Vec<Pipeline> {
    let batch = Pipeline {
        description: "Predicts each file of attributes with the accepted model. A worker loads the model once and goes from file to file.",
        batching: true,
        workers: 4,
        command: [words(&["infer", "--batch"]), infer().command[1..].to_vec()].concat(),
        ..infer()
    };
    vec![summarize(), fit(features), records(), quality("merge_fit"), report("merge_fit"), batch]
}

fn train(features: &[&str]) -> Pipeline {
    Pipeline {
        name: "model",
        description: "Fits the model to all files of training data.",
        input: pfs("training_data", "/"),
        command: [words(&["train", "--data", "/pfs/training_data"]), fitting(features)].concat(),
        memory: Memory::DATA,
        datum_timeout: "3600s",
        ..Pipeline::default()
    }
}

/// Sums every column, whatever the features. So a model with other features needs only another fit.
fn summarize() -> Pipeline {
    Pipeline {
        name: "summarize",
        description: "Sums each file of training data exactly, so that any number of workers can share the files.",
        input: pfs("training_data", "/*"),
        command: words(&["summarize", "--data", "/pfs/training_data", "--columns", &COLUMNS.join(","), "--out", "/pfs/out/{input}.json"]),
        memory: Memory::DATA,
        workers: 4,
        datum_timeout: "3600s",
        ..Pipeline::default()
    }
}

fn fit(features: &[&str]) -> Pipeline {
    Pipeline {
        name: "merge_fit",
        description: "Adds up the sums of all files and fits the model: to the byte the one that a single pass over all rows gives.",
        input: pfs("summarize", "/"),
        command: [words(&["fit", "/pfs/summarize"]), fitting(features)].concat(),
        ..Pipeline::default()
    }
}

/// Returns the flags that define the model.
fn fitting(features: &[&str]) -> Vec<String> {
    words(&["--target", TARGET, "--target-name", TARGET_NAME, "--features", &features.join(","), "--out", "/pfs/out"])
}

fn records() -> Pipeline {
    Pipeline {
        name: "qc_pre_process",
        description: "Writes each patient of the data held out as a record of its own.",
        input: pfs("qc_data", "/"),
        command: words(&["qc-pre-process", "--data", "/pfs/qc_data", "--target", TARGET, "--out", "/pfs/out"]),
        ..Pipeline::default()
    }
}

/// It has one try, because a second one would refuse the same model again.
fn quality(model: &'static str) -> Pipeline {
    Pipeline {
        name: "qcontrol",
        description: "Passes the model on with its rmse over the records held out, if that is below the threshold. Else the job fails: `infer` \
                      does not run and keeps the predictions of the last accepted model. `qc_report` says why.",
        input: judged(model),
        command: [judging(model), words(&["--strict", "--out", "/pfs/out"])].concat(),
        datum_tries: 1,
        ..Pipeline::default()
    }
}

fn report(model: &'static str) -> Pipeline {
    Pipeline {
        name: "qc_report",
        description: "Publishes the report on the model whatever the verdict: a job that fails, as `qcontrol` does for a refused model, \
                      publishes nothing.",
        input: judged(model),
        command: [judging(model), words(&["--report-only", "--out", "/pfs/out"])].concat(),
        ..Pipeline::default()
    }
}

fn judged(model: &str) -> Value {
    cross(&[pfs(model, "/model.json"), pfs("qc_pre_process", "/")])
}

fn judging(model: &str) -> Vec<String> {
    words(&["qc", "--model", &format!("/pfs/{model}"), "--records", "/pfs/qc_pre_process", "--threshold", THRESHOLD])
}

fn infer() -> Pipeline {
    Pipeline {
        name: "infer",
        description: "Predicts each file of attributes with the accepted model, into a file of the same name.",
        input: cross(&[pfs("attributes", "/*"), pfs("qcontrol", "/model.json")]),
        command: words(&["infer", "--model", "/pfs/qcontrol", "--attributes", "/pfs/attributes", "--out", "/pfs/out"]),
        datum_timeout: "60s",
        ..Pipeline::default()
    }
}

fn pfs(repo: &str, glob: &str) -> Value {
    json!({"pfs": {"repo": repo, "branch": "master", "glob": glob}})
}

fn cross(inputs: &[Value]) -> Value {
    json!({"cross": inputs})
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// The memory that a worker asks for, and its limit.
#[derive(Clone, Copy)]
struct Memory {
    request: &'static str,
    limit: &'static str,
}

impl Memory {
    const SMALL: Self = Self { request: "64Mi", limit: "256Mi" };
    /// A worker reads tables in blocks, whatever their size, and Parquet by row groups.
    const DATA: Self = Self { request: "128Mi", limit: "1Gi" };
}

/// The parts of a spec that differ between pipelines.
struct Pipeline {
    name: &'static str,
    description: &'static str,
    input: Value,
    /// The arguments of `samefit`.
    command: Vec<String>,
    /// Whether one process asks for its datums (`datumBatching`).
    batching: bool,
    workers: u32,
    datum_tries: u32,
    datum_timeout: &'static str,
    memory: Memory,
}

impl Default for Pipeline {
    fn default() -> Self {
        Self {
            name: "",
            description: "",
            input: Value::Null,
            command: Vec::new(),
            batching: false,
            workers: 1,
            // equal inputs fail equally, so the second try is for failures of the machine
            datum_tries: 2,
            datum_timeout: "600s",
            memory: Memory::SMALL,
        }
    }
}

impl Pipeline {
    fn text(&self) -> String {
        let mut transform = Map::new();
        transform.insert("image".to_owned(), IMAGE.into());
        transform.insert("cmd".to_owned(), [words(&["samefit"]), self.command.clone()].concat().into());
        if self.batching {
            transform.insert("datumBatching".to_owned(), true.into());
        }
        let spec = json!({
            "pipeline": {"name": self.name},
            "description": self.description,
            "input": self.input,
            "transform": transform,
            "parallelismSpec": {"constant": self.workers},
            "datumTries": self.datum_tries,
            "datumTimeout": self.datum_timeout,
            "resourceRequests": {"cpu": 0.5, "memory": self.memory.request},
            "resourceLimits": {"memory": self.memory.limit},
        });
        format!("{}\n", pretty(&spec, ""))
    }
}

/// Formats JSON with two spaces per level. A value that fits on a line stays on one line, and a longer command gets a line for each flag.
fn pretty(value: &Value, indent: &str) -> String {
    let inner = format!("{indent}  ");
    let open =
        |lines: Vec<String>, [begin, end]: [char; 2]| format!("{begin}\n{inner}{}\n{indent}{end}", lines.join(&format!(",\n{inner}")));
    let fits = indent.len() + line(value).len() <= LINE_MAX;
    match value {
        Value::Object(fields) if !fits => {
            open(fields.iter().map(|(key, field)| format!("{}: {}", json!(key), pretty(field, &inner))).collect(), ['{', '}'])
        }
        Value::Array(items) if !fits => {
            let group = |group: &&[Value]| group.iter().map(|item| pretty(item, &inner)).collect::<Vec<_>>().join(", ");
            open(groups(items).iter().map(group).collect(), ['[', ']'])
        }
        _ => line(value),
    }
}

/// Splits a command into groups: the program with its verb, and each flag with its value.
///
fn groups(items: &[Value]) -> Vec<&[Value]> {
    let is_flag = |item: &Value| item.as_str().is_none_or(|text| text.starts_with("--"));
    items.chunk_by(|_, next| !is_flag(next)).collect()
}

fn line(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let fields: Vec<String> = fields.iter().map(|(key, field)| format!("{}: {}", json!(key), line(field))).collect();
            format!("{{{}}}", fields.join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(line).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
    }

    fn files(folder: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
    }

    #[test]
    fn the_specs_that_ship_are_those_written_here() {
        let folder = root().join(FOLDER);
        let shipped: BTreeMap<PathBuf, String> = files(&folder)
            .into_iter()
            .map(|path| (path.strip_prefix(&folder).unwrap().to_owned(), fs::read_to_string(path).unwrap()))
            .collect();
        assert_eq!(shipped.keys().collect::<Vec<_>>(), all().keys().collect::<Vec<_>>(), "cargo xtask specs");
        for (path, text) in all() {
            assert_eq!(shipped[&path], text, "{}: cargo xtask specs", path.display());
        }
    }

    #[test]
    fn what_is_written_for_people_means_the_same() {
        for text in all().values() {
            let value: Value = serde_json::from_str(text).unwrap();
            assert_eq!(format!("{}\n", pretty(&value, "")), *text);
        }
        let long = "x".repeat(LINE_MAX);
        let value = json!({"a": {"b": 1, "c": "\"x\""}, "d": ["--e", "f", long], "g": [{"h": []}, {"i": [[long], []]}]});
        assert_eq!(serde_json::from_str::<Value>(&pretty(&value, "")).unwrap(), value);
    }

    #[test]
    fn an_older_versions_files_go() {
        let root = tempfile::tempdir().unwrap();
        let stale = root.path().join(FOLDER).join("old/gone.json");
        fs::create_dir_all(stale.parent().unwrap()).unwrap();
        fs::write(&stale, "{}").unwrap();
        write(root.path()).unwrap();
        assert!(!stale.exists());
        assert_eq!(files(root.path()).len(), all().len());
    }
}
