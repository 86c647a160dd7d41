//! Reads the sizes in the header of a Parquet page, which is in Thrift's compact protocol. Parquet's decoder does not publish them.
//!
//! Source: `parquet.thrift` of the Parquet format, and the specification of Thrift's compact protocol.
//!
//! *Limits*: structs nested [`DEPTH_MAX`] deep. The caller limits the number of bytes.

use std::collections::BTreeMap;

use parquet::basic::Encoding;
use samefit_stages::error::InputError;

use super::byte_cursor::{ByteCursor, CursorError};
use crate::columns::errors::damaged;

/// Most levels of nested structs: a page and its statistics have two; later versions of the format may have more.
const DEPTH_MAX: usize = 8;
/// Fields with higher numbers are skipped.
const FIELD_MAX: i64 = 8;

/// The type of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::columns) enum PageKind {
    Data,
    Dictionary,
    Other,
}

/// The sizes that a page states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::columns) struct PageHeader {
    pub(in crate::columns) kind: PageKind,
    /// Bytes after decompression.
    pub(in crate::columns) decompressed_bytes: u64,
    /// Bytes in the file, without the header.
    pub(in crate::columns) stored_bytes: u64,
    /// Number of values, including missing ones.
    pub(in crate::columns) values: u64,
    /// The encoding, if it is a delta encoding of texts.
    pub(in crate::columns) encoding: Option<Encoding>,
    /// Bytes of this header.
    pub(in crate::columns) header_bytes: u64,
}

/// Reads the header at the beginning of `bytes`. Returns none if the header is longer than `bytes`.
pub(super) fn read(bytes: &[u8]) -> Result<Option<PageHeader>, InputError> {
    let mut cursor = ByteCursor { bytes, position: 0 };
    let mut integers = Integers::new();
    match read_fields(&mut cursor, 0, ROOT, &mut integers) {
        Ok(()) => header(&integers, cursor.position).map(Some),
        Err(CursorError::TooShort) => Ok(None),
        Err(CursorError::Invalid) => Err(damaged("the header of a page is not sound")),
    }
}

/// The path of a field: the number of the field that contains its struct ([`ROOT`] for the header itself), and its number in that struct.
type FieldPath = (i64, i64);

/// The integer fields of a header and of the structs in it.
type Integers = BTreeMap<FieldPath, i64>;

/// The first number of the paths of the header's own fields.
const ROOT: i64 = 0;
/// The first number of the paths of fields that are nested deeper and not used.
const UNUSED: i64 = -1;

// Paths of fields of `PageHeader` in `parquet.thrift`.
const KIND: FieldPath = (ROOT, 1);
const DECOMPRESSED_BYTES: FieldPath = (ROOT, 2);
const STORED_BYTES: FieldPath = (ROOT, 3);
// The encodings in the three structs whose first field is the number of values.
const DATA_ENCODING: FieldPath = (5, 2);
const DICTIONARY_ENCODING: FieldPath = (7, 2);
const DATA_V2_ENCODING: FieldPath = (8, 4);

fn header(integers: &Integers, header_bytes: usize) -> Result<PageHeader, InputError> {
    let size = |field| {
        let size = integers.get(&field).and_then(|size| u64::try_from(*size).ok());
        size.ok_or_else(|| damaged("a page does not say how large it is"))
    };
    let (kind, (structure, encoding)) = match integers.get(&KIND) {
        Some(0) => (PageKind::Data, DATA_ENCODING),
        Some(3) => (PageKind::Data, DATA_V2_ENCODING),
        Some(2) => (PageKind::Dictionary, DICTIONARY_ENCODING),
        _ => (PageKind::Other, (UNUSED, 0)),
    };
    let values = if kind == PageKind::Other { 0 } else { size((structure, 1))? };
    let encoding = integers.get(&(structure, encoding)).and_then(|number| delta_encoding(*number));
    Ok(PageHeader {
        kind,
        decompressed_bytes: size(DECOMPRESSED_BYTES)?,
        stored_bytes: size(STORED_BYTES)?,
        values,
        encoding,
        header_bytes: header_bytes as u64,
    })
}

/// Type numbers of the compact protocol.
mod types {
    pub(super) const STOP: u8 = 0;
    pub(super) const TRUE: u8 = 1;
    pub(super) const FALSE: u8 = 2;
    pub(super) const BYTE: u8 = 3;
    pub(super) const I16: u8 = 4;
    pub(super) const I32: u8 = 5;
    pub(super) const I64: u8 = 6;
    pub(super) const DOUBLE: u8 = 7;
    pub(super) const BINARY: u8 = 8;
    pub(super) const LIST: u8 = 9;
    pub(super) const SET: u8 = 10;
    pub(super) const MAP: u8 = 11;
    pub(super) const STRUCT: u8 = 12;
    pub(super) const UUID: u8 = 13;
}

/// Reads the fields of the struct in field `structure`, and of the structs in it, to the end of the struct.
fn read_fields(cursor: &mut ByteCursor<'_>, depth: usize, structure: i64, integers: &mut Integers) -> Result<(), CursorError> {
    if depth > DEPTH_MAX {
        return Err(CursorError::Invalid);
    }
    let mut id = 0i64;
    loop {
        let byte = cursor.byte()?;
        let (delta, kind) = (byte >> 4, byte & 15);
        if kind == types::STOP {
            return Ok(());
        }
        id = if delta == 0 { cursor.zigzag()? } else { id.wrapping_add(delta.into()) };
        match kind {
            types::I32 if depth < 2 && (1..=FIELD_MAX).contains(&id) => {
                integers.insert((structure, id), cursor.zigzag()?);
            }
            types::STRUCT => read_fields(cursor, depth + 1, if depth == 0 { id } else { UNUSED }, integers)?,
            // the type of a boolean field is its value
            types::TRUE | types::FALSE => {}
            kind => skip(cursor, kind, depth)?,
        }
    }
}

/// Skips a value that is not a field; there, a boolean has one byte.
fn skip(cursor: &mut ByteCursor<'_>, kind: u8, depth: usize) -> Result<(), CursorError> {
    if depth > DEPTH_MAX {
        return Err(CursorError::Invalid);
    }
    match kind {
        types::TRUE | types::FALSE | types::BYTE => cursor.skip(1),
        types::I16 | types::I32 | types::I64 => cursor.varint().map(drop),
        types::DOUBLE => cursor.skip(8),
        types::UUID => cursor.skip(16),
        types::BINARY => {
            let length = cursor.varint()?;
            cursor.skip(length)
        }
        types::STRUCT => read_fields(cursor, depth + 1, UNUSED, &mut Integers::new()),
        types::LIST | types::SET => {
            let byte = cursor.byte()?;
            let count = if byte >> 4 == 15 { cursor.varint()? } else { u64::from(byte >> 4) };
            (0..count).try_for_each(|_| skip(cursor, byte & 15, depth + 1))
        }
        types::MAP => {
            let count = cursor.varint()?;
            let kinds = if count == 0 { 0 } else { cursor.byte()? };
            (0..count).try_for_each(|_| {
                skip(cursor, kinds >> 4, depth + 1)?;
                skip(cursor, kinds & 15, depth + 1)
            })
        }
        _ => Err(CursorError::Invalid),
    }
}

/// Returns the encoding of this number in `parquet.thrift`, if it is a delta encoding of texts: only those expand.
fn delta_encoding(number: i64) -> Option<Encoding> {
    match number {
        6 => Some(Encoding::DELTA_LENGTH_BYTE_ARRAY),
        7 => Some(Encoding::DELTA_BYTE_ARRAY),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A header with statistics, of a page with 9 values in 40 bytes, of which 30 are stored.
    const PAGE: &[u8] = &[
        0x15, 0x00, 0x15, 0x50, 0x15, 0x3c, 0x2c, 0x15, 0x12, 0x15, 0x0e, 0x15, 0x06, 0x15, 0x06, 0x1c, 0x18, 0x02, b'a', b'b', 0x18, 0x01,
        b'c', 0x00, 0x00, 0x00,
    ];

    #[test]
    fn sizes_are_read() {
        let encoding = Some(Encoding::DELTA_BYTE_ARRAY);
        let (decompressed_bytes, stored_bytes, header_bytes) = (40, 30, PAGE.len() as u64);
        let header = PageHeader { kind: PageKind::Data, decompressed_bytes, stored_bytes, values: 9, encoding, header_bytes };
        assert_eq!(read(PAGE).unwrap(), Some(header));
        assert_eq!(read(&[PAGE, b"more"].concat()).unwrap(), Some(header));
    }

    #[test]
    fn a_header_that_is_cut_off_is_none() {
        for length in 0..PAGE.len() {
            assert_eq!(read(&PAGE[..length]).unwrap(), None, "{length}");
        }
    }

    #[test]
    fn invalid_headers_are_errors() {
        for bytes in [
            &[0x15, 0x00, 0x00][..],
            &[0x1f, 0x00],
            &[0x18, 0x00, 0x00],
            &[0x1c; 20],
            &[0xff; 20],
            &[0x15, 0x01, 0x15, 0x01, 0x15, 0x01, 0],
        ] {
            assert!(read(bytes).is_err(), "{bytes:?}");
        }
    }
}
