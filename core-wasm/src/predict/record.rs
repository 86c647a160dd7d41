//! One attributes object to one prediction object.

use super::interval::Interval;
use super::options::OutputOptions;
use super::outcome::Predicted;
use super::prediction::Prediction;
use super::predictor::Predictor;
use super::warning::Warning;
use crate::decimal::trim;
use crate::error::Result;
use crate::forecast::ModelRow;
use crate::records::{Lookup, cells, parse_object};
use serde_json::{Map, Value, json};

impl Predictor {
    /// Predicts one attributes object. Returns the object with its prediction before its own entries.
    ///
    /// # Errors
    /// Those of reading a record and its values, and `out-of-range`.
    pub fn predict_record(&self, text: &[u8]) -> Result<Value> {
        let object = parse_object(text)?;
        let predicted = self.predict_object(&object, OutputOptions::WHOLE)?;
        Ok(Value::Object(self.prediction_object(&predicted, object, OutputOptions::WHOLE)))
    }

    /// Predicts the values of an attributes object.
    pub(super) fn predict_object(&self, object: &Map<String, Value>, options: OutputOptions) -> Result<Predicted> {
        self.predict_parts(&self.row_of(object)?, options)
    }

    /// Predicts one row, with the parts of a prediction that are written.
    pub(super) fn predict_parts(&self, row: &ModelRow, options: OutputOptions) -> Result<Predicted> {
        let (prediction, warnings) = match options.all {
            true => (self.predict(row)?, self.warnings(row)),
            false => (self.predict_value(row)?, Vec::new()),
        };
        Ok(Predicted { prediction, warnings, cautions: Vec::new() })
    }

    /// Returns a prediction as an object, with the entries of the record after it. An entry of the record with the name of a part of the
    /// prediction is left out.
    pub(super) fn prediction_object(
        &self,
        predicted: &Predicted,
        record: Map<String, Value>,
        options: OutputOptions,
    ) -> Map<String, Value> {
        let mut out = self.prediction_entries(predicted, options);
        if options.input {
            for (key, value) in record {
                out.entry(key).or_insert(value);
            }
        }
        out
    }

    /// Returns the entries that a prediction adds to a record.
    pub(super) fn prediction_entries(&self, predicted: &Predicted, options: OutputOptions) -> Map<String, Value> {
        let mut out = Map::new();
        out.insert(self.key(), json!(predicted.prediction.value));
        if options.all {
            out.insert("interval".to_owned(), interval_json(&predicted.prediction, self.interval));
            let cautions = predicted.cautions.iter().map(|(name, code)| json!({"column": name, "code": code.name()}));
            out.insert("warnings".to_owned(), predicted.warnings.iter().map(Warning::to_json).chain(cautions).collect());
        }
        out
    }

    /// Returns the row of an attributes object.
    ///
    /// # Errors
    /// Those of reading a record and its values.
    pub(crate) fn row_of(&self, object: &Map<String, Value>) -> Result<ModelRow> {
        let row = self.row_without(object, None)?;
        self.variables.check(&row, &self.columns)?;
        Ok(row)
    }

    /// Does what [`Self::row_of`] does, but for combinations of levels. `but`: the index of a column that is not read.
    pub(crate) fn row_without(&self, object: &Map<String, Value>, but: Option<usize>) -> Result<ModelRow> {
        let cells = cells(object, &self.model.target.column)?;
        let (mut lookup, mut row) = (Lookup::new(&cells), self.variables.row());
        for (at, name) in self.columns.iter().enumerate().filter(|(at, _)| but != Some(*at)) {
            let text = lookup.text(at, name).ok_or_else(|| self.missing_feature(name, cells.pairs.iter().map(|(name, _)| name)))?;
            self.set(&mut row, at, trim(text.as_bytes()))?;
        }
        Ok(row)
    }
}

/// Returns the interval of a prediction as JSON; null if there is none.
pub(crate) fn interval_json(prediction: &Prediction, Interval { level, of_mean }: Interval) -> Value {
    let ends = |(lower, upper)| match of_mean {
        true => json!({"level": level, "of": "mean", "lower": lower, "upper": upper}),
        false => json!({"level": level, "lower": lower, "upper": upper}),
    };
    prediction.interval.map_or(Value::Null, ends)
}
