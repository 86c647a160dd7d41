//! Exact linear regression on tables of decimal numbers.
#[cfg(feature = "component")]
mod component;
pub mod decimal;
pub mod error;
pub mod fit;
pub mod identity;
pub mod json;
pub mod model;
pub mod plan;
pub mod predict;
pub mod profile;
pub mod quality;
pub mod records;
pub mod rounding;
pub mod schema;
pub mod solve;
pub mod statistics;
pub mod student;
pub mod table;
pub mod terms;
pub mod train;
