//! Runs programs by way of supervisors, within limits of time, and captures the end of their output.
//!
//! *Invariants*: when a program has ended, everything that it started has ended too, or the program counts as failed ([`supervisor`]).

use std::fmt;
use std::io::{self, BufReader, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use super::control_group::ControlGroup;
use super::launch::Launch;
use super::limits::{CHECK_INTERVAL, Interruption, Limits};
use super::output::ProgramOutput;
use super::reaper;
use super::subreaper::END_SECONDS_MAX;
use super::supervisor::{self, Reply};

/// How long a supervisor may take to start a program.
const START_TIME_MAX: Duration = Duration::from_secs(10);
/// How long a supervisor that was killed may take to be gone.
const REAP_TIME_MAX: Duration = Duration::from_secs(5);
/// How long a supervisor may take to end a program, in seconds: its own limit, and some time to answer.
const END_ANSWER_SECONDS_MAX: u64 = END_SECONDS_MAX + 5;

/// Why a program did not start.
#[derive(Debug)]
pub enum StartError {
    /// The system cannot start the program.
    Program(io::Error),
    /// The system refuses a process, a thread or a pipe for the supervisor.
    System(io::Error),
    /// The supervisor does not answer, or not as it should.
    Supervisor(String),
}

/// Why nothing is known about how a program ended, or about whether everything that it started has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SupervisionError {
    /// A process that the program started could not be ended.
    ProcessesLeft,
    /// The processes that the program started could only be ended together with the supervisor.
    ForkedTooFast,
    /// The supervisor was killed before it could answer.
    SupervisorKilled,
}

impl fmt::Display for SupervisionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ProcessesLeft => "it left processes behind that could not be ended",
            Self::ForkedTooFast => "it left processes behind that started others faster than they could be ended one by one",
            Self::SupervisorKilled => "the process that supervises it was killed; a program must leave it alone",
        })
    }
}

/// How a program ended: with a status, or because it was interrupted.
pub type Exit = Result<ExitStatus, Interruption>;

/// Starts programs, one at a time. One supervisor serves all of them as long as it survives.
#[derive(Debug)]
pub struct ProgramRunner {
    /// The executable that acts as a supervisor if it is run by the name [`supervisor::NAME`].
    executable: PathBuf,
    /// The supervisor of the last program, while no program runs.
    idle: Option<SupervisorHandle>,
}

impl ProgramRunner {
    /// Creates a runner. `executable` acts as a supervisor if it is run by the name [`supervisor::NAME`].
    pub fn new(executable: &Path) -> Self {
        Self { executable: executable.to_owned(), idle: None }
    }

    /// Starts a program with an empty standard input. Calls `on_exit` from another thread when the program has exited.
    pub fn start(&mut self, launch: &Launch, on_exit: impl FnOnce() + Send + 'static) -> Result<RunningProgram, StartError> {
        // another program may have stopped or killed the idle supervisor; then a new one starts the program
        if let Some(mut idle) = self.idle.take() {
            match idle.launch(launch) {
                Ok(Reply::Started) => return RunningProgram::watch(idle, on_exit),
                Ok(Reply::Failed(error)) => return Err(self.program_failed(idle, error)),
                _ => idle.kill(),
            }
        }
        let mut supervisor = SupervisorHandle::start(&self.executable).map_err(StartError::System)?;
        match supervisor.launch(launch) {
            Ok(Reply::Started) => RunningProgram::watch(supervisor, on_exit),
            Ok(Reply::Failed(error)) => Err(self.program_failed(supervisor, error)),
            other => {
                supervisor.kill();
                Err(StartError::Supervisor(other.err().map_or_else(|| "its answer is not valid".to_owned(), |error| error.to_string())))
            }
        }
    }

    fn program_failed(&mut self, supervisor: SupervisorHandle, error: i32) -> StartError {
        self.idle = Some(supervisor);
        StartError::Program(io::Error::from_raw_os_error(error))
    }

    /// Waits until a program ends or exceeds a limit. Returns how it ended, and its output since the last call of
    /// [`RunningProgram::take_output`].
    pub fn wait(&mut self, program: RunningProgram, limits: &Limits<'_>) -> (Result<Exit, SupervisionError>, String) {
        let interruption = loop {
            match program.events.recv_timeout(CHECK_INTERVAL) {
                Err(RecvTimeoutError::Timeout) => {
                    if let Some(interruption) = limits.exceeded() {
                        break Some(interruption);
                    }
                }
                _ => break None,
            }
        };
        let (ended, output) = self.end(program);
        (ended.map(|status| interruption.map_or(Ok(status), Err)), output)
    }

    /// Ends a program if it runs, and everything that it started. Returns its exit status, and its output since the last call of
    /// [`RunningProgram::take_output`].
    pub fn end(&mut self, program: RunningProgram) -> (Result<ExitStatus, SupervisionError>, String) {
        let RunningProgram { process, mut socket, output, events } = program;
        let _ = socket.write_all(&[supervisor::END_REQUEST]);
        let deadline = Instant::now() + Duration::from_secs(END_ANSWER_SECONDS_MAX);
        let last = loop {
            match events.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(ProgramEvent::Exited) => {}
                Ok(ProgramEvent::LastReply(reply, replies)) => break reply.map(|reply| (reply, replies)),
                Err(_) => break None,
            }
        };
        let text = output.take_last_output();
        match last {
            Some((Reply::Ended(status), replies)) => {
                self.idle = Some(SupervisorHandle { process, socket, replies, output });
                (Ok(ExitStatus::from_raw(status)), text)
            }
            other => (Err(end_unsupervised(process, other.is_some())), text),
        }
    }
}

impl Drop for ProgramRunner {
    fn drop(&mut self) {
        if let Some(idle) = self.idle.take() {
            idle.kill();
        }
    }
}

/// Kills a supervisor that could not end its program, or did not say so, and all processes that can be found.
fn end_unsupervised(supervisor: Child, has_answered: bool) -> SupervisionError {
    // each of the two ends processes that the other cannot
    let [group_ended, orphans_ended] = [kill_group(supervisor), reaper::end_orphans()];
    match has_answered {
        false => SupervisionError::SupervisorKilled,
        true if group_ended && orphans_ended => SupervisionError::ForkedTooFast,
        true => SupervisionError::ProcessesLeft,
    }
}

/// Kills a supervisor and everything in its control group. Returns whether there is such a group and all in it has ended.
fn kill_group(mut supervisor: Child) -> bool {
    let group = ControlGroup::of_process(supervisor.id());
    let _ = supervisor.kill();
    reaper::reap(&mut supervisor, REAP_TIME_MAX);
    group.is_some_and(|group| group.kill_and_remove())
}

/// The worker's side of a supervisor.
#[derive(Debug)]
struct SupervisorHandle {
    process: Child,
    /// Closing it makes the supervisor end itself and everything that it started.
    socket: UnixStream,
    replies: BufReader<UnixStream>,
    output: ProgramOutput,
}

impl SupervisorHandle {
    fn start(executable: &Path) -> io::Result<Self> {
        let (output, pipe_writer) = ProgramOutput::open()?;
        let (socket, supervisor_end) = UnixStream::pair()?;
        let mut command = Command::new(executable);
        command.arg0(supervisor::NAME).env_clear().process_group(0);
        command.stdin(OwnedFd::from(supervisor_end)).stdout(pipe_writer.try_clone()?).stderr(pipe_writer);
        let replies = BufReader::with_capacity(64, socket.try_clone()?);
        Ok(Self { process: reaper::spawn(&mut command)?, socket, replies, output })
    }

    /// Sends a program to start, and returns the answer.
    fn launch(&mut self, launch: &Launch) -> io::Result<Reply> {
        self.socket.set_read_timeout(Some(START_TIME_MAX))?;
        self.socket.set_write_timeout(Some(START_TIME_MAX))?;
        launch.write(&mut self.socket)?;
        let reply = supervisor::next_reply(&mut self.replies)?;
        self.socket.set_read_timeout(None)?;
        self.socket.set_write_timeout(None)?;
        Ok(reply)
    }

    /// Kills the supervisor, in whatever state it is.
    fn kill(self) {
        drop((self.socket, self.replies));
        kill_group(self.process);
        reaper::end_orphans();
    }
}

/// A program that was started and not ended by [`ProgramRunner`] yet, with its supervisor.
#[derive(Debug)]
pub struct RunningProgram {
    process: Child,
    socket: UnixStream,
    output: ProgramOutput,
    events: Receiver<ProgramEvent>,
}

/// What a supervisor reports about a program that runs.
#[derive(Debug)]
enum ProgramEvent {
    /// The program has exited by itself.
    Exited,
    /// The last reply about the program, if there was one, and the reader for the replies about the next program.
    LastReply(Option<Reply>, BufReader<UnixStream>),
}

impl RunningProgram {
    /// Starts a thread that reads the supervisor's replies.
    fn watch(supervisor: SupervisorHandle, on_exit: impl FnOnce() + Send + 'static) -> Result<Self, StartError> {
        let SupervisorHandle { process, socket, mut replies, output } = supervisor;
        let (send, events) = mpsc::channel();
        let read_replies = move || {
            let mut reply = supervisor::next_reply(&mut replies).ok();
            if reply == Some(Reply::Exited) {
                let _ = send.send(ProgramEvent::Exited);
                on_exit();
                reply = supervisor::next_reply(&mut replies).ok();
            } else if reply.is_none() {
                on_exit();
            }
            let _ = send.send(ProgramEvent::LastReply(reply, replies));
        };
        thread::Builder::new().spawn(read_replies).map_err(StartError::System)?;
        Ok(Self { process, socket, output, events })
    }

    /// Returns what the program wrote since the last call.
    pub fn take_output(&self) -> String {
        self.output.take_output()
    }
}

/// Describes how a program ended.
pub fn describe_exit(exit: Exit) -> String {
    match exit {
        Ok(status) => match (status.code(), ExitStatusExt::signal(&status)) {
            (Some(code), _) => format!("exit code {code}"),
            (None, Some(signal)) => format!("ended by signal {signal}"),
            (None, None) => "ended".to_owned(),
        },
        Err(interruption) => interruption.to_string(),
    }
}
