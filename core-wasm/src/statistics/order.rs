//! Statistics to the same statistics with their columns and categories in another order.
//!
//! The order of columns is that of the table that was summed. Columns have names, so it says nothing about the rows.

use super::combination_sums::CombinationSums;
use super::level_sums::{CategorySums, LevelSums, pair_count, pair_index};
use super::types::Statistics;
use crate::level::Level;
use crate::ordered::{IntoOrdered, sort_by};
use crate::terms::places;
use std::borrow::Cow;
use std::collections::BTreeMap;

impl Statistics {
    /// Returns these statistics with their columns and categories in the order in which `other` has them. If the two do not have the same
    /// columns and categories, the order stays.
    pub(crate) fn in_order_of(&self, other: &Self) -> Cow<'_, Self> {
        let own: Vec<&str> = self.columns.iter().map(|column| column.name.as_str()).collect();
        let others: Vec<&str> = other.columns.iter().map(|column| column.name.as_str()).collect();
        let own_categories: Vec<&str> = self.levels.columns().collect();
        let other_categories: Vec<&str> = other.levels.columns().collect();
        let (Some(columns), Some(categories)) = (order(&own, &others), order(&own_categories, &other_categories)) else {
            return Cow::Borrowed(self);
        };
        if columns.is_sorted() && categories.is_sorted() {
            return Cow::Borrowed(self);
        }
        // the products stand behind the columns, in an order that depends on nothing but their texts
        let terms: Vec<usize> = columns.iter().copied().chain(columns.len()..self.terms.len()).collect();
        let moments: Vec<usize> = std::iter::once(0).chain(terms.iter().map(|at| at + 1)).collect();
        Cow::Owned(Self {
            columns: columns.iter().map(|&at| self.columns[at].clone()).collect(),
            terms: terms.iter().map(|&at| self.terms[at].clone()).collect(),
            moments: self.moments.of_places(&moments),
            levels: self.levels.mapped(|sums| sums.of_places(&moments)).with_categories(&categories),
            distribution: self.distribution.as_ref().map(|counts| columns.iter().map(|&at| counts[at].clone()).collect()),
            ..self.clone()
        })
    }
}

/// Returns for each of `others` its index in `own`; `None` if they are not the same names.
fn order(own: &[&str], others: &[&str]) -> Option<Vec<usize>> {
    let known = places(own);
    let order: Option<Vec<usize>> = others.iter().map(|name| known.get(name).copied()).collect();
    order.filter(|_| own.len() == others.len() && places(others).len() == others.len())
}

impl LevelSums {
    /// Returns the same sums with the categories in another order. `order` has the index of each of them.
    fn with_categories(&self, order: &[usize]) -> Self {
        let mut pairs = vec![BTreeMap::new(); pair_count(order.len())];
        for (second, &other) in order.iter().enumerate() {
            for (first, &one) in order[..second].iter().enumerate() {
                let of = &self.pairs[pair_index(one.min(other), one.max(other))];
                let key = |(a, b): &(Level, Level)| if one < other { (a.clone(), b.clone()) } else { (b.clone(), a.clone()) };
                pairs[pair_index(first, second)] = of.iter().map(|(levels, sums)| (key(levels), sums.clone())).into_map_of_many();
            }
        }
        let mut combinations: Vec<CombinationSums> = self.combinations.iter().map(|sums| sums.with_categories(order)).collect();
        sort_by(&mut combinations, |one, other| one.categories.cmp(&other.categories));
        Self { categories: order.iter().map(|&at| self.categories[at].clone()).collect::<Vec<CategorySums>>(), pairs, combinations }
    }
}

impl CombinationSums {
    /// Returns the same sums where the categories of the statistics have another order.
    fn with_categories(&self, order: &[usize]) -> Self {
        // the place among all categories, and among those of this combination, of each in the new order
        let here = |(new, old): (usize, &usize)| Some((new, self.categories.iter().position(|own| own == old)?));
        let (categories, levels): (Vec<usize>, Vec<usize>) = order.iter().enumerate().filter_map(here).unzip();
        let key = |key: &Vec<Level>| levels.iter().map(|&at| key[at].clone()).collect();
        let cells = self.cells.iter().map(|(levels, sums)| (key(levels), sums.clone())).into_map_of_many();
        Self { categories, cells }
    }
}
