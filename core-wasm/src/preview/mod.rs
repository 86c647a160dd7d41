//! Guesses how a table is written from its first bytes, and shows the first rows as they are read then.
//!
//! A guess is only proposed: a person sees the rows before anything is computed, and every key of the plan that is given is kept.
//!
//! *Invariants*: no text is an error, only bytes that are no text. The same bytes give the same guess. The names, and the error that the
//! rows lead to, come from the reader of tables itself.
//!
//! *Limits*: the first [`START_BYTES_MAX`] bytes count; 8 rows are shown, and 60 characters of a cell.
//!
//! Reading order: `loose` divides any text into records; `cells` guesses how numbers and missing values are written; `delimiter` and
//! `layout` guess how records are divided and what stands above them.

mod cells;
mod delimiter;
mod layout;
mod loose;

use crate::cell_format::CellFormat;
use crate::error::{Code, Error, Result, shorten};
use crate::json;
use crate::ordered::IntoOrdered;
use crate::plan::{Format, Plan};
use crate::sink::{Record, Sink};
use crate::table::Reader;
use cells::{CellKind, ColumnCells, NumberMarks};
use loose::LooseRecord;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// The format of a preview.
pub const FORMAT: &str = "samefit-preview/1";
/// Bytes at the beginning of the data that count. JSON counts whole, because it cannot be cut.
pub const START_BYTES_MAX: usize = 1 << 16;
/// Rows that are shown.
const ROWS_MAX: usize = 8;
/// Characters of a cell or name that are shown.
const CELL_CHARS_MAX: usize = 60;

/// Returns the preview of data that begin with `start`, which ends with a record. The keys of `plan` are kept, even if they are null or empty;
/// the others that say how data are written are guessed.
///
/// # Errors
/// Those of the plan; `not-utf-8` and `not-text` for bytes that are no text; for JSON, those of its reader.
pub fn preview(start: &[u8], plan: &str) -> Result<String> {
    let given = Plan::parse(plan)?;
    let document: Map<String, Value> = json::parse(plan, Code::Plan, "a plan")?;
    let keys = document.into_iter().map(|(key, _)| key).into_set();
    let document = match given.format {
        Format::Csv => preview_of_csv(text_of(start)?, &given, &keys),
        Format::Jsonl | Format::Json => preview_of_json(start, &given, &keys)?,
    };
    Ok(json::document(&document))
}

/// What a person should know about a guess, beside the guess.
struct Remark {
    code: &'static str,
    row: Option<u64>,
    column: Option<String>,
    found: Option<String>,
    text: String,
}

impl Remark {
    fn to_json(&self) -> Value {
        json!({"code": self.code, "row": self.row, "column": self.column, "found": self.found, "text": self.text})
    }
}

fn preview_of_csv(text: &str, given: &Plan, keys: &BTreeSet<String>) -> Value {
    let text = whole_lines(text);
    let named = text.lines().nth(usize::try_from(given.skip).unwrap_or(usize::MAX)).and_then(loose::separator);
    let comments: &[char] = if keys.contains("comment") { given.comment.as_slice() } else { &layout::COMMENT_CHARACTERS };
    let delimiter = given.delimiter.or(named).unwrap_or_else(|| delimiter::guess(text, given.skip, comments));
    let layout = layout::guess(text, delimiter, given, keys);
    let (records, end) = loose::records(text, delimiter, layout.skip, layout.comment.as_slice());
    let rows = if layout.header.is_some() { &records[..] } else { records.get(1..).unwrap_or_default() };
    let width = layout.header.as_ref().map_or_else(|| records.first().map_or(0, |head| head.cells.len()), Vec::len);
    let columns = layout::columns(rows, width);
    let point = keys.contains("decimal").then_some(given.decimal);
    let separator = keys.contains("thousands").then_some(given.thousands);
    let marks = cells::guess_marks(&columns, point, separator, delimiter == ';');
    let unread = CellFormat::of_csv(marks.point, marks.separator).unwrap_or_default();
    let na = if keys.contains("na") { given.na.clone() } else { cells::guess_missing(&columns, &unread) };
    let reading = Plan {
        // a line above that names the delimiter is no longer the first
        delimiter: given.delimiter.or((delimiter != ',' && (named.is_none() || layout.skip > given.skip)).then_some(delimiter)),
        decimal: marks.point,
        thousands: marks.separator,
        na,
        header: layout.header.clone(),
        skip: layout.skip,
        comment: layout.comment,
        ..Plan::default()
    };
    let (names, error) = read(&text.as_bytes()[..end], &reading);
    let names = names.or(layout.header.clone()).unwrap_or_else(|| names_of(&records));
    let first_rows: Vec<Vec<String>> = rows.iter().take(ROWS_MAX).map(|row| row.cells.iter().map(|cell| shown(cell)).collect()).collect();
    let (described, mut remarks) = describe(&names, &columns, &reading.cell_format(), &reading.na, |at| rows[at].row);
    remarks.extend(remarks_of_csv(&layout, &marks, &names));
    let remarks: Vec<Value> = remarks.iter().map(Remark::to_json).collect();
    json!({
        "format": FORMAT, "plan": dialect(&reading), "columns": described, "rows": first_rows, "remarks": remarks,
        "error": error.as_ref().map(Error::to_json),
    })
}

fn names_of(records: &[LooseRecord<'_>]) -> Vec<String> {
    records.first().map(|head| head.cells.iter().map(|cell| cell.clone().into_owned()).collect()).unwrap_or_default()
}

/// Returns the keys that differ from their defaults.
fn dialect(plan: &Plan) -> Value {
    let mut keys = Map::new();
    let mut put = |key: &str, value: Option<Value>| drop(value.map(|value| keys.insert(key.to_owned(), value)));
    let character = |c: char| json!(c.to_string());
    put("delimiter", plan.delimiter.filter(|delimiter| *delimiter != ',').map(character));
    put("decimal", Some(plan.decimal).filter(|point| *point != '.').map(character));
    put("thousands", plan.thousands.map(character));
    put("na", (!plan.na.is_empty()).then(|| json!(plan.na)));
    put("header", plan.header.as_ref().map(|names| json!(names)));
    put("skip", (plan.skip > 0).then(|| json!(plan.skip)));
    put("comment", plan.comment.map(character));
    Value::Object(keys)
}

/// Returns what each column seems to hold, with remarks on columns of numbers and texts.
fn describe(
    names: &[String],
    columns: &[ColumnCells<'_>],
    format: &CellFormat,
    na: &[String],
    row: impl Fn(usize) -> u64,
) -> (Vec<Value>, Vec<Remark>) {
    let kinds: Vec<(CellKind, Option<usize>)> = columns.iter().map(|column| cells::kind(column, format)).collect();
    let described = kinds.iter().zip(names).map(|((kind, _), name)| json!({"name": shown(name), "kind": kind.name()})).collect();
    let mut remarks = Vec::new();
    for (((kind, other), column), name) in kinds.iter().zip(columns).zip(names) {
        if let Some(at) = other {
            let found = shorten(column[*at]);
            let text = format!("the column has numbers, and texts such as `{found}`");
            remarks.push(Remark { code: "text-in-numbers", row: Some(row(*at)), column: Some(shown(name)), found: Some(found), text });
        }
        let is_missing = |cell: &&&str| na.iter().any(|text| text == **cell);
        if let (CellKind::Text, Some(cell)) = (kind, column.iter().find(is_missing)) {
            let text = format!("`{cell}` is a missing value in this column of texts too");
            let found = Some((*cell).to_owned());
            remarks.push(Remark { code: "missing-in-texts", row: None, column: Some(shown(name)), found, text });
        }
    }
    (described, remarks)
}

fn remarks_of_csv(layout: &layout::Layout, marks: &NumberMarks, names: &[String]) -> Vec<Remark> {
    let none = |code, text: &str| Remark { code, row: None, column: None, found: None, text: text.to_owned() };
    let ambiguous = marks.ambiguous.as_ref().map(|(column, cell)| Remark {
        column: names.get(*column).map(|name| shown(name)),
        found: Some(shorten(cell)),
        ..none("ambiguous-number", &format!("`{}` can be a number with decimals or one with thousands", shorten(cell)))
    });
    let units = layout.has_units.then(|| none("units", "the line under the header seems to have units; it is passed over"));
    ambiguous.into_iter().chain(units).collect()
}

/// Returns the names that the reader of tables finds in bytes, and the error that they lead to.
fn read(bytes: &[u8], plan: &Plan) -> (Option<Vec<String>>, Option<Error>) {
    let (mut reader, mut sink) = (Reader::new(plan), FirstRows::default());
    let result = reader.push(bytes, &mut sink).and_then(|()| reader.finish(&mut sink));
    (sink.names, result.err())
}

/// Keeps the names and the cells of records.
#[derive(Default)]
struct FirstRows {
    names: Option<Vec<String>>,
    /// The number of each record, and its cells.
    rows: Vec<(u64, Vec<String>)>,
}

impl Sink for FirstRows {
    fn header(&mut self, names: &[String]) -> Result<()> {
        self.names = Some(names.to_vec());
        Ok(())
    }

    fn record(&mut self, record: &Record<'_>) -> Result<()> {
        let cells = (0..record.len()).map(|at| String::from_utf8_lossy(record.cell(at)).into_owned()).collect();
        self.rows.push((record.row, cells));
        Ok(())
    }
}

fn preview_of_json(start: &[u8], given: &Plan, keys: &BTreeSet<String>) -> Result<Value> {
    let start = if given.format == Format::Jsonl { whole_lines(text_of(start)?).as_bytes() } else { start };
    let (mut reader, mut sink) = (Reader::new(given), FirstRows::default());
    reader.push(start, &mut sink)?;
    reader.finish(&mut sink)?;
    let names = sink.names.unwrap_or_default();
    let cell = |row: &'_ (u64, Vec<String>), at: usize| -> String { row.1.get(at).cloned().unwrap_or_default() };
    let cells: Vec<Vec<String>> = (0..names.len()).map(|at| sink.rows.iter().map(|row| cell(row, at)).collect()).collect();
    let columns: Vec<ColumnCells<'_>> = cells.iter().map(|column| column.iter().map(String::as_str).collect()).collect();
    let na = if keys.contains("na") { given.na.clone() } else { cells::guess_missing(&columns, &CellFormat::POINTS) };
    let format = CellFormat::POINTS.with_missing(&na);
    let (described, remarks) = describe(&names, &columns, &format, &na, |at| sink.rows[at].0);
    let remarks: Vec<Value> = remarks.iter().map(Remark::to_json).collect();
    let rows: Vec<Vec<String>> = sink.rows.iter().take(ROWS_MAX).map(|(_, cells)| cells.iter().map(|cell| shown(cell)).collect()).collect();
    let reading = Plan { na, ..Plan::default() };
    Ok(json!({"format": FORMAT, "plan": dialect(&reading), "columns": described, "rows": rows, "remarks": remarks, "error": null}))
}

/// Returns a text as it is shown: not too long.
fn shown(text: &str) -> String {
    match text.char_indices().nth(CELL_CHARS_MAX) {
        None => text.to_owned(),
        Some(_) => text.chars().take(CELL_CHARS_MAX - 1).chain(['…']).collect(),
    }
}

/// Returns the bytes as text, without the mark at their beginning. A character that is cut off at the end does not count.
fn text_of(start: &[u8]) -> Result<&str> {
    let start = &start[..start.len().min(START_BYTES_MAX)];
    if start.starts_with(b"\xff\xfe") || start.starts_with(b"\xfe\xff") || has_every_other_zero(start) {
        return Err(Error::new(Code::NotUtf8, "the bytes are not UTF-8 text; they look like UTF-16", "save the file as UTF-8").at_row(1));
    }
    let text = match std::str::from_utf8(start) {
        Ok(text) => text,
        Err(cut) if cut.error_len().is_none() => std::str::from_utf8(&start[..cut.valid_up_to()]).unwrap_or_default(),
        Err(wrong) => {
            let before = &start[..wrong.valid_up_to()];
            let row = 1 + before.iter().filter(|byte| **byte == b'\n').count() as u64;
            let line = &start[before.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1)..];
            let line = line.split(|byte| *byte == b'\n').next().unwrap_or_default();
            return Err(Error::found(Code::NotUtf8, &String::from_utf8_lossy(line), "UTF-8 text", "save the file as UTF-8").at_row(row));
        }
    };
    if let Some(control) =
        text.chars().find(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{80}'..='\u{9f}'))
    {
        let sentence = format!("found the control character U+{:04X}, expected text", u32::from(control));
        return Err(Error::new(Code::NotText, sentence, "check that this is a table"));
    }
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// Whether bytes begin as text in UTF-16 does, in which most characters of tables have a zero, either first or second.
fn has_every_other_zero(start: &[u8]) -> bool {
    let [a, b, c, d, ..] = start else { return false };
    (*a == 0) != (*b == 0) && (*a == 0) == (*c == 0) && (*b == 0) == (*d == 0)
}

/// Returns the text up to its last line break, if there is more of it than counts.
fn whole_lines(text: &str) -> &str {
    let is_whole = text.len() + 4 < START_BYTES_MAX || text.ends_with('\n');
    text.rfind('\n').filter(|_| !is_whole).map_or(text, |end| &text[..=end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(text: &str, plan: &str) -> Value {
        serde_json::from_str(&preview(text.as_bytes(), plan).unwrap()).unwrap()
    }

    fn guessed(text: &str) -> Value {
        of(text, "{}")["plan"].clone()
    }

    #[test]
    fn an_ordinary_table_differs_from_no_default() {
        let found = of("name,age,seen,none\nAnn,41,2020-01-31,\nBob,55,2020-02-01,NA\n", "{}");
        assert_eq!(found["plan"], json!({}));
        let kinds: Vec<&str> = found["columns"].as_array().unwrap().iter().map(|column| column["kind"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["text", "number", "date", "empty"]);
        assert_eq!(found["rows"], json!([["Ann", "41", "2020-01-31", ""], ["Bob", "55", "2020-02-01", "NA"]]));
        assert_eq!((&found["remarks"], &found["error"]), (&json!([]), &Value::Null));
    }

    #[test]
    fn what_spreadsheets_write_is_guessed() {
        assert_eq!(guessed("x;y\n1,5;2\n?;1.234,5\n3;4\n"), json!({"delimiter": ";", "decimal": ",", "thousands": ".", "na": ["?"]}));
        assert_eq!(guessed("sep=;\nx;y\n1,5;2\n"), json!({"decimal": ","}));
        assert_eq!(guessed("Report Q3\n\nx,y\n1,2\n3,4\n"), json!({"skip": 2}));
        assert_eq!(guessed("Report Q3,,\n,,\nx,y,z\n1,2,3\n"), json!({"skip": 2}));
        assert_eq!(guessed("# made by\n# hand\nx\ty\n1\t2\n"), json!({"delimiter": "\t", "comment": "#"}));
        assert_eq!(guessed("#x\ty\n1\t2\n"), json!({"delimiter": "\t"}), "a header");
        assert_eq!(guessed("5.1,3.5,a\n4.9,3.0,b\n4.7,3.2,a\n"), json!({"header": ["column1", "column2", "column3"]}));
        let first_with_marks = guessed("1\t\"1,234.5\"\n2\t12.25\n3\t9\n");
        assert_eq!(first_with_marks, json!({"delimiter": "\t", "thousands": ",", "header": ["column1", "column2"]}));
        assert_eq!(guessed("country,2019,2020\nFR,1,2\nDE,3,4\n"), json!({}));
        assert_eq!(guessed(",0,1\n0,5,6\n1,7,8\n"), json!({}), "as pandas writes it");
        assert_eq!(guessed("a b\nr1 1 2\n"), json!({}), "one column");
        assert_eq!(guessed("mpg,cyl\nMazda,21,6\nFiat,32,4\n"), json!({"header": ["column1", "mpg", "cyl"], "skip": 1}));
        assert_eq!(guessed("a,b\n1,2,\n3,4,\n"), json!({"header": ["a", "b", "column3"], "skip": 1}));
        assert_eq!(guessed("h,w\ncm,kg\n1,2\n3,4\n"), json!({"header": ["h", "w"], "skip": 2}));
    }

    #[test]
    fn what_is_given_is_kept() {
        let text = "x;y\n1,5;?\n2,5;3\n";
        assert_eq!(of(text, r#"{"delimiter": ",", "na": []}"#)["plan"].get("delimiter"), None);
        let kept = of(text, r#"{"decimal": ".", "thousands": null, "na": ["x"], "header": null, "comment": null, "skip": 0}"#);
        assert_eq!(kept["plan"], json!({"delimiter": ";", "na": ["x"]}));
        let numbered = of(text, r#"{"header": []}"#);
        assert_eq!(numbered["plan"]["header"], json!(["column1", "column2"]));
        assert_eq!(numbered["rows"][0], json!(["x", "y"]));
        assert_eq!(of(text, r#"{"skip": 1}"#)["plan"]["header"], json!(["column1", "column2"]));
    }

    #[test]
    fn remarks_tell_what_a_guess_does_not() {
        let codes = |text: &str| -> Vec<String> {
            let found = of(text, "{}");
            found["remarks"].as_array().unwrap().iter().map(|remark| remark["code"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(codes("x\n1\n2\n3\n4\nlow\n"), ["text-in-numbers"]);
        assert_eq!(codes("x,y\n1,None\nNone,Beer\n3,Wine\n"), ["missing-in-texts"]);
        assert_eq!(codes("x,y\n\"1,234\",2\n"), ["ambiguous-number"]);
        assert_eq!(codes("h,w\ncm,kg\n1,2\n3,4\n"), ["units"]);
    }

    #[test]
    fn the_error_is_that_of_the_reader() {
        let found = of("x,y\n1,2\n3,4\n5,6,7\n", "{}");
        assert_eq!((&found["error"]["code"], &found["error"]["row"]), (&json!("ragged-row"), &json!(4)));
        assert_eq!(of("", "{}")["error"]["code"], "no-data");
        assert_eq!(of("x,y\n1,2\n3,\"4", "{}")["error"], Value::Null, "a record that is cut off does not count");
        assert_eq!(preview(b"\xff\xfex\0", "{}").unwrap_err().code, Code::NotUtf8);
        assert_eq!(preview(b"x\0,\0y\0", "{}").unwrap_err().code, Code::NotUtf8);
        assert_eq!(preview(b"x\n\xe9\n", "{}").unwrap_err().row, Some(2));
        assert_eq!(preview(b"PK\x03\x04", "{}").unwrap_err().code, Code::NotText);
        assert_eq!(preview(b"", r#"{"colour": 1}"#).unwrap_err().code, Code::Plan);
    }

    #[test]
    fn json_lines_have_missing_values_too() {
        let found = of("{\"x\": 1, \"y\": \"?\"}\n{\"x\": 2, \"y\": 3}\n", r#"{"format": "jsonl"}"#);
        assert_eq!((&found["plan"], &found["rows"]), (&json!({"na": ["?"]}), &json!([["1", "?"], ["2", "3"]])));
    }

    #[test]
    fn long_cells_and_many_rows_are_cut() {
        let found = of(&format!("x,y\n{}", format!("{},1\n", "é".repeat(70)).repeat(20)), "{}");
        assert_eq!(found["rows"].as_array().unwrap().len(), ROWS_MAX);
        assert_eq!(found["rows"][0][0].as_str().unwrap().chars().count(), CELL_CHARS_MAX);
    }

    /// How a table of the test is written.
    #[derive(Clone, Debug)]
    struct Dialect {
        delimiter: char,
        marks: (char, Option<char>),
        missing: Option<&'static str>,
        titles: usize,
        has_header: bool,
        has_comment: bool,
    }

    fn dialect() -> impl Strategy<Value = Dialect> {
        let marks = prop::sample::select(vec![('.', None), (',', None), (',', Some('.')), ('.', Some('\'')), (',', Some(' '))]);
        let missing = prop::option::of(prop::sample::select(vec!["?", "-", "N/A", "None", "."]));
        let flags = (0usize..3, any::<bool>(), any::<bool>());
        (prop::sample::select(vec![',', ';', '\t', '|']), marks, missing, flags).prop_map(
            |(delimiter, marks, missing, (titles, has_header, has_comment))| Dialect {
                delimiter,
                marks,
                missing,
                titles,
                has_header,
                has_comment,
            },
        )
    }

    impl Dialect {
        /// Writes a number with three digits before its two decimals, and thousands before these.
        fn number(&self, thousands: u32, rest: u32) -> String {
            let (point, separator) = self.marks;
            let whole = format!("{thousands}{}{:03}", separator.map(String::from).unwrap_or_default(), rest / 100);
            let text = format!("{whole}{point}{:02}", rest % 100);
            if self.delimiter == point || Some(self.delimiter) == separator { format!("\"{text}\"") } else { text }
        }

        fn write(&self, rows: &[(u32, u32)]) -> String {
            let join = |cells: [&str; 3]| cells.join(&self.delimiter.to_string()) + "\n";
            let mut text: String = (0..self.titles).map(|_| "A title\n").collect();
            text += if self.has_comment { "# a comment\n" } else { "" };
            text += &if self.has_header { join(["name", "first", "second"]) } else { String::new() };
            for (at, (thousands, rest)) in rows.iter().enumerate() {
                let missing = self.missing.filter(|_| at == 1).map(str::to_owned);
                text +=
                    &join(["word", &self.number(*thousands, *rest), &missing.unwrap_or_else(|| self.number(rest % 998 + 1, *thousands))]);
            }
            text
        }

        fn plan(&self) -> Value {
            let (point, separator) = self.marks;
            let header = ["column1", "column2", "column3"].map(str::to_owned).to_vec();
            super::dialect(&Plan {
                delimiter: Some(self.delimiter),
                decimal: point,
                thousands: separator,
                na: self.missing.map(str::to_owned).into_iter().collect(),
                header: (!self.has_header).then_some(header),
                // all lines above the header count
                skip: if self.titles > 0 { (self.titles + usize::from(self.has_comment)) as u64 } else { 0 },
                comment: self.has_comment.then_some('#'),
                ..Plan::default()
            })
        }
    }

    proptest! {
        #[test]
        fn a_dialect_is_guessed_back(written in dialect(), rows in prop::collection::vec((1u32..999, 1u32..99_999), 6..12)) {
            let text = written.write(&rows);
            prop_assert_eq!(guessed(&text), written.plan(), "{}", text);
            // a guess that is given is kept
            let again = of(&text, &guessed(&text).to_string());
            prop_assert_eq!(&again, &of(&text, "{}"));
            prop_assert_eq!(&again["error"], &Value::Null);
        }

        #[test]
        fn no_bytes_are_too_much(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "[ab1;,.\t|\"#\n\r? '-]{0,80}") {
            drop(preview(&bytes, "{}"));
            for plan in ["{}", r#"{"header": []}"#, r#"{"delimiter": ";", "skip": 2}"#, r##"{"comment": "#", "decimal": ",", "thousands": "."}"##] {
                prop_assert!(preview(text.as_bytes(), plan).is_ok());
            }
            drop(preview(text.as_bytes(), r#"{"format": "jsonl"}"#));
        }
    }
}
