//! Reads the cells of one column, and finds out whether it holds numbers, levels or text.
//!
//! A column that the plan names must hold numbers, or levels if the plan says that it is a category. Any other column may hold text; the
//! statistics leave it out. If the plan looks for categories, a column of a feature may hold words, and is a category then. In these two
//! cases the first cell with a value decides. Until then the column is *undecided*.

use super::levels::LevelReader;
use crate::batch::{BatchReader, Values};
use crate::cell_format::{CellFormat, USUAL_ADVICE, shell_word};
use crate::column::CellReader;
use crate::decimal::{Decimal, is_missing, trim};
use crate::error::{Code, Error, Result, shorten};
use crate::functions::Function;
use crate::hidden;
use crate::level::is_word;
use crate::sink::{ColumnUse, Record};
use samefit_kernels::scan::Rows;
use std::ops::Range;
use std::sync::Arc;

/// What a column may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ColumnRole {
    /// Numbers.
    Number,
    /// Levels.
    Category,
    /// Numbers, or text that is left out.
    NumberOrText,
    /// Numbers or words, which are levels.
    NumberOrCategory,
}

/// A cell that has been read.
#[derive(Clone, Debug)]
pub(super) enum ReadCell {
    /// No value.
    Missing,
    /// A number; zero for text in a column that is left out.
    Number(Decimal),
    /// The number of a level.
    Level(u32),
}

/// A column that is being summed.
pub(super) struct ColumnReader {
    pub(super) name: String,
    format: Arc<CellFormat>,
    /// Index in the header.
    place: usize,
    role: ColumnRole,
    /// Row of the first number.
    pub(super) first_number: Option<u64>,
    /// Row and text of the first cell with text; only in a column that may hold numbers or text.
    pub(super) first_text: Option<(u64, String)>,
    /// Cells without a value.
    pub(super) missing: u64,
    /// Whether the column is left out because no row has a value. That is decided at the end.
    is_empty: bool,
    /// Reads the column's cells, many rows at a time.
    pub(super) cells: CellReader,
    /// Reads values that a host sets, many rows at a time.
    pub(super) values: BatchReader,
    /// Reads the levels of a category.
    pub(super) levels: LevelReader,
    /// The functions of the column in terms, each of which has to be defined for every value.
    functions: Vec<Function>,
}

impl ColumnReader {
    /// A column of which no cell has been read. Its cells are written as `format` says.
    pub(super) fn new(name: &str, place: usize, role: ColumnRole, levels: LevelReader, format: &Arc<CellFormat>) -> Self {
        Self {
            name: name.to_owned(),
            format: Arc::clone(format),
            place,
            role,
            first_number: None,
            first_text: None,
            missing: 0,
            is_empty: false,
            cells: CellReader::new(Arc::clone(format)),
            values: BatchReader::new(Arc::clone(format)),
            levels,
            functions: Vec::new(),
        }
    }

    /// Returns the column with the functions that terms have of it.
    pub(super) fn with_functions(self, functions: Vec<Function>) -> Self {
        Self { functions, ..self }
    }

    /// Returns the index of the column in the header.
    pub(super) fn place(&self) -> usize {
        self.place
    }

    /// Returns what is read of the column: a list is no level.
    pub(super) fn column_use(&self) -> ColumnUse {
        match self.role {
            ColumnRole::Category | ColumnRole::NumberOrCategory => ColumnUse::Scalar,
            ColumnRole::Number | ColumnRole::NumberOrText => ColumnUse::Any,
        }
    }

    /// Returns the value of this column in a record.
    pub(super) fn read(&mut self, record: &Record) -> Result<ReadCell> {
        let cell = record.cell(self.place);
        match self.role {
            ColumnRole::Category => self.read_level(record.row, cell),
            _ if self.format.is_missing(cell) => Ok(ReadCell::Missing),
            _ => self.accept(record.row, self.format.parse_unadvised(cell).map(Some), cell),
        }
    }

    /// Returns the value of this column in a row of a batch.
    pub(super) fn read_value(&mut self, row: u64, values: &Values, at: usize) -> Result<ReadCell> {
        match (self.role, values) {
            (ColumnRole::Category, Values::Text(lines)) => self.read_level(row, lines.cell(at)),
            (ColumnRole::Category, Values::Numbers(numbers)) => match values.value(at, &self.format) {
                Ok(None) => Ok(ReadCell::Missing),
                Ok(Some(value)) => {
                    let level = self.levels.read_number(row, numbers[at], &value.to_string());
                    self.accept_level(row, level)
                }
                Err(error) => Err(error.at_row(row).in_column(&self.name)),
            },
            (_, Values::Text(lines)) => self.accept(row, values.value(at, &self.format), lines.cell(at)),
            (_, Values::Numbers(_)) => self.accept(row, values.value(at, &self.format), &[]),
        }
    }

    /// As [`Self::read`], for a cell that may be a number and has been parsed.
    fn accept(&mut self, row: u64, parsed: Result<Option<Decimal>>, cell: &[u8]) -> Result<ReadCell> {
        let error = match parsed {
            Ok(None) => return Ok(ReadCell::Missing),
            Ok(Some(value)) => {
                self.first_number = self.first_number.or(Some(row));
                if value <= Decimal::ZERO {
                    let undefined = self.functions.iter().find_map(|function| function.apply(&value).err());
                    undefined.map_or(Ok(()), |error| Err(error.at_row(row).in_column(&self.name)))?;
                }
                return self.fault().map_or(Ok(ReadCell::Number(value)), |(_, error)| Err(error));
            }
            Err(error) => error,
        };
        let is_text = error.code == Code::NotANumber;
        match self.role {
            ColumnRole::NumberOrText if is_text && self.first_number.is_none() => {
                self.first_text.get_or_insert_with(|| (row, error.found.unwrap_or_default()));
                Ok(ReadCell::Number(Decimal::ZERO))
            }
            ColumnRole::NumberOrCategory if is_text && is_word(&String::from_utf8_lossy(cell)) => {
                self.first_text.get_or_insert_with(|| (row, error.found.unwrap_or_default()));
                match self.fault() {
                    Some((_, error)) => Err(error),
                    None => self.read_level(row, cell),
                }
            }
            _ if is_text => {
                let help = self.help_with(&String::from_utf8_lossy(cell));
                Err(Error { help, ..error }.at_row(row).in_column(&self.name))
            }
            _ => Err(error.at_row(row).in_column(&self.name)),
        }
    }

    /// What to do with a cell that is no number.
    fn help_with(&self, cell: &str) -> String {
        if hidden::without(cell) == self.name {
            return HELP_OF_HEADERS.to_owned();
        }
        let is_among_words = self.first_text.is_some() || cell.contains(|c: char| c.is_ascii_alphabetic());
        match self.format.advice(cell) {
            Some(advice) if self.is_found_category() => format!("{advice}, or name the column with --categories"),
            Some(advice) => advice,
            // a cell among words, or one of letters behind digits such as `3C`, may be meant as a level
            None if self.role == ColumnRole::NumberOrCategory && is_among_words => HELP_OF_CATEGORIES.to_owned(),
            None if is_truth_value(cell) => HELP_OF_TRUTH_VALUES.to_owned(),
            None => USUAL_ADVICE.to_owned(),
        }
    }

    fn read_level(&mut self, row: u64, cell: &[u8]) -> Result<ReadCell> {
        let level = self.levels.read(row, cell);
        self.accept_level(row, level)
    }

    fn accept_level(&self, row: u64, level: Result<Option<u32>>) -> Result<ReadCell> {
        match level {
            Ok(_) if self.levels.is_excessive() => self.fault().map_or(Ok(ReadCell::Missing), |(_, error)| Err(error)),
            Ok(level) => Ok(level.map_or(ReadCell::Missing, ReadCell::Level)),
            Err(error) => Err(error.at_row(row).in_column(&self.name)),
        }
    }

    /// Reads this column's cells of many rows, the first of which has the number `first`. Marks in `unread` the rows that must be read one
    /// by one.
    pub(super) fn read_rows(&mut self, rows: &Rows<'_>, first: u64, unread: &mut [bool]) {
        match () {
            () if self.is_category() => match self.role {
                ColumnRole::Category => self.levels.read_rows(rows, self.place, first, unread, |_| true),
                _ => self.levels.read_rows(rows, self.place, first, unread, is_surely_word),
            },
            () if self.is_left_out() => {
                self.cells.zero(rows.len());
                for (row, unread) in unread.iter_mut().enumerate() {
                    *unread |= !is_plain_text(rows.cell(row, self.place));
                }
            }
            () if self.is_undecided() => {
                self.cells.zero(rows.len());
                for (row, unread) in unread.iter_mut().enumerate() {
                    *unread |= !rows.plain_cell(row, self.place).is_some_and(|cell| self.format.is_missing(trim(cell)));
                }
            }
            () => {
                self.cells.read(rows, self.place, unread);
                // such rows are read one by one, which finds the error
                self.cells.numbers().mark_undefined(&self.functions, unread);
            }
        }
    }

    /// As [`Self::read_rows`], for some rows of a batch of columns.
    pub(super) fn read_values(&mut self, values: &Values, rows: Range<usize>, first: u64, unread: &mut [bool]) {
        match () {
            () if self.is_category() => match (self.role, values) {
                (ColumnRole::Category, _) => self.levels.read_values(values, rows, first, unread, |_| true),
                (_, Values::Text(_)) => self.levels.read_values(values, rows, first, unread, is_surely_word),
                (_, Values::Numbers(_)) => unread.fill(true),
            },
            () if self.is_left_out() => self.values.zero(values, rows, unread, is_plain_text),
            () if self.is_undecided() => self.values.zero(values, rows, unread, |cell| self.format.is_missing(cell)),
            () => {
                self.values.read(values, rows, unread);
                if !self.functions.is_empty() {
                    self.values.bring_to_one_scale();
                    match self.values.numbers() {
                        Some(numbers) => numbers.mark_undefined(&self.functions, unread),
                        None => unread.fill(true),
                    }
                }
            }
        }
    }

    /// Whether the column holds levels.
    pub(super) fn is_category(&self) -> bool {
        match self.role {
            ColumnRole::Category => true,
            // the first cell with a value decides, and another kind after it is an error
            ColumnRole::NumberOrCategory => {
                self.first_text.as_ref().is_some_and(|(row, _)| self.first_number.is_none_or(|number| *row < number))
            }
            ColumnRole::Number | ColumnRole::NumberOrText => false,
        }
    }

    /// Whether the data have shown that the column is a category, and the plan does not say so.
    pub(super) fn is_found_category(&self) -> bool {
        self.role == ColumnRole::NumberOrCategory && self.is_category()
    }

    /// Whether the column holds text or nothing, and is left out.
    pub(super) fn is_left_out(&self) -> bool {
        self.is_empty || self.role == ColumnRole::NumberOrText && self.first_text.is_some()
    }

    /// Decides, at the end of the data, that a column without any value is left out.
    pub(super) fn leave_out_if_empty(&mut self) {
        self.is_empty = self.may_be_left_out() && self.missing > 0;
    }

    /// Why the column is left out: what it holds, and how it can be used.
    pub(super) fn reason_to_leave_out(&self) -> String {
        match self.text_that_may_be_a_number() {
            _ if self.is_empty => "it holds no value".to_owned(),
            Some((text, advice)) => format!("its first cell, `{text}`, is no number as it is written: {advice}"),
            None => "it holds text, not numbers".to_owned(),
        }
    }

    /// What the column holds, where no column of numbers is left, and what would use it; empty if nothing would.
    pub(super) fn what_is_left_out(&self) -> (String, String) {
        let name = shorten(&self.name);
        match (&self.first_text, self.text_that_may_be_a_number()) {
            (Some((_, text)), Some((_, advice))) => (format!("`{name}` holds text, the first `{text}`"), advice),
            (Some((_, text)), None) => {
                (format!("`{name}` holds text, the first `{text}`"), format!("give --categories {}", shell_word(&self.name)))
            }
            (None, _) => (format!("`{name}` holds no value"), String::new()),
        }
    }

    /// The first text of the column and what to do with it, if it begins as a number does or is one in another notation.
    fn text_that_may_be_a_number(&self) -> Option<(&str, String)> {
        let (_, text) = self.first_text.as_ref()?;
        let advice = if is_word(text) { self.format.notation_advice(text) } else { self.format.advice(text) };
        Some((text.as_str(), advice?))
    }

    /// Whether neither the plan nor a cell has shown what the column holds.
    pub(super) fn is_undecided(&self) -> bool {
        let is_open = matches!(self.role, ColumnRole::NumberOrText | ColumnRole::NumberOrCategory);
        is_open && self.first_number.is_none() && self.first_text.is_none()
    }

    /// Whether the column is undecided, and is left out if it holds text.
    pub(super) fn may_be_left_out(&self) -> bool {
        self.role == ColumnRole::NumberOrText && self.is_undecided()
    }

    /// The error of the column as a whole, and the row where one pass over all rows finds it: both text and numbers, or too many levels. The
    /// first error is at the text.
    pub(super) fn fault(&self) -> Option<(u64, Error)> {
        let contradiction = self.first_text.as_ref().zip(self.first_number).map(|((row, text), number)| {
            let help = self.help_with(text);
            ((*row).max(number), Error::found(Code::NotANumber, text, "a decimal number", help).at_row(*row))
        });
        let excess = self.levels.excess();
        let first = contradiction.into_iter().chain(excess).min_by_key(|(row, _)| *row);
        first.map(|(row, error)| (row, error.in_column(&self.name)))
    }
}

/// What to do with a cell that fits neither a column of numbers nor a category that was found.
const HELP_OF_CATEGORIES: &str = "correct the cell, or name the column with --categories";

/// What to do with the name of the column in one of its cells.
const HELP_OF_HEADERS: &str = "the header stands here again, as in files that were joined: remove this row";

/// What to do with `true` and `false` in a column of numbers.
const HELP_OF_TRUTH_VALUES: &str = "write numbers, or name the column with --categories if it is a feature";

/// Whether a cell is `true` or `false`.
fn is_truth_value(cell: &str) -> bool {
    cell.eq_ignore_ascii_case("true") || cell.eq_ignore_ascii_case("false")
}

/// Whether a cell is a word, and nothing that [`parse`](crate::decimal::parse) reads or refuses as a number.
fn is_surely_word(cell: &[u8]) -> bool {
    is_plain_text(cell) && !is_missing(cell)
}

/// Whether a cell surely holds text or nothing: no number, no infinity, no bytes that are not UTF-8. False means that the cell must be parsed.
fn is_plain_text(cell: &[u8]) -> bool {
    let cell = cell.strip_prefix(b"\"").unwrap_or(cell);
    let cell = trim(cell.strip_suffix(b"\"").unwrap_or(cell));
    // lists and objects of JSON are text
    let begins_text = |first: &u8| matches!(first, b'[' | b'{') || first.is_ascii_alphabetic() && !matches!(first, b'i' | b'I');
    is_missing(cell) || cell.is_ascii() && cell.first().is_some_and(begins_text)
}
