//! Rows by class to how many of them lie outside the commonest class, as far as that matters: exactly while they are few.
//!
//! *Invariants*: a commutative monoid under [`Spread::absorb`] with the empty one as zero; what is [`Spread::Enough`] stays so whatever is
//! added, because a row adds one to all rows and at most one to the commonest class.
//!
//! *Limits*: [`APART_ROWS_MIN`] classes are remembered, whatever the number of rows.

use crate::disclosure::policy::APART_ROWS_MIN;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Counts of rows by class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Spread<C: Ord> {
    /// Fewer than [`APART_ROWS_MIN`] rows lie outside the commonest class, so there are no more classes than that.
    Few(BTreeMap<C, u64>),
    /// As many or more do.
    Enough,
}

impl<C: Ord> Default for Spread<C> {
    fn default() -> Self {
        Self::Few(BTreeMap::new())
    }
}

impl<C: Ord> Spread<C> {
    /// One more row, in this class.
    pub(crate) fn add(&mut self, class: C) {
        if let Self::Few(counts) = self {
            *counts.entry(class).or_default() += 1;
            self.settle();
        }
    }

    /// One more row, in a class that is made only if it is needed.
    pub(crate) fn add_with(&mut self, class: impl FnOnce() -> C) {
        if !self.is_enough() {
            self.add(class());
        }
    }

    /// All rows of another.
    pub(crate) fn absorb(&mut self, other: Self) {
        match (&mut *self, other) {
            (Self::Few(counts), Self::Few(others)) => {
                others.into_iter().for_each(|(class, count)| *counts.entry(class).or_default() += count);
                self.settle();
            }
            _ => *self = Self::Enough,
        }
    }

    /// The rows outside the commonest class; none if they are enough.
    pub(crate) fn outside(&self) -> Option<u64> {
        match self {
            Self::Few(counts) => Some(counts.values().sum::<u64>() - counts.values().max().unwrap_or(&0)),
            Self::Enough => None,
        }
    }

    /// Whether enough rows lie outside the commonest class.
    pub(crate) fn is_enough(&self) -> bool {
        matches!(self, Self::Enough)
    }

    fn settle(&mut self) {
        if self.outside().is_some_and(|outside| outside >= APART_ROWS_MIN) {
            *self = Self::Enough;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(classes: &[u8]) -> Spread<u8> {
        let mut spread = Spread::default();
        classes.iter().for_each(|class| spread.add(*class));
        spread
    }

    fn together(left: &Spread<u8>, right: &Spread<u8>) -> Spread<u8> {
        let mut sum = left.clone();
        sum.absorb(right.clone());
        sum
    }

    /// Mostly one class, so that it matters.
    fn classes() -> impl Strategy<Value = Vec<u8>> {
        prop::collection::vec(prop_oneof![12 => Just(7u8), 1 => 0u8..9], 0..40)
    }

    #[test]
    fn four_are_few_and_five_are_enough() {
        assert_eq!(of(&[]).outside(), Some(0));
        assert_eq!(of(&[1, 1, 1, 2, 3, 2, 3, 1, 1]).outside(), Some(4));
        assert_eq!(of(&[1, 1, 1, 2, 3, 2, 3, 1, 1, 4]).outside(), None);
        assert_eq!(of(&[1, 2, 3, 4, 5]).outside(), Some(4));
        assert_eq!(of(&[1, 2, 3, 4, 5, 6]).outside(), None);
    }

    proptest! {
        #[test]
        fn it_is_a_commutative_monoid(a in classes(), b in classes(), c in classes()) {
            let (x, y, z) = (of(&a), of(&b), of(&c));
            prop_assert_eq!(together(&x, &y), together(&y, &x));
            prop_assert_eq!(together(&together(&x, &y), &z), together(&x, &together(&y, &z)));
            prop_assert_eq!(together(&x, &Spread::default()), x.clone());
            prop_assert_eq!(together(&x, &y), of(&[a, b].concat()));
        }

        #[test]
        fn it_counts_as_one_would(a in classes()) {
            let commonest = (0..=9u8).map(|class| a.iter().filter(|other| **other == class).count()).max().unwrap_or(0);
            let outside = (a.len() - commonest) as u64;
            prop_assert_eq!(of(&a).outside(), Some(outside).filter(|outside| *outside < APART_ROWS_MIN));
        }
    }
}
