//! The sums of the rows of each combination of levels of three categories or more.
//!
//! Products of categories need them: `site*smoker` and `sex` together need the rows of each site, smoking status and sex. Statistics keep
//! them for sets of categories of which none is part of another, because the sums for part of a set follow from those of the set.
//!
//! *Invariants*: those of [`LevelSums`](super::LevelSums).

use super::moments::Moments;
use crate::level::Level;
use crate::ordered::IntoOrdered;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// Fewest categories of a combination. Of one category and of two, statistics have the sums anyway.
pub const COMBINED_MIN: usize = 3;

/// The sums of the combinations of levels of some categories.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CombinationSums {
    /// The indexes of the categories, in order: [`COMBINED_MIN`] or more.
    pub categories: Vec<usize>,
    /// For each combination, with a level of each category, the moments of (1, terms) over its rows.
    pub cells: BTreeMap<Vec<Level>, Moments>,
}

/// The moments of the rows of combinations of levels.
pub type CombinedMoments<'a> = BTreeMap<Vec<&'a Level>, Cow<'a, Moments>>;

impl CombinationSums {
    /// Returns the sums of no rows.
    pub fn of_no_rows(categories: Vec<usize>) -> Self {
        Self { categories, cells: BTreeMap::new() }
    }

    /// Returns the moments for some of the categories, with the levels in the order in which these are given. None if one of them is not
    /// among the categories of these sums.
    pub fn of(&self, categories: &[usize]) -> Option<CombinedMoments<'_>> {
        let place = |category: &usize| self.categories.iter().position(|own| own == category);
        let places: Vec<usize> = categories.iter().map(place).collect::<Option<_>>()?;
        let mut sums = CombinedMoments::new();
        for (levels, moments) in &self.cells {
            let key = places.iter().map(|&place| &levels[place]).collect();
            match sums.entry(key) {
                std::collections::btree_map::Entry::Vacant(entry) => drop(entry.insert(Cow::Borrowed(moments))),
                std::collections::btree_map::Entry::Occupied(mut entry) => entry.get_mut().to_mut().add(moments, 1),
            }
        }
        for moments in sums.values_mut() {
            if let Cow::Owned(owned) = moments {
                *owned = std::mem::replace(owned, Moments(Vec::new())).normalized();
            }
        }
        sums.retain(|_, moments| !moments.is_zero());
        Some(sums)
    }
}

/// Returns the unions of each two sets, and of each with itself: the categories that two features have together.
pub fn unions(sets: &[BTreeSet<usize>]) -> BTreeSet<BTreeSet<usize>> {
    let different = sets.iter().into_set();
    different.iter().flat_map(|one| different.iter().map(move |other| *one | *other)).into_set()
}

/// Returns the sets of categories of which sums have to be kept so that there are sums for all of these sets: those of [`COMBINED_MIN`]
/// categories or more, without those that are part of another. Each set is in order.
pub fn combined_sets(sets: impl IntoIterator<Item = BTreeSet<usize>>) -> Vec<Vec<usize>> {
    let all = sets.into_iter().filter(|set| set.len() >= COMBINED_MIN).into_set();
    let is_part = |set: &&BTreeSet<usize>| all.iter().any(|other| other != *set && set.is_subset(other));
    all.iter().filter(|set| !is_part(set)).map(|set| set.iter().copied().collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decimal::Decimal;

    #[test]
    fn a_set_that_is_part_of_another_needs_no_sums() {
        let set = |members: &[usize]| members.iter().copied().collect::<BTreeSet<usize>>();
        let sets = [set(&[0, 1]), set(&[2, 0, 1]), set(&[0, 1, 2, 4]), set(&[1, 2, 3]), set(&[])];
        assert_eq!(combined_sets(sets), [vec![0, 1, 2, 4], vec![1, 2, 3]]);
    }

    #[test]
    fn sums_for_some_of_the_categories_are_added_up() {
        let cell = |levels: [&str; 3], rows: i64| (levels.map(Level::new).to_vec(), Moments(vec![Decimal::from(rows)]));
        let cells = [cell(["a", "u", "x"], 2), cell(["a", "v", "x"], 3), cell(["b", "u", "x"], 1), cell(["b", "u", "y"], -1)].into();
        let sums = CombinationSums { categories: vec![1, 4, 7], cells };
        let of: Vec<(Vec<&str>, String)> = sums
            .of(&[7, 1])
            .unwrap()
            .iter()
            .map(|(levels, moments)| (levels.iter().map(|level| level.text()).collect(), moments.at(0, 0).to_string()))
            .collect();
        assert_eq!(of, [(vec!["x", "a"], "5".to_owned()), (vec!["x", "b"], "1".to_owned()), (vec!["y", "b"], "-1".to_owned())]);
        assert_eq!(sums.of(&[1]).unwrap().len(), 1, "the rows of b cancel each other");
        assert!(sums.of(&[1, 2]).is_none());
    }
}
