//! How much of something is read, where it is not the component that reads it. The component has the same limits; a test compares them.

use crate::error::InputError;

/// Most bytes of one record, or of a JSON file with one.
pub const RECORD_BYTES_MAX: usize = 16 << 20;
/// Most columns of a table.
pub const COLUMNS_MAX: usize = 1 << 15;

/// A record of more than [`RECORD_BYTES_MAX`], in the component's words.
pub fn record_too_long() -> InputError {
    let text = format!("a record of more than {} MiB", RECORD_BYTES_MAX >> 20);
    InputError::new("capacity", text, "check that this is the right file and that its quotes are closed")
}
