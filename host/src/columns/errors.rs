//! The errors of reading columns, and what the errors of the decoders mean.

use std::fmt::Display;

use arrow_schema::ArrowError;
use parquet::errors::ParquetError;
use samefit_stages::code::Code;
use samefit_stages::error::InputError;

use super::limits::TEXT_BYTES_MAX;

/// Returns the error for a file that is cut off, damaged or of another format; `detail` says what is wrong with it.
pub(super) fn damaged(detail: impl Display) -> InputError {
    let help = "copy the file again if it was cut off, or write it again";
    InputError::new(Code::Damaged, format!("not Parquet and not Arrow, or damaged: {detail}"), help)
}

/// Returns the error for `found` of something, of which at most `most` are read.
pub(super) fn too_large(what: &str, found: u64, most: u64, help: &str) -> InputError {
    InputError::new(Code::Capacity, format!("{found} {what} are more than the {most} that can be read"), help)
}

/// Returns the error for a text longer than [`TEXT_BYTES_MAX`].
pub(super) fn text_too_long(bytes: u64) -> InputError {
    let help = "name the columns to use, without this one, or shorten its texts";
    InputError::new(Code::Capacity, format!("a text of {bytes} bytes is longer than the {TEXT_BYTES_MAX} that a cell can have"), help)
}

/// Returns the error for a format that this program does not read.
pub(super) fn unsupported(what: &str, help: &str) -> InputError {
    InputError::new(Code::UnsupportedFormat, format!("this file is {what}, which this version does not read"), help)
}

/// Returns the error for a feature of the format, such as a codec, that this program does not have.
pub(super) fn not_implemented(what: &str) -> InputError {
    let sentence = format!("this file needs what this version does not have: {what}");
    InputError::new(Code::UnsupportedFormat, sentence, "write it with Snappy or Zstandard, or as CSV")
}

/// Returns what an error of Arrow's decoders means.
pub(super) fn arrow_error(error: &ArrowError) -> InputError {
    match error {
        ArrowError::NotYetImplemented(detail) => not_implemented(detail),
        other => damaged(other),
    }
}

/// Returns what an error of Parquet's decoders means.
pub(super) fn parquet_error(error: &ParquetError) -> InputError {
    match error {
        ParquetError::NYI(detail) => not_implemented(detail),
        other => damaged(other),
    }
}
