//! `samefit.command.wasm`: the stage verbs over the model logic linked in, as a WASI 0.2 command for stock runtimes.
//!
//! The verbs are those of the `stages` crate, so flags, files and messages are the native program's. Here stands what it needs of its
//! surroundings: [`engine`] (the logic, linked in), `preopens` (a person's path to a folder that the runtime gave), `disk`, `files` and
//! `output` (`wasi:filesystem`), `terminal` (stdout and stderr), `command` (arguments to a verb, a failure to an exit code).
//!
//! *Invariants*: the command asks its runtime for folders, arguments, stdout and stderr, and for no clock, network, randomness or environment.
//! *Not here*: anything that computes (`core-wasm/src`) or knows a verb (`stages`).

pub mod engine;
pub mod preopens;

#[cfg(feature = "wasi")]
mod command;
#[cfg(feature = "wasi")]
mod disk;
#[cfg(feature = "wasi")]
mod files;
#[cfg(feature = "wasi")]
mod output;
#[cfg(feature = "wasi")]
mod terminal;
