//! Formats tables, counts and times for people.

use std::borrow::Cow;
use std::time::{Duration, UNIX_EPOCH};

/// Formats rows as lines with aligned columns. Cells become one line each, and spaces at the end of a line are dropped.
pub fn render(rows: &[Vec<String>]) -> String {
    let rows: Vec<Vec<_>> = rows.iter().map(|row| row.iter().map(|cell| samefit_text::line(cell)).collect()).collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<Cow<'_, str>>| {
        // the width of a format string is at most 65,535
        let pad = |cell: &Cow<'_, str>, width: usize| cell.to_string() + &" ".repeat(width.saturating_sub(cell.chars().count()));
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, &width)| pad(cell, width)).collect();
        cells.join("  ").trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}

/// Formats a count, such as `1 file` or `2 files`.
pub fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// Formats seconds since 1970, such as `2026-11-25T14:12:07Z`.
pub fn time(seconds: u64) -> String {
    humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(seconds)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned() {
        let rows = [vec!["a".to_owned(), "bcd".to_owned()], vec!["efg".to_owned(), String::new()]];
        assert_eq!(render(&rows), "a    bcd\nefg\n");
        assert_eq!(time(0), "1970-01-01T00:00:00Z");
    }
}
