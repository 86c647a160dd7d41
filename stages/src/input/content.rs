//! Tells what a file is from its first bytes, whatever its name says.
//!
//! A name can be wrong: a table that was saved as Excel and called `.csv`, a file that a server has decompressed and that still ends in `.gz`, a
//! page to log in instead of the data. So a file that is not text is named as what it is, before anybody speaks of quotes or of UTF-8.

use crate::code::Code;
use crate::error::InputError;

/// How many bytes are looked at.
pub const FIRST_BYTES: usize = 512;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Text in UTF-8, as far as its first bytes tell, or nothing.
    Text,
    /// Text in UTF-16 that begins with a byte order mark.
    Utf16(ByteOrder),
    /// Compressed with gzip.
    Gzip,
    /// Compressed with Zstandard.
    Zstd,
    /// Columns in row groups.
    Parquet,
    /// Columns in record batches.
    Arrow,
    /// An Excel workbook of the format that is a zip archive with XML, or another document of Office.
    Workbook,
    /// A format that is not read.
    Other(Unreadable),
}

/// Which byte of a unit of UTF-16 comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteOrder {
    /// The low byte, as Windows writes.
    LowFirst,
    /// The high byte.
    HighFirst,
}

/// A format that is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// What the file is, after "this file is".
    what: &'static str,
    /// What to do.
    help: &'static str,
    /// Whether it is text, in another encoding than UTF-8.
    is_text: bool,
}

const TABLE_HELP: &str = "write the table as CSV";
const SPREADSHEET_HELP: &str = "save the sheet as `.xlsx`, or as CSV in UTF-8";
const SCRIPT_HELP: &str = "write the table as CSV or Parquet with the program that made it";

/// How files begin that are not read: the bytes, what the file is, and what to do.
const SIGNATURES: &[(&[u8], &str, &str)] = &[
    (b"\xfd7zXZ\0", "compressed with xz", "decompress it with `xz -d`, or compress it with gzip or Zstandard instead"),
    (b"\x04\x22\x4d\x18", "compressed with LZ4", "decompress it with `lz4 -d`, or compress it with gzip or Zstandard instead"),
    (b"\x1f\x9d", "compressed with compress", "decompress it with `gzip -d`"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "unpack it, and name the file in it"),
    (b"Rar!\x1a\x07", "a RAR archive", "unpack it, and name the file in it"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Excel workbook in the old format, or one with a password", SPREADSHEET_HELP),
    (b"%PDF-", "a PDF document", TABLE_HELP),
    (b"{\\rtf", "a document of a word processor", TABLE_HELP),
    (b"SQLite format 3\0", "a database of SQLite", TABLE_HELP),
    (b"Obj\x01", "an Avro file", SCRIPT_HELP),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file", SCRIPT_HELP),
    (b"<stata_dta>", "a data set of Stata", SCRIPT_HELP),
    (b"$FL2@(#)", "a data set of SPSS", SCRIPT_HELP),
    (b"RDX2\nX\n", "data of R", "write the table with `write.csv(table, \"table.csv\", row.names = FALSE)`"),
    (b"RDX3\nX\n", "data of R", "write the table with `write.csv(table, \"table.csv\", row.names = FALSE)`"),
    (b"X\n\0\0\0", "data of R", "write the table with `write.csv(table, \"table.csv\", row.names = FALSE)`"),
    (b"\x80\x04\x95", "an object of Python (pickle)", "write the table with `table.to_csv(\"table.csv\", index=False)`"),
    (b"\x80\x05\x95", "an object of Python (pickle)", "write the table with `table.to_csv(\"table.csv\", index=False)`"),
    (b"\x93NUMPY", "an array of NumPy", "write it as CSV with the names of its columns"),
    (b"version https://git-lfs.github.com/spec/", "a pointer of Git LFS instead of the data", "get the file with `git lfs pull`"),
];

/// How pages of HTML begin, in lower case.
const PAGE_BEGINNINGS: &[&[u8]] = &[b"<!doctype html", b"<html", b"<head", b"<body", b"<table", b"<script"];

const PAGE: Unreadable = Unreadable {
    what: "a web page (HTML)",
    help: "look at it in a browser: it may say why the data did not come, such as that you must log in; save a table in it as CSV",
    is_text: false,
};

const XML: Unreadable = Unreadable { what: "XML", help: TABLE_HELP, is_text: false };

impl Content {
    /// Returns what a file is that begins with these bytes: the first [`FIRST_BYTES`], or all of a shorter file.
    pub fn of(first: &[u8]) -> Self {
        match first {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            // a frame that is skipped, which may come before the others
            [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            // the header of a table may begin with `PAR1` too
            [b'P', b'A', b'R', b'1', next, ..] if !is_of_text(*next) => Self::Parquet,
            [b'A', b'R', b'R', b'O', b'W', b'1', 0, 0, ..] | [0xff, 0xff, 0xff, 0xff, ..] => Self::Arrow,
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => of_zip(first),
            [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => Self::Other(not_utf8("UTF-32")),
            [0xff, 0xfe, ..] => Self::Utf16(ByteOrder::LowFirst),
            [0xfe, 0xff, ..] => Self::Utf16(ByteOrder::HighFirst),
            _ => of_others(first),
        }
    }
}

fn of_others(first: &[u8]) -> Content {
    if let Some((_, what, help)) = SIGNATURES.iter().find(|(signature, ..)| first.starts_with(signature)) {
        return unreadable(what, help);
    }
    if is_bzip2(first) {
        return unreadable("compressed with bzip2", "decompress it with `bzip2 -d`, or compress it with gzip or Zstandard instead");
    }
    let text = first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(first).trim_ascii_start();
    match () {
        () if PAGE_BEGINNINGS.iter().any(|page| begins_with(text, page)) => Content::Other(PAGE),
        () if begins_with(text, b"<?xml ") => Content::Other(if contains(text, b"<html") { PAGE } else { XML }),
        () if is_utf16(first) => Content::Other(not_utf8("UTF-16 without a byte order mark")),
        () => Content::Text,
    }
}

/// Returns what a zip archive is, by its first file.
fn of_zip(first: &[u8]) -> Content {
    let name = first.get(30..).unwrap_or_default();
    let begins = |prefixes: &[&[u8]]| prefixes.iter().any(|prefix| name.starts_with(prefix));
    match () {
        () if begins(&[b"mimetypeapplication/vnd.oasis.opendocument"]) => unreadable("an OpenDocument spreadsheet", SPREADSHEET_HELP),
        () if begins(&[b"[Content_Types].xml", b"_rels/", b"xl/", b"docProps/"]) => Content::Workbook,
        () => unreadable(
            "a zip archive",
            "unpack it, and name the file in it; a single file may be compressed with gzip or Zstandard instead",
        ),
    }
}

/// Whether bytes begin as a file of bzip2 does: a signature, then that of a block or of the end.
fn is_bzip2(first: &[u8]) -> bool {
    let signature = first.strip_prefix(b"BZh").and_then(<[u8]>::split_first);
    signature.is_some_and(|(level, block)| {
        level.is_ascii_digit() && (block.starts_with(b"\x31\x41\x59\x26\x53\x59") || block.starts_with(b"\x17\x72\x45\x38\x50\x90"))
    })
}

/// Whether text looks like UTF-16: every other byte of many characters is zero, and no byte between them. No text in UTF-8 has zeros.
fn is_utf16(first: &[u8]) -> bool {
    let zeros = |from: usize| first.iter().skip(from).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    even.min(odd) == 0 && even.max(odd) >= 2 && even.max(odd) * 8 >= first.len() / 2
}

/// `prefix`: in lower case.
fn begins_with(text: &[u8], prefix: &[u8]) -> bool {
    text.get(..prefix.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(prefix))
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    (0..text.len()).any(|at| begins_with(&text[at..], part))
}

/// Whether a byte can stand in text in UTF-8 after an ASCII character.
fn is_of_text(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~' | 0xc2..=0xf4)
}

const fn unreadable(what: &'static str, help: &'static str) -> Content {
    Content::Other(Unreadable { what, help, is_text: false })
}

const fn not_utf8(what: &'static str) -> Unreadable {
    Unreadable { what, help: "save it as UTF-8", is_text: true }
}

impl Unreadable {
    /// Returns the error for a file of this format.
    pub fn error(&self) -> InputError {
        match self.is_text {
            true => InputError::new(Code::NotUtf8, format!("this file looks like {}", self.what), self.help),
            false => {
                InputError::new(Code::UnsupportedFormat, format!("this file is {}, which this version does not read", self.what), self.help)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sentence(first: &[u8]) -> String {
        match Content::of(first) {
            Content::Other(other) => other.error().to_string(),
            read => format!("{read:?}"),
        }
    }

    fn utf16(text: &str, order: ByteOrder) -> Vec<u8> {
        text.encode_utf16().flat_map(|unit| if order == ByteOrder::LowFirst { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect()
    }

    #[test]
    fn the_first_bytes_tell() {
        for (first, words) in [
            (&b"x,y\n1,2\n"[..], "Text"),
            (b"", "Text"),
            (b"\xef\xbb\xbfx,y", "Text"),
            (b"\x1f\x8b\x08\0", "Gzip"),
            (b"\x28\xb5\x2f\xfd\x04", "Zstd"),
            (b"PAR1\x15\x04", "Parquet"),
            (b"ARROW1\0\0", "Arrow"),
            (b"\xff\xfex\0", "Utf16(LowFirst)"),
            (b"\xfe\xff\0x", "Utf16(HighFirst)"),
            (b"BZh91AY&SY", "this file is compressed with bzip2, which"),
            (b"\xfd7zXZ\0\0", "this file is compressed with xz, which"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Excel workbook in the old format, or one with a password"),
            (b"%PDF-1.7", "a PDF document"),
            (b"\n <!DOCTYPE HTML PUBLIC", "a web page (HTML)"),
            (b"<?xml version='1.0'?>\n<html>", "a web page (HTML)"),
            (b"<?xml version='1.0'?>\n<Workbook>", "XML"),
            (b"version https://git-lfs.github.com/spec/v1\n", "a pointer of Git LFS"),
        ] {
            assert!(sentence(first).contains(words), "{words}: {}", sentence(first));
        }
    }

    /// Names that columns can have.
    #[test]
    fn a_header_is_text() {
        for header in
            ["PAR1,PAR2,y", "PAR1\n", "BZh9,y", "PK,y", "RDX3\n1\n", "ORCID,y", "<,y", "<html5,y", "FEA1,y", "\u{c4}PFEL,y", "Rar,7z"]
        {
            // a page begins with a whole name of an element
            let expected = if header.starts_with("<html") { "a web page" } else { "Text" };
            assert!(sentence(header.as_bytes()).contains(expected), "{header}: {}", sentence(header.as_bytes()));
        }
    }

    #[test]
    fn an_archive_is_named_by_its_first_file() {
        let zip = |name: &str| [&b"PK\x03\x04"[..], &[0; 26], name.as_bytes()].concat();
        assert_eq!(sentence(&zip("[Content_Types].xml")), "Workbook");
        assert_eq!(sentence(&zip("xl/workbook.xml")), "Workbook");
        assert!(sentence(&zip("mimetypeapplication/vnd.oasis.opendocument.spreadsheetPK")).contains("an OpenDocument spreadsheet"));
        assert!(sentence(&zip("table.csv")).contains("a zip archive"));
        assert!(sentence(b"PK\x05\x06").contains("a zip archive"));
    }

    #[test]
    fn utf16_without_a_mark_has_zeros_at_every_other_byte() {
        for order in [ByteOrder::LowFirst, ByteOrder::HighFirst] {
            for text in ["x,y\n1,2\n", "{\"x\": 1}", "\u{412}\u{435}\u{441},\u{420}\u{43e}\u{441}\u{442}\r\n1,2\r\n"] {
                assert!(sentence(&utf16(text, order)).starts_with("this file looks like UTF-16 without a byte order mark"), "{text}");
            }
        }
        // zeros that are not from UTF-16
        assert_eq!(sentence(b"x,y\n\0\0,2\n"), "Text");
        assert_eq!(sentence(b"x,y\n1\0,2\n3,4\n5,6\n7,8\n9,10\n11,12\n"), "Text");
    }
}
