//! Turns the sums of all rows into statistics.

use super::column::ColumnReader;
use super::sums::{Sums, left_out_note};
use crate::decimal::Decimal;
use crate::disclosure::control::DisclosureControl;
use crate::error::{Code, Error, Result, list, spent};
use crate::plan::summed_column;
use crate::release_policy::Shared;
use crate::statistics::{LevelSums, Moments, Statistics, Totals, WeightSums, moment_index};
use crate::terms::Term;

/// Takes the statistics at the end of the data. Columns of text are left out, and a note says so.
///
/// # Errors
/// `missing-values`, `not-a-number` if a term uses a column of text, `no-columns`, `no-rows`, `spent`, and what disclosure control refuses.
pub(super) fn statistics(sums: &mut Sums) -> Result<Statistics> {
    let totals = sums.take_final_totals()?;
    sums.announce_dropped()?;
    let mut columns = sums.columns.take().ok_or_else(spent)?;
    columns.truncate(columns.len() - sums.plan.weighting().values());
    for column in columns.iter().filter(|column| column.is_text()) {
        sums.notes.push(left_out_note(&column.name, "it holds text, not numbers"));
    }
    let kept: Vec<usize> = (0..columns.len()).filter(|&at| !columns[at].is_text()).collect();
    check(sums, &columns, &kept, totals.rows)?;
    let shared = sums.disclosure.as_mut().map(DisclosureControl::release).transpose()?;
    sums.notes.extend(sums.disclosure.iter().flat_map(DisclosureControl::notes));
    Ok(Statistics { shared, ..restrict(sums, &columns, &kept, totals) })
}

/// Takes the decimals that the first of two passes chooses for data that are to be shared.
///
/// # Errors
/// `missing-values`, `plan` if the plan does not ask for them, and what disclosure control refuses.
pub(super) fn decimals(sums: &mut Sums) -> Result<Shared> {
    sums.announce_dropped()?;
    let (shared, notes) = sums.disclosure.take().ok_or_else(not_sharing)?.choose_decimals()?;
    sums.notes.extend(notes);
    Ok(shared)
}

fn check(sums: &Sums, columns: &[ColumnReader], kept: &[usize], rows: i64) -> Result<()> {
    let is_used = |column: &ColumnReader| sums.selection.terms.iter().any(|term| term.columns().any(|name| name == column.name));
    if let Some(column) = columns.iter().find(|column| column.is_text() && is_used(column)) {
        return Err(Error::new(Code::NotANumber, "a term uses a column of text", "leave the term out").in_column(&column.name));
    }
    if kept.is_empty() {
        let sentence = format!("none of the columns holds numbers: {}", list(columns.iter().map(|column| &column.name)));
        return Err(Error::new(Code::NoColumns, sentence, "check that this is the right file"));
    }
    if rows == 0 && columns.iter().any(ColumnReader::is_undecided) {
        return Err(Error::new(
            Code::NoRows,
            "there is a header but no row of data",
            "give data, or name the columns with --columns to get statistics of no rows",
        ));
    }
    Ok(())
}

/// The statistics of the columns with the indexes `kept`, and of all terms beyond them.
fn restrict(sums: &Sums, columns: &[ColumnReader], kept: &[usize], totals: Totals) -> Statistics {
    let terms = &sums.selection.terms;
    let products = columns.len()..columns.len() + terms.len();
    let places: Vec<usize> = std::iter::once(0).chain(kept.iter().copied().chain(products).map(|at| at + 1)).collect();
    let mut moments = Vec::with_capacity(moment_index(places.len(), 0));
    for i in 0..places.len() {
        moments.extend((0..=i).map(|j| totals.moments.at(places[i], places[j]).clone()));
    }
    let summed: Vec<_> = kept.iter().map(|&at| summed_column(&sums.plan, &columns[at].name)).collect();
    Statistics {
        terms: summed.iter().map(|column| Term::column(&column.name)).chain(terms.iter().cloned()).collect(),
        columns: summed,
        rows: totals.rows,
        weights: sums.plan.weights.clone().map(|column| WeightSums { column, log_sum: totals.log_sum.unwrap_or(Decimal::ZERO) }),
        moments: Moments(moments),
        levels: LevelSums::default(),
        distribution: totals.distribution.map(|counts| kept.iter().map(|&at| counts[at].clone()).collect()),
        dropped: sums.dropped.announced,
        shared: None,
    }
}

fn not_sharing() -> Error {
    Error::new(Code::Plan, "the plan does not share anything, so no decimals are chosen", "set `share` in the plan")
}
