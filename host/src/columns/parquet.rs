//! Parquet to record batches: some columns of some row groups.

use std::ops::Range;
use std::sync::Arc;

use ::parquet::arrow::ProjectionMask;
use ::parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use ::parquet::errors::ParquetError;
use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, Schema};
use samefit_stages::error::{InputError, Result};
use samefit_stages::ports::columns::Share;

use super::shared::{Chunks, Shared};
use super::{Format, Reader, damaged, guard, pages, too_large};

/// Longest footer: it describes each column of each row group.
const FOOTER_BYTES_MAX: u32 = 16 << 20;

/// A Parquet file whose footer was read.
pub(super) struct Parquet {
    file: Arc<Shared>,
    metadata: ArrowReaderMetadata,
}

impl Parquet {
    pub(super) fn open(file: Arc<Shared>) -> Result<Self> {
        check_footer(&file)?;
        let load = || ArrowReaderMetadata::load(&Chunks(Arc::clone(&file)), ArrowReaderOptions::new());
        let metadata = guard::guarded(load)?.map_err(|error| failure(&file, error))?;
        Ok(Self { file, metadata })
    }
}

/// The decoder makes room for as many parts as the footer may list.
fn check_footer(file: &Shared) -> Result<(), InputError> {
    let end = file.end().map_err(damaged)?;
    let length = u32::from_le_bytes([end[0], end[1], end[2], end[3]]);
    // without its last word, the file is cut off, and this is no length
    match end.ends_with(b"PAR1") && length > FOOTER_BYTES_MAX {
        false => Ok(()),
        true => Err(too_large("bytes of its footer", length.into(), FOOTER_BYTES_MAX.into(), "write it with fewer and larger row groups")),
    }
}

impl Format for Parquet {
    fn schema(&self) -> &Schema {
        self.metadata.schema()
    }

    fn parts(&self) -> usize {
        self.metadata.metadata().num_row_groups()
    }

    fn rows(&self, part: usize) -> Option<usize> {
        usize::try_from(self.metadata.metadata().row_group(part).num_rows()).ok()
    }

    fn read(&self, columns: &[usize], share: &Share) -> Result<Reader> {
        let mask = ProjectionMask::roots(self.metadata.parquet_schema(), columns.iter().copied());
        let rows = if let Share::Rows(_, rows) = share { Some(rows.clone()) } else { None };
        let groups =
            Groups { file: Arc::clone(&self.file), metadata: self.metadata.clone(), mask, groups: super::parts(share), rows, open: None };
        Ok(Reader { file: Arc::clone(&self.file), batches: Box::new(groups), rest: None })
    }
}

/// The rows of some row groups. A group is looked at when its turn has come: what is wrong with it hides only what comes after it.
struct Groups {
    file: Arc<Shared>,
    metadata: ArrowReaderMetadata,
    mask: ProjectionMask,
    groups: Range<usize>,
    /// Which rows of the group, if not all.
    rows: Option<Range<usize>>,
    open: Option<ParquetRecordBatchReader>,
}

impl Groups {
    fn open(&self, group: usize) -> Result<ParquetRecordBatchReader> {
        let at_once = pages::batch_rows(&self.file, self.metadata.metadata(), &self.mask, group)?;
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(Chunks(Arc::clone(&self.file)), self.metadata.clone())
            .with_batch_size(at_once)
            .with_projection(self.mask.clone())
            .with_row_groups(vec![group]);
        let builder = match &self.rows {
            Some(rows) => builder.with_offset(rows.start).with_limit(rows.len()),
            None => builder,
        };
        builder.build().map_err(|error| failure(&self.file, error))
    }
}

impl Iterator for Groups {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(batch) = self.open.as_mut().and_then(Iterator::next) {
                return Some(batch.map_err(|error| self.file.failure(&error)));
            }
            let group = self.groups.next()?;
            match self.open(group) {
                Ok(reader) => self.open = Some(reader),
                Err(failure) => {
                    self.open = None;
                    return Some(Err(failure));
                }
            }
        }
    }
}

/// What an error of the decoder means.
pub(super) fn failure(file: &Shared, error: ParquetError) -> samefit_stages::error::Error {
    file.failure(&ArrowError::from(error))
}
