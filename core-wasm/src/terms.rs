//! Terms: products of powers of variables, such as `age*bmi^2` or `age*site[north]`, in normal form. Names of columns and their limits.
//!
//! *Invariants*: factors stand in byte order of their columns, each variable once.
//!
//! *Limits*: a degree of at most [`DEGREE_MAX`], names of at most [`NAME_CHARS_MAX`] characters, at most [`COLUMNS_MAX`] columns in a
//! table.

use crate::decimal::Decimal;
use crate::error::{Code, Error, Result, list, shorten};
use crate::factors::{self, FactorText, cube_text};
use crate::functions::Function;
use crate::level::Level;
use crate::ordered::IntoOrdered;
use crate::splines::{Knots, SplinePiece};
use dashu_int::IBig;
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// Largest degree of a term.
pub const DEGREE_MAX: u32 = 16;
/// Most characters of a name or title.
pub const NAME_CHARS_MAX: usize = 1024;
/// Most columns of a table, variables of a record, and columns and fields of a schema. Fewer columns can be summed together:
/// [`TERMS_MAX`](crate::statistics::TERMS_MAX).
pub const COLUMNS_MAX: usize = 1 << 15;

/// A number that each row has: what a term multiplies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Variable {
    /// The value of a column.
    Column(String),
    /// A function of a column: the f64 nearest to it, as its shortest decimal.
    Function {
        /// The function.
        function: Function,
        /// The column.
        column: String,
    },
    /// `(x - knot)+^3` for the value x of a column: the third power of how far it is above the knot, and zero below it.
    Cube {
        /// The column.
        column: String,
        /// The knot.
        knot: Decimal,
    },
    /// A restricted cubic spline of a column.
    Spline {
        /// The column.
        column: String,
        /// The knots.
        knots: Knots,
        /// The index of a basis function, of which the first is the column itself. `None` stands for all of them, in a feature.
        basis: Option<usize>,
    },
    /// 1 in rows whose category has this level, else 0.
    Level {
        /// The column of the category.
        column: String,
        /// The level.
        level: Level,
    },
}

impl Variable {
    /// Returns the column from which the variable is computed.
    pub fn column(&self) -> &str {
        match self {
            Self::Column(column)
            | Self::Function { column, .. }
            | Self::Cube { column, .. }
            | Self::Spline { column, .. }
            | Self::Level { column, .. } => column,
        }
    }

    /// Returns the highest power of the column, or of a function of it, in the variable.
    fn degree(&self) -> u32 {
        match self {
            Self::Column(_) | Self::Function { .. } | Self::Level { .. } | Self::Spline { basis: Some(0), .. } => 1,
            Self::Cube { .. } | Self::Spline { .. } => 3,
        }
    }

    /// Returns the variable of a factor of a feature.
    fn of(factor: FactorText) -> Self {
        match factor {
            FactorText::Column(column) => Self::Column(column),
            FactorText::Function(function, column) => Self::Function { function, column },
            FactorText::Spline(column, knots) => Self::Spline { column, knots, basis: None },
            FactorText::Cube(column, knot) => Self::Cube { column, knot },
        }
    }
}

impl std::fmt::Display for Variable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Column(column) => f.write_str(column),
            Self::Function { function, column } => write!(f, "{function}({column})"),
            Self::Cube { column, knot } => f.write_str(&cube_text(column, knot)),
            Self::Spline { column, knots, basis: None } => write!(f, "rcs({column},{knots})"),
            Self::Spline { column, knots, basis: Some(basis) } => write!(f, "rcs({column},{knots})[{}]", basis + 1),
            Self::Level { column, level } => write!(f, "{column}[{level}]"),
        }
    }
}

impl Ord for Variable {
    /// By the bytes of the columns; then columns, functions, cubes, splines, and levels, each kind in its order.
    fn cmp(&self, other: &Self) -> Ordering {
        let kind = |variable: &Self| match variable {
            Self::Column(_) => 0,
            Self::Function { .. } => 1,
            Self::Cube { .. } => 2,
            Self::Spline { .. } => 3,
            Self::Level { .. } => 4,
        };
        self.column().cmp(other.column()).then_with(|| kind(self).cmp(&kind(other))).then_with(|| match (self, other) {
            (Self::Function { function: own, .. }, Self::Function { function: others, .. }) => own.cmp(others),
            (Self::Cube { knot: own, .. }, Self::Cube { knot: others, .. }) => own.cmp(others),
            (Self::Spline { knots, basis, .. }, Self::Spline { knots: others, basis: other, .. }) => (knots, basis).cmp(&(others, other)),
            (Self::Level { level: own, .. }, Self::Level { level: others, .. }) => own.cmp(others),
            _ => Ordering::Equal,
        })
    }
}

impl PartialOrd for Variable {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A product of powers of variables, in normal form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// Variables with their powers, in order. Powers are at least 1.
    pub factors: Vec<(Variable, u32)>,
}

impl Term {
    /// The term without factors: one in every row.
    pub const ONE: Self = Self { factors: Vec::new() };

    /// Returns the term that is the column `name` itself.
    pub fn column(name: &str) -> Self {
        Self { factors: vec![(Variable::Column(name.to_owned()), 1)] }
    }

    /// Reads a term of columns, functions of columns and splines, with its factors in any order.
    ///
    /// Errors: `term`, and those of [`check_column_name`].
    ///
    /// ```
    /// use samefit_core::terms::Term;
    ///
    /// let term = Term::parse("bmi * age * bmi")?;
    /// assert_eq!(term.to_string(), "age*bmi^2");
    /// assert_eq!(term.degree(), 3);
    /// assert_eq!(Term::parse("site * ln( tg )")?.to_string(), "site*ln(tg)");
    /// # Ok::<(), samefit_core::error::Error>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self> {
        let factors = factors::split(text, '*').into_iter().map(|factor| parse_factor(text, factor)).collect::<Result<Vec<_>>>()?;
        let term = Self::of(factors).ok_or_else(|| degree_error(text))?;
        match term.factors.iter().find(|(variable, power)| *power != 1 && matches!(variable, Variable::Spline { .. })) {
            None => Ok(term),
            Some((spline, _)) => Err(spline_power_error(text, spline)),
        }
    }

    /// Returns a product of powers in normal form; none if its degree is 0 or more than [`DEGREE_MAX`].
    pub fn of(mut factors: Vec<(Variable, u32)>) -> Option<Self> {
        factors.sort();
        let mut merged: Vec<(Variable, u32)> = Vec::new();
        for (variable, power) in factors {
            match merged.last_mut() {
                Some(last) if last.0 == variable => last.1 = last.1.checked_add(power)?,
                _ => merged.push((variable, power)),
            }
        }
        let term = Self { factors: merged };
        let powers_ok = term.factors.iter().all(|(_, power)| (1..=DEGREE_MAX).contains(power));
        (powers_ok && (1..=DEGREE_MAX).contains(&term.degree())).then_some(term)
    }

    /// Returns the terms of a feature: one for each combination of basis functions of its splines.
    pub fn basis_terms(&self) -> Vec<Self> {
        let mut terms = vec![Self::ONE];
        for (variable, power) in &self.factors {
            let variables: Vec<Variable> = match variable {
                Variable::Spline { column, knots, basis: None } => (0..knots.basis_len())
                    .map(|basis| Variable::Spline { column: column.clone(), knots: knots.clone(), basis: Some(basis) })
                    .collect(),
                _ => vec![variable.clone()],
            };
            let with = |term: &Self| {
                let factors = |variable: &Variable| [term.factors.as_slice(), &[(variable.clone(), *power)]].concat();
                variables.iter().map(|variable| Self { factors: factors(variable) }).collect::<Vec<_>>()
            };
            terms = terms.iter().flat_map(with).collect();
        }
        terms
    }

    /// Returns a term as a linear combination of terms without splines, which can be summed. A spline stands for its basis function, and has
    /// the power 1.
    pub fn combination(&self) -> TermCombination {
        let one = TermCombination { parts: vec![(1.into(), Self::ONE)], divisor: IBig::ONE };
        self.factors.iter().fold(one, |combination, (variable, power)| {
            let Variable::Spline { column, knots, basis } = variable else {
                let with = |(weight, mut term): (Decimal, Self)| {
                    term.factors.push((variable.clone(), *power));
                    (weight, term)
                };
                return TermCombination { parts: combination.parts.into_iter().map(with).collect(), ..combination };
            };
            let (pieces, divisor) = knots.scaled_basis(basis.unwrap_or(0));
            let mut parts = Vec::new();
            for (weight, term) in &combination.parts {
                for (own, piece) in &pieces {
                    let variable = match piece {
                        SplinePiece::X => Variable::Column(column.clone()),
                        SplinePiece::Cube(knot) => Variable::Cube { column: column.clone(), knot: (*knot).clone() },
                    };
                    parts.push((weight.times(own), Self { factors: [term.factors.as_slice(), &[(variable, 1)]].concat() }));
                }
            }
            // the order of variables depends on their kind, and a column may be there already
            let parts = parts.into_iter().map(|(weight, term)| (weight, Self::ONE.product(&term))).collect();
            TermCombination { parts, divisor: combination.divisor * divisor }
        })
    }

    /// Returns the product of two terms in normal form. Its degree has no limit.
    fn product(&self, other: &Self) -> Self {
        Self { factors: self.times(other) }
    }

    /// Returns the degree: the sum of the powers, where a cube counts three times.
    pub fn degree(&self) -> u32 {
        self.factors.iter().fold(0, |degree, (variable, power)| degree.saturating_add(power.saturating_mul(variable.degree())))
    }

    /// Returns the name of the column, if the term is a column itself.
    pub fn as_column(&self) -> Option<&str> {
        match self.factors.as_slice() {
            [(Variable::Column(name), 1)] => Some(name),
            _ => None,
        }
    }

    /// Returns the names of the columns in the term.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.factors.iter().map(|(variable, _)| variable.column())
    }

    /// Returns the factors of the product of two terms, whose degree has no limit. The sum of this product over all rows is a moment.
    pub fn times(&self, other: &Self) -> Vec<(Variable, u32)> {
        let mut factors: Vec<(Variable, u32)> = Vec::new();
        let mut all: Vec<_> = self.factors.iter().chain(&other.factors).cloned().collect();
        all.sort();
        for (variable, power) in all {
            match factors.last_mut() {
                Some(last) if last.0 == variable => last.1 += power,
                _ => factors.push((variable, power)),
            }
        }
        factors
    }
}

/// A linear combination of terms over an integer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TermCombination {
    /// The weights of the terms.
    pub parts: Vec<(Decimal, Term)>,
    /// The integer by which the sum is divided; above zero.
    pub divisor: IBig,
}

impl std::fmt::Display for Term {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (i, (variable, power)) in self.factors.iter().enumerate() {
            if i > 0 {
                f.write_str("*")?;
            }
            write!(f, "{variable}")?;
            if *power > 1 {
                write!(f, "^{power}")?;
            }
        }
        Ok(())
    }
}

/// Refuses a column name that cannot be told from a term, or cannot be typed.
///
/// Errors: `empty-column-name`, `column-name`.
pub fn check_column_name(name: &str) -> Result<()> {
    if name.is_empty() {
        return Err(Error::new(Code::EmptyColumnName, "a column has no name", "give every column a name"));
    }
    check_name_length(name)?;
    if name.trim() != name || name.contains(['*', '^']) || name.chars().any(char::is_control) {
        let expected = "a name without `*` and `^` (which stand for products and powers), control characters, and spaces at its ends";
        return Err(Error::found(Code::ColumnName, name, expected, "rename the column"));
    }
    Ok(())
}

/// Refuses a name of more than [`NAME_CHARS_MAX`] characters.
///
/// Errors: `column-name`.
pub fn check_name_length(name: &str) -> Result<()> {
    // a character has at least one byte
    if name.len() <= NAME_CHARS_MAX || name.chars().nth(NAME_CHARS_MAX).is_none() {
        return Ok(());
    }
    let expected = format!("a name of at most {NAME_CHARS_MAX} characters");
    Err(Error::found(Code::ColumnName, name, &expected, "rename the column, or check that this is the right file")
        .in_column(&shorten(name)))
}

/// Refuses more columns than [`COLUMNS_MAX`]. `what` is what the error calls them.
///
/// Errors: `capacity`.
pub fn check_columns(count: usize, what: &str) -> Result<()> {
    if count <= COLUMNS_MAX {
        return Ok(());
    }
    let sentence = format!("{count} {what} are more than the {COLUMNS_MAX} that can be read");
    Err(Error::new(Code::Capacity, sentence, "leave out those that are not needed, or check that this is the right file"))
}

/// Returns the index of each name, the first one of a name that occurs twice.
pub fn places<S: AsRef<str>>(names: &[S]) -> BTreeMap<&str, usize> {
    // later entries replace earlier ones
    names.iter().enumerate().rev().map(|(at, name)| (name.as_ref(), at)).into_map()
}

/// Finds columns of a header by their names. Names that are empty or stand there twice concern only who needs them.
pub struct ColumnPlaces<'a> {
    /// The index of each name; `None` for one that stands there more than once.
    places: BTreeMap<&'a str, Option<usize>>,
}

impl<'a> ColumnPlaces<'a> {
    /// Finds columns in a header.
    pub fn new<S: AsRef<str>>(header: &'a [S]) -> Self {
        let mut places = BTreeMap::new();
        for (at, name) in header.iter().map(AsRef::as_ref).enumerate().filter(|(_, name)| !name.is_empty()) {
            places.entry(name).and_modify(|place| *place = None).or_insert(Some(at));
        }
        Self { places }
    }

    /// Returns the index of a column; `None` if the header does not have it.
    ///
    /// Errors: `duplicate-column`.
    pub fn find(&self, name: &str) -> Result<Option<usize>> {
        match self.places.get(name) {
            Some(None) => Err(repeated(name, "give each of them a name of its own in the header")),
            place => Ok(place.copied().flatten()),
        }
    }

    /// Refuses a name that stands there twice, where all columns are meant: nobody can tell which of the two.
    ///
    /// Errors: `duplicate-column`.
    pub fn check_unique(&self) -> Result<()> {
        let help = "give each of them a name of its own in the header, or name the columns to use: --features, or --columns";
        let twice = self.places.iter().find(|(_, place)| place.is_none());
        twice.map_or(Ok(()), |(name, _)| Err(repeated(name, help)))
    }
}

fn repeated(name: &str, help: &str) -> Error {
    Error::new(Code::DuplicateColumn, format!("more than one column is called {}", list([name])), help).in_column(name)
}

/// Refuses a name that occurs twice. `what` is what the error calls its bearer.
///
/// Errors: `duplicate-column`.
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

/// Reads a factor of a term, perhaps with a power.
fn parse_factor(term: &str, factor: &str) -> Result<(Variable, u32)> {
    if factor.is_empty() {
        return Err(shape_error(term));
    }
    let (factor, power) = FactorText::parse(factor)?;
    match factor.column() {
        "" => Err(shape_error(term)),
        name => check_column_name(name).map(|()| (Variable::of(factor), power)),
    }
}

fn shape_error(term: &str) -> Error {
    Error::found(Code::Term, term, "a column (`bmi`), a power (`bmi^2`) or a product (`age*bmi`)", "correct the term").in_column(term)
}

fn spline_power_error(term: &str, spline: &Variable) -> Error {
    let expected = format!("`{}` once: a spline has no powers", shorten(&spline.to_string()));
    Error::found(Code::Term, term, &expected, "name the spline once").in_column(term)
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
    fn other_texts_are_refused() {
        for text in ["", "*", "a*", "^2", "a^", "a^0", "a^-1", "a^17", "a^9*b^8", "a^99999999999", "a^2^3"] {
            assert!(Term::parse(text).is_err(), "{text}");
        }
        let error = Term::parse("rcs(a,1,2,3)*b*rcs(a,1,2,3)").unwrap_err();
        assert!(error.text().contains("expected `rcs(a,1,2,3)` once: a spline has no powers"), "{}", error.text());
        assert!(Term::parse("rcs(a,1,2,3)*rcs(a,1,2,4)*rcs(b,1,2,3)").is_ok());
    }
}
