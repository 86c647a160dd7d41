//! Collects into ordered maps and sets, and sorts, in little code.
//!
//! The standard library's sort is 5 KB of WebAssembly for each order it is used with. `collect` into a map has one order for each iterator, so it
//! was an eighth of the component. The functions here share their code among all iterators or all orders. They are for what is done once for a
//! table or a model, not for each row.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// Collects the items of an iterator.
pub(crate) trait IntoOrdered: Iterator + Sized {
    /// Returns a map of entries. Of those with the same key, the last counts. It inserts one after another: for keys that are compared quickly.
    fn into_map<K: Ord, V>(self) -> BTreeMap<K, V>
    where
        Self: Iterator<Item = (K, V)>,
    {
        let mut map = BTreeMap::new();
        map.extend(self);
        map
    }

    /// Does what [`Self::into_map`] does, with one comparison for an entry as long as they come in order: for levels, of which there may be many,
    /// and whose comparison reads numbers.
    fn into_map_of_many<K: Ord, V>(self) -> BTreeMap<K, V>
    where
        Self: Iterator<Item = (K, V)>,
    {
        self.collect::<Vec<_>>().into_iter().collect()
    }

    /// Returns the set of the items. It inserts one after another.
    fn into_set(self) -> BTreeSet<Self::Item>
    where
        Self::Item: Ord,
    {
        let mut set = BTreeSet::new();
        set.extend(self);
        set
    }
}

impl<I: Iterator> IntoOrdered for I {}

/// Sorts by an order. Equal items keep their order.
pub(crate) fn sort_by<T>(items: &mut [T], order: impl Fn(&T, &T) -> Ordering) {
    let mut places = sorted_places(items.len(), &|one, other| order(&items[one], &items[other]));
    for at in 0..places.len() {
        while places[at] != at {
            let place = places[at];
            items.swap(at, place);
            places.swap(at, place);
        }
    }
}

/// Sorts by a key. Items with equal keys keep their order.
pub(crate) fn sort_by_key<T, K: Ord>(items: &mut [T], key: impl Fn(&T) -> K) {
    sort_by(items, |one, other| key(one).cmp(&key(other)));
}

/// Returns the place of each of `count` items in their order.
fn sorted_places(count: usize, order: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut sorted: Vec<usize> = (0..count).collect();
    sorted.sort_by(|&one, &other| order(one, other));
    let mut places = vec![0; count];
    for (place, at) in sorted.into_iter().enumerate() {
        places[at] = place;
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sorting_is_that_of_the_standard_library(items in prop::collection::vec((0u8..6, any::<u8>()), 0..40)) {
            let (mut sorted, mut want) = (items.clone(), items.clone());
            sort_by_key(&mut sorted, |item| item.0);
            want.sort_by_key(|item| item.0);
            prop_assert_eq!(sorted, want);
            prop_assert_eq!(items.iter().copied().into_map(), items.iter().copied().collect::<BTreeMap<_, _>>());
            prop_assert_eq!(items.iter().copied().into_map_of_many(), items.iter().copied().collect::<BTreeMap<_, _>>());
            prop_assert_eq!(items.iter().into_set(), items.iter().collect::<BTreeSet<_>>());
        }
    }
}
