//! Takes the state of one summarizer, and merges it into the sums of another.
//!
//! *Invariants*: the result does not depend on the order in which states are merged.

use super::column::ColumnReader;
use super::dropped::DroppedRows;
use super::pending::PendingRows;
use super::state::{ColumnState, DroppedState, GroupStates, PendingState, State, TotalsShape, TotalsState, wrong_state};
use super::sums::Sums;
use super::totals::GroupTotals;
use super::value_counts::ValueCounts;
use crate::disclosure::control::DisclosureControl;
use crate::error::{Error, Result, spent};
use crate::level::Level;
use crate::ordered::IntoOrdered;
use crate::statistics::{Weighting, moment_index};

/// Takes all that was read, and the error that stopped the reading.
pub(super) fn take_state(sums: &mut Sums, failure: Option<Error>) -> Result<State> {
    let totals = sums.take_totals()?;
    let columns = sums.columns.take().unwrap_or_default().into_iter().map(column_state).collect();
    let disclosure = sums.disclosure.take().map(DisclosureControl::into_state);
    let value_counts = std::mem::take(&mut sums.value_counts).into_iter().map(ValueCounts::into_state).collect();
    let DroppedRows { unannounced, announced, first_row, of_groups } = std::mem::take(&mut sums.dropped);
    let dropped = DroppedState { unannounced, announced, first_row, of_groups: of_groups.into_iter().collect() };
    Ok(State::new(columns, dropped, disclosure, value_counts, totals, failure))
}

fn column_state(column: ColumnReader) -> ColumnState {
    let ColumnReader { name, first_number, first_text, missing, levels, .. } = column;
    ColumnState { name, first_number, first_text, missing, levels: levels.first_rows() }
}

/// Merges a state into `sums`, and returns the error that stopped its reading.
///
/// # Errors
/// `part` if the state is of other columns or of another plan.
pub(super) fn merge(mut state: State, sums: &mut Sums) -> Result<Option<Error>> {
    let failure = state.take_failure()?;
    if state.totals.is_none() {
        // its reading stopped before the header
        return if failure.is_some() { Ok(failure) } else { Err(wrong_state("it holds no rows and no error")) };
    }
    check_columns(&state, sums)?;
    let State { columns, dropped, disclosure, value_counts, totals, pending, .. } = state;
    for (column, other) in sums.columns.iter_mut().flatten().zip(columns) {
        column.missing = column.missing.saturating_add(other.missing);
        column.first_number = first(column.first_number, other.first_number, |row| *row);
        column.first_text = first(column.first_text.take(), other.first_text, |(row, _)| *row);
        column.levels.merge(other.levels);
    }
    match (&mut sums.disclosure, disclosure) {
        (Some(own), Some(other)) => own.merge(other).ok_or_else(|| wrong_state("its columns and terms are rounded in another way"))?,
        (None, None) => {}
        _ => return Err(wrong_state("only one of the two is rounded")),
    }
    if sums.value_counts.len() != value_counts.len() {
        return Err(wrong_state("it chooses other knots"));
    }
    for (counts, other) in sums.value_counts.iter_mut().zip(value_counts) {
        if !counts.merge(other)? {
            return Err(wrong_state("a value is not a decimal number"));
        }
    }
    let DroppedState { unannounced, announced, first_row, of_groups } = dropped;
    sums.dropped.merge(&DroppedRows { unannounced, announced, first_row, of_groups: of_groups.into_iter().collect() })?;
    if sums.fault().is_some() {
        // one of the two may have summed levels where the other summed numbers; the sums do not matter any more
        return Ok(failure);
    }
    let (shape, categories) = (shape(sums), sums.category_names());
    let is_grouped = sums.is_grouped();
    let checked = |groups: GroupStates| {
        let with_rows = groups.into_iter().filter(|(_, totals)| totals.rows > 0);
        let checked = |(group, totals): (Option<Level>, TotalsState)| match totals.has_shape(&shape) && group.is_some() == is_grouped {
            true => Ok((group, totals.into_totals(&categories, &shape)?)),
            false => Err(wrong_state("its sums are of other columns")),
        };
        Ok::<GroupTotals, Error>(with_rows.map(checked).collect::<Result<Vec<_>>>()?.into_iter().into_map_of_many())
    };
    if let Some(totals) = totals {
        sums.merge_totals(checked(totals)?)?;
    }
    if let Some(PendingState { lacking, first_row, sums: of_pending }) = pending {
        sums.merge_pending(PendingRows { lacking, first_row, sums: checked(of_pending)? })?;
    }
    Ok(failure)
}

/// Refuses a state of other columns.
fn check_columns(state: &State, sums: &Sums) -> Result<()> {
    let columns = sums.columns.as_ref().ok_or_else(spent)?;
    if !columns.iter().map(|column| &column.name).eq(state.columns.iter().map(|column| &column.name)) {
        return Err(wrong_state("it has other columns"));
    }
    Ok(())
}

/// The shape of the sums of rows.
fn shape(sums: &Sums) -> TotalsShape {
    TotalsShape {
        moments: moment_index(sums.number_of_numbers() + sums.terms().len() + 1, 0),
        grids: sums.grids(),
        categories: sums.category_names().len(),
        combined: sums.combined(),
        is_weighted: sums.plan.weighting() == Weighting::Weights,
    }
}

/// The one of the two whose row comes first.
fn first<T>(left: Option<T>, right: Option<T>, row: impl Fn(&T) -> u64) -> Option<T> {
    left.into_iter().chain(right).min_by_key(row)
}
