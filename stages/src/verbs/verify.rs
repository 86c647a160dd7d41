//! `verify`: makes a model again from what it was made of, and compares every byte.
//!
//! The model is made again by the code that makes models. The data are summed and fitted by the plan in the model, with the given schema, and the
//! given records judge it as `qc` does. The result is compared with the file. If the schema or the records are not given, the parts of the model that
//! were made from them are copied from the file and listed as not verified.
//!
//! *Invariants*: the exit code is 0 only if every byte of the file was made again from what was given. It is 4 if a byte differs or is not verified.

use clap::Args;
use samefit_text::line;
use serde_json::{Value, json};

use super::qc::threshold;
use crate::args::{DelimiterArg, JsonArg, Names, SchemaArg, ThreadsArg, delimiter, names};
use crate::error::{Error, Message, Result};
use crate::input::reading;
use crate::input::sources;
use crate::input::sources::Wanted;
use crate::plan::{Plan, list};
use crate::stage::Stage;
use crate::text::differences::{Difference, differences, key_path};
use crate::text::numbers::counted;
use crate::text::{json, paths};
use crate::work::summing;

/// Most parts that are listed as not verified, each with a note; `--json` lists all.
const NOTED_MAX: usize = 20;

/// Flags of `verify`.
#[derive(Args, Clone, Debug)]
pub struct VerifyArgs {
    /// Model: a file, or a folder with model.json
    #[arg(value_name = "MODEL")]
    pub model: String,
    /// Data that the model should have been fitted on: files or folders
    #[arg(long, value_name = "PATH", num_args = 1.., required = true)]
    pub data: Vec<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub schema: SchemaArg,
    /// The --target-name that the model was trained with, if there was no schema
    #[arg(long, value_name = "NAME", conflicts_with = "schema")]
    pub target_name: Option<String>,
    /// Records that quality control should have accepted the model on: a file or a folder
    #[arg(long, value_name = "PATH", requires = "threshold")]
    pub records: Option<String>,
    /// Threshold of that quality control
    #[arg(long, value_name = "NUMBER", value_parser = threshold, requires = "records")]
    pub threshold: Option<f64>,
    /// Delimiter of the records; default: that of the data
    #[arg(long, value_name = "CHAR", value_parser = delimiter, requires = "records")]
    pub records_delimiter: Option<char>,
    /// Columns that were summed, if rows were left out because they lack a value in a column that the model does not use
    #[arg(long, value_name = "A,B", value_parser = names)]
    pub columns: Option<Names>,
    /// What to do with rows that lack a value, as when the model was trained: `error` refuses the data, `drop` leaves the rows out
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
        let sentence = format!("{}: the bytes of the model are compared, and those of a compressed file cannot be", line(&path));
        return Err(Error::usage(sentence, "decompress it first, with gzip or zstd"));
    }
    let file = reading::exact_text(stage.files, &path)?;
    let remade = remake(stage, args, &path, without_byte_order_mark(&file))?;
    let differences = differences(&file, &remade.model);
    report(stage, args, &Comparison { path: line(&path).into_owned(), file, remade, differences })
}

/// A model that was made again.
struct Remade {
    /// Its text.
    model: String,
    /// What it was made of, in words.
    made_from: String,
    /// Number of rows it was fitted on.
    rows: Value,
    /// The verdict of quality control, if records were given.
    judged: Option<Judgement>,
    /// Parts that were copied from the file.
    copied: Vec<CopiedPart>,
}

/// The verdict of quality control.
struct Judgement {
    rows: u64,
    accepted: bool,
    /// The verdict in words.
    text: String,
}

/// A part of a model that cannot be made again, because what it was made of is not given.
#[derive(Debug, PartialEq)]
struct CopiedPart {
    /// Its path in the model, such as `columns[0].schema`.
    path: String,
    value: Value,
    /// The flags that would verify it.
    flags: &'static str,
}

/// A model's file compared with the model made again.
struct Comparison {
    path: String,
    file: String,
    remade: Remade,
    differences: Vec<Difference>,
}

const SCHEMA_FLAGS: &str = "--schema";
const NAME_FLAGS: &str = "--target-name or --schema";
const RECORDS_FLAGS: &str = "--records and --threshold";

fn remake(stage: &mut Stage<'_>, args: &VerifyArgs, path: &str, text: &str) -> Result<Remade> {
    let plan = stage.engine.model(text).and_then(|model| model.plan()).map_err(|error| error.in_file(path))?;
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
    // an error in the plan is one in the model, not in the data
    stage.engine.summarizer(&plan.text()).map(drop).map_err(|error| plan.blame(error).in_file(path))?;
    let sources = sources::find(stage, &args.data, None, Wanted::Data)?;
    let sum = summing::sum(stage, &plan, &sources)?;
    let fitted = stage.engine.fit(&sum.statistics, &plan.text()).map_err(|error| plan.blame(error).in_file(&sum.name))?;
    let rows = json::parse_ours(&fitted)?["fit"]["rows"].take();
    let mut made_from = sum.name;
    let mut copied = match (&args.schema.schema, &args.target_name) {
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
                copied.extend(acceptance_parts(&model));
                (accepted, None)
            }
        },
    };
    Ok(Remade { model, made_from: line(&made_from).into_owned(), rows, judged, copied })
}

/// Returns the model after quality control, as `qc` writes it, and the verdict.
fn judge(stage: &mut Stage<'_>, args: &VerifyArgs, model: &str, records: &str, threshold: f64) -> Result<(String, Option<Judgement>)> {
    let plan = stage.engine.model(model)?.plan()?;
    let delimiter = args.records_delimiter.or(args.delimiter.delimiter);
    let plan = Plan::of_engine(&plan)?.delimiter(DelimiterArg { delimiter });
    let sources = sources::find(stage, &[records.to_owned()], None, Wanted::Data)?;
    let sum = summing::sum(stage, &plan, &sources)?;
    let verdict = stage.engine.judge(model, &sum.statistics, threshold).map_err(|error| error.in_file(&sum.name))?;
    let report = json::parse_ours(&verdict.report)?;
    let judged = Judgement {
        rows: report["rows"].as_u64().unwrap_or_default(),
        accepted: verdict.model.is_some(),
        text: report["text"].as_str().unwrap_or("no verdict").to_owned(),
    };
    Ok((verdict.model.unwrap_or_else(|| model.to_owned()), Some(judged)))
}

/// Returns the parts of a model that come from a schema; none if it was trained without one.
fn schema_parts(model: &Value) -> Vec<CopiedPart> {
    if model.get("fields").is_none() {
        return Vec::new();
    }
    let part = |path: String, value: &Value| CopiedPart { path, value: value.clone(), flags: SCHEMA_FLAGS };
    let target = model["target"].as_object().into_iter().flatten().filter(|(key, _)| *key != "column");
    let mut parts: Vec<CopiedPart> = target.map(|(key, value)| part(key_path("target", key), value)).collect();
    let columns = model["columns"].as_array().into_iter().flatten().enumerate();
    parts.extend(columns.filter_map(|(at, column)| Some(part(format!("columns[{at}].schema"), column.get("schema")?))));
    let keys = ["fields", "schema_title"];
    parts.extend(keys.into_iter().filter_map(|key| Some(part(key.to_owned(), model.get(key)?))));
    // a schema that has only a target may be the one that `--target-name` makes
    if parts.iter().all(|part| part.path == "target.name" || part.path == "fields" && part.value == json!([])) {
        parts.iter_mut().for_each(|part| part.flags = NAME_FLAGS);
    }
    parts
}

/// Returns the parts of a model that come from quality control.
fn acceptance_parts(model: &Value) -> impl Iterator<Item = CopiedPart> {
    ["rmse", "qc"].into_iter().map(|key| CopiedPart { path: key.to_owned(), value: model[key].clone(), flags: RECORDS_FLAGS })
}

/// What quality control adds to a model that it accepts.
struct Acceptance {
    rmse: f64,
    rows: i64,
    threshold: f64,
}

impl Acceptance {
    /// Reads the acceptance in a model; none if quality control could not have added it.
    fn stated(model: &Value) -> Option<Self> {
        let (rmse, qc) = (model.get("rmse")?.as_f64()?, model.get("qc")?);
        let (rows, threshold) = (qc["rows"].as_i64()?, qc["threshold"].as_f64()?);
        (rmse >= 0.0 && rmse < threshold && rows > 0).then_some(Self { rmse, rows, threshold })
    }

    /// Adds this acceptance to a model's text, as the engine writes it: two lines after the target. A text without such a place stays as it is, and so
    /// differs from every model with an acceptance.
    fn added_to(&self, model: &str) -> String {
        let qc = json::line(&json!({"rows": self.rows, "threshold": self.threshold}));
        let lines = format!("\n  \"rmse\": {},\n  \"qc\": {qc},", Value::from(self.rmse));
        match model.split_once(AFTER_ACCEPTANCE) {
            Some((before, after)) => format!("{before}{lines}{AFTER_ACCEPTANCE}{after}"),
            None => model.to_owned(),
        }
    }
}

/// The text after an acceptance. It occurs once: JSON strings contain no line break, and deeper keys are indented more.
const AFTER_ACCEPTANCE: &str = "\n  \"intercept\": ";

fn without_byte_order_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

fn report(stage: &mut Stage<'_>, args: &VerifyArgs, comparison: &Comparison) -> Result<()> {
    let document = comparison.document();
    let message = match (comparison.differences.first(), comparison.remade.copied.is_empty()) {
        (None, true) => return stage.show(args.json.json, &comparison.same(), &document),
        (None, false) => {
            comparison.notes().iter().for_each(|note| stage.report.note(note));
            comparison.not_verified()
        }
        (Some(first), _) => comparison.different(first),
    };
    if args.json.json {
        stage.report.document(&document)?;
    }
    Err(Error::Refused(message))
}

impl Comparison {
    fn document(&self) -> String {
        let part = |part: &CopiedPart| json!({"path": part.path, "value": part.value, "flags": part.flags});
        let parts: Vec<Value> = self.remade.copied.iter().map(part).collect();
        let differences: Vec<Value> = self.differences.iter().map(Difference::document).collect();
        json::document(&json!({
            "equal": differences.is_empty() && parts.is_empty(),
            "rows": self.remade.rows,
            "differences": differences,
            "not_verified": parts,
        }))
    }

    fn same(&self) -> String {
        let Self { path, remade: Remade { made_from, .. }, .. } = self;
        format!("{path} is the model of {made_from}: {} gives the same {}", self.done(), self.size())
    }

    fn not_verified(&self) -> Message {
        let Self { path, remade: Remade { made_from, copied, .. }, .. } = self;
        let flags = [NAME_FLAGS, SCHEMA_FLAGS, RECORDS_FLAGS].into_iter().filter(|flags| copied.iter().any(|part| part.flags == *flags));
        let flags: Vec<&str> = flags.collect();
        let (are, them) = if copied.len() == 1 { ("is", "it") } else { ("are", "them") };
        let sentence = format!(
            "{path}: {} {are} not verified; with {them} copied from the file, {} gives the same {}, from {made_from}",
            counted(copied.len() as u64, "part"),
            self.done(),
            self.size(),
        );
        Message::new(sentence, format!("give {} to make every part again", flags.join(", and ")))
    }

    fn different(&self, first: &Difference) -> Message {
        let Self { path, remade: Remade { made_from, judged, .. }, differences, .. } = self;
        let help = match judged {
            Some(judged) if !judged.accepted => format!("quality control now gives another verdict: {}", judged.text),
            _ => "it was made of something else, or changed since; `--json` lists every difference".to_owned(),
        };
        let which = match differences.len() {
            1 => "the difference".to_owned(),
            more => format!("the first of {more} differences"),
        };
        let sentence = format!("{path} is not the model of {made_from} ({} rows); {which}: {}", self.remade.rows, first.text());
        Message::new(sentence, help)
    }

    /// Returns a note for each part that is not verified.
    fn notes(&self) -> Vec<String> {
        let parts = &self.remade.copied;
        let note = |part: &CopiedPart| {
            format!(
                "note: {}: not verified without {}: {} = {}",
                self.path,
                part.flags,
                part.path,
                samefit_text::name(&json::line(&part.value))
            )
        };
        let mut notes: Vec<String> = parts.iter().take(NOTED_MAX).map(note).collect();
        if let Some(more) = parts.len().checked_sub(NOTED_MAX + 1) {
            notes.push(format!("note: {}: not verified: {}; `--json` lists all", self.path, counted(more as u64 + 1, "more part")));
        }
        notes
    }

    /// Returns what was done, in words.
    fn done(&self) -> String {
        let judged = self.remade.judged.as_ref().map(|judged| format!(" and judging by {}", counted(judged.rows, "record")));
        format!("training again on {} rows{}", self.remade.rows, judged.unwrap_or_default())
    }

    /// Returns the length of the file, in words.
    fn size(&self) -> String {
        format!("{} bytes", self.file.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_acceptance_is_added_after_the_target() {
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
    fn an_acceptance_that_quality_control_cannot_have_added_is_not_read() {
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
    fn the_parts_that_come_from_a_schema_are_listed() {
        let paths = |model: Value| schema_parts(&model).iter().map(|part| format!("{} {}", part.path, part.flags)).collect::<Vec<_>>();
        let model = json!({
            "target": {"column": "y", "name": "p", "unit": "a"},
            "columns": [{"name": "bmi", "schema": {"name": "bmi"}}, {"name": "y"}],
            "fields": [], "schema_title": "t",
        });
        let all = ["target.name", "target.unit", "columns[0].schema", "fields", "schema_title"];
        assert_eq!(paths(model), all.map(|place| format!("{place} --schema")));
        let named = json!({"target": {"column": "y", "name": "p"}, "columns": [{"name": "y"}], "fields": []});
        assert_eq!(paths(named), ["target.name", "fields"].map(|place| format!("{place} --target-name or --schema")));
        assert!(paths(json!({"target": {"column": "y", "name": "p"}, "columns": []})).is_empty());
    }
}
