//! A model to what a summary of a regression says: intervals, tests, information criteria, covariances and collinearity.
//!
//! Everything follows from the model alone. *Not here*: tests that need statistics ([`hypotheses`](crate::hypotheses)).
//!
//! *Limits*: a number that is not defined, or that an f64 cannot hold, is null.

mod collinearity;
mod features;
mod inverse;
mod jacobi;
mod level_columns;
mod remainders;

use crate::error::Result;
use crate::fisher::upper_tail;
use crate::model::{CENTRED, Model};
use crate::plan::check_level;
use crate::solve::INTERCEPT;
use crate::student::two_sided_quantile;
use inverse::InverseFactor;
use serde_json::{Value, json};
use std::f64::consts::PI;

pub use collinearity::CONDITION_COEFFICIENTS_MAX;

/// Returns the summary of a model with confidence intervals of this level (Summary in `docs/formats.md`).
///
/// ```
/// use samefit_core::{fit::fit, plan::Plan, summarizer::Summarizer, summary::summary};
///
/// # fn main() -> samefit_core::error::Result<()> {
/// let plan = Plan { target: Some("y".to_owned()), ..Plan::default() };
/// let mut summarizer = Summarizer::new(plan.clone())?;
/// summarizer.push(b"x,y\n1,1\n2,3\n3,5\n4,8\n")?;
/// let summary = summary(&fit(&summarizer.finish()?, &plan)?, 0.95)?;
/// assert_eq!(summary["coefficients"][1]["coefficient"], 2.3);
/// assert_eq!(summary["f_df"], serde_json::json!([1, 2]));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// `level`.
pub fn summary(model: &Model, level: f64) -> Result<Value> {
    check_level(level)?;
    let inverse = InverseFactor::new(&model.leverage);
    let (fit, df) = (&model.fit, model.fit.residual_df);
    let f = FTest::of(model);
    let log_likelihood = log_likelihood(model);
    // the variance of the residuals counts as a parameter, as in R
    let parameters = (inverse.len() + 1) as f64;
    let criterion = |weight: f64| log_likelihood.map(|value| -2.0 * value + weight * parameters);
    let mut summary = json!({
        "target": model.target,
        "level": level,
        "coefficients": coefficients(model, &inverse, level),
        "rows": fit.rows, "residual_df": df, "rss": fit.rss, "tss": fit.tss.or_else(|| tss(model)), "residual_sd": fit.residual_sd,
        "r_squared": fit.r_squared, "r_squared_kind": fit.r_squared_kind, "adjusted_r_squared": adjusted_r_squared(model),
        "f": f.f, "f_df": f.df, "f_p": f.p,
        "log_likelihood": log_likelihood, "aic": criterion(2.0), "bic": criterion(libm::log(fit.rows as f64)),
        "covariance": covariance(model, &inverse),
        "collinearity": collinearity::diagnostics(&inverse),
        "near_collinear": model.near_collinear,
    });
    if let (Value::Object(entries), Some(features)) = (&mut summary, features::features(model, &inverse)) {
        entries.insert("features".to_owned(), Value::Array(features));
    }
    Ok(summary)
}

/// Returns the coefficients, the intercept first.
fn coefficients(model: &Model, inverse: &InverseFactor, level: f64) -> Vec<Value> {
    let df = model.fit.residual_df;
    let quantile = (df > 0).then(|| two_sided_quantile(level, df as f64));
    let one = |name: &str, value: f64, [std_error, t, p, tolerance]: [Option<f64>; 4]| {
        let margin = quantile.zip(std_error).map(|(quantile, std_error)| quantile * std_error);
        json!({
            "name": name, "coefficient": value, "std_error": std_error, "t": t, "p": p,
            "lower": margin.map(|margin| value - margin), "upper": margin.map(|margin| value + margin),
            "tolerance": tolerance, "vif": tolerance.map(|tolerance| 1.0 / tolerance),
        })
    };
    let intercept = model
        .has_intercept
        .then(|| one(INTERCEPT, model.intercept, [model.intercept_std_error, model.intercept_t, model.intercept_p, None]));
    let first = usize::from(model.has_intercept);
    let slopes = model.coefficients.iter().enumerate().map(|(at, c)| {
        let tolerance = c.tolerance.unwrap_or_else(|| inverse.tolerance(at + first, model.has_intercept));
        one(&c.name, c.coefficient, [c.std_error, c.t, c.p, Some(tolerance)])
    });
    intercept.into_iter().chain(slopes).collect()
}

/// The F test of all features together.
struct FTest {
    f: Option<f64>,
    /// Degrees of freedom: of the features, and of the residuals.
    df: Option<[i64; 2]>,
    p: Option<f64>,
}

impl FTest {
    fn of(model: &Model) -> Self {
        let [features, residual_df] = [model.model_df(), model.fit.residual_df];
        let is_defined = features > 0 && residual_df > 0;
        let ratio = features as f64 / residual_df as f64;
        let of_r_squared = model.fit.r_squared.filter(|_| is_defined && model.fit.rss > 0.0).map(|r| r / (1.0 - r) / ratio);
        let f = model.fit.f.or(of_r_squared).filter(|f| f.is_finite());
        let p = model.fit.f_p.or_else(|| f.map(|f| upper_tail(f * ratio, features as u32, residual_df as f64)));
        Self { f, df: is_defined.then_some([features, residual_df]), p }
    }
}

/// Returns the total sum of squares of a model that does not state it.
fn tss(model: &Model) -> Option<f64> {
    model.fit.r_squared.filter(|_| model.fit.rss > 0.0).map(|r| model.fit.rss / (1.0 - r))
}

fn adjusted_r_squared(model: &Model) -> Option<f64> {
    let fit = &model.fit;
    let total_df = fit.rows as f64 - f64::from(u8::from(fit.r_squared_kind == CENTRED));
    let of_r_squared = fit.r_squared.filter(|_| fit.residual_df > 0).map(|r| 1.0 - (1.0 - r) * (total_df / fit.residual_df as f64));
    fit.adjusted_r_squared.or(of_r_squared)
}

/// Returns the largest log-likelihood of normally distributed residuals, whose variance with weights is in inverse proportion to them; none
/// for a perfect fit, where it has no bound.
fn log_likelihood(model: &Model) -> Option<f64> {
    let rows = model.fit.rows as f64;
    let log_weights = model.weights.as_ref().map_or(0.0, |weights| weights.log_sum);
    (model.fit.rss > 0.0).then(|| log_weights / 2.0 - rows / 2.0 * (libm::log(2.0 * PI) + libm::log(model.fit.rss / rows) + 1.0))
}

/// Returns the covariance matrix of the coefficients, `residual_sd^2 (X'X)^-1`; null without residual degrees of freedom.
fn covariance(model: &Model, inverse: &InverseFactor) -> Value {
    if model.fit.residual_df < 1 {
        return Value::Null;
    }
    let variance = model.fit.rss / model.fit.residual_df as f64;
    // one triangle is computed, so the matrix is symmetric to the bit
    let lower: Vec<Vec<f64>> = (0..inverse.len()).map(|i| (0..=i).map(|j| inverse.at(i, j, variance)).collect()).collect();
    let row = |i: usize| (0..inverse.len()).map(|j| lower[i.max(j)][i.min(j)]).collect::<Vec<_>>();
    json!((0..inverse.len()).map(row).collect::<Vec<_>>())
}
