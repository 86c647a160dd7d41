//! One row of decimal numbers to its prediction in numbers of two f64, with a bound of the error.
//!
//! *Method*: all terms are integers at the scale of the term with the most decimals. A coefficient is the sum of two f64, and so is an
//! integer of up to 2^106. Products are summed in numbers of two parts, and the sum is divided by powers of ten that f64 hold exactly.
//!
//! *Bound*: let u be 2^-53 and B the sum of the magnitudes of the K products. A product of two parts has a relative error of at most 7 u^2,
//! a sum 3 u^2 and a quotient 10 u^2 (M. Joldes, J.-M. Muller and V. Popescu, Tight and rigorous error bounds for basic building blocks of
//! double-word arithmetic, ACM Trans. Math. Softw. 44, 2017; the quotient here is theirs with one more step). No partial sum exceeds B by
//! more than a tiny part, so the sum is off by less than (7 + 3 K) u^2 B, and two quotients add 20 u^2 B. [`ERROR_UNITS`] is twice that.

use super::linear_form::{LinearForm, is_zero};
use crate::decimal::{Decimal, exact_power_of_ten};
use crate::rounding::pow2;
use crate::two_part::TwoPartF64;
use samefit_kernels::levels::is_settled;
use samefit_kernels::powers::{F64_EXPONENT_MAX, I128_POWERS};

/// Magnitudes of coefficients; products of them and integers neither overflow nor become subnormal.
const COEFFICIENTS: (f64, f64) = (1e-180, 1e180);
/// The error of a sum in units of u^2 B: a part for each product, and the rest.
const ERROR_UNITS: (f64, f64) = (6.0, 60.0);
/// Bits of an integer that two f64 hold.
const INTEGER_BITS: u32 = 105;

/// The coefficients of a linear form, made ready.
#[derive(Clone, Debug)]
pub(super) struct TwoPartCoefficients {
    /// The intercept, then the coefficients; empty if one of them is too large or too small.
    parts: Vec<TwoPartF64>,
}

/// A sum that is off by at most `error`.
#[derive(Clone, Copy, Debug)]
pub(super) struct RowSum {
    sum: TwoPartF64,
    error: f64,
}

impl TwoPartCoefficients {
    /// Returns coefficients that are the sums of two f64 each.
    pub(super) fn new(parts: &[(f64, f64)]) -> Self {
        let parts: Vec<TwoPartF64> = parts.iter().map(|&(value, remainder)| TwoPartF64::new(value, remainder)).collect();
        let is_usual = |part: &TwoPartF64| part.high == 0.0 || (COEFFICIENTS.0..COEFFICIENTS.1).contains(&part.high.abs());
        Self { parts: if parts.iter().all(is_usual) { parts } else { Vec::new() } }
    }

    /// Returns the prediction for a row; none if a number is too long for it.
    pub(super) fn sum(&self, form: &LinearForm, values: &[Decimal]) -> Option<RowSum> {
        let scale = form.scale(values);
        let intercept = integer(1, scale)?;
        let mut sum = self.parts.first()?.times(intercept);
        let mut size = sum.high.abs();
        for (factors, coefficient) in form.terms().iter().zip(&self.parts[1..]).filter(|(factors, _)| !is_zero(factors, values)) {
            let (mut mantissa, mut own) = (1i128, 0);
            for &(column, power) in factors {
                let value = i128::try_from(&values[column].mantissa).ok()?;
                mantissa = mantissa.checked_mul(value.checked_pow(power)?)?;
                own += values[column].scale * power;
            }
            let product = coefficient.times(integer(mantissa, scale - own)?);
            size += product.high.abs();
            sum = sum.plus(product);
        }
        let mut rest = scale;
        while rest > 0 {
            let power = rest.min(F64_EXPONENT_MAX as u32);
            let divisor = exact_power_of_ten(power)?;
            (sum, size, rest) = (sum.over(TwoPartF64::new(divisor, 0.0)), size / divisor, rest - power);
        }
        let units = ERROR_UNITS.0 * self.parts.len() as f64 + ERROR_UNITS.1;
        Some(RowSum { sum, error: units * pow2(-106) * size })
    }
}

/// Returns `mantissa * 10^power` in two parts, which is exact; none if it has too many bits.
fn integer(mantissa: i128, power: u32) -> Option<TwoPartF64> {
    let value = mantissa.checked_mul(*I128_POWERS.get(power as usize)?)?;
    let high = value as f64;
    (value.unsigned_abs() >> INTEGER_BITS == 0).then(|| TwoPartF64 { high, low: (value - high as i128) as f64 })
}

impl RowSum {
    /// Returns the nearest f64, if it is settled.
    pub(super) fn nearest(self) -> Option<f64> {
        is_settled(self.sum.high, self.sum.low, self.error).then_some(self.sum.high + 0.0)
    }

    /// Returns the f64 nearest to the sum with `other` added, if it is settled.
    pub(super) fn nearest_with(self, other: f64) -> Option<f64> {
        let sum = self.sum.plus(TwoPartF64 { high: other, low: 0.0 });
        Self { sum, error: self.error + 8.0 * pow2(-106) * sum.high.abs() }.nearest()
    }
}
