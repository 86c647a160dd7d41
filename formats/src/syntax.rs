//! Says what is wrong with a text that is not JSON, and where, without the words of the library that reads it.

use std::fmt;

use crate::keys::skip_string;

/// Arrays and objects within one another that are read.
pub const DEPTH_MAX: usize = 127;

/// Longest piece of the text that is shown, in characters.
const FOUND_CHARS_MAX: usize = 20;

/// Why a text is not JSON. Its text fits after the name of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SyntaxError {
    /// The text is empty.
    Empty,
    /// The text ends before the document does.
    CutOff(Place),
    /// The text has more arrays and objects within one another than [`DEPTH_MAX`].
    TooDeep(Place),
    /// At this place stands something else than JSON allows: the beginning of it.
    Unexpected(Place, String),
}

/// A place in a text. A text of one line has columns alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Counted from 1; `None` in a text of one line.
    pub line: Option<usize>,
    /// Counted from 1, in bytes.
    pub column: usize,
}

impl SyntaxError {
    /// Explains an error of reading `text`, unless the text is JSON and only of another shape than expected.
    #[must_use]
    pub fn of(text: &str, error: &serde_json::Error) -> Option<Self> {
        match error.classify() {
            _ if text.trim().is_empty() => Some(Self::Empty),
            serde_json::error::Category::Eof => Some(Self::CutOff(Place::of(text, error))),
            serde_json::error::Category::Syntax => Some(Self::at(text, error)),
            serde_json::error::Category::Data | serde_json::error::Category::Io => None,
        }
    }

    fn at(text: &str, error: &serde_json::Error) -> Self {
        let place = Place::of(text, error);
        let offset = offset(text, error);
        if depth(&text.as_bytes()[..offset]) >= DEPTH_MAX && text[offset..].starts_with(['[', '{']) {
            return Self::TooDeep(place);
        }
        let found: String = text[offset..].lines().next().unwrap_or_default().chars().take(FOUND_CHARS_MAX).collect();
        Self::Unexpected(place, found.replace(char::is_control, "\u{fffd}"))
    }

    /// Returns what to do about it.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::Empty => "check that this is the right file",
            Self::CutOff(_) => "copy the file again, whole",
            Self::TooDeep(_) | Self::Unexpected(..) => "correct the text there, or check that this is the right file",
        }
    }
}

impl Place {
    /// The place of an error of reading `text`.
    #[must_use]
    pub fn of(text: &str, error: &serde_json::Error) -> Self {
        let line = text.trim_end().contains('\n').then_some(error.line());
        Self { line, column: error.column().max(1) }
    }
}

/// The byte at which the reading stopped, moved to the start of its character.
fn offset(text: &str, error: &serde_json::Error) -> usize {
    let lines = text.split_inclusive('\n').take(error.line().saturating_sub(1));
    let mut offset = lines.map(str::len).sum::<usize>() + error.column().saturating_sub(1);
    offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

/// The number of arrays and objects that are open at the end of a text.
fn depth(text: &[u8]) -> usize {
    let (mut depth, mut bytes) = (0_usize, text.iter().copied());
    while let Some(byte) = bytes.next() {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            b'"' => skip_string(&mut bytes),
            _ => {}
        }
    }
    depth
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "at line {line}, column {}", self.column),
            None => write!(f, "at column {}", self.column),
        }
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("found nothing, expected JSON"),
            Self::CutOff(Place { line: None, column }) => write!(f, "the JSON is cut off after {column} characters"),
            Self::CutOff(place) => write!(f, "the JSON is cut off {place}"),
            Self::TooDeep(place) => write!(f, "the JSON has more than {DEPTH_MAX} arrays and objects within one another {place}"),
            Self::Unexpected(place, found) if found.is_empty() => write!(f, "this is not JSON: unexpected end of the line {place}"),
            Self::Unexpected(place, found) => write!(f, "this is not JSON: unexpected `{found}` {place}"),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::*;

    fn said(text: &str) -> String {
        let error = serde_json::from_str::<serde_json::Value>(text).unwrap_err();
        SyntaxError::of(text, &error).unwrap().to_string()
    }

    #[test]
    fn what_is_unexpected_is_shown_with_its_place() {
        for (text, sentence) in [
            ("{\"a\": 1 \"b\": 2}", "this is not JSON: unexpected `\"b\": 2}` at column 9"),
            ("{\"a\": tru}", "this is not JSON: unexpected `}` at column 10"),
            ("{\n  \"a\": é\n}\n", "this is not JSON: unexpected `é` at line 2, column 8"),
            ("[1, 2] 3", "this is not JSON: unexpected `3` at column 8"),
            ("{'a': 1}", "this is not JSON: unexpected `'a': 1}` at column 2"),
            ("a,b\n1,2\n", "this is not JSON: unexpected `a,b` at line 1, column 1"),
            ("[\"a\u{1}\"]", "this is not JSON: unexpected `\u{fffd}\"]` at column 4"),
            ("[1, 2,]", "this is not JSON: unexpected `]` at column 7"),
        ] {
            assert_eq!(said(text), sentence, "{text}");
        }
    }

    #[test]
    fn an_end_is_said_to_be_one() {
        assert_eq!(said(" \n"), "found nothing, expected JSON");
        assert_eq!(said("{\"a\": [1, "), "the JSON is cut off after 10 characters");
        assert_eq!(said("{\"a\":\n[1, "), "the JSON is cut off at line 2, column 4");
    }

    #[test]
    fn depth_is_limited() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(serde_json::from_str::<serde_json::Value>(&nested(DEPTH_MAX)).is_ok());
        assert_eq!(said(&nested(DEPTH_MAX + 1)), "the JSON has more than 127 arrays and objects within one another at column 128");
    }

    #[test]
    fn json_of_another_shape_is_no_syntax_error() {
        let error = serde_json::from_str::<Vec<u8>>("{}").unwrap_err();
        assert_eq!(SyntaxError::of("{}", &error), None);
    }
}
