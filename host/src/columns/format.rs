//! What a format of files of columns offers, and the reader that turns its record batches into batches of limited size.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{FieldRef, Schema};
use samefit_stages::error::Result;
use samefit_stages::input::reading;
use samefit_stages::ports::columns::{Batch, BatchReader, Partition, ValueForm, Values};

use super::panics::catch_panic;
use super::shared_file::SharedFile;
use super::{values, written};
use crate::file_snapshot::FileChange;

/// A file of columns whose description (footer, schema) was read.
pub(super) trait ColumnFormat: Send + Sync {
    /// Returns the names and types of the columns.
    fn schema(&self) -> &Schema;
    /// Returns the number of parts that can be read independently of each other.
    fn parts(&self) -> usize;
    /// Returns the number of rows of a part, if the format can read some of them without reading all.
    fn rows(&self, part: usize) -> Option<usize>;
    /// Begins to read `partition` of the columns with these indexes.
    fn read(&self, columns: &[usize], partition: &Partition) -> Result<LimitedBatchReader>;
}

/// Returns the parts that `partition` touches.
pub(super) fn parts(partition: &Partition) -> Range<usize> {
    match partition {
        Partition::Parts(parts) => parts.clone(),
        Partition::Rows(part, _) => *part..*part + 1,
    }
}

/// The record batches of a decoder, in order.
pub(super) type RecordBatches = Box<dyn Iterator<Item = Result<RecordBatch>> + Send>;

/// Cuts record batches of any size into batches whose rows and bytes are limited (see [`values::rows_at_once`]).
pub(super) struct LimitedBatchReader {
    file: Arc<SharedFile>,
    record_batches: RecordBatches,
    /// The rows of the last record batch that were not returned yet.
    rest: Option<RecordBatch>,
    /// The name of each column, where it is not that of the record batches.
    names: Vec<String>,
    /// The form of each column's values; as data if there is none.
    forms: Vec<ValueForm>,
}

impl LimitedBatchReader {
    /// Creates a reader of the record batches that were decoded from `file`.
    pub(super) fn new(file: &Arc<SharedFile>, record_batches: RecordBatches) -> Self {
        Self { file: Arc::clone(file), record_batches, rest: None, names: Vec::new(), forms: Vec::new() }
    }

    /// The same reader, with columns of these names and values in these forms.
    pub(super) fn of_columns(self, names: Vec<String>, forms: Vec<ValueForm>) -> Self {
        Self { names, forms, ..self }
    }

    /// Returns the next rows with the types of the file; none after the last.
    pub(super) fn next_record_batch(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            let next = match self.rest.take() {
                Some(rest) => Some(rest),
                None => catch_panic(|| self.record_batches.next())?.transpose()?,
            };
            match next {
                // a possible change is settled by the digest: see `ColumnFile::begin_digest`
                None if self.file.change()? == FileChange::Changed => return Err(reading::changed_error(self.file.path())),
                None => return Ok(None),
                Some(batch) if batch.num_rows() == 0 => {}
                Some(batch) => {
                    let rows = catch_panic(|| values::rows_at_once(&batch))??;
                    if rows < batch.num_rows() {
                        self.rest = Some(batch.slice(rows, batch.num_rows() - rows));
                    }
                    return Ok(Some(batch.slice(0, rows)));
                }
            }
        }
    }

    fn column(&self, at: usize, field: &FieldRef, array: &ArrayRef) -> Result<(String, Values)> {
        let values = catch_panic(|| match self.forms.get(at) {
            None | Some(ValueForm::Data) => values::values(array.as_ref()),
            Some(ValueForm::Written) => written::written(array.as_ref()),
        })?;
        let name = self.names.get(at).unwrap_or(field.name()).clone();
        Ok((name, values.map_err(|error| self.file.arrow_error(&error))?))
    }
}

impl BatchReader for LimitedBatchReader {
    fn next(&mut self) -> Result<Option<Batch>> {
        let Some(batch) = self.next_record_batch()? else { return Ok(None) };
        let columns = batch.schema_ref().fields().iter().zip(batch.columns());
        let columns = columns.enumerate().map(|(at, (field, array))| self.column(at, field, array)).collect::<Result<_>>()?;
        Ok(Some(Batch { rows: batch.num_rows(), columns }))
    }
}
