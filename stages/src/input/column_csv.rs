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
/// A file of columns is passed on as CSV with a header. `form` says in which form a column is taken, if it is. An error of `take` in such a file
/// gets its row number reduced by 1, because the file itself has no header.
pub(crate) fn each_chunk(
    files: &dyn Files,
    source: &Source,
    form: impl Fn(&Field) -> Option<ValueForm>,
    mut take: impl FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    if !source.format.holds_columns() {
        return reading::each_chunk(files, source, take).map(drop);
    }
    let file = open(files, source)?;
    let selected: Vec<(usize, ValueForm)> = file.fields().iter().enumerate().filter_map(|(at, field)| Some((at, form(field)?))).collect();
    let forms: Vec<ValueForm> = selected.iter().map(|(_, form)| *form).collect();
    let in_file = |error: Error| error.in_file(&source.path);
    let mut bytes = Vec::new();
    push_record(&mut bytes, selected.iter().map(|(at, _)| file.fields()[*at].name.as_bytes()));
    let mut batches = file.read(&selected, &Partition::Parts(0..file.parts())).map_err(in_file)?;
    while let Some(batch) = batches.next().map_err(in_file)? {
        push_rows(&mut bytes, &batch, &forms);
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

fn push_rows(csv: &mut Vec<u8>, batch: &Batch, forms: &[ValueForm]) {
    let mut cells: Vec<Cells<'_>> = batch.columns.iter().zip(forms).map(|((_, values), form)| Cells::of(values, *form)).collect();
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
    Numbers(std::slice::Iter<'a, f64>, ValueForm),
    Text(std::slice::Split<'a, u8, fn(&u8) -> bool>),
}

impl<'a> Cells<'a> {
    fn of(values: &'a Values, form: ValueForm) -> Self {
        match values {
            Values::Numbers(numbers) => Self::Numbers(numbers.iter(), form),
            Values::Text(text) => Self::Text(text.split(|byte| *byte == b'\n')),
        }
    }

    /// Adds the next cell. `alone`: it is the only cell of its row, so an empty one is written as `NA`. A blank line would not be a row.
    fn push_next(&mut self, csv: &mut Vec<u8>, alone: bool) {
        match self {
            Self::Numbers(numbers, form) => match numbers.next() {
                Some(number) if !number.is_nan() => push_number(csv, *number, *form),
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

/// Adds the shortest text of a number. As data it is that of the level which a number in a column of a category means: 1 and not 1.0.
fn push_number(csv: &mut Vec<u8>, number: f64, form: ValueForm) {
    let mut buffer = zmij::Buffer::new();
    let text = buffer.format(number);
    match form {
        ValueForm::Data if text.contains('e') && (1e-30..1e30).contains(&number.abs()) => {
            csv.extend_from_slice(number.to_string().as_bytes())
        }
        ValueForm::Data => csv.extend_from_slice(text.strip_suffix(".0").unwrap_or(text).as_bytes()),
        ValueForm::Written => csv.extend_from_slice(text.as_bytes()),
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
        push_rows(&mut csv, &Batch { rows: 3, columns: columns.clone() }, &[ValueForm::Written; 2]);
        assert_eq!(String::from_utf8(csv).unwrap(), "a,\"b,c\"\n0.1,12.50\n,\n1e-7,\"x,\"\"y\"\"\"\n");
        let mut csv = Vec::new();
        push_rows(&mut csv, &Batch { rows: 3, columns: columns[..1].to_vec() }, &[ValueForm::Written]);
        assert_eq!(String::from_utf8(csv).unwrap(), "0.1\nNA\n1e-7\n");
    }

    #[test]
    fn a_number_is_the_level_that_it_means_or_a_float() {
        for (number, data, written) in [
            (1.0, "1", "1.0"),
            (-0.5, "-0.5", "-0.5"),
            (1e-7, "0.0000001", "1e-7"),
            (1e21, "1000000000000000000000", "1e+21"),
            (1e200, "1e+200", "1e+200"),
        ] {
            let text = |form| {
                let mut csv = Vec::new();
                push_number(&mut csv, number, form);
                String::from_utf8(csv).unwrap()
            };
            assert_eq!((text(ValueForm::Data).as_str(), text(ValueForm::Written).as_str()), (data, written));
        }
    }
}
