//! What a run does to repos, as laws: through the command line, with shell scripts as programs, on stores in folders of their own.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "a test that cannot go on has failed")]

mod damage;
mod datums;
mod failures;
mod fixture;
mod updates;
mod verbs;
