//! Enclosures of quantities to the numbers of a model, each rounded once or not at all. Coefficients, L and D are rounded to two f64.
//!
//! *Not here*: how enclosures are computed ([`elimination`](super::elimination), [`certified`](super::certified),
//! [`residues`](super::residues)).

use super::quantity::{Enclosure, Quantity, Rounded, Source, rounded};
use crate::ratio::Ratio;

/// A number of a model. Indexes are those of the design's columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelNumber {
    /// The sign of the residual sum of squares: -1, 0 or 1. It is -1 only for moments that no data can have.
    ResidualSign,
    /// The coefficient of a column, in two parts.
    Coefficient(usize),
    /// The standard error of a coefficient.
    StdError(usize),
    /// The t statistic of a coefficient. The residual sum of squares must be above zero.
    T(usize),
    /// The residual sum of squares.
    Rss,
    /// The residual standard deviation `sqrt(rss / residual_df)`.
    ResidualSd,
    /// R²: `(tss - rss) / tss`. The total sum of squares must not be zero.
    RSquared,
    /// The tolerance of a column: 1 - R² of the column on the others, which is `1 / ((X'X)^-1_jj x'x)` for the column x, less its mean if
    /// there is an intercept. Not of the intercept.
    Tolerance(usize),
    /// R² that takes the degrees of freedom into account: `1 - (rss / residual_df) / (tss / total_df)`. The total sum of squares and the
    /// residual degrees of freedom must not be zero.
    AdjustedRSquared,
    /// `(tss - rss) / rss`. The residual sum of squares must be above zero.
    Odds,
    /// The F statistic of all features together, [`Self::Odds`] times `residual_df` over the number of features. Neither may be zero.
    F,
    /// The entry of L in a row and a column before the diagonal, in two parts.
    L(usize, usize),
    /// The entry of D of a column, in two parts.
    D(usize),
}

impl ModelNumber {
    /// Returns the quantities from which the number is computed.
    pub fn quantities(self) -> Vec<Quantity> {
        match self {
            Self::ResidualSign | Self::Rss | Self::ResidualSd | Self::RSquared | Self::AdjustedRSquared | Self::Odds | Self::F => {
                vec![Quantity::Residual]
            }
            Self::Coefficient(j) => vec![Quantity::Coefficient(j)],
            Self::StdError(j) => vec![Quantity::Residual, Quantity::Inverse(j)],
            Self::T(j) => vec![Quantity::Coefficient(j), Quantity::Residual, Quantity::Inverse(j)],
            Self::Tolerance(j) => vec![Quantity::Inverse(j)],
            Self::L(i, j) => vec![Quantity::L(i, j)],
            Self::D(j) => vec![Quantity::D(j)],
        }
    }
}

/// Converts the quantities of the integer Gram matrix to the units of the data.
pub struct Units {
    /// Powers of ten by which the columns of the design, and after them the target, were multiplied.
    pub scales: Vec<u32>,
    /// Number of columns of the design.
    pub count: usize,
    /// The residual degrees of freedom.
    pub residual_df: i64,
    /// Number of columns of the design without the intercept.
    pub features: i64,
    /// Degrees of freedom of the total sum of squares.
    pub total_df: i64,
    /// The total sum of squares, in the units of the data.
    pub tss: Ratio,
    /// The sums of squares of the columns of the design in the units of the data, about the mean if there is an intercept. That of the
    /// intercept is not used.
    pub squares: Vec<Ratio>,
}

impl Units {
    /// Returns the number as the nearest f64, or in two parts, if the enclosures of its quantities settle it; else none.
    pub fn round(&self, number: ModelNumber, source: &impl Source) -> Option<Rounded> {
        let of = |quantity| source.enclosure(quantity);
        match number {
            ModelNumber::ResidualSign => of(Quantity::Residual).signum().map(|sign| f64::from(sign).into()),
            ModelNumber::Coefficient(j) => {
                rounded([&of(Quantity::Coefficient(j))], [], |[b], []| b.times_ten_to(self.unit(j)).to_two_f64())
            }
            ModelNumber::StdError(j) => self.std_error(j, &residual(source)?, &of(Quantity::Inverse(j))),
            ModelNumber::T(j) => self.t(of(Quantity::Coefficient(j)), &residual(source)?, &of(Quantity::Inverse(j))),
            ModelNumber::Rss => rounded([&of(Quantity::Residual)], [], |[rss], []| self.in_units(rss).to_f64()),
            ModelNumber::ResidualSd => {
                rounded([&residual(source)?], [], |[rss], []| self.in_units(rss).over(self.residual_df).sqrt_to_f64())
            }
            ModelNumber::RSquared => rounded([], [&of(Quantity::Residual)], |[], [rss]| self.r_squared(&self.in_units(rss)).to_f64()),
            ModelNumber::AdjustedRSquared => {
                rounded([], [&of(Quantity::Residual)], |[], [rss]| self.adjusted_r_squared(self.in_units(rss)).to_f64())
            }
            ModelNumber::Odds => rounded([], [&residual(source)?], |[], [rss]| self.odds(&self.in_units(rss)).to_f64()),
            ModelNumber::F => rounded([], [&residual(source)?], |[], [rss]| self.f(&self.in_units(rss)).to_f64()),
            ModelNumber::Tolerance(j) => rounded([], [&of(Quantity::Inverse(j))], |[], [inverse]| self.tolerance(j, inverse).to_f64()),
            ModelNumber::L(i, j) => {
                rounded([&of(Quantity::L(i, j))], [], |[l], []| l.times_ten_to(self.scale(j) - self.scale(i)).to_two_f64())
            }
            ModelNumber::D(j) => rounded([&of(Quantity::D(j))], [], |[d], []| d.times_ten_to(-2 * self.scale(j)).to_two_f64()),
        }
    }

    /// Rounds the standard error `sqrt(s^2 (X'X)^-1_jj)`, `s^2 = rss / df`.
    fn std_error(&self, j: usize, rss: &Enclosure, inverse: &Enclosure) -> Option<Rounded> {
        rounded([rss, inverse], [], |[rss, inverse], []| {
            rss.times(inverse).over(self.residual_df).times_ten_to(2 * self.unit(j)).sqrt_to_f64()
        })
    }

    /// Rounds t: the sign of b times the root of `t^2 = b^2 df / (rss (X'X)^-1_jj)`. It has no unit.
    fn t(&self, b: Enclosure, rss: &Enclosure, inverse: &Enclosure) -> Option<Rounded> {
        let sign = b.signum()?;
        let magnitude = if sign < 0 { b.negated() } else { b };
        rounded([&magnitude], [rss, inverse], |[b], [rss, inverse]| {
            let variance = rss.times(inverse).over(self.residual_df);
            let size =
                Ratio::new(&b.numerator * &b.numerator * &variance.denominator, &b.denominator * &b.denominator * &variance.numerator)
                    .sqrt_to_f64();
            // zero keeps its positive sign
            if sign < 0 { -size } else { size }
        })
    }

    /// Returns the tolerance of column `j`. It has no unit.
    fn tolerance(&self, j: usize, inverse: &Ratio) -> Ratio {
        inverse.times_ten_to(2 * self.scale(j)).times(&self.squares[j]).inverted()
    }

    /// Returns the adjusted R² for a residual sum of squares in the units of the data.
    fn adjusted_r_squared(&self, rss: Ratio) -> Ratio {
        let part = rss.times(&self.tss.clone().inverted());
        let part = Ratio::new(part.numerator * self.total_df, part.denominator * self.residual_df);
        Ratio::new(&part.denominator - &part.numerator, part.denominator)
    }

    /// Returns `(tss - rss) / rss` for a residual sum of squares in the units of the data.
    fn odds(&self, rss: &Ratio) -> Ratio {
        self.tss.minus(rss).times(&rss.clone().inverted())
    }

    /// Returns F for a residual sum of squares in the units of the data.
    fn f(&self, rss: &Ratio) -> Ratio {
        let odds = self.odds(rss);
        Ratio::new(odds.numerator * self.residual_df, odds.denominator * self.features)
    }

    /// Returns R² for a residual sum of squares in the units of the data.
    fn r_squared(&self, rss: &Ratio) -> Ratio {
        self.tss.minus(rss).times(&self.tss.clone().inverted())
    }

    /// Returns the power of ten by which column `j` was multiplied.
    fn scale(&self, j: usize) -> i64 {
        i64::from(self.scales[j])
    }

    /// Returns the power of ten that converts coefficient `j` to the units of the data.
    fn unit(&self, j: usize) -> i64 {
        self.scale(j) - self.scale(self.count)
    }

    /// Converts a residual sum of squares to the units of the data.
    fn in_units(&self, rss: &Ratio) -> Ratio {
        rss.times_ten_to(-2 * self.scale(self.count))
    }
}

/// Returns the residual sum of squares if its enclosure shows that it is not negative, so that it has a root.
fn residual(source: &impl Source) -> Option<Enclosure> {
    Some(source.enclosure(Quantity::Residual)).filter(|rss| rss.signum().is_some_and(|sign| sign >= 0))
}
