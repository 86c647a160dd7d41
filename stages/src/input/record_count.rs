//! Tells JSON files of one object from files of several records, by what is in them and not by their names.
//!
//! *Limits*: the first record is read, at most [`RECORD_BYTES_MAX`] of it.

use samefit_formats::json_records::{Layout, RecordCount};

use crate::error::{Error, InputError, Result};
use crate::input::blocks::fill;
use crate::input::body::{Body, Digesting};
use crate::limits::RECORD_BYTES_MAX;
use crate::ports::files::Files;
use crate::text::paths;

/// Bytes that are read at once. Most files with one record have no more.
const CHUNK_BYTES: usize = 1 << 14;

/// Whether a JSON file holds an array of records, or something behind its first record. A file that cannot be read holds none: its reader finds out
/// why.
pub(crate) fn holds_several(files: &dyn Files, path: &str) -> bool {
    count(files, path).is_ok_and(|(several, _)| several)
}

/// Says, in an error with a row, that rows are records where they are not lines: in an array, and where a record has several lines.
#[must_use]
pub fn with_rows_as_records(files: &dyn Files, error: Error) -> Error {
    match error {
        Error::Data { path: Some(path), fault } if fault.row.is_some() && is_json(&path) => {
            let rows_are_records = matches!(count(files, &path), Ok((true, Some(Layout::Array | Layout::Objects))));
            Error::Data { path: Some(path), fault: InputError { rows_are_records, ..fault } }
        }
        error => error,
    }
}

fn is_json(path: &str) -> bool {
    matches!(paths::extension(path).as_str(), "json" | "jsonl" | "ndjson")
}

/// Returns whether a file holds several records, and how they stand.
fn count(files: &dyn Files, path: &str) -> Result<(bool, Option<Layout>)> {
    let mut body = Body::open(files, path, Digesting::Nothing)?;
    let (mut count, mut chunk, mut read) = (RecordCount::default(), vec![0; CHUNK_BYTES], 0);
    loop {
        let length = fill(&mut body, &mut chunk).map_err(|error| body.read_error(path, &error))?;
        read += length;
        if count.are_several(&chunk[..length]) {
            return Ok((true, count.layout()));
        }
        if length < chunk.len() || read > RECORD_BYTES_MAX {
            return Ok((false, count.layout()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::Code;
    use crate::testing::MemoryFiles;

    #[test]
    fn files_are_told_by_what_is_in_them() {
        let long = format!("{{\"a\": [{}1]\n}}", "1, ".repeat(CHUNK_BYTES));
        let longer = format!("{long}\n{{}}\n");
        for (text, several) in [(long.as_str(), false), (&longer, true), ("[{}]", true), ("{\"a\": 1}\n{}\n", true), ("", false)] {
            assert_eq!(holds_several(&MemoryFiles::of(&[("a.json", text)]), "a.json"), several);
        }
        assert!(!holds_several(&MemoryFiles::of(&[("a.json", "")]), "b.json"));
    }

    #[test]
    fn rows_are_records_where_they_are_not_lines() {
        let files = MemoryFiles::of(&[
            ("a.json", "[{}]"),
            ("b.jsonl", "{\n}\n{\n}\n"),
            ("c.jsonl", "{}\n{}\n"),
            ("d.json", "{\n}"),
            ("e.csv", "[{}]"),
        ]);
        for (path, word) in
            [("a.json", "record 7: "), ("b.jsonl", "record 7: "), ("c.jsonl", "row 7: "), ("d.json", "row 7: "), ("e.csv", "row 7: ")]
        {
            let error = InputError::new(Code::Json, "no", "help").at_row(7).in_file(path);
            let text = with_rows_as_records(&files, error).to_string();
            assert!(text.starts_with(&format!("error: {path}: {word}")), "{text}");
        }
    }
}
