//! The model logic as the stages see it: the component's contract (`core-wasm/wit`) as Rust traits over text and bytes.
//!
//! The host implements them with the component in wasmtime, the WASI command with the same code linked in. A stage cannot tell them apart.
//!
//! Errors name no file: the stage knows which file it was reading.

use std::collections::BTreeSet;

use crate::error::{Error, Result};
use crate::ports::columns::Batch;

/// The component's functions. Documents are JSON text, described in `docs/formats.md`.
pub trait Engine: Sync {
    /// Returns how many threads can each have an instance of the engine.
    fn threads_max(&self) -> usize {
        usize::MAX
    }
    /// Returns the names of the columns that data for a plan need to have; `None` if any column may count.
    fn needed_columns(&self, plan: &str) -> Result<Option<BTreeSet<String>>>;
    /// Returns levels of a category, or groups, in their order, each once.
    fn order_levels(&self, levels: &[String]) -> Result<Vec<String>>;
    /// Makes a stream that sums the columns of data. Its `finish` returns the text of `statistics.json`.
    fn summarizer(&self, plan: &str) -> Result<Box<dyn Summarizer + '_>>;
    /// Makes a stream that turns a table into QC records, one JSON object a line.
    fn record_writer(&self, plan: &str) -> Result<Box<dyn Stream + '_>>;
    /// Makes a stream that describes every column. Its `finish` returns the profile document.
    fn profiler(&self, plan: &str) -> Result<Box<dyn Stream + '_>>;
    /// Guesses how data are written that begin with these bytes, which end after a record. Returns the preview as JSON. The keys of the plan are
    /// kept.
    fn preview(&self, start: &[u8], plan: &str) -> Result<String>;
    /// Makes a merger, which adds statistics documents one after another. It needs the memory of two, however many are added.
    fn merger(&self) -> Result<Box<dyn Merger + Send + '_>>;
    /// Returns the statistics `from` without the rows of the statistics `gone`.
    fn subtract(&self, from: &str, gone: &str) -> Result<String>;
    /// Returns the entries of an audit line that follow from statistics and from the notes on them, as JSON. `notes`: a JSON array of error
    /// records, each with `file`.
    fn audit(&self, statistics: &str, notes: &str) -> Result<String>;
    /// Fits a model to statistics. Returns the text of `model.json`.
    fn fit(&self, statistics: &str, plan: &str) -> Result<String>;
    /// Compares two models of the same statistics by the F test; one has all features of the other. Returns the test as JSON.
    fn compare(&self, statistics: &str, plan: &str, other: &str) -> Result<String>;
    /// Tests linear restrictions on the coefficients of a model by the F test. Returns the test as JSON.
    fn test(&self, statistics: &str, plan: &str, restrictions: &str) -> Result<String>;
    /// Reads and checks a model, for any number of predictions.
    fn model(&self, text: &str) -> Result<Box<dyn Model + '_>>;
    /// Judges a model by the statistics of records. `threshold`: in units of the target.
    fn judge(&self, model: &str, records: &str, threshold: f64) -> Result<Verdict>;
    /// Returns the first difference between two models. What quality control adds to a model does not count.
    fn first_difference(&self, model: &str, other: &str) -> Result<Option<String>>;
    /// Makes a stream that compares a model's predictions with the outcomes of a table. Its `finish` returns the residuals document.
    fn residuals(&self, model: &str, plan: &str) -> Result<Box<dyn Stream + '_>>;
    /// Returns the form of a schema or a model.
    fn form(&self, document: &str) -> Result<Box<dyn Form + '_>>;
    /// Returns the version, formats and limits of the component.
    fn identity(&self) -> Result<Identity>;
}

/// A resource that takes bytes until it is finished.
pub trait Stream {
    /// Takes the next bytes, any number of them. Returns the output that is complete; empty for a stream that only counts.
    fn push(&mut self, chunk: &[u8]) -> Result<Vec<u8>>;
    /// Ends the input. Returns the rest of the output.
    fn finish(&mut self) -> Result<Vec<u8>>;
    /// Returns what the user should be told, as a JSON array of error records. Complete after `finish`.
    fn notes(&mut self) -> Result<String> {
        Ok("[]".to_owned())
    }
}

/// A stream that can read some splits of a file, while others of its kind read the other splits.
pub trait SplitStream: Stream + Send {
    /// Learns the names of the columns from the records at the beginning of the data. Returns whether the names are known now.
    fn header(&mut self, records: &[u8]) -> Result<bool>;
    /// Sets the row number of the next record.
    fn continue_at(&mut self, row: u64) -> Result<()>;
    /// Returns the row number of the last record.
    fn rows(&mut self) -> Result<u64>;
}

/// A stream that sums data.
pub trait Summarizer: SplitStream {
    /// Adds the next rows as columns. A summarizer takes either bytes (`push`) or columns, never both.
    fn add(&mut self, batch: &Batch) -> Result<()>;
    /// Returns everything this summarizer has read, for [`merge_state`](Self::merge_state) of another. Ends this summarizer.
    fn state(&mut self) -> Result<Vec<u8>>;
    /// Ends the data of a plan with `by`. Hands each group and the text of its statistics to `take`, in the order of the groups.
    fn finish_groups(&mut self, take: &mut dyn FnMut(String, String) -> Result<()>) -> Result<()>;
    /// Ends one of several tables whose rows count together. Returns its state for [`merge_state`](Self::merge_state) of another summarizer.
    fn finish_state(&mut self) -> Result<Vec<u8>>;
    /// Ends the first of two passes. Returns how the second pass must round values.
    fn choose_decimals(&mut self) -> Result<String>;
    /// Ends the first of two passes in which knots of splines are chosen. Returns the knots of each column as JSON.
    fn choose_knots(&mut self) -> Result<String>;
    /// Adds what another summarizer has read. Returns the error at which reading would have stopped, as far as the states so far tell.
    fn merge_state(&mut self, state: &[u8]) -> Result<()>;
}

/// A stream that predicts records. `push` and `finish` return bytes in the format of the input.
pub trait PredictionStream: SplitStream {
    /// Returns how many records have which status.
    fn counts(&mut self) -> Result<StatusCounts>;
}

/// The number of records of each status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(default)]
pub struct StatusCounts {
    /// Predicted, without warnings.
    pub fine: u64,
    /// Predicted, with warnings.
    #[serde(rename = "out of range")]
    pub out_of_range: u64,
    /// Not predicted: a value is missing.
    pub missing: u64,
    /// Not predicted for another reason.
    pub error: u64,
}

impl StatusCounts {
    /// Reads the counts that the engine returns.
    pub fn parse(text: &str) -> Result<Self> {
        serde_json::from_str(text).map_err(|_| Error::Trap("counts that are not as the contract says".to_owned()))
    }

    /// Returns the counts of one record with this status.
    pub fn one(status: &str) -> Result<Self> {
        let none = Self::default();
        Ok(match status {
            "fine" => Self { fine: 1, ..none },
            "out of range" => Self { out_of_range: 1, ..none },
            "missing" => Self { missing: 1, ..none },
            "error" => Self { error: 1, ..none },
            other => return Err(Error::Trap(format!("`{other}`, which is no status of a record"))),
        })
    }

    /// Returns the number of records with a prediction.
    pub fn predicted(&self) -> u64 {
        self.fine + self.out_of_range
    }

    /// Returns the number of records without a prediction.
    pub fn refused(&self) -> u64 {
        self.missing + self.error
    }

    /// Adds the counts of other records.
    pub fn add(&mut self, other: &Self) {
        self.fine += other.fine;
        self.out_of_range += other.out_of_range;
        self.missing += other.missing;
        self.error += other.error;
    }

    /// Returns these counts without earlier ones of the same stream.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            fine: self.fine - earlier.fine,
            out_of_range: self.out_of_range - earlier.out_of_range,
            missing: self.missing - earlier.missing,
            error: self.error - earlier.error,
        }
    }
}

/// A growing sum of statistics.
pub trait Merger {
    /// Adds one statistics document. An error is that document's.
    fn add(&mut self, statistics: &str) -> Result<()>;
    /// Returns the canonical text of the sum. An error if nothing was added.
    fn finish(&mut self) -> Result<String>;
}

/// A model that was read and checked.
pub trait Model: Send {
    /// Returns the plan that sums data for this model.
    fn plan(&self) -> Result<String>;
    /// Returns the summary of the regression as JSON, with confidence intervals of this level.
    fn summary(&self, level: f64) -> Result<String>;
    /// Returns notes on the model, as a JSON array of error records.
    fn notes(&self) -> Result<String>;
    /// Predicts one record: one attributes object in, one prediction object out.
    fn predict_record(&self, attributes: &str, interval: Interval) -> Result<String>;
    /// Returns what a person should see of one prediction.
    fn explain(&self, attributes: &str, level: f64) -> Result<String>;
    /// Predicts with several values of one column, a JSON array. Returns the predictions, then the lower, then the upper ends of their
    /// intervals.
    fn curve(&self, attributes: &str, column: &str, values: &str, interval: Interval) -> Result<Vec<f64>>;
    /// Predicts rows that are given as columns.
    fn predict_batch(&self, batch: &Batch, interval: Interval) -> Result<PredictedBatch>;
    /// Makes a stream that predicts every record.
    fn table(&self, plan: &str) -> Result<Box<dyn PredictionStream>>;
}

/// The interval of a prediction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Its probability, between 0 and 1.
    pub level: f64,
    /// Whether it is for the mean of all outcomes at the same values, instead of for one new outcome.
    pub of_mean: bool,
}

/// The usual prediction interval.
impl Default for Interval {
    fn default() -> Self {
        Self { level: 0.95, of_mean: false }
    }
}

/// The predictions of a batch.
pub struct PredictedBatch {
    /// The predictions, then the lower ends and then the upper ends of their intervals. NaN for a row without a prediction.
    pub values: Vec<f64>,
    /// The status of each row: 0 fine, 1 out of range, 2 missing, 3 error.
    pub status: Vec<u8>,
    /// A JSON array of error records of the first rows without a prediction.
    pub problems: String,
}

/// Turns what a person types into the columns of a model.
pub trait Form {
    /// Returns the fields to show.
    fn fields(&mut self) -> Result<String>;
    /// Turns what was typed into values and problems.
    fn evaluate(&mut self, entries: &str) -> Result<String>;
    /// Converts a value of a field from `unit` into the unit `to`.
    fn convert(&mut self, field: &str, value: &str, unit: &str, to: &str) -> Result<String>;
}

/// The outcome of quality control.
pub struct Verdict {
    /// Text of `report.json`.
    pub report: String,
    /// Text of the accepted model; none if it was refused.
    pub model: Option<String>,
}

/// What the component says about itself.
pub struct Identity {
    /// `major.minor.patch`.
    pub version: String,
    /// JSON object from file name to format name.
    pub formats: String,
    /// JSON object of numbers.
    pub limits: String,
    /// SHA-256 of the core module that computes, in hexadecimal. Empty where the logic is linked in, which cannot know its own bytes.
    pub component_sha256: String,
}
