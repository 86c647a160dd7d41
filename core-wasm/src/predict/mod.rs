//! Predicts from a model and values: predictions with their 95 % intervals, warnings, and what becomes of records that cannot be predicted.
//!
//! Reading order: [`range`] and [`warning`] (values outside a range), [`predictor`] (one row of values), [`record`] (one JSON object),
//! [`columns`] (columns of f64), [`rows`] (many rows of CSV at once), [`outcome`] (what became of a record), [`entered`] (records that
//! are entered as in a form), [`csv`], [`object`] (JSON) and [`table`] (a stream of records in either format).
//!
//! *Not here*: reading bytes (`table`, `records`), arithmetic over many rows (`forecast`).

mod columns;
mod csv;
mod entered;
mod object;
mod options;
mod outcome;
mod predictor;
mod range;
mod record;
mod rows;
mod table;
mod warning;

pub use outcome::{Status, StatusCounts};
pub use predictor::{LEVEL, Prediction, Predictor};
pub use range::ValueRange;
pub(crate) use record::interval_json;
pub use table::Table;
pub use warning::{Warning, WarningCode};
