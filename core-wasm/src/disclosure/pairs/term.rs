//! One term of a pair: its value in a row, as residues, and its first few values, which are remembered.

use super::residues::{ALL_MODULI, ModuliSet, Residues, all_residues, residues};
use crate::statistics::Factors;
use dashu_int::IBig;
use samefit_kernels::spans::{self, PRIMES};

/// Values of a term that are remembered: the first that appear.
pub(super) const VALUES_MAX: usize = 16;

/// A term.
pub(super) struct PairedTerm {
    factors: Factors,
    /// The values that are remembered.
    pub(super) values: Vec<(i128, Residues)>,
    /// The moduli for which some pair with this term is open.
    pub(super) open: ModuliSet,
}

/// The value of a term in one row.
#[derive(Clone, Copy)]
pub(super) struct TermValue {
    /// Its index among the remembered values.
    pub(super) known: Option<u8>,
    pub(super) residues: Residues,
}

impl PairedTerm {
    /// A product of powers of columns.
    pub(super) fn new(factors: Factors) -> Self {
        Self { factors, values: Vec::new(), open: ALL_MODULI }
    }

    /// Returns the value in a row whose columns have these values; `None` if it does not fit into 128 bits, or if the term is closed.
    pub(super) fn small_value(&self, columns: &[Option<i128>]) -> Option<i128> {
        if self.open == 0 {
            return None;
        }
        self.factors.iter().try_fold(1, |product: i128, &(at, power)| product.checked_mul(columns[at]?.checked_pow(power)?))
    }

    /// Returns the index of a remembered value.
    pub(super) fn known(&self, value: Option<i128>) -> Option<u8> {
        let value = value?;
        self.values.iter().position(|(known, _)| *known == value).map(|at| at as u8)
    }

    /// Remembers a value if there is room, and returns its index.
    pub(super) fn remember(&mut self, value: i128) -> Option<u8> {
        if let Some(known) = self.known(Some(value)) {
            return Some(known);
        }
        if self.values.len() == VALUES_MAX {
            return None;
        }
        self.values.push((value, all_residues(value)));
        Some((self.values.len() - 1) as u8)
    }

    /// Returns the value in a row. `small` has the columns' values that fit into 128 bits, `known` the index if the value is remembered.
    pub(super) fn value(&mut self, integers: &[IBig], small: &[Option<i128>], known: Option<u8>) -> TermValue {
        if self.open == 0 {
            return TermValue { known: None, residues: [0; PRIMES] };
        }
        let residues = match self.factors[..] {
            [(at, 1)] => residues(&integers[at], self.open),
            _ => {
                let mut product = [1; PRIMES];
                for &(at, power) in &self.factors {
                    let factor = residues(&integers[at], self.open);
                    (0..power).for_each(|_| spans::multiply(&mut product, &factor));
                }
                product
            }
        };
        let new = if known.is_none() && self.values.len() < VALUES_MAX { self.small_value(small) } else { None };
        let known = known.or_else(|| new.and_then(|value| self.remember(value)));
        TermValue { known, residues }
    }
}
