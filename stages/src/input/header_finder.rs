//! Finds where the header of a file ends, so that splits of the file can be read without its beginning.

use crate::error::Result;
use crate::ports::engine::SplitStream;
use crate::source::Format;

/// Asks an engine stream where the header of one file ends. The stream reads no rows.
pub(crate) struct HeaderFinder<'a> {
    stream: Box<dyn SplitStream + 'a>,
    format: Format,
    /// How many bytes of the file's beginning the stream was shown in search of the header.
    searched: usize,
}

impl<'a> HeaderFinder<'a> {
    /// A finder for a file in this format. `stream` must be new.
    pub(crate) fn new(stream: Box<dyn SplitStream + 'a>, format: Format) -> Self {
        Self { stream, format, searched: 0 }
    }

    /// Returns the length of the records up to and including the header, once `bytes` hold them.
    ///
    /// `bytes` are the beginning of the file. Each call may pass more of it than the last.
    pub(crate) fn header_end(&mut self, bytes: &[u8]) -> Result<Option<usize>> {
        loop {
            let rest = &bytes[self.searched..];
            // blank lines go together, because each alone would be a call
            let length = match blank_lines(rest) {
                0 => self.format.record_end(rest, &mut false),
                blank => Some(blank),
            };
            let Some(length) = length else { return Ok(None) };
            self.searched += length;
            if self.stream.header(&rest[..length])? {
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
