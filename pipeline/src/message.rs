//! A sentence for a person, and what that person can do.
//!
//! *Invariants*: sentence and help are one line each. Line breaks and control characters in them become escapes.

use std::fmt;

use samefit_text::line;

/// What happened, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// What happened: without a capital at its beginning or a full stop at its end.
    pub sentence: String,
    /// What to do, in the imperative.
    pub help: Option<String>,
}

impl Message {
    /// Creates a message with help.
    pub fn new(sentence: impl fmt::Display, help: impl fmt::Display) -> Self {
        Self { help: Some(line(&help.to_string()).into_owned()), ..Self::without_help(sentence) }
    }

    /// Creates a message about something that nobody has to act on.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentence_and_help_are_one_line_each() {
        assert_eq!(Message::new("a\nb", "c").to_string(), "a\\nb\nhelp: c");
        assert_eq!(Message::without_help("a").to_string(), "a");
    }
}
