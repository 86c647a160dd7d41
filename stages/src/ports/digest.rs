//! The size and digest of a file that was read.

use crate::error::Result;

/// A file that was read, as `provenance.json` records it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputFile {
    /// The path, as the command line named it or as it was found in a folder.
    pub path: String,
    /// Size as stored, in bytes.
    pub bytes: u64,
    /// SHA-256 of the bytes as stored, in hexadecimal.
    pub sha256: String,
}

/// A digest that another thread computes. Calling it waits for the result.
pub type PendingDigest = Box<dyn FnOnce() -> Result<InputFile> + Send>;
