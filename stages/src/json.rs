//! JSON values to the text of our files and of `--json`, and text to values.
//!
//! *Invariants*: a value that fits on one line of `LINE_CHARS_MAX` characters stands on one line, as in all our files.

use serde_json::Value;

use crate::engine::Answer;
use crate::failure::{Failure, Fault};

/// Longest line that is not broken, in characters.
const LINE_CHARS_MAX: usize = 100;

/// The text of a document, ended by a line break.
pub fn document(value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, value, 0, 0);
    out.push('\n');
    out
}

/// Reads a document that a person gave us at `path`.
pub fn parse(text: &str, path: &str) -> Answer<Value> {
    let value = serde_json::from_str(text).map_err(|error| not_json(text, &error).in_file(path))?;
    samefit_json::key_twice_in(text, &value).map_or(Ok(value), |key| Err(key_twice(&key).in_file(path)))
}

fn key_twice(key: &str) -> Fault {
    Fault::new("duplicate-key", format!("an object names the key `{}` twice", samefit_text::name(key)), "name each key once")
}

/// Reads a document that the engine gave us, which is always JSON.
pub fn parse_ours(text: &str) -> Answer<Value> {
    serde_json::from_str(text).map_err(|error| Failure::Trap(format!("an answer that is not JSON: {error}")))
}

fn not_json(text: &str, error: &serde_json::Error) -> Fault {
    match () {
        () if text.trim().is_empty() => Fault::new("json", "found nothing, expected JSON", "check that this is the right file"),
        () if error.is_eof() => {
            let sentence = format!("the JSON is cut off at line {} column {}", error.line(), error.column());
            Fault::new("json", sentence, "copy the file again, whole")
        }
        () => Fault::new("json", format!("this is not JSON: {error}"), "correct the text there, or check that this is the right file"),
    }
}

/// `used`: characters that stand on the line already.
fn write(out: &mut String, value: &Value, indent: usize, used: usize) {
    let line = line(value);
    let fits = used + line.chars().count() <= LINE_CHARS_MAX;
    match value {
        Value::Array(items) if !fits => {
            write_items(out, indent, ['[', ']'], items, |out, item| write(out, item, indent + 2, indent + 3));
        }
        Value::Object(entries) if !fits => write_items(out, indent, ['{', '}'], entries, |out, (key, item)| {
            let key = format!("{}: ", Value::from(key.as_str()));
            out.push_str(&key);
            write(out, item, indent + 2, indent + 3 + key.chars().count());
        }),
        _ => out.push_str(&line),
    }
}

fn write_items<T>(
    out: &mut String,
    indent: usize,
    brackets: [char; 2],
    items: impl IntoIterator<Item = T>,
    mut write: impl FnMut(&mut String, T),
) {
    out.push(brackets[0]);
    for (i, item) in items.into_iter().enumerate() {
        out.push_str(if i == 0 { "\n" } else { ",\n" });
        out.push_str(&" ".repeat(indent + 2));
        write(out, item);
    }
    out.push('\n');
    out.push_str(&" ".repeat(indent));
    out.push(brackets[1]);
}

/// The text of a value on one line.
pub fn line(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(line).collect::<Vec<_>>().join(", ")),
        Value::Object(entries) => {
            let entries: Vec<String> = entries.iter().map(|(key, item)| format!("{}: {}", Value::from(key.as_str()), line(item))).collect();
            format!("{{{}}}", entries.join(", "))
        }
        scalar => scalar.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn short_values_stay_on_a_line_and_long_ones_are_broken() {
        assert_eq!(document(&json!({"a": [1, 2.5], "b": {"c": null}})), "{\"a\": [1, 2.5], \"b\": {\"c\": null}}\n");
        let long = "x".repeat(90);
        assert_eq!(document(&json!({"a": [long, 1]})), format!("{{\n  \"a\": [\n    \"{long}\",\n    1\n  ]\n}}\n"));
    }

    #[test]
    fn a_key_that_stands_twice_is_an_error() {
        let text = parse("{\"a\": {\"b\": 1, \"b\": 2}}", "s.json").unwrap_err().to_string();
        assert_eq!(text, "error: s.json: an object names the key `b` twice\nhelp: name each key once");
    }

    #[test]
    fn text_that_is_cut_off_is_said_to_be() {
        let text = parse("{\"a\": [1, ", "model.json").unwrap_err().to_string();
        assert_eq!(text, "error: model.json: the JSON is cut off at line 1 column 10\nhelp: copy the file again, whole");
    }
}
