//! Exact statistics of a table: its number of rows, and the sums and sums of products of its columns. A linear model needs nothing else of
//! its data.
//!
//! Reading order: `moments`, `combination_sums`, `level_sums`, `weighting` and `types` (what statistics consist of), `value_grid` (the values that are counted
//! one by one), `distribution` (counts of values and by histogram bin), `order` (the same statistics with columns in another order),
//! `merge` (addition and subtraction), `document` (the canonical text); then how they are summed: `block` (columns of integers),
//! `summed_products` (what is summed beyond the columns), `short_counter`, `grid_counter`, `bin_counter`, `log_sum`, `row_counter` (rows and their values to
//! counts), `product_sums`, `accumulator` (rows to sums), `level_accumulator` (rows with levels to sums by level).
//!
//! *Invariants*: statistics of the same columns and terms form a group under [`Statistics::merge`] and [`Statistics::subtract`]. Equal
//! statistics have equal text.
//!
//! *Not here*: reading tables ([`table`](crate::table), [`summarizer`](crate::summarizer)), solving ([`solve`](crate::solve)).

mod accumulator;
mod bin_counter;
mod block;
mod combination_sums;
mod distribution;
mod document;
mod grid_counter;
mod level_accumulator;
mod level_sums;
mod log_sum;
mod merge;
mod moments;
mod order;
mod product_sums;
mod row_counter;
mod short_counter;
mod summed_products;
mod types;
mod value_grid;
mod weighting;

pub use accumulator::{Accumulator, Totals};
#[cfg(test)]
pub(crate) use block::block_values;
pub(crate) use block::{BlockColumn, NARROW_BITS, WIDE_BITS, raised_bits};
pub use combination_sums::{COMBINED_MIN, CombinationSums, CombinedMoments, combined_sets, unions};
pub use distribution::{Bin, ColumnRange, CountedRange, Distribution, exact_decimal};
pub(crate) use document::sort_terms;
pub use document::{FORMAT, counted_ranges, distribution_json};
pub use level_accumulator::{LevelAccumulator, RowLevels};
pub(crate) use level_sums::too_many_levels;
pub use level_sums::{CategorySums, ENTRIES_MAX, ENTRY_MOMENTS_MAX, LevelSums, pair_count, pair_index};
pub use moments::{Moments, moment_index};
pub(crate) use row_counter::too_many_rows;
pub use summed_products::{Derived, Factors, SummedProducts};
pub use types::{Statistics, SummedColumn, TERMS_MAX, check_terms};
pub use value_grid::{ColumnGrids, ValueGrid};
pub use weighting::{WeightSums, Weighting};
