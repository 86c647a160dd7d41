//! Cuts a stream of bytes into whole records, byte for byte, without reading what is in them.
//!
//! In CSV a line break inside quotes does not end a record. A byte is inside quotes after an odd number of quote characters (RFC 4180 doubles a
//! quote that belongs to a field). Blank lines are not records.
//!
//! *Limits*: a record has at most [`RECORD_BYTES_MAX`] bytes. A longer one means a quote that is never closed, which would fill the memory.

use crate::code::Code;
use crate::error::{InputError, Result};
use crate::limits::{RECORD_BYTES_MAX, record_too_long};
use crate::source::Format;

/// Cuts a stream into records.
pub struct RecordCutter {
    format: Format,
    quoted: bool,
    /// The beginning of a record whose end has not come.
    record: Vec<u8>,
    row: u64,
}

impl RecordCutter {
    /// A cutter for data in this format.
    pub fn new(format: Format) -> Self {
        Self { format, quoted: false, record: Vec::new(), row: 1 }
    }

    /// Takes the next bytes. Passes each record that is complete to `take`, with its line end.
    pub fn push(&mut self, mut chunk: &[u8], mut take: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        while let Some(length) = self.format.record_end(chunk, &mut self.quoted) {
            let (rest, after) = chunk.split_at(length);
            chunk = after;
            let joined = !self.record.is_empty();
            if joined {
                self.record.extend_from_slice(rest);
            }
            let record = if joined { &self.record[..] } else { rest };
            self.check_length(record.len())?;
            if !is_blank(record) {
                take(record)?;
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
            () if self.quoted => Err(self.unclosed_quote().into()),
            () if is_blank(&self.record) => Ok(()),
            () => take(&std::mem::take(&mut self.record)),
        }
    }

    fn check_length(&self, bytes: usize) -> Result<()> {
        if bytes > RECORD_BYTES_MAX { Err(record_too_long().at_row(self.row).into()) } else { Ok(()) }
    }

    fn unclosed_quote(&self) -> InputError {
        let help = "close the quote, or copy the file again if it was cut off";
        InputError::new(Code::Quote, "a quoted field is never closed", help).at_row(self.row)
    }
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
    fn a_quote_that_is_never_closed_is_an_error() {
        let text = records("a\n1\n\"2\n3\n", Format::Csv, 5).unwrap_err().to_string();
        assert!(text.starts_with("error: row 3: a quoted field is never closed"), "{text}");
    }
}
