//! What statistics consist of: columns, terms, and the sums and counts of their values.

use super::distribution::Distribution;
use super::level_sums::LevelSums;
use super::moments::Moments;
use super::weighting::WeightSums;
use crate::error::{Code, Error, Result};
use crate::level::KeptLevels;
use crate::release_policy::Shared;
use crate::terms::Term;
use std::collections::BTreeMap;

/// Most columns and products that are summed together. Their moments number half of its square.
pub const TERMS_MAX: usize = 2048;

/// Refuses more columns and terms than [`TERMS_MAX`].
///
/// Errors: `capacity`.
pub fn check_terms(count: usize) -> Result<()> {
    if count <= TERMS_MAX {
        return Ok(());
    }
    let sentence = format!("{count} columns and terms are more than the {TERMS_MAX} that can be summed together");
    Err(Error::new(Code::Capacity, sentence, "name the columns to use with --columns or --features"))
}

/// A column that is summed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SummedColumn {
    /// The name in the data.
    pub name: String,
    /// The unit (a UCUM code), if a schema gives one.
    pub unit: Option<String>,
}

/// The exact statistics of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statistics {
    /// The columns in the order of the schema, else as they were named, else of the header.
    pub columns: Vec<SummedColumn>,
    /// The columns as terms, in the same order; then products, by degree and text.
    pub terms: Vec<Term>,
    /// Number of rows; with weights, of those whose weight is above zero. It is negative if more rows were subtracted than there were. Such
    /// statistics can be read and merged, and nothing else.
    pub rows: i64,
    /// The weights of the rows; none if each row counts once.
    pub weights: Option<WeightSums>,
    /// Sums of products of (1, terms), times the weight of each row.
    pub moments: Moments,
    /// The same sums by level of each category.
    pub levels: LevelSums,
    /// For categories of which not all levels are kept, those that are. The rows of all others have the level `other`.
    pub kept: BTreeMap<String, KeptLevels>,
    /// Counts of the values of each column, unless they were turned off.
    pub distribution: Option<Vec<Distribution>>,
    /// Number of rows that were left out because a value was missing.
    pub dropped: i64,
    /// How the values were rounded, if these statistics were made to be shared.
    pub shared: Option<Shared>,
}

impl Statistics {
    /// Returns the place of a term among (1, terms), from 1; none if it was not summed.
    pub fn position(&self, term: &Term) -> Option<usize> {
        self.terms.iter().position(|own| own == term).map(|at| at + 1)
    }

    /// Returns the names of the columns, then those of the categories.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let categories = self.levels.categories.iter().map(|category| category.column.as_str());
        self.columns.iter().map(|column| column.name.as_str()).chain(categories)
    }

    /// Returns the index of a column by its name.
    pub fn column_index(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }
}
