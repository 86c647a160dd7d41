//! Reads JSON documents, with errors that name what is wrong, and writes them in the layout of [`samefit_formats::json`].

use crate::error::{Code, Error, Result, list};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// The text of a document, ended by a line break.
pub fn document(value: &impl Serialize) -> String {
    // our documents are structs and maps with text keys: they always have a value
    samefit_formats::json::document(&serde_json::to_value(value).unwrap_or(Value::Null))
}

pub use samefit_formats::json::line;

/// Reads a document. `code` is the error for JSON of another shape; text that is not JSON at all is `json`, and an object that names a key
/// twice is `duplicate-key`.
pub fn parse<T: DeserializeOwned>(text: &str, code: Code, what: &str) -> Result<T> {
    let parsed = serde_json::from_str(text);
    // a reader that knows the key has its own words for it
    if parsed.as_ref().err().is_none_or(serde_json::Error::is_data)
        && let Some(key) = samefit_formats::keys::key_twice(text)
    {
        return Err(key_twice(&key));
    }
    parsed.map_err(|error| explain(&error, text, code, what))
}

/// Reads a value of any shape, of which there may be millions: as [`parse`], and nearly as fast as without looking for keys.
pub fn value(text: &str, code: Code, what: &str) -> Result<Value> {
    let parsed = serde_json::from_str(text).map_err(|error| explain(&error, text, code, what))?;
    samefit_formats::keys::key_twice_in(text, &parsed).map_or(Ok(parsed), |key| Err(key_twice(&key)))
}

fn key_twice(key: &str) -> Error {
    Error::new(Code::DuplicateKey, format!("an object names the key {} twice", list([key])), "name each key once")
}

/// A value as the document that it is part of; `code` as for [`parse`].
pub fn from_value<T: DeserializeOwned>(value: Value, code: Code, what: &str) -> Result<T> {
    serde_json::from_value(value)
        .map_err(|error| Error::new(code, format!("this is not {what}: {error}"), "correct it as docs/formats.md says"))
}

fn explain(error: &serde_json::Error, text: &str, code: Code, what: &str) -> Error {
    use serde_json::error::Category;
    match error.classify() {
        _ if text.trim().is_empty() => {
            Error::new(Code::Json, format!("found nothing, expected {what}"), "check that this is the right file")
        }
        Category::Eof => Error::new(Code::Json, format!("the JSON is cut off {}", place(text, error)), "copy the file again, whole"),
        Category::Data => {
            Error::new(code, format!("this is not {what}: {error}"), "check that this is the right file, and see docs/formats.md")
        }
        _ => Error::new(Code::Json, format!("this is not JSON: {error}"), "correct the text there, or check that this is the right file"),
    }
}

/// Where an error stands in a text of one line or of many.
fn place(text: &str, error: &serde_json::Error) -> String {
    match text.trim_end().contains('\n') {
        true => format!("at line {} column {}", error.line(), error.column()),
        false => format!("after {} characters", error.column()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_stands_twice_is_an_error() {
        for text in ["{\"a\": [{\"b\": 1, \"b\": 1}]}", "{\"b\": 0, \"\\u0062\": 1}"] {
            let error = parse::<Value>(text, Code::Plan, "a plan").unwrap_err();
            assert_eq!(error.text(), "an object names the key `b` twice\nname each key once", "{text}");
            assert_eq!(value(text, Code::Plan, "a plan").unwrap_err(), error);
        }
    }

    #[test]
    fn cut_off_text_is_said_to_be_cut_off() {
        let error = parse::<Value>("{\"a\": [1, ", Code::Plan, "a plan").unwrap_err();
        assert_eq!(error.text(), "the JSON is cut off after 10 characters\ncopy the file again, whole");
    }
}
