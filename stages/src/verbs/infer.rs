//! `infer`: a model and attributes to predictions, a file for a file.
//!
//! The model is read once a thread, so a folder of thousands of small files costs what the files cost.

use std::collections::HashMap;

use clap::Args;
use serde_json::{Value, json};

use crate::args::{DelimiterArg, JsonArg, ThreadsArg};
use crate::error::{Error, Result};
use crate::input::reading;
use crate::input::sources;
use crate::input::sources::Wanted;
use crate::output::describe;
use crate::output::outputs;
use crate::output::outputs::Outputs;
use crate::plan::Plan;
use crate::ports::engine::StatusCounts;
use crate::source::Source;
use crate::stage::Stage;
use crate::text::json;
use crate::text::numbers::counted;
use crate::text::paths::{join, without_compression, without_extension};
use crate::work::collector::PredictionSink;
use crate::work::predicting::{PredictionPlan, predict_all};

/// Predictions that a person is shown before the rest is only counted.
const SHOWN_MAX: usize = 10;

/// Flags of `infer`.
#[derive(Args, Clone, Debug)]
pub struct InferArgs {
    /// The model: a file, or a folder with model.json
    #[arg(long, value_name = "PATH")]
    pub model: String,
    /// What to predict from: a file, or a folder of files (.json, .jsonl, .csv, each also .gz or .zst; .parquet, .arrow, .arrows, .feather)
    #[arg(long, value_name = "PATH")]
    pub attributes: String,
    /// Write the predicted value alone, without interval and warnings
    #[arg(long, value_name = "predicted", value_parser = ["predicted"], hide_possible_values = true)]
    pub only: Option<String>,
    /// Write the input's columns before those of the prediction
    #[arg(long)]
    pub with_input: bool,
    /// What to do with a record that cannot be predicted: stop and write nothing, or write it without a prediction and go on. `continue` also writes the status of each record: fine, out of range, missing or error
    #[arg(long, value_name = "stop|continue", value_parser = ["stop", "continue"], hide_possible_values = true, default_value = "stop", hide_default_value = true)]
    pub on_error: String,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub delimiter: DelimiterArg,
    /// Folder for the predictions, each file under its input's name; `{input}` in it stands for the input's path without extension
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
        return Err(Error::Usage(format!("--on-error continue writes warnings, and --only predicted leaves them out\n{help}")));
    }
    let path = sources::document_path(stage.files, &args.model, "model.json")?;
    let (text, _) = reading::text(stage.files, &path)?;
    let model = stage.engine.model(&text).map_err(|failure| failure.in_file(&path))?;
    let sources = sources::find(stage, std::slice::from_ref(&args.attributes), Some(&args.out), Wanted::Data)?;
    let out = outputs::folder(stage.files, outputs::place(&args.out, &sources)?)?;
    refuse_collisions(&sources)?;
    let read = sources.iter().map(|source| source.path.as_str()).chain([path.as_str()]);
    let mut written = Written { outputs: Outputs::new(stage.files, read), out: &out, open: 0, account: Account::new(continues) };
    let only = args.only.as_deref().map(Value::from);
    let plan = Plan::new()
        .delimiter(args.delimiter)
        .with("only", only)
        .with("with_input", args.with_input.then_some(Value::Bool(true)))
        .with("on_error", continues.then_some(Value::from("continue")));
    predict_all(stage, &PredictionPlan { model: &text, plan: &plan }, model.as_ref(), &sources, &mut written)?;
    let Written { outputs, account, .. } = written;
    outputs.commit()?;
    if let Some(note) = account.note(&out) {
        stage.report.note(&note);
    }
    stage.show(args.json.json, &account.text(&out), &account.document())
}

/// The input's name; predictions from columns are CSV, and say so.
fn output_name(source: &Source) -> String {
    match source.format.holds_columns() {
        true => format!("{}.csv", without_extension(&source.below)),
        false => without_compression(&source.below).to_owned(),
    }
}

/// `a.csv` and `a.csv.gz` would be written to the same place, and so would `a.parquet`.
fn refuse_collisions(sources: &[Source]) -> Result<()> {
    let mut seen: HashMap<String, &str> = HashMap::new();
    for source in sources {
        if let Some(first) = seen.insert(output_name(source), &source.path) {
            let text = format!("the predictions of `{first}` and of `{}` would have the same name\nrename one", source.path);
            return Err(Error::Usage(text));
        }
    }
    Ok(())
}

/// The files as they are written.
struct Written<'r> {
    outputs: Outputs<'r>,
    out: &'r str,
    /// Handle of the table that is written.
    open: usize,
    account: Account,
}

impl Written<'_> {
    fn place(&self, source: &Source) -> String {
        join(self.out, &output_name(source))
    }
}

impl PredictionSink for Written<'_> {
    fn record(&mut self, source: &Source, prediction: &str) -> Result<()> {
        let to = self.place(source);
        self.outputs.put(&to, format!("{}\n", prediction.trim_end()))?;
        self.account.record(source, to, prediction)
    }

    fn begin(&mut self, source: &Source) -> Result<()> {
        self.open = self.outputs.create(&self.place(source))?;
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.outputs.write(self.open, bytes)
    }

    fn end(&mut self, source: &Source, counts: &StatusCounts) -> Result<()> {
        self.outputs.close(self.open)?;
        self.account.table(source, self.place(source), counts);
        Ok(())
    }
}

/// What was predicted, for people (the first few) and for machines (every file).
struct Account {
    /// Whether records without a prediction were written too.
    continues: bool,
    shown: Vec<String>,
    files: Vec<Value>,
    counts: StatusCounts,
}

impl Account {
    fn new(continues: bool) -> Self {
        Self { continues, shown: Vec::new(), files: Vec::new(), counts: StatusCounts::default() }
    }

    fn record(&mut self, source: &Source, to: String, prediction: &str) -> Result<()> {
        if !self.continues && self.shown.len() >= SHOWN_MAX {
            self.count(to, &StatusCounts { fine: 1, ..StatusCounts::default() });
            return Ok(());
        }
        let document = json::parse_ours(prediction)?;
        // without a status there is always a prediction
        let status = document["status"].as_str().filter(|_| self.continues).unwrap_or("fine");
        let problem = document["problem"].as_str().filter(|_| matches!(status, "missing" | "error"));
        self.count(to, &StatusCounts::parse(&json!({status: 1}).to_string())?);
        if self.shown.len() < SHOWN_MAX {
            let below = &source.below;
            self.shown
                .push(problem.map_or_else(|| describe::prediction(below, &document), |problem| describe::no_prediction(below, problem)));
        }
        Ok(())
    }

    fn table(&mut self, source: &Source, to: String, counts: &StatusCounts) {
        self.count(to, counts);
        if self.shown.len() < SHOWN_MAX {
            let refused =
                if counts.refused() == 0 { String::new() } else { format!(", {} without one", counted(counts.refused(), "record")) };
            self.shown.push(format!("{}: {}{refused}", samefit_text::line(&source.below), counted(counts.predicted(), "prediction")));
        }
    }

    fn count(&mut self, to: String, counts: &StatusCounts) {
        self.files.push(json!({"path": to, "records": counts.predicted()}));
        self.counts.add(counts);
    }

    /// Returns how many records have no prediction and why, if there are any.
    fn note(&self, out: &str) -> Option<String> {
        let StatusCounts { missing, error, .. } = self.counts;
        let refused = self.counts.refused();
        let all = counted(refused + self.counts.predicted(), "record");
        let have = if refused == 1 { "has" } else { "have" };
        (refused > 0).then(|| {
            format!(
                "note: {}: {refused} of {all} {have} no prediction: {missing} with status missing, {error} with status error",
                samefit_text::line(out)
            )
        })
    }

    fn text(&self, out: &str) -> String {
        let mut lines = self.shown.clone();
        if self.files.len() > lines.len() {
            lines.push(format!("and {}", counted((self.files.len() - lines.len()) as u64, "more file")));
        }
        lines.push(format!(
            "wrote {} in {} to {}",
            counted(self.counts.predicted(), "prediction"),
            counted(self.files.len() as u64, "file"),
            samefit_text::line(out)
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
