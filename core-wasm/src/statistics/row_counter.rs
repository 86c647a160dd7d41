//! Counts rows, and the values of their columns, by their weights or counts.

use super::bin_counter::BinCounter;
use super::block::BlockColumn;
use super::distribution::Distribution;
use super::log_sum::LogSum;
use super::value_grid::ColumnGrids;
use super::weighting::Weighting;
use crate::decimal::Decimal;
use crate::error::{Code, Error, Result};

/// Most bytes of the tables in which the values of a column are counted, about.
pub(super) const TABLE_BYTES: usize = 64 << 10;

/// Counts rows whose weight is above zero.
#[derive(Debug)]
pub(super) struct RowCounter {
    weighting: Weighting,
    rows: i64,
    /// The sum of the logarithms of the weights; none without weights.
    log_sum: Option<LogSum>,
    bin_counters: Option<Vec<BinCounter>>,
}

/// What was counted.
pub(super) struct RowCounts {
    /// Number of rows. With counts, their sum.
    pub(super) rows: i64,
    /// The sum of the rounded logarithms of the weights; none without weights.
    pub(super) log_sum: Option<Decimal>,
    /// Counts of the values of each column, unless they were turned off.
    pub(super) distribution: Option<Vec<Distribution>>,
}

impl RowCounter {
    /// Returns a counter of rows, and of the values of columns with these grids; without them no values are counted.
    pub(super) fn new(grids: Option<&ColumnGrids>, weighting: Weighting) -> Self {
        Self {
            weighting,
            rows: 0,
            log_sum: (weighting == Weighting::Weights).then(LogSum::default),
            bin_counters: grids.map(|grids| grids.iter().copied().map(BinCounter::new).collect()),
        }
    }

    /// Counts rows and the values of their columns. No weight is zero.
    ///
    /// Errors: `capacity`; `undefined` for a weight below zero.
    pub(super) fn add(&mut self, rows: usize, columns: &[BlockColumn], weights: Option<&BlockColumn>) -> Result<()> {
        self.add_with(rows, columns, weights, true)
    }

    /// Does what [`Self::add`] does, more slowly, and without the [`TABLE_BYTES`] a column that it takes.
    ///
    /// Errors: as for [`Self::add`].
    pub(super) fn add_in_little_memory(&mut self, rows: usize, columns: &[BlockColumn], weights: Option<&BlockColumn>) -> Result<()> {
        self.add_with(rows, columns, weights, false)
    }

    fn add_with(&mut self, rows: usize, columns: &[BlockColumn], weights: Option<&BlockColumn>, in_tables: bool) -> Result<()> {
        if let (Some(sum), Some(weights)) = (&mut self.log_sum, weights) {
            sum.add(weights)?;
        }
        let counts = match (self.weighting, weights) {
            (Weighting::Counts, Some(weights)) => Some(weights.whole_numbers().ok_or_else(too_many_rows)?),
            _ => None,
        };
        let total = match &counts {
            Some(counts) => counts.iter().try_fold(0i64, |sum, count| sum.checked_add(*count)),
            None => Some(rows as i64),
        };
        self.rows = total.and_then(|total| self.rows.checked_add(total)).ok_or_else(too_many_rows)?;
        let counts = counts.or_else(|| (!in_tables && self.bin_counters.is_some()).then(|| vec![1; rows]));
        for (column, counter) in columns.iter().zip(self.bin_counters.iter_mut().flatten()) {
            match &counts {
                Some(counts) => counter.count_times(column, counts),
                None => counter.count(column),
            }
            .ok_or_else(too_many_rows)?;
        }
        Ok(())
    }

    /// Returns the counts.
    ///
    /// Errors: as for [`Self::add`].
    pub(super) fn finish(self) -> Result<RowCounts> {
        let counts =
            |counters: Vec<BinCounter>| counters.into_iter().map(BinCounter::finish).collect::<Option<Vec<_>>>().ok_or_else(too_many_rows);
        Ok(RowCounts {
            rows: self.rows,
            log_sum: self.log_sum.map(LogSum::finish).transpose()?,
            distribution: self.bin_counters.map(counts).transpose()?,
        })
    }
}

/// Removes the rows whose weight, the value of the last column, is zero. Returns which rows were kept; none if all were.
pub(super) fn keep_positive(columns: &mut [BlockColumn]) -> Option<Vec<bool>> {
    let kept = columns.last()?.nonzero();
    if !kept.contains(&false) {
        return None;
    }
    columns.iter_mut().for_each(|column| column.retain(&kept));
    Some(kept)
}

/// Returns the error of more rows than a count of 64 bits holds.
pub(crate) fn too_many_rows() -> Error {
    Error::new(Code::Capacity, format!("more than {} rows", i64::MAX), "split the data")
}
