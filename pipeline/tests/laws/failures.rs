//! What a failed datum means for its job, its branch, and pipelines that read it.

use serde_json::json;

use crate::fixture::{Fixture, wait_until};

const COPY: &str = r#"for f in "$PFS"/in/*; do echo "${f##*/}" >> "$LOG"; grep -q bad "$f" && { echo "it is bad" >&2; exit 3; }; cp "$f" "$PFS/out"; done; true"#;

fn copies(fixture: &Fixture) {
    fixture.spec("copy", &json!({"pfs": {"name": "in", "repo": "in", "glob": "/*"}}), COPY, &json!({"datumTries": 2}));
    fixture.spec("below", &json!({"pfs": {"name": "in", "repo": "copy", "glob": "/"}}), r#"cat "$PFS"/in/* > "$PFS/out/all""#, &json!({}));
}

#[test]
fn a_failed_datum_fails_its_job_and_downstream_keeps_its_old_output() {
    let fixture = Fixture::new();
    fixture.put("in", &[("a", "1"), ("b", "2")]);
    copies(&fixture);
    fixture.run(&[]).succeeded();
    fixture.put("in", &[("a", "3"), ("b", "bad")]);
    fixture.log();
    let output = fixture.run(&[]).failed();
    assert!(output.contains("copy: 1 processed, 0 skipped, 1 failed\n"), "{output}");
    assert!(output.contains("(in:/b): exit code 3\n"), "{output}");
    assert!(output.contains("below: not run because the last job of `copy` did not succeed; `below` keeps its old output"), "{output}");
    // the datum was tried twice
    assert_eq!(fixture.log(), ["a", "b", "b"]);
    // the branch shows the output of the datums that succeeded, and `get` says why some is missing
    let outcome = fixture.pipeline(&["get", "copy:/a"]).succeeded();
    assert_eq!(outcome.stdout, "3");
    assert!(outcome.messages[0].starts_with("note: commit ") && outcome.messages[0].contains("a failed job"), "{:?}", outcome.messages);
    let outcome = fixture.pipeline(&["get", "below:/all"]).succeeded();
    assert_eq!(outcome.stdout, "12");
    assert!(outcome.messages[0].starts_with("note: `below` shows old output"), "{:?}", outcome.messages);
    // the program's output is kept
    assert!(fixture.pipeline(&["inspect", "copy"]).succeeded().stdout.contains("    | it is bad\n"));
}

#[test]
fn a_failed_job_runs_again_only_with_retry_if_nothing_changed() {
    let fixture = Fixture::new();
    fixture.put("in", &[("a", "bad")]);
    copies(&fixture);
    fixture.run(&[]).failed();
    fixture.log();
    let output = fixture.pipeline(&["run"]).failed();
    assert!(output.contains("copy: nothing changed since its last job: failure: 1 of 1 datums failed"), "{output}");
    assert_eq!(fixture.log(), [""; 0]);
    fixture.pipeline(&["run", "--retry"]).failed();
    assert_eq!(fixture.log(), ["a", "a"]);
}

#[test]
fn datums_are_skipped_if_the_last_successful_job_processed_them() {
    let fixture = Fixture::new();
    fixture.put("in", &[("a", "1"), ("b", "2")]);
    copies(&fixture);
    fixture.run(&[]).succeeded();
    fixture.put("in", &[("a", "1"), ("b", "bad"), ("c", "3")]);
    fixture.run(&[]).failed();
    fixture.log();
    fixture.put("in", &[("a", "1"), ("b", "4"), ("c", "3")]);
    let outcome = fixture.run(&[]).succeeded();
    assert_eq!(outcome.counts("copy"), Some((2, 1, 0)));
    assert_eq!(fixture.log(), ["b", "c"]);
    assert_eq!(fixture.pipeline(&["get", "below:/all"]).succeeded().stdout, "143");
}

#[test]
fn two_datums_that_write_the_same_path_fail_the_job_and_its_commit_cannot_be_read() {
    let fixture = Fixture::new();
    fixture.put("in", &[("a", "1"), ("b", "2")]);
    fixture.spec("same", &json!({"pfs": {"name": "in", "repo": "in", "glob": "/*"}}), r#"cp "$in" "$PFS/out/x""#, &json!({}));
    let output = fixture.run(&[]).failed();
    assert!(output.contains("duplicate path output by different datums: `/x` by datum"), "{output}");
    let output = fixture.pipeline(&["get", "same:/x"]).failed();
    assert!(output.contains("cannot be read: duplicate path output by different datums"), "{output}");
    fixture.spec(
        "same",
        &json!({"pfs": {"name": "in", "repo": "in", "glob": "/*"}}),
        r#"test "$in" = "$PFS/in/a" && cp "$in" "$PFS/out/x" || { mkdir "$PFS/out/x"; cp "$in" "$PFS/out/x/y"; }"#,
        &json!({}),
    );
    assert!(fixture.run(&[]).failed().contains("one datum wrote the file `/x` and another `/x/y` below it"));
}

#[test]
fn accepted_exit_codes_are_no_failure() {
    let fixture = Fixture::new();
    fixture.put("in", &[("a", "1")]);
    let input = json!({"pfs": {"name": "in", "repo": "in", "glob": "/"}});
    fixture.spec("odd", &input, r#"cp "$PFS/in/a" "$PFS/out"; exit 7"#, &json!({"transform": {"acceptReturnCode": [7]}}));
    fixture.run(&[]).succeeded();
    assert_eq!(fixture.files("odd").len(), 1);
}

#[test]
fn datums_and_jobs_have_timeouts() {
    let fixture = Fixture::new();
    fixture.put("in", &[("a", "1")]);
    let input = json!({"pfs": {"name": "in", "repo": "in", "glob": "/"}});
    // processes that the program started end with it
    fixture.spec("slow", &input, r#"sleep 60 & echo waiting; sleep 60"#, &json!({"datumTimeout": "1s", "datumTries": 1}));
    let output = fixture.run(&[]).failed();
    assert!(output.contains("it took longer than `datumTimeout`") && output.contains("  | waiting"), "{output}");
    fixture.spec("slow", &input, "sleep 60", &json!({"jobTimeout": "1s"}));
    let output = fixture.run(&[]).failed();
    assert!(output.contains("it took longer than `jobTimeout`"), "{output}");
    assert!(fixture.pipeline(&["list", "jobs"]).succeeded().stdout.contains("  killed  "));
}

#[test]
fn a_missing_program_is_named() {
    let fixture = Fixture::new();
    fixture.put("in", &[("a", "1")]);
    let input = json!({"pfs": {"name": "in", "repo": "in", "glob": "/"}});
    fixture.spec("none", &input, "", &json!({"transform": {"cmd": ["no-such-program"]}}));
    let output = fixture.run(&[]).failed();
    assert!(output.contains("pipeline `none`: `no-such-program` cannot be started"), "{output}");
}

#[test]
fn only_the_end_of_a_programs_output_is_kept() {
    let fixture = Fixture::new();
    fixture.put("in", &[("a", "1")]);
    let input = json!({"pfs": {"name": "in", "repo": "in", "glob": "/"}});
    fixture.spec("loud", &input, "seq 1000000; echo last; exit 1", &json!({"datumTries": 1}));
    assert!(fixture.run(&[]).failed().contains("  | last"));
    let text = fixture.pipeline(&["inspect", "loud"]).succeeded().stdout;
    assert!(text.contains("    | ...\n") && text.len() < 200_000, "{}", text.len());
}

#[test]
fn a_program_that_waits_for_a_datum_ends_when_the_datum_cannot_be_written() {
    let fixture = Fixture::new();
    fixture.put("in", &[("a", "x")]);
    let script = r#"echo "$$ $PIPELINE_WORKER" > "$LOG.part"; mv "$LOG.part" "$LOG"; exec sleep 20"#;
    let input = json!({"pfs": {"name": "in", "repo": "in", "glob": "/*"}});
    fixture.spec("asks", &input, script, &json!({"transform": {"datumBatching": true}}));
    fixture.damage("in", "y");
    std::thread::scope(|scope| {
        let run = scope.spawn(|| fixture.run(&[]));
        wait_until(|| fixture.path("log").exists());
        let log = fixture.text("log");
        let (process, socket) = log.trim().split_once(' ').unwrap();
        // asks for a datum as `pachctl next datum` does
        let mut stream = std::os::unix::net::UnixStream::connect(socket).unwrap();
        std::io::Write::write_all(&mut stream, b"null\n").unwrap();
        let output = run.join().unwrap().failed();
        assert!(output.contains("its content does not match its digest"), "{output}");
        assert!(!std::path::Path::new("/proc").join(process).exists(), "{process} still runs");
    });
}
