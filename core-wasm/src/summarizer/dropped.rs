//! Counts rows that lack a value, and refuses or announces them as the plan says.

use super::column::ColumnReader;
use crate::error::{Code, Error, Result, shorten};
use crate::level::Level;
use crate::plan::Missing;
use crate::statistics::too_many_rows;
use std::collections::BTreeMap;

/// Rows that lack a value in a column that is summed.
#[derive(Default)]
pub(super) struct DroppedRows {
    /// Rows that no note has announced yet.
    pub(super) unannounced: i64,
    /// Rows that a note has announced.
    pub(super) announced: i64,
    /// Number of the first of them.
    pub(super) first_row: Option<u64>,
    /// Rows of each group among them, if rows have groups. A row that lacks its group is in none.
    pub(super) of_groups: BTreeMap<Level, i64>,
}

impl DroppedRows {
    /// Counts rows of a group, the first of which has the number `first_row`. `group` is none if they lack it, or if rows have no groups.
    ///
    /// # Errors
    /// `capacity`.
    pub(super) fn add(&mut self, first_row: u64, count: i64, group: Option<Level>) -> Result<()> {
        group.map_or(Ok(()), |group| self.add_to_group(group, count))?;
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
        other.of_groups.iter().try_for_each(|(group, count)| self.add_to_group(group.clone(), *count))?;
        self.first_row = self.first_row.into_iter().chain(other.first_row).min();
        Ok(())
    }

    fn add_to_group(&mut self, group: Level, count: i64) -> Result<()> {
        let sum = self.of_groups.entry(group).or_default();
        *sum = sum.checked_add(count).ok_or_else(too_many_rows)?;
        Ok(())
    }

    /// Returns a note about the rows that were dropped, if the plan allows them and there are new ones. `is_all`: whether there are no other rows.
    ///
    /// # Errors
    /// `missing-values` if the plan does not allow them.
    pub(super) fn announce(&mut self, columns: &[ColumnReader], missing: Missing, is_all: bool) -> Result<Option<Error>> {
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
                let is_empty =
                    |column: &&ColumnReader| is_all && i64::try_from(column.missing) == Ok(self.unannounced) && !column.is_left_out();
                if let Some(empty) = columns.iter().find(is_empty) {
                    let help = "leave the column out of the features, or give data with its values";
                    return Err(Error::new(Code::MissingValues, "no row has a value in it", help).in_column(&empty.name));
                }
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
