//! Writes and checks samefit's text formats. All crates use these functions, so each format has one writer.
//!
//! - [`json`] lays out JSON documents.
//! - [`json_records`] finds where records of JSON end.
//! - [`keys`] finds a key that a JSON object has twice.
//! - [`syntax`] says why a text is not JSON, and where.
//! - [`csv`] quotes fields, ends records, and finds where records end.
//! - [`calendar`] writes days and times.
//! - [`hex`] writes and reads hexadecimal digits.
//!
//! *Not here*: what the documents mean (`core-wasm`), and how they are read into types.

pub mod calendar;
pub mod csv;
pub mod hex;
pub mod json;
pub mod json_records;
pub mod keys;
pub mod syntax;
