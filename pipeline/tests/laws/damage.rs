//! Stores that are damaged, in use or replaced by something else.

use std::fs;

use serde_json::json;

use crate::fixture::Fixture;

#[test]
fn a_folder_with_other_files_is_refused() {
    let fixture = Fixture::new();
    fixture.file("store/letter.txt", "dear all");
    for words in [["list", "repos"], ["put", "in"]] {
        let words: Vec<&str> = words.into_iter().chain((words[0] == "put").then_some("--replace-all")).collect();
        let output = fixture.pipeline(&words).failed();
        assert!(output.contains("this folder contains other files and is not a pipeline store"), "{output}");
    }
    assert_eq!(fs::read_dir(fixture.store()).unwrap().count(), 1);
    let fixture = Fixture::new();
    assert!(fixture.pipeline(&["list", "repos"]).failed().contains("there is no pipeline store"));
    assert!(!fixture.store().exists());
}

#[test]
fn a_second_process_is_refused_while_one_has_the_store_open() {
    let fixture = Fixture::new();
    fixture.put("in", &[("a", "1")]);
    let _store = samefit_pipeline::store::Store::open(&fixture.store(), || 0).unwrap();
    let output = fixture.pipeline(&["list", "repos"]).failed();
    assert!(output.contains("another `samefit pipeline` is using this store\nhelp: wait until it has ended"), "{output}");
}

#[test]
fn a_damaged_object_is_found_and_named() {
    let fixture = Fixture::new();
    fixture.put("in", &[("a", "content")]);
    fixture.damage("in", "c0ntent");
    let output = fixture.pipeline(&["get", "in:/a"]).failed();
    assert!(output.contains("its content does not match its digest"), "{output}");
    let output = fixture.pipeline(&["check"]).failed();
    assert!(output.contains(":/a: ") && output.contains("is missing"), "{output}");
    // it comes back when the file is put again
    fixture.put("in", &[("a", "content")]);
    assert_eq!(fixture.pipeline(&["get", "in:/a"]).succeeded().stdout, "content");
    fixture.pipeline(&["check"]).succeeded();
}

#[test]
fn a_program_that_writes_to_its_input_changes_only_its_copy() {
    let fixture = Fixture::new();
    fixture.put("in", &[("a", "1")]);
    let input = json!({"pfs": {"name": "in", "repo": "in", "glob": "/"}});
    fixture.spec("rude", &input, r#"chmod u+w "$PFS/in/a"; echo more >> "$PFS/in/a"; ln "$PFS/in/a" "$PFS/out""#, &json!({}));
    fixture.run(&[]).succeeded();
    assert_eq!(fixture.pipeline(&["get", "in:/a"]).succeeded().stdout, "1");
    assert_eq!(fixture.pipeline(&["get", "rude:/a"]).succeeded().stdout, "1more\n");
    fixture.pipeline(&["check"]).succeeded();
}

#[test]
fn a_changed_object_with_its_old_time_is_found() {
    let fixture = Fixture::new();
    fixture.put("in", &[("a", "content")]);
    let store = samefit_pipeline::store::Store::open(&fixture.store(), || 0).unwrap();
    let head = store.head("in", "master").unwrap().unwrap();
    let content = store.tree(&head).unwrap()["/a"];
    assert_eq!(store.objects.read(&content.sha256).unwrap(), b"content");
    let path = fixture.store().join("objects").join(&content.sha256.to_string()[..2]).join(&content.sha256.to_string()[2..]);
    let before = fs::metadata(&path).unwrap().modified().unwrap();
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    fs::write(&path, "c0ntent").unwrap();
    fs::File::options().write(true).open(&path).unwrap().set_modified(before).unwrap();
    let output = store.objects.read(&content.sha256).unwrap_err().to_string();
    assert!(output.contains("its content does not match its digest"), "{output}");
}

/// Removes the list of files of the commit at the head of a repo.
fn lose_listing(fixture: &Fixture, repo: &str) {
    let list = fixture.pipeline(&["list", "commits", repo, "--json"]).succeeded().stdout;
    let list: serde_json::Value = serde_json::from_str(&list).unwrap();
    let hash = list[0]["tree"].as_str().unwrap();
    fs::remove_file(fixture.store().join("objects").join(&hash[..2]).join(&hash[2..])).unwrap();
}

#[test]
fn a_lost_list_of_input_files_comes_back_when_they_are_put_again() {
    let fixture = Fixture::new();
    fixture.put("in", &[("a", "1"), ("b", "2")]);
    let head = fixture.pipeline(&["list", "commits", "in", "--json"]).succeeded().stdout;
    lose_listing(&fixture, "in");
    fixture.file("c", "3");
    let output = fixture.pipeline(&["put", "in", fixture.path("c").to_str().unwrap()]).failed();
    assert!(output.contains("the list of its files is no longer in the store"), "{output}");
    assert!(output.contains("help: put all its files again (`samefit pipeline put in@master --replace-all FILES`)"), "{output}");
    // does what the help says
    fixture.put("in", &[("a", "1"), ("b", "2")]);
    assert_eq!(fixture.pipeline(&["list", "commits", "in", "--json"]).succeeded().stdout, head);
    assert_eq!(fixture.files("in").len(), 2);
    lose_listing(&fixture, "in");
    fixture.put("in", &[("a", "4")]);
    assert_eq!(fixture.files("in").len(), 1);
}

#[test]
fn a_lost_list_of_output_files_comes_back_when_they_are_made_again() {
    let fixture = Fixture::new();
    fixture.put("in", &[("a", "1")]);
    let input = |repo: &str| json!({"pfs": {"name": "in", "repo": repo, "glob": "/"}});
    fixture.spec("one", &input("in"), r#"sed s/1/2/ "$PFS/in/a" > "$PFS/out/a""#, &json!({}));
    fixture.spec("two", &input("one"), r#"cp "$PFS/in/a" "$PFS/out""#, &json!({}));
    fixture.run(&[]).succeeded();
    lose_listing(&fixture, "one");
    let output = fixture.pipeline(&["get", "one:/a"]).failed();
    assert!(output.contains("help: run again what made it (`samefit pipeline run --reprocess`)"), "{output}");
    fixture.pipeline(&["run", "--reprocess"]).succeeded();
    assert_eq!(fixture.pipeline(&["get", "one:/a"]).succeeded().stdout, "2");
    assert_eq!(fixture.pipeline(&["get", "two:/a"]).succeeded().stdout, "2");
}

#[test]
fn a_path_that_leads_out_of_a_repo_is_refused() {
    let fixture = Fixture::new();
    fixture.put("in", &[("a", "1")]);
    let store = samefit_pipeline::store::Store::open(&fixture.store(), || 0).unwrap();
    let mut commit = store.head("in", "master").unwrap().unwrap();
    let content = store.tree(&commit).unwrap()["/a"];
    let mut staged = store.objects.stage();
    let tree = std::collections::BTreeMap::from([("/../../letter".to_owned(), content)]);
    commit.tree = Some(samefit_pipeline::store::stage_listing(&mut staged, &tree).unwrap().sha256);
    staged.publish().unwrap();
    store.write(|change| change.put_commit(&commit)).unwrap();
    drop(store);
    let out = fixture.path("a/b/c");
    let output = fixture.pipeline(&["get", "in", "--out", out.to_str().unwrap()]).failed();
    assert!(output.contains("contains `..` instead of the name of a file or folder"), "{output}");
    assert!(!fixture.path("a/letter").exists());
}

#[test]
fn links_that_replace_the_stores_folders_are_not_followed() {
    let fixture = Fixture::new();
    fixture.put("in", &[("a", "1")]);
    fixture.file("theirs/letter", "dear all");
    for name in ["tmp", "objects"] {
        fs::rename(fixture.store().join(name), fixture.path("kept")).unwrap();
        std::os::unix::fs::symlink(fixture.path("theirs"), fixture.store().join(name)).unwrap();
        let outcome = fixture.pipeline(&["put", "in", fixture.path("theirs/letter").to_str().unwrap()]);
        if name == "objects" {
            let output = outcome.failed();
            assert!(output.contains("it is a link or another file that the store did not create"), "{output}");
            fs::remove_file(fixture.store().join(name)).unwrap();
            fs::rename(fixture.path("kept"), fixture.store().join(name)).unwrap();
        } else {
            // the folder for temporary files is emptied when a store is opened, and here only a link is left of it
            outcome.succeeded();
            fs::remove_dir_all(fixture.path("kept")).unwrap();
        }
        assert_eq!(fixture.text("theirs/letter"), "dear all");
        assert_eq!(fs::read_dir(fixture.path("theirs")).unwrap().count(), 1);
    }
    fixture.pipeline(&["check"]).succeeded();
}

#[test]
fn a_damaged_database_is_an_error() {
    let fixture = Fixture::new();
    fixture.put("in", &[("a", "1")]);
    let path = fixture.store().join("ledger.redb");
    let whole = fs::read(&path).unwrap();
    let broken: [(&str, Vec<u8>); 4] = [
        ("cut off", whole[..whole.len() / 2].to_vec()),
        ("something else", b"this is a letter, not a database".repeat(1000)),
        ("zeros behind the header", [&whole[..512], &vec![0; whole.len() - 512]].concat()),
        ("a header of zeros", [&vec![0; 512], &whole[512..]].concat()),
    ];
    for (name, bytes) in broken {
        fs::write(&path, bytes).unwrap();
        let output = fixture.pipeline(&["list", "repos"]).failed();
        assert!(output.contains("ledger.redb: "), "{name}: {output}");
    }
    // wherever a byte is wrong, the answer is an error or the right one, and never a panic
    let right = {
        fs::write(&path, &whole).unwrap();
        fixture.pipeline(&["list", "files", "in"]).succeeded().stdout
    };
    let mut errors = 0;
    for at in (0..whole.len()).step_by(whole.len() / 150) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x55;
        fs::write(&path, bytes).unwrap();
        let outcome = fixture.pipeline(&["list", "files", "in"]);
        assert!(outcome.error.is_some() || outcome.stdout == right, "byte {at}: {:?}", outcome.stdout);
        errors += usize::from(outcome.error.is_some());
    }
    assert!(errors > 0, "no damage was found");
}

#[test]
fn a_full_disk_is_an_error_and_the_store_works_afterwards() {
    let fixture = Fixture::new();
    let disk = fixture.store();
    fs::create_dir_all(&disk).unwrap();
    let mount =
        |words: &[&str]| std::process::Command::new(words[0]).args(&words[1..]).arg(&disk).status().is_ok_and(|status| status.success());
    if !mount(&["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs"]) {
        return samefit_testing::not_run("a full disk under a store of pipelines", "a small file system cannot be mounted here");
    }
    fixture.put("in", &[("a", "1")]);
    fixture.file("large", &"x".repeat(9 << 20));
    let output = fixture.pipeline(&["put", "in", fixture.path("large").to_str().unwrap()]).failed();
    assert!(output.contains("the disk is full"), "{output}");
    let input = json!({"pfs": {"name": "in", "repo": "in", "glob": "/"}});
    fixture.spec("large", &input, r#"head -c 9000000 /dev/zero > "$PFS/out/x""#, &json!({"datumTries": 1}));
    fixture.run(&[]).failed();
    fixture.spec("large", &input, r#"cp "$PFS/in/a" "$PFS/out/x""#, &json!({}));
    fixture.run(&[]).succeeded();
    assert_eq!(fixture.pipeline(&["get", "large:/x"]).succeeded().stdout, "1");
    fixture.pipeline(&["check"]).succeeded();
    assert!(mount(&["umount"]));
}
