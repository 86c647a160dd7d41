//! What a datum that fails does to its job, its branch and those below.

use serde_json::json;

use crate::fixture::Fixture;

const COPY: &str = r#"for f in "$PFS"/in/*; do echo "${f##*/}" >> "$LOG"; grep -q bad "$f" && { echo "it is bad" >&2; exit 3; }; cp "$f" "$PFS/out"; done; true"#;

fn copies(fixture: &Fixture) {
    fixture.spec("copy", &json!({"pfs": {"name": "in", "repo": "in", "glob": "/*"}}), COPY, &json!({"datumTries": 2}));
    fixture.spec("below", &json!({"pfs": {"name": "in", "repo": "copy", "glob": "/"}}), r#"cat "$PFS"/in/* > "$PFS/out/all""#, &json!({}));
}

#[test]
fn a_failed_datum_fails_its_job_and_what_is_below_keeps_its_old_output() {
    let fixture = Fixture::new();
    fixture.put("in", &[("a", "1"), ("b", "2")]);
    copies(&fixture);
    fixture.run(&[]).succeeded();
    fixture.put("in", &[("a", "3"), ("b", "bad")]);
    fixture.log();
    let said = fixture.run(&[]).failed();
    assert!(said.contains("copy: 1 processed, 0 skipped, 1 failed\n"), "{said}");
    assert!(said.contains("(in:/b): exit code 3\n"), "{said}");
    assert!(said.contains("below: not run because the last job of `copy` did not succeed; `below` keeps its old output"), "{said}");
    // the datum was tried twice
    assert_eq!(fixture.log(), ["a", "b", "b"]);
    // the branch shows the good datums' output, and says why not all
    let ran = fixture.pipeline(&["get", "copy:/a"]).succeeded();
    assert_eq!(ran.stdout, "3");
    assert!(ran.messages[0].starts_with("note: commit ") && ran.messages[0].contains("a failed job"), "{:?}", ran.messages);
    let ran = fixture.pipeline(&["get", "below:/all"]).succeeded();
    assert_eq!(ran.stdout, "12");
    assert!(ran.messages[0].starts_with("note: `below` shows old output"), "{:?}", ran.messages);
    // its words are kept
    assert!(fixture.pipeline(&["inspect", "copy"]).succeeded().stdout.contains("    | it is bad\n"));
}

#[test]
fn nothing_changed_runs_nothing_even_after_a_failure_unless_asked_to() {
    let fixture = Fixture::new();
    fixture.put("in", &[("a", "bad")]);
    copies(&fixture);
    fixture.run(&[]).failed();
    fixture.log();
    let said = fixture.pipeline(&["run"]).failed();
    assert!(said.contains("copy: nothing changed since its last job: failure: 1 of 1 datums failed"), "{said}");
    assert_eq!(fixture.log(), [""; 0]);
    fixture.pipeline(&["run", "--retry"]).failed();
    assert_eq!(fixture.log(), ["a", "a"]);
}

#[test]
fn good_datums_of_a_failed_job_run_again_and_those_of_the_job_before_are_skipped() {
    let fixture = Fixture::new();
    fixture.put("in", &[("a", "1"), ("b", "2")]);
    copies(&fixture);
    fixture.run(&[]).succeeded();
    fixture.put("in", &[("a", "1"), ("b", "bad"), ("c", "3")]);
    fixture.run(&[]).failed();
    fixture.log();
    fixture.put("in", &[("a", "1"), ("b", "4"), ("c", "3")]);
    let ran = fixture.run(&[]).succeeded();
    assert_eq!(ran.counts("copy"), Some((2, 1, 0)));
    assert_eq!(fixture.log(), ["b", "c"]);
    assert_eq!(fixture.pipeline(&["get", "below:/all"]).succeeded().stdout, "143");
}

#[test]
fn two_datums_that_write_one_path_fail_the_job_and_nothing_can_be_read() {
    let fixture = Fixture::new();
    fixture.put("in", &[("a", "1"), ("b", "2")]);
    fixture.spec("same", &json!({"pfs": {"name": "in", "repo": "in", "glob": "/*"}}), r#"cp "$in" "$PFS/out/x""#, &json!({}));
    let said = fixture.run(&[]).failed();
    assert!(said.contains("duplicate path output by different datums: `/x` by datum"), "{said}");
    let said = fixture.pipeline(&["get", "same:/x"]).failed();
    assert!(said.contains("cannot be read: duplicate path output by different datums"), "{said}");
    fixture.spec(
        "same",
        &json!({"pfs": {"name": "in", "repo": "in", "glob": "/*"}}),
        r#"test "$in" = "$PFS/in/a" && cp "$in" "$PFS/out/x" || { mkdir "$PFS/out/x"; cp "$in" "$PFS/out/x/y"; }"#,
        &json!({}),
    );
    assert!(fixture.run(&[]).failed().contains("one datum wrote the file `/x` and another `/x/y` below it"));
}

#[test]
fn exit_codes_may_be_accepted() {
    let fixture = Fixture::new();
    fixture.put("in", &[("a", "1")]);
    let input = json!({"pfs": {"name": "in", "repo": "in", "glob": "/"}});
    fixture.spec("odd", &input, r#"cp "$PFS/in/a" "$PFS/out"; exit 7"#, &json!({"transform": {"acceptReturnCode": [7]}}));
    fixture.run(&[]).succeeded();
    assert_eq!(fixture.files("odd").len(), 1);
}

#[test]
fn a_datum_and_a_job_have_only_their_time() {
    let fixture = Fixture::new();
    fixture.put("in", &[("a", "1")]);
    let input = json!({"pfs": {"name": "in", "repo": "in", "glob": "/"}});
    // the program's children end with it
    fixture.spec("slow", &input, r#"sleep 60 & echo waiting; sleep 60"#, &json!({"datumTimeout": "1s", "datumTries": 1}));
    let said = fixture.run(&[]).failed();
    assert!(said.contains("it took longer than `datumTimeout`") && said.contains("  | waiting"), "{said}");
    fixture.spec("slow", &input, "sleep 60", &json!({"jobTimeout": "1s"}));
    let said = fixture.run(&[]).failed();
    assert!(said.contains("it took longer than `jobTimeout`"), "{said}");
    assert!(fixture.pipeline(&["list", "jobs"]).succeeded().stdout.contains("  killed  "));
}

#[test]
fn a_program_that_is_not_there_is_named() {
    let fixture = Fixture::new();
    fixture.put("in", &[("a", "1")]);
    let input = json!({"pfs": {"name": "in", "repo": "in", "glob": "/"}});
    fixture.spec("none", &input, "", &json!({"transform": {"cmd": ["no-such-program"]}}));
    let said = fixture.run(&[]).failed();
    assert!(said.contains("pipeline `none`: `no-such-program` cannot be started"), "{said}");
}

#[test]
fn what_a_program_says_is_kept_to_its_end_only() {
    let fixture = Fixture::new();
    fixture.put("in", &[("a", "1")]);
    let input = json!({"pfs": {"name": "in", "repo": "in", "glob": "/"}});
    fixture.spec("loud", &input, "seq 1000000; echo last; exit 1", &json!({"datumTries": 1}));
    assert!(fixture.run(&[]).failed().contains("  | last"));
    let text = fixture.pipeline(&["inspect", "loud"]).succeeded().stdout;
    assert!(text.contains("    | ...\n") && text.len() < 200_000, "{}", text.len());
}

#[test]
fn a_program_that_waits_for_a_datum_ends_when_the_datum_cannot_be_laid_out() {
    let fixture = Fixture::new();
    fixture.put("in", &[("a", "x")]);
    let script = r#"echo "$$ $PIPELINE_WORKER" > "$LOG.part"; mv "$LOG.part" "$LOG"; exec sleep 20"#;
    let input = json!({"pfs": {"name": "in", "repo": "in", "glob": "/*"}});
    fixture.spec("asks", &input, script, &json!({"transform": {"datumBatching": true}}));
    fixture.damage("in", "y");
    std::thread::scope(|scope| {
        let run = scope.spawn(|| fixture.run(&[]));
        while !fixture.path("log").exists() {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        let log = fixture.text("log");
        let (process, socket) = log.trim().split_once(' ').unwrap();
        // as `pachctl next datum` does
        let mut stream = std::os::unix::net::UnixStream::connect(socket).unwrap();
        std::io::Write::write_all(&mut stream, b"null\n").unwrap();
        let said = run.join().unwrap().failed();
        assert!(said.contains("its content does not match its digest"), "{said}");
        assert!(!std::path::Path::new("/proc").join(process).exists(), "{process} still runs");
    });
}
