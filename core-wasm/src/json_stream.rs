//! Bytes of JSON in chunks to the texts of records with their numbers: lines, objects of several lines, or an array of objects.
//!
//! A comma behind a record that stands in no array, and one before the bracket that closes an array, are no JSON, but leave no doubt: they are passed
//! over.
//!
//! *Invariants*: the records do not depend on where chunks end. On lines, a record has the number of its line; else it is counted.
//!
//! *Limits*: a record of at most [`RECORD_BYTES_MAX`](crate::records::RECORD_BYTES_MAX) bytes, and the memory for one.
//!
//! *Not here*: what stands in a record.

use crate::error::{Code, Error, Result, shorten};
use crate::records::check_length;
use samefit_formats::json_records::{Layout, RecordEnds, is_cut_off, object_of};

const BOM: &[u8] = b"\xef\xbb\xbf";

/// A record.
#[derive(Clone, Copy)]
pub(crate) struct RecordText<'t> {
    /// Its number, or that of its line.
    pub(crate) row: u64,
    /// Its object.
    pub(crate) text: &'t [u8],
    /// The white space and punctuation of the record before and after the object.
    pub(crate) around: [&'t [u8]; 2],
    /// Whether a record that follows and has the same around it has the next number.
    pub(crate) is_followed: bool,
}

/// Reads the records of JSON that comes in chunks.
#[derive(Default)]
pub(crate) struct JsonStream {
    ends: RecordEnds,
    /// What was read since the last record.
    bytes: Vec<u8>,
    /// Number of the last record or line.
    row: u64,
    /// Whether no record has ended.
    has_begun: bool,
    /// Whether these bytes are a part of the data, which may lack their beginning or end.
    is_part: bool,
}

impl JsonStream {
    /// Calls `each` with every complete record.
    pub(crate) fn push(&mut self, chunk: &[u8], each: &mut impl FnMut(RecordText<'_>) -> Result<()>) -> Result<()> {
        let mut rest = Some(chunk);
        while let Some(bytes) = rest {
            rest = self.next(bytes, each)?;
        }
        Ok(())
    }

    /// Calls `each` with the first record that ends in some bytes. Returns those after it; none if no record ends there.
    pub(crate) fn next<'c>(&mut self, bytes: &'c [u8], each: &mut impl FnMut(RecordText<'_>) -> Result<()>) -> Result<Option<&'c [u8]>> {
        let Some(end) = self.ends.next(bytes) else {
            self.bytes.extend_from_slice(bytes);
            self.check_length(&self.bytes).map_err(|error| error.at_row(self.row + 1))?;
            return Ok(None);
        };
        let (piece, rest) = bytes.split_at(end);
        if self.bytes.is_empty() {
            self.piece(piece, each)?;
        } else {
            let mut whole = std::mem::take(&mut self.bytes);
            whole.extend_from_slice(piece);
            self.piece(&whole, each)?;
            whole.clear();
            self.bytes = whole;
        }
        Ok(Some(rest))
    }

    /// Whether the next byte follows a record.
    pub(crate) fn is_between_records(&self) -> bool {
        self.has_begun && self.bytes.is_empty() && self.layout().is_some()
    }

    /// Passes over whole records of one line, or of any lines where records are counted. Somebody else has read them.
    pub(crate) fn pass(&mut self, records: u64) {
        self.row += records;
    }

    /// Returns the number of the last record or line.
    pub(crate) fn rows(&self) -> u64 {
        self.row
    }

    /// Returns how the records stand; none while that is unknown.
    pub(crate) fn layout(&self) -> Option<Layout> {
        self.ends.layout()
    }

    /// Sets the number of the next record or line.
    pub(crate) fn continue_at(&mut self, row: u64) {
        self.row = row.saturating_sub(1);
        self.is_part = true;
    }

    /// Says that the bytes are a part of the data: an array need not be closed.
    pub(crate) fn set_part(&mut self) {
        self.is_part = true;
    }

    /// Ends the bytes: reads a last record without a line break.
    ///
    /// # Errors
    /// `json` if an array is not closed, or something stands after it.
    pub(crate) fn finish(&mut self, each: &mut impl FnMut(RecordText<'_>) -> Result<()>) -> Result<()> {
        let rest = std::mem::take(&mut self.bytes);
        let text = self.without_bom(&rest);
        let layout = self.layout();
        if layout != Some(Layout::Array) {
            let record = within(text, object_of(text));
            self.row += if layout == Some(Layout::Objects) { 0 } else { line_breaks(record.around[0]) };
            return if record.text.is_empty() { Ok(()) } else { self.record(RecordText { is_followed: false, ..record }, each) };
        }
        let rest = text.trim_ascii();
        if rest.is_empty() {
            return self.check_closed();
        }
        let record = self.after_comma(rest).map_err(|error| error.at_row(self.row + 1))?;
        match record.strip_prefix(b"]").map(<[u8]>::trim_ascii) {
            Some(b"") => Ok(()),
            Some(more) => Err(after_the_end(more)),
            None if record.is_empty() => self.check_closed(),
            None => self.record(RecordText { is_followed: false, ..within(text, record) }, each),
        }
    }

    /// Refuses an array that ends without its bracket.
    fn check_closed(&self) -> Result<()> {
        match self.is_part {
            true => Ok(()),
            false => Err(Error::new(Code::Json, "the JSON is cut off: the array of records is not closed", "copy the file again, whole")),
        }
    }

    /// Reads bytes up to the end of a record.
    fn piece(&mut self, bytes: &[u8], each: &mut impl FnMut(RecordText<'_>) -> Result<()>) -> Result<()> {
        let text = self.without_bom(bytes);
        match self.layout() {
            Some(Layout::Array) => {
                let record = self.after_comma(text.trim_ascii()).map_err(|error| error.at_row(self.row + 1))?;
                self.has_begun = true;
                if let Some(more) = record.strip_prefix(b"]") {
                    return Err(after_the_end(more.trim_ascii()).at_row(self.row));
                }
                self.record(within(text, record), each)
            }
            Some(Layout::Objects) => self.record(within(text, object_of(text)), each),
            Some(Layout::Lines) | None => self.lines(text, each),
        }
    }

    /// Reads a line with its line break. The first may come with blank lines before and after it.
    fn lines(&mut self, text: &[u8], each: &mut impl FnMut(RecordText<'_>) -> Result<()>) -> Result<()> {
        self.has_begun = true;
        let record = within(text, object_of(text));
        let [before, after] = record.around.map(line_breaks);
        self.row += before;
        if record.text.is_empty() {
            self.row += after;
            return Ok(());
        }
        let result = self.record(RecordText { is_followed: [before, after] == [0, 1], ..record }, each);
        self.row += after.saturating_sub(1);
        // where lines follow, a line that is cut off is no sign of a file that is
        result.map_err(|error| match error.code {
            Code::Json if is_cut_off(record.text) => open_line().at_row(error.row.unwrap_or(self.row)),
            _ => error,
        })
    }

    fn record(&mut self, record: RecordText<'_>, each: &mut impl FnMut(RecordText<'_>) -> Result<()>) -> Result<()> {
        self.has_begun = true;
        self.row += 1;
        let row = self.row;
        self.check_length(record.text).and_then(|()| each(RecordText { row, ..record })).map_err(|error| error.at_row(row))
    }

    /// Returns the bytes without the byte order mark that the data may begin with.
    fn without_bom<'t>(&self, bytes: &'t [u8]) -> &'t [u8] {
        if self.has_begun || self.is_part { bytes } else { bytes.strip_prefix(BOM).unwrap_or(bytes) }
    }

    /// Returns what follows the bracket that opens an array, or the comma after a record. The bracket that closes it is returned with what
    /// follows.
    fn after_comma<'t>(&self, text: &'t [u8]) -> Result<&'t [u8]> {
        let is_first = !self.has_begun && !self.is_part;
        let rest = match text {
            [b'[', rest @ ..] if is_first => rest.trim_ascii_start(),
            [b',', rest @ ..] if !is_first => rest.trim_ascii_start(),
            [] | [b']', ..] => return Ok(text),
            _ => return Err(unexpected(text, "a comma between two records, or the bracket that closes the array")),
        };
        match rest {
            // a comma may stand before the bracket that closes the array
            [] | [b'{' | b'[' | b']', ..] => Ok(rest),
            _ => {
                let value = rest.split(|byte| b",]".contains(byte)).next().unwrap_or_default();
                let error = unexpected(value.trim_ascii(), "an object with the values of a record");
                Err(Error { code: Code::Record, ..error })
            }
        }
    }

    /// Refuses a record that is too long.
    fn check_length(&self, bytes: &[u8]) -> Result<()> {
        check_length(bytes.len()).map_err(|error| match begins_with_a_column(bytes) {
            true => columns_instead(),
            false => error,
        })
    }
}

/// Returns a record whose object is `text`, with what stands around it in `bytes`. Its number is not known.
fn within<'t>(bytes: &'t [u8], text: &'t [u8]) -> RecordText<'t> {
    let start = (text.as_ptr() as usize).saturating_sub(bytes.as_ptr() as usize).min(bytes.len());
    let end = (start + text.len()).min(bytes.len());
    RecordText { row: 0, text, around: [&bytes[..start], &bytes[end..]], is_followed: true }
}

fn line_breaks(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|&&byte| byte == b'\n').count() as u64
}

/// The error of one object whose entries are columns, as pandas writes them if it is not told otherwise.
pub(crate) fn columns_instead() -> Error {
    let sentence = "this is one object whose entries are lists or objects: columns, and not the values of a record";
    Error::new(Code::Record, sentence, "write one record a line; in pandas: to_json(path, orient=\"records\", lines=True)")
}

/// Whether the value of the first key of an object is a list or an object.
fn begins_with_a_column(text: &[u8]) -> bool {
    let after = |text: &'_ [u8], byte: u8| text.trim_ascii_start().strip_prefix(&[byte]).map(<[u8]>::to_vec);
    let first = &text[..text.len().min(4096)];
    let value = after(first, b'{').and_then(|text| after(&text, b'"')).and_then(|text| {
        let key_end = text.iter().position(|&byte| byte == b'"')?;
        after(&text[key_end + 1..], b':')
    });
    value.is_some_and(|value| matches!(value.trim_ascii_start().first(), Some(b'{' | b'[')))
}

fn open_line() -> Error {
    let sentence = "the line ends inside of an object, and other lines are whole records";
    Error::new(Code::Json, sentence, "write each record on one line (jq -c), or copy the file again if this line was cut off")
}

fn after_the_end(found: &[u8]) -> Error {
    unexpected(found, "nothing after the end of the array of records")
}

fn unexpected(found: &[u8], expected: &str) -> Error {
    let found = String::from_utf8_lossy(&found[..found.len().min(200)]).into_owned();
    Error::found(Code::Json, &shorten(&found), expected, "correct the text there, or check that this is the right file")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, size: usize) -> Result<Vec<(u64, String)>> {
        let (mut stream, mut records) = (JsonStream::default(), Vec::new());
        let mut each = |record: RecordText<'_>| {
            records.push((record.row, String::from_utf8_lossy(record.text).into_owned()));
            Ok(())
        };
        text.as_bytes().chunks(size).try_for_each(|chunk| stream.push(chunk, &mut each))?;
        stream.finish(&mut each)?;
        Ok(records)
    }

    #[test]
    fn records_have_the_number_of_their_line_or_are_counted() {
        for (text, expected) in [
            ("{\"a\":1}\n\n {\"a\":2} \r\n{\"a\":3}", &[(1, "{\"a\":1}"), (3, "{\"a\":2}"), (4, "{\"a\":3}")][..]),
            ("\u{feff}\n\n{}\n{\n", &[(3, "{}"), (4, "{")]),
            ("{\n\"a\": 1\n}\n\n{\"a\": 2}{}", &[(1, "{\n\"a\": 1\n}"), (2, "{\"a\": 2}"), (3, "{}")]),
            ("\u{feff}[{\"a\":1},\n {\"a\":2}\n]\n", &[(1, "{\"a\":1}"), (2, "{\"a\":2}")]),
            ("[[1],[2]]", &[(1, "[1]"), (2, "[2]")]),
            ("{\"a\": [1, {}]}", &[(1, "{\"a\": [1, {}]}")]),
            ("{\"a\": \"x\n\n{}\n", &[(1, "{\"a\": \"x"), (3, "{}")]),
            ("{\"a\": 1\n\n{}\n{}", &[(1, "{\"a\": 1"), (3, "{}"), (4, "{}")]),
            ("a,b\n1,2\n", &[(1, "a,b"), (2, "1,2")]),
            ("[ ]", &[]),
            ("[{},\n]", &[(1, "{}")]),
            ("{\"a\":1},\n{\"a\":2} ,\r\n,\n{\"a\":3},\n", &[(1, "{\"a\":1}"), (2, "{\"a\":2}"), (4, "{\"a\":3}")]),
            ("{\"a\":1},{\n},{},\n", &[(1, "{\"a\":1}"), (2, "{\n}"), (3, "{}")]),
            ("{\"a\":1},\n{\"a\":2},,\n", &[(1, "{\"a\":1}"), (2, "{\"a\":2},")]),
            ("\u{1e}{\"a\":1}\n\u{1e}{}\n\u{1e}{}", &[(1, "{\"a\":1}"), (2, "{}"), (3, "{}")]),
            ("\u{1e}{\n}\n\u{1e}{}\n", &[(1, "{\n}"), (2, "{}")]),
            (" \n\n", &[]),
        ] {
            for size in 1..=text.len() {
                let expected: Vec<(u64, String)> = expected.iter().map(|(row, text)| (*row, (*text).to_owned())).collect();
                assert_eq!(read(text, size), Ok(expected), "{text:?} in chunks of {size}");
            }
        }
    }

    #[test]
    fn an_array_that_is_none_is_an_error() {
        for (code, text, row, words) in [
            (Code::Json, "[{}, {}", None, "the array of records is not closed"),
            (Code::Json, "[{}, ", None, "the array of records is not closed"),
            (Code::Json, "[{} {}]", Some(2), "found `{}`, expected a comma between two records"),
            (Code::Json, "[{}]\n{}", Some(1), "found `{}`, expected nothing after the end"),
            (Code::Json, "[{}] x", None, "found `x`, expected nothing after the end"),
            (Code::Record, "[1, 2]", Some(1), "found `1`, expected an object"),
            (Code::Record, "[{}, 2]", Some(2), "found `2`, expected an object"),
            (Code::Record, "[{},,]", Some(2), "found ``, expected an object"),
            (Code::Json, "[{},] {}", Some(1), "found `{}`, expected nothing after the end"),
        ] {
            for size in 1..=text.len() {
                let error = read(text, size).unwrap_err();
                assert_eq!((error.code, error.row), (code, row), "{text}");
                assert!(error.sentence.contains(words), "{text}: {}", error.sentence);
            }
        }
    }

    #[test]
    fn an_object_of_columns_is_told_from_a_long_record() {
        let told =
            ["{\"x\": {\"0\": 1", " {\n\"x\" :[1", "{\"x\": 1, \"y\": [", "[1", ""].map(|text| begins_with_a_column(text.as_bytes()));
        assert_eq!(told, [true, true, false, false, false]);
    }
}
