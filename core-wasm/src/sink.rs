//! The trait that receives what a reader of a table finds: the names of the columns, then the records.

use crate::error::{Error, Result};
use samefit_kernels::scan::Rows;

/// What a sink reads of a column of JSON records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnUse {
    /// Nothing: its cells may be empty, whatever the records have there.
    Unread,
    /// Any value; a list or an object is the text of its JSON.
    Any,
    /// A number or a text.
    Scalar,
}

/// Receives the header and the records of a table.
pub trait Sink {
    /// Receives the names of the columns. Called once, before the first record. Some may be empty, and some equal: see
    /// [`ColumnPlaces`](crate::terms::ColumnPlaces).
    fn header(&mut self, names: &[String]) -> Result<()>;

    /// Receives what the user should know about the header. Called after it.
    fn note(&mut self, _note: Error) {}

    /// Receives one record. It has as many cells as there are names.
    fn record(&mut self, record: &Record) -> Result<()>;

    /// Returns whether [`Self::rows`] may be called; if not, every record comes by [`Self::record`].
    fn takes_rows(&self) -> bool {
        true
    }

    /// Receives consecutive records, the first of which has the number `first`.
    fn rows(&mut self, rows: &Rows<'_>, first: u64) -> Result<()> {
        each_record(self, rows, first)
    }

    /// Receives a record with more or fewer cells than there are names. Returns `error`, which says so, unless the sink can go on.
    fn ragged(&mut self, _record: &Record, error: Error) -> Result<()> {
        Err(error)
    }

    /// Returns names of columns that the sink needs. A JSON record without one of them has an empty cell there.
    fn wants(&self) -> Vec<String> {
        Vec::new()
    }

    /// Returns what the sink reads of each column of a table with so many, after it has received the header.
    fn uses(&self, columns: usize) -> Vec<ColumnUse> {
        vec![ColumnUse::Any; columns]
    }

    /// Returns whether to skip variables that the first JSON record does not have; if not, they are an error.
    fn skips_unknown(&self) -> bool {
        true
    }

    /// Returns the column name for the `dependent_variable` of a QC record.
    fn target(&self) -> &str {
        "dependent_variable"
    }
}

/// Gives consecutive records to a sink one by one. The first of them has the number `first`.
pub(crate) fn each_record(sink: &mut (impl Sink + ?Sized), rows: &Rows<'_>, first: u64) -> Result<()> {
    let mut record = GatheredRecord::default();
    (0..rows.len()).try_for_each(|row| {
        let number = first + row as u64;
        sink.record(&record.gather(rows, row, number)).map_err(|error| error.at_row(number))
    })
}

/// One record of a table.
pub struct Record<'a> {
    /// Number of the record, as a spreadsheet counts: the header is row 1.
    pub row: u64,
    bytes: &'a [u8],
    ends: &'a [usize],
}

#[allow(clippy::len_without_is_empty, reason = "a record has at least one cell")]
impl<'a> Record<'a> {
    /// Returns the cell of a column, without the spaces around it.
    pub fn cell(&self, column: usize) -> &'a [u8] {
        crate::decimal::trim(self.whole_cell(column))
    }

    /// Returns the cell of a column as it is written, without the quotes around it.
    pub fn whole_cell(&self, column: usize) -> &'a [u8] {
        let start = if column == 0 { 0 } else { self.ends[column - 1] };
        &self.bytes[start..self.ends[column]]
    }

    /// Returns the number of cells.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// A record of cells that follow one another in `bytes`. `ends` has the offset where each ends.
    pub(crate) fn new(row: u64, bytes: &'a [u8], ends: &'a [usize]) -> Self {
        Self { row, bytes, ends }
    }
}

/// Gathers the cells of one of many rows into a record.
#[derive(Default)]
pub(crate) struct GatheredRecord {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl GatheredRecord {
    /// Returns the record of a row. `number` becomes its number.
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
