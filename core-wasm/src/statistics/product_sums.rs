//! Sums of products of columns of integers: for each pair of columns, one 64-bit sum for each place of their digits' products.
//!
//! The sums are for columns of certain scales and numbers of digits. A block whose columns fit is raised to these scales and added. Any
//! other block needs new sums.
//!
//! With weights, the sum of w x y is that of the products of w x and y. So each pair takes one column times the weight of each row, and one
//! plain column.
//!
//! *Limits*: after [`ROWS_MAX`] rows the sums have to be drained.

use super::block::BlockColumn;
use super::moments::moment_index;
use crate::decimal::Decimal;
use dashu_int::IBig;
use samefit_kernels::digits::{DIGIT_BITS, Lanes, digits_for};
use samefit_kernels::products::{self, ColumnDigits, PairSums};

/// Rows after which a sum could overflow: each row adds less than 2^34.
pub(super) const ROWS_MAX: usize = 1 << 28;

/// What the products of a block are made of.
pub(super) struct BlockFactors {
    /// The columns (1, terms).
    pub(super) columns: Vec<BlockColumn>,
    /// The same columns times the weight of each row; none if each row counts once.
    pub(super) weighted: Option<Vec<BlockColumn>>,
}

/// Sums of the products of (1, terms).
#[derive(Debug, Default)]
pub(super) struct ProductSums {
    columns: SideForms,
    /// The columns times weights; none if each row counts once.
    weighted: Option<SideForms>,
    /// Where the sums of each pair of columns are, in the order of [`Moments`](super::Moments).
    pairs: Vec<PairSums>,
    sums: Vec<i64>,
    /// Rows in the sums.
    rows: usize,
}

/// The columns that can be factors on one side of the products.
#[derive(Debug, Default)]
struct SideForms {
    forms: Vec<ColumnForm>,
    /// Digits of an integer of each column.
    digits: Vec<usize>,
}

/// Scratch space: the digits of a block, column by column.
#[derive(Debug, Default)]
pub(super) struct BlockDigits {
    columns: Vec<Vec<Lanes>>,
    weighted: Vec<Vec<Lanes>>,
}

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
    pub(super) fn of(block: &BlockFactors) -> Self {
        let weighted = block.weighted.as_deref().map(SideForms::of);
        let mut sums = Self { columns: SideForms::of(&block.columns), weighted, ..Self::default() };
        sums.arrange();
        sums
    }

    /// Returns whether the products of a block can be added. If so, its columns are raised to the scales of the sums.
    pub(super) fn fit(&mut self, block: &mut BlockFactors) -> bool {
        let weighted_fit = match (&self.weighted, &block.weighted) {
            (Some(side), Some(columns)) => side.fit(columns),
            (None, None) => true,
            _ => false,
        };
        let fits = self.rows < ROWS_MAX && weighted_fit && self.columns.fit(&block.columns);
        if fits {
            let mut wider = self.columns.accept(&mut block.columns);
            if let (Some(side), Some(columns)) = (&mut self.weighted, &mut block.weighted) {
                wider |= side.accept(columns);
            }
            if wider {
                self.arrange_steps();
            }
        }
        fits
    }

    /// Adds the products of a block that [fits](Self::fit).
    pub(super) fn add(&mut self, block: &BlockFactors, digits: &mut BlockDigits) {
        let right = self.columns.split(&block.columns, &mut digits.columns);
        let left = match (&self.weighted, &block.weighted) {
            (Some(side), Some(columns)) => side.split(columns, &mut digits.weighted),
            _ => right,
        };
        products::add_pairs(left, right, self.first(), &self.pairs, &mut self.sums);
        self.rows += block.columns.first().map_or(0, BlockColumn::len);
    }

    /// Adds the sums to the totals of (1, terms), and sets them to zero. Without weights, the total of (1, 1), the number of rows, is left
    /// alone.
    pub(super) fn drain_into(&mut self, totals: &mut [Decimal]) {
        let (left, right) = (self.left(), &self.columns);
        for i in self.first()..right.forms.len() {
            for j in 0..=i {
                let at = moment_index(i, j);
                let digits = left.digits[i] + right.digits[j] - 1;
                let sums = &self.sums[self.pairs[at].at..][..digits];
                let mantissa: IBig = sums.iter().enumerate().map(|(k, &sum)| IBig::from(sum) << (k * DIGIT_BITS as usize)).sum();
                totals[at] = totals[at].plus(&Decimal { mantissa, scale: left.forms[i].scale + right.forms[j].scale });
            }
        }
        self.sums.fill(0);
        self.rows = 0;
    }

    /// Returns the columns on the left side of the products.
    fn left(&self) -> &SideForms {
        self.weighted.as_ref().unwrap_or(&self.columns)
    }

    /// Returns the first left column whose products are summed. Without weights that of (1, 1) is not: rows are counted elsewhere.
    fn first(&self) -> usize {
        usize::from(self.weighted.is_none())
    }

    /// Gives each pair of columns its place among the sums.
    fn arrange(&mut self) {
        let mut at = 0;
        for i in 0..self.columns.forms.len() {
            for j in 0..=i {
                self.pairs.push(PairSums { at, steps: 1 });
                at += self.left().digits[i] + self.columns.digits[j] - 1;
            }
        }
        self.sums = vec![0; at];
        self.arrange_steps();
    }

    /// Computes after how many vectors the accumulators of each pair are emptied.
    fn arrange_steps(&mut self) {
        for i in 0..self.columns.forms.len() {
            for j in 0..=i {
                let steps = products::steps(self.left().forms[i].bits, self.columns.forms[j].bits);
                self.pairs[moment_index(i, j)].steps = steps;
            }
        }
    }
}

impl SideForms {
    /// Returns the forms of columns.
    fn of(columns: &[BlockColumn]) -> Self {
        let forms: Vec<ColumnForm> = columns.iter().map(|column| ColumnForm { scale: column.scale, bits: column.bits }).collect();
        Self { digits: forms.iter().map(|form| digits_for(form.bits)).collect(), forms }
    }

    /// Returns whether columns can be brought to these forms.
    fn fit(&self, columns: &[BlockColumn]) -> bool {
        self.forms.len() == columns.len()
            && columns.iter().zip(&self.forms).zip(&self.digits).all(|((column, form), &digits)| column.fits(form.scale, digits))
    }

    /// Raises columns that [fit](Self::fit) to the scales of these forms. Returns whether one has longer integers of as many digits than
    /// those before: accumulators are emptied more often for them.
    fn accept(&mut self, columns: &mut [BlockColumn]) -> bool {
        let mut wider = false;
        for (column, form) in columns.iter_mut().zip(&mut self.forms) {
            column.raise(form.scale);
            wider |= column.bits > form.bits;
            form.bits = form.bits.max(column.bits);
        }
        wider
    }

    /// Writes the digits of columns into scratch space, and returns them.
    fn split<'d>(&'d self, columns: &[BlockColumn], lanes: &'d mut Vec<Vec<Lanes>>) -> ColumnDigits<'d> {
        lanes.resize(columns.len(), Vec::new());
        for ((column, &digits), lanes) in columns.iter().zip(&self.digits).zip(lanes.iter_mut()) {
            column.split(digits, lanes);
        }
        ColumnDigits { lanes, digits: &self.digits }
    }
}
