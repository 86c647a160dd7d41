//! A program to how it ended and the end of what it said, within limits of time.
//!
//! *Invariants*: when a program has ended, everything that it started has ended too, or its end counts as a failure ([`supervisor`]).
//!
//! *Limits*: of what is said, the last 64 KiB are kept.

use std::collections::VecDeque;
use std::io::{self, BufReader, PipeReader, PipeWriter, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::{ioctl_fionbio, ioctl_fionread};

use super::children;
use super::control_group::ControlGroup;
use super::launch::Launch;
use super::supervisor::{self, Line};

/// What is kept of a program's words.
pub const LOG_BYTES_MAX: usize = 64 << 10;

/// How soon a limit is noticed.
pub const TICK: Duration = Duration::from_millis(50);

/// A process that left the group may hold the pipe; what it says is not waited for.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// How long a supervisor may take to start a program, and to be gone when it was ended.
const START_TIME_MAX: Duration = Duration::from_secs(10);
const REAP_TIME_MAX: Duration = Duration::from_secs(5);

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

/// Starts programs, one at a time, with one supervisor for as many as it survives.
#[derive(Debug)]
pub struct Programs {
    /// What acts as a supervisor if it is called [`supervisor::NAME`].
    program: PathBuf,
    idle: Option<Supervisor>,
}

/// A supervisor that runs.
#[derive(Debug)]
struct Supervisor {
    process: Child,
    /// Closing it ends the supervisor and all that it started.
    line: UnixStream,
    lines: BufReader<UnixStream>,
    log: Log,
}

impl Programs {
    /// `program` acts as a supervisor if it is called [`supervisor::NAME`].
    pub fn new(program: &Path) -> Self {
        Self { program: program.to_owned(), idle: None }
    }

    /// Starts a program with nothing to read. `call` is called when it has ended.
    pub fn start(&mut self, launch: &Launch, call: impl FnOnce() + Send + 'static) -> io::Result<Running> {
        // another program may have stopped or ended the one that waits
        if let Some(mut idle) = self.idle.take() {
            match idle.launch(launch) {
                Ok(Line::Started) => return Running::of(idle, call),
                Ok(Line::Failed(error)) => return self.failed(idle, error),
                _ => idle.give_up(),
            }
        }
        let mut supervisor = Supervisor::start(&self.program)?;
        match supervisor.launch(launch) {
            Ok(Line::Started) => Running::of(supervisor, call),
            Ok(Line::Failed(error)) => self.failed(supervisor, error),
            other => {
                supervisor.give_up();
                let why = other.err().map_or_else(|| "it answers nonsense".to_owned(), |error| error.to_string());
                Err(io::Error::other(format!("its supervisor does not start it: {why}")))
            }
        }
    }

    fn failed(&mut self, supervisor: Supervisor, error: i32) -> io::Result<Running> {
        self.idle = Some(supervisor);
        Err(io::Error::from_raw_os_error(error))
    }

    /// Waits until a program ends or has to: how it ended, and what it said.
    pub fn wait(&mut self, running: Running, limits: &Limits<'_>) -> (Result<Ended, Unended>, String) {
        let cut = loop {
            match running.happened.recv_timeout(TICK) {
                Err(RecvTimeoutError::Timeout) => {
                    if let Some(cut) = limits.cut() {
                        break Some(cut);
                    }
                }
                _ => break None,
            }
        };
        let (ended, said) = self.end(running);
        (ended.map(|status| cut.map_or(Ok(status), Err)), said)
    }

    /// Ends a program, if it runs, and all that it started: how it ended, and what it said since it was asked last.
    pub fn end(&mut self, running: Running) -> (Result<ExitStatus, Unended>, String) {
        let Running { process, mut line, log, happened } = running;
        let _ = line.write_all(&[supervisor::END]);
        let limit = Instant::now() + Duration::from_secs(supervisor::END_SECONDS_MAX + 5);
        let last = loop {
            match happened.recv_timeout(limit.saturating_duration_since(Instant::now())) {
                Ok(Happened::Exited) => {}
                Ok(Happened::Last(line, lines)) => break line.map(|line| (line, lines)),
                Err(_) => break None,
            }
        };
        let said = log.last_words();
        match last {
            Some((Line::Ended(status), lines)) => {
                self.idle = Some(Supervisor { process, line, lines, log });
                (Ok(ExitStatus::from_raw(status)), said)
            }
            other => {
                // each ends what the other cannot
                let [in_group, strays] = [end(process), children::end_strays()];
                let was_ended = in_group && strays;
                let unended = if other.is_none() { Unended::Unsupervised } else { Unended::Left };
                (Err(if was_ended && unended == Unended::Left { Unended::Late } else { unended }), said)
            }
        }
    }
}

impl Supervisor {
    fn start(program: &Path) -> io::Result<Self> {
        let (log, says) = Log::open()?;
        let (line, theirs) = UnixStream::pair()?;
        let mut command = Command::new(program);
        command.arg0(supervisor::NAME).env_clear().process_group(0);
        command.stdin(OwnedFd::from(theirs)).stdout(says.try_clone()?).stderr(says);
        let lines = BufReader::with_capacity(64, line.try_clone()?);
        Ok(Self { process: children::spawn(&mut command)?, line, lines, log })
    }

    /// Hands over what is to be started: what the supervisor answers.
    fn launch(&mut self, launch: &Launch) -> io::Result<Line> {
        self.line.set_read_timeout(Some(START_TIME_MAX))?;
        self.line.set_write_timeout(Some(START_TIME_MAX))?;
        launch.write(&mut self.line)?;
        let answer = supervisor::next_line(&mut self.lines)?;
        self.line.set_read_timeout(None)?;
        self.line.set_write_timeout(None)?;
        Ok(answer)
    }

    /// Ends it, whatever state it is in.
    fn give_up(self) {
        drop((self.line, self.lines));
        end(self.process);
        children::end_strays();
    }
}

impl Drop for Programs {
    fn drop(&mut self) {
        if let Some(idle) = self.idle.take() {
            idle.give_up();
        }
    }
}

/// Ends a supervisor and what is in its control group: whether there is one, and all has ended.
fn end(mut supervisor: Child) -> bool {
    let group = ControlGroup::of(supervisor.id());
    let _ = supervisor.kill();
    children::reap(&mut supervisor, REAP_TIME_MAX);
    group.is_some_and(|group| group.end())
}

/// A program that runs, with its supervisor.
#[derive(Debug)]
pub struct Running {
    process: Child,
    line: UnixStream,
    log: Log,
    happened: Receiver<Happened>,
}

/// What a supervisor tells of a program that it has started.
#[derive(Debug)]
enum Happened {
    /// It has ended by itself.
    Exited,
    /// The last line about it, if there was one, and where the next program's come from.
    Last(Option<Line>, BufReader<UnixStream>),
}

impl Running {
    fn of(supervisor: Supervisor, call: impl FnOnce() + Send + 'static) -> io::Result<Self> {
        let Supervisor { process, line, mut lines, log } = supervisor;
        let (send, happened) = mpsc::channel();
        thread::Builder::new().spawn(move || {
            let mut next = supervisor::next_line(&mut lines).ok();
            if next == Some(Line::Exited) {
                let _ = send.send(Happened::Exited);
                call();
                next = supervisor::next_line(&mut lines).ok();
            } else if next.is_none() {
                call();
            }
            let _ = send.send(Happened::Last(next, lines));
        })?;
        Ok(Self { process, line, log, happened })
    }

    /// What was said since this was asked last.
    pub fn said(&self) -> String {
        self.log.take()
    }
}

/// Why it is not known how a program ended, or that all that it started has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unended {
    /// Something that it started could not be ended.
    Left,
    /// What it started had to be ended with its supervisor, so how it ended is not known.
    Late,
    /// Its supervisor was ended before it could say so.
    Unsupervised,
}

impl Unended {
    /// Why, in words.
    pub fn text(self) -> &'static str {
        match self {
            Self::Left => "it left processes behind that could not be ended",
            Self::Late => "it left processes behind that began others faster than they could be ended one by one",
            Self::Unsupervised => "the process that supervises it was ended; a program must leave it alone",
        }
    }
}

/// What programs say, kept by a thread.
#[derive(Clone, Debug)]
struct Log {
    tail: Arc<Mutex<Tail>>,
    pipe: Arc<PipeReader>,
}

impl Log {
    /// A log, and where programs write to.
    fn open() -> io::Result<(Self, PipeWriter)> {
        let (pipe, says) = io::pipe()?;
        // a program can read from its own end, and so take away what was there to read
        ioctl_fionbio(&pipe, true)?;
        let log = Self { tail: Arc::default(), pipe: Arc::new(pipe) };
        let keeper = log.clone();
        thread::Builder::new().spawn(move || while keeper.keep_more() {})?;
        Ok((log, says))
    }

    /// Waits for words and keeps them: whether more can come. What left the pipe is in the log before anybody else sees either.
    fn keep_more(&self) -> bool {
        let _ = poll(&mut [PollFd::new(&self.pipe, PollFlags::IN)], None);
        let mut tail = lock(&self.tail);
        let mut chunk = [0; 4096];
        match (&*self.pipe).read(&mut chunk) {
            Ok(0) => false,
            Ok(count) => {
                tail.push(&chunk[..count]);
                true
            }
            Err(error) => matches!(error.kind(), io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock),
        }
    }

    fn take(&self) -> String {
        lock(&self.tail).take()
    }

    /// The same when all who wrote have ended. Of somebody who has not, more is not waited for than [`LAST_WORDS`].
    fn last_words(&self) -> String {
        let begun = Instant::now();
        loop {
            let mut tail = lock(&self.tail);
            if ioctl_fionread(&self.pipe).unwrap_or(0) == 0 || begun.elapsed() > LAST_WORDS {
                return tail.take();
            }
            drop(tail);
            thread::yield_now();
        }
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
