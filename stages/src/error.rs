//! Everything that can stop a stage: what it says to a person, and its exit code.
//!
//! **Wording.** As in the component: a sentence without a capital or a full stop that says what is wrong, and a help that says what to do. Names
//! from the command line and from files stand in backquotes.

use std::{fmt, io};

pub use samefit_text::message::Message;

use crate::code::Code;

/// What a stage returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error in the data, or a note on them: what is wrong, where, and what to do.
///
/// As JSON it is the component's error record, [`ErrorRecord`].
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(from = "ErrorRecord", into = "ErrorRecord")]
pub struct InputError {
    /// The kind of error.
    pub code: Code,
    /// The row as a spreadsheet counts: the header is row 1.
    pub row: Option<u64>,
    /// Whether rows are counted records, and not lines of a file.
    pub rows_are_records: bool,
    /// The column, feature or term at fault.
    pub column: Option<String>,
    /// What is there.
    pub found: Option<String>,
    /// What should be there.
    pub expected: Option<String>,
    /// What is wrong and what to do, without row and column.
    pub message: Message,
}

/// The component's error record, as its contract and its JSON have it.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[allow(missing_docs, reason = "the fields are those of `InputError`")]
pub struct ErrorRecord {
    pub code: String,
    pub row: Option<u64>,
    pub column: Option<String>,
    pub found: Option<String>,
    pub expected: Option<String>,
    /// The sentence.
    pub text: String,
    /// Empty if there is none.
    pub help: String,
}

/// Why a stage stopped.
#[derive(Debug)]
pub enum Error {
    /// Bad input: values, names, files that do not exist, collinear columns.
    Data {
        /// The file at fault, if one is.
        path: Option<String>,
        /// What the component or the host found.
        fault: InputError,
    },
    /// Wrong use of the command line.
    Usage(Message),
    /// A read or write that failed.
    Io {
        /// The path at fault.
        path: String,
        /// What was tried, and what the system said.
        message: Message,
    },
    /// More memory is needed than there is, or than a stage may have.
    Memory(Message),
    /// The component trapped, or broke its contract. This is a bug in samefit, never bad data.
    Trap(String),
    /// A model that is refused under `--strict`, or that differs from its data.
    Refused(Message),
}

/// Returns what an I/O error says. `tried`: such as `cannot be read`.
fn message_of_io(tried: &str, error: &io::Error) -> Message {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Message>()) {
        Some(Message { sentence, help }) => Message { sentence: format!("{tried}: {sentence}"), help: help.clone() },
        None => Message::without_help(format_args!("{tried}: {error}")),
    }
}

impl From<ErrorRecord> for InputError {
    fn from(record: ErrorRecord) -> Self {
        let ErrorRecord { code, row, column, found, expected, text, help } = record;
        // parts of a record may come from a file, so a line break in it must not look like another message
        let message = if help.is_empty() { Message::without_help(text) } else { Message::new(text, help) };
        Self { code: code.into(), row, rows_are_records: false, column, found, expected, message }
    }
}

impl From<InputError> for ErrorRecord {
    fn from(error: InputError) -> Self {
        let InputError { code, row, rows_are_records: _, column, found, expected, message } = error;
        let Message { sentence: text, help } = message;
        Self { code: code.into(), row, column, found, expected, text, help: help.unwrap_or_default() }
    }
}

impl InputError {
    /// An error that is found without the component.
    pub fn new(code: Code, sentence: impl fmt::Display, help: impl fmt::Display) -> Self {
        Self { code, row: None, rows_are_records: false, column: None, found: None, expected: None, message: Message::new(sentence, help) }
    }

    /// The same error, in this row.
    #[must_use]
    pub fn at_row(self, row: u64) -> Self {
        Self { row: Some(row), ..self }
    }

    /// The same error, in this column.
    #[must_use]
    pub fn in_column(self, column: impl Into<String>) -> Self {
        Self { column: Some(column.into()), ..self }
    }

    /// The same error, in this file.
    #[must_use]
    pub fn in_file(self, path: &str) -> Error {
        Error::Data { path: Some(path.to_owned()), fault: self }
    }
}

/// Row and column, the sentence, then the help on a line of its own. The file is not named.
impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let column = self.column.as_deref().map(samefit_text::name);
        let word = if self.rows_are_records { "record" } else { "row" };
        match (self.row, &column) {
            (Some(row), Some(column)) => write!(f, "{word} {row}, column `{column}`: ")?,
            (Some(row), None) => write!(f, "{word} {row}: ")?,
            (None, Some(column)) => write!(f, "column `{column}`: ")?,
            (None, None) => {}
        }
        self.message.fmt(f)
    }
}

impl Error {
    /// Wrong use of the command line.
    pub fn usage(sentence: impl fmt::Display, help: impl fmt::Display) -> Self {
        Self::Usage(Message::new(sentence, help))
    }

    /// Memory that is not there, or more than the limit.
    pub fn memory(sentence: impl fmt::Display, help: impl fmt::Display) -> Self {
        Self::Memory(Message::new(sentence, help))
    }

    /// A read or write of `path` that failed.
    pub fn io(path: impl Into<String>, message: Message) -> Self {
        Self::Io { path: path.into(), message }
    }

    /// A file that cannot be read, in the system's words.
    pub fn reading(path: impl Into<String>, error: &io::Error) -> Self {
        Self::io(path, message_of_io("cannot be read", error))
    }

    /// A file that cannot be written, in the system's words.
    pub fn writing(path: impl Into<String>, error: &io::Error) -> Self {
        Self::io(path, message_of_io("cannot be written", error))
    }

    /// Returns the process's exit code: 1 failed, 2 usage, 3 bad input, 4 refused.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Io { .. } | Self::Memory(_) | Self::Trap(_) => 1,
            Self::Usage(_) => 2,
            Self::Data { .. } => 3,
            Self::Refused(_) => 4,
        }
    }

    /// The same error, in this file. An error that names a file already keeps it.
    #[must_use]
    pub fn in_file(self, path: &str) -> Self {
        match self {
            Self::Data { path: None, fault } => fault.in_file(path),
            other => other,
        }
    }
}

impl From<InputError> for Error {
    fn from(fault: InputError) -> Self {
        Self::Data { path: None, fault }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Data { path: Some(path), fault } => write!(f, "error: {}: {fault}", samefit_text::line(path)),
            Self::Data { path: None, fault } => write!(f, "error: {fault}"),
            Self::Io { path, message } => write!(f, "error: {}: {message}", samefit_text::line(path)),
            Self::Usage(message) | Self::Refused(message) | Self::Memory(message) => write!(f, "error: {message}"),
            Self::Trap(text) => write!(
                f,
                "error: the component stopped unexpectedly ({})\nhelp: this is a bug in samefit, not an error in your data; please report it with the command line",
                samefit_text::line(text)
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORD: &str = r#"{"code":"not-a-number","row":17,"column":"bmi","found":"2l.6","expected":null,"text":"found `2l.6`, expected a decimal number","help":"correct the cell"}"#;

    fn not_a_number() -> InputError {
        serde_json::from_str(RECORD).unwrap()
    }

    #[test]
    fn an_input_error_names_file_row_and_column() {
        let text = not_a_number().in_file("clinic.csv").to_string();
        assert_eq!(text, "error: clinic.csv: row 17, column `bmi`: found `2l.6`, expected a decimal number\nhelp: correct the cell");
        let text = Error::from(InputError { row: None, column: None, ..not_a_number() }).to_string();
        assert_eq!(text, "error: found `2l.6`, expected a decimal number\nhelp: correct the cell");
    }

    #[test]
    fn an_input_error_is_the_components_record_as_json() {
        assert_eq!(not_a_number().message, Message::new("found `2l.6`, expected a decimal number", "correct the cell"));
        assert_eq!(serde_json::to_string(&not_a_number()).unwrap(), RECORD);
    }

    #[test]
    fn the_first_file_named_stays() {
        let error = Error::from(InputError { row: None, column: None, ..not_a_number() });
        assert!(error.in_file("a.csv").in_file("b.csv").to_string().starts_with("error: a.csv: found"));
    }

    #[test]
    fn help_is_on_a_line_of_its_own() {
        assert_eq!(Error::usage("no threshold", "give --threshold").to_string(), "error: no threshold\nhelp: give --threshold");
        let error = io::Error::from(Message::new("it is a pipe", "name a file"));
        assert_eq!(Error::writing("x", &error).to_string(), "error: x: cannot be written: it is a pipe\nhelp: name a file");
    }
}
