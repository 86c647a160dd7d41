//! Checks the weights and counts of rows.

use crate::column::{ColumnIntegers, ScaledIntegers};
use crate::decimal::{Decimal, power_of_ten};
use crate::error::{Code, Error, Result};
use crate::statistics::{Weighting, too_many_rows};
use samefit_kernels::powers::I128_EXPONENT_MAX;

/// Refuses a number that is no weight or count.
///
/// # Errors
/// `weight` for a number below zero, and for a count that is not a whole number.
pub(super) fn check(weight: &Decimal, weighting: Weighting) -> Result<()> {
    let is_whole = || weight.clone().normalized().scale == 0;
    if *weight >= Decimal::ZERO && (weighting != Weighting::Counts || is_whole()) {
        return Ok(());
    }
    let (expected, help) = match weighting {
        Weighting::Counts => ("a whole number that is not below zero", "correct the count, or name a column of decimal weights as weights"),
        _ => ("a weight that is not below zero", "correct the weight; a row of weight zero is left out"),
    };
    Err(Error::found(Code::Weight, &weight.to_string(), expected, help))
}

/// Marks in `unread` the rows whose weight or count is wrong: they are read one by one, which finds the error.
pub(super) fn mark_wrong(weights: ScaledIntegers<'_>, weighting: Weighting, unread: &mut [bool]) {
    let one = match weighting {
        Weighting::Counts if (weights.scale as usize) < I128_EXPONENT_MAX => power_of_ten(weights.scale),
        Weighting::Counts => return unread.fill(true),
        _ => 1,
    };
    match weights.integers {
        ColumnIntegers::Narrow(values) => mark(values.iter().map(|&value| value.into()), one, unread),
        ColumnIntegers::Wide(values) => mark(values.iter().copied(), one, unread),
    }
}

/// Marks the values that are below zero or no multiples of `one`.
fn mark(values: impl Iterator<Item = i128>, one: i128, unread: &mut [bool]) {
    for (value, unread) in values.zip(unread) {
        *unread |= value < 0 || one > 1 && value % one != 0;
    }
}

/// Returns for how many rows a row stands: for its count, if rows have counts, else for one.
///
/// # Errors
/// `capacity` for more than 2^63 - 1.
pub(super) fn rows_of(weight: Option<&Decimal>, weighting: Weighting) -> Result<i64> {
    match weight.filter(|_| weighting == Weighting::Counts) {
        Some(count) => i64::try_from(&count.clone().normalized().mantissa).map_err(|_| too_many_rows()),
        None => Ok(1),
    }
}
