//! Writes files of columns as CSV, for engine functions that take bytes only.

use samefit_formats::csv::{RECORD_END, push_field, push_record};

use crate::error::{Error, InputError, Result};
use crate::input::reading;
use crate::input::selected_columns::{self, open};
use crate::limits::CHUNK_BYTES;
use crate::ports::columns::{Batch, Field, Partition, ValueForm, Values};
use crate::ports::files::Files;
use crate::source::Source;

/// Hands the text of a file to `take`, chunk by chunk.
///
/// A file of columns is passed on as CSV with a header, with the columns that are `taken`, as they are to be written. They must be writable. An
/// error of `take` in such a file gets its row number reduced by 1, because the file itself has no header.
pub(crate) fn each_chunk(
    files: &dyn Files,
    source: &Source,
    taken: impl Fn(&Field) -> bool,
    mut take: impl FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    if !source.format.holds_columns() {
        return reading::each_chunk(files, source, take).map(drop);
    }
    let file = open(files, source)?;
    let selected: Vec<usize> = (0..file.fields().len()).filter(|&at| taken(&file.fields()[at])).collect();
    let in_file = |error: Error| error.in_file(&source.path);
    let mut bytes = Vec::new();
    push_record(&mut bytes, selected.iter().map(|&at| file.fields()[at].name.as_bytes()));
    let mut batches = file.read(&selected, &Partition::Parts(0..file.parts()), ValueForm::Written).map_err(in_file)?;
    while let Some(batch) = batches.next().map_err(in_file)? {
        push_rows(&mut bytes, &batch);
        if bytes.len() >= CHUNK_BYTES {
            take(&bytes).map_err(without_header)?;
            bytes.clear();
        }
    }
    take(&bytes).map_err(without_header)
}

/// Returns notes on the columns that are not `taken` of a file of columns; none for any other file.
pub(crate) fn left_out(files: &dyn Files, source: &Source, taken: impl Fn(&Field) -> bool) -> Result<Vec<String>> {
    if !source.format.holds_columns() {
        return Ok(Vec::new());
    }
    Ok(selected_columns::left_out(open(files, source)?.fields(), taken, source))
}

/// Counts the row of an error without the header.
fn without_header(error: Error) -> Error {
    match error {
        Error::Data { path, fault } => Error::Data { path, fault: InputError { row: fault.row.map(|row| row.saturating_sub(1)), ..fault } },
        other => other,
    }
}

fn push_rows(csv: &mut Vec<u8>, batch: &Batch) {
    let mut cells: Vec<Cells<'_>> = batch.columns.iter().map(|(_, values)| Cells::of(values)).collect();
    for _ in 0..batch.rows {
        for (at, column) in cells.iter_mut().enumerate() {
            if at > 0 {
                csv.push(b',');
            }
            column.push_next(csv, batch.columns.len() == 1);
        }
        csv.push(RECORD_END);
    }
}

/// The cells of a column that are not yet written.
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

    /// Adds the next cell. `alone`: it is the only cell of its row, so an empty one is written as `NA`. A blank line would not be a row.
    fn push_next(&mut self, csv: &mut Vec<u8>, alone: bool) {
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

    #[test]
    fn columns_become_csv() {
        let columns = vec![
            ("a".to_owned(), Values::Numbers(vec![0.1, f64::NAN, 1e-7])),
            ("b".to_owned(), Values::Text(b"12.50\n\nx,\"y\"\n".to_vec())),
        ];
        let mut csv = Vec::new();
        push_record(&mut csv, [&b"a"[..], b"b,c"]);
        push_rows(&mut csv, &Batch { rows: 3, columns: columns.clone() });
        assert_eq!(String::from_utf8(csv).unwrap(), "a,\"b,c\"\n0.1,12.50\n,\n1e-7,\"x,\"\"y\"\"\"\n");
        let mut csv = Vec::new();
        push_rows(&mut csv, &Batch { rows: 3, columns: columns[..1].to_vec() });
        assert_eq!(String::from_utf8(csv).unwrap(), "0.1\nNA\n1e-7\n");
    }
}
