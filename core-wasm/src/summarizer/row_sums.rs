//! Sums rows with or without levels.

use crate::decimal::Decimal;
use crate::error::Result;
use crate::level::Level;
use crate::statistics::{Accumulator, BlockColumn, LevelAccumulator, SummedProducts, Totals, Weighting};
use std::sync::Arc;

/// Sums rows.
pub(super) enum RowSums {
    /// Of a table without categories.
    Numbers(Box<Accumulator>),
    /// Of a table with categories.
    ByLevel(Box<LevelAccumulator>),
}

impl RowSums {
    /// Sums of no rows with `columns` values, levels of `categories`, and a weight or count if rows have one.
    pub(super) fn new(columns: usize, categories: usize, terms: SummedProducts, distribution: bool, weighting: Weighting) -> Self {
        let terms = Arc::new(terms);
        match categories {
            0 => Self::Numbers(Box::new(Accumulator::weighted(columns, terms, distribution, weighting))),
            _ => Self::ByLevel(Box::new(LevelAccumulator::new(columns, categories, terms, distribution, weighting))),
        }
    }

    /// Adds a row: its values, with its weight or count last, and its levels.
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

    /// Adds rows whose values were appended to the columns. `levels` gives, for each category, the level of each row.
    pub(super) fn add_rows<'a>(&mut self, rows: usize, levels: impl Iterator<Item = &'a [u32]>) -> Result<()> {
        match self {
            Self::Numbers(sums) => sums.add_rows(rows),
            Self::ByLevel(sums) => sums.add_rows(rows, levels),
        }
    }

    /// Returns the totals. `categories` gives the column of each category, and its levels by their numbers.
    pub(super) fn finish(self, categories: Vec<(String, Vec<Level>)>) -> Result<Totals> {
        match self {
            Self::Numbers(sums) => sums.finish(),
            Self::ByLevel(sums) => sums.finish(categories),
        }
    }
}
