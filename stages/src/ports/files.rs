//! The file system as the stages see it: names and bytes in, whole files out.
//!
//! The host implements it with `std::fs`, the WASI command with `wasi:filesystem`, tests with a map. Paths are text with `/` between folders.

use std::fmt;
use std::io::{self, Read};

use crate::code::Code;
use crate::error::{InputError, Result};
use crate::ports::columns::{ColumnFile, ColumnKind, ColumnWriter, PredictionRows};

/// What is at a path. Links are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file that can be read any number of times.
    File,
    /// A folder.
    Folder,
    /// A pipe or a device, which can be read once.
    Pipe,
}

/// A file system.
pub trait Files: Sync {
    /// Returns what is at `path`.
    fn kind(&self, path: &str) -> io::Result<Kind>;
    /// Returns the names in a folder, in any order. A name that is not UTF-8 is an error.
    fn names(&self, folder: &str) -> io::Result<Vec<String>>;
    /// Opens a file for reading from its start.
    ///
    /// If the file changes before its end was read, the reader fails with [`Changed`], where the host can detect it.
    fn open(&self, path: &str) -> io::Result<Box<dyn Read + Send + '_>>;
    /// Returns the first bytes of a file, at most `length`. A pipe must not be asked: they would be gone.
    fn first_bytes(&self, path: &str, length: usize) -> io::Result<Vec<u8>> {
        let mut first = Vec::new();
        self.open(path)?.take(length as u64).read_to_end(&mut first)?;
        Ok(first)
    }
    /// Returns the size of a file in bytes, if it is known without reading the file.
    fn bytes(&self, _path: &str) -> Option<u64> {
        None
    }
    /// Opens a file of columns. The host finds out whether it is Parquet or Arrow.
    fn columns(&self, _path: &str) -> Result<Box<dyn ColumnFile>> {
        let help = "use the native program, or write the file as CSV";
        Err(InputError::new(Code::UnsupportedFormat, "this file holds columns (Parquet, Arrow), which this program does not read", help)
            .into())
    }
    /// Begins a file of columns of rows of predictions. `input`: the file of columns from which they are made, if its columns are to stand before
    /// those of the predictions.
    fn column_writer(&self, to: ColumnKind, _rows: PredictionRows, _input: Option<&str>) -> Result<Box<dyn ColumnWriter>> {
        let sentence = format!("this program does not write {}", to.name());
        Err(InputError::new(Code::UnsupportedFormat, sentence, "use the native program, or give --to csv").into())
    }
    /// Returns a text that is equal for two paths exactly if they lead to the same folder, or to the same name in the same folder.
    fn identity(&self, path: &str) -> io::Result<String>;
    /// Returns a text that is equal for two paths exactly if they lead to the same bytes. Hard links and two mounts of one file are equal.
    fn file_id(&self, path: &str) -> io::Result<String> {
        self.identity(path)
    }
    /// Begins a set of files to write. No file appears under its name before [`Output::commit`].
    fn output(&self) -> Box<dyn Output + Send + '_>;
}

/// A file changed while it was read, so the bytes read may mix two contents.
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

/// Files that appear together and whole, or not at all. Dropping it without [`commit`](Self::commit) leaves nothing behind.
pub trait Output {
    /// Begins a file at `path`, replacing what is there. Makes its folder if it is missing. Returns the file's handle.
    fn create(&mut self, path: &str) -> Result<usize>;
    /// Adds bytes to the file of a handle.
    fn write(&mut self, handle: usize, bytes: &[u8]) -> Result<()>;
    /// Ends the file of a handle.
    fn close(&mut self, handle: usize) -> Result<()>;
    /// Removes the file at `path`, if there is one, when the new files appear.
    fn remove(&mut self, path: &str) -> Result<()>;
    /// Puts every file in its place, durably.
    fn commit(self: Box<Self>) -> Result<()>;
}
