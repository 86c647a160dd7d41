//! What the tests of several crates share. Only tests depend on this crate.
//!
//! - [`not_run`] reports a test that cannot run on this machine.
//! - [`cases`] is how many random tables a law is tried on.
//! - [`random`] gives random numbers that a seed repeats.
#![allow(clippy::expect_used, reason = "a test that cannot go on has failed")]

pub mod random;

use std::fs::OpenOptions;
use std::io::Write as _;

/// Environment variable that names the file to which [`not_run`] appends. `scripts/test` sets it.
pub const LIST_VARIABLE: &str = "SAMEFIT_NOT_RUN";

/// Reports that the test `what` did not run, and why.
///
/// A test that cannot run on this machine (no root, no containers) calls this and returns. The test harness hides what a passing test
/// prints, so the line `not run: WHAT (WHY)` also goes to the file that `SAMEFIT_NOT_RUN` names. `scripts/test` shows that file at its end.
///
/// # Panics
///
/// If the file cannot be written: the test would otherwise count as passed without a trace.
#[allow(clippy::print_stdout, reason = "people who run one test with `--nocapture` read it")]
pub fn not_run(what: &str, why: &str) {
    let line = format!("not run: {what} ({why})\n");
    print!("{line}");
    if let Some(path) = std::env::var_os(LIST_VARIABLE) {
        let list = OpenOptions::new().append(true).create(true).open(&path);
        // one call of the system appends the whole line, so that lines of other processes stay whole
        list.and_then(|mut list| list.write_all(line.as_bytes())).expect("the list of tests that did not run cannot be written");
    }
}

/// Returns how many random cases a property is tried on: `usual`, unless `PROPTEST_CASES` says another number, for a long run.
#[must_use]
pub fn cases(usual: u32) -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(usual)
}
