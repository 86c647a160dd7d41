//! Predicts from a model and values: predictions with their intervals, warnings, and what becomes of records that cannot be predicted.
//!
//! Reading order: [`range`] and [`warning`] (values outside a range), [`interval`] (what intervals are for), [`outcome`] (what became of a
//! record), [`predictor`] (one row of values), [`record`] (one JSON object), [`batch`] (columns), [`entered`] (records that are entered as in
//! a form), [`row_object`] and [`rows`] (rows of tables), [`object_batch`] and [`object`] (JSON) and [`table`] (a stream of records in either
//! format).
//!
//! *Not here*: reading bytes (`table`, `records`), arithmetic (`forecast`).

mod batch;
mod entered;
mod interval;
mod object;
mod object_batch;
mod options;
mod outcome;
mod prediction;
mod predictor;
mod range;
mod record;
mod row_object;
mod rows;
mod table;
mod warning;

pub use crate::forecast::ModelRow;
pub use batch::{Batch, PROBLEMS_MAX, PredictedRows};
pub use interval::Interval;
pub use outcome::{Status, StatusCounts};
pub use prediction::Prediction;
pub use predictor::Predictor;
pub use range::ValueRange;
pub(crate) use record::interval_json;
pub use table::Table;
pub use warning::{Warning, WarningCode};
