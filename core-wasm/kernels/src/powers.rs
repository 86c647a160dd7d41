//! Powers of ten in the three types in which they are needed, each table once.

/// Largest power of ten that an f64 holds exactly: 5^22 has 52 bits.
pub const F64_EXPONENT_MAX: usize = 22;
/// Largest power of ten below 2^63.
pub const I64_EXPONENT_MAX: usize = 18;
/// Largest power of ten below 2^127.
pub const I128_EXPONENT_MAX: usize = 38;

/// 10^0, 10^1, .., 10^22. Each product of the loop is an exact f64, so nothing is rounded.
pub const F64_POWERS: [f64; F64_EXPONENT_MAX + 1] = {
    let mut powers = [1.0; F64_EXPONENT_MAX + 1];
    let mut at = 1;
    while at < powers.len() {
        powers[at] = powers[at - 1] * 10.0;
        at += 1;
    }
    powers
};

/// 10^0, 10^1, .., 10^38.
pub const I128_POWERS: [i128; I128_EXPONENT_MAX + 1] = {
    let mut powers = [1; I128_EXPONENT_MAX + 1];
    let mut at = 1;
    while at < powers.len() {
        powers[at] = powers[at - 1] * 10;
        at += 1;
    }
    powers
};

/// 10^0, 10^1, .., 10^18.
pub const I64_POWERS: [i64; I64_EXPONENT_MAX + 1] = {
    let mut powers = [1; I64_EXPONENT_MAX + 1];
    let mut at = 1;
    while at < powers.len() {
        powers[at] = I128_POWERS[at] as i64;
        at += 1;
    }
    powers
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_agree_and_end_where_their_types_do() {
        assert!(F64_POWERS.iter().zip(I128_POWERS).all(|(float, integer)| *float as i128 == integer));
        assert!(I64_POWERS.iter().zip(I128_POWERS).all(|(narrow, wide)| i128::from(*narrow) == wide));
        assert_eq!(I64_POWERS[I64_EXPONENT_MAX].checked_mul(10), None);
        assert_eq!(I128_POWERS[I128_EXPONENT_MAX].checked_mul(10), None);
        // the next power of five has 54 bits
        assert!(5u64.pow(F64_EXPONENT_MAX as u32) < 1 << 53 && 5u64.pow(F64_EXPONENT_MAX as u32 + 1) > 1 << 53);
    }
}
