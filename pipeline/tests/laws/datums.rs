//! Which datums of a job run, and whose output stays.

use serde_json::json;

use crate::fixture::Fixture;

/// A script that writes each file of `in` in capitals, and its name to the log.
const UPPER: &str = r#"for f in "$PFS"/in/*; do tr a-z A-Z < "$f" > "$PFS/out/${f##*/}"; echo "${f##*/}" >> "$LOG"; done"#;

fn upper(fixture: &Fixture) {
    fixture.spec("upper", &json!({"pfs": {"name": "in", "repo": "in", "glob": "/*"}}), UPPER, &json!({"parallelismSpec": {"constant": 2}}));
}

fn pairs(files: &std::collections::BTreeMap<String, String>) -> Vec<(&str, &str)> {
    files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect()
}

#[test]
fn an_unchanged_input_runs_nothing() {
    let fixture = Fixture::new();
    fixture.put("in", &[("a", "x"), ("b", "y")]);
    upper(&fixture);
    assert_eq!(fixture.run(&[]).succeeded().counts("upper"), Some((2, 0, 0)));
    assert_eq!(fixture.log(), ["a", "b"]);
    fixture.put("in", &[("a", "x"), ("b", "y")]);
    assert_eq!(fixture.run(&[]).succeeded().counts("upper"), None);
    assert_eq!(fixture.pipeline(&["run"]).succeeded().counts("upper"), None);
    assert_eq!(fixture.log(), [""; 0]);
}

#[test]
fn a_changed_file_runs_one_datum_and_the_output_of_a_removed_file_is_removed() {
    let fixture = Fixture::new();
    fixture.put("in", &[("a", "x"), ("b", "y"), ("c", "z")]);
    upper(&fixture);
    fixture.run(&[]).succeeded();
    fixture.log();
    fixture.put("in", &[("a", "x"), ("b", "new")]);
    assert_eq!(fixture.run(&[]).succeeded().counts("upper"), Some((1, 1, 0)));
    assert_eq!(fixture.log(), ["b"]);
    assert_eq!(pairs(&fixture.files("upper")), [("a", "X"), ("b", "NEW")]);
}

#[test]
fn a_job_may_have_no_datums() {
    let fixture = Fixture::new();
    fixture.put("in", &[("a", "x")]);
    fixture.put("in", &[]);
    upper(&fixture);
    assert_eq!(fixture.run(&[]).succeeded().counts("upper"), Some((0, 0, 0)));
    assert!(fixture.files("upper").is_empty());
}

#[test]
fn equal_output_upstream_skips_everything_downstream() {
    let fixture = Fixture::new();
    fixture.put("in", &[("a", "x\nx\n")]);
    fixture.spec("once", &json!({"pfs": {"name": "in", "repo": "in", "glob": "/"}}), r#"sort -u "$PFS/in/a" > "$PFS/out/a""#, &json!({}));
    fixture.spec("next", &json!({"pfs": {"name": "in", "repo": "once", "glob": "/"}}), r#"cp "$PFS/in/a" "$PFS/out/b""#, &json!({}));
    fixture.run(&[]).succeeded();
    fixture.put("in", &[("a", "x\nx\nx\n")]);
    let outcome = fixture.run(&[]).succeeded();
    assert_eq!((outcome.counts("once"), outcome.counts("next")), (Some((1, 0, 0)), Some((0, 1, 0))));
}

#[test]
fn a_cross_has_every_pair_and_each_input_has_its_own_folder() {
    let fixture = Fixture::new();
    fixture.put("left", &[("a", "1"), ("b", "2")]);
    fixture.put("right", &[("deep/x", "3"), ("y", "4")]);
    let input =
        json!({"cross": [{"pfs": {"name": "l", "repo": "left", "glob": "/*"}}, {"pfs": {"name": "r", "repo": "right", "glob": "/"}}]});
    let script = r#"cat "$l" "$PFS/r/deep/x" "$r/y" > "$PFS/out/${l##*/}"; test -n "$l_COMMIT" && test ${#PACH_DATUM_ID} = 64 && test "$0" = "$PFS""#;
    fixture.spec("pair", &input, script, &json!({}));
    assert_eq!(fixture.run(&[]).succeeded().counts("pair"), Some((2, 0, 0)));
    assert_eq!(pairs(&fixture.files("pair")), [("a", "134"), ("b", "234")]);
}

#[test]
fn output_consists_of_files_and_of_links_to_files_below_pfs() {
    let fixture = Fixture::new();
    fixture.put("in", &[("a", "x")]);
    let script =
        r#"mkdir -p "$PFS/out/d/e"; ln -s "$PFS/in/a" "$PFS/out/d/link"; ln "$PFS/in/a" "$PFS/out/hard"; ln -s ../hard "$PFS/out/d/up""#;
    let input = json!({"pfs": {"name": "in", "repo": "in", "glob": "/"}});
    fixture.spec("links", &input, script, &json!({}));
    fixture.run(&[]).succeeded();
    assert_eq!(pairs(&fixture.files("links")), [("d/link", "x"), ("d/up", "x"), ("hard", "x")]);
    for (name, script, why) in [
        ("outside", r#"ln -s /etc/passwd "$PFS/out/x""#, "/pfs/out/x: this link leads to no file below /pfs"),
        ("pipe", r#"mkfifo "$PFS/out/x""#, "/pfs/out/x: it is neither a file nor a folder"),
        ("newline", "touch \"$PFS/out/x\ny\"", "contains a control character"),
    ] {
        fixture.spec("links", &input, script, &json!({"description": name}));
        let output = fixture.run(&["--reprocess"]).failed();
        assert!(output.contains(why), "{output}");
    }
}

#[test]
fn a_link_to_an_output_file_is_followed_in_whatever_order_they_are_read() {
    let fixture = Fixture::new();
    fixture.put("in", &[("m", "x")]);
    let script = r#"cp "$PFS/in/m" "$PFS/out/m"; ln -s m "$PFS/out/a"; ln -s m "$PFS/out/z"; ln -s /pfs/out/m "$PFS/out/zz""#;
    fixture.spec("links", &json!({"pfs": {"name": "in", "repo": "in", "glob": "/"}}), script, &json!({}));
    fixture.run(&[]).succeeded();
    assert_eq!(pairs(&fixture.files("links")), [("a", "x"), ("m", "x"), ("z", "x"), ("zz", "x")]);
}

#[test]
fn the_target_of_a_link_that_replaces_the_output_folder_is_not_touched() {
    let fixture = Fixture::new();
    fixture.put("in", &[("a", "x")]);
    fixture.file("elsewhere/letter", "dear all");
    let script = r#"rmdir "$PFS/out"; ln -s "${LOG%log}elsewhere" "$PFS/out""#;
    fixture.spec("link", &json!({"pfs": {"name": "in", "repo": "in", "glob": "/"}}), script, &json!({}));
    let output = fixture.run(&[]).failed();
    assert!(output.contains("the program replaced or removed /pfs/out"), "{output}");
    assert_eq!(fixture.text("elsewhere/letter"), "dear all");
}

#[test]
fn a_program_that_removes_its_folders_fails_only_its_own_datum() {
    let fixture = Fixture::new();
    fixture.put("in", &[("a", "x"), ("b", "y"), ("c", "z")]);
    let script = r#"case "$in" in */a) rm -r "$PFS/out";; */b) rm -r "$PFS";; *) cp "$in" "$PFS/out";; esac"#;
    let input = json!({"pfs": {"name": "in", "repo": "in", "glob": "/*"}});
    fixture.spec("rude", &input, script, &json!({"datumTries": 1}));
    let outcome = fixture.run(&[]);
    assert_eq!(outcome.counts("rude"), Some((1, 0, 2)), "{:?}", outcome.messages);
    assert!(outcome.failed().contains("the program replaced or removed /pfs/out"));
}

#[test]
fn datums_with_equal_contents_do_not_affect_each_other() {
    let fixture = Fixture::new();
    fixture.put("in", &[("a", "x"), ("b", "x")]);
    let script = r#"case "$in" in */b) sleep 1;; esac; cp "$in" "$PFS/out""#;
    let input = json!({"pfs": {"name": "in", "repo": "in", "glob": "/*"}});
    fixture.spec("copy", &input, script, &json!({"parallelismSpec": {"constant": 2}}));
    assert_eq!(fixture.run(&[]).succeeded().counts("copy"), Some((2, 0, 0)));
    assert_eq!(pairs(&fixture.files("copy")), [("a", "x"), ("b", "x")]);
    fixture.pipeline(&["check"]).succeeded();
}

#[test]
fn several_workers_process_every_datum_once() {
    let fixture = Fixture::new();
    let files: Vec<(String, String)> = (0..300).map(|i| (format!("{i}"), format!("text {i}"))).collect();
    fixture.put("in", &files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect::<Vec<_>>());
    upper(&fixture);
    assert_eq!(fixture.run(&["--workers", "8"]).succeeded().counts("upper"), Some((300, 0, 0)));
    assert_eq!(fixture.files("upper").len(), 300);
    assert_eq!(fixture.pipeline(&["check"]).succeeded().messages, ["checked 603 files in the store: every digest is right"]);
}

#[test]
fn a_path_inside_an_argument_is_noted() {
    let fixture = Fixture::new();
    fixture.put("in", &[("a", "x")]);
    let input = json!({"pfs": {"name": "in", "repo": "in", "glob": "/"}});
    fixture.spec("hidden", &input, "cat /pfs/in/a; true", &json!({}));
    let output = fixture.run(&[]).succeeded().messages;
    assert!(output.iter().any(|line| line.contains("`/pfs` inside `cat /pfs/in/a; true` is not rewritten")), "{output:?}");
}

#[test]
fn output_files_without_read_permission_are_collected() {
    let fixture = Fixture::new();
    fixture.put("in", &[("a", "x")]);
    let input = json!({"pfs": {"name": "in", "repo": "in", "glob": "/"}});
    fixture.spec("closed", &input, r#"cp "$PFS/in/a" "$PFS/out/a"; chmod 0 "$PFS/out/a""#, &json!({}));
    fixture.run(&[]).succeeded();
    assert_eq!(fixture.files("closed").len(), 1);
}
