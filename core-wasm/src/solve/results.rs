//! Enclosures of quantities to the numbers of a model, each rounded once or not at all.
//!
//! *Not here*: how enclosures are computed ([`elimination`](super::elimination), [`certified`](super::certified),
//! [`residues`](super::residues)).

use super::quantity::{Enclosure, Quantity, Source, rounded};
use super::ratio::Ratio;

/// A number of a model. Indexes are those of the design's columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelNumber {
    /// The sign of the residual sum of squares: -1, 0 or 1. It is -1 only for moments that no data can have.
    ResidualSign,
    /// The coefficient of a column.
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
    /// The entry of L in a row and a column before the diagonal.
    L(usize, usize),
    /// The entry of D of a column.
    D(usize),
}

impl ModelNumber {
    /// Returns the quantities from which the number is computed.
    pub fn quantities(self) -> Vec<Quantity> {
        match self {
            Self::ResidualSign | Self::Rss | Self::ResidualSd | Self::RSquared => vec![Quantity::Residual],
            Self::Coefficient(j) => vec![Quantity::Coefficient(j)],
            Self::StdError(j) => vec![Quantity::Residual, Quantity::Inverse(j)],
            Self::T(j) => vec![Quantity::Coefficient(j), Quantity::Residual, Quantity::Inverse(j)],
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
    /// The total sum of squares, in the units of the data.
    pub tss: Ratio,
}

impl Units {
    /// Returns the f64 nearest to the number, if the enclosures of its quantities settle it; else none.
    pub fn round(&self, number: ModelNumber, source: &impl Source) -> Option<f64> {
        let of = |quantity| source.enclosure(quantity);
        match number {
            ModelNumber::ResidualSign => of(Quantity::Residual).signum().map(f64::from),
            ModelNumber::Coefficient(j) => rounded([&of(Quantity::Coefficient(j))], [], |[b], []| b.times_ten_to(self.unit(j)).to_f64()),
            ModelNumber::StdError(j) => self.std_error(j, &residual(source)?, &of(Quantity::Inverse(j))),
            ModelNumber::T(j) => self.t(of(Quantity::Coefficient(j)), &residual(source)?, &of(Quantity::Inverse(j))),
            ModelNumber::Rss => rounded([&of(Quantity::Residual)], [], |[rss], []| self.in_units(rss).to_f64()),
            ModelNumber::ResidualSd => {
                rounded([&residual(source)?], [], |[rss], []| self.in_units(rss).over(self.residual_df).sqrt_to_f64())
            }
            ModelNumber::RSquared => rounded([], [&of(Quantity::Residual)], |[], [rss]| self.r_squared(&self.in_units(rss)).to_f64()),
            ModelNumber::L(i, j) => rounded([&of(Quantity::L(i, j))], [], |[l], []| l.times_ten_to(self.scale(j) - self.scale(i)).to_f64()),
            ModelNumber::D(j) => rounded([&of(Quantity::D(j))], [], |[d], []| d.times_ten_to(-2 * self.scale(j)).to_f64()),
        }
    }

    /// Rounds the standard error `sqrt(s^2 (X'X)^-1_jj)`, `s^2 = rss / df`.
    fn std_error(&self, j: usize, rss: &Enclosure, inverse: &Enclosure) -> Option<f64> {
        rounded([rss, inverse], [], |[rss, inverse], []| {
            rss.times(inverse).over(self.residual_df).times_ten_to(2 * self.unit(j)).sqrt_to_f64()
        })
    }

    /// Rounds t: the sign of b times the root of `t^2 = b^2 df / (rss (X'X)^-1_jj)`. It has no unit.
    fn t(&self, b: Enclosure, rss: &Enclosure, inverse: &Enclosure) -> Option<f64> {
        let sign = b.signum()?;
        let magnitude = if sign < 0 { b.negated() } else { b };
        let size = rounded([&magnitude], [rss, inverse], |[b], [rss, inverse]| {
            let variance = rss.times(inverse).over(self.residual_df);
            Ratio::new(&b.numerator * &b.numerator * &variance.denominator, &b.denominator * &b.denominator * &variance.numerator)
                .sqrt_to_f64()
        })?;
        // zero keeps its positive sign
        Some(if sign < 0 { -size } else { size })
    }

    /// Returns R² for a residual sum of squares in the units of the data.
    fn r_squared(&self, rss: &Ratio) -> Ratio {
        let explained = &self.tss.numerator * &rss.denominator - &rss.numerator * &self.tss.denominator;
        Ratio::new(explained, &self.tss.numerator * &rss.denominator)
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
