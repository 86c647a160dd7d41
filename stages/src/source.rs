//! A data file: its path and its format.

use samefit_formats::csv;
use samefit_formats::json_records;

use crate::ports::files::Kind;

/// The format of a data file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A table with a header.
    Csv,
    /// One object in a file.
    Json,
    /// Objects: one on each line, one after another, or in an array.
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

    /// Returns the format of the bytes that the engine receives. Files of columns become CSV (`input::column_csv::each_chunk`).
    #[must_use]
    pub fn of_bytes(self) -> Self {
        if self.holds_columns() { Self::Csv } else { self }
    }

    /// Returns the name of the bytes' format in a plan.
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv | Self::Parquet | Self::Arrow => "csv",
            Self::Json => "json",
            Self::JsonLines => "jsonl",
        }
    }
}

/// Finds the ends of records in the bytes of a file, which come one after another.
#[derive(Clone, Debug)]
pub(crate) enum RecordEnds {
    /// Whether the next byte is inside a quoted field.
    Csv(bool),
    /// In JSON, no line break stands inside a string.
    Json(json_records::RecordEnds),
}

impl RecordEnds {
    /// Of a file in this format, from its beginning.
    pub(crate) fn new(format: Format) -> Self {
        match format.of_bytes() {
            Format::Csv => Self::Csv(false),
            _ => Self::Json(json_records::RecordEnds::default()),
        }
    }

    /// Returns the offset just after the next record in `bytes`, if one ends there. Then pass the bytes from there on, else those that follow.
    pub(crate) fn next(&mut self, bytes: &[u8]) -> Option<usize> {
        match self {
            Self::Csv(quoted) => csv::record_end(bytes, quoted),
            Self::Json(ends) => ends.next(bytes),
        }
    }

    /// Passes over bytes, whatever ends in them.
    pub(crate) fn skip(&mut self, bytes: &[u8]) {
        match self {
            // most tables have no quote, and to find that out is much faster than to count
            Self::Csv(quoted) => *quoted ^= memchr::memchr(b'"', bytes).is_some() && csv::quotes(bytes) % 2 == 1,
            Self::Json(ends) => ends.skip(bytes),
        }
    }

    /// Whether the bytes so far end inside a quoted field.
    pub(crate) fn is_quoted(&self) -> bool {
        matches!(self, Self::Csv(true))
    }

    /// Whether the bytes so far are an array of records that is not closed, and no record is cut off.
    pub(crate) fn lacks_bracket(&self) -> bool {
        matches!(self, Self::Json(ends) if ends.lacks_bracket())
    }

    /// Returns how records stand in JSON; none in CSV, and while that is unknown.
    pub(crate) fn layout(&self) -> Option<json_records::Layout> {
        if let Self::Json(ends) = self { ends.layout() } else { None }
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
