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
use crate::source::Source;
use crate::stage::Stage;
use crate::text::json;
use crate::text::numbers::counted;
use crate::text::paths::{join, without_compression, without_extension};
use crate::work::predicting;
use crate::work::predicting::{Sink, With};

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
    let path = sources::document_path(stage.files, &args.model, "model.json")?;
    let (text, _) = reading::text(stage.files, &path)?;
    let model = stage.engine.model(&text).map_err(|failure| failure.in_file(&path))?;
    let sources = sources::find(stage, std::slice::from_ref(&args.attributes), Some(&args.out), Wanted::Data)?;
    let out = outputs::folder(stage.files, outputs::place(&args.out, &sources)?)?;
    refuse_collisions(&sources)?;
    let read = sources.iter().map(|source| source.path.as_str()).chain([path.as_str()]);
    let mut written = Written { outputs: Outputs::new(stage.files, read), out: &out, open: 0, account: Account::default() };
    let only = args.only.as_deref().map(Value::from);
    let plan = Plan::new().delimiter(args.delimiter).with("only", only).with("with_input", args.with_input.then_some(Value::Bool(true)));
    predicting::all(stage, &With { model: &text, plan: &plan }, model.as_ref(), &sources, &mut written)?;
    let Written { outputs, account, .. } = written;
    outputs.commit()?;
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

impl Sink for Written<'_> {
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

    fn end(&mut self, source: &Source, records: u64) -> Result<()> {
        self.outputs.close(self.open)?;
        self.account.table(source, self.place(source), records);
        Ok(())
    }
}

/// What was predicted, for people (the first few) and for machines (every file).
#[derive(Default)]
struct Account {
    shown: Vec<String>,
    files: Vec<Value>,
    records: u64,
}

impl Account {
    fn record(&mut self, source: &Source, to: String, prediction: &str) -> Result<()> {
        self.count(to, 1);
        if self.shown.len() < SHOWN_MAX {
            self.shown.push(describe::prediction(&source.below, &json::parse_ours(prediction)?));
        }
        Ok(())
    }

    fn table(&mut self, source: &Source, to: String, records: u64) {
        self.count(to, records);
        if self.shown.len() < SHOWN_MAX {
            self.shown.push(format!("{}: {}", samefit_text::line(&source.below), counted(records, "prediction")));
        }
    }

    fn count(&mut self, to: String, records: u64) {
        self.files.push(json!({"path": to, "records": records}));
        self.records += records;
    }

    fn text(&self, out: &str) -> String {
        let mut lines = self.shown.clone();
        if self.files.len() > lines.len() {
            lines.push(format!("and {}", counted((self.files.len() - lines.len()) as u64, "more file")));
        }
        lines.push(format!(
            "wrote {} in {} to {}",
            counted(self.records, "prediction"),
            counted(self.files.len() as u64, "file"),
            samefit_text::line(out)
        ));
        lines.join("\n")
    }

    fn document(&self) -> String {
        json::document(&json!({"files": self.files, "records": self.records}))
    }
}
