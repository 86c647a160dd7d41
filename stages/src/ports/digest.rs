//! The size and digest of a file that was read.

use crate::error::Result;

/// What was read, for `provenance.json`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// The path, as it was named or found.
    pub path: String,
    /// Size as stored.
    pub bytes: u64,
    /// SHA-256 as stored, in hexadecimal.
    pub sha256: String,
}

/// What is found out meanwhile: waits for it.
pub type Later = Box<dyn FnOnce() -> Result<Input> + Send>;
