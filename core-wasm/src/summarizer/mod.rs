//! Reads data and sums its columns: the first step from a table to a model.
//!
//! *Invariants*: statistics, notes and errors do not depend on how the rows are divided among summarizers whose states are
//! [merged](Summarizer::merge_state).
//!
//! Reading order: `levels` turns the cells of a category into numbers of levels; `column` reads the cells of one column;
//! `row_sums` sums rows with or without levels; `pending` and `dropped` hold rows that lack a value; `totals` adds totals; `weights` checks
//! weights; `value_counts` counts values from which knots are chosen; `sums` sums the rows; `groups` holds the statistics of groups; `finish`
//! makes statistics of the sums; `state` and `merge` carry the sums from one summarizer to another;
//! `column_batch` holds the columns that a host sets; `forget` subtracts rows from statistics.
//!
//! *Not here*: exact sums (`statistics`), the solution (`solve`), what may be released (`disclosure`).

mod column;
mod column_batch;
mod dropped;
mod finish;
mod forget;
mod groups;
mod levels;
mod merge;
mod pending;
mod row_sums;
mod state;
mod sums;
mod totals;
mod value_counts;
mod weights;

pub use forget::forget;
pub use groups::{Groups, order_levels};

use crate::disclosure::control;
use crate::error::{Code, Error, Result, spent};
use crate::plan::Plan;
use crate::planned_knots::PlannedKnots;
use crate::release_policy::Shared;
use crate::sink::Sink;
use crate::statistics::Statistics;
use crate::table::Reader;
use column_batch::ColumnBatch;
use serde_json::Value;
use state::State;
use std::collections::BTreeMap;
use sums::Sums;

/// Reads data and sums the columns of a plan.
///
/// Give it bytes with [`push`](Self::push), or columns with [`set_f64`](Self::set_f64), [`set_text`](Self::set_text) and
/// [`sum_columns`](Self::sum_columns). Use one of the two ways, never both. Then call one of [`finish`](Self::finish),
/// [`finish_groups`](Self::finish_groups), [`state`](Self::state), [`finish_state`](Self::finish_state),
/// [`choose_decimals`](Self::choose_decimals) and [`choose_knots`](Self::choose_knots). After that the summarizer is spent: every call returns
/// the error `spent`.
///
/// ```
/// use samefit_core::{plan::Plan, summarizer::Summarizer};
///
/// # fn main() -> samefit_core::error::Result<()> {
/// let mut summarizer = Summarizer::new(Plan::default())?;
/// summarizer.push(b"x,y\n1,2\n")?;
/// summarizer.push(b"2,4.5\n")?;
/// let statistics = summarizer.finish()?;
/// assert_eq!(statistics.rows, 2);
/// assert_eq!(statistics.moments.at(2, 0).to_string(), "6.5"); // the sum of y
/// # Ok(())
/// # }
/// ```
pub struct Summarizer {
    /// `None` once the summarizer is spent.
    reader: Option<Reader>,
    sums: Sums,
    batch: ColumnBatch,
    /// Whether bytes were pushed.
    has_bytes: bool,
    /// The error that stopped the reading, of this summarizer or of a state that was merged. A column with text and numbers, or
    /// with too many levels, is not recorded here: its state shows the error.
    failure: Option<Error>,
}

impl Summarizer {
    /// Returns a summarizer for a plan.
    ///
    /// # Errors
    /// Those of [`Plan::selection`]; `decimals` if the plan shares a column whose precision is unknown; `capacity` if it shares too many terms.
    pub fn new(plan: Plan) -> Result<Self> {
        let selection = plan.selection()?;
        control::check_plan(&plan, &selection)?;
        let reader = Reader::new(&plan);
        let (sums, batch) = (Sums::new(plan, selection), ColumnBatch::default());
        Ok(Self { reader: Some(reader), sums, batch, has_bytes: false, failure: None })
    }

    /// Reads the next bytes of the data. They may end anywhere.
    ///
    /// # Errors
    /// The first error in the data.
    pub fn push(&mut self, chunk: &[u8]) -> Result<()> {
        self.has_bytes = true;
        let result = self.reader.as_mut().ok_or_else(spent)?.push(chunk, &mut self.sums);
        result.map_err(|error| self.record_failure(error))
    }

    /// Reads the names of the columns from the first records of the data, and nothing else of them. Use it where this summarizer reads a
    /// later part of the data. Returns whether the names are known; if not, call it again with more records.
    ///
    /// # Errors
    /// What is wrong with the header.
    pub fn header(&mut self, records: &[u8]) -> Result<bool> {
        self.reader.as_mut().ok_or_else(spent)?.header(records, &mut self.sums)
    }

    /// Sets the number of the next row. Call it between two records.
    ///
    /// # Errors
    /// `spent`.
    pub fn continue_at(&mut self, row: u64) -> Result<()> {
        self.reader.as_mut().ok_or_else(spent)?.continue_at(row);
        self.sums.rows = row.saturating_sub(1);
        Ok(())
    }

    /// Sets the values of one column of the next batch; NaN is a missing value.
    pub fn set_f64(&mut self, column: &str, values: impl Into<Vec<f64>>) {
        self.batch.set_f64(column, values.into());
    }

    /// Sets the values of one column of the next batch as decimal text, one value a line.
    pub fn set_text(&mut self, column: &str, text: impl Into<Vec<u8>>) {
        self.batch.set_text(column, text.into());
    }

    /// Adds the rows of the columns that were set. The first batch is the header: it must have all columns that the plan names.
    ///
    /// # Errors
    /// `missing-column`, `column-lengths`, and the first error in the values.
    pub fn sum_columns(&mut self) -> Result<()> {
        let batch = std::mem::take(&mut self.batch);
        self.reader.as_ref().ok_or_else(spent)?;
        if !self.sums.has_header() {
            self.sums.header(&batch.names()).map_err(|error| self.record_failure(error))?;
        }
        let (columns, rows) = batch.select(&self.sums.names())?;
        self.sums.add_batch(&columns, rows).map_err(|error| self.record_failure(error))
    }

    /// Returns the number of records read so far; the header and blank lines count.
    pub fn rows(&self) -> u64 {
        self.reader.as_ref().map_or(0, Reader::rows).max(self.sums.rows)
    }

    /// Returns what the user should know about the data, as a JSON array of error records on one line.
    pub fn notes(&self) -> String {
        crate::json::line(&Value::Array(self.sums.notes.iter().map(Error::to_json).collect()))
    }

    /// Ends the data and returns the statistics.
    ///
    /// # Errors
    /// The first error in the data; `missing-values`, `no-columns`, `no-rows`, and what disclosure control refuses.
    pub fn finish(&mut self) -> Result<Statistics> {
        if self.sums.is_grouped() {
            return Err(Error::new(
                Code::Plan,
                "the plan divides the rows into groups",
                "call `finish-groups`, or leave `by` out of the plan",
            ));
        }
        self.end()?;
        self.check()?;
        finish::statistics(&mut self.sums)
    }

    /// Ends the data of a plan with `by`, and returns the statistics of each group. Those of a group are those of
    /// a table of its rows alone without the column of the groups, except that all rows decide which columns are left out or categories.
    ///
    /// # Errors
    /// The first error in the data; `plan` for a plan without `by`; `missing-values`, `no-columns`, `no-rows`.
    pub fn finish_groups(&mut self) -> Result<Groups> {
        if !self.sums.is_grouped() {
            return Err(Error::new(Code::Plan, "the plan does not divide the rows into groups", "set `by` in the plan, or call `finish`"));
        }
        self.end()?;
        self.check()?;
        finish::groups(&mut self.sums)
    }

    /// Ends one of several tables whose rows count together, and returns its state. Each table is checked by itself, as [`finish`](Self::finish)
    /// would.
    ///
    /// # Errors
    /// The first error in the data, and `missing-values`.
    pub fn finish_state(&mut self) -> Result<Vec<u8>> {
        self.end()?;
        self.check()?;
        self.sums.announce_dropped(false)?;
        merge::take_state(&mut self.sums, None)?.to_bytes()
    }

    /// Ends the first of two passes over data that are to be shared. Returns the decimals of each column: the plan of the second pass needs
    /// them as `shared`.
    ///
    /// # Errors
    /// The first error in the data; `plan` if the plan does not ask for this pass; `too-few-to-share`, `singled-out`.
    pub fn choose_decimals(&mut self) -> Result<Shared> {
        self.end()?;
        self.check()?;
        finish::decimals(&mut self.sums)
    }

    /// Ends the first of two passes over data in which knots of splines are chosen. Returns the knots of each column: the plan of the second pass
    /// needs them as `knots`. They are the usual quantiles of the values in the rows that count; weights play no part, and a row with a count
    /// counts so many times.
    ///
    /// # Errors
    /// The first error in the data; `missing-values`; `plan` if the plan does not ask for this pass; `term` for a column that is a category, and
    /// if quantiles are equal; `capacity` for too many different values; `no-rows`.
    pub fn choose_knots(&mut self) -> Result<BTreeMap<String, PlannedKnots>> {
        self.end()?;
        self.check()?;
        finish::knots(&mut self.sums)
    }

    /// Ends this summarizer's part of a table, and returns its state: everything that was read, errors included. Another summarizer of the
    /// same plan and header can [merge](Self::merge_state) it.
    ///
    /// # Errors
    /// `spent`, `capacity`.
    pub fn state(&mut self) -> Result<Vec<u8>> {
        self.reader.iter_mut().for_each(Reader::set_part);
        self.end()?;
        merge::take_state(&mut self.sums, self.failure.take())?.to_bytes()
    }

    /// Adds the rows that another summarizer read, from its state. The rows may stand anywhere in the data.
    ///
    /// # Errors
    /// `part` if the state is of another plan or header. Otherwise the error at which one pass over all rows so far stops. A later state may
    /// show an earlier error, so this error is not final: [`finish`](Self::finish) returns the final one.
    pub fn merge_state(&mut self, state: &[u8]) -> Result<()> {
        self.reader.iter_mut().for_each(Reader::set_part);
        if !self.sums.has_header() && self.failure.is_some() {
            // the header is wrong, and all parts have the same header
            return self.check();
        }
        let state = State::parse(state)?;
        if !self.sums.has_header()
            && let Some(names) = state.names()
        {
            self.sums.header(&names)?;
        }
        let failure = merge::merge(state, &mut self.sums)?;
        let row = |error: &Error| error.row.unwrap_or(0);
        self.failure = self.failure.take().into_iter().chain(failure).min_by_key(row);
        self.check()
    }

    /// Ends the reading. An error at the end of the bytes is recorded.
    fn end(&mut self) -> Result<()> {
        let mut reader = self.reader.take().ok_or_else(spent)?;
        if self.failure.is_none() && (!self.sums.has_header() || self.has_bytes) {
            // `check` returns the error
            let _ = reader.finish(&mut self.sums).map_err(|error| self.record_failure(error));
        }
        Ok(())
    }

    fn record_failure(&mut self, error: Error) -> Error {
        if self.sums.fault().is_none() {
            self.failure = Some(error.clone());
        }
        error
    }

    /// Returns the error at which one pass over all rows stops.
    ///
    /// A column with text and numbers is an error at the row of the second of the two. The first may stand in another summarizer's part. So
    /// may the other levels of a column with too many of them.
    fn check(&self) -> Result<()> {
        let failure_row = self.failure.as_ref().map_or(u64::MAX, |error| error.row.unwrap_or(0));
        match (self.sums.fault(), &self.failure) {
            (Some((row, error)), _) if row <= failure_row => Err(error),
            (_, Some(error)) => Err(error.clone()),
            _ => Ok(()),
        }
    }
}
