//! Sums by level to the sums of products of the columns of a design.
//!
//! The product of two columns is zero but in the rows that have all levels of both. So its sum is a moment of the rows of a level, of two
//! levels, or of all rows.

use super::category::{DesignCategory, count};
use super::columns::DesignColumn;
use super::contradiction;
use crate::decimal::Decimal;
use crate::error::{Result, shorten};
use crate::level::Level;
use crate::statistics::{Moments, Statistics, pair_index};
use std::collections::BTreeMap;

/// The moments of the rows of two levels, by the indexes of the levels of the first and of the second category.
pub(super) type PairMoments<'a> = BTreeMap<(usize, usize), &'a Moments>;

/// Returns the moments of (1, columns, target).
///
/// Errors: `impossible-statistics`.
pub(super) fn moments(statistics: &Statistics, categories: &[DesignCategory], columns: &[DesignColumn], target: usize) -> Result<Moments> {
    let sums = Sums::new(statistics, categories)?;
    let plain = |place| (place, &[][..]);
    let of_columns = columns.iter().map(|column| (column.place, column.levels.as_slice()));
    let all: Vec<(usize, &[(usize, usize)])> = [plain(0)].into_iter().chain(of_columns).chain([plain(target)]).collect();
    let mut moments = Vec::with_capacity(all.len() * (all.len() + 1) / 2);
    for (i, (place, levels)) in all.iter().enumerate() {
        for (other_place, other_levels) in &all[..=i] {
            let rows = sums.of_rows(levels, other_levels);
            moments.push(rows.map_or(Decimal::ZERO, |rows| rows.at(*place, *other_place).clone()));
        }
    }
    Ok(Moments(moments))
}

/// Returns the moments of the rows that have two levels, of the categories `one` < `other` of a design.
///
/// Errors: `impossible-statistics`.
pub(super) fn pairs<'a>(statistics: &'a Statistics, categories: &[DesignCategory], one: usize, other: usize) -> Result<PairMoments<'a>> {
    let places = |at: usize| -> BTreeMap<&str, usize> {
        categories[at].levels.iter().enumerate().map(|(place, level)| (level.level.text(), place)).collect()
    };
    let is_turned = categories[one].at > categories[other].at;
    let (first, second) = if is_turned { (other, one) } else { (one, other) };
    let (of_first, of_second) = (places(first), places(second));
    let mut pairs = PairMoments::new();
    let sums = statistics.levels.pairs.get(pair_index(categories[first].at, categories[second].at));
    for ((a, b), moments) in sums.into_iter().flatten() {
        let found = of_first.get(a.text()).zip(of_second.get(b.text())).filter(|_| count(moments).is_some());
        let Some((&a, &b)) = found else { return Err(impossible_pair(&categories[first], a, &categories[second], b, moments)) };
        pairs.insert(if is_turned { (b, a) } else { (a, b) }, moments);
    }
    Ok(pairs)
}

fn impossible_pair(first: &DesignCategory, a: &Level, second: &DesignCategory, b: &Level, moments: &Moments) -> crate::error::Error {
    let (a, b) = (shorten(a.text()), shorten(b.text()));
    let rows = moments.at(0, 0);
    contradiction(format!("{rows} rows have the levels `{a}` of `{}` and `{b}` of `{}`", first.column, second.column))
}

/// The moments by level, found by indexes.
struct Sums<'a> {
    all: &'a Moments,
    /// For each category the moments of each level.
    levels: Vec<Vec<&'a Moments>>,
    /// For each two categories, the first before the second, those of each pair of levels.
    pairs: BTreeMap<(usize, usize), PairMoments<'a>>,
}

impl<'a> Sums<'a> {
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
