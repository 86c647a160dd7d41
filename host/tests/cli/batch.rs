//! `--batch` against a stand-in for Pachyderm's worker: it swaps what stands in `pfs` for links into a scratch folder, datum after datum, waits
//! at the end and kills, as the real one does (`host/src/pachctl.rs` says what it does).
//!
//! The stand-in for `pachctl` is a script that hands its arguments to the test through one named pipe and waits for its answer at another.
//! The test holds both open for reading and writing: then opening waits for nobody, and what is written stays until it is read.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::symlink;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};

use crate::place::{Place, Ran};

/// `\001` ends what a call says. The answer is its exit code and what it says of it.
const PACHCTL: &str = r#"#!/bin/sh
printf '%s\001' "$*" > ../said
read -r code text < ../answer
[ -z "$text" ] || echo "$text" >&2
exit "$code"
"#;

const END: u8 = 1;

/// What a call says once the program has ended, instead of another call.
const ENDED: &str = "ended";

const INFER: &str = "infer --model pfs/qcontrol --attributes pfs/attributes --out pfs/out --threads 2";

/// Input name and file name to the text of the file.
type Files = BTreeMap<(String, String), String>;

/// What is in `out` when a datum is done, but for hidden names.
type Results = BTreeMap<String, String>;

/// How a datum ended.
#[derive(Debug, PartialEq)]
enum Came {
    Done(Results),
    Failed(String),
}

/// A program that runs, as the leader of a group.
struct Program {
    pid: u32,
    status: Receiver<ExitStatus>,
}

impl Program {
    /// Says so when it has ended, in the place of a call: it will make none.
    fn watched(mut program: Child, said: PathBuf) -> Self {
        let (pid, (tell, status)) = (program.id(), channel());
        std::thread::spawn(move || {
            tell.send(program.wait().unwrap()).unwrap();
            let _ = OpenOptions::new().write(true).open(said).and_then(|mut said| said.write_all(&[ENDED.as_bytes(), &[END]].concat()));
        });
        Self { pid, status }
    }
}

/// A worker, and a program that it started.
struct Worker {
    place: Place,
    command: &'static str,
    program: Option<Program>,
    said: File,
    /// A new one for each start, so that a call of a program that was killed reads nothing of it.
    answer: Option<File>,
    datums: usize,
    starts: usize,
    /// As the real one does; a kinder one goes on with the program that failed.
    restarts: bool,
}

impl Worker {
    fn new(command: &'static str) -> Self {
        let place = Place::new();
        place.shell("mkdir pfs bin scratch && mkfifo said");
        fs::write(place.path("bin/pachctl"), PACHCTL.replace("..", &place.path("").display().to_string())).unwrap();
        place.shell("chmod +x bin/pachctl");
        let said = for_both(place.path("said"));
        Self { place, command, program: None, said, answer: None, datums: 0, starts: 0, restarts: true }
    }

    /// Starts the program and waits until it asks.
    fn start(&mut self) {
        self.starts += 1;
        self.place.shell("rm -f answer && mkfifo answer");
        self.answer = Some(for_both(self.place.path("answer")));
        let line = format!("PATH={}:$PATH exec samefit {} --batch 2>> log", self.place.path("bin").display(), self.command);
        let program = self.place.command(&line).stdin(Stdio::null()).stdout(Stdio::null()).process_group(0).spawn().unwrap();
        self.program = Some(Program::watched(program, self.place.path("said")));
        assert_eq!(self.call(), "next datum");
    }

    fn call(&mut self) -> String {
        let mut text = Vec::new();
        let mut byte = [0];
        loop {
            self.said.read_exact(&mut byte).unwrap();
            match byte[0] {
                END => return String::from_utf8(text).unwrap(),
                other => text.push(other),
            }
        }
    }

    fn answer(&mut self, text: &str) {
        self.answer.as_mut().unwrap().write_all(format!("{text}\n").as_bytes()).unwrap();
    }

    /// Puts the inputs of a datum where the program finds them.
    fn link(&mut self, files: &Files) -> String {
        self.unlink();
        self.datums += 1;
        let id = format!("{:064x}", self.datums);
        let root = format!("scratch/{id}");
        for ((input, name), text) in files {
            fs::create_dir_all(self.place.path(&format!("{root}/{input}"))).unwrap();
            fs::write(self.place.path(&format!("{root}/{input}/{name}")), text).unwrap();
        }
        fs::create_dir_all(self.place.path(&format!("{root}/out"))).unwrap();
        fs::write(self.place.path(&format!("{root}/.env")), format!("ODD=two\nlines\nPACH_DATUM_ID={id}\n")).unwrap();
        for entry in fs::read_dir(self.place.path(&root)).unwrap() {
            let entry = entry.unwrap();
            symlink(entry.path(), self.place.path("pfs").join(entry.file_name())).unwrap();
        }
        root
    }

    fn unlink(&self) {
        fs::read_dir(self.place.path("pfs")).unwrap().for_each(|entry| fs::remove_file(entry.unwrap().path()).unwrap());
    }

    fn results(&self, root: &str) -> Results {
        let entries = fs::read_dir(self.place.path(root).join("out")).unwrap().map(|entry| entry.unwrap());
        entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap())).collect()
    }

    /// One datum, tried once.
    fn datum(&mut self, files: &Files) -> Came {
        let root = self.link(files);
        self.answer("0");
        let call = self.call();
        let came = match call.strip_prefix("next datum --error ") {
            Some(reason) => Came::Failed(reason.to_owned()),
            None => {
                assert_eq!(call, "next datum");
                Came::Done(self.results(&root))
            }
        };
        if matches!(came, Came::Failed(_)) && self.restarts {
            self.kill();
            self.start();
        }
        self.unlink();
        came
    }

    /// The whole group, as the worker does.
    fn kill(&mut self) {
        self.place.shell(&format!("kill -KILL -{}", self.program.as_ref().unwrap().pid));
        assert_eq!(self.ended().signal(), Some(9));
    }

    fn ended(&mut self) -> ExitStatus {
        assert_eq!(self.call(), ENDED);
        self.program.take().unwrap().status.recv().unwrap()
    }

    fn log(&self) -> String {
        fs::read_to_string(self.place.path("log")).unwrap()
    }

    fn set(&mut self, datums: &[Files]) -> Vec<Came> {
        self.start();
        let came = datums.iter().map(|files| self.datum(files)).collect();
        self.kill();
        came
    }
}

fn for_both(pipe: PathBuf) -> File {
    OpenOptions::new().read(true).write(true).open(pipe).unwrap()
}

fn files(files: &[(&str, &str, &str)]) -> Files {
    files.iter().map(|(input, name, text)| (((*input).to_owned(), (*name).to_owned()), (*text).to_owned())).collect()
}

/// What the same command gives without `--batch`.
fn alone(command: &str, datum: &Files) -> (Results, Ran) {
    let place = Place::new();
    for ((input, name), text) in datum {
        fs::create_dir_all(place.path(&format!("pfs/{input}"))).unwrap();
        fs::write(place.path(&format!("pfs/{input}/{name}")), text).unwrap();
    }
    fs::create_dir(place.path("pfs/out")).unwrap();
    let ran = place.shell(&format!("samefit {command}"));
    let entries = fs::read_dir(place.path("pfs/out")).unwrap().map(|entry| entry.unwrap());
    (entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap())).collect(), ran)
}

fn model(features: &str) -> String {
    let place = Place::new();
    place.shell(&format!("samefit train --data data/diabetes.csv --target y --features {features} --out m"));
    fs::read_to_string(place.path("m/model.json")).unwrap()
}

fn patient(number: usize) -> String {
    format!("{{\"independent_variables\": [{{\"name\": \"bmi\", \"value\": 0.0{number}}}, {{\"name\": \"ltg\", \"value\": 0.01}}]}}")
}

fn patients(model: &str, numbers: std::ops::Range<usize>) -> Vec<Files> {
    numbers.map(|number| files(&[("qcontrol", "model.json", model), ("attributes", &format!("{number}.json"), &patient(number))])).collect()
}

#[test]
fn every_datum_is_what_the_command_alone_gives() {
    let mut datums = patients(&model("bmi,ltg"), 1..30);
    let table = "bmi,ltg\n0.01,0.02\n0.03,0.04\n";
    datums.push(files(&[("qcontrol", "model.json", &model("bmi,ltg")), ("attributes", "a.csv", table)]));
    let mut worker = Worker::new(INFER);
    let came = worker.set(&datums);
    for (files, came) in datums.iter().zip(came) {
        assert_eq!(came, Came::Done(alone(INFER, files).0));
    }
    assert_eq!(worker.starts, 1);
    assert_eq!(worker.log().lines().filter(|line| line.starts_with("datum 00")).count(), 30);
    assert!(!worker.log().contains("error"), "{}", worker.log());
}

#[test]
fn an_empty_set_is_asked_for_and_ends() {
    let mut worker = Worker::new(INFER);
    assert_eq!(worker.set(&[]), []);
    assert_eq!((worker.log().as_str(), worker.place.path("pfs").read_dir().unwrap().count()), ("", 0));
}

#[test]
fn a_datum_that_fails_says_why_and_the_next_ones_are_fine() {
    for restarts in [true, false] {
        let model = model("bmi,ltg");
        let mut datums = patients(&model, 1..4);
        datums[1] = files(&[("qcontrol", "model.json", &model), ("attributes", "2.json", "{\"independent_variables\": []}")]);
        datums.push(files(&[("qcontrol", "report.json", "{}"), ("attributes", "5.json", &patient(5))]));
        datums.extend(patients(&model, 6..8));
        let mut worker = Worker { restarts, ..Worker::new(INFER) };
        let came = worker.set(&datums);
        let (refused, why) = alone(INFER, &datums[1]);
        assert!(refused.is_empty());
        let why = why.stderr().trim_end().replacen("error: ", "samefit: ", 1);
        assert!(why.starts_with("samefit: pfs/attributes/2.json: "), "{why}");
        assert_eq!(came[1], Came::Failed(why));
        assert!(matches!(&came[3], Came::Failed(why) if why.starts_with("samefit: pfs/qcontrol: there is no `model.json`")), "{came:?}");
        for at in [0, 2, 4, 5] {
            assert_eq!(came[at], Came::Done(alone(INFER, &datums[at]).0));
        }
        let log = worker.log();
        assert!(log.contains("error: pfs/attributes/2.json: ") && log.contains(&format!("note: datum {:064x} failed\n", 2)), "{log}");
        assert_eq!(worker.starts, if restarts { 3 } else { 1 });
    }
}

#[test]
fn the_model_may_change_from_datum_to_datum() {
    let models = [model("bmi,ltg"), model("bmi")];
    let datums: Vec<Files> = (1..9).flat_map(|number| patients(&models[usize::from(number % 4 > 1)], number..number + 1)).collect();
    let mut worker = Worker::new(INFER);
    for (files, came) in datums.iter().zip(worker.set(&datums)) {
        assert_eq!(came, Came::Done(alone(INFER, files).0));
    }
}

#[test]
fn killed_in_the_middle_of_a_datum_nothing_is_lost_and_nothing_is_half_there() {
    let model = model("bmi,ltg");
    let datums = patients(&model, 1..3);
    let mut worker = Worker::new("infer --model pfs/qcontrol --attributes pfs/attributes --out pfs/out --piece-bytes 100");
    worker.start();
    let Came::Done(first) = worker.datum(&datums[0]) else { panic!("the first failed") };
    // the second comes through a pipe that stays open, so it never ends
    let root = worker.link(&files(&[("qcontrol", "model.json", &model), ("attributes", "2.csv", "")]));
    let input = worker.place.path(&format!("{root}/attributes/2.csv"));
    worker.place.shell(&format!("rm {0} && mkfifo {0}", input.display()));
    worker.answer("0");
    let mut pipe = OpenOptions::new().write(true).open(&input).unwrap();
    pipe.write_all(("bmi,ltg\n".to_owned() + &"0.01,0.02\n".repeat(100)).as_bytes()).unwrap();
    while worker.place.shell(&format!("ls -A {root}/out")).stdout().is_empty() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    worker.kill();
    let left = worker.place.shell(&format!("ls {root}/out")).stdout();
    assert_eq!(left, "", "only what is hidden is left of what was not finished");
    let command = worker.command;
    assert_eq!(first, alone(command, &datums[0]).0);
    // its next try
    assert_eq!(worker.set(&datums[1..]), [Came::Done(alone(command, &datums[1]).0)]);
}

#[test]
fn provenance_and_what_an_earlier_run_left_are_a_datums_own() {
    const QC: &str = "qc --model pfs/model --records pfs/records --threshold 60 --out pfs/out --json";
    let data = |rows: usize| {
        let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../data/diabetes.csv")).unwrap();
        text.lines().take(rows).map(|line| format!("{line}\n")).collect::<String>()
    };
    // the second model is refused, so no model is passed on, whatever the first left elsewhere
    let datums: Vec<Files> = [("bmi,ltg", 200), ("age", 200), ("bmi,ltg", 100)]
        .iter()
        .map(|(features, rows)| files(&[("model", "model.json", &model(features)), ("records", "r.csv", &data(*rows))]))
        .collect();
    let mut worker = Worker::new(QC);
    let came = worker.set(&datums);
    for (at, (files, came)) in datums.iter().zip(came).enumerate() {
        let (mut expected, _) = alone(QC, files);
        assert_eq!(expected.contains_key("model.json"), at != 1);
        let mut provenance: serde_json::Value = serde_json::from_str(&expected["provenance.json"]).unwrap();
        provenance["command"].as_array_mut().unwrap().push("--batch".into());
        expected.insert("provenance.json".to_owned(), samefit_formats::json::document(&provenance));
        assert!(came == Came::Done(expected), "datum {at}");
    }
}

#[test]
fn shards_are_summed_in_one_process() {
    const SUMMARIZE: &str = "summarize --data pfs/shards --out pfs/out/{input}.json";
    let datums: Vec<Files> = (1..4).map(|n| files(&[("shards", &format!("{n}.csv"), &format!("a,y\n{n},2\n3,{n}\n"))])).collect();
    let mut worker = Worker::new(SUMMARIZE);
    for (files, came) in datums.iter().zip(worker.set(&datums)) {
        assert_eq!(came, Came::Done(alone(SUMMARIZE, files).0));
    }
    assert!(worker.log().contains(&format!("datum {:064x}\n", 3)), "{}", worker.log());
}

#[test]
fn a_call_that_fails_ends_the_program_and_says_what_to_do() {
    let mut worker = Worker::new(INFER);
    for (said, help) in [
        ("NextDatum: rpc error: datum batching not enabled", "set `\"datumBatching\": true` in the transform of the pipeline's spec"),
        ("connection refused", "the worker starts the program again"),
    ] {
        worker.start();
        worker.answer(&format!("1 {said}"));
        assert_eq!(worker.ended().code(), Some(1));
        let log = worker.log();
        assert!(log.contains(&format!("error: pachctl: `next datum` failed (exit status: 1): {said}\nhelp: {help}")), "{log}");
    }
}

#[test]
fn without_pachctl_it_says_what_batch_is_for() {
    let place = Place::new();
    let ran = place.shell(&format!("command -v pachctl /pach-bin/pachctl > /dev/null || samefit {INFER} --batch"));
    let text = "error: --batch asks for datums with `pachctl`, which is neither at `/pach-bin/pachctl` nor on the path\n\
                help: run without --batch here: it is for pipelines with `\"datumBatching\": true`\n";
    assert_eq!((ran.code(), ran.stderr().as_str()), (2, text));
}
