//! Tests `--batch` with a fake of Pachyderm's worker. As the real one does (see `host/src/pachctl.rs`), it replaces the files in `pfs` with links
//! into a scratch folder for each datum, lets the last call wait, and then kills the program.
//!
//! The fake `pachctl` is a script that writes its arguments to one named pipe and reads the worker's answer from another. The test keeps both
//! pipes open for reading and writing, so opening them never blocks, and bytes stay in them until they are read.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::symlink;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use crate::test_folder::{RunOutput, TestFolder};

/// Ends its message with `\001`. The answer consists of the exit code and the text for stderr.
const PACHCTL: &str = r#"#!/bin/sh
printf '%s\001' "$*" > ../calls
read -r code text < ../answer
[ -z "$text" ] || echo "$text" >&2
exit "$code"
"#;

/// Longest time to wait for the program.
const WAIT_MAX: Duration = Duration::from_secs(120);

/// The byte that ends a message.
const END_OF_CALL: u8 = 1;

/// The message in the pipe of calls once the program has ended.
const ENDED: &str = "ended";

const INFER: &str = "infer --model pfs/qcontrol --attributes pfs/attributes --out pfs/out --threads 2";

/// The text of each file of a datum, by input name and file name.
type Files = BTreeMap<(String, String), String>;

/// The text of each file in `out` when a datum is done, by name.
type Results = BTreeMap<String, String>;

/// How a datum ended.
#[derive(Debug, PartialEq)]
enum DatumResult {
    Done(Results),
    Failed(String),
}

/// A running program, which is the leader of its process group.
struct Program {
    pid: u32,
    status: Receiver<ExitStatus>,
}

impl Program {
    /// Watches the program and writes [`ENDED`] to the pipe of calls when it ends.
    fn watched(mut program: Child, calls: PathBuf) -> Self {
        let (pid, (sender, status)) = (program.id(), channel());
        std::thread::spawn(move || {
            sender.send(program.wait().unwrap()).unwrap();
            let _ = OpenOptions::new()
                .write(true)
                .open(calls)
                .and_then(|mut calls| calls.write_all(&[ENDED.as_bytes(), &[END_OF_CALL]].concat()));
        });
        Self { pid, status }
    }
}

/// A fake worker, and the program that it started.
struct FakeWorker {
    folder: TestFolder,
    command: &'static str,
    program: Option<Program>,
    /// The calls that a thread reads from their pipe.
    calls: Receiver<String>,
    /// The pipe to which answers are written. Each start gets a new one, so that a call of a killed program cannot read from it.
    answers: Option<File>,
    datums: usize,
    starts: usize,
    /// Whether to restart the program after a failed datum, as the real worker does.
    restarts: bool,
}

impl FakeWorker {
    fn new(command: &'static str) -> Self {
        let folder = TestFolder::new();
        folder.shell("mkdir pfs bin scratch && mkfifo calls");
        fs::write(folder.path("bin/pachctl"), PACHCTL.replace("..", &folder.path("").display().to_string())).unwrap();
        folder.shell("chmod +x bin/pachctl");
        let calls = read_calls(open_pipe(folder.path("calls")));
        Self { folder, command, program: None, calls, answers: None, datums: 0, starts: 0, restarts: true }
    }

    /// Starts the program and waits for its first call.
    fn start(&mut self) {
        self.starts += 1;
        self.folder.shell("rm -f answer && mkfifo answer");
        self.answers = Some(open_pipe(self.folder.path("answer")));
        let line = format!("PATH={}:$PATH exec samefit {} --batch 2>> log", self.folder.path("bin").display(), self.command);
        let program = self.folder.command(&line).stdin(Stdio::null()).stdout(Stdio::null()).process_group(0).spawn().unwrap();
        self.program = Some(Program::watched(program, self.folder.path("calls")));
        assert_eq!(self.read_call(), "next datum");
    }

    /// Returns the arguments of the next call, or [`ENDED`].
    fn read_call(&mut self) -> String {
        self.calls.recv_timeout(WAIT_MAX).unwrap_or_else(|_| panic!("the program neither asked for a datum nor ended"))
    }

    fn answer(&mut self, text: &str) {
        self.answers.as_mut().unwrap().write_all(format!("{text}\n").as_bytes()).unwrap();
    }

    /// Links the inputs of a datum into `pfs`. Returns the datum's scratch folder.
    fn link(&mut self, files: &Files) -> String {
        self.unlink();
        self.datums += 1;
        let id = format!("{:064x}", self.datums);
        let root = format!("scratch/{id}");
        for ((input, name), text) in files {
            fs::create_dir_all(self.folder.path(&format!("{root}/{input}"))).unwrap();
            fs::write(self.folder.path(&format!("{root}/{input}/{name}")), text).unwrap();
        }
        fs::create_dir_all(self.folder.path(&format!("{root}/out"))).unwrap();
        fs::write(self.folder.path(&format!("{root}/.env")), format!("ODD=two\nlines\nPACH_DATUM_ID={id}\n")).unwrap();
        for entry in fs::read_dir(self.folder.path(&root)).unwrap() {
            let entry = entry.unwrap();
            symlink(entry.path(), self.folder.path("pfs").join(entry.file_name())).unwrap();
        }
        root
    }

    fn unlink(&self) {
        fs::read_dir(self.folder.path("pfs")).unwrap().for_each(|entry| fs::remove_file(entry.unwrap().path()).unwrap());
    }

    fn results(&self, root: &str) -> Results {
        let entries = fs::read_dir(self.folder.path(root).join("out")).unwrap().map(|entry| entry.unwrap());
        entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap())).collect()
    }

    /// Hands out one datum and returns how it ended.
    fn run_datum(&mut self, files: &Files) -> DatumResult {
        let root = self.link(files);
        self.answer("0");
        let call = self.read_call();
        let result = match call.strip_prefix("next datum --error ") {
            Some(reason) => DatumResult::Failed(reason.to_owned()),
            None => {
                assert_eq!(call, "next datum");
                DatumResult::Done(self.results(&root))
            }
        };
        if matches!(result, DatumResult::Failed(_)) && self.restarts {
            self.kill();
            self.start();
        }
        self.unlink();
        result
    }

    /// Kills the program's process group, as the real worker does.
    fn kill(&mut self) {
        self.folder.shell(&format!("kill -KILL -{}", self.program.as_ref().unwrap().pid));
        assert_eq!(self.wait().signal(), Some(9));
    }

    /// Waits for the end of the program and returns its status.
    fn wait(&mut self) -> ExitStatus {
        assert_eq!(self.read_call(), ENDED);
        self.program.take().unwrap().status.recv().unwrap()
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path("log")).unwrap()
    }

    /// Runs the program over a set of datums.
    fn run_set(&mut self, datums: &[Files]) -> Vec<DatumResult> {
        self.start();
        let results = datums.iter().map(|files| self.run_datum(files)).collect();
        self.kill();
        results
    }
}

/// Reads calls from a pipe in a thread, until the test ends.
fn read_calls(pipe: File) -> Receiver<String> {
    let (sender, calls) = channel();
    std::thread::spawn(move || {
        let mut calls = BufReader::new(pipe).split(END_OF_CALL);
        while let Some(Ok(call)) = calls.next() {
            if sender.send(String::from_utf8(call).unwrap()).is_err() {
                break;
            }
        }
    });
    calls
}

/// Opens a pipe for reading and writing.
fn open_pipe(pipe: PathBuf) -> File {
    OpenOptions::new().read(true).write(true).open(pipe).unwrap()
}

fn files(files: &[(&str, &str, &str)]) -> Files {
    files.iter().map(|(input, name, text)| (((*input).to_owned(), (*name).to_owned()), (*text).to_owned())).collect()
}

/// Runs the same command without `--batch` for one datum.
fn run_alone(command: &str, datum: &Files) -> (Results, RunOutput) {
    let folder = TestFolder::new();
    for ((input, name), text) in datum {
        fs::create_dir_all(folder.path(&format!("pfs/{input}"))).unwrap();
        fs::write(folder.path(&format!("pfs/{input}/{name}")), text).unwrap();
    }
    fs::create_dir(folder.path("pfs/out")).unwrap();
    let ran = folder.shell(&format!("samefit {command}"));
    let entries = fs::read_dir(folder.path("pfs/out")).unwrap().map(|entry| entry.unwrap());
    (entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap())).collect(), ran)
}

fn model(features: &str) -> String {
    let folder = TestFolder::new();
    folder.shell(&format!("samefit train --data data/diabetes.csv --target y --features {features} --out m"));
    fs::read_to_string(folder.path("m/model.json")).unwrap()
}

fn patient(number: usize) -> String {
    format!("{{\"independent_variables\": [{{\"name\": \"bmi\", \"value\": 0.0{number}}}, {{\"name\": \"ltg\", \"value\": 0.01}}]}}")
}

fn patients(model: &str, numbers: std::ops::Range<usize>) -> Vec<Files> {
    numbers.map(|number| files(&[("qcontrol", "model.json", model), ("attributes", &format!("{number}.json"), &patient(number))])).collect()
}

#[test]
fn every_datum_gives_what_the_command_gives_alone() {
    let mut datums = patients(&model("bmi,ltg"), 1..30);
    let table = "bmi,ltg\n0.01,0.02\n0.03,0.04\n";
    datums.push(files(&[("qcontrol", "model.json", &model("bmi,ltg")), ("attributes", "a.csv", table)]));
    let mut worker = FakeWorker::new(INFER);
    let results = worker.run_set(&datums);
    for (files, result) in datums.iter().zip(results) {
        assert_eq!(result, DatumResult::Done(run_alone(INFER, files).0));
    }
    assert_eq!(worker.starts, 1);
    assert_eq!(worker.log().lines().filter(|line| line.starts_with("datum 00")).count(), 30);
    assert!(!worker.log().contains("error"), "{}", worker.log());
}

#[test]
fn an_empty_set_is_asked_for_once() {
    let mut worker = FakeWorker::new(INFER);
    assert_eq!(worker.run_set(&[]), []);
    assert_eq!((worker.log().as_str(), worker.folder.path("pfs").read_dir().unwrap().count()), ("", 0));
}

#[test]
fn a_failed_datum_reports_its_error_and_the_others_succeed() {
    for restarts in [true, false] {
        let model = model("bmi,ltg");
        let mut datums = patients(&model, 1..4);
        datums[1] = files(&[("qcontrol", "model.json", &model), ("attributes", "2.json", "{\"independent_variables\": []}")]);
        datums.push(files(&[("qcontrol", "report.json", "{}"), ("attributes", "5.json", &patient(5))]));
        datums.extend(patients(&model, 6..8));
        let mut worker = FakeWorker { restarts, ..FakeWorker::new(INFER) };
        let results = worker.run_set(&datums);
        let (refused, why) = run_alone(INFER, &datums[1]);
        assert!(refused.is_empty());
        let why = why.stderr().trim_end().replacen("error: ", "samefit: ", 1);
        assert!(why.starts_with("samefit: pfs/attributes/2.json: "), "{why}");
        assert_eq!(results[1], DatumResult::Failed(why));
        assert!(
            matches!(&results[3], DatumResult::Failed(why) if why.starts_with("samefit: pfs/qcontrol: there is no `model.json`")),
            "{results:?}"
        );
        for at in [0, 2, 4, 5] {
            assert_eq!(results[at], DatumResult::Done(run_alone(INFER, &datums[at]).0));
        }
        let log = worker.log();
        assert!(log.contains("error: pfs/attributes/2.json: ") && log.contains(&format!("note: datum {:064x} failed\n", 2)), "{log}");
        assert_eq!(worker.starts, if restarts { 3 } else { 1 });
    }
}

#[test]
fn datums_can_have_different_models() {
    let models = [model("bmi,ltg"), model("bmi")];
    let datums: Vec<Files> = (1..9).flat_map(|number| patients(&models[usize::from(number % 4 > 1)], number..number + 1)).collect();
    let mut worker = FakeWorker::new(INFER);
    for (files, result) in datums.iter().zip(worker.run_set(&datums)) {
        assert_eq!(result, DatumResult::Done(run_alone(INFER, files).0));
    }
}

#[test]
fn a_kill_in_the_middle_of_a_datum_loses_nothing_and_leaves_nothing_incomplete() {
    let model = model("bmi,ltg");
    let datums = patients(&model, 1..3);
    let mut worker = FakeWorker::new("infer --model pfs/qcontrol --attributes pfs/attributes --out pfs/out --split-bytes 100");
    worker.start();
    let DatumResult::Done(first) = worker.run_datum(&datums[0]) else { panic!("the first failed") };
    // the second is read from a pipe that stays open, so it never ends
    let root = worker.link(&files(&[("qcontrol", "model.json", &model), ("attributes", "2.csv", "")]));
    let input = worker.folder.path(&format!("{root}/attributes/2.csv"));
    worker.folder.shell(&format!("rm {0} && mkfifo {0}", input.display()));
    worker.answer("0");
    let mut pipe = open_pipe(input);
    pipe.write_all(("bmi,ltg\n".to_owned() + &"0.01,0.02\n".repeat(100)).as_bytes()).unwrap();
    let started = Instant::now();
    while worker.folder.shell(&format!("ls -A {root}/out")).stdout().is_empty() {
        assert!(started.elapsed() < WAIT_MAX, "no output was begun");
        std::thread::sleep(Duration::from_millis(5));
    }
    worker.kill();
    let left = worker.folder.shell(&format!("ls {root}/out")).stdout();
    assert_eq!(left, "", "unfinished output must be hidden");
    let command = worker.command;
    assert_eq!(first, run_alone(command, &datums[0]).0);
    // the next try
    assert_eq!(worker.run_set(&datums[1..]), [DatumResult::Done(run_alone(command, &datums[1]).0)]);
}

#[test]
fn provenance_and_earlier_output_belong_to_one_datum() {
    const QC: &str = "qc --model pfs/model --records pfs/records --threshold 60 --out pfs/out --json";
    let data = |rows: usize| {
        let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../data/diabetes.csv")).unwrap();
        text.lines().take(rows).map(|line| format!("{line}\n")).collect::<String>()
    };
    // the second model is refused, so this datum has no model, although the first datum had one
    let datums: Vec<Files> = [("bmi,ltg", 200), ("age", 200), ("bmi,ltg", 100)]
        .iter()
        .map(|(features, rows)| files(&[("model", "model.json", &model(features)), ("records", "r.csv", &data(*rows))]))
        .collect();
    let mut worker = FakeWorker::new(QC);
    let results = worker.run_set(&datums);
    for (at, (files, result)) in datums.iter().zip(results).enumerate() {
        let (mut expected, _) = run_alone(QC, files);
        assert_eq!(expected.contains_key("model.json"), at != 1);
        let DatumResult::Done(mut files) = result else { panic!("datum {at} failed") };
        let [provenance, mut expected_provenance] = [&mut files, &mut expected].map(|files| {
            let text = files.remove("provenance.json").unwrap();
            serde_json::from_str::<serde_json::Value>(&text).unwrap()
        });
        expected_provenance["command"].as_array_mut().unwrap().push("--batch".into());
        assert_eq!(provenance, expected_provenance, "datum {at}");
        assert_eq!(files, expected, "datum {at}");
    }
}

#[test]
fn shards_are_summarized_in_one_process() {
    const SUMMARIZE: &str = "summarize --data pfs/shards --out pfs/out/{input}.json";
    let datums: Vec<Files> = (1..4).map(|n| files(&[("shards", &format!("{n}.csv"), &format!("a,y\n{n},2\n3,{n}\n"))])).collect();
    let mut worker = FakeWorker::new(SUMMARIZE);
    for (files, result) in datums.iter().zip(worker.run_set(&datums)) {
        assert_eq!(result, DatumResult::Done(run_alone(SUMMARIZE, files).0));
    }
    assert!(worker.log().contains(&format!("datum {:064x}\n", 3)), "{}", worker.log());
}

#[test]
fn a_failed_call_ends_the_program_with_help() {
    let mut worker = FakeWorker::new(INFER);
    for message in ["NextDatum: rpc error: datum batching not enabled", "connection refused"] {
        worker.start();
        worker.answer(&format!("1 {message}"));
        assert_eq!(worker.wait().code(), Some(1));
        let log = worker.log();
        let help = "--batch needs `\"datumBatching\": true` in the transform of the pipeline's spec";
        assert!(log.contains(&format!("error: pachctl: `next datum` failed (exit status: 1): {message}\nhelp: {help}")), "{log}");
    }
}

#[test]
fn without_pachctl_the_error_says_what_batch_is_for() {
    let folder = TestFolder::new();
    let ran = folder.shell(&format!("command -v pachctl /pach-bin/pachctl > /dev/null || samefit {INFER} --batch"));
    let text = "error: --batch asks for datums with `pachctl`, which is neither at `/pach-bin/pachctl` nor on the path\n\
                help: run without --batch here: it is for pipelines with `\"datumBatching\": true`\n";
    assert_eq!((ran.code(), ran.stderr().as_str()), (2, text));
}
