//! A command to how it ended and the end of what it said, within limits of time.
//!
//! *Invariants*: the program and all that it started are one process group, and the group is gone when the program has ended: it is ended
//! while the program is not reaped yet, so no other process can have its number.
//!
//! *Limits*: of what is said, the last 64 KiB are kept.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

/// What is kept of a program's words.
pub const LOG_BYTES_MAX: usize = 64 << 10;

/// How soon a limit is noticed.
pub const TICK: Duration = Duration::from_millis(50);

/// A process that left the group may hold the pipe; what it says is not waited for.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Why a program was not let come to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The datum took too long.
    DatumTimeout,
    /// The job took too long.
    JobTimeout,
    /// The run is to end.
    Stopped,
}

/// When a program has to end.
#[derive(Clone, Copy)]
pub struct Limits<'a> {
    /// Of the try.
    pub datum: Option<Instant>,
    /// Of the job.
    pub job: Option<Instant>,
    /// Whether the run is to end.
    pub stopped: &'a (dyn Fn() -> bool + Sync),
}

impl Limits<'_> {
    /// Whether a program has to end now, and why.
    pub fn cut(&self) -> Option<Cut> {
        let over = |deadline: Option<Instant>| deadline.is_some_and(|deadline| Instant::now() >= deadline);
        match () {
            () if (self.stopped)() => Some(Cut::Stopped),
            () if over(self.job) => Some(Cut::JobTimeout),
            () if over(self.datum) => Some(Cut::DatumTimeout),
            () => None,
        }
    }
}

/// A program that runs.
pub struct Running {
    child: Child,
    group: Pid,
    log: Arc<Mutex<Tail>>,
    /// Comes when nothing more can be said.
    silent: Receiver<()>,
}

impl Running {
    /// Starts a command in a group of its own, with nothing to read.
    pub fn start(mut command: Command) -> io::Result<Self> {
        let (mut ear, mouth) = io::pipe()?;
        command.stdin(Stdio::null()).stdout(mouth.try_clone()?).stderr(mouth).process_group(0);
        let child = command.spawn()?;
        // its ends of the pipe
        drop(command);
        let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw).ok_or(io::ErrorKind::InvalidData)?;
        let log = Arc::new(Mutex::new(Tail::default()));
        let (done, silent) = mpsc::channel();
        let heard = Arc::clone(&log);
        thread::spawn(move || {
            let mut chunk = [0; 4096];
            while let Ok(count @ 1..) = ear.read(&mut chunk) {
                lock(&heard).push(&chunk[..count]);
            }
            let _ = done.send(());
        });
        Ok(Self { child, group, log, silent })
    }

    /// Calls back when the program has ended; it is not reaped yet.
    pub fn when_ended(&self, call: impl FnOnce() + Send + 'static) {
        let group = self.group;
        thread::spawn(move || {
            let _ = waitid(WaitId::Pid(group), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT);
            call();
        });
    }

    /// Waits until the program ends or has to.
    pub fn wait(mut self, limits: &Limits<'_>) -> (Result<ExitStatus, Cut>, String) {
        let (done, ended) = mpsc::channel();
        self.when_ended(move || {
            let _ = done.send(());
        });
        let cut = loop {
            match ended.recv_timeout(TICK) {
                Err(RecvTimeoutError::Timeout) => {
                    if let Some(cut) = limits.cut() {
                        break Some(cut);
                    }
                }
                _ => break None,
            }
        };
        let status = self.end();
        let ended = match (cut, status) {
            (None, Ok(status)) => Ok(status),
            (cut, _) => Err(cut.unwrap_or(Cut::Stopped)),
        };
        (ended, self.said())
    }

    /// Ends the program and all that it started.
    pub fn end(&mut self) -> io::Result<ExitStatus> {
        let _ = kill_process_group(self.group, Signal::KILL);
        let status = self.child.wait();
        let _ = self.silent.recv_timeout(LAST_WORDS);
        status
    }

    /// What was said since this was asked last.
    pub fn said(&self) -> String {
        lock(&self.log).take()
    }
}

/// The end of a text.
#[derive(Debug, Default)]
struct Tail {
    bytes: VecDeque<u8>,
    cut: bool,
}

impl Tail {
    fn push(&mut self, more: &[u8]) {
        self.bytes.extend(more);
        let over = self.bytes.len().saturating_sub(LOG_BYTES_MAX);
        self.bytes.drain(..over);
        self.cut |= over > 0;
    }

    fn take(&mut self) -> String {
        let Self { bytes, cut } = std::mem::take(self);
        let bytes: Vec<u8> = bytes.into();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if cut { format!("...\n{}", text.split_once('\n').map_or(text.as_str(), |(_, rest)| rest)) } else { text }
    }
}

fn lock(log: &Mutex<Tail>) -> std::sync::MutexGuard<'_, Tail> {
    log.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How a program ended, in words.
pub fn words(ended: Result<ExitStatus, Cut>) -> String {
    match ended {
        Ok(status) => match (status.code(), std::os::unix::process::ExitStatusExt::signal(&status)) {
            (Some(code), _) => format!("exit code {code}"),
            (None, Some(signal)) => format!("ended by signal {signal}"),
            (None, None) => "ended".to_owned(),
        },
        Err(Cut::DatumTimeout) => "it took longer than `datumTimeout`".to_owned(),
        Err(Cut::JobTimeout) => "the job took longer than `jobTimeout`".to_owned(),
        Err(Cut::Stopped) => "the run was stopped".to_owned(),
    }
}
