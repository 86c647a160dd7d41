//! A child process that is asked by lines and answers by lines.
//!
//! *Invariants*: no call waits longer than its limit, whatever the process does. When a [`Process`] is dropped, the process and all that it
//! started in its group are gone.
//!
//! *Limits*: an answer has at most [`LINE_BYTES_MAX`] bytes. Of stderr, the last [`WORDS_BYTES_MAX`] bytes are kept, for messages.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Longest answer, in bytes. The longest true answers are documents of some megabytes.
const LINE_BYTES_MAX: u64 = 64 << 20;
/// How much of stderr is kept, in bytes.
const WORDS_BYTES_MAX: usize = 2000;
/// Answers that are read before somebody takes them.
const ANSWERS_AHEAD_MAX: usize = 1024;
/// Lines of a command that failed, for messages.
const LAST_LINES_MAX: usize = 20;
/// How often the end of the process is looked for.
const CHECK_INTERVAL: Duration = Duration::from_millis(5);

/// A child process with a thread for each of its three streams, so that neither side waits for the other to read.
pub(crate) struct Process {
    child: Child,
    /// None after [`end`](Self::end).
    requests: Option<Sender<String>>,
    answers: Receiver<Result<String, String>>,
    /// The end of stderr.
    words: Arc<Mutex<Vec<u8>>>,
}

impl Process {
    /// Starts the program in a process group of its own.
    pub(crate) fn start(command: &mut Command) -> Result<Self, String> {
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let mut child = command.spawn().map_err(|error| format!("it cannot be started: {error}"))?;
        let (requests, lines) = mpsc::channel();
        let (answer, answers) = mpsc::sync_channel(ANSWERS_AHEAD_MAX);
        let words = Arc::default();
        if let (Some(stdin), Some(stdout), Some(stderr)) = (child.stdin.take(), child.stdout.take(), child.stderr.take()) {
            let kept = Arc::clone(&words);
            thread::spawn(move || write_lines(stdin, &lines));
            thread::spawn(move || read_lines(stdout, &answer));
            thread::spawn(move || keep_words(stderr, &kept));
        }
        Ok(Self { child, requests: Some(requests), answers, words })
    }

    /// Sends a line. Returns at once: a process that reads nothing shows when its answer is late.
    pub(crate) fn send(&self, line: String) {
        // fails if the process closed its stdin, and then there is no answer
        let _ = self.requests.as_ref().map(|requests| requests.send(line));
    }

    /// Returns the next line, without its end; or why there is none.
    pub(crate) fn receive(&mut self, limit: Duration) -> Result<String, String> {
        match self.answers.recv_timeout(limit) {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout) => Err(format!("it gave no answer within {} s{}", limit.as_secs_f64(), self.last_words())),
            Err(RecvTimeoutError::Disconnected) => Err(match self.wait(limit) {
                Some(status) => format!("it ended ({status}){}", self.last_words()),
                None => format!("it closed its output{}", self.last_words()),
            }),
        }
    }

    /// Returns a line that is there although nobody asked for it.
    pub(crate) fn unasked(&mut self) -> Option<String> {
        self.answers.try_recv().ok().and_then(Result::ok)
    }

    /// Ends the input, and waits until the process ends by itself.
    pub(crate) fn end(&mut self, limit: Duration) -> Result<(), String> {
        self.requests = None;
        match self.wait(limit) {
            Some(status) if status.success() => Ok(()),
            Some(status) => Err(format!("it ended with {status} after its input had ended{}", self.last_words())),
            None => Err(format!("it did not end within {} s of its input{}", limit.as_secs_f64(), self.last_words())),
        }
    }

    fn wait(&mut self, limit: Duration) -> Option<ExitStatus> {
        let begun = Instant::now();
        loop {
            match self.child.try_wait() {
                Ok(None) if begun.elapsed() < limit => thread::sleep(CHECK_INTERVAL),
                Ok(status) => return status,
                Err(_) => return None,
            }
        }
    }

    /// Returns the end of stderr as a part of a message.
    fn last_words(&self) -> String {
        // what it wrote before it ended may still be on its way
        thread::sleep(CHECK_INTERVAL);
        let words = self.words.lock().unwrap_or_else(PoisonError::into_inner);
        let words = String::from_utf8_lossy(&words);
        if words.trim().is_empty() { String::new() } else { format!("; its last words: {}", words.trim()) }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // fails if no process of the group is left
        let _ = rustix::process::kill_process_group(rustix::process::Pid::from_child(&self.child), rustix::process::Signal::KILL);
        let _ = self.child.wait();
    }
}

/// Writes lines until there are no more or the process reads no more. Lines that wait are written together.
fn write_lines(to: ChildStdin, lines: &Receiver<String>) {
    let mut to = BufWriter::new(to);
    while let Ok(line) = lines.recv() {
        let mut waiting = std::iter::once(line).chain(lines.try_iter());
        let written = waiting.try_for_each(|line| to.write_all(line.as_bytes()).and_then(|()| to.write_all(b"\n")));
        if written.and_then(|()| to.flush()).is_err() {
            return;
        }
    }
}

/// Reads lines until the process writes no more or nobody takes them.
fn read_lines(from: ChildStdout, answers: &SyncSender<Result<String, String>>) {
    let mut from = BufReader::new(from);
    loop {
        let mut line = Vec::new();
        let answer = match (&mut from).take(LINE_BYTES_MAX).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) if line.pop() != Some(b'\n') => Err("it wrote a line that does not end".to_owned()),
            Ok(_) => String::from_utf8(line).map_err(|_| "it wrote bytes that are no text".to_owned()),
        };
        let is_last = answer.is_err();
        if answers.send(answer).is_err() || is_last {
            return;
        }
    }
}

/// Reads stderr, and keeps its end.
fn keep_words(mut from: ChildStderr, words: &Mutex<Vec<u8>>) {
    let mut chunk = [0; 1024];
    while let Ok(count @ 1..) = from.read(&mut chunk) {
        let mut words = words.lock().unwrap_or_else(PoisonError::into_inner);
        words.extend_from_slice(&chunk[..count]);
        let surplus = words.len().saturating_sub(WORDS_BYTES_MAX);
        words.drain(..surplus);
    }
}

/// Runs a command without input to its end.
///
/// # Errors
/// If it takes longer than `limit`, or does not succeed; with the last lines that it wrote.
pub fn run_to_end(command: &mut Command, limit: Duration) -> Result<(), String> {
    let mut process = Process::start(command)?;
    process.requests = None;
    let begun = Instant::now();
    let mut last = VecDeque::new();
    while let Ok(Ok(line)) = process.answers.recv_timeout(limit.saturating_sub(begun.elapsed())) {
        last.push_back(line);
        if last.len() > LAST_LINES_MAX {
            last.pop_front();
        }
    }
    let left = limit.saturating_sub(begun.elapsed());
    process.end(left).map_err(|words| format!("{words}\n{}", Vec::from(last).join("\n")))
}
