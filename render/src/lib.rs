//! What the component says, as JSON or plain numbers, to SVG and HTML that stand for themselves.
//!
//! Reading order: [`format`] writes numbers, [`markup`] elements, [`scale`] places values on an axis; each plot is a file with a plain struct
//! and `svg()`; [`documents`] reads the component's JSON; [`pages`] puts whole pages together.
//!
//! Invariants:
//! - Nothing is computed here that a person could take for a statistic: counts are added into wider bars, values become places.
//! - No style attribute, no script, no address: a strict Content-Security-Policy shows everything. Colours come from [`STYLE`], whose variables
//!   follow the light or dark preference.
//! - Every text from outside is escaped. Every picture says in words what it shows.
//!
//! *Not here*: languages. Whoever draws brings the words.

pub mod bins;
pub mod curve;
pub mod documents;
pub mod format;
pub mod heat;
pub mod histogram;
pub mod markup;
pub mod outlook;
pub mod pages;
pub mod scale;
pub mod waterfall;

/// The style sheet of all pictures and tables made here.
pub const STYLE: &str = include_str!("report.css");
