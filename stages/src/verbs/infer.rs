//! `infer`: predicts with a model. Each file of attributes gives one file of predictions.
//!
//! Each thread reads the model once, so thousands of small files take little more time than their records.

use std::collections::HashMap;

use clap::Args;
use samefit_text::line;
use serde_json::Value;

use crate::args::{DialectArgs, JsonArg, LevelArg, SheetArg, ThreadsArg};
use crate::code::Code;
use crate::error::{Error, Result};
use crate::input::column_csv;
use crate::input::reading;
use crate::input::sources;
use crate::input::sources::Wanted;
use crate::output::outputs;
use crate::output::prediction_files::{PredictionLayout, PredictionWriter};
use crate::plan::Plan;
use crate::ports::columns::Field;
use crate::source::{Format, Source};
use crate::stage::Stage;
use crate::text::paths::STANDARD;
use crate::work::data_files;
use crate::work::predicting::{PredictionPlan, predict_all};
use crate::work::prediction_format::PredictionFormat;

/// Flags of `infer`.
#[derive(Args, Clone, Debug)]
pub struct InferArgs {
    /// Model: a file, or a folder with model.json
    #[arg(long, value_name = "PATH")]
    pub model: String,
    /// Data to predict from: a file or a folder (.json, .jsonl, .csv, .tsv, each also .gz or .zst; .parquet, .arrow, .arrows, .feather)
    #[arg(long, value_name = "PATH")]
    pub attributes: String,
    /// Write only the predicted value, without interval and warnings
    #[arg(long, value_name = "predicted", conflicts_with_all = ["level", "interval"], value_parser = ["predicted"], hide_possible_values = true)]
    pub only: Option<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub level: LevelArg,
    /// What the interval of a prediction is for: `prediction`, a new observation with these values; `confidence`, the mean of all such observations
    #[arg(long, value_name = "prediction|confidence", value_parser = ["prediction", "confidence"], hide_possible_values = true, default_value = "prediction", hide_default_value = true)]
    pub interval: String,
    /// Write the columns of the input before those of the prediction
    #[arg(long)]
    pub with_input: bool,
    /// Format of the predictions; default: that of the data
    #[arg(long, value_name = "csv|jsonl|parquet|arrow", value_parser = ["csv", "jsonl", "parquet", "arrow"], hide_possible_values = true)]
    pub to: Option<String>,
    /// What to do with a record that cannot be predicted: stop and write nothing, or continue and write it without a prediction. `continue` also writes the status of each record: fine, out of range, missing or error
    #[arg(long, value_name = "stop|continue", value_parser = ["stop", "continue"], hide_possible_values = true, default_value = "stop", hide_default_value = true)]
    pub on_error: String,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub dialect: DialectArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub sheet: SheetArg,
    /// Folder for the predictions; each file has the name of its input, with the extension of its format. `-` writes those of one file to standard output. `{input}` in it means the path of the input without extension
    #[arg(long, value_name = "DIR")]
    pub out: String,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub threads: ThreadsArg,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub json: JsonArg,
}

/// Predicts every record of every file.
pub fn run(stage: &mut Stage<'_>, args: &InferArgs) -> Result<()> {
    stage.use_threads(args.threads);
    stage.use_sheet(&args.sheet);
    let continues = args.on_error == "continue";
    if continues && args.only.is_some() {
        let help = "leave out one of the two: the warnings say why a record has no prediction";
        return Err(Error::usage("--on-error continue writes warnings, and --only predicted leaves them out", help));
    }
    let path = sources::document_path(stage.files, &args.model, "model.json")?;
    let (text, _) = reading::text(stage.files, &path)?;
    let model = stage.engine.model(&text).map_err(|error| error.in_file(&path))?;
    let mut sources = sources::find(stage, std::slice::from_ref(&args.attributes), Some(&args.out), Wanted::Data)?;
    let needs = Plan::of_engine(&model.plan().map_err(|error| error.in_file(&path))?)?;
    data_files::add_path_columns(stage, &needs, &Plan::new().dialect(&args.dialect), &mut sources)?;
    let out = outputs::expand(&args.out, &sources)?;
    let out = if out == STANDARD { one_to_stdout(out, &sources, args)? } else { outputs::folder(stage.files, out)? };
    let to = args.to.as_deref().and_then(PredictionFormat::named);
    refuse_collisions(&sources, to)?;
    let read = sources.iter().map(|source| source.path.as_str()).chain([path.as_str()]);
    let only = args.only.as_deref().map(Value::from);
    // the value; the ends of its interval and the warnings; the status
    let added = if args.only.is_some() { 1 } else { 4 + usize::from(continues) };
    let plan = Plan::new()
        .dialect(&args.dialect)
        .with("only", only)
        .with("level", args.level.level.map(Value::from))
        .with("interval", (args.interval != "prediction").then(|| Value::from(args.interval.as_str())))
        .with("with_input", args.with_input.then_some(Value::Bool(true)))
        .with("on_error", continues.then_some(Value::from("continue")));
    let layout = PredictionLayout { to, with_input: args.with_input, added, continues };
    if args.with_input {
        for source in sources.iter().filter(|source| !layout.keeps_columns_of(source)) {
            column_csv::left_out(stage.files, source, Field::is_writable)?.iter().for_each(|note| stage.report.note(note));
        }
    }
    let mut writer = PredictionWriter::new(stage.files, read, &out, layout);
    let with = PredictionPlan { model: &text, plan: &plan, to };
    predict_all(stage, &with, model.as_ref(), &sources, &mut writer).map_err(|error| with_advice_to_continue(error, &sources))?;
    let summary = writer.commit()?;
    if let Some(note) = summary.note(&out) {
        stage.report.note(&note);
    }
    stage.show(args.json.json, &summary.text(&out), &summary.document())
}

/// Says, of a table with a record without a value, how to go on without it. Only this record is known: those behind it were not read.
fn with_advice_to_continue(error: Error, sources: &[Source]) -> Error {
    let is_table = |path: &str| sources.iter().any(|source| source.path == path && source.format != Format::Json);
    match error {
        Error::Data { path: Some(path), mut fault } if fault.code == Code::Other("missing-values".to_owned()) && is_table(&path) => {
            let help = "fill in the value, or give --on-error continue: it leaves such records without a prediction and counts them";
            fault.message.help = Some(help.to_owned());
            Error::Data { path: Some(path), fault }
        }
        other => other,
    }
}

/// Returns the path of standard output for the predictions of one file.
fn one_to_stdout(out: String, sources: &[Source], args: &InferArgs) -> Result<String> {
    outputs::refuse_two_on_stdout(&out, args.json)?;
    match sources {
        [_] => Ok(out),
        more => Err(Error::usage(format!("--out - takes the predictions of one file, and {} were found", more.len()), "name a folder")),
    }
}

/// Refuses two inputs whose predictions would have the same name, such as `a.csv` and `a.csv.gz`.
fn refuse_collisions(sources: &[Source], to: Option<PredictionFormat>) -> Result<()> {
    let mut seen: HashMap<String, &str> = HashMap::new();
    for source in sources {
        if let Some(first) = seen.insert(PredictionFormat::name_for(to, source), &source.path) {
            let sentence = format!("the predictions of `{}` and of `{}` would have the same name", line(first), line(&source.path));
            return Err(Error::usage(sentence, "rename one of them"));
        }
    }
    Ok(())
}
