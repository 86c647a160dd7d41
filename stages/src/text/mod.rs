//! Values to text and text to values, without knowledge of the world.

pub mod differences;
pub mod json;
pub mod numbers;
pub mod paths;
pub mod table;
