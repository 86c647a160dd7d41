//! One worker's reading of one file: splits in, a state for the reducer out.

use crate::error::{Error, Result};
use crate::input::splits::{FileSplit, SplitContent};
use crate::ports::engine::Summarizer;
use crate::work::file_state::{FileState, FileSum, Reading, SumContext};
use crate::work::row_numbers::rows_before;

/// Reads splits of one file, in increasing order, into one summarizer.
pub(crate) struct FileWorker<'a> {
    /// Index of the file among the sources.
    pub(crate) file: usize,
    pub(crate) state: FileState,
    pub(crate) reading: Reading<'a>,
}

/// What one worker has read of one file.
pub(crate) struct PartialState {
    /// Index of the file among the sources.
    pub(crate) file: usize,
    pub(crate) state: FileState,
    /// The summarizer's state; none if no summarizer could be made or it failed.
    pub(crate) summarizer_state: Option<Vec<u8>>,
}

/// What a worker sends to the reducer about one file.
pub(crate) enum WorkerMessage {
    /// Some splits of the file.
    Partial(PartialState),
    /// The sum of the whole file, by the file's index.
    Whole(usize, Result<FileSum>),
}

impl PartialState {
    /// A failure for which there is no summarizer.
    pub(crate) fn without_summarizer(file: usize, state: FileState) -> Self {
        Self { file, state, summarizer_state: None }
    }
}

impl<'a> FileWorker<'a> {
    /// Begins with the first split that a worker takes of a file. The split is then to be [`read`](Self::read).
    ///
    /// # Errors
    /// The failure as a partial state, for the reducer.
    pub(crate) fn begin(context: &SumContext<'a>, split: &FileSplit) -> Result<Self, Box<PartialState>> {
        let names_are_ahead = split.number > 0 || matches!(split.content, SplitContent::Columns(..));
        let mut state = FileState::default();
        match context.summarizer(split.file, split.header.as_ref().filter(|_| names_are_ahead)) {
            Ok(summarizer) => Ok(Self { file: split.file, state, reading: Reading { summarizer, verdict: Ok(()) } }),
            Err(failure) => {
                state.take(split);
                state.fail(0, failure);
                Err(Box::new(PartialState::without_summarizer(split.file, state)))
            }
        }
    }

    /// Reads a split. Returns whether reading can go on.
    pub(crate) fn read(&mut self, context: &SumContext<'_>, split: &FileSplit) -> bool {
        self.state.take(split);
        match read_records(self.reading.summarizer.as_mut(), split) {
            Ok(rows) => {
                self.state.set_rows(split.number, rows);
                return true;
            }
            // the summarizer's state has the error too
            Err(ReadFailure::Record(failure @ Error::Data { .. })) => self.reading.verdict = Err(failure),
            Err(ReadFailure::File(failure @ Error::Data { .. })) => {
                self.state.fail(split.number, failure.in_file(&context.sources[split.file].path));
            }
            Err(ReadFailure::Record(failure) | ReadFailure::File(failure)) => self.state.fail(split.number, failure),
        }
        false
    }

    /// Whether this worker has read every split of its file.
    pub(crate) fn has_whole_file(&self) -> bool {
        self.state.is_complete()
    }

    /// Ends the reading: sums the file if this worker has read all of it, else turns the summarizer into its state.
    pub(crate) fn into_message(self, context: &SumContext<'_>) -> WorkerMessage {
        match self.has_whole_file() {
            true => WorkerMessage::Whole(self.file, self.state.close(context, self.file, Some(self.reading), Vec::new())),
            false => WorkerMessage::Partial(self.into_partial_state()),
        }
    }

    fn into_partial_state(mut self) -> PartialState {
        let mut summarizer_state = None;
        if !self.state.has_lost_instance() {
            match self.reading.summarizer.state() {
                Ok(state) => summarizer_state = Some(state),
                Err(failure) => self.state.fail(0, failure),
            }
        }
        PartialState { file: self.file, state: self.state, summarizer_state }
    }
}

/// What stops the reading of a split.
enum ReadFailure {
    /// A record is at fault, or the engine failed.
    Record(Error),
    /// The file cannot be read on. The records before may still be at fault.
    File(Error),
}

/// Feeds the records of a split to a summarizer. Returns the number of rows.
fn read_records(summarizer: &mut dyn Summarizer, split: &FileSplit) -> Result<u64, ReadFailure> {
    let before = rows_before(split.number);
    if split.number > 0 {
        summarizer.continue_at(before + 1).map_err(ReadFailure::Record)?;
    }
    match &split.content {
        SplitContent::Records(slices) => {
            slices.iter().try_for_each(|slice| summarizer.push(slice).map(drop)).map_err(ReadFailure::Record)?;
        }
        SplitContent::Columns(columns, partition) => {
            let mut batches = columns.read(partition).map_err(ReadFailure::File)?;
            while let Some(batch) = batches.next().map_err(ReadFailure::File)? {
                summarizer.add(&batch).map_err(ReadFailure::Record)?;
            }
        }
    }
    Ok(summarizer.rows().map_err(ReadFailure::Record)?.saturating_sub(before))
}
