//! One open file for any number of readers at their own places: each read names its offset (`pread`).

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::sync::{Arc, OnceLock};

use ::parquet::errors::ParquetError;
use ::parquet::file::reader::{ChunkReader, Length};
use arrow_schema::ArrowError;
use bytes::Bytes;
use samefit_stages::error::{Error, Message, Result};
use samefit_stages::input::reading;

use crate::files::stands;
use crate::stamp::{Change, Stamp};

/// The file.
#[derive(Debug)]
pub(super) struct Shared {
    path: String,
    file: File,
    length: u64,
    before: Stamp,
    /// The system's words, if a read failed: a decoder's error then is the disk's.
    failed: OnceLock<String>,
}

impl Shared {
    pub(super) fn open(path: &str) -> Result<Arc<Self>> {
        let open = File::open(stands(path)).and_then(|file| file.metadata().map(|metadata| (file, metadata)));
        let (file, metadata) = open.map_err(|error| reading::read_error(path, &error))?;
        let (length, before) = (metadata.len(), Stamp::of(&metadata));
        Ok(Arc::new(Self { path: path.to_owned(), file, length, before, failed: OnceLock::new() }))
    }

    /// Whether the file changed since it was opened.
    pub(super) fn change(&self) -> Result<Change> {
        self.before.change(&self.file, &stands(&self.path)).map_err(|error| reading::read_error(&self.path, &error))
    }

    /// The first eight bytes; zeros where there are none.
    pub(super) fn begin(&self) -> io::Result<[u8; 8]> {
        let mut begin = [0; 8];
        let length = begin.len().min(self.length as usize);
        self.file.read_exact_at(&mut begin[..length], 0)?;
        Ok(begin)
    }

    /// The last eight bytes, if there are so many.
    pub(super) fn end(&self) -> io::Result<[u8; 8]> {
        let mut end = [0; 8];
        if let Some(offset) = self.length.checked_sub(8) {
            self.file.read_exact_at(&mut end, offset)?;
        }
        Ok(end)
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Exactly these bytes.
    pub(super) fn bytes(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        if offset.checked_add(length as u64).is_none_or(|end| end > self.length) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut bytes = vec![0; length];
        self.file.read_exact_at(&mut bytes, offset)?;
        Ok(bytes)
    }

    /// What an error of a decoder means: the disk failed, or the bytes are bad.
    pub(super) fn failure(&self, error: &ArrowError) -> Error {
        match self.failed.get() {
            Some(text) => Error::io(&self.path, Message::without_help(format!("cannot be read: {text}"))),
            None => super::decoder_failure(error),
        }
    }

    fn read_at(&self, chunk: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file.read_at(chunk, offset).inspect_err(|error| {
            if error.kind() != io::ErrorKind::Interrupted {
                // the first counts
                let _ = self.failed.set(error.to_string());
            }
        })
    }
}

/// A reader at a place of the file.
pub(super) struct Place {
    pub(super) file: Arc<Shared>,
    pub(super) offset: u64,
}

impl Read for Place {
    fn read(&mut self, chunk: &mut [u8]) -> io::Result<usize> {
        let length = self.file.read_at(chunk, self.offset)?;
        self.offset += length as u64;
        Ok(length)
    }
}

impl Seek for Place {
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

/// The same for Parquet's decoder, whose trait is another crate's.
pub(super) struct Chunks(pub(super) Arc<Shared>);

impl Length for Chunks {
    fn len(&self) -> u64 {
        self.0.length
    }
}

impl ChunkReader for Chunks {
    type T = BufReader<Place>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        Ok(BufReader::new(Place { file: Arc::clone(&self.0), offset: start }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let end = start.checked_add(length as u64);
        if end.is_none_or(|end| end > self.0.length) {
            return Err(ParquetError::EOF(format!("{length} bytes at {start}, of {} in all", self.0.length)));
        }
        let mut bytes = Vec::with_capacity(length);
        let place = Place { file: Arc::clone(&self.0), offset: start };
        place.take(length as u64).read_to_end(&mut bytes)?;
        if bytes.len() < length { Err(ParquetError::EOF("the file has become shorter".to_owned())) } else { Ok(bytes.into()) }
    }
}
