//! The bytes of a JSON document to one line of JSON Lines, so that thousands of small files make one stream.
//!
//! Between tokens a line break means as much as a space; inside a string it is not JSON, and is left for the reader to refuse.

/// What has been seen of a document so far.
#[derive(Default)]
pub(crate) struct JsonLine {
    in_string: bool,
    escaped: bool,
    started: bool,
}

impl JsonLine {
    /// The next bytes, with line breaks between tokens made spaces. A byte order mark at the start is dropped.
    pub(crate) fn flatten<'a>(&mut self, mut bytes: &'a [u8], out: &'a mut Vec<u8>) -> &'a [u8] {
        if !self.started {
            bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        }
        out.clear();
        out.extend(bytes.iter().map(|&byte| self.byte(byte)));
        out
    }

    /// Whether the document held anything but white space: an empty file is no record, and an empty line would be passed over.
    pub(crate) fn holds_something(&self) -> bool {
        self.started
    }

    fn byte(&mut self, byte: u8) -> u8 {
        self.started |= !byte.is_ascii_whitespace();
        match byte {
            _ if self.escaped => self.escaped = false,
            b'\\' => self.escaped = self.in_string,
            b'"' => self.in_string = !self.in_string,
            b'\n' | b'\r' if !self.in_string => return b' ',
            _ => {}
        }
        byte
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(text: &str) -> (String, bool) {
        let (mut line, mut out) = (JsonLine::default(), Vec::new());
        let flat: Vec<u8> = text.as_bytes().chunks(3).flat_map(|part| line.flatten(part, &mut out).to_vec()).collect();
        (String::from_utf8(flat).unwrap(), line.holds_something())
    }

    #[test]
    fn breaks_between_tokens_become_spaces() {
        assert_eq!(flat("\u{feff}{\r\n \"a\": 1\n}\n").0, "{   \"a\": 1 } ");
    }

    #[test]
    fn breaks_in_strings_stay() {
        assert_eq!(flat("{\"a\\\"\n\": 1}").0, "{\"a\\\"\n\": 1}");
    }

    #[test]
    fn nothing_is_seen_to_be_nothing() {
        assert!(!flat(" \n").1);
        assert!(flat("{}").1);
    }
}
