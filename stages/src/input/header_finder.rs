//! Finds where the header of a file ends, so that splits of the file can be read without its beginning.

use crate::error::Result;
use crate::ports::engine::SplitStream;
use crate::source::{Format, RecordEnds};

/// Asks an engine stream where the header of one file ends. The stream reads no rows.
pub(crate) struct HeaderFinder<'a> {
    stream: Box<dyn SplitStream + 'a>,
    ends: RecordEnds,
    /// How many bytes of the file's beginning the stream was shown in search of the header.
    searched: usize,
    /// How many bytes were searched for the end of a record.
    scanned: usize,
}

impl<'a> HeaderFinder<'a> {
    /// A finder for a file in this format. `stream` must be new.
    pub(crate) fn new(stream: Box<dyn SplitStream + 'a>, format: Format) -> Self {
        Self { stream, ends: RecordEnds::new(format), searched: 0, scanned: 0 }
    }

    /// Returns the length of the records up to and including the header, once `bytes` hold them.
    ///
    /// `bytes` are the beginning of the file. Each call may pass more of it than the last.
    pub(crate) fn header_end(&mut self, bytes: &[u8]) -> Result<Option<usize>> {
        loop {
            let rest = &bytes[self.scanned..];
            // blank lines go together, because each alone would be a call
            let length = match blank_lines(rest) {
                blank if blank > 0 && self.scanned == self.searched => Some(blank),
                _ => self.ends.next(rest),
            };
            self.scanned = length.map_or(bytes.len(), |length| self.scanned + length);
            if length.is_none() {
                return Ok(None);
            }
            let records = &bytes[self.searched..self.scanned];
            self.searched = self.scanned;
            if self.stream.header(records)? {
                return Ok(Some(self.searched));
            }
        }
    }
}

/// Returns how many bytes at the beginning are whole blank lines.
fn blank_lines(bytes: &[u8]) -> usize {
    let end = bytes.iter().position(|byte| !matches!(byte, b'\n' | b'\r')).unwrap_or(bytes.len());
    bytes[..end].iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1)
}
