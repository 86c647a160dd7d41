//! Attacks on the program from outside, a file for each class of hostile input. Each file has a generator of inputs, and says what must hold.
//!
//! The test command runs a short round with a fixed seed. `sh scripts/just attacks` runs a long one with a new seed, which it prints;
//! `SAMEFIT_ATTACK_SEED` repeats it.
//!
//! *Invariants*: no attack runs a hostile program as root, and none writes outside folders made for it. Every process has a time limit.
//!
//! *Not here*: attacks on shared statistics, which need no process (`core-wasm/tests/disclosure.rs`).

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "a test that cannot go on has failed")]

mod changing;
mod columns;
mod documents;
mod forgeries;
mod giants;
mod http;
mod kills;
mod links;
mod names;
mod outputs;
mod programs;
mod support;
