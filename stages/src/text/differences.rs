//! Compares two texts of one JSON document, value by value.
//!
//! *Invariants*: two texts without a difference are equal byte for byte. If all values are equal and the texts are not, the first line that differs
//! is the difference.

use serde_json::{Map, Value, json};

use crate::text::json::line;

/// A place where two texts differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    /// The path of the value, such as `columns[0].schema.unit`. `line 3` if equal values are written differently.
    pub(crate) path: String,
    /// What is there, on one line; none if nothing is.
    pub(crate) found: Option<String>,
    /// What should be there, on one line; none if nothing should.
    pub(crate) expected: Option<String>,
}

impl Difference {
    /// Returns the difference for `--json`.
    pub(crate) fn document(&self) -> Value {
        json!({"path": self.path, "found": self.found, "expected": self.expected})
    }

    /// Returns the difference in words.
    pub(crate) fn text(&self) -> String {
        let [found, expected] = [&self.found, &self.expected].map(|side| side.as_deref().map_or("nothing".into(), samefit_text::name));
        format!("`{}`: found {found}, expected {expected}", self.path)
    }
}

/// Returns every place where a text differs from the expected one.
pub(crate) fn differences(found: &str, expected: &str) -> Vec<Difference> {
    if found == expected {
        return Vec::new();
    }
    let mut all = Vec::new();
    if let (Ok(found), Ok(expected)) = (serde_json::from_str(found), serde_json::from_str(expected)) {
        compare("", Some(&found), Some(&expected), &mut all);
    }
    if all.is_empty() { vec![first_line(found, expected)] } else { all }
}

/// Returns the path of a key in the object at `path`.
pub(crate) fn key_path(path: &str, key: &str) -> String {
    let is_plain = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    match (is_plain, path.is_empty()) {
        (true, true) => key.to_owned(),
        (true, false) => format!("{path}.{key}"),
        (false, _) => format!("{path}[{}]", Value::from(key)),
    }
}

fn compare(path: &str, found: Option<&Value>, expected: Option<&Value>, all: &mut Vec<Difference>) {
    match (found, expected) {
        (Some(Value::Object(found)), Some(Value::Object(expected))) => {
            for key in keys(found, expected) {
                compare(&key_path(path, key), found.get(key), expected.get(key), all);
            }
        }
        (Some(Value::Array(found)), Some(Value::Array(expected))) => {
            for at in 0..found.len().max(expected.len()) {
                compare(&format!("{path}[{at}]"), found.get(at), expected.get(at), all);
            }
        }
        (found, expected) if found == expected => {}
        (found, expected) => {
            all.push(Difference { path: path.to_owned(), found: found.map(line), expected: expected.map(line) });
        }
    }
}

fn keys<'a>(found: &'a Map<String, Value>, expected: &'a Map<String, Value>) -> impl Iterator<Item = &'a String> {
    found.keys().chain(expected.keys().filter(|key| !found.contains_key(*key)))
}

/// Returns the first line that is written differently: in white space, the order of keys, or a key that is named twice.
fn first_line(found: &str, expected: &str) -> Difference {
    let (mut left, mut right) = (found.split('\n'), expected.split('\n'));
    let mut number = 1;
    loop {
        match (left.next(), right.next()) {
            (Some(found), Some(expected)) if found == expected => number += 1,
            (found, expected) => {
                // in quotes, so that white space is visible
                let [found, expected] = [found, expected].map(|line| line.map(|line| Value::from(line).to_string()));
                return Difference { path: format!("line {number}"), found, expected };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(found: &str, expected: &str) -> Vec<String> {
        differences(found, expected).iter().map(Difference::text).collect()
    }

    #[test]
    fn every_difference_has_a_path() {
        let found = r#"{"a": {"b c": 1, "d": [1, 2, {"e": "x"}]}, "f": null}"#;
        let expected = r#"{"a": {"b c": 2, "d": [1, 2.0, {"e": "y"}, 3]}, "g": false}"#;
        let expected_texts = [
            "`a[\"b c\"]`: found 1, expected 2",
            "`a.d[1]`: found 2, expected 2.0",
            "`a.d[2].e`: found \"x\", expected \"y\"",
            "`a.d[3]`: found nothing, expected 3",
            "`f`: found null, expected nothing",
            "`g`: found nothing, expected false",
        ];
        assert_eq!(texts(found, expected), expected_texts);
        assert!(texts(found, found).is_empty());
    }

    #[test]
    fn equal_values_written_differently_differ_in_a_line() {
        assert_eq!(texts("{\"a\": 1,\n\"b\": 2}\n", "{\"a\": 1,\n \"b\": 2}\n"), [r#"`line 2`: found "\"b\": 2}", expected " \"b\": 2}""#]);
        assert_eq!(texts("{}\n\n", "{}\n"), ["`line 3`: found \"\", expected nothing"]);
        assert_eq!(texts("{\"b\": 1, \"a\": 2}", "{\"a\": 2, \"b\": 1}").len(), 1);
        assert_eq!(texts("{\"a\": 3, \"a\": 2}", "{\"a\": 2}").len(), 1);
        assert_eq!(texts("no JSON", "{}"), ["`line 1`: found \"no JSON\", expected \"{}\""]);
    }
}
