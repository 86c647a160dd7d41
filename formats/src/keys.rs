//! Finds a key that a JSON object has twice. `serde_json` keeps the last of such values and drops the others without an error.
//!
//! *Not here*: how documents are read, and the wording of errors. Each crate has its own.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// Returns the first key that an object has twice. `None` if there is no such key before the text ends or stops being JSON.
pub fn key_twice(text: &str) -> Option<String> {
    let error = serde_json::from_str::<NoKeyTwice>(text).err()?.to_string();
    error.strip_prefix(BEFORE)?.rsplit_once(AFTER).map(|(key, _)| key.to_owned())
}

/// Returns the same as [`key_twice`] for a text that was read as `value`. Faster: it parses the text only if the text has more keys.
pub fn key_twice_in(text: &str, value: &Value) -> Option<String> {
    if keys_of_text(text) == keys_of_value(value) { None } else { key_twice(text) }
}

/// Counts the keys of all objects in a JSON text: the colons outside of strings.
fn keys_of_text(text: &str) -> usize {
    let (mut keys, mut bytes) = (0, text.bytes());
    while let Some(byte) = bytes.next() {
        match byte {
            b':' => keys += 1,
            b'"' => skip_string(&mut bytes),
            _ => {}
        }
    }
    keys
}

/// Skips the rest of a string, including its closing quote.
fn skip_string(bytes: &mut impl Iterator<Item = u8>) {
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => return,
            b'\\' => drop(bytes.next()),
            _ => {}
        }
    }
}

fn keys_of_value(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(keys_of_value).sum(),
        Value::Object(entries) => entries.len() + entries.values().map(keys_of_value).sum::<usize>(),
        _ => 0,
    }
}

const BEFORE: &str = "the key `";
const AFTER: &str = "` a second time";

/// A document in which no object has a key twice. Reading it fails at the first such key.
#[derive(Debug)]
pub struct NoKeyTwice;

impl<'de> Deserialize<'de> for NoKeyTwice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for NoKeyTwice {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self, A::Error> {
        while items.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    /// `serde_json` also passes numbers of arbitrary precision here, as a map of one key.
    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self, A::Error> {
        let mut keys = BTreeSet::new();
        while let Some(key) = fields.next_key::<String>()? {
            if keys.contains(&key) {
                return Err(A::Error::custom(format_args!("{BEFORE}{key}{AFTER}")));
            }
            fields.next_value::<Self>()?;
            keys.insert(key);
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::*;

    #[test]
    fn a_key_that_an_object_has_twice_is_found() {
        for (text, key) in [
            (r#"{"a": 1, "b": {"a": 2}, "c": [{"a": 3}, {"a": 4}]}"#, None),
            (r#"{"a": 1, "a": 1}"#, Some("a")),
            (r#"{"a": 1, "\u0061": 1.5e3}"#, Some("a")),
            (r#"[{"x": {"d:\"`": 1, "b": ":", "d:\"`": {}}}]"#, Some("d:\"`")),
            (r#"{"a:b": "c:\\", "d": "\":"}"#, None),
            ("12.50", None),
            ("{\"a\": 1, ", None),
        ] {
            assert_eq!(key_twice(text).as_deref(), key, "{text}");
            if let Ok(value) = serde_json::from_str(text) {
                assert_eq!(key_twice_in(text, &value).as_deref(), key, "{text}");
            }
        }
    }
}
