//! Rows of cells to lines with columns, and times to text.

use std::borrow::Cow;
use std::time::{Duration, UNIX_EPOCH};

/// Lines in which every column but the last is as wide as its widest cell; the first row is the header.
pub fn text(rows: &[Vec<String>]) -> String {
    let rows: Vec<Vec<_>> = rows.iter().map(|row| row.iter().map(|cell| samefit_text::line(cell)).collect()).collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<Cow<'_, str>>| {
        // not by the formatter, whose widths end at 65,535
        let pad = |cell: &Cow<'_, str>, width: usize| cell.to_string() + &" ".repeat(width.saturating_sub(cell.chars().count()));
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, &width)| pad(cell, width)).collect();
        cells.join("  ").trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}

/// `1 file`, `2 files`.
pub fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// `2026-11-25T14:12:07Z`.
pub fn time(seconds: u64) -> String {
    humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(seconds)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_each_other() {
        let rows = [vec!["a".to_owned(), "bcd".to_owned()], vec!["efg".to_owned(), String::new()]];
        assert_eq!(text(&rows), "a    bcd\nefg\n");
        assert_eq!(time(0), "1970-01-01T00:00:00Z");
    }
}
