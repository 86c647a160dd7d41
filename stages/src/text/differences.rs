//! Two texts of one document to the places where they differ.
//!
//! *Invariants*: texts without a difference are equal as bytes: where all values are equal and the texts are not, the place is a line.

use serde_json::{Map, Value, json};

use crate::text::json::line;

/// What a text has at a place that another has differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    /// Where: `columns[0].schema.unit`, or `line 3` where the same values are written differently.
    pub(crate) place: String,
    /// What stands there, on one line; none if nothing does.
    pub(crate) found: Option<String>,
    /// What should stand there, on one line; none if nothing should.
    pub(crate) expected: Option<String>,
}

impl Difference {
    /// The difference as a value for `--json`.
    pub(crate) fn document(&self) -> Value {
        json!({"path": self.place, "found": self.found, "expected": self.expected})
    }

    /// The difference in words.
    pub(crate) fn text(&self) -> String {
        let [found, expected] = [&self.found, &self.expected].map(|side| side.as_deref().map_or("nothing".into(), samefit_text::name));
        format!("`{}`: found {found}, expected {expected}", self.place)
    }
}

/// Every place where a text differs from the expected one.
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

/// The place of a key in the object at a place.
pub(crate) fn below(place: &str, key: &str) -> String {
    let is_plain = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    match (is_plain, place.is_empty()) {
        (true, true) => key.to_owned(),
        (true, false) => format!("{place}.{key}"),
        (false, _) => format!("{place}[{}]", Value::from(key)),
    }
}

fn compare(place: &str, found: Option<&Value>, expected: Option<&Value>, all: &mut Vec<Difference>) {
    match (found, expected) {
        (Some(Value::Object(found)), Some(Value::Object(expected))) => {
            for key in keys(found, expected) {
                compare(&below(place, key), found.get(key), expected.get(key), all);
            }
        }
        (Some(Value::Array(found)), Some(Value::Array(expected))) => {
            for at in 0..found.len().max(expected.len()) {
                compare(&format!("{place}[{at}]"), found.get(at), expected.get(at), all);
            }
        }
        (found, expected) if found == expected => {}
        (found, expected) => {
            all.push(Difference { place: place.to_owned(), found: found.map(line), expected: expected.map(line) });
        }
    }
}

fn keys<'a>(found: &'a Map<String, Value>, expected: &'a Map<String, Value>) -> impl Iterator<Item = &'a String> {
    found.keys().chain(expected.keys().filter(|key| !found.contains_key(*key)))
}

/// The first line that is written differently: white space, the order of keys, a key that stands twice.
fn first_line(found: &str, expected: &str) -> Difference {
    let (mut left, mut right) = (found.split('\n'), expected.split('\n'));
    let mut number = 1;
    loop {
        match (left.next(), right.next()) {
            (Some(found), Some(expected)) if found == expected => number += 1,
            (found, expected) => {
                // quoted, so that white space shows
                let [found, expected] = [found, expected].map(|line| line.map(|line| Value::from(line).to_string()));
                return Difference { place: format!("line {number}"), found, expected };
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
    fn every_place_is_named() {
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
    fn equal_values_that_are_written_differently_differ_in_a_line() {
        assert_eq!(texts("{\"a\": 1,\n\"b\": 2}\n", "{\"a\": 1,\n \"b\": 2}\n"), [r#"`line 2`: found "\"b\": 2}", expected " \"b\": 2}""#]);
        assert_eq!(texts("{}\n\n", "{}\n"), ["`line 3`: found \"\", expected nothing"]);
        assert_eq!(texts("{\"b\": 1, \"a\": 2}", "{\"a\": 2, \"b\": 1}").len(), 1);
        assert_eq!(texts("{\"a\": 3, \"a\": 2}", "{\"a\": 2}").len(), 1);
        assert_eq!(texts("no JSON", "{}"), ["`line 1`: found \"no JSON\", expected \"{}\""]);
    }
}
