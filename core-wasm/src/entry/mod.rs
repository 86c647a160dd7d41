//! What a person types into a form to the columns of a model.

use crate::error::{Result, spent};
use serde_json::Value;

/// The form of a schema or of a model.
pub struct Form {}

impl Form {
    /// Reads a schema, or a model with what it carries of one.
    pub fn parse(_document: &str) -> Result<Self> {
        Err(spent())
    }

    /// The fields to draw.
    pub fn fields(&self) -> Value {
        Value::Null
    }

    /// What was typed to values and problems.
    pub fn evaluate(&self, _entries: &str) -> Result<Value> {
        Err(spent())
    }

    /// A value in another unit of its field.
    pub fn convert(&self, _field: &str, _value: &str, _unit: &str, _to: &str) -> Result<String> {
        Err(spent())
    }
}
