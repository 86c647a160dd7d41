//! One file with several names. In a folder or a list of inputs its rows would count twice, so it is refused, whatever the names are.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use samefit_testing::not_run;

use crate::support::{CANNOT_RUN, Random, RunOutput, data, rounds, samefit, shell};

/// The kinds of second names.
#[derive(Clone, Copy, Debug)]
enum SecondName {
    HardLink,
    SymbolicLink,
    /// A symbolic link to the folder of the file.
    FolderLink,
    /// Another path to the same name.
    OtherPath,
}

const SECOND_NAMES: [SecondName; 4] = [SecondName::HardLink, SecondName::SymbolicLink, SecondName::FolderLink, SecondName::OtherPath];

/// Gives a file in `folder` a second name. Returns the second path if it is not in `folder`.
fn add_second_name(folder: &Path, name: &str, how: SecondName, random: &mut Random) -> Option<String> {
    let (stem, extension) = name.split_once('.').unwrap();
    let other = format!("{}{}.{extension}", ["a-", "z-", "Z"][random.below(3)], stem);
    match how {
        SecondName::HardLink => fs::hard_link(folder.join(name), folder.join(other)).unwrap(),
        SecondName::SymbolicLink => symlink(name, folder.join(other)).unwrap(),
        SecondName::FolderLink => {
            fs::create_dir(folder.join("deep")).unwrap();
            fs::rename(folder.join(name), folder.join("deep").join(name)).unwrap();
            symlink("deep", folder.join("again")).unwrap();
        }
        SecondName::OtherPath => return Some(format!("in/../in/./{name}")),
    }
    None
}

fn assert_one_file_error(ran: &RunOutput, what: &str) {
    ran.assert_orderly(what);
    assert!(ran.code == 2 && ran.stderr.contains("are the same file"), "{what}: exit {}\n{}", ran.code, ran.stderr);
}

/// Returns a folder with data files in `in`, a model and statistics.
fn test_folder(random: &mut Random) -> tempfile::TempDir {
    let temp = tempfile::tempdir().unwrap();
    fs::create_dir(temp.path().join("in")).unwrap();
    let text = fs::read_to_string(data("diabetes_raw.csv")).unwrap();
    let (header, rows) = text.split_once('\n').unwrap();
    let rows: Vec<&str> = rows.lines().collect();
    let mut from = 0;
    for name in ["b.csv", "c.csv", "d.csv"] {
        let count = 20 + random.below(60);
        fs::write(temp.path().join("in").join(name), format!("{header}\n{}\n", rows[from..from + count].join("\n"))).unwrap();
        from += count;
    }
    fs::copy(data("diabetes_raw.csv"), temp.path().join("all.csv")).unwrap();
    let made = shell(
        temp.path(),
        "samefit -q train --data all.csv --target y --features bmi,ltg --out m && samefit -q summarize --data all.csv --out all.json",
    );
    assert_eq!(made.code, 0, "{}", made.stderr);
    temp
}

#[test]
fn a_file_with_two_names_is_refused_by_every_verb() {
    let mut random = Random::new("links");
    let verbs = [
        "train --target y --features bmi --out out --data",
        "summarize --out out --data",
        "verify m --data",
        "forget all.json --out out.json --rows",
        "qc --model m --threshold 100 --out out --records",
        "infer --model m --out out --attributes",
    ];
    for round in 0..rounds(8, 200) {
        let temp = test_folder(&mut random);
        let how = SECOND_NAMES[round % SECOND_NAMES.len()];
        let name = *random.pick(&["b.csv", "c.csv", "d.csv"]);
        let more = add_second_name(&temp.path().join("in"), name, how, &mut random);
        for verb in verbs {
            let takes_one = verb.ends_with("--records") || verb.ends_with("--attributes");
            let inputs = match &more {
                Some(_) if takes_one => continue,
                Some(path) => format!("in {path}"),
                None => "in".to_owned(),
            };
            let line = format!("{verb} {inputs}");
            let ran = samefit(temp.path(), &line.split(' ').collect::<Vec<_>>());
            assert_one_file_error(&ran, &format!("{how:?}: {line}"));
            assert!(!temp.path().join("out").exists() && !temp.path().join("out.json").exists(), "{line} left something");
        }
    }
}

#[test]
fn statistics_with_two_names_are_refused() {
    let mut random = Random::new("links of statistics");
    for how in SECOND_NAMES {
        let temp = test_folder(&mut random);
        for name in ["b", "c"] {
            let ran = shell(temp.path(), &format!("samefit -q summarize --data in/{name}.csv --out s/{name}.json"));
            assert_eq!(ran.code, 0, "{}", ran.stderr);
        }
        fs::rename(temp.path().join("s"), temp.path().join("t")).unwrap();
        fs::remove_dir_all(temp.path().join("in")).unwrap();
        fs::rename(temp.path().join("t"), temp.path().join("in")).unwrap();
        let more = add_second_name(&temp.path().join("in"), "b.json", how, &mut random).unwrap_or_default();
        for line in [format!("samefit merge in {more} --out out.json"), format!("samefit fit in {more} --target y --out out")] {
            assert_one_file_error(&shell(temp.path(), &line), &format!("{how:?}: {line}"));
        }
    }
}

/// Two files with equal contents are two files, and both count.
#[test]
fn copies_count_twice() {
    let mut random = Random::new("copies");
    let temp = test_folder(&mut random);
    let line = "cp in/b.csv in/a.csv && samefit -q summarize --data in --out two.json && samefit -q summarize --data in/a.csv in/b.csv in/c.csv in/d.csv --out four.json && cmp two.json four.json";
    let ran = shell(temp.path(), line);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
}

/// The output is a second name of an input. The input is read all the same, because the commit replaces only the name.
#[test]
fn an_output_that_is_a_second_name_of_an_input_replaces_only_the_name() {
    let mut random = Random::new("links of outputs");
    let temp = test_folder(&mut random);
    let line = "samefit -q summarize --data in/b.csv --out s/b.json && samefit -q summarize --data in/c.csv --out s/c.json \
        && samefit -q merge s/b.json s/c.json --out sum.json && ln s/b.json s/out.json && samefit -q merge s --out s/out.json && cmp s/out.json sum.json";
    let ran = shell(temp.path(), line);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
}

/// The second name is in a folder that is mounted twice.
#[test]
fn a_file_in_two_mounts_is_refused() {
    let mut random = Random::new("mounts");
    let temp = test_folder(&mut random);
    let line = "unshare --mount true || exit 77
        unshare --mount sh -c 'mkdir other && mount --bind in other || exit 77; exec samefit summarize --data in other --out out'";
    let ran = shell(temp.path(), line);
    if ran.code == CANNOT_RUN {
        return not_run("a file in two mounts", "the system does not allow mounts");
    }
    assert_one_file_error(&ran, "mounts");
}

/// The store of the pipeline runner keeps equal contents once; a datum still has two files.
#[test]
fn equal_files_of_a_datum_count_twice() {
    let mut random = Random::new("datums");
    let temp = test_folder(&mut random);
    fs::create_dir(temp.path().join("specs")).unwrap();
    let spec = r#"{"pipeline": {"name": "sum"}, "input": {"pfs": {"repo": "rows", "glob": "/"}},
        "transform": {"cmd": ["samefit", "summarize", "--data", "/pfs/rows", "--out", "/pfs/out"]}}"#;
    fs::write(temp.path().join("specs/sum.json"), spec).unwrap();
    let line = "cp in/b.csv in/a.csv && samefit -q summarize --data in --out s.json && samefit -q pipeline run specs --input rows=in \
        && samefit -q pipeline get sum:/statistics.json --out got.json && cmp got.json s.json";
    let ran = shell(temp.path(), line);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
}
