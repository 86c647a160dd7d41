//! `infer`: a model and attributes to predictions, a file for a file.
//!
//! The model is read once, so a folder of thousands of small files costs what the files cost.

use std::collections::HashMap;

use clap::Args;
use serde_json::{Value, json};

use crate::args::{DelimiterArg, JsonArg};
use crate::cutter::Cutter;
use crate::engine::{Answer, Model};
use crate::failure::Failure;
use crate::files::Files;
use crate::inputs::{self, Format, Source, Wanted};
use crate::numbers::counted;
use crate::outputs::{self, Outputs};
use crate::paths::{join, without_compression, without_extension};
use crate::plan::Plan;
use crate::stage::Stage;
use crate::{columns, describe, json, reading};

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
    #[command(flatten)]
    #[allow(missing_docs)]
    pub delimiter: DelimiterArg,
    /// Folder for the predictions, each file under its input's name; `{input}` in it stands for the input's path without extension
    #[arg(long, value_name = "DIR")]
    pub out: String,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub json: JsonArg,
}

/// Predicts every record of every file.
pub fn run(stage: &mut Stage<'_>, args: &InferArgs) -> Answer<()> {
    let path = inputs::document_path(stage.files, &args.model, "model.json")?;
    let (text, _) = reading::text(stage.files, &path)?;
    let model = stage.engine.model(&text).map_err(|failure| failure.in_file(&path))?;
    let sources = inputs::find(stage, std::slice::from_ref(&args.attributes), Some(&args.out), Wanted::Data)?;
    let out = outputs::folder(stage.files, outputs::place(&args.out, &sources)?)?;
    refuse_collisions(&sources)?;
    let read = sources.iter().map(|source| source.path.as_str()).chain([path.as_str()]);
    let outputs = Outputs::new(stage.files, read);
    let mut run = Run {
        files: stage.files,
        model: model.as_ref(),
        plan: Plan::new().delimiter(args.delimiter),
        outputs,
        account: Account::default(),
    };
    sources.iter().try_for_each(|source| run.predict(source, &join(&out, &output_name(source))))?;
    let Run { outputs, account, .. } = run;
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
fn refuse_collisions(sources: &[Source]) -> Answer<()> {
    let mut seen: HashMap<String, &str> = HashMap::new();
    for source in sources {
        if let Some(first) = seen.insert(output_name(source), &source.path) {
            let text = format!("the predictions of `{first}` and of `{}` would have the same name\nrename one", source.path);
            return Err(Failure::Usage(text));
        }
    }
    Ok(())
}

struct Run<'r> {
    files: &'r dyn Files,
    model: &'r dyn Model,
    plan: Plan,
    outputs: Outputs<'r>,
    account: Account,
}

impl Run<'_> {
    fn predict(&mut self, source: &Source, to: &str) -> Answer<()> {
        match source.format {
            Format::Json => self.record(source, to),
            Format::Csv | Format::JsonLines | Format::Parquet | Format::Arrow => self.table(source, to),
        }
    }

    fn record(&mut self, source: &Source, to: &str) -> Answer<()> {
        let (attributes, _) = reading::text(self.files, &source.path)?;
        let prediction = self.model.predict_record(&attributes).map_err(|failure| failure.in_file(&source.path))?;
        self.outputs.put(to, format!("{}\n", prediction.trim_end()))?;
        self.account.record(source, to, &prediction)
    }

    fn table(&mut self, source: &Source, to: &str) -> Answer<()> {
        let blame = |failure: Failure| failure.in_file(&source.path);
        let mut stream = self.model.table(&self.plan.text_for(source.format)).map_err(blame)?;
        let mut counter = Counter::new(source.format);
        let handle = self.outputs.create(to)?;
        let outputs = &mut self.outputs;
        columns::each_chunk(self.files, source, |chunk| {
            let predictions = stream.push(chunk).map_err(blame)?;
            counter.push(&predictions)?;
            outputs.write(handle, &predictions)
        })?;
        let rest = stream.finish().map_err(blame)?;
        counter.push(&rest)?;
        outputs.write(handle, &rest)?;
        outputs.close(handle)?;
        self.account.table(source, to, counter.finish()?);
        Ok(())
    }
}

/// Counts the records of a table that is written.
struct Counter {
    cutter: Cutter,
    records: u64,
    header: u64,
}

impl Counter {
    fn new(format: Format) -> Self {
        Self { cutter: Cutter::new(format), records: 0, header: u64::from(format.of_bytes() == Format::Csv) }
    }

    fn push(&mut self, bytes: &[u8]) -> Answer<()> {
        self.cutter.push(bytes, |_| {
            self.records += 1;
            Ok(())
        })
    }

    fn finish(mut self) -> Answer<u64> {
        self.cutter.finish(|_| {
            self.records += 1;
            Ok(())
        })?;
        Ok(self.records.saturating_sub(self.header))
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
    fn record(&mut self, source: &Source, to: &str, prediction: &str) -> Answer<()> {
        self.count(to, 1);
        if self.shown.len() < SHOWN_MAX {
            self.shown.push(describe::prediction(&source.below, &json::parse_ours(prediction)?));
        }
        Ok(())
    }

    fn table(&mut self, source: &Source, to: &str, records: u64) {
        self.count(to, records);
        if self.shown.len() < SHOWN_MAX {
            self.shown.push(format!("{}: {}", source.below, counted(records, "prediction")));
        }
    }

    fn count(&mut self, to: &str, records: u64) {
        self.files.push(json!({"path": to, "records": records}));
        self.records += records;
    }

    fn text(&self, out: &str) -> String {
        let mut lines = self.shown.clone();
        if self.files.len() > lines.len() {
            lines.push(format!("and {}", counted((self.files.len() - lines.len()) as u64, "more file")));
        }
        lines.push(format!("wrote {} in {} to {out}", counted(self.records, "prediction"), counted(self.files.len() as u64, "file")));
        lines.join("\n")
    }

    fn document(&self) -> String {
        json::document(&json!({"files": self.files, "records": self.records}))
    }
}
