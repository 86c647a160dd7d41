//! Sums rows with or without levels and groups.

use super::totals::GroupTotals;
use crate::decimal::Decimal;
use crate::error::Result;
use crate::level::Level;
use crate::ordered::IntoOrdered;
use crate::statistics::{Accumulator, BlockColumn, ColumnGrids, LevelAccumulator, RowLevels, SummedProducts, Weighting};
use std::sync::Arc;

/// What rows are summed.
pub(super) struct RowShape {
    /// Number of columns of numbers, without that of the weights or counts.
    pub(super) columns: usize,
    /// The levels of its rows.
    pub(super) levels: RowLevels,
    pub(super) terms: SummedProducts,
    /// The grids of the columns; none if values are not counted.
    pub(super) grids: Option<ColumnGrids>,
    pub(super) weighting: Weighting,
}

/// Sums rows.
pub(super) enum RowSums {
    /// Of a table without categories and groups.
    Numbers(Box<Accumulator>),
    /// Of a table with categories or groups.
    ByLevel(Box<LevelAccumulator>),
}

impl RowSums {
    /// Sums of no rows of this shape.
    pub(super) fn new(shape: RowShape) -> Self {
        let RowShape { columns, levels, terms, grids, weighting } = shape;
        let terms = Arc::new(terms);
        match (levels.categories, levels.is_grouped) {
            (0, false) => Self::Numbers(Box::new(Accumulator::weighted(columns, terms, grids.as_ref(), weighting))),
            _ => Self::ByLevel(Box::new(LevelAccumulator::new(columns, levels, terms, grids, weighting))),
        }
    }

    /// Adds a row: its values, with its weight or count last; and its levels, with its group first.
    pub(super) fn push(&mut self, values: impl IntoIterator<Item = Decimal>, levels: &[u32]) -> Result<()> {
        match self {
            Self::Numbers(sums) => sums.push(values),
            Self::ByLevel(sums) => sums.push(values, levels),
        }
    }

    /// Returns the columns to which a caller appends values, before it calls [`Self::add_rows`].
    pub(super) fn columns_mut(&mut self) -> &mut [BlockColumn] {
        match self {
            Self::Numbers(sums) => sums.columns_mut(),
            Self::ByLevel(sums) => sums.columns_mut(),
        }
    }

    /// Returns how many more rows should be appended at once.
    pub(super) fn room(&self) -> usize {
        match self {
            Self::Numbers(sums) => sums.room(),
            Self::ByLevel(sums) => sums.room(),
        }
    }

    /// Adds rows whose values were appended to the columns. `levels` gives the group of each row, if rows have groups, then for each category
    /// the level of each row.
    pub(super) fn add_rows<'a>(&mut self, rows: usize, levels: impl Iterator<Item = &'a [u32]>) -> Result<()> {
        match self {
            Self::Numbers(sums) => sums.add_rows(rows),
            Self::ByLevel(sums) => sums.add_rows(rows, levels),
        }
    }

    /// Returns the totals: of each group that has rows, or of all rows if there are no groups. `groups` gives the groups by their numbers,
    /// `categories` the column of each category, and its levels by their numbers.
    pub(super) fn finish(self, groups: Option<&[Level]>, categories: &[(String, Vec<Level>)]) -> Result<GroupTotals> {
        let totals = match self {
            Self::Numbers(sums) => vec![sums.finish()?],
            Self::ByLevel(sums) => sums.finish(categories)?,
        };
        Ok(match groups {
            None => totals.into_iter().map(|totals| (None, totals)).into_map_of_many(),
            Some(groups) => {
                let named = groups.iter().cloned().map(Some).zip(totals);
                named.filter(|(_, totals)| totals.rows > 0).into_map_of_many()
            }
        })
    }
}
