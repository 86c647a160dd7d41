//! Exact numbers to the nearest f64: ratios of integers and square roots of ratios, rounded once, ties to even.
//!
//! *Method*: an integer quotient (or root) of at least [`QUOTIENT_BITS`] bits, its lowest bit set if anything is left over ("sticky"),
//! rounded to 53 bits, or to fewer where the result is subnormal.

use dashu_base::{BitTest, DivRem, Sign, Signed, SquareRootRem, UnsignedAbs};
use dashu_int::{IBig, UBig};

/// Bits that a quotient has at least before it is rounded: 53 and enough to see a tie.
const QUOTIENT_BITS: i64 = 64;
/// Bits of the fraction of an f64, with the hidden one.
const PRECISION: i64 = 53;
/// Exponent of the lowest bit of the smallest subnormal f64.
const LOWEST_BIT: i64 = -1074;

/// `numerator / denominator` as the nearest f64. Zero has no sign. A result beyond the largest f64 is infinite:
/// callers refuse it. The denominator is not zero.
pub fn ratio_to_f64(numerator: &IBig, denominator: &IBig) -> f64 {
    let negative = numerator.is_negative() != denominator.is_negative();
    let (quotient, exponent) = quotient_sticky(numerator.unsigned_abs(), denominator.unsigned_abs(), 1);
    round(negative, &quotient, exponent)
}

/// The square root of `numerator / denominator`, neither negative, as the nearest f64.
pub fn sqrt_ratio_to_f64(numerator: &IBig, denominator: &IBig) -> f64 {
    let (quotient, exponent) = quotient_sticky(numerator.unsigned_abs(), denominator.unsigned_abs(), 2);
    let sticky = quotient.bit(0);
    let (mut root, rest) = quotient.sqrt_rem();
    if sticky || rest != UBig::ZERO {
        // the root keeps QUOTIENT_BITS bits, so its lowest one is free to say that something is left over
        root |= UBig::ONE;
    }
    round(false, &root, exponent / 2)
}

/// (q, e) with q * 2^e = numerator / denominator but for what the lowest bit of q says is left over. `root`: e is a multiple of it, and q
/// has QUOTIENT_BITS bits for each of it.
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
    // one more bit below, so that a sticky bit never falls onto a bit that counts
    let low = UBig::from(u8::from(rest != UBig::ZERO));
    ((quotient << root as usize) | low, -shift - root)
}

/// The f64 nearest to `mantissa * 2^exponent`, ties to even.
fn round(negative: bool, mantissa: &UBig, exponent: i64) -> f64 {
    if *mantissa == UBig::ZERO {
        return 0.0;
    }
    let top = mantissa.bit_len() as i64 + exponent;
    let lowest = (top - PRECISION).max(LOWEST_BIT);
    let drop = lowest - exponent;
    let kept = if drop <= 0 { mantissa << drop.unsigned_abs() as usize } else { shift_right_to_even(mantissa, drop as usize) };
    let magnitude = pow2_times(u64::try_from(&kept).unwrap_or(u64::MAX), lowest);
    if negative { -magnitude } else { magnitude }
}

fn shift_right_to_even(mantissa: &UBig, bits: usize) -> UBig {
    let kept = mantissa >> bits;
    let half = mantissa.bit(bits - 1);
    let below = mantissa.trailing_zeros().is_some_and(|zeros| zeros < bits - 1);
    if half && (below || kept.bit(0)) { kept + UBig::ONE } else { kept }
}

/// `kept * 2^exponent` for `kept` of at most 53 bits (or 2^53): exact, or infinite.
fn pow2_times(kept: u64, exponent: i64) -> f64 {
    if exponent > 1023 {
        return f64::INFINITY;
    }
    // each factor and each product is exact: the value has at most 53 bits above LOWEST_BIT
    let half = exponent / 2;
    kept as f64 * pow2(half) * pow2(exponent - half)
}

/// 2^exponent for a normal exponent.
fn pow2(exponent: i64) -> f64 {
    f64::from_bits(((exponent + 1023) as u64) << 52)
}

/// The sign of an integer as -1, 0 or 1.
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

        #[test]
        fn quotients_are_rounded_as_the_processor_does(a in -(1i64 << 53)..1i64 << 53, b in 1i64..1i64 << 53) {
            let want = a as f64 / b as f64;
            prop_assert_eq!(ratio_to_f64(&IBig::from(a), &IBig::from(b)), want);
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
