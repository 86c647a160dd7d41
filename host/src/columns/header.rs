//! The header of a Parquet page, in Thrift's compact protocol, to the sizes that it says; the decoder keeps them to itself.
//!
//! *Limits*: structs [`DEPTH_MAX`] deep; the caller limits the bytes.

use std::collections::BTreeMap;

use ::parquet::basic::Encoding;
use samefit_stages::error::InputError;

use super::cursor::{Cursor, Stop};
use super::damaged;

/// Deepest struct: page, statistics, and room for later versions of the format.
const DEPTH_MAX: usize = 8;
/// Last field of a struct that is of interest.
const FIELD_MAX: i64 = 8;

/// What a page is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Data,
    Dictionary,
    Other,
}

/// What a page says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) kind: Kind,
    /// Bytes when decompressed.
    pub(super) bytes: u64,
    /// Bytes in the file, behind the header.
    pub(super) stored: u64,
    /// Number of values, missing ones among them.
    pub(super) values: u64,
    pub(super) encoding: Option<Encoding>,
    /// Bytes of the header itself.
    pub(super) length: u64,
}

/// Reads the header that some bytes begin with; none if it has more bytes than these.
pub(super) fn read(bytes: &[u8]) -> Result<Option<Header>, InputError> {
    let mut cursor = Cursor { bytes, at: 0 };
    let mut numbers = Numbers::new();
    match fields(&mut cursor, 0, 0, &mut numbers) {
        Ok(()) => header(&numbers, cursor.at).map(Some),
        Err(Stop::Short) => Ok(None),
        Err(Stop::Bad) => Err(damaged("the header of a page is not sound")),
    }
}

/// Numbers of fields: by the field that holds the struct (0: none does), and the field in it.
type Numbers = BTreeMap<(i64, i64), i64>;

/// Fields of `PageHeader` in Parquet's definition.
mod field {
    pub(super) const KIND: (i64, i64) = (0, 1);
    pub(super) const BYTES: (i64, i64) = (0, 2);
    pub(super) const STORED: (i64, i64) = (0, 3);
    /// Structs in which the number of values comes first; each with the field of the encoding.
    pub(super) const DATA: (i64, i64) = (5, 2);
    pub(super) const DICTIONARY: (i64, i64) = (7, 2);
    pub(super) const DATA_2: (i64, i64) = (8, 4);
}

fn header(numbers: &Numbers, length: usize) -> Result<Header, InputError> {
    let size = |field| {
        let size = numbers.get(&field).and_then(|size| u64::try_from(*size).ok());
        size.ok_or_else(|| damaged("a page does not say how large it is"))
    };
    let (kind, (part, encoding)) = match numbers.get(&field::KIND) {
        Some(0) => (Kind::Data, field::DATA),
        Some(3) => (Kind::Data, field::DATA_2),
        Some(2) => (Kind::Dictionary, field::DICTIONARY),
        _ => (Kind::Other, (0, 0)),
    };
    let values = if kind == Kind::Other { 0 } else { size((part, 1))? };
    let encoding = numbers.get(&(part, encoding)).and_then(|number| encoding_of(*number));
    Ok(Header { kind, bytes: size(field::BYTES)?, stored: size(field::STORED)?, values, encoding, length: length as u64 })
}

/// Types of the compact protocol.
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

/// Reads the fields of a struct that a field `part` holds, and of the structs in it.
fn fields(cursor: &mut Cursor<'_>, depth: usize, part: i64, numbers: &mut Numbers) -> Result<(), Stop> {
    if depth > DEPTH_MAX {
        return Err(Stop::Bad);
    }
    let mut id = 0i64;
    loop {
        let byte = cursor.byte()?;
        let (delta, kind) = (byte >> 4, byte & 15);
        if kind == types::STOP {
            return Ok(());
        }
        id = if delta == 0 { cursor.integer()? } else { id.wrapping_add(delta.into()) };
        match kind {
            types::I32 if depth < 2 && (1..=FIELD_MAX).contains(&id) => {
                numbers.insert((part, id), cursor.integer()?);
            }
            types::STRUCT => fields(cursor, depth + 1, if depth == 0 { id } else { -1 }, numbers)?,
            // the value of a flag stands in its type
            types::TRUE | types::FALSE => {}
            kind => skip(cursor, kind, depth)?,
        }
    }
}

/// Skips a value; a flag has a byte of its own.
fn skip(cursor: &mut Cursor<'_>, kind: u8, depth: usize) -> Result<(), Stop> {
    if depth > DEPTH_MAX {
        return Err(Stop::Bad);
    }
    match kind {
        types::TRUE | types::FALSE | types::BYTE => cursor.forward(1),
        types::I16 | types::I32 | types::I64 => cursor.varint().map(drop),
        types::DOUBLE => cursor.forward(8),
        types::UUID => cursor.forward(16),
        types::BINARY => {
            let length = cursor.varint()?;
            cursor.forward(length)
        }
        types::STRUCT => fields(cursor, depth + 1, -1, &mut Numbers::new()),
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
        _ => Err(Stop::Bad),
    }
}

/// The encodings that matter here: those of texts that expand.
fn encoding_of(number: i64) -> Option<Encoding> {
    match number {
        6 => Some(Encoding::DELTA_LENGTH_BYTE_ARRAY),
        7 => Some(Encoding::DELTA_BYTE_ARRAY),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A header as a writer writes it: a page of 9 values in 40 bytes, 30 as stored, with statistics.
    const PAGE: &[u8] = &[
        0x15, 0x00, 0x15, 0x50, 0x15, 0x3c, 0x2c, 0x15, 0x12, 0x15, 0x0e, 0x15, 0x06, 0x15, 0x06, 0x1c, 0x18, 0x02, b'a', b'b', 0x18, 0x01,
        b'c', 0x00, 0x00, 0x00,
    ];

    #[test]
    fn sizes_are_read() {
        let encoding = Some(Encoding::DELTA_BYTE_ARRAY);
        let header = Header { kind: Kind::Data, bytes: 40, stored: 30, values: 9, encoding, length: PAGE.len() as u64 };
        assert_eq!(read(PAGE).unwrap(), Some(header));
        assert_eq!(read(&[PAGE, b"more"].concat()).unwrap(), Some(header));
    }

    #[test]
    fn a_header_that_is_cut_off_needs_more_bytes() {
        for length in 0..PAGE.len() {
            assert_eq!(read(&PAGE[..length]).unwrap(), None, "{length}");
        }
    }

    #[test]
    fn what_is_no_header_is_damaged() {
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
