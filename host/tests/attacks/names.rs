//! Names that would mislead on a terminal.
//!
//! A terminal obeys some characters, draws some in another order, and some not at all. These tests put them into the names of files, folders,
//! columns, keys, levels, targets, schemas, specs, repos and arguments, for all verbs. What must hold: no output for people contains any of
//! them, and each run ends with one of the program's exit codes.

use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::{Random, RunOutput, rounds, run, shell};

/// Characters and sequences that a terminal obeys, draws out of order, or does not draw. Line breaks are tested separately, because our own
/// output contains them.
const HOSTILE: [&str; 24] = [
    "\u{1b}[31m",
    "\u{1b}]0;owned\u{7}",
    "\u{1b}[2J",
    "\r",
    "\u{8}",
    "\u{7f}",
    "\u{b}",
    "\u{c}",
    "\u{9b}31m",
    "\u{85}",
    "\u{202a}",
    "\u{202e}",
    "\u{2066}",
    "\u{2069}",
    "\u{200b}",
    "\u{200c}",
    "\u{200d}",
    "\u{200e}",
    "\u{200f}",
    "\u{61c}",
    "\u{2028}",
    "\u{feff}",
    "\u{ad}",
    "\u{e0041}",
];

/// Returns whether a character must not reach a terminal. This list is independent of the program's own.
fn is_hostile(c: char) -> bool {
    let code = u32::from(c);
    (code < 0x20 && c != '\n')
        || (0x7f..0xa0).contains(&code)
        || [0xad, 0x61c, 0xfeff].contains(&code)
        || (0x200b..=0x200f).contains(&code)
        || (0x2028..=0x202e).contains(&code)
        || (0x2060..=0x206f).contains(&code)
        || (0xe0000..0xe0080).contains(&code)
}

#[track_caller]
fn assert_escaped(ran: &RunOutput, is_data: bool, what: &str) {
    ran.assert_orderly(what);
    let stdout = if is_data { "" } else { &ran.stdout };
    for (name, text) in [("stderr", ran.stderr.as_str()), ("stdout", stdout)] {
        let found = text.chars().find(|c| is_hostile(*c) && *c != '\t');
        assert_eq!(found, None, "{what}: {name} contains it: {text:?}");
        let longest = text.split([' ', '\n']).map(|word| word.chars().count()).max().unwrap_or(0);
        assert!(longest < 5000, "{what}: {name} contains a word of {longest} characters");
        // a name cannot look like a line of ours
        assert!(!text.lines().any(|line| line.starts_with("error: forged")), "{what}: {name} contains a forged line: {text:?}");
    }
}

/// Returns a name with hostile characters. `is_file`: the name of a file, without a zero byte and not too long.
fn hostile(random: &mut Random, is_file: bool) -> String {
    let mut name = String::from("n");
    for _ in 0..=random.below(3) {
        name.push_str(HOSTILE[random.below(HOSTILE.len())]);
        name.push_str(["a", "bmi", " ", "é", "体"][random.below(5)]);
    }
    match random.below(8) {
        0 | 5 => name.push_str("\nerror: forged"),
        1 if !is_file => name.push_str(&"x".repeat(6000)),
        2 if !is_file => name.push_str(&"x\u{1b} ".repeat(3000)),
        3 if !is_file => name.push('\0'),
        4 => name.push('\t'),
        _ => {}
    }
    name
}

/// Returns a name as a quoted cell of CSV.
fn cell(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Runs the program with a command line in which `{0}`, `{1}` .. stand for names.
fn verb(folder: &Path, line: &str, names: &[&str]) -> RunOutput {
    let argument = |word: &str| (0..names.len()).fold(word.to_owned(), |word, at| word.replace(&format!("{{{at}}}"), names[at]));
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_samefit"));
    // an argument cannot contain a zero byte
    command.args(line.split(' ').map(|word| argument(word).replace('\0', "0"))).current_dir(folder);
    run(command)
}

#[test]
fn names_in_data_reach_no_terminal() {
    let mut random = Random::new("names in data");
    let mut succeeded = 0;
    for round in 0..rounds(12, 300) {
        let temp = tempfile::tempdir().unwrap();
        let at = |name: &str| temp.path().join(name);
        let [x, y, level] = std::array::from_fn(|_| hostile(&mut random, false));
        let (x, y) = (format!("x{x}"), format!("y{y}"));
        let rows: String = (0..30).map(|row| format!("{row},{},{}\n", row * row % 7, row * 3 % 11)).collect();
        fs::write(at("d.csv"), format!("{},{},z\n{rows}", cell(&x), cell(&y))).unwrap();
        fs::write(at("bad.csv"), format!("{},{},z\n1,{},3\n", cell(&x), cell(&y), cell(&level))).unwrap();
        fs::write(at("short.csv"), format!("{},z\n1\n", cell(&x))).unwrap();
        let line: Value = [(x.clone(), json!(1)), (y.clone(), json!(level))].into_iter().collect::<serde_json::Map<_, _>>().into();
        fs::write(at("d.jsonl"), format!("{line}\n")).unwrap();
        fs::write(at("r.json"), format!("{}\n", json!({x.as_str(): 2, "z": 1, "other": level}))).unwrap();
        let schema = json!({"title": level, "type": "object", "properties": {x.as_str(): {"type": "number", "title": level, "minimum": 5}, level.as_str(): {"enum": [level]}, "z": {"type": level}}});
        fs::write(at("schema.json"), schema.to_string()).unwrap();
        fs::write(at("document.json"), json!({"format": level, level.as_str(): level}).to_string()).unwrap();
        fs::write(at("broken.json"), format!("{{\"{level}")).unwrap();
        let lines = [
            "train --data d.csv --target {1} --out m",
            "train --data d.csv --target {2} --out m3",
            "train --data d.csv --target {1} --features {2} --out m3",
            "train --data d.csv --schema schema.json --target {1} --out m3",
            "train --data bad.csv --target {1} --out m3",
            "train --data short.csv --target z --out m3",
            "summarize --data d.csv --out s.json",
            "summarize --data bad.csv --out s3.json",
            "summarize --data d.jsonl --out s3.json",
            "summarize --share --data d.csv --out shared.json",
            "merge s.json --out s2.json",
            "merge document.json --out s2.json",
            "merge broken.json --out s2.json",
            "fit s.json --target {1} --out m2",
            "fit s.json --target {2} --out m2",
            "inspect m",
            "inspect s.json",
            "inspect document.json",
            "inspect d.csv",
            "verify m --data d.csv",
            "verify m --data bad.csv",
            "infer --model m --attributes r.json --out p",
            "infer --model m --attributes d.jsonl --out p",
            "infer --model document.json --attributes d.csv --out p",
            "qc --model m --records d.csv --threshold 100 --out q",
            "qc --model m --records bad.csv --threshold 100 --out q",
            "qc-pre-process --data d.csv --out r",
            "qc-pre-process --data d.csv --target {2} --out r2",
            "split d.csv --holdout 0.3 --out parts",
            "split d.csv --holdout {2} --out parts",
            "split d.csv --by {2} --out parts",
            "forget s.json --rows d.csv --out left.json",
            "forget s.json --rows bad.csv --out left.json",
            "profile d.csv",
            "profile bad.csv --schema schema.json",
            "profile d.jsonl",
        ];
        for line in lines {
            let ran = verb(temp.path(), line, &[&x, &y, &level]);
            succeeded += usize::from(ran.code == 0);
            assert_escaped(&ran, false, &format!("round {round}: {line}"));
        }
        // JSON for machines is not escaped
        let ran = verb(temp.path(), "inspect --json m", &[]);
        assert_escaped(&ran, true, "inspect --json");
    }
    assert!(succeeded > 0, "every run failed, so most output was not checked");
}

#[test]
fn names_of_files_and_arguments_reach_no_terminal() {
    let mut random = Random::new("names of files");
    let mut succeeded = 0;
    for round in 0..rounds(8, 200) {
        let temp = tempfile::tempdir().unwrap();
        let name = hostile(&mut random, true);
        let folder = temp.path().join("in");
        fs::create_dir(&folder).unwrap();
        let rows: String = (0..30).map(|row| format!("{row},{}\n", row * row % 7)).collect();
        fs::write(folder.join(format!("{name}.csv")), format!("x,y\n{rows}")).unwrap();
        fs::write(folder.join(format!("{name}.txt")), "no data").unwrap();
        fs::write(temp.path().join(format!("{name}.json")), "{}").unwrap();
        fs::write(temp.path().join(&name), "\0asm damaged").unwrap();
        let lines = [
            "train --data in/{0}.csv --target y --out {0}m",
            "train --data in --target y --out m",
            "train --data in in/{0}.csv --target y --out m",
            "train --data {0}none --target y --out m",
            "train --data in --target y --out {0}",
            "train --data {0} --target y --out m",
            "summarize --data in --out {0}/{0}/s.json",
            "summarize --data in/{0}.csv --out in/{0}.csv",
            "merge {0}.json --out s.json",
            "inspect {0}.json",
            "inspect {0}",
            "inspect in/{0}.csv",
            "infer --model m --attributes in --out {0}p",
            "infer --model {0} --attributes in --out p",
            "split in/{0}.csv --holdout 0.3 --out {0}parts",
            "qc-pre-process --data in/{0}.csv --out {0}r",
            "profile in/{0}.csv",
            "profile in",
            "verify m --data in",
            "serve --model {0}.json",
            "{0}",
            "train {0}",
            "train --{0}",
            "train --data in --missing {0}",
            "train --data in --threads {0}",
            "--split-bytes {0} inspect m",
            "pipeline {0}",
            "pipeline --store {0} list repos",
            "pipeline --store {0}new put {0} in",
            "pipeline --store store put data in",
            "pipeline --store store put data:/{0} in/{0}.csv",
            "pipeline --store store put data {0}none",
            "pipeline --store store list files data",
            "pipeline --store store list files data:/{0}",
            "pipeline --store store get data:/{0} --out {0}got",
            "pipeline --store store inspect data:/{0}",
            "pipeline validate {0}.json",
            "pipeline validate {0}none",
            "pipeline --store store replay {0} --path {0} --out {0}dir",
        ];
        for line in lines {
            let ran = verb(temp.path(), line, &[&name]);
            succeeded += usize::from(ran.code == 0);
            assert_escaped(&ran, false, &format!("round {round}: {line}"));
        }
    }
    assert!(succeeded > 0, "every run failed");
}

#[test]
fn names_that_are_not_utf_8_are_shown_as_bytes() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path().join("in");
    fs::create_dir(&folder).unwrap();
    let name = std::ffi::OsString::from_vec(b"a\xff\x1b\x9b.csv".to_vec());
    fs::write(folder.join(&name), "x,y\n1,2\n").unwrap();
    for line in ["train --data in --target y --out m", "pipeline put data in", "pipeline run --input data=in"] {
        let ran = verb(temp.path(), line, &[]);
        assert_escaped(&ran, false, line);
        assert!(ran.code != 0 && ran.stderr.to_uppercase().contains("\\XFF"), "{line}: {}", ran.stderr);
    }
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_samefit"));
    command.arg("pipeline").arg("validate").arg(folder.join(&name)).current_dir(temp.path());
    let ran = run(command);
    assert_escaped(&ran, false, "a spec whose name is not UTF-8");
    assert!(ran.stderr.contains("\\xFF\\u{1b}\\x9B"), "{}", ran.stderr);
}

#[test]
fn specs_and_output_of_programs_reach_no_terminal() {
    let mut random = Random::new("specs");
    let mut failed = 0;
    for round in 0..rounds(6, 100) {
        let temp = tempfile::tempdir().unwrap();
        let at = |name: &str| temp.path().join(name);
        let [word, key] = std::array::from_fn(|_| hostile(&mut random, false));
        let good = json!({"pipeline": {"name": "p"}, "input": {"pfs": {"repo": "r", "glob": "/*"}}, "transform": {"cmd": ["true"]}});
        // every field of a spec that takes a text, and every object that takes a key
        let changes: [(&str, Value); 9] = [
            ("/pipeline/name", json!(word)),
            ("/input/pfs/repo", json!(word)),
            ("/input/pfs/glob", json!(word)),
            ("/input/pfs", json!({"repo": "r", "glob": "/*", key.as_str(): word})),
            ("/transform", json!({"cmd": [word]})),
            ("/transform", json!({"cmd": ["true"], key.as_str(): 1})),
            ("/transform/cmd", json!(word)),
            ("/input", json!({key.as_str(): {"repo": word}})),
            ("", json!({"pipeline": {"name": "p"}, key.as_str(): word})),
        ];
        fs::create_dir(at("in")).unwrap();
        fs::write(at("in/a"), "1").unwrap();
        for (pointer, value) in changes {
            let mut spec = good.clone();
            *spec.pointer_mut(pointer).unwrap() = value;
            fs::write(at("spec.json"), spec.to_string()).unwrap();
            for line in [
                "pipeline validate spec.json",
                "pipeline update spec.json",
                "pipeline run spec.json --input r=in",
                "pipeline list pipelines",
            ] {
                let ran = verb(temp.path(), line, &[]);
                assert_escaped(&ran, false, &format!("round {round}: {pointer}: {line}"));
            }
            let _ = fs::remove_dir_all(at(".samefit-pipeline"));
        }
        // the output of a program, which `inspect` shows
        let output = word.replace('\0', "0");
        fs::write(at("output"), &output).unwrap();
        let script = format!("cat {0}; cat {0} >&2; exit 3", at("output").display());
        let mut spec = good;
        spec["transform"]["cmd"] = json!(["sh", "-c", script]);
        fs::write(at("spec.json"), spec.to_string()).unwrap();
        for line in [
            "pipeline run spec.json --input r=in",
            "pipeline run",
            "pipeline run --retry",
            "pipeline list jobs",
            "pipeline list datums p",
            "pipeline inspect p",
            "pipeline get p:/x",
            "pipeline check",
        ] {
            let ran = verb(temp.path(), line, &[]);
            failed += usize::from(ran.code != 0);
            assert_escaped(&ran, false, &format!("round {round}: {line}"));
        }
        assert!(shell(temp.path(), "samefit pipeline inspect p").stdout.contains("    | n"), "the output of the program is not shown");
    }
    assert!(failed > 0);
}
