//! The limits of disclosure control, and how the values of shared statistics were rounded.
//!
//! *Not here*: the checks of the data themselves (`control`).

use crate::decimal::EXPONENT_MAX;
use crate::error::{Code, Error, Result};
use crate::functions::Function;
use crate::level::Level;
use crate::ordered::IntoOrdered;
use crate::terms::{Term, Variable};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Shared sums must not single out fewer rows than this.
pub const SINGLED_OUT_ROWS_MIN: u64 = 5;
/// Fewest rows of shared statistics.
pub const ROWS_MIN: i64 = 50;
/// Fewest rows of shared statistics for each of their columns and terms.
pub const TERM_ROWS_MIN: i64 = 10;
/// Most columns and terms of shared statistics. Every two of them are checked together.
pub const TERMS_MAX: usize = 256;
/// Most groups of rows whose sums are shared: levels of one category, or pairs of levels of two.
pub const GROUPS_MAX: usize = 1024;
/// Decimals to which functions of columns are rounded, unless others are named. A logarithm of four decimals tells a number to one part in
/// 20,000.
pub const FUNCTION_DECIMALS: i32 = 4;

/// What to do with a level of few rows, where it is not known which others could be kept.
pub(crate) const MERGE_LEVELS: &str = "merge the level with another one";

/// How the values of shared statistics were rounded. Statistics and models that were made to be shared have it as `shared`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Shared {
    /// For each column the digits after the point, or, if negative, the zeros before it: -2 is hundreds.
    pub decimals: BTreeMap<String, i32>,
    /// The functions in terms, in their order. A function is that of the rounded value, and is rounded again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub functions: Vec<RoundedFunction>,
}

/// How the values of a function of a column were rounded.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RoundedFunction {
    /// The column.
    pub column: String,
    /// The function.
    pub function: Function,
    /// As of a column.
    pub decimals: i32,
}

impl Shared {
    /// Returns the rounding of these columns, and of the functions in these terms, alone; `None` if one of them is unknown.
    #[must_use]
    pub fn restricted<'a>(&self, columns: impl IntoIterator<Item = &'a str>, terms: &[Term]) -> Option<Self> {
        let decimals = columns.into_iter().map(|name| Some((name.to_owned(), *self.decimals.get(name)?)));
        let functions = functions_in(terms)
            .into_iter()
            .map(|(column, function)| Some(RoundedFunction { decimals: self.function(&column, function)?, column, function }));
        Some(Self { decimals: decimals.collect::<Option<Vec<_>>>()?.into_iter().into_map(), functions: functions.collect::<Option<_>>()? })
    }

    /// Returns the decimals of a function of a column; `None` if it is unknown.
    #[must_use]
    pub fn function(&self, column: &str, function: Function) -> Option<i32> {
        self.functions.iter().find(|rounded| rounded.column == column && rounded.function == function).map(|rounded| rounded.decimals)
    }

    /// Returns the decimals by name: of the columns, then of the functions, such as `ln(tg)`.
    pub fn named(&self) -> impl Iterator<Item = (String, i32)> {
        let functions = self.functions.iter().map(|rounded| (format!("{}({})", rounded.function, rounded.column), rounded.decimals));
        self.decimals.iter().map(|(name, decimals)| (name.clone(), *decimals)).chain(functions)
    }

    /// Refuses more decimals, either way, than a value can have. The error has the code `code`.
    pub fn check(&self, code: Code) -> Result<()> {
        check_decimals(&self.named().into_map(), code)
    }
}

/// Returns the functions of columns in terms, each once, by column.
pub fn functions_in(terms: &[Term]) -> Vec<(String, Function)> {
    let variables = terms.iter().flat_map(|term| &term.factors).filter_map(|(variable, _)| match variable {
        Variable::Function { column, function } => Some((column.clone(), *function)),
        _ => None,
    });
    variables.into_set().into_iter().collect()
}

/// Refuses more decimals, either way, than a value can have. The error has the code `code`.
pub fn check_decimals(decimals: &BTreeMap<String, i32>, code: Code) -> Result<()> {
    match decimals.iter().find(|(_, decimals)| i64::from(**decimals).abs() > EXPONENT_MAX) {
        None => Ok(()),
        Some((name, decimals)) => {
            let expected = format!("decimals from -{EXPONENT_MAX} to {EXPONENT_MAX}");
            Err(Error::found(code, &decimals.to_string(), &expected, "give other decimals").in_column(name))
        }
    }
}

/// Refuses to share statistics of too few rows for so many columns and terms.
///
/// # Errors
/// `too-few-to-share` below [`ROWS_MIN`] rows, or below [`TERM_ROWS_MIN`] rows for each column and term.
pub fn check_rows(rows: i64, terms: usize) -> Result<()> {
    let needed = ROWS_MIN.max(TERM_ROWS_MIN.saturating_mul(terms as i64));
    if rows >= needed {
        return Ok(());
    }
    let rows_text = if rows == 1 { "1 row".to_owned() } else { format!("{rows} rows") };
    let terms = columns_and_terms(terms);
    let sentence = format!(
        "{rows_text} of {terms} are too few to be shared; {needed} are needed: at least {ROWS_MIN}, and {TERM_ROWS_MIN} for each column and term"
    );
    let mut error = Error::new(Code::TooFewToShare, sentence, "share more rows, or fewer columns and terms");
    (error.found, error.expected) = (Some(rows.to_string()), Some(needed.to_string()));
    Err(error)
}

/// Returns how many rows a group needs for so many columns and terms.
pub(crate) fn group_rows_min(terms: usize) -> i64 {
    (SINGLED_OUT_ROWS_MIN as i64).max(TERM_ROWS_MIN.saturating_mul(terms as i64))
}

/// Refuses to share the sums of too few rows that have a level of one category, or a level of each of two. No row is fine. `levels` are the
/// columns with their levels, and `merging` says how levels can be merged.
///
/// # Errors
/// `singled-out` below [`SINGLED_OUT_ROWS_MIN`] rows; `too-few-to-share` below [`TERM_ROWS_MIN`] rows for each column and term.
pub fn check_group_rows(rows: i64, terms: usize, levels: &[(&str, &Level)], merging: impl FnOnce() -> String) -> Result<()> {
    let needed = group_rows_min(terms);
    if rows == 0 || rows >= needed {
        return Ok(());
    }
    let is_few = rows < SINGLED_OUT_ROWS_MIN as i64;
    let (column, level) = levels.first().map_or(("", String::new()), |(column, level)| (*column, level.to_string()));
    let others: String = levels.iter().skip(1).map(|(column, level)| format!(" and the level `{level}` of `{column}`")).collect();
    let have = rows_that(rows.unsigned_abs(), "has", "have");
    let sentence = if is_few {
        format!("only {have} the level `{level}`{others}, and the sums would single them out")
    } else {
        format!("{have} the level `{level}`{others}, too few to share {}; {needed} are needed: {TERM_ROWS_MIN} for each", of_them(terms))
    };
    let categories = levels.iter().map(|(column, _)| format!("`{column}`")).collect::<Vec<_>>().join(" or ");
    let fewer = if is_few { "" } else { ", or share fewer columns and terms" };
    let help = format!("{}, or leave out {categories}{fewer}", merging());
    let mut error = Error::new(if is_few { Code::SingledOut } else { Code::TooFewToShare }, sentence, help).in_column(column);
    (error.found, error.expected) = (Some(rows.to_string()), Some(format!("none, or at least {needed}")));
    Err(error)
}

/// Refuses to share a spline with few rows above one of its knots, because the sums of the knot's cube are of these rows alone. No row is
/// fine. `cube` is the name of the cube, `among` the group of rows in words, if they are not all rows.
///
/// # Errors
/// `too-few-to-share` below [`TERM_ROWS_MIN`] rows for each column and term.
pub fn check_knot_rows(rows: u64, terms: usize, cube: &str, among: Option<&str>) -> Result<()> {
    let needed = (TERM_ROWS_MIN as u64).saturating_mul(terms as u64);
    if rows == 0 || rows >= needed {
        return Ok(());
    }
    let have = rows_that(rows, "is", "are");
    let among = among.map_or_else(String::new, |among| format!(" among {among}"));
    let sentence =
        format!("only {have} above the knot{among}, too few to share {}; {needed} are needed: {TERM_ROWS_MIN} for each", of_them(terms));
    let help = "choose a lower knot, leave the spline out, or share more rows or fewer columns and terms";
    let mut error = Error::new(Code::TooFewToShare, sentence, help).in_column(cube);
    (error.found, error.expected) = (Some(rows.to_string()), Some(format!("none, or at least {needed}")));
    Err(error)
}

/// Returns a number of columns and terms of some rows.
fn of_them(terms: usize) -> String {
    if terms == 1 { "1 column and term of them".to_owned() } else { format!("{terms} columns and terms of them") }
}

/// Refuses to share the sums of more groups of rows than [`GROUPS_MAX`], or of so many terms of them that more pairs of terms would be
/// checked than for [`TERMS_MAX`] terms of all rows.
///
/// # Errors
/// `capacity`.
pub fn check_groups(groups: usize, terms: usize) -> Result<()> {
    let pairs = |terms: usize| terms.saturating_mul(terms + 1) / 2;
    if groups <= GROUPS_MAX && groups.saturating_mul(pairs(terms)) <= pairs(TERMS_MAX) {
        return Ok(());
    }
    let terms = columns_and_terms(terms);
    let sentence = format!("{terms} for each of {groups} levels or pairs of levels are more than can be shared together");
    Err(Error::new(
        Code::Capacity,
        sentence,
        "leave out a category, merge its levels in the data and the schema, or share fewer columns and terms",
    ))
}

/// Refuses to share more columns and terms than [`TERMS_MAX`].
pub fn check_terms(terms: usize) -> Result<()> {
    if terms <= TERMS_MAX {
        return Ok(());
    }
    let sentence = format!("{} are more than the {TERMS_MAX} that can be shared together", columns_and_terms(terms));
    Err(Error::new(Code::Capacity, sentence, "share fewer columns and terms"))
}

/// Returns a number of decimals in words: "1 decimal", "hundreds".
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

/// Returns a number of columns and terms in words: "1 column and term".
fn columns_and_terms(count: usize) -> String {
    if count == 1 { "1 column and term".to_owned() } else { format!("{count} columns and terms") }
}

/// Returns a number of rows with its verb: "1 row has", "4 rows have".
pub(crate) fn rows_that(rows: u64, one: &str, many: &str) -> String {
    if rows == 1 { format!("1 row {one}") } else { format!("{rows} rows {many}") }
}
