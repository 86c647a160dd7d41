//! Reads columns and row groups of Parquet files as record batches.

mod byte_cursor;
mod delta;
mod page_header;
pub(super) mod pages;

use std::ops::Range;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::Schema;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use samefit_stages::error::{InputError, Result};
use samefit_stages::ports::columns::Partition;

use super::errors::{damaged, too_large};
use super::format::{self, ColumnFormat, LimitedBatchReader};
use super::panics::catch_panic;
use super::shared_file::{ParquetSource, SharedFile};

/// Most bytes of the footer, which describes each column of each row group.
const FOOTER_BYTES_MAX: u32 = 16 << 20;

/// A Parquet file whose footer was read.
pub(super) struct ParquetFile {
    file: Arc<SharedFile>,
    metadata: ArrowReaderMetadata,
}

impl ParquetFile {
    /// Reads the footer of a file.
    pub(super) fn open(file: Arc<SharedFile>) -> Result<Self> {
        check_footer_length(&file)?;
        let load = || ArrowReaderMetadata::load(&ParquetSource(Arc::clone(&file)), ArrowReaderOptions::new());
        let metadata = catch_panic(load)?.map_err(|error| file.parquet_error(&error))?;
        Ok(Self { file, metadata })
    }
}

/// Fails if the footer is too long. The decoder allocates as many parts as a footer of its length can list.
fn check_footer_length(file: &SharedFile) -> Result<(), InputError> {
    let last = file.last_bytes().map_err(damaged)?;
    let length = u32::from_le_bytes([last[0], last[1], last[2], last[3]]);
    // a file that does not end so is cut off, and these bytes are no length
    match last.ends_with(b"PAR1") && length > FOOTER_BYTES_MAX {
        false => Ok(()),
        true => Err(too_large("bytes of its footer", length.into(), FOOTER_BYTES_MAX.into(), "write it with fewer and larger row groups")),
    }
}

impl ColumnFormat for ParquetFile {
    fn schema(&self) -> &Schema {
        self.metadata.schema()
    }

    fn parts(&self) -> usize {
        self.metadata.metadata().num_row_groups()
    }

    fn rows(&self, part: usize) -> Option<usize> {
        usize::try_from(self.metadata.metadata().row_group(part).num_rows()).ok()
    }

    fn read(&self, columns: &[usize], partition: &Partition) -> Result<LimitedBatchReader> {
        let row_groups = RowGroups {
            file: Arc::clone(&self.file),
            metadata: self.metadata.clone(),
            mask: ProjectionMask::roots(self.metadata.parquet_schema(), columns.iter().copied()),
            groups: format::parts(partition),
            rows: if let Partition::Rows(_, rows) = partition { Some(rows.clone()) } else { None },
            open: None,
        };
        Ok(LimitedBatchReader::new(&self.file, Box::new(row_groups)))
    }
}

/// Iterator over the record batches of some row groups. It opens each row group when it is reached, so an error in one hides only the row
/// groups after it.
struct RowGroups {
    file: Arc<SharedFile>,
    metadata: ArrowReaderMetadata,
    mask: ProjectionMask,
    groups: Range<usize>,
    /// The rows to read of the group; none for all.
    rows: Option<Range<usize>>,
    open: Option<ParquetRecordBatchReader>,
}

impl RowGroups {
    fn open(&self, group: usize) -> Result<ParquetRecordBatchReader> {
        let batch_rows = pages::batch_rows(&self.file, self.metadata.metadata(), &self.mask, group)?;
        let source = ParquetSource(Arc::clone(&self.file));
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(source, self.metadata.clone())
            .with_batch_size(batch_rows)
            .with_projection(self.mask.clone())
            .with_row_groups(vec![group]);
        let builder = match &self.rows {
            Some(rows) => builder.with_offset(rows.start).with_limit(rows.len()),
            None => builder,
        };
        builder.build().map_err(|error| self.file.parquet_error(&error))
    }
}

impl Iterator for RowGroups {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(batch) = self.open.as_mut().and_then(Iterator::next) {
                return Some(batch.map_err(|error| self.file.arrow_error(&error)));
            }
            let group = self.groups.next()?;
            match self.open(group) {
                Ok(reader) => self.open = Some(reader),
                Err(error) => {
                    self.open = None;
                    return Some(Err(error));
                }
            }
        }
    }
}
