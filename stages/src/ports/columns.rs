//! Files that hold columns (Parquet, Arrow): names, and batches of values.
//!
//! A host that can read such files implements [`ColumnFile`] and returns it from `Files::columns`. The WASI command does not.

use std::ops::Range;

use crate::error::Result;
use crate::ports::digest::PendingDigest;

/// An open file of columns.
pub trait ColumnFile: Send + Sync {
    /// Returns the columns in the file's order. No two have the same name.
    fn fields(&self) -> &[Field];
    /// Returns the number of parts that can be read independently: row groups of Parquet, record batches of Arrow.
    fn parts(&self) -> usize;
    /// Returns the number of rows of a part, if some of its rows can be read without the others.
    fn rows(&self, part: usize) -> Option<usize>;
    /// Reads some columns of a partition. `columns` are increasing indexes of [`fields`](Self::fields), each with the form of its values.
    ///
    /// Several readers of one file may work at the same time.
    fn read(&self, columns: &[(usize, ValueForm)], partition: &Partition) -> Result<Box<dyn BatchReader>>;
    /// Begins to compute the size and digest of the file as stored, in the background.
    fn begin_digest(&self) -> PendingDigest;
}

/// A format of files of columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// Parquet.
    Parquet,
    /// Arrow's file format.
    Arrow,
}

impl ColumnKind {
    /// Returns the name of the format.
    pub fn name(self) -> &'static str {
        match self {
            Self::Parquet => "Parquet",
            Self::Arrow => "Arrow",
        }
    }
}

/// What rows of predictions consist of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PredictionRows {
    /// How many columns at the end of a row are those of the prediction: its value, then the ends of its interval, the warnings and the status.
    pub added: usize,
}

/// Writes rows of predictions as a file of columns.
pub trait ColumnWriter: Send {
    /// Takes the next rows: whole records of CSV, the first of which names the columns. Returns the bytes of the file that are ready.
    fn push(&mut self, csv: &[u8]) -> Result<Vec<u8>>;
    /// Ends the rows. Returns the rest of the file.
    fn finish(&mut self) -> Result<Vec<u8>>;
}

/// The rows of a file that one reader reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Partition {
    /// All rows of some parts.
    Parts(Range<usize>),
    /// Some rows of one part whose number of rows is known.
    Rows(usize, Range<usize>),
}

/// The name and type of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its type, if its values are neither numbers nor text. Such a column is no data.
    pub refused: Option<RefusedType>,
    /// Whether the program that wrote the file keeps the labels of the rows in it, and says that they are no data.
    pub is_index: bool,
}

impl Field {
    /// Whether it can be read as numbers or text.
    pub fn is_readable(&self) -> bool {
        self.refused.is_none()
    }

    /// Returns how it is read as data, if it can be.
    pub fn as_data(&self) -> Option<ValueForm> {
        self.is_readable().then_some(ValueForm::Data)
    }

    /// Whether it can be written as text, as [`ValueForm::Written`].
    pub fn is_writable(&self) -> bool {
        self.refused.as_ref().is_none_or(|refused| refused.has_text)
    }
}

/// A type whose values are neither numbers nor text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedType {
    /// Its name in the format's own words.
    pub name: String,
    /// How to write such values so that they can be read, after "write it".
    pub help: &'static str,
    /// Whether its values have a text.
    pub has_text: bool,
}

/// In which form the values of columns are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueForm {
    /// As data.
    Data,
    /// As they are to be written as CSV: integers and decimals with their digits, dates and times as text.
    Written,
}

/// Reads batches of rows, in order.
pub trait BatchReader: Send {
    /// Returns the next rows; none after the last.
    fn next(&mut self) -> Result<Option<Batch>>;
}

/// Some rows of some columns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// Number of rows.
    pub rows: usize,
    /// Names and values of the columns in the file's order. Each column has `rows` values.
    pub columns: Vec<(String, Values)>,
}

/// The values of one column.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Each number means its shortest decimal text. NaN is a missing value.
    Numbers(Vec<f64>),
    /// Cells as CSV would hold them. LF ends each cell, and no cell contains LF. An empty cell is a missing value.
    Text(Vec<u8>),
}
