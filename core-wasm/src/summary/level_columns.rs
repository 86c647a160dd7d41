//! A square matrix `[I B; 0 T]`, with a large unit matrix I, to its singular values and left singular vectors.
//!
//! The inverse factor of a design has this form if many columns, such as those of the levels of a category, are orthogonal to each other. Let
//! `B = Q [R; 0]` with a square orthogonal Q, its first columns Q1 and the rest Q2. Rotating the columns of I by Q gives `[Q1 Q2 B; 0 0 T]`.
//! Those of Q2 are orthogonal to all others and have length 1. Of the others, `[Q1 B; 0 T]` is `[Q1 0; 0 I]` times the small matrix
//! `[I R; 0 T]`, which Jacobi rotations make orthogonal. So the time grows with the square of the columns, not with their cube.
//!
//! *Invariants*: plain operations of f64 in a fixed order, so native code and wasm give the same bits.

use super::jacobi::orthogonalize;
use nalgebra::{DMatrix, DVector};

/// Returns the matrix with entries `at` and `units` columns of I, rotated until its columns are orthogonal. Then column j is a left singular
/// vector times its singular value. The columns have no order. There are not fewer columns of I than others.
pub(super) fn orthogonalized(size: usize, units: usize, at: impl Fn(usize, usize) -> f64) -> DMatrix<f64> {
    let others = size - units;
    let (reflections, triangle) = triangulated(DMatrix::from_fn(units, others, |i, k| at(i, units + k)));
    let mut small = DMatrix::from_fn(2 * others, 2 * others, |i, k| match (i < others, k < others) {
        (true, true) => f64::from(u8::from(i == k)),
        (true, false) => triangle[(i, k - others)],
        (false, true) => 0.0,
        (false, false) => at(units + i - others, units + k - others),
    });
    orthogonalize(&mut small);
    // columns of Q, or combinations of the first of them
    let column = |k: usize| {
        let mut column = DVector::zeros(size);
        match k.checked_sub(2 * others) {
            Some(unit) => column[others + unit] = 1.0,
            None => (0..others).for_each(|i| (column[i], column[units + i]) = (small[(i, k)], small[(others + i, k)])),
        }
        reflections.iter().rev().for_each(|reflection| reflect(reflection, &mut column));
        column
    };
    DMatrix::from_columns(&(0..size).map(column).collect::<Vec<_>>())
}

/// Returns the reflections H with `H1 H2 .. [R; 0]` equal to a matrix of at least as many rows as columns, and R (A. S. Householder, Unitary
/// triangularization of a nonsymmetric matrix, J. ACM 5, 1958). Reflection k has its first entry at row k.
fn triangulated(matrix: DMatrix<f64>) -> (Vec<Reflection>, DMatrix<f64>) {
    let (count, mut columns) = (matrix.ncols(), matrix.column_iter().map(|column| column.clone_owned()).collect::<Vec<_>>());
    let mut reflections = Vec::with_capacity(count);
    for k in 0..count {
        let reflection = Reflection::of(&columns[k], k);
        columns[k..].iter_mut().for_each(|column| reflect(&reflection, column));
        reflections.push(reflection);
    }
    let triangle = DMatrix::from_fn(count, count, |i, j| if i <= j { columns[j][i] } else { 0.0 });
    (reflections, triangle)
}

/// The reflection `x - v (v'x) / half`, where half is `v'v / 2`.
struct Reflection {
    start: usize,
    v: Vec<f64>,
    half: f64,
}

impl Reflection {
    /// Returns the reflection that makes the entries of a column after `start` zero.
    fn of(column: &DVector<f64>, start: usize) -> Self {
        let mut v: Vec<f64> = column.iter().skip(start).copied().collect();
        let length = v.iter().map(|x| x * x).sum::<f64>().sqrt();
        let first = v[0];
        // the sign that adds, so that no digits are lost
        v[0] += if first < 0.0 { -length } else { length };
        let half = length * (length + first.abs());
        Self { start, v, half }
    }
}

fn reflect(reflection: &Reflection, column: &mut DVector<f64>) {
    // a column of zeros is reflected by nothing
    if reflection.half == 0.0 {
        return;
    }
    let entries = || column.iter().skip(reflection.start);
    let product = entries().zip(&reflection.v).map(|(x, v)| x * v).sum::<f64>() / reflection.half;
    if product != 0.0 {
        column.iter_mut().skip(reflection.start).zip(&reflection.v).for_each(|(x, v)| *x -= product * v);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn columns_are_orthogonal_and_keep_the_products_of_rows(entries in prop::collection::vec(-2f64..2.0, 27), zeros: bool) {
            // nine rows, three columns beside the six of I; the first of them may be zero above T
            let at = |i: usize, k: usize| match k.checked_sub(6) {
                Some(0) if zeros && i < 6 => 0.0,
                Some(k) if i < 6 || i - 6 <= k => entries[i * 3 + k],
                _ => f64::from(u8::from(i == k)),
            };
            let (matrix, rotated) = (DMatrix::from_fn(9, 9, at), orthogonalized(9, 6, at));
            prop_assert!((&rotated * rotated.transpose() - &matrix * matrix.transpose()).amax() < 1e-13);
            for i in 0..9 {
                for j in 0..i {
                    let (a, b) = (rotated.column(i), rotated.column(j));
                    prop_assert!(a.dot(&b).abs() <= 1e-13 * a.norm() * b.norm());
                }
            }
        }
    }
}
