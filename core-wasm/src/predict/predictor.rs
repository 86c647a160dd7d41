//! A model made ready to predict one row of values.
//!
//! *Method*: a prediction is `intercept + c1 x1 + c2 x2 + ...`, added from left to right in f64. A power or product is multiplied from left
//! to right. The leverage of x is the sum of `z_i^2 / d_i`, where `L z = x` is solved forwards; so it is never negative.

use super::warning::{ColumnRanges, Warning};
use crate::decimal::{is_missing, parse};
use crate::error::{Code, Error, Result, list};
use crate::model::Model;
use crate::student::two_sided_quantile;
use crate::terms::places;

/// Probability with which an interval holds a new observation.
pub const LEVEL: f64 = 0.95;

/// A model made ready to predict.
#[derive(Clone, Debug)]
pub struct Predictor {
    pub(super) model: Model,
    /// Names of the columns that a prediction needs.
    pub(super) columns: Vec<String>,
    /// For each coefficient: indices of columns and their powers.
    pub(super) terms: Vec<Vec<(usize, u32)>>,
    /// `t * residual_sd`; `None` without residual degrees of freedom.
    pub(super) half_width: Option<f64>,
    /// Ranges of the columns, in their order.
    pub(super) ranges: Vec<ColumnRanges>,
}

/// The prediction for one row.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// The predicted target.
    pub value: f64,
    /// Lower and upper end of the interval; `None` without residual degrees of freedom.
    pub interval: Option<(f64, f64)>,
}

impl Predictor {
    /// Makes a model ready.
    ///
    /// # Errors
    /// `term` for a coefficient whose name is no term.
    pub fn new(model: Model) -> Result<Self> {
        let columns: Vec<String> = model.feature_columns().map(|column| column.name.clone()).collect();
        let index = |name: &str| columns.iter().position(|column| column == name).unwrap_or(0);
        let terms = model.terms()?.iter().map(|term| term.factors.iter().map(|(name, power)| (index(name), *power)).collect()).collect();
        let ranges = model.feature_columns().map(ColumnRanges::of).collect();
        let df = model.fit.residual_df;
        let half_width = model.fit.residual_sd.filter(|_| df > 0).map(|sd| two_sided_quantile(LEVEL, df as f64) * sd);
        Ok(Self { columns, terms, half_width, ranges, model })
    }

    /// Returns the model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Returns the names of the columns that a prediction needs, in the order of the values of [`Self::predict`].
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Returns the name of the predicted value in a table or object: `predicted_` and the target's name.
    pub(super) fn key(&self) -> String {
        format!("predicted_{}", self.model.target_name())
    }

    /// Predicts one row of values, with the interval.
    ///
    /// # Errors
    /// `out-of-range` if the result is beyond a 64-bit float.
    pub fn predict(&self, values: &[f64]) -> Result<Prediction> {
        let design = self.design(values);
        let value = self.sum(&design);
        let half = self.half_width.map(|half_width| half_width * libm::sqrt(1.0 + self.leverage(design)));
        finite(Prediction { value, interval: half.map(|half| (value - half, value + half)) })
    }

    /// Predicts one row of values, without the interval.
    pub(super) fn predict_value(&self, values: &[f64]) -> Result<Prediction> {
        finite(Prediction { value: self.sum(&self.design(values)), interval: None })
    }

    /// Returns the warnings for values outside the range of the training data, or outside the schema's plausible range.
    pub fn warnings(&self, values: &[f64]) -> Vec<Warning> {
        let columns = self.columns.iter().zip(values).zip(&self.ranges);
        columns.flat_map(|((name, &value), ranges)| ranges.warnings(name, value)).collect()
    }

    /// Returns one row of the design matrix. With an intercept, its 1 is the first element.
    pub(crate) fn design(&self, values: &[f64]) -> Vec<f64> {
        let term = |factors: &Vec<(usize, u32)>| {
            let powers = factors.iter().flat_map(|&(column, power)| std::iter::repeat_n(values[column], power as usize));
            powers.reduce(|product, factor| product * factor).unwrap_or(1.0)
        };
        self.model.has_intercept.then_some(1.0).into_iter().chain(self.terms.iter().map(term)).collect()
    }

    fn sum(&self, design: &[f64]) -> f64 {
        let slopes = if self.model.has_intercept { &design[1..] } else { design };
        self.model.coefficients.iter().zip(slopes).fold(self.model.intercept, |sum, (c, x)| sum + c.coefficient * x)
    }

    fn leverage(&self, design: Vec<f64>) -> f64 {
        self.leverage_parts(design).iter().fold(0.0, |sum, part| sum + part)
    }

    /// Returns what each element of a row of the design matrix adds to the leverage.
    pub(crate) fn leverage_parts(&self, mut z: Vec<f64>) -> Vec<f64> {
        let factor = &self.model.leverage;
        for i in 0..z.len() {
            let known: f64 = factor.l[i].iter().zip(&z).fold(0.0, |sum, (l, z)| sum + l * z);
            z[i] -= known;
        }
        z.iter().zip(&factor.d).map(|(z, d)| z * z / d).collect()
    }

    /// Returns the index of each of the model's columns among these names.
    ///
    /// # Errors
    /// `missing-feature`.
    pub(crate) fn places(&self, names: &[String]) -> Result<Vec<usize>> {
        let known = places(names);
        let find = |name: &String| known.get(name.as_str()).copied().ok_or_else(|| self.missing_feature(name, names.iter()));
        self.columns.iter().map(find).collect()
    }

    /// Reads a cell of a column, without spaces around it, as a number.
    ///
    /// # Errors
    /// `missing-values`, and the errors of a number, each with the column.
    pub(crate) fn value(&self, column: &str, cell: &[u8]) -> Result<f64> {
        if is_missing(cell) {
            let error =
                Error::new(Code::MissingValues, "there is no value, and the model uses it", "fill in the value, or leave the record out");
            return Err(error.in_column(column));
        }
        parse(cell).map(|value| value.to_f64()).map_err(|error| error.in_column(column))
    }

    /// Returns the error that a record lacks a variable of the model. `there`: the variables that it has.
    pub(super) fn missing_feature<S: AsRef<str>>(&self, name: &str, there: impl Iterator<Item = S>) -> Error {
        let there: Vec<String> = there.map(|name| name.as_ref().to_owned()).collect();
        let has = if there.is_empty() { "nothing".to_owned() } else { list(&there) };
        let sentence = format!("the model uses this variable, and the record does not have it; it has {has}");
        let mut error = Error::new(
            Code::MissingFeature,
            sentence,
            "give records with the model's variables, or the model that belongs to these records",
        )
        .in_column(name);
        (error.found, error.expected) = (Some(there.join(", ")), Some(self.columns.join(", ")));
        error
    }
}

/// Refuses a prediction that a 64-bit float cannot hold.
fn finite(prediction: Prediction) -> Result<Prediction> {
    let (lower, upper) = prediction.interval.unwrap_or_default();
    if prediction.value.is_finite() && lower.is_finite() && upper.is_finite() {
        return Ok(prediction);
    }
    Err(Error::new(Code::OutOfRange, "the prediction is beyond what a 64-bit float can hold", "check the values"))
}
