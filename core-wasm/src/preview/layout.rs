//! Guesses what stands above the rows of a table: comments, titles, the header, units.

use super::cells::{ColumnCells, NumberMarks, guess_marks, is_number_somehow, is_numeric};
use super::delimiter::width;
use super::loose::{LooseRecord, records};
use crate::cell_format::{CellFormat, is_usually_missing};
use crate::decimal::is_missing;
use crate::ordered::IntoOrdered;
use crate::plan::Plan;
use std::collections::BTreeSet;

/// Characters with which comments begin in files that have some.
pub(super) const COMMENT_CHARACTERS: [char; 3] = ['#', '%', '!'];
/// Most lines of a title.
const TITLES_MAX: usize = 20;

/// A guess about what stands above the rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Layout {
    pub(super) comment: Option<char>,
    pub(super) skip: u64,
    /// The names of the columns, if the header that stands in the data does not give them.
    pub(super) header: Option<Vec<String>>,
    /// Whether the line under the header has units, and is passed over with it.
    pub(super) has_units: bool,
}

/// Guesses the layout of a text with this delimiter. `given`: the plan, of which the keys in `keys` are kept.
pub(super) fn guess(text: &str, delimiter: char, given: &Plan, keys: &BTreeSet<String>) -> Layout {
    let is_given = |key: &str| keys.contains(key);
    let given_skip = given.skip;
    let comment = if is_given("comment") { given.comment } else { guess_comment(text, delimiter, given_skip) };
    let comments: Vec<char> = comment.into_iter().collect();
    let (all, _) = records(text, delimiter, given_skip, &comments);
    let width = width(&all);
    let first = if is_given("skip") { 0 } else { first_record(&all, width) };
    let skip = if first == 0 { given_skip } else { all[first].line - 1 };
    let layout = Layout { comment, skip, ..Layout::default() };
    let body = &all[first..];
    match &given.header {
        Some(names) if !names.is_empty() => Layout { header: Some(names.clone()), ..layout },
        Some(_) => Layout { header: Some(numbered(width)), ..layout },
        None if is_given("header") => layout,
        None => with_header(layout, &all[..first], body, width, delimiter, given, is_given("skip")),
    }
}

/// Adds the header to a layout. `above`: the records above the first one of the width of the table.
fn with_header(
    layout: Layout,
    above: &[LooseRecord<'_>],
    body: &[LooseRecord<'_>],
    width: usize,
    delimiter: char,
    given: &Plan,
    is_skip_given: bool,
) -> Layout {
    let Some((head, rows)) = body.split_first() else { return layout };
    let columns = columns(if rows.is_empty() { body } else { rows }, width);
    let NumberMarks { point, separator, .. } = guess_marks(&columns, None, None, delimiter == ';');
    let format = CellFormat::new(point, separator).unwrap_or_default().with_missing(&given.na);
    if let Some(names) = above.last().and_then(|last| names_without_first(last, head, &columns, width, &format)) {
        return Layout { header: Some(names), ..layout };
    }
    if !is_header(head, &columns, &format) {
        return Layout { header: Some(numbered(width)), ..layout };
    }
    if !is_skip_given && let Some(names) = names_above_units(head, rows, width, &format) {
        return Layout { header: Some(names), skip: rows[1].line - 1, has_units: true, ..layout };
    }
    layout
}

/// Returns the names `column1`, `column2` and so on.
pub(super) fn numbered(width: usize) -> Vec<String> {
    (1..=width).map(|number| format!("column{number}")).collect()
}

/// Returns the cells of each column. A record that is too short has empty cells.
pub(super) fn columns<'a>(records: &'a [LooseRecord<'_>], width: usize) -> Vec<ColumnCells<'a>> {
    let cell = |record: &'a LooseRecord<'_>, at: usize| record.cells.get(at).map_or("", |cell| &**cell);
    (0..width).map(|at| records.iter().map(|record| cell(record, at)).collect()).collect()
}

/// Returns the character with which the comments of a text begin.
///
/// A line like a comment is the header if it is the last one above the rows and has as many fields as they have.
fn guess_comment(text: &str, delimiter: char, skip: u64) -> Option<char> {
    let (without, _) = records(text, delimiter, skip, &COMMENT_CHARACTERS);
    let (all, _) = records(text, delimiter, skip, &[]);
    let (width, first) = (width(&without), without.first()?);
    let format = CellFormat::default();
    let is_comment = |record: &&LooseRecord<'_>, c: char| record.text.starts_with(c);
    COMMENT_CHARACTERS.into_iter().filter(|c| *c != delimiter).find(|c| {
        let lines: Vec<&LooseRecord<'_>> = all.iter().filter(|record| is_comment(record, *c)).collect();
        let last_above = lines.iter().rfind(|record| record.line < first.line);
        let is_head = last_above.is_some_and(|last| {
            last.cells.len() == width && width > 1 && first.cells.iter().any(|cell| format.number(cell.as_bytes()).is_some())
        });
        !(lines.is_empty() || is_head && lines.len() == 1) && 2 * lines.len() <= all.len().max(2 * usize::from(last_above.is_some()))
            || !lines.is_empty() && !is_head && lines.iter().all(|record| record.line < first.line)
    })
}

/// Returns the index of the first record that is no title. A title has another number of fields than the table, or all but the first are empty.
fn first_record(records: &[LooseRecord<'_>], width: usize) -> usize {
    if width < 2 {
        return 0;
    }
    let is_wide = |record: &LooseRecord<'_>| record.cells.len() == width;
    let is_padded = |record: &LooseRecord<'_>| width > 2 && record.cells[1..].iter().all(|cell| cell.is_empty());
    let first_wide = records.iter().position(is_wide).filter(|first| *first <= TITLES_MAX).unwrap_or(0);
    let first_full = records.iter().position(|record| is_wide(record) && !is_padded(record)).filter(|first| *first <= TITLES_MAX);
    let holds_no_number = |record: &LooseRecord<'_>| !record.cells.iter().any(|cell| CellFormat::POINTS.number(cell.as_bytes()).is_some());
    // a row may have a value in its first column only, so a padded title is one only above a header
    first_full.filter(|first| holds_no_number(&records[*first])).unwrap_or(first_wide)
}

/// Returns the names of a header that lacks that of the first column, as R writes it, with a name for this one. `above`: the record above the
/// first row.
fn names_without_first(
    above: &LooseRecord<'_>,
    head: &LooseRecord<'_>,
    columns: &[ColumnCells<'_>],
    width: usize,
    format: &CellFormat,
) -> Option<Vec<String>> {
    let is_number = |cell: &str| format.number(cell.as_bytes()).is_some();
    let is_row = head.cells.iter().any(|cell| is_number(cell));
    if above.cells.len() + 1 != width || !is_row || above.cells.iter().any(|cell| cell.is_empty() || is_number(cell)) {
        return None;
    }
    let mut names: Vec<String> = above.cells.iter().map(|cell| cell.clone().into_owned()).collect();
    // rows that end with a delimiter have a column more at their end
    let has_empty_end = columns.last().is_some_and(|column| column.iter().all(|cell| cell.is_empty()));
    names.insert(if has_empty_end { width - 1 } else { 0 }, format!("column{}", if has_empty_end { width } else { 1 }));
    are_unique(&names).then_some(names)
}

fn are_unique(names: &[String]) -> bool {
    names.iter().map(String::as_str).into_set().len() == names.len()
}

/// Returns whether a record has names, not values. `columns`: the cells below it.
fn is_header(head: &LooseRecord<'_>, columns: &[ColumnCells<'_>], format: &CellFormat) -> bool {
    // a number with marks that no row below has is a number too
    let is_number = |cell: &str| format.number(cell.as_bytes()).is_some() || is_number_somehow(cell);
    let names = || head.cells.iter().map(|cell| &**cell).filter(|cell| !cell.is_empty());
    if names().all(is_number) {
        return is_index(head);
    }
    let in_numeric = || head.cells.iter().zip(columns).filter(|(_, column)| is_numeric(column, format)).map(|(cell, _)| &**cell);
    let is_name = |cell: &str| !is_missing(cell.as_bytes()) && !is_usually_missing(cell) && !is_number(cell);
    let is_year = |cell: &str| cell.len() == 4 && matches!(cell.parse(), Ok(1800..=2200));
    in_numeric().any(is_name) || !in_numeric().any(is_number) || in_numeric().filter(|cell| is_number(cell)).all(is_year)
}

/// Whether a record is the header of an unnamed table of pandas: nothing above the index, then 0, 1, 2.
fn is_index(head: &LooseRecord<'_>) -> bool {
    let [first, others @ ..] = head.cells.as_slice() else { return false };
    first.is_empty() && !others.is_empty() && others.iter().enumerate().all(|(at, cell)| **cell == *at.to_string())
}

/// Returns the names of a header under which a line of units stands.
fn names_above_units(head: &LooseRecord<'_>, rows: &[LooseRecord<'_>], width: usize, format: &CellFormat) -> Option<Vec<String>> {
    let [units, rest @ ..] = rows else { return None };
    if rest.len() < 2 || units.cells.len() != width {
        return None;
    }
    let columns = columns(rest, width);
    let numeric: Vec<&str> = (0..width).filter(|at| is_numeric(&columns[*at], format)).map(|at| &*units.cells[at]).collect();
    let is_unit = |cell: &&str| {
        cell.is_empty() || !is_missing(cell.as_bytes()) && !is_usually_missing(cell) && format.number(cell.as_bytes()).is_none()
    };
    let names: Vec<String> = head.cells.iter().map(|cell| cell.clone().into_owned()).collect();
    let has_units = numeric.iter().all(is_unit) && numeric.iter().any(|cell| !cell.is_empty());
    (has_units && units.cells.iter().all(|cell| format.number(cell.as_bytes()).is_none()) && are_unique(&names)).then_some(names)
}
