//! Writes the results of prediction tasks, in order.

use crate::error::{Error, Result};
use crate::ports::engine::StatusCounts;
use crate::source::Source;
use crate::work::row_numbers::with_row_of_file;

/// Receives predictions in the order of the files. A file is one record, or it begins, is written to, and ends.
pub(crate) trait PredictionSink: Send {
    /// Takes the prediction of a file with one record.
    fn record(&mut self, source: &Source, prediction: &RecordPrediction) -> Result<()>;
    /// Begins a table.
    fn begin(&mut self, source: &Source) -> Result<()>;
    /// Takes the next bytes of the table.
    fn write(&mut self, bytes: &[u8]) -> Result<()>;
    /// Ends the table. `counts`: its records by status.
    fn end(&mut self, source: &Source, counts: &StatusCounts) -> Result<()>;
}

/// The result of a prediction task.
pub(crate) enum TaskResult {
    /// A split of a table.
    Split {
        /// Index of the table among the sources.
        source: usize,
        /// Index of the split in its table.
        number: u64,
        /// Whether the table ends with this split.
        last: bool,
        predictions: Result<SplitPredictions>,
    },
    /// Files with one record each.
    Records {
        /// Index of the first file.
        from: usize,
        /// Predictions of the files before the one at fault.
        predictions: Vec<RecordPrediction>,
        failure: Option<Error>,
    },
    /// A file of columns, which is written already.
    Columns,
    Failed(Error),
}

/// The prediction of a file with one record.
pub(crate) struct RecordPrediction {
    /// What to write.
    pub(crate) text: String,
    /// The record by its status. Out of range counts as fine unless records have a status.
    pub(crate) counts: StatusCounts,
}

/// The predictions of a split.
pub(crate) struct SplitPredictions {
    /// What to write, in order.
    pub(crate) bytes: Vec<Vec<u8>>,
    /// Rows of the split.
    pub(crate) rows: u64,
    /// Records by status.
    pub(crate) counts: StatusCounts,
}

/// Passes results to a sink until the first error.
pub(crate) struct Collector<'a> {
    sink: &'a mut dyn PredictionSink,
    sources: &'a [Source],
    /// Rows so far of the table that is being written.
    rows: u64,
    /// Records so far of that table, by status.
    counts: StatusCounts,
    failure: Option<Error>,
}

impl TaskResult {
    pub(crate) fn is_failure(&self) -> bool {
        match self {
            Self::Split { predictions, .. } => predictions.is_err(),
            Self::Records { failure, .. } => failure.is_some(),
            Self::Columns => false,
            Self::Failed(_) => true,
        }
    }
}

impl<'a> Collector<'a> {
    pub(crate) fn new(sink: &'a mut dyn PredictionSink, sources: &'a [Source]) -> Self {
        Self { sink, sources, rows: 0, counts: StatusCounts::default(), failure: None }
    }

    /// Whether an error has ended the writing.
    pub(crate) fn has_failed(&self) -> bool {
        self.failure.is_some()
    }

    pub(crate) fn take_failure(&mut self) -> Option<Error> {
        self.failure.take()
    }

    /// Returns the sink, for a task that writes its predictions itself.
    pub(crate) fn sink(&mut self) -> &mut dyn PredictionSink {
        self.sink
    }

    /// Writes the next result in order. After an error nothing more is written.
    pub(crate) fn collect(&mut self, result: TaskResult) {
        if self.failure.is_none() {
            self.failure = self.write(result).err();
        }
    }

    fn write(&mut self, result: TaskResult) -> Result<()> {
        match result {
            TaskResult::Split { source, number, last, predictions } => {
                let source = &self.sources[source];
                if number == 0 {
                    (self.rows, self.counts) = (0, StatusCounts::default());
                    self.sink.begin(source)?;
                }
                let predictions = predictions.map_err(|error| with_row_of_file(error, |_| self.rows).in_file(&source.path))?;
                predictions.bytes.iter().try_for_each(|bytes| self.sink.write(bytes))?;
                self.rows += predictions.rows;
                self.counts.add(&predictions.counts);
                if last { self.sink.end(source, &self.counts) } else { Ok(()) }
            }
            TaskResult::Records { from, predictions, failure } => {
                let mut pairs = self.sources[from..].iter().zip(&predictions);
                pairs.try_for_each(|(source, prediction)| self.sink.record(source, prediction))?;
                failure.map_or(Ok(()), Err)
            }
            TaskResult::Columns => Ok(()),
            TaskResult::Failed(failure) => Err(failure),
        }
    }
}
