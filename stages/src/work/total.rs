//! Adds up the sums of several files.

use crate::error::{Error, Result};
use crate::plan::Plan;
use crate::ports::engine::{Engine, Merger, Summarizer};
use crate::work::finish::{FileNote, GroupStatistics, notes, statistics_text};
use crate::work::group_total::GroupTotal;

/// The sum of the files so far.
pub(crate) struct Total<'a> {
    engine: &'a dyn Engine,
    plan: &'a Plan,
    accumulator: Option<Accumulator<'a>>,
    /// The statistics of the only file, if there is only one.
    only: String,
    files: usize,
}

enum Accumulator<'a> {
    /// Adds statistics of files that count each by itself.
    Statistics(Box<dyn Merger + Send + 'a>),
    /// Adds statistics of groups of rows.
    Groups(GroupTotal<'a>),
    /// Merges states of files whose rows count together.
    States(Box<dyn Summarizer + 'a>),
}

impl<'a> Total<'a> {
    /// A total of `files`, at least one.
    pub(crate) fn new(engine: &'a dyn Engine, plan: &'a Plan, files: usize) -> Self {
        Self { engine, plan, accumulator: None, only: String::new(), files }
    }

    /// Adds the sum of the file at `path`, as [`end`](crate::work::finish::end) returns it. The statistics of
    /// an only file are kept as they are, without parsing them.
    pub(crate) fn add(&mut self, sum: Vec<u8>, path: &str) -> Result<()> {
        if self.files == 1 && !self.plan.has_states() && !self.plan.is_grouped() {
            self.only = statistics_text(sum)?;
            return Ok(());
        }
        let accumulator = match self.accumulator.take() {
            Some(accumulator) => accumulator,
            None => self.new_accumulator()?,
        };
        let added = match self.accumulator.insert(accumulator) {
            Accumulator::Statistics(merger) => statistics_text(sum).and_then(|statistics| merger.add(&statistics)),
            Accumulator::Groups(total) => total.add(&sum),
            Accumulator::States(summarizer) => summarizer.merge_state(&sum),
        };
        added.map_err(|error| error.in_file(path))
    }

    fn new_accumulator(&self) -> Result<Accumulator<'a>> {
        Ok(match () {
            () if self.plan.has_states() => {
                Accumulator::States(self.engine.summarizer(&self.plan.text()).map_err(|error| self.plan.blame(error))?)
            }
            () if self.plan.is_grouped() => Accumulator::Groups(GroupTotal::new(self.engine)),
            () => Accumulator::Statistics(self.engine.merger()?),
        })
    }

    /// Returns the statistics of each group of all files, if the plan divides rows into groups.
    pub(crate) fn finish_groups(self) -> Result<Vec<GroupStatistics>> {
        match self.accumulator {
            Some(Accumulator::Groups(total)) => total.finish(),
            _ => Ok(Vec::new()),
        }
    }

    /// Returns the statistics of all files, and the notes on all of them. In the first of two passes, what it chooses instead of statistics:
    /// the decimals to round to, or knots. `name`: of all files, for errors.
    pub(crate) fn finish(self, name: &str) -> Result<(String, Vec<FileNote>)> {
        let in_file = |error: Error| error.in_file(name);
        match self.accumulator {
            None | Some(Accumulator::Groups(_)) => Ok((self.only, Vec::new())),
            Some(Accumulator::Statistics(mut merger)) => Ok((merger.finish()?, Vec::new())),
            Some(Accumulator::States(mut summarizer)) => {
                let total = match () {
                    () if self.plan.chooses_knots() => summarizer.choose_knots(),
                    () if self.plan.is_first_pass() => summarizer.choose_decimals(),
                    () => summarizer.finish().and_then(statistics_text),
                };
                Ok((total.map_err(in_file)?, notes(summarizer.as_mut(), name)?))
            }
        }
    }
}
