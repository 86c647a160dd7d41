//! `verify`: a model and what it was made from, to a verdict on every byte of the model's file.
//!
//! The model is made again by the code that makes models: the data are summed and fitted by the plan that the model states, with the schema
//! that is given, and the records judge it as `qc` does. The bytes that come out are compared with the file. What was made from something that
//! is not given (a schema, records) is taken over from the file, and named as not verified.
//!
//! *Invariants*: the exit code is 0 only if every byte of the file was made again from what was given; 4 if one differs or is not verified.

use clap::Args;
use samefit_text::line;
use serde_json::{Value, json};

use super::qc::threshold;
use crate::args::{DelimiterArg, JsonArg, Names, SchemaArg, ThreadsArg, delimiter, names};
use crate::error::{Error, Result};
use crate::input::reading;
use crate::input::sources;
use crate::input::sources::Wanted;
use crate::plan::{Plan, list};
use crate::stage::Stage;
use crate::text::differences::{Difference, below, differences};
use crate::text::numbers::counted;
use crate::text::{json, paths};
use crate::work::summing;

/// Most parts that are noted one by one as not verified; `--json` has all.
const NOTED_MAX: usize = 20;

/// Flags of `verify`.
#[derive(Args, Clone, Debug)]
pub struct VerifyArgs {
    /// The model: a file, or a folder with model.json
    #[arg(value_name = "MODEL")]
    pub model: String,
    /// The data it should have been fitted on: files, or folders of files
    #[arg(long, value_name = "PATH", num_args = 1.., required = true)]
    pub data: Vec<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub schema: SchemaArg,
    /// The name of the target that it was trained with, where there was no schema
    #[arg(long, value_name = "NAME", conflicts_with = "schema")]
    pub target_name: Option<String>,
    /// The records that should have accepted it: a file, or a folder of files
    #[arg(long, value_name = "PATH", requires = "threshold")]
    pub records: Option<String>,
    /// The threshold that it should have been accepted with
    #[arg(long, value_name = "NUMBER", value_parser = threshold, requires = "records")]
    pub threshold: Option<f64>,
    /// What separates the fields of the records, where it is something else than in the data
    #[arg(long, value_name = "CHAR", value_parser = delimiter, requires = "records")]
    pub records_delimiter: Option<char>,
    /// The columns that were summed, where rows were left out that lack a value in one that the model does not use
    #[arg(long, value_name = "A,B", value_parser = names)]
    pub columns: Option<Names>,
    /// What to do with rows that lack a value, as it was when the model was trained
    #[arg(long, value_name = "error|drop", value_parser = ["error", "drop"], hide_possible_values = true)]
    pub missing: Option<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub delimiter: DelimiterArg,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub threads: ThreadsArg,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub json: JsonArg,
}

/// Makes the model again and compares it with the file.
pub fn run(stage: &mut Stage<'_>, args: &VerifyArgs) -> Result<()> {
    stage.use_threads(args.threads);
    let path = sources::document_path(stage.files, &args.model, "model.json")?;
    if paths::compression(&path).is_some() {
        let why = "its bytes are compared, and a compressed file has others that nobody compares";
        return Err(Error::Usage(format!("{}: {why}\nunpack it first, with gzip or zstd", line(&path))));
    }
    let file = reading::exact_text(stage.files, &path)?;
    let again = make_again(stage, args, &path, without_mark(&file))?;
    let differences = differences(&file, &again.model);
    tell(stage, args, &Verdict { path: line(&path).into_owned(), file, again, differences })
}

/// A model that was made again.
struct Again {
    /// Its text.
    model: String,
    /// What it was made from, in words.
    made_from: String,
    /// Number of rows it was fitted on.
    rows: Value,
    /// What quality control said, if records were given.
    judged: Option<Judged>,
    /// Parts of it that were taken over from the file.
    parts: Vec<Part>,
}

/// What quality control said.
struct Judged {
    rows: u64,
    accepted: bool,
    /// In words.
    text: String,
}

/// A part of a model that was made from something that is not given.
#[derive(Debug, PartialEq)]
struct Part {
    place: String,
    value: Value,
    /// The flags that verify it.
    flags: &'static str,
}

/// What was found out about a model's file.
struct Verdict {
    path: String,
    file: String,
    again: Again,
    differences: Vec<Difference>,
}

const SCHEMA_FLAGS: &str = "--schema";
const NAME_FLAGS: &str = "--target-name or --schema";
const RECORDS_FLAGS: &str = "--records and --threshold";

fn make_again(stage: &mut Stage<'_>, args: &VerifyArgs, path: &str, text: &str) -> Result<Again> {
    let plan = stage.engine.model(text).and_then(|model| model.plan()).map_err(|failure| failure.in_file(path))?;
    let model = json::parse(text, path)?;
    let plan = Plan::of_engine(&plan)?.with("shared", model.get("shared").cloned());
    let plan = plan.missing(args.missing.as_deref()).delimiter(args.delimiter).schema(stage.files, &args.schema)?;
    let plan = match &args.columns {
        Some(columns) => plan.with("columns", Some(list(columns))),
        None => plan,
    };
    let plan = match (&args.target_name, model["target"]["column"].as_str()) {
        (Some(name), Some(column)) => plan.naming_target(column, name),
        _ => plan,
    };
    // a schema that the model states wrongly is the model's fault, not that of the data
    stage.engine.summarizer(&plan.text()).map(drop).map_err(|failure| plan.blame(failure).in_file(path))?;
    let sources = sources::find(stage, &args.data, None, Wanted::Data)?;
    let sum = summing::sum(stage, &plan, &sources)?;
    let fitted = stage.engine.fit(&sum.statistics, &plan.text()).map_err(|failure| plan.blame(failure).in_file(&sum.name))?;
    let rows = json::parse_ours(&fitted)?["fit"]["rows"].take();
    let mut made_from = sum.name;
    let mut parts = match (&args.schema.schema, &args.target_name) {
        (Some(schema), _) => {
            made_from = format!("{made_from} with the schema {schema}");
            Vec::new()
        }
        (None, Some(name)) => {
            made_from = format!("{made_from} with the target name `{name}`");
            Vec::new()
        }
        (None, None) => schema_parts(&model),
    };
    let (model, judged) = match (&args.records, args.threshold) {
        (Some(records), Some(threshold)) => {
            made_from = format!("{made_from}, judged by {records}");
            judge(stage, args, &fitted, records, threshold)?
        }
        _ => match Acceptance::stated(&model) {
            None => (fitted, None),
            Some(acceptance) => {
                let accepted = acceptance.added_to(&fitted);
                parts.extend(acceptance_parts(&model));
                (accepted, None)
            }
        },
    };
    Ok(Again { model, made_from: line(&made_from).into_owned(), rows, judged, parts })
}

/// The model after quality control, as `qc` does it.
fn judge(stage: &mut Stage<'_>, args: &VerifyArgs, model: &str, records: &str, threshold: f64) -> Result<(String, Option<Judged>)> {
    let plan = stage.engine.model(model)?.plan()?;
    let delimiter = args.records_delimiter.or(args.delimiter.delimiter);
    let plan = Plan::of_engine(&plan)?.delimiter(DelimiterArg { delimiter });
    let sources = sources::find(stage, &[records.to_owned()], None, Wanted::Data)?;
    let sum = summing::sum(stage, &plan, &sources)?;
    let verdict = stage.engine.judge(model, &sum.statistics, threshold).map_err(|failure| failure.in_file(&sum.name))?;
    let report = json::parse_ours(&verdict.report)?;
    let judged = Judged {
        rows: report["rows"].as_u64().unwrap_or_default(),
        accepted: verdict.model.is_some(),
        text: report["text"].as_str().unwrap_or("no verdict").to_owned(),
    };
    Ok((verdict.model.unwrap_or_else(|| model.to_owned()), Some(judged)))
}

/// The parts of a model that a schema gives; none if it was trained without one.
fn schema_parts(model: &Value) -> Vec<Part> {
    if model.get("fields").is_none() {
        return Vec::new();
    }
    let part = |place: String, value: &Value| Part { place, value: value.clone(), flags: SCHEMA_FLAGS };
    let target = model["target"].as_object().into_iter().flatten().filter(|(key, _)| *key != "column");
    let mut parts: Vec<Part> = target.map(|(key, value)| part(below("target", key), value)).collect();
    let columns = model["columns"].as_array().into_iter().flatten().enumerate();
    parts.extend(columns.filter_map(|(at, column)| Some(part(format!("columns[{at}].schema"), column.get("schema")?))));
    let keys = ["fields", "schema_title"];
    parts.extend(keys.into_iter().filter_map(|key| Some(part(key.to_owned(), model.get(key)?))));
    // the schema of nothing but the target, which `--target-name` makes
    if parts.iter().all(|part| part.place == "target.name" || part.place == "fields" && part.value == json!([])) {
        parts.iter_mut().for_each(|part| part.flags = NAME_FLAGS);
    }
    parts
}

/// The parts of a model that quality control gives.
fn acceptance_parts(model: &Value) -> impl Iterator<Item = Part> {
    ["rmse", "qc"].into_iter().map(|key| Part { place: key.to_owned(), value: model[key].clone(), flags: RECORDS_FLAGS })
}

/// What quality control adds to a model that it accepts.
struct Acceptance {
    rmse: f64,
    rows: i64,
    threshold: f64,
}

impl Acceptance {
    /// What a model states; none if it states nothing that quality control could have added.
    fn stated(model: &Value) -> Option<Self> {
        let (rmse, qc) = (model.get("rmse")?.as_f64()?, model.get("qc")?);
        let (rows, threshold) = (qc["rows"].as_i64()?, qc["threshold"].as_f64()?);
        (rmse >= 0.0 && rmse < threshold && rows > 0).then_some(Self { rmse, rows, threshold })
    }

    /// A model's text with this acceptance, as the engine writes it: two lines behind the target. If the text has no such place, it stays
    /// as it is, and so differs from any that has an acceptance.
    fn added_to(&self, model: &str) -> String {
        let qc = json::line(&json!({"rows": self.rows, "threshold": self.threshold}));
        let lines = format!("\n  \"rmse\": {},\n  \"qc\": {qc},", Value::from(self.rmse));
        match model.split_once(BEHIND_ACCEPTANCE) {
            Some((before, after)) => format!("{before}{lines}{BEHIND_ACCEPTANCE}{after}"),
            None => model.to_owned(),
        }
    }
}

/// What stands behind the acceptance. Within a text there is no line break, and deeper keys are indented more.
const BEHIND_ACCEPTANCE: &str = "\n  \"intercept\": ";

fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

fn tell(stage: &mut Stage<'_>, args: &VerifyArgs, verdict: &Verdict) -> Result<()> {
    let document = verdict.document();
    let failure = match (verdict.differences.first(), verdict.again.parts.is_empty()) {
        (None, true) => return stage.show(args.json.json, &verdict.same(), &document),
        (None, false) => {
            verdict.notes().iter().for_each(|note| stage.report.note(note));
            verdict.not_verified()
        }
        (Some(first), _) => verdict.different(first),
    };
    if args.json.json {
        stage.report.document(&document)?;
    }
    Err(Error::Refused(failure))
}

impl Verdict {
    fn document(&self) -> String {
        let part = |part: &Part| json!({"path": part.place, "value": part.value, "flags": part.flags});
        let parts: Vec<Value> = self.again.parts.iter().map(part).collect();
        let differences: Vec<Value> = self.differences.iter().map(Difference::document).collect();
        json::document(&json!({
            "equal": differences.is_empty() && parts.is_empty(),
            "rows": self.again.rows,
            "differences": differences,
            "not_verified": parts,
        }))
    }

    fn same(&self) -> String {
        let Self { path, again: Again { made_from, .. }, .. } = self;
        format!("{path} is the model of {made_from}: {} gives the same {}", self.done(), self.size())
    }

    fn not_verified(&self) -> String {
        let Self { path, again: Again { made_from, parts, .. }, .. } = self;
        let flags = [NAME_FLAGS, SCHEMA_FLAGS, RECORDS_FLAGS].into_iter().filter(|flags| parts.iter().any(|part| part.flags == *flags));
        let flags: Vec<&str> = flags.collect();
        let are = if parts.len() == 1 { "is" } else { "are" };
        format!(
            "{path}: {} {are} not verified; with them, {} gives the same {}, from {made_from}\ngive {} to make every part again",
            counted(parts.len() as u64, "part"),
            self.done(),
            self.size(),
            flags.join(", and ")
        )
    }

    fn different(&self, first: &Difference) -> String {
        let Self { path, again: Again { made_from, judged, .. }, differences, .. } = self;
        let help = match judged {
            Some(judged) if !judged.accepted => format!("quality control gives another verdict now: {}", judged.text),
            _ => "it was made from another thing, or changed since; `--json` lists every difference".to_owned(),
        };
        let which = match differences.len() {
            1 => "the difference".to_owned(),
            more => format!("the first of {more} differences"),
        };
        format!("{path} is not the model of {made_from} ({} rows); {which}: {}\n{help}", self.again.rows, first.text())
    }

    /// A line for each part that is not verified.
    fn notes(&self) -> Vec<String> {
        let parts = &self.again.parts;
        let note = |part: &Part| {
            format!(
                "note: {}: not verified without {}: {} = {}",
                self.path,
                part.flags,
                part.place,
                samefit_text::name(&json::line(&part.value))
            )
        };
        let mut notes: Vec<String> = parts.iter().take(NOTED_MAX).map(note).collect();
        if let Some(more) = parts.len().checked_sub(NOTED_MAX + 1) {
            notes.push(format!("note: {}: not verified: {}; `--json` lists all", self.path, counted(more as u64 + 1, "more part")));
        }
        notes
    }

    /// What was done, in words.
    fn done(&self) -> String {
        let judged = self.again.judged.as_ref().map(|judged| format!(" and judging by {}", counted(judged.rows, "record")));
        format!("training again on {} rows{}", self.again.rows, judged.unwrap_or_default())
    }

    /// The length of the file, in words.
    fn size(&self) -> String {
        format!("{} bytes", self.file.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_acceptance_stands_behind_the_target() {
        let model = "{\n  \"format\": \"f\",\n  \"target\": {\"column\": \"y\"},\n  \"intercept\": 1.0,\n  \"columns\": [\n    {\n      \"intercept\": 2\n    }\n  ]\n}\n";
        let acceptance = Acceptance { rmse: 56.0, rows: 88, threshold: 60.0 };
        let accepted = acceptance.added_to(model);
        let added = "\"column\": \"y\"},\n  \"rmse\": 56.0,\n  \"qc\": {\"rows\": 88, \"threshold\": 60.0},\n  \"intercept\": 1.0,\n";
        assert!(accepted.contains(added), "{accepted}");
        let lines = "  \"rmse\": 56.0,\n  \"qc\": {\"rows\": 88, \"threshold\": 60.0},\n";
        assert_eq!(accepted.replacen(lines, "", 1), model);
        assert_eq!(acceptance.added_to("{}\n"), "{}\n");
    }

    #[test]
    fn what_quality_control_never_adds_is_no_acceptance() {
        let stated = |rmse: Value, qc: Value| Acceptance::stated(&json!({"rmse": rmse, "qc": qc})).is_some();
        assert!(stated(json!(56.5), json!({"rows": 88, "threshold": 60.0})));
        assert!(!stated(json!(60.0), json!({"rows": 88, "threshold": 60.0})));
        assert!(!stated(json!(-1.0), json!({"rows": 88, "threshold": 60.0})));
        assert!(!stated(json!(56.5), json!({"rows": 0, "threshold": 60.0})));
        assert!(!stated(json!(56.5), json!({"rows": 88})));
        assert!(!stated(json!(null), json!({"rows": 88, "threshold": 60.0})));
        assert!(Acceptance::stated(&json!({"rmse": 56.5})).is_none());
    }

    #[test]
    fn what_a_schema_gives_is_named() {
        let places = |model: Value| schema_parts(&model).iter().map(|part| format!("{} {}", part.place, part.flags)).collect::<Vec<_>>();
        let model = json!({
            "target": {"column": "y", "name": "p", "unit": "a"},
            "columns": [{"name": "bmi", "schema": {"name": "bmi"}}, {"name": "y"}],
            "fields": [], "schema_title": "t",
        });
        let all = ["target.name", "target.unit", "columns[0].schema", "fields", "schema_title"];
        assert_eq!(places(model), all.map(|place| format!("{place} --schema")));
        let named = json!({"target": {"column": "y", "name": "p"}, "columns": [{"name": "y"}], "fields": []});
        assert_eq!(places(named), ["target.name", "fields"].map(|place| format!("{place} --target-name or --schema")));
        assert!(places(json!({"target": {"column": "y", "name": "p"}, "columns": []})).is_empty());
    }
}
