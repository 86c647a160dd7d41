//! Tells what a line looks like that is not what it should be, and what to do: a title, a comment, units, or a row where a header is expected.
//!
//! *Invariants*: advice works if it is followed. So a number of lines to pass over is that of the file, and a character of comments is named
//! only if the line that is wanted follows.

use super::header::{self, flag_value, other_delimiter, plural};
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

/// What to do with lines that stand in quotes as a whole.
const LINES_IN_QUOTES: &str =
    "each line stands in quotes as a whole: take these quotes out, such as with `sed 's/^\"//; s/\"\\r*$//; s/\"\"/\"/g'`";
/// What to do with a table whose columns are aligned.
const SPACES: &str =
    "spaces stand between the names: write one delimiter in their place, such as with `sed -E 's/^ +//; s/ +$//; s/ +/,/g'`";
/// What to do with a header with one space between names.
const ONE_SPACE: &str = "spaces stand between the names: give --delimiter ' '; if several stand together elsewhere, write one delimiter \
    in their place, such as with `sed -E 's/^ +//; s/ +$//; s/ +/,/g'`";

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

/// What to do with a row that has one more field than the header, an empty one at its end. `header`: the line of the header.
pub(super) fn of_trailing_delimiter(delimiter: u8, header: u64, names: &[String]) -> String {
    let called = header::singular(delimiter);
    let flags = flag_of_names(names).map_or_else(String::new, |names| format!(", or give --skip {header} --header {}", with_comma(&names)));
    format!(
        "the row ends with {called}, and the header does not: if all rows do, end the header with one too{flags}; if the first column has \
         no name, begin the header with {called}"
    )
}

/// Returns a list of names as a flag takes it, with an empty name at its end.
fn with_comma(names: &str) -> String {
    format!("'{},'", names.trim_matches('\''))
}

/// What to do with a row behind which the header stands again, as in files that were joined without a line break. `first`: its first name.
pub(super) fn of_joined_files(first: &str) -> String {
    let first = crate::error::shorten(first);
    format!("the header stands here again, as in files that were joined: end the line before `{first}`, and remove the header")
}

/// What to do with a quoted field that goes on over several lines, and that was probably never meant to.
pub(super) const OF_OPEN_QUOTE: &str =
    "a field of this row begins with a quote that is not closed in its line: close it there, or double each quote that belongs to its text";

/// What to do with a file that begins as JSON or XML does; `None` if it does not.
pub(super) fn of_other_format(first: &[u8]) -> Option<String> {
    let rest = first.strip_prefix(b"[").unwrap_or(first).trim_ascii_start();
    let is_json = rest.first() == Some(&b'{') && matches!(rest[1..].trim_ascii_start().first(), None | Some(b'"' | b'}')) || first == b"[";
    let is_markup = first.first() == Some(&b'<')
        && first.get(1).is_some_and(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'!' | b'?'))
        && first.contains(&b'>');
    match () {
        () if is_json => Some(
            "the data look like JSON: if they are records, give the file a name that ends in `.jsonl` or `.json`, else read what they say"
                .to_owned(),
        ),
        () if is_markup => Some("the data look like a web page or XML: read what they say, and get the table as CSV".to_owned()),
        () => None,
    }
}

/// Whether a row is one of totals, by its first cell.
pub(super) fn is_total(first_cell: &[u8]) -> bool {
    let text = String::from_utf8_lossy(first_cell).trim().trim_end_matches(':').to_lowercase();
    TOTALS.contains(&text.as_str())
}

/// What to do with zero bytes.
pub(super) const OF_ZERO_BYTES: &str = "zero bytes stand here, as after a crash: copy the file again, whole, or remove this row";

/// What to do with a row of totals.
pub(super) const OF_TOTALS: &str = "the row looks like one of totals: remove it";

/// How rows of totals begin, in lower case.
const TOTALS: &[&str] = &[
    "total",
    "totals",
    "grand total",
    "subtotal",
    "sub-total",
    "sum",
    "summe",
    "gesamt",
    "insgesamt",
    "gesamtsumme",
    "totale",
    "somme",
    "suma",
];

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

/// Returns what to do with a header that lacks a name, if it shows what is the matter.
pub(super) fn of_names(wanted: &str, names: &[String], delimiter: u8) -> Option<String> {
    of_other_format(names.first().map_or(&[], String::as_bytes)).or_else(|| of_joined_names(wanted, names, delimiter))
}

/// Returns what to do if a name that is missed stands among names that are read as one: between which another delimiter stands or spaces do, or
/// around which quotes do.
fn of_joined_names(wanted: &str, names: &[String], delimiter: u8) -> Option<String> {
    if let [all] = names {
        let is_among = |mut parts: Box<dyn Iterator<Item = &str> + '_>| parts.any(|name| name.trim().trim_matches('"') == wanted.trim());
        if all.contains(char::from(delimiter)) && is_among(Box::new(all.split(char::from(delimiter)))) {
            return Some(LINES_IN_QUOTES.to_owned());
        }
        if is_among(Box::new(all.split_whitespace())) {
            let single = !all.contains("  ") && !all.contains('\t');
            return Some(if single { ONE_SPACE.to_owned() } else { SPACES.to_owned() });
        }
    }
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
