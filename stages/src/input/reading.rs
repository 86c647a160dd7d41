//! A file to chunks of its bytes, decompressed, and to its size and digest as stored.
//!
//! *Limits*: one buffer of [`CHUNK_BYTES`], whatever the size of the file; a document of at most [`DOCUMENT_BYTES_MAX`].

#[cfg(feature = "zstd")]
use std::io::BufReader;
use std::io::{self, Read};

use flate2::read::MultiGzDecoder;
use samefit_formats::hex;
use sha2::{Digest, Sha256};

use crate::error::{Error, InputError, Result};
use crate::input::blocks::fill;
use crate::input::digests::Digests;
use crate::limits::{CHUNK_BYTES, DOCUMENT_BYTES_MAX, RECORD_BYTES_MAX, record_too_long};
use crate::ports::digest::Input;
use crate::ports::files::{Changed, Files};
use crate::text::paths;
use crate::text::paths::Compression;

/// The first chunk is small, for thousands of small files each need no more.
const FIRST_CHUNK_BYTES: usize = 1 << 14;

/// Hands every byte of a file, decompressed, to `take`, in full chunks but for the first and the last.
pub fn each_chunk(files: &dyn Files, path: &str, mut take: impl FnMut(&[u8]) -> Result<()>) -> Result<Input> {
    each_chunk_at(files, path, |chunk, _| take(chunk))
}

/// The same, with the number of bytes read so far, as stored.
pub(crate) fn each_chunk_at(files: &dyn Files, path: &str, mut take: impl FnMut(&[u8], u64) -> Result<()>) -> Result<Input> {
    let mut body = Body::open(files, path, Digesting::Everything)?;
    each_chunk_of(&mut body, path, &mut take)?;
    Ok(body.input(path))
}

fn each_chunk_of(body: &mut Body<'_>, path: &str, take: &mut impl FnMut(&[u8], u64) -> Result<()>) -> Result<()> {
    let mut chunk = vec![0; FIRST_CHUNK_BYTES];
    loop {
        let length = fill(body, &mut chunk).map_err(|error| body.failed(path, &error))?;
        if length > 0 {
            take(&chunk[..length], body.stored())?;
        }
        if length < chunk.len() {
            return Ok(());
        }
        chunk.resize(CHUNK_BYTES, 0);
    }
}

/// A whole document.
pub fn text(files: &dyn Files, path: &str) -> Result<(String, Input)> {
    let mut body = Body::open(files, path, Digesting::Everything)?;
    let text = without_mark(text_of(&mut body, path, DOCUMENT_BYTES_MAX, || too_large(path))?);
    Ok((text, body.input(path)))
}

/// A whole document, to its last byte: a byte order mark stays.
pub fn exact_text(files: &dyn Files, path: &str) -> Result<String> {
    text_of(&mut Body::open(files, path, Digesting::Nothing)?, path, DOCUMENT_BYTES_MAX, || too_large(path))
}

/// A whole record of which nothing need be told afterwards but its size as stored.
pub(crate) fn record_text(files: &dyn Files, path: &str) -> Result<(String, u64)> {
    let mut body = Body::open(files, path, Digesting::Nothing)?;
    let text = without_mark(text_of(&mut body, path, RECORD_BYTES_MAX, || record_too_long().in_file(path))?);
    Ok((text, body.stored()))
}

/// All of it, if it has no more than so many bytes.
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

fn without_mark(text: String) -> String {
    text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text)
}

/// What to say of a path that could not be looked at or opened.
pub fn failed(path: &str, error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
            InputError::new("not-found", "there is no such file or folder", "check the path; it counts from the folder you are in")
                .in_file(path)
        }
        io::ErrorKind::PermissionDenied => Error::Io {
            path: path.to_owned(),
            text: "permission denied\nrun as a user who may read it, or change its permissions".to_owned(),
        },
        _ if error.get_ref().is_some_and(|error| error.is::<Changed>()) => changed(path),
        _ => Error::Io { path: path.to_owned(), text: format!("cannot be read: {error}") },
    }
}

/// What to say of a file that changed while it was read.
pub fn changed(path: &str) -> Error {
    Error::Io { path: path.to_owned(), text: format!("{Changed}\nrun this again when nothing writes to it") }
}

/// A document of more than [`DOCUMENT_BYTES_MAX`].
pub fn too_large(path: &str) -> Error {
    let text = format!("more than {} MiB, too large for a document", DOCUMENT_BYTES_MAX >> 20);
    InputError::new("document-too-large", text, "check that this is the right file").in_file(path)
}

fn not_utf8(path: &str, offset: usize) -> Error {
    let text = format!("byte {} is not UTF-8 text", offset + 1);
    InputError::new("not-utf-8", text, "save the file as UTF-8, or check that this is the right file").in_file(path)
}

/// A file that is read from its start to its end, decompressed.
pub(crate) enum Body<'a> {
    Plain(Counted<'a>),
    Gzip(Box<MultiGzDecoder<Counted<'a>>>),
    #[cfg(feature = "zstd")]
    Zstd(zstd::Decoder<'static, BufReader<Counted<'a>>>),
}

/// What is digested as it is read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Digesting {
    Everything,
    /// What is compressed: other bytes are seen by whoever reads them, who can do it.
    Compressed,
    Nothing,
}

impl<'a> Body<'a> {
    pub(crate) fn open(files: &'a dyn Files, path: &str, digesting: Digesting) -> Result<Self> {
        let inner = files.open(path).map_err(|error| failed(path, &error))?;
        let digested = match digesting {
            Digesting::Everything => true,
            Digesting::Compressed => paths::compression(path).is_some(),
            Digesting::Nothing => false,
        };
        let counted = Counted { inner, bytes: 0, digest: digested.then(Sha256::new), error: false };
        Ok(match paths::compression(path) {
            None => Self::Plain(counted),
            Some(Compression::Gzip) => Self::Gzip(Box::new(MultiGzDecoder::new(counted))),
            #[cfg(feature = "zstd")]
            Some(Compression::Zstd) => Self::Zstd(zstd::Decoder::new(counted).map_err(|error| failed(path, &error))?),
            // only a document is not looked at by its name before
            #[cfg(not(feature = "zstd"))]
            Some(Compression::Zstd) => Self::Plain(counted),
        })
    }

    /// Whether the bytes are as stored.
    pub(crate) fn is_plain(&self) -> bool {
        matches!(self, Self::Plain(_))
    }

    /// Bytes read so far, as stored.
    pub(crate) fn stored(&self) -> u64 {
        self.counted().bytes
    }

    /// Everything was read.
    pub(crate) fn end(&mut self, path: &str, digests: &Digests) {
        match &self.counted().digest {
            None => digests.end(path),
            Some(_) => digests.whole(self.input(path)),
        }
    }

    fn counted(&self) -> &Counted<'a> {
        match self {
            Self::Plain(counted) => counted,
            Self::Gzip(decoder) => decoder.get_ref(),
            #[cfg(feature = "zstd")]
            Self::Zstd(decoder) => decoder.get_ref().get_ref(),
        }
    }

    /// An error of the disk, or of the bytes that came from it.
    pub(crate) fn failed(&self, path: &str, error: &io::Error) -> Error {
        match self {
            Self::Gzip(decoder) if !decoder.get_ref().error => damaged(path, error, "gzip", ".gz"),
            #[cfg(feature = "zstd")]
            Self::Zstd(_) if !self.counted().error && error.to_string().contains("too much memory") => {
                let help = "compress the file again, without --long or --ultra";
                InputError::new("zstd", "more memory is needed to decompress it than 128 MiB", help).in_file(path)
            }
            #[cfg(feature = "zstd")]
            Self::Zstd(_) if !self.counted().error => damaged(path, error, "zstd", ".zst"),
            _ => failed(path, error),
        }
    }

    fn input(&self, path: &str) -> Input {
        let Counted { bytes, digest, .. } = self.counted();
        Input { path: path.to_owned(), bytes: *bytes, sha256: hex::encode(&digest.clone().unwrap_or_default().finalize()) }
    }
}

impl Read for Body<'_> {
    fn read(&mut self, chunk: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(counted) => counted.read(chunk),
            Self::Gzip(decoder) => decoder.read(chunk),
            #[cfg(feature = "zstd")]
            Self::Zstd(decoder) => decoder.read(chunk),
        }
    }
}

fn damaged(path: &str, error: &io::Error, code: &'static str, extension: &str) -> Error {
    let what = match error.kind() {
        io::ErrorKind::UnexpectedEof => "the compressed data are cut off".to_owned(),
        _ => format!("not {code}, or damaged"),
    };
    let help = format!("copy or compress the file again; a file that is not compressed must not end in `{extension}`");
    InputError::new(code, what, help).in_file(path)
}

/// The bytes as stored, counted and digested on their way.
pub(crate) struct Counted<'a> {
    inner: Box<dyn Read + Send + 'a>,
    bytes: u64,
    digest: Option<Sha256>,
    error: bool,
}

impl Read for Counted<'_> {
    fn read(&mut self, chunk: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(chunk).inspect_err(|error| self.error |= error.kind() != io::ErrorKind::Interrupted)?;
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
    use crate::testing::Memory;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn read(name: &str, bytes: &[u8]) -> Result<(Vec<u8>, Input)> {
        let mut all = Vec::new();
        let input = each_chunk(&Memory::of(&[(name, bytes)]), name, |chunk| {
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
        let files = Memory::of(&[("a.json", &b"\xef\xbb\xbf{}"[..]), ("b.json", &b"{\"a\": \"\xff\"}"[..])]);
        assert_eq!(text(&files, "a.json").unwrap().0, "{}");
        let failure = text(&files, "b.json").unwrap_err();
        assert!(failure.to_string().starts_with("error: b.json: byte 8 is not UTF-8 text"), "{failure}");
    }
}
