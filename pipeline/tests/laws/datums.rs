//! Which datums run, and whose output stays.

use serde_json::json;

use crate::place::Place;

/// Writes each file of `in` in capitals, and which it was to the log.
const UPPER: &str = r#"for f in "$PFS"/in/*; do tr a-z A-Z < "$f" > "$PFS/out/${f##*/}"; echo "${f##*/}" >> "$LOG"; done"#;

fn upper(place: &Place) {
    place.spec("upper", &json!({"pfs": {"name": "in", "repo": "in", "glob": "/*"}}), UPPER, &json!({"parallelismSpec": {"constant": 2}}));
}

fn pairs(files: &std::collections::BTreeMap<String, String>) -> Vec<(&str, &str)> {
    files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect()
}

#[test]
fn an_unchanged_input_runs_nothing() {
    let place = Place::new();
    place.put("in", &[("a", "x"), ("b", "y")]);
    upper(&place);
    assert_eq!(place.run(&[]).good().counts("upper"), Some((2, 0, 0)));
    assert_eq!(place.log(), ["a", "b"]);
    place.put("in", &[("a", "x"), ("b", "y")]);
    assert_eq!(place.run(&[]).good().counts("upper"), None);
    assert_eq!(place.pipeline(&["run"]).good().counts("upper"), None);
    assert_eq!(place.log(), [""; 0]);
}

#[test]
fn one_changed_file_runs_one_datum_and_one_that_is_gone_takes_its_output() {
    let place = Place::new();
    place.put("in", &[("a", "x"), ("b", "y"), ("c", "z")]);
    upper(&place);
    place.run(&[]).good();
    place.log();
    place.put("in", &[("a", "x"), ("b", "new")]);
    assert_eq!(place.run(&[]).good().counts("upper"), Some((1, 1, 0)));
    assert_eq!(place.log(), ["b"]);
    assert_eq!(pairs(&place.files("upper")), [("a", "X"), ("b", "NEW")]);
}

#[test]
fn no_datums_are_a_job_too() {
    let place = Place::new();
    place.put("in", &[("a", "x")]);
    place.put("in", &[]);
    upper(&place);
    assert_eq!(place.run(&[]).good().counts("upper"), Some((0, 0, 0)));
    assert!(place.files("upper").is_empty());
}

#[test]
fn equal_output_upstream_skips_everything_downstream() {
    let place = Place::new();
    place.put("in", &[("a", "x\nx\n")]);
    place.spec("once", &json!({"pfs": {"name": "in", "repo": "in", "glob": "/"}}), r#"sort -u "$PFS/in/a" > "$PFS/out/a""#, &json!({}));
    place.spec("next", &json!({"pfs": {"name": "in", "repo": "once", "glob": "/"}}), r#"cp "$PFS/in/a" "$PFS/out/b""#, &json!({}));
    place.run(&[]).good();
    place.put("in", &[("a", "x\nx\nx\n")]);
    let ran = place.run(&[]).good();
    assert_eq!((ran.counts("once"), ran.counts("next")), (Some((1, 0, 0)), Some((0, 1, 0))));
}

#[test]
fn a_cross_pairs_its_inputs_and_shows_each_where_it_belongs() {
    let place = Place::new();
    place.put("left", &[("a", "1"), ("b", "2")]);
    place.put("right", &[("deep/x", "3"), ("y", "4")]);
    let input =
        json!({"cross": [{"pfs": {"name": "l", "repo": "left", "glob": "/*"}}, {"pfs": {"name": "r", "repo": "right", "glob": "/"}}]});
    let script = r#"cat "$l" "$PFS/r/deep/x" "$r/y" > "$PFS/out/${l##*/}"; test -n "$l_COMMIT" && test ${#PACH_DATUM_ID} = 64 && test "$0" = "$PFS""#;
    place.spec("pair", &input, script, &json!({}));
    assert_eq!(place.run(&[]).good().counts("pair"), Some((2, 0, 0)));
    assert_eq!(pairs(&place.files("pair")), [("a", "134"), ("b", "234")]);
}

#[test]
fn output_is_files_and_links_to_files_of_the_datum() {
    let place = Place::new();
    place.put("in", &[("a", "x")]);
    let script =
        r#"mkdir -p "$PFS/out/d/e"; ln -s "$PFS/in/a" "$PFS/out/d/link"; ln "$PFS/in/a" "$PFS/out/hard"; ln -s ../hard "$PFS/out/d/up""#;
    let input = json!({"pfs": {"name": "in", "repo": "in", "glob": "/"}});
    place.spec("links", &input, script, &json!({}));
    place.run(&[]).good();
    assert_eq!(pairs(&place.files("links")), [("d/link", "x"), ("d/up", "x"), ("hard", "x")]);
    for (name, script, why) in [
        ("outside", r#"ln -s /etc/passwd "$PFS/out/x""#, "/pfs/out/x: this link leads to no file below /pfs"),
        ("pipe", r#"mkfifo "$PFS/out/x""#, "/pfs/out/x: it is neither a file nor a folder"),
        ("newline", "touch \"$PFS/out/x\ny\"", "holds a control character"),
    ] {
        place.spec("links", &input, script, &json!({"description": name}));
        let said = place.run(&["--reprocess"]).bad();
        assert!(said.contains(why), "{said}");
    }
}

#[test]
fn a_link_leads_to_a_file_of_the_output_whatever_their_names() {
    let place = Place::new();
    place.put("in", &[("m", "x")]);
    let script = r#"cp "$PFS/in/m" "$PFS/out/m"; ln -s m "$PFS/out/a"; ln -s m "$PFS/out/z"; ln -s /pfs/out/m "$PFS/out/zz""#;
    place.spec("links", &json!({"pfs": {"name": "in", "repo": "in", "glob": "/"}}), script, &json!({}));
    place.run(&[]).good();
    assert_eq!(pairs(&place.files("links")), [("a", "x"), ("m", "x"), ("z", "x"), ("zz", "x")]);
}

#[test]
fn what_a_link_in_the_place_of_the_output_leads_to_stays_where_it_is() {
    let place = Place::new();
    place.put("in", &[("a", "x")]);
    place.file("elsewhere/letter", "dear all");
    let script = r#"rmdir "$PFS/out"; ln -s "${LOG%log}elsewhere" "$PFS/out""#;
    place.spec("link", &json!({"pfs": {"name": "in", "repo": "in", "glob": "/"}}), script, &json!({}));
    let said = place.run(&[]).bad();
    assert!(said.contains("/pfs/out is no folder any more"), "{said}");
    assert_eq!(place.text("elsewhere/letter"), "dear all");
}

#[test]
fn a_datum_whose_program_takes_the_folders_away_spoils_no_other() {
    let place = Place::new();
    place.put("in", &[("a", "x"), ("b", "y"), ("c", "z")]);
    let script = r#"case "$in" in */a) rm -r "$PFS/out";; */b) rm -r "$PFS";; *) cp "$in" "$PFS/out";; esac"#;
    let input = json!({"pfs": {"name": "in", "repo": "in", "glob": "/*"}});
    place.spec("rude", &input, script, &json!({"datumTries": 1}));
    let ran = place.run(&[]);
    assert_eq!(ran.counts("rude"), Some((1, 0, 2)), "{:?}", ran.said);
    assert!(ran.bad().contains("/pfs/out is no folder any more"));
}

#[test]
fn equal_contents_in_two_datums_do_not_disturb_each_other() {
    let place = Place::new();
    place.put("in", &[("a", "x"), ("b", "x")]);
    let script = r#"case "$in" in */b) sleep 1;; esac; cp "$in" "$PFS/out""#;
    let input = json!({"pfs": {"name": "in", "repo": "in", "glob": "/*"}});
    place.spec("copy", &input, script, &json!({"parallelismSpec": {"constant": 2}}));
    assert_eq!(place.run(&[]).good().counts("copy"), Some((2, 0, 0)));
    assert_eq!(pairs(&place.files("copy")), [("a", "x"), ("b", "x")]);
    place.pipeline(&["check"]).good();
}

#[test]
fn many_datums_on_several_workers_give_one_result() {
    let place = Place::new();
    let files: Vec<(String, String)> = (0..300).map(|i| (format!("{i}"), format!("text {i}"))).collect();
    place.put("in", &files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect::<Vec<_>>());
    upper(&place);
    assert_eq!(place.run(&["--workers", "8"]).good().counts("upper"), Some((300, 0, 0)));
    assert_eq!(place.files("upper").len(), 300);
    assert_eq!(place.pipeline(&["check"]).good().said, ["603 contents are what their names say"]);
}

#[test]
fn a_path_in_a_longer_text_is_pointed_out() {
    let place = Place::new();
    place.put("in", &[("a", "x")]);
    let input = json!({"pfs": {"name": "in", "repo": "in", "glob": "/"}});
    place.spec("hidden", &input, "cat /pfs/in/a; true", &json!({}));
    let said = place.run(&[]).good().said;
    assert!(said.iter().any(|line| line.contains("`/pfs` inside `cat /pfs/in/a; true` stays as it is")), "{said:?}");
}

#[test]
fn output_that_nobody_may_read_is_read() {
    let place = Place::new();
    place.put("in", &[("a", "x")]);
    let input = json!({"pfs": {"name": "in", "repo": "in", "glob": "/"}});
    place.spec("closed", &input, r#"cp "$PFS/in/a" "$PFS/out/a"; chmod 0 "$PFS/out/a""#, &json!({}));
    place.run(&[]).good();
    assert_eq!(place.files("closed").len(), 1);
}
