//! Columns of f64: to the integers that they mean at a power of ten, and to predictions.

/// The powers of ten that are exact f64.
pub const TENS: [f64; 23] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22];
/// Integers that are found without writing text are below this: any 15 digits name an f64 of their own, 16 may not.
pub const SHORT_MAX: f64 = 1e15;
/// Added to a number below 2^51, it leaves the nearest integer (ties to even) in the last bits of the sum: rounding and conversion in one
/// addition, on every machine, two at a time.
pub const INTEGER_BITS: f64 = 6_755_399_441_055_744.0; // 1.5 * 2^52
/// Stands for a value that was not found at the scale; no value that was found is so large.
pub const MISFIT: i64 = i64::MIN;

/// The integers nearest to values times a power of ten, where dividing them by it gives the values again; [`MISFIT`] for the others. True if
/// there are no others.
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

/// Integers over a power of ten, appended: the nearest f64 if both are exact ones.
#[inline(never)]
pub fn quotients(values: &[i64], power: f64, out: &mut Vec<f64>) {
    out.extend(values.iter().map(|&value| value as f64 / power));
}

/// Multiplies value by value.
#[inline(never)]
pub fn multiply(products: &mut [f64], factors: &[f64]) {
    products.iter_mut().zip(factors).for_each(|(product, factor)| *product *= factor);
}

/// Adds a multiple of other values.
#[inline(never)]
pub fn add_times(sums: &mut [f64], factor: f64, values: &[f64]) {
    sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += factor * value);
}

/// One step of the forward substitution: takes what is known off `z`, and adds z^2 / d to the leverages.
#[inline(never)]
pub fn add_leverage(z: &mut [f64], known: &[f64], d: f64, leverages: &mut [f64]) {
    for ((z, known), leverage) in z.iter_mut().zip(known).zip(leverages) {
        *z -= known;
        *leverage += *z * *z / d;
    }
}

/// Leverages to half the widths of their intervals. The square root is correctly rounded, whoever computes it.
#[inline(never)]
pub fn half_widths(leverages: &mut [f64], half_width: f64) {
    leverages.iter_mut().for_each(|leverage| *leverage = half_width * (1.0 + *leverage).sqrt());
}

/// Marks the values that lie outside a range.
#[inline(never)]
pub fn mark_outside(values: &[f64], (low, high): (f64, f64), marks: &mut [bool]) {
    marks.iter_mut().zip(values).for_each(|(mark, value)| *mark |= !(low..=high).contains(value));
}

/// Marks the predictions of which an end is infinite. No half widths: no intervals.
#[inline(never)]
pub fn mark_infinite(values: &[f64], halves: &[f64], marks: &mut [bool]) {
    if halves.is_empty() {
        marks.iter_mut().zip(values).for_each(|(mark, value)| *mark |= !value.is_finite());
    }
    for ((mark, value), half) in marks.iter_mut().zip(values).zip(halves) {
        *mark |= !(value - half).is_finite() || !(value + half).is_finite();
    }
}
