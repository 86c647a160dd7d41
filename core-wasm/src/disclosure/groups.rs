//! The rows of each level of a category, and of each pair of levels of two categories, judged as tables by themselves.
//!
//! Statistics with categories have the sums of products of any two of (1, terms) over the rows of each *group*: of each level, and of each
//! pair of levels. So who has them has the statistics of the table of these rows, and each group must be as fit to be shared as a table is.
//! A polynomial in two terms and in the indicators of the groups is a polynomial in the two terms within each group. If each of these is zero
//! in all rows of its group or not zero in enough of them, so is the whole.
//!
//! With more than one category the rows of a level are those of its pairs with the levels of another category. So then the pairs are judged,
//! and of the levels only the rows are counted. All rows together are those of the groups, too.
//!
//! *Invariants*: as in `control`: neither the order of the rows nor their division changes a result.
//!
//! *Limits*: polynomials that join pairs of levels of three categories are not checked, as none in three terms are.

use super::columns::ControlledColumn;
use super::computed::KnotRows;
use super::pairs::{Finding, PairChecks, PairChecksState};
use super::rounding_levels::{Defect, RoundingLevels};
use crate::decimal::Decimal;
use crate::error::Result;
use crate::level::{Level, ListedLevels, OTHER};
use crate::ordered::IntoOrdered;
use crate::release_policy::{MERGE_LEVELS, check_group_rows, group_rows_min};
use crate::statistics::{Factors, pair_index};
use dashu_int::IBig;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The groups of all categories.
#[derive(Default)]
pub(super) struct LevelGroups {
    categories: Vec<ListedCategory>,
    /// The levels, category after category; then the pairs of levels, in the order of [`pair_index`].
    groups: Vec<LevelGroup>,
    /// The group of the first level of each category, and of the first pair of levels of each two categories.
    of_categories: Vec<usize>,
    of_pairs: Vec<usize>,
    /// For each category the index of each level by its text.
    places: Vec<BTreeMap<String, usize>>,
    judge: Judge,
}

/// A category with its levels.
pub(super) struct ListedCategory {
    pub(super) name: String,
    pub(super) levels: ListedLevels,
}

/// How the rows of a group are judged.
#[derive(Default)]
pub(super) enum Judge {
    /// Not at all.
    #[default]
    Nothing,
    /// By the decimals of the columns, which are measured with so many.
    Decimals(Vec<i32>),
    /// By pairs of terms: so many columns, and products of them; and by the rows above knots.
    Pairs(usize, Vec<Factors>, KnotRows),
}

/// A level of a category, or a level of each of two, given by the indexes of both.
struct LevelGroup {
    levels: Vec<(usize, usize)>,
    rows: u64,
    /// None before the first row, and for a level whose pairs are judged.
    verdict: Option<GroupVerdict>,
}

/// What is known of the rows of a group.
enum GroupVerdict {
    Decimals(Vec<RoundingLevels>),
    Pairs(PairChecks, KnotRows),
}

/// The decimals to which a group of rows needs a column rounded.
pub(super) struct GroupDecimals {
    pub(super) decimals: i32,
    /// The group in words.
    pub(super) rows: String,
    /// Why finer decimals are not fit.
    pub(super) defect: Option<Defect>,
}

/// The counts of a group, for another to merge.
#[derive(Serialize, Deserialize)]
pub(super) struct LevelGroupState {
    rows: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    decimals: Option<Vec<RoundingLevels>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pairs: Option<PairChecksState>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    above_knots: Vec<u64>,
}

impl LevelGroupState {
    /// The counts of so many rows that are not judged.
    fn of(rows: u64) -> Self {
        Self { rows, decimals: None, pairs: None, above_knots: Vec::new() }
    }
}

impl LevelGroups {
    /// Groups without rows.
    pub(super) fn new(categories: Vec<ListedCategory>, judge: Judge) -> Self {
        let counts: Vec<usize> = categories.iter().map(|category| category.levels.levels().len()).collect();
        let (mut groups, mut of_categories, mut of_pairs) = (Vec::new(), Vec::new(), Vec::new());
        let group = |levels: Vec<(usize, usize)>| LevelGroup { levels, rows: 0, verdict: None };
        for (at, &count) in counts.iter().enumerate() {
            of_categories.push(groups.len());
            groups.extend((0..count).map(|level| group(vec![(at, level)])));
        }
        for (second, &count) in counts.iter().enumerate() {
            for (first, &others) in counts[..second].iter().enumerate() {
                of_pairs.push(groups.len());
                groups.extend(
                    (0..others)
                        .flat_map(|one| (0..count).map(move |level| (one, level)))
                        .map(|(one, level)| group(vec![(first, one), (second, level)])),
                );
            }
        }
        let places = categories
            .iter()
            .map(|category| category.levels.levels().iter().enumerate().map(|(at, level)| (level.text().to_owned(), at)).into_map());
        Self { places: places.collect(), categories, groups, of_categories, of_pairs, judge }
    }

    /// Returns the number of groups that are judged for categories of so many levels.
    pub(super) fn judged(levels: &[usize]) -> usize {
        match levels {
            [only] => *only,
            _ => (0..levels.len())
                .flat_map(|second| (0..second).map(move |first| levels[first].saturating_mul(levels[second])))
                .fold(0, usize::saturating_add),
        }
    }

    /// Whether there is no category.
    pub(super) fn is_empty(&self) -> bool {
        self.categories.is_empty()
    }

    /// Counts a row of the first pass by its levels and its values.
    pub(super) fn count_measured<'a>(&mut self, levels: impl Iterator<Item = &'a Level>, values: &[Decimal]) {
        self.count_row(levels, |verdict| {
            if let GroupVerdict::Decimals(columns) = verdict {
                columns.iter_mut().zip(values).filter(|(column, _)| !column.is_settled()).for_each(|(column, value)| column.add(value));
            }
        });
    }

    /// Counts a row of the second pass by its levels and its values, in their units.
    pub(super) fn count_rounded<'a>(&mut self, levels: impl Iterator<Item = &'a Level>, integers: &[IBig]) {
        self.count_row(levels, |verdict| {
            if let GroupVerdict::Pairs(pairs, knots) = verdict {
                pairs.add(integers);
                knots.add(integers);
            }
        });
    }

    fn count_row<'a>(&mut self, levels: impl Iterator<Item = &'a Level>, judge: impl Fn(&mut GroupVerdict)) {
        // each level of data is one of those that are listed
        let places: Vec<usize> = self.places.iter().zip(levels).filter_map(|(places, level)| places.get(level.text()).copied()).collect();
        for (second, &level) in places.iter().enumerate() {
            self.count_in(self.of_categories[second] + level, places.len() == 1, &judge);
            for (first, &one) in places[..second].iter().enumerate() {
                let levels = self.categories[second].levels.levels().len();
                self.count_in(self.of_pairs[pair_index(first, second)] + one * levels + level, true, &judge);
            }
        }
    }

    fn count_in(&mut self, group: usize, is_judged: bool, judge: impl Fn(&mut GroupVerdict)) {
        let group = &mut self.groups[group];
        group.rows += 1;
        if is_judged {
            if group.verdict.is_none() {
                group.verdict = self.judge.verdict();
            }
            group.verdict.iter_mut().for_each(judge);
        }
    }

    /// Refuses groups of few rows, and groups with few rows above a knot. `terms` is the number of columns and terms.
    ///
    /// # Errors
    /// `singled-out`, `too-few-to-share`.
    pub(super) fn check_rows(&self, terms: usize) -> Result<()> {
        for group in &self.groups {
            let rows = i64::try_from(group.rows).unwrap_or(i64::MAX);
            check_group_rows(rows, terms, &self.levels(group), || self.merging(group, terms))?;
            if let Some(GroupVerdict::Pairs(_, knots)) = &group.verdict {
                knots.check(terms, Some(&self.in_words(group)))?;
            }
        }
        Ok(())
    }

    /// Returns the coarsest of the decimals to which the groups need a column rounded, and where and why finer ones are not fit; `None` without
    /// groups. `at` is the column's index.
    ///
    /// # Errors
    /// `singled-out` if no decimals are fit.
    pub(super) fn decimals(&self, at: usize, column: &ControlledColumn) -> Result<Option<GroupDecimals>> {
        let mut coarsest: Option<GroupDecimals> = None;
        for group in &self.groups {
            let Some(GroupVerdict::Decimals(columns)) = &group.verdict else { continue };
            let found = columns[at].finest_fit_in_group();
            let (decimals, defect) = found.ok_or_else(|| column.not_fit_among(&self.in_words(group)))?;
            if coarsest.as_ref().is_none_or(|coarsest| decimals < coarsest.decimals) {
                coarsest = Some(GroupDecimals { decimals, rows: self.in_words(group), defect });
            }
        }
        Ok(coarsest)
    }

    /// Returns the polynomials that are zero in all rows of a group but few, for each group with such a polynomial, and the group in words.
    pub(super) fn findings(&mut self) -> Vec<(String, Vec<Finding>)> {
        let of_group = |group: &mut LevelGroup| match &mut group.verdict {
            Some(GroupVerdict::Pairs(pairs, _)) => pairs.findings(),
            _ => Vec::new(),
        };
        let found: Vec<Vec<Finding>> = self.groups.iter_mut().map(of_group).collect();
        let with_words = self.groups.iter().zip(found).filter(|(_, found)| !found.is_empty());
        with_words.map(|(group, found)| (self.in_words(group), found)).collect()
    }

    /// The names of the categories.
    pub(super) fn categories(&self) -> impl Iterator<Item = &str> {
        self.categories.iter().map(|category| category.name.as_str())
    }

    /// Returns all counts.
    pub(super) fn into_state(self) -> Vec<LevelGroupState> {
        let state = |group: LevelGroup| match group.verdict {
            Some(GroupVerdict::Decimals(columns)) => LevelGroupState { decimals: Some(columns), ..LevelGroupState::of(group.rows) },
            Some(GroupVerdict::Pairs(pairs, knots)) => {
                LevelGroupState { pairs: Some(pairs.into_state()), above_knots: knots.rows, ..LevelGroupState::of(group.rows) }
            }
            None => LevelGroupState::of(group.rows),
        };
        self.groups.into_iter().map(state).collect()
    }

    /// Adds the counts of other rows; `None` if they are of other groups.
    pub(super) fn merge(&mut self, states: Vec<LevelGroupState>) -> Option<()> {
        if states.len() != self.groups.len() {
            return None;
        }
        for (group, state) in self.groups.iter_mut().zip(states) {
            group.rows = group.rows.checked_add(state.rows)?;
            if group.verdict.is_none() && (state.decimals.is_some() || state.pairs.is_some()) {
                group.verdict = self.judge.verdict();
            }
            match (&mut group.verdict, state.decimals, state.pairs) {
                (Some(GroupVerdict::Decimals(columns)), Some(others), None) if columns.len() == others.len() => {
                    columns.iter_mut().zip(others).try_for_each(|(column, other)| column.merge(other))?;
                }
                (Some(GroupVerdict::Pairs(pairs, knots)), None, Some(other)) => {
                    pairs.merge(other)?;
                    knots.merge(&state.above_knots)?;
                }
                (_, None, None) => {}
                _ => return None,
            }
        }
        Some(())
    }

    /// Returns how to merge the levels of a category so that a group does not have too few rows: the flag that names the levels to keep. Of
    /// two categories, it is the one whose level has fewer rows.
    fn merging(&self, group: &LevelGroup, terms: usize) -> String {
        let needed = group_rows_min(terms).unsigned_abs();
        let rows = |&(category, level): &(usize, usize)| self.groups[self.of_categories[category] + level].rows;
        let Some(&(category, rare)) = group.levels.iter().min_by_key(|level| rows(level)) else { return String::new() };
        let levels = self.categories[category].levels.levels();
        // levels without rows may have rows elsewhere
        let is_kept = |&level: &usize| level != rare && levels[level].text() != OTHER && !(1..needed).contains(&rows(&(category, level)));
        let (mut kept, others): (Vec<usize>, Vec<usize>) = (0..levels.len()).partition(is_kept);
        let mut merged: u64 = others.iter().map(|level| rows(&(category, *level))).sum();
        while merged < needed {
            let with_rows = kept.iter().enumerate().filter(|(_, level)| rows(&(category, **level)) > 0);
            let Some((at, _)) = with_rows.min_by_key(|(_, level)| rows(&(category, **level))) else { break };
            merged += rows(&(category, kept.remove(at)));
        }
        if !kept.iter().any(|level| rows(&(category, *level)) > 0) {
            return MERGE_LEVELS.to_owned();
        }
        let quoted = |text: &str| if text.contains([',', '"']) { format!("\"{text}\"") } else { text.to_owned() };
        let kept = kept.into_iter().map(|level| quoted(levels[level].text())).collect::<Vec<_>>().join(",");
        format!("keep the other levels and merge the rest: --other {}={kept}", self.categories[category].name)
    }

    fn levels(&self, group: &LevelGroup) -> Vec<(&str, &Level)> {
        let level = |&(category, level): &(usize, usize)| {
            let category = &self.categories[category];
            (category.name.as_str(), &category.levels.levels()[level])
        };
        group.levels.iter().map(level).collect()
    }

    /// The rows of a group in words: "the rows with the level `1` of `sex`".
    fn in_words(&self, group: &LevelGroup) -> String {
        let levels = self.levels(group).into_iter().map(|(column, level)| format!("the level `{level}` of `{column}`"));
        format!("the rows with {}", levels.collect::<Vec<_>>().join(" and "))
    }
}

impl Judge {
    /// A verdict on no rows.
    fn verdict(&self) -> Option<GroupVerdict> {
        match self {
            Self::Nothing => None,
            Self::Decimals(decimals) => {
                Some(GroupVerdict::Decimals(decimals.iter().map(|decimals| RoundingLevels::down_from(*decimals)).collect()))
            }
            Self::Pairs(columns, products, knots) => {
                Some(GroupVerdict::Pairs(PairChecks::new(*columns, products.iter().cloned()), knots.clone()))
            }
        }
    }
}
