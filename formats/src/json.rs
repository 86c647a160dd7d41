//! Lays out JSON documents.
//!
//! A value that fits on one line of [`LINE_CHARS_MAX`] characters stands on one line. A longer array or object has one entry on each line; if
//! all its entries are scalars, each line has as many as fit.
//!
//! *Invariants*: equal values have equal text.

use serde_json::Value;

/// Longest line of a value that is not broken, in characters.
const LINE_CHARS_MAX: usize = 100;

/// Returns the text of a document, with a line break at its end.
#[must_use]
pub fn document(value: &Value) -> String {
    let mut out = String::new();
    write_value(&mut out, value, 0, 0);
    out.push('\n');
    out
}

/// Returns the text of a value on one line, without a line break.
#[must_use]
pub fn line(value: &Value) -> String {
    let mut out = String::new();
    write_line(&mut out, value, usize::MAX);
    out
}

fn write_value(out: &mut String, value: &Value, indent: usize, used: usize) {
    let start = out.len();
    // a character has at most four bytes, so a longer text is too long for a line
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

/// Writes entries on lines of their own or, with `fill`, as many on each line as fit.
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
    let mut entry = String::new();
    for (i, (key, item)) in entries.enumerate() {
        out.push_str(if i == 0 { "" } else { "," });
        entry.clear();
        if let Some(key) = key {
            write_key(&mut entry, key);
        }
        // one more for the comma after the entry
        let used_by_key = indent + entry.chars().count() + 1;
        if !fill {
            start_line(out, indent);
            out.push_str(&entry);
            write_value(out, item, indent, used_by_key);
            continue;
        }
        write_value(&mut entry, item, indent, used_by_key);
        let chars = entry.chars().count();
        if used + 2 + chars <= LINE_CHARS_MAX {
            out.push(' ');
            used += 2 + chars;
        } else {
            start_line(out, indent);
            used = indent + chars + 1;
        }
        out.push_str(&entry);
    }
    start_line(out, indent - 2);
    out.push(close);
}

fn start_line(out: &mut String, indent: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n(' ', indent));
}

/// Writes a value on one line. Stops and returns false if an entry starts after the offset `end`.
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
        Value::String(text) => write_text(out, text),
        scalar => out.push_str(&scalar.to_string()),
    }
    true
}

fn write_key(out: &mut String, key: &str) {
    write_text(out, key);
    out.push_str(": ");
}

fn write_text(out: &mut String, text: &str) {
    // most texts are numbers and names, in which no character is special
    if text.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\') {
        out.push('"');
        out.push_str(text);
        out.push('"');
    } else {
        out.push_str(&Value::from(text).to_string());
    }
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
}
