//! The sums of the rows of each level of a category, and of each pair of levels of two categories.
//!
//! A product of an indicator and terms is zero in the rows of other levels. So the moments of the rows of one level are the moments of all
//! products with its indicator, and the moments of the rows of two levels are those of products with both.
//!
//! *Invariants*: entries whose numbers are all zero are left out. So adding rows and subtracting them again leaves no trace.

use super::moments::Moments;
use crate::level::Level;
use std::collections::BTreeMap;

/// A category that is summed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CategorySums {
    /// The column.
    pub column: String,
    /// For each level the moments of (1, terms) over its rows.
    pub levels: BTreeMap<Level, Moments>,
}

/// The sums by level. There are none without categories.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LevelSums {
    /// The categories, in the order of the schema, else as they were named.
    pub categories: Vec<CategorySums>,
    /// For each two categories, at [`pair_index`], and each two of their levels, the moments of (1, terms) over the rows that have both.
    pub pairs: Vec<BTreeMap<(Level, Level), Moments>>,
}

/// Returns the place among the pairs of categories `first < second`. The levels of `first` stand first in its keys.
pub const fn pair_index(first: usize, second: usize) -> usize {
    second * (second - 1) / 2 + first
}

impl LevelSums {
    /// Returns the index of the category of a column.
    pub fn category(&self, column: &str) -> Option<usize> {
        self.categories.iter().position(|category| category.column == column)
    }

    /// Returns the moments of the rows of a level; none if there are no such rows.
    pub fn of_level(&self, category: usize, level: &Level) -> Option<&Moments> {
        self.categories.get(category)?.levels.get(level)
    }

    /// Returns the moments of the rows that have a level of each of two categories; none if there are no such rows. Two different levels of
    /// one category have no rows in common.
    pub fn of_pair(&self, one: (usize, &Level), other: (usize, &Level)) -> Option<&Moments> {
        match one.0.cmp(&other.0) {
            std::cmp::Ordering::Equal => (one.1 == other.1).then(|| self.of_level(one.0, one.1)).flatten(),
            std::cmp::Ordering::Less => self.pairs.get(pair_index(one.0, other.0))?.get(&(one.1.clone(), other.1.clone())),
            std::cmp::Ordering::Greater => self.of_pair(other, one),
        }
    }
}
