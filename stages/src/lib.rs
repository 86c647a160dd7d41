//! The stage verbs over any engine and any file system.
//!
//! Command lines become plans, files become chunks, answers become files. The model logic is behind [`engine::Engine`], the disk behind
//! [`files::Files`], the terminal behind [`report::Report`]; a [`stage::Stage`] holds one of each, and a verb runs in it.
//!
//! *Invariants*: nothing here opens a file, prints, reads the clock or the environment; nothing here computes a statistic.
//!
//! Reading order: `cli` and `args` (what was asked), `inputs`, `reading` and `columns` (files to bytes or columns; `limits`: how much of them), `plan` and `summing` (both
//! to the engine and back), `blocks`, `pieces`, `digests` and `parallel` (the same by many threads), `turns` and `predicting` (bytes to
//! predictions, by as many), `verbs` (one a file), `outputs`, `provenance` and `audit` (what is written), `describe` and
//! `differences` (what a person reads).

pub mod args;
pub mod audit;
mod blocks;
pub mod cli;
pub mod columns;
pub mod cutter;
pub mod describe;
mod differences;
mod digests;
pub mod engine;
pub mod error;
pub mod files;
pub mod inputs;
pub mod json;
mod json_line;
pub mod limits;
pub mod numbers;
pub mod outputs;
mod parallel;
pub mod paths;
pub mod pieces;
pub mod plan;
mod predicting;
pub mod provenance;
pub mod reading;
pub mod report;
mod splitmix;
pub mod stage;
pub mod summing;
pub mod table;
#[cfg(test)]
mod testing;
mod turns;
pub mod verbs;
