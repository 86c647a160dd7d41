//! What the weights of the rows mean, and the sum that a likelihood needs of them.

use crate::decimal::Decimal;

/// How much a row counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weighting {
    /// Each row counts once.
    Equal,
    /// The square of a row's residual counts times its weight: a decimal number, not below zero. A row of weight zero is as if it were
    /// absent.
    Weights,
    /// A row stands for as many equal rows as its count says: a whole number, not below zero.
    Counts,
}

impl Weighting {
    /// Returns the number of values of a row beside its columns: its weight or count, if it has one.
    pub(crate) fn values(self) -> usize {
        usize::from(self != Self::Equal)
    }
}

/// The weights of the rows of statistics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeightSums {
    /// The column of the weights.
    pub column: String,
    /// The sum of the natural logarithms of the weights. Each is rounded to the nearest f64, which means its shortest decimal text. So the
    /// sum is exact, and can be merged and subtracted.
    pub log_sum: Decimal,
}
