//! Pachyderm pipeline specs to what they make, on one machine and with no cluster.
//!
//! Read in this order; a module knows those before it only: [`glob`], [`spec`]; [`failure`], [`disk`], [`folder`], [`report`]; [`graph`], [`datums`],
//! [`paths`], over plain data; [`store`], [`intake`]; [`next_datum`], [`run`]; [`mod@reference`], [`trace`]; [`commands`], [`cli`].
//!
//! *Not here*: anything of models or tables (a datum is a command line), and the terminal.

pub mod cli;
pub mod commands;
pub mod datums;
pub mod disk;
pub mod error;
pub mod folder;
pub mod glob;
pub mod graph;
pub mod intake;
pub mod next_datum;
pub mod paths;
pub mod reference;
pub mod report;
pub mod run;
pub mod spec;
pub mod store;
pub mod trace;
