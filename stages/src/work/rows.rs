//! Rows that are numbered piece by piece to rows that are counted through the file.

use crate::error::{Error, InputError};

/// Rows of a piece are numbered from its number shifted by this.
pub(crate) const PIECE_ROWS_BITS: u32 = 40;

/// The piece at whose row a fault was found.
pub(crate) fn piece_of(failure: &Error) -> u64 {
    match failure {
        Error::Data { fault, .. } => fault.row.unwrap_or(0).saturating_sub(1) >> PIECE_ROWS_BITS,
        _ => 0,
    }
}

/// The failure with its row counted from the start of the file; `rows_before`: of the pieces before one.
pub(crate) fn counted_through(failure: Error, rows_before: impl Fn(usize) -> u64) -> Error {
    let Error::Data { path, fault } = failure else { return failure };
    let row = fault.row.map(|row| {
        let before = row.saturating_sub(1);
        let piece = (before >> PIECE_ROWS_BITS) as usize;
        rows_before(piece) + before % (1 << PIECE_ROWS_BITS) + 1
    });
    Error::Data { path, fault: InputError { row, ..fault } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_pieces_are_counted_through() {
        let row = |number: u64| {
            let fault = InputError { code: "quote".into(), row: Some(number), ..InputError::default() };
            match counted_through(fault.into(), |piece| [11, 20, 0, 7].iter().take(piece).sum()) {
                Error::Data { fault, .. } => fault.row.unwrap(),
                other => panic!("{other}"),
            }
        };
        assert_eq!(row(1), 1);
        assert_eq!(row((1 << PIECE_ROWS_BITS) + 1), 12);
        assert_eq!(row((3 << PIECE_ROWS_BITS) + 7), 38);
        assert_eq!(row((4 << PIECE_ROWS_BITS) + 1), 39);
    }
}
