//! What a reader finds, handed on: the names of the columns, then record by record.

use crate::error::Result;

/// Takes what a reader finds.
pub trait Sink {
    /// The names of the columns, once, before the first record.
    fn header(&mut self, names: &[String]) -> Result<()>;
    /// One record, with as many cells as there are names; spaces around a cell are gone.
    fn record(&mut self, record: &Record) -> Result<()>;
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
        let start = if column == 0 { 0 } else { self.ends[column - 1] };
        crate::decimal::trim(&self.bytes[start..self.ends[column]])
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
