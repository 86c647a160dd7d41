//! JSON objects to records of a table: attributes, QC records, or plain objects.

use crate::error::{Error, Result, list};
use crate::json;
use crate::sink::{Record, Sink};
use serde_json::{Map, Value};

/// The names and values of one object, as cells.
pub struct Cells {
    /// Name and text of the value; a missing value is empty text.
    pub pairs: Vec<(String, String)>,
}

/// Reads the text of one object.
pub fn parse_object(text: &[u8]) -> Result<Map<String, Value>> {
    let Ok(text) = std::str::from_utf8(text) else {
        return Err(Error::new("not-utf-8", "the bytes are not UTF-8 text", "save the file as UTF-8"));
    };
    match json::parse(text.trim_start_matches('\u{feff}'), "record", "a JSON object")? {
        Value::Object(object) => Ok(object),
        other => Err(shape(&other, "an object, one a file or one a line")),
    }
}

/// The variables of an object: those of `independent_variables` with `dependent_variable` as `target`, else its own entries.
pub fn cells(object: &Map<String, Value>, target: &str) -> Result<Cells> {
    let pairs = match object.get("independent_variables") {
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
    crate::terms::check_unique(&pairs.iter().map(|(name, _)| name).collect::<Vec<_>>(), "variable of the record")?;
    Ok(Cells { pairs })
}

/// Feeds one object to a sink. The first object's names, and then what the sink asks for, are the header.
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
    if let Some((name, _)) = cells.pairs.iter().find(|(name, _)| !sink.skips_unknown() && !names.contains(name)) {
        let sentence = format!("the first record has no such variable; it has {}", list(&*names));
        return Err(Error::new("record", sentence, "name the columns to use, or give every record the same variables").in_column(name));
    }
    let (mut bytes, mut ends) = (Vec::new(), Vec::with_capacity(names.len()));
    for name in names.iter() {
        let found = cells.pairs.iter().find(|(other, _)| other == name);
        bytes.extend_from_slice(found.map_or(&[], |(_, text)| text.as_bytes()));
        ends.push(bytes.len());
    }
    sink.record(&Record::new(row, &bytes, &ends))
}

/// Feeds the names of an object to a sink, as the header, and not its values.
pub(crate) fn feed_names(text: &[u8], header: &mut Option<Vec<String>>, sink: &mut impl Sink) -> Result<()> {
    let names = header_of(&cells(&parse_object(text)?, sink.target())?, sink)?;
    sink.header(&names)?;
    *header = Some(names);
    Ok(())
}

fn header_of(cells: &Cells, sink: &impl Sink) -> Result<Vec<String>> {
    let mut names: Vec<String> = cells.pairs.iter().map(|(name, _)| name.trim().to_owned()).collect();
    names.extend(sink.wants().into_iter().filter(|name| !cells.pairs.iter().any(|(other, _)| other == name)));
    if names.iter().any(String::is_empty) {
        return Err(Error::new("empty-column-name", "a variable has no name", "give every variable a name"));
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

/// A JSON value as the text of a cell: a number as it is written, null as nothing.
fn cell(name: &str, value: &Value) -> Result<String> {
    match value {
        Value::Null => Ok(String::new()),
        Value::Number(number) => Ok(number.to_string()),
        Value::String(text) => Ok(text.clone()),
        other => Err(Error::found("not-a-number", &json::line(other), "a decimal number", "correct the value").in_column(name)),
    }
}

fn shape(found: &Value, expected: &str) -> Error {
    Error::found("record", &json::line(found), expected, "see Attributes in docs/formats.md")
}
