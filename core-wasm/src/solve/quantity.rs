//! The quantities that normal equations define, each a ratio of two determinants, and their enclosures.
//!
//! Let G be the Gram matrix of the design X and of the target y after it. Every number of a model is made of five kinds of quantities. By
//! Cramer's rule each of them is a ratio of two minors of G. A [`Source`] supplies them, exactly or between two bounds.

use crate::ratio::Ratio;
use dashu_int::IBig;

/// A number that `X'X = L D L'` and `X'X b = X'y` define. Indexes count from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quantity {
    /// The coefficient `b_j`.
    Coefficient(usize),
    /// The diagonal entry `(X'X)^-1_jj` of the inverse.
    Inverse(usize),
    /// The residual sum of squares `y'y - b'X'y`.
    Residual,
    /// The entry `L_ij` of L, j < i.
    L(usize, usize),
    /// The diagonal entry `D_j` of D.
    D(usize),
}

/// A determinant of a part of G: an integer, and a minor of G but for its sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Determinant {
    /// That of the rows before j and row i, and of the columns up to j <= i. Fraction-free elimination leaves it at (i, j).
    Minor(usize, usize),
    /// That of X'X with its column j replaced by X'y.
    Numerator(usize),
    /// That of X'X without row j and column j.
    Adjugate(usize),
}

/// Returns the numerator and the denominator of a quantity, for a design of `count` columns. No denominator stands for 1.
pub fn as_determinants(quantity: Quantity, count: usize) -> (Determinant, Option<Determinant>) {
    use Determinant::{Adjugate, Minor, Numerator};
    let pivot = |count: usize| count.checked_sub(1).map(|last| Minor(last, last));
    match quantity {
        Quantity::Coefficient(j) => (Numerator(j), pivot(count)),
        Quantity::Inverse(j) => (Adjugate(j), pivot(count)),
        Quantity::Residual => (Minor(count, count), pivot(count)),
        Quantity::L(i, j) => (Minor(i, j), Some(Minor(j, j))),
        Quantity::D(j) => (Minor(j, j), pivot(j)),
    }
}

/// Supplies every [`Quantity`] of one system of normal equations.
pub trait Source {
    /// Returns a proven enclosure of a quantity.
    fn enclosure(&self, quantity: Quantity) -> Enclosure;
}

/// Two bounds of a number, which may be equal to it.
#[derive(Clone, Debug)]
pub struct Enclosure {
    /// The lower bound.
    pub low: Ratio,
    /// The upper bound; none if `low` is the number itself.
    pub above: Option<Ratio>,
}

impl Enclosure {
    /// Returns the enclosure of a number that is known.
    pub fn exact(value: Ratio) -> Self {
        Self { low: value, above: None }
    }

    /// Returns the enclosure between `low / denominator` and `high / denominator`. The denominator is above zero.
    pub fn between(low: IBig, high: IBig, denominator: &IBig) -> Self {
        Self { low: Ratio::new(low, denominator.clone()), above: Some(Ratio::new(high, denominator.clone())) }
    }

    /// Returns whether the number is known.
    pub fn is_exact(&self) -> bool {
        self.above.is_none()
    }

    /// Returns the upper bound.
    pub fn high(&self) -> &Ratio {
        self.above.as_ref().unwrap_or(&self.low)
    }

    /// Returns the sign of the number as -1, 0 or 1; none if the bounds do not tell.
    pub fn signum(&self) -> Option<i32> {
        let (low, high) = (self.low.signum(), self.high().signum());
        (self.is_exact() || low == high && low != 0).then_some(low)
    }

    /// Returns the enclosure of the number with the opposite sign.
    #[must_use]
    pub fn negated(self) -> Self {
        let turn = |ratio: Ratio| Ratio::new(-ratio.numerator, ratio.denominator);
        match self.above {
            None => Self::exact(turn(self.low)),
            Some(high) => Self { low: turn(high), above: Some(turn(self.low)) },
        }
    }

    /// Returns the enclosure of the number times an integer above zero.
    #[must_use]
    pub fn times(mut self, factor: &IBig) -> Self {
        self.low.numerator *= factor;
        self.above.iter_mut().for_each(|high| high.numerator *= factor);
        self
    }

    /// Returns the enclosure of the number times `2^exponent`.
    #[must_use]
    pub fn times_two_to(self, exponent: i64) -> Self {
        Self { low: self.low.times_two_to(exponent), above: self.above.map(|high| high.times_two_to(exponent)) }
    }
}

/// An f64 and, for a number that is wanted in two parts, the f64 nearest to the rest; else zero.
#[derive(Clone, Copy, Debug)]
pub struct Rounded {
    /// The f64 nearest to the number.
    pub value: f64,
    /// The f64 nearest to the number less `value`.
    pub remainder: f64,
}

impl From<f64> for Rounded {
    fn from(value: f64) -> Self {
        Self { value, remainder: 0.0 }
    }
}

impl From<(f64, f64)> for Rounded {
    fn from((value, remainder): (f64, f64)) -> Self {
        Self { value, remainder }
    }
}

/// Returns a function of enclosed numbers, rounded to one f64 or two, if the enclosures settle the rounding; else none.
///
/// The function does not fall with any of `rising` and does not rise with any of `falling`. If it rounds to the same f64 at both ends of
/// its range, it does so everywhere between them. Then the rest is monotonic too, so the same holds for its rounding.
pub fn rounded<const R: usize, const F: usize, T: Into<Rounded>>(
    rising: [&Enclosure; R],
    falling: [&Enclosure; F],
    function: impl Fn([&Ratio; R], [&Ratio; F]) -> T,
) -> Option<Rounded> {
    let low: Rounded = function(rising.map(|x| &x.low), falling.map(Enclosure::high)).into();
    if rising.iter().chain(&falling).all(|x| x.is_exact()) {
        return Some(low);
    }
    let high: Rounded = function(rising.map(Enclosure::high), falling.map(|x| &x.low)).into();
    // bits are compared, so 0 and -0 differ: a range around zero settles nothing
    let bits = |rounded: Rounded| (rounded.value.to_bits(), rounded.remainder.to_bits());
    (bits(low) == bits(high)).then_some(low)
}
