//! Logarithms of decimal numbers of any size, by integers of growing precision.
//!
//! *Method* (A. Ziv, Fast evaluation of elementary mathematical functions with correctly rounded last bit, ACM Transactions on Mathematical
//! Software 17, 1991): the logarithm is enclosed between two numbers, with ever more bits, until both have the same nearest f64. That ends,
//! because the logarithm is irrational, and so no f64 and no middle between two: ln of every rational number but 1 is (it is even
//! transcendental, by the theorem of Lindemann), and log10 of every rational number but the powers of ten. Those are exact.

use crate::decimal::{Decimal, ten_to};
use crate::rounding::ratio_to_f64;
use dashu_base::{Abs, BitTest, Signed};
use dashu_int::IBig;

/// Bits after the point of the first enclosure.
const FIRST_BITS: usize = 128;

/// Returns the f64 nearest to the natural logarithm of a number above zero.
pub(super) fn ln(x: &Decimal) -> f64 {
    let one = ten_to(x.scale);
    if x.mantissa == one {
        return 0.0;
    }
    nearest(&x.mantissa, &one, |ln, bits| [(ln[0].clone(), IBig::ONE << bits), (ln[1].clone(), IBig::ONE << bits)])
}

/// Returns the f64 nearest to the logarithm to base 10 of a number above zero.
pub(super) fn log10(x: &Decimal) -> f64 {
    if let Some(exponent) = exponent_of_ten(x) {
        return exponent as f64;
    }
    nearest(&x.mantissa, &ten_to(x.scale), |ln, bits| {
        let [low, high] = enclose(&IBig::from(10), &IBig::ONE, bits);
        [(ln[0].clone(), high), (ln[1].clone(), low)]
    })
}

/// Returns e if a number above zero is `10^e`.
fn exponent_of_ten(x: &Decimal) -> Option<i64> {
    let text = x.mantissa.to_string();
    let zeros = text.strip_prefix('1')?;
    zeros.bytes().all(|byte| byte == b'0').then_some(zeros.len() as i64 - i64::from(x.scale))
}

/// Returns the f64 nearest to a function of the logarithm of `numerator / denominator`, which are above zero and differ. `ends` turns an
/// enclosure of a logarithm above zero, in units of 2^-bits, into the ratios between which the function is.
fn nearest(numerator: &IBig, denominator: &IBig, ends: impl Fn([IBig; 2], usize) -> [(IBig, IBig); 2]) -> f64 {
    let negative = numerator < denominator;
    let (more, less) = if negative { (denominator, numerator) } else { (numerator, denominator) };
    let mut bits = FIRST_BITS;
    loop {
        let [low, high] = ends(enclose(more, less, bits), bits).map(|(numerator, denominator)| ratio_to_f64(&numerator, &denominator));
        if low == high {
            return if negative { -low } else { low };
        }
        bits *= 2;
    }
}

/// Returns two integers between which `ln(numerator / denominator) * 2^bits` is. The ratio is at least 1.
///
/// With `2^e` near the ratio, `ln(ratio) = e ln 2 + 2 artanh(z)` for `z = (y - 1) / (y + 1)`, `y = ratio / 2^e` from 2/3 to 4/3.
fn enclose(numerator: &IBig, denominator: &IBig, bits: usize) -> [IBig; 2] {
    let mut exponent = numerator.bit_len() - denominator.bit_len();
    let mut divisor = denominator << exponent;
    // now the ratio over 2^e is between 1/2 and 2
    if numerator * IBig::from(3) > &divisor * IBig::from(4) {
        exponent += 1;
        divisor <<= 1;
    } else if exponent > 0 && numerator * IBig::from(3) < &divisor * IBig::from(2) {
        exponent -= 1;
        divisor >>= 1;
    }
    let ln_2 = artanh(&IBig::ONE, &IBig::from(3), bits) * 2;
    let ln = ln_2 * exponent + artanh(&(numerator - &divisor), &(numerator + &divisor), bits) * 2;
    let error = (exponent + 1) * 2 * (bits + 6);
    [&ln - error, ln + error]
}

/// Returns `artanh(numerator / denominator) * 2^bits` for a ratio between -1/3 and 1/3, with an error below `bits + 6`.
///
/// Each power of z is cut off by less than two units, and each quotient by one more: at most three for each of at most `bits / 3 + 1` terms,
/// and three for the terms that are left out.
fn artanh(numerator: &IBig, denominator: &IBig, bits: usize) -> IBig {
    let z = (numerator.abs() << bits) / denominator;
    let square = (&z * &z) >> bits;
    let (mut power, mut sum, mut degree) = (z, IBig::ZERO, 1u32);
    while power != IBig::ZERO {
        sum += &power / degree;
        power = (power * &square) >> bits;
        degree += 2;
    }
    if numerator.is_negative() { -sum } else { sum }
}
