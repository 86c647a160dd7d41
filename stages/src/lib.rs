//! The verbs of samefit (`train`, `qc`, `infer`, ...) over any engine and any file system.
//!
//! A verb turns its flags into a plan, finds files, feeds their bytes to the engine, and writes the results. The model logic is behind
//! [`ports::engine::Engine`], the disk behind [`ports::files::Files`], the terminal behind [`ports::report::Report`]. A [`stage::Stage`] holds one of
//! each, and a verb runs in it.
//!
//! *Invariants*: nothing here opens a file, prints, or reads the clock or the environment. Nothing here computes a statistic. A module uses only modules
//! on its own floor and on the floors before it.
//!
//! Reading order, which is that of the floors:
//! - `code`, `error`, `limits`: what can go wrong, and how much is read.
//! - `text`: JSON, paths, numbers and tables.
//! - `ports`: the traits that a host implements.
//! - `source`, `args`, `stage`: a data file, the flags, and what a verb works with.
//! - `input`: paths to files, and files to bytes, columns and splits.
//! - `plan`: flags to the plan document of the engine.
//! - `work`: data to statistics (`summing`; with several threads `parallel`, `file_worker`, `reducer`) and to predictions (`predicting`, `reorder`,
//!   `collector`).
//! - `output`: what is written (`outputs`, `provenance`, `audit`), and how documents are described (`describe`).
//! - `verbs`, `cli`: one module for each verb, and the command line.

pub mod args;
pub mod cli;
pub mod code;
pub mod error;
pub mod input;
pub mod limits;
pub mod output;
pub mod plan;
pub mod ports;
pub mod source;
mod splitmix;
pub mod stage;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod text;
pub mod verbs;
pub mod work;
