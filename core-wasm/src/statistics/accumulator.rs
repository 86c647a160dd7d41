//! Rows of decimal numbers to exact sums and sums of products.
//!
//! Rows are gathered in blocks of [`BLOCK_ROWS`]. In a block each term has one scale, so its values are integers; where they are short,
//! products are summed in 128 bits, else in big integers. A block's sums are then added to the totals, at the totals' own scales.
//!
//! *Invariants*: no floating point in a sum. The totals do not depend on the order of the rows.

use super::distribution::{Distribution, cell_of};
use super::{Moments, moment_index};
use crate::decimal::Decimal;
use crate::error::{Error, Result};
use dashu_int::IBig;

/// Rows summed at once. A sum of so many products of two numbers below 2^[`SHORT_BITS`] fits in 128 bits.
const BLOCK_ROWS: usize = 512;
/// Bits of the integers that are summed without big integers: 2 * 58 + log2(512) < 127.
const SHORT_BITS: u32 = 58;

/// A term as the accumulator sees it: index of a column and its power.
pub type Factors = Vec<(usize, u32)>;

/// Sums in the making.
pub struct Accumulator {
    /// The terms, columns first.
    terms: Vec<Factors>,
    /// Values of the block, by column.
    block: Vec<Vec<Decimal>>,
    rows: i64,
    totals: Vec<Decimal>,
    distribution: Option<Vec<Distribution>>,
}

/// What an accumulator sums up to.
pub struct Totals {
    /// Number of rows.
    pub rows: i64,
    /// Lower triangle of the sums of products of (1, terms).
    pub moments: Moments,
    /// Counts for each column, if asked for.
    pub distribution: Option<Vec<Distribution>>,
}

impl Accumulator {
    /// For `columns` columns, and products of them beyond the columns themselves.
    pub fn new(columns: usize, products: impl IntoIterator<Item = Factors>, distribution: bool) -> Self {
        let terms: Vec<Factors> = (0..columns).map(|column| vec![(column, 1)]).chain(products).collect();
        let totals = vec![Decimal::ZERO; moment_index(terms.len() + 1, 0)];
        let block = vec![Vec::new(); columns];
        Self { terms, block, rows: 0, totals, distribution: distribution.then(|| vec![Distribution::default(); columns]) }
    }

    /// Adds a row: one value a column.
    pub fn push(&mut self, row: impl IntoIterator<Item = Decimal>) -> Result<()> {
        self.rows = self.rows.checked_add(1).ok_or_else(too_many_rows)?;
        for (column, value) in self.block.iter_mut().zip(row) {
            column.push(value);
        }
        if self.block.first().is_some_and(|column| column.len() == BLOCK_ROWS) { self.spill() } else { Ok(()) }
    }

    /// The end of the rows.
    pub fn finish(mut self) -> Result<Totals> {
        self.spill()?;
        if let Some(first) = self.totals.first_mut() {
            *first = Decimal { mantissa: IBig::from(self.rows), scale: 0 };
        }
        Ok(Totals {
            rows: self.rows,
            moments: Moments(self.totals.into_iter().map(Decimal::normalized).collect()),
            distribution: self.distribution,
        })
    }

    fn spill(&mut self) -> Result<()> {
        self.count_block()?;
        let scales: Vec<u32> = self.block.iter().map(|values| values.iter().map(|value| value.scale).max().unwrap_or(0)).collect();
        let columns: Vec<Vec<IBig>> =
            self.block.iter().zip(&scales).map(|(values, &scale)| values.iter().map(|value| value.mantissa_at(scale)).collect()).collect();
        let terms: Vec<TermBlock> = self.terms.iter().map(|factors| TermBlock::new(factors, &columns, &scales)).collect();
        for (i, left) in terms.iter().enumerate() {
            self.totals[moment_index(i + 1, 0)] = self.totals[moment_index(i + 1, 0)].plus(&left.sum());
            for (j, right) in terms[..=i].iter().enumerate() {
                let total = &mut self.totals[moment_index(i + 1, j + 1)];
                *total = total.plus(&left.dot(right));
            }
        }
        self.block.iter_mut().for_each(Vec::clear);
        Ok(())
    }

    fn count_block(&mut self) -> Result<()> {
        for (values, counts) in self.block.iter().zip(self.distribution.iter_mut().flatten()) {
            for value in values {
                counts.add(cell_of(value), 1).ok_or_else(too_many_rows)?;
            }
        }
        Ok(())
    }
}

/// The integers of one term in one block, and their scale.
struct TermBlock {
    values: Values,
    scale: u32,
}

enum Values {
    Short(Vec<i64>),
    Long(Vec<IBig>),
}

impl TermBlock {
    fn new(factors: &Factors, columns: &[Vec<IBig>], scales: &[u32]) -> Self {
        let scale = factors.iter().map(|&(column, power)| scales[column] * power).sum();
        let values = product(factors, columns);
        let short: Option<Vec<i64>> =
            values.iter().map(|value| i64::try_from(value).ok().filter(|v| v.unsigned_abs() < 1 << SHORT_BITS)).collect();
        Self { values: short.map_or(Values::Long(values), Values::Short), scale }
    }

    fn sum(&self) -> Decimal {
        let mantissa = match &self.values {
            Values::Short(values) => IBig::from(values.iter().map(|&value| i128::from(value)).sum::<i128>()),
            Values::Long(values) => values.iter().sum(),
        };
        Decimal { mantissa, scale: self.scale }
    }

    fn dot(&self, other: &Self) -> Decimal {
        let mantissa = match (&self.values, &other.values) {
            (Values::Short(left), Values::Short(right)) => IBig::from(dot_short(left, right)),
            (Values::Long(left), Values::Long(right)) => left.iter().zip(right).map(|(l, r)| l * r).sum(),
            (Values::Short(short), Values::Long(long)) | (Values::Long(long), Values::Short(short)) => {
                short.iter().zip(long).map(|(s, l)| IBig::from(*s) * l).sum()
            }
        };
        Decimal { mantissa, scale: self.scale + other.scale }
    }
}

fn dot_short(left: &[i64], right: &[i64]) -> i128 {
    left.iter().zip(right).map(|(&l, &r)| i128::from(l) * i128::from(r)).sum()
}

fn product(factors: &Factors, columns: &[Vec<IBig>]) -> Vec<IBig> {
    let rows = columns.first().map_or(0, Vec::len);
    let power_at = |row: usize, column: usize, power: u32| match power {
        1 => columns[column][row].clone(),
        _ => columns[column][row].pow(power as usize),
    };
    (0..rows)
        .map(|row| factors.iter().map(|&(column, power)| power_at(row, column, power)).reduce(|a, b| a * b).unwrap_or(IBig::ONE))
        .collect()
}

fn too_many_rows() -> Error {
    Error::new("capacity", format!("more than {} rows", i64::MAX), "split the data")
}
