//! From the command line's paths to data: which files to read, and their bytes, columns and splits.

pub(crate) mod blocks;
pub mod column_csv;
pub(crate) mod digests;
pub(crate) mod header_finder;
pub(crate) mod json_line;
pub mod reading;
pub mod record_cutter;
pub(crate) mod record_ends;
pub(crate) mod selected_columns;
pub mod sources;
pub(crate) mod splits;
