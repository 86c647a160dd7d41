//! Everything that can stop a stage, what it says to a person, and the exit code it means.
//!
//! **Wording.** As in the component: a sentence without a capital or a full stop, then after a line break what to do. Names from the command
//! line and from files stand in backquotes.

use std::fmt;

/// What a stage returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The component's error record: what is wrong with an input, where, and what to do.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
pub struct InputError {
    /// Stable kebab-case name.
    pub code: String,
    /// As a spreadsheet counts: the header is row 1.
    pub row: Option<u64>,
    /// Column, feature or term at fault.
    pub column: Option<String>,
    /// What stood there.
    pub found: Option<String>,
    /// What should have stood there.
    pub expected: Option<String>,
    /// English sentence and, after a line break, what to do; it does not repeat row and column.
    pub text: String,
}

/// The codes of faults that are found without the component, and what they mean. Where it finds the same, it uses the same code.
pub const CODES: &[(&str, &str)] = &[
    ("not-found", "A file or folder that is not there."),
    ("no-data-files", "A folder without a file of data."),
    ("unsupported-format", "A file in a format that this version does not read."),
    ("column-type", "A column of a type whose values are no numbers, in Parquet or Arrow."),
    ("damaged", "A Parquet or Arrow file that is cut off, damaged or something else."),
    ("duplicate-column", "Two columns with the same name, in Parquet or Arrow."),
    ("gzip", "Data compressed with gzip that are cut off or damaged."),
    ("zstd", "Data compressed with Zstandard that are cut off or damaged, or that need too much memory."),
    ("document-too-large", "A JSON document of a size that none of ours has."),
    (
        "capacity",
        "More than is read: a record of a length that no table has (most often a quote that is never closed), too many columns, or pages, texts and batches of Parquet and Arrow that are too large.",
    ),
    ("quote", "A quote that is never closed."),
    ("no-rows", "There is no row to part."),
    ("not-utf-8", "Bytes that are not UTF-8 text."),
    ("json", "Text that is not JSON, or JSON that is cut off."),
    ("duplicate-key", "A JSON object that names a key twice."),
    ("cannot-split", "Data that cannot be parted in two: too few records on a side, or one object."),
    ("not-ours", "A file that is neither a model, nor statistics, nor a component."),
];

impl InputError {
    /// A fault of the host's own, one of [`CODES`], with a sentence and what to do.
    pub fn new(code: &'static str, sentence: impl fmt::Display, help: impl fmt::Display) -> Self {
        debug_assert!(CODES.iter().any(|(known, _)| *known == code), "{code} is not in CODES");
        let [sentence, help] = [sentence.to_string(), help.to_string()];
        let text = format!("{}\n{}", samefit_text::line(&sentence), samefit_text::line(&help));
        Self { code: code.to_owned(), text, ..Self::default() }
    }

    /// This fault in this file.
    #[must_use]
    pub fn in_file(self, path: &str) -> Error {
        Error::Data { path: Some(path.to_owned()), fault: self }
    }
}

/// As a person reads it, without the file: "row 17, column `bmi`: found ..", then the help on its own line.
impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let column = self.column.as_deref().map(samefit_text::name);
        match (self.row, &column) {
            (Some(row), Some(column)) => write!(f, "row {row}, column `{column}`: ")?,
            (Some(row), None) => write!(f, "row {row}: ")?,
            (None, Some(column)) => write!(f, "column `{column}`: ")?,
            (None, None) => {}
        }
        write!(f, "{}", with_help(&self.text))
    }
}

/// Why a stage stopped.
#[derive(Debug)]
pub enum Error {
    /// Bad input data: values, names, files that are not there, collinear columns.
    Data {
        /// The file at fault, if one is.
        path: Option<String>,
        /// What the component, or the host, found.
        fault: InputError,
    },
    /// Wrong usage of the command line.
    Usage(String),
    /// Input or output that failed: the path and the system's words.
    Io {
        /// The path at fault.
        path: String,
        /// What was tried and what the system said.
        text: String,
    },
    /// More memory than there is, or than a stage may have: what was exceeded, and after a line break what to do.
    Memory(String),
    /// The component trapped: a fault of samefit, not of the data.
    Trap(String),
    /// A refused model under `--strict`, or a model that differs from its data: the text to show.
    Refused(String),
}

impl Error {
    /// The process's exit code: 1 failed, 2 usage, 3 bad input, 4 refused.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Io { .. } | Self::Memory(_) | Self::Trap(_) => 1,
            Self::Usage(_) => 2,
            Self::Data { .. } => 3,
            Self::Refused(_) => 4,
        }
    }

    /// Puts the file's name to a fault that has none.
    #[must_use]
    pub fn in_file(self, name: &str) -> Self {
        match self {
            Self::Data { path: None, fault } => Self::Data { path: Some(name.to_owned()), fault },
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
            Self::Usage(text) | Self::Refused(text) => write!(f, "error: {}", with_help(text)),
            Self::Io { path, text } => write!(f, "error: {}: {}", samefit_text::line(path), with_help(text)),
            Self::Memory(text) => write!(f, "error: {}", with_help(text)),
            Self::Trap(text) => write!(
                f,
                "error: the component stopped unexpectedly ({})\nhelp: this is a fault of samefit, not of your data; please report it with the command line",
                samefit_text::line(text)
            ),
        }
    }
}

fn with_help(text: &str) -> String {
    text.replacen('\n', "\nhelp: ", 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(row: Option<u64>, column: Option<&str>) -> Error {
        let text = "found `2l.6`, expected a decimal number\ncorrect the cell".to_owned();
        Error::Data { path: None, fault: InputError { row, column: column.map(str::to_owned), text, ..InputError::default() } }
    }

    #[test]
    fn a_fault_names_file_row_and_column() {
        let text = fault(Some(17), Some("bmi")).in_file("clinic.csv").to_string();
        assert_eq!(text, "error: clinic.csv: row 17, column `bmi`: found `2l.6`, expected a decimal number\nhelp: correct the cell");
        assert_eq!(fault(None, None).to_string(), "error: found `2l.6`, expected a decimal number\nhelp: correct the cell");
    }

    #[test]
    fn the_first_file_named_stays() {
        assert!(fault(None, None).in_file("a.csv").in_file("b.csv").to_string().starts_with("error: a.csv: found"));
    }

    #[test]
    fn help_stands_on_a_line_of_its_own() {
        assert_eq!(Error::Usage("no threshold\ngive --threshold".into()).to_string(), "error: no threshold\nhelp: give --threshold");
    }
}
