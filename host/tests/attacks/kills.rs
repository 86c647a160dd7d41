//! Kills the program at every system call that writes, syncs, locks, creates, renames or removes.
//!
//! A library that is loaded before the C library (`kills.c`) counts these calls and sends the signal just before the Nth. What must hold: every
//! file is as it was before the run or as a complete run leaves it; a signal that can be handled leaves no staging folder; the same command run
//! again gives the result of an undisturbed run and leaves no staging folder, whatever the signal was.

#![cfg(all(target_os = "linux", target_env = "gnu"))]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::support::{Random, RunOutput, data, rounds, run, shell, wait};

/// Calls at which each verb is killed when the rounds are short.
const SHORT: usize = 2;

/// A verb with two commands: one whose output exists before the attack, and one that is killed. `@` stands for the folder of the output.
struct Attacked {
    name: &'static str,
    before: &'static str,
    killed: &'static str,
}

const ATTACKED: [Attacked; 10] = [
    Attacked {
        name: "train",
        before: "train --data d.csv --target y --features bmi --out @/m",
        killed: "train --data d.csv --target y --features age,bmi --out @/m",
    },
    Attacked {
        name: "summarize",
        before: "summarize --data d.csv --out @/s.json",
        killed: "--split-bytes 2000 summarize --threads 3 --data d.csv e.csv --out @/s.json",
    },
    Attacked { name: "merge", before: "merge s.json --out @/a.json", killed: "merge s.json s2.json --out @/a.json" },
    Attacked { name: "split", before: "split d.csv --holdout 0.5 --out @/parts", killed: "split d.csv --holdout 0.2 --out @/parts" },
    Attacked {
        name: "qc",
        before: "qc --model m --records d.csv --threshold 1 --out @/q",
        killed: "qc --model m --records d.csv --threshold 100 --out @/q",
    },
    Attacked {
        name: "qc that refuses",
        before: "qc --model m --records d.csv --threshold 100 --out @/q",
        killed: "qc --model m --records d.csv --threshold 1 --out @/q",
    },
    Attacked {
        name: "qc-pre-process",
        before: "qc-pre-process --data some.csv --target y --out @/r",
        killed: "qc-pre-process --data few.csv --target y --out @/r",
    },
    Attacked {
        name: "infer",
        before: "infer --model m2 --attributes records --out @/p",
        killed: "infer --threads 3 --model m --attributes records --out @/p",
    },
    Attacked {
        name: "forget",
        before: "summarize --data d.csv --out @/left.json",
        killed: "forget s.json --rows few.csv --out @/left.json",
    },
    Attacked {
        name: "profile",
        before: "profile few.csv --html @/deep/p.html --json @/deep/p.json",
        killed: "profile d.csv --html @/deep/p.html --json @/deep/p.json",
    },
];

/// Creates the inputs of all verbs.
fn inputs(folder: &Path) {
    fs::copy(data("diabetes.csv"), folder.join("d.csv")).unwrap();
    let made = shell(
        folder,
        "cp d.csv e.csv && head -n 8 d.csv > few.csv && head -n 20 d.csv > some.csv && samefit train --data d.csv --target y --features age,bmi --out m && \
         samefit train --data d.csv --target y --features bmi --out m2 && samefit summarize --data d.csv --out s.json && \
         samefit summarize --data few.csv --out s2.json && samefit qc-pre-process --data few.csv --target y --out records",
    );
    assert_eq!(made.code, 0, "{}", made.stderr);
}

/// Builds the library that kills, once, and returns its path.
fn library() -> &'static Path {
    static LIBRARY: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = LIBRARY.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kills.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/attacks/kills.c");
        let built = Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&path).arg(source).arg("-ldl").status().unwrap();
        assert!(built.success());
        (folder, path)
    });
    path
}

/// Runs the program with the library. Returns the run and, if the program came to its end, the number of calls.
fn run_killed(folder: &Path, line: &str, at: usize, signal: i32) -> (RunOutput, Option<usize>) {
    let count = folder.join("count");
    let _ = fs::remove_file(&count);
    let mut command = Command::new(env!("CARGO_BIN_EXE_samefit"));
    command.args(line.split(' ')).current_dir(folder).env("LD_PRELOAD", library());
    command.env("ATTACK_AT", at.to_string()).env("ATTACK_SIGNAL", signal.to_string()).env("ATTACK_COUNT", &count);
    let ran = run(command);
    let counted = fs::read_to_string(&count).ok().and_then(|text| text.parse().ok());
    (ran, counted)
}

/// Returns the files and folders below a folder, with the contents of the files.
fn tree(folder: &Path) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(at) = folders.pop() {
        for entry in fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            let below = path.strip_prefix(folder).unwrap().to_owned();
            if path.is_dir() {
                found.insert(below, None);
                folders.push(path);
            } else {
                found.insert(below, Some(fs::read(&path).unwrap()));
            }
        }
    }
    found
}

fn is_staging(path: &Path) -> bool {
    path.iter().any(|name| name.to_str().unwrap().starts_with(".samefit-"))
}

/// Restores a folder to an earlier state.
fn restore(folder: &Path, tree: &BTreeMap<PathBuf, Option<Vec<u8>>>) {
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder).unwrap();
    for (path, content) in tree {
        match content {
            None => fs::create_dir_all(folder.join(path)).unwrap(),
            Some(bytes) => fs::write(folder.join(path), bytes).unwrap(),
        }
    }
}

/// Kills every verb with a signal, at some or all of its calls. `is_handled`: whether the program can handle the signal.
fn kill_everywhere(name: &str, signal: i32, is_handled: bool) {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path();
    inputs(folder);
    let mut random = Random::new(name);
    let (mut ended, mut attacks) = (0, 0);
    for verb in ATTACKED {
        let out = folder.join("out");
        let line = |line: &str| line.replace('@', "out");
        restore(&out, &BTreeMap::new());
        let ran = shell(folder, &format!("samefit {}", line(verb.before)));
        assert_eq!(ran.code, 0, "{}: {}", verb.name, ran.stderr);
        let before = tree(&out);
        let (ran, counted) = run_killed(folder, &line(verb.killed), 0, 0);
        assert_eq!(ran.code, 0, "{}: {}", verb.name, ran.stderr);
        let after = tree(&out);
        assert!(before != after && !after.keys().any(|path| is_staging(path)), "{}", verb.name);
        let calls = counted.unwrap();
        // with fewer, the library is not loaded, or the program's calls do not go through it
        assert!(calls >= 5, "{}: {calls} calls", verb.name);
        let all: Vec<usize> = (1..=calls).collect();
        let points: Vec<usize> = if rounds(0, 1) == 1 { all } else { (0..SHORT).map(|_| *random.pick(&all)).collect() };
        for at in points {
            let what = format!("{} killed by {name} at call {at} of {calls}", verb.name);
            restore(&out, &before);
            let (ran, _) = run_killed(folder, &line(verb.killed), at, signal);
            attacks += 1;
            ended += usize::from(ran.code == 128 + signal);
            assert!([0, 1, 128 + signal].contains(&ran.code), "{what}: exit {}\n{}", ran.code, ran.stderr);
            for (path, content) in tree(&out) {
                if is_staging(&path) {
                    assert!(!is_handled, "{what}: {} is left", path.display());
                } else {
                    let whole = [before.get(&path), after.get(&path)].into_iter().flatten().any(|known| *known == content);
                    assert!(whole, "{what}: {} is neither the old file nor the new one", path.display());
                }
            }
            let again = shell(folder, &format!("samefit {}", line(verb.killed)));
            assert_eq!(again.code, 0, "{what}, and run again: {}", again.stderr);
            let left = tree(&out);
            let differs = left.iter().find(|(path, content)| after.get(*path) != Some(content)).map(|(path, _)| path);
            assert!(left == after, "{what}, and run again: {differs:?} is not as an undisturbed run leaves it");
        }
    }
    // beyond the limit of a file's size the write fails, and the signal does not end the program
    let expected = if name == "XFSZ" { 0 } else { attacks / 4 };
    assert!(ended >= expected, "{ended} of {attacks} runs ended by the signal");
}

#[test]
fn an_interrupt_leaves_nothing_incomplete() {
    kill_everywhere("INT", 2, true);
}

#[test]
fn a_termination_leaves_nothing_incomplete() {
    kill_everywhere("TERM", 15, true);
}

#[test]
fn a_hang_up_leaves_nothing_incomplete() {
    kill_everywhere("HUP", 1, true);
}

#[test]
fn a_kill_leaves_nothing_incomplete_and_the_next_run_removes_the_staging_folder() {
    kill_everywhere("KILL", 9, false);
}

#[test]
fn a_limit_on_file_sizes_leaves_nothing_incomplete() {
    kill_everywhere("XFSZ", 25, true);
}

/// Several threads write while the clean-up runs.
#[test]
fn an_interrupt_at_any_time_leaves_nothing() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path();
    inputs(folder);
    let many = shell(folder, "mkdir many && for i in $(seq 400); do cp records/1.json many/$i.json; done");
    assert_eq!(many.code, 0, "{}", many.stderr);
    let mut random = Random::new("any time");
    let mut ended = 0;
    for round in 0..rounds(20, 400) {
        let signal = *random.pick(&[2, 15, 1]);
        let mut command = Command::new(env!("CARGO_BIN_EXE_samefit"));
        command.args("infer --threads 3 --model m --attributes many --out new/p".split(' ')).current_dir(folder);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_micros(u64::try_from(random.below(40_000)).unwrap()));
        let _ = Command::new("kill").args([format!("-{signal}"), child.id().to_string()]).stderr(Stdio::null()).status();
        let code = wait(child, "infer, interrupted at any time").code;
        ended += usize::from(code == 128 + signal);
        if code == 0 {
            fs::remove_dir_all(folder.join("new")).unwrap();
        } else {
            assert_eq!(code, 128 + signal, "round {round}");
            let left = if folder.join("new").exists() { tree(&folder.join("new")) } else { BTreeMap::new() };
            // a commit that has begun finishes
            let whole = left.keys().filter(|path| path.extension().is_some()).count() == 400;
            assert!(whole || left.is_empty(), "round {round}: {:?}", left.keys().take(3).collect::<Vec<_>>());
            assert!(!left.keys().any(|path| is_staging(path)), "round {round}");
            let _ = fs::remove_dir_all(folder.join("new"));
        }
    }
    assert!(ended > 0, "no run was interrupted");
}
