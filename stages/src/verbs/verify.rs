//! `verify`: makes a model again from what it was made of, and compares every byte.
//!
//! The model is made again by the code that makes models. The data are summed and fitted by the plan in the model, with the given schema, and the
//! given records judge it as `qc` does. The result is compared with the file. If the schema or the records are not given, the parts of the model that
//! were made from them are copied from the file and listed as not verified.
//!
//! *Invariants*: the exit code is 0 only if every byte of the file was made again from what was given. It is 4 if a byte differs or is not verified.

use clap::Args;
use samefit_text::line;
use serde_json::Value;

use super::qc::threshold;
use crate::args::{DialectArgs, JsonArg, Names, SchemaArg, SheetArg, ThreadsArg, delimiter, names};
use crate::error::{Error, Result};
use crate::input::reading;
use crate::input::sources;
use crate::output::comparison::{Comparison, CopiedPart, Judgement, Outcome, Remade, acceptance_parts, schema_parts};
use crate::plan::{Plan, list};
use crate::stage::Stage;
use crate::text::acceptance::Acceptance;
use crate::text::{json, paths};
use crate::work::data_files;
use crate::work::summing;

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
    #[arg(long, value_name = "NUMBER", value_parser = threshold, allow_negative_numbers = true, requires = "records")]
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
    pub dialect: DialectArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub sheet: SheetArg,
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
    stage.use_sheet(&args.sheet);
    let path = sources::document_path(stage.files, &args.model, "model.json")?;
    if paths::compression(&path).is_some() {
        let sentence = format!("{}: the bytes of the model are compared, and those of a compressed file cannot be", line(&path));
        return Err(Error::usage(sentence, "decompress it first, with gzip or zstd"));
    }
    let file = reading::exact_text(stage.files, &path)?;
    let remade = remake(stage, args, &path, without_byte_order_mark(&file))?;
    report(stage, args, &Comparison::new(&path, file, remade))
}

/// Makes the model with this text again. `path`: where the text is, for errors.
fn remake(stage: &mut Stage<'_>, args: &VerifyArgs, path: &str, text: &str) -> Result<Remade> {
    let model = stage.engine.model(text).map_err(|error| error.in_file(path))?;
    let engine_plan = model.plan().map_err(|error| error.in_file(path))?;
    drop(model);
    let model = json::parse(text, path)?;
    let plan = plan(stage, args, &engine_plan, &model)?;
    // an error in the plan is one in the model, not in the data
    stage.engine.summarizer(&plan.text()).map(drop).map_err(|error| plan.blame(error).in_file(path))?;
    let sources = data_files::find(stage, &plan, &args.data, None)?;
    let sum = summing::sum(stage, &plan, &sources)?;
    let fitted = stage.engine.fit(&sum.statistics, &plan.text()).map_err(|error| plan.blame(error).in_file(&sum.name))?;
    let rows = json::parse_ours(&fitted)?["fit"]["rows"].take();
    let made_from = line(&made_from(sum.name, args)).into_owned();
    let mut copied = if args.schema.schema.is_none() && args.target_name.is_none() { schema_parts(&model) } else { Vec::new() };
    let (model, judged) = match (&args.records, args.threshold) {
        (Some(records), Some(threshold)) => judge(stage, args, &fitted, records, threshold)?,
        _ => (with_acceptance_of(&model, fitted, &mut copied), None),
    };
    Ok(Remade { model, made_from, rows, judged, copied })
}

/// Returns the plan of the model, with what the command line adds.
fn plan(stage: &Stage<'_>, args: &VerifyArgs, engine_plan: &str, model: &Value) -> Result<Plan> {
    let plan = Plan::of_engine(engine_plan)?.with("shared", model.get("shared").cloned());
    let plan = plan.missing(args.missing.as_deref()).dialect(&args.dialect).schema(stage.files, &args.schema)?;
    let plan = plan.with("columns", args.columns.as_ref().map(list));
    Ok(match (&args.target_name, model["target"]["column"].as_str()) {
        (Some(name), Some(column)) => plan.naming_target(column, name),
        _ => plan,
    })
}

/// Returns what a model is made again of, in words. `data`: the name of the data.
fn made_from(data: String, args: &VerifyArgs) -> String {
    let with = match (&args.schema.schema, &args.target_name) {
        (Some(schema), _) => format!(" with the schema {schema}"),
        (None, Some(name)) => format!(" with the target name `{name}`"),
        (None, None) => String::new(),
    };
    let judged = match (&args.records, args.threshold) {
        (Some(records), Some(_)) => format!(", judged by {records}"),
        _ => String::new(),
    };
    data + &with + &judged
}

/// Copies the acceptance in a model, if it has one, to the model `fitted`. Adds it to the copied parts.
fn with_acceptance_of(model: &Value, fitted: String, copied: &mut Vec<CopiedPart>) -> String {
    let Some(acceptance) = Acceptance::stated(model) else { return fitted };
    copied.extend(acceptance_parts(model));
    acceptance.added_to(&fitted)
}

/// Returns the model after quality control, as `qc` writes it, and the verdict.
fn judge(stage: &mut Stage<'_>, args: &VerifyArgs, model: &str, records: &str, threshold: f64) -> Result<(String, Option<Judgement>)> {
    let plan = stage.engine.model(model)?.plan()?;
    let dialect = args.dialect.clone();
    let dialect = DialectArgs { delimiter: args.records_delimiter.or(dialect.delimiter), ..dialect };
    let plan = Plan::of_engine(&plan)?.missing(args.missing.as_deref()).dialect(&dialect);
    // --sheet is that of the data
    stage.sheet = None;
    let sources = data_files::find(stage, &plan, &[records.to_owned()], None)?;
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

fn without_byte_order_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

fn report(stage: &mut Stage<'_>, args: &VerifyArgs, comparison: &Comparison) -> Result<()> {
    let document = comparison.document();
    let message = match comparison.outcome() {
        Outcome::Same(text) => return stage.show(args.json.json, &text, &document),
        Outcome::NotVerified(notes, message) => {
            notes.iter().for_each(|note| stage.report.note(note));
            message
        }
        Outcome::Different(message) => message,
    };
    if args.json.json {
        stage.report.document(&document)?;
    }
    Err(Error::Refused(message))
}
