//! The order of the columns of a design in which the factor L of X'X has the fewest numbers.
//!
//! Two columns that different levels of a category multiply are orthogonal. So if the columns with an indicator of one category stand first,
//! level by level, the rows of L of each level are zeros but for the columns of that level.

use super::columns::DesignColumn;
use crate::ordered::sort_by_key;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Returns the columns in that order, as indexes among the intercept, if there is one, and then the columns; none without categories.
///
/// The category is that with the largest number of columns, the first of those. All other columns keep their order.
pub(super) fn order(columns: &[DesignColumn], has_intercept: bool) -> Option<Vec<usize>> {
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    for (category, _) in columns.iter().flat_map(|column| &column.levels) {
        *counts.entry(*category).or_default() += 1;
    }
    let (&largest, _) = counts.iter().min_by_key(|(_, count)| Reverse(**count))?;
    let level = |at: &usize| columns[*at].levels.iter().find(|(category, _)| *category == largest).map(|(_, level)| *level);
    let (mut first, rest): (Vec<usize>, Vec<usize>) = (0..columns.len()).partition(|at| level(at).is_some());
    sort_by_key(&mut first, level);
    let before = usize::from(has_intercept);
    let of_columns = |at: usize| at + before;
    let intercept = has_intercept.then_some(0);
    Some(first.into_iter().map(of_columns).chain(intercept).chain(rest.into_iter().map(of_columns)).collect())
}
