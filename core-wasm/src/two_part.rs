//! Arithmetic on numbers of two f64: about 106 bits.
//!
//! A number is the exact sum of its parts, and the low part is at most half an ulp of the high one. Sums and products of f64 leave exact
//! remainders (T. J. Dekker, A floating-point technique for extending the available precision, Numer. Math. 18, 1971; D. E. Knuth, The Art
//! of Computer Programming 2, 4.2.2). Each operation here has a relative error of some 2^-104; a sum of terms of both signs has it
//! relative to the largest term.
//!
//! *Invariants*: only additions, multiplications, divisions and square roots of f64, each rounded once. So native code and wasm give the
//! same bits.
//!
//! *Limits*: magnitudes between about 2^-900 and 2^900. [`TwoPartF64::scaled`] brings numbers there.

use libm::{frexp, ldexp};

/// A number of two parts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct TwoPartF64 {
    /// The f64 nearest to the number.
    pub(crate) high: f64,
    /// The rest.
    pub(crate) low: f64,
}

/// 2^27 + 1: a product by it splits the 53 bits of an f64 into two halves.
const SPLITTER: f64 = 134_217_729.0;

impl TwoPartF64 {
    pub(crate) const ZERO: Self = Self { high: 0.0, low: 0.0 };
    pub(crate) const ONE: Self = Self { high: 1.0, low: 0.0 };

    /// Returns the sum of two parts of any size.
    pub(crate) fn new(high: f64, low: f64) -> Self {
        exact_sum(high, low)
    }

    /// Returns the number over a power of two, and the exponent of the power. The magnitude is in [1/2, 1), or zero.
    pub(crate) fn scaled(self) -> (Self, i32) {
        let (high, exponent) = frexp(self.high);
        (Self { high, low: ldexp(self.low, -exponent) }, exponent)
    }

    /// Returns the number times a power of two.
    pub(crate) fn times_two_to(self, exponent: i32) -> Self {
        Self { high: ldexp(self.high, exponent), low: ldexp(self.low, exponent) }
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        let (high, low) = (exact_sum(self.high, other.high), exact_sum(self.low, other.low));
        let sum = quick_sum(high.high, high.low + low.high);
        quick_sum(sum.high, sum.low + low.low)
    }

    pub(crate) fn negated(self) -> Self {
        Self { high: -self.high, low: -self.low }
    }

    pub(crate) fn times(self, other: Self) -> Self {
        let product = exact_product(self.high, other.high);
        quick_sum(product.high, product.low + (self.high * other.low + self.low * other.high))
    }

    /// Returns the quotient. The divisor is not zero.
    pub(crate) fn over(self, divisor: Self) -> Self {
        let first = self.high / divisor.high;
        let rest = self.plus(divisor.times(Self::new(first, 0.0)).negated());
        let second = rest.high / divisor.high;
        let rest = rest.plus(divisor.times(Self::new(second, 0.0)).negated());
        quick_sum(first, second).plus(Self::new(rest.high / divisor.high, 0.0))
    }

    /// Returns the square root of a number above zero.
    pub(crate) fn root(self) -> Self {
        // one step of Newton's method doubles the digits
        let first = self.high.sqrt();
        let rest = self.plus(exact_product(first, first).negated());
        quick_sum(first, rest.high / (2.0 * first))
    }
}

/// Returns the exact sum of two f64.
fn exact_sum(a: f64, b: f64) -> TwoPartF64 {
    let high = a + b;
    let other = high - a;
    TwoPartF64 { high, low: (a - (high - other)) + (b - other) }
}

/// Returns the exact sum of two f64, the first of which has the larger magnitude.
fn quick_sum(a: f64, b: f64) -> TwoPartF64 {
    let high = a + b;
    TwoPartF64 { high, low: b - (high - a) }
}

/// Returns the exact product of two f64.
fn exact_product(a: f64, b: f64) -> TwoPartF64 {
    let high = a * b;
    let ((a_high, a_low), (b_high, b_low)) = (halves(a), halves(b));
    TwoPartF64 { high, low: ((a_high * b_high - high) + a_high * b_low + a_low * b_high) + a_low * b_low }
}

/// Returns an f64 as a sum of two with at most 26 bits each.
fn halves(value: f64) -> (f64, f64) {
    let shifted = SPLITTER * value;
    let high = shifted - (shifted - value);
    (high, value - high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ratio::Ratio;
    use crate::rounding::signum;
    use crate::statistics::exact_decimal;
    use proptest::prelude::*;

    fn exact(value: TwoPartF64) -> Ratio {
        Ratio::from(&exact_decimal(value.high).plus(&exact_decimal(value.low)))
    }

    /// Returns whether two ratios differ by at most 2^-100 of the size of `scale`.
    fn close(a: &Ratio, b: &Ratio, scale: &Ratio) -> bool {
        let difference = &a.numerator * &b.denominator - &b.numerator * &a.denominator;
        let difference = Ratio::new(&difference * signum(&difference), &a.denominator * &b.denominator);
        let difference = difference.times_two_to(100);
        &difference.numerator * &scale.denominator <= &scale.numerator * &difference.denominator
    }

    fn number() -> impl Strategy<Value = TwoPartF64> {
        (-1e30f64..1e30, -1.0f64..1.0, -60i32..60).prop_map(|(high, low, e)| TwoPartF64::new(high, high * low * 1e-17).times_two_to(e))
    }

    proptest! {
        #[test]
        fn operations_have_a_hundred_bits(a in number(), b in number()) {
            prop_assume!(a.high != 0.0 && b.high != 0.0);
            let (x, y) = (exact(a), exact(b));
            let size = |ratio: &Ratio| Ratio::new(&ratio.numerator * signum(&ratio.numerator), ratio.denominator.clone());
            let sum = Ratio::new(&x.numerator * &y.denominator + &y.numerator * &x.denominator, &x.denominator * &y.denominator);
            prop_assert!(close(&exact(a.plus(b)), &sum, &larger(size(&x), size(&y))));
            prop_assert!(close(&exact(a.times(b)), &x.times(&y), &size(&x.times(&y))));
            let sign = signum(&y.numerator);
            let quotient = Ratio::new(&x.numerator * &y.denominator * sign, &x.denominator * &y.numerator * sign);
            prop_assert!(close(&exact(a.over(b)), &quotient, &size(&quotient)));
            let square = if a.high < 0.0 { a.negated() } else { a };
            let root = exact(square.root());
            prop_assert!(close(&root.times(&root), &exact(square), &exact(square)));
        }
    }

    /// Returns the larger of two ratios with denominators above zero.
    fn larger(a: Ratio, b: Ratio) -> Ratio {
        if &a.numerator * &b.denominator >= &b.numerator * &a.denominator { a } else { b }
    }
}
