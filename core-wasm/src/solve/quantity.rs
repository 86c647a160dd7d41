//! What the normal equations are asked for, each a ratio of two determinants, to an enclosure of it.
//!
//! With G the Gram matrix of the design and of the target behind it, everything in a model is made of five kinds of ratio, and by
//! Cramer's rule each is one of two minors of G. A [`Source`] knows them exactly or between two ends.

use super::ratio::Ratio;
use dashu_int::IBig;

/// A number that `X'X = L D L'` and `X'X b = X'y` define.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quantity {
    /// `b_j`.
    Coefficient(usize),
    /// `(X'X)^-1_jj`.
    Inverse(usize),
    /// `y'y - b'X'y`, the residual sum of squares.
    Residual,
    /// `L_ij`, j < i.
    L(usize, usize),
    /// `D_j`.
    D(usize),
}

/// An integer, up to its sign a minor of G.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Determinant {
    /// Of the rows before j and row i, and the columns up to j <= i: what fraction-free elimination leaves at (i, j).
    Minor(usize, usize),
    /// Of X'X with its column j replaced by X'y.
    Numerator(usize),
    /// Of X'X without row and column j.
    Adjugate(usize),
}

/// Numerator and denominator; no denominator is 1.
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

/// Whoever knows, of some normal equations, every [`Quantity`].
pub trait Source {
    /// A proven enclosure.
    fn enclosure(&self, quantity: Quantity) -> Enclosure;
}

/// The ends between which a number lies, both included.
#[derive(Clone, Debug)]
pub struct Enclosure {
    /// At most the number.
    pub low: Ratio,
    /// At least the number; none if `low` is the number itself.
    pub above: Option<Ratio>,
}

impl Enclosure {
    /// A number that is known.
    pub fn exact(value: Ratio) -> Self {
        Self { low: value, above: None }
    }

    /// Between two ends with one denominator above zero.
    pub fn between(low: IBig, high: IBig, denominator: &IBig) -> Self {
        Self { low: Ratio::new(low, denominator.clone()), above: Some(Ratio::new(high, denominator.clone())) }
    }

    /// Whether the number is known.
    pub fn is_exact(&self) -> bool {
        self.above.is_none()
    }

    /// At least the number.
    pub fn high(&self) -> &Ratio {
        self.above.as_ref().unwrap_or(&self.low)
    }

    /// The number's sign, if it is known: -1, 0 or 1.
    pub fn signum(&self) -> Option<i32> {
        let (low, high) = (self.low.signum(), self.high().signum());
        (self.is_exact() || low == high && low != 0).then_some(low)
    }

    /// The number with its sign turned.
    #[must_use]
    pub fn negated(self) -> Self {
        let turn = |ratio: Ratio| Ratio::new(-ratio.numerator, ratio.denominator);
        match self.above {
            None => Self::exact(turn(self.low)),
            Some(high) => Self { low: turn(high), above: Some(turn(self.low)) },
        }
    }

    /// The number times a power of two.
    #[must_use]
    pub fn times_two_to(self, exponent: i64) -> Self {
        Self { low: self.low.times_two_to(exponent), above: self.above.map(|high| high.times_two_to(exponent)) }
    }
}

/// A function of numbers, of which it does not fall with some and does not rise with others, as the f64 that it rounds to at both of its
/// ends, and so between them; none if these are two.
pub fn rounded<const R: usize, const F: usize>(
    rising: [&Enclosure; R],
    falling: [&Enclosure; F],
    function: impl Fn([&Ratio; R], [&Ratio; F]) -> f64,
) -> Option<f64> {
    let low = function(rising.map(|x| &x.low), falling.map(Enclosure::high));
    if rising.iter().chain(&falling).all(|x| x.is_exact()) {
        return Some(low);
    }
    let high = function(rising.map(Enclosure::high), falling.map(|x| &x.low));
    // as bits: what rounds to zero from both sides is not decided
    (low.to_bits() == high.to_bits()).then_some(low)
}
