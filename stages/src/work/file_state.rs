//! How far one file is summed, and what becomes of it at its end.

use crate::error::{Error, Result};
use crate::input::header_finder::HeaderFinder;
use crate::input::splits::{FileSplit, Header};
use crate::plan::Plan;
use crate::ports::engine::{Engine, Summarizer};
use crate::source::Source;
use crate::work::finish::{end, end_notes};
use crate::work::row_numbers::{split_of, with_row_of_file};

/// What is needed to sum any of the files.
pub(crate) struct SumContext<'a> {
    pub(crate) engine: &'a dyn Engine,
    pub(crate) plan: &'a Plan,
    pub(crate) sources: &'a [&'a Source],
}

impl<'a> SumContext<'a> {
    /// Makes a summarizer for a file. `header` names the columns, if the summarizer does not read the first split.
    pub(crate) fn summarizer(&self, file: usize, header: Option<&Header>) -> Result<Box<dyn Summarizer + 'a>> {
        let source = self.sources[file];
        let mut summarizer = self.new_summarizer(source)?;
        match header {
            Some(Header::Records(records)) => drop(summarizer.header(records)?),
            Some(Header::Columns(columns)) => columns.add_names(summarizer.as_mut()).map_err(|error| self.plan.blame_or(error, source))?,
            None => {}
        }
        Ok(summarizer)
    }

    /// Makes what finds the record ends of a file.
    pub(crate) fn header_finder(&self, source: &Source) -> Result<HeaderFinder<'a>> {
        Ok(HeaderFinder::new(self.new_summarizer(source)?, self.plan.record_ends(source.format)))
    }

    fn new_summarizer(&self, source: &Source) -> Result<Box<dyn Summarizer + 'a>> {
        self.engine.summarizer(&self.plan.text_for(source.format)).map_err(|error| self.plan.blame(error))
    }
}

/// Which splits of a file were read, by one worker or by all of them.
#[derive(Default)]
pub(crate) struct FileState {
    /// Names the columns, if the file has more than one split or is a file of columns.
    header: Option<Header>,
    /// Rows of each split; 0 for one that was not read to its end.
    rows: Vec<u64>,
    /// How many splits were taken from the queue.
    taken: u64,
    /// How many splits the file has, once the last was taken.
    total: Option<u64>,
    /// The earliest failure that is not in the summarizers' states, with the split where it was found.
    failure: Option<(u64, Error)>,
}

/// The sum of one file.
pub(crate) struct FileSum {
    /// Statistics, or a state where all files count together.
    pub(crate) sum: Vec<u8>,
    /// What the user should be told.
    pub(crate) notes: Vec<String>,
}

/// A summarizer that has read some of a file, and the error at which it stopped.
pub(crate) struct Reading<'a> {
    pub(crate) summarizer: Box<dyn Summarizer + 'a>,
    pub(crate) verdict: Result<()>,
}

impl FileState {
    /// The state of a file that cannot be read on.
    pub(crate) fn failed(failure: Error) -> Self {
        Self { failure: Some((u64::MAX, failure)), ..Self::default() }
    }

    /// Notes that a split was taken from the queue.
    pub(crate) fn take(&mut self, split: &FileSplit) {
        self.taken += 1;
        if split.last {
            self.total = Some(split.number + 1);
        }
        if self.header.is_none() {
            self.header.clone_from(&split.header);
        }
    }

    /// Notes how many rows a split has.
    pub(crate) fn set_rows(&mut self, split: u64, rows: u64) {
        let at = split as usize;
        self.rows.resize(self.rows.len().max(at + 1), 0);
        self.rows[at] = rows;
    }

    /// Notes a failure. Only the earliest one is kept.
    pub(crate) fn fail(&mut self, split: u64, failure: Error) {
        if self.failure.as_ref().is_none_or(|(first, _)| split < *first) {
            self.failure = Some((split, failure));
        }
    }

    /// Whether something was found that ends the work.
    pub(crate) fn has_failed(&self) -> bool {
        self.failure.is_some()
    }

    /// Whether the engine's instance failed, so that nothing can be asked of it any more.
    pub(crate) fn has_lost_instance(&self) -> bool {
        matches!(self.failure, Some((_, Error::Trap(_) | Error::Memory(_))))
    }

    /// Whether every split of the file was taken by the workers whose states are in this one.
    pub(crate) fn is_complete(&self) -> bool {
        self.total == Some(self.taken)
    }

    /// Adds the splits that another worker took.
    pub(crate) fn merge(&mut self, other: Self) {
        self.header = self.header.take().or(other.header);
        self.rows.resize(self.rows.len().max(other.rows.len()), 0);
        self.rows.iter_mut().zip(other.rows).for_each(|(rows, more)| *rows += more);
        self.taken += other.taken;
        self.total = self.total.or(other.total);
        if let Some((split, failure)) = other.failure {
            self.fail(split, failure);
        }
    }

    /// Ends a file: merges the states of its workers and returns its sum, or the earliest error in it.
    ///
    /// `reading`: the summarizer to merge into; a new one is made if there is none.
    pub(crate) fn close(
        self,
        context: &SumContext<'_>,
        file: usize,
        reading: Option<Reading<'_>>,
        states: Vec<Vec<u8>>,
    ) -> Result<FileSum> {
        let Self { failure, rows, header, .. } = self;
        let source = context.sources[file];
        let in_file = |error| context.plan.blame_or(with_row_of_file(error, |split| rows.iter().take(split).sum()), source);
        let failure = match failure {
            // the instance is lost, with all that it had read
            Some((_, lost @ (Error::Trap(_) | Error::Memory(_)))) => return Err(lost),
            None if reading.is_none() && states.is_empty() => return Err(Error::Trap("no worker has read a file".to_owned())),
            Some((_, failure)) if reading.is_none() && states.is_empty() => return Err(failure),
            failure => failure,
        };
        let Reading { mut summarizer, mut verdict } = match reading {
            Some(reading) => reading,
            None => Reading { summarizer: context.summarizer(file, header.as_ref())?, verdict: Ok(()) },
        };
        for state in states {
            verdict = match summarizer.merge_state(&state) {
                Err(failure) if !matches!(failure, Error::Data { .. }) => return Err(failure),
                verdict => verdict,
            };
        }
        if let Some((split, failure)) = failure {
            // the error that comes first in the file counts
            return Err(verdict.err().filter(|error| split_of(error) <= split).map_or(failure, in_file));
        }
        verdict.map_err(in_file)?;
        let sum = end(context.plan, summarizer.as_mut()).map_err(in_file)?;
        let mut notes = match &header {
            Some(Header::Columns(columns)) => columns.notes().to_vec(),
            _ => Vec::new(),
        };
        notes.extend(end_notes(context.plan, summarizer.as_mut(), &source.path)?);
        Ok(FileSum { sum, notes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::Code;
    use crate::error::InputError;
    use crate::input::splits::SplitContent;

    fn split(number: u64, last: bool) -> FileSplit {
        FileSplit { file: 0, number, last, content: SplitContent::Records(Vec::new()), header: None }
    }

    /// The state of a worker that took these splits, of ten rows each.
    fn state_of(splits: &[FileSplit]) -> FileState {
        let mut state = FileState::default();
        for split in splits {
            state.take(split);
            state.set_rows(split.number, 10);
        }
        state
    }

    #[test]
    fn a_file_is_complete_when_all_of_its_splits_were_taken() {
        let mut state = state_of(&[split(0, false), split(3, true)]);
        assert!(!state.is_complete());
        state.merge(state_of(&[split(2, false)]));
        assert!(!state.is_complete());
        state.merge(state_of(&[split(1, false)]));
        assert!(state.is_complete());
        assert_eq!(state.rows, [10, 10, 10, 10]);
    }

    #[test]
    fn the_earliest_failure_is_kept() {
        let failure = |text: &str| Error::from(InputError::new(Code::Damaged, text, "copy it again"));
        let mut states = [(7, "late"), (2, "early"), (5, "later")].map(|(split, text)| {
            let mut state = FileState::default();
            state.fail(split, failure(text));
            state
        });
        let [first, rest @ ..] = &mut states;
        rest.iter_mut().for_each(|state| first.merge(std::mem::take(state)));
        first.merge(FileState::failed(failure("cannot be read on")));
        let (split, error) = first.failure.take().unwrap();
        assert_eq!((split, error.to_string().contains("early")), (2, true));
    }
}
