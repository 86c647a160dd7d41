//! The stage verbs over any engine and any file system.
//!
//! Command lines become plans, files become chunks, answers become files. The model logic is behind [`ports::engine::Engine`], the disk behind
//! [`ports::files::Files`], the terminal behind [`ports::report::Report`]; a [`stage::Stage`] holds one of each, and a verb runs in it.
//!
//! *Invariants*: nothing here opens a file, prints, reads the clock or the environment; nothing here computes a statistic.
//!
//! Reading order: `cli` and `args` (what was asked), `inputs`, `reading` and `columns` (files to bytes or columns; `limits`: how much of them), `plan` and `summing` (both
//! to the engine and back), `blocks`, `pieces`, `digests` and `parallel` (the same by many threads), `turns` and `predicting` (bytes to
//! predictions, by as many), `verbs` (one a file), `outputs`, `provenance` and `audit` (what is written), `describe` and
//! `differences` (what a person reads).

pub mod args;
pub mod cli;
pub mod error;
pub mod input;
pub mod limits;
pub mod output;
pub mod plan;
pub mod ports;
pub mod source;
mod splitmix;
pub mod stage;
#[cfg(test)]
mod testing;
pub mod text;
pub mod verbs;
pub mod work;
