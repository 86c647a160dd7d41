//! Values as a runner's JSON has them, by their types in `abi.json`.
//!
//! | type | JSON |
//! |---|---|
//! | `string`, `bool`, `u32` | string, boolean, number |
//! | `u64` | string of decimal digits, because JSON's numbers end at 2^53 in many languages |
//! | `f64` | string of 16 hexadecimal digits, the 8 bytes in little-endian order: NaN and infinity are no numbers in JSON |
//! | `list<u8>`, `list<f64>` | string of hexadecimal digits, the bytes in little-endian order |
//! | `borrow`, `own` | the positive integer that the runner chose for the handle |
//! | `option` | null or the value |
//! | `record` | object |

use super::table::{Shape, Table};
use samefit_formats::hex;
use serde_json::Value as Json;

/// A value that crosses the contract's boundary.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// No value: what a function without a result returns, or an empty option.
    Nothing,
    Bool(bool),
    /// A `u32` or a `u64`.
    Integer(u64),
    F64(f64),
    Text(String),
    Bytes(Vec<u8>),
    Numbers(Vec<f64>),
    Handle(u64),
    Record(Vec<(String, Value)>),
}

/// Returns an argument as JSON.
pub(crate) fn encode(table: &Table, name: &str, value: &Value) -> Result<Json, String> {
    Ok(match (table.shape(name)?, value) {
        (Shape::Bool, Value::Bool(value)) => Json::from(*value),
        (Shape::U32, Value::Integer(value)) | (Shape::Handle, Value::Handle(value)) => Json::from(*value),
        (Shape::U64, Value::Integer(value)) => Json::from(value.to_string()),
        (Shape::F64, Value::F64(value)) => Json::from(hex::encode(value.to_le_bytes())),
        (Shape::Text, Value::Text(text)) => Json::from(text.as_str()),
        (Shape::Bytes, Value::Bytes(bytes)) => Json::from(hex::encode(bytes)),
        (Shape::Numbers, Value::Numbers(numbers)) => {
            Json::from(hex::encode(numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>()))
        }
        _ => return Err(format!("{value:?} is no argument of type {name}")),
    })
}

/// Reads a value from JSON.
pub(crate) fn decode(table: &Table, name: &str, json: &Json) -> Result<Value, String> {
    let wrong = || format!("found `{}`, expected a value of type {name}", shortened(&json.to_string()));
    let text = || json.as_str().ok_or_else(wrong);
    Ok(match table.shape(name)? {
        Shape::Bool => Value::Bool(json.as_bool().ok_or_else(wrong)?),
        Shape::U32 => Value::Integer(json.as_u64().filter(|&value| u32::try_from(value).is_ok()).ok_or_else(wrong)?),
        Shape::U64 => Value::Integer(text()?.parse().map_err(|_| wrong())?),
        Shape::F64 => match numbers(text()?).as_deref() {
            Some(&[number]) => Value::F64(number),
            _ => return Err(wrong()),
        },
        Shape::Text => Value::Text(text()?.to_owned()),
        Shape::Bytes => Value::Bytes(hex::decode(text()?).ok_or_else(wrong)?),
        Shape::Numbers => Value::Numbers(numbers(text()?).ok_or_else(wrong)?),
        Shape::Handle => Value::Handle(json.as_u64().filter(|&handle| handle > 0).ok_or_else(wrong)?),
        Shape::Option(_) if json.is_null() => Value::Nothing,
        Shape::Option(some) => decode(table, some, json)?,
        Shape::Record(fields) => {
            let object = json.as_object().filter(|object| object.len() == fields.len()).ok_or_else(wrong)?;
            let field = |(field, of): &(String, String)| {
                let value = object.get(field).ok_or_else(wrong)?;
                Ok((field.clone(), decode(table, of, value)?))
            };
            Value::Record(fields.iter().map(field).collect::<Result<_, String>>()?)
        }
        Shape::Result { .. } => return Err(format!("{name} is the type of a whole answer")),
    })
}

/// Returns the numbers of which these are the bytes.
fn numbers(digits: &str) -> Option<Vec<f64>> {
    let bytes = hex::decode(digits)?;
    let (numbers, rest) = bytes.as_chunks();
    rest.is_empty().then(|| numbers.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect())
}

/// Most characters of a runner's words that a message repeats.
const SHOWN_MAX: usize = 200;

/// Returns the beginning of a text.
pub(crate) fn shortened(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN_MAX).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

impl Value {
    /// Returns a record as JSON in which integers are numbers, as samefit's documents have them.
    pub(crate) fn into_document(self) -> Json {
        match self {
            Self::Bool(value) => value.into(),
            Self::Integer(value) | Self::Handle(value) => value.into(),
            Self::F64(value) => value.into(),
            Self::Text(text) => text.into(),
            Self::Record(fields) => fields.into_iter().map(|(name, value)| (name, value.into_document())).collect(),
            Self::Nothing | Self::Bytes(_) | Self::Numbers(_) => Json::Null,
        }
    }
}

macro_rules! convert {
    ($($variant:ident: $type:ty,)*) => { $(
        impl TryFrom<Value> for $type {
            type Error = String;

            fn try_from(value: Value) -> Result<Self, String> {
                match value {
                    Value::$variant(value) => Ok(value),
                    other => Err(format!("{other:?} where the contract has another type")),
                }
            }
        }
    )* };
}

convert! {
    Bool: bool,
    Integer: u64,
    Text: String,
    Bytes: Vec<u8>,
    Numbers: Vec<f64>,
}

impl TryFrom<Value> for Option<String> {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        if value == Value::Nothing { Ok(None) } else { String::try_from(value).map(Some) }
    }
}

impl TryFrom<Value> for () {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        if value == Value::Nothing { Ok(()) } else { Err(format!("{value:?} where the contract has no value")) }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<u64> for Value {
    fn from(value: u64) -> Self {
        Self::Integer(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::F64(value)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Self::Bytes(bytes.to_owned())
    }
}

impl From<&[f64]> for Value {
    fn from(numbers: &[f64]) -> Self {
        Self::Numbers(numbers.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn table() -> Table {
        Table::parse(include_str!("../../../core-wasm/wit/abi.json")).unwrap()
    }

    #[test]
    fn values_survive_the_round_trip() {
        let table = table();
        let cases = [
            ("bool", Value::Bool(true), json!(true)),
            ("u32", Value::Integer(4_294_967_295), json!(4_294_967_295_u32)),
            ("u64", Value::Integer(u64::MAX), json!("18446744073709551615")),
            ("f64", Value::F64(0.95), json!("666666666666ee3f")),
            ("string", Value::Text("Größe\u{feff}\0".to_owned()), json!("Größe\u{feff}\0")),
            ("list<u8>", Value::Bytes(vec![0, 255]), json!("00ff")),
            ("list<u8>", Value::Bytes(vec![]), json!("")),
            ("list<f64>", Value::Numbers(vec![1.0, -0.0]), json!("000000000000f03f0000000000000080")),
            ("borrow<model>", Value::Handle(7), json!(7)),
        ];
        for (name, value, json) in cases {
            assert_eq!(encode(&table, name, &value).unwrap(), json, "{name}");
            assert_eq!(decode(&table, name, &json).unwrap(), value, "{name}");
        }
        let nan = f64::from_bits(0x7ff8_0000_0000_0001);
        let encoded = encode(&table, "f64", &Value::F64(nan)).unwrap();
        assert_eq!(encoded, json!("010000000000f87f"));
        assert!(matches!(decode(&table, "f64", &encoded).unwrap(), Value::F64(back) if back.to_bits() == nan.to_bits()));
    }

    #[test]
    fn an_error_record_has_its_fields() {
        let (table, fields) = (table(), ["column", "found", "expected", "text", "help"]);
        let mut record = json!({"code": "term", "row": "18446744073709551615"});
        fields.iter().for_each(|field| record[field] = json!("x"));
        record["found"] = Json::Null;
        let document = decode(&table, "error", &record).unwrap().into_document();
        assert_eq!(document["row"], json!(u64::MAX));
        assert_eq!(document["found"], Json::Null);
        record["rows"] = json!("1");
        assert!(decode(&table, "error", &record).is_err(), "a field too many");
    }

    #[test]
    fn values_of_other_types_are_refused() {
        let table = table();
        let wrong = [
            ("string", json!(5)),
            ("u64", json!(5)),
            ("u64", json!("-1")),
            ("u32", json!(4_294_967_296_u64)),
            ("f64", json!(0.5)),
            ("f64", json!("00")),
            ("f64", json!("")),
            ("list<f64>", json!("00000000")),
            ("list<u8>", json!("0")),
            ("own<model>", json!(0)),
            ("bool", Json::Null),
        ];
        for (name, json) in wrong {
            assert!(decode(&table, name, &json).is_err(), "{name} {json}");
        }
        assert!(decode(&table, "string", &json!(["ä".repeat(300)])).unwrap_err().len() < 600);
        assert!(encode(&table, "f64", &Value::Bool(true)).is_err());
    }
}
