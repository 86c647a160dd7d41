//! Stores that are damaged, busy, or no stores.

use std::fs;

use serde_json::json;

use crate::place::Place;

#[test]
fn a_folder_that_is_no_store_is_refused() {
    let place = Place::new();
    place.file("store/letter.txt", "dear all");
    for words in [["list", "repos"], ["put", "in"]] {
        let words: Vec<&str> = words.into_iter().chain((words[0] == "put").then_some("--replace-all")).collect();
        let said = place.pipeline(&words).bad();
        assert!(said.contains("this folder holds other things and is no pipeline store"), "{said}");
    }
    assert_eq!(fs::read_dir(place.store()).unwrap().count(), 1);
    let place = Place::new();
    assert!(place.pipeline(&["list", "repos"]).bad().contains("there is no pipeline store"));
    assert!(!place.store().exists());
}

#[test]
fn a_second_process_is_told_to_wait() {
    let place = Place::new();
    place.put("in", &[("a", "1")]);
    let _store = samefit_pipeline::store::Store::open(&place.store(), || 0).unwrap();
    let said = place.pipeline(&["list", "repos"]).bad();
    assert!(said.contains("another `samefit pipeline` is at work on this store\nhelp: wait until it has ended"), "{said}");
}

#[test]
fn a_damaged_content_is_found_and_named() {
    let place = Place::new();
    place.put("in", &[("a", "content")]);
    place.damage("in", "c0ntent");
    let said = place.pipeline(&["get", "in:/a"]).bad();
    assert!(said.contains("its content is not that of its name any more"), "{said}");
    let said = place.pipeline(&["check"]).bad();
    assert!(said.contains(":/a: ") && said.contains("is not there any more"), "{said}");
    // and it comes back with the file
    place.put("in", &[("a", "content")]);
    assert_eq!(place.pipeline(&["get", "in:/a"]).good().printed, "content");
    place.pipeline(&["check"]).good();
}

#[test]
fn a_program_that_writes_to_its_input_changes_only_its_copy() {
    let place = Place::new();
    place.put("in", &[("a", "1")]);
    let input = json!({"pfs": {"name": "in", "repo": "in", "glob": "/"}});
    place.spec("rude", &input, r#"chmod u+w "$PFS/in/a"; echo more >> "$PFS/in/a"; ln "$PFS/in/a" "$PFS/out""#, &json!({}));
    place.run(&[]).good();
    assert_eq!(place.pipeline(&["get", "in:/a"]).good().printed, "1");
    assert_eq!(place.pipeline(&["get", "rude:/a"]).good().printed, "1more\n");
    place.pipeline(&["check"]).good();
}

#[test]
fn a_content_that_was_changed_and_given_its_old_time_is_found_out() {
    let place = Place::new();
    place.put("in", &[("a", "content")]);
    let store = samefit_pipeline::store::Store::open(&place.store(), || 0).unwrap();
    let head = store.head("in", "master").unwrap().unwrap();
    let leaf = store.tree(&head).unwrap()["/a"];
    assert_eq!(store.objects.bytes(&leaf.sha256).unwrap(), b"content");
    let path = place.store().join("objects").join(&leaf.sha256.to_string()[..2]).join(&leaf.sha256.to_string()[2..]);
    let before = fs::metadata(&path).unwrap().modified().unwrap();
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    fs::write(&path, "c0ntent").unwrap();
    fs::File::options().write(true).open(&path).unwrap().set_modified(before).unwrap();
    let said = store.objects.bytes(&leaf.sha256).unwrap_err().to_string();
    assert!(said.contains("its content is not that of its name any more"), "{said}");
}

/// Takes away the list of the files at the head of a repo.
fn lose_listing(place: &Place, repo: &str) {
    let list = place.pipeline(&["list", "commits", repo, "--json"]).good().printed;
    let list: serde_json::Value = serde_json::from_str(&list).unwrap();
    let hash = list[0]["tree"].as_str().unwrap();
    fs::remove_file(place.store().join("objects").join(&hash[..2]).join(&hash[2..])).unwrap();
}

#[test]
fn a_lost_list_of_input_files_comes_back_when_they_are_put_again() {
    let place = Place::new();
    place.put("in", &[("a", "1"), ("b", "2")]);
    let head = place.pipeline(&["list", "commits", "in", "--json"]).good().printed;
    lose_listing(&place, "in");
    place.file("c", "3");
    let said = place.pipeline(&["put", "in", place.path("c").to_str().unwrap()]).bad();
    assert!(said.contains("the list of its files is not in the store any more"), "{said}");
    assert!(said.contains("help: put all its files again (`samefit pipeline put in@master --replace-all FILES`)"), "{said}");
    // as it says
    place.put("in", &[("a", "1"), ("b", "2")]);
    assert_eq!(place.pipeline(&["list", "commits", "in", "--json"]).good().printed, head);
    assert_eq!(place.files("in").len(), 2);
    lose_listing(&place, "in");
    place.put("in", &[("a", "4")]);
    assert_eq!(place.files("in").len(), 1);
}

#[test]
fn a_lost_list_of_output_files_comes_back_when_they_are_made_again() {
    let place = Place::new();
    place.put("in", &[("a", "1")]);
    let input = |repo: &str| json!({"pfs": {"name": "in", "repo": repo, "glob": "/"}});
    place.spec("one", &input("in"), r#"sed s/1/2/ "$PFS/in/a" > "$PFS/out/a""#, &json!({}));
    place.spec("two", &input("one"), r#"cp "$PFS/in/a" "$PFS/out""#, &json!({}));
    place.run(&[]).good();
    lose_listing(&place, "one");
    let said = place.pipeline(&["get", "one:/a"]).bad();
    assert!(said.contains("help: run again what made it (`samefit pipeline run --reprocess`)"), "{said}");
    place.pipeline(&["run", "--reprocess"]).good();
    assert_eq!(place.pipeline(&["get", "one:/a"]).good().printed, "2");
    assert_eq!(place.pipeline(&["get", "two:/a"]).good().printed, "2");
}

#[test]
fn a_path_that_leads_out_of_a_repo_is_not_used() {
    let place = Place::new();
    place.put("in", &[("a", "1")]);
    let store = samefit_pipeline::store::Store::open(&place.store(), || 0).unwrap();
    let mut commit = store.head("in", "master").unwrap().unwrap();
    let leaf = store.tree(&commit).unwrap()["/a"];
    let mut staged = store.objects.stage();
    let tree = std::collections::BTreeMap::from([("/../../letter".to_owned(), leaf)]);
    commit.tree = Some(samefit_pipeline::store::list(&mut staged, &tree).unwrap().sha256);
    staged.settle().unwrap();
    store.write(|change| change.commit(&commit)).unwrap();
    drop(store);
    let out = place.path("a/b/c");
    let said = place.pipeline(&["get", "in", "--out", out.to_str().unwrap()]).bad();
    assert!(said.contains("holds `..` where the name of a file or folder should be"), "{said}");
    assert!(!place.path("a/letter").exists());
}

#[test]
fn links_in_the_place_of_the_stores_folders_are_not_followed() {
    let place = Place::new();
    place.put("in", &[("a", "1")]);
    place.file("theirs/letter", "dear all");
    for name in ["tmp", "objects"] {
        fs::rename(place.store().join(name), place.path("kept")).unwrap();
        std::os::unix::fs::symlink(place.path("theirs"), place.store().join(name)).unwrap();
        let ran = place.pipeline(&["put", "in", place.path("theirs/letter").to_str().unwrap()]);
        if name == "objects" {
            let said = ran.bad();
            assert!(said.contains("it is a link, or something else that the store did not put there"), "{said}");
            fs::remove_file(place.store().join(name)).unwrap();
            fs::rename(place.path("kept"), place.store().join(name)).unwrap();
        } else {
            // what is left of an earlier run goes, and a link is all that is left here
            ran.good();
            fs::remove_dir_all(place.path("kept")).unwrap();
        }
        assert_eq!(place.text("theirs/letter"), "dear all");
        assert_eq!(fs::read_dir(place.path("theirs")).unwrap().count(), 1);
    }
    place.pipeline(&["check"]).good();
}

#[test]
fn a_damaged_database_is_an_error() {
    let place = Place::new();
    place.put("in", &[("a", "1")]);
    let path = place.store().join("ledger.redb");
    let whole = fs::read(&path).unwrap();
    let broken: [(&str, Vec<u8>); 4] = [
        ("cut off", whole[..whole.len() / 2].to_vec()),
        ("something else", b"this is a letter, not a database".repeat(1000)),
        ("zeros behind the header", [&whole[..512], &vec![0; whole.len() - 512]].concat()),
        ("a header of zeros", [&vec![0; 512], &whole[512..]].concat()),
    ];
    for (name, bytes) in broken {
        fs::write(&path, bytes).unwrap();
        let said = place.pipeline(&["list", "repos"]).bad();
        assert!(said.contains("ledger.redb: "), "{name}: {said}");
    }
    // wherever one byte is wrong, there is an error or the right answer, and never a panic
    let right = {
        fs::write(&path, &whole).unwrap();
        place.pipeline(&["list", "files", "in"]).good().printed
    };
    for at in (0..whole.len()).step_by(whole.len() / 150) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x55;
        fs::write(&path, bytes).unwrap();
        let ran = place.pipeline(&["list", "files", "in"]);
        assert!(ran.failure.is_some() || ran.printed == right, "byte {at}: {:?}", ran.printed);
    }
}

#[test]
fn a_full_disk_is_an_error_and_the_store_goes_on_afterwards() {
    let place = Place::new();
    let disk = place.store();
    fs::create_dir_all(&disk).unwrap();
    let mount =
        |words: &[&str]| std::process::Command::new(words[0]).args(&words[1..]).arg(&disk).status().is_ok_and(|status| status.success());
    if !mount(&["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs"]) {
        return samefit_testing::not_run("a full disk under a store of pipelines", "a small file system cannot be mounted here");
    }
    place.put("in", &[("a", "1")]);
    place.file("large", &"x".repeat(9 << 20));
    let said = place.pipeline(&["put", "in", place.path("large").to_str().unwrap()]).bad();
    assert!(said.contains("the disk is full"), "{said}");
    let input = json!({"pfs": {"name": "in", "repo": "in", "glob": "/"}});
    place.spec("large", &input, r#"head -c 9000000 /dev/zero > "$PFS/out/x""#, &json!({"datumTries": 1}));
    place.run(&[]).bad();
    place.spec("large", &input, r#"cp "$PFS/in/a" "$PFS/out/x""#, &json!({}));
    place.run(&[]).good();
    assert_eq!(place.pipeline(&["get", "large:/x"]).good().printed, "1");
    place.pipeline(&["check"]).good();
    assert!(mount(&["umount"]));
}
