//! What a stage needs of a file system: names and bytes in, whole files out.
//!
//! The host implements it with `std::fs` (reading in `files.rs`, writing in `output.rs`), the WASI command with `wasi:filesystem`, tests with a
//! map. Paths are text with `/` between folders.

use std::fmt;
use std::io::{self, Read};

use crate::error::{InputError, Result};
use crate::ports::columns::Columns;

/// What stands at a path; links are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file that can be read any number of times.
    File,
    /// A folder.
    Folder,
    /// A pipe or a device: it can be read once.
    Pipe,
}

/// A file system.
pub trait Files: Sync {
    /// What stands at `path`.
    fn kind(&self, path: &str) -> io::Result<Kind>;
    /// The names in a folder, in any order. A name that is not UTF-8 is an error.
    fn names(&self, folder: &str) -> io::Result<Vec<String>>;
    /// Opens a file for reading from its start. If it changes before its end was read, the error is [`Changed`], where the host can tell.
    fn open(&self, path: &str) -> io::Result<Box<dyn Read + Send + '_>>;
    /// Size of a file, if that is known before it is read.
    fn bytes(&self, _path: &str) -> Option<u64> {
        None
    }
    /// Opens a file of columns (Parquet, Arrow), whichever format it has.
    fn columns(&self, _path: &str) -> Result<Box<dyn Columns>> {
        let help = "use the native program, or write the file as CSV";
        Err(InputError::new("unsupported-format", "this file holds columns (Parquet, Arrow), which this program does not read", help)
            .into())
    }
    /// Text that is equal for two paths exactly if they lead to the same place: a folder, or a name in a folder.
    fn identity(&self, path: &str) -> io::Result<String>;
    /// Text that is equal for two paths exactly if they lead to the same bytes: also two names of one file (hard links), also by two mounts.
    fn file_id(&self, path: &str) -> io::Result<String> {
        self.identity(path)
    }
    /// Begins to write: nothing is seen under its name before [`Output::commit`].
    fn output(&self) -> Box<dyn Output + Send + '_>;
}

/// A file changed while it was read, so that what was read may be of no content that it ever had.
#[derive(Clone, Copy, Debug)]
pub struct Changed;

impl fmt::Display for Changed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it changed while it was read")
    }
}

impl std::error::Error for Changed {}

impl From<Changed> for io::Error {
    fn from(changed: Changed) -> Self {
        Self::other(changed)
    }
}

/// Files that appear together, whole, or not at all. Dropping it without a commit leaves nothing behind.
pub trait Output {
    /// Begins a file that will stand at `path`, replacing what is there; its folder is made if it is missing. Returns its handle.
    fn create(&mut self, path: &str) -> Result<usize>;
    /// Adds bytes to the file of a handle.
    fn write(&mut self, handle: usize, bytes: &[u8]) -> Result<()>;
    /// The file of this handle is complete.
    fn close(&mut self, handle: usize) -> Result<()>;
    /// The file at `path`, if there is one, goes when the new ones come.
    fn remove(&mut self, path: &str) -> Result<()>;
    /// Puts every file in its place, durably.
    fn commit(self: Box<Self>) -> Result<()>;
}
