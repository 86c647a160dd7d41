//! Everything that can stop a stage, what it says to a person, and the exit code it means.

use std::fmt;

/// The component's error record: what is wrong with an input, where, and what to do.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
pub struct Fault {
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

/// Why a stage stopped.
#[derive(Debug)]
pub enum Failure {
    /// Bad input data: values, names, files that are not there, collinear columns.
    Data {
        /// The file at fault, if one is.
        path: Option<String>,
        /// What the component, or the host, found.
        fault: Fault,
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
    /// The component trapped: a fault of samefit, not of the data.
    Trap(String),
    /// A refused model under `--strict`, or a model that differs from its data: the text to show.
    Refused(String),
}

impl Failure {
    /// The process's exit code: 1 failed, 2 usage, 3 bad input, 4 refused.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Io { .. } | Self::Trap(_) => 1,
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

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Data { path, fault } => {
                let (sentence, help) = fault.text.split_once('\n').unwrap_or((&fault.text, ""));
                write!(f, "error: ")?;
                if let Some(path) = path {
                    write!(f, "{path}: ")?;
                }
                match (fault.row, &fault.column) {
                    (Some(row), Some(column)) => write!(f, "row {row}, column `{column}`: ")?,
                    (Some(row), None) => write!(f, "row {row}: ")?,
                    (None, Some(column)) => write!(f, "column `{column}`: ")?,
                    (None, None) => {}
                }
                write!(f, "{sentence}")?;
                if !help.is_empty() {
                    write!(f, "\nhelp: {help}")?;
                }
                Ok(())
            }
            Self::Usage(text) | Self::Refused(text) => write!(f, "error: {text}"),
            Self::Io { path, text } => write!(f, "error: {path}: {text}"),
            Self::Trap(text) => write!(
                f,
                "error: the component stopped unexpectedly ({text})\nhelp: this is a fault of samefit, not of your data; please report it with the command line"
            ),
        }
    }
}
