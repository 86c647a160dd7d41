//! Takes the header of CSV and gives the records after it to a sink.
//!
//! The beginning of a table is where most files differ from what is expected: a title above the header, comments, units below it, or no header
//! at all. An error there waits for the records that follow, if they can tell what is the matter.
//!
//! *Limits*: an error waits for at most [`RECORDS_MAX`] records.

use super::advice;
use super::header;
use crate::cell_format::CellFormat;
use crate::error::{Code, Error, Result};
use crate::plan::Plan;
use crate::sink::{Record, Sink};
use samefit_kernels::scan::Rows;

/// Most records that an error at the beginning waits for.
const RECORDS_MAX: u32 = 20;

/// Rows at the beginning that are read one by one. The second can show that the first is none.
const FIRST_ROWS: u64 = 2;

/// What is known of the beginning of a table.
pub(super) struct Opening {
    format: CellFormat,
    comment: Option<u8>,
    /// The names of the columns, once the sink has taken them.
    names: Option<Vec<String>>,
    /// The line of the header; `None` if the plan gives the names.
    header: Option<HeaderLine>,
    /// Records after the header, as far as they matter.
    rows: u64,
    /// Whether the record before is the first, and holds no number.
    first_without_numbers: bool,
    doubt: Option<Doubt>,
}

/// The line that was taken as the header.
struct HeaderLine {
    /// Number of the line in the file.
    line: u64,
    fields: usize,
    /// The character with which it begins, if it looks like a comment.
    comment: Option<u8>,
}

/// An error at the beginning that waits for the next records.
struct Doubt {
    error: Error,
    about: About,
    /// Records that it has waited for.
    records: u32,
}

/// What an error at the beginning is about.
enum About {
    /// The header lacks a name that is needed. It may stand below. `only_comments`: whether all lines so far look like comments.
    Names { only_comments: bool },
    /// The header is one name, with this delimiter in it.
    Delimiter(u8),
    /// The first record has no number in this column.
    FirstRow(usize),
    /// Nothing more is to be learnt.
    Settled,
}

impl Opening {
    /// The beginning of a table that is written as a plan says.
    pub(super) fn new(plan: &Plan) -> Self {
        Self {
            format: plan.cell_format(),
            comment: plan.comment.map(|comment| comment as u8),
            names: None,
            header: None,
            rows: 0,
            first_without_numbers: false,
            doubt: None,
        }
    }

    /// Returns the number of columns, once the names are known.
    pub(super) fn width(&self) -> Option<usize> {
        self.names.as_ref().map(Vec::len)
    }

    /// Whether the names are known and do not stand in the data.
    pub(super) fn has_given_header(&self) -> bool {
        self.names.is_some() && self.header.is_none()
    }

    /// Ends the beginning: what comes next does not follow what came.
    pub(super) fn end(&mut self) {
        (self.rows, self.first_without_numbers) = (FIRST_ROWS, false);
        if let Some(doubt) = &mut self.doubt {
            doubt.about = About::Settled;
        }
    }

    /// Returns the error that waits, if there is one.
    pub(super) fn take_doubt(&mut self) -> Option<Error> {
        self.doubt.take().map(|doubt| doubt.error)
    }

    /// Returns a result of reading. An error that waits came before any other.
    pub(super) fn settle(&mut self, result: Result<()>) -> Result<()> {
        result.map_err(|error| match self.doubt.take() {
            None => error,
            // what comes next is no CSV, as if it were a comment too
            Some(Doubt { error, about: About::Names { only_comments: true }, .. }) => {
                match self.header.as_ref().and_then(|header| Some((header.line, header.comment?))) {
                    Some((line, character)) => Error { help: advice::of_comment(&format!("line {line}"), character), ..error },
                    None => error,
                }
            }
            Some(doubt) => doubt.error,
        })
    }

    /// Lets an error wait for the next records.
    fn doubt(&mut self, error: Error, about: About) {
        self.doubt = Some(Doubt { error, about, records: 0 });
    }

    /// Looks at a record for what it tells about the error that waits. `line`: where it begins.
    ///
    /// # Errors
    /// The error, unless it waits for more.
    fn look(&mut self, record: &Record, line: u64) -> Result<()> {
        let Some(doubt) = self.doubt.take() else { return Ok(()) };
        match (doubt.about, &self.header) {
            (About::Names { only_comments }, Some(header)) => {
                let wanted = doubt.error.column.clone().unwrap_or_default();
                if has_cell(record, wanted.as_bytes()) && advice::holds_no_number(record, &self.format) {
                    let help = match header.comment.filter(|_| only_comments) {
                        Some(character) => advice::of_comment(&format!("line {}", header.line), character),
                        None => advice::of_name_below(&wanted, line),
                    };
                    return Err(Error { help, ..doubt.error });
                }
                if doubt.records + 1 == RECORDS_MAX {
                    return Err(doubt.error);
                }
                let only_comments = only_comments && header.comment.is_some_and(|character| record.cell(0).first() == Some(&character));
                self.doubt = Some(Doubt { error: doubt.error, about: About::Names { only_comments }, records: doubt.records + 1 });
                Ok(())
            }
            (About::Delimiter(other), Some(header)) if record.len() > 1 && !has_byte(record, other) => {
                Err(advice::of_title(ragged(record, header.fields), (header.line, header.fields), (line, record.len())))
            }
            (About::FirstRow(column), _) if column < record.len() && self.format.number(record.cell(column)).is_some() => {
                Err(self.with_units(doubt.error, line))
            }
            _ => Err(doubt.error),
        }
    }

    /// Returns an error in a first row that holds no number, with what to do. `line`: where the next row begins.
    fn with_units(&self, error: Error, line: u64) -> Error {
        let names = self.names.as_deref().filter(|_| self.header.is_some());
        Error { help: advice::of_units(error.row.unwrap_or(1), line - 1, names), ..error }
    }

    /// Returns the error of a record that has another number of fields than there are columns, with what the record looks like.
    fn ragged(&self, record: &Record, line: u64, columns: usize, delimiter: u8) -> Error {
        let error = ragged(record, columns);
        let first = self.rows == 0;
        if let Some(help) = self.looks(record, delimiter) {
            return Error { help, ..error };
        }
        match (advice::comment_character(record.cell(0), self.comment), &self.header) {
            (Some(character), _) => Error { help: advice::of_comment("the line", character), ..error },
            (None, None) if first => Error { help: "give --header as many names as the rows have fields".to_owned(), ..error },
            (None, Some(header)) if first => match header.comment {
                Some(character) => Error { help: advice::of_comment(&format!("line {}", header.line), character), ..error },
                None if record.len() > columns => advice::of_title(error, (header.line, columns), (line, record.len())),
                None => error,
            },
            _ => error,
        }
    }

    /// What to do with a record of another number of fields, if its cells tell.
    fn looks(&self, record: &Record, delimiter: u8) -> Option<String> {
        let names = self.names.as_deref().unwrap_or_default();
        let columns = names.len();
        let cells = || (0..record.len()).map(|column| record.cell(column));
        let repeats = |names: &[String]| names.iter().enumerate().all(|(at, name)| record.cell(columns + at) == name.as_bytes());
        match (&self.header, names) {
            _ if cells().any(|cell| cell.contains(&0)) => Some(advice::OF_ZERO_BYTES.to_owned()),
            _ if advice::is_total(record.cell(0)) => Some(advice::OF_TOTALS.to_owned()),
            (_, [first, rest @ ..]) if columns > 1 && record.len() == 2 * columns - 1 && repeats(rest) => {
                record.cell(columns - 1).ends_with(first.as_bytes()).then(|| advice::of_joined_files(first))
            }
            (Some(header), _) if self.rows == 0 && record.len() == columns + 1 && record.cell(columns).is_empty() => {
                Some(advice::of_trailing_delimiter(delimiter, header.line, names))
            }
            _ if self.rows > 0 && record.len() == columns + 1 && record.cell(columns).is_empty() => {
                Some(format!("remove {} at the end of the row", header::singular(delimiter)))
            }
            _ => None,
        }
    }

    /// Returns an error in a row, with what the row looks like. `first_cell`: of the row.
    fn in_row(&self, error: Error, first_cell: &[u8]) -> Error {
        if error.code == Code::NotANumber && advice::is_total(first_cell) {
            return Error { help: advice::OF_TOTALS.to_owned(), ..error };
        }
        let is_in_first_column = self.names.as_ref().is_some_and(|names| names.first() == error.column.as_ref());
        match advice::comment_character(first_cell, self.comment).filter(|_| is_in_first_column) {
            Some(character) => Error { help: advice::of_comment("the line", character), ..error },
            None => error,
        }
    }
}

fn has_cell(record: &Record, text: &[u8]) -> bool {
    (0..record.len()).any(|column| record.cell(column) == text)
}

fn has_byte(record: &Record, byte: u8) -> bool {
    (0..record.len()).any(|column| record.cell(column).contains(&byte))
}

fn ragged(record: &Record, expected: usize) -> Error {
    let fields = |n: usize| if n == 1 { "1 field".to_owned() } else { format!("{n} fields") };
    let sentence = format!("found {}, expected {} as in the header", fields(record.len()), fields(expected));
    let help = "give the row as many fields as the header has; quote a field that holds the delimiter";
    let mut error = Error::new(Code::RaggedRow, sentence, help).at_row(record.row);
    (error.found, error.expected) = (Some(record.len().to_string()), Some(expected.to_string()));
    error
}

/// Takes the first record as the header, and gives all others to a sink.
pub(super) struct TableSink<'a> {
    opening: &'a mut Opening,
    sink: &'a mut dyn Sink,
}

impl<'a> TableSink<'a> {
    /// Reads on where the beginning of the table stands.
    pub(super) fn new(opening: &'a mut Opening, sink: &'a mut dyn Sink) -> Self {
        Self { opening, sink }
    }

    /// Gives the sink names that do not stand in the data.
    ///
    /// # Errors
    /// Those of the names and of the sink.
    pub(super) fn give_header(&mut self, names: Vec<String>) -> Result<()> {
        header::check_given(&names)?;
        self.sink.header(&names)?;
        self.opening.names = Some(names);
        Ok(())
    }

    /// Whether the header is still to come.
    pub(super) fn is_before_header(&self) -> bool {
        self.opening.names.is_none()
    }

    /// Returns the number of columns if the sink takes many rows at once.
    pub(super) fn width_of_rows(&self) -> Option<usize> {
        self.opening.width().filter(|_| self.opening.rows >= FIRST_ROWS && self.opening.doubt.is_none() && self.sink.takes_rows())
    }

    /// Gives the sink many rows. The first of them has the number `first`.
    pub(super) fn rows(&mut self, rows: &Rows<'_>, first: u64) -> Result<()> {
        self.sink.rows(rows, first).map_err(|error| {
            let row = error.row.and_then(|row| usize::try_from(row.checked_sub(first)?).ok()).filter(|row| *row < rows.len());
            match row {
                Some(row) => self.opening.in_row(error, rows.cell(row, 0)),
                None => error,
            }
        })
    }

    /// Returns the error that another delimiter stands after the closing quote of a name. `name`: what stands in the quotes.
    pub(super) fn delimiter_after_quote(&self, name: &[u8], byte: u8, delimiter: u8) -> Option<Error> {
        let other = header::other_delimiter(&[byte], delimiter).filter(|_| self.is_before_header())?;
        Some(header::delimiter_error(&String::from_utf8_lossy(name), other, delimiter))
    }

    /// Takes one record. `lines_before`: line breaks before it in the data.
    pub(super) fn record(&mut self, record: &Record, delimiter: u8, lines_before: u64) -> Result<()> {
        let line = lines_before + 1;
        if self.opening.doubt.is_some() {
            return self.opening.look(record, line);
        }
        match self.opening.width() {
            None => self.header(record, delimiter, line),
            Some(columns) if columns == record.len() => self.row(record, line),
            Some(columns) => {
                let error = match delimiter == self.opening.format.point() && record.len() > columns {
                    true => Error { help: advice::DELIMITER_IN_NUMBERS.to_owned(), ..ragged(record, columns) },
                    false => self.opening.ragged(record, line, columns, delimiter),
                };
                self.opening.rows = self.opening.rows.saturating_add(1);
                self.sink.ragged(record, error)
            }
        }
    }

    fn header(&mut self, record: &Record, delimiter: u8, line: u64) -> Result<()> {
        let names = header::read(record).map_err(|error| error.at_row(record.row))?;
        let comment = advice::comment_character(record.cell(0), self.opening.comment);
        self.opening.header = Some(HeaderLine { line, fields: names.len(), comment });
        if let ([name], Some(other)) = (names.as_slice(), header::other_delimiter(record.cell(0), delimiter)) {
            let error = header::delimiter_error(name, other, delimiter).at_row(record.row);
            self.opening.doubt(error, About::Delimiter(other));
            return Ok(());
        }
        let is_all_numbers = header::is_all_numbers(&names);
        match self.sink.header(&names) {
            Ok(()) => {
                if is_all_numbers {
                    self.sink.note(Error::new(Code::NumericHeader, advice::NUMBERS, ""));
                }
                self.opening.names = Some(names);
                Ok(())
            }
            Err(error) if !advice::is_about_names(&error) => Err(error),
            Err(error) if is_all_numbers => Err(Error { help: advice::NUMBERS.to_owned(), ..error }),
            Err(error) if error.code == Code::DuplicateColumn => Err(error.at_row(record.row)),
            Err(error) => match advice::of_names(error.column.as_deref().unwrap_or_default(), &names, delimiter) {
                Some(help) => Err(Error { help, ..error }),
                None => {
                    self.opening.doubt(error, About::Names { only_comments: true });
                    Ok(())
                }
            },
        }
    }

    fn row(&mut self, record: &Record, line: u64) -> Result<()> {
        let opening = &mut *self.opening;
        let result = self.sink.record(record).map_err(|error| error.at_row(record.row));
        if opening.rows >= FIRST_ROWS {
            return result.map_err(|error| opening.in_row(error, record.cell(0)));
        }
        opening.rows += 1;
        match result {
            Ok(()) => opening.first_without_numbers = opening.rows == 1 && advice::holds_no_number(record, &opening.format),
            Err(error) if error.code == Code::NotANumber && advice::comment_character(record.cell(0), opening.comment).is_none() => {
                let column = opening.names.iter().flatten().position(|name| Some(name) == error.column.as_ref());
                match column {
                    Some(column) if opening.rows == 1 && advice::holds_no_number(record, &opening.format) => {
                        opening.doubt(error, About::FirstRow(column))
                    }
                    Some(column) if opening.first_without_numbers && opening.format.number(record.cell(column)).is_some() => {
                        return Err(opening.with_units(error, line));
                    }
                    _ => return Err(error),
                }
            }
            Err(error) => return Err(opening.in_row(error, record.cell(0))),
        }
        Ok(())
    }
}
