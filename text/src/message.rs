//! A sentence for a person, and what that person can do.

use std::{fmt, io};

use crate::line;

/// What happened, and what to do about it.
///
/// A host may put one into an [`io::Error`], so that sentence and help stay apart on the way to the person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// What happened: without a capital at its beginning or a full stop at its end.
    pub sentence: String,
    /// What to do, in the imperative.
    pub help: Option<String>,
}

impl Message {
    /// Creates a message with help. Each becomes one line: line breaks and control characters in it become escapes.
    pub fn new(sentence: impl fmt::Display, help: impl fmt::Display) -> Self {
        Self { help: Some(line(&help.to_string()).into_owned()), ..Self::without_help(sentence) }
    }

    /// Creates a message about something that nobody has to act on, on one line.
    pub fn without_help(sentence: impl fmt::Display) -> Self {
        Self { sentence: line(&sentence.to_string()).into_owned(), help: None }
    }
}

/// Writes the sentence, then `help: ` and the help on a line of its own.
impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)?;
        self.help.iter().try_for_each(|help| write!(f, "\nhelp: {help}"))
    }
}

impl std::error::Error for Message {}

impl From<Message> for io::Error {
    fn from(message: Message) -> Self {
        Self::other(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentence_and_help_are_one_line_each() {
        assert_eq!(Message::new("a\nb", "c").to_string(), "a\\nb\nhelp: c");
        assert_eq!(Message::without_help("a").to_string(), "a");
    }
}
