//! Looks through the messages of an Arrow file for lengths that no memory has, before its decoder believes them.
//!
//! Compressed buffers begin with their length when decompressed, and the decoder asks for that much at once: a damaged length would end the
//! program, for memory that is not there cannot be caught as a panic can.
//!
//! *Limits*: [`BATCH_BYTES_MAX`], [`BATCH_ROWS_MAX`], [`METADATA_BYTES_MAX`].

use std::sync::Arc;

use arrow_ipc::{Block, Message, RecordBatch, root_as_footer, root_as_message};
use samefit_stages::error::InputError;

use super::shared::Shared;
use super::{damaged, too_large};

/// Most bytes of a record batch, as stored and when decompressed; and of all dictionaries together, which stay in memory.
const BATCH_BYTES_MAX: u64 = 2 << 30;
/// Most rows of a record batch: a column of nothing but missing values has no bytes.
const BATCH_ROWS_MAX: i64 = 1 << 31;
/// What to do about a batch that is too large.
const SMALLER: &str = "write the file again with smaller record batches";
/// Longest metadata of a message.
const METADATA_BYTES_MAX: u64 = 64 << 20;

/// Checks all messages of a stream that begins at the file's start.
pub(super) fn check_stream(file: &Arc<Shared>) -> Result<(), InputError> {
    let (mut offset, mut dictionaries) = (0, 0);
    while let Some(next) = check_message(file, offset, None, &mut dictionaries)? {
        offset = next;
    }
    Ok(())
}

/// Checks all messages that the footer of a file names.
pub(super) fn check_file(file: &Arc<Shared>) -> Result<(), InputError> {
    let length = i32::from_le_bytes(bytes(file, file.length().saturating_sub(10), 4)?.try_into().unwrap_or_default());
    let length = u64::try_from(length).map_err(damaged)?;
    let offset = file.length().checked_sub(10 + length).ok_or_else(|| damaged("its footer is longer than the file"))?;
    let footer = bytes(file, offset, length)?;
    let footer = root_as_footer(&footer).map_err(damaged)?;
    let blocks = footer.recordBatches().into_iter().flatten().chain(footer.dictionaries().into_iter().flatten());
    let mut dictionaries = 0;
    blocks.into_iter().try_for_each(|block| check_block(file, block, &mut dictionaries))
}

fn check_block(file: &Arc<Shared>, block: &Block, dictionaries: &mut u64) -> Result<(), InputError> {
    let unsigned = |value: i64| u64::try_from(value).map_err(damaged);
    let (offset, metadata, body) = (unsigned(block.offset())?, unsigned(block.metaDataLength().into())?, unsigned(block.bodyLength())?);
    let end = offset.checked_add(metadata).and_then(|end| end.checked_add(body));
    if end.is_none_or(|end| end > file.length()) {
        return Err(damaged("a record batch ends beyond the file"));
    }
    check_message(file, offset, Some(offset + metadata), dictionaries).map(drop)
}

/// Checks one message; where the next begins, none after the last. `body`: where its body is, if not right after its metadata.
/// `dictionaries`: the bytes of those so far.
fn check_message(file: &Arc<Shared>, offset: u64, body: Option<u64>, dictionaries: &mut u64) -> Result<Option<u64>, InputError> {
    let word = |at: u64| bytes(file, at, 4).map(|four| u32::from_le_bytes(four.try_into().unwrap_or_default()));
    // before version 0.15, messages began with their length
    let begin = if word(offset)? == u32::MAX { offset + 4 } else { offset };
    let length = u64::from(word(begin)?);
    if length == 0 {
        return Ok(None);
    }
    let metadata = bytes(file, begin + 4, length)?;
    let message = root_as_message(&metadata).map_err(damaged)?;
    let body = body.unwrap_or(begin + 4 + length);
    let stored = u64::try_from(message.bodyLength()).map_err(damaged)?;
    if let Some(batch) = record_batch(&message) {
        let bytes = bytes_of(file, &batch, body, stored)?;
        let all = if message.header_as_dictionary_batch().is_some() { dictionaries } else { &mut 0 };
        *all += bytes;
        if *all > BATCH_BYTES_MAX {
            return Err(too_large("bytes of a record batch, or of all dictionaries", *all, BATCH_BYTES_MAX, SMALLER));
        }
        if batch.length() > BATCH_ROWS_MAX {
            return Err(too_large("rows of a record batch", batch.length().unsigned_abs(), BATCH_ROWS_MAX.unsigned_abs(), SMALLER));
        }
    }
    let end = body.checked_add(stored);
    end.filter(|end| *end <= file.length()).map(Some).ok_or_else(|| damaged("a record batch ends beyond the file"))
}

fn record_batch<'a>(message: &Message<'a>) -> Option<RecordBatch<'a>> {
    message.header_as_record_batch().or_else(|| message.header_as_dictionary_batch()?.data())
}

/// Bytes of a batch in memory: as stored, and decompressed beside them.
fn bytes_of(file: &Arc<Shared>, batch: &RecordBatch<'_>, body: u64, stored: u64) -> Result<u64, InputError> {
    let mut bytes = stored;
    if batch.compression().is_none() {
        return Ok(bytes);
    }
    for buffer in batch.buffers().into_iter().flatten().filter(|buffer| buffer.length() >= 8) {
        let at = u64::try_from(buffer.offset())
            .ok()
            .and_then(|offset| body.checked_add(offset))
            .ok_or_else(|| damaged("a buffer before the file"))?;
        let length = i64::from_le_bytes(self::bytes(file, at, 8)?.try_into().unwrap_or_default());
        // -1: it is not compressed
        bytes = bytes.saturating_add(u64::try_from(length).unwrap_or(0));
    }
    Ok(bytes)
}

fn bytes(file: &Arc<Shared>, offset: u64, length: u64) -> Result<Vec<u8>, InputError> {
    if length > METADATA_BYTES_MAX {
        return Err(damaged(format!("{length} bytes of metadata")));
    }
    file.bytes(offset, length as usize).map_err(damaged)
}
