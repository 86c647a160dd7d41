//! A model to the joint test and the generalised variance inflation factor of each feature with a category or a spline.
//!
//! Let S be the coefficients of a feature, q their number, and T all others but the intercept.
//!
//! - F is `b_S' [(X'X)^-1_SS]^-1 b_S / (q s^2)`: that of leaving the feature out.
//! - The generalised variance inflation factor (J. Fox and G. Monette, Generalized collinearity diagnostics, JASA 87, 1992, equation 10) is
//!   `det R_SS det R_TT / det R` for the correlations R of the columns. By Jacobi's identity of complementary minors it is
//!   `det R_SS det (R^-1)_SS`. Its power 1 / (2 q) compares with the root of an ordinary one.
//!
//! A feature of many levels has a dense `(X'X)^-1_SS`, of which F and the determinant would take a time that grows with the cube of the
//! levels. The same numbers follow from what remains of columns of X after others (`remainders`), which are sparse: the form of F is the
//! squared length that remains of `X_S b_S` after the columns T and the intercept, and `det (R^-1)_SS` is `det A_TT / det A` for the sums of
//! products A of all columns of length 1, the intercept's among them.

use super::inverse::InverseFactor;
use super::remainders::Remainders;
use crate::fisher::upper_tail;
use crate::model::{Model, ModelCoefficient};
use crate::ordered::{IntoOrdered, sort_by_key};
use crate::two_part::TwoPartF64;
use libm::{exp, ldexp, log};
use serde_json::{Value, json};
use std::f64::consts::LN_2;

/// Most columns of a feature whose numbers come from the inverse in any case.
const DENSE_MAX: usize = 64;

/// Returns each feature with a category or a spline, in the order of the coefficients; none without them.
pub(super) fn features(model: &Model, inverse: &InverseFactor) -> Option<Vec<Value>> {
    described(model, inverse, DENSE_MAX)
}

/// Does what [`features`] does, with the inverse for features of up to `dense_max` columns.
fn described(model: &Model, inverse: &InverseFactor, dense_max: usize) -> Option<Vec<Value>> {
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
        let target = scaled_coefficients(model, inverse, &indexes);
        let solved = if is_sparse_without(&indexes, inverse, dense_max) {
            by_others(inverse, &indexes, &target)
        } else {
            by_inverse(inverse, &indexes, &target)
        };
        let (f, vif) = (f(model, indexes.len(), &solved, target.exponent), generalised_vif(model, inverse, &indexes, &solved, dense_max));
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

/// The coefficients of a feature for columns of length 1, over a power of two.
struct ScaledCoefficients {
    values: Vec<TwoPartF64>,
    exponent: i32,
}

fn scaled_coefficients(model: &Model, inverse: &InverseFactor, indexes: &[usize]) -> ScaledCoefficients {
    let first = usize::from(model.has_intercept);
    let scaled = |&at: &usize| {
        let coefficient = &model.coefficients[at - first];
        let (value, exponent) = TwoPartF64::new(coefficient.coefficient, coefficient.remainder).scaled();
        let (length, length_exponent) = inverse.length(at);
        (value.times(length), exponent + length_exponent)
    };
    let scaled: Vec<(TwoPartF64, i32)> = indexes.iter().map(scaled).collect();
    let exponent = scaled.iter().filter(|(value, _)| value.high != 0.0).map(|(_, exponent)| *exponent).max().unwrap_or(0);
    ScaledCoefficients { values: scaled.into_iter().map(|(value, own)| value.times_two_to(own - exponent)).collect(), exponent }
}

/// What F and the inflation factor of a feature are made of, for columns of length 1.
struct FeatureForms {
    /// `b_S' [(X'X)^-1_SS]^-1 b_S`.
    form: TwoPartF64,
    /// Numbers whose product is the determinant of `(X'X)^-1_SS`.
    pivots: Vec<TwoPartF64>,
}

/// Returns whether the columns but for these are sparse, so that [`by_others`] is faster than [`by_inverse`].
fn is_sparse_without(indexes: &[usize], inverse: &InverseFactor, dense_max: usize) -> bool {
    let entries = |index: usize| inverse.column(index).entries.len();
    indexes.len() > dense_max && others(indexes, inverse).into_iter().map(entries).sum::<usize>() < indexes.len() * indexes.len()
}

/// Returns the columns but for these, in the order of the factors.
fn others(indexes: &[usize], inverse: &InverseFactor) -> Vec<usize> {
    let own = indexes.iter().copied().into_set();
    let mut others: Vec<usize> = (0..inverse.len()).filter(|index| !own.contains(index)).collect();
    sort_by_key(&mut others, |&index| inverse.position(index));
    others
}

/// Computes the forms from the inverse, with its factor `L D L'`.
fn by_inverse(inverse: &InverseFactor, indexes: &[usize], target: &ScaledCoefficients) -> FeatureForms {
    let (factor, pivots) = factor(lower(indexes, |i, j| inverse.scaled_at(i, j)));
    let mut solved: Vec<TwoPartF64> = Vec::with_capacity(factor.len());
    for (row, value) in factor.iter().zip(&target.values) {
        let known = row.iter().zip(&solved).fold(TwoPartF64::ZERO, |sum, (l, w)| sum.plus(l.times(*w)));
        solved.push(value.plus(known.negated()));
    }
    let form = solved.iter().zip(&pivots).fold(TwoPartF64::ZERO, |sum, (w, pivot)| sum.plus(w.times(*w).over(*pivot)));
    FeatureForms { form, pivots }
}

/// Computes the forms from what remains of columns after the others.
fn by_others(inverse: &InverseFactor, indexes: &[usize], target: &ScaledCoefficients) -> FeatureForms {
    let others = others(indexes, inverse);
    let mut remainders = Remainders::new(inverse.len());
    let of_others: Vec<TwoPartF64> = others.iter().map(|&index| remainders.add(inverse.column(index))).collect();
    let mut sum = vec![TwoPartF64::ZERO; inverse.len()];
    for (&index, factor) in indexes.iter().zip(&target.values) {
        let column = inverse.column(index);
        for (sum, entry) in sum[column.start..].iter_mut().zip(&column.entries) {
            *sum = sum.plus(factor.times(*entry));
        }
    }
    let all = (0..inverse.len()).map(|index| inverse.remaining_square(index));
    let mut of_others = of_others.into_iter();
    // one over the other, pivot by pivot, so that no product leaves the range
    let pivots = all.map(|square| of_others.next().unwrap_or(TwoPartF64::ONE).over(square)).collect();
    FeatureForms { form: remainders.square_of(sum), pivots }
}

/// Returns F; none without residual degrees of freedom, for a perfect fit, and beyond the range of an f64. The form is over the square of a
/// power of two.
fn f(model: &Model, count: usize, forms: &FeatureForms, exponent: i32) -> Option<f64> {
    let fit = &model.fit;
    if fit.residual_df < 1 || fit.rss <= 0.0 {
        return None;
    }
    let quotient = forms.form.times(TwoPartF64::new(fit.residual_df as f64, 0.0)).over(TwoPartF64::new(count as f64, 0.0));
    let (rss, rss_exponent) = TwoPartF64::new(fit.rss, 0.0).scaled();
    // in two steps, since a power may leave the range before the number does
    let f = ldexp(ldexp(quotient.over(rss).high, exponent - rss_exponent), exponent);
    Some(f).filter(|f| f.is_finite())
}

/// Returns the natural logarithm of the generalised variance inflation factor; none without an intercept.
fn generalised_vif(model: &Model, inverse: &InverseFactor, indexes: &[usize], forms: &FeatureForms, dense_max: usize) -> Option<f64> {
    if !model.has_intercept {
        return None;
    }
    let of_columns =
        if indexes.len() > dense_max { by_intercept(inverse, indexes) } else { factor(lower(indexes, |i, j| inverse.centred_at(i, j))).1 };
    let mut product = (TwoPartF64::ONE, 0);
    for pivot in of_columns.iter().chain(&forms.pivots) {
        let (scaled, exponent) = product.0.times(*pivot).scaled();
        product = (scaled, product.1 + exponent);
    }
    let log = log(product.0.high) + f64::from(product.1) * LN_2;
    // the exact factor is not below 1
    log.is_finite().then(|| log.max(0.0))
}

/// Returns numbers whose product is the determinant of the products of columns about their means: the squared lengths that remain of the
/// columns and, after them, of the intercept.
fn by_intercept(inverse: &InverseFactor, indexes: &[usize]) -> Vec<TwoPartF64> {
    let mut columns = indexes.to_vec();
    sort_by_key(&mut columns, |&index| inverse.position(index));
    columns.push(0);
    let mut remainders = Remainders::new(inverse.len());
    columns.iter().map(|&index| remainders.add(inverse.column(index))).collect()
}

/// Returns the lower triangle of a symmetric matrix at some indexes.
fn lower(indexes: &[usize], at: impl Fn(usize, usize) -> TwoPartF64) -> Vec<Vec<TwoPartF64>> {
    indexes.iter().enumerate().map(|(row, &i)| indexes[..=row].iter().map(|&j| at(i, j)).collect()).collect()
}

/// L, without its diagonal, and the diagonal of D.
type InverseFactors = (Vec<Vec<TwoPartF64>>, Vec<TwoPartF64>);

/// Returns L, without its diagonal, and the diagonal of D of a positive definite matrix `L D L'`, given as its lower triangle.
fn factor(matrix: Vec<Vec<TwoPartF64>>) -> InverseFactors {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fit::fit;
    use crate::plan::Plan;
    use crate::summarizer::Summarizer;

    #[test]
    fn sparse_columns_give_what_the_inverse_gives() {
        let mut csv = "site,x,z,y\n".to_owned();
        for row in 0..240u64 {
            let (site, x, z) = (row * 7 % 16, row * row % 31, row * 5 % 23 + row % 16);
            csv += &format!("s{site},{x},{z},{}\n", 3 * x + site * site % 9 + row * row % 17);
        }
        for features in ["[\"site\", \"x\", \"z\"]", "[\"site\", \"x\", \"z\", \"site*x\"]", "[\"x\", \"site*x\", \"site*z\"]"] {
            let plan = format!("{{\"target\": \"y\", \"features\": {features}, \"categories\": [\"site\"]}}");
            let plan = Plan::parse(&plan).unwrap();
            let mut summarizer = Summarizer::new(plan.clone()).unwrap();
            summarizer.push(csv.as_bytes()).unwrap();
            let model = fit(&summarizer.finish().unwrap(), &plan).unwrap();
            let inverse = InverseFactor::new(&model.leverage);
            let (sparse, dense) = (described(&model, &inverse, 0).unwrap(), described(&model, &inverse, usize::MAX).unwrap());
            assert_eq!(sparse.len(), dense.len());
            for (one, other) in sparse.iter().zip(&dense) {
                for name in ["f", "generalised_vif", "generalised_vif_root"] {
                    let (one, other) = (one[name].as_f64().unwrap(), other[name].as_f64().unwrap());
                    assert!((one / other - 1.0).abs() < 1e-13, "{features} {name}: {one} and {other}");
                }
            }
        }
    }
}
