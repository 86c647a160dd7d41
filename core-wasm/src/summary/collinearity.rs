//! The inverse of X'X to condition indices and variance proportions.
//!
//! D. A. Belsley, E. Kuh and R. E. Welsch (Regression Diagnostics, 1980, chapter 3): let s_k be the singular values of X with columns of
//! length 1, the intercept's among them and none centred. The condition index k is the largest singular value over s_k. The variance of
//! coefficient i is a sum over k of terms `v_ik^2 / s_k^2`, where v are the right singular vectors; each term's share of the sum is a
//! variance proportion. A large index with large proportions of two or more coefficients shows which columns are nearly dependent.
//!
//! *Method*: the triangular factor R of X with scaled columns has the same singular values, and `R^-1 = V S^-1 U'`. Jacobi rotations turn
//! `R^-1` into `V S^-1`, whose squared entries are the terms. With many levels of a category most columns need no rotation
//! ([`level_columns`](super::level_columns)).

use super::inverse::InverseFactor;
use super::jacobi::orthogonalize;
use super::level_columns::orthogonalized;
use crate::ordered::sort_by;
use nalgebra::DMatrix;
use serde_json::{Value, json};

/// Most coefficients whose condition indices are computed: the time grows with their cube.
pub const CONDITION_COEFFICIENTS_MAX: usize = 512;

/// Fewest orthogonal columns, such as those of levels, that are treated apart.
const ORTHOGONAL_MIN: usize = 64;

/// Returns condition indices in ascending order and, for each of them, the proportions of the coefficients' variances. Returns null for
/// more coefficients than [`CONDITION_COEFFICIENTS_MAX`].
pub(super) fn diagnostics(inverse: &InverseFactor) -> Value {
    let count = inverse.len();
    if count > CONDITION_COEFFICIENTS_MAX {
        return Value::Null;
    }
    let positions: Vec<usize> = (0..count).map(|i| inverse.position(i)).collect();
    let orthogonal = inverse.orthogonal();
    let terms = if orthogonal >= ORTHOGONAL_MIN && orthogonal > 2 * (count - orthogonal) {
        let terms = orthogonalized(count, orthogonal, |i, k| inverse.factor_at(i, k));
        DMatrix::from_fn(count, count, |i, k| terms[(positions[i], k)])
    } else {
        let mut terms = DMatrix::from_fn(count, count, |i, k| inverse.factor_at(positions[i], k));
        orthogonalize(&mut terms);
        terms
    };
    // the length of a column is 1 / s_k
    let lengths: Vec<f64> = terms.column_iter().map(|column| column.norm()).collect();
    let mut order: Vec<usize> = (0..count).collect();
    sort_by(&mut order, |&a, &b| lengths[a].total_cmp(&lengths[b]));
    let shortest = order.first().map_or(1.0, |&first| lengths[first]);
    let variances: Vec<f64> = terms.row_iter().map(|row| row.norm_squared()).collect();
    let proportions = |k: usize| -> Vec<f64> { (0..count).map(|i| terms[(i, k)] * terms[(i, k)] / variances[i]).collect() };
    json!({
        "condition_indices": order.iter().map(|&k| lengths[k] / shortest).collect::<Vec<_>>(),
        "variance_proportions": order.iter().map(|&k| proportions(k)).collect::<Vec<_>>(),
    })
}
