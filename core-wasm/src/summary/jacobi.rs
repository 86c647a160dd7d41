//! A square matrix to its singular values and left singular vectors.
//!
//! *Method*: one-sided Jacobi rotations make the columns orthogonal (M. R. Hestenes, Inversion of matrices by biorthogonalization, J. SIAM 6,
//! 1958). A singular value has a small relative error if the matrix is well-conditioned but for the lengths of its columns (J. Demmel and
//! K. Veselić, Jacobi's method is more accurate than QR, SIAM J. Matrix Anal. Appl. 13, 1992), and an entry has a small error relative to
//! its row. Methods that reduce the matrix to a bidiagonal one first, such as `nalgebra`'s own, lose the small ones.
//!
//! *Invariants*: plain operations of f64 in a fixed order, so native code and wasm give the same bits.

use nalgebra::DMatrix;

/// Most sweeps over all pairs of columns; about ten are enough.
const SWEEPS_MAX: usize = 60;

/// Rotates the columns of a matrix until they are orthogonal to the last bits. Then column j is the left singular vector j times its
/// singular value. The columns have no order.
pub(super) fn orthogonalize(matrix: &mut DMatrix<f64>) {
    let count = matrix.ncols();
    // rounding alone makes the cosine of orthogonal columns about as large
    let enough = f64::EPSILON * count as f64;
    for _ in 0..SWEEPS_MAX {
        let mut squares: Vec<f64> = matrix.column_iter().map(|column| column.norm_squared()).collect();
        let mut rotated = false;
        for i in 0..count {
            for j in i + 1..count {
                let product = matrix.column(i).dot(&matrix.column(j));
                if product.abs() > enough * (squares[i].sqrt() * squares[j].sqrt()) {
                    rotated = true;
                    let tangent = tangent((squares[j] - squares[i]) / (2.0 * product));
                    rotate(matrix, i, j, tangent);
                    // kept up to date within the sweep, and computed again before the next
                    squares[i] = (squares[i] - tangent * product).max(0.0);
                    squares[j] += tangent * product;
                }
            }
        }
        if !rotated {
            break;
        }
    }
}

/// Returns the smaller root t of `t^2 + 2 cotangent t = 1`: the tangent of the angle that makes two columns orthogonal.
fn tangent(cotangent: f64) -> f64 {
    let size = cotangent.abs();
    let root = 1.0 / (size + (1.0 + size * size).sqrt());
    if cotangent < 0.0 { -root } else { root }
}

/// Rotates columns `i` < `j`.
fn rotate(matrix: &mut DMatrix<f64>, i: usize, j: usize, tangent: f64) {
    let cosine = 1.0 / (1.0 + tangent * tangent).sqrt();
    let sine = cosine * tangent;
    let (mut left, mut right) = matrix.columns_range_pair_mut(i, j);
    for (a, b) in left.iter_mut().zip(right.iter_mut()) {
        (*a, *b) = (cosine * *a - sine * *b, sine * *a + cosine * *b);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Singular values, largest first.
    fn singular_values(matrix: &DMatrix<f64>) -> Vec<f64> {
        let mut rotated = matrix.clone();
        orthogonalize(&mut rotated);
        let mut values: Vec<f64> = rotated.column_iter().map(|column| column.norm()).collect();
        values.sort_by(|a, b| b.total_cmp(a));
        values
    }

    #[test]
    fn a_matrix_of_two_rows_has_known_singular_values() {
        // the squares are the roots of s^2 - 30 s + 4
        let values = singular_values(&DMatrix::from_row_slice(2, 2, &[1.0, 2.0, 3.0, 4.0]));
        for (got, want) in values.iter().zip([221f64.sqrt() + 15.0, 4.0 / (221f64.sqrt() + 15.0)]) {
            assert!((got * got / want - 1.0).abs() < 1e-14, "{got}");
        }
    }

    #[test]
    fn columns_of_very_different_lengths_keep_their_digits() {
        // [[1, 1], [0, 1]] with columns of lengths 1 and 1e-30: the singular values are about sqrt(1 + 1e-60) and 1e-30
        let values = singular_values(&DMatrix::from_row_slice(2, 2, &[1.0, 1e-30, 0.0, 1e-30]));
        assert!((values[0] - 1.0).abs() < 1e-15 && (values[1] / 1e-30 - 1.0).abs() < 1e-15, "{values:?}");
    }

    proptest! {
        #[test]
        fn products_of_the_columns_vanish_and_rows_keep_their_lengths(entries in prop::collection::vec(-1f64..1.0, 36)) {
            let matrix = DMatrix::from_vec(6, 6, entries);
            let mut rotated = matrix.clone();
            orthogonalize(&mut rotated);
            for i in 0..6 {
                prop_assert!((rotated.row(i).norm() - matrix.row(i).norm()).abs() < 1e-14);
                for j in 0..i {
                    let (a, b) = (rotated.column(i), rotated.column(j));
                    prop_assert!(a.dot(&b).abs() <= 1e-13 * a.norm() * b.norm());
                }
            }
        }
    }
}
