//! Pachyderm pipeline specs to what they make, on one machine and with no cluster.
//!
//! Read in this order; a module knows those above it only: [`failure`], [`glob`], [`spec`], [`graph`], [`datums`].
//!
//! *Not here*: anything of models or tables (a datum is a command line), and the terminal.

pub mod datums;
pub mod failure;
pub mod glob;
pub mod graph;
pub mod spec;
