//! The prediction for one row, with its interval.

/// The prediction for one row.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// The predicted target.
    pub value: f64,
    /// Lower and upper end of the interval; `None` without residual degrees of freedom.
    pub interval: Option<(f64, f64)>,
}

impl Prediction {
    /// Returns the lower end of the interval, infinite if there is none.
    pub(super) fn lower(&self) -> f64 {
        self.interval.map_or(f64::NEG_INFINITY, |(lower, _)| lower)
    }

    /// Returns the upper end of the interval, infinite if there is none.
    pub(super) fn upper(&self) -> f64 {
        self.interval.map_or(f64::INFINITY, |(_, upper)| upper)
    }
}
