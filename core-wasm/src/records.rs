//! Reads JSON objects as records of a table: attributes, QC records, or plain objects.

use crate::error::{Code, Error, Result, list};
use crate::json;
use crate::sink::{Record, Sink};
use crate::terms::{check_columns, check_name_length, check_unique, places};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The names and values of one object, as cells.
pub struct Cells {
    /// Name and text of each value; a missing value is empty text.
    pub pairs: Vec<(String, String)>,
}

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
        let places = self.places.get_or_insert_with(|| pairs.iter().enumerate().map(|(at, (name, _))| (name.as_str(), at)).collect());
        places.get(name).map(|&at| pairs[at].1.as_str())
    }
}

/// Reads the text of one object.
///
/// # Errors
/// `capacity`, `not-utf-8`, `json`, `duplicate-key`; `record` for JSON that is no object.
pub fn parse_object(text: &[u8]) -> Result<Map<String, Value>> {
    check_length(text.len())?;
    let Ok(text) = std::str::from_utf8(text) else {
        return Err(Error::new(Code::NotUtf8, "the bytes are not UTF-8 text", "save the file as UTF-8"));
    };
    match json::value(text.trim_start_matches('\u{feff}'), Code::Record, "a JSON object")? {
        Value::Object(object) => Ok(object),
        other => Err(shape(&other, "an object, one a file or one a line")),
    }
}

/// Returns the variables of an object: those of `independent_variables`, and `dependent_variable` under the name `target`. An object without
/// `independent_variables` has its own entries as variables.
///
/// # Errors
/// `record`, `not-a-number`, `duplicate-column`, `column-name`, `capacity`.
pub fn cells(object: &Map<String, Value>, target: &str) -> Result<Cells> {
    let mut pairs = match object.get("independent_variables") {
        Some(Value::Array(variables)) => {
            let mut pairs = variables.iter().map(variable).collect::<Result<Vec<_>>>()?;
            if let Some(value) = object.get("dependent_variable") {
                pairs.push((target.to_owned(), cell(target, value)?));
            }
            pairs
        }
        Some(other) => return Err(shape(other, "an array of {\"name\": .., \"value\": ..}").in_column("independent_variables")),
        None => object.iter().map(|(name, value)| Ok((name.clone(), cell(name, value)?))).collect::<Result<Vec<_>>>()?,
    };
    // as the names of a header
    pairs.iter_mut().filter(|(name, _)| name.trim().len() < name.len()).for_each(|(name, _)| *name = name.trim().to_owned());
    check_columns(pairs.len(), "variables of a record")?;
    pairs.iter().try_for_each(|(name, _)| check_name_length(name))?;
    check_unique(&pairs.iter().map(|(name, _)| name).collect::<Vec<_>>(), "variable of the record")?;
    Ok(Cells { pairs })
}

/// Gives one object to a sink. The header has the first object's names, and then the others that the sink needs.
pub(crate) fn feed(row: u64, text: &[u8], header: &mut Option<Vec<String>>, sink: &mut impl Sink) -> Result<()> {
    let cells = cells(&parse_object(text)?, sink.target())?;
    let names = match header {
        Some(names) => names,
        None => {
            let names = header_of(&cells, sink)?;
            sink.header(&names)?;
            header.insert(names)
        }
    };
    let (mut bytes, mut ends, mut found) = (Vec::new(), Vec::with_capacity(names.len()), 0);
    let mut lookup = Lookup::new(&cells);
    for (at, name) in names.iter().enumerate() {
        let text = lookup.text(at, name);
        found += usize::from(text.is_some());
        bytes.extend_from_slice(text.unwrap_or_default().as_bytes());
        ends.push(bytes.len());
    }
    if found < cells.pairs.len() && !sink.skips_unknown() {
        let known = places(names);
        if let Some((name, _)) = cells.pairs.iter().find(|(name, _)| !known.contains_key(name.as_str())) {
            let sentence = format!("the first record has no such variable; it has {}", list(&*names));
            return Err(
                Error::new(Code::Record, sentence, "name the columns to use, or give every record the same variables").in_column(name)
            );
        }
    }
    sink.record(&Record::new(row, &bytes, &ends))
}

/// Gives the names of an object to a sink as the header, without its values.
pub(crate) fn feed_names(text: &[u8], header: &mut Option<Vec<String>>, sink: &mut impl Sink) -> Result<()> {
    let names = header_of(&cells(&parse_object(text)?, sink.target())?, sink)?;
    sink.header(&names)?;
    *header = Some(names);
    Ok(())
}

fn header_of(cells: &Cells, sink: &impl Sink) -> Result<Vec<String>> {
    let mut names: Vec<String> = cells.pairs.iter().map(|(name, _)| name.clone()).collect();
    let mut lookup = Lookup::new(cells);
    names.extend(sink.wants().into_iter().enumerate().filter(|(at, name)| lookup.text(*at, name).is_none()).map(|(_, name)| name));
    if names.iter().any(String::is_empty) {
        return Err(Error::new(Code::EmptyColumnName, "a variable has no name", "give every variable a name"));
    }
    Ok(names)
}

fn variable(value: &Value) -> Result<(String, String)> {
    let name = value.get("name").and_then(Value::as_str);
    let (Some(name), Some(value)) = (name, value.get("value")) else {
        return Err(shape(value, "{\"name\": .., \"value\": ..}").in_column("independent_variables"));
    };
    Ok((name.to_owned(), cell(name, value)?))
}

/// Returns a JSON value as the text of a cell: a number and a truth value as they are written, and null as empty text.
fn cell(name: &str, value: &Value) -> Result<String> {
    match value {
        Value::Null => Ok(String::new()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(truth) => Ok(truth.to_string()),
        Value::String(text) => Ok(text.clone()),
        other => Err(Error::found(Code::NotANumber, &json::line(other), "a decimal number", "correct the value").in_column(name)),
    }
}

fn shape(found: &Value, expected: &str) -> Error {
    Error::found(Code::Record, &json::line(found), expected, "see Attributes in docs/formats.md")
}
