//! The statistics of groups of rows, and the order of groups.

use crate::level::Level;
use crate::statistics::Statistics;
use std::collections::{BTreeMap, BTreeSet};

/// The statistics of each group of rows, in the order of the groups.
#[derive(Debug)]
pub struct Groups(BTreeMap<Level, Statistics>);

impl Groups {
    /// Groups with these statistics.
    pub(super) fn new(groups: BTreeMap<Level, Statistics>) -> Self {
        Self(groups)
    }

    /// Returns the groups in order.
    pub fn names(&self) -> Vec<&str> {
        self.0.keys().map(Level::text).collect()
    }

    /// Takes the statistics of a group; none if there is no such group, or if they were taken.
    pub fn take(&mut self, group: &str) -> Option<Statistics> {
        self.0.remove(&Level::new(group))
    }
}

/// Returns levels in their order, each once.
pub fn order_levels(levels: &[String]) -> Vec<String> {
    let ordered: BTreeSet<Level> = levels.iter().map(|level| Level::new(level)).collect();
    ordered.iter().map(|level| level.text().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_ordered_as_numbers_then_as_words() {
        assert_eq!(order_levels(&["b", "10", "2", "a", "b"].map(str::to_owned)), ["2", "10", "a", "b"]);
    }
}
