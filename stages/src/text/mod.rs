//! Converts between values and text: JSON, paths, numbers and tables for people.

pub(crate) mod acceptance;
pub mod differences;
pub mod json;
pub mod numbers;
pub mod paths;
pub mod table;
