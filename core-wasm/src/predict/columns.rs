//! Columns of f64 to columns of predictions.

use super::predictor::Predictor;
use crate::error::{Code, Error, Result};

impl Predictor {
    /// Predicts `rows` rows. `values`: the columns of [`Self::columns`] one after another, each `rows` long.
    ///
    /// Returns the predictions, then the lower and then the upper ends of their intervals, each `rows` long. Without residual degrees of
    /// freedom the ends are infinite.
    ///
    /// # Errors
    /// `column-lengths`, `missing-values` for NaN, `not-a-value` for infinity, `out-of-range`.
    pub fn predict_columns(&self, values: &[f64], rows: usize) -> Result<Vec<f64>> {
        if self.columns.len().checked_mul(rows) != Some(values.len()) {
            let sentence = format!("found {} values, expected {rows} for each of {} columns", values.len(), self.columns.len());
            return Err(Error::new(Code::ColumnLengths, sentence, "give the model's columns one after another"));
        }
        let mut out = vec![0.0; 3 * rows];
        for row in 0..rows {
            let at_row = |error: Error| error.at_row(row as u64 + 1);
            let one: Vec<f64> = (0..self.columns.len()).map(|column| values[column * rows + row]).collect();
            self.check_values(&one).map_err(at_row)?;
            let prediction = self.predict(&one).map_err(at_row)?;
            let (lower, upper) = prediction.interval.unwrap_or((f64::NEG_INFINITY, f64::INFINITY));
            (out[row], out[rows + row], out[2 * rows + row]) = (prediction.value, lower, upper);
        }
        Ok(out)
    }

    /// Refuses NaN and infinity with the errors of the cells that stand for them.
    fn check_values(&self, values: &[f64]) -> Result<()> {
        for (name, value) in self.columns.iter().zip(values) {
            if value.is_nan() {
                self.value(name, b"")?;
            }
            if value.is_infinite() {
                self.value(name, b"inf")?;
            }
        }
        Ok(())
    }
}
