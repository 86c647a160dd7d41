//! The program from the outside: command lines and what comes of them.
//!
//! `*.txt` are transcripts: a line that begins with `$ ` is run by a shell in a folder made for the transcript, with `samefit` on its path and
//! the project's `data` and `pachyderm` beside it; below it stand what went to stdout (`| `) and to stderr (`! `), and the exit code if it is not 0 (`? `).
//! Other lines are comments. `SAMEFIT_BLESS=1` writes what came instead of comparing it; review the difference.
//!
//! What needs a system in some state (no permission, no space, a signal) is in `system.rs`.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "a test that cannot go on has failed")]

mod batch;
mod columns;
mod page;
mod pages;
mod pipelines;
mod place;
mod system;
mod threads;
mod transcript;
