//! A model made ready to predict one row of values.
//!
//! *Method*: a prediction is computed exactly and rounded once ([`forecast`](crate::forecast)). Half the width of its interval is an f64; the
//! ends are the f64 nearest to the exact prediction less and plus this half.

use super::interval::Interval;
use super::outcome::Status;
use super::prediction::Prediction;
use super::warning::{ColumnRanges, Warning};
use crate::batch::Values;
use crate::decimal::{Decimal, is_missing, parse};
use crate::error::{Code, Error, Result, list};
use crate::forecast::{Forecast, HalfWidth, LeverageFactors, LinearForm, RowForecast, TermFactors};
use crate::model::Model;
use crate::student::two_sided_quantile;
use crate::terms::places;

/// A model made ready to predict.
#[derive(Clone, Debug)]
pub struct Predictor {
    pub(super) model: Model,
    /// Names of the columns that a prediction needs.
    pub(super) columns: Vec<String>,
    /// The coefficients, and for each of them indexes of columns and their powers.
    pub(super) row: RowForecast,
    pub(super) leverage: LeverageFactors,
    pub(super) interval: Interval,
    /// `None` without residual degrees of freedom.
    pub(super) half_width: Option<HalfWidth>,
    /// Ranges of the columns, in their order.
    pub(super) ranges: Vec<ColumnRanges>,
}

impl Predictor {
    /// Makes a model ready, with prediction intervals of 95 %.
    ///
    /// # Errors
    /// `term` for a coefficient whose name is no term.
    pub fn new(model: Model) -> Result<Self> {
        let columns: Vec<String> = model.feature_columns().map(|column| column.name.clone()).collect();
        let index = |name: &str| columns.iter().position(|column| column == name).unwrap_or(0);
        let factors = |term: &crate::terms::Term| term.factors.iter().map(|(variable, power)| (index(variable.column()), *power)).collect();
        let terms: Vec<TermFactors> = model.terms()?.iter().map(factors).collect();
        let ranges = model.feature_columns().map(ColumnRanges::of).collect();
        let (row, leverage) = (RowForecast::new(&model, terms), LeverageFactors::new(&model.leverage));
        let interval = Interval::default();
        let half_width = half_width(&model, interval);
        Ok(Self { columns, row, leverage, interval, half_width, ranges, model })
    }

    /// Returns a predictor with intervals of another level or kind.
    ///
    /// # Errors
    /// `level` if the level is not between 0 and 1.
    pub fn with_interval(mut self, interval: Interval) -> Result<Self> {
        self.set_interval(interval)?;
        Ok(self)
    }

    /// Changes the level or kind of intervals.
    ///
    /// # Errors
    /// `level` if the level is not between 0 and 1.
    pub fn set_interval(&mut self, interval: Interval) -> Result<()> {
        interval.check()?;
        if interval != self.interval {
            (self.interval, self.half_width) = (interval, half_width(&self.model, interval));
        }
        Ok(())
    }

    /// Returns the model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Returns the kind of interval that predictions have.
    pub fn interval(&self) -> Interval {
        self.interval
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
    pub fn predict(&self, values: &[Decimal]) -> Result<Prediction> {
        let half = self.half_width.map(|half_width| half_width.at(self.leverage_parts(values).iter().fold(0.0, |sum, part| sum + part)));
        if half.is_some_and(|half| !half.is_finite()) {
            return Err(out_of_range());
        }
        let (value, interval) = self.row.predict(values, half);
        finite(Prediction { value, interval })
    }

    /// Predicts one row of values, without the interval.
    pub(super) fn predict_value(&self, values: &[Decimal]) -> Result<Prediction> {
        finite(Prediction { value: self.row.predict(values, None).0, interval: None })
    }

    /// Predicts one row of columns that a host set.
    pub(super) fn predict_row(&self, columns: &[&Values], row: usize) -> Result<(Prediction, Status)> {
        let value = |(name, values): (&String, &&Values)| match values.value_of_any_size(row) {
            Ok(Some(value)) => Ok(value),
            Ok(None) => self.value(name, b""),
            Err(error) => Err(error.in_column(name)),
        };
        let values = self.columns.iter().zip(columns).map(value).collect::<Result<Vec<_>>>()?;
        let prediction = self.predict(&values)?;
        Ok((prediction, if self.warnings(&values).is_empty() { Status::Fine } else { Status::OutOfRange }))
    }

    /// Returns the warnings for values outside the range of the training data, or outside the schema's plausible range.
    pub fn warnings(&self, values: &[Decimal]) -> Vec<Warning> {
        let columns = self.columns.iter().zip(values).zip(&self.ranges);
        columns.flat_map(|((name, value), ranges)| ranges.warnings(name, value)).collect()
    }

    /// Marks the rows that need a warning as unread.
    pub(super) fn mark_outside(&self, forecast: &mut Forecast) {
        for (column, ranges) in self.ranges.iter().enumerate() {
            forecast.mark_outside(column, ranges.without_warnings());
        }
    }

    /// Predicts the rows that were read; with intervals, they are rounded too. Marks the rows that must be predicted one by one as unread.
    pub(crate) fn forecast_read(&self, forecast: &mut Forecast, intervals: bool) {
        let half_width = self.half_width.filter(|_| intervals);
        // rows are predicted one by one anyway, so their sums would be thrown away
        if half_width.is_some() && self.leverage.is_two_part() {
            return forecast.unread.fill(true);
        }
        forecast.predict(self.form());
        if let Some(half_width) = half_width {
            forecast.predict_intervals(self.form(), &self.leverage, half_width);
        }
    }

    /// Returns what each element of a row of the design matrix adds to the leverage. With an intercept, its 1 is the first element.
    pub(crate) fn leverage_parts(&self, values: &[Decimal]) -> Vec<f64> {
        let one = self.model.has_intercept.then_some(1);
        if self.leverage.is_two_part() {
            let design: Vec<Decimal> = one.map(Decimal::from).into_iter().chain(self.form().design(values)).collect();
            if let Some(parts) = self.leverage.parts_of(&design).filter(|parts| parts.iter().all(|part| part.is_finite())) {
                return parts;
            }
        }
        let values: Vec<f64> = values.iter().map(Decimal::to_f64).collect();
        let term = |factors: &TermFactors| {
            let powers = factors.iter().flat_map(|&(column, power)| std::iter::repeat_n(values[column], power as usize));
            powers.reduce(|product, factor| product * factor).unwrap_or(1.0)
        };
        self.leverage.parts(one.map(|_| 1.0).into_iter().chain(self.form().terms().iter().map(term)).collect())
    }

    /// Returns the coefficients and their terms.
    pub(crate) fn form(&self) -> &LinearForm {
        self.row.form()
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
    pub(crate) fn value(&self, column: &str, cell: &[u8]) -> Result<Decimal> {
        if is_missing(cell) {
            let error =
                Error::new(Code::MissingValues, "there is no value, and the model uses it", "fill in the value, or leave the record out");
            return Err(error.in_column(column));
        }
        parse(cell).map_err(|error| error.in_column(column))
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

/// Returns `t s` for a model's residual standard deviation s.
fn half_width(model: &Model, Interval { level, of_mean }: Interval) -> Option<HalfWidth> {
    let df = model.fit.residual_df;
    model.fit.residual_sd.filter(|_| df > 0).map(|sd| HalfWidth { factor: two_sided_quantile(level, df as f64) * sd, of_mean })
}

/// Refuses a prediction that a 64-bit float cannot hold.
fn finite(prediction: Prediction) -> Result<Prediction> {
    let (lower, upper) = prediction.interval.unwrap_or_default();
    if prediction.value.is_finite() && lower.is_finite() && upper.is_finite() { Ok(prediction) } else { Err(out_of_range()) }
}

fn out_of_range() -> Error {
    Error::new(Code::OutOfRange, "the prediction is beyond what a 64-bit float can hold", "check the values")
}
