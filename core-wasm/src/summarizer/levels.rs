//! Reads the cells of a category as numbers of levels.
//!
//! *Invariants*: numbers count from 0, in the order in which the levels were found. No result depends on them.

use crate::batch::Values;
use crate::cell_format::CellFormat;
use crate::column::keep_read;
use crate::error::{Code, Error, Result};
use crate::level::{KeptLevels, LEVELS_MAX, Level, ListedLevels, OTHER, level_of};
use crate::statistics::too_many_levels;
use samefit_kernels::scan::Rows;
use samefit_kernels::texts::{TextTable, UNKNOWN};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// Reads a column of levels.
#[derive(Default)]
pub(super) struct LevelReader {
    format: Arc<CellFormat>,
    /// The only levels that there may be; none if there may be any.
    listed: Option<ListedLevels>,
    /// The levels that are kept; none if all are.
    kept: Option<KeptLevels>,
    /// Whether the levels are groups of rows.
    are_groups: bool,
    /// The levels by their numbers.
    levels: Vec<Level>,
    /// Row of the first cell with each level.
    first_rows: Vec<u64>,
    /// The number of each level by its text.
    numbers: BTreeMap<String, u32>,
    /// The same by the texts of cells, and by the bytes of 64-bit floats.
    of_texts: TextTable,
    of_floats: TextTable,
    /// The levels of the rows that were read last. That of an unread row means nothing.
    of_rows: Vec<u32>,
}

impl LevelReader {
    /// A reader that has found no level. `listed` are the only levels that there may be, and all but those that are `kept` are merged.
    pub(super) fn new(listed: Option<ListedLevels>, kept: Option<KeptLevels>) -> Self {
        Self { listed, kept, ..Self::default() }
    }

    /// As [`Self::new`], for levels that are groups of rows.
    pub(super) fn of_groups(listed: Option<ListedLevels>) -> Self {
        Self { are_groups: true, ..Self::new(listed, None) }
    }

    /// Returns the reader for cells that are written so.
    pub(super) fn with_format(self, format: &Arc<CellFormat>) -> Self {
        Self { format: Arc::clone(format), ..self }
    }

    /// Returns the level of a cell in row `row`; none if the cell has no value.
    ///
    /// # Errors
    /// `unknown-level`, those of [`level_of`].
    pub(super) fn read(&mut self, row: u64, cell: &[u8]) -> Result<Option<u32>> {
        let number = match self.of_texts.get(cell) {
            Some(number) => number,
            None => {
                let Some(level) = self.level(cell)? else { return Ok(None) };
                let number = self.number(level);
                // a raw cell with a quote inside is another text
                if !cell.contains(&b'"') {
                    self.of_texts.insert(cell, number);
                }
                number
            }
        };
        self.note_row(number, row);
        Ok(Some(number))
    }

    /// Reads the cells of a column in many rows, the first of which has the number `first`. Marks in `unread` the rows that must be read one
    /// by one. `is_level` tells whether a cell with a text not seen before may be a level.
    pub(super) fn read_rows(&mut self, rows: &Rows<'_>, column: usize, first: u64, unread: &mut [bool], is_level: impl Fn(&[u8]) -> bool) {
        let mut of_rows = std::mem::take(&mut self.of_rows);
        let all_found = self.of_texts.find_column(rows, column, &mut of_rows);
        self.note_rows(&of_rows, first);
        if !all_found {
            for (row, level) in of_rows.iter_mut().enumerate().filter(|(_, level)| **level == UNKNOWN) {
                let cell = rows.plain_cell(row, column);
                let found = cell.and_then(|cell| self.read_quickly(first + row as u64, cell, &is_level));
                unread[row] |= found.is_none();
                *level = found.unwrap_or_default();
            }
        }
        self.of_rows = of_rows;
    }

    /// As [`Self::read_rows`], for some rows of a batch of columns.
    pub(super) fn read_values(
        &mut self,
        values: &Values,
        rows: Range<usize>,
        first: u64,
        unread: &mut [bool],
        is_level: impl Fn(&[u8]) -> bool,
    ) {
        self.of_rows.clear();
        for ((at, unread), row) in rows.zip(unread).zip(first..) {
            let level = match values {
                Values::Numbers(numbers) => self.of_floats.get(&numbers[at].to_le_bytes()).inspect(|&number| self.note_row(number, row)),
                Values::Text(lines) => self.read_quickly(row, lines.cell(at), &is_level),
            };
            *unread |= level.is_none();
            self.of_rows.push(level.unwrap_or_default());
        }
    }

    /// As [`Self::read`], for a number.
    pub(super) fn read_number(&mut self, row: u64, float: f64, text: &str) -> Result<Option<u32>> {
        let level = self.read(row, text.as_bytes())?;
        if let Some(number) = level.filter(|_| self.of_floats.get(&float.to_le_bytes()).is_none()) {
            self.of_floats.insert(&float.to_le_bytes(), number);
        }
        Ok(level)
    }

    /// Returns the levels of the rows that were read last, without those of unread rows.
    pub(super) fn of_rows(&mut self, unread: Option<&[bool]>) -> &[u32] {
        keep_read(&mut self.of_rows, unread);
        &self.of_rows
    }

    /// Returns the levels by their numbers.
    pub(super) fn levels(&self) -> &[Level] {
        &self.levels
    }

    /// Returns each level with the row of its first cell.
    pub(super) fn first_rows(&self) -> Vec<(String, u64)> {
        self.levels.iter().map(|level| level.text().to_owned()).zip(self.first_rows.iter().copied()).collect()
    }

    /// Adds the levels that another summarizer found.
    pub(super) fn merge(&mut self, others: Vec<(String, u64)>) {
        for (text, row) in others {
            let number = self.number(Level::new(&text));
            self.note_row(number, row);
        }
    }

    /// The error if there are too many levels, and the row where one pass over all rows finds it.
    pub(super) fn excess(&self) -> Option<(u64, Error)> {
        if !self.is_excessive() {
            return None;
        }
        let mut rows = self.first_rows.clone();
        rows.sort_unstable();
        let error = if self.are_groups { too_many_groups() } else { too_many_levels() };
        rows.get(LEVELS_MAX).map(|&row| (row, error.at_row(row)))
    }

    /// Returns whether there are too many levels.
    pub(super) fn is_excessive(&self) -> bool {
        self.levels.len() > LEVELS_MAX
    }

    /// Returns the level of a cell; none if it has to be read as a record, because it has no value, an error, or a level too many.
    #[inline]
    fn read_quickly(&mut self, row: u64, cell: &[u8], is_level: impl Fn(&[u8]) -> bool) -> Option<u32> {
        let number = match self.of_texts.get(cell) {
            Some(number) => number,
            None if is_level(crate::decimal::trim(cell)) && self.has_room_for(cell) => return self.read(row, cell).ok().flatten(),
            None => return None,
        };
        self.note_row(number, row);
        Some(number)
    }

    /// Returns whether the level of a cell is known, or may be added.
    fn has_room_for(&self, cell: &[u8]) -> bool {
        self.levels.len() < LEVELS_MAX
            || self.level(cell).is_ok_and(|level| level.is_some_and(|level| self.numbers.contains_key(level.text())))
    }

    fn level(&self, cell: &[u8]) -> Result<Option<Level>> {
        let is_missing = |level: &Level| self.format.is_missing(level.text().as_bytes());
        let Some(level) = level_of(cell)?.filter(|level| !is_missing(level)) else { return Ok(None) };
        if self.kept.is_some() && level.text() == OTHER {
            return Ok(Some(level));
        }
        let level = self.listed.as_ref().map_or(Ok(&level), |listed| listed.find(&level)).cloned()?;
        Ok(Some(match &self.kept {
            Some(kept) => kept.merged(level),
            None => level,
        }))
    }

    /// Returns the number of a level, which may be new.
    fn number(&mut self, level: Level) -> u32 {
        if let Some(&number) = self.numbers.get(level.text()) {
            return number;
        }
        let number = self.levels.len() as u32;
        self.numbers.insert(level.text().to_owned(), number);
        self.levels.push(level);
        self.first_rows.push(u64::MAX);
        number
    }

    /// Notes rows with these levels, [`UNKNOWN`] where that is not known yet.
    fn note_rows(&mut self, levels: &[u32], first: u64) {
        // rows come in order, unless a host gives parts of a file in another one: so there is seldom anything to note
        if self.first_rows.iter().any(|&row| row > first) {
            levels.iter().zip(first..).filter(|(level, _)| **level != UNKNOWN).for_each(|(&level, row)| self.note_row(level, row));
        }
    }

    /// Notes a row with a level.
    #[inline]
    fn note_row(&mut self, number: u32, row: u64) {
        let first = &mut self.first_rows[number as usize];
        *first = row.min(*first);
    }
}

fn too_many_groups() -> Error {
    let sentence = format!("the column has more than {LEVELS_MAX} groups: it looks like an identifier");
    Error::new(Code::Capacity, sentence, "divide the rows by another column, or combine groups")
}
