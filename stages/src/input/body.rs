//! Opens a file and reads it as UTF-8 text, whatever it is compressed with and in whichever Unicode encoding it is.
//!
//! The first bytes of the file tell what it is, and those that come out of a decompressor what is in it. The name tells nothing, with one
//! exception: an empty file that by its name is compressed was cut off.

#[cfg(feature = "zstd")]
use std::io::BufReader;
use std::io::{self, Read};

use samefit_formats::hex;
use sha2::{Digest, Sha256};

use crate::code::Code;
use crate::error::{Error, InputError, Result};
use crate::input::content::Content;
use crate::input::digests::DigestQueue;
use crate::input::gzip_members::GzipMembers;
use crate::input::path_columns::AddingCsv;
use crate::input::peeked::Peeked;
use crate::input::read_error::read_error;
use crate::input::utf16::{HalfCharacter, Utf16Reader};
use crate::input::workbook::Workbook;
use crate::limits::WORKBOOK_BYTES_MAX;
use crate::ports::digest::InputFile;
use crate::ports::files::Files;
use crate::source::{Format, Source};
use crate::text::paths;

/// A reader of a file as UTF-8 text.
pub(crate) enum Body<'a> {
    /// The decompressed bytes are the text.
    Utf8(Decompressed<'a>),
    Utf16(Box<Utf16Reader<Decompressed<'a>>>),
    /// A sheet of a workbook as CSV, and the workbook, which was read whole.
    Sheet(Box<dyn Read + Send + 'a>, StoredReader<'a>),
    /// CSV to which the columns of its path are added.
    Added(Box<AddingCsv<Body<'a>>>),
}

/// A reader of a file's decompressed bytes.
pub(crate) enum Decompressed<'a> {
    Plain(StoredReader<'a>),
    Gzip(Box<Peeked<GzipMembers<StoredReader<'a>>>>),
    #[cfg(feature = "zstd")]
    Zstd(Box<Peeked<zstd::Decoder<'static, BufReader<StoredReader<'a>>>>>),
}

/// Which files a reader digests as it reads them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Digesting {
    Everything,
    /// Files whose bytes are not the text, such as compressed ones. The reader of any other file sees its bytes as stored, and can digest
    /// them itself.
    Converted,
    Nothing,
}

impl<'a> Body<'a> {
    /// Opens a document, or a file with one record.
    ///
    /// # Errors
    /// `unsupported-format` or `not-utf-8` if the file is something else than text, or compressed twice.
    pub(crate) fn open(files: &'a dyn Files, path: &str, digesting: Digesting) -> Result<Self> {
        let mut stored = StoredReader::open(files, path)?;
        let content = stored.content().map_err(|error| read_error(path, &error))?;
        let content = cut_off(path, stored.first_length()).unwrap_or(content);
        let converted = content != Content::Text;
        stored.digest_if(digesting == Digesting::Everything || digesting == Digesting::Converted && converted);
        let mut bytes = Decompressed::new(stored, content).map_err(|error| error.in_file(path))?;
        let inside = match content {
            Content::Gzip | Content::Zstd => bytes.content().map_err(|error| bytes.read_error(path, &error))?,
            outside => outside,
        };
        match inside {
            Content::Text => Ok(Self::Utf8(bytes)),
            Content::Utf16(order) => Ok(Self::Utf16(Box::new(Utf16Reader::new(bytes, order)))),
            other => Err(not_text(other, inside != content).in_file(path)),
        }
    }

    /// Opens a data file that does not hold columns.
    pub(crate) fn open_source(files: &'a dyn Files, source: &Source, digesting: Digesting) -> Result<Self> {
        if source.path_columns.is_empty() {
            return Self::open_text(files, source, digesting);
        }
        // who reads the added columns does not see the bytes as stored
        let digesting = if digesting == Digesting::Converted { Digesting::Everything } else { digesting };
        let text = Self::open_text(files, source, digesting)?;
        Ok(Self::Added(Box::new(AddingCsv::new(text, source))))
    }

    fn open_text(files: &'a dyn Files, source: &Source, digesting: Digesting) -> Result<Self> {
        if source.format != Format::Workbook {
            return Self::open(files, &source.path, digesting);
        }
        let (workbook, stored) = workbook(files, &source.path, digesting != Digesting::Nothing)?;
        let sheet = workbook.sheet(source.sheet.as_deref()).map_err(|error| error.in_file(&source.path))?;
        Ok(Self::Sheet(Box::new(sheet), stored))
    }

    /// Whether the bytes read are the bytes as stored.
    pub(crate) fn is_plain(&self) -> bool {
        matches!(self, Self::Utf8(Decompressed::Plain(_)))
    }

    /// Returns how many bytes were read so far, as stored.
    pub(crate) fn stored(&self) -> u64 {
        self.stored_reader().map_or(0, |stored| stored.bytes)
    }

    /// Adds the end of this file to the queue: its digest, if this reader has computed it.
    pub(crate) fn push_digest(&self, path: &str, digests: &DigestQueue) {
        if self.is_plain() { digests.push_end(path) } else { digests.push_known(self.input_file(path)) }
    }

    /// Returns the file's size and digest, after its end was read.
    pub(crate) fn input_file(&self, path: &str) -> InputFile {
        self.stored_reader()
            .map_or_else(|| InputFile { path: path.to_owned(), bytes: 0, sha256: String::new() }, |stored| stored.input_file(path))
    }

    fn stored_reader(&self) -> Option<&StoredReader<'a>> {
        match self {
            Self::Utf8(bytes) => bytes.stored_reader(),
            Self::Utf16(text) => text.inner().stored_reader(),
            Self::Sheet(_, stored) => Some(stored),
            Self::Added(text) => text.inner().stored_reader(),
        }
    }

    /// Returns the error for a read that failed: of the disk, of the decoder, or of the text.
    pub(crate) fn read_error(&self, path: &str, error: &io::Error) -> Error {
        match self {
            Self::Utf16(_) if error.get_ref().is_some_and(|error| error.is::<HalfCharacter>()) => {
                let help = "copy the file again, or save it as UTF-8";
                InputError::new(Code::NotUtf8, "this file is text in UTF-16 with half a character in it, or cut off", help).in_file(path)
            }
            Self::Utf8(bytes) => bytes.read_error(path, error),
            Self::Utf16(text) => text.inner().read_error(path, error),
            Self::Sheet(..) => read_error(path, error),
            Self::Added(text) => text.inner().read_error(path, error),
        }
    }
}

/// Returns the names of the sheets of a workbook, in its order.
pub(crate) fn sheet_names(files: &dyn Files, path: &str) -> Result<Vec<String>> {
    let (workbook, _) = workbook(files, path, false)?;
    Ok(workbook.sheet_names().map(str::to_owned).collect())
}

/// Opens a workbook, which is read whole, because its directory is at its end.
fn workbook<'a>(files: &'a dyn Files, path: &str, digested: bool) -> Result<(Workbook, StoredReader<'a>)> {
    let mut stored = StoredReader::open(files, path)?;
    stored.digest_if(digested);
    let mut bytes = Vec::new();
    (&mut stored).take(WORKBOOK_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(|error| read_error(path, &error))?;
    if bytes.len() as u64 > WORKBOOK_BYTES_MAX {
        return Err(workbook_too_large().in_file(path));
    }
    Ok((Workbook::open(bytes).map_err(|error| error.in_file(path))?, stored))
}

/// Returns the compression that a name tells, if the file is too short to tell anything itself.
fn cut_off(path: &str, length: usize) -> Option<Content> {
    paths::compression(path).filter(|_| length < 2).map(|compression| match compression {
        paths::Compression::Gzip => Content::Gzip,
        paths::Compression::Zstd => Content::Zstd,
    })
}

/// The error for a file that is no text. `packed`: it was compressed as a whole.
fn not_text(content: Content, packed: bool) -> InputError {
    let (what, end) = match content {
        Content::Other(other) => return other.error(),
        Content::Parquet => ("Parquet", ".parquet"),
        Content::Arrow => ("Arrow", ".arrow"),
        Content::Workbook => ("an Excel workbook", ".xlsx"),
        Content::Gzip | Content::Zstd | Content::Text | Content::Utf16(_) => {
            return InputError::new(Code::UnsupportedFormat, "this file is compressed twice", "decompress it once");
        }
    };
    match packed {
        true => InputError::new(
            Code::UnsupportedFormat,
            format!("this file is {what}, compressed once more as a whole"),
            "decompress it: it is compressed inside",
        ),
        false => InputError::new(
            Code::UnsupportedFormat,
            format!("the data are {what}, which is read from a file with a table, and not from a pipe or as a single record"),
            format!("save it as a file whose name ends in `{end}`"),
        ),
    }
}

fn workbook_too_large() -> InputError {
    let text = format!("the workbook has more than {} MiB", WORKBOOK_BYTES_MAX >> 20);
    InputError::new(Code::Capacity, text, "save the sheet as CSV in UTF-8")
}

impl<'a> Decompressed<'a> {
    fn new(stored: StoredReader<'a>, content: Content) -> Result<Self> {
        match content {
            Content::Gzip => Ok(Self::Gzip(Box::new(Peeked::new(GzipMembers::new(stored))))),
            #[cfg(feature = "zstd")]
            Content::Zstd => {
                let decoder =
                    zstd::Decoder::new(stored).map_err(|error| Error::memory(format!("cannot decompress: {error}"), "free memory"))?;
                Ok(Self::Zstd(Box::new(Peeked::new(decoder))))
            }
            #[cfg(not(feature = "zstd"))]
            Content::Zstd => {
                let help = "decompress it, or compress it with gzip";
                let sentence = "this file is compressed with Zstandard, which this version does not read";
                Err(InputError::new(Code::UnsupportedFormat, sentence, help).into())
            }
            _ => Ok(Self::Plain(stored)),
        }
    }

    /// Returns what the decompressed bytes are.
    fn content(&mut self) -> io::Result<Content> {
        Ok(Content::of(match self {
            Self::Plain(stored) => return stored.content(),
            Self::Gzip(decoder) => decoder.first()?,
            #[cfg(feature = "zstd")]
            Self::Zstd(decoder) => decoder.first()?,
        }))
    }

    fn stored_reader(&self) -> Option<&StoredReader<'a>> {
        match self {
            Self::Plain(stored) => Some(stored),
            Self::Gzip(decoder) => decoder.inner().inner(),
            #[cfg(feature = "zstd")]
            Self::Zstd(decoder) => Some(decoder.inner().get_ref().get_ref()),
        }
    }

    fn read_error(&self, path: &str, error: &io::Error) -> Error {
        match self {
            _ if self.stored_reader().is_some_and(|stored| stored.failed) => read_error(path, error),
            Self::Plain(_) => read_error(path, error),
            Self::Gzip(_) => damaged(path, error, Code::Gzip),
            #[cfg(feature = "zstd")]
            Self::Zstd(_) if needs_too_much_memory(error) => {
                let help = "compress the file again, without --long or --ultra";
                InputError::new(Code::Zstd, "more memory is needed to decompress it than 128 MiB", help).in_file(path)
            }
            #[cfg(feature = "zstd")]
            Self::Zstd(_) => damaged(path, error, Code::Zstd),
        }
    }
}

/// Whether the decoder refuses a frame because its window is too large. The decoder gives the name of its error code and not the code.
#[cfg(feature = "zstd")]
fn needs_too_much_memory(error: &io::Error) -> bool {
    /// `ZSTD_error_frameParameter_windowTooLarge`, as functions return it: negative.
    const WINDOW_TOO_LARGE: usize = 16usize.wrapping_neg();
    error.to_string() == zstd::zstd_safe::get_error_name(WINDOW_TOO_LARGE)
}

/// The error for compressed data that cannot be decompressed. `code` is the name of the compression too.
fn damaged(path: &str, error: &io::Error, code: Code) -> Error {
    let sentence = match error.kind() {
        io::ErrorKind::UnexpectedEof => "the compressed data are cut off".to_owned(),
        _ => format!("compressed with {code}, and damaged"),
    };
    InputError::new(code, sentence, "copy or compress the file again").in_file(path)
}

impl Read for Body<'_> {
    fn read(&mut self, chunk: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Utf8(bytes) => bytes.read(chunk),
            Self::Utf16(text) => text.read(chunk),
            Self::Sheet(csv, _) => csv.read(chunk),
            Self::Added(csv) => csv.read(chunk),
        }
    }
}

impl Read for Decompressed<'_> {
    fn read(&mut self, chunk: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stored) => stored.read(chunk),
            Self::Gzip(decoder) => decoder.read(chunk),
            #[cfg(feature = "zstd")]
            Self::Zstd(decoder) => decoder.read(chunk),
        }
    }
}

/// Reads the bytes as stored, counts them, and digests them if that is wanted.
pub(crate) struct StoredReader<'a> {
    inner: Peeked<Box<dyn Read + Send + 'a>>,
    bytes: u64,
    digest: Option<Sha256>,
    /// Whether a read of the disk has failed. Any other error is the decoder's.
    failed: bool,
}

impl<'a> StoredReader<'a> {
    /// Opens a file. Nothing is digested.
    pub(crate) fn open(files: &'a dyn Files, path: &str) -> Result<Self> {
        let inner = files.open(path).map_err(|error| read_error(path, &error))?;
        Ok(Self { inner: Peeked::new(inner), bytes: 0, digest: None, failed: false })
    }

    /// Says whether to digest what is read. To be called before anything is read.
    pub(crate) fn digest_if(&mut self, wanted: bool) {
        self.digest = wanted.then(Sha256::new);
    }

    /// Returns the file's size and digest, after its end was read.
    pub(crate) fn input_file(&self, path: &str) -> InputFile {
        InputFile { path: path.to_owned(), bytes: self.bytes, sha256: hex::encode(self.digest.clone().unwrap_or_default().finalize()) }
    }

    /// Returns what the stored bytes are.
    fn content(&mut self) -> io::Result<Content> {
        self.inner.first().map(Content::of)
    }

    /// Returns how many bytes were looked at.
    fn first_length(&mut self) -> usize {
        self.inner.first().map_or(0, <[u8]>::len)
    }
}

impl Read for StoredReader<'_> {
    fn read(&mut self, chunk: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(chunk).inspect_err(|error| self.failed |= error.kind() != io::ErrorKind::Interrupted)?;
        self.bytes += length as u64;
        if let Some(digest) = &mut self.digest {
            digest.update(&chunk[..length]);
        }
        Ok(length)
    }
}
