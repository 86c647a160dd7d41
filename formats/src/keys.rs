//! Finds a key that a JSON object has twice. `serde_json` keeps the last of two values and says nothing.
//!
//! *Not here*: reading documents into types, and the sentences of errors: each crate has its own.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// Returns the first key that an object in `text` has twice; `None` if there is none. Reads `text` as far as it is JSON.
#[must_use]
pub fn duplicate_key(text: &str) -> Option<String> {
    let found = RefCell::new(None);
    let mut deserializer = serde_json::Deserializer::from_str(text);
    // an error without a key means that the text is not JSON from there on
    let _ = KeyReader { found: &found }.deserialize(&mut deserializer);
    found.into_inner()
}

/// As [`duplicate_key`], for a text that has been read as `value`. Reads the text again only if it has more keys than the value.
#[must_use]
pub fn duplicate_key_in(text: &str, value: &Value) -> Option<String> {
    if keys_of_text(text) == keys_of_value(value) { None } else { duplicate_key(text) }
}

/// Counts the keys of all objects in a text that is JSON. A colon follows each key, and no other colon stands outside of a string.
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

/// Skips the rest of a string after its opening quote, with the closing quote.
pub(crate) fn skip_string(bytes: &mut impl Iterator<Item = u8>) {
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

/// A document in which no object has a key twice. Reading it checks that and keeps nothing.
#[derive(Debug)]
pub struct UniqueKeys;

impl<'de> Deserialize<'de> for UniqueKeys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        KeyReader { found: &RefCell::new(None) }.deserialize(deserializer).map(|()| Self)
    }
}

/// Reads a value, and stops at a key that stands twice in its object.
#[derive(Clone, Copy)]
struct KeyReader<'a> {
    /// The key at which the reading stopped.
    found: &'a RefCell<Option<String>>,
}

impl<'de> DeserializeSeed<'de> for KeyReader<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for KeyReader<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(self)?.is_some() {}
        Ok(())
    }

    /// Also reads a number of arbitrary precision, which `serde_json` gives as an object of one key.
    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let mut keys = BTreeSet::new();
        while let Some(key) = entries.next_key::<String>()? {
            if keys.contains(&key) {
                let error = A::Error::custom(format_args!("the key `{key}` a second time"));
                *self.found.borrow_mut() = Some(key);
                return Err(error);
            }
            entries.next_value_seed(self)?;
            keys.insert(key);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::*;

    #[test]
    fn a_duplicate_key_is_found() {
        for (text, key) in [
            (r#"{"a": 1, "b": {"a": 2}, "c": [{"a": 3}, {"a": 4}]}"#, None),
            (r#"{"a": 1, "a": 1}"#, Some("a")),
            (r#"{"a": 1, "\u0061": 1.5e3}"#, Some("a")),
            (r#"[{"x": {"d:\"`": 1, "b": ":", "d:\"`": {}}}]"#, Some("d:\"`")),
            (r#"{"a:b": "c:\\", "d": "\":"}"#, None),
            (r#"{"a": 1, "a": 1, "#, Some("a")),
            ("12.50", None),
            ("{\"a\": 1, ", None),
        ] {
            assert_eq!(duplicate_key(text).as_deref(), key, "{text}");
            if let Ok(value) = serde_json::from_str(text) {
                assert_eq!(duplicate_key_in(text, &value).as_deref(), key, "{text}");
                assert_eq!(serde_json::from_str::<UniqueKeys>(text).is_ok(), key.is_none(), "{text}");
            }
        }
    }
}
