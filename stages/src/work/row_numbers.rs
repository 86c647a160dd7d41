//! Row numbers in a file that is read in splits.
//!
//! A worker does not know how many rows the splits before its own have. It numbers the rows of a split from `split << SPLIT_ROWS_BITS`, so rows
//! of later splits have larger numbers. When all splits before are read, the number is converted into the row of the file.

use crate::error::{Error, InputError};

/// How far a split's number is shifted to number its rows. A split has fewer than 2^40 rows.
const SPLIT_ROWS_BITS: u32 = 40;

/// Returns how many rows come before a split, in the numbering of splits.
pub(crate) fn rows_before(split: u64) -> u64 {
    split << SPLIT_ROWS_BITS
}

/// Returns the split that holds the row of an error; 0 if the error has no row.
pub(crate) fn split_of(error: &Error) -> u64 {
    match error {
        Error::Data { fault, .. } => fault.row.unwrap_or(0).saturating_sub(1) >> SPLIT_ROWS_BITS,
        _ => 0,
    }
}

/// Converts the row of an error into the row of the file. `rows_in_file_before`: the number of rows before a split.
pub(crate) fn with_row_of_file(error: Error, rows_in_file_before: impl Fn(usize) -> u64) -> Error {
    let Error::Data { path, fault } = error else { return error };
    let row = fault.row.map(|row| {
        let before = row.saturating_sub(1);
        let split = (before >> SPLIT_ROWS_BITS) as usize;
        rows_in_file_before(split) + before % (1 << SPLIT_ROWS_BITS) + 1
    });
    Error::Data { path, fault: InputError { row, ..fault } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::Code;

    #[test]
    fn rows_of_splits_become_rows_of_the_file() {
        let row = |number: u64| {
            let error = InputError::new(Code::Quote, "", "").at_row(number);
            match with_row_of_file(error.into(), |split| [11, 20, 0, 7].iter().take(split).sum()) {
                Error::Data { fault, .. } => fault.row.unwrap(),
                other => panic!("{other}"),
            }
        };
        assert_eq!(row(1), 1);
        assert_eq!(row(rows_before(1) + 1), 12);
        assert_eq!(row(rows_before(3) + 7), 38);
        assert_eq!(row(rows_before(4) + 1), 39);
    }
}
