//! Sums by level to the sums of products of the columns of a design.
//!
//! The product of two columns is zero but in the rows that have all levels of both. So its sum is a moment of the rows of a level, of two
//! levels, or of all rows.

use super::category::DesignCategory;
use super::columns::DesignColumn;
use super::pair_moments::{PairMoments, pairs};
use crate::decimal::Decimal;
use crate::error::Result;
use crate::statistics::{Moments, Statistics};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Returns the moments of (1, columns, target).
///
/// Errors: `impossible-statistics`.
pub(super) fn moments(statistics: &Statistics, categories: &[DesignCategory], columns: &[DesignColumn], target: usize) -> Result<Moments> {
    let sums = MomentsByLevel::new(statistics, categories)?;
    let plain = |place| GramColumn { parts: Cow::Owned(vec![(Decimal::from(1), place)]), levels: &[] };
    let of_columns = columns.iter().map(|column| GramColumn { parts: Cow::Borrowed(&column.parts), levels: &column.levels });
    let all: Vec<GramColumn> = [plain(0)].into_iter().chain(of_columns).chain([plain(target)]).collect();
    let mut moments = Vec::with_capacity(all.len() * (all.len() + 1) / 2);
    for (i, column) in all.iter().enumerate() {
        for other in &all[..=i] {
            let rows = sums.of_rows(column.levels, other.levels);
            moments.push(rows.map_or(Decimal::ZERO, |rows| column.times(other, rows)));
        }
    }
    Ok(Moments(moments))
}

/// A column as it is summed: a combination of terms, in the rows of some levels.
struct GramColumn<'a> {
    parts: Cow<'a, [(Decimal, usize)]>,
    levels: &'a [(usize, usize)],
}

impl GramColumn<'_> {
    /// Returns the sum of the products of two columns over rows with these moments.
    fn times(&self, other: &Self, rows: &Moments) -> Decimal {
        if let ([(_, place)], [(_, other)]) = (&self.parts[..], &other.parts[..]) {
            // a combination of one term has the weight 1
            return rows.at(*place, *other).clone();
        }
        let products = self.parts.iter().flat_map(|(weight, place)| {
            other.parts.iter().map(move |(other_weight, other)| weight.times(other_weight).times(rows.at(*place, *other)))
        });
        products.fold(Decimal::ZERO, |sum, product| sum.plus(&product)).normalized()
    }
}

/// The moments by level, found by indexes.
struct MomentsByLevel<'a> {
    all: &'a Moments,
    /// For each category the moments of each level.
    levels: Vec<Vec<&'a Moments>>,
    /// For each two categories, the first before the second, those of each pair of levels.
    pairs: BTreeMap<(usize, usize), PairMoments<'a>>,
}

impl<'a> MomentsByLevel<'a> {
    fn new(statistics: &'a Statistics, categories: &[DesignCategory]) -> Result<Self> {
        let of = |category: &DesignCategory| statistics.levels.categories[category.at].levels.values().collect();
        let mut all = BTreeMap::new();
        for other in 0..categories.len() {
            for one in 0..other {
                all.insert((one, other), pairs(statistics, categories, one, other)?);
            }
        }
        Ok(Self { all: &statistics.moments, levels: categories.iter().map(of).collect(), pairs: all })
    }

    /// Returns the moments of the rows that have these levels and others; none if no row has them all. Both are sorted by category, and
    /// there are at most two categories in them.
    fn of_rows(&self, levels: &[(usize, usize)], others: &[(usize, usize)]) -> Option<&'a Moments> {
        let mut union: Vec<(usize, usize)> = [levels, others].concat();
        union.sort_unstable();
        union.dedup();
        match union[..] {
            [] => Some(self.all),
            [(category, level)] => Some(self.levels[category][level]),
            // two levels of one category have no row in common
            [(one, _), (other, _)] if one == other => None,
            [(one, a), (other, b)] => self.pairs.get(&(one, other))?.get(&(a, b)).copied(),
            // three levels of two categories
            _ => None,
        }
    }
}
