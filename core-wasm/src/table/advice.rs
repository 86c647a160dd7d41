//! Tells what a line looks like that is not what it should be, and what to do: a title, a comment, units, or a row where a header is expected.
//!
//! *Invariants*: advice works if it is followed. So a number of lines to pass over is that of the file, and a character of comments is named
//! only if the line that is wanted follows.

use super::header::{flag_value, other_delimiter, plural};
use crate::cell_format::{CellFormat, is_usually_missing};
use crate::decimal::sign;
use crate::error::{Code, Error};
use crate::sink::Record;

/// Characters with which comments begin in files that have some.
const COMMENT_CHARACTERS: [u8; 3] = [b'#', b'%', b'!'];

/// Longest list of names that advice repeats, in bytes.
const NAMES_BYTES_MAX: usize = 100;

/// What to do with a row of too many fields, where the delimiter is the mark before decimals too.
pub(super) const DELIMITER_IN_NUMBERS: &str =
    "the delimiter is the mark before decimals too: put such numbers in quotes, or give the delimiter of the file, such as --delimiter ';'";

/// What to do with a header in which every name is a number.
pub(super) const NUMBERS: &str = "every name in the header is a number: if the file has no header, give its names with --header";

/// Returns the character with which a line begins that looks like a comment. `comment`: the one that is known already.
pub(super) fn comment_character(first_cell: &[u8], comment: Option<u8>) -> Option<u8> {
    let first = first_cell.first().copied()?;
    // spreadsheets write `#N/A`
    let is_comment = !is_usually_missing(&String::from_utf8_lossy(first_cell));
    (COMMENT_CHARACTERS.contains(&first) && comment != Some(first) && is_comment).then_some(first)
}

/// What to do with a comment. `line`: what the line is called.
pub(super) fn of_comment(line: &str, character: u8) -> String {
    format!("{line} looks like a comment: take it out, or give --comment {}", flag_value(character))
}

/// Returns the error with what to do about a first row that is wider than the line that was taken as the header.
pub(super) fn of_title(error: Error, (line, fields): (u64, usize), (row_line, row_fields): (u64, usize)) -> Error {
    let count = |fields: usize| if fields == 1 { "1 field".to_owned() } else { format!("{fields} fields") };
    let seen = format!("line {line} has {} and line {row_line} has {row_fields}", count(fields));
    let title = format!("if line {line} is a title, give --skip {}", row_line - 1);
    let help = match () {
        () if fields == 1 => format!("{seen}: {title}"),
        () if row_fields == fields + 1 => format!("{seen}: if the first column has no name, begin the header with a delimiter; {title}"),
        () => format!("{}; {title}", error.help),
    };
    Error { help, ..error }
}

/// Returns what to do if a needed name stands on a line after the one that was taken as the header.
pub(super) fn of_name_below(name: &str, line: u64) -> String {
    format!("line {line} has the name `{}`: if the header is there, give --skip {}", crate::error::shorten(name), line - 1)
}

/// Returns what to do with a row of units under the header. `lines`: how many lines the file has up to it. `names`: the header, if the data
/// have one.
pub(super) fn of_units(row: u64, lines: u64, names: Option<&[String]>) -> String {
    let header = match names.map(flag_of_names) {
        None => String::new(),
        Some(Some(names)) => format!(" --header {names}"),
        Some(None) => " and the names of the columns with --header".to_owned(),
    };
    format!("row {row} holds no number in any column: if it has units, take it out, or give --skip {lines}{header}")
}

/// Returns names as `--header` takes them in a shell; `None` if they are too long or have quotes or control characters.
fn flag_of_names(names: &[String]) -> Option<String> {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | ',');
    let one = |name: &String| if name.contains(',') { format!("\"{name}\"") } else { name.clone() };
    let list = names.iter().map(one).collect::<Vec<_>>().join(",");
    let is_possible = |name: &String| !name.is_empty() && !name.contains(['"', '\'']) && !name.chars().any(char::is_control);
    let is_short = list.len() <= NAMES_BYTES_MAX && names.iter().all(is_possible);
    is_short.then(|| if list.chars().all(is_plain) { list } else { format!("'{list}'") })
}

/// Returns what to do if a name that is missed stands among names between which another delimiter stands.
pub(super) fn of_joined_names(wanted: &str, names: &[String], delimiter: u8) -> Option<String> {
    let line = names.join(&char::from(delimiter).to_string());
    let other = other_delimiter(line.as_bytes(), delimiter)?;
    let without_spaces = |text: &str| text.split_whitespace().collect::<String>();
    let is_wanted = |name: &str| without_spaces(name) == without_spaces(wanted);
    let is_there = line.split(char::from(other)).any(is_wanted);
    is_there.then(|| format!("the header has {}: if they stand between the names, give --delimiter {}", plural(other), flag_value(other)))
}

/// Whether an error may come from a header that is none.
pub(super) fn is_about_names(error: &Error) -> bool {
    matches!(error.code, Code::MissingColumn | Code::MissingFeature | Code::DuplicateColumn)
}

/// Whether no cell of a record is a number or begins as one, and not all of them are empty.
pub(super) fn holds_no_number(record: &Record, format: &CellFormat) -> bool {
    let mut cells = (0..record.len()).map(|column| record.cell(column));
    let begins_number = |cell: &[u8]| sign(cell).map_or(cell, |(_, rest)| rest).first().is_some_and(u8::is_ascii_digit);
    let is_number = |cell: &[u8]| begins_number(cell) || format.number(cell).is_some();
    !cells.clone().any(is_number) && cells.any(|cell| !format.is_missing(cell))
}
