//! Reads Arrow's two formats: the file (`.arrow`, `.feather` of version 2), which has a footer, and the stream (`.arrows`).
//!
//! A stream without its end mark is refused, although the format allows it: it cannot be told from a stream that was cut off.

mod message_lengths;

use std::io::BufReader;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_schema::{ArrowError, Schema};
use samefit_stages::error::Result;
use samefit_stages::ports::columns::Partition;

use super::errors::damaged;
use super::format::{self, ColumnFormat, LimitedBatchReader, RecordBatches};
use super::panics::catch_panic;
use super::shared_file::{PositionedReader, SharedFile};

/// The last bytes of a stream.
const END_MARK: [u8; 8] = [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];

/// A file in the file format.
pub(super) struct ArrowFile {
    file: Arc<SharedFile>,
    schema: Arc<Schema>,
    parts: usize,
}

impl ArrowFile {
    /// Checks the lengths in the file and reads its footer.
    pub(super) fn open(file: Arc<SharedFile>) -> Result<Self> {
        catch_panic(|| message_lengths::check_file(&file))??;
        let reader = file_reader(&file, None)?;
        Ok(Self { schema: reader.schema(), parts: reader.num_batches(), file })
    }
}

impl ColumnFormat for ArrowFile {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn parts(&self) -> usize {
        self.parts
    }

    fn rows(&self, _part: usize) -> Option<usize> {
        None
    }

    fn read(&self, columns: &[usize], partition: &Partition) -> Result<LimitedBatchReader> {
        let parts = format::parts(partition);
        let mut reader = file_reader(&self.file, Some(columns.to_vec()))?;
        let count = parts.len();
        if count > 0 {
            reader.set_index(parts.start).map_err(|error| self.file.arrow_error(&error))?;
        }
        Ok(LimitedBatchReader::new(&self.file, record_batches(&self.file, reader.take(count))))
    }
}

fn file_reader(file: &Arc<SharedFile>, columns: Option<Vec<usize>>) -> Result<FileReader<BufReader<PositionedReader>>> {
    let reader = BufReader::new(PositionedReader::new(file, 0));
    catch_panic(|| FileReader::try_new(reader, columns))?.map_err(|error| file.arrow_error(&error))
}

/// A file in the stream format.
pub(super) struct ArrowStream {
    file: Arc<SharedFile>,
    schema: Arc<Schema>,
}

impl ArrowStream {
    /// Checks the end mark and the lengths in the file, and reads its schema.
    pub(super) fn open(file: Arc<SharedFile>) -> Result<Self> {
        if file.last_bytes().ok() != Some(END_MARK) {
            return Err(damaged("the stream has no end mark").into());
        }
        catch_panic(|| message_lengths::check_stream(&file))??;
        let schema = stream_reader(&file, None)?.schema();
        Ok(Self { file, schema })
    }
}

impl ColumnFormat for ArrowStream {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn parts(&self) -> usize {
        1
    }

    fn rows(&self, _part: usize) -> Option<usize> {
        None
    }

    fn read(&self, columns: &[usize], partition: &Partition) -> Result<LimitedBatchReader> {
        let reader = stream_reader(&self.file, Some(columns.to_vec()))?;
        let count = if format::parts(partition).is_empty() { 0 } else { usize::MAX };
        Ok(LimitedBatchReader::new(&self.file, record_batches(&self.file, reader.take(count))))
    }
}

fn stream_reader(file: &Arc<SharedFile>, columns: Option<Vec<usize>>) -> Result<StreamReader<BufReader<PositionedReader>>> {
    let reader = BufReader::new(PositionedReader::new(file, 0));
    catch_panic(|| StreamReader::try_new(reader, columns))?.map_err(|error| file.arrow_error(&error))
}

fn record_batches(
    file: &Arc<SharedFile>,
    batches: impl Iterator<Item = Result<RecordBatch, ArrowError>> + Send + 'static,
) -> RecordBatches {
    let file = Arc::clone(file);
    Box::new(batches.map(move |batch| batch.map_err(|error| file.arrow_error(&error))))
}
