//! `age*bmi^2` to a term: a product of powers of columns, in its one normal form.
//!
//! *Invariants*: factors stand in byte order of their names, each name once. Two terms are equal if their texts are.
//!
//! *Limits*: a degree of at most [`DEGREE_MAX`]; names of at most [`NAME_CHARS_MAX`]; [`COLUMNS_MAX`] of them in a table.

use crate::error::{Code, Error, Result, list, shorten};
use std::collections::BTreeMap;

/// Highest sum of the powers of a term.
pub const DEGREE_MAX: u32 = 16;
/// Longest name or title, in characters.
pub const NAME_CHARS_MAX: usize = 1024;
/// Most columns of a table, variables of a record, or columns and fields of a schema. How many are summed together is limited for itself.
pub const COLUMNS_MAX: usize = 1 << 15;

/// A product of powers of columns, in normal form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// Column and power, in byte order of the columns; powers are at least 1.
    pub factors: Vec<(String, u32)>,
}

impl Term {
    /// The term that is a column itself.
    pub fn column(name: &str) -> Self {
        Self { factors: vec![(name.to_owned(), 1)] }
    }

    /// Reads a term as people write it, in any order of its factors.
    pub fn parse(text: &str) -> Result<Self> {
        let factors = text.split('*').map(|factor| parse_factor(text, factor)).collect::<Result<Vec<_>>>()?;
        Self::of(factors).ok_or_else(|| degree_error(text))
    }

    /// The normal form of a product; none if its degree is 0 or beyond [`DEGREE_MAX`].
    pub fn of(mut factors: Vec<(String, u32)>) -> Option<Self> {
        factors.sort();
        let mut merged: Vec<(String, u32)> = Vec::new();
        for (name, power) in factors {
            match merged.last_mut() {
                Some(last) if last.0 == name => last.1 = last.1.checked_add(power)?,
                _ => merged.push((name, power)),
            }
        }
        let term = Self { factors: merged };
        let powers_ok = term.factors.iter().all(|(_, power)| (1..=DEGREE_MAX).contains(power));
        (powers_ok && (1..=DEGREE_MAX).contains(&term.degree())).then_some(term)
    }

    /// Sum of the powers.
    pub fn degree(&self) -> u32 {
        self.factors.iter().map(|(_, power)| power).sum()
    }

    /// The column, if the term is one.
    pub fn as_column(&self) -> Option<&str> {
        match self.factors.as_slice() {
            [(name, 1)] => Some(name),
            _ => None,
        }
    }

    /// The columns that the term is made of.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.factors.iter().map(|(name, _)| name.as_str())
    }

    /// The product of two terms, of any degree: the monomial whose sum a moment is.
    pub fn times(&self, other: &Self) -> Vec<(String, u32)> {
        let mut factors: Vec<(String, u32)> = Vec::new();
        let mut all: Vec<_> = self.factors.iter().chain(&other.factors).cloned().collect();
        all.sort();
        for (name, power) in all {
            match factors.last_mut() {
                Some(last) if last.0 == name => last.1 += power,
                _ => factors.push((name, power)),
            }
        }
        factors
    }
}

impl std::fmt::Display for Term {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (i, (name, power)) in self.factors.iter().enumerate() {
            if i > 0 {
                f.write_str("*")?;
            }
            f.write_str(name)?;
            if *power > 1 {
                write!(f, "^{power}")?;
            }
        }
        Ok(())
    }
}

/// Refuses a column name that could not be told from a term, or not be typed.
pub fn check_column_name(name: &str) -> Result<()> {
    if name.is_empty() {
        return Err(Error::new(Code::EmptyColumnName, "a column has no name", "give every column a name"));
    }
    check_name_length(name)?;
    if name.trim() != name || name.contains(['*', '^']) || name.chars().any(char::is_control) {
        let expected = "a name without `*`, `^` (they write products and powers), control characters and spaces at its ends";
        return Err(Error::found(Code::ColumnName, name, expected, "rename the column"));
    }
    Ok(())
}

/// Refuses a name that nobody could read, wherever one is read.
pub fn check_name_length(name: &str) -> Result<()> {
    // no character is shorter than a byte
    if name.len() <= NAME_CHARS_MAX || name.chars().nth(NAME_CHARS_MAX).is_none() {
        return Ok(());
    }
    let expected = format!("a name of at most {NAME_CHARS_MAX} characters");
    Err(Error::found(Code::ColumnName, name, &expected, "rename the column, or check that this is the right file")
        .in_column(&shorten(name)))
}

/// Refuses more columns than [`COLUMNS_MAX`]; `what` they are called.
pub fn check_columns(count: usize, what: &str) -> Result<()> {
    if count <= COLUMNS_MAX {
        return Ok(());
    }
    let sentence = format!("{count} {what} are more than the {COLUMNS_MAX} that can be read");
    Err(Error::new(Code::Capacity, sentence, "leave out those that are not needed, or check that this is the right file"))
}

/// Where each name stands; the first place of a name that stands twice.
pub fn places<S: AsRef<str>>(names: &[S]) -> BTreeMap<&str, usize> {
    // later entries replace earlier ones
    names.iter().enumerate().rev().map(|(at, name)| (name.as_ref(), at)).collect()
}

/// Refuses a name that stands twice.
pub fn check_unique<S: AsRef<str>>(names: &[S], what: &str) -> Result<()> {
    let mut sorted: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    sorted.sort_unstable();
    let twice: Vec<&str> = sorted.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
    match twice.first() {
        None => Ok(()),
        Some(name) => {
            let sentence = format!("more than one {what} is called {}", list([name]));
            Err(Error::new(Code::DuplicateColumn, sentence, "name each once").in_column(name))
        }
    }
}

fn parse_factor(term: &str, factor: &str) -> Result<(String, u32)> {
    let factor = factor.trim();
    let (name, power) = match factor.rsplit_once('^') {
        None => (factor, 1),
        Some((name, power)) => (name.trim(), power.trim().parse().map_err(|_| shape_error(term))?),
    };
    if name.is_empty() {
        return Err(shape_error(term));
    }
    check_column_name(name)?;
    Ok((name.to_owned(), power))
}

fn shape_error(term: &str) -> Error {
    Error::found(Code::Term, term, "a column (`bmi`), a power (`bmi^2`) or a product (`age*bmi`)", "correct the term").in_column(term)
}

fn degree_error(term: &str) -> Error {
    Error::found(Code::Term, term, &format!("powers of at least 1 that add up to at most {DEGREE_MAX}"), "correct the term").in_column(term)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_have_one_normal_form() {
        for (text, want) in [("bmi", "bmi"), ("bmi*age*bmi", "age*bmi^2"), (" x ^ 2 * x", "x^3"), ("b*a*B", "B*a*b")] {
            assert_eq!(Term::parse(text).unwrap().to_string(), want);
        }
    }

    #[test]
    fn names_are_not_too_long() {
        let name = "é".repeat(NAME_CHARS_MAX);
        assert_eq!(check_column_name(&name), Ok(()));
        let error = Term::parse(&format!("a*{name}x")).unwrap_err();
        assert_eq!((error.code, error.column.map(|name| name.chars().count())), (Code::ColumnName, Some(41)));
    }

    #[test]
    fn what_is_no_term_is_refused() {
        for text in ["", "*", "a*", "^2", "a^", "a^0", "a^-1", "a^17", "a^9*b^8", "a^99999999999", "a^2^3"] {
            assert!(Term::parse(text).is_err(), "{text}");
        }
    }
}
