//! Runs `samefit pipeline` by its command line, with shell scripts as programs, and checks what it does to repos. Each test has its own
//! store.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "a test that cannot go on has failed")]

mod damage;
mod datums;
mod failures;
mod fixture;
mod updates;
mod verbs;
