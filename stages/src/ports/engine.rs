//! What a stage needs of the model logic: the component's contract (`core-wasm/wit`) as a Rust trait over text and bytes.
//!
//! The host implements it with the component in wasmtime, the WASI command with the same code linked in. A stage cannot tell them apart.
//! Faults carry no file name here: the stage knows which file it was reading.

use crate::error::Result;
use crate::ports::columns::Batch;

/// The component's functions. Documents are JSON text (`docs/formats.md`).
pub trait Engine: Sync {
    /// How many threads can each have an instance of the engine.
    fn threads_max(&self) -> usize {
        usize::MAX
    }
    /// Reads data and sums its columns; `finish` returns the text of `statistics.json`.
    fn summarizer(&self, plan: &str) -> Result<Box<dyn Summarizer + '_>>;
    /// Turns a table into QC records, one JSON object a line.
    fn record_writer(&self, plan: &str) -> Result<Box<dyn Stream + '_>>;
    /// Describes every column; `finish` returns the profile.
    fn profiler(&self, plan: &str) -> Result<Box<dyn Stream + '_>>;
    /// Adds statistics documents up, one after another, so that any number of them needs the memory of two.
    fn merger(&self) -> Result<Box<dyn Merger + Send + '_>>;
    /// `from` without the rows of `gone`.
    fn subtract(&self, from: &str, gone: &str) -> Result<String>;
    /// The text of the model that fits the statistics.
    fn fit(&self, statistics: &str, plan: &str) -> Result<String>;
    /// Reads a model once, for any number of predictions.
    fn model(&self, text: &str) -> Result<Box<dyn Model + '_>>;
    /// Quality control of a model over records, given as their statistics.
    fn judge(&self, model: &str, records: &str, threshold: f64) -> Result<Verdict>;
    /// The first difference between two models, passing over what quality control adds.
    fn first_difference(&self, model: &str, other: &str) -> Result<Option<String>>;
    /// Compares a model's predictions with the outcomes of a table; `finish` returns Residuals.
    fn residuals(&self, model: &str, plan: &str) -> Result<Box<dyn Stream + '_>>;
    /// The form of a schema or of a model.
    fn form(&self, document: &str) -> Result<Box<dyn Form + '_>>;
    /// Version, formats and limits of the component.
    fn identity(&self) -> Result<Identity>;
}

/// A resource that is fed bytes and ends once.
pub trait Stream {
    /// The next bytes, any number of them; returns the output that is complete (nothing for a stream that only counts).
    fn push(&mut self, chunk: &[u8]) -> Result<Vec<u8>>;
    /// The end of the input; returns the rest of the output.
    fn finish(&mut self) -> Result<Vec<u8>>;
    /// What the user should be told, as a JSON array of error records, asked for after `finish`; `[]` where a stream has nothing to say.
    fn notes(&mut self) -> Result<String> {
        Ok("[]".to_owned())
    }
}

/// A stream that can share the work on a file with others of its kind, each reading pieces of it: see the contract.
pub trait Piecewise: Stream + Send {
    /// The records with which the data begin, for the names of the columns alone; returns whether the names are known now.
    fn header(&mut self, records: &[u8]) -> Result<bool>;
    /// The next record counts as this row.
    fn continue_at(&mut self, row: u64) -> Result<()>;
    /// The number of the last record.
    fn rows(&mut self) -> Result<u64>;
    /// Number of quote characters.
    fn quotes(&mut self, chunk: &[u8]) -> Result<u64>;
    /// Offset just after the first record end.
    fn cut(&mut self, chunk: &[u8], quoted: bool) -> Result<Option<usize>>;
}

/// A stream of data that are summed.
pub trait Summarizer: Piecewise {
    /// The next rows, as columns. Who is fed columns is fed no bytes.
    fn add(&mut self, batch: &Batch) -> Result<()>;
    /// Everything this summarizer has read, for [`merge_state`](Self::merge_state) of another. Ends this summarizer.
    fn state(&mut self) -> Result<String>;
    /// Ends one of several tables whose rows count together; returns its state for [`merge_state`](Self::merge_state) of another.
    fn finish_state(&mut self) -> Result<String>;
    /// The end of the first of two passes: how values are to be rounded in the second.
    fn choose_decimals(&mut self) -> Result<String>;
    /// Adds what another has read; the fault is what reading would have stopped at, as far as is known.
    fn merge_state(&mut self, state: &str) -> Result<()>;
}

/// A stream of records that are predicted; `push` and `finish` return bytes in the format that came in.
pub trait Table: Piecewise {
    /// How many records were predicted.
    fn predictions(&mut self) -> Result<u64>;
}

/// A growing sum of statistics.
pub trait Merger {
    /// Adds one statistics document; a fault is this document's.
    fn add(&mut self, statistics: &str) -> Result<()>;
    /// The canonical text of the sum. A fault if nothing was added.
    fn finish(&mut self) -> Result<String>;
}

/// A model that was read and checked.
pub trait Model: Send {
    /// The plan that summarises data for this model.
    fn plan(&self) -> Result<String>;
    /// One attributes object in, one prediction object out.
    fn predict_record(&self, attributes: &str) -> Result<String>;
    /// What a person should see of one prediction.
    fn explain(&self, attributes: &str) -> Result<String>;
    /// Predictions when one column moves, then the lower, then the upper ends of their intervals.
    fn curve(&self, attributes: &str, column: &str, values: &[f64]) -> Result<Vec<f64>>;
    /// Predicts every record of a stream.
    fn table(&self, plan: &str) -> Result<Box<dyn Table>>;
}

/// What a person types, turned into the columns of a model.
pub trait Form {
    /// The fields to draw.
    fn fields(&mut self) -> Result<String>;
    /// What was typed to values and problems.
    fn evaluate(&mut self, entries: &str) -> Result<String>;
    /// A value of a field in another of its units.
    fn convert(&mut self, field: &str, value: &str, unit: &str, to: &str) -> Result<String>;
}

/// Outcome of quality control.
pub struct Verdict {
    /// Text of `report.json`.
    pub report: String,
    /// Text of the accepted model; none if it was refused.
    pub model: Option<String>,
}

/// What the component says of itself.
pub struct Identity {
    /// `major.minor.patch`.
    pub version: String,
    /// JSON object from file name to format name.
    pub formats: String,
    /// JSON object of numbers.
    pub limits: String,
    /// SHA-256 of the core module that computes, in hexadecimal; empty where the logic is linked in and cannot know its own bytes.
    pub component_sha256: String,
}
