//! A plan and statistics to the design of a model: its columns, and their Gram matrix.
//!
//! A feature is a product of powers of columns, such as `age*site`. Columns of numbers in it are its numerical part. A column is a category
//! if the statistics have its levels. Each category becomes indicators of levels: of all of them, or of all but the reference, so that the
//! columns span what the features mean and none depends on others for want of a better coding
//! ([`full_rank_coding`](crate::model_formula::full_rank_coding), patsy's rule).
//!
//! *Order of the columns*: the intercept, then feature by feature. Within a feature the levels of its first category come in order, for each
//! of them those of its second, and so on. Levels are those that have rows.
//!
//! *Order of the factors*: the columns that a level of the largest category multiplies stand first, level by level. Those of different
//! levels are orthogonal, so their rows of L are short (`order`).
//!
//! *Limits*: [`COEFFICIENTS_MAX`], [`EMPTY_CELLS_MAX`](crate::model::EMPTY_CELLS_MAX). Where three categories or more
//! meet in the product of two columns, statistics need the sums of their combinations of levels.
//!
//! Reading order: `category` (levels and reference), `feature` (a plan's features), `cell_moments`, `columns`, `gram`, `order`,
//! `design_matrix`.

mod category;
mod cell_moments;
mod columns;
mod design_matrix;
mod feature;
mod gram;
mod order;

pub use category::DesignCategory;
pub use columns::{COEFFICIENTS_MAX, DesignColumn};
pub use design_matrix::Design;
pub(crate) use design_matrix::check_shared;
pub use feature::Feature;
