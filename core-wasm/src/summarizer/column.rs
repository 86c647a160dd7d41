//! Reads the cells of one column, and finds out whether it holds numbers or text.
//!
//! A column that the plan names must hold numbers. Any other column may hold text; the statistics leave it out. Its first cell with a value
//! decides. Until then the column is *undecided*.

use crate::batch::{self, Values};
use crate::column::Column as CellReader;
use crate::decimal::{Decimal, is_missing, parse};
use crate::error::{Code, Error, Result};
use crate::sink::Record;
use samefit_kernels::scan::Rows;
use std::ops::Range;

/// A column that is being summed.
pub(super) struct SummedColumn {
    pub(super) name: String,
    /// Index in the header.
    place: usize,
    /// Whether the plan names it, so that it must hold numbers.
    is_named: bool,
    /// Row of the first number.
    pub(super) first_number: Option<u64>,
    /// Row and text of the first cell with text; only in a column that the plan does not name.
    pub(super) first_text: Option<(u64, String)>,
    /// Cells without a value.
    pub(super) missing: u64,
    /// Reads the column's cells, many rows at a time.
    pub(super) cells: CellReader,
    /// Reads values that a host sets, many rows at a time.
    pub(super) values: batch::Column,
}

impl SummedColumn {
    /// A column of which no cell has been read.
    pub(super) fn new(name: &str, place: usize, is_named: bool) -> Self {
        Self {
            name: name.to_owned(),
            place,
            is_named,
            first_number: None,
            first_text: None,
            missing: 0,
            cells: CellReader::default(),
            values: batch::Column::default(),
        }
    }

    /// Returns the value of this column in a record; `None` if it is missing.
    ///
    /// Text in a column that the plan does not name reads as zero, because the column is left out in the end.
    pub(super) fn read(&mut self, record: &Record) -> Result<Option<Decimal>> {
        let cell = record.cell(self.place);
        self.accept(record.row, if is_missing(cell) { Ok(None) } else { parse(cell).map(Some) })
    }

    /// As [`Self::read`], for a cell that has been parsed.
    pub(super) fn accept(&mut self, row: u64, cell: Result<Option<Decimal>>) -> Result<Option<Decimal>> {
        match cell {
            Ok(None) => Ok(None),
            Ok(Some(value)) => {
                self.first_number = self.first_number.or(Some(row));
                self.contradiction().map_or(Ok(Some(value)), |(_, error)| Err(error))
            }
            Err(error) if error.code == Code::NotANumber && !self.is_named && self.first_number.is_none() => {
                self.first_text.get_or_insert_with(|| (row, error.found.unwrap_or_default()));
                Ok(Some(Decimal::ZERO))
            }
            Err(error) => Err(error.at_row(row).in_column(&self.name)),
        }
    }

    /// Reads this column's cells of many rows. Marks in `unread` the rows that must be read one by one.
    pub(super) fn read_rows(&mut self, rows: &Rows<'_>, unread: &mut [bool]) {
        if !self.is_text() {
            return self.cells.read(rows, self.place, unread);
        }
        self.cells.zero(rows.len());
        for (row, unread) in unread.iter_mut().enumerate() {
            *unread |= !is_plain_text(rows.cell(row, self.place));
        }
    }

    /// As [`Self::read_rows`], for some rows of a batch of columns.
    pub(super) fn read_values(&mut self, values: &Values, rows: Range<usize>, unread: &mut [bool]) {
        if self.is_text() {
            self.values.zero(values, rows, unread, is_plain_text);
        } else {
            self.values.read(values, rows, unread);
        }
    }

    /// Whether the column holds text.
    pub(super) fn is_text(&self) -> bool {
        self.first_text.is_some()
    }

    /// Whether neither the plan nor a cell has shown what the column holds.
    pub(super) fn is_undecided(&self) -> bool {
        !self.is_named && self.first_number.is_none() && self.first_text.is_none()
    }

    /// The error if the column holds both text and numbers, and the row where the second of the two stands. The error is at the text.
    pub(super) fn contradiction(&self) -> Option<(u64, Error)> {
        let ((row, text), number) = (self.first_text.as_ref()?, self.first_number?);
        let error = Error::found(Code::NotANumber, text, "a decimal number", "correct the cell, or leave it empty if there is no value");
        Some(((*row).max(number), error.at_row(*row).in_column(&self.name)))
    }
}

/// Whether a cell surely holds text or nothing: no number, no infinity, no bytes that are not UTF-8. False means that the cell must be parsed.
fn is_plain_text(cell: &[u8]) -> bool {
    let cell = cell.strip_prefix(b"\"").unwrap_or(cell);
    let cell = crate::decimal::trim(cell.strip_suffix(b"\"").unwrap_or(cell));
    is_missing(cell) || cell.is_ascii() && cell.first().is_some_and(|first| first.is_ascii_alphabetic() && !matches!(first, b'i' | b'I'))
}
