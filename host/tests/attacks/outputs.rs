//! Outputs that cannot be written (full disks, read-only folders, names that are taken), and limits on threads, memory and file sizes.
//!
//! What must hold: old files stay as they were, no incomplete file and no staging folder is left, and the message names what is lacking.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use samefit_testing::not_run;

use crate::support::{CANNOT_RUN, NO_OTHER_USER, Random, RunOutput, copy_program, data, rounds, samefit, shell};

/// Every verb that writes, and whether its output is a file and not a folder. `@` stands for the output.
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

/// Returns the name of the output.
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

/// Describes each path below a folder: a folder, a link with its target, or a file with its bytes.
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
fn assert_failed(ran: &RunOutput, what: &str) {
    ran.assert_orderly(what);
    assert!((1..=3).contains(&ran.code), "{what}: exit {}\n{}", ran.code, ran.stderr);
    assert!(ran.stderr.contains("error: ") && ran.stderr.contains("help: "), "{what}: {}", ran.stderr);
}

#[test]
fn names_that_are_taken_are_refused_and_stay() {
    let temp = tempfile::tempdir().unwrap();
    inputs(temp.path());
    // nothing is created if an input does not exist
    let before = tree(temp.path());
    samefit(temp.path(), &["merge", "none.json", "--out", "out/x.json"]).assert_refused("an input that does not exist");
    assert!(tree(temp.path()) == before);
    for (verb, is_file) in VERBS {
        let x = name(is_file);
        let at = |more: &str| format!("out/{x}{more}");
        for taken in ["a folder", "a file", "a file above", "a link to itself", "/dev/full", "a folder at a file's name"] {
            let out = temp.path().join("out");
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
                        // a link that leads nowhere is replaced itself
                        let ran = shell(temp.path(), &format!("samefit {}", verb.replace('@', &at(""))));
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
            let before = tree(temp.path());
            let ran = shell(temp.path(), &format!("samefit {}", verb.replace('@', &to)));
            let what = format!("{verb} over {taken}");
            assert_failed(&ran, &what);
            assert!(tree(temp.path()) == before, "{what}: something was written or removed");
        }
    }
}

/// If the output is a link, the file that it leads to is replaced, and the link stays.
#[test]
fn links_are_followed_and_stay() {
    let temp = tempfile::tempdir().unwrap();
    inputs(temp.path());
    shell(temp.path(), "mkdir real links && echo old > real/s.json && ln -s ../real/s.json links/s.json && ln -s ../real links/folder");
    let ran = shell(
        temp.path(),
        "samefit summarize --data d.csv --out links/s.json && samefit train --data d.csv --target y --out links/folder/m",
    );
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(fs::symlink_metadata(temp.path().join("links/s.json")).unwrap().is_symlink());
    assert_eq!(fs::read(temp.path().join("real/s.json")).unwrap(), fs::read(temp.path().join("s.json")).unwrap());
    assert!(temp.path().join("real/m/model.json").is_file());
    // a pipe is written to directly
    let ran =
        shell(temp.path(), "mkfifo pipe.json && { cat pipe.json > read.json & } && samefit summarize --data d.csv --out pipe.json && wait");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(fs::read(temp.path().join("read.json")).unwrap(), fs::read(temp.path().join("s.json")).unwrap());
}

#[test]
fn a_full_disk_leaves_old_files_whole() {
    let temp = tempfile::tempdir().unwrap();
    inputs(temp.path());
    let mut random = Random::new("full disks");
    let mut failed = 0;
    for round in 0..rounds(2, 20) {
        for (verb, is_file) in VERBS {
            // space for some of the output, or for none
            let kib = 4 * (1 + random.below(12));
            let (x, old) = if is_file { ("x.json", "x.json") } else { ("x", "x/old.txt") };
            let script = format!(
                "unshare --mount --map-root-user mount -t tmpfs tmpfs /mnt || exit {CANNOT_RUN}
                mkdir -p disk && unshare --mount --map-root-user sh -c '
                    mount -t tmpfs -o size=64k,mode=777 tmpfs disk || exit {CANNOT_RUN}
                    mkdir -p $(dirname disk/o/{old}) && echo old > disk/o/{old} && head -c {}k /dev/zero > disk/filler 2>/dev/null
                    find disk | sort > before
                    samefit {} ; code=$?
                    [ $code = 0 ] || {{ find disk | sort | diff before - && [ \"$(cat disk/o/{old})\" = old ] || exit 99; }}
                    exit $code' || exit $?",
                64 - kib,
                verb.replace('@', &format!("disk/o/{x}"))
            );
            let ran = shell(temp.path(), &script);
            if ran.code == CANNOT_RUN {
                return not_run("full disks", "a small file system cannot be mounted here");
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

/// Runs a line as a user who is not root. Returns none if that is impossible.
fn unprivileged(folder: &Path, line: &str) -> Option<RunOutput> {
    if shell(folder, "id -u").stdout.trim() != "0" {
        return Some(shell(folder, line));
    }
    // the other user may not be able to enter the program's folder
    let copy = folder.join("samefit");
    if !copy.exists() {
        copy_program(&copy);
        fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    }
    let who = "setpriv --reuid=65534 --regid=65534 --clear-groups";
    let line = format!("{who} true || exit {CANNOT_RUN}; PATH=.:$PATH exec {who} sh -c '{line}'");
    let ran = shell(folder, &line);
    (ran.code != CANNOT_RUN).then_some(ran)
}

#[test]
fn folders_that_are_read_only_stay() {
    let temp = tempfile::tempdir().unwrap();
    inputs(temp.path());
    for (verb, is_file) in VERBS {
        let out = temp.path().join("closed");
        fs::create_dir(&out).unwrap();
        if is_file {
            fs::write(out.join("x.json"), "old").unwrap();
        } else {
            fs::create_dir(out.join("x")).unwrap();
        }
        shell(temp.path(), "chmod -R a-w,a+rX closed");
        let before = tree(&out);
        let Some(ran) = unprivileged(temp.path(), &format!("samefit {}", verb.replace('@', &format!("closed/{}", name(is_file))))) else {
            return not_run("read-only folders", NO_OTHER_USER);
        };
        assert_failed(&ran, verb);
        assert!(ran.code == 1 && ran.stderr.contains("denied"), "{verb}: {}", ran.stderr);
        assert!(tree(&out) == before, "{verb}");
        shell(temp.path(), "chmod -R u+w closed && rm -r closed");
    }
}

#[test]
fn without_threads_the_work_goes_on() {
    let temp = tempfile::tempdir().unwrap();
    inputs(temp.path());
    for (number, line) in [
        "samefit --split-bytes 2000 train --threads 4 --data d.csv --target y --features age,bmi --out",
        "samefit --split-bytes 2000 infer --threads 4 --model m --attributes d.csv --out",
        "samefit qc-pre-process --data few.csv --target y --out",
    ]
    .iter()
    .enumerate()
    {
        let first = shell(temp.path(), &format!("{line} whole{number}"));
        assert_eq!(first.code, 0, "{}", first.stderr);
        // no more processes than the program itself, and so no threads
        match unprivileged(temp.path(), "ulimit -u 1 2>/dev/null || ulimit -p 1; (exit 5); exit 0") {
            Some(probe) if probe.code != 0 => {}
            _ => return not_run("a limit on threads", "the system does not apply it"),
        }
        let limited = format!("mkdir -p -m 777 few{number}; ulimit -u 1 2>/dev/null || ulimit -p 1; exec {line} few{number}/out");
        let Some(ran) = unprivileged(temp.path(), &limited) else {
            return not_run("a limit on threads", NO_OTHER_USER);
        };
        assert!(ran.code == 0 && !ran.stderr.contains("panicked"), "{line}: exit {}\n{}", ran.code, ran.stderr);
        let compared = shell(temp.path(), &format!("diff -r -x provenance.json whole{number} few{number}/out"));
        assert_eq!((compared.code, compared.stdout.as_str()), (0, ""), "{line}");
    }
}

#[test]
fn limits_of_memory_and_files_are_named() {
    let temp = tempfile::tempdir().unwrap();
    inputs(temp.path());
    shell(temp.path(), "head -n 1 d.csv > big.csv; for i in 1 2 3 4 5 6 7 8; do tail -n +2 d.csv >> big.csv; done");
    let mut random = Random::new("limits of memory");
    let (mut refused, mut done) = (0, 0);
    let instance = 4_260_000;
    for round in 0..rounds(25, 600) {
        // any limit, and limits near those at which one more instance fits
        let instances = random.below(7);
        let kib = match random.below(3) {
            0 => 60_000 + random.below(30_000_000),
            1 => instance * instances + 30_000 + random.below(60_000),
            _ => instance * instances + 50_000 + random.below(400_000),
        };
        let verb = [
            "--split-bytes 5000 train --threads 4 --data big.csv --target y --out",
            "--split-bytes 5000 infer --threads 4 --model m --attributes big.csv --out",
            "summarize --share --columns bmi,y --decimals bmi=2,y=0 --data d.csv --out",
            "qc --model m --records d.csv --threshold 100 --out",
            "verify m --data d.csv --json",
        ][random.below(5)];
        let out = match () {
            () if verb.starts_with("verify") => "",
            () if verb.starts_with("summarize") => "out.json",
            () => "out",
        };
        let _ = fs::remove_dir_all(temp.path().join("out"));
        let _ = fs::remove_file(temp.path().join("out.json"));
        let ran = shell(temp.path(), &format!("ulimit -v {kib} || exit {CANNOT_RUN}; exec samefit {verb} {out}"));
        if ran.code == CANNOT_RUN {
            return not_run("limits on memory", "there is no `ulimit -v`");
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
        // the message goes through a pipe, to which the limit does not apply
        let ran = shell(temp.path(), &format!("(ulimit -f {blocks}; exec samefit train --data d.csv --target y --out m5) 2>&1 | cat"));
        assert!(ran.stdout.contains("the limit on the size of files (`ulimit -f`"), "ulimit -f {blocks}: {}", ran.stdout);
    }
    // 2048 KiB in the shell's blocks of 512 bytes, which is enough for the program
    let ran = shell(temp.path(), "ulimit -f 4096; exec samefit train --data d.csv --target y --out m5");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
}
