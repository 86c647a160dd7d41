//! Counts rows outside the most common class; exact while the count is small.
//!
//! *Invariants*: counters form a commutative monoid under [`DominantClassCounter::merge`]; the empty counter is its zero. A counter that is
//! [`Enough`](DominantClassCounter::Enough) stays so, because one more row adds at most one to the most common class.
//!
//! *Limits*: at most [`SINGLED_OUT_ROWS_MIN`] classes are remembered, whatever the number of rows.

use crate::release_policy::SINGLED_OUT_ROWS_MIN;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Counts rows by class, as long as few rows lie outside the most common class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum DominantClassCounter<C: Ord> {
    /// Fewer than [`SINGLED_OUT_ROWS_MIN`] rows lie outside the most common class. Holds the number of rows of each class.
    Few(BTreeMap<C, u64>),
    /// At least [`SINGLED_OUT_ROWS_MIN`] rows lie outside the most common class.
    Enough,
}

impl<C: Ord> Default for DominantClassCounter<C> {
    fn default() -> Self {
        Self::Few(BTreeMap::new())
    }
}

impl<C: Ord> DominantClassCounter<C> {
    /// Counts one more row of this class.
    pub(crate) fn add(&mut self, class: C) {
        if let Self::Few(counts) = self {
            *counts.entry(class).or_default() += 1;
            self.forget_counts_if_enough();
        }
    }

    /// As [`Self::add`]; calls `class` only if the counter still needs it.
    pub(crate) fn add_with(&mut self, class: impl FnOnce() -> C) {
        if !self.is_enough() {
            self.add(class());
        }
    }

    /// Adds the rows that another counter has counted.
    pub(crate) fn merge(&mut self, other: Self) {
        match (&mut *self, other) {
            (Self::Few(counts), Self::Few(others)) => {
                others.into_iter().for_each(|(class, count)| *counts.entry(class).or_default() += count);
                self.forget_counts_if_enough();
            }
            _ => *self = Self::Enough,
        }
    }

    /// Returns the number of rows outside the most common class; `None` if there are enough of them.
    pub(crate) fn few_outside(&self) -> Option<u64> {
        match self {
            Self::Few(counts) => Some(counts.values().sum::<u64>() - counts.values().max().unwrap_or(&0)),
            Self::Enough => None,
        }
    }

    /// Returns whether enough rows lie outside the most common class.
    pub(crate) fn is_enough(&self) -> bool {
        matches!(self, Self::Enough)
    }

    fn forget_counts_if_enough(&mut self) {
        if self.few_outside().is_some_and(|outside| outside >= SINGLED_OUT_ROWS_MIN) {
            *self = Self::Enough;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(classes: &[u8]) -> DominantClassCounter<u8> {
        let mut counter = DominantClassCounter::default();
        classes.iter().for_each(|class| counter.add(*class));
        counter
    }

    fn merged(left: &DominantClassCounter<u8>, right: &DominantClassCounter<u8>) -> DominantClassCounter<u8> {
        let mut sum = left.clone();
        sum.merge(right.clone());
        sum
    }

    /// Classes of which one is far more common than the others, so that counters stay exact often enough.
    fn classes() -> impl Strategy<Value = Vec<u8>> {
        prop::collection::vec(prop_oneof![12 => Just(7u8), 1 => 0u8..9], 0..40)
    }

    #[test]
    fn four_rows_are_few_and_five_are_enough() {
        assert_eq!(of(&[]).few_outside(), Some(0));
        assert_eq!(of(&[1, 1, 1, 2, 3, 2, 3, 1, 1]).few_outside(), Some(4));
        assert_eq!(of(&[1, 1, 1, 2, 3, 2, 3, 1, 1, 4]).few_outside(), None);
        assert_eq!(of(&[1, 2, 3, 4, 5]).few_outside(), Some(4));
        assert_eq!(of(&[1, 2, 3, 4, 5, 6]).few_outside(), None);
    }

    proptest! {
        #[test]
        fn counters_form_a_commutative_monoid(a in classes(), b in classes(), c in classes()) {
            let (x, y, z) = (of(&a), of(&b), of(&c));
            prop_assert_eq!(merged(&x, &y), merged(&y, &x));
            prop_assert_eq!(merged(&merged(&x, &y), &z), merged(&x, &merged(&y, &z)));
            prop_assert_eq!(merged(&x, &DominantClassCounter::default()), x.clone());
            prop_assert_eq!(merged(&x, &y), of(&[a, b].concat()));
        }

        #[test]
        fn a_counter_agrees_with_a_plain_count(a in classes()) {
            let most_common = (0..=9u8).map(|class| a.iter().filter(|other| **other == class).count()).max().unwrap_or(0);
            let outside = (a.len() - most_common) as u64;
            prop_assert_eq!(of(&a).few_outside(), Some(outside).filter(|outside| *outside < SINGLED_OUT_ROWS_MIN));
        }
    }
}
