//! `qc`: judges a model on records that it was not fitted on. Writes `report.json` and, if it is accepted, `model.json`.

use clap::Args;
use samefit_text::line;
use serde_json::Value;

use crate::args::{DialectArgs, JsonArg, SheetArg, ThreadsArg};
use crate::error::{Error, Message, Result};
use crate::input::reading;
use crate::input::sources;
use crate::output::outputs;
use crate::output::outputs::Outputs;
use crate::output::provenance;
use crate::plan::Plan;
use crate::ports::digest::InputFile;
use crate::ports::engine::Verdict;
use crate::stage::Stage;
use crate::text::json;
use crate::text::paths::join;
use crate::work::data_files;
use crate::work::summing;

/// Flags of `qc`.
#[derive(Args, Clone, Debug)]
pub struct QcArgs {
    /// Model: a file, or a folder with model.json
    #[arg(long, value_name = "PATH")]
    pub model: String,
    /// Records with their outcomes: a file or a folder (.json, .jsonl, .csv, .tsv, each also .gz or .zst; .parquet, .arrow, .arrows, .feather)
    #[arg(long, value_name = "PATH")]
    pub records: String,
    /// Accept the model if the root mean squared residual on the records is below this, in units of the target
    #[arg(long, value_name = "NUMBER", value_parser = threshold, allow_negative_numbers = true)]
    pub threshold: f64,
    /// Exit with code 4 if the model is refused
    #[arg(long)]
    pub strict: bool,
    /// Write only report.json, and neither write nor remove a model
    #[arg(long)]
    pub report_only: bool,
    /// What to do with records that lack a value: `error` refuses them, `drop` leaves them out and reports how many
    #[arg(long, value_name = "error|drop", value_parser = ["error", "drop"], hide_possible_values = true)]
    pub missing: Option<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub dialect: DialectArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub sheet: SheetArg,
    /// Folder for report.json, provenance.json and, if accepted, model.json. `{input}` in it means the path of the records without extension
    #[arg(long, value_name = "DIR")]
    pub out: String,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub threads: ThreadsArg,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub json: JsonArg,
}

/// Sums the records, judges the model, and writes the verdict.
pub fn run(stage: &mut Stage<'_>, args: &QcArgs) -> Result<()> {
    stage.use_threads(args.threads);
    stage.use_sheet(&args.sheet);
    let path = sources::document_path(stage.files, &args.model, "model.json")?;
    let (model, input) = reading::text(stage.files, &path)?;
    let plan = stage.engine.model(&model).and_then(|model| model.plan()).map_err(|error| error.in_file(&path))?;
    let plan = Plan::of_engine(&plan)?.missing(args.missing.as_deref()).dialect(&args.dialect);
    let sources = data_files::find(stage, &plan, std::slice::from_ref(&args.records), Some(&args.out))?;
    let mut sum = summing::sum(stage, &plan, &sources)?;
    let verdict = stage.engine.judge(&model, &sum.statistics, args.threshold).map_err(|error| error.in_file(&sum.name))?;
    sum.inputs.insert(0, input);
    let out = outputs::folder(stage.files, outputs::expand(&args.out, &sources)?)?;
    let written = write(stage, args, &verdict, &sum.inputs, &out)?;
    report(stage, args, &verdict, &written)
}

fn write(stage: &Stage<'_>, args: &QcArgs, verdict: &Verdict, inputs: &[InputFile], out: &str) -> Result<Vec<String>> {
    let mut outputs = Outputs::new(stage.files, inputs.iter().map(|input| input.path.as_str()));
    outputs.put(&join(out, "report.json"), &verdict.report)?;
    if !args.report_only {
        outputs.put(&join(out, "provenance.json"), provenance::text(stage, inputs, None)?)?;
        let model = join(out, "model.json");
        match &verdict.model {
            Some(accepted) => outputs.put(&model, accepted)?,
            None => outputs.remove(&model)?,
        }
    }
    outputs.commit()
}

fn report(stage: &mut Stage<'_>, args: &QcArgs, verdict: &Verdict, written: &[String]) -> Result<()> {
    let document = json::parse_ours(&verdict.report)?;
    let text = document["text"].as_str().unwrap_or("no verdict").to_owned();
    let stops = args.strict && document["accepted"] == Value::Bool(false);
    if args.json.json || !stops {
        stage.show(args.json.json, &text, &verdict.report)?;
    }
    stage.say_written(written);
    if stops { Err(Error::Refused(Message::without_help(format!("{}: {text}", line(&args.model))))) } else { Ok(()) }
}

/// Parses a threshold: a number above zero.
pub(super) fn threshold(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|threshold: &f64| threshold.is_finite() && *threshold > 0.0)
        .ok_or_else(|| "expected a number above zero, in units of the target".to_owned())
}
