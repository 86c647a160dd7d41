//! A process between a worker and its programs, so that nothing that a program started outlives it.
//!
//! The supervisor starts one program after another and waits. Whoever loses its parent below it becomes its child (a *subreaper*, prctl(2)),
//! wherever it moved by `setsid`. When a program has ended, or the worker wants it to, the supervisor ends all that is left and says how the
//! program ended. Where the system lets it make a control group (cgroup v2), it and its programs are in that, and the worker can end them all
//! at once.
//!
//! Its standard input is a socket to the worker, which sends a [`Launch`] for each program and then [`END`]; the supervisor answers with
//! lines ([`Line`]). When the socket closes, as it does when the worker's process is killed, the supervisor ends everything.
//!
//! *Limits*: without a control group, a process that forks and ends faster than the list of processes is read can get away for
//! [`END_SECONDS_MAX`]; then [`Line::Left`] says so. A program that runs as the same user can kill its supervisor; what it started then becomes
//! the child of the worker's process, which ends it ([`super::children`]).

use std::fmt;
use std::fs;
use std::io::{self, BufRead, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, ExitCode, ExitStatus, Stdio};
use std::str::FromStr;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, WaitOptions, getpid, kill_process, kill_process_group, wait, waitid};

use super::control_group::ControlGroup;
use super::launch::Launch;

/// What the program is called by that acts as a supervisor, so that it is told from `samefit`.
pub const NAME: &str = "samefit-supervisor";

/// How long what a program leaves is being ended, and how long where a control group can be ended instead.
pub const END_SECONDS_MAX: u64 = 10;
const END_SECONDS_MAX_IN_GROUP: u64 = 1;

/// What the worker sends when a program has to end, or has ended.
pub const END: u8 = b'e';

/// How soon it is looked again whether processes have ended.
pub(super) const LOOK_AGAIN: Duration = Duration::from_millis(2);

/// What a supervisor tells the worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// The program runs.
    Started,
    /// The program cannot be started: the number of the system's error.
    Failed(i32),
    /// The program itself has ended, one way or another; what it started may run.
    Exited,
    /// The program has ended, and so has everything that it started: a status as of wait(2).
    Ended(i32),
    /// Something that the program started could not be ended.
    Left,
}

impl fmt::Display for Line {
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

/// One write a line, so that lines of two threads do not mix.
fn say(worker: &mut UnixStream, line: &Line) -> io::Result<()> {
    worker.write_all(format!("{line}\n").as_bytes())
}

impl FromStr for Line {
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

/// Reads the next line of a supervisor.
pub fn next_line(from: &mut impl BufRead) -> io::Result<Line> {
    let mut line = String::new();
    from.read_line(&mut line)?;
    line.trim_end().parse()
}

/// Acts as a supervisor, with a socket to the worker as standard input, until that closes.
pub fn main() -> ExitCode {
    match supervise() {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn supervise() -> io::Result<()> {
    let mut worker = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    adopt();
    let is_in_group = ControlGroup::enter();
    // a program runs as the same user, and could trace this process, or take its end of the socket
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
    let limit = Duration::from_secs(if is_in_group { END_SECONDS_MAX_IN_GROUP } else { END_SECONDS_MAX });
    loop {
        let launch = match Launch::read(&mut worker) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            launch => launch?,
        };
        let started = launch.command().stdin(Stdio::null()).process_group(0).spawn();
        match started {
            Err(error) => say(&mut worker, &Line::Failed(error.raw_os_error().unwrap_or(0)))?,
            Ok(child) => {
                // a worker that is gone is noticed below
                let _ = say(&mut worker, &Line::Started);
                let watch = watch(&child, &worker)?;
                // it has nothing else to say than that the program has to end, if it is there
                let _ = worker.read(&mut [0]);
                let last = match end(&child, limit) {
                    Some(status) => {
                        // its line comes first
                        let _ = watch.join();
                        Line::Ended(status.into_raw())
                    }
                    None => Line::Left,
                };
                say(&mut worker, &last)?;
            }
        }
    }
}

/// Makes this process the parent of whatever loses its own below it, where the system can.
pub(super) fn adopt() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_child_subreaper(Some(getpid()));
}

/// Says when the program has exited, which is not reaped by this.
fn watch(child: &Child, worker: &UnixStream) -> io::Result<JoinHandle<()>> {
    let program = pid(child.id());
    let mut worker = worker.try_clone()?;
    thread::Builder::new().spawn(move || {
        let _ = program.map(|program| waitid(WaitId::Pid(program), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT));
        let _ = say(&mut worker, &Line::Exited);
    })
}

/// Ends the program, if it runs, and all that it started: how it ended. None if something is left.
fn end(child: &Child, limit: Duration) -> Option<ExitStatus> {
    let program = pid(child.id())?;
    // while the program is not reaped, its number is its own, and that of its group
    let _ = kill_process_group(program, Signal::KILL);
    let mut status = None;
    let all = each_child_ended(limit, &mut |ended, how| {
        if ended == program {
            status = Some(how);
        }
    });
    status.filter(|_| all)
}

/// Ends every child of this process, and whoever becomes one: whether none is left.
fn each_child_ended(limit: Duration, ended: &mut dyn FnMut(Pid, ExitStatus)) -> bool {
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
        // a child that is not reaped keeps its number, so nobody else is hit
        for child in children() {
            let _ = kill_process(child, Signal::KILL);
        }
        thread::sleep(LOOK_AGAIN);
    }
    false
}

/// The children of this process.
pub(super) fn children() -> Vec<Pid> {
    let own = getpid();
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    numbers.filter(|number| parent(*number) == Some(own)).filter_map(pid).collect()
}

/// The parent of a process: the second number behind the name, which stands in parentheses and may hold anything (proc(5)).
fn parent(process: u32) -> Option<Pid> {
    let stat = fs::read(format!("/proc/{process}/stat")).ok()?;
    let behind = stat.iter().rposition(|byte| *byte == b')')?;
    let text = std::str::from_utf8(&stat[behind + 1..]).ok()?;
    pid(text.split_whitespace().nth(1)?.parse().ok()?)
}

fn pid(number: u32) -> Option<Pid> {
    Pid::from_raw(i32::try_from(number).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_written() {
        for line in [Line::Started, Line::Failed(2), Line::Exited, Line::Ended(256), Line::Left] {
            assert_eq!(next_line(&mut format!("{line}\n").as_bytes()).unwrap(), line);
        }
        ["", "ended", "ended x", "hello"].iter().for_each(|text| assert!(next_line(&mut text.as_bytes()).is_err(), "{text}"));
    }

    #[test]
    fn the_parent_of_a_process_is_found() {
        let parent_of_this = std::os::unix::process::parent_id();
        assert_eq!(parent(std::process::id()), pid(parent_of_this));
    }
}
