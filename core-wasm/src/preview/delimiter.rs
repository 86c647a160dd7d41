//! Guesses the delimiter of a table from the widths of its records and from what its cells are.

use super::cells::is_number_somehow;
use super::loose::{LooseRecord, records};
use crate::notation::is_date;
use std::collections::BTreeMap;

/// Delimiters that are in use. Of two that fit equally well, the first is taken.
const DELIMITERS: [char; 4] = [',', ';', '\t', '|'];
/// Records that decide.
const RECORDS_MAX: usize = 500;

/// Returns the delimiter with which a text is most like a table; a comma if it has one column with each.
///
/// A delimiter counts by the consistency of what it makes: records of one width, cells of known kinds (G. van den Burg, A. Nazábal and
/// C. Sutton, Wrangling messy CSV files by detecting row and type patterns, 2019). So a decimal comma between semicolons is none.
pub(super) fn guess(text: &str, skip: u64, comments: &[char]) -> char {
    let score = |delimiter: char| consistency(&records(text, delimiter, skip, comments).0);
    let scores = DELIMITERS.map(|delimiter| (delimiter, score(delimiter)));
    scores.into_iter().reduce(|best, other| if other.1 > best.1 { other } else { best }).map_or(',', |(delimiter, _)| delimiter)
}

/// Returns the most frequent number of cells of a record; of several, the largest. 0 without records.
pub(super) fn width(records: &[LooseRecord<'_>]) -> usize {
    widths(records).into_iter().max_by_key(|(width, count)| (*count, *width)).map_or(0, |(width, _)| width)
}

/// Returns the number of records of each width.
fn widths(records: &[LooseRecord<'_>]) -> BTreeMap<usize, usize> {
    let mut widths = BTreeMap::new();
    records.iter().take(RECORDS_MAX).for_each(|record| *widths.entry(record.cells.len()).or_default() += 1);
    widths
}

fn consistency(records: &[LooseRecord<'_>]) -> f64 {
    let widths = widths(records);
    let patterns: f64 = widths.iter().map(|(&width, &count)| count as f64 * (width - 1) as f64 / width as f64).sum();
    let cells = || records.iter().take(RECORDS_MAX).flat_map(|record| &record.cells);
    let known = cells().filter(|cell| is_of_known_kind(cell)).count();
    patterns / widths.len().max(1) as f64 * known as f64 / cells().count().max(1) as f64
}

/// Whether a cell is empty, a number, a date or a plain text: one in which no delimiter stands, but for a comma as in a sentence.
fn is_of_known_kind(cell: &str) -> bool {
    let is_sentence = || !cell.replace(", ", " ").contains(DELIMITERS) && !cell.contains('"');
    is_sentence() || is_number_somehow(cell) || is_date(cell)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delimiter_makes_equal_records_of_known_cells() {
        for (text, delimiter) in [
            ("a,b\n1,2\n", ','),
            ("x;y\n1;2,5\n2;3,5\n", ';'),
            ("1,5;2,5;3,5\n4,5;5,5;6,5\n", ';'),
            ("name;age\n\"Smith; J\";3\nDoe, K;4\n", ';'),
            ("Report, of\n\na\tb\n1,5\t2\n", '\t'),
            ("a|b\n1|2\n", '|'),
            ("one\n1\n2\n", ','),
            ("", ','),
            ("a,b\n\"1,5\",\"2,5\"\n", ','),
        ] {
            assert_eq!(guess(text, 0, &[]), delimiter, "{text:?}");
        }
    }
}
