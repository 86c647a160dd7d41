//! Turns a JSON document into one line of JSON Lines, so that thousands of small files can be read as one stream.
//!
//! A line break between tokens means the same as a space. A line break inside a string is not JSON; it stays, and the reader refuses it.

/// The state between two chunks of a document.
#[derive(Default)]
pub(crate) struct JsonLine {
    in_string: bool,
    escaped: bool,
    /// Whether the document held anything but white space.
    started: bool,
}

impl JsonLine {
    /// Returns the next bytes with the line breaks between tokens replaced by spaces, and without a byte order mark at the start. They are in
    /// `buffer`, whatever it held before.
    pub(crate) fn flatten<'a>(&mut self, mut bytes: &'a [u8], buffer: &'a mut Vec<u8>) -> &'a [u8] {
        if !self.started {
            bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        }
        buffer.clear();
        buffer.extend(bytes.iter().map(|&byte| self.byte(byte)));
        buffer
    }

    /// Whether the document held anything but white space. One that does not is not a record, and as a blank line it would not be noticed.
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
        let (mut line, mut buffer) = (JsonLine::default(), Vec::new());
        let flat: Vec<u8> = text.as_bytes().chunks(3).flat_map(|part| line.flatten(part, &mut buffer).to_vec()).collect();
        (String::from_utf8(flat).unwrap(), line.holds_something())
    }

    #[test]
    fn line_breaks_between_tokens_become_spaces() {
        assert_eq!(flat("\u{feff}{\r\n \"a\": 1\n}\n").0, "{   \"a\": 1 } ");
    }

    #[test]
    fn line_breaks_in_strings_stay() {
        assert_eq!(flat("{\"a\\\"\n\": 1}").0, "{\"a\\\"\n\": 1}");
    }

    #[test]
    fn white_space_is_not_a_document() {
        assert!(!flat(" \n").1);
        assert!(flat("{}").1);
    }
}
