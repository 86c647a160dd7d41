//! The columns that a host sets before it adds their rows.

use crate::batch::{Lines, Values};
use crate::error::{Code, Error, Result};
use std::collections::BTreeMap;

/// Columns of one batch by name, in the order in which they were set. This is the order of the header.
#[derive(Default)]
pub(super) struct ColumnBatch {
    columns: Vec<(String, Values)>,
    /// Index of each name in `columns`.
    places: BTreeMap<String, usize>,
}

impl ColumnBatch {
    /// Sets the values of a column; NaN is a missing value.
    pub(super) fn set_f64(&mut self, column: &str, values: Vec<f64>) {
        self.set(column, Values::Numbers(values));
    }

    /// Sets the values of a column as decimal text, one value a line.
    pub(super) fn set_text(&mut self, column: &str, text: Vec<u8>) {
        self.set(column, Values::Text(Lines::new(text)));
    }

    fn set(&mut self, column: &str, values: Values) {
        match self.places.get(column) {
            Some(&at) => self.columns[at].1 = values,
            None => {
                self.places.insert(column.to_owned(), self.columns.len());
                self.columns.push((column.to_owned(), values));
            }
        }
    }

    /// The names of all columns.
    pub(super) fn names(&self) -> Vec<String> {
        self.columns.iter().map(|(name, _)| name.clone()).collect()
    }

    /// Returns the values of these columns, and their common length.
    ///
    /// # Errors
    /// `missing-column` if one of them was not set, `column-lengths` if their lengths differ.
    pub(super) fn select(&self, names: &[String]) -> Result<(Vec<&Values>, usize)> {
        let find = |name: &String| self.places.get(name).map(|&at| &self.columns[at].1).ok_or_else(|| not_set(name));
        let columns = names.iter().map(find).collect::<Result<Vec<_>>>()?;
        let rows = columns.first().map_or(0, |column| column.len());
        match columns.iter().position(|column| column.len() != rows) {
            None => Ok((columns, rows)),
            Some(at) => {
                let sentence = format!("the column has {} values, the first has {rows}", columns[at].len());
                Err(Error::new(Code::ColumnLengths, sentence, "set columns of equal lengths").in_column(&names[at]))
            }
        }
    }
}

fn not_set(name: &str) -> Error {
    Error::new(Code::MissingColumn, "the batch has no such column", "set every column before `sum-columns`").in_column(name)
}
