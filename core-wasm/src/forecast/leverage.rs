//! One row of a design matrix to its leverage, the part of an interval's width that depends on the row.
//!
//! Half the width of the interval for a new outcome at a row x of the design matrix is `t s sqrt(1 + h)`, with the leverage
//! `h = x'(X'X)^-1 x`; for the mean of all outcomes it is `t s sqrt(h)`. With `X'X = L D L'` and `L z = x`, solved forwards, h is the sum of
//! `z_i^2 / D_i`. So it is never negative.
//!
//! *Precision*: z_i is what is left of x_i, whose size is about `sqrt(G_ii / n)` with `G = X'X`, by subtractions, and is about
//! `sqrt(D_i / n)` on the training data. So its relative error is that of x_i times `sqrt(G_ii / D_i)`. Up to a ratio of 2^16, f64 give half
//! a width to a relative 1e-9; the model decides once. Beyond, everything is computed in numbers of two parts, with the remainders of L and
//! D, and from the decimal numbers as they are written.

use super::linear_form::ExactNumber;
use crate::model::Leverage;
use crate::two_part::TwoPartF64;

/// Largest ratio `sqrt(G_ii / D_i)` for which f64 serve.
const RATIO_MAX: f64 = 65_536.0;

/// The factors of X'X, made ready.
#[derive(Clone, Debug)]
pub(crate) struct LeverageFactors {
    /// The index in the design matrix of each column of the factors.
    order: Vec<usize>,
    /// Row i holds the entries of L before the diagonal, which is 1. Zeros at its beginning may be left out.
    l: Vec<Vec<f64>>,
    /// The diagonal of D.
    d: Vec<f64>,
    /// L and D with their remainders, where f64 do not serve.
    two_part: Option<(Vec<Vec<TwoPartF64>>, Vec<TwoPartF64>)>,
}

impl LeverageFactors {
    /// Returns the factors of a model.
    pub(crate) fn new(leverage: &Leverage) -> Self {
        let (l, d) = (leverage.l.clone(), leverage.d.clone());
        let ratio = |i: usize| {
            let before = l[i].iter().zip(&d[i - l[i].len()..]).map(|(l, d)| l * l * d).sum::<f64>();
            ((before + d[i]) / d[i]).sqrt()
        };
        let is_within = (0..d.len()).all(|i| ratio(i) < RATIO_MAX);
        let two_part = (!is_within).then(|| {
            let rows = (0..l.len()).map(|i| leverage.l_row(i).collect()).collect();
            (rows, (0..d.len()).map(|i| leverage.d_at(i)).collect())
        });
        Self { order: leverage.columns(), l, d, two_part }
    }

    /// Returns whether rows must be computed one by one, with [`Self::parts_of`].
    pub(crate) fn is_two_part(&self) -> bool {
        self.two_part.is_some()
    }

    /// Returns what each element of a row of the design matrix adds to the leverage, in f64, in the order of the factors.
    pub(crate) fn parts(&self, design: &[f64]) -> Vec<f64> {
        let mut z: Vec<f64> = self.order.iter().map(|&column| design[column]).collect();
        for i in 0..z.len() {
            let known: f64 = self.l[i].iter().zip(&z[i - self.l[i].len()..]).fold(0.0, |sum, (l, z)| sum + l * z);
            z[i] -= known;
        }
        z.iter().zip(&self.d).map(|(z, d)| z * z / d).collect()
    }

    /// Does what [`Self::parts`] does in numbers of two parts. `None` where f64 serve.
    pub(crate) fn parts_of(&self, design: &[ExactNumber]) -> Option<Vec<f64>> {
        let (l, d) = self.two_part.as_ref()?;
        let mut z: Vec<TwoPartF64> = self.order.iter().map(|&column| design[column].to_two_f64()).collect();
        for i in 0..z.len() {
            let known = l[i].iter().zip(&z[i - l[i].len()..]).fold(TwoPartF64::ZERO, |sum, (l, z)| sum.plus(l.times(*z)));
            z[i] = z[i].plus(known.negated());
        }
        Some(z.iter().zip(d).map(|(z, d)| z.times(*z).over(*d).high).collect())
    }
}
