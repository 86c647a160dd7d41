//! Values to the JSON text of our files, and text to values with errors that people can use.
//!
//! *Invariants*: equal values give equal bytes. A value that fits on one line of [`LINE_CHARS_MAX`] characters stands on one line.

use crate::error::{Error, Result};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// Longest line that is not broken, in characters.
const LINE_CHARS_MAX: usize = 100;

/// The text of a document, ended by a line break.
pub fn document(value: &impl Serialize) -> String {
    // our documents are structs and maps with text keys: they always have a value
    let value = serde_json::to_value(value).unwrap_or(Value::Null);
    let mut out = String::new();
    write_value(&mut out, &value, 0, 0);
    out.push('\n');
    out
}

/// The text of a value on one line, without a line break.
pub fn line(value: &Value) -> String {
    let mut out = String::new();
    write_line(&mut out, value);
    out
}

/// Reads a document. `code` is the error for JSON of another shape; text that is not JSON at all is `json`.
pub fn parse<T: DeserializeOwned>(text: &str, code: &'static str, what: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| explain(&error, text, code, what))
}

fn explain(error: &serde_json::Error, text: &str, code: &'static str, what: &str) -> Error {
    use serde_json::error::Category;
    match error.classify() {
        _ if text.trim().is_empty() => {
            Error::new("json", format!("found nothing, expected {what} (JSON)"), "check that this is the right file")
        }
        Category::Eof => Error::new(
            "json",
            format!("the JSON is cut off at line {} column {}", error.line(), error.column()),
            "copy the file again, whole",
        ),
        Category::Data => {
            Error::new(code, format!("this is not {what}: {error}"), "check that this is the right file, and see docs/formats.md")
        }
        _ => Error::new("json", format!("this is not JSON: {error}"), "correct the text there, or check that this is the right file"),
    }
}

fn write_value(out: &mut String, value: &Value, indent: usize, used: usize) {
    let start = out.len();
    write_line(out, value);
    if used + out[start..].chars().count() <= LINE_CHARS_MAX {
        return;
    }
    match value {
        Value::Array(items) => {
            out.truncate(start);
            write_items(out, indent, '[', ']', items.iter(), |out, item| write_value(out, item, indent + 2, indent + 3));
        }
        Value::Object(entries) => {
            out.truncate(start);
            write_items(out, indent, '{', '}', entries.iter(), |out, (key, item)| {
                let key_start = out.len();
                write_key(out, key);
                let used = indent + 3 + out[key_start..].chars().count();
                write_value(out, item, indent + 2, used);
            });
        }
        _ => {}
    }
}

fn write_items<T>(
    out: &mut String,
    indent: usize,
    open: char,
    close: char,
    items: impl Iterator<Item = T>,
    mut write: impl FnMut(&mut String, T),
) {
    out.push(open);
    for (i, item) in items.enumerate() {
        out.push_str(if i == 0 { "\n" } else { ",\n" });
        out.extend(std::iter::repeat_n(' ', indent + 2));
        write(out, item);
    }
    out.push('\n');
    out.extend(std::iter::repeat_n(' ', indent));
    out.push(close);
}

fn write_line(out: &mut String, value: &Value) {
    match value {
        Value::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                write_line(out, item);
            }
            out.push(']');
        }
        Value::Object(entries) => {
            out.push('{');
            for (i, (key, item)) in entries.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                write_key(out, key);
                write_line(out, item);
            }
            out.push('}');
        }
        scalar => out.push_str(&scalar.to_string()),
    }
}

fn write_key(out: &mut String, key: &str) {
    out.push_str(&Value::from(key).to_string());
    out.push_str(": ");
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn short_values_stay_on_a_line() {
        assert_eq!(document(&json!({"a": [1, 2.5], "b": {"c": null}})), "{\"a\": [1, 2.5], \"b\": {\"c\": null}}\n");
    }

    #[test]
    fn long_values_are_broken() {
        let long = "x".repeat(90);
        assert_eq!(document(&json!({"a": [long, 1]})), format!("{{\n  \"a\": [\n    \"{long}\",\n    1\n  ]\n}}\n"));
    }

    #[test]
    fn cut_off_text_is_said_to_be_cut_off() {
        let error = parse::<Value>("{\"a\": [1, ", "plan", "a plan").unwrap_err();
        assert_eq!(error.text, "the JSON is cut off at line 1 column 10\ncopy the file again, whole");
    }
}
