//! Logarithms of decimal numbers with a mantissa of up to 63 bits, correctly rounded, in integers.
//!
//! *Method* (P. T. P. Tang, Table-driven implementation of the logarithm function in IEEE floating-point arithmetic, ACM Transactions on
//! Mathematical Software 16, 1990). The mantissa is `2^e` times a number z from 1 to 2. With k, the integer nearest to `256 / z`,
//!
//! ```text
//! ln(mantissa * 10^-scale) = e ln 2 + ln(256 / k) + ln(1 + u) - scale ln 10,    1 + u = z k / 256
//! ```
//!
//! z and u are exact, and |u| is at most about 2^-8. So ten terms of the series of `ln(1 + u)` leave 2^-91. The result is right to within
//! 2^-[`ERROR_BITS`]. Where both ends of that interval have the same nearest f64, it is the result (A. Ziv, Fast evaluation of elementary
//! mathematical functions with correctly rounded last bit, ACM Transactions on Mathematical Software 17, 1991). Else there is none: once in
//! some 2^30 numbers, and for numbers so close to 1 that they agree with it in 30 bits or more.
//!
//! *Invariants*: integers only, until the last conversion to f64. So every machine gives the same bits.

/// Results are integers that count units of 2^-112.
const FRACTION_BITS: u32 = 112;
/// A result is right to within 2^-83.
const ERROR_BITS: u32 = 83;
/// Largest scale. `1000 ln 10` leaves room for the sign in 128 bits.
const SCALE_MAX: u32 = 1000;
/// Steps of the table between 1 and 2.
const STEPS: usize = 128;
/// `LOGS[i]` is `ln(1 + i / 128)`.
const LOGS: [i128; STEPS + 1] = logs();
const LN_2: i128 = LOGS[STEPS];
/// `8 * 1.25`.
const LN_10: i128 = 3 * LN_2 + LOGS[STEPS / 4];
const LOG10_E: i128 = inverse(LN_10);
/// 2^70, exactly.
const TWO_TO_70: f64 = (1u128 << 70) as f64;
/// 2^-112, exactly.
const UNIT: f64 = 1.0 / (1u128 << FRACTION_BITS) as f64;

/// Returns the f64 nearest to `ln(mantissa * 10^-scale)`, if this method finds it. The mantissa is from 1 to 2^63 - 1.
#[inline(never)]
pub fn ln(mantissa: u64, scale: u32) -> Option<f64> {
    settled(ln_of_integer(mantissa) - multiple_of(LN_10, scale)?)
}

/// Returns the f64 nearest to `log10(mantissa * 10^-scale)`, if this method finds it. The mantissa is from 1 to 2^63 - 1.
#[inline(never)]
pub fn log10(mantissa: u64, scale: u32) -> Option<f64> {
    settled(times(ln_of_integer(mantissa), LOG10_E) - multiple_of(1 << FRACTION_BITS, scale)?)
}

/// Returns `ln(1 + i / 128)` for i from 0 to 128, right to within 2 units.
const fn logs() -> [i128; STEPS + 1] {
    // ln((k + 1) / k) = 2 artanh(1 / (2 k + 1)), with 12 bits more than the results have
    const GUARD_BITS: u32 = 12;
    let mut logs = [0; STEPS + 1];
    let mut sum = 0u128;
    let mut step = 0;
    while step < STEPS {
        let inverse = 2 * (STEPS + step) as u128 + 1;
        let mut power = (2 << (FRACTION_BITS + GUARD_BITS)) / inverse;
        let mut degree = 1;
        while power > 0 {
            sum += power / degree;
            power /= inverse * inverse;
            degree += 2;
        }
        step += 1;
        logs[step] = (sum >> GUARD_BITS) as i128;
    }
    logs
}

/// Returns one over a number above 1, bit by bit.
const fn inverse(value: i128) -> i128 {
    let (mut rest, mut quotient, mut bit) = (1 << FRACTION_BITS, 0, 0);
    while bit < FRACTION_BITS {
        rest *= 2;
        quotient *= 2;
        if rest >= value {
            rest -= value;
            quotient += 1;
        }
        bit += 1;
    }
    quotient
}

/// Returns `count` times a number below 3; none for more than [`SCALE_MAX`].
fn multiple_of(value: i128, count: u32) -> Option<i128> {
    (count <= SCALE_MAX).then(|| value * i128::from(count))
}

/// Returns the product of a number below 64 and one below 1, right to within 3 units.
fn times(a: i128, b: i128) -> i128 {
    const HALF: u32 = FRACTION_BITS / 2;
    const LOW: i128 = (1 << HALF) - 1;
    let ((a_high, a_low), (b_high, b_low)) = ((a >> HALF, a & LOW), (b >> HALF, b & LOW));
    a_high * b_high + ((a_high * b_low + a_low * b_high) >> HALF)
}

/// Returns the logarithm of an integer from 1 to 2^63 - 1.
fn ln_of_integer(integer: u64) -> i128 {
    let zeros = integer.leading_zeros() - 1;
    let z = integer << zeros;
    let k = (TWO_TO_70 / z as f64 + 0.5) as u64;
    // z k is 2^70 (1 + u), and 2^70 is zero modulo 2^64
    let u = z.wrapping_mul(k).cast_signed();
    i128::from(62 - zeros) * LN_2 + LN_2 - LOGS[k as usize - STEPS] + ln_of_one_and(u.into())
}

/// Returns `ln(1 + u 2^-70)` for |u| up to about 2^62, right to within 2^-84.
fn ln_of_one_and(u: i128) -> i128 {
    let square = u * u;
    // 1/3 - u/4 + u^2/5 - .. - u^7/10 in units of 2^-62. Each step is cut off by at most two units and shrinks the error of the one before.
    let rest = (3..10).rev().fold((1 << 62) / 10, |sum, degree| (1 << 62) / degree - ((u * sum) >> 70));
    // u^2 and its product with `rest`, in units of 2^-78, are right to within 2^-76; times u within 2^-84
    let cube = ((((square >> 62) * rest) >> 62) * u) >> 36;
    (u << 42) - (square >> 29) + cube
}

/// Returns the f64 nearest to all numbers that differ from this one by no more than the error; none if there is no such f64.
fn settled(value: i128) -> Option<f64> {
    const ERROR: i128 = 1 << (FRACTION_BITS - ERROR_BITS);
    let (low, high) = ((value - ERROR) as f64, (value + ERROR) as f64);
    (low == high).then_some(low * UNIT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Digits of ln 2, ln 10 and log10(e), rounded down.
    #[test]
    fn constants_are_right() {
        for (value, digits) in [
            (LN_2, 693_147_180_559_945_309_417_232_121_458_i128),
            (LN_10 - (2 << FRACTION_BITS), 302_585_092_994_045_684_017_991_454_684),
            (LOG10_E, 434_294_481_903_251_827_651_128_918_916),
        ] {
            let (mut rest, mut found) = (value, 0);
            for _ in 0..30 {
                rest *= 10;
                found = found * 10 + (rest >> FRACTION_BITS);
                rest &= (1 << FRACTION_BITS) - 1;
            }
            assert_eq!(found, digits);
        }
    }

    /// The logarithm of a product is the sum of the logarithms, whatever the steps of the table that they use.
    #[test]
    fn logarithms_add_up() {
        for a in (1..3_000_000_000u64).step_by(40_000_003) {
            for b in (1..3_000_000_000u64).step_by(40_000_007) {
                let difference = ln_of_integer(a) + ln_of_integer(b) - ln_of_integer(a * b);
                assert!(difference.abs() <= 3 << (FRACTION_BITS - ERROR_BITS), "{a} {b}");
            }
        }
    }

    #[test]
    fn powers_of_ten_have_whole_logarithms() {
        for power in 1..19 {
            let mantissa = 10u64.pow(power);
            assert_eq!(log10(mantissa, 0), Some(f64::from(power)));
            assert_eq!(log10(mantissa, 30), Some(f64::from(power) - 30.0));
        }
    }

    #[test]
    fn what_is_not_settled_has_no_result() {
        assert_eq!((ln(1, 0), log10(100, 2)), (None, None));
        assert_eq!(ln(1_000_000_000_000_000_001, 18), None);
        assert_eq!(ln(3, SCALE_MAX + 1), None);
        assert!(ln(i64::MAX.unsigned_abs(), SCALE_MAX).is_some());
    }

    proptest! {
        #[test]
        fn logarithms_are_those_of_the_standard_library_but_for_rounding(mantissa in 1u64..1 << 53, bits in 0u32..52) {
            let mantissa = (mantissa >> bits).max(2);
            for (found, want) in [(ln(mantissa, 0), (mantissa as f64).ln()), (log10(mantissa, 0), (mantissa as f64).log10())] {
                prop_assert!((found.unwrap() - want).abs() <= 2.0 * f64::EPSILON * want);
            }
        }
    }
}
