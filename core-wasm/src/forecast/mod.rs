//! Decimal numbers to correctly rounded predictions and the widths of their intervals: of one row, or of many rows at once.
//!
//! Reading order: [`known_levels`] and [`variables`] (cells to numbers), [`linear_form`] (one row, with integers), [`row_sum`] (one row,
//! faster), [`row`] (one row, by the faster of the two that settles its rounding), [`leverage`] (the width of an interval), [`batch_terms`],
//! [`level_plan`] and [`batch_sums`] (many rows by f64 operations that are proven exact), [`batch_leverage`] (the widths of many rows),
//! [`rows`] (rows of cells or of columns).
//!
//! A prediction is the f64 nearest to the exact sum of coefficients times terms, over the decimal numbers as they are written. An end of an
//! interval is the f64 nearest to the exact sum less or plus half the width, an f64 that is the same for one row and for many. So there is
//! one right answer, and it does not matter who computes it.
//!
//! *Not here*: how predictions are written ([`predict`](crate::predict)).

mod batch_leverage;
mod batch_sums;
mod batch_terms;
mod known_levels;
mod level_plan;
mod leverage;
mod linear_form;
mod row;
mod row_sum;
mod rows;
mod variables;

pub(crate) use batch_leverage::LeveragePlan;
pub(crate) use batch_terms::BatchTerms;
pub(crate) use leverage::LeverageFactors;
pub(crate) use linear_form::{ExactNumber, LinearForm, TermFactors};
pub(crate) use row::RowForecast;
pub(crate) use rows::{Forecast, HalfWidth};
pub use variables::ModelRow;
pub(crate) use variables::{ModelTerms, Variables, missing_value};
