//! Adds the totals of two sets of rows.

use crate::error::Result;
use crate::statistics::{Totals, too_many_rows};

/// Returns the totals of two sets of rows. Both must have as many moments and counts.
///
/// # Errors
/// `capacity` if a count exceeds 2^63 - 1, or if there are too many levels.
pub(super) fn add(mut left: Totals, right: &Totals) -> Result<Totals> {
    left.rows = left.rows.checked_add(right.rows).ok_or_else(too_many_rows)?;
    left.moments.add(&right.moments, 1);
    left.moments = left.moments.normalized();
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
