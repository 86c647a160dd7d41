//! Sums by level to the sums of products of the columns of a design.
//!
//! The product of two columns is zero but in the rows that have all levels of both. So its sum is a moment of the rows of a level, of two
//! levels, of more levels, or of all rows.

use super::category::DesignCategory;
use super::cell_moments::{CombinationMoments, PairMoments, combinations, pairs};
use super::columns::{DesignColumn, subsets};
use crate::decimal::Decimal;
use crate::error::Result;
use crate::ordered::IntoOrdered;
use crate::statistics::{COMBINED_MIN, Moments, Statistics};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Returns the moments of (1, columns, target).
///
/// Errors: `impossible-statistics`.
pub(super) fn moments(
    statistics: &Statistics,
    categories: &[DesignCategory],
    combined: &[Vec<usize>],
    columns: &[DesignColumn],
    target: usize,
) -> Result<Moments> {
    let sums = MomentsByLevel::new(statistics, categories, combined)?;
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
    /// Those of combinations of levels of each set of three categories or more that two features have together, or is part of such a set.
    combinations: BTreeMap<Vec<usize>, CombinationMoments<'a>>,
}

impl<'a> MomentsByLevel<'a> {
    fn new(statistics: &'a Statistics, categories: &[DesignCategory], combined: &[Vec<usize>]) -> Result<Self> {
        let of = |category: &DesignCategory| statistics.levels.categories[category.at].levels.values().collect();
        let mut all = BTreeMap::new();
        for other in 0..categories.len() {
            for one in 0..other {
                all.insert((one, other), pairs(statistics, categories, one, other)?);
            }
        }
        let sets = combined.iter().flat_map(|set| subsets(set, COMBINED_MIN)).into_set();
        let of_set = |set: Vec<usize>| Ok((set.clone(), combinations(statistics, categories, &set)?));
        let combinations = sets.into_iter().map(of_set).collect::<Result<Vec<_>>>()?;
        let combinations = combinations.into_iter().into_map();
        Ok(Self { all: &statistics.moments, levels: categories.iter().map(of).collect(), pairs: all, combinations })
    }

    /// Returns the moments of the rows that have these levels and others; none if no row has them all. Both are sorted by category.
    fn of_rows(&self, levels: &[(usize, usize)], others: &[(usize, usize)]) -> Option<&Moments> {
        let mut union: Vec<(usize, usize)> = [levels, others].concat();
        union.sort_unstable();
        union.dedup();
        match union[..] {
            [] => Some(self.all),
            [(category, level)] => Some(self.levels[category][level]),
            // two levels of one category have no row in common
            [(one, _), (other, _)] if one == other => None,
            [(one, a), (other, b)] => self.pairs.get(&(one, other))?.get(&(a, b)).copied(),
            _ => {
                let (set, key): (Vec<usize>, Vec<usize>) = union.into_iter().unzip();
                // a set with a category twice is not among them
                self.combinations.get(&set)?.get(&key).map(Cow::as_ref)
            }
        }
    }
}
