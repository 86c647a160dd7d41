//! Ratios of integers, and square roots of such ratios, to the nearest f64: rounded once, ties to even. A ratio also to the sum of two f64.
//!
//! *Method*: an integer quotient or root has at least [`QUOTIENT_BITS`] bits, and its lowest bit is set if there is a remainder (a sticky
//! bit). It is then rounded to 53 bits, or to fewer if the result is subnormal.

use dashu_base::{BitTest, DivRem, Sign, Signed, SquareRootRem, UnsignedAbs};
use dashu_int::{IBig, UBig};

/// Fewest bits of a quotient before it is rounded: 53, and enough more to see a tie.
const QUOTIENT_BITS: i64 = 64;
/// Bits of the significand of an f64, the hidden one included.
const PRECISION: i64 = 53;
/// Exponent of the lowest bit of the smallest subnormal f64.
const LOWEST_BIT: i64 = -1074;

/// Returns the f64 nearest to `numerator / denominator`, ties to even. The denominator is not zero. Zero has no sign. A result beyond the
/// largest f64 is infinite; callers refuse it.
pub fn ratio_to_f64(numerator: &IBig, denominator: &IBig) -> f64 {
    // a quotient of two integers that f64 hold exactly is rounded once
    if let (Some(numerator), Some(denominator)) = (exact_f64(numerator), exact_f64(denominator)) {
        return numerator / denominator + 0.0;
    }
    let negative = numerator.is_negative() != denominator.is_negative();
    let (quotient, exponent) = quotient_sticky(numerator.unsigned_abs(), denominator.unsigned_abs(), 1);
    round(negative, &quotient, exponent)
}

/// Returns the f64 nearest to `numerator / denominator`, and the f64 nearest to the rest; both with ties to even. A rest that rounds to zero
/// has no sign. It is zero if the first f64 is infinite. The denominator is not zero.
pub fn ratio_to_two_f64(numerator: &IBig, denominator: &IBig) -> (f64, f64) {
    let negative = numerator.is_negative() != denominator.is_negative();
    let (numerator, denominator) = (numerator.unsigned_abs(), denominator.unsigned_abs());
    // as many bits as for a root: more than two f64 have
    let (quotient, exponent) = quotient_sticky(numerator.clone(), denominator.clone(), 2);
    if quotient == UBig::ZERO {
        return (0.0, 0.0);
    }
    let (kept, lowest) = to_precision(&quotient, exponent);
    let value = pow2_times(u64::try_from(&kept).unwrap_or(u64::MAX), lowest);
    if value.is_infinite() {
        return (if negative { -value } else { value }, 0.0);
    }
    let sticky = quotient.bit(0);
    // the quotient has more bits than an f64, so the value is a multiple of its lowest bit
    let rest = IBig::from(quotient) - IBig::from(&kept << (lowest - exponent).unsigned_abs() as usize);
    let rest = if sticky && (rest.bit_len() as i64) < QUOTIENT_BITS {
        // the quotient has too few bits of a rest that is so small
        let (up, down) = (lowest.max(0) as usize, lowest.min(0).unsigned_abs() as usize);
        let rest = IBig::from(numerator << down) - IBig::from(kept << up) * &denominator;
        ratio_to_f64(&rest, &IBig::from(denominator << down))
    } else {
        round(rest.is_negative(), &rest.unsigned_abs(), exponent)
    };
    // adding zero removes the sign of a negative zero
    if negative { (-value, 0.0 - rest) } else { (value, rest + 0.0) }
}

/// Returns the f64 nearest to the square root of `numerator / denominator`, ties to even. Neither is negative, and the denominator is not
/// zero.
pub fn sqrt_ratio_to_f64(numerator: &IBig, denominator: &IBig) -> f64 {
    let (quotient, exponent) = quotient_sticky(numerator.unsigned_abs(), denominator.unsigned_abs(), 2);
    let sticky = quotient.bit(0);
    let (mut root, rest) = quotient.sqrt_rem();
    if sticky || rest != UBig::ZERO {
        // the root has QUOTIENT_BITS bits, so its lowest bit can serve as the sticky bit
        root |= UBig::ONE;
    }
    round(false, &root, exponent / 2)
}

/// Returns an integer of at most 53 bits as an f64; none for a longer one.
fn exact_f64(integer: &IBig) -> Option<f64> {
    let integer = i64::try_from(integer).ok()?;
    (integer.unsigned_abs() < 1 << PRECISION).then_some(integer as f64)
}

/// Returns (q, e) such that `q * 2^e` is `numerator / denominator` cut off, with a sticky lowest bit in q. q has at least
/// `root * QUOTIENT_BITS` bits, and e is a multiple of `root`.
fn quotient_sticky(numerator: UBig, denominator: UBig, root: i64) -> (UBig, i64) {
    if numerator == UBig::ZERO {
        return (UBig::ZERO, 0);
    }
    let bits = numerator.bit_len() as i64 - denominator.bit_len() as i64;
    let mut shift = QUOTIENT_BITS * root + 2 - bits;
    shift += shift.rem_euclid(root);
    let (numerator, denominator) =
        if shift >= 0 { (numerator << shift as usize, denominator) } else { (numerator, denominator << shift.unsigned_abs() as usize) };
    let (quotient, rest) = numerator.div_rem(&denominator);
    // one bit more at the end is the sticky bit
    let low = UBig::from(u8::from(rest != UBig::ZERO));
    ((quotient << root as usize) | low, -shift - root)
}

/// Returns the f64 nearest to `mantissa * 2^exponent`, ties to even.
fn round(negative: bool, mantissa: &UBig, exponent: i64) -> f64 {
    if *mantissa == UBig::ZERO {
        return 0.0;
    }
    let (kept, lowest) = to_precision(mantissa, exponent);
    let magnitude = pow2_times(u64::try_from(&kept).unwrap_or(u64::MAX), lowest);
    if negative { -magnitude } else { magnitude }
}

/// Rounds `mantissa * 2^exponent` to the precision of an f64, ties to even. Returns (m, e) with `m * 2^e`; m has at most 53 bits, or is
/// 2^53. The mantissa is not zero.
fn to_precision(mantissa: &UBig, exponent: i64) -> (UBig, i64) {
    let top = mantissa.bit_len() as i64 + exponent;
    let lowest = (top - PRECISION).max(LOWEST_BIT);
    let drop = lowest - exponent;
    let kept = if drop <= 0 { mantissa << drop.unsigned_abs() as usize } else { shift_right_to_even(mantissa, drop as usize) };
    (kept, lowest)
}

/// Returns `mantissa / 2^bits`, rounded to an integer, ties to even; `bits` is not zero.
fn shift_right_to_even(mantissa: &UBig, bits: usize) -> UBig {
    let kept = mantissa >> bits;
    let half = mantissa.bit(bits - 1);
    let below = mantissa.trailing_zeros().is_some_and(|zeros| zeros < bits - 1);
    if half && (below || kept.bit(0)) { kept + UBig::ONE } else { kept }
}

/// Returns `kept * 2^exponent`, exact or infinite, for `kept` of at most 53 bits, or 2^53.
fn pow2_times(kept: u64, exponent: i64) -> f64 {
    if exponent > 1023 {
        return f64::INFINITY;
    }
    // each factor and each product is exact, because the result has at most 53 bits, none of them below LOWEST_BIT
    let half = exponent / 2;
    kept as f64 * pow2(half) * pow2(exponent - half)
}

/// Returns (m, e) with `m * 2^e = value`, m odd or zero. `value` is finite.
pub(crate) fn exact_parts(value: f64) -> (IBig, i32) {
    let bits = value.abs().to_bits();
    let raw = (bits >> 52) as i32;
    let fraction = bits & ((1 << 52) - 1);
    let (mantissa, exponent) = if raw == 0 { (fraction, -1074) } else { (fraction | 1 << 52, raw - 1075) };
    if mantissa == 0 {
        return (IBig::ZERO, 0);
    }
    let zeros = mantissa.trailing_zeros();
    let odd = IBig::from(mantissa >> zeros);
    (if value < 0.0 { -odd } else { odd }, exponent + zeros as i32)
}

/// Returns `2^exponent` for the exponent of a normal f64.
pub(crate) fn pow2(exponent: i64) -> f64 {
    f64::from_bits(((exponent + 1023) as u64) << 52)
}

/// Returns the sign of an integer as -1, 0 or 1.
pub fn signum(value: &IBig) -> i32 {
    match value.sign() {
        _ if *value == IBig::ZERO => 0,
        Sign::Positive => 1,
        Sign::Negative => -1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Returns a finite f64 as a ratio.
    fn exact(value: f64) -> (IBig, IBig) {
        let bits = value.to_bits();
        let exponent = ((bits >> 52) & 0x7ff) as i64;
        let fraction = (bits & ((1 << 52) - 1)) | if exponent == 0 { 0 } else { 1 << 52 };
        let power = exponent.max(1) - 1075;
        let mantissa = IBig::from(fraction) * if value < 0.0 { IBig::from(-1) } else { IBig::ONE };
        if power >= 0 { (mantissa << power as usize, IBig::ONE) } else { (mantissa, IBig::ONE << power.unsigned_abs() as usize) }
    }

    #[test]
    fn ties_go_to_even() {
        let one = IBig::ONE;
        let two53 = &one << 53;
        assert_eq!(ratio_to_f64(&(&two53 + 1), &one), 9007199254740992.0);
        assert_eq!(ratio_to_f64(&(&two53 + 3), &one), 9007199254740996.0);
        assert_eq!(ratio_to_f64(&((&two53 + 1) * IBig::from(10).pow(50) + 1), &IBig::from(10).pow(50)), 9007199254740994.0);
    }

    #[test]
    fn ends_of_the_range() {
        let one = IBig::ONE;
        assert_eq!(ratio_to_f64(&one, &(&one << 1074)), f64::from_bits(1));
        assert_eq!(ratio_to_f64(&one, &(&one << 1075)), 0.0);
        assert_eq!(ratio_to_f64(&IBig::from(3), &(&one << 1075)), f64::from_bits(2));
        assert_eq!(ratio_to_f64(&(&one << 1024), &one), f64::INFINITY);
        assert_eq!(ratio_to_f64(&(-(&one << 1023)), &one), -(2f64.powi(1023)));
        assert_eq!(ratio_to_f64(&IBig::ZERO, &one).to_bits(), 0);
    }

    proptest! {
        #[test]
        fn an_f64_is_itself(bits: u64) {
            let value = f64::from_bits(bits);
            if value.is_finite() && value != 0.0 {
                let (n, d) = exact(value);
                prop_assert_eq!(ratio_to_f64(&n, &d).to_bits(), bits);
            }
        }

        /// Denominators of few bits make rests that are zero or very small.
        #[test]
        fn two_parts_are_the_nearest_to_the_ratio_and_to_the_rest(
            numerator: i128, shift in 0usize..1200, denominator in prop_oneof![1i64..9, 1i64..1 << 62, Just(1 << 53)], down: bool, near in -1i64..2,
        ) {
            let (up, down) = if down { (0, shift) } else { (shift, 0) };
            // `near` brings the numerator close to a multiple of the denominator with a lot of trailing zeros
            let numerators = [IBig::from(numerator) << up, ((IBig::from(numerator) * denominator) << up) + near];
            let denominator = IBig::from(denominator) << down;
            for n in numerators {
                let (value, rest) = ratio_to_two_f64(&n, &denominator);
                prop_assert_eq!(value.to_bits(), ratio_to_f64(&n, &denominator).to_bits());
                if value.is_finite() {
                    let (a, b) = exact(value);
                    let want = ratio_to_f64(&(&n * &b - a * &denominator), &(&denominator * b)) + 0.0;
                    prop_assert_eq!(rest.to_bits(), want.to_bits());
                }
            }
        }

        #[test]
        fn quotients_are_rounded_as_the_processor_does(a in -(1i64 << 53)..1i64 << 53, b in 1i64..1i64 << 53) {
            let (want, a, b) = (a as f64 / b as f64, IBig::from(a), IBig::from(b));
            prop_assert_eq!(ratio_to_f64(&a, &b).to_bits(), (want + 0.0).to_bits());
            prop_assert_eq!(ratio_to_f64(&(-&a << 80), &(-b << 80)).to_bits(), (want + 0.0).to_bits());
        }

        #[test]
        fn roots_are_rounded_as_the_processor_does(value in 1e-300f64..1e300) {
            let (n, d) = exact(value);
            prop_assert_eq!(sqrt_ratio_to_f64(&n, &d), value.sqrt());
        }

        #[test]
        fn squares_have_exact_roots(a in 0u64..1 << 53, b in 1u64..1 << 53) {
            let (n, d) = (IBig::from(a), IBig::from(b));
            prop_assert_eq!(sqrt_ratio_to_f64(&(&n * &n), &(&d * &d)), a as f64 / b as f64);
        }
    }
}
