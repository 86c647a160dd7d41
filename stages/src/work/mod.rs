//! From data to statistics and predictions, with one thread or several.

pub(crate) mod collector;
pub(crate) mod data_files;
pub(crate) mod file_state;
pub(crate) mod file_worker;
pub(crate) mod finish;
pub(crate) mod group_total;
pub(crate) mod parallel;
pub(crate) mod predicting;
pub(crate) mod prediction_format;
pub(crate) mod record_files;
pub(crate) mod reducer;
pub(crate) mod reorder;
pub(crate) mod row_numbers;
pub mod summing;
pub(crate) mod table_sum;
pub(crate) mod threads;
pub(crate) mod total;
