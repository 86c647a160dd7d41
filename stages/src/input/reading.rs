//! Reads a file: its decompressed bytes in chunks, and its size and digest as stored.
//!
//! *Limits*: one buffer of [`CHUNK_BYTES`] for a file of any size; a document of at most [`DOCUMENT_BYTES_MAX`].

#[cfg(feature = "zstd")]
use std::io::BufReader;
use std::io::{self, Read};

use flate2::read::MultiGzDecoder;
use samefit_formats::hex;
use sha2::{Digest, Sha256};

use crate::code::Code;
use crate::error::{Error, InputError, Message, Result};
use crate::input::blocks::fill;
use crate::input::digests::DigestQueue;
use crate::limits::{CHUNK_BYTES, DOCUMENT_BYTES_MAX, RECORD_BYTES_MAX, record_too_long};
use crate::ports::digest::InputFile;
use crate::ports::files::{Changed, Files};
use crate::text::paths::{self, Compression};

/// Length of the first chunk. It is small because thousands of small files need no more.
const FIRST_CHUNK_BYTES: usize = 1 << 14;

/// Hands the decompressed bytes of a file to `take`. All chunks but the first and the last are of [`CHUNK_BYTES`].
pub fn each_chunk(files: &dyn Files, path: &str, mut take: impl FnMut(&[u8]) -> Result<()>) -> Result<InputFile> {
    each_chunk_at(files, path, |chunk, _| take(chunk))
}

/// Does what [`each_chunk`] does. `take` also gets the number of bytes read so far, as stored.
pub(crate) fn each_chunk_at(files: &dyn Files, path: &str, mut take: impl FnMut(&[u8], u64) -> Result<()>) -> Result<InputFile> {
    let mut body = Body::open(files, path, Digesting::Everything)?;
    each_chunk_of(&mut body, path, &mut take)?;
    Ok(body.input_file(path))
}

fn each_chunk_of(body: &mut Body<'_>, path: &str, take: &mut impl FnMut(&[u8], u64) -> Result<()>) -> Result<()> {
    let mut chunk = vec![0; FIRST_CHUNK_BYTES];
    loop {
        let length = fill(body, &mut chunk).map_err(|error| body.read_error(path, &error))?;
        if length > 0 {
            take(&chunk[..length], body.stored())?;
        }
        if length < chunk.len() {
            return Ok(());
        }
        chunk.resize(CHUNK_BYTES, 0);
    }
}

/// Reads a whole document, without a byte order mark.
pub fn text(files: &dyn Files, path: &str) -> Result<(String, InputFile)> {
    let mut body = Body::open(files, path, Digesting::Everything)?;
    let text = without_byte_order_mark(text_of(&mut body, path, DOCUMENT_BYTES_MAX, || document_too_large(path))?);
    Ok((text, body.input_file(path)))
}

/// Reads a whole document with every byte, also a byte order mark.
pub fn exact_text(files: &dyn Files, path: &str) -> Result<String> {
    text_of(&mut Body::open(files, path, Digesting::Nothing)?, path, DOCUMENT_BYTES_MAX, || document_too_large(path))
}

/// Reads a file with one record. Returns its text and its size as stored, in bytes.
pub(crate) fn record_text(files: &dyn Files, path: &str) -> Result<(String, u64)> {
    let mut body = Body::open(files, path, Digesting::Nothing)?;
    let text = without_byte_order_mark(text_of(&mut body, path, RECORD_BYTES_MAX, || record_too_long().in_file(path))?);
    Ok((text, body.stored()))
}

fn text_of(body: &mut Body<'_>, path: &str, bytes_max: usize, too_large: impl Fn() -> Error) -> Result<String> {
    let mut bytes = Vec::new();
    each_chunk_of(body, path, &mut |chunk, _| {
        if bytes.len() + chunk.len() > bytes_max {
            return Err(too_large());
        }
        bytes.extend_from_slice(chunk);
        Ok(())
    })?;
    String::from_utf8(bytes).map_err(|error| not_utf8(path, error.utf8_error().valid_up_to()))
}

fn without_byte_order_mark(text: String) -> String {
    text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text)
}

/// Returns the error for a path that could not be opened or read.
pub fn read_error(path: &str, error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
            InputError::new(Code::NotFound, "there is no such file or folder", "check the path; it counts from the folder you are in")
                .in_file(path)
        }
        io::ErrorKind::PermissionDenied => {
            Error::io(path, Message::new("permission denied", "run as a user who may read it, or change its permissions"))
        }
        _ if error.get_ref().is_some_and(|error| error.is::<Changed>()) => changed_error(path),
        _ => Error::reading(path, error),
    }
}

/// Returns the error for a file that changed while it was read.
pub fn changed_error(path: &str) -> Error {
    Error::io(path, Message::new(Changed.to_string(), "run this again when nothing writes to it"))
}

/// Returns the error for a document of more than [`DOCUMENT_BYTES_MAX`].
pub fn document_too_large(path: &str) -> Error {
    let text = format!("more than {} MiB, too large for a document", DOCUMENT_BYTES_MAX >> 20);
    InputError::new(Code::DocumentTooLarge, text, "check that this is the right file").in_file(path)
}

/// `offset`: of the first byte that is not UTF-8.
fn not_utf8(path: &str, offset: usize) -> Error {
    let text = format!("byte {} is not UTF-8 text", offset + 1);
    InputError::new(Code::NotUtf8, text, "save the file as UTF-8, or check that this is the right file").in_file(path)
}

/// A reader of a file's decompressed bytes.
pub(crate) enum Body<'a> {
    Plain(StoredReader<'a>),
    Gzip(Box<MultiGzDecoder<StoredReader<'a>>>),
    #[cfg(feature = "zstd")]
    Zstd(zstd::Decoder<'static, BufReader<StoredReader<'a>>>),
}

/// Which files a reader digests as it reads them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Digesting {
    Everything,
    /// Compressed files only. The reader of any other file sees its bytes as stored, and can digest them itself.
    Compressed,
    Nothing,
}

impl<'a> Body<'a> {
    pub(crate) fn open(files: &'a dyn Files, path: &str, digesting: Digesting) -> Result<Self> {
        let inner = files.open(path).map_err(|error| read_error(path, &error))?;
        let digested = match digesting {
            Digesting::Everything => true,
            Digesting::Compressed => paths::compression(path).is_some(),
            Digesting::Nothing => false,
        };
        let stored = StoredReader { inner, bytes: 0, digest: digested.then(Sha256::new), failed: false };
        Ok(match paths::compression(path) {
            None => Self::Plain(stored),
            Some(Compression::Gzip) => Self::Gzip(Box::new(MultiGzDecoder::new(stored))),
            #[cfg(feature = "zstd")]
            Some(Compression::Zstd) => Self::Zstd(zstd::Decoder::new(stored).map_err(|error| read_error(path, &error))?),
            // data files are refused by their name before; a document is read as it is, and refused as not UTF-8
            #[cfg(not(feature = "zstd"))]
            Some(Compression::Zstd) => Self::Plain(stored),
        })
    }

    /// Whether the file is not compressed, so that the bytes read are the bytes as stored.
    pub(crate) fn is_plain(&self) -> bool {
        matches!(self, Self::Plain(_))
    }

    /// Returns how many bytes were read so far, as stored.
    pub(crate) fn stored(&self) -> u64 {
        self.stored_reader().bytes
    }

    /// Adds the end of this file to the queue: its digest, if this reader has computed it.
    pub(crate) fn push_digest(&self, path: &str, digests: &DigestQueue) {
        match &self.stored_reader().digest {
            None => digests.push_end(path),
            Some(_) => digests.push_known(self.input_file(path)),
        }
    }

    fn stored_reader(&self) -> &StoredReader<'a> {
        match self {
            Self::Plain(stored) => stored,
            Self::Gzip(decoder) => decoder.get_ref(),
            #[cfg(feature = "zstd")]
            Self::Zstd(decoder) => decoder.get_ref().get_ref(),
        }
    }

    /// Returns the error for a read that failed: of the disk, or of the decoder.
    pub(crate) fn read_error(&self, path: &str, error: &io::Error) -> Error {
        match self {
            _ if self.stored_reader().failed => read_error(path, error),
            Self::Plain(_) => read_error(path, error),
            Self::Gzip(_) => damaged(path, error, Code::Gzip, ".gz"),
            #[cfg(feature = "zstd")]
            Self::Zstd(_) if needs_too_much_memory(error) => {
                let help = "compress the file again, without --long or --ultra";
                InputError::new(Code::Zstd, "more memory is needed to decompress it than 128 MiB", help).in_file(path)
            }
            #[cfg(feature = "zstd")]
            Self::Zstd(_) => damaged(path, error, Code::Zstd, ".zst"),
        }
    }

    fn input_file(&self, path: &str) -> InputFile {
        let StoredReader { bytes, digest, .. } = self.stored_reader();
        InputFile { path: path.to_owned(), bytes: *bytes, sha256: hex::encode(digest.clone().unwrap_or_default().finalize()) }
    }
}

/// Whether the decoder refuses a frame because its window is too large. The decoder gives the name of its error code and not the code.
#[cfg(feature = "zstd")]
fn needs_too_much_memory(error: &io::Error) -> bool {
    /// `ZSTD_error_frameParameter_windowTooLarge`, as functions return it: negative.
    const WINDOW_TOO_LARGE: usize = 16usize.wrapping_neg();
    error.to_string() == zstd::zstd_safe::get_error_name(WINDOW_TOO_LARGE)
}

impl Read for Body<'_> {
    fn read(&mut self, chunk: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stored) => stored.read(chunk),
            Self::Gzip(decoder) => decoder.read(chunk),
            #[cfg(feature = "zstd")]
            Self::Zstd(decoder) => decoder.read(chunk),
        }
    }
}

/// The error for compressed data that cannot be decompressed. `code` is the name of the compression too.
fn damaged(path: &str, error: &io::Error, code: Code, extension: &str) -> Error {
    let sentence = match error.kind() {
        io::ErrorKind::UnexpectedEof => "the compressed data are cut off".to_owned(),
        _ => format!("not {code}, or damaged"),
    };
    let help = format!("copy or compress the file again; a file that is not compressed must not end in `{extension}`");
    InputError::new(code, sentence, help).in_file(path)
}

/// Reads the bytes as stored, counts them, and digests them if that is wanted.
pub(crate) struct StoredReader<'a> {
    inner: Box<dyn Read + Send + 'a>,
    bytes: u64,
    digest: Option<Sha256>,
    /// Whether a read of the disk has failed. Any other error is the decoder's.
    failed: bool,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::MemoryFiles;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn read(name: &str, bytes: &[u8]) -> Result<(Vec<u8>, InputFile)> {
        let mut all = Vec::new();
        let input = each_chunk(&MemoryFiles::of(&[(name, bytes)]), name, |chunk| {
            all.extend_from_slice(chunk);
            Ok(())
        })?;
        Ok((all, input))
    }

    #[test]
    fn sizes_and_digests_are_of_the_bytes_as_stored() {
        let (all, input) = read("a.csv", b"abc").unwrap();
        assert_eq!((all.as_slice(), input.bytes), (&b"abc"[..], 3));
        assert_eq!(input.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        let stored = gzip(b"abc");
        let (all, input) = read("a.csv.gz", &stored).unwrap();
        assert_eq!((all.as_slice(), input.bytes), (&b"abc"[..], stored.len() as u64));
        assert_eq!(input.sha256, hex::encode(Sha256::digest(&stored)));
    }

    #[test]
    fn several_gzip_members_are_one_file() {
        let long = vec![b'x'; 3 * CHUNK_BYTES + 7];
        let (all, _) = read("a.gz", &[gzip(&long), gzip(b"abc")].concat()).unwrap();
        assert_eq!(all.len(), long.len() + 3);
    }

    #[test]
    fn damaged_gzip_is_bad_data() {
        let whole = gzip(&(0..100_000u32).flat_map(u32::to_le_bytes).collect::<Vec<u8>>());
        for (bytes, words) in [
            (&whole[..whole.len() / 2], "the compressed data are cut off"),
            (&b""[..], "cut off"),
            (&b"age,y\n1,2\n"[..], "not gzip, or damaged"),
        ] {
            let failure = read("a.csv.gz", bytes).unwrap_err();
            assert!(failure.to_string().contains(words), "{failure}");
            assert_eq!(failure.exit_code(), 3);
        }
    }

    #[cfg(feature = "zstd")]
    #[test]
    fn frames_of_zstandard_are_one_file_and_damage_is_bad_data() {
        let long = vec![b'x'; 3 * CHUNK_BYTES + 7];
        let frame = |bytes: &[u8]| zstd::encode_all(bytes, 3).unwrap();
        let stored = [frame(&long), frame(b"abc")].concat();
        let (all, input) = read("a.csv.zst", &stored).unwrap();
        assert_eq!((all.len(), input.bytes), (long.len() + 3, stored.len() as u64));
        assert_eq!(input.sha256, hex::encode(Sha256::digest(&stored)));
        let whole = frame(&(0..100_000u32).flat_map(u32::to_le_bytes).collect::<Vec<u8>>());
        for (bytes, words) in [
            (&whole[..whole.len() / 2], "the compressed data are cut off"),
            (&b"age,y\n1,2\n"[..], "not zstd, or damaged"),
            (&[&whole[..], b"more"].concat()[..], "not zstd, or damaged"),
        ] {
            let failure = read("a.csv.zst", bytes).unwrap_err();
            assert!(failure.to_string().contains(words), "{failure}");
            assert_eq!(failure.exit_code(), 3);
        }
    }

    #[test]
    fn a_document_is_utf8_without_its_mark() {
        let files = MemoryFiles::of(&[("a.json", &b"\xef\xbb\xbf{}"[..]), ("b.json", &b"{\"a\": \"\xff\"}"[..])]);
        assert_eq!(text(&files, "a.json").unwrap().0, "{}");
        let failure = text(&files, "b.json").unwrap_err();
        assert!(failure.to_string().starts_with("error: b.json: byte 8 is not UTF-8 text"), "{failure}");
    }
}
