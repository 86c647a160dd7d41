//! Adds the totals of two sets of rows.

use crate::error::{Code, Error, Result};
use crate::statistics::Totals;

/// Returns the totals of two sets of rows. Both must have as many moments and counts.
///
/// # Errors
/// `capacity` if a count exceeds 2^63 - 1, or if there are too many levels.
pub(super) fn add(mut left: Totals, right: &Totals) -> Result<Totals> {
    left.rows = left.rows.checked_add(right.rows).ok_or_else(too_many_rows)?;
    for (moment, more) in left.moments.0.iter_mut().zip(&right.moments.0) {
        *moment = moment.plus(more).normalized();
    }
    left.levels = left.levels.combined(&right.levels, 1)?;
    for (sum, more) in left.log_sum.iter_mut().zip(&right.log_sum) {
        *sum = sum.plus(more).normalized();
    }
    for (counts, more) in left.distribution.iter_mut().flatten().zip(right.distribution.iter().flatten()) {
        counts.merge(more).ok_or_else(too_many_rows)?;
    }
    Ok(left)
}

/// As [`add`]; returns `right` if there is no `left`.
pub(super) fn add_to(left: Option<Totals>, right: Totals) -> Result<Totals> {
    match left {
        Some(left) => add(left, &right),
        None => Ok(right),
    }
}

/// The error for counts beyond 2^63 - 1.
pub(super) fn too_many_rows() -> Error {
    Error::new(Code::Capacity, format!("more than {} rows", i64::MAX), "split the data")
}
