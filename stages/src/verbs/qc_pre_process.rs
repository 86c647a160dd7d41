//! `qc-pre-process`: turns tables into QC records, one JSON file for each row: `1.json`, `2.json`, ... in row order.
//!
//! The data are read twice. The first pass checks every value and finds the columns of numbers, the second pass writes. So nothing is written if the
//! data are bad.

use clap::Args;
use serde_json::{Value, json};

use crate::args::{JsonArg, ReadArgs, RoleArgs};
use crate::code::Code;
use crate::error::{Error, InputError, Result};
use crate::input::column_csv;
use crate::input::record_cutter::{Piece, RecordCutter};
use crate::input::record_ends::PassedLines;
use crate::output::outputs;
use crate::output::outputs::Outputs;
use crate::plan::Plan;
use crate::ports::columns::Field;
use crate::ports::files::Kind;
use crate::source::{Format, Source};
use crate::stage::Stage;
use crate::text::json;
use crate::text::numbers::counted;
use crate::text::paths::join;
use crate::work::data_files;
use crate::work::summing;

/// Flags of `qc-pre-process`.
#[derive(Args, Clone, Debug)]
pub struct QcPreProcessArgs {
    /// Data with the outcome: a file or a folder (.csv, .tsv, .json, .jsonl, each also .gz or .zst; .parquet, .arrow, .arrows, .feather). Records are numbered across files
    #[arg(long, value_name = "PATH")]
    pub data: String,
    /// Column with the outcome; default: the schema's target, or the last column
    #[arg(long, value_name = "COLUMN")]
    pub target: Option<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub read: ReadArgs,
    /// Folder for the records. `{input}` in it means the path of the data file without extension
    #[arg(long, value_name = "DIR")]
    pub out: String,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub roles: RoleArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub json: JsonArg,
}

/// Checks the data, chooses the columns, and writes the records.
pub fn run(stage: &mut Stage<'_>, args: &QcPreProcessArgs) -> Result<()> {
    let plan = Plan::new().reading(stage.files, &args.read)?.roles(&args.roles).with("target", args.target.as_deref().map(Value::from));
    stage.use_sheet(&args.read.sheet);
    let sources = data_files::find(stage, &plan, std::slice::from_ref(&args.data), Some(&args.out))?;
    let plan = check(stage, plan, &sources)?;
    let plan = choose_target(stage, plan, args);
    let out = outputs::folder(stage.files, outputs::expand(&args.out, &sources)?)?;
    let mut writer =
        RecordWriter { outputs: Outputs::new(stage.files, sources.iter().map(|source| source.path.as_str())), out: &out, records: 0 };
    sources.iter().try_for_each(|source| writer.source(stage, &plan, source))?;
    let records = writer.records;
    writer.remove_older(stage)?;
    writer.outputs.commit()?;
    let document = json::document(&json!({"records": records, "out": out, "target": target(&plan)}));
    stage.show(args.json.json, &format!("wrote {} to {}", counted(records, "record"), samefit_text::line(&out)), &document)
}

/// Reads all data once. Returns the plan with the categories and the columns of numbers of the first file; all other files must have them.
fn check(stage: &mut Stage<'_>, mut plan: Plan, sources: &[Source]) -> Result<Plan> {
    if let Some(pipe) = sources.iter().find(|source| source.kind == Kind::Pipe) {
        let sentence =
            format!("`{}` is a pipe, which can be read once, and this verb reads its data twice", samefit_text::line(&pipe.path));
        return Err(Error::usage(sentence, "write it to a file first"));
    }
    for source in sources {
        let counted = plan.clone().with("distribution", Some(Value::Bool(false)));
        let sum = summing::sum(stage, &counted, std::slice::from_ref(source))?;
        let statistics = json::parse_ours(&sum.statistics)?;
        let names = |key: &str, name: &str| -> Vec<Value> {
            statistics[key].as_array().into_iter().flatten().map(|column| column[name].clone()).collect()
        };
        let names = [names("categories", "column"), names("columns", "name")].concat();
        plan = plan.with("columns", Some(Value::Array(names)));
    }
    Ok(plan)
}

/// Makes the last column the target if neither the command line nor a schema names one, and reports that.
fn choose_target(stage: &mut Stage<'_>, plan: Plan, args: &QcPreProcessArgs) -> Plan {
    if target(&plan).is_some() {
        return plan;
    }
    let last = plan.get("columns").and_then(Value::as_array).and_then(|columns| columns.last()).cloned();
    if let Some(Value::String(name)) = &last {
        stage.report.note(&format!(
            "note: {}: the outcome is the last column, `{}`; --target names another",
            samefit_text::line(&args.data),
            samefit_text::name(name)
        ));
    }
    plan.with("target", last)
}

fn target(plan: &Plan) -> Option<&Value> {
    let of_schema = || plan.get("schema").and_then(|schema| schema["target"].get("column"));
    plan.get("target").or_else(of_schema)
}

/// Writes records, each to a file of its own.
struct RecordWriter<'a> {
    outputs: Outputs<'a>,
    out: &'a str,
    records: u64,
}

impl RecordWriter<'_> {
    fn source(&mut self, stage: &Stage<'_>, plan: &Plan, source: &Source) -> Result<()> {
        let blame = |error| plan.blame_or(error, source);
        let mut stream = stage.engine.record_writer(&plan.text_for(source.format)).map_err(blame)?;
        let mut lines = RecordCutter::new(Format::JsonLines, PassedLines::default());
        column_csv::each_chunk(stage.files, source, Field::as_data, |chunk| {
            let records = stream.push(chunk).map_err(blame)?;
            lines.push(&records, |line| self.record(line))
        })?;
        let records = stream.finish().map_err(blame)?;
        lines.push(&records, |line| self.record(line))?;
        lines.finish(|line| self.record(line))
    }

    fn record(&mut self, line: Piece<'_>) -> Result<()> {
        let Piece::Record(line) = line else { return Ok(()) };
        self.records += 1;
        let path = self.path(self.records);
        self.outputs.put(&path, line)
    }

    /// Removes the records that an earlier run with more rows has left, so that they are not taken for this run's.
    fn remove_older(&mut self, stage: &Stage<'_>) -> Result<()> {
        let mut next = self.records + 1;
        while stage.files.kind(&self.path(next)).is_ok_and(|kind| kind == Kind::File) {
            self.outputs.remove(&self.path(next))?;
            next += 1;
        }
        if self.records == 0 { Err(no_rows().into()) } else { Ok(()) }
    }

    fn path(&self, record: u64) -> String {
        join(self.out, &format!("{record}.json"))
    }
}

fn no_rows() -> InputError {
    InputError::new(Code::NoRows, "there are no rows to write as records", "check that this is the right file")
}
