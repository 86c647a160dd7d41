//! Reads JSON objects as records: attributes, QC records, or plain objects.
//!
//! *Not here*: many objects of the same keys, which `json_rows` reads without trees.

use crate::error::{Code, Error, Result};
use crate::json;
use crate::json_scan::{ObjectScan, without_python_numbers};
use crate::ordered::IntoOrdered;
use crate::terms::{check_columns, check_name_length, check_unique};
use samefit_formats::json_records::RECORD_SEPARATOR;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The names and values of one object, as cells.
pub struct Cells {
    /// Name, without spaces around it, and text of each value: a missing value is empty text, and a list or an object is its JSON.
    pub pairs: Vec<(String, String)>,
}

/// The key of an object under which its variables stand.
pub(crate) const VARIABLES: &str = "independent_variables";

/// Longest record, or JSON file with one record, in bytes.
pub const RECORD_BYTES_MAX: usize = 16 << 20;

/// Refuses a record of more bytes than [`RECORD_BYTES_MAX`], with the error `capacity`.
pub fn check_length(bytes: usize) -> Result<()> {
    if bytes <= RECORD_BYTES_MAX {
        return Ok(());
    }
    let sentence = format!("a record has more than {} MiB", RECORD_BYTES_MAX >> 20);
    Err(Error::new(Code::Capacity, sentence, "check that this is the right file and that its quotes are closed"))
}

/// Finds the cells of a record by their names.
pub struct Lookup<'a> {
    cells: &'a Cells,
    /// Index of each name. Built when a cell is not at its expected place.
    places: Option<BTreeMap<&'a str, usize>>,
}

impl<'a> Lookup<'a> {
    /// Finds cells of one record.
    pub fn new(cells: &'a Cells) -> Self {
        Self { cells, places: None }
    }

    /// Returns the text of a cell; `None` if there is no such cell. Looks at the index `place` first.
    pub fn text(&mut self, place: usize, name: &str) -> Option<&'a str> {
        let pairs = &self.cells.pairs;
        if let Some((_, text)) = pairs.get(place).filter(|(other, _)| other == name) {
            return Some(text);
        }
        let places = self.places.get_or_insert_with(|| pairs.iter().enumerate().map(|(at, (name, _))| (name.as_str(), at)).into_map());
        places.get(name).map(|&at| pairs[at].1.as_str())
    }
}

/// Reads the text of one object. The numbers `NaN` and `Infinity`, which are no JSON, become null and a text.
///
/// # Errors
/// `capacity`, `not-utf-8`, `json`, `duplicate-key`; `record` for JSON that is no object.
pub fn parse_object(text: &[u8]) -> Result<Map<String, Value>> {
    check_length(text.len())?;
    let Ok(text) = std::str::from_utf8(text) else {
        return Err(Error::new(Code::NotUtf8, "the bytes are not UTF-8 text", "save the file as UTF-8"));
    };
    let text = text.trim_start_matches(['\u{feff}', char::from(RECORD_SEPARATOR)]);
    let text = match text.trim_end().strip_suffix(',') {
        // a comma behind a record leaves no doubt
        Some(object) if object.trim_end().ends_with('}') => object,
        _ => text,
    };
    let value = json::value(text, Code::Record, "a JSON object").or_else(|error| match ObjectScan::default().scan(text.as_bytes()) {
        true => json::value(&without_python_numbers(text), Code::Record, "a JSON object"),
        false => Err(error),
    });
    match value? {
        Value::Object(object) => Ok(object),
        other => Err(no_object(&other)),
    }
}

/// The error of a value that should be an object.
fn no_object(found: &Value) -> Error {
    let help = match found {
        Value::Array(_) => {
            "write each record as an object with the names of the columns; in pandas: to_json(path, orient=\"records\", lines=True)"
        }
        _ => "see Attributes in docs/formats.md",
    };
    Error::found(Code::Record, &json::line(found), "an object with the values of a record", help)
}

/// Returns the variables of an object: those of `independent_variables`, and `dependent_variable` under the name `target`. An object without
/// `independent_variables` has its own entries as variables.
///
/// # Errors
/// `record`, `duplicate-column`, `column-name`, `capacity`.
pub fn cells(object: &Map<String, Value>, target: &str) -> Result<Cells> {
    let mut pairs = match object.get(VARIABLES) {
        Some(Value::Array(variables)) => {
            let mut pairs = variables.iter().map(variable).collect::<Result<Vec<_>>>()?;
            if let Some(value) = object.get("dependent_variable") {
                pairs.push((target.to_owned(), cell(value)));
            }
            pairs
        }
        Some(other) => return Err(shape(other, "an array of {\"name\": .., \"value\": ..}").in_column(VARIABLES)),
        None => object.iter().map(|(name, value)| (name.trim().to_owned(), cell(value))).collect(),
    };
    // as the names of a header
    pairs.iter_mut().filter(|(name, _)| name.trim().len() < name.len()).for_each(|(name, _)| *name = name.trim().to_owned());
    check_columns(pairs.len(), "variables of a record")?;
    pairs.iter().try_for_each(|(name, _)| check_name_length(name))?;
    check_unique(&pairs.iter().map(|(name, _)| name).collect::<Vec<_>>(), "variable of the record")?;
    Ok(Cells { pairs })
}

fn variable(value: &Value) -> Result<(String, String)> {
    let name = value.get("name").and_then(Value::as_str);
    let (Some(name), Some(value)) = (name, value.get("value")) else {
        return Err(shape(value, "{\"name\": .., \"value\": ..}").in_column(VARIABLES));
    };
    Ok((name.trim().to_owned(), cell(value)))
}

/// Returns a JSON value as the text of a cell: null as empty text, and a list or an object as its JSON.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => json::line(other),
    }
}

fn shape(found: &Value, expected: &str) -> Error {
    Error::found(Code::Record, &json::line(found), expected, "see Attributes in docs/formats.md")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comma_behind_an_object_and_a_separator_before_it_are_passed_over() {
        for text in ["{\"a\": 1}", "\u{1e}{\"a\": 1}\n", "\u{feff}{\"a\": 1},\n", "{\"a\": 1} , "] {
            assert_eq!(parse_object(text.as_bytes()).map(|object| object["a"].clone()), Ok(Value::from(1)), "{text:?}");
        }
        for text in ["{\"a\": 1},,", "{\"a\": 1,", ",{\"a\": 1}"] {
            assert_eq!(parse_object(text.as_bytes()).map_err(|error| error.code), Err(Code::Json), "{text:?}");
        }
    }
}
