//! A model and a table with outcomes to how predictions and outcomes compare.

use crate::error::{Result, spent};
use crate::plan::Plan;
use crate::predict::Predictor;

/// Compares, row by row.
pub struct Residuals {}

impl Residuals {
    /// For a table that is written as the plan says.
    pub fn new(_predictor: Predictor, _plan: &Plan) -> Self {
        Self {}
    }

    /// The next bytes.
    pub fn push(&mut self, _chunk: &[u8]) -> Result<()> {
        Err(spent())
    }

    /// The end of the table: what was counted, as JSON.
    pub fn finish(&mut self) -> Result<String> {
        Err(spent())
    }
}
