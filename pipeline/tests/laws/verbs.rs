//! What single verbs do with files and names.

use serde_json::json;

use crate::place::Place;

#[test]
fn put_replaces_adds_deletes_and_mirrors() {
    let place = Place::new();
    ["d/a", "d/b/c", "x"].iter().for_each(|name| place.file(name, name));
    let put = |words: &[&str]| {
        let words: Vec<String> = words.iter().map(|word| word.replace('%', place.path("").to_str().unwrap())).collect();
        place.pipeline(&words.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let names = || place.files("in").into_keys().collect::<Vec<_>>();
    put(&["put", "in", "%d", "%x"]).good();
    assert_eq!(names(), ["a", "b/c", "x"]);
    put(&["put", "in:/y", "%x"]).good();
    put(&["put", "in:/z/", "%x"]).good();
    put(&["put", "in@master:/e", "%d"]).good();
    assert_eq!(names(), ["a", "b/c", "e/a", "e/b/c", "x", "y", "z/x"]);
    put(&["put", "in", "--delete", "/e", "--delete", "x"]).good();
    assert_eq!(names(), ["a", "b/c", "y", "z/x"]);
    assert!(put(&["put", "in", "%d"]).good().said[0].contains("nothing changed"));
    put(&["put", "in", "--replace-all", "%x"]).good();
    assert_eq!(names(), ["x"]);
    assert!(put(&["put", "in:/x/y", "%x"]).bad().contains("`/x` is a file of `in`, so `/x/y` cannot stand below it"));
    assert!(put(&["put", "in", "%none"]).bad().contains("there is no such file or folder"));
    assert!(put(&["put", "in", "--delete", "/none"]).bad().contains("there is no file at or below `/none` to delete"));
    assert!(put(&["put", "in"]).bad().contains("there is nothing to put"));
}

#[test]
fn output_repos_are_written_by_their_pipelines_alone() {
    let place = Place::new();
    place.put("in", &[("a", "1")]);
    place.spec("out", &json!({"pfs": {"name": "in", "repo": "in", "glob": "/"}}), "true", &json!({}));
    place.run(&[]).good();
    let said = place.pipeline(&["put", "out", place.path("put/in").to_str().unwrap()]).bad();
    assert!(said.contains("`out` holds the output of the pipeline `out`"), "{said}");
    place.put("other", &[]);
    place.spec("other", &json!({"pfs": {"name": "made", "repo": "out", "glob": "/"}}), "true", &json!({}));
    let said = place.run(&[]).bad();
    assert!(said.contains("the pipeline `other` would write to a repo of that name"), "{said}");
}

#[test]
fn repos_that_are_missing_are_named() {
    let place = Place::new();
    place.spec("out", &json!({"pfs": {"repo": "in", "glob": "/"}}), "true", &json!({}));
    let said = place.run(&[]).bad();
    assert!(said.contains("there is no repo `in` in this store\nhelp: put files into it: `--input in=PATH`"), "{said}");
    place.file("f", "1");
    let input = format!("in={}", place.path("f").display());
    place.run(&["--input", &input]).good();
    assert_eq!(place.files("in").into_keys().collect::<Vec<_>>(), ["f"]);
    assert!(place.pipeline(&["get", "none:/x"]).bad().contains("there is no repo `none`"));
    assert!(place.pipeline(&["get", "in:/x"]).bad().contains("`in` has no file `/x`"));
    assert!(place.pipeline(&["list", "commits", "none"]).bad().contains("there are no commits of `none`"));
    assert!(place.pipeline(&["list", "datums", "none"]).bad().contains("there is no pipeline `none`"));
}

#[test]
fn older_commits_can_be_read() {
    let place = Place::new();
    place.put("in", &[("a", "1")]);
    let list = place.pipeline(&["list", "commits", "in"]).good().printed;
    let first = list.lines().nth(1).unwrap().split(' ').next().unwrap().to_owned();
    place.put("in", &[("a", "2")]);
    for reference in [format!("in={first}:/a"), format!("in@{}:/a", &first[..6]), format!("in@master={first}:a")] {
        assert_eq!(place.pipeline(&["get", &reference]).good().printed, "1");
    }
    assert_eq!(place.pipeline(&["get", "in:/a"]).good().printed, "2");
}

#[test]
fn a_file_is_traced_back_to_what_was_put() {
    let place = Place::new();
    place.put("in", &[("a", "1"), ("b", "2")]);
    place.spec("one", &json!({"pfs": {"name": "in", "repo": "in", "glob": "/*"}}), r#"cp "$in" "$PFS/out""#, &json!({}));
    place.spec("two", &json!({"pfs": {"name": "in", "repo": "one", "glob": "/"}}), r#"cat "$PFS"/in/* > "$PFS/out/all""#, &json!({}));
    place.run(&[]).good();
    let json: serde_json::Value = serde_json::from_str(&place.pipeline(&["inspect", "two:/all", "--json"]).good().printed).unwrap();
    let made = &json[0]["made"];
    assert_eq!(made["version"]["pipeline"], "two");
    let sources: Vec<_> =
        made["inputs"].as_array().unwrap().iter().map(|one| one["made"]["inputs"][0]["files"][0]["path"].clone()).collect();
    assert_eq!(sources, ["/a", "/b"]);
}

#[test]
fn a_datum_runs_again_in_a_folder_that_stays() {
    let place = Place::new();
    place.put("in", &[("a", "1"), ("b", "2")]);
    place.spec(
        "copy",
        &json!({"pfs": {"name": "in", "repo": "in", "glob": "/*"}}),
        r#"cp "$in" "$PFS/out/x${in##*/}"; test "${in##*/}" = a"#,
        &json!({"datumTries": 1}),
    );
    place.run(&[]).bad();
    let out = place.path("again");
    let said = place.pipeline(&["replay", "copy", "--path", "/b", "--out", out.to_str().unwrap()]).bad();
    assert!(said.contains("the datum failed: exit status: 1"), "{said}");
    assert_eq!((place.text("again/pfs/in/b"), place.text("again/pfs/out/xb")), ("2".into(), "2".into()));
    assert!(place.text("again/env").contains("in='"), "{}", place.text("again/env"));
    assert!(place.pipeline(&["replay", "copy", "--path", "/b", "--out", out.to_str().unwrap()]).bad().contains("not empty"));
    // files from elsewhere, laid out as /pfs
    place.file("fetched/in/a", "1");
    let words = [
        "replay",
        place.path("specs/copy.json").to_str().unwrap(),
        "--pfs",
        place.path("fetched").to_str().unwrap(),
        "--out",
        place.path("third").to_str().unwrap(),
    ]
    .map(str::to_owned);
    place.pipeline(&words.iter().map(String::as_str).collect::<Vec<_>>()).good();
    assert_eq!(place.text("third/pfs/out/xa"), "1");
}

#[test]
fn a_program_that_asks_for_its_datums_is_laid_out_and_not_run_again() {
    let place = Place::new();
    place.file("fetched/in/a", "1");
    let input = json!({"pfs": {"name": "in", "repo": "in", "glob": "/*"}});
    place.spec("asks", &input, r#"cp "$in" "$PFS/out/x""#, &json!({"transform": {"datumBatching": true}}));
    let replay = |pfs: &str, out: &str| {
        let [spec, pfs, out] = ["specs/asks.json", pfs, out].map(|path| place.path(path).display().to_string());
        place.pipeline(&["replay", &spec, "--pfs", &pfs, "--out", &out])
    };
    let said = replay("fetched", "again").bad();
    let pfs = place.path("again/pfs").canonicalize().unwrap();
    let help =
        format!("replay a copy of the spec without `datumBatching`: `samefit pipeline replay COPY --pfs {} --out DIR`", pfs.display());
    assert!(said.contains("`asks` asks for its datums") && said.contains(&help), "{said}");
    assert_eq!((place.text("again/pfs/in/a"), place.path("again/pfs/out/x").exists()), ("1".into(), false));
    // what it says to do works
    place.spec("asks", &input, r#"cp "$in" "$PFS/out/x""#, &json!({}));
    replay("again/pfs", "third").good();
    assert_eq!(place.text("third/pfs/out/x"), "1");
}

#[test]
fn a_job_is_named_by_four_digits_of_its_id_at_least() {
    let place = Place::new();
    place.put("in", &[("a", "1")]);
    place.spec("copy", &json!({"pfs": {"name": "in", "repo": "in", "glob": "/*"}}), r#"cp "$in" "$PFS/out""#, &json!({}));
    place.run(&[]).good();
    let list = place.pipeline(&["list", "jobs", "--json"]).good().printed;
    let jobs: serde_json::Value = serde_json::from_str(&list).unwrap();
    let id = jobs[0]["id"].as_str().unwrap();
    place.pipeline(&["list", "datums", &format!("copy@{}", &id[..4])]).good();
    let said = place.pipeline(&["list", "datums", &format!("copy@{}", &id[..3])]).bad();
    assert!(said.contains(&format!("the pipeline `copy` has no job `{}`", &id[..3])), "{said}");
}
