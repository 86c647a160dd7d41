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
    /// At this place stands something else than JSON allows: the beginning of it, and what it looks like.
    Unexpected(Place, String, Habit),
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
        let habit = Habit::of(&text[..offset], &text[offset..]);
        Self::Unexpected(place, found.replace(char::is_control, "\u{fffd}"), habit)
    }

    /// Returns what to do about it.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::Empty => "check that this is the right file",
            Self::CutOff(_) => "copy the file again, whole",
            Self::Unexpected(_, _, habit) => habit.help(),
            Self::TooDeep(_) => "correct the text there, or check that this is the right file",
        }
    }
}

/// What people and other programs write that is not JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Habit {
    /// Texts in single quotes, as Python prints them.
    SingleQuotes,
    /// `None`, `True`, `False`.
    PythonWords,
    /// Names without quotes.
    BareNames,
    /// A comma before a bracket.
    LastComma,
    /// No comma before a name.
    NoComma,
    /// `//`, `/*` or `#`.
    Comment,
    /// `1,5`.
    DecimalComma,
    /// `+1` or `.5`.
    NumberStart,
    /// `01`.
    LeadingZero,
    /// A tab or another control character inside of a text.
    ControlCharacter,
    /// Anything else.
    Other,
}

impl Habit {
    /// Tells it from the text before the place of an error, and from that after it.
    fn of(before: &str, after: &str) -> Self {
        let trimmed = before.trim_end();
        let starts = |words: &[&str]| words.iter().any(|word| after.starts_with(word));
        let first = after.chars().next().unwrap_or(' ');
        let ends_with_digit = |text: &str| text.ends_with(|last: char| last.is_ascii_digit());
        match trimmed.strip_suffix(',') {
            _ if first == '\'' => Self::SingleQuotes,
            _ if starts(&["None", "True", "False"]) => Self::PythonWords,
            _ if starts(&["//", "/*", "#"]) => Self::Comment,
            _ if first.is_ascii_control() && !first.is_ascii_whitespace() || first == '\t' => Self::ControlCharacter,
            Some(_) if starts(&["}", "]"]) => Self::LastComma,
            Some(number) if ends_with_digit(number) && first.is_ascii_digit() => Self::DecimalComma,
            _ if trimmed.ends_with([',', '{']) && (first.is_alphabetic() || first == '_') => Self::BareNames,
            _ if first == '"' && !trimmed.ends_with([',', ':', '{', '[']) => Self::NoComma,
            _ if first == '+' || first == '.' && !ends_with_digit(trimmed) => Self::NumberStart,
            _ if before.ends_with('0') && first.is_ascii_digit() => Self::LeadingZero,
            _ => Self::Other,
        }
    }

    fn help(self) -> &'static str {
        match self {
            Self::SingleQuotes => "write names and texts in double quotes; Python's json.dumps does, print and str do not",
            Self::PythonWords => "write null, true and false; Python's json.dumps does, print and str do not",
            Self::BareNames => "write each name in double quotes",
            Self::LastComma => "remove the comma before the bracket",
            Self::NoComma => "put a comma before it; if the text before it goes on there, write the quote inside the text as \\\"",
            Self::Comment => "remove the comments: JSON has none",
            Self::DecimalComma => "write numbers with a decimal point: in JSON a comma ends a value",
            Self::NumberStart => "write numbers without a plus sign, and with a digit before the point",
            Self::LeadingZero => "write numbers without zeros in front, and codes such as 007 in double quotes",
            Self::ControlCharacter => "write control characters in a text as escapes, such as \\t for a tab",
            Self::Other => "correct the text there, or check that this is the right file",
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
            Self::Unexpected(place, found, _) if found.is_empty() => write!(f, "this is not JSON: unexpected end of the line {place}"),
            Self::Unexpected(place, found, _) => write!(f, "this is not JSON: unexpected `{found}` {place}"),
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
    fn habits_of_other_programs_are_told() {
        for (text, habit, place) in [
            ("{'a': 1}", Habit::SingleQuotes, "column 2"),
            ("{\"a\": 'x'}", Habit::SingleQuotes, "column 7"),
            ("{\"a\": None}", Habit::PythonWords, "column 7"),
            ("{\"a\": [1, False]}", Habit::PythonWords, "column 11"),
            ("{a: 1}", Habit::BareNames, "column 2"),
            ("{\"a\": 1, b: 2}", Habit::BareNames, "column 10"),
            ("{\"a\": 1,}", Habit::LastComma, "column 9"),
            ("[1, ]", Habit::LastComma, "column 5"),
            ("{\"a\": 1 \"b\": 2}", Habit::NoComma, "column 9"),
            ("// x\n{}", Habit::Comment, "line 1, column 1"),
            ("{\"a\": 1} # x", Habit::Comment, "column 10"),
            ("{\"a\": 1,5}", Habit::DecimalComma, "column 9"),
            ("{\"a\": +1}", Habit::NumberStart, "column 7"),
            ("{\"a\": .5}", Habit::NumberStart, "column 7"),
            ("{\"a\": 007}", Habit::LeadingZero, "column 8"),
            ("[\"a\tb\"]", Habit::ControlCharacter, "column 4"),
            ("{\"a\": 1.0.0}", Habit::Other, "column 10"),
            // not the beginning of a number, but the rest of one
            ("{\"a\": 1 .5}", Habit::Other, "column 9"),
            ("{\"a\"; 1}", Habit::Other, "column 5"),
        ] {
            let error = serde_json::from_str::<serde_json::Value>(text).unwrap_err();
            let found = SyntaxError::of(text, &error).unwrap();
            assert!(matches!(found, SyntaxError::Unexpected(_, _, found) if found == habit), "{text}: {found:?}");
            assert!(found.to_string().ends_with(place), "{text}: {found}");
        }
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
