//! Sums of products of columns of integers: for each pair of columns, one 64-bit sum for each place of their digits' products.
//!
//! The sums are for columns of certain scales and numbers of digits. A block whose columns fit is raised to these scales and added. Any
//! other block needs new sums.
//!
//! *Limits*: after [`ROWS_MAX`] rows the sums have to be drained.

use super::block::BlockColumn;
use super::moments::moment_index;
use crate::decimal::Decimal;
use dashu_int::IBig;
use samefit_kernels::digits::{self, DIGIT_BITS, Lanes, digits_for};
use samefit_kernels::products::{self, PairSums};

/// Rows after which a sum could overflow: each row adds less than 2^34.
pub(super) const ROWS_MAX: usize = 1 << 28;

/// Sums of the products of (1, columns).
#[derive(Debug, Default)]
pub(super) struct ProductSums {
    /// The form of (1, columns).
    forms: Vec<ColumnForm>,
    /// Digits of an integer of each of them.
    digits: Vec<usize>,
    /// Where the sums of each pair of them are, in the order of [`Moments`](super::Moments).
    pairs: Vec<PairSums>,
    sums: Vec<i64>,
    /// Rows in the sums.
    rows: usize,
}

/// Scratch space: the digits of a block, column by column.
pub(super) type BlockDigits = Vec<Vec<Lanes>>;

/// The form of the integers that can be summed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct ColumnForm {
    /// Digits after the point.
    scale: u32,
    /// Upper bound of the bits of each magnitude.
    bits: u32,
}

impl ProductSums {
    /// Returns sums of no rows, of the form of a block.
    pub(super) fn of(columns: &[BlockColumn]) -> Self {
        let one = ColumnForm { scale: 0, bits: 1 };
        let form = |column: &BlockColumn| ColumnForm { scale: column.scale, bits: column.bits };
        let mut sums = Self { forms: std::iter::once(one).chain(columns.iter().map(form)).collect(), ..Self::default() };
        sums.digits = sums.forms.iter().map(|form| digits_for(form.bits)).collect();
        sums.arrange();
        sums
    }

    /// Returns whether the products of a block can be added. If so, its columns are raised to the scales of the sums.
    pub(super) fn fit(&mut self, columns: &mut [BlockColumn]) -> bool {
        let fits = self.forms.len() == columns.len() + 1
            && self.rows < ROWS_MAX
            && columns.iter().zip(&self.forms[1..]).zip(&self.digits[1..]).all(|((column, form), &digits)| column.fits(form.scale, digits));
        if fits {
            columns.iter_mut().zip(&self.forms[1..]).for_each(|(column, form)| column.raise(form.scale));
            self.widen(columns);
        }
        fits
    }

    /// Notes longer integers of as many digits. Accumulators are emptied more often for them.
    fn widen(&mut self, columns: &[BlockColumn]) {
        let mut wider = false;
        for (column, form) in columns.iter().zip(&mut self.forms[1..]).filter(|(column, form)| column.bits > form.bits) {
            form.bits = column.bits;
            wider = true;
        }
        if wider {
            self.arrange_steps();
        }
    }

    /// Adds the products of a block that [fits](Self::fit).
    pub(super) fn add(&mut self, columns: &[BlockColumn], lanes: &mut BlockDigits) {
        let rows = columns.first().map_or(0, BlockColumn::len);
        lanes.resize(columns.len() + 1, Vec::new());
        digits::ones(rows, &mut lanes[0]);
        for ((column, &digits), lanes) in columns.iter().zip(&self.digits[1..]).zip(&mut lanes[1..]) {
            column.split(digits, lanes);
        }
        products::add_pairs(lanes, &self.digits, &self.pairs, &mut self.sums);
        self.rows += rows;
    }

    /// Adds the sums to the totals of (1, columns), and sets them to zero. The total of (1, 1), the number of rows, is left alone.
    pub(super) fn drain_into(&mut self, totals: &mut [Decimal]) {
        for i in 1..self.forms.len() {
            for j in 0..=i {
                let at = moment_index(i, j);
                let digits = self.digits[i] + self.digits[j] - 1;
                let sums = &mut self.sums[self.pairs[at].at..][..digits];
                let mantissa: IBig = sums.iter().enumerate().map(|(k, &sum)| IBig::from(sum) << (k * DIGIT_BITS as usize)).sum();
                totals[at] = totals[at].plus(&Decimal { mantissa, scale: self.forms[i].scale + self.forms[j].scale });
                sums.fill(0);
            }
        }
        self.rows = 0;
    }

    /// Gives each pair of columns its place among the sums.
    fn arrange(&mut self) {
        let mut at = 0;
        for i in 0..self.forms.len() {
            for j in 0..=i {
                self.pairs.push(PairSums { at, steps: 1 });
                at += self.digits[i] + self.digits[j] - 1;
            }
        }
        self.sums = vec![0; at];
        self.arrange_steps();
    }

    /// Computes after how many vectors the accumulators of each pair are emptied.
    fn arrange_steps(&mut self) {
        for i in 0..self.forms.len() {
            for j in 0..=i {
                self.pairs[moment_index(i, j)].steps = products::steps(self.forms[i].bits, self.forms[j].bits);
            }
        }
    }
}
