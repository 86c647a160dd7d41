//! Linear restrictions on coefficients to the design of the restricted model.
//!
//! Restrictions are solved for one coefficient each: `d_p b_p = c_p - sum over the free k of a_pk b_k`. Put into the model, `X b` is the sum
//! over the free k of `(X_k - sum over p of a_pk / d_p X_p) b_k`, and `sum of c_p / d_p X_p` moves to the side of the target. So the restricted
//! model has the free columns, and of each residual sum of squares of the model only the unit changes: what moved is in the span of X.
//!
//! A restriction is solved for its first coefficient. Columns of levels stand first, and are orthogonal; so most of the free columns are too.
//!
//! *Invariants*: all numbers are integers; columns of the new design are multiplied by what makes them so.

use super::gram::ScaledGram;
use crate::decimal::ten_to;
use crate::ordered::IntoOrdered;
use crate::ratio::{common_divisor, least_multiple};
use dashu_int::IBig;
use std::collections::BTreeMap;

/// A linear equation between coefficients: the sum of `factor * coefficient` is `value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinearRestriction {
    /// Factors by the index of a column of the design. None is zero.
    pub factors: BTreeMap<usize, IBig>,
    /// The value of the sum.
    pub value: IBig,
}

/// Why a restriction adds nothing to those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VoidRestriction {
    /// It has no coefficient.
    Empty,
    /// It follows from those before it.
    Redundant,
    /// No coefficients satisfy it together with those before it.
    Contradictory,
}

/// Restrictions, each solved for one coefficient that stands in no other of them.
#[derive(Debug)]
pub struct SolvedRestrictions {
    /// The restrictions by the index of the coefficient for which they are solved.
    solved: BTreeMap<usize, LinearRestriction>,
}

impl SolvedRestrictions {
    /// Solves restrictions by elimination without fractions.
    ///
    /// # Errors
    /// The index of the first restriction that adds nothing, and why.
    pub fn new(restrictions: &[LinearRestriction]) -> Result<Self, (usize, VoidRestriction)> {
        let mut solved: BTreeMap<usize, LinearRestriction> = BTreeMap::new();
        for (at, restriction) in restrictions.iter().enumerate() {
            if restriction.factors.is_empty() {
                return Err((at, VoidRestriction::Empty));
            }
            let mut left = restriction.clone();
            for (&pivot, row) in &solved {
                left.eliminate(pivot, row);
            }
            let Some((&pivot, _)) = left.factors.first_key_value() else {
                let why = if left.value == IBig::ZERO { VoidRestriction::Redundant } else { VoidRestriction::Contradictory };
                return Err((at, why));
            };
            solved.values_mut().for_each(|row| row.eliminate(pivot, &left));
            solved.insert(pivot, left);
        }
        Ok(Self { solved })
    }

    /// Returns the number of restrictions.
    pub fn len(&self) -> usize {
        self.solved.len()
    }

    /// Returns whether there is no restriction.
    pub fn is_empty(&self) -> bool {
        self.solved.is_empty()
    }

    /// Returns the normal equations of the restricted model.
    pub(super) fn substituted(&self, gram: &ScaledGram) -> RestrictedGram {
        let target = gram.entries.len() - 1;
        let free = (0..target).filter(|k| !self.solved.contains_key(k));
        let mut columns: Vec<BTreeMap<usize, IBig>> = free.map(|k| self.column(k, |row| row.factors.get(&k), &gram.scales)).collect();
        let last = self.column(target, |row| Some(&row.value).filter(|value| **value != IBig::ZERO), &gram.scales);
        let multiple = last.get(&target).cloned().unwrap_or(IBig::ONE);
        columns.push(last);
        RestrictedGram { entries: products(&gram.entries, &columns), multiple }
    }

    /// Returns column k less `part / d_p` times each column p, times what makes all factors integers: as factors of the scaled columns.
    fn column<'a>(&'a self, k: usize, part: impl Fn(&'a LinearRestriction) -> Option<&'a IBig>, scales: &[u32]) -> BTreeMap<usize, IBig> {
        let parts: Vec<(usize, &IBig, &IBig)> =
            self.solved.iter().filter_map(|(&p, row)| Some((p, part(row)?, row.factors.get(&p)?))).collect();
        let multiple = least_multiple(parts.iter().map(|(_, _, divisor)| *divisor));
        let scale = parts.iter().map(|(p, ..)| scales[*p]).chain([scales[k]]).max().unwrap_or(0);
        let factor = |part: &IBig, divisor: &IBig, p: usize| -(part * (&multiple / divisor) * ten_to(scale - scales[p]));
        let mut factors = parts.iter().map(|&(p, part, divisor)| (p, factor(part, divisor, p))).into_map();
        factors.insert(k, multiple * ten_to(scale - scales[k]));
        factors
    }
}

/// The Gram matrix of a restricted model: of its columns, and of its target after them.
pub(super) struct RestrictedGram {
    /// The lower triangle, row by row.
    pub(super) entries: Vec<Vec<IBig>>,
    /// The multiple of the scaled target of the model that the target is, less what moved to its side.
    pub(super) multiple: IBig,
}

impl LinearRestriction {
    /// Returns a restriction without the factors that are zero.
    pub fn new(factors: impl IntoIterator<Item = (usize, IBig)>, value: IBig) -> Self {
        Self { factors: factors.into_iter().filter(|(_, factor)| *factor != IBig::ZERO).into_map(), value }
    }

    /// Removes coefficient `pivot` by a multiple of another restriction, which has it.
    fn eliminate(&mut self, pivot: usize, other: &Self) {
        let (Some(own), Some(its)) = (self.factors.get(&pivot).cloned(), other.factors.get(&pivot)) else { return };
        let indexes = self.factors.keys().chain(other.factors.keys()).copied().into_set();
        let at = |factors: &BTreeMap<usize, IBig>, index: usize| factors.get(&index).cloned().unwrap_or(IBig::ZERO);
        let combined = indexes.into_iter().map(|index| (index, at(&self.factors, index) * its - at(&other.factors, index) * &own));
        *self = Self::new(combined.collect::<Vec<_>>(), &self.value * its - &other.value * &own).in_lowest_terms();
    }

    /// Returns the restriction divided by the common divisor of its numbers.
    fn in_lowest_terms(mut self) -> Self {
        let divisor = self.factors.values().fold(self.value.clone(), |divisor, factor| common_divisor(&divisor, factor));
        if divisor != IBig::ZERO {
            self.factors.values_mut().for_each(|factor| *factor /= &divisor);
            self.value /= divisor;
        }
        self
    }
}

/// Returns the lower triangle of `W' G W` for columns W, which are given as their factors of those of G.
fn products(gram: &[Vec<IBig>], columns: &[BTreeMap<usize, IBig>]) -> Vec<Vec<IBig>> {
    let at = |i: usize, j: usize| &gram[i.max(j)][i.min(j)];
    // row i of each is that of G W
    let right: Vec<Vec<IBig>> =
        columns.iter().map(|column| (0..gram.len()).map(|i| column.iter().map(|(&j, factor)| at(i, j) * factor).sum()).collect()).collect();
    let entry = |a: usize, b: usize| columns[a].iter().map(|(&i, factor)| factor * &right[b][i]).sum();
    (0..columns.len()).map(|a| (0..=a).map(|b| entry(a, b)).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn restriction(factors: &[(usize, i64)], value: i64) -> LinearRestriction {
        LinearRestriction::new(factors.iter().map(|&(at, factor)| (at, IBig::from(factor))), IBig::from(value))
    }

    #[test]
    fn restrictions_are_solved_for_one_coefficient_each() {
        // b0 + b1 = 3, b1 - 2 b2 = 1: b1 = 3 - b0, 2 b2 = 2 - b0
        let solved = SolvedRestrictions::new(&[restriction(&[(0, 1), (1, 1)], 3), restriction(&[(1, 1), (2, -2)], 1)]).unwrap();
        assert_eq!(solved.len(), 2);
        for (pivot, row) in &solved.solved {
            assert!(solved.solved.iter().all(|(other, row)| other == pivot || !row.factors.contains_key(pivot)));
            assert!(row.factors.contains_key(pivot));
        }
    }

    #[test]
    fn restrictions_that_add_nothing_are_named() {
        let first = restriction(&[(0, 1), (1, -1)], 0);
        let second = restriction(&[(1, 2), (2, 4)], 6);
        let sum = |value| restriction(&[(0, 1), (2, 2)], value);
        for (last, why) in
            [(sum(3), VoidRestriction::Redundant), (sum(4), VoidRestriction::Contradictory), (restriction(&[], 0), VoidRestriction::Empty)]
        {
            assert_eq!(SolvedRestrictions::new(&[first.clone(), second.clone(), last]).unwrap_err(), (2, why));
        }
    }
}
