//! Parquet and Arrow files to batches of columns, as the stages ask for them.
//!
//! A file's first bytes say what it is, whatever its name. Parquet and Arrow's file format are read in parts that do not disturb each other;
//! a stream is one part. The digest for `provenance.json` comes from a thread of its own, which reads the file from end to end.
//!
//! *Invariants*: a damaged file is bad data, never a panic: decoders run in [`guard`]. Values are exact ([`values`]).
//!
//! *Limits*: batches of [`BATCH_ROWS`]. A record batch of Arrow, and a page of Parquet, is in memory as a whole, at the size its writer chose.

mod arrow;
mod guard;
mod parquet;
mod shared;
mod values;

use std::ops::Range;
use std::thread::JoinHandle;

use arrow_array::{Array, RecordBatch};
use arrow_schema::{ArrowError, Schema};
use samefit_stages::columns::{Batch, Batches, Columns, Field};
use samefit_stages::engine::Answer;
use samefit_stages::failure::{Failure, Fault};
use samefit_stages::files::Files;
use samefit_stages::reading::{self, Input};

use crate::files::Disk;
use shared::Shared;

/// Most rows of a batch: a few hundred KiB of ten columns, which stay in the processor's cache while they are summed.
const BATCH_ROWS: usize = 1 << 14;

/// Opens a file of columns.
pub(crate) fn open(path: &str) -> Answer<Box<dyn Columns>> {
    let file = Shared::open(path)?;
    let begin = file.begin().map_err(|error| reading::failed(path, &error))?;
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
    Ok(Box::new(Opened { path: path.to_owned(), format, fields, digest: None }))
}

/// A format of files of columns.
trait Format {
    fn schema(&self) -> &Schema;
    fn parts(&self) -> usize;
    fn read(&self, columns: &[usize], parts: Range<usize>) -> Answer<Reader>;
}

/// A file that was opened.
struct Opened {
    path: String,
    format: Box<dyn Format>,
    fields: Vec<Field>,
    digest: Option<JoinHandle<Answer<Input>>>,
}

impl Columns for Opened {
    fn fields(&self) -> &[Field] {
        &self.fields
    }

    fn parts(&self) -> usize {
        self.format.parts()
    }

    fn read(&self, columns: &[usize], parts: Range<usize>) -> Answer<Box<dyn Batches>> {
        Ok(Box::new(self.format.read(columns, parts)?))
    }

    fn begin_input(&mut self) {
        let path = self.path.clone();
        self.digest = Some(std::thread::spawn(move || digest(&path)));
    }

    fn input(&mut self) -> Answer<Input> {
        match self.digest.take().map(JoinHandle::join) {
            Some(Ok(input)) => input,
            Some(Err(_)) | None => digest(&self.path),
        }
    }
}

fn digest(path: &str) -> Answer<Input> {
    reading::each_chunk(&Disk as &dyn Files, path, |_| Ok(()))
}

fn fields(schema: &Schema) -> Result<Vec<Field>, Fault> {
    let fields = schema.fields();
    for (at, field) in fields.iter().enumerate() {
        if fields[..at].iter().any(|other| other.name() == field.name()) {
            let fault = Fault::new("duplicate-column", "two columns have this name", "rename one");
            return Err(Fault { column: Some(field.name().clone()), ..fault });
        }
    }
    let described = |field: &arrow_schema::Field| Field { name: field.name().clone(), refused: values::refused(field.data_type()) };
    Ok(fields.iter().map(|field| described(field)).collect())
}

/// Record batches of any size to batches of at most [`BATCH_ROWS`].
struct Reader {
    file: std::sync::Arc<Shared>,
    batches: Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>> + Send>,
    /// What is left of the last record batch.
    rest: Option<RecordBatch>,
}

impl Reader {
    fn next_record_batch(&mut self) -> Answer<Option<RecordBatch>> {
        loop {
            let next = match self.rest.take() {
                Some(rest) => Some(rest),
                None => guard::guarded(|| self.batches.next())?.transpose().map_err(|error| self.file.failure(&error))?,
            };
            match next {
                None => return Ok(None),
                Some(batch) if batch.num_rows() == 0 => {}
                Some(batch) if batch.num_rows() <= BATCH_ROWS => return Ok(Some(batch)),
                Some(batch) => {
                    self.rest = Some(batch.slice(BATCH_ROWS, batch.num_rows() - BATCH_ROWS));
                    return Ok(Some(batch.slice(0, BATCH_ROWS)));
                }
            }
        }
    }
}

impl Batches for Reader {
    fn next(&mut self) -> Answer<Option<Batch>> {
        let Some(batch) = self.next_record_batch()? else { return Ok(None) };
        let named = |(field, array): (&std::sync::Arc<arrow_schema::Field>, &std::sync::Arc<dyn Array>)| {
            let values = guard::guarded(|| values::values(array.as_ref()))?;
            values.map(|values| (field.name().clone(), values)).map_err(|error| self.file.failure(&error))
        };
        let columns = batch.schema_ref().fields().iter().zip(batch.columns()).map(named).collect::<Answer<_>>()?;
        Ok(Some(Batch { rows: batch.num_rows(), columns }))
    }
}

fn damaged(what: impl std::fmt::Display) -> Fault {
    let help = "copy the file again if it was cut off, or write it again";
    Fault::new("damaged", format!("not Parquet and not Arrow, or damaged: {what}"), help)
}

fn unsupported(what: &str, help: &str) -> Fault {
    Fault::new("unsupported-format", format!("this file is {what}, which this version does not read"), help)
}

/// What a decoder's error means.
fn decoder_failure(error: &ArrowError) -> Failure {
    let text = error.to_string();
    // the decoders' words for what they were built without
    if ["Disabled feature", "not supported", "NYI"].iter().any(|words| text.contains(words)) {
        return Fault::new(
            "unsupported-format",
            format!("this file needs what this version does not have: {text}"),
            "write it with Snappy or Zstandard, or as CSV",
        )
        .into();
    }
    damaged(text).into()
}
