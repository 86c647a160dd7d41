//! Columns of f64 or of text to columns of predictions.

use super::interval::Interval;
use super::outcome::Status;
use super::predictor::Predictor;
use crate::batch::{TextColumn, Values};
use crate::error::{Code, Error, Result};
use crate::forecast::Forecast;
use serde_json::Value;
use std::ops::Range;

/// Rows that are predicted together.
const CHUNK_ROWS: usize = 1024;
/// Most rows without a prediction whose errors are kept.
pub const PROBLEMS_MAX: usize = 100;

/// Predicts batches of columns: set the model's columns, then predict.
pub struct Batch {
    predictor: Predictor,
    /// The columns that were set, by name.
    columns: Vec<(String, Values)>,
    rows: PredictedRows,
}

/// Predicts rows chunk by chunk, and keeps what became of each. Use one for each model: what it learns of its numbers makes the next rows faster,
/// and changes no prediction.
pub struct PredictedRows {
    /// Scratch space of a chunk, and how the sums of rows like those before are computed.
    forecast: Forecast,
    statuses: Vec<u8>,
    /// The errors of the first rows without a prediction.
    errors: Vec<Error>,
}

impl Batch {
    /// Returns a batch without columns.
    pub fn new(predictor: Predictor) -> Self {
        let rows = PredictedRows::new(&predictor);
        Self { predictor, columns: Vec::new(), rows }
    }

    /// Sets the values of one column. NaN is a missing value; any other number means its shortest decimal text.
    pub fn set_f64(&mut self, column: &str, values: impl Into<Vec<f64>>) {
        self.set(column, Values::Numbers(values.into()));
    }

    /// Sets the values of one column as text, one value a line.
    pub fn set_text(&mut self, column: &str, text: impl Into<Vec<u8>>) {
        self.set(column, Values::Text(TextColumn::new(text.into())));
    }

    fn set(&mut self, column: &str, values: Values) {
        match self.columns.iter_mut().find(|(name, _)| name == column) {
            Some((_, other)) => *other = values,
            None => self.columns.push((column.to_owned(), values)),
        }
    }

    /// Predicts the rows of the columns that were set, and forgets the columns. Columns that the model does not use are ignored.
    ///
    /// Returns the predictions, then the lower and then the upper ends of their intervals, one for each row. A row without a prediction has
    /// NaN. Without residual degrees of freedom the ends are infinite.
    ///
    /// # Errors
    /// `level`, `missing-feature`, `column-lengths`. What is wrong with a row is no error: [`Self::status`] and [`Self::problems`] say it.
    pub fn predict(&mut self, interval: Interval) -> Result<Vec<f64>> {
        let set = std::mem::take(&mut self.columns);
        self.predictor.set_interval(interval)?;
        let find = |name: &String| {
            let found = set.iter().find(|(other, _)| other == name).map(|(_, values)| values);
            found.ok_or_else(|| self.predictor.missing_feature(name, set.iter().map(|(name, _)| name)))
        };
        let columns = self.predictor.columns.iter().map(find).collect::<Result<Vec<&Values>>>()?;
        let rows = columns.first().copied().or(set.first().map(|(_, values)| values)).map_or(0, Values::len);
        if let Some(at) = columns.iter().position(|column| column.len() != rows) {
            let sentence = format!("the column has {} values, the first has {rows}", columns[at].len());
            let error = Error::new(Code::ColumnLengths, sentence, "set columns of equal lengths");
            return Err(error.in_column(&self.predictor.columns[at]));
        }
        let mut out = vec![0.0; 3 * rows];
        self.rows.forget();
        for first in (0..rows).step_by(CHUNK_ROWS) {
            self.rows.predict_chunk(&self.predictor, &columns, first..rows.min(first + CHUNK_ROWS), rows, &mut out);
        }
        Ok(out)
    }

    /// Returns what became of each row of the last prediction: indexes in [`Status::ALL`].
    pub fn status(&self) -> &[u8] {
        &self.rows.statuses
    }

    /// Returns the error records of the first [`PROBLEMS_MAX`] rows without a prediction, in an array. Rows count from 1.
    pub fn problems(&self) -> Value {
        self.rows.errors.iter().map(Error::to_json).collect()
    }
}

impl PredictedRows {
    /// Returns no rows yet.
    pub fn new(predictor: &Predictor) -> Self {
        Self { forecast: Forecast::of_columns(&predictor.variables), statuses: Vec::new(), errors: Vec::new() }
    }

    /// Forgets what became of all rows.
    fn forget(&mut self) {
        self.statuses.clear();
        self.errors.clear();
    }

    /// Predicts a chunk of `rows` rows. `out` has the predictions, then the lower and then the upper ends of all rows.
    fn predict_chunk(&mut self, predictor: &Predictor, columns: &[&Values], chunk: Range<usize>, rows: usize, out: &mut [f64]) {
        let forecast = &mut self.forecast;
        if predictor.predicts_together(true) {
            forecast.read_columns(columns, chunk.clone(), &predictor.variables);
            forecast.round_values(columns, chunk.clone(), &predictor.variables);
            predictor.mark_outside(forecast);
            predictor.forecast_read(forecast, true);
        } else {
            forecast.leave_unread(chunk.len());
        }
        for (at, row) in chunk.enumerate() {
            let (prediction, status) = if forecast.unread[at] {
                match predictor.predict_row(columns, row) {
                    Ok((prediction, status)) => ([prediction.value, prediction.lower(), prediction.upper()], status),
                    Err(error) => {
                        let status = Status::of_error(&error);
                        if self.errors.len() < PROBLEMS_MAX {
                            self.errors.push(error.at_row(row as u64 + 1));
                        }
                        ([f64::NAN; 3], status)
                    }
                }
            } else {
                let ends = forecast.lower.get(at).zip(forecast.upper.get(at)).unwrap_or((&f64::NEG_INFINITY, &f64::INFINITY));
                ([forecast.values()[at], *ends.0, *ends.1], Status::Fine)
            };
            (0..3).for_each(|part| out[part * rows + row] = prediction[part]);
            self.statuses.push(status as u8);
        }
    }
}

impl PredictedRows {
    /// Predicts `rows` rows. `values`: the columns of [`Predictor::columns`] one after another, each `rows` long. A number means its shortest
    /// decimal text; in a category it is the level of that text.
    ///
    /// Returns the predictions, then the lower and then the upper ends of their intervals, each `rows` long. Without residual degrees of
    /// freedom the ends are infinite.
    ///
    /// # Errors
    /// `column-lengths`, `missing-values` for NaN, `not-a-value` for infinity, `unknown-level`, `out-of-range`.
    pub fn predict(&mut self, predictor: &Predictor, values: &[f64], rows: usize) -> Result<Vec<f64>> {
        let width = predictor.columns.len();
        if width.checked_mul(rows) != Some(values.len()) {
            let sentence = format!("found {} values, expected {rows} for each of {width} columns", values.len());
            return Err(Error::new(Code::ColumnLengths, sentence, "give the model's columns one after another"));
        }
        let columns: Vec<Values> = (0..width).map(|at| Values::Numbers(values[at * rows..(at + 1) * rows].to_vec())).collect();
        let (columns, mut out) = (columns.iter().collect::<Vec<_>>(), vec![0.0; 3 * rows]);
        self.forget();
        for first in (0..rows).step_by(CHUNK_ROWS) {
            self.predict_chunk(predictor, &columns, first..rows.min(first + CHUNK_ROWS), rows, &mut out);
            if let Some(error) = self.errors.first() {
                return Err(error.clone());
            }
        }
        Ok(out)
    }
}

impl Predictor {
    /// Does what [`PredictedRows::predict`] does, with new scratch space.
    ///
    /// # Errors
    /// Those of [`PredictedRows::predict`].
    pub fn predict_columns(&self, values: &[f64], rows: usize) -> Result<Vec<f64>> {
        PredictedRows::new(self).predict(self, values, rows)
    }
}
