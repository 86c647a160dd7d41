//! A model and one record to everything that a person should see of the prediction.

use crate::error::{Result, spent};
use crate::predict::Predictor;
use serde_json::Value;

impl Predictor {
    /// Explains the prediction of one record.
    pub fn explain(&self, _attributes: &[u8]) -> Result<Value> {
        Err(spent())
    }

    /// Predictions when one column moves.
    pub fn curve(&self, _attributes: &[u8], _column: &str, _values: &[f64]) -> Result<Vec<f64>> {
        Err(spent())
    }
}
