//! Writes and checks samefit's text formats. All crates use these functions, so each format has one writer.
//!
//! - [`json`] writes JSON documents.
//! - [`keys`] finds a key that a JSON object has twice.
//! - [`csv`] quotes fields, ends records, and finds where records end.
//! - [`hex`] writes and reads hexadecimal digits.
//!
//! *Not here*: what the documents mean (`core-wasm`), how they are read into types, and the wording of errors. Each crate has its own.

pub mod csv;
pub mod hex;
pub mod json;
pub mod keys;
