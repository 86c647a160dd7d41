//! What a stage needs of files that hold columns (Parquet, Arrow): names, and batches of values.
//!
//! A host that can read them implements [`Columns`] and answers it from `Files::columns`; the WASI command does not.

use std::ops::Range;

use crate::error::Result;
use crate::ports::digest::Later;

/// A file of columns.
pub trait Columns: Send + Sync {
    /// Its columns, in order; no two have the same name.
    fn fields(&self) -> &[Field];
    /// Number of parts that can be read apart from one another: Parquet's row groups, Arrow's record batches.
    fn parts(&self) -> usize;
    /// Rows of a part, if some of them can be read without reading all.
    fn rows(&self, part: usize) -> Option<usize>;
    /// Reads some columns (indexes of [`Columns::fields`], increasing) of some parts, from their first row to their last. Readers of one file
    /// do not disturb each other.
    fn read(&self, columns: &[usize], share: &Share) -> Result<Box<dyn Batches>>;
    /// Begins to find out the size and digest of the whole file as stored, beside whatever else is done.
    fn begin_input(&self) -> Later;
}

/// What is read at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Share {
    /// All rows of some parts.
    Parts(Range<usize>),
    /// Some rows of one part, whose number of rows is known.
    Rows(usize, Range<usize>),
}

/// What a file says of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its type, in the format's own words, if its values are neither numbers nor text; such a column is not to be read.
    pub refused: Option<String>,
}

/// Batches of rows, one after another.
pub trait Batches: Send {
    /// The next rows; none after the last.
    fn next(&mut self) -> Result<Option<Batch>>;
}

/// Some rows of some columns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// Number of rows.
    pub rows: usize,
    /// Names and values, in the file's order; each `rows` long.
    pub columns: Vec<(String, Values)>,
}

/// The values of one column.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Each means its shortest decimal text; NaN is a missing value.
    Numbers(Vec<f64>),
    /// Cells as CSV would hold them, each ended by LF and without one inside; empty is a missing value.
    Text(Vec<u8>),
}
