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
/// An image with the programs of `embed/go/examples/workshop` in its `PATH`.
const GO_IMAGE: &str = concat!("samefit/workshop-go:", env!("CARGO_PKG_VERSION"));

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

/// The folder of the variant whose programs are those of the workshop in Go, and its features.
const GO_VARIANT: (&str, &[&str]) = ("go", &["bmi", "ltg"]);

/// Writes the specs, and removes those that an earlier version wrote.
pub(crate) fn write(root: &Path) -> Result<()> {
    let folder = root.join(FOLDER);
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("{}", folder.display()))?;
    }
    for (path, text) in all_specs() {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().context("a file in a folder")?)?;
        fs::write(&path, text).with_context(|| format!("{}", path.display()))?;
        println!("{}", path.strip_prefix(root)?.display());
    }
    Ok(())
}

/// Returns the text of every spec, by its path below [`FOLDER`].
fn all_specs() -> BTreeMap<PathBuf, String> {
    let variant = |(folder, features, shared)| (folder, if shared { scalable(features) } else { workshop(features) });
    let (folder, features) = GO_VARIANT;
    let variants = VARIANTS.into_iter().map(variant).chain([(folder, in_go(features))]);
    let specs_of = |(folder, pipelines): (&'static str, Vec<PipelineSpec>)| {
        pipelines.into_iter().map(move |pipeline| (Path::new(folder).join(format!("{}.json", pipeline.name)), pipeline.text()))
    };
    variants.flat_map(specs_of).collect()
}

/// Returns the pipelines of the workshop, and one that publishes the report of its quality control.
fn workshop(features: &[&str]) -> Vec<PipelineSpec> {
    vec![train(features), qc_records(), quality_control("model"), qc_report("model"), infer()]
}

/// Returns the same pipelines with training shared by any number of workers. Exact sums can be added up in any order.
fn scalable(features: &[&str]) -> Vec<PipelineSpec> {
    let batch = PipelineSpec {
        description: "Predicts each file of attributes with the accepted model. A worker loads the model once and goes from file to file.",
        batching: true,
        workers: 4,
        command: [strings(&["samefit", "infer", "--batch"]), infer().command[2..].to_vec()].concat(),
        ..infer()
    };
    vec![summarize(), fit(features), qc_records(), quality_control("merge_fit"), qc_report("merge_fit"), batch]
}

/// Returns the pipelines of the workshop with its programs in Go, which have its names and flags.
fn in_go(features: &[&str]) -> Vec<PipelineSpec> {
    let in_go = |pipeline, command: &[&str]| PipelineSpec { image: GO_IMAGE, command: strings(command), ..pipeline };
    let qc = ["qcontrol", "--inModelFile", "/pfs/model/model.json", "--inTestDir", "/pfs/qc_pre_process", "--threshold", THRESHOLD];
    let flags = ["--features", &features.join(","), "--target", TARGET, "--targetName", TARGET_NAME, "--outDir", "/pfs/out"];
    vec![
        in_go(train(features), &[&["train", "--inFile", "/pfs/training_data"], flags.as_slice()].concat()),
        in_go(qc_records(), &["qcpre", "--inFile", "/pfs/qc_data", "--target", TARGET, "--outDir", "/pfs/out"]),
        in_go(quality_control("model"), &[qc.as_slice(), &["--strict", "--outDir", "/pfs/out"]].concat()),
        in_go(qc_report("model"), &[qc.as_slice(), &["--report-only", "--outDir", "/pfs/out"]].concat()),
        in_go(infer(), &["infer", "--inModelDir", "/pfs/qcontrol", "--inVarDir", "/pfs/attributes", "--outDir", "/pfs/out"]),
    ]
}

fn train(features: &[&str]) -> PipelineSpec {
    PipelineSpec {
        name: "model",
        description: "Fits the model to all files of training data.",
        input: pfs("training_data", "/"),
        command: [strings(&["samefit", "train", "--data", "/pfs/training_data"]), model_flags(features)].concat(),
        memory: Memory::DATA,
        datum_timeout: "3600s",
        ..PipelineSpec::default()
    }
}

/// Sums every column, whatever the features. So a model with other features needs only another fit.
fn summarize() -> PipelineSpec {
    PipelineSpec {
        name: "summarize",
        description: "Sums each file of training data exactly, so that any number of workers can share the files.",
        input: pfs("training_data", "/*"),
        command: strings(&[
            "samefit",
            "summarize",
            "--data",
            "/pfs/training_data",
            "--columns",
            &COLUMNS.join(","),
            "--out",
            "/pfs/out/{input}.json",
        ]),
        memory: Memory::DATA,
        workers: 4,
        datum_timeout: "3600s",
        ..PipelineSpec::default()
    }
}

fn fit(features: &[&str]) -> PipelineSpec {
    PipelineSpec {
        name: "merge_fit",
        description: "Adds up the sums of all files and fits the model. The model is the same, to the byte, as from a single pass over all rows.",
        input: pfs("summarize", "/"),
        command: [strings(&["samefit", "fit", "/pfs/summarize"]), model_flags(features)].concat(),
        ..PipelineSpec::default()
    }
}

/// Returns the flags that define the model.
fn model_flags(features: &[&str]) -> Vec<String> {
    strings(&["--target", TARGET, "--target-name", TARGET_NAME, "--features", &features.join(","), "--out", "/pfs/out"])
}

fn qc_records() -> PipelineSpec {
    PipelineSpec {
        name: "qc_pre_process",
        description: "Writes each patient of the held-out data as a record of its own.",
        input: pfs("qc_data", "/"),
        command: strings(&["samefit", "qc-pre-process", "--data", "/pfs/qc_data", "--target", TARGET, "--out", "/pfs/out"]),
        ..PipelineSpec::default()
    }
}

/// It has one try, because a second one would refuse the same model again.
fn quality_control(model: &'static str) -> PipelineSpec {
    PipelineSpec {
        name: "qcontrol",
        description: "Passes the model on if its rmse over the held-out records is below the threshold, and adds that rmse to it. Otherwise the \
                      job fails: `infer` does not run and keeps the predictions of the last accepted model. `qc_report` says why.",
        input: qc_inputs(model),
        command: [qc_command(model), strings(&["--strict", "--out", "/pfs/out"])].concat(),
        datum_tries: 1,
        ..PipelineSpec::default()
    }
}

fn qc_report(model: &'static str) -> PipelineSpec {
    PipelineSpec {
        name: "qc_report",
        description: "Publishes the report on the model, also if the model is refused. `qcontrol` cannot do that: its job fails then, and a \
                      failed job publishes nothing.",
        input: qc_inputs(model),
        command: [qc_command(model), strings(&["--report-only", "--out", "/pfs/out"])].concat(),
        ..PipelineSpec::default()
    }
}

fn qc_inputs(model: &str) -> Value {
    cross(&[pfs(model, "/model.json"), pfs("qc_pre_process", "/")])
}

fn qc_command(model: &str) -> Vec<String> {
    strings(&["samefit", "qc", "--model", &format!("/pfs/{model}"), "--records", "/pfs/qc_pre_process", "--threshold", THRESHOLD])
}

fn infer() -> PipelineSpec {
    PipelineSpec {
        name: "infer",
        description: "Predicts each file of attributes with the accepted model, into a file of the same name.",
        input: cross(&[pfs("attributes", "/*"), pfs("qcontrol", "/model.json")]),
        command: strings(&["samefit", "infer", "--model", "/pfs/qcontrol", "--attributes", "/pfs/attributes", "--out", "/pfs/out"]),
        datum_timeout: "60s",
        ..PipelineSpec::default()
    }
}

fn pfs(repo: &str, glob: &str) -> Value {
    json!({"pfs": {"repo": repo, "branch": "master", "glob": glob}})
}

fn cross(inputs: &[Value]) -> Value {
    json!({"cross": inputs})
}

fn strings(words: &[&str]) -> Vec<String> {
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
struct PipelineSpec {
    name: &'static str,
    description: &'static str,
    input: Value,
    image: &'static str,
    /// The program and its arguments.
    command: Vec<String>,
    /// Whether one process asks for its datums (`datumBatching`).
    batching: bool,
    workers: u32,
    datum_tries: u32,
    datum_timeout: &'static str,
    memory: Memory,
}

impl Default for PipelineSpec {
    fn default() -> Self {
        Self {
            name: "",
            description: "",
            input: Value::Null,
            image: IMAGE,
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

impl PipelineSpec {
    fn text(&self) -> String {
        let mut transform = Map::new();
        transform.insert("image".to_owned(), self.image.into());
        transform.insert("cmd".to_owned(), self.command.clone().into());
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
            open(flag_groups(items).iter().map(group).collect(), ['[', ']'])
        }
        _ => line(value),
    }
}

/// Splits a command into groups: the program with its verb, and each flag with its value.
///
fn flag_groups(items: &[Value]) -> Vec<&[Value]> {
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
    fn the_shipped_specs_are_up_to_date() {
        let folder = root().join(FOLDER);
        let shipped: BTreeMap<PathBuf, String> = files(&folder)
            .into_iter()
            .map(|path| (path.strip_prefix(&folder).unwrap().to_owned(), fs::read_to_string(path).unwrap()))
            .collect();
        assert_eq!(shipped.keys().collect::<Vec<_>>(), all_specs().keys().collect::<Vec<_>>(), "cargo xtask specs");
        for (path, text) in all_specs() {
            assert_eq!(shipped[&path], text, "{}: cargo xtask specs", path.display());
        }
    }

    #[test]
    fn the_layout_does_not_change_values() {
        for text in all_specs().values() {
            let value: Value = serde_json::from_str(text).unwrap();
            assert_eq!(format!("{}\n", pretty(&value, "")), *text);
        }
        let long = "x".repeat(LINE_MAX);
        let value = json!({"a": {"b": 1, "c": "\"x\""}, "d": ["--e", "f", long], "g": [{"h": []}, {"i": [[long], []]}]});
        assert_eq!(serde_json::from_str::<Value>(&pretty(&value, "")).unwrap(), value);
    }

    #[test]
    fn files_of_an_older_version_are_removed() {
        let root = tempfile::tempdir().unwrap();
        let stale = root.path().join(FOLDER).join("old/gone.json");
        fs::create_dir_all(stale.parent().unwrap()).unwrap();
        fs::write(&stale, "{}").unwrap();
        write(root.path()).unwrap();
        assert!(!stale.exists());
        assert_eq!(files(root.path()).len(), all_specs().len());
    }
}
