//! Draws SVG pictures and HTML pages of the component's JSON and of plain numbers.
//!
//! Reading order: [`mod@format`] writes numbers, [`markup`] makes HTML and SVG, [`scale`] maps values to coordinates. Each plot is a file with
//! a struct of plain data and its method `svg`. [`documents`] reads the component's JSON. [`pages`] makes whole pages.
//!
//! *Invariants*:
//! - Nothing here computes a statistic. Counts are added into wider bars, and values become coordinates.
//! - There are no style attributes, scripts or addresses, so a strict Content-Security-Policy shows everything. Colours come from [`markup::STYLE`],
//!   whose variables follow the reader's choice of a light or dark page.
//! - Text from outside is escaped by the types of [`markup`]. Every picture has a label that describes it in words.
//!
//! *Not here*: translations. The caller passes labels in the reader's language.

pub mod bins;
pub mod curve;
pub mod documents;
pub mod dot_plot;
pub mod format;
pub mod heat_map;
pub mod histogram;
pub mod markup;
pub mod pages;
pub mod prediction;
pub mod scale;
pub mod waterfall;
