//! Statistics to a verdict: can any data have them?
//!
//! Numbers of rows and counts are not negative. The matrix of moments is a sum of as many outer products as there are rows, so it is
//! positive semidefinite and its rank is at most the number of rows. All of this is tested exactly. Whether a table of *decimals* has such
//! moments is not tested: that is a question about integer points, and no cheap test is known.

use super::decide::{Definiteness, prove_definite};
use super::elimination::{ELIMINATED_MAX, Elimination, Pivot};
use super::gram::scaled_gram;
use super::relations::search;
use super::semidefinite;
use crate::decimal::Decimal;
use crate::error::{Code, Error, Result, list};
use crate::level::Level;
use crate::statistics::{Moments, Statistics, moment_index};
use dashu_int::IBig;

/// Refuses statistics that no data can have.
///
/// Errors: `impossible-statistics`.
pub fn check(statistics: &Statistics) -> Result<()> {
    check_counts(statistics)?;
    let all: Vec<usize> = (0..=statistics.terms.len()).collect();
    let gram = scaled_gram(&statistics.moments, &all).entries;
    let definiteness = if gram.len() <= ELIMINATED_MAX { Definiteness::Unknown } else { prove_definite(&gram, gram.len()) };
    match definiteness {
        Definiteness::Definite(_) => check_rank(gram.len(), statistics.rows),
        Definiteness::Impossible => Err(not_semidefinite()),
        Definiteness::Unknown => {
            let proven = if gram.len() <= ELIMINATED_MAX { None } else { singular(&gram) };
            check_pivots(&proven.unwrap_or_else(|| Elimination::of(gram).pivots), statistics.rows)
        }
    }
}

/// Returns the pivots of a singular matrix if its relations or its rank prove them.
fn singular(gram: &[Vec<IBig>]) -> Option<Vec<Pivot>> {
    let dependent = search(gram).map(|relations| relations.into_keys().collect());
    semidefinite::pivots(gram, &dependent.or_else(|| semidefinite::dependent(gram))?)
}

/// Refuses a negative number of rows, negative counts, rows whose weights do not add up to a number above zero, and levels that do not add
/// up.
///
/// Errors: `impossible-statistics`.
pub fn check_counts(statistics: &Statistics) -> Result<()> {
    if statistics.rows < 0 {
        return Err(impossible(format!("the number of rows is {}", statistics.rows)));
    }
    let total_weight = statistics.moments.at(0, 0);
    if statistics.weights.is_some() && total_weight.cmp(&Decimal::ZERO) != statistics.rows.cmp(&0) {
        return Err(impossible(format!("the weights of {} rows add up to {total_weight}", statistics.rows)));
    }
    check_levels(statistics)?;
    statistics.levels.check_add_up(&statistics.moments)?;
    let columns = statistics.columns.iter().zip(statistics.distribution.iter().flatten());
    for (column, counts) in columns {
        if let Some((value, count)) = counts.values().find(|(_, count)| *count < 0) {
            return Err(impossible(format!("the value {value} is there {count} times")).in_column(&column.name));
        }
        if let Some((bin, count)) = counts.bins().find(|(_, count)| *count < 0) {
            return Err(impossible(format!("the bin {} holds {count} values", bin.name())).in_column(&column.name));
        }
    }
    Ok(())
}

/// Refuses levels and combinations with less than one row, or with weights that are not above zero together, and with a negative sum of squares.
fn check_levels(statistics: &Statistics) -> Result<()> {
    let (levels, is_weighted) = (&statistics.levels, statistics.weights.is_some());
    let in_words = |levels: &[&Level]| list(levels.iter().map(|level| level.text()));
    let check = |levels: &[&Level], moments: &Moments| {
        let total = moments.at(0, 0);
        if is_weighted && *total <= Decimal::ZERO {
            return Err(impossible(format!("the weights of {} add up to {total}", in_words(levels))));
        }
        if !is_weighted && *total < Decimal::from(1) {
            return Err(impossible(format!("{} has {total} rows", in_words(levels))));
        }
        let size = (1..).take_while(|&i| moment_index(i, i) < moments.0.len());
        match size.into_iter().any(|i| *moments.at(i, i) < Decimal::ZERO) {
            true => Err(impossible(format!("a sum of squares of {} is negative", in_words(levels)))),
            false => Ok(()),
        }
    };
    for category in &levels.categories {
        let mut levels = category.levels.iter();
        levels.try_for_each(|(level, moments)| check(&[level], moments)).map_err(|error| error.in_column(&category.column))?;
    }
    levels.pairs.iter().flatten().try_for_each(|((one, other), moments)| check(&[one, other], moments))?;
    let mut cells = levels.combinations.iter().flat_map(|combination| &combination.cells);
    cells.try_for_each(|(levels, moments)| check(&levels.iter().collect::<Vec<_>>(), moments))
}

/// Refuses a matrix of moments that is not positive semidefinite, or whose rank is more than `rows`.
pub(super) fn check_pivots(pivots: &[Pivot], rows: i64) -> Result<()> {
    if pivots.contains(&Pivot::Impossible) {
        return Err(not_semidefinite());
    }
    check_rank(pivots.iter().filter(|pivot| **pivot == Pivot::Positive).count(), rows)
}

/// Does what [`check_pivots`] does if the `count` columns of the design are independent. `sign` is that of the residual sum of squares.
pub(super) fn check_residual(sign: f64, count: usize, rows: i64) -> Result<()> {
    if sign < 0.0 {
        return Err(not_semidefinite());
    }
    check_rank(count + usize::from(sign > 0.0), rows)
}

/// Refuses a rank that is more than the number of rows.
fn check_rank(rank: usize, rows: i64) -> Result<()> {
    if i64::try_from(rank).is_ok_and(|rank| rank > rows) {
        return Err(impossible(format!("moments of rank {rank} cannot come from {rows} rows")));
    }
    Ok(())
}

/// Returns the error of moments with which some combination of the terms would have a negative sum of squares.
pub(super) fn not_semidefinite() -> Error {
    impossible("the moments are not positive semidefinite: a sum of squares is negative")
}

/// Returns the error of statistics that no data can have.
fn impossible(sentence: impl AsRef<str>) -> Error {
    Error::new(Code::ImpossibleStatistics, format!("no data can have these statistics: {}", sentence.as_ref()), "summarise the data again")
}
