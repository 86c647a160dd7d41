//! Finds where records and the header end, so that a file can be cut into splits.

use memchr::memchr;

use crate::error::Result;
use crate::ports::engine::SplitStream;
use crate::source::Format;

/// How many bytes the engine is shown first: most record ends are found within them, and a call with fewer bytes is cheaper.
const NEAR_BYTES: usize = 1 << 12;

/// An engine stream that finds record ends and the header of one file. It reads no rows.
pub(crate) struct BoundaryFinder<'a> {
    stream: Box<dyn SplitStream + 'a>,
    is_csv: bool,
    /// How many bytes of the file's beginning the stream was shown in search of the header.
    searched: usize,
}

impl<'a> BoundaryFinder<'a> {
    /// A finder for a file in this format. `stream` must be new.
    pub(crate) fn new(stream: Box<dyn SplitStream + 'a>, format: Format) -> Self {
        Self { stream, is_csv: format == Format::Csv, searched: 0 }
    }

    /// Counts the quote characters that can begin or end a quoted field. Formats other than CSV have none.
    pub(crate) fn quotes(&mut self, bytes: &[u8]) -> Result<u64> {
        if self.is_csv && memchr(b'"', bytes).is_some() { self.stream.quotes(bytes) } else { Ok(0) }
    }

    /// Returns the offset just after the first record end, if there is one. `quoted`: the bytes begin inside a quoted field.
    pub(crate) fn record_end(&mut self, bytes: &[u8], quoted: bool) -> Result<Option<usize>> {
        let near = bytes.len().min(NEAR_BYTES);
        Ok(match self.stream.cut(&bytes[..near], quoted)? {
            None if near < bytes.len() => self.stream.cut(bytes, quoted)?,
            end => end,
        })
    }

    /// Returns the length of the records up to and including the header, once `bytes` hold them.
    ///
    /// `bytes` are the beginning of the file. Each call may pass more of it than the last.
    pub(crate) fn header_end(&mut self, bytes: &[u8]) -> Result<Option<usize>> {
        loop {
            let rest = &bytes[self.searched..];
            // blank lines go together, because each alone would be a call
            let length = match blank_lines(rest) {
                0 => self.record_end(rest, false)?,
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
