//! The text of a JSON object to the places of its keys and values, and these to cells.
//!
//! *Invariants*: what is scanned is JSON without a key twice, and the entries are those that `serde_json` reads; numbers as Python writes them
//! are accepted too (`samefit_kernels::objects`). What is not scanned, some of which is JSON, has to be read by
//! [`records::parse_object`](crate::records::parse_object), which also says what is wrong.

use crate::terms::check_unique;
use samefit_formats::syntax;
use samefit_kernels::objects::{self, ObjectScanner, ScannedValue, ValueKind};
use std::borrow::Cow;

const _: () = assert!(objects::DEPTH_MAX == syntax::DEPTH_MAX, "the scan reads as deep as the tree");

/// Scans one object after another.
#[derive(Default)]
pub(crate) struct ObjectScan {
    scanner: ObjectScanner,
    /// The shape of which `is_ambiguous` tells.
    shape: u64,
    /// Whether the last object has a key twice, written in two ways.
    is_ambiguous: bool,
}

impl ObjectScan {
    /// Scans an object with white space around it. Returns whether that was possible.
    pub(crate) fn scan(&mut self, text: &[u8]) -> bool {
        self.scanner.scan(text) && !self.is_ambiguous()
    }

    /// Returns a number that changes when the keys are not those of the object before.
    pub(crate) fn shape(&self) -> u64 {
        self.scanner.shape()
    }

    /// Returns the values of the last object, in the order of the text.
    pub(crate) fn values(&self) -> &[ScannedValue] {
        self.scanner.values()
    }

    /// Returns the keys of the last object.
    pub(crate) fn names(&self) -> Vec<String> {
        self.scanner.keys().map(unescaped).collect()
    }

    fn is_ambiguous(&mut self) -> bool {
        if self.shape != self.scanner.shape() {
            self.shape = self.scanner.shape();
            self.is_ambiguous = self.scanner.has_escapes() && check_unique(&self.names(), "").is_err();
        }
        self.is_ambiguous
    }
}

/// Returns a value as the cell of a table: null is empty, and what is nested is its JSON.
pub(crate) fn cell<'t>(value: &ScannedValue, text: &'t [u8]) -> Cow<'t, [u8]> {
    match value.kind {
        ValueKind::Null | ValueKind::NotANumber => Cow::Borrowed(b""),
        ValueKind::EscapedText => Cow::Owned(unescaped(value.raw(text)).into_bytes()),
        // as `serde_json` writes it, because the text may be a level
        ValueKind::Exponent => Cow::Owned(with_usual_exponent(value.raw(text))),
        _ => Cow::Borrowed(value.raw(text)),
    }
}

/// Returns a number with a small `e`, and a sign of its exponent.
fn with_usual_exponent(number: &[u8]) -> Vec<u8> {
    let at = number.iter().position(u8::is_ascii_alphabetic).unwrap_or(number.len());
    let (mantissa, exponent) = number.split_at(at);
    let digits = exponent.get(1..).unwrap_or_default();
    let sign: &[u8] = if digits.first().is_some_and(u8::is_ascii_digit) { b"e+" } else { b"e" };
    [mantissa, sign, digits].concat()
}

/// Returns the text of a string that was scanned.
fn unescaped(raw: &[u8]) -> String {
    let raw = String::from_utf8_lossy(raw);
    if !raw.contains('\\') {
        return raw.into_owned();
    }
    // the escapes have been checked, so this is a string
    serde_json::from_str(&format!("\"{raw}\"")).unwrap_or_default()
}

/// Returns JSON for a text that has `NaN`, `Infinity` and `-Infinity` where numbers stand: null for the first, and texts for the other two.
pub(crate) fn without_python_numbers(text: &str) -> Cow<'_, str> {
    if !text.contains("NaN") && !text.contains("Infinity") {
        return Cow::Borrowed(text);
    }
    let (mut out, mut rest) = (String::with_capacity(text.len() + 16), text);
    while let Some(at) = rest.find(['"', 'N', 'I', '-']) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let known = [("NaN", "null"), ("Infinity", "\"Infinity\""), ("-Infinity", "\"-Infinity\"")];
        let (read, written) = match known.into_iter().find(|(number, _)| from.starts_with(number)) {
            Some((number, json)) => (number.len(), json),
            None if from.starts_with('"') => {
                let length = string_length(from);
                (length, &from[..length])
            }
            None => (1, &from[..1]),
        };
        out.push_str(written);
        rest = &from[read..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Returns the length of the string that a text begins with, with its quotes.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    let end = text.bytes().skip(1).position(|byte| {
        let is_end = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        is_end
    });
    end.map_or(text.len(), |end| end + 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;
    use crate::json;
    use proptest::prelude::*;
    use serde_json::Value;

    /// The names and cells of an object, as the scan reads them.
    fn scanned(scan: &mut ObjectScan, text: &[u8]) -> Option<Vec<(String, Vec<u8>)>> {
        let cell = |value: &ScannedValue| match value.kind {
            ValueKind::Nested => {
                serde_json::from_slice(value.raw(text)).map_or_else(|_| b"?".to_vec(), |tree: Value| tree.to_string().into())
            }
            _ => super::cell(value, text).into_owned(),
        };
        scan.scan(text).then(|| scan.names().into_iter().zip(scan.values().iter().map(cell)).collect())
    }

    /// The same as `serde_json` reads them.
    fn parsed(text: &[u8]) -> Option<Vec<(String, Vec<u8>)>> {
        let text = std::str::from_utf8(text).ok()?;
        let Ok(Value::Object(object)) = json::value(text, Code::Record, "an object") else { return None };
        let cell = |value: Value| match value {
            Value::Null => String::new(),
            Value::String(text) => text,
            other => other.to_string(),
        };
        Some(object.into_iter().map(|(name, value)| (name, cell(value).into_bytes())).collect())
    }

    fn value() -> impl Strategy<Value = String> {
        let scalar = prop_oneof![
            4 => "-?(0|[1-9][0-9]{0,4})(\\.[0-9]{1,3})?([eE][+-]?[0-9]{1,2})?",
            1 => "-?[0-9.eE+]{1,5}",
            3 => "\"[a-z é\\PC]{0,4}\"",
            1 => Just(r#""\u00e9\n\ud83d\ude00\"""#.to_owned()),
            1 => Just(r#""\ud83d""#.to_owned()),
            1 => prop::sample::select(vec!["true", "false", "null", "nul", "True", "\"a\tb\"", "\"\\x\""]).prop_map(str::to_owned),
        ];
        scalar.prop_recursive(3, 12, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(|items| format!("[{}]", items.join(","))),
                prop::collection::vec(("[ab]", inner), 0..3).prop_map(|entries| object(&entries, ",")),
            ]
        })
    }

    fn object<K: AsRef<str>>(entries: &[(K, String)], separator: &str) -> String {
        let entries: Vec<String> = entries.iter().map(|(key, value)| format!("\"{}\":{value}", key.as_ref())).collect();
        format!("{{{}}}", entries.join(separator))
    }

    /// A few keys, so that they repeat from object to object, and now and then within one.
    fn record() -> impl Strategy<Value = String> {
        let keys = prop::sample::select(vec!["a", "b", "bc", "c", "d e", "\\u0061", "é", ""]);
        let drawn = prop::collection::vec((keys, value()), 0..5).prop_map(|entries| object(&entries, ", "));
        let usual = (value(), value()).prop_map(|(a, b)| object(&[("a", a), ("b", b)], ","));
        prop_oneof![drawn, usual]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2048))]

        /// Records, some of them damaged, have the same cells as in a tree, or both ways refuse them.
        #[test]
        fn records_are_those_of_a_tree(records in prop::collection::vec((record(), any::<prop::sample::Index>(), "[\\PC]?", 0u8..4), 1..6)) {
            let mut scan = ObjectScan::default();
            for (record, at, other, damage) in records {
                let mut text = record.into_bytes();
                let at = at.index(text.len());
                match damage {
                    0 => text[at] = other.bytes().next().unwrap_or(b'"'),
                    1 => drop(text.remove(at)),
                    _ => {}
                }
                match (scanned(&mut scan, &text), parsed(&text)) {
                    (Some(ours), Some(theirs)) => prop_assert_eq!(ours, theirs),
                    (None, None) => {}
                    // escapes in nested keys are left to the tree
                    (None, Some(_)) => prop_assert!(text.contains(&b'\\')),
                    (Some(ours), None) => prop_assert!(false, "{ours:?} of {}", String::from_utf8_lossy(&text)),
                }
            }
        }
    }

    #[test]
    fn keys_are_those_of_the_object_whatever_came_before() {
        let mut scan = ObjectScan::default();
        let names = |scan: &mut ObjectScan, text: &str| {
            scanned(scan, text.as_bytes()).map(|cells| cells.into_iter().map(|(name, _)| name).collect::<String>())
        };
        for (text, expected) in [
            (r#"{"a":1,"b":2,"c":3}"#, Some("abc")),
            (r#"{"a":1,"b":2}"#, Some("ab")),
            (r#"{"a":1,"b":2,"c":3}"#, Some("abc")),
            (r#"{"a":1,"c":2,"b":3}"#, Some("acb")),
            (r#"{"a":1,"c":2,"a":3}"#, None),
            (r#"{"a":1,"c":2,"a":3}"#, None),
            (r#"{"a":1,"c":2,"\u0061":3}"#, None),
            (r#"{"a":1,"c":{"d":1,"d":2}}"#, None),
            (r#"{"a":1,"c":{"d":1,"e":2}}"#, Some("ac")),
            ("{}", Some("")),
            (r#"{"a":1,"#, None),
            (r#"{"a":1}"#, Some("a")),
        ] {
            assert_eq!(names(&mut scan, text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn an_unchanged_shape_keeps_its_number() {
        let mut scan = ObjectScan::default();
        let shapes = [r#"{"a":1}"#, r#" {"a" : 2 } "#, r#"{"b":1}"#, r#"{"b":2}"#].map(|text| {
            assert!(scan.scan(text.as_bytes()));
            scan.shape()
        });
        assert_eq!(shapes, [1, 1, 2, 2]);
    }

    #[test]
    fn depth_is_that_of_a_tree() {
        let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
        assert!(ObjectScan::default().scan(nested(syntax::DEPTH_MAX).as_bytes()) && parsed(nested(syntax::DEPTH_MAX).as_bytes()).is_some());
        assert!(
            !ObjectScan::default().scan(nested(syntax::DEPTH_MAX + 1).as_bytes())
                && parsed(nested(syntax::DEPTH_MAX + 1).as_bytes()).is_none()
        );
    }

    #[test]
    fn numbers_of_python_are_read() {
        let text = r#"{"a": NaN, "b": -Infinity, "c": [Infinity, "NaN \" Infinity"], "d": -1, "e": "I"}"#;
        let cells = scanned(&mut ObjectScan::default(), text.as_bytes()).unwrap();
        assert_eq!(cells.iter().map(|(_, cell)| String::from_utf8_lossy(cell)).take(2).collect::<Vec<_>>(), ["", "-Infinity"]);
        let json = r#"{"a": null, "b": "-Infinity", "c": ["Infinity", "NaN \" Infinity"], "d": -1, "e": "I"}"#;
        assert_eq!(without_python_numbers(text), json);
        assert!(!ObjectScan::default().scan(br#"{"a": nan}"#));
    }
}
