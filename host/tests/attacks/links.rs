//! One file under several names: in a folder or a list of inputs its rows would count twice, so it is refused, whatever the name.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::support::{Ran, Random, data, rounds, samefit, shell};

/// How a second name comes to be.
#[derive(Clone, Copy, Debug)]
enum Second {
    Hard,
    Soft,
    /// A link to the folder that it is in.
    Folder,
    /// The same path, written in another way.
    Path,
}

const SECONDS: [Second; 4] = [Second::Hard, Second::Soft, Second::Folder, Second::Path];

/// Gives a file of `folder` a second name, and returns what to name beside the first one; none if both are in `folder`.
fn second(folder: &Path, name: &str, how: Second, random: &mut Random) -> Option<String> {
    let (stem, extension) = name.split_once('.').unwrap();
    let other = format!("{}{}.{extension}", ["a-", "z-", "Z"][random.below(3)], stem);
    match how {
        Second::Hard => fs::hard_link(folder.join(name), folder.join(other)).unwrap(),
        Second::Soft => symlink(name, folder.join(other)).unwrap(),
        Second::Folder => {
            fs::create_dir(folder.join("deep")).unwrap();
            fs::rename(folder.join(name), folder.join("deep").join(name)).unwrap();
            symlink("deep", folder.join("again")).unwrap();
        }
        Second::Path => return Some(format!("in/../in/./{name}")),
    }
    None
}

fn assert_twice(ran: &Ran, what: &str) {
    ran.assert_orderly(what);
    assert!(ran.code == 2 && ran.stderr.contains("are the same file"), "{what}: exit {}\n{}", ran.code, ran.stderr);
}

/// A folder with `in`, some files of rows, and what the verbs need beside it.
fn place(random: &mut Random) -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    fs::create_dir(place.path().join("in")).unwrap();
    let text = fs::read_to_string(data("diabetes_raw.csv")).unwrap();
    let (header, rows) = text.split_once('\n').unwrap();
    let rows: Vec<&str> = rows.lines().collect();
    let mut from = 0;
    for name in ["b.csv", "c.csv", "d.csv"] {
        let count = 20 + random.below(60);
        fs::write(place.path().join("in").join(name), format!("{header}\n{}\n", rows[from..from + count].join("\n"))).unwrap();
        from += count;
    }
    fs::copy(data("diabetes_raw.csv"), place.path().join("all.csv")).unwrap();
    let made = shell(
        place.path(),
        "samefit -q train --data all.csv --target y --features bmi,ltg --out m && samefit -q summarize --data all.csv --out all.json",
    );
    assert_eq!(made.code, 0, "{}", made.stderr);
    place
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
        let place = place(&mut random);
        let how = SECONDS[round % SECONDS.len()];
        let name = *random.pick(&["b.csv", "c.csv", "d.csv"]);
        let more = second(&place.path().join("in"), name, how, &mut random);
        for verb in verbs {
            let takes_one = verb.ends_with("--records") || verb.ends_with("--attributes");
            let inputs = match &more {
                Some(_) if takes_one => continue,
                Some(path) => format!("in {path}"),
                None => "in".to_owned(),
            };
            let line = format!("{verb} {inputs}");
            let ran = samefit(place.path(), &line.split(' ').collect::<Vec<_>>());
            assert_twice(&ran, &format!("{how:?}: {line}"));
            assert!(!place.path().join("out").exists() && !place.path().join("out.json").exists(), "{line} left something");
        }
    }
}

#[test]
fn statistics_with_two_names_are_refused() {
    let mut random = Random::new("links of statistics");
    for how in SECONDS {
        let place = place(&mut random);
        for name in ["b", "c"] {
            let ran = shell(place.path(), &format!("samefit -q summarize --data in/{name}.csv --out s/{name}.json"));
            assert_eq!(ran.code, 0, "{}", ran.stderr);
        }
        fs::rename(place.path().join("s"), place.path().join("t")).unwrap();
        fs::remove_dir_all(place.path().join("in")).unwrap();
        fs::rename(place.path().join("t"), place.path().join("in")).unwrap();
        let more = second(&place.path().join("in"), "b.json", how, &mut random).unwrap_or_default();
        for line in [format!("samefit merge in {more} --out out.json"), format!("samefit fit in {more} --target y --out out")] {
            assert_twice(&shell(place.path(), &line), &format!("{how:?}: {line}"));
        }
    }
}

/// Two files of equal content are two files, and both count.
#[test]
fn copies_count_twice() {
    let mut random = Random::new("copies");
    let place = place(&mut random);
    let line = "cp in/b.csv in/a.csv && samefit -q summarize --data in --out two.json && samefit -q summarize --data in/a.csv in/b.csv in/c.csv in/d.csv --out four.json && cmp two.json four.json";
    let ran = shell(place.path(), line);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
}

/// An input that has the output's file as its second name is read all the same, for only the name is replaced.
#[test]
fn an_output_with_the_bytes_of_an_input_hides_nothing() {
    let mut random = Random::new("links of outputs");
    let place = place(&mut random);
    let line = "samefit -q summarize --data in/b.csv --out s/b.json && samefit -q summarize --data in/c.csv --out s/c.json \
        && samefit -q merge s/b.json s/c.json --out sum.json && ln s/b.json s/out.json && samefit -q merge s --out s/out.json && cmp s/out.json sum.json";
    let ran = shell(place.path(), line);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
}

/// A folder that is mounted a second time.
#[test]
fn a_file_in_two_mounts_is_refused() {
    let mut random = Random::new("mounts");
    let place = place(&mut random);
    let line = "unshare --mount sh -c 'mkdir other && mount --bind in other || exit 77; exec samefit summarize --data in other --out out'";
    let ran = shell(place.path(), line);
    if ran.code == 77 || ran.stderr.contains("unshare") {
        eprintln!("skipped: the system does not allow mounts");
        return;
    }
    assert_twice(&ran, "mounts");
}

/// A datum of a pipeline shows each content by its names; two of one content are two files.
#[test]
fn equal_files_of_a_datum_count_twice() {
    let mut random = Random::new("datums");
    let place = place(&mut random);
    fs::create_dir(place.path().join("specs")).unwrap();
    let spec = r#"{"pipeline": {"name": "sum"}, "input": {"pfs": {"repo": "rows", "glob": "/"}},
        "transform": {"cmd": ["samefit", "summarize", "--data", "/pfs/rows", "--out", "/pfs/out"]}}"#;
    fs::write(place.path().join("specs/sum.json"), spec).unwrap();
    let line = "cp in/b.csv in/a.csv && samefit -q summarize --data in --out s.json && samefit -q pipeline run specs --input rows=in \
        && samefit -q pipeline get sum:/statistics.json --out got.json && cmp got.json s.json";
    let ran = shell(place.path(), line);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
}
