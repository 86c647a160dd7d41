//! One open file for any number of readers. Each reader has its own position, because every read names its offset (`pread`).

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::sync::{Arc, OnceLock};

use arrow_schema::ArrowError;
use bytes::Bytes;
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};
use samefit_stages::error::{Error, InputError, Message, Result};
use samefit_stages::input::reading;

use super::errors;
use crate::file_snapshot::{FileChange, FileSnapshot};
use crate::pfs::resolve_pfs;

/// An open file of columns.
#[derive(Debug)]
pub(super) struct SharedFile {
    path: String,
    file: File,
    length: u64,
    before: FileSnapshot,
    /// The text of the first read error. A decoder hides the error that its reader returned, so this tells a failing disk from bad bytes.
    read_error: OnceLock<String>,
}

impl SharedFile {
    /// Opens the file at `path`.
    pub(super) fn open(path: &str) -> Result<Arc<Self>> {
        let open = File::open(resolve_pfs(path)).and_then(|file| file.metadata().map(|metadata| (file, metadata)));
        let (file, metadata) = open.map_err(|error| reading::read_error(path, &error))?;
        let (length, before) = (metadata.len(), FileSnapshot::of(&metadata));
        Ok(Arc::new(Self { path: path.to_owned(), file, length, before, read_error: OnceLock::new() }))
    }

    /// Returns whether the file changed since it was opened.
    pub(super) fn change(&self) -> Result<FileChange> {
        self.before.compare(&self.file, &resolve_pfs(&self.path)).map_err(|error| reading::read_error(&self.path, &error))
    }

    /// Returns the first eight bytes, filled up with zeros if the file is shorter.
    pub(super) fn first_bytes(&self) -> io::Result<[u8; 8]> {
        let mut first = [0; 8];
        let length = first.len().min(self.length as usize);
        self.file.read_exact_at(&mut first[..length], 0)?;
        Ok(first)
    }

    /// Returns the last eight bytes, or zeros if the file is shorter.
    pub(super) fn last_bytes(&self) -> io::Result<[u8; 8]> {
        let mut last = [0; 8];
        if let Some(offset) = self.length.checked_sub(8) {
            self.file.read_exact_at(&mut last, offset)?;
        }
        Ok(last)
    }

    /// Returns the path as the user wrote it.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Returns the length in bytes when the file was opened.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Returns exactly `length` bytes from `offset`. Fails if the file has fewer.
    pub(super) fn bytes(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        if offset.checked_add(length as u64).is_none_or(|end| end > self.length) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut bytes = vec![0; length];
        self.file.read_exact_at(&mut bytes, offset)?;
        Ok(bytes)
    }

    /// Returns what an error of Arrow's decoders means: a read failed, or the bytes are bad.
    pub(super) fn arrow_error(&self, error: &ArrowError) -> Error {
        self.decoding_error(|| errors::arrow_error(error))
    }

    /// Returns what an error of Parquet's decoders means: a read failed, or the bytes are bad.
    pub(super) fn parquet_error(&self, error: &ParquetError) -> Error {
        self.decoding_error(|| errors::parquet_error(error))
    }

    fn decoding_error(&self, bad_bytes: impl FnOnce() -> InputError) -> Error {
        match self.read_error.get() {
            Some(text) => Error::io(&self.path, Message::without_help(format!("cannot be read: {text}"))),
            None => bad_bytes().into(),
        }
    }

    fn read_at(&self, chunk: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file.read_at(chunk, offset).inspect_err(|error| {
            if error.kind() != io::ErrorKind::Interrupted {
                // fails if there was an error before this one
                let _ = self.read_error.set(error.to_string());
            }
        })
    }
}

/// Reads a [`SharedFile`] from its own position.
pub(super) struct PositionedReader {
    file: Arc<SharedFile>,
    offset: u64,
}

impl PositionedReader {
    /// Creates a reader that starts at `offset`.
    pub(super) fn new(file: &Arc<SharedFile>, offset: u64) -> Self {
        Self { file: Arc::clone(file), offset }
    }
}

impl Read for PositionedReader {
    fn read(&mut self, chunk: &mut [u8]) -> io::Result<usize> {
        let length = self.file.read_at(chunk, self.offset)?;
        self.offset += length as u64;
        Ok(length)
    }
}

impl Seek for PositionedReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::End(by) => self.file.length.checked_add_signed(by),
            SeekFrom::Current(by) => self.offset.checked_add_signed(by),
        };
        self.offset = target.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.offset)
    }
}

/// A [`SharedFile`] for Parquet's decoder.
pub(super) struct ParquetSource(pub(super) Arc<SharedFile>);

impl Length for ParquetSource {
    fn len(&self) -> u64 {
        self.0.length
    }
}

impl ChunkReader for ParquetSource {
    type T = BufReader<PositionedReader>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        Ok(BufReader::new(PositionedReader::new(&self.0, start)))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let end = start.checked_add(length as u64);
        if end.is_none_or(|end| end > self.0.length) {
            return Err(ParquetError::EOF(format!("{length} bytes at {start}, of {} in all", self.0.length)));
        }
        let mut bytes = Vec::with_capacity(length);
        PositionedReader::new(&self.0, start).take(length as u64).read_to_end(&mut bytes)?;
        if bytes.len() < length { Err(ParquetError::EOF("the file has become shorter".to_owned())) } else { Ok(bytes.into()) }
    }
}
