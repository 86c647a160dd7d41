//! Finds where records end in bytes of JSON that come in chunks: one object a line, objects of several lines, or an array of objects.
//!
//! What the bytes are is told from their beginning, up to the end of the first object. Nothing is read that is not needed for that: damaged
//! JSON has ends of records too, and a reader of records finds the damage.
//!
//! Two habits of other programs are read as well, because they leave no doubt: a comma behind each record that stands in no array, and the control
//! character [`RECORD_SEPARATOR`] before each record (RFC 7464; `jq --seq` and GeoJSON text sequences).
//!
//! *Invariants*: the ends do not depend on where chunks end.

use memchr::memchr;

/// Stands before each record of a JSON text sequence.
pub const RECORD_SEPARATOR: u8 = 0x1e;

/// How records stand in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// One object on each line: JSON Lines.
    Lines,
    /// One object after another, each of any number of lines.
    Objects,
    /// An array of objects.
    Array,
}

/// Finds the ends of records in bytes that come one after another.
#[derive(Clone, Debug, Default)]
pub struct RecordEnds {
    /// `None` until it is known.
    layout: Option<Layout>,
    /// Objects and arrays that are open; the array around all records does not count.
    depth: usize,
    in_string: bool,
    /// Whether the next byte is the second of an escape.
    escaped: bool,
    /// Whether the array around all records is closed.
    closed: bool,
    /// Whether the first object has ended. Only while the layout is unknown.
    first_ended: bool,
    /// Whether a line break stands in the first object. Only while the layout is unknown.
    line_broken: bool,
    /// The last byte that is not white space, outside of strings. Only while the layout is unknown.
    last: u8,
}

/// What a search for the layout has found.
enum Search {
    /// The end of the first record, and the layout.
    End(usize),
    /// The layout alone. The search for the end goes on at this offset.
    GoOn(usize),
}

impl RecordEnds {
    /// Returns how the records stand; none while that is unknown.
    #[must_use]
    pub fn layout(&self) -> Option<Layout> {
        self.layout
    }

    /// Returns the offset just after the next record in `bytes`, if one ends there. Then pass the bytes from there on; if none ends, pass those
    /// that follow `bytes`. A record of [`Layout::Lines`] ends with its line break. White space may be before or after it.
    pub fn next(&mut self, bytes: &[u8]) -> Option<usize> {
        let from = match self.layout {
            Some(_) => 0,
            None => match self.find_layout(bytes)? {
                Search::End(end) => return Some(end),
                Search::GoOn(from) => from,
            },
        };
        let rest = &bytes[from..];
        let end = match self.layout {
            Some(Layout::Lines) => memchr(b'\n', rest).map(|at| at + 1),
            _ => self.object_end(rest),
        };
        end.map(|end| from + end)
    }

    /// Passes over bytes, whatever ends in them.
    pub fn skip(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while self.layout != Some(Layout::Lines) {
            let Some(end) = self.next(rest) else { return };
            rest = &rest[end..];
        }
    }

    /// Whether an array of records ends here without the bracket that closes it, though no record is cut off.
    #[must_use]
    pub fn lacks_bracket(&self) -> bool {
        self.layout == Some(Layout::Array) && !self.closed && self.depth == 0 && !self.in_string
    }

    /// Reads the beginning, until the layout is known.
    fn find_layout(&mut self, bytes: &[u8]) -> Option<Search> {
        for (at, &byte) in bytes.iter().enumerate() {
            if self.in_string {
                if byte == b'\n' {
                    // no JSON: the line is damaged
                    return Some(self.decide(Layout::Lines, Search::End(at + 1)));
                }
                self.step_in_string(byte);
                continue;
            }
            match byte {
                b'\n' if self.first_ended => return Some(self.decide(Layout::Lines, Search::End(at + 1))),
                b'\n' => self.line_broken = self.depth > 0,
                b' ' | b'\t' | b'\r' => {}
                RECORD_SEPARATOR if self.depth == 0 => {}
                b',' if self.first_ended && self.last != b',' => {}
                _ if self.first_ended => return Some(self.decide(Layout::Objects, Search::End(at))),
                b'[' if self.depth == 0 => return Some(self.decide(Layout::Array, Search::GoOn(at + 1))),
                // a byte order mark
                0xef | 0xbb | 0xbf if self.depth == 0 => {}
                b'{' if self.depth == 1 && self.line_broken && self.last != b':' => {
                    // no JSON: the line before is cut off
                    return Some(self.decide(Layout::Lines, Search::End(at)));
                }
                _ if self.line_broken => {
                    self.layout = Some(Layout::Objects);
                    return Some(Search::GoOn(at));
                }
                b'{' | b'[' => self.depth += 1,
                _ if self.depth == 0 => return Some(self.decide(Layout::Lines, Search::GoOn(at))),
                b'}' | b']' => {
                    self.depth -= 1;
                    self.first_ended = self.depth == 0;
                }
                b'"' => self.in_string = true,
                _ => {}
            }
            if !byte.is_ascii_whitespace() {
                self.last = byte;
            }
        }
        None
    }

    /// Sets the layout, between two records.
    fn decide(&mut self, layout: Layout, search: Search) -> Search {
        *self = Self { layout: Some(layout), ..Self::default() };
        search
    }

    /// Returns the offset just after the next object or array that ends, or after a bracket that closes nothing.
    fn object_end(&mut self, bytes: &[u8]) -> Option<usize> {
        let (words, rest) = bytes.as_chunks::<{ Masks::BYTES }>();
        let mut at = 0;
        for word in words {
            let masks = Masks::of(word);
            let end = if masks.backslashes == 0 && !self.escaped { self.end_in_masks(&masks, word) } else { self.end_in_bytes(word) };
            if let Some(end) = end {
                return Some(at + end);
            }
            at += word.len();
        }
        self.end_in_bytes(rest).map(|end| at + end)
    }

    /// As [`Self::object_end`], for bytes without escapes.
    fn end_in_masks(&mut self, masks: &Masks, bytes: &[u8]) -> Option<usize> {
        // each bit is the parity of the quotes up to it
        let parity = [1, 2, 4, 8, 16, 32].iter().fold(masks.quotes, |parity, shift| parity ^ parity << shift);
        let inside = if self.in_string { !parity } else { parity };
        let mut brackets = masks.brackets & !inside;
        self.in_string = false;
        while brackets != 0 {
            let at = brackets.trailing_zeros() as usize;
            brackets &= brackets - 1;
            if self.step_outside(bytes[at]) {
                return Some(at + 1);
            }
        }
        self.in_string = inside >> 63 == 1;
        None
    }

    /// As [`Self::object_end`], byte by byte.
    fn end_in_bytes(&mut self, bytes: &[u8]) -> Option<usize> {
        for (at, &byte) in bytes.iter().enumerate() {
            if self.in_string {
                self.step_in_string(byte);
            } else if byte == b'"' {
                self.in_string = true;
            } else if self.step_outside(byte) {
                return Some(at + 1);
            }
        }
        None
    }

    /// Takes a byte outside of strings that is no quote. Returns whether a record ends with it.
    #[inline]
    fn step_outside(&mut self, byte: u8) -> bool {
        match byte {
            b'{' | b'[' => self.depth += 1,
            b']' if self.depth == 0 && self.layout == Some(Layout::Array) => self.closed = true,
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                return self.depth == 0;
            }
            _ => {}
        }
        false
    }

    #[inline]
    fn step_in_string(&mut self, byte: u8) {
        match byte {
            _ if self.escaped => self.escaped = false,
            b'\\' => self.escaped = true,
            b'"' => self.in_string = false,
            _ => {}
        }
    }
}

/// Which of 64 bytes mean something outside of strings or inside: a bit for each byte.
struct Masks {
    quotes: u64,
    backslashes: u64,
    /// Brackets and braces, and a few letters.
    brackets: u64,
}

impl Masks {
    const BYTES: usize = 64;

    #[inline]
    fn of(bytes: &[u8; Self::BYTES]) -> Self {
        let mut masks = Self { quotes: 0, backslashes: 0, brackets: 0 };
        for (at, eight) in bytes.as_chunks::<8>().0.iter().enumerate() {
            let word = u64::from_le_bytes(*eight);
            masks.quotes |= equal(word, b'"') << (8 * at);
            masks.backslashes |= equal(word, b'\\') << (8 * at);
            // these bits make all four equal, and nothing else but Y, y, _ and the delete character
            masks.brackets |= equal(word | repeat(0x26), 0x7f) << (8 * at);
        }
        masks
    }
}

/// Returns a bit for each of eight bytes: whether it is `byte`.
#[inline]
fn equal(eight: u64, byte: u8) -> u64 {
    let differ = eight ^ repeat(byte);
    // the highest bit of a byte that is not zero
    let is_not_zero = ((differ & repeat(0x7f)) + repeat(0x7f)) | differ;
    // the product brings the eighth bit of each byte into the highest byte
    (!is_not_zero >> 7 & repeat(1)).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

#[inline]
const fn repeat(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// Tells one object, whatever its lines, from several records.
#[derive(Clone, Debug, Default)]
pub struct RecordCount {
    ends: RecordEnds,
    first_ended: bool,
    several: bool,
}

impl RecordCount {
    /// Returns how the records stand; none while that is unknown.
    #[must_use]
    pub fn layout(&self) -> Option<Layout> {
        self.ends.layout()
    }

    /// Takes the next bytes. Returns whether all bytes so far show an array of records, or something behind the first record.
    pub fn are_several(&mut self, bytes: &[u8]) -> bool {
        let mut rest = bytes;
        if !self.first_ended
            && let Some(end) = self.ends.next(rest)
        {
            self.first_ended = true;
            rest = &rest[end..];
        }
        self.several |= self.ends.layout() == Some(Layout::Array) || self.first_ended && !rest.trim_ascii().is_empty();
        self.several
    }
}

/// Returns the object in the bytes of a record that stands in no array: without white space, separators of records, and one comma before or after
/// it. Empty if there is nothing else.
#[must_use]
pub fn object_of(record: &[u8]) -> &[u8] {
    let record = trim(record);
    trim(record.strip_suffix(b",").or_else(|| record.strip_prefix(b",")).unwrap_or(record))
}

/// Returns bytes without white space and separators of records around them.
#[must_use]
pub fn trim(bytes: &[u8]) -> &[u8] {
    let is_space = |byte: &u8| byte.is_ascii_whitespace() || *byte == RECORD_SEPARATOR;
    let start = bytes.iter().position(|byte| !is_space(byte)).unwrap_or(bytes.len());
    let end = bytes.iter().rposition(|byte| !is_space(byte)).map_or(start, |last| last + 1);
    &bytes[start..end]
}

/// Whether a text ends inside of an object, an array or a string.
#[must_use]
pub fn is_cut_off(text: &[u8]) -> bool {
    let mut ends = RecordEnds { layout: Some(Layout::Objects), ..RecordEnds::default() };
    ends.skip(text);
    ends.depth > 0 || ends.in_string
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The records of a text that comes in chunks of some size, with the rest after the last; and the layout.
    fn records(text: &str, size: usize) -> (Vec<String>, Option<Layout>) {
        let (mut ends, mut records) = (RecordEnds::default(), vec![Vec::new()]);
        for chunk in text.as_bytes().chunks(size) {
            let mut rest = chunk;
            while let Some(end) = ends.next(rest) {
                records.last_mut().into_iter().for_each(|record| record.extend_from_slice(&rest[..end]));
                records.push(Vec::new());
                rest = &rest[end..];
            }
            records.last_mut().into_iter().for_each(|record| record.extend_from_slice(rest));
        }
        (records.iter().map(|record| String::from_utf8_lossy(record).into_owned()).collect(), ends.layout())
    }

    #[test]
    fn records_end_as_their_layout_says() {
        for (text, layout, expected) in [
            ("{\"a\":1}\n\n{\"a\":2}", Some(Layout::Lines), &["{\"a\":1}\n", "\n", "{\"a\":2}"][..]),
            ("\u{feff}\n{\"a\":\"}\\\"{\"} \r\n", Some(Layout::Lines), &["\u{feff}\n{\"a\":\"}\\\"{\"} \r\n", ""]),
            ("{\n\"a\": [1]\n}\n{}\n", Some(Layout::Objects), &["{\n\"a\": [1]\n}", "\n{}", "\n"]),
            ("{\"a\":1} {\"a\":2}\n", Some(Layout::Objects), &["{\"a\":1} ", "{\"a\":2}", "\n"]),
            ("{\"a\":\n{}\n}\n", Some(Layout::Objects), &["{\"a\":\n{}\n}", "\n"]),
            (" [ {\"a\":1},\n{\"a\":{}}]\n", Some(Layout::Array), &[" [ {\"a\":1}", ",\n{\"a\":{}}", "]\n"]),
            ("[[1,2],[3]]", Some(Layout::Array), &["[[1,2]", ",[3]", "]"]),
            ("[]", Some(Layout::Array), &["[]"]),
            ("a,b\n1,2\n", Some(Layout::Lines), &["a,b\n", "1,2\n", ""]),
            // a comma behind each record, and a separator before each
            ("{\"a\":1} ,\n{\"a\":2},\n", Some(Layout::Lines), &["{\"a\":1} ,\n", "{\"a\":2},\n", ""]),
            ("{\"a\":1}, {\n},\n", Some(Layout::Objects), &["{\"a\":1}, ", "{\n}", ",\n"]),
            ("\u{1e}{\"a\":1}\n\u{1e}{}\n", Some(Layout::Lines), &["\u{1e}{\"a\":1}\n", "\u{1e}{}\n", ""]),
            ("\u{1e}{\n}\n\u{1e}{}\n", Some(Layout::Objects), &["\u{1e}{\n}", "\n\u{1e}{}", "\n"]),
            // one object, which is all of the text
            ("{\"a\":1}", None, &["{\"a\":1}"]),
            // a damaged line is a line
            ("{\"a\": \"x\n{\"a\":1}\n", Some(Layout::Lines), &["{\"a\": \"x\n", "{\"a\":1}\n", ""]),
            ("{\"a\": 1,\n{\"a\":1}\n", Some(Layout::Lines), &["{\"a\": 1,\n", "{\"a\":1}\n", ""]),
            ("", None, &[""]),
        ] {
            for size in 1..=text.len() + 1 {
                assert_eq!(
                    records(text, size),
                    (expected.iter().map(|record| (*record).to_owned()).collect(), layout),
                    "{text:?} in {size}"
                );
            }
        }
    }

    #[test]
    fn bytes_that_are_looked_at_at_once_end_records_where_single_ones_do() {
        let mut draw = 7u32;
        for _ in 0..300 {
            // brackets, quotes and escapes in any order, among bytes that differ from them by a bit
            let bytes: Vec<u8> = (0..400)
                .map(|_| {
                    draw = draw.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    let pick = (draw >> 20) as usize;
                    if pick.is_multiple_of(97) { b'\\' } else { b"{}[]\"\"\"aaaaaaaaYy_\x7f!#\xa2\xdc\xfb,,,,,,,,"[pick % 32] }
                })
                .collect();
            for layout in [Layout::Array, Layout::Objects] {
                let mut at_once = RecordEnds { layout: Some(layout), ..RecordEnds::default() };
                let mut by_one = at_once.clone();
                let (mut rest, mut other) = (&bytes[..], &bytes[..]);
                loop {
                    let end = at_once.next(rest);
                    assert_eq!(end, by_one.end_in_bytes(other), "{:?}", String::from_utf8_lossy(rest));
                    assert_eq!(format!("{at_once:?}"), format!("{by_one:?}"));
                    let Some(end) = end else { break };
                    (rest, other) = (&rest[end..], &other[end..]);
                }
            }
        }
    }

    #[test]
    fn one_object_is_told_from_several_records() {
        for (text, several) in [
            ("{\"a\":1}", false),
            ("{\"a\":1}\n \n", false),
            ("\u{feff}{\n\"a\": [{}]\n}\n", false),
            ("\u{1e}{\"a\":1},\n", false),
            ("{\"a\":1},\n{", true),
            ("{\"a\":1}\n{", true),
            ("{\"a\":1}{", true),
            ("{\n\"a\":1}\n{", true),
            ("[{\"a\":1}]", true),
            ("", false),
        ] {
            for size in 1..=text.len() + 1 {
                let mut count = RecordCount::default();
                let last = text.as_bytes().chunks(size).map(|chunk| count.are_several(chunk)).last();
                assert_eq!(last.unwrap_or(false), several, "{text:?} in chunks of {size}");
            }
        }
    }

    #[test]
    fn an_object_stands_between_spaces_and_commas() {
        for (record, object) in
            [(" {},\r\n", "{}"), ("\u{1e}{}\n", "{}"), ("\n, {}", "{}"), (" ,\n", ""), ("", ""), ("{},,", "{},"), (",{},", ",{}")]
        {
            assert_eq!(object_of(record.as_bytes()), object.as_bytes(), "{record:?}");
        }
    }

    #[test]
    fn a_text_that_is_cut_off_is_told() {
        for (text, cut) in [("{\"a\": [1, ", true), ("{\"a\": \"}", true), ("{\"a\": 1}", false), ("{\"a\" 1}", false)] {
            assert_eq!(is_cut_off(text.as_bytes()), cut, "{text}");
        }
        let lacks = |text: &str| {
            let mut ends = RecordEnds::default();
            ends.skip(text.as_bytes());
            ends.lacks_bracket()
        };
        assert_eq!(["[{}", "[{}]", "[{}, {", "{}"].map(lacks), [true, false, false, false]);
    }
}
