//! The shortest decimal text of a float of 16 bits.

use std::sync::OnceLock;

/// Bits of a float of 16 bits: sign, exponent, and those below it.
const SIGN: u16 = 0x8000;
const EXPONENT: u16 = 0x7c00;
const FRACTION: u16 = 0x03ff;

/// Most digits that the text of a float of 16 bits needs.
const DIGITS_MAX: u32 = 5;

/// Returns the f64 nearest to the shortest decimal text that reads back as the float of 16 bits with these bits: 0.1, and not 0.0999755859375.
pub(super) fn f64_of_shortest_text(bits: u16) -> f64 {
    static POSITIVE: OnceLock<Vec<f64>> = OnceLock::new();
    if bits & EXPONENT == EXPONENT {
        let infinity = if bits & SIGN == 0 { f64::INFINITY } else { f64::NEG_INFINITY };
        return if bits & FRACTION == 0 { infinity } else { f64::NAN };
    }
    let positive = POSITIVE.get_or_init(|| (0..EXPONENT).map(|bits| shortest_text(bits).parse().unwrap_or(f64::NAN)).collect());
    let value = positive[usize::from(bits & !SIGN)];
    if bits & SIGN == 0 { value } else { -value }
}

/// Returns the shortest text of a positive finite float; of several, the one nearest to it.
fn shortest_text(bits: u16) -> String {
    if bits == 0 {
        return "0".to_owned();
    }
    let value = units(bits);
    let digits_of_value = |decimals: i32| scaled(value, decimals).checked_ilog10().unwrap_or(0) + 1;
    for digits in 1..=DIGITS_MAX {
        // the greatest value, 65504, has five digits before the point, and the least, about 6e-8, has its first at the eighth place
        let Some(decimals) = (-4..=12).find(|decimals| scaled(value, *decimals) > 0 && digits_of_value(*decimals) == digits) else {
            continue;
        };
        let below = scaled(value, decimals);
        let distance = |mantissa: u128| (at_unit(mantissa, decimals)).abs_diff(value_at_unit(value, decimals));
        let nearest = [below, below + 1]
            .into_iter()
            .filter(|mantissa| reads_back(*mantissa, decimals, bits))
            .min_by_key(|mantissa| distance(*mantissa));
        if let Some(mantissa) = nearest {
            return format!("{mantissa}e{}", -decimals);
        }
    }
    // not reached: five digits are enough for eleven bits
    String::new()
}

/// Returns a positive finite float in units of 2^-25: half the least float, so that what lies halfway between two floats is whole.
fn units(bits: u16) -> u128 {
    let (exponent, fraction) = (bits >> 10, u128::from(bits & FRACTION));
    match exponent {
        0 => fraction << 1,
        _ => (fraction | 0x400) << exponent,
    }
}

/// Returns the digits of a value down to `decimals` places after the point, cut off.
fn scaled(value: u128, decimals: i32) -> u128 {
    value_at_unit(value, decimals) / at_unit(1, decimals)
}

/// Returns `value` and `mantissa * 10^-decimals` in the same unit.
fn value_at_unit(value: u128, decimals: i32) -> u128 {
    value * 10_u128.pow(decimals.max(0).unsigned_abs())
}

/// See [`value_at_unit`].
fn at_unit(mantissa: u128, decimals: i32) -> u128 {
    (mantissa << 25) * 10_u128.pow((-decimals).max(0).unsigned_abs())
}

/// Whether `mantissa * 10^-decimals` rounds to this float, to even from halfway.
fn reads_back(mantissa: u128, decimals: i32, bits: u16) -> bool {
    let value = units(bits);
    // above the greatest float lies infinity, as far away as a next float would
    let above = if bits + 1 == EXPONENT { 2 * value - units(bits - 1) } else { units(bits + 1) };
    let low = value_at_unit(value + units(bits - 1), decimals);
    let high = value_at_unit(value + above, decimals);
    let decimal = 2 * at_unit(mantissa, decimals);
    let is_even = bits & 1 == 0;
    low < decimal && decimal < high || is_even && (decimal == low || decimal == high)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the bits of the float nearest to a positive value that is exact in f64, by trying all.
    fn nearest(value: f64) -> u16 {
        let exact = |bits: u16| units(bits) as f64 / f64::from(1 << 25);
        let above = (0..EXPONENT).collect::<Vec<_>>().partition_point(|&bits| exact(bits) < value) as u16;
        let (low, high) = (above.saturating_sub(1), above.min(EXPONENT - 1));
        match (value - exact(low)).total_cmp(&(exact(high) - value)) {
            std::cmp::Ordering::Less => low,
            std::cmp::Ordering::Greater => high,
            std::cmp::Ordering::Equal => {
                if low & 1 == 0 {
                    low
                } else {
                    high
                }
            }
        }
    }

    #[test]
    fn known_texts() {
        for (bits, value) in [
            (0x0000, 0.0),
            (0x0001, 6e-8),
            (0x03ff, 6.1e-5),
            (0x0400, 6.104e-5),
            (0x2e66, 0.1),
            (0x3555, 0.3333),
            (0x3c00, 1.0),
            (0x3c01, 1.001),
            (0x4240, 3.125),
            (0x6800, 2048.0),
            (0x7bff, 65500.0),
            (0xbc00, -1.0),
        ] {
            assert_eq!(f64_of_shortest_text(bits), value, "{bits:#x}");
        }
        assert!(f64_of_shortest_text(0x7e00).is_nan());
        assert_eq!((f64_of_shortest_text(0x7c00), f64_of_shortest_text(0xfc00)), (f64::INFINITY, f64::NEG_INFINITY));
        assert!(f64_of_shortest_text(0x8000).is_sign_negative());
    }

    /// No text with fewer digits reads back, and the text does.
    #[test]
    fn texts_read_back_and_are_shortest() {
        for bits in (1..EXPONENT).step_by(97) {
            let value = f64_of_shortest_text(bits);
            assert_eq!(nearest(value), bits, "{value}");
            let digits = format!("{value:e}").split('e').next().unwrap().replace('.', "").len();
            let exact = units(bits) as f64 / f64::from(1 << 25);
            if digits > 1 {
                let shorter: f64 = format!("{exact:.*e}", digits - 2).parse().unwrap();
                assert_ne!(nearest(shorter), bits, "{value} or {shorter}");
            }
        }
    }
}
