//! Rows whose fate is still open, because they lack a value only in columns that may turn out to hold text.
//!
//! If such a column holds text, the statistics leave it out, and the row counts. If it holds numbers, the row lacks a value. So these rows are
//! summed apart until the column is decided. All such columns that are undecided lack a value in every such row, so one sum is enough.

use super::column::ColumnReader;

/// Rows that are summed apart. `S` is their sums.
pub(super) struct PendingRows<S> {
    /// Indexes of the undecided columns in which the rows lack a value.
    pub(super) lacking: Vec<usize>,
    /// Number of the first of the rows.
    pub(super) first_row: u64,
    /// Their sums.
    pub(super) sums: S,
}

/// What becomes of pending rows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum PendingOutcome {
    /// They count: all columns in which they lack a value hold text.
    Count,
    /// They are dropped: one of these columns holds numbers.
    Drop,
    /// One of these columns is still undecided, and none holds numbers.
    Open,
}

/// Returns what becomes of rows that lack a value in the columns with the indexes `lacking`.
pub(super) fn outcome(columns: &[ColumnReader], lacking: &[usize]) -> PendingOutcome {
    let mut lacking = lacking.iter().filter_map(|&at| columns.get(at));
    match () {
        () if lacking.clone().any(|column| column.first_number.is_some()) => PendingOutcome::Drop,
        () if lacking.all(ColumnReader::is_left_out) => PendingOutcome::Count,
        () => PendingOutcome::Open,
    }
}
