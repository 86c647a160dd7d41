//! What the interval of a prediction is for, and how surely it holds.

use crate::error::Result;
use crate::plan::{IntervalKind, Plan, check_level};

/// The kind of interval that predictions have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The probability with which it holds what it is for; between 0 and 1.
    pub level: f64,
    /// Whether it is for the mean of all outcomes of such records, and not for a new outcome.
    pub of_mean: bool,
}

impl Default for Interval {
    fn default() -> Self {
        Self { level: 0.95, of_mean: false }
    }
}

impl Interval {
    /// Returns the interval that a plan asks for.
    pub fn of_plan(plan: &Plan) -> Self {
        Self { level: plan.level.unwrap_or(Self::default().level), of_mean: plan.interval == IntervalKind::Confidence }
    }

    /// Refuses a level that is not between 0 and 1.
    ///
    /// # Errors
    /// `level`.
    pub(super) fn check(self) -> Result<()> {
        check_level(self.level)
    }
}
