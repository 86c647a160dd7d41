//! Square roots of decimal numbers with a mantissa of up to 63 bits, correctly rounded.
//!
//! *Method*. The root of the quotient in f64 is at most two steps from the nearest f64 to the root. With that f64 as `q * 2^-half`, it is
//! the nearest one exactly if the number lies between `(q - 1/2)^2` and `(q + 1/2)^2` times `2^(-2 half)`. All sides times `4 * 10^scale *
//! 2^(2 half)` are integers. They have more than 128 bits, and their difference does not: so it is right modulo 2^128. No number of so few
//! digits has its root in the middle between two f64, because the square of such a middle has 107 bits or more.

use crate::powers::{F64_POWERS, I64_EXPONENT_MAX, I64_POWERS};

/// Stored bits of the significand of an f64.
const FRACTION_BITS: u32 = 52;
/// The power of two of the significand's last bit is the stored exponent less this.
const EXPONENT_OF_LAST_BIT: u64 = 1075;

/// Returns the f64 nearest to the square root of `mantissa * 10^-scale`, if this method finds it: for scales up to 18, unless the root is
/// just below a power of two. The mantissa is from 1 to 2^63 - 1.
#[inline(never)]
pub fn sqrt(mantissa: u64, scale: u32) -> Option<f64> {
    if scale as usize > I64_EXPONENT_MAX {
        return None;
    }
    let power = I64_POWERS[scale as usize].into();
    let mut root = (mantissa as f64 / F64_POWERS[scale as usize]).sqrt();
    for _ in 0..3 {
        let significand = root.to_bits() & ((1 << FRACTION_BITS) - 1) | 1 << FRACTION_BITS;
        let half = (EXPONENT_OF_LAST_BIT - (root.to_bits() >> FRACTION_BITS)) as u32;
        let excess = excess(mantissa, power, significand, half);
        let (whole, quarter) = (4 * i128::from(significand) * power, 4 * excess - power);
        match () {
            () if quarter > whole => root = root.next_up(),
            () if quarter < -whole => root = root.next_down(),
            // below a power of two the distance to the next f64 is half of that above
            () if significand == 1 << FRACTION_BITS && excess < 0 => return None,
            () => return Some(root),
        }
    }
    None
}

/// Returns `mantissa * 2^(2 half) - q^2 * power`, which has at most 120 bits.
fn excess(mantissa: u64, power: i128, q: u64, half: u32) -> i128 {
    let number = u128::from(mantissa).checked_shl(2 * half).unwrap_or(0);
    let square = u128::from(q) * u128::from(q);
    number.wrapping_sub(square.wrapping_mul(power.cast_unsigned())).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn squares_have_exact_roots() {
        for root in (3..3_000_000_000u64).step_by(12_345_677) {
            assert_eq!(sqrt(root * root, 0), Some(root as f64));
            assert_eq!(sqrt(root * root, 18), Some(root as f64 / 1e9));
        }
    }

    #[test]
    fn other_methods_find_the_rest() {
        assert_eq!((sqrt(1, 0), sqrt(400, 2)), (Some(1.0), Some(2.0)));
        assert_eq!((sqrt(99_999_999_999_999_999, 17), sqrt(3, 19)), (None, None));
        assert!(sqrt(i64::MAX.unsigned_abs(), 0).is_some());
    }

    proptest! {
        /// IEEE 754 demands that square roots of f64 be correctly rounded.
        #[test]
        fn roots_of_integers_are_those_of_the_processor(mantissa in 2u64..1 << 53, bits in 0u32..50) {
            let mantissa = (mantissa >> bits).max(2);
            let want = (mantissa as f64).sqrt();
            prop_assert_eq!(sqrt(mantissa, 0), Some(want));
        }
    }
}
