//! From the command line's paths to data: which files to read, and their bytes, columns and splits.

pub(crate) mod blocks;
pub(crate) mod body;
pub mod column_csv;
pub mod content;
pub(crate) mod digests;
pub(crate) mod gzip_members;
pub(crate) mod header_finder;
pub(crate) mod json_line;
pub mod path_columns;
pub(crate) mod peeked;
pub mod read_error;
pub mod reading;
pub mod record_count;
pub mod record_cutter;
pub(crate) mod record_ends;
pub(crate) mod selected_columns;
pub mod sources;
pub(crate) mod splits;
pub(crate) mod utf16;
pub(crate) mod workbook;
