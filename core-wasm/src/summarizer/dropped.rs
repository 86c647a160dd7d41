//! Counts rows that lack a value, and refuses or announces them as the plan says.

use super::column::ColumnReader;
use crate::error::{Code, Error, Result, shorten};
use crate::plan::Missing;
use crate::statistics::too_many_rows;

/// Rows that lack a value in a column that is summed.
#[derive(Default)]
pub(super) struct DroppedRows {
    /// Rows that no note has announced yet.
    pub(super) unannounced: i64,
    /// Rows that a note has announced.
    pub(super) announced: i64,
    /// Number of the first of them.
    pub(super) first_row: Option<u64>,
}

impl DroppedRows {
    /// Counts rows, the first of which has the number `first_row`.
    ///
    /// # Errors
    /// `capacity`.
    pub(super) fn add(&mut self, first_row: u64, count: i64) -> Result<()> {
        self.unannounced = self.unannounced.checked_add(count).ok_or_else(too_many_rows)?;
        self.first_row = Some(self.first_row.map_or(first_row, |row| row.min(first_row)));
        Ok(())
    }

    /// Adds the rows that another summarizer dropped.
    ///
    /// # Errors
    /// `capacity`.
    pub(super) fn merge(&mut self, other: &Self) -> Result<()> {
        self.unannounced = self.unannounced.checked_add(other.unannounced).ok_or_else(too_many_rows)?;
        self.announced = self.announced.checked_add(other.announced).ok_or_else(too_many_rows)?;
        self.first_row = self.first_row.into_iter().chain(other.first_row).min();
        Ok(())
    }

    /// Returns a note about the rows that were dropped, if the plan allows them and there are new ones.
    ///
    /// # Errors
    /// `missing-values` if the plan does not allow them.
    pub(super) fn announce(&mut self, columns: &[ColumnReader], missing: Missing) -> Result<Option<Error>> {
        if self.unannounced == 0 {
            return Ok(None);
        }
        let rows = if self.unannounced == 1 { "1 row lacks a value".to_owned() } else { format!("{} rows lack values", self.unannounced) };
        let counts = missing_by_column(columns);
        match missing {
            Missing::Drop => {
                self.announced += std::mem::take(&mut self.unannounced);
                Ok(Some(Error::new(Code::RowsDropped, format!("left out: {rows} ({counts})"), "")))
            }
            Missing::Error => {
                let sentence = format!("{rows} ({counts}), the first of them this one");
                let mut error = Error::new(Code::MissingValues, sentence, "fill in the values, or leave such rows out with --missing drop");
                error.row = self.first_row;
                error.found = Some(counts);
                Err(error)
            }
        }
    }
}

/// The columns that lack values, without those that are left out, with the number of missing values: "`age` 2, `bmi` 1".
fn missing_by_column(columns: &[ColumnReader]) -> String {
    let lacking = columns.iter().filter(|column| column.missing > 0 && !column.is_left_out());
    lacking.map(|column| format!("`{}` {}", shorten(&column.name), column.missing)).collect::<Vec<_>>().join(", ")
}
