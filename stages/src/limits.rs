//! Sizes: how much is read at once, and how much at most. The component has the same limits; a test compares them.

use crate::code::Code;
use crate::error::InputError;

/// Longest record, and longest JSON file with one record, in bytes.
pub const RECORD_BYTES_MAX: usize = 16 << 20;
/// Most columns of a table.
pub const COLUMNS_MAX: usize = 1 << 15;
/// Longest document that is read whole, in bytes. It is a thousand times the largest model or statistics we know of.
pub const DOCUMENT_BYTES_MAX: usize = 256 << 20;
/// Largest workbook of a spreadsheet, in bytes as stored. It is read whole, because its directory is at its end.
pub const WORKBOOK_BYTES_MAX: u64 = 256 << 20;

/// Bytes that one call hands to the engine. A call costs little beside them, and they take little of a guest's memory.
pub const CHUNK_BYTES: usize = 1 << 20;
/// Length of a block, and so of most splits, in bytes. It fits into a processor's cache, and the cost of handing out a split is small compared with reading it.
pub const SPLIT_BYTES: usize = 1 << 18;

/// The error for a record of more than [`RECORD_BYTES_MAX`], in the component's words.
pub fn record_too_long() -> InputError {
    let text = format!("a record has more than {} MiB", RECORD_BYTES_MAX >> 20);
    InputError::new(Code::Capacity, text, "check that this is the right file and that its quotes are closed")
}
