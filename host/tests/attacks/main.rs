//! Attacks on the program from outside, with one file for each class of hostile input. Each file generates inputs and checks what must hold.
//!
//! The test command runs a few rounds with a fixed seed. `sh scripts/just attacks` runs many with a new seed, which it prints;
//! `SAMEFIT_ATTACK_SEED` repeats them.
//!
//! *Invariants*: no attack runs a hostile program as root, and none writes outside folders created for it. Every process has a time limit.
//!
//! *Not here*: attacks on shared statistics, which need no process (`core-wasm/tests/disclosure.rs`).

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

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
