//! Values to the JSON text of our files, and text to values with errors that people can use.
//!
//! *Invariants*: equal values give equal bytes. A value that fits on one line of [`LINE_CHARS_MAX`] characters stands on one line; a longer
//! one has an entry a line, or, if all its entries are numbers, texts and the like, as many as fit on a line.

use crate::error::{Error, Result, list};
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
    write_line(&mut out, value, usize::MAX);
    out
}

/// Reads a document. `code` is the error for JSON of another shape; text that is not JSON at all is `json`, and an object that names a key
/// twice is `duplicate-key`.
pub fn parse<T: DeserializeOwned>(text: &str, code: &'static str, what: &str) -> Result<T> {
    let parsed = serde_json::from_str(text);
    // a reader that knows the key has its own words for it
    if parsed.as_ref().err().is_none_or(serde_json::Error::is_data)
        && let Some(key) = samefit_json::key_twice(text)
    {
        return Err(key_twice(&key));
    }
    parsed.map_err(|error| explain(&error, text, code, what))
}

/// Reads a value of any shape, of which there may be millions: as [`parse`], and nearly as fast as without looking for keys.
pub fn value(text: &str, code: &'static str, what: &str) -> Result<Value> {
    let parsed = serde_json::from_str(text).map_err(|error| explain(&error, text, code, what))?;
    samefit_json::key_twice_in(text, &parsed).map_or(Ok(parsed), |key| Err(key_twice(&key)))
}

fn key_twice(key: &str) -> Error {
    Error::new("duplicate-key", format!("an object names the key {} twice", list([key])), "name each key once")
}

/// A value as the document that it is part of; `code` as for [`parse`].
pub fn from_value<T: DeserializeOwned>(value: Value, code: &'static str, what: &str) -> Result<T> {
    serde_json::from_value(value)
        .map_err(|error| Error::new(code, format!("this is not {what}: {error}"), "correct it as docs/formats.md says"))
}

fn explain(error: &serde_json::Error, text: &str, code: &'static str, what: &str) -> Error {
    use serde_json::error::Category;
    match error.classify() {
        _ if text.trim().is_empty() => Error::new("json", format!("found nothing, expected {what}"), "check that this is the right file"),
        Category::Eof => Error::new("json", format!("the JSON is cut off {}", place(text, error)), "copy the file again, whole"),
        Category::Data => {
            Error::new(code, format!("this is not {what}: {error}"), "check that this is the right file, and see docs/formats.md")
        }
        _ => Error::new("json", format!("this is not JSON: {error}"), "correct the text there, or check that this is the right file"),
    }
}

/// Where an error stands in a text of one line or of many.
fn place(text: &str, error: &serde_json::Error) -> String {
    match text.trim_end().contains('\n') {
        true => format!("at line {} column {}", error.line(), error.column()),
        false => format!("after {} characters", error.column()),
    }
}

fn write_value(out: &mut String, value: &Value, indent: usize, used: usize) {
    let start = out.len();
    // no character has more than four bytes, so there is no need to write more than that to see that it is too long
    let whole = write_line(out, value, start + 4 * LINE_CHARS_MAX);
    if whole && used + out[start..].chars().count() <= LINE_CHARS_MAX {
        return;
    }
    match value {
        Value::Array(items) => {
            out.truncate(start);
            let all_scalars = items.iter().all(is_scalar);
            write_entries(out, indent, ['[', ']'], all_scalars, items.iter().map(|item| (None, item)));
        }
        Value::Object(entries) => {
            out.truncate(start);
            let all_scalars = entries.values().all(is_scalar);
            write_entries(out, indent, ['{', '}'], all_scalars, entries.iter().map(|(key, item)| (Some(key.as_str()), item)));
        }
        _ => {}
    }
}

fn is_scalar(value: &Value) -> bool {
    !matches!(value, Value::Array(_) | Value::Object(_))
}

/// Entries on lines of their own, or filled into lines.
fn write_entries<'a>(
    out: &mut String,
    indent: usize,
    [open, close]: [char; 2],
    fill: bool,
    entries: impl Iterator<Item = (Option<&'a str>, &'a Value)>,
) {
    out.push(open);
    let indent = indent + 2;
    let mut used = LINE_CHARS_MAX;
    for (i, (key, item)) in entries.enumerate() {
        let mut entry = String::new();
        if let Some(key) = key {
            write_key(&mut entry, key);
        }
        let key_chars = entry.chars().count();
        // one more for the comma behind the entry
        write_value(&mut entry, item, indent, indent + key_chars + 1);
        let chars = entry.chars().count();
        out.push_str(if i == 0 { "" } else { "," });
        if fill && used + 2 + chars <= LINE_CHARS_MAX {
            out.push(' ');
            used += 2 + chars;
        } else {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', indent));
            used = indent + chars + 1;
        }
        out.push_str(&entry);
    }
    out.push('\n');
    out.extend(std::iter::repeat_n(' ', indent - 2));
    out.push(close);
}

/// Writes a value on one line, or the beginning of it: false if an entry would start beyond `end`.
fn write_line(out: &mut String, value: &Value, end: usize) -> bool {
    match value {
        Value::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                out.push_str(if i > 0 { ", " } else { "" });
                if out.len() > end || !write_line(out, item, end) {
                    return false;
                }
            }
            out.push(']');
        }
        Value::Object(entries) => {
            out.push('{');
            for (i, (key, item)) in entries.iter().enumerate() {
                out.push_str(if i > 0 { ", " } else { "" });
                if out.len() > end {
                    return false;
                }
                write_key(out, key);
                if !write_line(out, item, end) {
                    return false;
                }
            }
            out.push('}');
        }
        scalar => out.push_str(&scalar.to_string()),
    }
    true
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
        assert_eq!(document(&json!({"a": [[long], 1]})), format!("{{\n  \"a\": [\n    [\"{long}\"],\n    1\n  ]\n}}\n"));
    }

    #[test]
    fn characters_are_counted_not_bytes() {
        let lines = |value: Value| document(&value).lines().count();
        let wide = |count: usize| "\u{1f600}".repeat(count);
        assert_eq!((lines(json!([wide(96)])), lines(json!([wide(97)]))), (1, 3));
        assert_eq!((lines(json!(vec![wide(1); 20])), lines(json!(vec![wide(1); 21]))), (1, 4));
        assert_eq!((lines(json!({"a": [wide(89)]})), lines(json!({"a": [wide(90)]}))), (1, 5));
    }

    #[test]
    fn long_lists_of_numbers_are_filled_into_lines() {
        let text = document(&json!({"a": (1000..1030).collect::<Vec<_>>()}));
        assert_eq!(text.lines().map(|line| line.chars().count()).collect::<Vec<_>>(), [1, 8, 99, 86, 3, 1], "{text}");
    }

    #[test]
    fn a_key_that_stands_twice_is_an_error() {
        for text in ["{\"a\": [{\"b\": 1, \"b\": 1}]}", "{\"b\": 0, \"\\u0062\": 1}"] {
            let error = parse::<Value>(text, "plan", "a plan").unwrap_err();
            assert_eq!(error.text, "an object names the key `b` twice\nname each key once", "{text}");
            assert_eq!(value(text, "plan", "a plan").unwrap_err(), error);
        }
    }

    #[test]
    fn cut_off_text_is_said_to_be_cut_off() {
        let error = parse::<Value>("{\"a\": [1, ", "plan", "a plan").unwrap_err();
        assert_eq!(error.text, "the JSON is cut off after 10 characters\ncopy the file again, whole");
    }
}
