//! Traits that a host implements, and the data that cross them: the model logic, the file system, files of columns, the terminal.

pub mod columns;
pub mod digest;
pub mod engine;
pub mod files;
pub mod report;
