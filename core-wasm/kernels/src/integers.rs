//! Columns of 64-bit integers: their bits, multiples and products.

/// Returns the bitwise or of all magnitudes: no value has more bits than the result.
#[inline(never)]
pub fn all_bits(values: &[i64]) -> u64 {
    values.iter().fold(0, |all, value| all | value.unsigned_abs())
}

/// Multiplies each value by `factor`. No product overflows.
#[inline(never)]
pub fn multiply(values: &mut [i64], factor: i64) {
    values.iter_mut().for_each(|value| *value *= factor);
}

/// Multiplies each value by the factor of its row. No product overflows.
#[inline(never)]
pub fn multiply_rows(values: &mut [i64], factors: &[i64]) {
    values.iter_mut().zip(factors).for_each(|(value, factor)| *value *= factor);
}

/// Appends `factor` times each value to `out`. No product overflows.
#[inline(never)]
pub fn extend_times(out: &mut Vec<i64>, values: &[i64], factor: i64) {
    out.extend(values.iter().map(|value| value * factor));
}

/// Returns the values at these indexes, in this order.
#[inline(never)]
pub fn gathered(values: &[i64], indexes: &[u32]) -> Vec<i64> {
    indexes.iter().map(|&at| values[at as usize]).collect()
}

/// Subtracts a number from each value, and sets what falls below zero to zero. No difference overflows.
#[inline(never)]
pub fn subtract_down_to_zero(values: &mut [i64], number: i64) {
    values.iter_mut().for_each(|value| *value = (*value - number).max(0));
}

/// Returns the products of two columns, row by row. No product overflows.
#[inline(never)]
pub fn products(left: &[i64], right: &[i64]) -> Vec<i64> {
    left.iter().zip(right).map(|(l, r)| l * r).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn columns_are_treated_as_their_values(values in prop::collection::vec(-(1i64 << 30)..1 << 30, 0..70), factor in -(1i64 << 30)..1 << 30) {
            let want: Vec<i64> = values.iter().map(|value| value * factor).collect();
            let mut multiplied = values.clone();
            multiply(&mut multiplied, factor);
            let mut appended = vec![7];
            extend_times(&mut appended, &values, factor);
            prop_assert_eq!(&multiplied, &want);
            prop_assert_eq!(&appended[1..], want.as_slice());
            prop_assert_eq!(products(&values, &vec![factor; values.len()]), want.clone());
            let mut subtracted = values.clone();
            subtract_down_to_zero(&mut subtracted, factor);
            prop_assert_eq!(subtracted, values.iter().map(|value| (value - factor).max(0)).collect::<Vec<_>>());
            let mut by_rows = values.clone();
            multiply_rows(&mut by_rows, &vec![factor; values.len()]);
            prop_assert_eq!(by_rows, want);
            let backwards: Vec<u32> = (0..values.len() as u32).rev().collect();
            prop_assert_eq!(gathered(&values, &backwards), values.iter().rev().copied().collect::<Vec<_>>());
            let most = values.iter().map(|value| 64 - value.unsigned_abs().leading_zeros()).max().unwrap_or(0);
            prop_assert_eq!(64 - all_bits(&values).leading_zeros(), most);
        }
    }
}
