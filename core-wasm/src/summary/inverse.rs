//! The factors L and D of X'X to the inverse of X'X.
//!
//! Let `l_i` be the length of column i of X, and `C = diag(1/l) L D^(1/2)`: the lower triangular factor of X'X for columns of length 1. Then
//! `(X'X)^-1 = diag(1/l) C'^-1 C^-1 diag(1/l)`. The rows of `C'^-1` are as long as the inverse is large, so entry (i, j) has a small error
//! relative to the root of the product of diagonal entries i and j.
//!
//! *Method*: numbers of two parts ([`two_part`](crate::two_part)) throughout, because on ill-conditioned data the inverse of C loses as many
//! digits as its condition has.

use crate::model::Leverage;
use crate::two_part::TwoPartF64;
use libm::ldexp;

/// The inverse of X'X, as a factor and the lengths of the columns of X. Indexes of columns are those of X; the factors have an order of
/// their own.
pub(super) struct InverseFactor {
    /// The places of the columns of X in the factors.
    positions: Vec<usize>,
    /// The lower triangle of C, row by row.
    factor: Vec<Vec<TwoPartF64>>,
    /// The lower triangle of `C^-1`, row by row.
    rows: Vec<Vec<TwoPartF64>>,
    /// `l_i` over `2^exponents[i]`.
    lengths: Vec<TwoPartF64>,
    exponents: Vec<i32>,
    /// For each column, its squared distance from a multiple of the first column, over `l_i^2`.
    apart_from_first: Vec<TwoPartF64>,
}

impl InverseFactor {
    pub(super) fn new(leverage: &Leverage) -> Self {
        let (rows, scale): (Vec<_>, Vec<_>) = scaled_rows(leverage).into_iter().unzip();
        let (lengths, exponents) = scale.into_iter().unzip();
        let apart_from_first = rows.iter().map(|row: &Vec<TwoPartF64>| sum_of_squares(&row[row.len().min(1)..])).collect();
        Self { positions: positions(leverage), rows: inverse(&rows), factor: rows, lengths, exponents, apart_from_first }
    }

    /// Returns the number of columns of X.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Returns entry (i, j) of the inverse times `factor`. It is infinite or zero if an f64 cannot hold it.
    pub(super) fn at(&self, i: usize, j: usize, factor: f64) -> f64 {
        let (factor, exponent) = TwoPartF64::new(factor, 0.0).scaled();
        let ((length, length_exponent), (other, other_exponent)) = (self.length(i), self.length(j));
        let scaled = self.scaled_at(i, j).times(factor).over(length.times(other));
        // in two steps, since an exponent may leave the range before the number does
        let exponent = exponent - length_exponent - other_exponent;
        ldexp(ldexp(scaled.high, exponent / 2), exponent - exponent / 2)
    }

    /// Returns the share of column j that the other columns do not explain: of its sum of squares about the mean or, without an intercept,
    /// about zero.
    pub(super) fn tolerance(&self, j: usize, has_intercept: bool) -> f64 {
        let total = if has_intercept { self.apart_from_first[self.positions[j]] } else { TwoPartF64::ONE };
        TwoPartF64::ONE.over(self.scaled_at(j, j).times(total)).high.min(1.0)
    }

    /// Returns the entry of `C'^-1` in the row of column i of X and in column k, as an f64.
    pub(super) fn factor_at(&self, i: usize, k: usize) -> f64 {
        let i = self.positions[i];
        if k < i { 0.0 } else { self.rows[k][i].high }
    }

    /// Returns the length of a column of X as a number and a power of two.
    pub(super) fn length(&self, i: usize) -> (TwoPartF64, i32) {
        let i = self.positions[i];
        (self.lengths[i], self.exponents[i])
    }

    /// Returns the sum of products of columns i and j of X for columns of length 1, about their means. Column 0 is the intercept.
    pub(super) fn centred_at(&self, i: usize, j: usize) -> TwoPartF64 {
        let product = |i: usize, j: usize| {
            let (i, j) = (self.positions[i], self.positions[j]);
            self.factor[i].iter().zip(&self.factor[j]).fold(TwoPartF64::ZERO, |sum, (a, b)| sum.plus(a.times(*b)))
        };
        product(i, j).plus(product(i, 0).times(product(j, 0)).negated())
    }

    /// Returns entry (i, j) of the inverse for columns of length 1.
    pub(super) fn scaled_at(&self, i: usize, j: usize) -> TwoPartF64 {
        let (i, j) = (self.positions[i], self.positions[j]);
        self.rows[i.max(j)..].iter().fold(TwoPartF64::ZERO, |sum, row| sum.plus(row[i].times(row[j])))
    }
}

/// Returns the places of the columns of X in the factors.
fn positions(leverage: &Leverage) -> Vec<usize> {
    let mut positions: Vec<usize> = (0..leverage.d.len()).collect();
    for (position, &at) in leverage.order.iter().flatten().enumerate() {
        positions[at] = position;
    }
    positions
}

/// Returns the rows of C, each with `l_i`, which is a number and a power of two.
fn scaled_rows(leverage: &Leverage) -> Vec<(Vec<TwoPartF64>, (TwoPartF64, i32))> {
    let roots: Vec<(TwoPartF64, i32)> = (0..leverage.d.len()).map(|k| root(leverage.d_at(k))).collect();
    let row = |i: usize| {
        // zeros at the beginning of a row may be left out
        let start = i - leverage.l[i].len();
        let entry = |(l, &(root, root_exponent)): (TwoPartF64, &(TwoPartF64, i32))| {
            let (l, l_exponent) = l.scaled();
            (l.times(root), l_exponent + root_exponent)
        };
        let zeros = (0..start).map(|_| (TwoPartF64::ZERO, 0));
        let entries: Vec<(TwoPartF64, i32)> = zeros.chain(leverage.l_row(i).zip(&roots[start..]).map(entry)).chain([roots[i]]).collect();
        let largest = entries.iter().filter(|(value, _)| value.high != 0.0).map(|(_, exponent)| *exponent).max().unwrap_or(0);
        let scaled: Vec<TwoPartF64> = entries.into_iter().map(|(value, exponent)| value.times_two_to(exponent - largest)).collect();
        let length = sum_of_squares(&scaled).root();
        (scaled.into_iter().map(|entry| entry.over(length)).collect(), (length, largest))
    };
    (0..roots.len()).map(row).collect()
}

/// Returns the square root of a number above zero, as a number and a power of two.
fn root(value: TwoPartF64) -> (TwoPartF64, i32) {
    let (scaled, exponent) = value.scaled();
    let odd = exponent.rem_euclid(2);
    (scaled.times_two_to(odd).root(), (exponent - odd) / 2)
}

fn sum_of_squares(entries: &[TwoPartF64]) -> TwoPartF64 {
    entries.iter().fold(TwoPartF64::ZERO, |sum, entry| sum.plus(entry.times(*entry)))
}

/// Returns the inverse of a lower triangle whose diagonal is above zero.
fn inverse(rows: &[Vec<TwoPartF64>]) -> Vec<Vec<TwoPartF64>> {
    let mut inverse: Vec<Vec<TwoPartF64>> = Vec::with_capacity(rows.len());
    for (i, row) in rows.iter().enumerate() {
        let mut next = vec![TwoPartF64::ZERO; i];
        for (k, factor) in row[..i].iter().enumerate().filter(|(_, factor)| factor.high != 0.0) {
            for (sum, known) in next.iter_mut().zip(&inverse[k]) {
                *sum = sum.plus(factor.times(*known));
            }
        }
        let mut next: Vec<TwoPartF64> = next.into_iter().map(|sum| sum.negated().over(row[i])).collect();
        next.push(TwoPartF64::ONE.over(row[i]));
        inverse.push(next);
    }
    inverse
}
