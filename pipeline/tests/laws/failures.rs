//! What a datum that fails does to its job, its branch and those below.

use serde_json::json;

use crate::place::Place;

const COPY: &str = r#"for f in "$PFS"/in/*; do echo "${f##*/}" >> "$LOG"; grep -q bad "$f" && { echo "it is bad" >&2; exit 3; }; cp "$f" "$PFS/out"; done; true"#;

fn copies(place: &Place) {
    place.spec("copy", &json!({"pfs": {"name": "in", "repo": "in", "glob": "/*"}}), COPY, &json!({"datumTries": 2}));
    place.spec("below", &json!({"pfs": {"name": "in", "repo": "copy", "glob": "/"}}), r#"cat "$PFS"/in/* > "$PFS/out/all""#, &json!({}));
}

#[test]
fn a_failed_datum_fails_its_job_and_what_is_below_keeps_its_old_output() {
    let place = Place::new();
    place.put("in", &[("a", "1"), ("b", "2")]);
    copies(&place);
    place.run(&[]).good();
    place.put("in", &[("a", "3"), ("b", "bad")]);
    place.log();
    let said = place.run(&[]).bad();
    assert!(said.contains("copy: 1 processed, 0 skipped, 1 failed\n"), "{said}");
    assert!(said.contains("(in:/b): exit code 3\n"), "{said}");
    assert!(said.contains("below: not run, for the last job of `copy` did not succeed; `below` goes on showing its old output"), "{said}");
    // the datum was tried twice
    assert_eq!(place.log(), ["a", "b", "b"]);
    // the branch shows the good datums' output, and says why not all
    let ran = place.pipeline(&["get", "copy:/a"]).good();
    assert_eq!(ran.printed, "3");
    assert!(ran.said[0].starts_with("note: commit ") && ran.said[0].contains("a job that failed"), "{:?}", ran.said);
    let ran = place.pipeline(&["get", "below:/all"]).good();
    assert_eq!(ran.printed, "12");
    assert!(ran.said[0].starts_with("note: `below` shows old output"), "{:?}", ran.said);
    // its words are kept
    assert!(place.pipeline(&["inspect", "copy"]).good().printed.contains("    | it is bad\n"));
}

#[test]
fn nothing_changed_runs_nothing_even_after_a_failure_unless_asked_to() {
    let place = Place::new();
    place.put("in", &[("a", "bad")]);
    copies(&place);
    place.run(&[]).bad();
    place.log();
    let said = place.pipeline(&["run"]).bad();
    assert!(said.contains("copy: nothing changed since its last job: failure: 1 of 1 datums failed"), "{said}");
    assert_eq!(place.log(), [""; 0]);
    place.pipeline(&["run", "--retry"]).bad();
    assert_eq!(place.log(), ["a", "a"]);
}

#[test]
fn good_datums_of_a_failed_job_run_again_and_those_of_the_job_before_are_skipped() {
    let place = Place::new();
    place.put("in", &[("a", "1"), ("b", "2")]);
    copies(&place);
    place.run(&[]).good();
    place.put("in", &[("a", "1"), ("b", "bad"), ("c", "3")]);
    place.run(&[]).bad();
    place.log();
    place.put("in", &[("a", "1"), ("b", "4"), ("c", "3")]);
    let ran = place.run(&[]).good();
    assert_eq!(ran.counts("copy"), Some((2, 1, 0)));
    assert_eq!(place.log(), ["b", "c"]);
    assert_eq!(place.pipeline(&["get", "below:/all"]).good().printed, "143");
}

#[test]
fn two_datums_that_write_one_path_fail_the_job_and_nothing_can_be_read() {
    let place = Place::new();
    place.put("in", &[("a", "1"), ("b", "2")]);
    place.spec("same", &json!({"pfs": {"name": "in", "repo": "in", "glob": "/*"}}), r#"cp "$in" "$PFS/out/x""#, &json!({}));
    let said = place.run(&[]).bad();
    assert!(said.contains("duplicate path output by different datums: `/x` by datum"), "{said}");
    let said = place.pipeline(&["get", "same:/x"]).bad();
    assert!(said.contains("cannot be read: duplicate path output by different datums"), "{said}");
    place.spec(
        "same",
        &json!({"pfs": {"name": "in", "repo": "in", "glob": "/*"}}),
        r#"test "$in" = "$PFS/in/a" && cp "$in" "$PFS/out/x" || { mkdir "$PFS/out/x"; cp "$in" "$PFS/out/x/y"; }"#,
        &json!({}),
    );
    assert!(place.run(&[]).bad().contains("one datum wrote the file `/x` and another `/x/y` below it"));
}

#[test]
fn exit_codes_may_be_accepted() {
    let place = Place::new();
    place.put("in", &[("a", "1")]);
    let input = json!({"pfs": {"name": "in", "repo": "in", "glob": "/"}});
    place.spec("odd", &input, r#"cp "$PFS/in/a" "$PFS/out"; exit 7"#, &json!({"transform": {"acceptReturnCode": [7]}}));
    place.run(&[]).good();
    assert_eq!(place.files("odd").len(), 1);
}

#[test]
fn a_datum_and_a_job_have_only_their_time() {
    let place = Place::new();
    place.put("in", &[("a", "1")]);
    let input = json!({"pfs": {"name": "in", "repo": "in", "glob": "/"}});
    // the program's children end with it
    place.spec("slow", &input, r#"sleep 60 & echo waiting; sleep 60"#, &json!({"datumTimeout": "1s", "datumTries": 1}));
    let said = place.run(&[]).bad();
    assert!(said.contains("it took longer than `datumTimeout`") && said.contains("  | waiting"), "{said}");
    place.spec("slow", &input, "sleep 60", &json!({"jobTimeout": "1s"}));
    let said = place.run(&[]).bad();
    assert!(said.contains("it took longer than `jobTimeout`"), "{said}");
    assert!(place.pipeline(&["list", "jobs"]).good().printed.contains("  killed  "));
}

#[test]
fn a_program_that_is_not_there_is_named() {
    let place = Place::new();
    place.put("in", &[("a", "1")]);
    let input = json!({"pfs": {"name": "in", "repo": "in", "glob": "/"}});
    place.spec("none", &input, "", &json!({"transform": {"cmd": ["no-such-program"]}}));
    let said = place.run(&[]).bad();
    assert!(said.contains("pipeline `none`: `no-such-program` cannot be started"), "{said}");
}

#[test]
fn what_a_program_says_is_kept_to_its_end_only() {
    let place = Place::new();
    place.put("in", &[("a", "1")]);
    let input = json!({"pfs": {"name": "in", "repo": "in", "glob": "/"}});
    place.spec("loud", &input, "seq 1000000; echo last; exit 1", &json!({"datumTries": 1}));
    assert!(place.run(&[]).bad().contains("  | last"));
    let text = place.pipeline(&["inspect", "loud"]).good().printed;
    assert!(text.contains("    | ...\n") && text.len() < 200_000, "{}", text.len());
}

#[test]
fn a_program_that_waits_for_a_datum_ends_when_the_datum_cannot_be_laid_out() {
    let place = Place::new();
    place.put("in", &[("a", "x")]);
    let script = r#"echo "$$ $PIPELINE_WORKER" > "$LOG.part"; mv "$LOG.part" "$LOG"; exec sleep 20"#;
    let input = json!({"pfs": {"name": "in", "repo": "in", "glob": "/*"}});
    place.spec("asks", &input, script, &json!({"transform": {"datumBatching": true}}));
    place.damage("in", "y");
    std::thread::scope(|scope| {
        let run = scope.spawn(|| place.run(&[]));
        while !place.path("log").exists() {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        let log = place.text("log");
        let (process, socket) = log.trim().split_once(' ').unwrap();
        // as `pachctl next datum` does
        let mut stream = std::os::unix::net::UnixStream::connect(socket).unwrap();
        std::io::Write::write_all(&mut stream, b"null\n").unwrap();
        let said = run.join().unwrap().bad();
        assert!(said.contains("its content is not that of its name any more"), "{said}");
        assert!(!std::path::Path::new("/proc").join(process).exists(), "{process} still runs");
    });
}
