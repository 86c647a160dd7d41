//! Looks at the lengths of a delta-encoded page of texts: its decoder makes room for as many as the page says.

use ::parquet::basic::Encoding;
use ::parquet::column::page::Page;
use ::parquet::schema::types::ColumnDescriptor;
use samefit_stages::error::InputError;

use super::cursor::{Cursor, Stop};
use super::damaged;

/// Whether texts are encoded so.
pub(super) fn is_delta(encoding: Option<Encoding>) -> bool {
    matches!(encoding, Some(Encoding::DELTA_LENGTH_BYTE_ARRAY | Encoding::DELTA_BYTE_ARRAY))
}

/// Refuses a page that says of more lengths than it has values. Its column is not nested.
pub(super) fn check(page: &Page, column: &ColumnDescriptor) -> Result<(), InputError> {
    // lengths of texts; or of what a text shares with the one before, and of the rest
    let streams = if page.encoding() == Encoding::DELTA_BYTE_ARRAY { 2 } else { 1 };
    let mut cursor = Cursor { bytes: page.buffer(), at: 0 };
    let checked = pass_levels(&mut cursor, page, column)
        .and_then(|()| (0..streams).try_for_each(|_| pass_lengths(&mut cursor, page.num_values().into())));
    checked.map_err(|_| damaged("the lengths of its texts are not sound"))
}

/// Passes over the levels, which say what is missing.
fn pass_levels(cursor: &mut Cursor<'_>, page: &Page, column: &ColumnDescriptor) -> Result<(), Stop> {
    match page {
        Page::DataPage { def_level_encoding, num_values, .. } => match def_level_encoding {
            _ if column.max_def_level() <= 0 => Ok(()),
            Encoding::RLE => {
                let length = (0..4).try_fold(0, |length, byte| Ok(length | u64::from(cursor.byte()?) << (8 * byte)))?;
                cursor.forward(length)
            }
            _ => {
                let bits = u64::from(16 - column.max_def_level().unsigned_abs().leading_zeros());
                cursor.forward((bits * u64::from(*num_values)).div_ceil(8))
            }
        },
        Page::DataPageV2 { def_levels_byte_len, rep_levels_byte_len, .. } => {
            cursor.forward(u64::from(*def_levels_byte_len) + u64::from(*rep_levels_byte_len))
        }
        Page::DictionaryPage { .. } => Err(Stop::Bad),
    }
}

/// Passes over delta-encoded integers, of which there are no more than `most`.
fn pass_lengths(cursor: &mut Cursor<'_>, most: u64) -> Result<(), Stop> {
    let (block, parts, count, _first) = (cursor.varint()?, cursor.varint()?, cursor.varint()?, cursor.varint()?);
    let of_part = block.checked_div(parts).filter(|of_part| *of_part > 0).ok_or(Stop::Bad)?;
    if count > most {
        return Err(Stop::Bad);
    }
    let mut left = count.saturating_sub(1);
    while left > 0 {
        let _least = cursor.varint()?;
        let widths = cursor.at;
        cursor.forward(parts)?;
        for at in widths..cursor.at {
            if left == 0 {
                break;
            }
            cursor.forward(u64::from(cursor.bytes[at]).saturating_mul(of_part) / 8)?;
            left = left.saturating_sub(of_part);
        }
    }
    Ok(())
}
