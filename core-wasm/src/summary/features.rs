//! A model to the joint test and the generalised variance inflation factor of each feature with a category or a spline.
//!
//! Let S be the coefficients of a feature, q their number, and T all others but the intercept.
//!
//! - F is `b_S' [(X'X)^-1_SS]^-1 b_S / (q s^2)`: that of leaving the feature out.
//! - The generalised variance inflation factor (J. Fox and G. Monette, Generalized collinearity diagnostics, JASA 87, 1992, equation 10) is
//!   `det R_SS det R_TT / det R` for the correlations R of the columns. By Jacobi's identity of complementary minors it is
//!   `det R_SS det (R^-1)_SS`. Its power 1 / (2 q) compares with the root of an ordinary one.

use super::inverse::InverseFactor;
use crate::fisher::upper_tail;
use crate::model::{Model, ModelCoefficient};
use crate::two_part::TwoPartF64;
use libm::{exp, ldexp, log};
use serde_json::{Value, json};
use std::f64::consts::LN_2;

/// Returns each feature with a category or a spline, in the order of the coefficients; none without them.
pub(super) fn features(model: &Model, inverse: &InverseFactor) -> Option<Vec<Value>> {
    let first = usize::from(model.has_intercept);
    let mut groups: Vec<(String, Vec<usize>)> = Vec::new();
    for (at, coefficient) in model.coefficients.iter().enumerate() {
        let Some(name) = feature_name(coefficient) else { continue };
        match groups.iter_mut().find(|(own, _)| *own == name) {
            Some((_, indexes)) => indexes.push(at + first),
            None => groups.push((name, vec![at + first])),
        }
    }
    let df = model.fit.residual_df;
    let one = |(name, indexes): (String, Vec<usize>)| {
        let of_inverse = factor(lower(&indexes, |i, j| inverse.scaled_at(i, j)));
        let (f, vif) = (f(model, inverse, &indexes, &of_inverse), generalised_vif(model, inverse, &indexes, &of_inverse));
        let count = indexes.len();
        let odds = f.map(|f| f * count as f64 / df as f64);
        json!({
            "name": name, "coefficients": count,
            "f": f, "f_df": (df > 0).then_some([count as i64, df]), "f_p": odds.map(|odds| upper_tail(odds, count as u32, df as f64)),
            "generalised_vif": vif.map(exp).filter(|vif| vif.is_finite()),
            "generalised_vif_root": vif.map(|log| exp(log / (2.0 * count as f64))),
        })
    };
    (!groups.is_empty()).then(|| groups.into_iter().map(one).collect())
}

/// Returns the feature of a coefficient with indicators of levels or basis functions of splines.
fn feature_name(coefficient: &ModelCoefficient) -> Option<String> {
    let is_one_of_many = coefficient.factors.iter().flatten().any(|factor| factor.level.is_some() || factor.knots.is_some());
    is_one_of_many.then(|| coefficient.feature())
}

/// Returns F; none without residual degrees of freedom, for a perfect fit, and beyond the range of an f64.
fn f(model: &Model, inverse: &InverseFactor, indexes: &[usize], (factor, pivots): &Factors) -> Option<f64> {
    let (fit, first) = (&model.fit, usize::from(model.has_intercept));
    if fit.residual_df < 1 || fit.rss <= 0.0 {
        return None;
    }
    // coefficients of columns of length 1
    let scaled = |&at: &usize| {
        let coefficient = &model.coefficients[at - first];
        let (value, exponent) = TwoPartF64::new(coefficient.coefficient, coefficient.remainder).scaled();
        let (length, length_exponent) = inverse.length(at);
        (value.times(length), exponent + length_exponent)
    };
    let scaled: Vec<(TwoPartF64, i32)> = indexes.iter().map(scaled).collect();
    let largest = scaled.iter().filter(|(value, _)| value.high != 0.0).map(|(_, exponent)| *exponent).max().unwrap_or(0);
    let target: Vec<TwoPartF64> = scaled.into_iter().map(|(value, exponent)| value.times_two_to(exponent - largest)).collect();
    let mut solved: Vec<TwoPartF64> = Vec::with_capacity(target.len());
    for (row, value) in factor.iter().zip(target) {
        let known = row.iter().zip(&solved).fold(TwoPartF64::ZERO, |sum, (l, w)| sum.plus(l.times(*w)));
        solved.push(value.plus(known.negated()));
    }
    let form = solved.iter().zip(pivots).fold(TwoPartF64::ZERO, |sum, (w, pivot)| sum.plus(w.times(*w).over(*pivot)));
    let quotient = form.times(TwoPartF64::new(fit.residual_df as f64, 0.0)).over(TwoPartF64::new(indexes.len() as f64, 0.0));
    let (rss, exponent) = TwoPartF64::new(fit.rss, 0.0).scaled();
    // in two steps, since a power may leave the range before the number does
    let f = ldexp(ldexp(quotient.over(rss).high, largest - exponent), largest);
    Some(f).filter(|f| f.is_finite())
}

/// Returns the natural logarithm of the generalised variance inflation factor; none without an intercept.
fn generalised_vif(model: &Model, inverse: &InverseFactor, indexes: &[usize], (_, of_inverse): &Factors) -> Option<f64> {
    if !model.has_intercept {
        return None;
    }
    let (_, of_columns) = factor(lower(indexes, |i, j| inverse.centred_at(i, j)));
    let mut product = (TwoPartF64::ONE, 0);
    for pivot in of_columns.iter().chain(of_inverse) {
        let (scaled, exponent) = product.0.times(*pivot).scaled();
        product = (scaled, product.1 + exponent);
    }
    let log = log(product.0.high) + f64::from(product.1) * LN_2;
    // the exact factor is not below 1
    log.is_finite().then(|| log.max(0.0))
}

/// Returns the lower triangle of a symmetric matrix at some indexes.
fn lower(indexes: &[usize], at: impl Fn(usize, usize) -> TwoPartF64) -> Vec<Vec<TwoPartF64>> {
    indexes.iter().enumerate().map(|(row, &i)| indexes[..=row].iter().map(|&j| at(i, j)).collect()).collect()
}

/// L, without its diagonal, and the diagonal of D.
type Factors = (Vec<Vec<TwoPartF64>>, Vec<TwoPartF64>);

/// Returns L, without its diagonal, and the diagonal of D of a positive definite matrix `L D L'`, given as its lower triangle.
fn factor(matrix: Vec<Vec<TwoPartF64>>) -> Factors {
    let mut rows: Vec<Vec<TwoPartF64>> = Vec::with_capacity(matrix.len());
    let mut pivots: Vec<TwoPartF64> = Vec::with_capacity(matrix.len());
    for mut entries in matrix {
        let mut pivot = entries.pop().unwrap_or(TwoPartF64::ONE);
        let mut row: Vec<TwoPartF64> = Vec::with_capacity(entries.len());
        // L_ij D_j
        let mut scaled: Vec<TwoPartF64> = Vec::with_capacity(entries.len());
        for (j, entry) in entries.into_iter().enumerate() {
            let known = scaled.iter().zip(&rows[j]).fold(TwoPartF64::ZERO, |sum, (s, l)| sum.plus(s.times(*l)));
            let left = entry.plus(known.negated());
            let l = left.over(pivots[j]);
            pivot = pivot.plus(left.times(l).negated());
            scaled.push(left);
            row.push(l);
        }
        rows.push(row);
        pivots.push(pivot);
    }
    (rows, pivots)
}
