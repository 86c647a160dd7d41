//! What a stage needs of the world: traits that a host implements, and the data that cross them.

pub mod columns;
pub mod digest;
pub mod engine;
pub mod files;
pub mod report;
