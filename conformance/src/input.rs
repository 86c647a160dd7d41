//! Reads the inputs of a case from `case.json`.

use samefit_stages::ports::columns::{Batch, Values};
use samefit_stages::ports::engine::Interval;
use serde_json::Value;
use std::path::Path;

/// The inputs of a case.
#[derive(Default)]
pub(crate) struct Input {
    /// The verb: what to do with the inputs.
    pub(crate) verb: String,
    /// The plan.
    pub(crate) plan: Value,
    /// Bytes of the data, records or attributes.
    pub(crate) data: Vec<u8>,
    /// Text of the model.
    pub(crate) model: String,
    /// Texts of further documents.
    pub(crate) documents: Vec<String>,
    /// The threshold of quality control.
    pub(crate) threshold: f64,
    /// The column that `curve` varies, or the field of `convert`.
    pub(crate) column: String,
    /// The values of that column, a JSON array.
    pub(crate) values: String,
    /// The columns of a batch.
    pub(crate) columns: Batch,
    /// The interval of predictions.
    pub(crate) interval: Interval,
    /// The plan of another model.
    pub(crate) other: String,
    /// Linear restrictions on coefficients.
    pub(crate) restrictions: String,
    /// A value, its unit, and the unit to convert it to.
    pub(crate) convert: [String; 3],
}

impl Input {
    /// Reads `case.json`. The files that it names are in the folder `data`.
    pub(crate) fn read(data: &Path, path: &Path) -> Result<Self, String> {
        let wrong = |reason: String| format!("{}: {reason}", path.display());
        let bytes = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
        let case: Value = serde_json::from_slice(&bytes).map_err(|error| wrong(error.to_string()))?;
        Self::of(data, &case).map_err(wrong)
    }

    fn of(data: &Path, case: &Value) -> Result<Self, String> {
        let mut plan = case.get("plan").cloned().unwrap_or_else(|| Value::Object(serde_json::Map::new()));
        if let Some(schema) = plan.get("schema").filter(|schema| schema.get("file").is_some()) {
            plan["schema"] = serde_json::from_slice(&bytes(data, schema)?).map_err(|error| error.to_string())?;
        }
        let word = |key: &str| case.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let documents = case.get("documents").and_then(Value::as_array).into_iter().flatten();
        Ok(Self {
            verb: case.get("do").and_then(Value::as_str).ok_or("no `do`")?.to_owned(),
            plan,
            data: case.get("data").map_or(Ok(Vec::new()), |value| bytes(data, value))?,
            model: text(&case.get("model").map_or(Ok(Vec::new()), |value| bytes(data, value))?),
            documents: documents.map(|value| bytes(data, value).map(|bytes| text(&bytes))).collect::<Result<Vec<_>, String>>()?,
            threshold: case.get("threshold").and_then(Value::as_f64).unwrap_or_default(),
            column: word("column"),
            values: case.get("values").map(Value::to_string).unwrap_or_default(),
            columns: batch(case.get("columns"))?,
            interval: Interval {
                level: case.get("level").and_then(Value::as_f64).unwrap_or(Interval::default().level),
                of_mean: case.get("of_mean") == Some(&Value::Bool(true)),
            },
            other: case.get("other").map(Value::to_string).unwrap_or_default(),
            restrictions: word("restrictions"),
            convert: ["value", "unit", "to"].map(word),
        })
    }
}

/// Returns the columns of a batch. A list has numbers, or null for NaN; a string has text.
fn batch(columns: Option<&Value>) -> Result<Batch, String> {
    let numbers = |values: &Vec<Value>| values.iter().map(|value| value.as_f64().unwrap_or(f64::NAN)).collect();
    let column = |(name, values): (&String, &Value)| match values {
        Value::Array(values) => Ok((name.clone(), Values::Numbers(numbers(values)))),
        Value::String(text) => Ok((name.clone(), Values::Text(text.clone().into_bytes()))),
        other => Err(format!("{other} is not a column")),
    };
    let columns = columns.and_then(Value::as_object).into_iter().flatten().map(column).collect::<Result<Vec<_>, String>>()?;
    Ok(Batch { columns, ..Batch::default() })
}

/// Returns the bytes of a string, `{"file": ..}`, `{"hex": ..}`, `{"json": ..}` or `{"repeat": [text, times]}`, or of an array of these.
fn bytes(data: &Path, value: &Value) -> Result<Vec<u8>, String> {
    if let Value::String(text) = value {
        return Ok(text.clone().into_bytes());
    }
    if let Value::Array(parts) = value {
        let parts = parts.iter().map(|part| bytes(data, part)).collect::<Result<Vec<_>, String>>()?;
        return Ok(parts.concat());
    }
    if let Some(file) = value.get("file").and_then(Value::as_str) {
        return std::fs::read(data.join(file)).map_err(|error| format!("{file}: {error}"));
    }
    if let Some(hex) = value.get("hex").and_then(Value::as_str) {
        return samefit_formats::hex::decode(hex).ok_or_else(|| format!("{hex} is not hexadecimal"));
    }
    if let Some(json) = value.get("json") {
        return Ok(json.to_string().into_bytes());
    }
    if let Some([Value::String(text), times]) = value.get("repeat").and_then(Value::as_array).map(Vec::as_slice) {
        return Ok(text.repeat(times.as_u64().unwrap_or(0) as usize).into_bytes());
    }
    Err(format!("{value} is not a text, file, hex, json or repeat"))
}

/// Returns bytes as text.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
