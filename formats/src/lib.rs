//! How samefit writes and checks its text formats. Every crate uses these functions, so a format has one writer.
//!
//! - [`json`] lays out JSON documents.
//! - [`keys`] finds a key that a JSON object names twice.
//! - [`csv`] quotes fields, ends records, and finds where records end.
//! - [`hex`] writes and reads hexadecimal digits.
//!
//! *Not here*: what the documents mean (`core-wasm`), how they are read into types, and the wording of errors: each crate has its own.

pub mod csv;
pub mod hex;
pub mod json;
pub mod keys;
