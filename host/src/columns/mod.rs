//! Reads Parquet and Arrow files as batches of columns, as the stages ask for them, and writes predictions as such files (`prediction_file`).
//!
//! The first bytes of a file decide its format; its name does not matter. Parquet and Arrow's file format have parts that can be read
//! independently of each other. An Arrow stream is one part. A thread of its own computes the digest for `provenance.json`; it reads the file
//! from start to end.
//!
//! *Invariants*: a damaged file is bad data and never a panic, because decoders run in `catch_panic` (`panics`). Values are exact (`values`).
//!
//! *Limits*: a batch has at most [`BATCH_ROWS`](limits::BATCH_ROWS) rows and as many bytes of text as a record may have; a cell has at most
//! [`TEXT_BYTES_MAX`](limits::TEXT_BYTES_MAX); a file has at most [`COLUMNS_MAX`]. A record batch of Arrow and a page of Parquet are in memory
//! as a whole, at the size that the writer of the file chose; `arrow` and `parquet` limit that size.

mod arrow;
mod errors;
mod float16;
mod format;
mod index;
mod limits;
mod panics;
mod parquet;
mod prediction_file;
mod shared_file;
#[cfg(test)]
mod tests;
mod types;
mod values;
mod written;

use std::collections::HashSet;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};

use arrow_schema::Schema;
use samefit_stages::code::Code;
use samefit_stages::error::{Error, InputError, Result};
use samefit_stages::input::content::{Content, FIRST_BYTES};
use samefit_stages::input::reading;
use samefit_stages::limits::COLUMNS_MAX;
use samefit_stages::ports::columns::{BatchReader, ColumnFile, ColumnKind, ColumnWriter, Field, Partition, PredictionRows, ValueForm};
use samefit_stages::ports::digest::{InputFile, PendingDigest};

use self::arrow::{ArrowFile, ArrowStream};
use self::errors::{damaged, too_large, unsupported};
use self::format::ColumnFormat;
use self::parquet::ParquetFile;
use self::prediction_file::InputColumns;
use self::shared_file::SharedFile;
use crate::file_snapshot::FileChange;

/// Reads the whole file at a path and returns its size and digest.
type ReadInput = fn(&str) -> Result<InputFile>;

/// Begins a file of columns with predictions, beside the columns of the file at `input` if there is one.
pub(crate) fn writer(to: ColumnKind, rows: PredictionRows, input: Option<&str>) -> Result<Box<dyn ColumnWriter>> {
    let columns = |path: &str| {
        let file = SharedFile::open(path)?;
        let first = file.first_bytes().map_err(|error| reading::read_error(path, &error))?;
        let format = open_format(first, &file)?;
        let columns: Vec<usize> = (0..fields(format.schema())?.len()).collect();
        let batches = format.read(&columns, &Partition::Parts(0..format.parts()))?;
        Ok::<_, Error>(InputColumns::new(Arc::new(format.schema().clone()), batches))
    };
    let input = input.map(|path| columns(path).map_err(|error| error.in_file(path))).transpose()?;
    Ok(prediction_file::writer(to, rows, input))
}

/// Opens a file of columns. `read_input` computes the digest of a whole file.
pub(crate) fn open(path: &str, read_input: ReadInput) -> Result<Box<dyn ColumnFile>> {
    let file = SharedFile::open(path)?;
    let first = file.first_bytes().map_err(|error| reading::read_error(path, &error))?;
    let format = open_format(first, &file)?;
    let fields = fields(format.schema())?;
    Ok(Box::new(OpenColumnFile { path: path.to_owned(), file, format, fields, read_input }))
}

/// Reads the description of a file whose first bytes are `first`.
fn open_format(first: [u8; 8], file: &Arc<SharedFile>) -> Result<Box<dyn ColumnFormat>> {
    let file = Arc::clone(file);
    Ok(match &first {
        [b'P', b'A', b'R', b'1', ..] => Box::new(ParquetFile::open(file)?),
        b"ARROW1\0\0" => Box::new(ArrowFile::open(file)?),
        [0xff, 0xff, 0xff, 0xff, ..] => Box::new(ArrowStream::open(file)?),
        [b'P', b'A', b'R', b'E', ..] => return Err(unsupported("encrypted Parquet", "write it without encryption").into()),
        [b'F', b'E', b'A', b'1', ..] => {
            return Err(unsupported("Feather of version 1", "write it as Feather of version 2, or as Parquet").into());
        }
        _ => return Err(not_columns(&file).into()),
    })
}

/// Returns the error for a file that by its name holds columns and by its first bytes does not.
fn not_columns(file: &SharedFile) -> InputError {
    let length = usize::try_from(file.length()).unwrap_or(FIRST_BYTES).min(FIRST_BYTES);
    let first = file.bytes(0, length).unwrap_or_default();
    let compressed =
        |with: &str| unsupported(&format!("columns compressed as a whole with {with}"), "decompress it: columns are compressed inside");
    match Content::of(&first) {
        Content::Gzip => compressed("gzip"),
        Content::Zstd => compressed("Zstandard"),
        Content::Other(other) => other.error(),
        Content::Workbook => not_by_its_name("an Excel workbook", "give it a name that ends in `.xlsx`"),
        Content::Text | Content::Utf16(_) if is_text(&first) => {
            not_by_its_name("text", "if it is CSV or JSON Lines, give it a name that ends in `.csv` or `.jsonl`")
        }
        _ => damaged("its first bytes are not those of a Parquet or Arrow file"),
    }
}

fn not_by_its_name(what: &str, help: &str) -> InputError {
    InputError::new(Code::UnsupportedFormat, format!("this file is {what}, though its name is that of Parquet or Arrow"), help)
}

/// Whether a file that begins with these bytes may be text.
fn is_text(first: &[u8]) -> bool {
    // the bytes may end in the middle of a character
    let is_cut_off = |error: std::str::Utf8Error| error.error_len().is_none();
    !first.is_empty() && std::str::from_utf8(first).map_or_else(is_cut_off, |text| !text.contains('\0'))
}

/// An open file of columns.
struct OpenColumnFile {
    path: String,
    file: Arc<SharedFile>,
    format: Box<dyn ColumnFormat>,
    fields: Vec<Field>,
    read_input: ReadInput,
}

impl ColumnFile for OpenColumnFile {
    fn fields(&self) -> &[Field] {
        &self.fields
    }

    fn parts(&self) -> usize {
        self.format.parts()
    }

    fn rows(&self, part: usize) -> Option<usize> {
        self.format.rows(part)
    }

    fn read(&self, columns: &[(usize, ValueForm)], partition: &Partition) -> Result<Box<dyn BatchReader>> {
        let (columns, forms): (Vec<usize>, Vec<ValueForm>) = columns.iter().copied().unzip();
        let names = columns.iter().filter_map(|&at| self.fields.get(at)).map(|field| field.name.clone()).collect();
        Ok(Box::new(self.format.read(&columns, partition)?.of_columns(names, forms)))
    }

    fn begin_digest(&self) -> PendingDigest {
        let (path, read_input) = (self.path.clone(), self.read_input);
        let thread = Builder::new().spawn({
            let path = path.clone();
            move || read_input(&path)
        });
        let file = Arc::clone(&self.file);
        Box::new(move || {
            // without a thread, the digest is computed now
            let input = thread.ok().map(JoinHandle::join).and_then(Result::ok).unwrap_or_else(|| read_input(&path))?;
            match file.change()? {
                FileChange::Unchanged => Ok(input),
                FileChange::Possible if read_input(&path)? == input => Ok(input),
                FileChange::Possible | FileChange::Changed => Err(reading::changed_error(&path)),
            }
        })
    }
}

/// Returns the columns of a schema, with names without spaces at their ends, as in CSV. Fails if there are too many, or if two have the same
/// name.
fn fields(schema: &Schema) -> Result<Vec<Field>, InputError> {
    let fields = schema.fields();
    if fields.len() > COLUMNS_MAX {
        return Err(too_large("columns", fields.len() as u64, COLUMNS_MAX as u64, "leave out those that are not needed"));
    }
    let mut names = HashSet::new();
    if let Some(field) = fields.iter().find(|field| !names.insert(field.name())) {
        let error = InputError::new(Code::DuplicateColumn, "two columns have this name", "rename one");
        return Err(InputError { column: Some(field.name().clone()), ..error });
    }
    let index = index::columns(schema);
    // a name keeps its spaces if they tell it from another
    let is_unlike = |name: &str| fields.iter().filter(|field| field.name().trim() == name).count() == 1;
    let trimmed = |name: &str| if name.trim() != name && is_unlike(name.trim()) { name.trim().to_owned() } else { name.to_owned() };
    let described = |field: &arrow_schema::Field| Field {
        name: trimmed(field.name()),
        refused: types::refused_type(field.data_type()),
        is_index: index.contains(field.name()),
    };
    Ok(fields.iter().map(|field| described(field)).collect())
}
