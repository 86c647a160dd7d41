//! A program to how it ended and the end of what it said, within limits of time.
//!
//! *Invariants*: when a program has ended, everything that it started has ended too, or its end counts as a failure ([`supervisor`]).
//!
//! *Limits*: of what is said, the last 64 KiB are kept.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::control_group::ControlGroup;
use super::launch::Launch;
use super::supervisor::{self, Line};

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

/// How a program ended, or why it was ended.
pub type Ended = Result<ExitStatus, Cut>;

/// A program that runs, with its supervisor.
pub struct Running {
    supervisor: Child,
    /// Closing it ends the program and all that it started.
    line: UnixStream,
    log: Arc<Mutex<Tail>>,
    /// Comes when nothing more can be said.
    silent: Receiver<()>,
    /// How the program ended. None if its supervisor did not say.
    ended: Arc<Mutex<Option<Line>>>,
    /// Comes when it has ended.
    over: Receiver<()>,
}

impl Running {
    /// Starts a program with nothing to read. `supervisor` is the program that acts as one if it is called [`supervisor::NAME`]; `call` is
    /// called when the program has ended.
    pub fn start(launch: &Launch, supervisor: &Path, call: impl FnOnce() + Send + 'static) -> io::Result<Self> {
        let (hears, says) = io::pipe()?;
        let (mut line, theirs) = UnixStream::pair()?;
        let mut command = Command::new(supervisor);
        command.arg0(supervisor::NAME).env_clear().process_group(0);
        command.stdin(OwnedFd::from(theirs)).stdout(says.try_clone()?).stderr(says);
        let (log, ended) = (Arc::new(Mutex::new(Tail::default())), Arc::new(Mutex::new(None)));
        let silent = hear(hears, Arc::clone(&log))?;
        let (send, over) = mpsc::channel();
        let mut running = Self { supervisor: command.spawn()?, line: line.try_clone()?, log, silent, ended, over };
        // its ends of the pipe and of the socket
        drop(command);
        let mut lines = supervisor::lines(line.try_clone()?);
        let started = launch.write(&mut line).and_then(|()| supervisor::next_line(&mut lines));
        match started {
            Ok(Line::Started) => {}
            Ok(Line::Failed(error)) => {
                drop(send);
                let _ = running.end();
                return Err(io::Error::from_raw_os_error(error));
            }
            other => {
                drop(send);
                let _ = running.end();
                let why = other.err().map_or_else(|| "it answers nonsense".to_owned(), |error| error.to_string());
                return Err(io::Error::other(format!("its supervisor does not start: {why}")));
            }
        }
        let ended = Arc::clone(&running.ended);
        thread::Builder::new().spawn(move || {
            *lock(&ended) = supervisor::next_line(&mut lines).ok();
            let _ = send.send(());
            call();
        })?;
        Ok(running)
    }

    /// Waits until the program ends or has to.
    pub fn wait(mut self, limits: &Limits<'_>) -> (Result<Ended, Unended>, String) {
        let cut = loop {
            match self.over.recv_timeout(TICK) {
                Err(RecvTimeoutError::Timeout) => {
                    if let Some(cut) = limits.cut() {
                        break Some(cut);
                    }
                }
                _ => break None,
            }
        };
        let ended = self.end();
        let ended = match (cut, ended) {
            (Some(cut), Ok(_)) => Ok(Err(cut)),
            (None, Ok(status)) => Ok(Ok(status)),
            (_, Err(unended)) => Err(unended),
        };
        (ended, self.said())
    }

    /// Ends the program, if it runs, and all that it started: how it ended.
    pub fn end(&mut self) -> Result<ExitStatus, Unended> {
        let _ = self.line.shutdown(Shutdown::Write);
        let _ = self.over.recv_timeout(Duration::from_secs(supervisor::END_SECONDS_MAX + 5));
        // a supervisor has nothing left to do, or does not come to its end
        let _ = self.supervisor.kill();
        let _ = self.supervisor.wait();
        let ended = lock(&self.ended).take();
        if ended.is_none()
            && let Some(group) = ControlGroup::of(self.supervisor.id())
        {
            group.kill();
        }
        let _ = self.silent.recv_timeout(LAST_WORDS);
        match ended {
            Some(Line::Ended(status)) => Ok(ExitStatus::from_raw(status)),
            Some(Line::Left) => Err(Unended::Left),
            _ => Err(Unended::Unsupervised),
        }
    }

    /// What was said since this was asked last.
    pub fn said(&self) -> String {
        lock(&self.log).take()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Ok(None) = self.supervisor.try_wait() {
            let _ = self.end();
        }
    }
}

/// Why it is not known that a program and all that it started have ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unended {
    /// Something that it started could not be ended.
    Left,
    /// Its supervisor was ended before it could say so.
    Unsupervised,
}

impl Unended {
    /// Why, in words.
    pub fn text(self) -> &'static str {
        match self {
            Self::Left => "it left processes behind that could not be ended",
            Self::Unsupervised => "the process that supervises it was ended; a program must leave it alone",
        }
    }
}

/// Keeps what is said, in a thread of its own: a message comes when nothing more can be said.
fn hear(mut from: io::PipeReader, log: Arc<Mutex<Tail>>) -> io::Result<Receiver<()>> {
    let (done, silent) = mpsc::channel();
    thread::Builder::new().spawn(move || {
        let mut chunk = [0; 4096];
        while let Ok(count @ 1..) = from.read(&mut chunk) {
            lock(&log).push(&chunk[..count]);
        }
        let _ = done.send(());
    })?;
    Ok(silent)
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

fn lock<T>(of: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
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
