//! The normal equations of a model: which of the moments are its design and its target.

use crate::statistics::Moments;
use crate::terms::Term;

/// The normal equations `X'X b = X'y` of a model, as places among (1, terms) of the statistics.
pub struct NormalEquations<'a> {
    /// Sums of products of (1, terms).
    pub moments: &'a Moments,
    /// Number of rows.
    pub rows: i64,
    /// Place and name of each column of the design matrix X. The intercept, at place 0, is the first if there is one.
    pub design: Vec<(usize, String)>,
    /// Place of the target y.
    pub target: usize,
}

impl NormalEquations<'_> {
    /// Returns whether the design has an intercept.
    pub fn has_intercept(&self) -> bool {
        self.design.first().is_some_and(|(place, _)| *place == 0)
    }
}

/// The name of the intercept among the columns of the design matrix.
pub const INTERCEPT: &str = "(intercept)";

/// Returns the name of a column of the design matrix: the text of its term, or [`INTERCEPT`] if there is none.
pub fn design_name(term: Option<&Term>) -> String {
    term.map_or_else(|| INTERCEPT.to_owned(), Term::to_string)
}
