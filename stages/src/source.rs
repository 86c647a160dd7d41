//! A data file: its path and its format.

use crate::ports::files::Kind;

/// The format of a data file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A table with a header.
    Csv,
    /// CSV with tabs between its fields.
    Tsv,
    /// One object in a file.
    Json,
    /// One object on each line.
    JsonLines,
    /// Columns in row groups.
    Parquet,
    /// Columns in record batches, as a file or as a stream.
    Arrow,
}

impl Format {
    /// Whether a file of this format holds columns instead of bytes to parse.
    pub fn holds_columns(self) -> bool {
        matches!(self, Self::Parquet | Self::Arrow)
    }

    /// Whether files of this format are CSV, with whatever delimiter.
    pub fn is_csv(self) -> bool {
        matches!(self, Self::Csv | Self::Tsv)
    }

    /// Returns the format of the bytes that the engine receives. Files of columns become CSV (`input::column_csv::each_chunk`).
    #[must_use]
    pub fn of_bytes(self) -> Self {
        if self.holds_columns() || self == Self::Tsv { Self::Csv } else { self }
    }

    /// Returns the name of the bytes' format in a plan.
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv | Self::Tsv | Self::Parquet | Self::Arrow => "csv",
            Self::Json => "json",
            Self::JsonLines => "jsonl",
        }
    }
}

/// A data file to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its path.
    pub path: String,
    /// Its path below the folder that the command line names. The file's own name if the command line names the file.
    pub below: String,
    /// Its format, from its extension.
    pub format: Format,
    /// Whether it is a file or a pipe.
    pub kind: Kind,
}
