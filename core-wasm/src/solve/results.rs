//! Enclosures of what the normal equations define to the numbers of a model, each rounded once or not at all.
//!
//! *Not here*: how the enclosures come about (`elimination`, `certified`, `residues`).

use super::quantity::{Enclosure, Quantity, Source, rounded};
use super::ratio::Ratio;

/// A number of a model, or the sign that decides which of them there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// -1, 0 or 1: the sign of the residual sum of squares. Below zero it is no data's.
    ResidualSign,
    /// Of a place of the design.
    Coefficient(usize),
    /// Its standard error.
    StdError(usize),
    /// Their ratio; only where the residual sum of squares is above zero.
    T(usize),
    /// The residual sum of squares.
    Rss,
    /// `sqrt(rss / residual_df)`.
    ResidualSd,
    /// `(tss - rss) / tss`; only where there is a tss.
    RSquared,
    /// An entry of L.
    L(usize, usize),
    /// An entry of D.
    D(usize),
}

impl Wanted {
    /// What the number is made of.
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

/// What leads from the integers of the normal equations back to the data's units.
pub struct Units {
    /// Powers of ten by which the columns of the design, and then the target, were multiplied.
    pub scales: Vec<u32>,
    /// Columns of the design.
    pub count: usize,
    /// Rows less coefficients.
    pub residual_df: i64,
    /// Total sum of squares, in the data's units.
    pub tss: Ratio,
}

impl Units {
    /// The f64 nearest to the number, if what is known of its parts decides which that is.
    pub fn round(&self, wanted: Wanted, source: &impl Source) -> Option<f64> {
        let of = |quantity| source.enclosure(quantity);
        match wanted {
            Wanted::ResidualSign => of(Quantity::Residual).signum().map(f64::from),
            Wanted::Coefficient(j) => rounded([&of(Quantity::Coefficient(j))], [], |[b], []| b.times_ten_to(self.unit(j)).to_f64()),
            Wanted::StdError(j) => self.std_error(j, &residual(source)?, &of(Quantity::Inverse(j))),
            Wanted::T(j) => self.t(of(Quantity::Coefficient(j)), &residual(source)?, &of(Quantity::Inverse(j))),
            Wanted::Rss => rounded([&of(Quantity::Residual)], [], |[rss], []| self.in_units(rss).to_f64()),
            Wanted::ResidualSd => rounded([&residual(source)?], [], |[rss], []| self.in_units(rss).over(self.residual_df).sqrt_to_f64()),
            Wanted::RSquared => rounded([], [&of(Quantity::Residual)], |[], [rss]| self.r_squared(&self.in_units(rss)).to_f64()),
            Wanted::L(i, j) => rounded([&of(Quantity::L(i, j))], [], |[l], []| l.times_ten_to(self.scale(j) - self.scale(i)).to_f64()),
            Wanted::D(j) => rounded([&of(Quantity::D(j))], [], |[d], []| d.times_ten_to(-2 * self.scale(j)).to_f64()),
        }
    }

    /// `sqrt(s^2 (X'X)^-1_jj)`, `s^2 = rss / df`.
    fn std_error(&self, j: usize, rss: &Enclosure, inverse: &Enclosure) -> Option<f64> {
        rounded([rss, inverse], [], |[rss, inverse], []| {
            rss.times(inverse).over(self.residual_df).times_ten_to(2 * self.unit(j)).sqrt_to_f64()
        })
    }

    /// The sign of b times the root of `t^2 = b^2 df / (rss (X'X)^-1_jj)`, which has no unit.
    fn t(&self, b: Enclosure, rss: &Enclosure, inverse: &Enclosure) -> Option<f64> {
        let sign = b.signum()?;
        let magnitude = if sign < 0 { b.negated() } else { b };
        let size = rounded([&magnitude], [rss, inverse], |[b], [rss, inverse]| {
            let variance = rss.times(inverse).over(self.residual_df);
            Ratio::new(&b.numerator * &b.numerator * &variance.denominator, &b.denominator * &b.denominator * &variance.numerator)
                .sqrt_to_f64()
        })?;
        // no sign on zero
        Some(if sign < 0 { -size } else { size })
    }

    fn r_squared(&self, rss: &Ratio) -> Ratio {
        let explained = &self.tss.numerator * &rss.denominator - &rss.numerator * &self.tss.denominator;
        Ratio::new(explained, &self.tss.numerator * &rss.denominator)
    }

    fn scale(&self, j: usize) -> i64 {
        i64::from(self.scales[j])
    }

    /// The power of ten that leads coefficient `j` back to the data's units.
    fn unit(&self, j: usize) -> i64 {
        self.scale(j) - self.scale(self.count)
    }

    fn in_units(&self, rss: &Ratio) -> Ratio {
        rss.times_ten_to(-2 * self.scale(self.count))
    }
}

/// The residual sum of squares where it is known not to be below zero, so that it has a root.
fn residual(source: &impl Source) -> Option<Enclosure> {
    Some(source.enclosure(Quantity::Residual)).filter(|rss| rss.signum().is_some_and(|sign| sign >= 0))
}
