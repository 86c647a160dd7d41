//! Checks the lengths in the messages of an Arrow file before its decoder uses them.
//!
//! A compressed buffer begins with its decompressed length, and the decoder allocates that many bytes at once. A damaged length would end the
//! program, because a failed allocation cannot be caught as a panic can.
//!
//! *Limits*: [`BATCH_BYTES_MAX`], [`BATCH_ROWS_MAX`], [`METADATA_BYTES_MAX`].

use std::sync::Arc;

use arrow_ipc::{Block, Message, RecordBatch, root_as_footer, root_as_message};
use samefit_stages::error::InputError;

use crate::columns::errors::{damaged, too_large};
use crate::columns::shared_file::SharedFile;

/// Most bytes of a record batch, stored and decompressed together. Also the most bytes of all dictionaries together, which stay in memory.
const BATCH_BYTES_MAX: u64 = 2 << 30;
/// Most rows of a record batch. A column of missing values has rows without bytes, so bytes alone do not limit the rows.
const BATCH_ROWS_MAX: i64 = 1 << 31;
/// Most bytes of the metadata of a message.
const METADATA_BYTES_MAX: u64 = 64 << 20;

const HELP: &str = "write the file again with smaller record batches";

/// Checks all messages of a stream.
pub(super) fn check_stream(file: &Arc<SharedFile>) -> Result<(), InputError> {
    let (mut offset, mut dictionary_bytes) = (0, 0);
    while let Some(next) = check_message(file, offset, None, &mut dictionary_bytes)? {
        offset = next;
    }
    Ok(())
}

/// Checks all messages that the footer of a file lists.
pub(super) fn check_file(file: &Arc<SharedFile>) -> Result<(), InputError> {
    let length = i32::from_le_bytes(metadata(file, file.length().saturating_sub(10), 4)?.try_into().unwrap_or_default());
    let length = u64::try_from(length).map_err(damaged)?;
    let offset = file.length().checked_sub(10 + length).ok_or_else(|| damaged("its footer is longer than the file"))?;
    let footer = metadata(file, offset, length)?;
    let footer = root_as_footer(&footer).map_err(damaged)?;
    let blocks = footer.recordBatches().into_iter().flatten().chain(footer.dictionaries().into_iter().flatten());
    let mut dictionary_bytes = 0;
    blocks.into_iter().try_for_each(|block| check_block(file, block, &mut dictionary_bytes))
}

fn check_block(file: &Arc<SharedFile>, block: &Block, dictionary_bytes: &mut u64) -> Result<(), InputError> {
    let unsigned = |value: i64| u64::try_from(value).map_err(damaged);
    let (offset, metadata, body) = (unsigned(block.offset())?, unsigned(block.metaDataLength().into())?, unsigned(block.bodyLength())?);
    let end = offset.checked_add(metadata).and_then(|end| end.checked_add(body));
    if end.is_none_or(|end| end > file.length()) {
        return Err(damaged("a record batch ends beyond the file"));
    }
    check_message(file, offset, Some(offset + metadata), dictionary_bytes).map(drop)
}

/// Checks the message at `offset` and returns where the next one begins, or none after the last. `body` is the offset of its body, if that does
/// not follow its metadata directly. Adds the bytes of a dictionary to `dictionary_bytes`.
fn check_message(file: &Arc<SharedFile>, offset: u64, body: Option<u64>, dictionary_bytes: &mut u64) -> Result<Option<u64>, InputError> {
    let word = |at: u64| metadata(file, at, 4).map(|four| u32::from_le_bytes(four.try_into().unwrap_or_default()));
    // before version 0.15, a message began with its length
    let begin = if word(offset)? == u32::MAX { offset + 4 } else { offset };
    let length = u64::from(word(begin)?);
    if length == 0 {
        return Ok(None);
    }
    let bytes = metadata(file, begin + 4, length)?;
    let message = root_as_message(&bytes).map_err(damaged)?;
    let body = body.unwrap_or(begin + 4 + length);
    let stored = u64::try_from(message.bodyLength()).map_err(damaged)?;
    if let Some(batch) = record_batch(&message) {
        let total = if message.header_as_dictionary_batch().is_some() { dictionary_bytes } else { &mut 0 };
        *total += memory_bytes(file, &batch, body, stored)?;
        check_batch(&batch, *total)?;
    }
    let end = body.checked_add(stored);
    end.filter(|end| *end <= file.length()).map(Some).ok_or_else(|| damaged("a record batch ends beyond the file"))
}

fn record_batch<'a>(message: &Message<'a>) -> Option<RecordBatch<'a>> {
    message.header_as_record_batch().or_else(|| message.header_as_dictionary_batch()?.data())
}

/// `bytes`: those of the batch, or of all dictionaries so far.
fn check_batch(batch: &RecordBatch<'_>, bytes: u64) -> Result<(), InputError> {
    if bytes > BATCH_BYTES_MAX {
        return Err(too_large("bytes of a record batch, or of all dictionaries", bytes, BATCH_BYTES_MAX, HELP));
    }
    if batch.length() > BATCH_ROWS_MAX {
        return Err(too_large("rows of a record batch", batch.length().unsigned_abs(), BATCH_ROWS_MAX.unsigned_abs(), HELP));
    }
    Ok(())
}

/// Returns the bytes that a batch needs in memory: as stored, and decompressed beside them.
fn memory_bytes(file: &Arc<SharedFile>, batch: &RecordBatch<'_>, body: u64, stored: u64) -> Result<u64, InputError> {
    let mut bytes = stored;
    if batch.compression().is_none() {
        return Ok(bytes);
    }
    for buffer in batch.buffers().into_iter().flatten().filter(|buffer| buffer.length() >= 8) {
        let offset = u64::try_from(buffer.offset()).ok().and_then(|offset| body.checked_add(offset));
        let offset = offset.ok_or_else(|| damaged("a buffer begins outside the file"))?;
        let length = i64::from_le_bytes(metadata(file, offset, 8)?.try_into().unwrap_or_default());
        // a length of -1 means that the buffer is not compressed
        bytes = bytes.saturating_add(u64::try_from(length).unwrap_or(0));
    }
    Ok(bytes)
}

/// Returns exactly `length` bytes from `offset`.
fn metadata(file: &Arc<SharedFile>, offset: u64, length: u64) -> Result<Vec<u8>, InputError> {
    if length > METADATA_BYTES_MAX {
        return Err(damaged(format!("{length} bytes of metadata")));
    }
    file.bytes(offset, length as usize).map_err(damaged)
}
