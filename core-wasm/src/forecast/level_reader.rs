//! A cell of a category to the level that it is. If the model keeps some levels, any other is `other`.

use crate::decimal::{Decimal, is_missing, parse};
use crate::error::{Code, Error, Result, list};
use crate::level::{KeptLevels, Level, ListedLevels, OTHER, level_of};
use crate::model::ModelColumn;
use crate::shortest::decimal_of;
use std::collections::BTreeMap;

/// Finds the levels of a model's category. A cell is the level of its text, or the level that the schema lists as a number equal to it.
#[derive(Clone, Debug)]
pub(crate) struct KnownLevels {
    levels: Vec<Level>,
    positions: BTreeMap<String, usize>,
    by_text: BTreeMap<Vec<u8>, usize>,
    /// The levels that the schema lists as numbers.
    by_number: Vec<(Decimal, usize)>,
    /// The levels that a f64 can be, by its bits.
    by_bits: BTreeMap<u64, usize>,
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
    /// Returns a reader of the levels that the training data have rows of.
    pub(super) fn new(column: &ModelColumn) -> Self {
        let levels: Vec<Level> = column.levels.iter().flatten().map(|one| one.level.clone()).collect();
        let positions = levels.iter().enumerate().map(|(at, level)| (level.text().to_owned(), at)).collect();
        let texts = levels.iter().enumerate().map(|(at, level)| (level.text().as_bytes().to_vec(), at));
        // such a cell is a missing value
        let by_text: BTreeMap<Vec<u8>, usize> = texts.filter(|(text, _)| !is_missing(text)).collect();
        let listed = column.schema.iter().flat_map(|field| field.categories.iter().flatten());
        let number = |value: &String| Some((parse(value.as_bytes()).ok()?, *by_text.get(Level::new(value).text().as_bytes())?));
        let by_number = listed.filter_map(|category| number(&category.value)).collect();
        let values = column.schema.iter().flat_map(|field| field.categories.iter().flatten()).map(|category| category.value.as_str());
        let listed = Some(ListedLevels::new(values)).filter(|listed| !listed.levels().is_empty());
        let other = column.kept.clone().zip(by_text.get(OTHER.as_bytes())).map(|(kept, &at)| OtherLevel { at, kept, listed });
        let mut reader = Self { levels, positions, by_text, by_number, by_bits: BTreeMap::new(), other };
        for value in reader.levels.iter().filter_map(Level::number).map(|number| number.to_f64()).filter(|value| value.is_finite()) {
            if let Some(level) = reader.find(decimal_of(value).to_string().as_bytes()) {
                reader.by_bits.insert(value.to_bits(), level);
            }
        }
        reader
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
        self.positions.get(level.text()).copied()
    }

    /// Returns the index of the level of a cell without spaces around it; none if the cell is no level.
    pub(super) fn find(&self, cell: &[u8]) -> Option<usize> {
        let by_number = || {
            let number = if self.by_number.is_empty() { None } else { parse(cell).ok() }?;
            self.by_number.iter().find(|(listed, _)| *listed == number).map(|(_, level)| *level)
        };
        let other = || self.other.as_ref().filter(|other| other.has(cell)).map(|other| other.at);
        self.by_text.get(cell).copied().or_else(by_number).or_else(other)
    }

    /// Returns the index of the level that an f64 is: that of its shortest decimal text; none if there is none.
    pub(super) fn find_f64(&self, value: f64) -> Option<usize> {
        let other = || self.other.as_ref().filter(|_| value.is_finite()).and_then(|_| self.find(decimal_of(value).to_string().as_bytes()));
        self.by_bits.get(&value.to_bits()).copied().or_else(other)
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
