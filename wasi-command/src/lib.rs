//! `samefit.command.wasm`: the verbs of the stages and the model logic in one WASI 0.2 command, for any runtime.
//!
//! The verbs are those of the crate `stages`, so flags, files and messages are the native program's. This crate implements what they need:
//!
//! - [`engine`]: the model logic, called directly.
//! - [`preopens`]: finds the folder that the runtime opened for a path.
//! - `disk`, `output` and `files`: the file system, over `wasi:filesystem`.
//! - `terminal`: stdout and stderr.
//! - `command`: parses the arguments, runs the verb and prints errors.
//!
//! *Invariants*: the command asks its runtime for folders, arguments, stdout and stderr only. It uses no clock, network, randomness or
//! environment variables.
//!
//! *Not here*: computation (`core-wasm/src`) and the verbs (`stages`).

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
