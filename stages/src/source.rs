//! A data file: where it stands and how it is written.

use crate::ports::files::Kind;

/// How data are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A table with a header.
    Csv,
    /// One object a file.
    Json,
    /// One object a line.
    JsonLines,
    /// Columns, in files with row groups.
    Parquet,
    /// Columns, in files or streams of record batches.
    Arrow,
}

impl Format {
    /// Whether a file holds columns rather than bytes to parse.
    pub fn holds_columns(self) -> bool {
        matches!(self, Self::Parquet | Self::Arrow)
    }

    /// The format of the bytes that are handed on: files of columns become CSV (`input::columns::each_chunk`).
    #[must_use]
    pub fn of_bytes(self) -> Self {
        if self.holds_columns() { Self::Csv } else { self }
    }

    /// What a plan calls its bytes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv | Self::Parquet | Self::Arrow => "csv",
            Self::Json => "json",
            Self::JsonLines => "jsonl",
        }
    }
}

/// A file to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Where it stands.
    pub path: String,
    /// Where it stands below the path that was named; its own name if that path is the file.
    pub below: String,
    /// How it is written, by its extension.
    pub format: Format,
    /// What stands there.
    pub kind: Kind,
}
