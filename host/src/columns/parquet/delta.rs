//! Checks the lengths in a delta-encoded page of texts. The decoder allocates as many values as the page states.

use parquet::basic::Encoding;
use parquet::column::page::Page;
use parquet::schema::types::ColumnDescriptor;
use samefit_stages::error::InputError;

use super::byte_cursor::{ByteCursor, CursorError};
use crate::columns::errors::damaged;

/// Returns whether an encoding is one of the two delta encodings of texts.
pub(super) fn is_delta(encoding: Option<Encoding>) -> bool {
    matches!(encoding, Some(Encoding::DELTA_LENGTH_BYTE_ARRAY | Encoding::DELTA_BYTE_ARRAY))
}

/// Fails if a delta-encoded page states more lengths than it has values. Its column must not be nested.
pub(super) fn check_lengths(page: &Page, column: &ColumnDescriptor) -> Result<(), InputError> {
    // DELTA_BYTE_ARRAY has the lengths of the shared prefixes, then those of the suffixes
    let streams = if page.encoding() == Encoding::DELTA_BYTE_ARRAY { 2 } else { 1 };
    let mut cursor = ByteCursor { bytes: page.buffer(), position: 0 };
    let checked = skip_levels(&mut cursor, page, column)
        .and_then(|()| (0..streams).try_for_each(|_| skip_integers(&mut cursor, page.num_values().into())));
    checked.map_err(|_| damaged("the lengths of its texts are not sound"))
}

/// Skips the definition and repetition levels, which say which values are missing.
fn skip_levels(cursor: &mut ByteCursor<'_>, page: &Page, column: &ColumnDescriptor) -> Result<(), CursorError> {
    match page {
        Page::DataPage { def_level_encoding, num_values, .. } => match def_level_encoding {
            _ if column.max_def_level() <= 0 => Ok(()),
            Encoding::RLE => {
                let length = (0..4).try_fold(0, |length, byte| Ok(length | u64::from(cursor.byte()?) << (8 * byte)))?;
                cursor.skip(length)
            }
            _ => {
                let bits = u64::from(16 - column.max_def_level().unsigned_abs().leading_zeros());
                cursor.skip((bits * u64::from(*num_values)).div_ceil(8))
            }
        },
        Page::DataPageV2 { def_levels_byte_len, rep_levels_byte_len, .. } => {
            cursor.skip(u64::from(*def_levels_byte_len) + u64::from(*rep_levels_byte_len))
        }
        Page::DictionaryPage { .. } => Err(CursorError::Invalid),
    }
}

/// Skips integers in DELTA_BINARY_PACKED. Fails if there are more than `count_max`.
fn skip_integers(cursor: &mut ByteCursor<'_>, count_max: u64) -> Result<(), CursorError> {
    let (block_values, miniblocks, count, _first) = (cursor.varint()?, cursor.varint()?, cursor.varint()?, cursor.varint()?);
    let miniblock_values = block_values.checked_div(miniblocks).filter(|values| *values > 0).ok_or(CursorError::Invalid)?;
    if count > count_max {
        return Err(CursorError::Invalid);
    }
    let mut left = count.saturating_sub(1);
    while left > 0 {
        let _min_delta = cursor.varint()?;
        let bit_widths = cursor.position;
        cursor.skip(miniblocks)?;
        for at in bit_widths..cursor.position {
            if left == 0 {
                break;
            }
            cursor.skip(u64::from(cursor.bytes[at]).saturating_mul(miniblock_values) / 8)?;
            left = left.saturating_sub(miniblock_values);
        }
    }
    Ok(())
}
