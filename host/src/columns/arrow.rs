//! Arrow's two formats to record batches: the file (`.arrow`, `.feather` of version 2), which has a footer, and the stream (`.arrows`).
//!
//! A stream without its end mark is refused, though the format allows it: it cannot be told from one that was cut off.

use std::io::BufReader;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_schema::{ArrowError, Schema};
use samefit_stages::error::Result;
use samefit_stages::ports::columns::Share;

use super::shared::{Place, Shared};
use super::{Format, Reader, damaged, guard, lengths};

/// What a stream ends with.
const END: [u8; 8] = [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];

/// A file in the file format.
pub(super) struct File {
    file: Arc<Shared>,
    schema: Arc<Schema>,
    parts: usize,
}

impl File {
    pub(super) fn open(file: Arc<Shared>) -> Result<Self> {
        guard::guarded(|| lengths::check_file(&file))??;
        let reader = file_reader(&file, None)?;
        Ok(Self { schema: reader.schema(), parts: reader.num_batches(), file })
    }
}

impl Format for File {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn parts(&self) -> usize {
        self.parts
    }

    fn rows(&self, _part: usize) -> Option<usize> {
        None
    }

    fn read(&self, columns: &[usize], share: &Share) -> Result<Reader> {
        let parts = super::parts(share);
        let mut reader = file_reader(&self.file, Some(columns.to_vec()))?;
        let count = parts.len();
        if count > 0 {
            reader.set_index(parts.start).map_err(|error| self.file.failure(&error))?;
        }
        Ok(Reader { file: Arc::clone(&self.file), batches: batches(&self.file, reader.take(count)), rest: None })
    }
}

fn file_reader(file: &Arc<Shared>, columns: Option<Vec<usize>>) -> Result<FileReader<BufReader<Place>>> {
    let place = BufReader::new(Place { file: Arc::clone(file), offset: 0 });
    guard::guarded(|| FileReader::try_new(place, columns))?.map_err(|error| file.failure(&error))
}

/// A file in the stream format.
pub(super) struct Stream {
    file: Arc<Shared>,
    schema: Arc<Schema>,
}

impl Stream {
    pub(super) fn open(file: Arc<Shared>) -> Result<Self> {
        if file.end().ok() != Some(END) {
            return Err(damaged("the stream has no end mark").into());
        }
        guard::guarded(|| lengths::check_stream(&file))??;
        let schema = stream_reader(&file, None)?.schema();
        Ok(Self { file, schema })
    }
}

impl Format for Stream {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn parts(&self) -> usize {
        1
    }

    fn rows(&self, _part: usize) -> Option<usize> {
        None
    }

    fn read(&self, columns: &[usize], share: &Share) -> Result<Reader> {
        let parts = super::parts(share);
        let reader = stream_reader(&self.file, Some(columns.to_vec()))?;
        let all = if parts.is_empty() { 0 } else { usize::MAX };
        Ok(Reader { file: Arc::clone(&self.file), batches: batches(&self.file, reader.take(all)), rest: None })
    }
}

fn stream_reader(file: &Arc<Shared>, columns: Option<Vec<usize>>) -> Result<StreamReader<BufReader<Place>>> {
    let place = BufReader::new(Place { file: Arc::clone(file), offset: 0 });
    guard::guarded(|| StreamReader::try_new(place, columns))?.map_err(|error| file.failure(&error))
}

fn batches(
    file: &Arc<Shared>,
    batches: impl Iterator<Item = Result<RecordBatch, ArrowError>> + Send + 'static,
) -> Box<dyn Iterator<Item = Result<RecordBatch>> + Send> {
    let file = Arc::clone(file);
    Box::new(batches.map(move |batch| batch.map_err(|error| file.failure(&error))))
}
