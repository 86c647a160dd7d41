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
    factor: Vec<TriangleRow>,
    /// The lower triangle of `C^-1`, row by row.
    rows: Vec<TriangleRow>,
    /// For each column of `C^-1` the rows in which it is not zero, in order.
    rows_of_column: Vec<Vec<usize>>,
    /// `l_i` over `2^exponents[i]`.
    lengths: Vec<TwoPartF64>,
    exponents: Vec<i32>,
    /// For each column, its squared distance from a multiple of the first column, over `l_i^2`.
    apart_from_first: Vec<TwoPartF64>,
}

/// A row of a triangle, without the zeros at its beginning. With many levels of a category nearly all rows are short.
pub(super) struct TriangleRow {
    /// The column of the first entry.
    pub(super) start: usize,
    /// The entries, up to the diagonal.
    pub(super) entries: Vec<TwoPartF64>,
}

impl TriangleRow {
    /// Returns the entry of a column.
    fn at(&self, column: usize) -> TwoPartF64 {
        column.checked_sub(self.start).and_then(|at| self.entries.get(at)).copied().unwrap_or(TwoPartF64::ZERO)
    }

    /// Returns the sum of the products of two rows.
    pub(super) fn dot(&self, other: &Self) -> TwoPartF64 {
        let start = self.start.max(other.start);
        let from = |row: &Self| start.saturating_sub(row.start).min(row.entries.len());
        let pairs = self.entries[from(self)..].iter().zip(&other.entries[from(other)..]);
        pairs.fold(TwoPartF64::ZERO, |sum, (a, b)| sum.plus(a.times(*b)))
    }
}

impl InverseFactor {
    pub(super) fn new(leverage: &Leverage) -> Self {
        let (factor, scale): (Vec<_>, Vec<_>) = scaled_rows(leverage).into_iter().unzip();
        let (lengths, exponents) = scale.into_iter().unzip();
        let apart_from_first = factor.iter().map(|row| sum_of_squares(&row.entries[usize::from(row.start == 0)..])).collect();
        let rows = inverse(&factor);
        let mut rows_of_column = vec![Vec::new(); rows.len()];
        for (i, row) in rows.iter().enumerate() {
            let entries = rows_of_column[row.start..].iter_mut().zip(&row.entries);
            entries.filter(|(_, entry)| entry.high != 0.0).for_each(|(rows, _)| rows.push(i));
        }
        Self { positions: positions(leverage), factor, rows, rows_of_column, lengths, exponents, apart_from_first }
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

    /// Returns the place of a column of X in the factors.
    pub(super) fn position(&self, i: usize) -> usize {
        self.positions[i]
    }

    /// Returns the number of columns, from the first of the factors, that are orthogonal to those before them.
    pub(super) fn orthogonal(&self) -> usize {
        self.factor.iter().take_while(|row| row.entries.len() == 1).count()
    }

    /// Returns the row of C of a column of X: the column in the coordinates of an orthonormal basis, with length 1.
    pub(super) fn column(&self, i: usize) -> &TriangleRow {
        &self.factor[self.positions[i]]
    }

    /// Returns the squared length of what remains of column i of X, for columns of length 1, after those before it in the factors.
    pub(super) fn remaining_square(&self, i: usize) -> TwoPartF64 {
        let diagonal = self.column(i).at(self.positions[i]);
        diagonal.times(diagonal)
    }

    /// Returns the entry of `C'^-1` in row i and column k, both by their place in the factors, as an f64.
    pub(super) fn factor_at(&self, i: usize, k: usize) -> f64 {
        self.rows[k].at(i).high
    }

    /// Returns the length of a column of X as a number and a power of two.
    pub(super) fn length(&self, i: usize) -> (TwoPartF64, i32) {
        let i = self.positions[i];
        (self.lengths[i], self.exponents[i])
    }

    /// Returns the sum of products of columns i and j of X for columns of length 1.
    fn product_at(&self, i: usize, j: usize) -> TwoPartF64 {
        self.column(i).dot(self.column(j))
    }

    /// Returns the sum of products of columns i and j of X for columns of length 1, about their means. Column 0 is the intercept.
    pub(super) fn centred_at(&self, i: usize, j: usize) -> TwoPartF64 {
        self.product_at(i, j).plus(self.product_at(i, 0).times(self.product_at(j, 0)).negated())
    }

    /// Returns entry (i, j) of the inverse for columns of length 1.
    pub(super) fn scaled_at(&self, i: usize, j: usize) -> TwoPartF64 {
        let (i, j) = (self.positions[i], self.positions[j]);
        let rows = self.rows_of_column[i.max(j)].iter().map(|&row| &self.rows[row]);
        rows.fold(TwoPartF64::ZERO, |sum, row| sum.plus(row.at(i).times(row.at(j))))
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
fn scaled_rows(leverage: &Leverage) -> Vec<(TriangleRow, (TwoPartF64, i32))> {
    let roots: Vec<(TwoPartF64, i32)> = (0..leverage.d.len()).map(|k| root(leverage.d_at(k))).collect();
    let row = |i: usize| {
        // zeros at the beginning of a row may be left out
        let left_out = i - leverage.l[i].len();
        let zeros = leverage.l[i].iter().take_while(|l| **l == 0.0).count();
        let entry = |(l, &(root, root_exponent)): (TwoPartF64, &(TwoPartF64, i32))| {
            let (l, l_exponent) = l.scaled();
            (l.times(root), l_exponent + root_exponent)
        };
        let own = leverage.l_row(i).zip(&roots[left_out..]).skip(zeros);
        let entries: Vec<(TwoPartF64, i32)> = own.map(entry).chain([roots[i]]).collect();
        let largest = entries.iter().filter(|(value, _)| value.high != 0.0).map(|(_, exponent)| *exponent).max().unwrap_or(0);
        let scaled: Vec<TwoPartF64> = entries.into_iter().map(|(value, exponent)| value.times_two_to(exponent - largest)).collect();
        let length = sum_of_squares(&scaled).root();
        let entries = scaled.into_iter().map(|entry| entry.over(length)).collect();
        (TriangleRow { start: left_out + zeros, entries }, (length, largest))
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
fn inverse(rows: &[TriangleRow]) -> Vec<TriangleRow> {
    let mut inverse: Vec<TriangleRow> = Vec::with_capacity(rows.len());
    for (i, row) in rows.iter().enumerate() {
        let diagonal = row.at(i);
        let before: Vec<(&TriangleRow, TwoPartF64)> = inverse[row.start..]
            .iter()
            .zip(&row.entries)
            .filter(|(_, factor)| factor.high != 0.0)
            .map(|(known, factor)| (known, *factor))
            .collect();
        let start = before.iter().map(|(known, _)| known.start).min().unwrap_or(i);
        let mut sums = vec![TwoPartF64::ZERO; i - start];
        for (known, factor) in before {
            for (sum, entry) in sums[known.start - start..].iter_mut().zip(&known.entries) {
                *sum = sum.plus(factor.times(*entry));
            }
        }
        let mut entries: Vec<TwoPartF64> = sums.into_iter().map(|sum| sum.negated().over(diagonal)).collect();
        entries.push(TwoPartF64::ONE.over(diagonal));
        inverse.push(TriangleRow { start, entries });
    }
    inverse
}
