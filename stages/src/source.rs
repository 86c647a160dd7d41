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
    /// Objects: one on each line, one after another, or in an array.
    JsonLines,
    /// Columns in row groups.
    Parquet,
    /// Columns in record batches, as a file or as a stream.
    Arrow,
    /// A workbook of sheets, of which one is the table.
    Workbook,
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

    /// Whether a file of this format is a table of records, one after another.
    pub fn is_table_of_records(self) -> bool {
        matches!(self, Self::Csv | Self::Tsv | Self::JsonLines | Self::Workbook)
    }

    /// Returns the format of the bytes that the engine receives. Files of columns (`input::column_csv::each_chunk`) and sheets become CSV.
    #[must_use]
    pub fn of_bytes(self) -> Self {
        if self.holds_columns() || matches!(self, Self::Tsv | Self::Workbook) { Self::Csv } else { self }
    }

    /// Returns the name of the bytes' format in a plan.
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv | Self::Tsv | Self::Parquet | Self::Arrow | Self::Workbook => "csv",
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
    /// Its format, from its first bytes and its extension.
    pub format: Format,
    /// Whether it is a file or a pipe.
    pub kind: Kind,
    /// The sheet to read of a workbook; none for its first.
    pub sheet: Option<String>,
    /// The columns that its folders name and that are read as columns of the file.
    pub path_columns: Vec<PathColumn>,
    /// How it is written, if it is CSV to which columns are added.
    pub layout: CsvLayout,
}

/// A column whose values are those of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathColumn {
    /// Its name.
    pub name: String,
    /// The value of every row; empty if it is missing.
    pub value: String,
}

/// How CSV is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CsvLayout {
    /// The delimiter, unless the file names one itself.
    pub delimiter: u8,
    /// How many lines at the beginning of the file are passed over.
    pub skip: u64,
    /// The byte with which other lines begin that are passed over.
    pub comment: Option<u8>,
}

impl Default for CsvLayout {
    fn default() -> Self {
        Self { delimiter: b',', skip: 0, comment: None }
    }
}

impl Source {
    /// A data file at `path`.
    pub fn new(path: impl Into<String>, below: impl Into<String>, format: Format, kind: Kind) -> Self {
        Self { path: path.into(), below: below.into(), format, kind, sheet: None, path_columns: Vec::new(), layout: CsvLayout::default() }
    }
}
