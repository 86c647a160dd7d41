//! Rows of decimal numbers to exact sums and sums of products.
//!
//! Rows are collected in blocks of about [`BLOCK_ROWS`], column by column. In a block, each column is a list of integers at one scale
//! ([`BlockColumn`]). Products of columns are computed there. All of them become digits of 16 bits, whose products are summed eight at a
//! time ([`ProductSums`]). These sums are added to totals of any size when a block does not fit them, and at the end.
//!
//! With weights or counts, each row has one more value, after those of its columns: its weight or count.
//!
//! *Invariants*: no floating point in a sum. The totals do not depend on the order of the rows. With counts, they are those of as many equal
//! rows.
//!
//! *Limits*: 2^63 - 1 rows. Values and sums have any size.

use super::block::BlockColumn;
use super::distribution::Distribution;
use super::level_sums::LevelSums;
use super::moments::{Moments, moment_index};
use super::product_sums::{BlockDigits, BlockFactors, CellRows, ProductSums};
use super::row_counter::{RowCounter, keep_positive};
use super::summed_products::{Factors, SummedProducts};
use super::value_grid::{ColumnGrids, ValueGrid};
use super::weighting::Weighting;
use crate::decimal::Decimal;
use crate::error::Result;
use dashu_int::IBig;
use std::sync::Arc;

/// Rows after which a block is summed; it may have a few more. The digits of so many rows of eleven columns stay in the processor's cache.
pub(super) const BLOCK_ROWS: usize = 512;

/// Sums rows.
pub struct Accumulator {
    /// The terms that are not columns themselves.
    terms: Arc<SummedProducts>,
    weighting: Weighting,
    /// The values of the block: the columns, then the weights or counts if there are.
    columns: Vec<BlockColumn>,
    /// Rows in the block.
    block_rows: usize,
    /// Sums of products since the totals were last brought up to date.
    sums: ProductSums,
    /// Sums of products before that: a lower triangle as in [`Moments`].
    totals: Vec<Decimal>,
    counter: RowCounter,
    digits: BlockDigits,
}

/// The sums of all rows.
pub struct Totals {
    /// Number of rows whose weight is above zero. With counts, their sum.
    pub rows: i64,
    /// Sums of products of (1, columns, products), times the weight or count of each row.
    pub moments: Moments,
    /// The same sums by level of each category.
    pub levels: LevelSums,
    /// The sum of the rounded logarithms of the weights of these rows; none without weights.
    pub log_sum: Option<Decimal>,
    /// Counts of the values of each column in these rows, unless they were turned off.
    pub distribution: Option<Vec<Distribution>>,
}

impl Accumulator {
    /// Returns an accumulator for rows of `columns` values, and for products of them. `distribution` tells whether values are counted.
    pub fn new(columns: usize, products: impl IntoIterator<Item = Factors>, distribution: bool) -> Self {
        let grids = distribution.then(|| vec![None; columns].into());
        Self::weighted(columns, SummedProducts::of_columns(products).into(), grids.as_ref(), Weighting::Equal)
    }

    /// Returns an accumulator for rows of one value, whose values are counted, on a grid if it has one.
    pub fn of_column(grid: Option<ValueGrid>) -> Self {
        Self::weighted(1, Arc::default(), Some(&[grid].into()), Weighting::Equal)
    }

    /// Does what [`Self::new`] does, for products that may have factors which are computed, and for rows that may have a weight or a count
    /// after their other values. Values are counted if there are grids, one for each column.
    pub fn weighted(columns: usize, terms: Arc<SummedProducts>, grids: Option<&ColumnGrids>, weighting: Weighting) -> Self {
        Self {
            weighting,
            columns: vec![BlockColumn::new(); columns + weighting.values()],
            block_rows: 0,
            sums: ProductSums::default(),
            totals: vec![Decimal::ZERO; moment_index(columns + terms.products.len() + 1, 0)],
            counter: RowCounter::new(grids, weighting),
            digits: BlockDigits::default(),
            terms,
        }
    }

    /// Adds a row: one value for each column, then its weight or count if rows have one.
    ///
    /// Errors: `capacity`.
    pub fn push(&mut self, row: impl IntoIterator<Item = Decimal>) -> Result<()> {
        for (column, value) in self.columns.iter_mut().zip(row) {
            column.push(&value);
        }
        self.add_rows(1)
    }

    /// Returns the columns of the block, and after them that of the weights or counts if there is one. A caller appends as many values to
    /// each of them, and then calls [`Self::add_rows`].
    pub(crate) fn columns_mut(&mut self) -> &mut [BlockColumn] {
        &mut self.columns
    }

    /// Returns for how many more rows the block has room: at least one.
    pub(crate) fn room(&self) -> usize {
        BLOCK_ROWS - self.block_rows
    }

    /// Adds `rows` rows whose values were appended to the columns.
    ///
    /// Errors: `capacity`.
    pub(crate) fn add_rows(&mut self, rows: usize) -> Result<()> {
        self.block_rows += rows;
        if self.block_rows >= BLOCK_ROWS { self.sum_block() } else { Ok(()) }
    }

    /// Returns the sums of all rows.
    ///
    /// Errors: `capacity`; `undefined` for a weight below zero.
    pub fn finish(mut self) -> Result<Totals> {
        self.sum_block()?;
        self.sums.drain_into(0, &mut self.totals);
        let counts = self.counter.finish()?;
        if let (Weighting::Equal, Some(first)) = (self.weighting, self.totals.first_mut()) {
            *first = Decimal { mantissa: IBig::from(counts.rows), scale: 0 };
        }
        Ok(Totals {
            rows: counts.rows,
            moments: Moments(self.totals).normalized(),
            levels: LevelSums::default(),
            log_sum: counts.log_sum,
            distribution: counts.distribution,
        })
    }

    /// Adds the block to the sums and empties it.
    ///
    /// Errors: `capacity`; `undefined` for a weight below zero.
    fn sum_block(&mut self) -> Result<()> {
        let mut columns = std::mem::take(&mut self.columns);
        let mut rows = std::mem::take(&mut self.block_rows);
        let mut weights = None;
        if self.weighting != Weighting::Equal {
            keep_positive(&mut columns);
            weights = columns.pop();
            rows = weights.as_ref().map_or(0, BlockColumn::len);
        }
        if rows > 0 {
            self.counter.add(rows, &columns, weights.as_ref())?;
            columns = self.add_products(rows, columns, weights.as_ref())?;
        }
        self.columns = columns.into_iter().chain(weights).collect();
        self.columns.iter_mut().for_each(BlockColumn::clear);
        Ok(())
    }

    /// Adds the products of the columns of a block to the sums. Returns the columns.
    ///
    /// Errors: `undefined` for a value of which a function is not defined.
    fn add_products(&mut self, rows: usize, columns: Vec<BlockColumn>, weights: Option<&BlockColumn>) -> Result<Vec<BlockColumn>> {
        let width = columns.len();
        let mut block = BlockFactors::new(rows, columns, weights, &self.terms)?;
        if !self.sums.fit(&mut block) {
            self.sums.drain_into(0, &mut self.totals);
            self.sums = ProductSums::of(&block);
        }
        self.sums.add(&block, &[CellRows { cell: 0, rows }], &mut self.digits);
        block.columns.truncate(width + 1);
        block.columns.remove(0);
        Ok(block.columns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decimal::parse;
    use crate::error::Code;
    use crate::functions::Function;
    use proptest::prelude::*;

    /// Values of all lengths, of one kind for each column.
    fn column() -> impl Strategy<Value = Vec<String>> {
        let kind = |pattern: &'static str| prop::collection::vec(pattern, 60..61).boxed();
        prop_oneof![
            kind("[0-9]{1,3}(\\.[0-9]{1,2})?"),
            kind("-?[0-9]\\.[0-9]{13}"),
            kind("-?[0-9]{17}"),
            kind("-?[0-9]{1,40}(\\.[0-9]{1,20})?"),
            kind("-?[0-9]{1,3}(e-?[0-9])?"),
        ]
    }

    fn weights() -> impl Strategy<Value = Vec<String>> {
        let kind = |pattern: &'static str| prop::collection::vec(pattern, 60..61).boxed();
        prop_oneof![kind("[0-4]"), kind("0|[0-9]\\.[0-9]{1,3}"), kind("[0-9]\\.[0-9]{15}"), kind("0|[0-9]{1,30}(\\.[0-9]{1,30})?")]
    }

    fn numbers(texts: &[String]) -> Vec<Decimal> {
        texts.iter().map(|text| parse(text.as_bytes()).unwrap()).collect()
    }

    /// Sums the rows, each with its weight, from blocks of a few rows.
    fn totals(columns: &[Vec<Decimal>], products: &[Factors], weights: &[Decimal], weighting: Weighting) -> Totals {
        let mut accumulator = Accumulator::weighted(
            columns.len(),
            SummedProducts::of_columns(products.to_vec()).into(),
            Some(&vec![None; columns.len()].into()),
            weighting,
        );
        for row in 0..weights.len() {
            let weight = (weighting != Weighting::Equal).then(|| weights[row].clone());
            accumulator.push(columns.iter().map(|column| column[row].clone()).chain(weight)).unwrap();
            if row % 7 == 0 {
                accumulator.sum_block().unwrap();
            }
        }
        accumulator.finish().unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn weighted_sums_are_exact(columns in prop::collection::vec(column(), 1..4), weights in weights()) {
            let columns: Vec<Vec<Decimal>> = columns.iter().map(|column| numbers(column)).collect();
            let weights = numbers(&weights);
            let got = totals(&columns, &[vec![(0, 2)]], &weights, Weighting::Weights);
            let one = Decimal { mantissa: IBig::ONE, scale: 0 };
            let values = |row: usize| {
                let square = columns[0][row].times(&columns[0][row]);
                std::iter::once(one.clone()).chain(columns.iter().map(|column| column[row].clone())).chain([square]).collect::<Vec<_>>()
            };
            for i in 0..columns.len() + 2 {
                for j in 0..=i {
                    let product = |row: usize| values(row)[i].times(&values(row)[j]).times(&weights[row]);
                    let want = (0..weights.len()).fold(Decimal::ZERO, |sum, row| sum.plus(&product(row)));
                    prop_assert_eq!(got.moments.at(i, j), &want);
                }
            }
            // a row of weight zero is as if it were absent
            let counted: Vec<usize> = (0..weights.len()).filter(|&row| weights[row] > Decimal::ZERO).collect();
            let there: Vec<Vec<Decimal>> = columns.iter().map(|column| counted.iter().map(|&row| column[row].clone()).collect()).collect();
            let equal = totals(&there, &[], &vec![one; counted.len()], Weighting::Equal);
            prop_assert_eq!((got.rows, &got.distribution), (equal.rows, &equal.distribution));
            let logarithms = counted.iter().map(|&row| Function::Ln.value(&weights[row]).unwrap());
            prop_assert_eq!(got.log_sum, Some(logarithms.fold(Decimal::ZERO, |sum, logarithm| sum.plus(&logarithm))));
        }

        #[test]
        fn counted_rows_are_rows_written_out(columns in prop::collection::vec(column(), 1..4), counts in prop::collection::vec(0usize..4, 60..61), decimals in 0usize..2) {
            let columns: Vec<Vec<Decimal>> = columns.iter().map(|column| numbers(column)).collect();
            let count = |count: &usize| parse(if decimals > 0 { format!("{count}.0") } else { count.to_string() }.as_bytes()).unwrap();
            let got = totals(&columns, &[vec![(0, 3)]], &counts.iter().map(count).collect::<Vec<_>>(), Weighting::Counts);
            let written = |column: &Vec<Decimal>| column.iter().zip(&counts).flat_map(|(value, &count)| vec![value.clone(); count]).collect::<Vec<_>>();
            let written: Vec<Vec<Decimal>> = columns.iter().map(written).collect();
            let want = totals(&written, &[vec![(0, 3)]], &vec![Decimal::ZERO; written[0].len()], Weighting::Equal);
            prop_assert_eq!((got.rows, got.distribution), (want.rows, want.distribution));
            prop_assert_eq!((got.moments, got.log_sum), (want.moments, None));
        }
    }

    #[test]
    fn counts_beyond_the_limit_are_refused() {
        let mut accumulator = Accumulator::weighted(0, Arc::default(), None, Weighting::Counts);
        let count = |count: &str| [parse(count.as_bytes()).unwrap()];
        accumulator.push(count("9223372036854775807")).unwrap();
        accumulator.push(count("1")).unwrap();
        assert_eq!(accumulator.finish().err().map(|error| error.code), Some(Code::Capacity));
    }
}
