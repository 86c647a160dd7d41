//! A cell of a category to the level that it is. If the model keeps some levels, any other is `other`.
//!
//! *Invariants*: a cell is the level that training and quality control take it for: among all levels that the schema lists, that of its text,
//! else the first of the same number ([`ListedLevels::find`](crate::level::ListedLevels::find)). Whether the level has rows is asked
//! afterwards.

use crate::decimal::{Decimal, parse_if_number};
use crate::error::{Code, Error, Result, list};
use crate::level::{KeptLevels, Level, ListedLevels, OTHER, level_of};
use crate::model::ModelColumn;
use crate::ordered::IntoOrdered;
use crate::schema::Field;
use crate::shortest::decimal_of;
use samefit_kernels::texts::TextTable;

/// The number of a level of which the training data have no rows.
const WITHOUT_ROWS: u32 = u32::MAX;

/// The levels of a model's category.
#[derive(Clone, Debug)]
pub(crate) struct KnownLevels {
    /// The levels that the training data have rows of.
    levels: Vec<Level>,
    /// The index of the level that has a text; [`WITHOUT_ROWS`] for a listed level without rows.
    by_text: TextTable,
    /// The numbers among the listed levels, in the order of the list, with the indexes of their levels; none for levels without rows.
    by_number: Vec<(Decimal, Option<usize>)>,
    /// The levels that an f64 can be, by its bytes.
    by_bytes: TextTable,
    /// What the levels that are not kept are.
    other: Option<OtherLevel>,
}

/// The level of all cells that are of no kept level.
#[derive(Clone, Debug)]
struct OtherLevel {
    at: usize,
    kept: KeptLevels,
    /// The levels that the schema lists. A cell of no such level is an error, as in training.
    listed: Option<ListedLevels>,
}

impl OtherLevel {
    /// Returns whether a cell without spaces around it has a level that is not kept.
    fn has(&self, cell: &[u8]) -> bool {
        let Ok(Some(level)) = level_of(cell) else { return false };
        let level = self.listed.as_ref().map_or(Ok(&level), |listed| listed.find(&level));
        level.is_ok_and(|level| !self.kept.allows(level))
    }
}

impl KnownLevels {
    /// Returns the levels of a column.
    pub(super) fn new(column: &ModelColumn) -> Self {
        let levels: Vec<Level> = column.levels.iter().flatten().map(|one| one.level.clone()).collect();
        let positions = levels.iter().enumerate().map(|(at, level)| (level.text(), at)).into_map();
        let listed = column.schema.as_ref().and_then(Field::listed_levels).unwrap_or_default();
        let position = |level: &Level| positions.get(level.text()).copied();
        let by_number: Vec<_> = listed.levels().iter().filter_map(|level| Some((level.number()?, position(level)))).collect();
        // a cell of the text of a level that is not listed is the listed level of its number, if there is one
        let has_listed_number = |level: &Level| level.number().is_some_and(|number| by_number.iter().any(|(listed, _)| *listed == number));
        let mut by_text = TextTable::default();
        for level in listed.levels().iter().chain(levels.iter().filter(|level| !has_listed_number(level))) {
            insert(&mut by_text, level.text().as_bytes(), position(level));
        }
        let listed = Some(listed).filter(|listed| !listed.levels().is_empty());
        let other = column.kept.clone().zip(positions.get(OTHER).copied()).map(|(kept, at)| OtherLevel { at, kept, listed });
        let mut new = Self { levels, by_text, by_number, by_bytes: TextTable::default(), other };
        for value in new.levels.iter().filter_map(Level::number).map(|number| number.to_f64()).filter(|value| value.is_finite()) {
            let level = new.find(decimal_of(value).to_string().as_bytes());
            insert(&mut new.by_bytes, &value.to_le_bytes(), level);
        }
        new
    }

    /// Returns the number of levels.
    pub(super) fn len(&self) -> usize {
        self.levels.len()
    }

    /// Returns a level by its index.
    pub(crate) fn level(&self, at: usize) -> &Level {
        &self.levels[at]
    }

    /// Returns the index of a level; none if there is no such level.
    pub(super) fn position(&self, level: &Level) -> Option<usize> {
        let known = self.by_text.get(level.text().as_bytes()).and_then(with_rows);
        // a level that the schema does not list may have the number of one that it lists
        known.or_else(|| self.levels.iter().position(|own| own == level))
    }

    /// Returns the index of the level of a cell without spaces around it; none if the cell is no level that has rows.
    pub(super) fn find(&self, cell: &[u8]) -> Option<usize> {
        let by_number = || {
            let number = if self.by_number.is_empty() { None } else { parse_if_number(cell) }?;
            self.by_number.iter().find(|(listed, _)| *listed == number).and_then(|(_, level)| *level)
        };
        let known = self.by_text.get(cell).map_or_else(by_number, with_rows);
        known.or_else(|| self.other.as_ref().filter(|other| other.has(cell)).map(|other| other.at))
    }

    /// Returns the index of the level that an f64 is: that of its shortest decimal text; none if there is none.
    pub(super) fn find_f64(&self, value: f64) -> Option<usize> {
        let other = || self.other.as_ref().filter(|_| value.is_finite()).and_then(|_| self.find(decimal_of(value).to_string().as_bytes()));
        self.by_bytes.get(&value.to_le_bytes()).and_then(with_rows).or_else(other)
    }

    /// Returns the index of the level of a cell without spaces around it, which is not a missing value.
    ///
    /// # Errors
    /// `unknown-level`.
    pub(super) fn level_of(&self, cell: &[u8]) -> Result<usize> {
        self.find(cell).ok_or_else(|| {
            let expected = format!("a level that the training data have rows of: {}", list(self.levels.iter().map(Level::text)));
            let help = "correct the value, or use a model of data with such rows";
            Error::found(Code::UnknownLevel, &String::from_utf8_lossy(cell), &expected, help)
        })
    }
}

/// Keeps the index of the level of a text, unless there is one already.
fn insert(table: &mut TextTable, text: &[u8], level: Option<usize>) {
    if table.get(text).is_none() {
        table.insert(text, level.map_or(WITHOUT_ROWS, |level| level as u32));
    }
}

/// Returns the index of a level of a table; none if it has no rows.
fn with_rows(level: u32) -> Option<usize> {
    (level != WITHOUT_ROWS).then_some(level as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn known(levels: &[&str], kind: &str, listed: &[&str]) -> KnownLevels {
        let levels: Vec<_> = levels.iter().map(|level| json!({"level": level, "rows": 1})).collect();
        let categories: Vec<_> = listed.iter().map(|value| json!({"value": value})).collect();
        let column = json!({
            "name": "site", "mean": null, "sd": null, "min": null, "max": null, "distribution": null, "levels": levels,
            "schema": {"name": "site", "kind": kind, "categories": categories},
        });
        KnownLevels::new(&serde_json::from_value(column).unwrap())
    }

    #[test]
    fn a_cell_is_the_listed_level_that_training_takes_it_for() {
        let cells = ["1", "1.0", "01", "1e0", "2", "2.0", "02", "3", "north", "North", "x"];
        for rows in [&["1.0", "02"][..], &["1", "02"], &["1", "1.0", "2", "north"], &["north"]] {
            let texts = ["1", "1.0", "02", "2", "north", "x"];
            let (known, listed) = (known(rows, "category", &texts), crate::level::ListedLevels::new(texts));
            for cell in cells {
                let level = listed.find(&Level::new(cell)).ok().and_then(|level| rows.iter().position(|row| *row == level.text()));
                assert_eq!(known.find(cell.as_bytes()), level, "{cell} among {rows:?}");
            }
        }
        // the schema lists 1 first, of which there are no rows
        let known = known(&["1.0", "2"], "category", &["1", "1.0", "2"]);
        assert_eq!((known.find(b"1"), known.find(b"1.0"), known.find(b"01"), known.find(b"2.00")), (None, Some(0), None, Some(1)));
        assert_eq!((known.find_f64(1.0), known.find_f64(2.0)), (None, Some(1)));
        assert_eq!((known.position(&Level::new("1.0")), known.position(&Level::new("1"))), (Some(0), None));
    }

    #[test]
    fn a_field_that_is_no_category_lists_no_levels() {
        let known = known(&["1"], "number", &["1"]);
        assert_eq!((known.find(b"1"), known.find(b"1.0")), (Some(0), None));
    }

    #[test]
    fn levels_that_the_schema_does_not_list_have_their_own_texts() {
        let known = known(&["north", "1.0", "1"], "category", &["1"]);
        assert_eq!((known.find(b"north"), known.find(b"1.0"), known.find(b"1")), (Some(0), Some(2), Some(2)));
        assert_eq!(known.position(&Level::new("1.0")), Some(1));
    }
}
