//! Runs the program and compares its output, exit codes and files.
//!
//! The `*.txt` files are transcripts. A line that begins with `$ ` is run by a shell in a new folder, with `samefit` on its path and links to
//! the project's `data` and `pachyderm`. The lines below it are its stdout (`| `), its stderr (`! `) and its exit code if that is not 0 (`? `).
//! All other lines are comments. With `SAMEFIT_BLESS=1` the test writes the transcripts instead of comparing them; review the difference.
//!
//! Tests that need the system in a certain state (no permission, a full disk, a signal) are in `system.rs`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod batch;
mod columns;
mod page;
mod pages;
mod pipelines;
mod system;
mod test_folder;
mod threads;
mod transcript;
mod truth;
