//! Disclosure control: statistics released with `--share` do not single out fewer than five rows.
//!
//! Reading order: `dominant_class` counts rows outside the most common class; `rounding_levels` decides how far a column must be rounded;
//! `computed` computes functions and cubes; `columns` checks one column or product; `pairs` checks terms two by two; `groups` judges the rows of
//! each level of a category; `control` rounds the
//! rows and decides whether their sums may be released.
//!
//! *Not here*: the limits, and how a release was rounded (`release_policy`).

mod columns;
mod computed;
pub(crate) mod control;
mod dominant_class;
mod groups;
mod pairs;
mod rounding_levels;
