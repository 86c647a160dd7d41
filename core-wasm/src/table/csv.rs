//! Divides the bytes of CSV into records, and gives them to a [`TableSink`].
//!
//! Lines that are passed over come in three kinds: the first lines of the file, as many as the plan says; a line `sep=;` after them, which
//! spreadsheets write to name the delimiter; and lines that begin with the character of comments.

use super::advice;
use super::opening::TableSink;
use crate::error::{Code, Error, Result};
use crate::plan::Plan;
use crate::records::check_length;
use crate::sink::Record;
use samefit_formats::csv::{SEPARATOR_LINE_BYTES_MAX, may_be_separator_line, separator_of_line};
use samefit_kernels::scan::{Irregular, MARGIN, Marks, RowScanner, Rows, WORD};

/// The place of the next byte in a CSV record.
#[derive(Clone, Copy, PartialEq, Eq)]
enum CsvState {
    /// Before the first byte of a record.
    RecordStart,
    /// Before the first byte of a field.
    FieldStart,
    /// In a field without quotes.
    Plain,
    /// In a field with quotes.
    Quoted,
    /// After a quote in a quoted field: its end, or the first half of a doubled quote.
    QuoteSeen,
    /// After the closing quote of a field, and spaces.
    AfterQuote,
    /// After a carriage return that only a line feed may follow.
    Return,
    /// In a comment.
    Comment,
}

/// Reads CSV.
pub(super) struct CsvReader {
    delimiter: u8,
    /// The mark before decimals.
    point: u8,
    /// Whether the plan names the delimiter, so that the data do not.
    is_delimiter_given: bool,
    /// Lines that begin with this byte are passed over.
    comment: Option<u8>,
    /// Lines that are still to be passed over.
    skip: u64,
    /// The beginning of the first line that is not passed over, as long as it may be a line `sep=;`; `None` once that is decided.
    first_line: Option<Vec<u8>>,
    state: CsvState,
    /// Bytes of the byte order mark seen so far; [`MARK_DONE`] once it is decided.
    bom: usize,
    /// The cells of the current record, without quotes.
    bytes: Vec<u8>,
    /// Where each of them ends.
    ends: Vec<usize>,
    /// Number of the last record.
    row: u64,
    /// Line breaks so far, as long as bytes are read one by one.
    lines: u64,
    /// Line breaks before the current record.
    lines_before: u64,
    /// Finds the cells of many rows at once; `None` before the header.
    scanner: Option<RowScanner>,
    /// A copy of bytes at the edge of a chunk, with margins.
    padded: Vec<u8>,
}

/// Cells that are found at once: as many as fit in the processor's cache.
const GRID_CELLS: usize = 1 << 11;
/// Most rows that are found at once.
const GRID_ROWS_MAX: usize = 128;
/// Bytes that are read one by one after an irregular row, before many rows are tried again.
const IRREGULAR_BYTES: usize = 1 << 13;

/// The mark with which text of MS-DOS ends, Ctrl-Z.
const END_MARK: u8 = 0x1a;

/// The byte in margins, which is neither a separator nor a quote.
const PADDING: u8 = b'0';

/// The mark that UTF-8 text may begin with.
pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
const MARK_DONE: usize = usize::MAX;

impl CsvReader {
    /// Returns a reader for the dialect of a plan.
    pub(super) fn new(plan: &Plan) -> Self {
        Self {
            delimiter: plan.delimiter.unwrap_or(',') as u8,
            point: plan.cell_format().point(),
            is_delimiter_given: plan.delimiter.is_some(),
            comment: plan.comment.map(|comment| comment as u8),
            skip: plan.skip,
            first_line: Some(Vec::new()),
            state: CsvState::RecordStart,
            bom: 0,
            bytes: Vec::new(),
            ends: Vec::new(),
            row: 0,
            lines: 0,
            lines_before: 0,
            scanner: None,
            padded: Vec::new(),
        }
    }

    /// Returns the number of the last record.
    pub(super) fn rows(&self) -> u64 {
        self.row
    }

    /// Sets the number of the next record. What comes is not the beginning of the data.
    pub(super) fn continue_at(&mut self, row: u64) {
        self.row = row.saturating_sub(1);
        (self.skip, self.first_line, self.bom) = (0, None, MARK_DONE);
    }

    /// Reads the next bytes.
    pub(super) fn push(&mut self, chunk: &[u8], out: &mut TableSink<'_>) -> Result<()> {
        let chunk = self.skip_bom(chunk)?;
        let chunk = self.skip_lines(chunk);
        let chunk = self.take_separator(chunk, out)?;
        let mut at = 0;
        while at < chunk.len() {
            match self.scan_rows(chunk, at, out)? {
                Ok(0) => at += self.records(&chunk[at..], 1, out)?,
                Ok(length) => at += length,
                Err(Irregular) => at += self.records(&chunk[at..], IRREGULAR_BYTES, out)?,
            }
        }
        self.check_length().map_err(|error| error.at_row(self.row + 1))
    }

    /// Passes over what stands before the first record, in the bytes of whole lines. Returns whether all of it was there.
    pub(super) fn pass_preamble(&mut self, lines: &[u8]) -> Result<bool> {
        let rest = self.skip_bom(lines)?;
        let rest = self.skip_lines(rest);
        if rest.is_empty() {
            return Ok(self.first_line.is_none());
        }
        let line = rest.split_inclusive(|byte| *byte == b'\n').next().unwrap_or_default();
        if self.first_line.take().is_some()
            && let Some(delimiter) = separator_of_line(line)
        {
            self.use_separator(delimiter);
        }
        Ok(true)
    }

    /// Refuses a record that is too long. Delimiters count, because a record of nothing but delimiters fills the memory too.
    fn check_length(&self) -> Result<()> {
        check_length(self.bytes.len() + self.ends.len())
    }

    /// Ends the bytes.
    pub(super) fn finish(&mut self, out: &mut TableSink<'_>) -> Result<()> {
        if self.bom != MARK_DONE && self.bom > 0 {
            return Err(utf16_or_other().at_row(1));
        }
        if let Some(line) = self.first_line.take() {
            match separator_of_line(&line) {
                Some(delimiter) => self.use_separator(delimiter),
                None => self.each_byte(&line, out)?,
            }
        }
        match self.state {
            CsvState::RecordStart => Ok(()),
            CsvState::Comment => {
                self.row += 1;
                Ok(())
            }
            CsvState::Quoted => {
                let help = match advice::comment_character(&self.bytes, self.comment) {
                    Some(character) => advice::of_comment("the line", character),
                    None => "close the quote, or copy the file again if it was cut off".to_owned(),
                };
                Err(Error::new(Code::Quote, "a quoted field is never closed", help).at_row(self.row + 1))
            }
            state => {
                if state == CsvState::Plain {
                    let begin = self.field_start();
                    let marks = self.bytes[begin..].iter().rev().take_while(|byte| **byte == END_MARK).count();
                    self.bytes.truncate(self.bytes.len() - marks);
                }
                self.end_record(out)
            }
        }
    }

    /// Returns the chunk without the byte order mark that the data may begin with.
    fn skip_bom<'a>(&mut self, chunk: &'a [u8]) -> Result<&'a [u8]> {
        let mut rest = chunk;
        while self.bom < BYTE_ORDER_MARK.len() {
            let [first, more @ ..] = rest else { return Ok(rest) };
            match (*first == BYTE_ORDER_MARK[self.bom], self.bom) {
                (true, _) => (self.bom, rest) = (self.bom + 1, more),
                (false, 0) if matches!(first, 0xfe | 0xff) => return Err(utf16_or_other().at_row(1)),
                (false, 0) => break,
                (false, _) => return Err(utf16_or_other().at_row(1)),
            }
        }
        self.bom = MARK_DONE;
        Ok(rest)
    }

    /// Returns the chunk without the lines that are passed over because of their place.
    fn skip_lines<'a>(&mut self, chunk: &'a [u8]) -> &'a [u8] {
        let mut rest = chunk;
        while self.skip > 0 {
            let Some(at) = rest.iter().position(|byte| *byte == b'\n') else { return &[] };
            rest = &rest[at + 1..];
            self.skip -= 1;
            self.pass_line();
        }
        rest
    }

    /// Returns the chunk without a line `sep=;` that the data begin with.
    fn take_separator<'a>(&mut self, chunk: &'a [u8], out: &mut TableSink<'_>) -> Result<&'a [u8]> {
        let Some(line) = &mut self.first_line else { return Ok(chunk) };
        let mut rest = chunk;
        while let [byte, more @ ..] = rest {
            if *byte != b'\n' && line.len() < SEPARATOR_LINE_BYTES_MAX && may_be_separator_line(line, *byte) {
                line.push(*byte);
                rest = more;
                continue;
            }
            let line = std::mem::take(line);
            self.first_line = None;
            match separator_of_line(&line).filter(|_| *byte == b'\n') {
                Some(delimiter) => {
                    self.use_separator(delimiter);
                    self.pass_line();
                    return Ok(more);
                }
                None => {
                    self.each_byte(&line, out)?;
                    return Ok(rest);
                }
            }
        }
        Ok(rest)
    }

    /// Counts a line that is passed over.
    fn pass_line(&mut self) {
        (self.row, self.lines) = (self.row + 1, self.lines + 1);
        self.lines_before = self.lines;
    }

    /// Takes the delimiter that a line `sep=;` names. One that the plan names counts more.
    fn use_separator(&mut self, delimiter: u8) {
        if !self.is_delimiter_given {
            self.delimiter = delimiter;
        }
    }

    /// Gives the sink many rows at once, from the offset `at` on, and returns their length in bytes.
    fn scan_rows(&mut self, chunk: &[u8], at: usize, out: &mut TableSink<'_>) -> Result<std::result::Result<usize, Irregular>> {
        let Some(width) = out.width_of_rows().filter(|_| self.state == CsvState::RecordStart) else { return Ok(Ok(0)) };
        let marks = Marks { delimiter: self.delimiter, point: self.point };
        let scanner = self.scanner.get_or_insert_with(|| RowScanner::new(width, (GRID_CELLS / width).clamp(1, GRID_ROWS_MAX)));
        let in_place = at >= MARGIN && at + WORD + MARGIN <= chunk.len();
        if in_place {
            match scanner.scan(chunk, at, chunk.len() - MARGIN, marks) {
                Ok(rows) if has_comment(&rows, self.comment) => return Ok(Err(Irregular)),
                Ok(rows) if !rows.is_empty() => {
                    out.rows(&rows, self.row + 1)?;
                    self.row += rows.len() as u64;
                    return Ok(Ok(rows.end() - at));
                }
                Ok(_) => {}
                Err(Irregular) => return Ok(Err(Irregular)),
            }
        }
        // the edges of a chunk have no margins
        let edge = match at < MARGIN {
            true => chunk.iter().skip(MARGIN).position(|&byte| byte == b'\n').map_or(chunk, |newline| &chunk[..MARGIN + newline + 1]),
            false => chunk,
        };
        self.padded.clear();
        self.padded.resize(MARGIN, PADDING);
        self.padded.extend_from_slice(&edge[at..]);
        self.padded.resize(self.padded.len() + WORD + MARGIN, PADDING);
        match scanner.scan(&self.padded, MARGIN, self.padded.len() - MARGIN, marks) {
            Ok(rows) if has_comment(&rows, self.comment) => Ok(Err(Irregular)),
            Ok(rows) => {
                if !rows.is_empty() {
                    out.rows(&rows, self.row + 1)?;
                }
                self.row += rows.len() as u64;
                Ok(Ok(rows.end() - MARGIN))
            }
            Err(Irregular) => Ok(Err(Irregular)),
        }
    }

    /// Reads at least `least` bytes one by one, to the end of a record, and returns their number.
    fn records(&mut self, bytes: &[u8], least: usize, out: &mut TableSink<'_>) -> Result<usize> {
        for (at, &byte) in bytes.iter().enumerate() {
            self.step(byte, out)?;
            if self.state == CsvState::RecordStart && at + 1 >= least {
                return Ok(at + 1);
            }
        }
        Ok(bytes.len())
    }

    /// Reads bytes that are not a whole record.
    fn each_byte(&mut self, bytes: &[u8], out: &mut TableSink<'_>) -> Result<()> {
        bytes.iter().try_for_each(|byte| self.step(*byte, out))
    }

    #[inline]
    fn step(&mut self, byte: u8, out: &mut TableSink<'_>) -> Result<()> {
        self.lines += u64::from(byte == b'\n');
        match (self.state, byte) {
            (CsvState::Quoted, b'"') => self.state = CsvState::QuoteSeen,
            (CsvState::Quoted, _) => self.bytes.push(byte),
            (CsvState::QuoteSeen, b'"') => {
                self.bytes.push(b'"');
                self.state = CsvState::Quoted;
            }
            (CsvState::Return, b'\n') => return self.end_record(out),
            (CsvState::Return, _) => return Err(bare_return(self.row + 1)),
            (CsvState::RecordStart | CsvState::Comment, b'\n') => {
                self.row += 1;
                (self.state, self.lines_before) = (CsvState::RecordStart, self.lines);
            }
            (CsvState::RecordStart, byte) if Some(byte) == self.comment => self.state = CsvState::Comment,
            (CsvState::Comment, _) => {}
            (_, b'\n') => return self.end_record(out),
            (_, b'\r') => self.state = CsvState::Return,
            (_, byte) if byte == self.delimiter => {
                self.ends.push(self.bytes.len());
                self.state = CsvState::FieldStart;
            }
            (CsvState::RecordStart | CsvState::FieldStart, b'"') => self.state = CsvState::Quoted,
            (CsvState::QuoteSeen | CsvState::AfterQuote, b' ') => self.state = CsvState::AfterQuote,
            // between names a tab is more likely another delimiter
            (CsvState::QuoteSeen | CsvState::AfterQuote, b'\t') if !out.is_before_header() => self.state = CsvState::AfterQuote,
            (CsvState::QuoteSeen | CsvState::AfterQuote, _) => {
                let error = out.delimiter_after_quote(&self.bytes, byte, self.delimiter);
                let error = error.unwrap_or_else(|| self.quote_error("text stands after a closing quote", out));
                return Err(error.at_row(self.row + 1));
            }
            // spaces around a value do not count, nor does the mark with which a file begins that was joined to another
            (CsvState::Plain, b'"') if is_nothing(&self.bytes[self.field_start()..]) => {
                self.bytes.truncate(self.field_start());
                self.state = CsvState::Quoted;
            }
            (CsvState::Plain, b'"') => {
                return Err(self.quote_error("a quote stands in the middle of a field that does not begin with one", out));
            }
            (_, _) => {
                self.bytes.push(byte);
                self.state = CsvState::Plain;
            }
        }
        Ok(())
    }

    fn end_record(&mut self, out: &mut TableSink<'_>) -> Result<()> {
        self.row += 1;
        self.state = CsvState::RecordStart;
        self.check_length().map_err(|error| error.at_row(self.row))?;
        self.ends.push(self.bytes.len());
        let blank = self.ends.len() == 1 && self.bytes.is_empty();
        let lines_before = std::mem::replace(&mut self.lines_before, self.lines);
        let result = match blank {
            true => Ok(()),
            false => out.record(&Record::new(self.row, &self.bytes, &self.ends), self.delimiter, lines_before),
        };
        self.bytes.clear();
        self.ends.clear();
        result
    }

    /// Returns where the bytes of the current field begin.
    fn field_start(&self) -> usize {
        self.ends.last().copied().unwrap_or(0)
    }

    fn quote_error(&self, sentence: &str, out: &TableSink<'_>) -> Error {
        let help = "put the whole field in quotes and double each quote inside it";
        let has_breaks = self.bytes[self.field_start()..].contains(&b'\n');
        let other_format = advice::of_other_format(&self.bytes).filter(|_| out.is_before_header());
        let help = match (advice::comment_character(&self.bytes, self.comment), other_format) {
            (Some(character), _) => advice::of_comment("the line", character),
            (None, Some(help)) => help,
            (None, None) if has_breaks => advice::OF_OPEN_QUOTE.to_owned(),
            (None, None) if out.is_before_header() => format!("{help}; if the line is a title, give --skip {}", self.lines + 1),
            (None, None) => help.to_owned(),
        };
        Error::new(Code::Quote, sentence, help).at_row(self.row + 1)
    }
}

/// Whether one of these rows is a comment. The rows after it may be wrong: a quote in a comment means nothing.
fn has_comment(rows: &Rows<'_>, comment: Option<u8>) -> bool {
    comment.is_some_and(|comment| (0..rows.len()).any(|row| rows.cell(row, 0).first() == Some(&comment)))
}

/// Whether the bytes before a quote are no text: spaces, or the byte order mark.
fn is_nothing(field: &[u8]) -> bool {
    field == BYTE_ORDER_MARK || field.iter().all(|byte| matches!(byte, b' ' | b'\t'))
}

fn bare_return(row: u64) -> Error {
    Error::new(
        Code::LineEnds,
        "a carriage return stands without a line feed",
        "save the file with LF or CRLF line ends, or quote the field",
    )
    .at_row(row)
}

fn utf16_or_other() -> Error {
    Error::new(Code::NotUtf8, "the bytes are not UTF-8 text; they look like UTF-16", "save the file as UTF-8")
}
