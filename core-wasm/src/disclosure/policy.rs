//! How the values of shared statistics were rounded, and how many rows such statistics have at least.
//!
//! *Not here*: what data have to be like to be shared (`train::sharing`).

use crate::decimal::EXPONENT_MAX;
use crate::error::{Code, Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Fewest rows that a sum may be told apart by.
pub const APART_ROWS_MIN: u64 = 5;
/// Fewest rows of shared statistics.
pub const ROWS_MIN: i64 = 50;
/// Fewest rows of shared statistics for each of their terms, columns among them.
pub const TERM_ROWS_MIN: i64 = 10;
/// Most columns and terms of statistics that are made to be shared: they are judged two by two.
pub const TERMS_MAX: usize = 256;

/// What statistics, and models of them, say of having been made to be shared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Shared {
    /// By column: the digits after the point that values were rounded to, or, below zero, the zeros before it.
    pub decimals: BTreeMap<String, i32>,
}

impl Shared {
    /// The part of these columns; none if one of them is not there.
    #[must_use]
    pub fn restricted<'a>(&self, columns: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let decimals = columns.into_iter().map(|name| Some((name.to_owned(), *self.decimals.get(name)?)));
        Some(Self { decimals: decimals.collect::<Option<_>>()? })
    }
}

/// Refuses numbers of decimals beyond what a value can have.
pub fn check_decimals(decimals: &BTreeMap<String, i32>, code: Code) -> Result<()> {
    match decimals.iter().find(|(_, decimals)| i64::from(**decimals).abs() > EXPONENT_MAX) {
        None => Ok(()),
        Some((name, decimals)) => {
            let expected = format!("decimals from -{EXPONENT_MAX} to {EXPONENT_MAX}");
            Err(Error::found(code, &decimals.to_string(), &expected, "give other decimals").in_column(name))
        }
    }
}

/// Refuses to share sums of too few rows.
pub fn check_rows(rows: i64, terms: usize) -> Result<()> {
    let needed = ROWS_MIN.max(TERM_ROWS_MIN.saturating_mul(terms as i64));
    if rows >= needed {
        return Ok(());
    }
    let counted = |count: i64, what: &str| if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") };
    let sentence = format!(
        "{} of {} are too few to be shared: {needed} are needed, which is {ROWS_MIN} at least, and {TERM_ROWS_MIN} for each column and term",
        counted(rows, "row"),
        counted(terms as i64, "column and term").replace("column and terms", "columns and terms"),
    );
    let mut error = Error::new(Code::TooFewToShare, sentence, "share more rows, or fewer columns and terms");
    (error.found, error.expected) = (Some(rows.to_string()), Some(needed.to_string()));
    Err(error)
}

/// Refuses to share the sums of too many columns and terms.
pub fn check_terms(terms: usize) -> Result<()> {
    if terms <= TERMS_MAX {
        return Ok(());
    }
    let sentence = format!("{terms} columns and terms are more than the {TERMS_MAX} that can be shared together");
    Err(Error::new(Code::Capacity, sentence, "share fewer columns and terms"))
}

/// A number of decimals in words.
pub fn in_words(decimals: i32) -> String {
    match decimals {
        1 => "1 decimal".to_owned(),
        0.. => format!("{decimals} decimals"),
        -1 => "tens".to_owned(),
        -2 => "hundreds".to_owned(),
        -3 => "thousands".to_owned(),
        _ => format!("multiples of 10^{}", decimals.unsigned_abs()),
    }
}
