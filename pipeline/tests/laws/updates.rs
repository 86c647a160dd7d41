//! Changed specs, branches that are moved back, and interrupted runs.

use serde_json::{Value, json};

use crate::fixture::{Fixture, wait_until};

fn input() -> Value {
    json!({"pfs": {"name": "in", "repo": "in", "glob": "/*"}})
}

fn spec(fixture: &Fixture, mark: &str) {
    fixture.spec("mark", &input(), &format!(r#"echo "{mark}$(cat "$in")" > "$PFS/out/${{in##*/}}""#), &json!({}));
}

#[test]
fn an_update_keeps_old_outputs_and_notes_it() {
    let fixture = Fixture::new();
    fixture.put("in", &[("a", "1"), ("b", "2")]);
    spec(&fixture, "old");
    fixture.run(&[]).succeeded();
    spec(&fixture, "new");
    fixture.put("in", &[("a", "1"), ("b", "3")]);
    let outcome = fixture.run(&[]).succeeded();
    assert!(outcome.messages.iter().any(|line| line.contains("outputs of both commands may stand side by side")), "{:?}", outcome.messages);
    assert_eq!(outcome.counts("mark"), Some((1, 1, 0)));
    assert_eq!(fixture.files("mark").into_values().collect::<Vec<_>>(), ["old1\n", "new3\n"]);
    let text = fixture.pipeline(&["inspect", "mark:/a"]).succeeded().stdout;
    assert!(text.contains("made by mark version 1 ") && text.contains(", unchanged since, "), "{text}");
    assert!(fixture.pipeline(&["inspect", "mark:/b"]).succeeded().stdout.contains("made by mark version 2 "));
    // with a new salt everything runs again
    assert_eq!(fixture.run(&["--reprocess"]).succeeded().counts("mark"), Some((2, 0, 0)));
    assert_eq!(fixture.files("mark").into_values().collect::<Vec<_>>(), ["new1\n", "new3\n"]);
}

#[test]
fn a_spec_can_ask_to_process_every_datum_in_every_job() {
    let fixture = Fixture::new();
    fixture.put("in", &[("a", "1")]);
    fixture.spec("all", &input(), r#"cp "$in" "$PFS/out""#, &json!({"reprocessSpec": "every_job"}));
    fixture.run(&[]).succeeded();
    fixture.put("in", &[("a", "1"), ("b", "2")]);
    assert_eq!(fixture.run(&[]).succeeded().counts("all"), Some((2, 0, 0)));
}

#[test]
fn after_a_rollback_the_changed_datums_run_again() {
    let fixture = Fixture::new();
    fixture.put("in", &[("a", "1"), ("b", "2")]);
    let list = fixture.pipeline(&["list", "commits", "in", "--json"]).succeeded().stdout;
    let first: Value = serde_json::from_str(&list).unwrap();
    let first = first[0]["id"].as_str().unwrap().to_owned();
    spec(&fixture, "");
    fixture.run(&[]).succeeded();
    fixture.put("in", &[("a", "1"), ("b", "3")]);
    fixture.run(&[]).succeeded();
    fixture.pipeline(&["rollback", "in", "--to", &first[..8]]).succeeded();
    assert_eq!(fixture.run(&[]).succeeded().counts("mark"), Some((1, 1, 0)));
    assert_eq!(fixture.files("mark").into_values().collect::<Vec<_>>(), ["1\n", "2\n"]);
    let output = fixture.pipeline(&["rollback", "mark", "--to", &first]).failed();
    assert!(output.contains("only the pipeline `mark` writes `mark`"), "{output}");
}

#[test]
fn a_stopped_run_is_continued() {
    let fixture = Fixture::new();
    fixture.put("in", &[("a", "1"), ("b", "2"), ("c", "3")]);
    // the second datum waits until the test stops it, but only in the first run
    let script = r#"echo "${in##*/}" >> "$LOG"; case "$in" in */b) test -e "$LOG.go" || { touch "$LOG.waits"; sleep 60; };; esac; cp "$in" "$PFS/out""#;
    fixture.spec("slow", &input(), script, &json!({}));
    std::thread::scope(|scope| {
        let run = scope.spawn(|| fixture.run(&[]));
        wait_until(|| fixture.path("log.waits").exists());
        fixture.stop_requested.store(true, std::sync::atomic::Ordering::SeqCst);
        let output = run.join().unwrap().failed();
        assert!(output.contains("slow: stopped; 1 of 3 datums are finished and kept"), "{output}");
    });
    fixture.stop_requested.store(false, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(fixture.log(), ["a", "b"]);
    assert!(fixture.pipeline(&["list", "jobs"]).succeeded().stdout.contains("  running  "));
    fixture.file("log.go", "");
    let outcome = fixture.run(&[]).succeeded();
    assert!(outcome.messages.iter().any(|line| line.starts_with("slow: continuing job ")), "{:?}", outcome.messages);
    assert_eq!(outcome.counts("slow"), Some((3, 0, 0)));
    assert_eq!(fixture.log(), ["b", "c"]);
}

#[test]
fn new_data_replace_a_stopped_job_and_its_finished_datums_are_kept() {
    let fixture = Fixture::new();
    fixture.put("in", &[("a", "1"), ("b", "2")]);
    fixture.spec("slow", &input(), r#"echo "${in##*/}" >> "$LOG"; test "${in##*/}" = a || sleep 60"#, &json!({}));
    std::thread::scope(|scope| {
        let run = scope.spawn(|| fixture.run(&[]));
        wait_until(|| fixture.text("log").contains('b'));
        fixture.stop_requested.store(true, std::sync::atomic::Ordering::SeqCst);
        run.join().unwrap().failed();
    });
    fixture.stop_requested.store(false, std::sync::atomic::Ordering::SeqCst);
    fixture.log();
    fixture.put("in", &[("a", "1")]);
    assert_eq!(fixture.run(&[]).succeeded().counts("slow"), Some((0, 1, 0)));
    assert_eq!(fixture.log(), [""; 0]);
    assert!(fixture.pipeline(&["list", "jobs"]).succeeded().stdout.contains("  killed  "));
}

#[test]
fn a_replaced_job_does_not_show_the_datums_of_its_successor() {
    let fixture = Fixture::new();
    fixture.spec("slow", &input(), r#"echo "${in##*/}" >> "$LOG"; test "${in##*/}" = a || sleep 60"#, &json!({}));
    for last in ["b", "c"] {
        fixture.put("in", &[("a", "1"), (last, "2")]);
        std::thread::scope(|scope| {
            let run = scope.spawn(|| fixture.run(&[]));
            wait_until(|| fixture.text("log").contains(last));
            fixture.stop_requested.store(true, std::sync::atomic::Ordering::SeqCst);
            run.join().unwrap().failed();
        });
        fixture.stop_requested.store(false, std::sync::atomic::Ordering::SeqCst);
    }
    let json = |words: &[&str]| serde_json::from_str::<Value>(&fixture.pipeline(words).succeeded().stdout).unwrap();
    let jobs = json(&["list", "jobs", "--json"]);
    let shown = |index: usize| {
        let reference = format!("slow@{}", jobs[index]["id"].as_str().unwrap());
        (jobs[index]["state"].as_str().unwrap(), json(&["list", "datums", &reference, "--json"]).as_array().unwrap().len())
    };
    assert_eq!((shown(0), shown(1)), (("running", 1), ("killed", 0)));
}

#[test]
fn a_run_that_has_to_stop_starts_no_program() {
    for batching in [false, true] {
        let fixture = Fixture::new();
        fixture.put("in", &[("a", "1")]);
        fixture.spec("loud", &input(), r#"echo x >> "$LOG""#, &json!({"transform": {"datumBatching": batching}}));
        fixture.stop_requested.store(true, std::sync::atomic::Ordering::SeqCst);
        assert!(fixture.run(&[]).failed().contains("loud: stopped; 0 of 1 datums are finished"));
        assert_eq!(fixture.log(), [""; 0], "datumBatching: {batching}");
    }
}
