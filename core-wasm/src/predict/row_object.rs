//! A row of a table as a JSON object: its cells, its prediction, and its status.

use super::outcome::{Refusal, Status};
use crate::decimal::{is_missing, trim};
use serde_json::{Map, Number, Value};

/// Key of what became of a record.
pub(super) const STATUS: &str = "status";
/// Key of the reason why a record has no prediction.
pub(super) const PROBLEM: &str = "problem";

/// Returns a cell as a JSON value: null without a value, a number if JSON writes numbers so, else the text as it stands.
pub(super) fn cell_value(cell: &[u8]) -> Value {
    let text = trim(cell);
    if is_missing(text) {
        return Value::Null;
    }
    number(text).map_or_else(|| Value::from(String::from_utf8_lossy(cell)), Value::Number)
}

/// Returns the number that a text is in JSON, with its digits as they are written.
fn number(text: &[u8]) -> Option<Number> {
    let begins = text.first().is_some_and(|byte| byte.is_ascii_digit() || *byte == b'-');
    begins.then(|| serde_json::from_slice(text).ok()).flatten()
}

/// Returns the entries that a row without a prediction gets.
pub(super) fn refused_entries(refusal: &Refusal) -> Map<String, Value> {
    Map::from_iter([(PROBLEM.to_owned(), Value::from(refusal.problem.as_str()))])
}

/// Returns the entry with the status of a row.
pub(super) fn status_entries(status: Status) -> Map<String, Value> {
    Map::from_iter([(STATUS.to_owned(), Value::from(status.name()))])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_a_number_if_json_writes_it_so() {
        let json = |cell: &str| cell_value(cell.as_bytes()).to_string();
        let cases = [
            ("1001", "1001"),
            (" 1.50 ", "1.50"),
            ("-0.10e-7", "-0.10e-7"),
            ("9007199254740993", "9007199254740993"),
            ("NA", "null"),
            ("", "null"),
            ("007", r#""007""#),
            ("+5", r#""+5""#),
            (".5", r#"".5""#),
            ("3,14", r#""3,14""#),
            ("1 2", r#""1 2""#),
            (" lake, \"old\" ", r#"" lake, \"old\" ""#),
            ("true", r#""true""#),
            ("[1]", r#""[1]""#),
        ];
        for (cell, expected) in cases {
            assert_eq!(json(cell), expected, "{cell}");
        }
    }
}
