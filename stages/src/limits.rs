//! How much of something is read, where it is not the component that reads it. The component has the same limits; a test compares them.

use crate::error::InputError;

/// Most bytes of one record, or of a JSON file with one.
pub const RECORD_BYTES_MAX: usize = 16 << 20;
/// Most columns of a table.
pub const COLUMNS_MAX: usize = 1 << 15;

/// Bytes that are handed on at once: enough to make the cost of a call vanish, little beside a guest's memory.
pub const CHUNK_BYTES: usize = 1 << 20;

/// Bytes that are read at once: little beside a processor's cache, much beside the cost of a piece.
pub const PIECE_BYTES: usize = 1 << 18;

/// Longest document that is read whole: a thousand times the largest model or statistics we know of.
pub const DOCUMENT_BYTES_MAX: usize = 256 << 20;

/// A record of more than [`RECORD_BYTES_MAX`], in the component's words.
pub fn record_too_long() -> InputError {
    let text = format!("a record of more than {} MiB", RECORD_BYTES_MAX >> 20);
    InputError::new("capacity", text, "check that this is the right file and that its quotes are closed")
}
