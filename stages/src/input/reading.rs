//! Reads a file: its text in chunks, decompressed and in UTF-8, and its size and digest as stored.
//!
//! *Limits*: one buffer of [`CHUNK_BYTES`] for a file of any size; a document of at most [`DOCUMENT_BYTES_MAX`].

use std::io::Read;

use crate::code::Code;
use crate::error::{Error, InputError, Result};
use crate::input::blocks::fill;
use crate::input::body::{Body, Digesting, StoredReader};
pub use crate::input::read_error::{changed_error, read_error};
use crate::limits::{CHUNK_BYTES, DOCUMENT_BYTES_MAX, RECORD_BYTES_MAX, record_too_long};
use crate::ports::digest::InputFile;
use crate::ports::files::Files;
use crate::source::Source;

/// Length of the first chunk. It is small because thousands of small files need no more.
const FIRST_CHUNK_BYTES: usize = 1 << 14;

/// Hands the text of a data file to `take`, decompressed and in UTF-8. All chunks but the first and the last are of [`CHUNK_BYTES`].
pub fn each_chunk(files: &dyn Files, source: &Source, mut take: impl FnMut(&[u8]) -> Result<()>) -> Result<InputFile> {
    each_chunk_at(files, source, |chunk, _| take(chunk))
}

/// Does what [`each_chunk`] does. `take` also gets the number of bytes read so far, as stored.
pub(crate) fn each_chunk_at(files: &dyn Files, source: &Source, mut take: impl FnMut(&[u8], u64) -> Result<()>) -> Result<InputFile> {
    let mut body = Body::open_source(files, source, Digesting::Everything)?;
    each_chunk_of(&mut body, &source.path, &mut take)?;
    Ok(body.input_file(&source.path))
}

/// Reads a whole file as it is stored. Returns its size and digest.
pub fn digest(files: &dyn Files, path: &str) -> Result<InputFile> {
    let mut stored = StoredReader::open(files, path)?;
    stored.digest_if(true);
    let mut chunk = vec![0; CHUNK_BYTES];
    while fill(&mut stored, &mut chunk).map_err(|error| read_error(path, &error))? == chunk.len() {}
    Ok(stored.input_file(path))
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

/// Reads a whole document with every byte as stored, also a byte order mark.
pub fn exact_text(files: &dyn Files, path: &str) -> Result<String> {
    let mut bytes = Vec::new();
    let read = StoredReader::open(files, path)?.take(DOCUMENT_BYTES_MAX as u64 + 1).read_to_end(&mut bytes);
    read.map_err(|error| read_error(path, &error))?;
    if bytes.len() > DOCUMENT_BYTES_MAX {
        return Err(document_too_large(path));
    }
    String::from_utf8(bytes).map_err(|error| not_utf8(path, error.utf8_error().valid_up_to()))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::files::Kind;
    use crate::source::Format;
    use crate::testing::{MemoryFiles, gzip};
    use samefit_formats::hex;
    use sha2::{Digest, Sha256};

    fn read(name: &str, bytes: &[u8]) -> Result<(Vec<u8>, InputFile)> {
        let mut all = Vec::new();
        let source = Source::new(name, name, Format::Csv, Kind::File);
        let input = each_chunk(&MemoryFiles::of(&[(name, bytes)]), &source, |chunk| {
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

    /// The name does not decide, and the digest is that of the bytes as stored.
    #[test]
    fn what_a_file_is_its_bytes_tell() {
        let text = "x,y\n1,\u{e9}\n".repeat(CHUNK_BYTES / 4);
        let low_first = |text: &str| format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        let high_first = |text: &str| format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>();
        for (name, stored) in [
            ("a.csv", gzip(text.as_bytes())),
            ("a.csv", [gzip(text.as_bytes()), vec![0; 512]].concat()),
            ("a.csv.gz", text.clone().into_bytes()),
            ("a.csv.zst", text.clone().into_bytes()),
            ("a.csv", low_first(&text)),
            ("a.csv", high_first(&text)),
            ("/dev/stdin", gzip(&low_first(&text))),
            #[cfg(feature = "zstd")]
            ("a.csv.gz", zstd::encode_all(text.as_bytes(), 3).unwrap()),
        ] {
            let (all, input) = read(name, &stored).unwrap();
            assert!(all == text.as_bytes(), "{name}: {}", String::from_utf8_lossy(&all[..20]));
            assert_eq!((input.bytes, input.sha256), (stored.len() as u64, hex::encode(Sha256::digest(&stored))), "{name}");
        }
    }

    #[test]
    fn what_is_not_text_is_named() {
        let xz = b"\xfd7zXZ\0\0\x04";
        for (stored, words) in [
            (xz.to_vec(), "this file is compressed with xz"),
            (gzip(xz), "this file is compressed with xz"),
            (gzip(&gzip(b"x,y\n")), "this file is compressed twice\nhelp: decompress it once"),
            (b"PAR1\x15\x04".to_vec(), "save it as a file whose name ends in `.parquet`"),
            (gzip(b"PAR1\x15\x04"), "this file is Parquet, compressed once more as a whole\nhelp: decompress it"),
            (b"x\0,\0y\0\n\0".to_vec(), "this file looks like UTF-16 without a byte order mark\nhelp: save it as UTF-8"),
            (b"\xff\xfex\0\n".to_vec(), "this file is text in UTF-16 with half a character in it, or cut off"),
        ] {
            let failure = read("a.csv", &stored).unwrap_err();
            assert!(failure.to_string().contains(words), "{failure}");
            assert_eq!(failure.exit_code(), 3);
        }
    }

    #[test]
    fn damaged_gzip_is_bad_data() {
        let whole = gzip(&(0..100_000u32).flat_map(u32::to_le_bytes).collect::<Vec<u8>>());
        for (bytes, words) in [
            (&whole[..whole.len() / 2], "the compressed data are cut off"),
            (&b""[..], "cut off"),
            (&b"\x1f"[..], "cut off"),
            (&[&whole[..], b"more bytes than a header has"].concat()[..], "compressed with gzip, and damaged"),
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
            (&b""[..], "cut off"),
            (&[&whole[..], b"more"].concat()[..], "compressed with zstd, and damaged"),
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
