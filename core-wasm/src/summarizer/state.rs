//! The bytes of a summarizer's state: what one instance hands to another that shares the work on one table.
//!
//! *Invariants*: nothing is rounded.
//!
//! *Not here*: a file format. States go between instances of one version of the component, and are never kept.

use super::pending::PendingRows;
use super::totals::GroupTotals;
use super::value_counts::ValueCountsState;
use crate::decimal::{Decimal, parse_sum};
use crate::disclosure::control::DisclosureState;
use crate::error::{Code, Error, Result};
use crate::json;
use crate::level::Level;
use crate::ordered::IntoOrdered;
use crate::statistics::{
    Bin, CategorySums, ColumnGrids, CombinationSums, Distribution, LevelSums, Moments, Totals, ValueGrid, pair_count, too_many_rows,
};
use crate::terms::DEGREE_MAX;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Name and version of the format, which is JSON.
const FORMAT: &str = "samefit-state/6";

/// The state of a summarizer.
#[derive(Serialize, Deserialize)]
pub(super) struct State {
    format: String,
    pub(super) columns: Vec<ColumnState>,
    pub(super) dropped: DroppedState,
    pub(super) disclosure: Option<DisclosureState>,
    /// The values from which knots are chosen, for each column of `knots` in the plan.
    pub(super) value_counts: Vec<ValueCountsState>,
    /// The totals of the rows that count; `None` if no header was read.
    pub(super) totals: Option<GroupStates>,
    pub(super) pending: Option<PendingState>,
    /// What stopped the reading.
    failure: Option<FailureState>,
}

/// The state of one column.
#[derive(Serialize, Deserialize)]
pub(super) struct ColumnState {
    pub(super) name: String,
    pub(super) first_number: Option<u64>,
    pub(super) first_text: Option<(u64, String)>,
    pub(super) missing: u64,
    /// The levels of a category, with the row of the first cell of each.
    pub(super) levels: Vec<(String, u64)>,
}

/// The rows that were dropped.
#[derive(Serialize, Deserialize)]
pub(super) struct DroppedState {
    pub(super) unannounced: i64,
    pub(super) announced: i64,
    pub(super) first_row: Option<u64>,
    pub(super) of_groups: Vec<(Level, i64)>,
}

/// The rows that are pending.
#[derive(Serialize, Deserialize)]
pub(super) struct PendingState {
    pub(super) lacking: Vec<usize>,
    pub(super) first_row: u64,
    pub(super) sums: GroupStates,
}

/// The totals of each group; the group is none if rows have no groups.
pub(super) type GroupStates = Vec<(Option<Level>, TotalsState)>;

/// Levels, or pairs of levels, each with its moments as text.
type EntryTexts<K> = Vec<(K, MomentsText)>;

/// Moments as exact decimal text, with a space between two.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct MomentsText(String);

/// Totals as exact decimal text.
#[derive(Serialize, Deserialize)]
pub(super) struct TotalsState {
    pub(super) rows: i64,
    moments: MomentsText,
    /// The sum of the logarithms of the weights, if there are weights.
    log_sum: Option<String>,
    /// For each category its levels with their moments.
    levels: Vec<EntryTexts<Level>>,
    /// For each two categories the pairs of levels with their moments.
    pairs: Vec<EntryTexts<(Level, Level)>>,
    /// Sets of categories with the combinations of their levels and their moments.
    combinations: Vec<(Vec<usize>, EntryTexts<Vec<Level>>)>,
    /// The counts of each column's values.
    distribution: Option<Vec<CountsState>>,
}

/// Counts of a column's values.
#[derive(Serialize, Deserialize)]
struct CountsState {
    /// The steps of the values on the column's grid, with their counts.
    steps: Vec<(i64, i64)>,
    /// The bits of each bin's inner edge, and the bin's count.
    bins: Vec<(u64, i64)>,
}

/// The number of moments; the grids of columns with counts (none if values are not counted); the number of categories, and the sets of them
/// whose combinations are summed; and whether rows have weights.
pub(super) struct TotalsShape {
    pub(super) moments: usize,
    pub(super) grids: Option<ColumnGrids>,
    pub(super) categories: usize,
    pub(super) combined: Vec<Vec<usize>>,
    pub(super) is_weighted: bool,
}

/// An error that stopped the reading.
#[derive(Serialize, Deserialize)]
struct FailureState {
    code: String,
    row: Option<u64>,
    column: Option<String>,
    found: Option<String>,
    expected: Option<String>,
    sentence: String,
    help: String,
}

impl State {
    /// A state in the current format.
    pub(super) fn new(
        columns: Vec<ColumnState>,
        dropped: DroppedState,
        disclosure: Option<DisclosureState>,
        value_counts: Vec<ValueCountsState>,
        totals: Option<(GroupTotals, Option<PendingRows<GroupTotals>>)>,
        failure: Option<Error>,
    ) -> Self {
        let of_groups = |groups: &GroupTotals| groups.iter().map(|(group, totals)| (group.clone(), TotalsState::new(totals))).collect();
        let (totals, pending) = totals.map_or((None, None), |(totals, pending)| (Some(of_groups(&totals)), pending));
        let pending = pending.map(|PendingRows { lacking, first_row, sums }| PendingState { lacking, first_row, sums: of_groups(&sums) });
        Self {
            format: FORMAT.to_owned(),
            columns,
            dropped,
            disclosure,
            value_counts,
            totals,
            pending,
            failure: failure.map(FailureState::new),
        }
    }

    /// Writes the bytes.
    pub(super) fn to_bytes(&self) -> Result<Vec<u8>> {
        serde_json::to_vec(self).map_err(|_| wrong_state("it cannot be written"))
    }

    /// Reads the bytes.
    ///
    /// # Errors
    /// `part` for a state of another version, for bytes that are not UTF-8, or for JSON that is no state; `json` for text that is not JSON.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self> {
        let text = std::str::from_utf8(bytes).map_err(|_| wrong_state("it is not as it was made"))?;
        let state: Self = json::parse(text, Code::Part, "the state of a summarizer")?;
        if state.format == FORMAT { Ok(state) } else { Err(wrong_state("it is of another version")) }
    }

    /// The names of the columns, each once; `None` if no header was read.
    pub(super) fn names(&self) -> Option<Vec<String>> {
        self.totals.as_ref()?;
        // the column of the weights stands at the end again if it is also summed
        let mut known = BTreeSet::new();
        Some(self.columns.iter().map(|column| column.name.clone()).filter(|name| known.insert(name.clone())).collect())
    }

    /// Takes the error that stopped the reading.
    pub(super) fn take_failure(&mut self) -> Result<Option<Error>> {
        self.failure.take().map(FailureState::into_error).transpose()
    }
}

impl TotalsState {
    fn new(totals: &Totals) -> Self {
        let counts = |counts: &Distribution| CountsState {
            steps: counts.steps().collect(),
            bins: counts.bins().map(|(bin, count)| (bin.inner_edge().to_bits(), count)).collect(),
        };
        let of_levels =
            |category: &CategorySums| category.levels.iter().map(|(level, moments)| (level.clone(), MomentsText::new(moments))).collect();
        let of_pairs =
            |pairs: &BTreeMap<_, Moments>| pairs.iter().map(|(pair, moments)| (Clone::clone(pair), MomentsText::new(moments))).collect();
        let of_combination = |combination: &CombinationSums| {
            let cells = combination.cells.iter().map(|(levels, moments)| (levels.clone(), MomentsText::new(moments))).collect();
            (combination.categories.clone(), cells)
        };
        Self {
            rows: totals.rows,
            moments: MomentsText::new(&totals.moments),
            log_sum: totals.log_sum.as_ref().map(Decimal::to_string),
            levels: totals.levels.categories.iter().map(of_levels).collect(),
            pairs: totals.levels.pairs.iter().map(of_pairs).collect(),
            combinations: totals.levels.combinations.iter().map(of_combination).collect(),
            distribution: totals.distribution.as_ref().map(|columns| columns.iter().map(counts).collect()),
        }
    }

    /// Whether the totals have a shape.
    pub(super) fn has_shape(&self, shape: &TotalsShape) -> bool {
        let of_levels = self.levels.iter().flatten().map(|(_, moments)| moments);
        let of_pairs = self.pairs.iter().flatten().map(|(_, moments)| moments);
        let of_combinations = self.combinations.iter().flat_map(|(_, cells)| cells).map(|(_, moments)| moments);
        let has_all = |set: &Vec<usize>| {
            self.combinations.iter().filter(|(own, _)| own == set).flat_map(|(_, cells)| cells).all(|(levels, _)| levels.len() == set.len())
        };
        let mut entries = of_levels.chain(of_pairs).chain(of_combinations);
        self.moments.len() == shape.moments
            && self.log_sum.is_some() == shape.is_weighted
            && self.distribution.as_ref().map(Vec::len) == shape.grids.as_ref().map(|grids| grids.len())
            && self.levels.len() == shape.categories
            && self.pairs.len() == pair_count(shape.categories)
            && self.combinations.iter().map(|(set, _)| set).eq(&shape.combined)
            && shape.combined.iter().all(has_all)
            && entries.all(|moments| moments.len() == shape.moments)
    }

    /// The totals as numbers. They have this shape, and `categories` are the columns of the categories.
    pub(super) fn into_totals(self, categories: &[String], shape: &TotalsShape) -> Result<Totals> {
        let counts = |(state, grid): (CountsState, &Option<ValueGrid>)| {
            let mut counts = Distribution::on(*grid);
            if state.steps.iter().any(|(step, _)| !grid.is_some_and(|grid| grid.has_step(*step))) {
                return Err(wrong_state("a value is not one that is counted"));
            }
            let steps = state.steps.into_iter().try_for_each(|(step, count)| counts.add_step(step, count));
            let bins = state.bins.into_iter().try_for_each(|(edge, count)| counts.add_bin(Bin::of(f64::from_bits(edge)), count));
            steps.and(bins).ok_or_else(too_many_rows)?;
            Ok(counts)
        };
        let grids = shape.grids.as_deref().unwrap_or_default();
        let category = |(column, levels): (&String, EntryTexts<Level>)| {
            let levels = levels.into_iter().map(|(level, texts)| Ok((level, texts.moments()?))).collect::<Result<Vec<_>>>()?;
            let levels = levels.into_iter().into_map_of_many();
            Ok(CategorySums { column: column.clone(), levels })
        };
        let pairs = |pairs: Vec<_>| {
            let pairs =
                pairs.into_iter().map(|(pair, texts): (_, MomentsText)| Ok((pair, texts.moments()?))).collect::<Result<Vec<_>>>()?;
            Ok(pairs.into_iter().into_map_of_many())
        };
        let combination = |(categories, cells): (Vec<usize>, EntryTexts<Vec<Level>>)| {
            let cells = cells.into_iter().map(|(levels, texts)| Ok((levels, texts.moments()?))).collect::<Result<Vec<_>>>()?;
            let cells = cells.into_iter().into_map_of_many();
            Ok(CombinationSums { categories, cells })
        };
        let levels = LevelSums {
            categories: categories.iter().zip(self.levels).map(category).collect::<Result<_>>()?,
            pairs: self.pairs.into_iter().map(pairs).collect::<Result<_>>()?,
            combinations: self.combinations.into_iter().map(combination).collect::<Result<_>>()?,
        };
        levels.check_size()?;
        Ok(Totals {
            rows: self.rows,
            log_sum: self.log_sum.as_deref().map(sum).transpose()?,
            moments: self.moments.moments()?,
            levels,
            distribution: self.distribution.map(|columns| columns.into_iter().zip(grids).map(counts).collect::<Result<_>>()).transpose()?,
        })
    }
}

impl MomentsText {
    fn new(moments: &Moments) -> Self {
        let mut text = String::new();
        for (at, moment) in moments.0.iter().enumerate() {
            text.push_str(if at > 0 { " " } else { "" });
            moment.append_to(&mut text);
        }
        Self(text)
    }

    /// Returns the number of moments.
    fn len(&self) -> usize {
        self.0.split(' ').count()
    }

    fn moments(&self) -> Result<Moments> {
        Ok(Moments(self.0.split(' ').map(sum).collect::<Result<_>>()?))
    }
}

/// Reads a sum of products of two terms and perhaps a weight.
fn sum(text: &str) -> Result<Decimal> {
    parse_sum(text, 2 * DEGREE_MAX + 1).ok_or_else(|| wrong_state("a sum is not a decimal number"))
}

impl FailureState {
    fn new(error: Error) -> Self {
        let Error { code, row, column, found, expected, sentence, help } = error;
        Self { code: code.name().to_owned(), row, column, found, expected, sentence, help }
    }

    fn into_error(self) -> Result<Error> {
        let Self { code, row, column, found, expected, sentence, help } = self;
        let code = Code::from_name(&code).ok_or_else(|| wrong_state("its error has an unknown code"))?;
        Ok(Error { code, row, column, found, expected, sentence, help })
    }
}

/// The error for a state that this summarizer cannot merge.
pub(super) fn wrong_state(reason: &str) -> Error {
    let sentence = format!("this state cannot be merged: {reason}");
    Error::new(Code::Part, sentence, "merge the state of a summarizer with the same plan and the same header, from this version")
}
