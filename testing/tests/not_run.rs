//! A test that does not run appears in the list that `scripts/test` shows at its end.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::Path;
use std::process::Command;

use samefit_testing::{LIST_VARIABLE, not_run};

/// Set for the second run of this program, which is the test that does not run.
const SECOND_RUN: &str = "SAMEFIT_TESTING_SECOND_RUN";

/// Prints the list of what did not run, of what a test command printed and of what [`not_run`] wrote.
fn list_not_run(log: &Path, list: &Path) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/list-not-run");
    let output = Command::new("sh").arg(script).args([log, list]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_test_that_does_not_run_is_listed_once() {
    if std::env::var_os(SECOND_RUN).is_some() {
        return not_run("an example", "it wants to be listed");
    }
    let folder = tempfile::tempdir().unwrap();
    let [log, list] = ["log", "list"].map(|name| folder.path().join(name));
    // twice: hidden by the harness, and shown by it
    let mut printed = Vec::new();
    for arguments in [&["--exact"][..], &["--exact", "--nocapture"]] {
        let mut again = Command::new(std::env::current_exe().unwrap());
        again.args(arguments).arg("a_test_that_does_not_run_is_listed_once").env(SECOND_RUN, "1").env(LIST_VARIABLE, &list);
        let output = again.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        printed.extend(output.stdout);
    }
    printed.extend(b"test slow ... ignored\ntest other ... ignored, takes an hour\ntest quick ... ok\nnot run: a script's step (no npm)\n");
    std::fs::write(&log, printed).unwrap();
    let expected = [
        "not run: a script's step (no npm)",
        "not run: an example (it wants to be listed)",
        "not run: other (ignored by default)",
        "not run: slow (ignored by default)",
    ];
    assert_eq!(list_not_run(&log, &list).lines().collect::<Vec<_>>(), expected);
}

#[test]
fn without_a_list_nothing_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    std::fs::write(&log, "test quick ... ok\n").unwrap();
    assert_eq!(list_not_run(&log, &folder.path().join("no list")), "");
}
