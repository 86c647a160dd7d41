//! Turns the sums of all rows, or of each group of rows, into statistics.

use super::column::ColumnReader;
use super::groups::Groups;
use super::sums::{Sums, left_out_note};
use super::totals::GroupTotals;
use super::value_counts::ValueCounts;
use crate::decimal::Decimal;
use crate::disclosure::control::DisclosureControl;
use crate::error::{Code, Error, Result, list, spent};
use crate::level::Level;
use crate::ordered::IntoOrdered;
use crate::plan::{mean_alone, summed_column};
use crate::planned_knots::PlannedKnots;
use crate::release_policy::Shared;
use crate::statistics::{Moments, Statistics, Totals, WeightSums};
use crate::terms::Term;
use std::collections::{BTreeMap, BTreeSet};

/// Most columns of which an error tells why they are left out.
const REASONS_MAX: usize = 5;

/// Takes the statistics at the end of the data. Columns of text are left out, and a note says so; another note names the categories that
/// were found.
///
/// # Errors
/// `missing-values`, `not-a-number` if a term uses a column of text, `term` if one has no meaning with the categories that were found,
/// `no-columns`, `no-rows`, `spent`, `plan` if knots are still to be chosen, and what disclosure control refuses.
pub(super) fn statistics(sums: &mut Sums) -> Result<Statistics> {
    let (mut totals, shape) = totals(sums)?;
    let shared = sums.disclosure.as_mut().map(DisclosureControl::release).transpose()?;
    sums.notes.extend(sums.disclosure.iter().flat_map(DisclosureControl::notes));
    let totals = totals.remove(&None).ok_or_else(spent)?;
    Ok(Statistics { shared, ..restrict(sums, &shape, totals, sums.dropped.announced) })
}

/// Takes the statistics of each group at the end of the data. Which columns are left out or categories is decided
/// on all rows.
///
/// # Errors
/// Those of [`statistics`].
pub(super) fn groups(sums: &mut Sums) -> Result<Groups> {
    let (totals, shape) = totals(sums)?;
    let mut groups = BTreeMap::new();
    for (group, totals) in totals.into_iter().filter_map(|(group, totals)| Some((group?, totals))) {
        let dropped = sums.dropped.of_groups.get(&group).copied().unwrap_or(0);
        groups.insert(group, restrict(sums, &shape, totals, dropped));
    }
    match (groups.is_empty(), &sums.plan.by) {
        (true, Some(by)) => Err(Error::new(Code::NoRows, "no row has a group", "give rows with a value in this column").in_column(by)),
        _ => Ok(Groups::new(groups)),
    }
}

/// The columns and terms that were summed.
struct SummedShape {
    columns: Vec<ColumnReader>,
    /// Terms beyond the columns.
    terms: Vec<Term>,
}

/// Takes the totals at the end of the data, and notes what became of rows and columns.
fn totals(sums: &mut Sums) -> Result<(GroupTotals, SummedShape)> {
    sums.plan.check_knots_are_chosen()?;
    let totals = sums.take_final_totals()?;
    sums.announce_dropped(totals.values().all(|totals| totals.rows == 0))?;
    let terms = sums.terms();
    let columns = sums.take_summed_columns()?;
    for column in columns.iter().filter(|column| column.is_left_out()) {
        sums.notes.push(left_out_note(&column.name, &column.reason_to_leave_out()));
    }
    for column in columns.iter().filter(|column| column.is_found_category()) {
        sums.notes.push(category_note(&column.name, &totals));
    }
    check(sums, &columns, totals.values().all(|totals| totals.rows == 0))?;
    Ok((totals, SummedShape { columns, terms }))
}

/// Takes the decimals that the first of two passes chooses for data that are to be shared.
///
/// # Errors
/// `missing-values`, `plan` if the plan does not ask for them, and what disclosure control refuses.
pub(super) fn decimals(sums: &mut Sums) -> Result<Shared> {
    sums.announce_dropped(false)?;
    let (shared, notes) = sums.disclosure.take().ok_or_else(not_sharing)?.choose_decimals()?;
    sums.notes.extend(notes);
    Ok(shared)
}

/// Takes the knots that the first of two passes chooses for splines.
///
/// # Errors
/// `missing-values`, `plan` if the plan does not ask for them, `term` for a category and for equal quantiles, `capacity`, `no-rows`.
pub(super) fn knots(sums: &mut Sums) -> Result<BTreeMap<String, PlannedKnots>> {
    sums.announce_dropped(false)?;
    if sums.value_counts.is_empty() {
        return Err(Error::new(Code::Plan, "the plan does not ask for knots, so none are chosen", "set `knots` in the plan"));
    }
    let columns = sums.columns.take().ok_or_else(spent)?;
    let of_column = |counts: ValueCounts| {
        let column = columns.get(counts.place()).ok_or_else(spent)?;
        let knots = match column.is_category() {
            true => Err(Error::new(Code::Term, "it holds words, and a spline is of a number", "ask for no knots of it")),
            false => counts.into_knots(&column.name),
        };
        let knots = knots.map_err(|error| error.in_column(&column.name))?;
        Ok((column.name.clone(), PlannedKnots::At(knots.as_slice().iter().map(ToString::to_string).collect())))
    };
    let knots = std::mem::take(&mut sums.value_counts).into_iter().map(of_column).collect::<Result<Vec<_>>>()?;
    Ok(knots.into_iter().into_map())
}

fn check(sums: &Sums, columns: &[ColumnReader], has_no_rows: bool) -> Result<()> {
    if let Some(column) = columns.iter().find(|column| column.is_left_out() && sums.selection.uses(&column.name)) {
        return Err(Error::new(Code::NotANumber, "a term uses a column of text", "leave the term out").in_column(&column.name));
    }
    sums.selection.check_terms(|name| columns.iter().any(|column| column.is_category() && column.name == name))?;
    if columns.iter().all(|column| column.is_left_out() || column.is_category()) {
        let sentence = format!("none of the columns holds numbers: {}", list(columns.iter().map(|column| &column.name)));
        return Err(Error::new(Code::NoColumns, sentence, "check that this is the right file"));
    }
    check_features(sums, columns)?;
    if has_no_rows && columns.iter().any(ColumnReader::may_be_left_out) {
        return Err(Error::new(
            Code::NoRows,
            "there is a header but no row of data",
            "give data, or name the columns with --columns to get statistics of no rows",
        ));
    }
    Ok(())
}

/// Refuses data of which a model would be fitted to the target alone, because every other column is left out.
fn check_features(sums: &Sums, columns: &[ColumnReader]) -> Result<()> {
    let plan = &sums.plan;
    let (Some(target), true) = (plan.target(), plan.find_categories && plan.features.is_none() && plan.columns.is_none()) else {
        return Ok(());
    };
    let (left_out, kept): (Vec<&ColumnReader>, Vec<&ColumnReader>) = columns.iter().partition(|column| column.is_left_out());
    if kept.iter().any(|column| column.name != target) {
        return Ok(());
    }
    let (reasons, helps): (Vec<String>, Vec<String>) = left_out.iter().take(REASONS_MAX).map(|column| column.what_is_left_out()).unzip();
    let more = left_out.len().saturating_sub(REASONS_MAX);
    let more = if more > 0 { format!("; {more} more are left out") } else { String::new() };
    let reasons = if reasons.is_empty() { "the data have no other column".to_owned() } else { reasons.join("; ") };
    let mut helps: Vec<String> = helps.into_iter().filter(|help| !help.is_empty()).collect();
    helps.dedup();
    helps.push(mean_alone(target));
    Err(Error::new(Code::NoColumns, format!("nothing is left to predict it from: {reasons}{more}"), helps.join("; ")).in_column(target))
}

/// The statistics of the columns that are not left out, and of the terms beyond them.
fn restrict(sums: &Sums, shape: &SummedShape, totals: Totals, dropped: i64) -> Statistics {
    let SummedShape { columns, terms } = shape;
    let numbers: Vec<&ColumnReader> = columns.iter().filter(|column| !column.is_category()).collect();
    let kept: Vec<usize> = (0..numbers.len()).filter(|&at| !numbers[at].is_left_out()).collect();
    let products = numbers.len()..numbers.len() + terms.len();
    let places: Vec<usize> = std::iter::once(0).chain(kept.iter().copied().chain(products).map(|at| at + 1)).collect();
    let restricted = |moments: &Moments| moments.of_places(&places);
    let kept_levels = |column: &ColumnReader| Some((column.name.clone(), sums.plan.kept_levels(&column.name)?));
    let summed: Vec<_> = kept.iter().map(|&at| summed_column(&sums.plan, &numbers[at].name)).collect();
    Statistics {
        terms: summed.iter().map(|column| Term::column(&column.name)).chain(terms.iter().cloned()).collect(),
        columns: summed,
        rows: totals.rows,
        weights: sums.plan.weights.clone().map(|column| WeightSums { column, log_sum: totals.log_sum.unwrap_or(Decimal::ZERO) }),
        moments: restricted(&totals.moments),
        levels: if kept.len() < numbers.len() { totals.levels.mapped(restricted) } else { totals.levels },
        distribution: totals.distribution.map(|counts| kept.iter().map(|&at| counts[at].clone()).collect()),
        dropped,
        kept: columns.iter().filter(|column| column.is_category()).filter_map(kept_levels).into_map(),
        shared: None,
    }
}

/// The note that a column of words is taken as a category.
fn category_note(column: &str, totals: &GroupTotals) -> Error {
    let categories = totals.values().flat_map(|totals| &totals.levels.categories).filter(|category| category.column == column);
    let levels = categories.flat_map(|category| category.levels.keys()).collect::<BTreeSet<&Level>>().len();
    let levels = if levels == 1 { "1 level".to_owned() } else { format!("{levels} levels") };
    Error::new(Code::Category, format!("holds words: it is taken as a category of {levels}"), "").in_column(column)
}

fn not_sharing() -> Error {
    Error::new(Code::Plan, "the plan does not share anything, so no decimals are chosen", "set `share` in the plan")
}
