//! Exact linear regression on tables of decimal numbers.
//!
//! The statistics of a table (its row count, the sums of its columns, and the sums of their products) are exact. The normal equations are
//! solved exactly, and each result is rounded once. So equal data give equal bytes, whatever the order of the rows.
//!
//! ```
//! use samefit_core::fit::fit;
//! use samefit_core::plan::Plan;
//! use samefit_core::predict::Predictor;
//! use samefit_core::summarizer::Summarizer;
//!
//! # fn main() -> samefit_core::error::Result<()> {
//! // bytes to exact statistics; chunks may end anywhere
//! let mut summarizer = Summarizer::new(Plan::default())?;
//! summarizer.push(b"age,dose,response\n41,1.5,10.2\n55,2.0,13.1\n")?;
//! summarizer.push(b"38,3.5,18.9\n62,0.5,7.4\n")?;
//! let statistics = summarizer.finish()?;
//!
//! // statistics and a plan to a model
//! let plan = Plan::parse(r#"{"target": "response", "features": ["dose"]}"#)?;
//! let model = fit(&statistics, &plan)?;
//! assert_eq!(model.fit.rows, 4);
//!
//! // a model and a record to a prediction
//! let predictor = Predictor::new(model)?;
//! let prediction = predictor.predict_record(br#"{"dose": 2.5}"#)?;
//! assert!(prediction.get("predicted_response").is_some());
//! # Ok(())
//! # }
//! ```
//!
//! Every function works on bytes and documents: this crate opens no file, reads no clock and draws no random number.
//!
//! # Reading order
//!
//! Each module uses only modules that stand before it.
//!
//! 1. Errors and numbers: `ordered`, `hidden`, [`error`], [`rounding`], `two_part`, [`decimal`], `notation`, [`cell_format`], [`shortest`], [`ratio`], [`functions`], [`splines`].
//! 2. Names and documents: [`level`], [`factors`], [`terms`], [`model_formula`], [`json`], [`schema`], [`release_policy`].
//! 3. Exact sums, and what to sum: [`statistics`], [`planned_knots`], [`plan`], `disclosure` (what may be released).
//! 4. Bytes and columns to rows: `column`, `batch`, [`sink`], `json_scan`, [`records`], `json_stream`, `json_rows`, [`table`].
//! 5. Sums to models: [`solve`], [`student`], [`fisher`], [`model`], [`design`], [`fit`].
//! 6. What a user asks for: [`summarizer`], [`audit`], [`entry`], `forecast`, [`predict`], [`summary`](mod@summary), [`hypotheses`],
//!    [`explain`], [`quality`], [`residuals`], [`profile`], [`preview`](mod@preview), [`identity`].
//! 7. The exports of the WebAssembly component: `component`, behind the feature of that name.
//!
//! The inner loops over bytes and integers are in the crate `samefit-kernels`.

pub mod audit;
mod batch;
pub mod cell_format;
mod column;
#[cfg(feature = "component")]
mod component;
pub mod decimal;
pub mod design;
mod disclosure;
pub mod entry;
pub mod error;
pub mod explain;
pub mod factors;
pub mod fisher;
pub mod fit;
mod forecast;
pub mod functions;
mod hidden;
pub mod hypotheses;
pub mod identity;
pub mod json;
mod json_rows;
mod json_scan;
mod json_stream;
pub mod level;
pub mod model;
pub mod model_formula;
mod notation;
mod ordered;
pub mod plan;
pub mod planned_knots;
pub mod predict;
pub mod preview;
pub mod profile;
pub mod quality;
pub mod ratio;
pub mod records;
pub mod release_policy;
pub mod residuals;
pub mod rounding;
pub mod schema;
pub mod shortest;
pub mod sink;
pub mod solve;
pub mod splines;
pub mod statistics;
pub mod student;
pub mod summarizer;
pub mod summary;
pub mod table;
pub mod terms;
mod two_part;
