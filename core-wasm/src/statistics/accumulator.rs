//! Rows of decimal numbers to exact sums and sums of products.
//!
//! Rows are gathered in blocks of about [`BLOCK_ROWS`], column by column. In a block each column is integers at one scale (`block`); products of
//! columns are made there; all become digits of 16 bits (`digits`), whose products are summed eight at a time (`products`) into a
//! `layout`, and from there, rarely, into totals of any size.
//!
//! *Invariants*: no floating point in a sum. The totals do not depend on the order of the rows.
//!
//! *Limits*: 2^63 - 1 rows; values and sums of any size.

use super::block::Column;
use super::distribution::Distribution;
use super::layout::Layout;
use super::tally::Tally;
use super::{Moments, moment_index};
use crate::decimal::Decimal;
use crate::error::{Code, Error, Result};
use dashu_int::IBig;

/// Rows that are summed at once, or a few more: the digits of eleven columns of them stay near the processor.
const BLOCK_ROWS: usize = 512;

/// A term as the accumulator sees it: index of a column and its power.
pub type Factors = Vec<(usize, u32)>;

/// Sums in the making.
pub struct Accumulator {
    /// Terms beyond the columns.
    products: Vec<Factors>,
    columns: Vec<Column>,
    /// Rows in the block.
    gathered: usize,
    rows: i64,
    layout: Layout,
    totals: Vec<Decimal>,
    tallies: Option<Vec<Tally>>,
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
        let products: Vec<Factors> = products.into_iter().collect();
        Self {
            columns: vec![Column::new(); columns],
            gathered: 0,
            rows: 0,
            layout: Layout::default(),
            totals: vec![Decimal::ZERO; moment_index(columns + products.len() + 1, 0)],
            tallies: distribution.then(|| vec![Tally::default(); columns]),
            products,
        }
    }

    /// Adds a row: one value a column.
    pub fn push(&mut self, row: impl IntoIterator<Item = Decimal>) -> Result<()> {
        for (column, value) in self.columns.iter_mut().zip(row) {
            column.push(&value);
        }
        self.added(1)
    }

    /// The block's columns, for a caller who extends each of them by the same rows and then says so by [`Self::added`].
    pub(crate) fn columns_mut(&mut self) -> &mut [Column] {
        &mut self.columns
    }

    /// How many rows the block has room for, at least one.
    pub(crate) fn room(&self) -> usize {
        BLOCK_ROWS - self.gathered
    }

    /// Each column has so many more values.
    pub(crate) fn added(&mut self, rows: usize) -> Result<()> {
        self.rows = self.rows.checked_add(rows as i64).ok_or_else(too_many_rows)?;
        self.gathered += rows;
        if self.gathered >= BLOCK_ROWS { self.spill() } else { Ok(()) }
    }

    /// The end of the rows.
    pub fn finish(mut self) -> Result<Totals> {
        self.spill()?;
        self.layout.drain_into(&mut self.totals);
        if let Some(first) = self.totals.first_mut() {
            *first = Decimal { mantissa: IBig::from(self.rows), scale: 0 };
        }
        let counts = |tallies: Vec<Tally>| tallies.into_iter().map(Tally::finish).collect::<Option<Vec<_>>>().ok_or_else(too_many_rows);
        Ok(Totals {
            rows: self.rows,
            moments: Moments(self.totals.into_iter().map(Decimal::normalized).collect()),
            distribution: self.tallies.map(counts).transpose()?,
        })
    }

    fn spill(&mut self) -> Result<()> {
        if self.gathered == 0 {
            return Ok(());
        }
        for (column, tally) in self.columns.iter().zip(self.tallies.iter_mut().flatten()) {
            tally.count(column).ok_or_else(too_many_rows)?;
        }
        let width = self.columns.len();
        let products: Vec<Column> = self.products.iter().map(|factors| product(factors, &self.columns)).collect();
        self.columns.extend(products);
        if !self.layout.admit(&mut self.columns) {
            self.layout.drain_into(&mut self.totals);
            self.layout = Layout::of(&self.columns);
        }
        self.layout.add(&self.columns);
        self.columns.truncate(width);
        self.columns.iter_mut().for_each(Column::clear);
        self.gathered = 0;
        Ok(())
    }
}

/// The values of a product of powers of columns; terms have at least one factor.
fn product(factors: &Factors, columns: &[Column]) -> Column {
    let powers = factors.iter().flat_map(|&(column, power)| std::iter::repeat_n(&columns[column], power as usize));
    let mut powers = powers.cloned();
    let first = powers.next().unwrap_or_else(Column::new);
    powers.fold(first, |product, factor| product.times(&factor))
}

fn too_many_rows() -> Error {
    Error::new(Code::Capacity, format!("more than {} rows", i64::MAX), "split the data")
}
