//! Reads JSON documents, with errors that name the file, and writes them in the layout of [`samefit_formats::json`].

use serde_json::Value;

use crate::error::{Error, InputError, Result};

pub use samefit_formats::json::{document, line};

/// Reads a document that a person gave us at `path`.
pub fn parse(text: &str, path: &str) -> Result<Value> {
    let value = serde_json::from_str(text).map_err(|error| not_json(text, &error).in_file(path))?;
    samefit_formats::keys::key_twice_in(text, &value).map_or(Ok(value), |key| Err(key_twice(&key).in_file(path)))
}

fn key_twice(key: &str) -> InputError {
    InputError::new("duplicate-key", format!("an object names the key `{}` twice", samefit_text::name(key)), "name each key once")
}

/// Reads a document that the engine gave us, which is always JSON.
pub fn parse_ours(text: &str) -> Result<Value> {
    serde_json::from_str(text).map_err(|error| Error::Trap(format!("an answer that is not JSON: {error}")))
}

fn not_json(text: &str, error: &serde_json::Error) -> InputError {
    match () {
        () if text.trim().is_empty() => InputError::new("json", "found nothing, expected JSON", "check that this is the right file"),
        () if error.is_eof() => {
            let sentence = format!("the JSON is cut off at line {} column {}", error.line(), error.column());
            InputError::new("json", sentence, "copy the file again, whole")
        }
        () => InputError::new("json", format!("this is not JSON: {error}"), "correct the text there, or check that this is the right file"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
