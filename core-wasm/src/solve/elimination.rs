//! A symmetric integer matrix to its exact `L D L'` factorisation, without fractions.
//!
//! Fraction-free elimination (E. H. Bareiss, Sylvester's identity and multistep integer-preserving Gaussian elimination, Math. Comp. 22,
//! 1968) keeps every entry an integer, a minor of the matrix, so each division is exact. For a symmetric matrix it gives the factors. Let
//! `a_ij` be the entry at (i, j) when column j is eliminated. Then `L_ij = a_ij / a_jj` and `D_j = a_jj / a_(j-1)(j-1)`.
//!
//! Pivots are taken in order. A positive semidefinite matrix needs no other order: below a pivot of zero its column is zero, and the column
//! depends on those before it.

use super::relations::Relation;
use crate::ratio::Ratio;
use dashu_base::Signed;
use dashu_int::IBig;

/// Most columns of a matrix that is eliminated exactly at once. For more columns, enclosures are faster.
pub const ELIMINATED_MAX: usize = 12;

/// What elimination finds on the diagonal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pivot {
    /// A number above zero: the column is independent of those before it.
    Positive,
    /// Zero, with zeros below it: the column is a linear combination of those before it.
    Zero,
    /// A negative number, or zero with another number below it: the matrix is not positive semidefinite.
    Impossible,
}

/// A matrix that is eliminated.
pub struct Elimination {
    /// The pivot of each column, up to the first impossible one.
    pub pivots: Vec<Pivot>,
    /// The lower triangle of `a_ij`, row by row.
    rows: Vec<Vec<IBig>>,
}

impl Elimination {
    /// Eliminates the lower triangle of a symmetric matrix, given row by row.
    pub fn of(mut rows: Vec<Vec<IBig>>) -> Self {
        let size = rows.len();
        let mut pivots = Vec::with_capacity(size);
        let mut previous = IBig::ONE;
        for k in 0..size {
            let pivot = classify(&rows, k);
            pivots.push(pivot);
            match pivot {
                Pivot::Impossible => break,
                Pivot::Zero => {}
                Pivot::Positive => previous = eliminate(&mut rows, k, &previous),
            }
        }
        Self { pivots, rows }
    }

    /// Returns the entry `a_ij`, `j` <= `i`, as it was when column `j` was eliminated.
    pub fn at(&self, i: usize, j: usize) -> &IBig {
        &self.rows[i][j]
    }

    /// Returns the independent columns among the first `count`.
    pub fn independent(&self, count: usize) -> Vec<usize> {
        (0..count).filter(|&k| self.pivots[k] == Pivot::Positive).collect()
    }

    /// Returns the least-squares coefficients of column `row` on the independent columns before it, as integers `n_j` over `d`, the
    /// [determinant](Self::determinant) of the first `row` columns.
    ///
    /// Solves `L' b = l` backwards: `a_jj n_j = d a_rj - sum over i > j of a_ij n_i`. Each division is exact by Cramer's rule.
    pub fn combination(&self, row: usize) -> Vec<(usize, IBig)> {
        let columns = self.independent(row);
        let determinant = self.determinant(row);
        let mut numerators: Vec<(usize, IBig)> = Vec::with_capacity(columns.len());
        for &j in columns.iter().rev() {
            let known: IBig = numerators.iter().map(|(i, n)| self.at(*i, j) * n).sum();
            numerators.push((j, (&determinant * self.at(row, j) - known) / self.at(j, j)));
        }
        numerators.reverse();
        numerators
    }

    /// Returns [`Self::combination`] as ratios, without those that are zero.
    pub fn relation(&self, row: usize) -> Relation {
        let determinant = self.determinant(row);
        let factors = self.combination(row).into_iter().filter(|(_, numerator)| *numerator != IBig::ZERO);
        factors.map(|(j, numerator)| (j, Ratio::new(numerator, determinant.clone()))).collect()
    }

    /// Returns the determinant of the matrix of the independent columns among the first `count`.
    pub fn determinant(&self, count: usize) -> IBig {
        self.independent(count).last().map_or(IBig::ONE, |&k| self.at(k, k).clone())
    }

    /// Returns the diagonal of the inverse of the leading `count` columns, which are independent, as integers over their
    /// [determinant](Self::determinant).
    ///
    /// Let `a_k` be the pivots, and `m_kj / a_(k-1)` the entries of the inverse of L: the unit matrix, carried along in the elimination.
    /// Then entry j is the sum over k of `m_kj^2 / (a_(k-1) a_k)`. Its partial sums have the denominator a_k.
    pub fn inverse_diagonal(&self, count: usize) -> Vec<IBig> {
        (0..count).map(|j| self.inverse_entry(j, count)).collect()
    }

    /// Returns entry `j` of [`Self::inverse_diagonal`].
    fn inverse_entry(&self, j: usize, count: usize) -> IBig {
        let pivot_before = |k: usize| if k == 0 { IBig::ONE } else { self.at(k - 1, k - 1).clone() };
        let mut carried = vec![IBig::ZERO; count];
        carried[j] = pivot_before(j);
        let mut sum = IBig::ZERO;
        for k in j..count {
            let (pivot, before) = (self.at(k, k), pivot_before(k));
            sum = (sum * pivot + &carried[k] * &carried[k]) / &before;
            for i in k + 1..count {
                carried[i] = (pivot * &carried[i] - self.at(i, k) * &carried[k]) / &before;
            }
        }
        sum
    }
}

/// Returns what is on the diagonal of column `k`.
fn classify(rows: &[Vec<IBig>], k: usize) -> Pivot {
    let pivot = &rows[k][k];
    if *pivot == IBig::ZERO {
        let column_is_zero = rows[k + 1..].iter().all(|row| row[k] == IBig::ZERO);
        return if column_is_zero { Pivot::Zero } else { Pivot::Impossible };
    }
    if pivot.is_negative() { Pivot::Impossible } else { Pivot::Positive }
}

/// Eliminates column `k`, and returns its pivot. `previous` is the pivot before it.
fn eliminate(rows: &mut [Vec<IBig>], k: usize, previous: &IBig) -> IBig {
    let (above, below) = rows.split_at_mut(k + 1);
    let pivot = &above[k][k];
    let column: Vec<IBig> = below.iter().map(|row| row[k].clone()).collect();
    for (row, left) in below.iter_mut().zip(&column) {
        for (entry, right) in row[k + 1..].iter_mut().zip(&column) {
            *entry = (pivot * &*entry - left * right) / previous;
        }
    }
    pivot.clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lower(rows: &[&[i64]]) -> Vec<Vec<IBig>> {
        rows.iter().map(|row| row.iter().map(|&x| IBig::from(x)).collect()).collect()
    }

    #[test]
    fn solves_and_inverts() {
        // [[4, 2], [2, 3]] b = [2, 5] has b = [-1/2, 2]; the inverse has the diagonal [3/8, 4/8]
        let e = Elimination::of(lower(&[&[4], &[2, 3], &[2, 5, 100]]));
        assert_eq!(e.pivots, [Pivot::Positive; 3]);
        assert_eq!(e.determinant(2), IBig::from(8));
        assert_eq!(e.combination(2), [(0, IBig::from(-4)), (1, IBig::from(16))]);
        assert_eq!(e.inverse_diagonal(2), [IBig::from(3), IBig::from(4)]);
    }

    #[test]
    fn dependent_columns_are_found_with_their_relation() {
        // the second column is twice the first, the third is independent, the fourth is the first plus the third
        let columns: [[i64; 4]; 4] = [[1, 2, 3, 4], [2, 4, 6, 8], [1, 0, 0, 1], [2, 2, 3, 5]];
        let gram: Vec<Vec<IBig>> =
            (0..4).map(|i| (0..=i).map(|j| IBig::from((0..4).map(|r| columns[i][r] * columns[j][r]).sum::<i64>())).collect()).collect();
        let e = Elimination::of(gram);
        assert_eq!(e.pivots, [Pivot::Positive, Pivot::Zero, Pivot::Positive, Pivot::Zero]);
        assert_eq!(e.combination(1), [(0, IBig::from(60))]);
        assert_eq!(e.determinant(1), IBig::from(30));
        let d = e.determinant(3);
        assert_eq!(e.combination(3), [(0, d.clone()), (2, d)]);
    }

    #[test]
    fn impossible_matrices_are_found() {
        for rows in [&[&[-1i64][..]][..], &[&[0], &[1, 5]], &[&[1], &[2, 3]]] {
            assert_eq!(Elimination::of(lower(rows)).pivots.last(), Some(&Pivot::Impossible));
        }
    }
}
