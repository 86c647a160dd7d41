//! Reads the header of CSV: the names of the columns.
//!
//! A column may have no name, and several may have the same: they can be passed over. Who needs a column finds it by
//! [`ColumnPlaces`](crate::terms::ColumnPlaces), which refuses a name that stands there twice.

use crate::decimal::parse_if_number;
use crate::error::{Code, Error, Result, shorten};
use crate::sink::Record;
use crate::terms::{check_columns, check_name_length, check_unique};

/// Delimiters that are in use, and what they are called.
const DELIMITERS: [(u8, &str); 4] = [(b'\t', "tabs"), (b';', "semicolons"), (b'|', "bars"), (b',', "commas")];

/// Reads the names of a header.
///
/// # Errors
/// `not-utf-8`, `not-text`, `column-name`, `capacity`; `empty-column-name` if no column has a name.
pub(super) fn read(record: &Record) -> Result<Vec<String>> {
    check_columns(record.len(), "columns")?;
    let names = (0..record.len()).map(|column| name(record.cell(column))).collect::<Result<Vec<String>>>()?;
    names.iter().try_for_each(|name| check_name_length(name))?;
    if names.iter().all(String::is_empty) {
        let sentence = "no column has a name in the header";
        return Err(Error::new(Code::EmptyColumnName, sentence, "name the columns, or pass over lines before the header with --skip"));
    }
    Ok(names)
}

/// Refuses names that a plan gives as a header. Some may be empty.
///
/// # Errors
/// `column-name`, `capacity`, `duplicate-column`.
pub(super) fn check_given(names: &[String]) -> Result<()> {
    check_columns(names.len(), "columns")?;
    names.iter().try_for_each(|name| check_name_length(name))?;
    check_unique(&names.iter().filter(|name| !name.is_empty()).collect::<Vec<_>>(), "column")
}

fn name(cell: &[u8]) -> Result<String> {
    let Ok(name) = std::str::from_utf8(cell) else {
        return Err(Error::found(Code::NotUtf8, &String::from_utf8_lossy(cell), "UTF-8 text", "save the file as UTF-8"));
    };
    if !name.is_empty() && name.bytes().all(|byte| byte == 0) {
        let sentence = "zero bytes stand in the header, and nothing else, as after a crash";
        return Err(Error::new(Code::NotText, sentence, "copy the file again, whole, and check that it is CSV"));
    }
    if name.chars().any(|c| c.is_control() && !is_break(c)) {
        return Err(Error::found(Code::NotText, name, "a header of column names", "check that this is a CSV file"));
    }
    Ok(if name.contains(is_break) { joined_lines(name) } else { name.to_owned() })
}

fn is_break(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r')
}

/// Returns a name that a spreadsheet shows on several lines as one line: a space stands for a line break, because nobody can type one.
fn joined_lines(name: &str) -> String {
    name.split(is_break).map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Whether every name is a number, so that the header is probably the first row.
pub(super) fn is_all_numbers(names: &[String]) -> bool {
    names.iter().all(|name| parse_if_number(name.as_bytes()).is_some())
}

/// Returns another delimiter that a text has in it.
pub(super) fn other_delimiter(text: &[u8], delimiter: u8) -> Option<u8> {
    DELIMITERS.iter().map(|(other, _)| *other).find(|other| *other != delimiter && text.contains(other))
}

/// Returns the error of a header with `other` where `delimiter` is expected. `name`: a name, or the beginning of the header.
pub(super) fn delimiter_error(name: &str, other: u8, delimiter: u8) -> Error {
    let called = |byte: u8| DELIMITERS.iter().find(|(known, _)| *known == byte).map(|(_, plural)| (*plural).to_owned());
    let expected = called(delimiter).unwrap_or_else(|| format!("`{}`", char::from(delimiter)));
    let sentence = format!("the header has {} where {expected} are expected between the names", called(other).unwrap_or_default());
    let or = if delimiter == b',' { ", or save the file with commas" } else { "" };
    let mut error = Error::new(Code::Delimiter, sentence, format!("give --delimiter {}{or}", flag_value(other)));
    error.found = Some(shorten(name));
    error.expected = Some(expected);
    error
}

/// Returns a delimiter as a flag takes it.
pub(super) fn flag_value(delimiter: u8) -> String {
    if delimiter == b'\t' { "tab".to_owned() } else { format!("'{}'", char::from(delimiter)) }
}

/// What another delimiter is called; empty for one that is not in use.
pub(super) fn plural(delimiter: u8) -> &'static str {
    DELIMITERS.iter().find(|(known, _)| *known == delimiter).map_or("", |(_, plural)| plural)
}

/// What one delimiter is called.
pub(super) fn singular(delimiter: u8) -> String {
    match delimiter {
        b'\t' => "a tab".to_owned(),
        b';' => "a semicolon".to_owned(),
        b'|' => "a bar".to_owned(),
        b',' => "a comma".to_owned(),
        other => format!("`{}`", char::from(other)),
    }
}
