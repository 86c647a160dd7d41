//! The supervisor: a process between a worker and its programs that ends everything a program leaves.
//!
//! The supervisor starts one program after another. It adopts every process below it that loses its parent ([`super::subreaper`]), even if
//! that process left its group with `setsid`. When a program has ended, or the worker asks for its end, the supervisor ends all processes that
//! are left and reports how the program ended. Where the system allows it, the supervisor and its programs are in a control group
//! (cgroup v2), so the worker can end all of them at once.
//!
//! **Protocol.** The supervisor's standard input is a socket to the worker. The worker sends a [`Launch`] for each program and then
//! [`END_REQUEST`]. The supervisor answers with lines ([`Reply`]). When the socket closes, as it does when the worker's process is killed, the
//! supervisor ends everything.
//!
//! *Limits*: without a control group, a process that forks and ends faster than the list of processes is read can escape for
//! [`END_SECONDS_MAX`] seconds; then the reply is [`Reply::Left`]. A program runs as the same user and can kill its supervisor. Its processes
//! then become children of the worker's process, which ends them ([`super::reaper`]).

use std::fmt;
use std::io::{self, BufRead, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, ExitCode, ExitStatus, Stdio};
use std::str::FromStr;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, WaitOptions, kill_process, kill_process_group, wait, waitid};

use super::control_group::ControlGroup;
use super::launch::Launch;
use super::subreaper::{CHECK_INTERVAL, END_SECONDS_MAX, adopt_descendants, children, pid};

/// The name by which the executable of `samefit` acts as a supervisor.
pub const NAME: &str = "samefit-supervisor";

/// How many seconds to go on ending processes one by one if the worker can end the control group afterwards.
const END_SECONDS_MAX_IN_GROUP: u64 = 1;

/// The byte that the worker sends when a program has to end, or has ended.
pub const END_REQUEST: u8 = b'e';

/// A line from the supervisor to the worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The program runs.
    Started,
    /// The program cannot be started. The number is the system's error code.
    Failed(i32),
    /// The program's first process has ended. Processes that it started may still run.
    Exited,
    /// The program and everything that it started have ended. The number is a status as of wait(2).
    Ended(i32),
    /// A process that the program started could not be ended.
    Left,
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Started => f.write_str("started"),
            Self::Failed(error) => write!(f, "failed {error}"),
            Self::Exited => f.write_str("exited"),
            Self::Ended(status) => write!(f, "ended {status}"),
            Self::Left => f.write_str("left"),
        }
    }
}

impl FromStr for Reply {
    type Err = io::Error;

    fn from_str(text: &str) -> io::Result<Self> {
        let number = |text: &str| text.parse().map_err(io::Error::other);
        match text.split_once(' ') {
            None if text == "started" => Ok(Self::Started),
            None if text == "exited" => Ok(Self::Exited),
            None if text == "left" => Ok(Self::Left),
            Some(("failed", error)) => number(error).map(Self::Failed),
            Some(("ended", status)) => number(status).map(Self::Ended),
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
    }
}

/// Sends a reply. One reply is one write, so replies of two threads do not mix.
fn send(worker: &mut UnixStream, reply: &Reply) -> io::Result<()> {
    worker.write_all(format!("{reply}\n").as_bytes())
}

/// Reads the next reply of a supervisor.
pub fn next_reply(from: &mut impl BufRead) -> io::Result<Reply> {
    let mut line = String::new();
    from.read_line(&mut line)?;
    line.trim_end().parse()
}

/// Acts as a supervisor until the socket at standard input closes.
pub fn main() -> ExitCode {
    match supervise() {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn supervise() -> io::Result<()> {
    let mut worker = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    adopt_descendants();
    let is_in_group = ControlGroup::create_and_enter();
    // a program runs as the same user, and could otherwise trace this process or take its end of the socket
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
    let limit = Duration::from_secs(if is_in_group { END_SECONDS_MAX_IN_GROUP } else { END_SECONDS_MAX });
    loop {
        let launch = match Launch::read(&mut worker) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            launch => launch?,
        };
        match launch.command().stdin(Stdio::null()).process_group(0).spawn() {
            Err(error) => send(&mut worker, &Reply::Failed(error.raw_os_error().unwrap_or(0)))?,
            Ok(program) => {
                let last = run_to_end(&program, &mut worker, limit)?;
                send(&mut worker, &last)?;
            }
        }
    }
}

/// Waits until the worker asks for the end of a program, and ends it with everything that it started.
fn run_to_end(program: &Child, worker: &mut UnixStream, limit: Duration) -> io::Result<Reply> {
    // if the worker is gone, the read below returns at once
    let _ = send(worker, &Reply::Started);
    let watch = watch(program, worker)?;
    // the worker sends nothing but END_REQUEST
    let _ = worker.read(&mut [0]);
    Ok(match end(program, limit) {
        Some(status) => {
            // the reply of the other thread has to come first
            let _ = watch.join();
            Reply::Ended(status.into_raw())
        }
        None => Reply::Left,
    })
}

/// Starts a thread that reports when the program has exited. The thread does not reap it.
fn watch(program: &Child, worker: &UnixStream) -> io::Result<JoinHandle<()>> {
    let program = pid(program.id());
    let mut worker = worker.try_clone()?;
    thread::Builder::new().spawn(move || {
        let _ = program.map(|program| waitid(WaitId::Pid(program), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT));
        let _ = send(&mut worker, &Reply::Exited);
    })
}

/// Ends the program and everything that it started. Returns how the program ended, or nothing if a process is left.
fn end(program: &Child, limit: Duration) -> Option<ExitStatus> {
    let program = pid(program.id())?;
    // until the program is reaped, no other process or group can have its number
    let _ = kill_process_group(program, Signal::KILL);
    let mut status = None;
    let all_ended = end_children(limit, &mut |ended, how| {
        if ended == program {
            status = Some(how);
        }
    });
    status.filter(|_| all_ended)
}

/// Ends every child of this process, also those that it adopts meanwhile. Returns whether none is left.
fn end_children(limit: Duration, ended: &mut dyn FnMut(Pid, ExitStatus)) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < limit {
        loop {
            match wait(WaitOptions::NOHANG) {
                Ok(Some((pid, status))) => ended(pid, ExitStatus::from_raw(status.as_raw())),
                Ok(None) => break,
                // there are no children
                Err(_) => return true,
            }
        }
        // a child that is not reaped keeps its number, so no other process is killed
        for child in children() {
            let _ = kill_process(child, Signal::KILL);
        }
        thread::sleep(CHECK_INTERVAL);
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_are_read_as_written() {
        for reply in [Reply::Started, Reply::Failed(2), Reply::Exited, Reply::Ended(256), Reply::Left] {
            assert_eq!(next_reply(&mut format!("{reply}\n").as_bytes()).unwrap(), reply);
        }
        ["", "ended", "ended x", "hello"].iter().for_each(|text| assert!(next_reply(&mut text.as_bytes()).is_err(), "{text}"));
    }
}
