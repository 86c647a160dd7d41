//! Columns of integers to their bits, multiples and products.

/// Every bit that a magnitude has.
#[inline(never)]
pub fn all_bits(values: &[i64]) -> u64 {
    values.iter().fold(0, |all, value| all | value.unsigned_abs())
}

/// Multiplies each value, which must not overflow.
#[inline(never)]
pub fn multiply(values: &mut [i64], factor: i64) {
    values.iter_mut().for_each(|value| *value *= factor);
}

/// Appends multiples of other values, which must not overflow.
#[inline(never)]
pub fn extend_times(out: &mut Vec<i64>, values: &[i64], factor: i64) {
    out.extend(values.iter().map(|value| value * factor));
}

/// The products of two columns, which must not overflow.
#[inline(never)]
pub fn products(left: &[i64], right: &[i64]) -> Vec<i64> {
    left.iter().zip(right).map(|(l, r)| l * r).collect()
}
