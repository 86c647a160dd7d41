//! Parquet and Arrow files to batches of columns, as the stages ask for them.
//!
//! A file's first bytes say what it is, whatever its name. Parquet and Arrow's file format are read in parts that do not disturb each other;
//! a stream is one part. The digest for `provenance.json` comes from a thread of its own, which reads the file from end to end.
//!
//! *Invariants*: a damaged file is bad data, never a panic: decoders run in [`guard`]. Values are exact ([`values`]).
//!
//! *Limits*: batches of [`BATCH_ROWS`] and as much text as a record may have; cells of [`TEXT_BYTES_MAX`]; [`COLUMNS_MAX`]. A record batch of Arrow,
//! and a page of Parquet, is in memory as a whole, at the size its writer chose, which `lengths` and `pages` limit.

mod arrow;
mod cursor;
mod delta;
mod guard;
mod header;
mod lengths;
mod pages;
mod parquet;
mod shared;
mod values;

use std::collections::HashSet;
use std::thread::{Builder, JoinHandle};

use arrow_array::{Array, RecordBatch};
use arrow_schema::{ArrowError, Schema};
use samefit_stages::code::Code;
use samefit_stages::error::{Error, InputError, Result};
use samefit_stages::input::reading;
use samefit_stages::limits::COLUMNS_MAX;
use samefit_stages::ports::columns::{Batch, BatchReader, ColumnFile, Field, Partition};
use samefit_stages::ports::digest::InputFile;
use samefit_stages::ports::digest::PendingDigest;
use samefit_stages::ports::files::Files;

use crate::files::Disk;
use crate::stamp::Change;
use shared::Shared;

/// Most rows of a batch: few enough that the allocator keeps the buffers of ten columns for the next batch. Of larger ones it gives the memory
/// back to the system, which then clears it again, page by page: a third of the time.
const BATCH_ROWS: usize = 1 << 11;
/// Longest text of a cell: thousands of times as long as a number. A dictionary has it once, and rows without end.
const TEXT_BYTES_MAX: usize = 1 << 20;

/// Opens a file of columns.
pub(crate) fn open(path: &str) -> Result<Box<dyn ColumnFile>> {
    let file = Shared::open(path)?;
    let begin = file.begin().map_err(|error| reading::read_error(path, &error))?;
    let shared = std::sync::Arc::clone(&file);
    let format: Box<dyn Format> = match &begin {
        [b'P', b'A', b'R', b'1', ..] => Box::new(parquet::Parquet::open(file)?),
        b"ARROW1\0\0" => Box::new(arrow::File::open(file)?),
        [0xff, 0xff, 0xff, 0xff, ..] => Box::new(arrow::Stream::open(file)?),
        [b'P', b'A', b'R', b'E', ..] => return Err(unsupported("encrypted Parquet", "write it without encryption").into()),
        [b'F', b'E', b'A', b'1', ..] => {
            return Err(unsupported("Feather of version 1", "write it as Feather of version 2, or as Parquet").into());
        }
        [0x1f, 0x8b, ..] => {
            return Err(unsupported("columns compressed as a whole with gzip", "decompress it: columns are compressed inside").into());
        }
        _ => return Err(damaged("it begins as no Parquet and no Arrow file does").into()),
    };
    let fields = fields(format.schema())?;
    Ok(Box::new(Opened { path: path.to_owned(), file: shared, format, fields }))
}

/// A format of files of columns.
trait Format: Send + Sync {
    fn schema(&self) -> &Schema;
    fn parts(&self) -> usize;
    /// Rows of a part, if some of them can be read without reading all.
    fn rows(&self, part: usize) -> Option<usize>;
    fn read(&self, columns: &[usize], partition: &Partition) -> Result<Reader>;
}

/// The parts of a partition. Only formats that know their rows are asked for some of them.
fn parts(partition: &Partition) -> std::ops::Range<usize> {
    match partition {
        Partition::Parts(parts) => parts.clone(),
        Partition::Rows(part, _) => *part..*part + 1,
    }
}

/// A file that was opened.
struct Opened {
    path: String,
    file: std::sync::Arc<Shared>,
    format: Box<dyn Format>,
    fields: Vec<Field>,
}

impl ColumnFile for Opened {
    fn fields(&self) -> &[Field] {
        &self.fields
    }

    fn parts(&self) -> usize {
        self.format.parts()
    }

    fn rows(&self, part: usize) -> Option<usize> {
        self.format.rows(part)
    }

    fn read(&self, columns: &[usize], partition: &Partition) -> Result<Box<dyn BatchReader>> {
        Ok(Box::new(self.format.read(columns, partition)?))
    }

    fn begin_digest(&self) -> PendingDigest {
        let path = self.path.clone();
        let thread = Builder::new().spawn({
            let path = path.clone();
            move || digest(&path)
        });
        // without a thread, it is done when it is asked for
        let file = std::sync::Arc::clone(&self.file);
        Box::new(move || {
            let input = thread.ok().map(JoinHandle::join).and_then(Result::ok).unwrap_or_else(|| digest(&path))?;
            match file.change()? {
                Change::No => Ok(input),
                Change::Perhaps if digest(&path)? == input => Ok(input),
                Change::Perhaps | Change::Yes => Err(reading::changed_error(&path)),
            }
        })
    }
}

fn digest(path: &str) -> Result<InputFile> {
    reading::each_chunk(&Disk::default() as &dyn Files, path, |_| Ok(()))
}

fn fields(schema: &Schema) -> Result<Vec<Field>, InputError> {
    let fields = schema.fields();
    if fields.len() > COLUMNS_MAX {
        return Err(too_large("columns", fields.len() as u64, COLUMNS_MAX as u64, "leave out those that are not needed"));
    }
    let mut names = HashSet::new();
    if let Some(field) = fields.iter().find(|field| !names.insert(field.name())) {
        let fault = InputError::new(Code::DuplicateColumn, "two columns have this name", "rename one");
        return Err(InputError { column: Some(field.name().clone()), ..fault });
    }
    let described = |field: &arrow_schema::Field| Field { name: field.name().clone(), refused: values::refused(field.data_type()) };
    Ok(fields.iter().map(|field| described(field)).collect())
}

/// Record batches of any size to batches of at most [`BATCH_ROWS`].
struct Reader {
    file: std::sync::Arc<Shared>,
    batches: Box<dyn Iterator<Item = Result<RecordBatch>> + Send>,
    /// What is left of the last record batch.
    rest: Option<RecordBatch>,
}

impl Reader {
    fn next_record_batch(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            let next = match self.rest.take() {
                Some(rest) => Some(rest),
                None => guard::guarded(|| self.batches.next())?.transpose()?,
            };
            match next {
                // where only the state changed, whoever asks for the digest compares the content
                None if self.file.change()? == Change::Yes => return Err(reading::changed_error(self.file.path())),
                None => return Ok(None),
                Some(batch) if batch.num_rows() == 0 => {}
                Some(batch) => {
                    let rows = guard::guarded(|| values::rows_at_once(&batch))??;
                    if rows < batch.num_rows() {
                        self.rest = Some(batch.slice(rows, batch.num_rows() - rows));
                    }
                    return Ok(Some(batch.slice(0, rows)));
                }
            }
        }
    }
}

impl BatchReader for Reader {
    fn next(&mut self) -> Result<Option<Batch>> {
        let Some(batch) = self.next_record_batch()? else { return Ok(None) };
        let named = |(field, array): (&std::sync::Arc<arrow_schema::Field>, &std::sync::Arc<dyn Array>)| {
            let values = guard::guarded(|| values::values(array.as_ref()))?;
            values.map(|values| (field.name().clone(), values)).map_err(|error| self.file.failure(&error))
        };
        let columns = batch.schema_ref().fields().iter().zip(batch.columns()).map(named).collect::<Result<_>>()?;
        Ok(Some(Batch { rows: batch.num_rows(), columns }))
    }
}

fn damaged(what: impl std::fmt::Display) -> InputError {
    let help = "copy the file again if it was cut off, or write it again";
    InputError::new(Code::Damaged, format!("not Parquet and not Arrow, or damaged: {what}"), help)
}

/// More of something than is read.
fn too_large(what: &str, found: u64, most: u64, help: &str) -> InputError {
    InputError::new(Code::Capacity, format!("{found} {what} are more than the {most} that can be read"), help)
}

fn text_too_long(bytes: u64) -> InputError {
    let help = "name the columns to use, without this one, or shorten its texts";
    InputError::new(Code::Capacity, format!("a text of {bytes} bytes is longer than the {TEXT_BYTES_MAX} of a cell"), help)
}

fn unsupported(what: &str, help: &str) -> InputError {
    InputError::new(Code::UnsupportedFormat, format!("this file is {what}, which this version does not read"), help)
}

/// What a decoder's error means.
fn decoder_failure(error: &ArrowError) -> Error {
    let text = error.to_string();
    // the decoders' words for what they were built without
    if ["Disabled feature", "not supported", "NYI"].iter().any(|words| text.contains(words)) {
        return InputError::new(
            Code::UnsupportedFormat,
            format!("this file needs what this version does not have: {text}"),
            "write it with Snappy or Zstandard, or as CSV",
        )
        .into();
    }
    damaged(text).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    /// Reads all of it; the number of rows.
    fn rows(path: &str) -> Result<usize> {
        let file = open(path)?;
        let later = file.begin_digest();
        let readable: Vec<usize> = (0..file.fields().len()).filter(|&at| file.fields()[at].refused.is_none()).collect();
        let mut batches = file.read(&readable, &Partition::Parts(0..file.parts()))?;
        let mut rows = 0;
        while let Some(batch) = batches.next()? {
            rows += batch.rows;
        }
        later()?;
        Ok(rows)
    }

    fn fixture(name: &str) -> Vec<u8> {
        std::fs::read(format!("{}/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
    }

    fn rows_of(bytes: &[u8]) -> Result<usize> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        rows(file.path().to_str().unwrap())
    }

    #[test]
    fn parts_are_the_whole() {
        for name in ["kinds.parquet", "kinds.feather"] {
            let file = open(&format!("{}/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap();
            let read = |partition: Partition| {
                let mut batches = file.read(&[0, 3], &partition).unwrap();
                let mut found = Vec::new();
                while let Some(batch) = batches.next().unwrap() {
                    let [(first, _), (second, samefit_stages::ports::columns::Values::Numbers(numbers))] = &batch.columns[..] else {
                        panic!("two columns")
                    };
                    assert_eq!([first.as_str(), second.as_str()], ["i8", "f64"]);
                    found.extend(numbers.iter().map(|number| number.to_bits()));
                }
                found
            };
            assert_eq!(file.parts(), 3);
            let whole = read(Partition::Parts(0..3));
            let parts = [0..1, 1..3, 3..3].map(|parts| read(Partition::Parts(parts)));
            assert_eq!(parts.concat(), whole, "{name}");
            assert_eq!(whole.len(), 60);
            if let Some(rows) = file.rows(1) {
                let rows = [0..1, 1..5, 5..rows].map(|rows| read(Partition::Rows(1, rows)));
                assert_eq!(rows.concat(), read(Partition::Parts(1..2)), "{name}");
            }
        }
    }

    /// Where the bodies of a file's pages are, which checksums are of.
    fn bodies(path: &str) -> Vec<std::ops::Range<usize>> {
        let file = Shared::open(path).unwrap();
        let metadata =
            ::parquet::file::metadata::ParquetMetaDataReader::new().parse_and_finish(&std::fs::File::open(path).unwrap()).unwrap();
        let chunks = metadata.row_groups().iter().flat_map(|group| group.columns().iter().map(|chunk| (chunk, group.num_rows())));
        let mut bodies = Vec::new();
        for (chunk, rows) in chunks {
            let mut at = chunk.byte_range().0;
            for header in pages::headers(&file, chunk, usize::try_from(rows).unwrap()).unwrap() {
                at += header.length;
                bodies.push(usize::try_from(at).unwrap()..usize::try_from(at + header.stored).unwrap());
                at += header.stored;
            }
        }
        bodies
    }

    /// Pages with checksums, with dictionaries and without, of either version: no change of a body passes.
    #[test]
    fn a_page_that_is_not_what_its_checksum_says_is_bad_data() {
        for name in ["checksums-1.parquet", "checksums-2.parquet"] {
            let whole = fixture(name);
            assert_eq!(rows_of(&whole).unwrap(), 60);
            let bodies = bodies(&format!("{}/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR")));
            assert!(bodies.len() >= 3 * 4 + 3 * 2, "{name}: a page for each column and row group, and dictionaries");
            for at in bodies.into_iter().flatten() {
                let mut damaged = whole.clone();
                damaged[at] ^= 1 << (at % 8);
                let failure = rows_of(&damaged).unwrap_err();
                assert_eq!(failure.exit_code(), 3, "{name} changed at {at}: {failure}");
                assert!(failure.to_string().contains("checksum"), "{name} changed at {at}: {failure}");
            }
        }
    }

    /// Whatever is done to a file, it is read or refused: bad data, or another format than it was.
    #[test]
    fn damage_is_bad_data() {
        for name in ["kinds.parquet", "kinds.feather", "kinds.arrows"] {
            let whole = fixture(name);
            assert_eq!(rows_of(&whole).unwrap(), 60);
            let step = whole.len() / 200;
            for at in (0..whole.len()).step_by(step) {
                let failure = rows_of(&whole[..at]).unwrap_err();
                assert_eq!(failure.exit_code(), 3, "{name} cut at {at}: {failure}");
            }
            // one byte in nine, for time; all of them were tried
            for at in (0..whole.len()).step_by(9) {
                let mut damaged = whole.clone();
                damaged[at] ^= [1, 0x80, 0xff, 0x10][at % 4];
                if let Err(failure) = rows_of(&damaged) {
                    assert_eq!(failure.exit_code(), 3, "{name} changed at {at}: {failure}");
                }
            }
        }
    }
}
