//! Columns of f64: to the integers that they mean at a power of ten, and to predictions.
//!
//! Everything is computed with the same operations, in the same order, on every machine, so results are the same to the last bit.

/// Integers that [`integers_at`] finds are below this. Any decimal of 15 digits is the only one of so many digits that reads back as its
/// f64; a decimal of 16 digits may not be.
pub const SHORT_MAX: f64 = 1e15;
/// 1.5 * 2^52. Added to a number of a magnitude below 2^51, it leaves the nearest integer (ties to even) in the last bits of the sum. So
/// one addition rounds and converts, on every machine, two numbers at a time.
pub const INTEGER_BITS: f64 = 6_755_399_441_055_744.0;
/// What [`integers_at`] writes for a value that is no integer at the scale. No integer that it finds is as large.
pub const MISFIT: i64 = i64::MIN;

/// Finds integers k with `k / power == value`, as f64, and writes them to `integers`, [`MISFIT`] where there is none below [`SHORT_MAX`].
/// `power` is a power of ten. Returns whether there is an integer for every value.
#[inline(never)]
pub fn integers_at(values: &[f64], power: f64, integers: &mut [i64]) -> bool {
    let mut misfits = 0;
    for (&value, integer) in values.iter().zip(integers) {
        let shifted = value * power + INTEGER_BITS;
        let whole = shifted - INTEGER_BITS;
        let found = (whole / power == value) & (whole.abs() < SHORT_MAX);
        let bits = shifted.to_bits().wrapping_sub(INTEGER_BITS.to_bits()).cast_signed();
        *integer = if found { bits } else { MISFIT };
        misfits |= if found { 0 } else { MISFIT };
    }
    misfits == 0
}

/// Appends each value over `power`, a power of ten: the nearest f64 if both are exact f64.
#[inline(never)]
pub fn quotients(values: &[i64], power: f64, out: &mut Vec<f64>) {
    out.extend(values.iter().map(|&value| value as f64 / power));
}

/// Multiplies each product by the factor of its row.
#[inline(never)]
pub fn multiply(products: &mut [f64], factors: &[f64]) {
    products.iter_mut().zip(factors).for_each(|(product, factor)| *product *= factor);
}

/// Adds `factor` times the value of its row to each sum.
#[inline(never)]
pub fn add_times(sums: &mut [f64], factor: f64, values: &[f64]) {
    sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += factor * value);
}

/// Adds the factor that its row chooses times the value of its row to each sum.
#[inline(never)]
pub fn add_chosen_times(sums: &mut [f64], factors: &[f64], choices: &[u32], values: &[f64]) {
    sums.iter_mut().zip(choices).zip(values).for_each(|((sum, &choice), value)| *sum += factors[choice as usize] * value);
}

/// Sets the values of the rows whose choice is not one of those that are `kept` to zero.
#[inline(never)]
pub fn zero_unchosen(values: &mut [f64], kept: &[bool], choices: &[u32]) {
    values.iter_mut().zip(choices).for_each(|(value, &choice)| *value = if kept[choice as usize] { *value } else { 0.0 });
}

/// Ends one step of the forward substitution `L z = x` for many rows: subtracts `known`, the sum over the columns before, from `z`, and
/// adds `z^2 / d` to the leverages.
#[inline(never)]
pub fn add_leverage(z: &mut [f64], known: &[f64], d: f64, leverages: &mut [f64]) {
    for ((z, known), leverage) in z.iter_mut().zip(known).zip(leverages) {
        *z -= known;
        *leverage += *z * *z / d;
    }
}

/// Does what [`add_leverage`] does with the d that its row chooses.
#[inline(never)]
pub fn add_chosen_leverage(z: &mut [f64], known: &[f64], d: &[f64], choices: &[u32], leverages: &mut [f64]) {
    for (((z, known), &choice), leverage) in z.iter_mut().zip(known).zip(choices).zip(leverages) {
        *z -= known;
        *leverage += *z * *z / d[choice as usize];
    }
}

/// Turns each leverage h into half the width of an interval, `factor * sqrt(outcome + h)`; `outcome` is 1 for the interval of a new outcome,
/// and 0 for that of the mean. IEEE 754 demands that square roots be correctly rounded, so every machine gives the same bits.
#[inline(never)]
pub fn half_widths(leverages: &mut [f64], factor: f64, outcome: f64) {
    leverages.iter_mut().for_each(|leverage| *leverage = factor * (outcome + *leverage).sqrt());
}

/// Sets the mark of each value that lies outside a range, whose ends belong to it.
#[inline(never)]
pub fn mark_outside(values: &[f64], (low, high): (f64, f64), marks: &mut [bool]) {
    marks.iter_mut().zip(values).for_each(|(mark, value)| *mark |= !(low..=high).contains(value));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::powers::{F64_EXPONENT_MAX, F64_POWERS};
    use proptest::prelude::*;

    fn finite() -> impl Strategy<Value = f64> {
        prop_oneof![
            2 => (-99_999i32..99_999, 0usize..4).prop_map(|(k, decimals)| f64::from(k) / F64_POWERS[decimals]),
            1 => -1e16f64..1e16,
        ]
    }

    fn value() -> impl Strategy<Value = f64> {
        prop_oneof![6 => finite(), 1 => Just(f64::INFINITY), 1 => Just(f64::NAN)]
    }

    proptest! {
        #[test]
        fn integers_are_those_of_one_value_at_a_time(values in prop::collection::vec(value(), 0..40), scale in 0..=F64_EXPONENT_MAX) {
            let power = F64_POWERS[scale];
            // where scaled and rounded values are small enough, `round_ties_even` is what the addition does
            let alone = |value: &f64| {
                let whole = (value * power).round_ties_even();
                if whole.abs() < SHORT_MAX && whole / power == *value { whole as i64 } else { MISFIT }
            };
            let want: Vec<i64> = values.iter().map(alone).collect();
            let mut integers = vec![1; values.len()];
            prop_assert_eq!(integers_at(&values, power, &mut integers), !want.contains(&MISFIT));
            prop_assert_eq!(integers, want);
        }

        #[test]
        fn quotients_are_the_nearest(values in prop::collection::vec(-(1i64 << 53)..1 << 53, 0..40), scale in 0..=F64_EXPONENT_MAX) {
            let mut floats = Vec::new();
            quotients(&values, F64_POWERS[scale], &mut floats);
            let want: Vec<f64> = values.iter().map(|value| format!("{value}e-{scale}").parse().unwrap()).collect();
            prop_assert_eq!(floats, want);
        }

        #[test]
        fn columns_are_computed_as_single_rows(rows in prop::collection::vec((finite(), finite(), 0f64..9.0), 0..40), d in 0.1f64..9.0) {
            let column = |of: &dyn Fn(&(f64, f64, f64)) -> f64| rows.iter().map(of).collect::<Vec<f64>>();
            let (a, b, c) = (column(&|row| row.0), column(&|row| row.1), column(&|row| row.2));
            let (mut products, mut sums, mut z, mut leverages, mut halves) = (a.clone(), a.clone(), a.clone(), c.clone(), c.clone());
            multiply(&mut products, &b);
            add_times(&mut sums, d, &b);
            add_leverage(&mut z, &b, d, &mut leverages);
            half_widths(&mut halves, d, 1.0);
            prop_assert_eq!(products, column(&|row| row.0 * row.1));
            prop_assert_eq!(sums, column(&|row| row.0 + d * row.1));
            prop_assert_eq!(z, column(&|row| row.0 - row.1));
            prop_assert_eq!(leverages, column(&|row| row.2 + (row.0 - row.1) * (row.0 - row.1) / d));
            prop_assert_eq!(halves, column(&|row| d * (1.0 + row.2).sqrt()));
        }

        #[test]
        fn chosen_numbers_are_those_of_single_rows(rows in prop::collection::vec((finite(), finite(), 0u32..3), 0..40), factors in prop::collection::vec(0.1f64..9.0, 3)) {
            let column = |of: &dyn Fn(&(f64, f64, u32)) -> f64| rows.iter().map(of).collect::<Vec<f64>>();
            let (a, b) = (column(&|row| row.0), column(&|row| row.1));
            let choices: Vec<u32> = rows.iter().map(|row| row.2).collect();
            let (mut sums, mut kept, mut z, mut leverages) = (a.clone(), a.clone(), a.clone(), vec![1.0; rows.len()]);
            add_chosen_times(&mut sums, &factors, &choices, &b);
            zero_unchosen(&mut kept, &[false, true, true], &choices);
            add_chosen_leverage(&mut z, &b, &factors, &choices, &mut leverages);
            let of = |row: &(f64, f64, u32)| factors[row.2 as usize];
            prop_assert_eq!(sums, column(&|row| row.0 + of(row) * row.1));
            prop_assert_eq!(kept, column(&|row| if row.2 == 0 { 0.0 } else { row.0 }));
            prop_assert_eq!(leverages, column(&|row| 1.0 + (row.0 - row.1) * (row.0 - row.1) / of(row)));
        }

        #[test]
        fn rows_outside_are_marked(values in prop::collection::vec(value(), 1..40)) {
            let mut marks = vec![false; values.len()];
            mark_outside(&values, (-1.5, 20.0), &mut marks);
            prop_assert_eq!(&marks, &values.iter().map(|value| !(*value >= -1.5 && *value <= 20.0)).collect::<Vec<_>>());
        }
    }
}
