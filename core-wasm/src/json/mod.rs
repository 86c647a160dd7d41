//! Reads JSON documents, with errors that say what is wrong, and writes them in the layout of [`samefit_formats::json`].

mod shape;

use crate::error::{Code, Error, Result, list, shorten};
use samefit_formats::keys::{duplicate_key, duplicate_key_in};
use samefit_formats::syntax::{Place, SyntaxError};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

pub use samefit_formats::json::line;

/// Returns the text of a document, with a line break at its end.
pub fn document(value: &impl Serialize) -> String {
    // our documents are structs, and maps with text keys, which always have a value
    samefit_formats::json::document(&serde_json::to_value(value).unwrap_or(Value::Null))
}

/// Writes a number for a sentence: the shortest text that reads back as the same f64. A very small or very large one has an exponent.
pub fn number(value: f64) -> String {
    let text = Value::from(value).to_string();
    text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned)
}

/// Reads a document. `what` names it in errors: "a plan".
///
/// # Errors
/// `json` for text that is not JSON, `duplicate-key` for an object with a key twice, and `code` for JSON of another shape.
pub fn parse<T: DeserializeOwned>(text: &str, code: Code, what: &str) -> Result<T> {
    let parsed = serde_json::from_str(text);
    // text that is not JSON has another error, even if it has a key twice before
    if parsed.as_ref().err().is_none_or(serde_json::Error::is_data)
        && let Some(key) = duplicate_key(text)
    {
        return Err(key_twice(&key));
    }
    parsed.map_err(|error| explain(&error, text, code, what))
}

/// Reads a value of any shape. Faster than [`parse`], for records, of which there may be millions.
///
/// # Errors
/// Those of [`parse`].
pub fn value(text: &str, code: Code, what: &str) -> Result<Value> {
    let parsed = serde_json::from_str(text).map_err(|error| explain(&error, text, code, what))?;
    duplicate_key_in(text, &parsed).map_or(Ok(parsed), |key| Err(key_twice(&key)))
}

/// Reads a document that a person wrote from its value. `what` names it in errors: "a plan".
///
/// # Errors
/// `code`, with the key that is wrong, missing or unknown, and what was expected there.
pub fn from_value<T: DeserializeOwned>(value: &Value, code: Code, what: &str) -> Result<T> {
    shape::read(value).map_err(|wrong| {
        let mut error = Error::new(code, format!("this is not {what}: {wrong}"), "correct it as docs/formats.md says");
        (error.found, error.expected) = (wrong.found, wrong.expected);
        error
    })
}

fn key_twice(key: &str) -> Error {
    Error::new(Code::DuplicateKey, format!("an object names the key {} twice", list([key])), "name each key once")
}

fn explain(error: &serde_json::Error, text: &str, code: Code, what: &str) -> Error {
    match SyntaxError::of(text, error) {
        Some(SyntaxError::Empty) => Error::new(Code::Json, format!("found nothing, expected {what}"), SyntaxError::Empty.help()),
        Some(wrong) => Error::new(Code::Json, wrong.to_string(), wrong.help()),
        None => {
            let format = format_of(text).map_or_else(String::new, |format| format!(" of the format `{}`", shorten(&format)));
            let sentence = format!("this is not {what}: the JSON{format} has another shape {}", Place::of(text, error));
            Error::new(code, sentence, "check that this is the right file, and see docs/formats.md")
        }
    }
}

/// The format that a document names, as all of ours do.
fn format_of(text: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Named {
        format: String,
    }
    serde_json::from_str(text).ok().map(|Named { format }| format)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duplicate_key_is_an_error() {
        for text in ["{\"a\": [{\"b\": 1, \"b\": 1}]}", "{\"b\": 0, \"\\u0062\": 1}"] {
            let error = parse::<Value>(text, Code::Plan, "a plan").unwrap_err();
            assert_eq!(error.text(), "an object names the key `b` twice\nname each key once", "{text}");
            assert_eq!(value(text, Code::Plan, "a plan").unwrap_err(), error);
        }
    }

    #[test]
    fn text_that_is_cut_off_says_so() {
        let error = parse::<Value>("{\"a\": [1, ", Code::Plan, "a plan").unwrap_err();
        assert_eq!(error.text(), "the JSON is cut off after 10 characters\ncopy the file again, whole");
    }

    #[test]
    fn json_of_another_shape_has_a_place() {
        let error = parse::<Vec<String>>("[\n  \"a\",\n  1\n]\n", Code::Plan, "a list").unwrap_err();
        assert_eq!(
            (error.code, error.sentence.as_str()),
            (Code::Plan, "this is not a list: the JSON has another shape at line 3, column 3")
        );
    }
}
