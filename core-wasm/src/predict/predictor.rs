//! A model made ready to predict one row of values.
//!
//! *Method*: a prediction is computed exactly and rounded once ([`forecast`](crate::forecast)). Half the width of its interval is an f64; the
//! ends are the f64 nearest to the exact prediction less and plus this half.

use super::interval::Interval;
use super::outcome::Status;
use super::prediction::Prediction;
use super::warning::{ColumnRanges, Warning};
use crate::batch::Values;
use crate::cell_format::CellFormat;
use crate::decimal::Decimal;
use crate::error::{Code, Error, Result, list};
use crate::forecast::{
    BatchTerms, ExactNumber, Forecast, HalfWidth, LeverageFactors, LeveragePlan, LinearForm, ModelRow, ModelTerms, RowForecast,
    TermFactors, Variables,
};
use crate::hidden;
use crate::model::{Model, ModelColumn};
use crate::student::two_sided_quantile;
use crate::terms::ColumnPlaces;

/// A model made ready to predict.
#[derive(Clone, Debug)]
pub struct Predictor {
    pub(super) model: Model,
    /// Names of the columns that a prediction needs.
    pub(super) columns: Vec<String>,
    /// How cells become the variables of the terms.
    pub(super) variables: Variables,
    /// The coefficients, and for each of them indexes of variables and their powers.
    row: RowForecast,
    leverage: LeverageFactors,
    /// The same for many rows.
    batch_terms: BatchTerms,
    leverage_plan: LeveragePlan,
    pub(super) interval: Interval,
    /// `None` without residual degrees of freedom.
    pub(super) half_width: Option<HalfWidth>,
    /// Ranges of the columns of numbers, in their order.
    ranges: Vec<ColumnRanges>,
}

impl Predictor {
    /// Makes a model ready, with prediction intervals of 95 %.
    ///
    /// # Errors
    /// `term`, `model` for a coefficient whose name is no term of the model's columns.
    pub fn new(model: Model) -> Result<Self> {
        let columns: Vec<String> = model.feature_columns().map(|column| column.name.clone()).collect();
        let (variables, ModelTerms { terms, divisors }) = Variables::new(&model)?;
        let is_number = |column: &&ModelColumn| column.levels.is_none();
        let ranges = model.feature_columns().filter(is_number).map(ColumnRanges::of).collect();
        let (batch_terms, leverage) = (BatchTerms::new(&terms, &variables), LeverageFactors::new(&model.leverage));
        let leverage_plan = LeveragePlan::new(&model.leverage, &batch_terms);
        let row = RowForecast::new(&model, terms, divisors);
        let interval = Interval::default();
        let half_width = half_width(&model, interval);
        Ok(Self { columns, variables, row, leverage, batch_terms, leverage_plan, interval, half_width, ranges, model })
    }

    /// Returns a predictor with intervals of another level or kind.
    ///
    /// # Errors
    /// `level` if the level is not between 0 and 1.
    pub fn with_interval(mut self, interval: Interval) -> Result<Self> {
        self.set_interval(interval)?;
        Ok(self)
    }

    /// Returns a predictor for cells that are written so.
    #[must_use]
    pub fn with_format(self, format: CellFormat) -> Self {
        Self { variables: self.variables.with_format(format), ..self }
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

    /// Returns how cells become the variables of the terms.
    pub(crate) fn variables(&self) -> &Variables {
        &self.variables
    }

    /// Returns the name of the predicted value in a table or object: `predicted_` and the target's name.
    pub(super) fn key(&self) -> String {
        format!("predicted_{}", self.model.target_name())
    }

    /// Predicts one row, with the interval.
    ///
    /// # Errors
    /// `out-of-range` if the result is beyond a 64-bit float.
    pub fn predict(&self, row: &ModelRow) -> Result<Prediction> {
        let half = self.half_width.map(|half_width| half_width.at(self.leverage_parts(row).iter().fold(0.0, |sum, part| sum + part)));
        if half.is_some_and(|half| !half.is_finite()) {
            return Err(out_of_range());
        }
        let (value, interval) = self.row.predict(&row.values, half);
        finite(Prediction { value, interval })
    }

    /// Predicts one row, without the interval.
    pub(super) fn predict_value(&self, row: &ModelRow) -> Result<Prediction> {
        finite(Prediction { value: self.row.predict(&row.values, None).0, interval: None })
    }

    /// Predicts one row of columns that a host set.
    pub(super) fn predict_row(&self, columns: &[&Values], at: usize) -> Result<(Prediction, Status)> {
        let mut row = self.variables.row();
        for (column, (name, values)) in self.columns.iter().zip(columns).enumerate() {
            let set = values.number_of_any_size(at).and_then(|number| match number {
                Some(number) => self.variables.set_number(&mut row, column, number),
                None => self.variables.set(&mut row, column, values.text(at)),
            });
            set.map_err(|error| error.in_column(name))?;
        }
        self.variables.check(&row, &self.columns)?;
        let prediction = self.predict(&row)?;
        Ok((prediction, if self.warnings(&row).is_empty() { Status::Fine } else { Status::OutOfRange }))
    }

    /// Returns the warnings for numbers outside the range of the training data, or outside the schema's plausible range.
    pub fn warnings(&self, row: &ModelRow) -> Vec<Warning> {
        let names = self.variables.numbers().iter().map(|&column| &self.columns[column]);
        let numbers = names.zip(&row.values).zip(&self.ranges);
        numbers.flat_map(|((name, value), ranges)| ranges.warnings(name, value)).collect()
    }

    /// Marks the rows that need a warning as unread.
    pub(super) fn mark_outside(&self, forecast: &mut Forecast) {
        for (number, ranges) in self.ranges.iter().enumerate() {
            forecast.mark_outside(number, ranges.without_warnings());
        }
    }

    /// Returns whether a [`Forecast`] serves for many rows. If not, rows have to be predicted one by one.
    pub(crate) fn predicts_together(&self, intervals: bool) -> bool {
        let needs_two_parts = intervals && self.half_width.is_some() && self.leverage.is_two_part();
        !needs_two_parts && !self.variables.has_computed()
    }

    /// Predicts the rows that were read; with intervals, they are rounded too. Marks the rows that must be predicted one by one as unread.
    /// It needs [`Self::predicts_together`].
    pub(crate) fn forecast_read(&self, forecast: &mut Forecast, intervals: bool) {
        let half_width = self.half_width.filter(|_| intervals);
        forecast.predict(self.form(), &self.batch_terms);
        if let Some(half_width) = half_width {
            forecast.predict_intervals(&self.batch_terms, &self.leverage_plan, half_width);
        }
    }

    /// Returns what each element of a row of the design matrix adds to the leverage, in the order of the model's factors.
    pub(crate) fn leverage_parts(&self, row: &ModelRow) -> Vec<f64> {
        let one = self.model.has_intercept.then(|| Decimal::from(1));
        let needs_exact = self.leverage.is_two_part() || self.variables.has_computed();
        if needs_exact {
            let design: Vec<ExactNumber> = one.iter().map(ExactNumber::from).chain(self.form().design(&row.values)).collect();
            if let Some(parts) = self.leverage.parts_of(&design).filter(|parts| parts.iter().all(|part| part.is_finite())) {
                return parts;
            }
            if self.variables.has_computed() {
                return self.leverage.parts(&design.iter().map(ExactNumber::to_f64).collect::<Vec<_>>());
            }
        }
        let values: Vec<f64> = row.values.iter().map(Decimal::to_f64).collect();
        let numbers = self.variables.numbers().len();
        let term = |factors: &TermFactors| {
            // a number may be infinite here, and the term is zero for all that
            if factors.iter().any(|&(variable, _)| variable >= numbers && values[variable] == 0.0) {
                return 0.0;
            }
            let powers = factors.iter().flat_map(|&(variable, power)| std::iter::repeat_n(values[variable], power as usize));
            powers.reduce(|product, factor| product * factor).unwrap_or(1.0)
        };
        self.leverage.parts(&one.map(|_| 1.0).into_iter().chain(self.form().terms().iter().map(term)).collect::<Vec<_>>())
    }

    /// Returns the coefficients and their terms.
    pub(crate) fn form(&self) -> &LinearForm {
        self.row.form()
    }

    /// Returns the level of a row's category.
    pub(crate) fn level(&self, row: &ModelRow, column: &str) -> Option<&str> {
        let at = self.columns.iter().position(|name| name == column)?;
        self.variables.level(row, at)
    }

    /// Returns the index of each of the model's columns among these names.
    ///
    /// # Errors
    /// `missing-feature`; `duplicate-column` if one of them stands there twice.
    pub(crate) fn places(&self, names: &[String]) -> Result<Vec<usize>> {
        let known = ColumnPlaces::new(names);
        let named = || names.iter().filter(|name| !name.is_empty());
        let find = |name: &String| known.find(name)?.ok_or_else(|| self.missing_feature(name, named()));
        self.columns.iter().map(find).collect()
    }

    /// Reads the cells of the columns, without spaces around them, as a row.
    ///
    /// # Errors
    /// `missing-values`, those of a number, and `unknown-level`, each with the column.
    pub(crate) fn row<'c>(&self, cells: impl IntoIterator<Item = &'c [u8]>) -> Result<ModelRow> {
        let mut row = self.variables.row();
        for (column, cell) in cells.into_iter().enumerate() {
            self.set(&mut row, column, cell)?;
        }
        self.variables.check(&row, &self.columns)?;
        Ok(row)
    }

    /// Sets a column of a row to the value of a cell without spaces around it.
    ///
    /// # Errors
    /// As for [`Self::row`], but for combinations of levels.
    pub(crate) fn set(&self, row: &mut ModelRow, column: usize, cell: &[u8]) -> Result<()> {
        self.variables.set(row, column, cell).map_err(|error| error.in_column(&self.columns[column]))
    }

    /// Returns the error that a record lacks a variable of the model. `there`: the variables that it has.
    pub(super) fn missing_feature<S: AsRef<str>>(&self, name: &str, there: impl Iterator<Item = S>) -> Error {
        let there: Vec<String> = there.map(|name| name.as_ref().to_owned()).collect();
        let has = if there.is_empty() { "nothing".to_owned() } else { list(&there) };
        let alike = there.iter().find_map(|other| hidden::difference(name, other));
        let clause = alike.as_ref().map_or("", |difference| difference.clause.as_str());
        let sentence = format!("the model uses this variable, and the record does not have it{clause}; it has {has}");
        let usual = "give records with the model's variables, or the model that belongs to these records";
        let help = alike.as_ref().map_or(usual, |difference| difference.help_in_data);
        let mut error = Error::new(Code::MissingFeature, sentence, help).in_column(name);
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
