//! Rows of decimal numbers to exact sums and sums of products.
//!
//! Rows are collected in blocks of about [`BLOCK_ROWS`], column by column. In a block, each column is a list of integers at one scale
//! ([`BlockColumn`]). Products of columns are computed there. All of them become digits of 16 bits, whose products are summed eight at a
//! time ([`ProductSums`]). These sums are added to totals of any size when a block does not fit them, and at the end.
//!
//! *Invariants*: no floating point in a sum. The totals do not depend on the order of the rows.
//!
//! *Limits*: 2^63 - 1 rows. Values and sums have any size.

use super::bin_counter::BinCounter;
use super::block::BlockColumn;
use super::derived::Derived;
use super::distribution::Distribution;
use super::level_sums::LevelSums;
use super::moments::{Moments, moment_index};
use super::product_sums::{BlockDigits, ProductSums};
use crate::decimal::Decimal;
use crate::error::{Code, Error, Result};
use dashu_int::IBig;
use std::ops::Range;

/// Rows after which a block is summed; it may have a few more. The digits of so many rows of eleven columns stay in the processor's cache.
pub(super) const BLOCK_ROWS: usize = 512;

/// A product of powers of columns: indexes of columns, each with its power. The indexes of [`Derived`] columns follow those of the others.
pub type Factors = Vec<(usize, u32)>;

/// Sums rows.
pub struct Accumulator {
    /// The columns that are computed, and count only as factors of products.
    derived: Vec<Derived>,
    /// The terms that are not columns themselves.
    products: Vec<Factors>,
    /// The values of the block.
    columns: Vec<BlockColumn>,
    /// Rows in the block.
    block_rows: usize,
    rows: i64,
    /// Sums of products since the totals were last brought up to date.
    sums: ProductSums,
    /// Sums of products before that: a lower triangle as in [`Moments`].
    totals: Vec<Decimal>,
    bin_counters: Option<Vec<BinCounter>>,
    digits: BlockDigits,
}

/// The sums of all rows.
pub struct Totals {
    /// Number of rows.
    pub rows: i64,
    /// Sums of products of (1, columns, products).
    pub moments: Moments,
    /// The same sums by level of each category.
    pub levels: LevelSums,
    /// Counts of the values of each column, unless they were turned off.
    pub distribution: Option<Vec<Distribution>>,
}

impl Accumulator {
    /// Returns an accumulator for rows of `columns` values, and for products of them. `distribution` tells whether values are counted.
    pub fn new(columns: usize, products: impl IntoIterator<Item = Factors>, distribution: bool) -> Self {
        Self::with_derived(columns, Vec::new(), products, distribution)
    }

    /// As [`Self::new`], for products that may have factors which are computed.
    pub fn with_derived(columns: usize, derived: Vec<Derived>, products: impl IntoIterator<Item = Factors>, distribution: bool) -> Self {
        let products: Vec<Factors> = products.into_iter().collect();
        Self {
            derived,
            columns: vec![BlockColumn::new(); columns],
            block_rows: 0,
            rows: 0,
            sums: ProductSums::default(),
            totals: vec![Decimal::ZERO; moment_index(columns + products.len() + 1, 0)],
            bin_counters: distribution.then(|| vec![BinCounter::default(); columns]),
            digits: BlockDigits::new(),
            products,
        }
    }

    /// Adds a row: one value for each column.
    ///
    /// Errors: `capacity`.
    pub fn push(&mut self, row: impl IntoIterator<Item = Decimal>) -> Result<()> {
        for (column, value) in self.columns.iter_mut().zip(row) {
            column.push(&value);
        }
        self.add_rows(1)
    }

    /// Returns the columns of the block. A caller appends as many values to each of them, and then calls [`Self::add_rows`].
    pub(crate) fn columns_mut(&mut self) -> &mut [BlockColumn] {
        &mut self.columns
    }

    /// Returns for how many more rows the block has room: at least one.
    pub(crate) fn room(&self) -> usize {
        BLOCK_ROWS - self.block_rows
    }

    /// Counts `rows` rows whose values were appended to the columns.
    ///
    /// Errors: `capacity`.
    pub(crate) fn add_rows(&mut self, rows: usize) -> Result<()> {
        self.count_rows(rows)?;
        if self.block_rows >= BLOCK_ROWS { self.sum_block() } else { Ok(()) }
    }

    /// Adds some rows of other columns. `digits` is scratch space that accumulators share.
    ///
    /// Errors: `capacity`.
    pub(super) fn add_rows_of(&mut self, columns: &[BlockColumn], rows: Range<usize>, digits: &mut BlockDigits) -> Result<()> {
        for (own, other) in self.columns.iter_mut().zip(columns) {
            own.extend_from(other, rows.clone());
        }
        self.count_rows(rows.len())?;
        if self.block_rows < BLOCK_ROWS {
            return Ok(());
        }
        std::mem::swap(&mut self.digits, digits);
        let result = self.sum_block();
        std::mem::swap(&mut self.digits, digits);
        result
    }

    fn count_rows(&mut self, rows: usize) -> Result<()> {
        self.rows = self.rows.checked_add(rows as i64).ok_or_else(too_many_rows)?;
        self.block_rows += rows;
        Ok(())
    }

    /// Returns the sums of all rows.
    ///
    /// Errors: `capacity`.
    pub fn finish(mut self) -> Result<Totals> {
        self.sum_block()?;
        self.sums.drain_into(&mut self.totals);
        if let Some(first) = self.totals.first_mut() {
            *first = Decimal { mantissa: IBig::from(self.rows), scale: 0 };
        }
        Ok(Totals {
            rows: self.rows,
            moments: Moments(self.totals.into_iter().map(Decimal::normalized).collect()),
            levels: LevelSums::default(),
            distribution: self.bin_counters.map(finish_counters).transpose()?,
        })
    }

    /// Adds the block to the sums and empties it.
    fn sum_block(&mut self) -> Result<()> {
        if self.block_rows == 0 {
            return Ok(());
        }
        for (column, counter) in self.columns.iter().zip(self.bin_counters.iter_mut().flatten()) {
            counter.count(column).ok_or_else(too_many_rows)?;
        }
        let width = self.columns.len();
        let derived = self.derived.iter().map(|derived| derived.of_block(&self.columns)).collect::<Result<Vec<_>>>()?;
        self.columns.extend(derived);
        let products: Vec<BlockColumn> = self.products.iter().map(|factors| product(factors, &self.columns)).collect();
        self.columns.truncate(width);
        self.columns.extend(products);
        if !self.sums.fit(&mut self.columns) {
            self.sums.drain_into(&mut self.totals);
            self.sums = ProductSums::of(&self.columns);
        }
        self.sums.add(&self.columns, &mut self.digits);
        self.columns.truncate(width);
        self.columns.iter_mut().for_each(BlockColumn::clear);
        self.block_rows = 0;
        Ok(())
    }
}

/// Returns the counts of each column.
pub(super) fn finish_counters(counters: Vec<BinCounter>) -> Result<Vec<Distribution>> {
    counters.into_iter().map(BinCounter::finish).collect::<Option<Vec<_>>>().ok_or_else(too_many_rows)
}

/// Returns the values of a product of powers of columns. It has at least one factor.
fn product(factors: &Factors, columns: &[BlockColumn]) -> BlockColumn {
    let powers = factors.iter().flat_map(|&(column, power)| std::iter::repeat_n(&columns[column], power as usize));
    let mut powers = powers.cloned();
    let first = powers.next().unwrap_or_else(BlockColumn::new);
    powers.fold(first, |product, factor| product.times(&factor))
}

pub(super) fn too_many_rows() -> Error {
    Error::new(Code::Capacity, format!("more than {} rows", i64::MAX), "split the data")
}
