//! A set of datums to their results: the program is started once and asks for each by running `pachctl next datum`.
//!
//! The runner is what Pachyderm's worker is: it listens at a socket, whose path is in `PIPELINE_WORKER`. To ask for the next datum says that
//! the one at hand is done, or with `--error` that its try failed. The program is ended while it waits for a datum that does not come.
//!
//! *Invariants*: a try that failed, and a program that ended by itself, cost the datum at hand a try and the program a new start.
//!
//! *Not here*: a start for an empty set. Where there is no datum, no program is started.
//!
//! *Limits*: what the program says counts for the datum that is at hand when it is heard. The path of a socket has at most 107 bytes.

use std::fmt::Write as _;
use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};

use super::desk::Desk;
use super::process::{Cut, Limits, Running, TICK, words};
use super::single::cannot_start;
use super::variables;
use super::work::{Finished, Stop, Tried, Work, ends_job};
use crate::datums::Datum;
use crate::disk::{at, bad};
use crate::failure::Failure;
use crate::next_datum::{ANSWER, SOCKET, WORKER_VARIABLE};
use crate::store::objects::Staged;
use crate::store::records::Processed;

const SOCKET_BYTES_MAX: usize = 107;

/// Runs a set.
pub fn process<'a>(work: &Work<'a>, desk: &mut Desk, set: &[&Datum], each: &mut dyn FnMut(Finished<'a>)) -> Result<(), Stop> {
    let mut shift = Shift { work, program: None };
    let done = set.iter().try_for_each(|datum| shift.datum(desk, datum).map(&mut *each));
    // whatever came of it, the program does not outlive the set
    shift.end(desk);
    done
}

/// A worker with the program that it has started, if one runs.
struct Shift<'a, 'b> {
    work: &'b Work<'a>,
    program: Option<Program>,
}

/// Every program has a socket of its own, so nothing that an earlier one said is taken for its word.
struct Program {
    running: Running,
    ear: Ear,
    /// It waits here for the next datum.
    ask: Option<UnixStream>,
}

impl<'a> Shift<'a, '_> {
    /// Tries a datum until it succeeds or has failed often enough.
    fn datum(&mut self, desk: &mut Desk, datum: &Datum) -> Result<Finished<'a>, Stop> {
        let (mut processed, mut staged, mut log) = (self.work.begun(datum), self.work.store.objects.stage(), String::new());
        while processed.tries < self.work.spec.datum_tries {
            processed.tries += 1;
            let tried = self.attempt(desk, datum, &mut processed, &mut staged)?;
            log = self.program.as_ref().map_or_else(String::new, |program| program.running.said());
            match tried {
                Tried::Good => {
                    processed.error = None;
                    break;
                }
                Tried::Bad(why) => processed.error = Some(why),
            }
            log += &self.end(desk);
        }
        self.work.finished(desk, processed, staged, &log)
    }

    /// One try of a datum.
    fn attempt(&mut self, desk: &mut Desk, datum: &Datum, processed: &mut Processed, staged: &mut Staged<'a>) -> Result<Tried, Stop> {
        let ask = match self.asked(desk)? {
            Ok(ask) => ask,
            Err(why) => return Ok(Tried::Bad(why)),
        };
        desk.lay(&self.work.store.objects, datum)?;
        write_variables(self.work, desk, datum)?;
        // one that is gone by now is noticed as a program that ended
        let _ = (&ask).write_all(ANSWER.as_bytes());
        drop(ask);
        match self.next()? {
            Ok(ask) => {
                if let Some(program) = &mut self.program {
                    program.ask = Some(ask);
                }
                self.work.collect(desk, staged, processed)
            }
            Err(why) => Ok(Tried::Bad(why)),
        }
    }

    /// A program that waits for a datum: the one that runs, or a new one once it has asked.
    fn asked(&mut self, desk: &Desk) -> Result<Result<UnixStream, String>, Stop> {
        if let Some(ask) = self.program.as_mut().and_then(|program| program.ask.take()) {
            return Ok(Ok(ask));
        }
        let stopped = || self.work.stopped();
        if let Some(stop) = self.work.limits(&stopped).cut().and_then(ends_job) {
            return Err(stop);
        }
        self.start(desk)?;
        self.next()
    }

    fn start(&mut self, desk: &Desk) -> Result<(), Failure> {
        let mut variables = variables::of_job(self.work.job);
        variables.insert(WORKER_VARIABLE.to_owned(), self.work.place.bin(desk).join(SOCKET).display().to_string());
        let (ear, send) = Ear::open(desk.bin().join(SOCKET))?;
        let command = self.work.place.command(desk, self.work.spec, &variables)?;
        let running = Running::start(command).map_err(|error| cannot_start(self.work.spec, &error))?;
        running.when_ended(move || drop(send.send(Event::Ended)));
        self.program = Some(Program { running, ear, ask: None });
        Ok(())
    }

    /// The program's next question, or why the try has failed.
    fn next(&self) -> Result<Result<UnixStream, String>, Stop> {
        let stopped = || self.work.stopped();
        match self.happened(&self.work.limits(&stopped)) {
            Ok(Event::Asked(stream, None)) => Ok(Ok(stream)),
            Ok(Event::Asked(_, Some(why))) => Ok(Err(why)),
            Ok(Event::Ended) => Ok(Err("the program ended by itself and did not ask for the next datum".to_owned())),
            Err(cut) => match ends_job(cut) {
                Some(stop) => Err(stop),
                None => Ok(Err(words(Err(cut)))),
            },
        }
    }

    fn happened(&self, limits: &Limits<'_>) -> Result<Event, Cut> {
        let Some(program) = &self.program else { return Ok(Event::Ended) };
        loop {
            match program.ear.events.recv_timeout(TICK) {
                Ok(event) => return Ok(event),
                Err(RecvTimeoutError::Disconnected) => return Ok(Event::Ended),
                Err(RecvTimeoutError::Timeout) => limits.cut().map_or(Ok(()), Err)?,
            }
        }
    }

    /// Ends the program, if one runs: what it said last.
    fn end(&mut self, desk: &Desk) -> String {
        let Some(mut program) = self.program.take() else { return String::new() };
        // how it ended does not matter: it waits, or has failed
        let _ = program.running.end();
        self.work.place.end(desk);
        program.running.said()
    }
}

/// What happens while a program runs.
enum Event {
    /// It asks for the next datum; the try of the one at hand may have failed.
    Asked(UnixStream, Option<String>),
    /// It has ended.
    Ended,
}

/// A socket, and the thread that hears what is said there.
struct Ear {
    path: PathBuf,
    events: Receiver<Event>,
    closed: Arc<AtomicBool>,
    hearing: Option<JoinHandle<()>>,
}

impl Ear {
    fn open(path: PathBuf) -> Result<(Self, Sender<Event>), Failure> {
        let bytes = path.as_os_str().len();
        if bytes > SOCKET_BYTES_MAX {
            let found = format!("{}: this path has {bytes} bytes, and that of a socket at most {SOCKET_BYTES_MAX}", path.display());
            return Err(bad(found, "give --store a folder with a shorter path: `datumBatching` needs a socket in it"));
        }
        // of the program before
        let _ = fs::remove_file(&path);
        let listener = UnixListener::bind(&path).map_err(at(&path))?;
        // whoever the program runs as has to be able to ask
        fs::set_permissions(&path, Permissions::from_mode(0o777)).map_err(at(&path))?;
        let (send, events) = mpsc::channel();
        let closed = Arc::new(AtomicBool::new(false));
        let hearing = thread::spawn({
            let (send, closed) = (send.clone(), Arc::clone(&closed));
            move || hear(&listener, &send, &closed)
        });
        Ok((Self { path, events, closed, hearing: Some(hearing) }, send))
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::SeqCst);
        if UnixStream::connect(&self.path).is_ok() {
            let _ = self.hearing.take().map(JoinHandle::join);
        }
    }
}

fn hear(listener: &UnixListener, send: &Sender<Event>, closed: &AtomicBool) {
    while let Ok((stream, _)) = listener.accept() {
        if closed.load(Ordering::SeqCst) {
            return;
        }
        if let Some(error) = heard(&stream) {
            let _ = send.send(Event::Asked(stream, error));
        }
    }
}

/// What a program says with its question: nothing, or why the try failed. None if it is gone before it has asked.
fn heard(stream: &UnixStream) -> Option<Option<String>> {
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).ok()?;
    serde_json::from_str(&line).ok()
}

/// What a program finds in `/pfs/.env`.
fn write_variables(work: &Work<'_>, desk: &Desk, datum: &Datum) -> Result<(), Failure> {
    let mut text = String::new();
    for (name, value) in work.variables(desk, datum) {
        let _ = writeln!(text, "{name}={value}");
    }
    let path = desk.pfs().join(".env");
    fs::write(&path, text).map_err(at(&path))
}
