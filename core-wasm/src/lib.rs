//! Exact linear regression on tables of decimal numbers.
pub mod decimal;
pub mod error;
pub mod json;
pub mod plan;
pub mod records;
pub mod rounding;
pub mod schema;
pub mod solve;
pub mod statistics;
pub mod table;
pub mod terms;
pub mod train;
