//! Runners that answer late, die, write nonsense or run another module: each is an error with its words, and nothing waits for ever.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use samefit_conformance::runner::{Limits, RunnerEngine, run_to_end};
use samefit_stages::error::Error;
use samefit_stages::ports::engine::Engine;
use std::process::Command;
use std::time::{Duration, Instant};

const TABLE: &str = include_str!("../../core-wasm/wit/abi.json");
const INTRODUCTION: &str = r#"echo '{"language": "sh", "engine": "none", "digest": "00"}'; "#;
/// No test may take longer, whatever its runner does.
const TEST_LIMIT: Duration = Duration::from_secs(30);

fn limits(answer: Duration) -> Limits {
    Limits { start: Duration::from_secs(10), answer, end: Duration::from_secs(10) }
}

/// Starts a shell script that has introduced itself.
fn start(script: &str, limits: Limits) -> Result<RunnerEngine, String> {
    RunnerEngine::start("sh", Command::new("sh").arg("-c").arg(INTRODUCTION.to_owned() + script), TABLE, limits)
}

/// Returns what the call of a function that returns a text says about a script.
fn words(script: &str) -> String {
    let engine = start(script, limits(Duration::from_secs(10))).unwrap();
    engine.identity().map(|_| "no error".to_owned()).unwrap_or_else(|error| error.to_string())
}

#[test]
fn an_answer_that_comes_too_late_is_an_error() {
    let begun = Instant::now();
    let engine = start("read -r line; echo thinking >&2; sleep 60", limits(Duration::from_millis(300))).unwrap();
    let late = engine.identity().err().unwrap().to_string();
    assert_eq!(late, "error: sh: it gave no answer within 0.3 s; its last words: thinking");
    // nothing waits again for a runner that was ended
    assert_eq!(engine.identity().err().unwrap().to_string(), late);
    assert!(begun.elapsed() < TEST_LIMIT);
}

#[test]
fn a_runner_that_does_not_introduce_itself_is_an_error() {
    let begun = Instant::now();
    let limits = Limits { start: Duration::from_millis(300), ..Limits::default() };
    let start = |script: &str| RunnerEngine::start("sh", Command::new("sh").args(["-c", script]), TABLE, limits).err().unwrap();
    assert_eq!(start("sleep 60"), "it gave no answer within 0.3 s");
    assert_eq!(start("echo hello; sleep 60"), "its first line is `hello`, which is no introduction");
    assert_eq!(start("echo '{\"language\": \"sh\"}'"), "its first line is `{\"language\": \"sh\"}`, which is no introduction");
    assert_eq!(start("echo no module >&2; exit 3"), "it ended (exit status: 3); its last words: no module");
    assert!(RunnerEngine::start("x", &mut Command::new("no-such-program"), TABLE, limits).err().unwrap().contains("cannot be started"));
    assert!(begun.elapsed() < TEST_LIMIT);
}

#[test]
fn a_runner_that_dies_is_an_error_with_its_last_words() {
    assert_eq!(
        words("read -r line; echo 'out of memory' >&2; exit 3"),
        "error: sh: it ended (exit status: 3); its last words: out of memory"
    );
    assert_eq!(words("read -r line; kill -KILL $$"), "error: sh: it ended (signal: 9 (SIGKILL))");
    assert_eq!(words("exit 0"), "error: sh: it ended (exit status: 0)");
    assert!(words("read -r line; printf '{\"ok\"'").contains("it wrote a line that does not end"));
}

#[test]
fn nonsense_is_an_error_that_shows_it() {
    let answers = [
        ("hm", "error: sh: its answer `hm` is no JSON"),
        ("{}", "error: sh: its answer `{}` is no answer to this call"),
        (r#"{"ok": "1", "err": null}"#, r#"error: sh: its answer `{"ok": "1", "err": null}` is no answer to this call"#),
        (r#"{"err": {}}"#, r#"error: sh: its answer `{"err": {}}` is no answer to this call"#),
        (r#"{"ok": 5}"#, "error: sh: found `5`, expected a value of type string"),
        (r#"{"ok": null}"#, "error: sh: found `null`, expected a value of type string"),
    ];
    for (answer, error) in answers {
        assert_eq!(words(&format!("read -r line; echo '{answer}'; cat >/dev/null")), error);
    }
    assert!(words(r"read -r line; printf '\377\n'; cat >/dev/null").contains("it wrote bytes that are no text"));
}

#[test]
fn an_answer_without_end_takes_bounded_memory() {
    let begun = Instant::now();
    assert!(words("read -r line; tr '\\0' x </dev/zero").contains("it wrote a line that does not end"));
    assert!(begun.elapsed() < TEST_LIMIT);
}

#[test]
fn a_line_that_nobody_asked_for_is_an_error() {
    let engine =
        start("read -r line; echo '{\"ok\": \"a\"}'; echo '{\"ok\": \"b\"}'; cat >/dev/null", limits(Duration::from_secs(1))).unwrap();
    // whether the second line is there already when the second call is sent, or is taken for its answer, a call fails
    let error = (0..3).find_map(|_| engine.identity().err());
    assert!(error.is_some());
}

#[test]
fn an_error_record_of_another_shape_is_an_error() {
    let script = r#"read -r line; echo '{"err": {"code": "term"}}'; cat >/dev/null"#;
    let engine = start(script, limits(TEST_LIMIT)).unwrap();
    let error = engine.model("{}").err().unwrap();
    assert!(error.to_string().contains("expected a value of type error"), "{error}");
}

/// All handles are gone after a trap, so the driver frees none of them, and goes on with the next call.
#[test]
fn a_trap_takes_the_handles_with_it() {
    let script = r#"
        read -r line; echo '{"ok": 1}'
        read -r line; echo '{"trap": "unreachable"}'
        read -r line; case $line in *free*) exit 1;; esac; echo '{"ok": 2}'
        read -r line; case $line in *free*2*) echo '{"ok": null}';; esac"#;
    let engine = start(script, limits(TEST_LIMIT)).unwrap();
    let model = engine.model("{}").unwrap();
    assert!(matches!(model.plan(), Err(Error::Trap(words)) if words == "unreachable"));
    drop(model);
    drop(engine.model("{}").unwrap());
    engine.end().unwrap();
}

#[test]
fn the_first_error_of_a_stream_counts_even_if_later_bytes_went_ahead() {
    let error = |text: &str| {
        format!(
            r#"echo '{{"err": {{"code": "term", "row": "7", "column": null, "found": null, "expected": null, "text": "{text}", "help": ""}}}}'"#
        )
    };
    let script = format!(
        r#"read -r line; echo '{{"ok": 1}}'
        read -r line; echo '{{"ok": null}}'
        read -r line; {}
        while read -r line; do case $line in *free*) echo '{{"ok": null}}';; *) {};; esac; done"#,
        error("first"),
        error("later")
    );
    let engine = start(&script, limits(TEST_LIMIT)).unwrap();
    let mut stream = engine.summarizer("{}").unwrap();
    let result = (0..10).try_for_each(|_| stream.push(b"x").map(drop)).and_then(|()| stream.finish());
    assert_eq!(result.unwrap_err().to_string(), "error: row 7: first");
    drop(stream);
    engine.end().unwrap();
}

#[test]
fn a_handle_that_cannot_be_freed_breaks_the_session() {
    let engine =
        start(r#"read -r line; echo '{"ok": 1}'; read -r line; echo '{"trap": "gone"}'; cat >/dev/null"#, limits(TEST_LIMIT)).unwrap();
    drop(engine.model("{}").unwrap());
    assert_eq!(engine.end().unwrap_err().to_string(), r#"error: sh: it did not free a handle: `{"trap": "gone"}`"#);
}

#[test]
fn a_runner_that_outlives_its_input_is_ended() {
    let begun = Instant::now();
    let engine = start("sleep 60", Limits { end: Duration::from_millis(300), ..Limits::default() }).unwrap();
    assert_eq!(engine.end().unwrap_err().to_string(), "error: sh: it did not end within 0.3 s of its input");
    let engine = start("cat >/dev/null; echo bye >&2; exit 4", limits(TEST_LIMIT)).unwrap();
    assert_eq!(
        engine.end().unwrap_err().to_string(),
        "error: sh: it ended with exit status: 4 after its input had ended; its last words: bye"
    );
    assert!(begun.elapsed() < TEST_LIMIT);
}

#[test]
fn what_a_runner_started_ends_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let beats = folder.path().join("beats");
    let script = format!("(while sleep 0.05; do echo beat >>'{}'; done) & sleep 60", beats.display());
    let engine = start(&script, limits(TEST_LIMIT)).unwrap();
    let begun = Instant::now();
    while !beats.exists() {
        assert!(begun.elapsed() < TEST_LIMIT);
        std::thread::sleep(Duration::from_millis(10));
    }
    drop(engine);
    let size = || std::fs::metadata(&beats).unwrap().len();
    let at_end = size();
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(size(), at_end);
}

#[test]
fn a_command_that_fails_is_an_error_with_its_last_lines() {
    let run = |script: &str, limit| run_to_end(Command::new("sh").args(["-c", script]), limit);
    run("echo fine", TEST_LIMIT).unwrap();
    let error = run("seq 100; echo bad >&2; exit 2", TEST_LIMIT).unwrap_err();
    assert!(error.starts_with("it ended with exit status: 2 ") && error.contains("its last words: bad\n81\n") && error.ends_with("\n100"));
    assert!(run("sleep 60", Duration::from_millis(300)).unwrap_err().contains("it did not end"));
}
