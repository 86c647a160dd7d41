//! JSON text to the first key that an object names twice. `serde_json` keeps the last of two values and drops the others without a word.
//!
//! *Not here*: reading documents, and the words of their errors: each crate has its own.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// The first key that an object in a text names twice; none if there is none, as far as the text is JSON.
pub fn key_twice(text: &str) -> Option<String> {
    let error = serde_json::from_str::<NoKeyTwice>(text).err()?.to_string();
    error.strip_prefix(BEFORE)?.rsplit_once(AFTER).map(|(key, _)| key.to_owned())
}

/// The same for a text that was read as `value`: it is read again only if it names more keys than the value has.
pub fn key_twice_in(text: &str, value: &Value) -> Option<String> {
    if keys_of_text(text) == keys_of_value(value) { None } else { key_twice(text) }
}

/// The number of keys of all objects in a text that is JSON: each has a colon behind it, and no other colon stands outside of a text.
fn keys_of_text(text: &str) -> usize {
    let (mut keys, mut bytes) = (0, text.bytes());
    while let Some(byte) = bytes.next() {
        match byte {
            b':' => keys += 1,
            b'"' => skip_text(&mut bytes),
            _ => {}
        }
    }
    keys
}

/// Skips what follows an opening quote, its closing quote included.
fn skip_text(bytes: &mut impl Iterator<Item = u8>) {
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

/// Any document in which no object names a key twice. It is read and dropped.
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

    /// A number of arbitrary precision comes here too: one key, and the digits as its value.
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
    fn a_key_that_stands_twice_is_found() {
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
