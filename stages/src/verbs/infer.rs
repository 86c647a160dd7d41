//! `infer`: predicts with a model. Each file of attributes gives one file of predictions.
//!
//! Each thread reads the model once, so thousands of small files take little more time than their records.

use std::collections::HashMap;

use clap::Args;
use samefit_text::line;
use serde_json::{Value, json};

use crate::args::{DialectArgs, JsonArg, LevelArg, ThreadsArg};
use crate::error::{Error, Result};
use crate::input::reading;
use crate::input::sources;
use crate::input::sources::Wanted;
use crate::output::describe;
use crate::output::outputs;
use crate::output::outputs::Outputs;
use crate::plan::Plan;
use crate::ports::engine::StatusCounts;
use crate::source::{Format, Source};
use crate::stage::Stage;
use crate::text::json;
use crate::text::numbers::counted;
use crate::text::paths::{join, without_compression, without_extension};
use crate::work::collector::PredictionSink;
use crate::work::predicting::{PredictionPlan, predict_all};

/// Files that are listed for people; the others are counted.
const LISTED_MAX: usize = 10;

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
    /// What to do with a record that cannot be predicted: stop and write nothing, or continue and write it without a prediction. `continue` also writes the status of each record: fine, out of range, missing or error
    #[arg(long, value_name = "stop|continue", value_parser = ["stop", "continue"], hide_possible_values = true, default_value = "stop", hide_default_value = true)]
    pub on_error: String,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub dialect: DialectArgs,
    /// Folder for the predictions; each file has the name of its input. `{input}` in it means the path of the input without extension
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
    let continues = args.on_error == "continue";
    if continues && args.only.is_some() {
        let help = "leave out one of the two: the warnings say why a record has no prediction";
        return Err(Error::usage("--on-error continue writes warnings, and --only predicted leaves them out", help));
    }
    let path = sources::document_path(stage.files, &args.model, "model.json")?;
    let (text, _) = reading::text(stage.files, &path)?;
    let model = stage.engine.model(&text).map_err(|error| error.in_file(&path))?;
    let sources = sources::find(stage, std::slice::from_ref(&args.attributes), Some(&args.out), Wanted::Data)?;
    let out = outputs::folder(stage.files, outputs::expand(&args.out, &sources)?)?;
    refuse_collisions(&sources)?;
    let read = sources.iter().map(|source| source.path.as_str()).chain([path.as_str()]);
    let summary = PredictionSummary::new(continues);
    let mut writer = PredictionWriter { outputs: Outputs::new(stage.files, read), out: &out, open: 0, summary };
    let only = args.only.as_deref().map(Value::from);
    let plan = Plan::new()
        .dialect(&args.dialect)
        .with("only", only)
        .with("level", args.level.level.map(Value::from))
        .with("interval", (args.interval != "prediction").then(|| Value::from(args.interval.as_str())))
        .with("with_input", args.with_input.then_some(Value::Bool(true)))
        .with("on_error", continues.then_some(Value::from("continue")));
    predict_all(stage, &PredictionPlan { model: &text, plan: &plan }, model.as_ref(), &sources, &mut writer)?;
    let PredictionWriter { outputs, summary, .. } = writer;
    outputs.commit()?;
    if let Some(note) = summary.note(&out) {
        stage.report.note(&note);
    }
    stage.show(args.json.json, &summary.text(&out), &summary.document())
}

/// Returns the name of a file of predictions: that of its input, or with `.csv` if the input is another table than CSV with commas.
fn output_name(source: &Source) -> String {
    match source.format.holds_columns() || source.format == Format::Tsv {
        true => format!("{}.csv", without_extension(&source.below)),
        false => without_compression(&source.below).to_owned(),
    }
}

/// Refuses two inputs whose predictions would have the same name, such as `a.csv`, `a.csv.gz` and `a.parquet`.
fn refuse_collisions(sources: &[Source]) -> Result<()> {
    let mut seen: HashMap<String, &str> = HashMap::new();
    for source in sources {
        if let Some(first) = seen.insert(output_name(source), &source.path) {
            let sentence = format!("the predictions of `{}` and of `{}` would have the same name", line(first), line(&source.path));
            return Err(Error::usage(sentence, "rename one of them"));
        }
    }
    Ok(())
}

/// Writes predictions into files.
struct PredictionWriter<'r> {
    outputs: Outputs<'r>,
    out: &'r str,
    /// Handle of the table that is being written.
    open: usize,
    summary: PredictionSummary,
}

impl PredictionWriter<'_> {
    fn path(&self, source: &Source) -> String {
        join(self.out, &output_name(source))
    }
}

impl PredictionSink for PredictionWriter<'_> {
    fn record(&mut self, source: &Source, prediction: &str) -> Result<()> {
        let to = self.path(source);
        self.outputs.put(&to, format!("{}\n", prediction.trim_end()))?;
        self.summary.record(source, to, prediction)
    }

    fn begin(&mut self, source: &Source) -> Result<()> {
        self.open = self.outputs.create(&self.path(source))?;
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.outputs.write(self.open, bytes)
    }

    fn end(&mut self, source: &Source, counts: &StatusCounts) -> Result<()> {
        self.outputs.close(self.open)?;
        self.summary.table(source, self.path(source), counts);
        Ok(())
    }
}

/// Which files were written: the first few for people, all of them for `--json`.
struct PredictionSummary {
    /// Whether records without a prediction are written too.
    continues: bool,
    listed: Vec<String>,
    files: Vec<Value>,
    counts: StatusCounts,
}

impl PredictionSummary {
    fn new(continues: bool) -> Self {
        Self { continues, listed: Vec::new(), files: Vec::new(), counts: StatusCounts::default() }
    }

    fn record(&mut self, source: &Source, to: String, prediction: &str) -> Result<()> {
        let is_listed = self.listed.len() < LISTED_MAX;
        let document = if is_listed || self.continues { json::parse_ours(prediction)? } else { Value::Null };
        // a record without a status is one with a prediction
        let status = document["status"].as_str().filter(|_| self.continues).unwrap_or("fine");
        let counts = StatusCounts::one(status)?;
        if is_listed {
            let below = &source.below;
            self.listed.push(match document["problem"].as_str().filter(|_| counts.refused() > 0) {
                Some(problem) => describe::no_prediction(below, problem),
                None => describe::prediction(below, &document),
            });
        }
        self.count(to, &counts);
        Ok(())
    }

    fn table(&mut self, source: &Source, to: String, counts: &StatusCounts) {
        if self.listed.len() < LISTED_MAX {
            let refused = match counts.refused() {
                0 => String::new(),
                refused => format!(", {} without one", counted(refused, "record")),
            };
            self.listed.push(format!("{}: {}{refused}", line(&source.below), counted(counts.predicted(), "prediction")));
        }
        self.count(to, counts);
    }

    fn count(&mut self, to: String, counts: &StatusCounts) {
        self.files.push(json!({"path": to, "records": counts.predicted()}));
        self.counts.add(counts);
    }

    /// Returns a note on the records without a prediction, if there are any.
    fn note(&self, out: &str) -> Option<String> {
        let StatusCounts { missing, error, .. } = self.counts;
        let refused = self.counts.refused();
        let all = counted(refused + self.counts.predicted(), "record");
        let have = if refused == 1 { "has" } else { "have" };
        let why = format!("{missing} with status missing, {error} with status error");
        (refused > 0).then(|| format!("note: {}: {refused} of {all} {have} no prediction: {why}", line(out)))
    }

    fn text(&self, out: &str) -> String {
        let mut lines = self.listed.clone();
        if self.files.len() > lines.len() {
            lines.push(format!("and {}", counted((self.files.len() - lines.len()) as u64, "more file")));
        }
        lines.push(format!(
            "wrote {} in {} to {}",
            counted(self.counts.predicted(), "prediction"),
            counted(self.files.len() as u64, "file"),
            line(out)
        ));
        lines.join("\n")
    }

    fn document(&self) -> String {
        let mut document = json!({"files": self.files, "records": self.counts.predicted()});
        if self.continues {
            document["status"] = json!(self.counts);
        }
        json::document(&document)
    }
}
