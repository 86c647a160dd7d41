//! What each verb does with files and names.

use serde_json::json;

use crate::fixture::Fixture;

#[test]
fn put_adds_replaces_and_deletes_files() {
    let fixture = Fixture::new();
    ["d/a", "d/b/c", "x"].iter().for_each(|name| fixture.file(name, name));
    let put = |words: &[&str]| {
        let words: Vec<String> = words.iter().map(|word| word.replace('%', fixture.path("").to_str().unwrap())).collect();
        fixture.pipeline(&words.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let names = || fixture.files("in").into_keys().collect::<Vec<_>>();
    put(&["put", "in", "%d", "%x"]).succeeded();
    assert_eq!(names(), ["a", "b/c", "x"]);
    put(&["put", "in:/y", "%x"]).succeeded();
    put(&["put", "in:/z/", "%x"]).succeeded();
    put(&["put", "in@master:/e", "%d"]).succeeded();
    assert_eq!(names(), ["a", "b/c", "e/a", "e/b/c", "x", "y", "z/x"]);
    put(&["put", "in", "--delete", "/e", "--delete", "x"]).succeeded();
    assert_eq!(names(), ["a", "b/c", "y", "z/x"]);
    assert!(put(&["put", "in", "%d"]).succeeded().messages[0].contains("nothing changed"));
    put(&["put", "in", "--replace-all", "%x"]).succeeded();
    assert_eq!(names(), ["x"]);
    assert!(put(&["put", "in:/x/y", "%x"]).failed().contains("`/x` is a file of `in`, so `/x/y` cannot be below it"));
    assert!(put(&["put", "in", "%none"]).failed().contains("there is no such file or folder"));
    assert!(put(&["put", "in", "--delete", "/none"]).failed().contains("there is no file at or below `/none` to delete"));
    assert!(put(&["put", "in"]).failed().contains("there is nothing to put"));
}

#[test]
fn only_its_pipeline_writes_an_output_repo() {
    let fixture = Fixture::new();
    fixture.put("in", &[("a", "1")]);
    fixture.spec("out", &json!({"pfs": {"name": "in", "repo": "in", "glob": "/"}}), "true", &json!({}));
    fixture.run(&[]).succeeded();
    let output = fixture.pipeline(&["put", "out", fixture.path("put/in").to_str().unwrap()]).failed();
    assert!(output.contains("`out` holds the output of the pipeline `out`"), "{output}");
    fixture.put("other", &[]);
    fixture.spec("other", &json!({"pfs": {"name": "made", "repo": "out", "glob": "/"}}), "true", &json!({}));
    let output = fixture.run(&[]).failed();
    assert!(output.contains("the pipeline `other` would write to a repo of that name"), "{output}");
}

#[test]
fn missing_repos_are_named() {
    let fixture = Fixture::new();
    fixture.spec("out", &json!({"pfs": {"repo": "in", "glob": "/"}}), "true", &json!({}));
    let output = fixture.run(&[]).failed();
    assert!(output.contains("there is no repo `in` in this store\nhelp: put files into it: `--input in=PATH`"), "{output}");
    fixture.file("f", "1");
    let input = format!("in={}", fixture.path("f").display());
    fixture.run(&["--input", &input]).succeeded();
    assert_eq!(fixture.files("in").into_keys().collect::<Vec<_>>(), ["f"]);
    assert!(fixture.pipeline(&["get", "none:/x"]).failed().contains("there is no repo `none`"));
    assert!(fixture.pipeline(&["get", "in:/x"]).failed().contains("`in` has no file `/x`"));
    assert!(fixture.pipeline(&["list", "commits", "none"]).failed().contains("there are no commits of `none`"));
    assert!(fixture.pipeline(&["list", "datums", "none"]).failed().contains("there is no pipeline `none`"));
}

#[test]
fn older_commits_can_be_read() {
    let fixture = Fixture::new();
    fixture.put("in", &[("a", "1")]);
    let list = fixture.pipeline(&["list", "commits", "in"]).succeeded().stdout;
    let first = list.lines().nth(1).unwrap().split(' ').next().unwrap().to_owned();
    fixture.put("in", &[("a", "2")]);
    for reference in [format!("in={first}:/a"), format!("in@{}:/a", &first[..6]), format!("in@master={first}:a")] {
        assert_eq!(fixture.pipeline(&["get", &reference]).succeeded().stdout, "1");
    }
    assert_eq!(fixture.pipeline(&["get", "in:/a"]).succeeded().stdout, "2");
}

#[test]
fn a_file_is_traced_back_to_files_that_were_put() {
    let fixture = Fixture::new();
    fixture.put("in", &[("a", "1"), ("b", "2")]);
    fixture.spec("one", &json!({"pfs": {"name": "in", "repo": "in", "glob": "/*"}}), r#"cp "$in" "$PFS/out""#, &json!({}));
    fixture.spec("two", &json!({"pfs": {"name": "in", "repo": "one", "glob": "/"}}), r#"cat "$PFS"/in/* > "$PFS/out/all""#, &json!({}));
    fixture.run(&[]).succeeded();
    let json: serde_json::Value = serde_json::from_str(&fixture.pipeline(&["inspect", "two:/all", "--json"]).succeeded().stdout).unwrap();
    let made = &json[0]["made"];
    assert_eq!(made["version"]["pipeline"], "two");
    let sources: Vec<_> =
        made["inputs"].as_array().unwrap().iter().map(|one| one["made"]["inputs"][0]["files"][0]["path"].clone()).collect();
    assert_eq!(sources, ["/a", "/b"]);
}

#[test]
fn replay_runs_a_datum_in_a_folder_that_stays() {
    let fixture = Fixture::new();
    fixture.put("in", &[("a", "1"), ("b", "2")]);
    fixture.spec(
        "copy",
        &json!({"pfs": {"name": "in", "repo": "in", "glob": "/*"}}),
        r#"cp "$in" "$PFS/out/x${in##*/}"; test "${in##*/}" = a"#,
        &json!({"datumTries": 1}),
    );
    fixture.run(&[]).failed();
    let out = fixture.path("again");
    let output = fixture.pipeline(&["replay", "copy", "--path", "/b", "--out", out.to_str().unwrap()]).failed();
    assert!(output.contains("the datum failed: exit code 1"), "{output}");
    assert_eq!((fixture.text("again/pfs/in/b"), fixture.text("again/pfs/out/xb")), ("2".into(), "2".into()));
    assert!(fixture.text("again/env").contains("in='"), "{}", fixture.text("again/env"));
    assert!(fixture.pipeline(&["replay", "copy", "--path", "/b", "--out", out.to_str().unwrap()]).failed().contains("not empty"));
    // files that a person fetched, laid out as /pfs
    fixture.file("fetched/in/a", "1");
    let words = [
        "replay",
        fixture.path("specs/copy.json").to_str().unwrap(),
        "--pfs",
        fixture.path("fetched").to_str().unwrap(),
        "--out",
        fixture.path("third").to_str().unwrap(),
    ]
    .map(str::to_owned);
    fixture.pipeline(&words.iter().map(String::as_str).collect::<Vec<_>>()).succeeded();
    assert_eq!(fixture.text("third/pfs/out/xa"), "1");
}

#[test]
fn replay_does_not_run_a_program_that_asks_for_its_datums() {
    let fixture = Fixture::new();
    fixture.file("fetched/in/a", "1");
    let input = json!({"pfs": {"name": "in", "repo": "in", "glob": "/*"}});
    fixture.spec("asks", &input, r#"cp "$in" "$PFS/out/x""#, &json!({"transform": {"datumBatching": true}}));
    let replay = |pfs: &str, out: &str| {
        let [spec, pfs, out] = ["specs/asks.json", pfs, out].map(|path| fixture.path(path).display().to_string());
        fixture.pipeline(&["replay", &spec, "--pfs", &pfs, "--out", &out])
    };
    let output = replay("fetched", "again").failed();
    let pfs = fixture.path("again/pfs").canonicalize().unwrap();
    let help =
        format!("replay a copy of the spec without `datumBatching`: `samefit pipeline replay COPY --pfs {} --out DIR`", pfs.display());
    assert!(output.contains("`asks` asks for its datums") && output.contains(&help), "{output}");
    assert_eq!((fixture.text("again/pfs/in/a"), fixture.path("again/pfs/out/x").exists()), ("1".into(), false));
    // does what the help says
    fixture.spec("asks", &input, r#"cp "$in" "$PFS/out/x""#, &json!({}));
    replay("again/pfs", "third").succeeded();
    assert_eq!(fixture.text("third/pfs/out/x"), "1");
}

#[test]
fn at_least_four_digits_of_an_id_name_a_job() {
    let fixture = Fixture::new();
    fixture.put("in", &[("a", "1")]);
    fixture.spec("copy", &json!({"pfs": {"name": "in", "repo": "in", "glob": "/*"}}), r#"cp "$in" "$PFS/out""#, &json!({}));
    fixture.run(&[]).succeeded();
    let list = fixture.pipeline(&["list", "jobs", "--json"]).succeeded().stdout;
    let jobs: serde_json::Value = serde_json::from_str(&list).unwrap();
    let id = jobs[0]["id"].as_str().unwrap();
    fixture.pipeline(&["list", "datums", &format!("copy@{}", &id[..4])]).succeeded();
    let output = fixture.pipeline(&["list", "datums", &format!("copy@{}", &id[..3])]).failed();
    assert!(output.contains(&format!("the pipeline `copy` has no job `{}`", &id[..3])), "{output}");
}
