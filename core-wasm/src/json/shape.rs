//! Reads a JSON value into a type, with errors that name the key, what was found there and what was expected.
//!
//! *Limits*: types made of objects, arrays, texts, whole numbers, truth values, characters, options, and enums of names. These are the types of
//! documents that people write.

use crate::error::shorten;
use samefit_formats::json::line;
use serde::de::{self, DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::fmt;

/// Reads a value.
///
/// # Errors
/// The first difference between the value and what the type expects.
pub(super) fn read<T: DeserializeOwned>(value: &Value) -> Result<T, ShapeError> {
    T::deserialize(ValueReader(value))
}

/// A difference between a value and what a type expects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ShapeError {
    /// The keys and indexes that lead to the place: `columns[2].unit`.
    path: String,
    /// What is wrong there.
    problem: String,
    /// The text that was found, shortened.
    pub(super) found: Option<String>,
    /// What was expected instead.
    pub(super) expected: Option<String>,
}

impl ShapeError {
    fn new(problem: String) -> Self {
        Self { path: String::new(), problem, found: None, expected: None }
    }

    fn found(found: &str, expected: impl Into<String>) -> Self {
        let (found, expected) = (shorten(found), expected.into());
        Self { path: String::new(), problem: format!("found `{found}`, expected {expected}"), found: Some(found), expected: Some(expected) }
    }

    fn wrong_kind(value: &Value, expected: impl Into<String>) -> Self {
        let text = value.as_str().map_or_else(|| line(value), str::to_owned);
        Self::found(&text, expected)
    }

    fn under_key(mut self, key: &str) -> Self {
        let dot = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        self.path = format!("{}{dot}{}", shorten(key), self.path);
        self
    }

    fn at_index(mut self, index: usize) -> Self {
        let dot = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        self.path = format!("[{index}]{dot}{}", self.path);
        self
    }
}

impl fmt::Display for ShapeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() { f.write_str(&self.problem) } else { write!(f, "at `{}`: {}", self.path, self.problem) }
    }
}

impl std::error::Error for ShapeError {}

/// The names of a closed set, in words: "`a`", "`a` or `b`", "`a`, `b` or `c`".
fn one_of(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.as_slice() {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        [others @ .., last] => format!("{} or {last}", others.join(", ")),
    }
}

impl de::Error for ShapeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message.to_string())
    }

    fn missing_field(field: &'static str) -> Self {
        Self { expected: Some(field.to_owned()), ..Self::new(format!("the key `{field}` is missing")) }
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        let (field, expected) = (shorten(field), one_of(expected));
        let problem = format!("the key `{field}` is unknown, expected {expected}");
        Self { found: Some(field), expected: Some(expected), ..Self::new(problem) }
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::found(variant, one_of(expected))
    }
}

/// Reads one value.
#[derive(Clone, Copy)]
struct ValueReader<'a>(&'a Value);

/// Methods that read a whole number of a type, and name its range if the value is none.
macro_rules! read_integers {
    ($($method:ident $visit:ident $type:ty,)*) => { $(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ShapeError> {
            match self.0.as_number().and_then(Number::as_i128).and_then(|number| <$type>::try_from(number).ok()) {
                Some(number) => visitor.$visit(number),
                None => Err(ShapeError::wrong_kind(self.0, format!("a whole number from {} to {}", <$type>::MIN, <$type>::MAX))),
            }
        }
    )* };
}

impl<'de> Deserializer<'de> for ValueReader<'_> {
    type Error = ShapeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ShapeError> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Number(_) => self.deserialize_i64(visitor),
            Value::String(text) => visitor.visit_str(text),
            Value::Array(items) => visitor.visit_seq(Items { items, next: 0 }),
            Value::Object(entries) => visitor.visit_map(Entries::new(entries)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ShapeError> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ShapeError> {
        self.0.as_bool().map_or_else(|| Err(ShapeError::wrong_kind(self.0, "true or false")), |value| visitor.visit_bool(value))
    }

    read_integers! {
        deserialize_i8 visit_i8 i8,
        deserialize_i16 visit_i16 i16,
        deserialize_i32 visit_i32 i32,
        deserialize_i64 visit_i64 i64,
        deserialize_u8 visit_u8 u8,
        deserialize_u16 visit_u16 u16,
        deserialize_u32 visit_u32 u32,
        deserialize_u64 visit_u64 u64,
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ShapeError> {
        self.0.as_f64().map_or_else(|| Err(ShapeError::wrong_kind(self.0, "a number")), |number| visitor.visit_f64(number))
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ShapeError> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ShapeError> {
        let mut characters = self.0.as_str().unwrap_or_default().chars();
        match (characters.next(), characters.next()) {
            (Some(character), None) => visitor.visit_char(character),
            _ => Err(ShapeError::wrong_kind(self.0, "one character")),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ShapeError> {
        self.0.as_str().map_or_else(|| Err(ShapeError::wrong_kind(self.0, "a text")), |text| visitor.visit_str(text))
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ShapeError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ShapeError> {
        match self.0 {
            Value::Array(items) => visitor.visit_seq(Items { items, next: 0 }),
            other => Err(ShapeError::wrong_kind(other, "an array")),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ShapeError> {
        match self.0 {
            Value::Object(entries) => visitor.visit_map(Entries::new(entries)),
            other => Err(ShapeError::wrong_kind(other, "an object")),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(self, _: &'static str, _: &'static [&'static str], visitor: V) -> Result<V::Value, ShapeError> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ShapeError> {
        match self.0 {
            Value::String(name) => visitor.visit_enum(name.as_str().into_deserializer()),
            other => Err(ShapeError::wrong_kind(other, one_of(variants))),
        }
    }

    serde::forward_to_deserialize_any! {
        i128 u128 bytes byte_buf unit unit_struct newtype_struct tuple tuple_struct identifier ignored_any
    }
}

/// Reads the items of an array.
struct Items<'a> {
    items: &'a [Value],
    next: usize,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = ShapeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, ShapeError> {
        let Some(item) = self.items.get(self.next) else { return Ok(None) };
        let item = seed.deserialize(ValueReader(item)).map_err(|error| error.at_index(self.next))?;
        self.next += 1;
        Ok(Some(item))
    }
}

/// Reads the entries of an object.
struct Entries<'a> {
    entries: serde_json::map::Iter<'a>,
    current: Option<(&'a str, &'a Value)>,
}

impl<'a> Entries<'a> {
    fn new(entries: &'a Map<String, Value>) -> Self {
        Self { entries: entries.iter(), current: None }
    }
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = ShapeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, ShapeError> {
        self.current = self.entries.next().map(|(key, value)| (key.as_str(), value));
        self.current.map(|(key, _)| seed.deserialize(key.into_deserializer())).transpose()
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, ShapeError> {
        let (key, value) = self.current.take().unwrap_or(("", &Value::Null));
        seed.deserialize(ValueReader(value)).map_err(|error| error.under_key(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use serde_json::json;
    use std::collections::BTreeMap;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only read")]
    struct Document {
        name: String,
        #[serde(default)]
        parts: Vec<Document>,
        #[serde(default)]
        size: Option<u8>,
        #[serde(default)]
        mark: Option<char>,
        #[serde(default)]
        is_new: bool,
        #[serde(default)]
        way: Option<Way>,
        #[serde(default)]
        counts: BTreeMap<String, i32>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    enum Way {
        UpHill,
        Down,
    }

    fn error(value: Value) -> String {
        read::<Document>(&value).unwrap_err().to_string()
    }

    #[test]
    fn a_value_of_the_right_shape_is_read() {
        let value = json!({
            "name": "a", "size": 255, "mark": "é", "is_new": true, "way": "down", "counts": {"x": -2}, "parts": [{"name": "b", "size": null}]
        });
        let document = read::<Document>(&value).unwrap();
        assert_eq!((document.size, document.mark, document.is_new, document.counts["x"]), (Some(255), Some('é'), true, -2));
        assert!(matches!(document.way, Some(Way::Down)));
        assert_eq!(document.parts[0].size, None);
        let numbers: Vec<u64> = read(&json!([0, u64::MAX])).unwrap();
        assert_eq!(numbers, [0, u64::MAX]);
        assert_eq!(read::<Vec<f64>>(&json!([0, 0.5])).unwrap(), [0.0, 0.5]);
        assert_eq!(read::<f64>(&json!("0.5")).unwrap_err().to_string(), "found `0.5`, expected a number");
    }

    #[test]
    fn errors_name_the_key_what_was_found_and_what_was_expected() {
        let keys = "`name`, `parts`, `size`, `mark`, `is_new`, `way` or `counts`";
        for (value, sentence) in [
            (json!([1]), "found `[1]`, expected an object".to_owned()),
            (json!({}), "the key `name` is missing".to_owned()),
            (json!({"name": 7}), "at `name`: found `7`, expected a text".to_owned()),
            (json!({"nam": "a"}), format!("the key `nam` is unknown, expected {keys}")),
            (json!({"name": "a", "parts": {}}), "at `parts`: found `{}`, expected an array".to_owned()),
            (json!({"name": "a", "parts": [{"name": "b"}, {"size": 1}]}), "at `parts[1]`: the key `name` is missing".to_owned()),
            (
                json!({"name": "a", "parts": [{"name": "b", "size": 256}]}),
                "at `parts[0].size`: found `256`, expected a whole number from 0 to 255".to_owned(),
            ),
            (json!({"name": "a", "size": 1.5}), "at `size`: found `1.5`, expected a whole number from 0 to 255".to_owned()),
            (json!({"name": "a", "mark": "ab"}), "at `mark`: found `ab`, expected one character".to_owned()),
            (json!({"name": "a", "is_new": "yes"}), "at `is_new`: found `yes`, expected true or false".to_owned()),
            (json!({"name": "a", "way": "up"}), "at `way`: found `up`, expected `up-hill` or `down`".to_owned()),
            (json!({"name": "a", "way": 1}), "at `way`: found `1`, expected `up-hill` or `down`".to_owned()),
            (
                json!({"name": "a", "counts": {"x": true}}),
                "at `counts.x`: found `true`, expected a whole number from -2147483648 to 2147483647".to_owned(),
            ),
        ] {
            assert_eq!(error(value), sentence);
        }
    }
}
