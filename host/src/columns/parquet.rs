//! Parquet to record batches: some columns of some row groups.

use std::ops::Range;
use std::sync::Arc;

use ::parquet::arrow::ProjectionMask;
use ::parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use ::parquet::errors::ParquetError;
use arrow_schema::{ArrowError, Schema};
use samefit_stages::engine::Answer;

use super::shared::{Chunks, Shared};
use super::{BATCH_ROWS, Format, Reader, guard};

/// A Parquet file whose footer was read.
pub(super) struct Parquet {
    file: Arc<Shared>,
    metadata: ArrowReaderMetadata,
}

impl Parquet {
    pub(super) fn open(file: Arc<Shared>) -> Answer<Self> {
        let load = || ArrowReaderMetadata::load(&Chunks(Arc::clone(&file)), ArrowReaderOptions::new());
        let metadata = guard::guarded(load)?.map_err(|error| failure(&file, error))?;
        Ok(Self { file, metadata })
    }
}

impl Format for Parquet {
    fn schema(&self) -> &Schema {
        self.metadata.schema()
    }

    fn parts(&self) -> usize {
        self.metadata.metadata().num_row_groups()
    }

    fn read(&self, columns: &[usize], parts: Range<usize>) -> Answer<Reader> {
        let mask = ProjectionMask::roots(self.metadata.parquet_schema(), columns.iter().copied());
        let build = || {
            ParquetRecordBatchReaderBuilder::new_with_metadata(Chunks(Arc::clone(&self.file)), self.metadata.clone())
                .with_batch_size(BATCH_ROWS)
                .with_projection(mask)
                .with_row_groups(parts.collect())
                .build()
        };
        let batches = guard::guarded(build)?.map_err(|error| failure(&self.file, error))?;
        Ok(Reader { file: Arc::clone(&self.file), batches: Box::new(batches), rest: None })
    }
}

fn failure(file: &Shared, error: ParquetError) -> samefit_stages::failure::Failure {
    file.failure(&ArrowError::from(error))
}
