//! Files that hold columns (Parquet, Arrow) to sums, or to CSV.
//!
//! *Invariants*: a column is read only if the plan may need it. Rows count from 1: there is no header.

use std::collections::BTreeSet;

use samefit_formats::csv::{RECORD_END, push_field, push_record};

use crate::error::{Error, InputError, Result};
use crate::input::reading;
use crate::limits::CHUNK_BYTES;
use crate::ports::columns::{Batch, Batches, Columns, Field, Share, Values};
use crate::ports::digest::Later;
use crate::ports::engine::Summarizer;
use crate::ports::files::{Files, Kind};
use crate::source::Source;

/// Shares for each thread, where a file has so many parts.
const SHARES_OF_THREAD: usize = 8;
/// Fewest rows for which a part is read by more than one.
const SHARE_ROWS_MIN: usize = 1 << 15;

/// What to do about a column whose type is refused.
const CAST: &str = "write the column as numbers (what counts as one is for you to say), or leave it out";

/// A file of which a plan's columns are summed.
pub(crate) struct Table {
    file: Box<dyn Columns>,
    /// Indexes of the columns that the plan may need.
    chosen: Vec<usize>,
    /// What the user should be told.
    notes: Vec<String>,
}

impl Table {
    pub(crate) fn open(files: &dyn Files, named: Option<&BTreeSet<String>>, source: &Source) -> Result<Self> {
        let file = open(files, source)?;
        let chosen = choose(file.fields(), named).map_err(|fault| fault.in_file(&source.path))?;
        let notes = if named.is_none() { refused(file.fields(), source) } else { Vec::new() };
        Ok(Self { file, chosen, notes })
    }

    /// What the user should be told.
    pub(crate) fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Begins to find out the size and digest of the file.
    pub(crate) fn begin_input(&self) -> Later {
        self.file.begin_input()
    }

    /// The whole file.
    pub(crate) fn whole(&self) -> Share {
        Share::Parts(0..self.file.parts())
    }

    /// The file in shares of about the same size for so many threads, in order; one at least, if it is empty.
    pub(crate) fn shares(&self, threads: usize) -> Vec<Share> {
        let parts = self.file.parts();
        let cuts = |length: usize, count: usize| (0..count).map(move |at| length * at / count..length * (at + 1) / count);
        if parts >= threads {
            // more than threads, for they differ in length; not many more, for each has to find its place
            return cuts(parts, parts.min(threads * SHARES_OF_THREAD)).map(Share::Parts).collect();
        }
        let split = |part: usize| match self.file.rows(part) {
            Some(rows) => {
                let count = threads.div_ceil(parts).min(rows / SHARE_ROWS_MIN).max(1);
                cuts(rows, count).map(|rows| Share::Rows(part, rows)).collect()
            }
            None => vec![Share::Parts(part..part + 1)],
        };
        let shares: Vec<Share> = (0..parts).flat_map(split).collect();
        if shares.is_empty() { vec![self.whole()] } else { shares }
    }

    /// Tells a summarizer the names of the columns, which it checks even if no row follows.
    pub(crate) fn begin(&self, summarizer: &mut dyn Summarizer) -> Result<()> {
        let empty = |&at: &usize| (self.file.fields()[at].name.clone(), Values::Numbers(Vec::new()));
        summarizer.add(&Batch { rows: 0, columns: self.chosen.iter().map(empty).collect() })
    }

    /// The rows of a share.
    pub(crate) fn read(&self, share: &Share) -> Result<Box<dyn Batches>> {
        self.file.read(&self.chosen, share)
    }
}

/// Hands on the bytes of a file, decompressed; a file of columns as CSV: a header, and all columns but those whose type is refused.
pub fn each_chunk(files: &dyn Files, source: &Source, mut take: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
    if !source.format.holds_columns() {
        return reading::each_chunk(files, &source.path, take).map(drop);
    }
    let file = open(files, source)?;
    let chosen: Vec<usize> = (0..file.fields().len()).filter(|&at| file.fields()[at].refused.is_none()).collect();
    let blame = |failure: Error| failure.in_file(&source.path);
    let mut bytes = Vec::new();
    let names = chosen.iter().map(|&at| file.fields()[at].name.as_bytes());
    push_record(&mut bytes, names);
    let mut batches = file.read(&chosen, &Share::Parts(0..file.parts())).map_err(blame)?;
    while let Some(batch) = batches.next().map_err(blame)? {
        write_rows(&mut bytes, &batch);
        if bytes.len() >= CHUNK_BYTES {
            take(&bytes).map_err(without_header)?;
            bytes.clear();
        }
    }
    take(&bytes).map_err(without_header)
}

fn open(files: &dyn Files, source: &Source) -> Result<Box<dyn Columns>> {
    if source.kind != Kind::File {
        let help = "save it as a file first";
        return Err(InputError::new("unsupported-format", "columns cannot be read from a pipe", help).in_file(&source.path));
    }
    files.columns(&source.path).map_err(|failure| failure.in_file(&source.path))
}

/// Indexes of the columns that a plan may need: those it names, or all that can be read if it names none, or one that is not there (the
/// engine's error then lists what is).
fn choose(fields: &[Field], named: Option<&BTreeSet<String>>) -> Result<Vec<usize>, InputError> {
    let known = |name: &String| fields.iter().any(|field| field.name == *name);
    let named = named.filter(|names| names.iter().all(known));
    let is_named = |field: &Field| named.is_none_or(|names| names.contains(&field.name));
    if let (Some(_), Some(field)) = (named, fields.iter().find(|field| is_named(field) && field.refused.is_some())) {
        let sentence = format!("its values are of type {}, which are no numbers", field.refused.as_deref().unwrap_or_default());
        return Err(InputError { column: Some(field.name.clone()), ..InputError::new("column-type", sentence, CAST) });
    }
    Ok((0..fields.len()).filter(|&at| fields[at].refused.is_none() && is_named(&fields[at])).collect())
}

/// Columns that [`each_chunk`] leaves out, as notes.
pub fn left_out(files: &dyn Files, source: &Source) -> Result<Vec<String>> {
    Ok(refused(open(files, source)?.fields(), source))
}

fn refused(fields: &[Field], source: &Source) -> Vec<String> {
    let path = samefit_text::line(&source.path);
    let note = |field: &Field| {
        let (name, refused) = (samefit_text::name(&field.name), field.refused.as_ref()?);
        Some(format!("note: {path}: column `{name}`: left out: its values are of type {refused}, not numbers"))
    };
    fields.iter().filter_map(note).collect()
}

/// In the CSV that we wrote, a header came first.
fn without_header(failure: Error) -> Error {
    match failure {
        Error::Data { path, fault } => Error::Data { path, fault: InputError { row: fault.row.map(|row| row.saturating_sub(1)), ..fault } },
        other => other,
    }
}

fn write_rows(csv: &mut Vec<u8>, batch: &Batch) {
    let mut cells: Vec<Cells<'_>> = batch.columns.iter().map(|(_, values)| Cells::of(values)).collect();
    for _ in 0..batch.rows {
        for (at, column) in cells.iter_mut().enumerate() {
            if at > 0 {
                csv.push(b',');
            }
            column.write_next(csv, batch.columns.len() == 1);
        }
        csv.push(RECORD_END);
    }
}

/// The cells of a column, from the first.
enum Cells<'a> {
    Numbers(std::slice::Iter<'a, f64>),
    Text(std::slice::Split<'a, u8, fn(&u8) -> bool>),
}

impl<'a> Cells<'a> {
    fn of(values: &'a Values) -> Self {
        match values {
            Values::Numbers(numbers) => Self::Numbers(numbers.iter()),
            Values::Text(text) => Self::Text(text.split(|byte| *byte == b'\n')),
        }
    }

    /// `alone`: an empty cell would be a blank line, which is no row.
    fn write_next(&mut self, csv: &mut Vec<u8>, alone: bool) {
        match self {
            Self::Numbers(numbers) => match numbers.next() {
                Some(number) if !number.is_nan() => csv.extend_from_slice(zmij::Buffer::new().format(*number).as_bytes()),
                _ if alone => csv.extend_from_slice(b"NA"),
                _ => {}
            },
            Self::Text(cells) => match cells.next() {
                None | Some(b"") if alone => csv.extend_from_slice(b"NA"),
                cell => push_field(csv, cell.unwrap_or_default()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &str, refused: Option<&str>) -> Field {
        Field { name: name.to_owned(), refused: refused.map(str::to_owned) }
    }

    fn named(names: &[&str]) -> Option<BTreeSet<String>> {
        Some(names.iter().map(|name| (*name).to_owned()).collect())
    }

    #[test]
    fn only_what_is_needed_is_read() {
        let fields = [field("a", None), field("day", Some("Date32")), field("b", None), field("y", None)];
        assert_eq!(choose(&fields, named(&["y", "a"]).as_ref()).unwrap(), [0, 3]);
        assert_eq!(choose(&fields, None).unwrap(), [0, 2, 3]);
        assert_eq!(choose(&fields, named(&["y", "z"]).as_ref()).unwrap(), [0, 2, 3], "a name that is not there");
        let fault = choose(&fields, named(&["day", "y"]).as_ref()).unwrap_err();
        assert_eq!((fault.code.as_str(), fault.column.as_deref()), ("column-type", Some("day")));
    }

    #[test]
    fn columns_become_csv() {
        let columns = vec![
            ("a".to_owned(), Values::Numbers(vec![0.1, f64::NAN, 1e-7])),
            ("b".to_owned(), Values::Text(b"12.50\n\nx,\"y\"\n".to_vec())),
        ];
        let mut csv = Vec::new();
        push_record(&mut csv, [&b"a"[..], b"b,c"].into_iter());
        write_rows(&mut csv, &Batch { rows: 3, columns: columns.clone() });
        assert_eq!(String::from_utf8(csv).unwrap(), "a,\"b,c\"\n0.1,12.50\n,\n1e-7,\"x,\"\"y\"\"\"\n");
        let mut csv = Vec::new();
        write_rows(&mut csv, &Batch { rows: 3, columns: columns[..1].to_vec() });
        assert_eq!(String::from_utf8(csv).unwrap(), "0.1\nNA\n1e-7\n");
    }
}
