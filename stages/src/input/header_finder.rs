//! Finds where the header of a file ends, so that splits of the file can be read without its beginning.

use crate::error::Result;
use crate::input::record_ends::{End, RecordEnds};
use crate::ports::engine::SplitStream;

/// Asks an engine stream where the header of one file ends. The stream reads no rows.
pub(crate) struct HeaderFinder<'a> {
    stream: Box<dyn SplitStream + 'a>,
    /// Finds the records that were not yet shown.
    ends: RecordEnds,
    /// How many bytes of the file's beginning the stream was shown in search of the header.
    searched: usize,
}

impl<'a> HeaderFinder<'a> {
    /// A finder for a file. `stream` and `ends` must be new.
    pub(crate) fn new(stream: Box<dyn SplitStream + 'a>, ends: RecordEnds) -> Self {
        Self { stream, ends, searched: 0 }
    }

    /// Returns the length of the records up to and including the header, once `bytes` hold them.
    ///
    /// `bytes` are the beginning of the file. Each call may pass more of it than the last.
    pub(crate) fn header_end(&mut self, bytes: &[u8]) -> Result<Option<usize>> {
        loop {
            let rest = &bytes[self.searched..];
            let mut ends = self.ends.clone();
            let Some(length) = next_piece(&mut ends, rest) else { return Ok(None) };
            self.ends = ends;
            self.searched += length;
            if self.stream.header(&rest[..length])? {
                return Ok(Some(self.searched));
            }
        }
    }
}

/// Returns the length of the next record, or of the next lines that are blank or passed over. These go together, because each alone would be a
/// call.
fn next_piece(ends: &mut RecordEnds, bytes: &[u8]) -> Option<usize> {
    let mut length = 0;
    loop {
        let (before, rest) = (ends.clone(), &bytes[length..]);
        if !before.is_skipping() && blank_lines(rest) > 0 {
            return Some(length + blank_lines(rest));
        }
        match (ends.next(rest), length) {
            (Some(End::SkippedLine(more) | End::Comment(more)), _) => length += more,
            (Some(End::Record(more)), 0) => return Some(more),
            (None, 0) => return None,
            (Some(End::Record(_)) | None, _) => {
                *ends = before;
                return Some(length);
            }
        }
    }
}

/// Returns how many bytes at the beginning are whole blank lines.
fn blank_lines(bytes: &[u8]) -> usize {
    let end = bytes.iter().position(|byte| !matches!(byte, b'\n' | b'\r')).unwrap_or(bytes.len());
    bytes[..end].iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1)
}
