//! Disclosure control: keeps statistics that are released with `--share` from singling out fewer than five rows.
//!
//! Reading order: [`policy`] has the limits and how a release was rounded; `spread` counts rows outside the most common class; `pairs` judges
//! terms two by two; `sharing` rounds rows and decides whether their sums may be released.

mod pairs;
pub mod policy;
pub(crate) mod sharing;
mod spread;
