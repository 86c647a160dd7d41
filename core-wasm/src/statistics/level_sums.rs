//! The sums of the rows of each level of a category, of each pair of levels of two categories, and of combinations of more.
//!
//! A product of an indicator and terms is zero in the rows of other levels. So the moments of the rows of one level are the moments of all
//! products with its indicator, and the moments of the rows of two levels are those of products with both.
//!
//! *Invariants*: entries whose numbers are all zero are left out. So adding rows and subtracting them again leaves no trace. The moments of
//! all levels of a category add up to those of all rows, those of all pairs with a level to those of the level, and those of all
//! combinations with two levels to those of the pair.
//!
//! *Limits*: [`ENTRIES_MAX`] entries, with [`ENTRY_MOMENTS_MAX`] moments together.

use super::combination_sums::{CombinationSums, CombinedMoments};
use super::moments::Moments;
use crate::error::{Code, Error, Result, list};
use crate::level::{LEVELS_MAX, Level};
use crate::ordered::IntoOrdered;
use std::collections::BTreeMap;

/// Most entries: levels, pairs and other combinations of levels.
pub const ENTRIES_MAX: usize = 1_000_000;
/// Most moments of all entries together: some hundred megabytes.
pub const ENTRY_MOMENTS_MAX: usize = 1 << 23;

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
    /// The sums of combinations of more levels, for the sets of categories that products need, in order.
    pub combinations: Vec<CombinationSums>,
}

/// Returns the number of pairs of so many categories.
pub const fn pair_count(categories: usize) -> usize {
    categories * categories.saturating_sub(1) / 2
}

/// Returns the place among the pairs of categories `first < second`. The levels of `first` stand first in its keys.
pub const fn pair_index(first: usize, second: usize) -> usize {
    second * (second - 1) / 2 + first
}

impl LevelSums {
    /// Returns the sums of no rows. `combined` are the sets of categories whose combinations of levels are summed.
    pub fn of_no_rows(columns: impl IntoIterator<Item = String>, combined: impl IntoIterator<Item = Vec<usize>>) -> Self {
        let categories: Vec<CategorySums> = columns.into_iter().map(|column| CategorySums { column, levels: BTreeMap::new() }).collect();
        let pairs = vec![BTreeMap::new(); pair_count(categories.len())];
        Self { categories, pairs, combinations: combined.into_iter().map(CombinationSums::of_no_rows).collect() }
    }

    /// Returns the moments of all entries.
    pub fn entries(&self) -> impl Iterator<Item = &Moments> {
        let of_levels = self.categories.iter().flat_map(|category| category.levels.values());
        let of_combinations = self.combinations.iter().flat_map(|combination| combination.cells.values());
        of_levels.chain(self.pairs.iter().flat_map(BTreeMap::values)).chain(of_combinations)
    }

    /// Returns the sets of categories of whose combinations of levels there are sums.
    pub fn combined(&self) -> impl Iterator<Item = &[usize]> {
        self.combinations.iter().map(|combination| combination.categories.as_slice())
    }

    /// Returns the moments of the rows of the combinations of levels of three categories or more, with the levels in the order of these.
    /// None if there are no such sums.
    pub fn of_combinations(&self, categories: &[usize]) -> Option<CombinedMoments<'_>> {
        self.combinations.iter().find_map(|combination| combination.of(categories))
    }

    /// Returns the names of the columns.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.categories.iter().map(|category| category.column.as_str())
    }

    /// Returns the same entries with other moments.
    pub(crate) fn mapped(&self, moments: impl Fn(&Moments) -> Moments) -> Self {
        let levels = |category: &CategorySums| category.levels.iter().map(|(level, all)| (level.clone(), moments(all))).into_map_of_many();
        let category = |category: &CategorySums| CategorySums { column: category.column.clone(), levels: levels(category) };
        let pairs =
            |pairs: &BTreeMap<(Level, Level), Moments>| pairs.iter().map(|(pair, all)| (pair.clone(), moments(all))).into_map_of_many();
        let combination = |combination: &CombinationSums| CombinationSums {
            categories: combination.categories.clone(),
            cells: combination.cells.iter().map(|(levels, all)| (levels.clone(), moments(all))).into_map_of_many(),
        };
        Self {
            categories: self.categories.iter().map(category).collect(),
            pairs: self.pairs.iter().map(pairs).collect(),
            combinations: self.combinations.iter().map(combination).collect(),
        }
    }

    /// Returns these sums plus `sign` (1 or -1) times others of the same categories and combinations.
    ///
    /// # Errors
    /// `capacity`.
    pub(crate) fn plus(mut self, other: &Self, sign: i64) -> Result<Self> {
        for (own, others) in self.categories.iter_mut().zip(&other.categories) {
            others.levels.iter().for_each(|(level, moments)| add_entry(&mut own.levels, level, moments, sign));
        }
        for (own, others) in self.pairs.iter_mut().zip(&other.pairs) {
            others.iter().for_each(|(pair, moments)| add_entry(own, pair, moments, sign));
        }
        for (own, others) in self.combinations.iter_mut().zip(&other.combinations) {
            others.cells.iter().for_each(|(levels, moments)| add_entry(&mut own.cells, levels, moments, sign));
        }
        self.check_size()?;
        Ok(self)
    }

    /// Refuses more levels, entries and moments than can be kept.
    ///
    /// # Errors
    /// `capacity`.
    pub(crate) fn check_size(&self) -> Result<()> {
        if let Some(category) = self.categories.iter().find(|category| category.levels.len() > LEVELS_MAX) {
            return Err(too_many_levels().in_column(&category.column));
        }
        let entries = self.entries().count();
        check_entries(entries, self.entries().next().map_or(0, |moments| moments.0.len()))
    }

    /// Refuses levels whose moments do not add up to those of all rows, pairs whose moments do not add up to those of the levels, and
    /// combinations whose moments do not add up to those of the pairs.
    ///
    /// # Errors
    /// `impossible-statistics`.
    pub(crate) fn check_add_up(&self, all: &Moments) -> Result<()> {
        for (at, category) in self.categories.iter().enumerate() {
            if !add_up(category.levels.values(), all) {
                return Err(impossible("its levels do not add up to all rows").in_column(&category.column));
            }
            for (first, second) in (0..at).map(|first| (first, at)) {
                self.check_pairs(first, second)?;
            }
        }
        self.combinations.iter().try_for_each(|combination| self.check_combination(combination))
    }

    /// Refuses combinations that do not add up to the pairs of each two of their categories.
    fn check_combination(&self, combination: &CombinationSums) -> Result<()> {
        for (at, &second) in combination.categories.iter().enumerate() {
            for &first in &combination.categories[..at] {
                let sums = combination.of(&[first, second]).unwrap_or_default();
                let pairs = &self.pairs[pair_index(first, second)];
                let is_pair = |((one, other), moments): (&(Level, Level), &Moments)| {
                    sums.get([one, other].as_slice()).is_some_and(|sum| sum.as_ref() == moments)
                };
                if sums.len() != pairs.len() || !pairs.iter().all(is_pair) {
                    let columns = combination.categories.iter().map(|&at| self.categories[at].column.as_str());
                    let sentence = format!("the combinations of levels of {} do not add up to pairs of levels", list(columns));
                    return Err(impossible(sentence));
                }
            }
        }
        Ok(())
    }

    /// Refuses pairs of levels of two categories that do not add up to the levels of each.
    fn check_pairs(&self, first: usize, second: usize) -> Result<()> {
        let mut by_level: [BTreeMap<&Level, Vec<&Moments>>; 2] = Default::default();
        for ((one, other), moments) in self.pairs.get(pair_index(first, second)).into_iter().flatten() {
            by_level[0].entry(one).or_default().push(moments);
            by_level[1].entry(other).or_default().push(moments);
        }
        for (category, pairs) in [first, second].map(|at| &self.categories[at]).into_iter().zip(by_level) {
            let none = Vec::new();
            let agrees = |(level, moments): (&Level, &Moments)| add_up(pairs.get(level).unwrap_or(&none).iter().copied(), moments);
            // a level whose pairs cancel each other may be among the pairs alone
            let alone = |level: &&&Level| !category.levels.contains_key(**level);
            let zero = |level: &Level| pairs.get(level).is_none_or(|all| sum_is_zero(all));
            if !category.levels.iter().all(agrees) || !pairs.keys().filter(alone).all(|level| zero(level)) {
                let sentence = format!(
                    "its levels do not add up with those of `{}` and `{}`",
                    self.categories[first].column, self.categories[second].column
                );
                return Err(impossible(sentence).in_column(&category.column));
            }
        }
        Ok(())
    }

    /// Returns whether there are rows that have some levels together: of two different categories, or of more of which there are sums.
    pub fn has_rows_with(&self, levels: &[(usize, Level)]) -> bool {
        if let [(one, a), (other, b)] = levels {
            return self.of_pair((*one, a), (*other, b)).is_some();
        }
        let (categories, wanted): (Vec<usize>, Vec<&Level>) = levels.iter().map(|(category, level)| (*category, level)).unzip();
        self.of_combinations(&categories).is_some_and(|sums| sums.contains_key(&wanted))
    }

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

/// Adds `sign` times moments to an entry, and removes it if nothing is left.
fn add_entry<K: Ord + Clone>(entries: &mut BTreeMap<K, Moments>, key: &K, moments: &Moments, sign: i64) {
    let mut sum = entries.remove(key).unwrap_or_else(|| Moments::zeros(moments.0.len()));
    sum.add(moments, sign);
    if !sum.is_zero() {
        entries.insert(key.clone(), sum.normalized());
    }
}

/// Returns whether the sum of moments is `all`.
fn add_up<'a>(parts: impl Iterator<Item = &'a Moments>, all: &Moments) -> bool {
    let mut rest = all.clone();
    parts.for_each(|part| rest.add(part, -1));
    rest.is_zero()
}

/// Returns whether the sum of moments is zero.
fn sum_is_zero(parts: &[&Moments]) -> bool {
    parts.first().is_none_or(|first| add_up(parts.iter().copied(), &Moments::zeros(first.0.len())))
}

/// Refuses more entries of so many moments than can be kept.
///
/// # Errors
/// `capacity`.
pub(super) fn check_entries(entries: usize, moments: usize) -> Result<()> {
    if entries > ENTRIES_MAX {
        let sentence = format!("the categories have more than {ENTRIES_MAX} levels and combinations of levels");
        return Err(Error::new(Code::Capacity, sentence, "leave out a category of many levels, or combine its rare levels"));
    }
    if entries.saturating_mul(moments) > ENTRY_MOMENTS_MAX {
        let sentence = "so many columns and terms cannot be summed by so many levels";
        return Err(Error::new(Code::Capacity, sentence, "name fewer columns with --columns or --features, or combine rare levels"));
    }
    Ok(())
}

/// Returns the error of a column with too many levels.
pub(crate) fn too_many_levels() -> Error {
    let sentence = format!("the category has more than {LEVELS_MAX} levels: it looks like an identifier");
    Error::new(Code::Capacity, sentence, "leave the column out, combine its levels, or take it as a number if it holds quantities")
}

fn impossible(sentence: impl AsRef<str>) -> Error {
    Error::new(Code::ImpossibleStatistics, format!("no data can have these statistics: {}", sentence.as_ref()), "summarise the data again")
}
