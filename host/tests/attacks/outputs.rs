//! Outputs that cannot be written: full disks, folders that are read-only, names that are taken; and a system that refuses threads, memory and
//! large files.
//!
//! What must hold: old files stay as they were, nothing is half-written and nothing temporary is left, and the message names what is lacking.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{Ran, Random, copy_program, data, rounds, samefit, shell};

/// The exit code of a line of the test's own that says the system does not allow the test.
const CANNOT: i32 = 77;

/// Every verb that writes; `@` stands for where. The second: whether it is a file, and not a folder.
const VERBS: [(&str, bool); 11] = [
    ("train --data d.csv --target y --out @", false),
    ("summarize --data d.csv --out @", true),
    ("summarize --share --columns bmi,y --decimals bmi=2,y=0 --data d.csv --out @", true),
    ("merge s.json few.json --out @", true),
    ("fit s.json --target y --out @", false),
    ("split d.csv --holdout 0.2 --out @", false),
    ("qc --model m --records d.csv --threshold 100 --out @", false),
    ("qc-pre-process --data d.csv --target y --out @", false),
    ("infer --model m --attributes d.csv --out @", false),
    ("forget s.json --rows few.csv --out @", true),
    ("profile d.csv --json @", true),
];

/// How the output is called: a name with `.json` is that of a file.
fn name(is_file: bool) -> &'static str {
    if is_file { "x.json" } else { "x" }
}

fn inputs(folder: &Path) {
    fs::copy(data("diabetes.csv"), folder.join("d.csv")).unwrap();
    let made = shell(
        folder,
        "head -n 8 d.csv > few.csv && samefit train --data d.csv --target y --features age,bmi --out m && \
         samefit summarize --data d.csv --out s.json && samefit summarize --data few.csv --out few.json && chmod -R a+rX .",
    );
    assert_eq!(made.code, 0, "{}", made.stderr);
}

/// What stands at each path below a folder: a folder, a link and where it leads, or a file's bytes.
fn tree(folder: &Path) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(at) = folders.pop() {
        for entry in fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            let kind = fs::symlink_metadata(&path).unwrap().file_type();
            let what = match () {
                () if kind.is_symlink() => format!("-> {}", fs::read_link(&path).unwrap().display()),
                () if kind.is_dir() => {
                    folders.push(path.clone());
                    "folder".to_owned()
                }
                () if kind.is_file() => format!("{:?}", fs::read(&path).unwrap()),
                () => "special".to_owned(),
            };
            found.insert(path, what);
        }
    }
    found
}

#[track_caller]
fn assert_failed(ran: &Ran, what: &str) {
    ran.assert_orderly(what);
    assert!((1..=3).contains(&ran.code), "{what}: exit {}\n{}", ran.code, ran.stderr);
    assert!(ran.stderr.contains("error: ") && ran.stderr.contains("help: "), "{what}: {}", ran.stderr);
}

#[test]
fn names_that_are_taken_are_refused_and_stay() {
    let place = tempfile::tempdir().unwrap();
    inputs(place.path());
    // an input that is not there begins no output
    let before = tree(place.path());
    samefit(place.path(), &["merge", "none.json", "--out", "out/x.json"]).assert_refused("an input that is not there");
    assert!(tree(place.path()) == before);
    for (verb, is_file) in VERBS {
        let x = name(is_file);
        let at = |more: &str| format!("out/{x}{more}");
        for taken in ["a folder", "a file", "a file above", "a link to itself", "/dev/full", "a folder at a file's name"] {
            let out = place.path().join("out");
            let _ = fs::remove_dir_all(&out).or_else(|_| fs::remove_file(&out));
            let to = match (taken, is_file) {
                ("a folder", true) => {
                    fs::create_dir_all(out.join(x)).unwrap();
                    at("")
                }
                ("a file", false) => {
                    fs::create_dir(&out).unwrap();
                    fs::write(out.join(x), "old").unwrap();
                    at("")
                }
                ("a file above", _) => {
                    fs::write(&out, "old").unwrap();
                    at("")
                }
                ("a link to itself", _) => {
                    fs::create_dir(&out).unwrap();
                    std::os::unix::fs::symlink(x, out.join(x)).unwrap();
                    if is_file {
                        // a link that leads nowhere is replaced: nothing is written through it
                        let ran = shell(place.path(), &format!("samefit {}", verb.replace('@', &at(""))));
                        assert_eq!(ran.code, 0, "{verb}: {}", ran.stderr);
                        assert!(fs::symlink_metadata(out.join(x)).unwrap().is_file(), "{verb}");
                        continue;
                    }
                    at("/y")
                }
                ("/dev/full", true) => "/dev/full".to_owned(),
                ("a folder at a file's name", false) => {
                    for name in
                        ["model.json", "training.csv", "holdout.csv", "1.json", "d.csv", "report.json", "provenance.json", "accepted.json"]
                    {
                        fs::create_dir_all(out.join(x).join(name).join("kept")).unwrap();
                    }
                    at("")
                }
                _ => continue,
            };
            let before = tree(place.path());
            let ran = shell(place.path(), &format!("samefit {}", verb.replace('@', &to)));
            let what = format!("{verb} over {taken}");
            assert_failed(&ran, &what);
            assert!(tree(place.path()) == before, "{what}: something was written or removed");
        }
    }
}

/// A link at the output's name is followed: the file that it leads to is replaced, whole, and the link stays.
#[test]
fn links_are_followed_and_stay() {
    let place = tempfile::tempdir().unwrap();
    inputs(place.path());
    shell(place.path(), "mkdir real links && echo old > real/s.json && ln -s ../real/s.json links/s.json && ln -s ../real links/folder");
    let ran = shell(
        place.path(),
        "samefit summarize --data d.csv --out links/s.json && samefit train --data d.csv --target y --out links/folder/m",
    );
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(fs::symlink_metadata(place.path().join("links/s.json")).unwrap().is_symlink());
    assert_eq!(fs::read(place.path().join("real/s.json")).unwrap(), fs::read(place.path().join("s.json")).unwrap());
    assert!(place.path().join("real/m/model.json").is_file());
    // a pipe is written to as it is
    let ran = shell(
        place.path(),
        "mkfifo pipe.json && { cat pipe.json > read.json & } && samefit summarize --data d.csv --out pipe.json && wait",
    );
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(fs::read(place.path().join("read.json")).unwrap(), fs::read(place.path().join("s.json")).unwrap());
}

#[test]
fn a_full_disk_leaves_old_files_whole() {
    let place = tempfile::tempdir().unwrap();
    inputs(place.path());
    let mut random = Random::new("full disks");
    let mut failed = 0;
    for round in 0..rounds(2, 20) {
        for (verb, is_file) in VERBS {
            // some of the output fits, or none of it
            let kib = 4 * (1 + random.below(12));
            let (x, old) = if is_file { ("x.json", "x.json") } else { ("x", "x/old.txt") };
            let script = format!(
                "mkdir -p disk && unshare --mount --map-root-user sh -c '
                    mount -t tmpfs -o size=64k,mode=777 tmpfs disk || exit {CANNOT}
                    mkdir -p $(dirname disk/o/{old}) && echo old > disk/o/{old} && head -c {}k /dev/zero > disk/filler 2>/dev/null
                    find disk | sort > before
                    samefit {} ; code=$?
                    [ $code = 0 ] || {{ find disk | sort | diff before - && [ \"$(cat disk/o/{old})\" = old ] || exit 99; }}
                    exit $code' || exit $?",
                64 - kib,
                verb.replace('@', &format!("disk/o/{x}"))
            );
            let ran = shell(place.path(), &script);
            if ran.code == CANNOT || ran.stderr.contains("unshare") {
                return eprintln!("not run: full disks (a small file system cannot be mounted here)");
            }
            let what = format!("round {round}: {verb} with {kib} KiB left");
            ran.assert_orderly(&format!("{what}: {}", ran.stdout));
            if ran.code != 0 {
                failed += 1;
                assert!(ran.code == 1 && ran.stderr.contains("the disk is full; nothing was written"), "{what}: {}", ran.stderr);
            }
        }
    }
    assert!(failed > 0, "no disk was full");
}

/// Runs a line as someone who is not root; none if that cannot be.
fn unprivileged(folder: &Path, line: &str) -> Option<Ran> {
    if shell(folder, "id -u").stdout.trim() != "0" {
        return Some(shell(folder, line));
    }
    // the program may stand where others cannot enter
    let copy = folder.join("samefit");
    if !copy.exists() {
        copy_program(&copy);
        fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    }
    let who = "setpriv --reuid=65534 --regid=65534 --clear-groups";
    let line = format!("{who} true || exit {CANNOT}; PATH=.:$PATH exec {who} sh -c '{line}'");
    let ran = shell(folder, &line);
    (ran.code != CANNOT).then_some(ran)
}

#[test]
fn folders_that_are_read_only_stay() {
    let place = tempfile::tempdir().unwrap();
    inputs(place.path());
    for (verb, is_file) in VERBS {
        let out = place.path().join("closed");
        fs::create_dir(&out).unwrap();
        if is_file {
            fs::write(out.join("x.json"), "old").unwrap();
        } else {
            fs::create_dir(out.join("x")).unwrap();
        }
        shell(place.path(), "chmod -R a-w,a+rX closed");
        let before = tree(&out);
        let Some(ran) = unprivileged(place.path(), &format!("samefit {}", verb.replace('@', &format!("closed/{}", name(is_file))))) else {
            return eprintln!("not run: read-only folders (running as root, and setpriv cannot become someone else)");
        };
        assert_failed(&ran, verb);
        assert!(ran.code == 1 && ran.stderr.contains("denied"), "{verb}: {}", ran.stderr);
        assert!(tree(&out) == before, "{verb}");
        shell(place.path(), "chmod -R u+w closed && rm -r closed");
    }
}

#[test]
fn without_threads_the_work_goes_on() {
    let place = tempfile::tempdir().unwrap();
    inputs(place.path());
    for (number, line) in [
        "samefit --piece-bytes 2000 train --threads 4 --data d.csv --target y --features age,bmi --out",
        "samefit --piece-bytes 2000 infer --threads 4 --model m --attributes d.csv --out",
        "samefit qc-pre-process --data few.csv --target y --out",
    ]
    .iter()
    .enumerate()
    {
        let first = shell(place.path(), &format!("{line} whole{number}"));
        assert_eq!(first.code, 0, "{}", first.stderr);
        // no process more than the program itself, and so no thread
        match unprivileged(place.path(), "ulimit -u 1 2>/dev/null || ulimit -p 1; (exit 5); exit 0") {
            Some(probe) if probe.code != 0 => {}
            _ => return eprintln!("not run: a limit of threads (it does not hold here)"),
        }
        let limited = format!("mkdir -p -m 777 few{number}; ulimit -u 1 2>/dev/null || ulimit -p 1; exec {line} few{number}/out");
        let Some(ran) = unprivileged(place.path(), &limited) else {
            return eprintln!("not run: a limit of threads (running as root, and setpriv cannot become someone else)");
        };
        assert!(ran.code == 0 && !ran.stderr.contains("panicked"), "{line}: exit {}\n{}", ran.code, ran.stderr);
        let compared = shell(place.path(), &format!("diff -r -x provenance.json whole{number} few{number}/out"));
        assert_eq!((compared.code, compared.stdout.as_str()), (0, ""), "{line}");
    }
}

#[test]
fn limits_of_memory_and_files_are_named() {
    let place = tempfile::tempdir().unwrap();
    inputs(place.path());
    shell(place.path(), "head -n 1 d.csv > big.csv; for i in 1 2 3 4 5 6 7 8; do tail -n +2 d.csv >> big.csv; done");
    let mut random = Random::new("limits of memory");
    let (mut refused, mut done) = (0, 0);
    let instance = 4_260_000;
    for round in 0..rounds(25, 600) {
        // near where one instance more fits, and anywhere
        let instances = random.below(7);
        let kib = match random.below(3) {
            0 => 60_000 + random.below(30_000_000),
            1 => instance * instances + 30_000 + random.below(60_000),
            _ => instance * instances + 50_000 + random.below(400_000),
        };
        let verb = [
            "--piece-bytes 5000 train --threads 4 --data big.csv --target y --out",
            "--piece-bytes 5000 infer --threads 4 --model m --attributes big.csv --out",
            "summarize --share --columns bmi,y --decimals bmi=2,y=0 --data d.csv --out",
            "qc --model m --records d.csv --threshold 100 --out",
            "verify m --data d.csv --json",
        ][random.below(5)];
        let out = match () {
            () if verb.starts_with("verify") => "",
            () if verb.starts_with("summarize") => "out.json",
            () => "out",
        };
        let _ = fs::remove_dir_all(place.path().join("out"));
        let _ = fs::remove_file(place.path().join("out.json"));
        let ran = shell(place.path(), &format!("ulimit -v {kib} || exit {CANNOT}; exec samefit {verb} {out}"));
        if ran.code == CANNOT {
            return eprintln!("not run: limits of memory (there is no `ulimit -v`)");
        }
        let what = format!("round {round}: ulimit -v {kib}; samefit {verb}");
        ran.assert_orderly(&what);
        if ran.code == 0 {
            done += 1;
        } else {
            refused += 1;
            assert!(ran.code == 1 && ran.stderr.contains("not enough address space"), "{what}: {}", ran.stderr);
        }
    }
    assert!(refused > 0 && done > 0, "{refused} refused, {done} done");
    for blocks in [0, 1, 10, 50, 100, 200] {
        // what is said goes through a pipe, which has no limit
        let ran = shell(place.path(), &format!("(ulimit -f {blocks}; exec samefit train --data d.csv --target y --out m5) 2>&1 | cat"));
        assert!(ran.stdout.contains("the limit on the size of files (`ulimit -f`"), "ulimit -f {blocks}: {}", ran.stdout);
    }
    // enough for the program: 2048 KiB, in the shell's blocks of 512 bytes
    let ran = shell(place.path(), "ulimit -f 4096; exec samefit train --data d.csv --target y --out m5");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
}
