//! Writes predictions as Parquet or Arrow, beside the columns of the input.
//!
//! The predictions come as rows of CSV. If the input is a file of columns, its columns are read once more and stand before the predictions with
//! their own types. Otherwise the cells of the input are in the rows, and become texts.
//!
//! *Invariants*: a row of predictions stands beside the row of the input from which it was made. Memory does not grow with the number of rows.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::mem::take;
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray};
use arrow_ipc::writer::FileWriter;
use arrow_schema::{DataType, Field, FieldRef, Schema, SchemaRef};
use arrow_select::concat::concat_batches;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use samefit_stages::code::Code;
use samefit_stages::error::{Error, InputError, Result};
use samefit_stages::ports::columns::{ColumnKind, ColumnWriter, PredictionRows};

use super::errors::damaged;
use super::format::LimitedBatchReader;

/// Rows that are encoded at once. An Arrow file gets record batches of so many rows.
const ENCODED_ROWS: usize = 1 << 16;
/// Rows of a row group of Parquet, which are in memory encoded.
const GROUP_ROWS: usize = 1 << 18;
/// How many of the columns of a prediction are numbers: the value and the ends of its interval. The others are texts.
const NUMBERS: usize = 3;

/// The input's columns, which come before those of the prediction.
pub(super) struct InputColumns {
    schema: SchemaRef,
    batches: LimitedBatchReader,
    /// Rows that were read and whose predictions are not there yet.
    waiting: Option<RecordBatch>,
}

impl InputColumns {
    /// The columns of `schema` that `batches` reads.
    pub(super) fn new(schema: SchemaRef, batches: LimitedBatchReader) -> Self {
        Self { schema, batches, waiting: None }
    }

    /// Returns the next rows, at most so many; none after the last.
    fn take(&mut self, most: usize) -> Result<Option<RecordBatch>> {
        let next = match self.waiting.take() {
            Some(waiting) => Some(waiting),
            None => self.batches.next_record_batch()?,
        };
        let Some(batch) = next else { return Ok(None) };
        if most < batch.num_rows() {
            self.waiting = Some(batch.slice(most, batch.num_rows() - most));
        }
        Ok(Some(batch.slice(0, most.min(batch.num_rows()))))
    }
}

/// Makes a writer of rows of predictions into a file of this kind.
pub(super) fn writer(to: ColumnKind, rows: PredictionRows, input: Option<InputColumns>) -> Box<dyn ColumnWriter> {
    Box::new(PredictionWriter { to, added: rows.added, input, rows: PredictedCells::default(), batches: Vec::new(), file: None })
}

struct PredictionWriter {
    to: ColumnKind,
    /// How many columns at the end of a row are those of the prediction.
    added: usize,
    input: Option<InputColumns>,
    rows: PredictedCells,
    /// Rows that are not encoded yet.
    batches: Vec<RecordBatch>,
    /// None until the names of the columns were read.
    file: Option<FileEncoder>,
}

/// The names of the columns of some rows, and the cells that are not in a record batch yet.
#[derive(Default)]
struct PredictedCells {
    names: Vec<String>,
    columns: Vec<VecDeque<String>>,
}

impl ColumnWriter for PredictionWriter {
    fn push(&mut self, csv: &[u8]) -> Result<Vec<u8>> {
        self.read(csv)?;
        self.take_batches(false)?;
        let waiting: usize = self.batches.iter().map(RecordBatch::num_rows).sum();
        if waiting >= ENCODED_ROWS { self.encode() } else { Ok(Vec::new()) }
    }

    fn finish(&mut self) -> Result<Vec<u8>> {
        self.take_batches(true)?;
        let mut bytes = self.encode()?;
        if let Some(file) = self.file.take() {
            bytes.extend(file.finish()?);
        }
        Ok(bytes)
    }
}

impl PredictionWriter {
    /// Reads rows of CSV, the first of which names the columns.
    fn read(&mut self, csv: &[u8]) -> Result<()> {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(csv);
        let mut record = csv::StringRecord::new();
        while reader.read_record(&mut record).map_err(unexpected)? {
            if self.file.is_none() {
                self.rows.names = record.iter().map(str::to_owned).collect();
                self.rows.columns = vec![VecDeque::new(); record.len()];
                self.file = Some(FileEncoder::new(self.to, &self.schema()?)?);
                continue;
            }
            self.rows.columns.iter_mut().zip(&record).for_each(|(column, cell)| column.push_back(cell.to_owned()));
        }
        Ok(())
    }

    /// Returns the columns of the file.
    fn schema(&self) -> Result<SchemaRef> {
        let mut fields: Vec<FieldRef> = self.input.iter().flat_map(|input| input.schema.fields().iter().cloned()).collect();
        for (field, name) in self.rows.fields(self.added).into_iter().zip(&self.rows.names) {
            if fields.iter().any(|other| other.name() == name) {
                let sentence = format!("the input has a column `{name}`, and the predictions have one of that name too");
                let help = "rename the input's column, or leave out --with-input";
                return Err(InputError { column: Some(name.clone()), ..InputError::new(Code::DuplicateColumn, sentence, help) }.into());
            }
            fields.push(field);
        }
        let metadata = self.input.as_ref().map(|input| input.schema.metadata().clone()).unwrap_or_default();
        Ok(Arc::new(Schema::new_with_metadata(fields, metadata)))
    }

    /// Makes record batches of the cells, each as long as one of the input. `all`: the cells have ended.
    fn take_batches(&mut self, all: bool) -> Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        let schema = Arc::clone(&file.schema);
        let Some(input) = &mut self.input else {
            let rows = self.rows.len();
            if rows > 0 {
                let columns = self.rows.take(rows, self.added)?;
                self.batches.push(RecordBatch::try_new(schema, columns).map_err(unexpected)?);
            }
            return Ok(());
        };
        while self.rows.len() > 0 {
            let Some(batch) = input.take(self.rows.len())? else { return Err(misaligned()) };
            let columns = batch.columns().iter().cloned().chain(self.rows.take(batch.num_rows(), self.added)?).collect();
            self.batches.push(RecordBatch::try_new(Arc::clone(&schema), columns).map_err(unexpected)?);
        }
        match all && input.take(1)?.is_some() {
            true => Err(misaligned()),
            false => Ok(()),
        }
    }

    /// Encodes the rows that wait, and returns the bytes of the file that are ready.
    fn encode(&mut self) -> Result<Vec<u8>> {
        let Some(file) = &mut self.file else { return Ok(Vec::new()) };
        let batches = take(&mut self.batches);
        if batches.is_empty() {
            return Ok(file.take_bytes());
        }
        let batch = concat_batches(&file.schema, &batches).map_err(unexpected)?;
        file.write(&batch)
    }
}

impl PredictedCells {
    fn len(&self) -> usize {
        self.columns.first().map_or(0, VecDeque::len)
    }

    /// Returns the columns of the rows. The last `added` are those of a prediction.
    fn fields(&self, added: usize) -> Vec<FieldRef> {
        let before = self.names.len() - added.min(self.names.len());
        let is_number = |at: usize| (before..before + NUMBERS).contains(&at);
        let of = |at: usize| if is_number(at) { DataType::Float64 } else { DataType::Utf8 };
        self.names.iter().enumerate().map(|(at, name)| Arc::new(Field::new(name, of(at), true))).collect()
    }

    /// Takes the first rows as arrays. An empty cell is null; that of the warnings is an empty text.
    fn take(&mut self, rows: usize, added: usize) -> Result<Vec<ArrayRef>> {
        let before = self.names.len() - added.min(self.names.len());
        let mut arrays: Vec<ArrayRef> = Vec::with_capacity(self.columns.len());
        for (at, column) in self.columns.iter_mut().enumerate() {
            let cells = column.drain(..rows);
            arrays.push(match at.checked_sub(before) {
                Some(0..NUMBERS) => Arc::new(numbers(cells)?),
                Some(_) => Arc::new(StringArray::from_iter_values(cells)),
                None => Arc::new(cells.map(|cell| Some(cell).filter(|cell| !cell.is_empty())).collect::<StringArray>()),
            });
        }
        Ok(arrays)
    }
}

fn numbers(cells: impl Iterator<Item = String>) -> Result<Float64Array> {
    let number = |cell: String| if cell.is_empty() { Ok(None) } else { cell.parse().map(Some).map_err(unexpected) };
    cells.map(number).collect()
}

/// Encodes record batches as a file of columns.
struct FileEncoder {
    schema: SchemaRef,
    bytes: SharedBytes,
    encoder: Encoder,
}

enum Encoder {
    Parquet(Box<ArrowWriter<SharedBytes>>),
    Arrow(Box<FileWriter<SharedBytes>>),
}

impl FileEncoder {
    fn new(kind: ColumnKind, schema: &SchemaRef) -> Result<Self> {
        let (schema, bytes) = (Arc::clone(schema), SharedBytes::default());
        let encoder = match kind {
            ColumnKind::Parquet => {
                let properties =
                    WriterProperties::builder().set_compression(Compression::SNAPPY).set_max_row_group_row_count(Some(GROUP_ROWS)).build();
                let writer = ArrowWriter::try_new(bytes.clone(), Arc::clone(&schema), Some(properties));
                Encoder::Parquet(Box::new(writer.map_err(|error| unwritable(&error))?))
            }
            ColumnKind::Arrow => Encoder::Arrow(Box::new(FileWriter::try_new(bytes.clone(), &schema).map_err(unexpected)?)),
        };
        Ok(Self { schema, bytes, encoder })
    }

    fn write(&mut self, batch: &RecordBatch) -> Result<Vec<u8>> {
        match &mut self.encoder {
            Encoder::Parquet(writer) => writer.write(batch).map_err(|error| unwritable(&error))?,
            Encoder::Arrow(writer) => writer.write(batch).map_err(unexpected)?,
        }
        Ok(self.take_bytes())
    }

    fn finish(mut self) -> Result<Vec<u8>> {
        match &mut self.encoder {
            Encoder::Parquet(writer) => writer.finish().map(drop).map_err(|error| unwritable(&error))?,
            Encoder::Arrow(writer) => writer.finish().map_err(unexpected)?,
        }
        Ok(self.take_bytes())
    }

    fn take_bytes(&self) -> Vec<u8> {
        take(&mut *self.bytes.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Bytes that an encoder writes and this module takes.
#[derive(Clone, Default)]
struct SharedBytes(Arc<Mutex<Vec<u8>>>);

impl Write for SharedBytes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The error for a column that the format cannot hold.
fn unwritable(error: &ParquetError) -> Error {
    let sentence = format!("the columns cannot be written as Parquet: {error}");
    InputError::new(Code::UnsupportedFormat, sentence, "give --to arrow, or leave out --with-input").into()
}

/// The error for rows that are not those of the input, which means that the input changed.
fn misaligned() -> Error {
    damaged("it does not have as many rows as when it was read first").into()
}

/// The error for predictions that are not as the engine writes them.
fn unexpected(error: impl std::fmt::Display) -> Error {
    Error::Trap(format!("predictions cannot be written as columns: {error}"))
}
