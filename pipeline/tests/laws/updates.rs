//! Specs that change, branches that move, runs that are interrupted.

use serde_json::{Value, json};

use crate::place::Place;

fn input() -> Value {
    json!({"pfs": {"name": "in", "repo": "in", "glob": "/*"}})
}

fn spec(place: &Place, mark: &str) {
    place.spec("mark", &input(), &format!(r#"echo "{mark}$(cat "$in")" > "$PFS/out/${{in##*/}}""#), &json!({}));
}

#[test]
fn an_update_keeps_old_outputs_and_says_so() {
    let place = Place::new();
    place.put("in", &[("a", "1"), ("b", "2")]);
    spec(&place, "old");
    place.run(&[]).good();
    spec(&place, "new");
    place.put("in", &[("a", "1"), ("b", "3")]);
    let ran = place.run(&[]).good();
    assert!(ran.said.iter().any(|line| line.contains("outputs of both may stand side by side")), "{:?}", ran.said);
    assert_eq!(ran.counts("mark"), Some((1, 1, 0)));
    assert_eq!(place.files("mark").into_values().collect::<Vec<_>>(), ["old1\n", "new3\n"]);
    let text = place.pipeline(&["inspect", "mark:/a"]).good().printed;
    assert!(text.contains("made by mark version 1 ") && text.contains(", unchanged since, "), "{text}");
    assert!(place.pipeline(&["inspect", "mark:/b"]).good().printed.contains("made by mark version 2 "));
    // with a new salt everything runs again
    assert_eq!(place.run(&["--reprocess"]).good().counts("mark"), Some((2, 0, 0)));
    assert_eq!(place.files("mark").into_values().collect::<Vec<_>>(), ["new1\n", "new3\n"]);
}

#[test]
fn every_job_may_process_everything() {
    let place = Place::new();
    place.put("in", &[("a", "1")]);
    place.spec("all", &input(), r#"cp "$in" "$PFS/out""#, &json!({"reprocessSpec": "every_job"}));
    place.run(&[]).good();
    place.put("in", &[("a", "1"), ("b", "2")]);
    assert_eq!(place.run(&[]).good().counts("all"), Some((2, 0, 0)));
}

#[test]
fn after_a_rollback_what_changed_runs_again() {
    let place = Place::new();
    place.put("in", &[("a", "1"), ("b", "2")]);
    let list = place.pipeline(&["list", "commits", "in", "--json"]).good().printed;
    let first: Value = serde_json::from_str(&list).unwrap();
    let first = first[0]["id"].as_str().unwrap().to_owned();
    spec(&place, "");
    place.run(&[]).good();
    place.put("in", &[("a", "1"), ("b", "3")]);
    place.run(&[]).good();
    place.pipeline(&["rollback", "in", "--to", &first[..8]]).good();
    assert_eq!(place.run(&[]).good().counts("mark"), Some((1, 1, 0)));
    assert_eq!(place.files("mark").into_values().collect::<Vec<_>>(), ["1\n", "2\n"]);
    let said = place.pipeline(&["rollback", "mark", "--to", &first]).bad();
    assert!(said.contains("`mark` is written by the pipeline `mark` alone"), "{said}");
}

#[test]
fn a_run_that_is_stopped_goes_on_where_it_was() {
    let place = Place::new();
    place.put("in", &[("a", "1"), ("b", "2"), ("c", "3")]);
    // the second datum waits for good, the first time
    let script = r#"echo "${in##*/}" >> "$LOG"; case "$in" in */b) test -e "$LOG.go" || { touch "$LOG.waits"; sleep 600; };; esac; cp "$in" "$PFS/out""#;
    place.spec("slow", &input(), script, &json!({}));
    std::thread::scope(|scope| {
        let run = scope.spawn(|| place.run(&[]));
        while !place.path("log.waits").exists() {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        place.stopped.store(true, std::sync::atomic::Ordering::SeqCst);
        let said = run.join().unwrap().bad();
        assert!(said.contains("slow: stopped; 1 of 3 datums are done and kept"), "{said}");
    });
    place.stopped.store(false, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(place.log(), ["a", "b"]);
    assert!(place.pipeline(&["list", "jobs"]).good().printed.contains("  running  "));
    place.file("log.go", "");
    let ran = place.run(&[]).good();
    assert!(ran.said.iter().any(|line| line.starts_with("slow: going on with job ")), "{:?}", ran.said);
    assert_eq!(ran.counts("slow"), Some((3, 0, 0)));
    assert_eq!(place.log(), ["b", "c"]);
}

#[test]
fn new_data_take_the_place_of_a_job_that_was_stopped_and_what_it_did_counts() {
    let place = Place::new();
    place.put("in", &[("a", "1"), ("b", "2")]);
    place.spec("slow", &input(), r#"echo "${in##*/}" >> "$LOG"; test "${in##*/}" = a || sleep 600"#, &json!({}));
    std::thread::scope(|scope| {
        let run = scope.spawn(|| place.run(&[]));
        while !place.text("log").contains('b') {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        place.stopped.store(true, std::sync::atomic::Ordering::SeqCst);
        run.join().unwrap().bad();
    });
    place.stopped.store(false, std::sync::atomic::Ordering::SeqCst);
    place.log();
    place.put("in", &[("a", "1")]);
    assert_eq!(place.run(&[]).good().counts("slow"), Some((0, 1, 0)));
    assert_eq!(place.log(), [""; 0]);
    assert!(place.pipeline(&["list", "jobs"]).good().printed.contains("  killed  "));
}

#[test]
fn a_job_that_something_took_the_place_of_does_not_show_the_datums_of_that() {
    let place = Place::new();
    place.spec("slow", &input(), r#"echo "${in##*/}" >> "$LOG"; test "${in##*/}" = a || sleep 600"#, &json!({}));
    for last in ["b", "c"] {
        place.put("in", &[("a", "1"), (last, "2")]);
        std::thread::scope(|scope| {
            let run = scope.spawn(|| place.run(&[]));
            while !place.text("log").contains(last) {
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
            place.stopped.store(true, std::sync::atomic::Ordering::SeqCst);
            run.join().unwrap().bad();
        });
        place.stopped.store(false, std::sync::atomic::Ordering::SeqCst);
    }
    let json = |words: &[&str]| serde_json::from_str::<Value>(&place.pipeline(words).good().printed).unwrap();
    let jobs = json(&["list", "jobs", "--json"]);
    let shown = |index: usize| {
        let reference = format!("slow@{}", jobs[index]["id"].as_str().unwrap());
        (jobs[index]["state"].as_str().unwrap(), json(&["list", "datums", &reference, "--json"]).as_array().unwrap().len())
    };
    assert_eq!((shown(0), shown(1)), (("running", 1), ("killed", 0)));
}

#[test]
fn a_run_that_is_to_stop_starts_no_program() {
    for batching in [false, true] {
        let place = Place::new();
        place.put("in", &[("a", "1")]);
        place.spec("loud", &input(), r#"echo x >> "$LOG""#, &json!({"transform": {"datumBatching": batching}}));
        place.stopped.store(true, std::sync::atomic::Ordering::SeqCst);
        assert!(place.run(&[]).bad().contains("loud: stopped; 0 of 1 datums are done"));
        assert_eq!(place.log(), [""; 0], "datumBatching: {batching}");
    }
}
