//! Paths to files, and files to bytes, columns and pieces.

pub(crate) mod blocks;
pub mod columns;
pub mod cutter;
pub(crate) mod digests;
pub(crate) mod json_line;
pub(crate) mod pieces;
pub mod reading;
pub mod sources;
