//! A place in a formula to an error that points at it: the number of the character, and the text from there on.

use crate::error::{Code, Error, shorten};

/// A formula's text. Places are offsets in bytes, at the beginnings of characters.
#[derive(Clone, Debug)]
pub(super) struct FormulaText(pub(super) String);

impl FormulaText {
    /// Returns the error of a place where something else was expected.
    pub(super) fn unexpected(&self, at: usize, expected: &str, help: impl Into<String>) -> Error {
        let rest = shorten(self.rest(at));
        let sentence = match rest.as_str() {
            "" => format!("at the end of the formula: expected {expected}"),
            _ => format!("{}: found `{rest}`, expected {expected}", self.place(at)),
        };
        let mut error = Error::new(Code::Term, sentence, help);
        error.found = Some(rest);
        error.expected = Some(expected.to_owned());
        error
    }

    /// Returns an error with the place before its sentence.
    pub(super) fn error(&self, code: Code, at: usize, sentence: &str, help: impl Into<String>) -> Error {
        self.locate(at, Error::new(code, sentence, help))
    }

    /// Puts the place before an error's sentence.
    pub(super) fn locate(&self, at: usize, mut error: Error) -> Error {
        let rest = shorten(self.rest(at));
        error.sentence = format!("{}, `{rest}`: {}", self.place(at), error.sentence);
        error.found.get_or_insert(rest);
        error
    }

    fn place(&self, at: usize) -> String {
        let before = self.0.get(..at).unwrap_or(&self.0);
        format!("at character {}", before.chars().count() + 1)
    }

    fn rest(&self, at: usize) -> &str {
        self.0.get(at..).unwrap_or_default().trim_end()
    }
}
