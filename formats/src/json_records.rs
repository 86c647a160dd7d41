//! Finds where records end in bytes of JSON that come in chunks: one object a line, objects of several lines, or an array of objects.
//!
//! What the bytes are is told from their beginning, up to the end of the first object. Nothing is read that is not needed for that: damaged
//! JSON has ends of records too, and a reader of records finds the damage.
//!
//! *Invariants*: the ends do not depend on where chunks end.

use memchr::memchr;

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
        for (at, &byte) in bytes.iter().enumerate() {
            if self.in_string {
                self.step_in_string(byte);
                continue;
            }
            match byte {
                b'"' => self.in_string = true,
                b'{' | b'[' => self.depth += 1,
                b']' if self.depth == 0 && self.layout == Some(Layout::Array) => self.closed = true,
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        return Some(at + 1);
                    }
                }
                _ => {}
            }
        }
        None
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
    fn one_object_is_told_from_several_records() {
        for (text, several) in [
            ("{\"a\":1}", false),
            ("{\"a\":1}\n \n", false),
            ("\u{feff}{\n\"a\": [{}]\n}\n", false),
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
