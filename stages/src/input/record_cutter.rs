//! Cuts a stream of bytes into whole records, byte for byte, without reading what is in them.
//!
//! Blank lines are not records. In CSV neither are lines that are passed over, of which the line `sep=;` is one. Records of JSON in an array, or of
//! several lines, become lines.
//!
//! *Limits*: a record has at most [`RECORD_BYTES_MAX`] bytes. A longer one means a quote that is never closed, which would fill the memory.

use crate::code::Code;
use crate::error::{InputError, Result};
use crate::input::json_line::JsonLine;
use crate::input::record_ends::{End, PassedLines, RecordEnds};
use crate::limits::{RECORD_BYTES_MAX, record_too_long};
use crate::source::Format;
use samefit_formats::csv::{RECORD_END, separator_of_line};
use samefit_formats::json_records::{self, Layout};

/// What a stream is cut into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// A record.
    Record(&'a [u8]),
    /// A line that is passed over.
    PassedLine(&'a [u8]),
}

/// Cuts a stream into records.
pub struct RecordCutter {
    ends: RecordEnds,
    /// Whether the next line may be `sep=;`.
    may_name_separator: bool,
    /// The beginning of a record whose end has not come.
    record: Vec<u8>,
    row: u64,
}

impl RecordCutter {
    /// A cutter for data in this format, in which these lines are passed over.
    pub fn new(format: Format, passed: PassedLines) -> Self {
        Self { ends: RecordEnds::new(format, passed), may_name_separator: format.is_csv(), record: Vec::new(), row: 1 }
    }

    /// Takes the next bytes. Passes each record, and each line that is passed over, to `take`, with its line end.
    pub fn push(&mut self, mut chunk: &[u8], mut take: impl FnMut(Piece<'_>) -> Result<()>) -> Result<()> {
        while let Some(end) = self.ends.next(chunk) {
            let (rest, after) = chunk.split_at(end.offset());
            chunk = after;
            let mut record = std::mem::take(&mut self.record);
            let bytes = match record.is_empty() {
                true => rest,
                false => {
                    record.extend_from_slice(rest);
                    &record
                }
            };
            self.check_length(bytes.len())?;
            self.take(bytes, end, &mut take)?;
            self.row += 1;
            record.clear();
            self.record = record;
        }
        self.record.extend_from_slice(chunk);
        self.check_length(self.record.len())
    }

    /// Ends the stream. Passes a last record without a line end to `take`.
    pub fn finish(&mut self, mut take: impl FnMut(Piece<'_>) -> Result<()>) -> Result<()> {
        let record = std::mem::take(&mut self.record);
        match () {
            () if self.ends.is_quoted() => Err(self.unclosed_quote().into()),
            () if self.ends.lacks_bracket() => Err(self.cut_off().into()),
            () if record.is_empty() => Ok(()),
            () if self.is_line() => self.take(&record, self.ends.last(record.len()), &mut take),
            // brackets of an array or a comma may follow the last record
            () if json_records::trim(&record).iter().all(|byte| byte.is_ascii_whitespace() || b"[],".contains(byte)) => Ok(()),
            () => Err(self.cut_off().into()),
        }
    }

    /// Passes the bytes up to an end to `take`, unless they are a blank line.
    fn take(&mut self, bytes: &[u8], end: End, take: &mut impl FnMut(Piece<'_>) -> Result<()>) -> Result<()> {
        let may_name_separator = self.may_name_separator;
        self.may_name_separator &= matches!(end, End::SkippedLine(_));
        match end {
            End::SkippedLine(_) | End::Comment(_) => take(Piece::PassedLine(bytes)),
            End::Record(_) if !self.is_line() => take(Piece::Record(&line_of(bytes))),
            End::Record(_) if is_blank(bytes) => Ok(()),
            End::Record(_) if may_name_separator && separator_of_line(without_mark(bytes)).is_some() => take(Piece::PassedLine(bytes)),
            End::Record(_) => take(Piece::Record(bytes)),
        }
    }

    fn check_length(&self, bytes: usize) -> Result<()> {
        if bytes > RECORD_BYTES_MAX { Err(record_too_long().at_row(self.row).into()) } else { Ok(()) }
    }

    /// Whether each record is a line.
    fn is_line(&self) -> bool {
        !matches!(self.ends.layout(), Some(Layout::Objects | Layout::Array))
    }

    fn cut_off(&self) -> InputError {
        InputError::new(Code::Json, "the JSON is cut off", "copy the file again, whole").at_row(self.row)
    }

    fn unclosed_quote(&self) -> InputError {
        let help = "close the quote, or copy the file again if it was cut off";
        InputError::new(Code::Quote, "a quoted field is never closed", help).at_row(self.row)
    }
}

fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

/// Returns a record of JSON as a line, without the comma or bracket before it.
fn line_of(record: &[u8]) -> Vec<u8> {
    let record = json_records::trim(without_mark(record));
    let record = json_records::object_of(record.strip_prefix(b"[").unwrap_or(record));
    let mut line = Vec::new();
    JsonLine::default().flatten(record, &mut line);
    line.push(RECORD_END);
    line
}

fn is_blank(record: &[u8]) -> bool {
    let record = record.strip_suffix(b"\n").unwrap_or(record);
    record.strip_suffix(b"\r").unwrap_or(record).is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The records, and in parentheses the lines that are passed over.
    fn pieces(text: &str, format: Format, passed: PassedLines, size: usize) -> Result<Vec<String>> {
        let (mut cutter, mut found) = (RecordCutter::new(format, passed), Vec::new());
        let mut take = |piece: Piece<'_>| {
            found.push(match piece {
                Piece::Record(bytes) => String::from_utf8_lossy(bytes).into_owned(),
                Piece::PassedLine(bytes) => format!("({})", String::from_utf8_lossy(bytes)),
            });
            Ok(())
        };
        text.as_bytes().chunks(size).try_for_each(|chunk| cutter.push(chunk, &mut take))?;
        cutter.finish(&mut take)?;
        Ok(found)
    }

    fn records(text: &str, format: Format, size: usize) -> Result<Vec<String>> {
        pieces(text, format, PassedLines::default(), size)
    }

    #[test]
    fn lines_that_are_passed_over_are_no_records() {
        let passed = PassedLines { skip: 1, comment: Some(b'#') };
        for size in 3..20 {
            let found = pieces("title\nsep=;\na;b\n#\"\n\n1;2\n#end", Format::Csv, passed, size).unwrap();
            assert_eq!(found, ["(title\n)", "(sep=;\n)", "a;b\n", "(#\"\n)", "1;2\n", "(#end)"], "chunks of {size}");
        }
        let found = records("\u{feff}sep=,\na\nsep=;\n", Format::Tsv, 100).unwrap();
        assert_eq!(found, ["(\u{feff}sep=,\n)", "a\n", "sep=;\n"]);
    }

    #[test]
    fn line_breaks_in_quotes_do_not_end_a_record() {
        for size in 1..20 {
            let found = records("a,b\r\n1,\"x\ny\"\r\n\r\n\n2,\"a\"\"\n\"", Format::Csv, size).unwrap();
            assert_eq!(found, ["a,b\r\n", "1,\"x\ny\"\r\n", "2,\"a\"\"\n\""], "chunks of {size}");
        }
    }

    #[test]
    fn quotes_mean_nothing_in_json_lines() {
        assert_eq!(records("{\"a\\\"\": 1}\n{}\n", Format::JsonLines, 3).unwrap().len(), 2);
    }

    #[test]
    fn records_of_json_become_lines() {
        for size in 1..20 {
            for text in [
                "[{\"a\":\n1},\n {\"a\":2},]\n",
                "\u{1e}{\"a\":\n1},\n\u{1e}{\"a\":2},\n",
                "[{\"a\":\n1},\n {\"a\":2}]\n",
                "{\"a\":\n1}\n{\"a\":2}\n",
            ] {
                assert_eq!(records(text, Format::JsonLines, size).unwrap(), ["{\"a\": 1}\n", "{\"a\":2}\n"], "{text} in chunks of {size}");
            }
            for text in ["[{}, {}", "[{}, ", "[{}, {", "{\n}\n{"] {
                let error = records(text, Format::JsonLines, size).unwrap_err().to_string();
                assert!(error.contains("the JSON is cut off"), "{error}");
            }
        }
    }

    #[test]
    fn a_quote_that_is_never_closed_is_an_error() {
        let text = records("a\n1\n\"2\n3\n", Format::Csv, 5).unwrap_err().to_string();
        assert!(text.starts_with("error: row 3: a quoted field is never closed"), "{text}");
    }
}
