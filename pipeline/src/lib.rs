//! Runs Pachyderm pipeline specs on one machine, without a cluster.
//!
//! Modules stand on floors: each uses only modules named before it.
//!
//! | floor | modules |
//! |---|---|
//! | reading specs | [`glob`], [`spec`] |
//! | errors and output | [`error`], [`report`] |
//! | plain data | [`graph`], [`datums`], [`paths`] |
//! | files | [`folder`], [`store`], [`ingest`] |
//! | running | [`next_datum`], [`run`] |
//! | verbs | [`mod@reference`], [`trace`], [`commands`], [`cli`] |
//!
//! Start at [`cli`] to follow a command, or at [`run`] to follow a job.
//!
//! *Not here*: models and tables (the program of a datum is any command line), and the terminal ([`report::Report`] stands for it).

pub mod cli;
pub mod commands;
pub mod datums;
pub mod error;
pub mod folder;
pub mod glob;
pub mod graph;
pub mod ingest;
pub mod next_datum;
pub mod paths;
pub mod reference;
pub mod report;
pub mod run;
pub mod spec;
pub mod store;
pub mod trace;
