//! What a reader finds, handed on: the names of the columns, then record by record.

use crate::error::{Error, Result};
use samefit_kernels::scan::Rows;

/// Takes what a reader finds.
pub trait Sink {
    /// The names of the columns, once, before the first record.
    fn header(&mut self, names: &[String]) -> Result<()>;
    /// One record, with as many cells as there are names; spaces around a cell are gone.
    fn record(&mut self, record: &Record) -> Result<()>;
    /// Whether rows whose places are known may come together, by [`Self::rows`]; else every record comes by itself.
    fn takes_rows(&self) -> bool {
        true
    }
    /// Records that stand one after another, the first of them with number `first`.
    fn rows(&mut self, rows: &Rows<'_>, first: u64) -> Result<()> {
        let mut record = Gathered::default();
        (0..rows.len()).try_for_each(|row| {
            let number = first + row as u64;
            self.record(&record.gather(rows, row, number)).map_err(|error| error.at_row(number))
        })
    }
    /// Receives a record with more or fewer cells than there are names. Returns `error`, which says so, unless the sink goes on without it.
    fn ragged(&mut self, _record: &Record, error: Error) -> Result<()> {
        Err(error)
    }
    /// Names that the sink will ask for: a JSON record that lacks one has an empty cell there.
    fn wants(&self) -> Vec<String> {
        Vec::new()
    }
    /// Whether names that only later JSON records have may be passed over.
    fn skips_unknown(&self) -> bool {
        true
    }
    /// What a QC record's `dependent_variable` is called.
    fn target(&self) -> &str {
        "dependent_variable"
    }
}

/// One record of a table.
pub struct Record<'a> {
    /// As a spreadsheet counts: the header is row 1.
    pub row: u64,
    bytes: &'a [u8],
    ends: &'a [usize],
}

#[allow(clippy::len_without_is_empty, reason = "a record has at least one cell")]
impl<'a> Record<'a> {
    /// The cell of a column, without the spaces around it.
    pub fn cell(&self, column: usize) -> &'a [u8] {
        crate::decimal::trim(self.whole_cell(column))
    }

    /// The cell of a column as it is written, but for the quotes around it.
    pub fn whole_cell(&self, column: usize) -> &'a [u8] {
        let start = if column == 0 { 0 } else { self.ends[column - 1] };
        &self.bytes[start..self.ends[column]]
    }

    /// Number of its cells.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// A record of cells that stand one after another in `bytes`.
    pub(crate) fn new(row: u64, bytes: &'a [u8], ends: &'a [usize]) -> Self {
        Self { row, bytes, ends }
    }
}

/// A record of rows whose places are known, its cells brought together.
#[derive(Default)]
pub(crate) struct Gathered {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Gathered {
    /// The record of a row.
    pub(crate) fn gather(&mut self, rows: &Rows<'_>, row: usize, number: u64) -> Record<'_> {
        self.bytes.clear();
        self.ends.clear();
        for column in 0..rows.width() {
            rows.unquote(row, column, &mut self.bytes);
            self.ends.push(self.bytes.len());
        }
        Record::new(number, &self.bytes, &self.ends)
    }
}
