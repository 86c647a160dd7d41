//! Exact row count, sums and sums of products of the columns of a table: all that a linear model needs of its data.
//!
//! *Invariants*: statistics of the same shape form a group under [`Statistics::merge`] and [`Statistics::subtract`]; equal statistics
//! have equal text (`document`).
//!
//! *Not here*: reading tables (`table`, `records`, `train`), solving (`solve`).

mod accumulator;
mod block;
mod distribution;
mod document;
mod layout;
mod tally;

pub use accumulator::{Accumulator, Factors, Totals};
#[cfg(test)]
pub(crate) use block::block_values;
pub(crate) use block::{Column as BlockColumn, NARROW_BITS, WIDE_BITS, raised};
pub use distribution::{Cell, Distribution, exact_decimal};
pub(crate) use document::sort_terms;
pub use document::{FORMAT, distribution_from_json, distribution_json};

use crate::decimal::Decimal;
use crate::error::{Code, Error, Result, list};
use crate::release_policy::{Shared, in_words};
use crate::terms::Term;

/// Most columns and products that are summed together: their moments are half of its square.
pub const TERMS_MAX: usize = 2048;

/// Refuses more terms than [`TERMS_MAX`].
pub fn check_terms(count: usize) -> Result<()> {
    if count <= TERMS_MAX {
        return Ok(());
    }
    let sentence = format!("{count} columns and terms are more than the {TERMS_MAX} that can be summed together");
    Err(Error::new(Code::Capacity, sentence, "name the columns to use with --columns or --features"))
}

/// A column that was summed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name in the data.
    pub name: String,
    /// Its unit (UCUM), if a schema says.
    pub unit: Option<String>,
}

/// Lower triangle, row by row, of a symmetric matrix: the sums of products of (1, terms).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moments(pub Vec<Decimal>);

/// Place of row `i`, column `j` <= `i` in a lower triangle.
pub const fn moment_index(i: usize, j: usize) -> usize {
    i * (i + 1) / 2 + j
}

impl Moments {
    /// The sum of products of (1, terms) `i` and `j`, in either order.
    pub fn at(&self, i: usize, j: usize) -> &Decimal {
        &self.0[moment_index(i.max(j), i.min(j))]
    }
}

/// Exact statistics of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statistics {
    /// The columns, in the schema's order, else as named, else the header's.
    pub columns: Vec<Column>,
    /// The columns as terms, in the same order, then products by degree and text.
    pub terms: Vec<Term>,
    /// Number of rows. Negative where more was taken away than was there: such statistics can be read and merged, nothing else.
    pub rows: i64,
    /// Sums of products of (1, terms).
    pub moments: Moments,
    /// Counts for each column.
    pub distribution: Option<Vec<Distribution>>,
    /// Rows left out because a value was missing.
    pub dropped: i64,
    /// How the values were rounded, if these statistics were made to be shared.
    pub shared: Option<Shared>,
}

impl Statistics {
    /// Adds the rows of `other`.
    ///
    /// Errors: `statistics-differ`, `capacity`; then nothing has changed.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        *self = self.combine(other, 1)?;
        Ok(())
    }

    /// Takes the rows of `other` away. Whether any data can have what is left is for `solve::plausible` to say.
    ///
    /// Errors: `statistics-differ`, `capacity`; then nothing has changed.
    pub fn subtract(&mut self, other: &Self) -> Result<()> {
        *self = self.combine(other, -1)?;
        Ok(())
    }

    /// Position of a term among (1, terms), that is from 1; none if it was not summed.
    pub fn position(&self, term: &Term) -> Option<usize> {
        self.terms.iter().position(|own| own == term).map(|at| at + 1)
    }

    /// Index of a column by its name.
    pub fn column_index(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    fn combine(&self, other: &Self, sign: i64) -> Result<Self> {
        self.check_same_shape(other)?;
        let add = |a: i64, b: i64| b.checked_mul(sign).and_then(|b| a.checked_add(b)).ok_or_else(capacity);
        let signed = |value: &Decimal| if sign < 0 { value.negated() } else { value.clone() };
        let moments = Moments(self.moments.0.iter().zip(&other.moments.0).map(|(a, b)| a.plus(&signed(b)).normalized()).collect());
        let mut distribution = self.distribution.clone();
        for (own, others) in distribution.iter_mut().flatten().zip(other.distribution.iter().flatten()) {
            for (cell, count) in others.iter() {
                own.add(cell, add(0, count)?).ok_or_else(capacity)?;
            }
        }
        Ok(Self {
            columns: self.columns.clone(),
            terms: self.terms.clone(),
            rows: add(self.rows, other.rows)?,
            moments,
            distribution,
            dropped: add(self.dropped, other.dropped)?.max(0),
            shared: self.shared.clone(),
        })
    }

    fn check_same_shape(&self, other: &Self) -> Result<()> {
        let names = |s: &Self| s.columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>();
        let terms = |s: &Self| s.terms.iter().map(Term::to_string).collect::<Vec<_>>();
        let (ours, theirs) = (names(self), names(other));
        if ours != theirs {
            return Err(differ(
                "columns",
                &ours,
                &theirs,
                "summarise both with the same --columns, in the same order, or with the same schema",
            ));
        }
        if let Some((own, others)) = self.columns.iter().zip(&other.columns).find(|(own, others)| own.unit != others.unit) {
            let unit = |column: &Column| column.unit.clone().unwrap_or_else(|| "no unit".to_owned());
            let remedy = "summarise both with the same schema; convert the data first if they are in another unit";
            let error = differ("units", &[unit(own)], &[unit(others)], remedy);
            return Err(error.in_column(&own.name));
        }
        if terms(self) != terms(other) {
            return Err(differ("terms", &terms(self), &terms(other), "summarise both with the same --terms"));
        }
        check_shared_alike(self.shared.as_ref(), other.shared.as_ref())?;
        if self.distribution.is_some() != other.distribution.is_some() {
            let has = |s: &Self| vec![if s.distribution.is_some() { "distribution" } else { "no distribution" }.to_owned()];
            return Err(differ("distribution", &has(self), &has(other), "summarise both with or both without --no-distribution"));
        }
        Ok(())
    }
}

/// Statistics that are shared are rounded alike, or they do not go together.
fn check_shared_alike(ours: Option<&Shared>, theirs: Option<&Shared>) -> Result<()> {
    let (Some(own), Some(others)) = (ours, theirs) else {
        if ours == theirs {
            return Ok(());
        }
        let say = |shared: Option<&Shared>| if shared.is_some() { "made to be shared" } else { "not made to be shared" };
        let sentence = format!("the first statistics are {}, these are {}", say(ours), say(theirs));
        let mut error = Error::new(Code::StatisticsDiffer, sentence, "summarise both with --share, or both without");
        (error.found, error.expected) = (Some(say(theirs).to_owned()), Some(say(ours).to_owned()));
        return Err(error);
    };
    let pairs = own.decimals.iter().filter_map(|(name, decimals)| Some((name, *decimals, *others.decimals.get(name)?)));
    let differing: Vec<(&String, i32, i32)> = pairs.filter(|(_, own, others)| own != others).collect();
    let Some(&(first, own, others)) = differing.first() else { return Ok(()) };
    let finer = |ours: bool| differing.iter().filter(move |(_, own, others)| (own > others) == ours);
    let flag = |ours: bool| finer(ours).map(|(name, own, others)| format!("{name}={}", own.min(others))).collect::<Vec<_>>().join(",");
    let remedies: Vec<String> = [("the first", true), ("these", false)]
        .iter()
        .filter(|(_, ours)| finer(*ours).next().is_some())
        .map(|(which, ours)| format!("summarise {which} again with --decimals {}", flag(*ours)))
        .collect();
    let sentence = format!("the first statistics are rounded to {}, these to {}", in_words(own), in_words(others));
    let mut error = Error::new(Code::StatisticsDiffer, sentence, remedies.join(", and "));
    (error.found, error.expected) = (Some(others.to_string()), Some(own.to_string()));
    Err(error.in_column(first))
}

fn differ(what: &str, ours: &[String], theirs: &[String], remedy: &str) -> Error {
    let only = |a: &[String], b: &[String]| a.iter().filter(|name| !b.contains(name)).cloned().collect::<Vec<_>>();
    let (ours_only, theirs_only) = (only(ours, theirs), only(theirs, ours));
    let sentence = if ours_only.is_empty() && theirs_only.is_empty() {
        format!("the {what} of the statistics stand in another order: {} and {}", list(ours), list(theirs))
    } else {
        let say = |names: &[String]| if names.is_empty() { "nothing more".to_owned() } else { list(names) };
        format!("the statistics differ in their {what}: the first have {}, these have {}", say(&ours_only), say(&theirs_only))
    };
    let mut error = Error::new(Code::StatisticsDiffer, sentence, remedy);
    error.found = Some(theirs.join(", "));
    error.expected = Some(ours.join(", "));
    error
}

fn capacity() -> Error {
    Error::new(Code::Capacity, format!("a count beyond {}", i64::MAX), "keep the statistics apart")
}
