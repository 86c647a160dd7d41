//! Guesses how the cells of columns are written, and what they hold.

use crate::cell_format::{CellFormat, is_usually_missing};
use crate::decimal::is_missing;
use crate::notation::is_date;

/// Ways to write numbers: the mark before decimals and the separator between thousands. Of several that read equally many numbers the first
/// is taken.
const FORMATS: [(char, Option<char>); 9] = [
    ('.', None),
    (',', None),
    ('.', Some(',')),
    (',', Some('.')),
    ('.', Some(' ')),
    (',', Some(' ')),
    ('.', Some('\'')),
    (',', Some('\'')),
    ('.', Some('_')),
];

/// Most texts for missing values that are proposed.
const TEXTS_MAX: usize = 10;

/// The cells of a column.
pub(super) type ColumnCells<'a> = Vec<&'a str>;

/// What a column seems to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CellKind {
    /// Numbers.
    Number,
    /// Dates, perhaps with a time.
    Date,
    /// Words and other texts.
    Text,
    /// Numbers for the most part.
    Mixed,
    /// No value.
    Empty,
}

impl CellKind {
    /// Returns the name in documents.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Date => "date",
            Self::Text => "text",
            Self::Mixed => "mixed",
            Self::Empty => "empty",
        }
    }
}

/// A guess about the marks in numbers.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct NumberMarks {
    pub(super) point: char,
    pub(super) separator: Option<char>,
    /// The column and the text of a number that is another one with a decimal comma, if all such numbers are read in both ways.
    pub(super) ambiguous: Option<(usize, String)>,
}

/// Returns the marks with which the most cells are numbers, in columns that are numbers for the most part. `point`, `separator`: what is known.
/// `has_semicolons`: whether semicolons divide the fields, as where decimals have commas.
pub(super) fn guess_marks(
    columns: &[ColumnCells<'_>],
    point: Option<char>,
    separator: Option<Option<char>>,
    has_semicolons: bool,
) -> NumberMarks {
    let fits = |(a, b): &(char, Option<char>)| point.is_none_or(|point| point == *a) && separator.is_none_or(|separator| separator == *b);
    let count = |(point, separator): (char, Option<char>)| {
        let format = CellFormat::new(point, separator).unwrap_or_default();
        columns.iter().map(|column| numbers_of(column, &format)).sum::<usize>()
    };
    let mut candidates: Vec<(char, Option<char>)> = FORMATS.into_iter().filter(fits).collect();
    if let (Some(point), Some(separator), []) = (point, separator, candidates.as_slice()) {
        candidates.push((point, separator));
    }
    if candidates.is_empty() {
        let point = point.unwrap_or(if separator == Some(Some('.')) { ',' } else { '.' });
        candidates.push((point, separator.flatten()));
    }
    if !has_semicolons && let (Some(comma), Some(thousands)) = (position(&candidates, FORMATS[1]), position(&candidates, FORMATS[2])) {
        candidates.swap(comma, thousands);
    }
    let counts: Vec<usize> = candidates.iter().map(|candidate| count(*candidate)).collect();
    let most = counts.iter().copied().max().unwrap_or(0);
    let best = counts.iter().position(|count| *count == most).unwrap_or(0);
    let (point, separator) = candidates[best];
    let is_other = |at: Option<usize>| at.is_some_and(|at| at != best && counts[at] == most);
    let is_either = [FORMATS[1], FORMATS[2]].contains(&candidates[best])
        && (is_other(position(&candidates, FORMATS[1])) || is_other(position(&candidates, FORMATS[2])));
    let with_comma = || {
        let all = columns.iter().enumerate().flat_map(|(at, column)| column.iter().map(move |cell| (at, *cell)));
        let format = CellFormat::new(point, separator).unwrap_or_default();
        all.into_iter().find(|(_, cell)| cell.contains(',') && format.number(cell.as_bytes()).is_some())
    };
    let ambiguous = is_either.then(with_comma).flatten().map(|(at, cell)| (at, cell.to_owned()));
    NumberMarks { point, separator, ambiguous }
}

fn position(candidates: &[(char, Option<char>)], of: (char, Option<char>)) -> Option<usize> {
    candidates.iter().position(|candidate| *candidate == of)
}

/// Returns how many cells of a column are numbers, if it is a column of numbers for the most part, else 0.
fn numbers_of(column: &ColumnCells<'_>, format: &CellFormat) -> usize {
    let is_value = |cell: &&&str| !is_missing(cell.as_bytes()) && !is_usually_missing(cell);
    let values = column.iter().filter(is_value).count();
    let numbers = column.iter().filter(is_value).filter(|cell| format.number(cell.as_bytes()).is_some()).count();
    if numbers > 0 && numbers * 5 >= values * 4 { numbers } else { 0 }
}

/// Returns whether a column is one of numbers for the most part: four in five of its values, at least.
pub(super) fn is_numeric(column: &ColumnCells<'_>, format: &CellFormat) -> bool {
    numbers_of(column, format) > 0
}

/// Returns the texts that stand for a missing value in columns that are numbers for the most part, in the order in which they come.
pub(super) fn guess_missing(columns: &[ColumnCells<'_>], format: &CellFormat) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for cell in columns.iter().filter(|column| is_numeric(column, format)).flatten() {
        let is_new = || !is_missing(cell.as_bytes()) && is_usually_missing(cell) && format.number(cell.as_bytes()).is_none();
        if found.len() < TEXTS_MAX && is_new() && !found.iter().any(|known| known == cell) {
            found.push((*cell).to_owned());
        }
    }
    found
}

/// Returns what a column holds, and the index of the first cell that is no number in a column that is mixed.
pub(super) fn kind(column: &ColumnCells<'_>, format: &CellFormat) -> (CellKind, Option<usize>) {
    let values = || column.iter().enumerate().filter(|(_, cell)| !format.is_missing(cell.as_bytes()));
    let is_number = |cell: &str| format.number(cell.as_bytes()).is_some();
    let other = values().find(|(_, cell)| !is_number(cell)).map(|(at, _)| at);
    let numbers = values().filter(|(_, cell)| is_number(cell)).count();
    match (values().next(), other) {
        (None, _) => (CellKind::Empty, None),
        (_, None) => (CellKind::Number, None),
        _ if values().all(|(_, cell)| is_date(cell)) => (CellKind::Date, None),
        _ if 2 * numbers >= values().count() => (CellKind::Mixed, other),
        _ => (CellKind::Text, None),
    }
}

/// Whether a cell is a number in any of the ways to write numbers.
pub(super) fn is_number_somehow(cell: &str) -> bool {
    let reads = |(point, separator)| CellFormat::new(point, separator).is_ok_and(|format| format.number(cell.as_bytes()).is_some());
    cell.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | ',' | '\u{2212}')) && FORMATS.into_iter().any(reads)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(columns: &[&[&str]], has_semicolons: bool) -> (char, Option<char>, bool) {
        let columns: Vec<ColumnCells<'_>> = columns.iter().map(|column| column.to_vec()).collect();
        let marks = guess_marks(&columns, None, None, has_semicolons);
        (marks.point, marks.separator, marks.ambiguous.is_some())
    }

    #[test]
    fn the_marks_read_the_most_numbers() {
        assert_eq!(marks(&[&["1.5", "2"], &["a, b", "c"]], false), ('.', None, false));
        assert_eq!(marks(&[&["1,5", "2"], &["10", "?"]], true), (',', None, false));
        assert_eq!(marks(&[&["1.234,5", "2"]], true), (',', Some('.'), false));
        assert_eq!(marks(&[&["1,234", "2,345,678"]], false), ('.', Some(','), false));
        assert_eq!(marks(&[&["1 234,5", "2"]], true), (',', Some(' '), false));
        assert_eq!(marks(&[&["1'234.5", "2"]], true), ('.', Some('\''), false));
        assert_eq!(marks(&[&["1,234", "2"]], false), ('.', Some(','), true));
        assert_eq!(marks(&[&["1,234", "2"]], true), (',', None, true));
        assert_eq!(marks(&[&["1.234", "2"]], true), ('.', None, false));
    }

    #[test]
    fn a_column_is_what_its_cells_are() {
        let of = |cells: &[&str]| kind(&cells.to_vec(), &CellFormat::default());
        assert_eq!(of(&["1", "", "NA"]), (CellKind::Number, None));
        assert_eq!(of(&["1", "2", "x", "3"]), (CellKind::Mixed, Some(2)));
        assert_eq!(of(&["north", "2", "south"]), (CellKind::Text, None));
        assert_eq!(of(&["2020-01-31", ""]), (CellKind::Date, None));
        assert_eq!(of(&["", "null"]), (CellKind::Empty, None));
    }
}
