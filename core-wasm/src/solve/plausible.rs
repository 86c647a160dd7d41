//! Could any data have these statistics?
//!
//! Rows and counts are not negative, and the matrix of moments is a sum of as many outer products as there are rows: positive
//! semidefinite, of a rank of at most the rows. Both are tested exactly. (Whether some table of *decimals* has them is not: that is
//! a question about integer points, and no check of it is known to be cheap.)

use super::decide::{Verdict, certify};
use super::elimination::{Elimination, Pivot};
use super::relations::search;
use super::{ELIMINATED_MAX, scaled_gram, semidefinite};
use crate::error::{Code, Error, Result};
use crate::statistics::Statistics;
use dashu_int::IBig;

/// Refuses statistics that no data can have.
pub fn check(statistics: &Statistics) -> Result<()> {
    check_counts(statistics)?;
    let all: Vec<usize> = (0..=statistics.terms.len()).collect();
    let gram = scaled_gram(&statistics.moments, &all).entries;
    let verdict = if gram.len() <= ELIMINATED_MAX { Verdict::Unknown } else { certify(&gram, gram.len()) };
    match verdict {
        Verdict::Definite(_) => check_rank(gram.len(), statistics.rows),
        Verdict::Impossible => Err(not_semidefinite()),
        Verdict::Unknown => {
            let proven = if gram.len() <= ELIMINATED_MAX { None } else { singular(&gram) };
            check_pivots(&proven.unwrap_or_else(|| Elimination::of(gram).pivots), statistics.rows)
        }
    }
}

/// The pivots of a singular matrix, if its relations or its rank give a proof.
fn singular(gram: &[Vec<IBig>]) -> Option<Vec<Pivot>> {
    let dependent = search(gram).map(|relations| relations.into_keys().collect());
    semidefinite::pivots(gram, &dependent.or_else(|| semidefinite::dependent(gram))?)
}

/// Refuses rows or a count below zero.
pub fn check_counts(statistics: &Statistics) -> Result<()> {
    if statistics.rows < 0 {
        return Err(impossible(format!("the number of rows is {}", statistics.rows)));
    }
    let columns = statistics.columns.iter().zip(statistics.distribution.iter().flatten());
    for (column, counts) in columns {
        if let Some((cell, count)) = counts.iter().find(|(_, count)| *count < 0) {
            return Err(impossible(format!("{count} values lie in the cell {}", cell.name())).in_column(&column.name));
        }
    }
    Ok(())
}

/// Refuses a matrix of moments that is not positive semidefinite with a rank of at most `rows`.
pub(super) fn check_pivots(pivots: &[Pivot], rows: i64) -> Result<()> {
    if pivots.contains(&Pivot::Impossible) {
        return Err(not_semidefinite());
    }
    check_rank(pivots.iter().filter(|pivot| **pivot == Pivot::Positive).count(), rows)
}

/// The same where the `count` columns of the design are known to be positive definite, and the sign of the residual sum of squares.
pub(super) fn check_residual(sign: f64, count: usize, rows: i64) -> Result<()> {
    if sign < 0.0 {
        return Err(not_semidefinite());
    }
    check_rank(count + usize::from(sign > 0.0), rows)
}

fn check_rank(rank: usize, rows: i64) -> Result<()> {
    if i64::try_from(rank).is_ok_and(|rank| rank > rows) {
        return Err(impossible(format!("moments of rank {rank} cannot come from {rows} rows")));
    }
    Ok(())
}

/// Some combination of the terms would have a sum of squares below zero.
pub(super) fn not_semidefinite() -> Error {
    impossible("the moments are not positive semidefinite: a sum of squares is below zero")
}

fn impossible(sentence: impl AsRef<str>) -> Error {
    Error::new(Code::ImpossibleStatistics, format!("no data can have these statistics: {}", sentence.as_ref()), "summarise the data again")
}
