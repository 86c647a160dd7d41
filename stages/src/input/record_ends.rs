//! Finds where records end in bytes that come in pieces, without reading what is in them.
//!
//! In CSV a line break inside quotes does not end a record. A byte is inside quotes after an odd number of quote characters (RFC 4180 doubles a
//! quote that belongs to a field), not counting those in lines that are passed over. In JSON no line break stands inside a string.
//!
//! *Not here*: the line `sep=;`, which has no quote and no line break in it and so ends like a record.

use memchr::{memchr, memrchr};
use samefit_formats::csv::{self, RECORD_END};
use samefit_formats::json_records;

use crate::source::Format;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The lines of CSV that are passed over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PassedLines {
    /// How many at the beginning of the file.
    pub skip: u64,
    /// The byte with which others begin.
    pub comment: Option<u8>,
}

/// The end of a record or of a line that is passed over: the offset just after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Record(usize),
    /// Of a line that is passed over because of its place.
    SkippedLine(usize),
    Comment(usize),
}

impl End {
    pub(crate) fn offset(self) -> usize {
        match self {
            Self::Record(offset) | Self::SkippedLine(offset) | Self::Comment(offset) => offset,
        }
    }
}

/// Finds the ends of the records of one file, piece by piece.
#[derive(Clone, Debug)]
pub(crate) enum RecordEnds {
    Csv(CsvEnds),
    Json(json_records::RecordEnds),
}

/// Finds the ends of the records of CSV.
#[derive(Clone, Debug)]
pub(crate) struct CsvEnds {
    passed: PassedLines,
    /// Whether the file has begun.
    begun: bool,
    /// Whether the next byte is inside quotes.
    quoted: bool,
    line: Line,
}

/// Where the next byte is in its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    /// Before the first byte of a record or of a comment.
    Start,
    Record,
    Comment,
}

impl RecordEnds {
    /// Finds ends from the beginning of a file in this format on.
    pub(crate) fn new(format: Format, passed: PassedLines) -> Self {
        if format.of_bytes() != Format::Csv {
            return Self::Json(json_records::RecordEnds::default());
        }
        let passed = if format.holds_columns() { PassedLines::default() } else { passed };
        Self::Csv(CsvEnds { passed, begun: false, quoted: false, line: Line::Start })
    }

    /// Whether the next byte is inside quotes of CSV.
    pub(crate) fn is_quoted(&self) -> bool {
        matches!(self, Self::Csv(ends) if ends.quoted)
    }

    /// Whether the next line is passed over because of its place.
    pub(crate) fn is_skipping(&self) -> bool {
        matches!(self, Self::Csv(ends) if ends.is_skipping())
    }

    /// Whether the bytes so far are an array of records that is not closed, and no record is cut off.
    pub(crate) fn lacks_bracket(&self) -> bool {
        matches!(self, Self::Json(ends) if ends.lacks_bracket())
    }

    /// Returns how records stand in JSON; none in CSV, and while that is unknown.
    pub(crate) fn layout(&self) -> Option<json_records::Layout> {
        if let Self::Json(ends) = self { ends.layout() } else { None }
    }

    /// Returns the end of what has begun, if the file ends after `offset` more bytes.
    pub(crate) fn last(&self, offset: usize) -> End {
        match self {
            Self::Csv(ends) => ends.last(offset),
            Self::Json(_) => End::Record(offset),
        }
    }

    /// Returns the first end in the bytes, if there is one. The next bytes follow it, or all of `bytes`.
    pub(crate) fn next(&mut self, bytes: &[u8]) -> Option<End> {
        match self {
            Self::Csv(ends) => ends.next(bytes),
            Self::Json(ends) => ends.next(bytes).map(End::Record),
        }
    }

    /// Passes over bytes.
    pub(crate) fn pass(&mut self, bytes: &[u8]) {
        match self {
            Self::Csv(ends) => ends.pass(bytes),
            Self::Json(ends) => ends.skip(bytes),
        }
    }
}

impl CsvEnds {
    fn is_skipping(&self) -> bool {
        self.passed.skip > 0
    }

    fn last(&self, offset: usize) -> End {
        match () {
            () if self.is_skipping() => End::SkippedLine(offset),
            () if self.line == Line::Comment => End::Comment(offset),
            () => End::Record(offset),
        }
    }

    fn next(&mut self, bytes: &[u8]) -> Option<End> {
        let mark = self.pass_mark(bytes);
        let offset = |at: usize| at + 1;
        match () {
            () if self.passed.skip > 0 => memchr(RECORD_END, bytes).map(|at| {
                self.passed.skip -= 1;
                End::SkippedLine(offset(at))
            }),
            () if self.passed.comment.is_none() => csv::record_end(bytes, &mut self.quoted).map(End::Record),
            () => bytes[mark..].iter().enumerate().find_map(|(at, byte)| self.step(*byte, mark + offset(at))),
        }
    }

    fn pass(&mut self, bytes: &[u8]) {
        let mut rest = &bytes[self.pass_mark(bytes)..];
        while self.passed.skip > 0 {
            let Some(at) = memchr(RECORD_END, rest) else { return };
            self.passed.skip -= 1;
            rest = &rest[at + 1..];
        }
        // most tables have no quote, and to find that out is much faster than to look at each byte
        match (memchr(b'"', rest).is_some(), self.passed.comment) {
            (false, None) => {}
            (true, None) => self.quoted ^= csv::quotes(rest) % 2 == 1,
            (false, Some(comment)) => self.pass_without_quotes(rest, comment),
            (true, Some(_)) => rest.iter().for_each(|byte| {
                self.step(*byte, 0);
            }),
        }
    }

    /// Passes over bytes in which no quote stands.
    fn pass_without_quotes(&mut self, bytes: &[u8], comment: u8) {
        if self.quoted {
            return;
        }
        let (begins_line, line) = match memrchr(RECORD_END, bytes) {
            Some(at) => (true, &bytes[at + 1..]),
            None => (self.line == Line::Start, bytes),
        };
        match line.first() {
            None if begins_line => self.line = Line::Start,
            Some(first) if begins_line => self.line = if *first == comment { Line::Comment } else { Line::Record },
            _ => {}
        }
    }

    /// Returns the length of the mark that UTF-8 text may begin with.
    fn pass_mark(&mut self, bytes: &[u8]) -> usize {
        let is_first = !std::mem::replace(&mut self.begun, true);
        if is_first && bytes.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 }
    }

    /// Takes one byte of CSV with comments. `after`: the offset after it.
    fn step(&mut self, byte: u8, after: usize) -> Option<End> {
        if self.line == Line::Comment || self.line == Line::Start && Some(byte) == self.passed.comment {
            self.line = if byte == RECORD_END { Line::Start } else { Line::Comment };
            return (byte == RECORD_END).then_some(End::Comment(after));
        }
        self.quoted ^= byte == b'"';
        let ends = byte == RECORD_END && !self.quoted;
        self.line = if ends { Line::Start } else { Line::Record };
        ends.then_some(End::Record(after))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The records and the lines that are passed over, of bytes that come in pieces.
    fn pieces(bytes: &[u8], passed: PassedLines, size: usize) -> Vec<(bool, String)> {
        let (mut ends, mut found, mut current) = (RecordEnds::new(Format::Csv, passed), Vec::new(), Vec::new());
        for mut piece in bytes.chunks(size) {
            while let Some(end) = ends.next(piece) {
                let (head, tail) = piece.split_at(end.offset());
                current.extend_from_slice(head);
                found.push((matches!(end, End::Record(_)), String::from_utf8_lossy(&std::mem::take(&mut current)).into_owned()));
                piece = tail;
            }
            current.extend_from_slice(piece);
        }
        found
    }

    #[test]
    fn quotes_in_lines_that_are_passed_over_mean_nothing() {
        let passed = PassedLines { skip: 2, comment: Some(b'#') };
        let text = "\u{feff}5\" pipes\n\n# \"\na,\"b\n#\"\n#1,2\n\"\n#\"\n";
        let expected = [(false, "\u{feff}5\" pipes\n"), (false, "\n"), (false, "# \"\n"), (true, "a,\"b\n#\"\n"), (false, "#1,2\n")];
        let found = pieces(text.as_bytes(), passed, 1000);
        assert_eq!(found.iter().map(|(is_record, text)| (*is_record, text.as_str())).take(5).collect::<Vec<_>>(), expected);
        assert!(!RecordEnds::new(Format::Parquet, passed).is_skipping());
    }

    proptest! {
        /// Passing over bytes leaves the same state as finding every end in them.
        #[test]
        fn bytes_can_be_passed_over(
            text in "(\u{feff})?[a,#\"\n]{3,60}",
            at in 3usize..60,
            skip in 0u64..3,
            comment in prop::option::of(Just(b'#')),
        ) {
            let (bytes, passed) = (text.as_bytes(), PassedLines { skip, comment });
            let at = at.min(bytes.len());
            let mut passing = RecordEnds::new(Format::Csv, passed);
            passing.pass(&bytes[..at]);
            let mut finding = RecordEnds::new(Format::Csv, passed);
            let mut rest = &bytes[..at];
            while let Some(end) = finding.next(rest) {
                rest = &rest[end.offset()..];
            }
            let state = |ends: &RecordEnds| match ends {
                RecordEnds::Csv(ends) => Some((ends.quoted, ends.passed.skip, comment.map(|_| ends.line))),
                RecordEnds::Json(_) => None,
            };
            prop_assert_eq!(state(&passing), state(&finding));
            prop_assert_eq!(passing.next(&bytes[at..]), finding.next(&bytes[at..]));
        }

        #[test]
        fn ends_do_not_depend_on_pieces(text in "(\u{feff})?[a,#\"\n]{0,60}", size in 3usize..20, skip in 0u64..3) {
            let passed = PassedLines { skip, comment: Some(b'#') };
            prop_assert_eq!(pieces(text.as_bytes(), passed, 1000), pieces(text.as_bytes(), passed, size));
        }
    }
}
