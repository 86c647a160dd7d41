//! Cuts a stream of bytes into whole records, byte for byte, without reading what is in them.
//!
//! In CSV a line break inside quotes does not end a record. A byte is inside quotes after an odd number of quote characters (RFC 4180 doubles a
//! quote that belongs to a field). Blank lines are not records. Records of JSON in an array, or of several lines, become lines.
//!
//! *Limits*: a record has at most [`RECORD_BYTES_MAX`] bytes. A longer one means a quote that is never closed, which would fill the memory.

use crate::code::Code;
use crate::error::{InputError, Result};
use crate::input::json_line::JsonLine;
use crate::limits::{RECORD_BYTES_MAX, record_too_long};
use crate::source::{Format, RecordEnds};
use samefit_formats::csv::RECORD_END;
use samefit_formats::json_records::Layout;

/// Cuts a stream into records.
pub struct RecordCutter {
    ends: RecordEnds,
    /// The beginning of a record whose end has not come.
    record: Vec<u8>,
    row: u64,
}

impl RecordCutter {
    /// A cutter for data in this format.
    pub fn new(format: Format) -> Self {
        Self { ends: RecordEnds::new(format), record: Vec::new(), row: 1 }
    }

    /// Takes the next bytes. Passes each record that is complete to `take`, with its line end.
    pub fn push(&mut self, mut chunk: &[u8], mut take: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        while let Some(length) = self.ends.next(chunk) {
            let (rest, after) = chunk.split_at(length);
            chunk = after;
            let joined = !self.record.is_empty();
            if joined {
                self.record.extend_from_slice(rest);
            }
            let record = if joined { &self.record[..] } else { rest };
            self.check_length(record.len())?;
            if self.is_line() {
                if !is_blank(record) {
                    take(record)?;
                }
            } else {
                take(&line_of(record))?;
            }
            self.record.clear();
            self.row += 1;
        }
        self.record.extend_from_slice(chunk);
        self.check_length(self.record.len())
    }

    /// Ends the stream. Passes a last record without a line end to `take`.
    pub fn finish(&mut self, mut take: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        match () {
            () if self.ends.is_quoted() => Err(self.unclosed_quote().into()),
            () if self.ends.lacks_bracket() => Err(self.cut_off().into()),
            () if is_blank(&self.record) => Ok(()),
            // brackets of an array may follow the last record, and white space
            () if !self.is_line() && self.record.iter().all(|byte| byte.is_ascii_whitespace() || b"[]".contains(byte)) => Ok(()),
            () if !self.is_line() => Err(self.cut_off().into()),
            () => take(&std::mem::take(&mut self.record)),
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

/// Returns a record of JSON as a line, without the comma or bracket before it.
fn line_of(record: &[u8]) -> Vec<u8> {
    let record = record.strip_prefix(b"\xef\xbb\xbf").unwrap_or(record).trim_ascii();
    let record = record.strip_prefix(b"[").or_else(|| record.strip_prefix(b",")).unwrap_or(record).trim_ascii();
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

    fn records(text: &str, format: Format, size: usize) -> Result<Vec<String>> {
        let (mut cutter, mut found) = (RecordCutter::new(format), Vec::new());
        let mut take = |record: &[u8]| {
            found.push(String::from_utf8_lossy(record).into_owned());
            Ok(())
        };
        text.as_bytes().chunks(size).try_for_each(|chunk| cutter.push(chunk, &mut take))?;
        cutter.finish(&mut take)?;
        Ok(found)
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
            for text in ["[{\"a\":\n1},\n {\"a\":2}]\n", "{\"a\":\n1}\n{\"a\":2}\n"] {
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
