//! Reads the files in a zip archive that is in memory.
//!
//! *Limits*: all files together may unpack to [`UNPACKED_BYTES_MAX`], whatever the archive says of their sizes, and one that unpacks to more
//! than [`HARMLESS_BYTES`] to at most [`RATIO_MAX`] times its bytes in the archive: real sheets stay far below. Files are stored or deflated, as
//! those of workbooks are; encryption, parts and other compressions are not read.

use std::cell::Cell;
use std::collections::HashMap;
use std::io::{self, Read};

use flate2::Crc;
use flate2::read::DeflateDecoder;

use crate::code::Code;
use crate::error::InputError;

/// Most bytes that are unpacked of one archive.
pub(crate) const UNPACKED_BYTES_MAX: u64 = 1 << 30;

/// Bytes that a file may unpack to whatever its ratio.
const HARMLESS_BYTES: u64 = 64 << 20;
/// Most bytes of a larger file for each byte that it has in the archive.
const RATIO_MAX: u64 = 200;

/// What begins an entry of the directory, and the end of the directory.
const ENTRY: &[u8] = b"PK\x01\x02";
const DIRECTORY_END: &[u8] = b"PK\x05\x06";
/// Bytes of these before their names and comments.
const ENTRY_BYTES: usize = 46;
const DIRECTORY_END_BYTES: usize = 22;
/// Bytes that begin a file, before its name.
const FILE_BYTES: usize = 30;

/// An archive.
pub(crate) struct Archive {
    bytes: Vec<u8>,
    /// The files by their names in lower case: names in workbooks differ in case.
    files: HashMap<String, PackedFile>,
    /// How many bytes may still be unpacked.
    left: Cell<u64>,
}

/// Where a file is in an archive.
#[derive(Clone, Copy)]
struct PackedFile {
    offset: usize,
    bytes: usize,
    is_deflated: bool,
    is_encrypted: bool,
    crc: u32,
}

impl Archive {
    /// Reads the directory of an archive.
    pub(crate) fn new(bytes: Vec<u8>) -> Result<Self, InputError> {
        let files = directory(&bytes).ok_or_else(|| damaged("its directory is not there, or contradicts itself"))?;
        Ok(Self { bytes, files, left: Cell::new(UNPACKED_BYTES_MAX) })
    }

    /// Opens a file; none if it is not there.
    pub(crate) fn open(&self, name: &str) -> Result<Option<UnpackedFile<'_>>, InputError> {
        let Some(file) = self.files.get(&name.trim_start_matches('/').to_lowercase()) else { return Ok(None) };
        if file.is_encrypted {
            let help = "save it without a password";
            return Err(InputError::new(Code::UnsupportedFormat, "the workbook is encrypted", help));
        }
        let packed = self.packed(file).ok_or_else(|| damaged("a file in it is cut off"))?;
        let unpacked = if file.is_deflated { Unpacked::Deflated(DeflateDecoder::new(packed)) } else { Unpacked::Stored(packed) };
        let allowed = HARMLESS_BYTES.max((packed.len() as u64).saturating_mul(RATIO_MAX));
        Ok(Some(UnpackedFile { unpacked, left: &self.left, allowed, crc: Crc::new(), expected_crc: file.crc }))
    }

    fn packed(&self, file: &PackedFile) -> Option<&[u8]> {
        let head = self.bytes.get(file.offset..)?;
        let begin = FILE_BYTES + usize::from(u16_at(head, 26)?) + usize::from(u16_at(head, 28)?);
        head.strip_prefix(b"PK\x03\x04")?;
        head.get(begin..begin.checked_add(file.bytes)?)
    }
}

/// Returns the files by name; none if the directory contradicts itself.
fn directory(bytes: &[u8]) -> Option<HashMap<String, PackedFile>> {
    let last = bytes.len().checked_sub(DIRECTORY_END_BYTES)?;
    // a comment may follow, whose length has 16 bits
    let end = (last.saturating_sub(usize::from(u16::MAX))..=last).rev().find(|at| bytes[*at..].starts_with(DIRECTORY_END))?;
    let mut at = u32_at(bytes, end + 16)? as usize;
    let mut files = HashMap::new();
    for _ in 0..u16_at(bytes, end + 10)? {
        let entry = bytes.get(at..end)?;
        entry.strip_prefix(ENTRY)?;
        let length = |at: usize| u16_at(entry, at).map(usize::from);
        let (name_bytes, extra_bytes, comment_bytes) = (length(28)?, length(30)?, length(32)?);
        let name = entry.get(ENTRY_BYTES..ENTRY_BYTES + name_bytes)?;
        let extra = entry.get(ENTRY_BYTES + name_bytes..ENTRY_BYTES + name_bytes + extra_bytes)?;
        let (bytes, offset) = sizes(entry, extra)?;
        let method = u16_at(entry, 10)?;
        let file = PackedFile {
            offset,
            bytes,
            is_deflated: method == 8,
            is_encrypted: u16_at(entry, 8)? & 1 == 1 || !matches!(method, 0 | 8),
            crc: u32_at(entry, 16)?,
        };
        files.insert(String::from_utf8_lossy(name).replace('\\', "/").to_lowercase(), file);
        at += ENTRY_BYTES + name_bytes + extra_bytes + comment_bytes;
    }
    Some(files)
}

/// Returns how many bytes a file has in the archive, and where it begins. Some writers give them with 64 bits beside the entry.
fn sizes(entry: &[u8], extra: &[u8]) -> Option<(usize, usize)> {
    let mut long = long_sizes(extra);
    let mut size = |at: usize| match u32_at(entry, at)? {
        u32::MAX => {
            let (eight, rest) = long.split_first_chunk()?;
            long = rest;
            usize::try_from(u64::from_le_bytes(*eight)).ok()
        }
        short => Some(short as usize),
    };
    // they stand in this order: unpacked, packed, offset
    let (_unpacked, packed, offset) = (size(24)?, size(20)?, size(42)?);
    Some((packed, offset))
}

/// Returns the part of the extra fields that holds sizes of 64 bits; empty if there is none.
fn long_sizes(mut extra: &[u8]) -> &[u8] {
    while let (Some(id), Some(length)) = (u16_at(extra, 0), u16_at(extra, 2)) {
        let end = 4 + usize::from(length);
        let Some(field) = extra.get(4..end) else { break };
        if id == 1 {
            return field;
        }
        extra = &extra[end..];
    }
    &[]
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|two| u16::from_le_bytes(*two))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|four| u32::from_le_bytes(*four))
}

/// The error for a workbook that cannot be read.
pub(crate) fn damaged(detail: impl std::fmt::Display) -> InputError {
    let help = "copy the workbook again, or save the sheet as CSV in UTF-8";
    InputError::new(Code::Damaged, format!("not an Excel workbook, or damaged: {detail}"), help)
}

/// The error for a workbook that unpacks to more than a limit.
pub(crate) fn too_large(limit: &LimitReached) -> InputError {
    let text = match limit {
        LimitReached::Archive => format!("the workbook unpacks to more than {} MiB", UNPACKED_BYTES_MAX >> 20),
        LimitReached::Ratio => {
            format!("a part of the workbook unpacks to more than {} MiB and {RATIO_MAX} times its size", HARMLESS_BYTES >> 20)
        }
    };
    InputError::new(Code::Capacity, text, "save the sheet as CSV in UTF-8")
}

/// A file of an archive that is being unpacked. The read at its end fails if its checksum does not hold.
pub(crate) struct UnpackedFile<'a> {
    unpacked: Unpacked<'a>,
    /// How many bytes all files may still unpack to, and this one.
    left: &'a Cell<u64>,
    allowed: u64,
    crc: Crc,
    expected_crc: u32,
}

enum Unpacked<'a> {
    Stored(&'a [u8]),
    Deflated(DeflateDecoder<&'a [u8]>),
}

/// The reason of a failed read: more is unpacked than a limit allows.
#[derive(Debug)]
pub(crate) enum LimitReached {
    /// Of all files together.
    Archive,
    /// Of one file, by its size in the archive.
    Ratio,
}

impl std::fmt::Display for LimitReached {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("too much is unpacked")
    }
}

impl std::error::Error for LimitReached {}

impl Read for UnpackedFile<'_> {
    fn read(&mut self, chunk: &mut [u8]) -> io::Result<usize> {
        let length = match &mut self.unpacked {
            Unpacked::Stored(bytes) => bytes.read(chunk)?,
            Unpacked::Deflated(decoder) => decoder.read(chunk)?,
        };
        let rest = |from: u64, limit| from.checked_sub(length as u64).ok_or_else(|| io::Error::other(limit));
        self.allowed = rest(self.allowed, LimitReached::Ratio)?;
        self.left.set(rest(self.left.get(), LimitReached::Archive)?);
        self.crc.update(&chunk[..length]);
        if length == 0 && !chunk.is_empty() && self.crc.sum() != self.expected_crc {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "its checksum does not hold"));
        }
        Ok(length)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::DeflateEncoder;
    use std::io::Write;

    /// Makes an archive. Every other file is deflated.
    pub(in crate::input::workbook) fn zip(files: &[(&str, &str)]) -> Vec<u8> {
        let (mut bytes, mut directory) = (Vec::new(), Vec::new());
        for (at, (name, text)) in files.iter().enumerate() {
            let is_deflated = at % 2 == 1;
            let packed = if is_deflated {
                let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
                encoder.write_all(text.as_bytes()).unwrap();
                encoder.finish().unwrap()
            } else {
                text.as_bytes().to_vec()
            };
            let mut crc = Crc::new();
            crc.update(text.as_bytes());
            let sizes = [crc.sum(), packed.len() as u32, text.len() as u32].map(u32::to_le_bytes).concat();
            let head =
                [&[20, 0, 0, 0, if is_deflated { 8 } else { 0 }, 0, 0, 0, 0, 0][..], &sizes, &(name.len() as u16).to_le_bytes(), &[0, 0]]
                    .concat();
            directory.extend_from_slice(
                &[&b"PK\x01\x02\x14\0"[..], &head, &[0; 10], &(bytes.len() as u32).to_le_bytes(), name.as_bytes()].concat(),
            );
            bytes.extend_from_slice(&[&b"PK\x03\x04"[..], &head, name.as_bytes(), &packed].concat());
        }
        let (count, length, offset) = (files.len() as u16, directory.len() as u32, bytes.len() as u32);
        let counts =
            [[0; 4], [count.to_le_bytes(), count.to_le_bytes()].concat().try_into().unwrap(), length.to_le_bytes(), offset.to_le_bytes()]
                .concat();
        [bytes, directory, [DIRECTORY_END, &counts, &[0, 0]].concat()].concat()
    }

    fn read(archive: &Archive, name: &str) -> io::Result<String> {
        let mut text = String::new();
        archive.open(name).unwrap().unwrap().read_to_string(&mut text)?;
        Ok(text)
    }

    #[test]
    fn files_are_unpacked_whatever_the_case_of_their_names() {
        let archive = Archive::new(zip(&[("A/b.xml", "stored"), ("c", "deflated")])).unwrap();
        assert_eq!((read(&archive, "/a/B.xml").unwrap(), read(&archive, "C").unwrap()), ("stored".to_owned(), "deflated".to_owned()));
        assert!(archive.open("d").unwrap().is_none());
        // a comment may follow
        let commented = [zip(&[("a", "text")]), b"comment".to_vec()].concat();
        assert_eq!(read(&Archive::new(commented).unwrap(), "a").unwrap(), "text");
    }

    #[test]
    fn a_file_that_differs_from_its_checksum_is_damaged() {
        let mut bytes = zip(&[("a", "text")]);
        let at = bytes.windows(4).position(|four| four == b"text").unwrap();
        bytes[at] ^= 1;
        assert!(read(&Archive::new(bytes).unwrap(), "a").is_err());
    }

    #[test]
    fn what_is_unpacked_has_a_limit() {
        let archive = Archive::new(zip(&[("a", ""), ("b", &"x".repeat(10_000))])).unwrap();
        archive.left.set(9_999);
        let error = read(&archive, "b").unwrap_err();
        assert!(matches!(error.get_ref().unwrap().downcast_ref(), Some(LimitReached::Archive)), "{error}");
    }

    #[test]
    fn a_file_that_unpacks_to_far_more_than_it_has_is_refused_early() {
        let archive = Archive::new(zip(&[("a", ""), ("b", &" ".repeat(HARMLESS_BYTES as usize + 1))])).unwrap();
        let error = read(&archive, "b").unwrap_err();
        assert!(matches!(error.get_ref().unwrap().downcast_ref(), Some(LimitReached::Ratio)), "{error}");
        let left = UNPACKED_BYTES_MAX - archive.left.get();
        assert!(left <= HARMLESS_BYTES, "{left}");
    }

    #[test]
    fn sizes_can_have_64_bits() {
        let entry = [&[0; 20][..], &[0xff; 8], &[0; 14], &[0xff; 4]].concat();
        let long: Vec<u8> = [7_u64, 5, 3].iter().flat_map(|size| size.to_le_bytes()).collect();
        let extra = [&[9, 0, 2, 0, 0, 0, 1, 0, 24, 0][..], &long].concat();
        assert_eq!(sizes(&entry, &extra), Some((5, 3)));
        assert_eq!(sizes(&entry, &extra[..10]), None);
    }
}
