//! Data to statistics and predictions, by one thread or many.

pub(crate) mod finish;
pub(crate) mod parallel;
pub(crate) mod predicting;
pub(crate) mod rows;
pub mod summing;
pub(crate) mod threads;
pub(crate) mod turns;
