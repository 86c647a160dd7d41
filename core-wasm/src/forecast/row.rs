//! One row of decimal numbers to its correctly rounded prediction and the ends of its interval.

use super::linear_form::{ExactNumber, LinearForm, TermFactors};
use super::row_sum::TwoPartCoefficients;
use crate::decimal::Decimal;
use crate::model::Model;
use dashu_int::IBig;
use std::cell::OnceCell;

/// Predicts one row: in numbers of two parts, and with integers where these do not settle a rounding.
#[derive(Clone, Debug)]
pub(crate) struct RowForecast {
    form: LinearForm,
    coefficients: TwoPartCoefficients,
}

impl RowForecast {
    /// Returns a forecast for a model whose coefficients have these terms.
    pub(crate) fn new(model: &Model, terms: Vec<TermFactors>, divisors: Vec<IBig>) -> Self {
        let all = model.coefficients.iter().map(|one| (one.coefficient, one.remainder));
        let parts: Vec<(f64, f64)> = std::iter::once((model.intercept, model.intercept_remainder)).chain(all).collect();
        let form = LinearForm::new(&parts, terms, divisors);
        // numbers of two parts serve where terms are integers over powers of ten
        let coefficients = TwoPartCoefficients::new(if form.is_undivided() { &parts } else { &[] });
        Self { coefficients, form }
    }

    /// Returns the coefficients and their terms.
    pub(crate) fn form(&self) -> &LinearForm {
        &self.form
    }

    /// Returns the prediction, and its ends for half a width that is finite. A number that an f64 cannot hold is infinite.
    pub(crate) fn predict(&self, values: &[Decimal], half: Option<f64>) -> (f64, Option<(f64, f64)>) {
        let (sum, exact) = (self.coefficients.sum(&self.form, values), OnceCell::new());
        let exactly = || -> &ExactNumber { exact.get_or_init(|| self.form.at(values)) };
        let value = sum.and_then(|sum| sum.nearest()).unwrap_or_else(|| exactly().to_f64());
        let end = |half: f64| sum.and_then(|sum| sum.nearest_with(half)).unwrap_or_else(|| exactly().plus_f64(half).to_f64());
        (value, half.map(|half| (end(-half), end(half))))
    }
}
