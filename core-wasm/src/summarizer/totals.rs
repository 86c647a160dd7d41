//! Adds the totals of two sets of rows, and those of groups of rows.

use crate::error::Result;
use crate::level::Level;
use crate::statistics::{Totals, too_many_rows};
use std::collections::BTreeMap;

/// The totals of each group of rows. Rows without groups are one group, `None`.
pub(super) type GroupTotals = BTreeMap<Option<Level>, Totals>;

/// Returns the totals of two sets of rows. Both must have as many moments and counts.
///
/// # Errors
/// `capacity` if a count exceeds 2^63 - 1, or if there are too many levels.
fn add(mut left: Totals, right: &Totals) -> Result<Totals> {
    left.rows = left.rows.checked_add(right.rows).ok_or_else(too_many_rows)?;
    left.moments.add(&right.moments, 1);
    left.moments = left.moments.normalized();
    left.levels = left.levels.plus(&right.levels, 1)?;
    for (sum, more) in left.log_sum.iter_mut().zip(&right.log_sum) {
        *sum = sum.plus(more).normalized();
    }
    for (counts, more) in left.distribution.iter_mut().flatten().zip(right.distribution.iter().flatten()) {
        counts.merge(more).ok_or_else(too_many_rows)?;
    }
    Ok(left)
}

/// Adds the totals of a group's further rows.
///
/// # Errors
/// Those of [`add`].
pub(super) fn add_to_group(totals: &mut GroupTotals, group: Option<Level>, more: Totals) -> Result<()> {
    let sum = match totals.remove(&group) {
        Some(before) => add(before, &more)?,
        None => more,
    };
    totals.insert(group, sum);
    Ok(())
}

/// Adds the totals of further rows of several groups.
///
/// # Errors
/// Those of [`add`].
pub(super) fn add_groups(totals: &mut GroupTotals, more: GroupTotals) -> Result<()> {
    more.into_iter().try_for_each(|(group, more)| add_to_group(totals, group, more))
}
