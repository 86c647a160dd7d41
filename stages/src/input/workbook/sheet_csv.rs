//! The cells of a sheet, which are read as CSV.
//!
//! How many columns a table has is known when its last cell was read, so the cells are kept, and rows are filled up while they are read.

use std::io::{self, Read};

use samefit_formats::csv::{RECORD_END, push_field};

use super::archive::damaged;
use crate::code::Code;
use crate::error::InputError;

/// Most commas in all rows of a sheet together.
pub(super) const PADDING_MAX: u64 = 1 << 30;

/// The cells that have values, in the order of rows and columns, and how far they were read.
#[derive(Default)]
pub(super) struct SheetCsv {
    /// The texts of the cells, one after another.
    text: String,
    cells: Vec<StoredCell>,
    /// The number of a row, from 1, and where its cells end among `cells`.
    rows: Vec<(u32, usize)>,
    /// The first and the last column with a value.
    columns: Option<(u32, u32)>,
    /// The rows that were passed on: their index, and the number of lines.
    next_row: usize,
    lines: u32,
    /// The bytes that come next, and how many of them were passed on.
    pending: Vec<u8>,
    passed: usize,
}

struct StoredCell {
    column: u32,
    /// Where its text ends.
    end: usize,
}

impl SheetCsv {
    /// Adds a cell. An empty one is not added.
    pub(super) fn push(&mut self, row: u32, column: u32, text: &str) -> Result<(), InputError> {
        if text.is_empty() {
            return Ok(());
        }
        let last_row = self.rows.last().map_or(0, |(row, _)| *row);
        let is_next_cell = last_row == row && self.cells.last().is_some_and(|cell| cell.column < column);
        if row < last_row || row == last_row && !is_next_cell {
            return Err(damaged("its cells are not in their order"));
        }
        self.text.push_str(text);
        self.cells.push(StoredCell { column, end: self.text.len() });
        match self.rows.last_mut() {
            Some((last, end)) if *last == row => *end = self.cells.len(),
            _ => self.rows.push((row, self.cells.len())),
        }
        let (first, last) = self.columns.unwrap_or((column, column));
        self.columns = Some((first.min(column), last.max(column)));
        Ok(())
    }

    /// Ends the cells.
    ///
    /// # Errors
    /// `capacity` if the rows would be filled up with more than [`PADDING_MAX`].
    pub(super) fn finish(&self) -> Result<(), InputError> {
        let width = self.columns.map_or(0, |(first, last)| u64::from(last - first) + 1);
        if width * self.rows.len() as u64 <= PADDING_MAX {
            return Ok(());
        }
        let text = format!("a sheet of {} rows and {width} columns is too large", self.rows.len());
        Err(InputError::new(Code::Capacity, text, "remove what stands beside the table, or save the sheet as CSV in UTF-8"))
    }

    /// Writes the next row, with the blank lines before it. Returns whether there was one.
    fn write_row(&mut self) -> bool {
        let (Some(&(row, end)), Some((first, last))) = (self.rows.get(self.next_row), self.columns) else { return false };
        self.pending.clear();
        self.passed = 0;
        self.pending.resize((row - self.lines - 1) as usize, RECORD_END);
        self.lines = row;
        let mut cell = self.next_row.checked_sub(1).map_or(0, |before| self.rows[before].1);
        self.next_row += 1;
        for column in first..=last {
            if column > first {
                self.pending.push(b',');
            }
            if cell < end && self.cells[cell].column == column {
                let from = cell.checked_sub(1).map_or(0, |before| self.cells[before].end);
                push_field(&mut self.pending, &self.text.as_bytes()[from..self.cells[cell].end]);
                cell += 1;
            }
        }
        self.pending.push(RECORD_END);
        true
    }
}

impl Read for SheetCsv {
    fn read(&mut self, chunk: &mut [u8]) -> io::Result<usize> {
        while self.passed == self.pending.len() {
            if !self.write_row() {
                return Ok(0);
            }
        }
        let rest = &self.pending[self.passed..];
        let length = rest.len().min(chunk.len());
        chunk[..length].copy_from_slice(&rest[..length]);
        self.passed += length;
        Ok(length)
    }
}
