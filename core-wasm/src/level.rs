//! The levels of a category: the values of a column of words or codes.
//!
//! *Invariants*: levels are equal exactly if their texts are. Their order is total: numbers by value, then all others by their bytes.
//!
//! A category may *keep* some levels: every other level is then [`OTHER`]. This is decided cell by cell, so it does not depend on other rows.
//!
//! *Limits*: at most [`LEVELS_MAX`] levels a column, of at most [`LEVEL_CHARS_MAX`] characters.

use crate::decimal::{Decimal, is_missing, parse_if_number};
use crate::error::{Code, Error, Result, list};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::collections::BTreeSet;

/// Most levels of a category.
pub const LEVELS_MAX: usize = 1000;
/// Most characters of a level.
pub const LEVEL_CHARS_MAX: usize = 1024;
/// Most digits of an integer that surely fits in 64 bits.
const SHORT_DIGITS_MAX: usize = 18;
/// The level of all cells whose own level is not kept.
pub const OTHER: &str = "other";

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
        let may_be_number = first.is_ascii_digit() || matches!(first, b'+' | b'-' | b'.');
        may_be_number.then(|| parse_if_number(self.0.as_bytes())).flatten()
    }

    /// Returns whether a cell of data can have this level: one with a value, and without spaces around it.
    pub(crate) fn is_of_cell(&self) -> bool {
        matches!(level_of(self.0.as_bytes()), Ok(Some(level)) if level == *self)
    }

    /// Returns the number that the text is, if it is an integer of up to [`SHORT_DIGITS_MAX`] digits. Most codes are.
    fn short_integer(&self) -> Option<i64> {
        let (sign, digits) = self.0.strip_prefix('-').map_or((1, self.0.as_str()), |digits| (-1, digits));
        let is_short = (1..=SHORT_DIGITS_MAX).contains(&digits.len());
        (is_short && digits.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| sign * digits.bytes().fold(0, |value, byte| value * 10 + i64::from(byte - b'0')))
    }

    /// Compares the numbers that the texts are. All other texts are equal to each other, and above numbers.
    fn cmp_numbers(&self, other: &Self) -> Ordering {
        if let (Some(own), Some(others)) = (self.short_integer(), other.short_integer()) {
            return own.cmp(&others);
        }
        match (self.number(), other.number()) {
            (Some(own), Some(others)) => own.cmp(&others),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        }
    }
}

/// Returns the level of a cell of bytes; none if the cell has no value.
///
/// # Errors
/// `not-utf-8`; `not-text` for control characters; `capacity` for more than [`LEVEL_CHARS_MAX`] characters.
pub fn level_of(cell: &[u8]) -> Result<Option<Level>> {
    let Ok(text) = std::str::from_utf8(cell) else {
        return Err(Error::found(Code::NotUtf8, &String::from_utf8_lossy(cell), "UTF-8 text", "save the file as UTF-8"));
    };
    let text = text.trim();
    match () {
        () if is_missing(text.as_bytes()) => Ok(None),
        () if text.chars().any(char::is_control) => {
            Err(Error::found(Code::NotText, text, "a level without control characters", "correct the cell"))
        }
        () if text.chars().nth(LEVEL_CHARS_MAX).is_some() => {
            let expected = format!("a level of at most {LEVEL_CHARS_MAX} characters");
            Err(Error::found(Code::Capacity, text, &expected, "leave the column out if it holds free text"))
        }
        () => Ok(Some(Level::new(text))),
    }
}

/// Returns whether a cell with a value is a word: it begins with no digit, sign, point or currency sign.
pub fn is_word(cell: &str) -> bool {
    let begins_number = |c: char| {
        c.is_ascii_digit()
            || matches!(c, '+' | '-' | '\u{2212}' | '.')
            || matches!(c, '$' | '\u{a2}'..='\u{a5}' | '\u{e3f}' | '\u{20a0}'..='\u{20cf}' | '\u{fe69}' | '\u{ff04}' | '\u{ffe0}' | '\u{ffe1}' | '\u{ffe5}' | '\u{ffe6}')
    };
    !cell.trim_start().starts_with(begins_number)
}

/// Returns the index of the level with the same text, else of the first that is the same number; none if there is neither.
pub fn position<'a>(levels: impl Iterator<Item = &'a Level> + Clone, level: &Level) -> Option<usize> {
    let same_number = || level.number().and_then(|number| levels.clone().position(|other| other.number().as_ref() == Some(&number)));
    levels.clone().position(|other| other == level).or_else(same_number)
}

/// The levels that a schema lists for a category.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListedLevels {
    levels: Vec<Level>,
}

impl ListedLevels {
    /// Returns the levels of a list of texts, in its order.
    pub fn new<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        Self { levels: texts.into_iter().map(Level::new).collect() }
    }

    /// Returns the levels in the order of the list.
    pub fn levels(&self) -> &[Level] {
        &self.levels
    }

    /// Returns the index of the listed level that a level of data is: that of the same text, else that of the same number.
    pub fn position(&self, level: &Level) -> Option<usize> {
        position(self.levels.iter(), level)
    }

    /// Returns the listed level that a level of data is: that of the same text, else that of the same number.
    ///
    /// # Errors
    /// `unknown-level` if there is none.
    pub fn find(&self, level: &Level) -> Result<&Level> {
        self.position(level).map(|at| &self.levels[at]).ok_or_else(|| {
            let expected = format!("one of the levels {}", list(self.levels.iter().map(Level::text)));
            Error::found(Code::UnknownLevel, level.text(), &expected, "correct the cell, or add the level to the schema")
        })
    }
}

/// The levels that a category keeps, in order. Every other level is [`OTHER`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(transparent)]
pub struct KeptLevels {
    levels: BTreeSet<Level>,
}

impl KeptLevels {
    /// Returns the levels of texts.
    pub fn new<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        Self { levels: texts.into_iter().map(Level::new).collect() }
    }

    /// Refuses none and too many levels, the level [`OTHER`], and texts that are no level of a cell. The error has the code `code`.
    pub fn check(&self, code: Code) -> Result<()> {
        let is_level = |level: &Level| level_of(level.text().as_bytes()).is_ok_and(|found| found.as_ref() == Some(level));
        if self.levels.is_empty() || self.levels.len() >= LEVELS_MAX {
            let expected = format!("1 to {} levels to keep", LEVELS_MAX - 1);
            return Err(Error::found(code, &self.levels.len().to_string(), &expected, "name the levels that are not rare"));
        }
        match self.levels.iter().find(|level| level.text() == OTHER || !is_level(level)) {
            None => Ok(()),
            Some(level) if level.text() == OTHER => {
                let sentence = format!("the level `{OTHER}` cannot be kept, because all levels that are not kept are called so");
                Err(Error::new(code, sentence, "leave it out, or give the level another name in the data"))
            }
            Some(level) => Err(Error::found(code, level.text(), "the text of a cell", "correct the level")),
        }
    }

    /// Returns the level, if it is kept, else [`OTHER`].
    pub fn merged(&self, level: Level) -> Level {
        if self.levels.contains(&level) { level } else { Level::new(OTHER) }
    }

    /// Returns whether a cell may have this level after merging.
    pub fn allows(&self, level: &Level) -> bool {
        level.text() == OTHER || self.levels.contains(level)
    }

    /// Returns the levels that are kept.
    pub fn levels(&self) -> impl Iterator<Item = &Level> {
        self.levels.iter()
    }
}

impl std::fmt::Display for Level {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl Ord for Level {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_text = self.0.cmp(&other.0);
        if by_text.is_eq() { by_text } else { self.cmp_numbers(other).then(by_text) }
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
    use crate::decimal::parse;
    use proptest::prelude::*;

    /// The order as it is defined.
    fn defined_order(one: &Level, other: &Level) -> Ordering {
        let number = |level: &Level| parse(level.text().as_bytes()).ok();
        let by_number = match (number(one), number(other)) {
            (Some(one), Some(other)) => one.cmp(&other),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        };
        by_number.then_with(|| one.text().cmp(other.text()))
    }

    proptest! {
        /// Short integers are compared in another way than other numbers.
        #[test]
        fn levels_are_ordered_as_defined(texts in prop::collection::vec("-?0{0,2}[0-2]{0,2}|[+-]?0?[0-2](\\.0|e1|a)?|-?[89]{17,20}|[-+.ab1]{0,2}", 2..12)) {
            let levels: Vec<Level> = texts.iter().map(|text| Level::new(text)).collect();
            for (one, other) in levels.iter().flat_map(|one| levels.iter().map(move |other| (one, other))) {
                prop_assert_eq!(one.cmp(other), defined_order(one, other), "{} and {}", one, other);
            }
        }
    }

    #[test]
    fn numbers_come_first_by_value_then_words_by_bytes() {
        let mut levels: Vec<Level> = ["b", "10", "B", "2", "-1", "2.0", "é", "10a", ".5", "north"].map(Level::new).to_vec();
        levels.sort();
        let texts: Vec<&str> = levels.iter().map(Level::text).collect();
        assert_eq!(texts, ["-1", ".5", "2", "2.0", "10", "10a", "B", "b", "north", "é"]);
    }

    #[test]
    fn a_listed_level_is_found_by_its_text_then_by_its_number() {
        let listed = ListedLevels::new(["1", "02", "north"]);
        let find = |cell: &str| listed.find(&Level::new(cell)).map(Level::text);
        assert_eq!((find("1").unwrap(), find("1.0").unwrap(), find("2").unwrap(), find("north ").unwrap()), ("1", "1", "02", "north"));
        let error = find("North").unwrap_err();
        assert_eq!(
            error.to_string(),
            "found `North`, expected one of the levels `1`, `02`, `north`\ncorrect the cell, or add the level to the schema"
        );
    }

    #[test]
    fn levels_that_are_not_kept_are_one() {
        let kept = KeptLevels::new(["10", "2 ", "north"]);
        let merged = |cell: &str| kept.merged(Level::new(cell)).text().to_owned();
        assert_eq!(["2", "north", "2.0", "south", "other"].map(merged), ["2", "north", "other", "other", "other"]);
        assert_eq!(serde_json::to_string(&kept).unwrap(), r#"["2","10","north"]"#);
        assert!(kept.check(Code::Plan).is_ok());
        for wrong in [&[][..], &["a", "other"], &["NA"], &[""]] {
            assert_eq!(KeptLevels::new(wrong.iter().copied()).check(Code::Plan).unwrap_err().code, Code::Plan, "{wrong:?}");
        }
    }

    #[test]
    fn words_are_told_from_numbers_by_their_first_character() {
        for word in ["north", "É1", "(2)", "_", "  x"] {
            assert!(is_word(word), "{word}");
        }
        for other in ["1a", "-", "+x", ".5", "$5", "€ 5", "£", " 7", "\u{2212}3"] {
            assert!(!is_word(other), "{other}");
        }
    }

    #[test]
    fn cells_without_a_value_are_no_levels() {
        assert_eq!(level_of(b" NA ").unwrap(), None);
        assert_eq!(level_of("\u{a0}".as_bytes()).unwrap(), None);
        assert_eq!(level_of(b" a b ").unwrap(), Some(Level::new("a b")));
        assert_eq!(level_of(b"a\nb").unwrap_err().code, Code::NotText);
        assert_eq!(level_of(b"\xff").unwrap_err().code, Code::NotUtf8);
        assert_eq!(level_of("a".repeat(LEVEL_CHARS_MAX + 1).as_bytes()).unwrap_err().code, Code::Capacity);
    }

    #[test]
    fn spaces_around_a_cell_do_not_count() {
        assert_eq!(Level::new(" Ward 3 \t"), Level::new("Ward 3"));
        assert_ne!(Level::new("1"), Level::new("1.0"));
    }
}
