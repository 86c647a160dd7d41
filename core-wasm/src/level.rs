//! The levels of a category: the values of a column of words or codes.
//!
//! *Invariants*: levels are equal exactly if their texts are. Their order is total: numbers by value, then all others by their bytes.

use crate::decimal::{Decimal, parse};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// A level: the text of a cell without the spaces around it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(transparent)]
pub struct Level(String);

impl Level {
    /// Returns the level of a cell.
    pub fn new(cell: &str) -> Self {
        Self(cell.trim().to_owned())
    }

    /// Returns the text.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Returns the number that the text is, if it is one.
    pub fn number(&self) -> Option<Decimal> {
        // most words are told from numbers by their first byte
        let first = self.0.as_bytes().first()?;
        (first.is_ascii_digit() || matches!(first, b'+' | b'-' | b'.')).then(|| parse(self.0.as_bytes()).ok()).flatten()
    }
}

impl std::fmt::Display for Level {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl Ord for Level {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_number = match (self.number(), other.number()) {
            (Some(own), Some(others)) => own.cmp(&others),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        };
        by_number.then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for Level {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_first_by_value_then_words_by_bytes() {
        let mut levels: Vec<Level> = ["b", "10", "B", "2", "-1", "2.0", "é", "10a", ".5", "north"].map(Level::new).to_vec();
        levels.sort();
        let texts: Vec<&str> = levels.iter().map(Level::text).collect();
        assert_eq!(texts, ["-1", ".5", "2", "2.0", "10", "10a", "B", "b", "north", "é"]);
    }

    #[test]
    fn spaces_around_a_cell_do_not_count() {
        assert_eq!(Level::new(" Ward 3 \t"), Level::new("Ward 3"));
        assert_ne!(Level::new("1"), Level::new("1.0"));
    }
}
