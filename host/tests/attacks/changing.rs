//! Files that change while they are read. The run gives an error that names the file, or the result of one content that the file had, but never
//! that of a mix of two.
//!
//! The attack stops the program in the middle of a large file, changes the file and lets the program continue. `/proc/PID/fdinfo` shows how far
//! the program has read.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::fs::OFlags;

use crate::support::{RUN_SECONDS_MAX, Random, RunOutput, rounds, samefit, shell, wait};

/// Rows of the file that is changed: so many that reading it takes longer than stopping the program.
const ROWS: usize = 1_500_000;

/// A change of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    /// Rows are added.
    Append,
    /// The second half is cut off, at the end of a row.
    Truncate,
    /// One row that was read and one that was not are overwritten with the same length, and the modification time is set back.
    HiddenOverwrite,
    /// The same, without setting back the modification time.
    Overwrite,
    /// Another file takes the name.
    RenameOver,
    /// The name is removed.
    Remove,
    /// The file gets a second name. The content does not change.
    Link,
    /// The permissions change. The content does not.
    Permissions,
}

const CHANGES: [Change; 8] = [
    Change::HiddenOverwrite,
    Change::Link,
    Change::Append,
    Change::Truncate,
    Change::RenameOver,
    Change::Overwrite,
    Change::Remove,
    Change::Permissions,
];

/// Returns a row of fixed length, so that one can overwrite another.
fn row(value: usize) -> String {
    format!("{:06},{:06}\n", value % 1_000_000, (value * 7919 + 13) % 1_000_000)
}

const ROW_BYTES: u64 = 14;
const HEADER: &str = "a,y\n";

fn write_rows(path: &Path, rows: usize, seed: usize) {
    let text: String = (0..rows).map(|at| row(at + seed)).collect();
    fs::write(path, format!("{HEADER}{text}")).unwrap();
}

/// Changes a file of which less than half was read.
fn change(path: &Path, how: Change, random: &mut Random) {
    let other = row(random.below(1_000_000));
    match how {
        Change::Append => fs::OpenOptions::new().append(true).open(path).unwrap().write_all(other.as_bytes()).unwrap(),
        Change::Truncate => {
            let rows = (ROWS / 2 + random.below(ROWS / 4)) as u64;
            fs::OpenOptions::new().write(true).open(path).unwrap().set_len(HEADER.len() as u64 + rows * ROW_BYTES).unwrap();
        }
        Change::HiddenOverwrite | Change::Overwrite => {
            let file = File::options().write(true).open(path).unwrap();
            let before = file.metadata().unwrap().modified().unwrap();
            for at in [random.below(100), ROWS - 1 - random.below(100)] {
                file.write_all_at(other.as_bytes(), HEADER.len() as u64 + at as u64 * ROW_BYTES).unwrap();
            }
            if how == Change::HiddenOverwrite {
                file.set_modified(before).unwrap();
            }
        }
        Change::RenameOver => {
            write_rows(&path.with_extension("new"), ROWS, 1 + random.below(1000));
            fs::rename(path.with_extension("new"), path).unwrap();
        }
        Change::Remove => fs::rename(path, path.with_extension("gone")).unwrap(),
        Change::Link => fs::hard_link(path, path.with_extension("link")).unwrap(),
        Change::Permissions => {
            let mut permissions = fs::metadata(path).unwrap().permissions();
            permissions.set_readonly(true);
            fs::set_permissions(path, permissions).unwrap();
        }
    }
}

/// The running program.
struct RunningProgram {
    child: Child,
    started: Instant,
}

impl RunningProgram {
    fn start(temp: &Path, arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_samefit"));
        command.args(arguments).current_dir(temp).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        Self { child: command.spawn().unwrap(), started: Instant::now() }
    }

    fn signal(&self, signal: &str) {
        assert!(Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap().success());
    }

    /// Returns how far it has read the file, or none if the file is not open.
    fn position(&self, path: &Path) -> Option<u64> {
        let folder = PathBuf::from(format!("/proc/{}", self.child.id()));
        let open = fs::read_dir(folder.join("fd")).ok()?.filter_map(Result::ok);
        let number = open.into_iter().find(|entry| fs::read_link(entry.path()).is_ok_and(|target| target == path))?.file_name();
        let info = fs::read_to_string(folder.join("fdinfo").join(number)).ok()?;
        info.lines().find_map(|line| line.strip_prefix("pos:")?.trim().parse().ok())
    }

    /// Stops it in the first half of a file. Returns false if it was too fast.
    fn stop_within(&mut self, path: &Path) -> bool {
        let is_within = |position: u64| (1 << 17..ROWS as u64 / 2 * ROW_BYTES).contains(&position);
        loop {
            if self.position(path).is_some_and(is_within) {
                self.signal("-STOP");
                self.wait_for_stop();
                if self.position(path).is_some_and(is_within) {
                    return true;
                }
                self.signal("-CONT");
                return false;
            }
            if self.child.try_wait().unwrap().is_some() {
                return false;
            }
            assert!(self.started.elapsed() < Duration::from_secs(RUN_SECONDS_MAX), "it takes too long to read");
        }
    }

    /// Waits until the stop takes effect.
    fn wait_for_stop(&self) {
        let stat = format!("/proc/{}/stat", self.child.id());
        let state = || fs::read_to_string(&stat).ok()?.rsplit_once(") ")?.1.chars().next();
        while state().is_some_and(|state| !['T', 'Z', 'X'].contains(&state)) {
            assert!(self.started.elapsed() < Duration::from_secs(RUN_SECONDS_MAX), "it does not stop");
            std::thread::yield_now();
        }
    }

    fn end(self) -> RunOutput {
        wait(self.child, "a program whose input changes")
    }
}

/// Opens a pipe for writing after the program has opened it for reading.
fn open_gate(path: &Path) -> File {
    let started = Instant::now();
    let without_waiting = i32::try_from(OFlags::NONBLOCK.bits()).unwrap();
    loop {
        match File::options().write(true).custom_flags(without_waiting).open(path) {
            Ok(gate) => return gate,
            Err(error) => assert!(started.elapsed() < Duration::from_secs(RUN_SECONDS_MAX), "nobody opens the pipe: {error}"),
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// The commands that read the file, and their results.
const READERS: [(&[&str], &str); 3] = [
    (&["summarize", "--data", "rows.csv", "--threads", "1", "--out", "out"], "out/statistics.json"),
    (&["infer", "--model", "m", "--attributes", "rows.csv", "--threads", "1", "--only", "predicted", "--out", "out"], "out/rows.csv"),
    (&["summarize", "--data", "rows.csv", "--threads", "2", "--out", "out"], "out/statistics.json"),
];

/// Returns the result for a file that does not change.
fn result(temp: &Path, (arguments, out): (&[&str], &str)) -> Vec<u8> {
    let ran = samefit(temp, arguments);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let result = fs::read(temp.join(out)).unwrap();
    fs::remove_dir_all(temp.join("out")).unwrap();
    result
}

#[test]
fn a_file_that_changes_while_it_is_read_is_no_mix() {
    let mut random = Random::new("changing");
    let temp = tempfile::tempdir().unwrap();
    let temp = fs::canonicalize(temp.path()).unwrap();
    let rows = temp.join("rows.csv");
    fs::write(temp.join("few.csv"), format!("{HEADER}{}{}{}", row(1), row(2), row(5))).unwrap();
    assert_eq!(samefit(&temp, &["train", "--data", "few.csv", "--target", "y", "--out", "m"]).code, 0);
    let mut changed = 0;
    for round in 0..rounds(CHANGES.len(), 20 * CHANGES.len()) {
        let (reader, how) = (READERS[(round + round / CHANGES.len()) % READERS.len()], CHANGES[round % CHANGES.len()]);
        for name in ["rows.csv", "rows.link", "rows.gone"] {
            let _ = fs::remove_file(temp.join(name));
        }
        write_rows(&rows, ROWS, random.below(1000));
        let before = result(&temp, reader);
        let mut reading = RunningProgram::start(&temp, reader.0);
        let stopped = reading.stop_within(&rows);
        if stopped {
            change(&rows, how, &mut random);
            reading.signal("-CONT");
        }
        let ran = reading.end();
        let what = format!("{how:?} while `samefit {}` reads (stopped: {stopped})", reader.0.join(" "));
        ran.assert_orderly(&what);
        if !stopped {
            continue;
        }
        changed += 1;
        if ran.code != 0 {
            assert!(matches!(ran.code, 1 | 3) && ran.stderr.contains("rows.csv"), "{what}: exit {}\n{}", ran.code, ran.stderr);
            assert!(!temp.join("out").exists(), "{what}: it left something");
            assert!(!matches!(how, Change::Link | Change::Permissions), "{what}: nothing changed in it\n{}", ran.stderr);
            continue;
        }
        // the result is that of the content before or after the change
        let got = fs::read(temp.join(reader.1)).unwrap();
        fs::remove_dir_all(temp.join("out")).unwrap();
        let is_one = got == before || how != Change::Remove && got == result(&temp, reader);
        assert!(is_one, "{what}: the result is that of a mix");
        assert_ne!(how, Change::HiddenOverwrite, "{what}: a hidden change was read as the content before");
    }
    assert!(changed >= rounds(CHANGES.len(), 20 * CHANGES.len()) / 2, "only {changed} changes hit the middle of the file");
}

/// One of the inputs is a pipe. While the program waits for it, the file before it is already read and the file after it is not.
#[test]
fn changes_before_and_after_reading_are_no_error() {
    let mut random = Random::new("gates");
    for _ in 0..rounds(3, 100) {
        let temp = tempfile::tempdir().unwrap();
        let temp = temp.path();
        let (old, new) = (random.below(1000), 5000 + random.below(1000));
        write_rows(&temp.join("first.csv"), 50, old);
        write_rows(&temp.join("last.csv"), 50, old + 100);
        assert_eq!(shell(temp, "mkfifo gate.csv && cp first.csv first.old").code, 0);
        let reading =
            RunningProgram::start(temp, &["summarize", "--data", "first.csv", "gate.csv", "last.csv", "--out", "out", "--threads", "1"]);
        // the program opens the pipe after it has read the first file
        let mut gate = open_gate(&temp.join("gate.csv"));
        let seconds = fs::metadata(temp.join("first.csv")).unwrap().modified().unwrap();
        write_rows(&temp.join("first.csv"), 50, new);
        File::options().write(true).open(temp.join("first.csv")).unwrap().set_modified(seconds).unwrap();
        write_rows(&temp.join("last.csv"), 50, new + 100);
        gate.write_all(format!("{HEADER}{}{}", row(3), row(4)).as_bytes()).unwrap();
        drop(gate);
        let ran = reading.end();
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        fs::write(temp.join("gate.csv.copy.csv"), format!("{HEADER}{}{}", row(3), row(4))).unwrap();
        let line = "mv first.old first-old.csv && samefit -q summarize --data first-old.csv gate.csv.copy.csv last.csv --out expected.json && cmp expected.json out/statistics.json";
        let ran = shell(temp, line);
        assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    }
}

/// In every content of the file all rows have equal numbers; in a mix they do not.
#[test]
fn a_file_that_is_written_continuously_is_no_mix() {
    use std::sync::atomic::{AtomicBool, Ordering};

    let temp = tempfile::tempdir().unwrap();
    let temp = temp.path();
    let rows = temp.join("rows.csv");
    let content = |value: usize| format!("a,y\n{}", format!("{value:03},{value:03}\n").repeat(40_000));
    fs::write(&rows, content(0)).unwrap();
    let stop = AtomicBool::new(false);
    let (mut read, mut refused) = (0, 0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let file = File::options().write(true).open(&rows).unwrap();
            let modified = file.metadata().unwrap().modified().unwrap();
            for value in (1..1000).cycle() {
                file.write_all_at(content(value).as_bytes(), 0).unwrap();
                file.set_modified(modified).unwrap();
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                // a long pause from time to time lets a run succeed
                std::thread::sleep(Duration::from_millis(if value % 4 == 0 { 200 } else { 1 }));
            }
        });
        for _ in 0..rounds(20, 500) {
            let ran = samefit(temp, &["summarize", "--data", "rows.csv", "--columns", "a,y", "--out", "out"]);
            ran.assert_orderly("a file that is written");
            match ran.code {
                0 => {
                    let text = fs::read_to_string(temp.join("out/statistics.json")).unwrap();
                    let statistics: serde_json::Value = serde_json::from_str(&text).unwrap();
                    let number =
                        |row: usize, column: usize| -> u64 { statistics["moments"][row][column].as_str().unwrap().parse().unwrap() };
                    // the number of rows times the sum of squares equals the square of the sum only if all values are equal
                    let is_one = number(0, 0) * number(1, 1) == number(1, 0) * number(1, 0);
                    assert!(is_one, "a mix: {text}");
                    read += 1;
                }
                _ => {
                    assert!(ran.stderr.contains("rows.csv"), "{}", ran.stderr);
                    refused += 1;
                }
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert_eq!(read + refused, rounds(20, 500));
    assert!(read > 0, "nothing could be read");
}
