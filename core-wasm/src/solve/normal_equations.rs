//! The normal equations of a model: which of the moments are its design and its target.

use crate::statistics::Moments;
use crate::terms::Term;
use std::borrow::Cow;

/// The normal equations `X'X b = X'y` of a model, as places among (1, terms) of moments.
#[derive(Clone)]
pub struct NormalEquations<'a> {
    /// Sums of products of (1, terms): those of statistics, or the design's own.
    pub moments: Cow<'a, Moments>,
    /// Number of rows, from which degrees of freedom follow. The total weight of the rows is `moments.at(0, 0)`.
    pub rows: i64,
    /// Place and name of each column of the design matrix X. The intercept, if there is one, is at place 0.
    pub design: Vec<(usize, String)>,
    /// Place of the target y.
    pub target: usize,
    /// The indexes of the columns of which a combination, without factors of zero, is the constant; `None` if the columns do not span it.
    /// With an intercept this is the intercept alone.
    pub constant: Option<Vec<usize>>,
}

impl NormalEquations<'_> {
    /// Returns the index of the intercept among the columns of the design.
    pub fn intercept(&self) -> Option<usize> {
        self.design.iter().position(|(place, _)| *place == 0)
    }

    /// Returns whether the columns span the constant, so that sums of squares are taken about the mean.
    pub fn is_centred(&self) -> bool {
        self.constant.is_some()
    }

    /// Returns whether the columns span the constant without column `j`.
    pub fn is_centred_without(&self, j: usize) -> bool {
        self.constant.as_ref().is_some_and(|columns| !columns.contains(&j))
    }
}

/// The name of the intercept among the columns of the design matrix.
pub const INTERCEPT: &str = "(intercept)";

/// Returns the name of a column of the design matrix: the text of its term, or [`INTERCEPT`] if there is none.
pub fn design_name(term: Option<&Term>) -> String {
    term.map_or_else(|| INTERCEPT.to_owned(), Term::to_string)
}
