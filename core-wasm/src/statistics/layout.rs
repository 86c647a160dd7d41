//! Sums of products in the making: for each pair of terms, one 64-bit sum for each place of their digits' products.
//!
//! The sums stand as long as the terms' scales and numbers of digits do; a block that fits is raised to them, another one makes a new layout.
//!
//! *Limits*: [`ROWS_MAX`] rows, then the sums are taken out.

use super::block::Column;
use super::moment_index;
use crate::decimal::Decimal;
use dashu_int::IBig;
use samefit_kernels::digits;
use samefit_kernels::digits::{DIGIT_BITS, Lanes, digits_for};
use samefit_kernels::products::{self, Pair};

/// Rows before a sum could overflow: each adds less than 2^34.
pub(super) const ROWS_MAX: usize = 1 << 28;

/// Scales and digits of (1, terms), and the sums of the products of their digits.
#[derive(Debug, Default)]
pub(super) struct Layout {
    terms: Vec<Term>,
    /// Of each term.
    digits: Vec<usize>,
    pairs: Vec<Pair>,
    sums: Vec<i64>,
    rows: usize,
    lanes: Vec<Vec<Lanes>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Term {
    scale: u32,
    bits: u32,
}

impl Layout {
    /// A layout for a block.
    pub(super) fn of(columns: &[Column]) -> Self {
        let one = Term { scale: 0, bits: 1 };
        let term = |column: &Column| Term { scale: column.scale, bits: column.bits };
        let mut layout = Self { terms: std::iter::once(one).chain(columns.iter().map(term)).collect(), ..Self::default() };
        layout.digits = layout.terms.iter().map(|term| digits_for(term.bits)).collect();
        layout.lanes = vec![Vec::new(); layout.terms.len()];
        layout.arrange();
        layout
    }

    /// Whether the sums of a block can be added; if so, its columns are raised to the layout's scales.
    pub(super) fn admit(&mut self, columns: &mut [Column]) -> bool {
        let fits = self.terms.len() == columns.len() + 1
            && self.rows < ROWS_MAX
            && columns.iter().zip(&self.terms[1..]).zip(&self.digits[1..]).all(|((column, term), &digits)| column.fits(term.scale, digits));
        if fits {
            columns.iter_mut().zip(&self.terms[1..]).for_each(|(column, term)| column.raise(term.scale));
            self.widen(columns);
        }
        fits
    }

    /// Longer integers of as many digits only mean that accumulators are emptied more often.
    fn widen(&mut self, columns: &[Column]) {
        let mut wider = false;
        for (column, term) in columns.iter().zip(&mut self.terms[1..]).filter(|(column, term)| column.bits > term.bits) {
            term.bits = column.bits;
            wider = true;
        }
        if wider {
            self.arrange_steps();
        }
    }

    /// Adds the sums of products of a block that was admitted.
    pub(super) fn add(&mut self, columns: &[Column]) {
        let rows = columns.first().map_or(0, Column::len);
        digits::ones(rows, &mut self.lanes[0]);
        for ((column, &digits), lanes) in columns.iter().zip(&self.digits[1..]).zip(&mut self.lanes[1..]) {
            column.split(digits, lanes);
        }
        products::add_pairs(&self.lanes, &self.digits, &self.pairs, &mut self.sums);
        self.rows += rows;
    }

    /// Takes the sums out and adds them to the totals of (1, terms).
    pub(super) fn drain_into(&mut self, totals: &mut [Decimal]) {
        for i in 1..self.terms.len() {
            for j in 0..=i {
                let at = moment_index(i, j);
                let digits = self.digits[i] + self.digits[j] - 1;
                let sums = &mut self.sums[self.pairs[at].at..][..digits];
                let mantissa: IBig = sums.iter().enumerate().map(|(k, &sum)| IBig::from(sum) << (k * DIGIT_BITS as usize)).sum();
                totals[at] = totals[at].plus(&Decimal { mantissa, scale: self.terms[i].scale + self.terms[j].scale });
                sums.fill(0);
            }
        }
        self.rows = 0;
    }

    fn arrange(&mut self) {
        let mut at = 0;
        for i in 0..self.terms.len() {
            for j in 0..=i {
                self.pairs.push(Pair { at, steps: 1 });
                at += self.digits[i] + self.digits[j] - 1;
            }
        }
        self.sums = vec![0; at];
        self.arrange_steps();
    }

    fn arrange_steps(&mut self) {
        for i in 0..self.terms.len() {
            for j in 0..=i {
                self.pairs[moment_index(i, j)].steps = products::steps(self.terms[i].bits, self.terms[j].bits);
            }
        }
    }
}
