//! Reads the lines of bytes that come in chunks.

use super::csv::BYTE_ORDER_MARK;
use crate::error::Result;
use crate::records::check_length;

/// Reads the lines of bytes that come in chunks.
#[derive(Default)]
pub(crate) struct LineReader {
    /// The beginning of the current line.
    bytes: Vec<u8>,
    /// Number of the last line.
    row: u64,
}

impl LineReader {
    /// Calls `each` with the number and the text of every complete line that is not blank.
    pub(crate) fn push(&mut self, chunk: &[u8], each: &mut impl FnMut(u64, &[u8]) -> Result<()>) -> Result<()> {
        let mut rest = chunk;
        while let Some(at) = rest.iter().position(|&byte| byte == b'\n') {
            self.bytes.extend_from_slice(&rest[..at]);
            self.end_line(each)?;
            rest = &rest[at + 1..];
        }
        self.gather(rest)
    }

    /// Adds bytes to the current line.
    pub(crate) fn gather(&mut self, bytes: &[u8]) -> Result<()> {
        self.bytes.extend_from_slice(bytes);
        check_length(self.bytes.len()).map_err(|error| error.at_row(self.row + 1))
    }

    /// Returns the number of the last line.
    pub(crate) fn rows(&self) -> u64 {
        self.row
    }

    /// Sets the number of the next line.
    pub(crate) fn continue_at(&mut self, row: u64) {
        self.row = row.saturating_sub(1);
    }

    /// Ends the bytes: reads a last line without a line break.
    pub(crate) fn finish(&mut self, each: &mut impl FnMut(u64, &[u8]) -> Result<()>) -> Result<()> {
        if self.bytes.is_empty() { Ok(()) } else { self.end_line(each) }
    }

    fn end_line(&mut self, each: &mut impl FnMut(u64, &[u8]) -> Result<()>) -> Result<()> {
        self.row += 1;
        check_length(self.bytes.len()).map_err(|error| error.at_row(self.row))?;
        let line = if self.row == 1 { self.bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&self.bytes) } else { &self.bytes };
        let blank = line.trim_ascii().is_empty();
        let result = if blank { Ok(()) } else { each(self.row, line).map_err(|error| error.at_row(self.row)) };
        self.bytes.clear();
        result
    }
}
