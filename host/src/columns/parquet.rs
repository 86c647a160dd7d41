//! Parquet to record batches: some columns of some row groups.

use std::sync::Arc;

use ::parquet::arrow::ProjectionMask;
use ::parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use ::parquet::errors::ParquetError;
use arrow_schema::{ArrowError, Schema};
use samefit_stages::columns::Share;
use samefit_stages::engine::Answer;
use samefit_stages::failure::Fault;

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
    pub(super) fn open(file: Arc<Shared>) -> Answer<Self> {
        check_footer(&file)?;
        let load = || ArrowReaderMetadata::load(&Chunks(Arc::clone(&file)), ArrowReaderOptions::new());
        let metadata = guard::guarded(load)?.map_err(|error| failure(&file, error))?;
        Ok(Self { file, metadata })
    }
}

/// The decoder makes room for as many parts as the footer may list.
fn check_footer(file: &Shared) -> Result<(), Fault> {
    let end = file.end().map_err(damaged)?;
    let length = u32::from_le_bytes([end[0], end[1], end[2], end[3]]);
    match length <= FOOTER_BYTES_MAX {
        true => Ok(()),
        false => Err(too_large("bytes of its footer", length.into(), FOOTER_BYTES_MAX.into(), "write it with fewer and larger row groups")),
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

    fn read(&self, columns: &[usize], share: &Share) -> Answer<Reader> {
        let mask = ProjectionMask::roots(self.metadata.parquet_schema(), columns.iter().copied());
        let groups = super::parts(share);
        let rows = guard::guarded(|| pages::batch_rows(&self.file, self.metadata.metadata(), &mask, groups))??;
        let build = || {
            let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(Chunks(Arc::clone(&self.file)), self.metadata.clone())
                .with_batch_size(rows)
                .with_projection(mask);
            match share {
                Share::Parts(parts) => builder.with_row_groups(parts.clone().collect()),
                Share::Rows(part, rows) => builder.with_row_groups(vec![*part]).with_offset(rows.start).with_limit(rows.len()),
            }
            .build()
        };
        let batches = guard::guarded(build)?.map_err(|error| failure(&self.file, error))?;
        Ok(Reader { file: Arc::clone(&self.file), batches: Box::new(batches), rest: None })
    }
}

/// What an error of the decoder means.
pub(super) fn failure(file: &Shared, error: ParquetError) -> samefit_stages::failure::Failure {
    file.failure(&ArrowError::from(error))
}
