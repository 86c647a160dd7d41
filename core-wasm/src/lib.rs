//! Exact linear regression on tables of decimal numbers.
//!
//! Everything is a function of bytes and documents: nothing here opens a file, reads the clock or draws a random number.
//!
//! Reading order: [`error`], [`rounding`], [`decimal`] and [`shortest`] (numbers), [`terms`], [`json`] and [`schema`] (words),
//! [`disclosure`] and [`statistics`] (exact sums), [`plan`] (what to sum), `column` and `batch` (values of many rows to integers), [`sink`],
//! [`records`] and [`table`] (bytes to records), [`solve`] and [`student`] (sums to results), [`model`] and [`fit`], then what a user
//! asks for: [`summarizer`], [`audit`], [`entry`], `forecast` and [`predict`], [`fisher`] and [`explain`], [`quality`], [`residuals`], [`profile`],
//! [`identity`]. A module uses those before it. The loops over bytes and integers are in `samefit-kernels`.

pub mod audit;
mod batch;
mod column;
#[cfg(feature = "component")]
mod component;
pub mod decimal;
pub mod disclosure;
pub mod entry;
pub mod error;
pub mod explain;
pub mod fisher;
pub mod fit;
mod forecast;
pub mod identity;
pub mod json;
pub mod model;
pub mod plan;
pub mod predict;
pub mod profile;
pub mod quality;
pub mod records;
pub mod residuals;
pub mod rounding;
pub mod schema;
pub mod shortest;
pub mod sink;
pub mod solve;
pub mod statistics;
pub mod student;
pub mod summarizer;
pub mod table;
pub mod terms;
