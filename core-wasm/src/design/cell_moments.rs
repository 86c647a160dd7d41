//! Statistics to the moments of the rows that have a level of each of two categories or more.

use super::category::{DesignCategory, contradiction, has_rows};
use crate::error::{Error, Result, list, shorten};
use crate::level::Level;
use crate::ordered::IntoOrdered;
use crate::statistics::{Moments, Statistics, pair_index};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The moments of the rows of two levels, by the indexes of the levels of the first and of the second category.
pub(super) type PairMoments<'a> = BTreeMap<(usize, usize), &'a Moments>;

/// The moments of the rows of three levels or more, by the indexes of the levels of each category.
pub(super) type CombinationMoments<'a> = BTreeMap<Vec<usize>, Cow<'a, Moments>>;

/// Returns the moments of the rows of the combinations of levels of a set of categories of a design. There are none if the statistics have
/// no such sums.
///
/// Errors: `impossible-statistics`.
pub(super) fn combinations<'a>(statistics: &'a Statistics, categories: &[DesignCategory], set: &[usize]) -> Result<CombinationMoments<'a>> {
    let places: Vec<BTreeMap<&str, usize>> = set.iter().map(|&at| level_places(&categories[at])).collect();
    let at: Vec<usize> = set.iter().map(|&at| categories[at].at).collect();
    let mut cells = CombinationMoments::new();
    for (levels, moments) in statistics.levels.of_combinations(&at).into_iter().flatten() {
        let found: Option<Vec<usize>> = places.iter().zip(&levels).map(|(places, level)| places.get(level.text()).copied()).collect();
        let Some(key) = found.filter(|_| has_rows(&moments)) else {
            let named = list(levels.iter().map(|level| level.text()));
            return Err(contradiction(format!("the rows with the levels {named} together add up to {}", moments.at(0, 0))));
        };
        cells.insert(key, moments);
    }
    Ok(cells)
}

/// Returns the moments of the rows that have two levels, of the categories `one` < `other` of a design.
///
/// Errors: `impossible-statistics`.
pub(super) fn pairs<'a>(statistics: &'a Statistics, categories: &[DesignCategory], one: usize, other: usize) -> Result<PairMoments<'a>> {
    let is_turned = categories[one].at > categories[other].at;
    let (first, second) = if is_turned { (other, one) } else { (one, other) };
    let (of_first, of_second) = (level_places(&categories[first]), level_places(&categories[second]));
    let mut pairs = PairMoments::new();
    let sums = statistics.levels.pairs.get(pair_index(categories[first].at, categories[second].at));
    for ((a, b), moments) in sums.into_iter().flatten() {
        let found = of_first.get(a.text()).zip(of_second.get(b.text())).filter(|_| has_rows(moments));
        let Some((&a, &b)) = found else { return Err(impossible_pair(&categories[first], a, &categories[second], b, moments)) };
        pairs.insert(if is_turned { (b, a) } else { (a, b) }, moments);
    }
    Ok(pairs)
}

fn level_places(category: &DesignCategory) -> BTreeMap<&str, usize> {
    category.levels.iter().enumerate().map(|(place, level)| (level.level.text(), place)).into_map()
}

fn impossible_pair(first: &DesignCategory, a: &Level, second: &DesignCategory, b: &Level, moments: &Moments) -> Error {
    let (a, b) = (shorten(a.text()), shorten(b.text()));
    let total = moments.at(0, 0);
    contradiction(format!("the rows with the levels `{a}` of `{}` and `{b}` of `{}` add up to {total}", first.column, second.column))
}
