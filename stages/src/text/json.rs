//! Reads and writes JSON documents. They are written in the layout of [`samefit_formats::json`].

use serde_json::Value;
use serde_json::error::Category;

use crate::code::Code;
use crate::error::{Error, InputError, Result};

pub use samefit_formats::json::{document, line};

/// Reads a document that the user gave, from the file at `path`.
///
/// # Errors
/// `json` with line and column if the text is not JSON, or has numbers beyond f64 or objects more than 128 deep; `duplicate-key` if an object names a key twice.
pub fn parse(text: &str, path: &str) -> Result<Value> {
    let value = serde_json::from_str(text).map_err(|error| not_json(text, &error).in_file(path))?;
    samefit_formats::keys::duplicate_key_in(text, &value).map_or(Ok(value), |key| Err(duplicate_key(&key).in_file(path)))
}

/// Reads a document that the engine returned. Text that is not JSON is a bug of the engine.
pub fn parse_ours(text: &str) -> Result<Value> {
    serde_json::from_str(text)
        .map_err(|error| Error::Trap(format!("an answer that is not JSON at line {} column {}", error.line(), error.column())))
}

fn duplicate_key(key: &str) -> InputError {
    let sentence = format!("an object names the key `{}` twice", samefit_text::name(key));
    InputError::new(Code::DuplicateKey, sentence, "name each key once")
}

fn not_json(text: &str, error: &serde_json::Error) -> InputError {
    let place = format!("line {} column {}", error.line(), error.column());
    let (sentence, help) = match error.classify() {
        _ if text.trim().is_empty() => ("found nothing, expected JSON".to_owned(), "check that this is the right file"),
        Category::Eof => (format!("the JSON is cut off at {place}"), "copy the file again, whole"),
        Category::Syntax | Category::Data | Category::Io => {
            (format!("the JSON is wrong at {place}"), "correct the text there, or check that this is the right file")
        }
    };
    InputError::new(Code::Json, sentence, help)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        parse(text, "model.json").unwrap_err().to_string()
    }

    #[test]
    fn a_key_twice_is_an_error() {
        let text = error("{\"a\": {\"b\": 1, \"b\": 2}}");
        assert_eq!(text, "error: model.json: an object names the key `b` twice\nhelp: name each key once");
    }

    #[test]
    fn errors_name_line_and_column() {
        assert_eq!(error("{\"a\": [1, "), "error: model.json: the JSON is cut off at line 1 column 10\nhelp: copy the file again, whole");
        let text = error("{\"a\":\n 1,}");
        assert!(text.starts_with("error: model.json: the JSON is wrong at line 2 column 4\nhelp: "), "{text}");
        assert!(error(" \n").starts_with("error: model.json: found nothing, expected JSON\nhelp: "));
    }
}
