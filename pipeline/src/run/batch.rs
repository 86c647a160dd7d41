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
use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

use super::datum_dir::DatumDir;
use super::process::{Cut, Limits, Programs, Running, TICK, words};
use super::single::cannot_start;
use super::variables;
use super::work::{Finished, Stop, Tried, Work, ends_job, no_thread};
use crate::datums::Datum;
use crate::disk::{at, bad};
use crate::error::Result;
use crate::folder::Folder;
use crate::next_datum::{ANSWER, SOCKET, WORKER_VARIABLE};
use crate::store::objects::Staged;
use crate::store::records::Processed;

const SOCKET_BYTES_MAX: usize = 107;

/// What a program says with a question at most, and how long it may take.
const QUESTION_BYTES_MAX: usize = 1 << 16;
/// Questions that wait to be looked at.
const QUESTIONS_MAX: usize = 4;
const QUESTION_TIME_MAX: Duration = Duration::from_secs(10);

/// Runs a set.
pub fn process<'a>(work: &Work<'a>, programs: &mut Programs, set: &[&Datum], each: &mut dyn FnMut(Finished<'a>)) -> Result<(), Stop> {
    let mut shift = Shift { work, programs, program: None };
    let done = set.iter().try_for_each(|datum| shift.datum(datum).map(&mut *each));
    // whatever came of it, the program does not outlive the set
    shift.end();
    done
}

/// A worker with the program that it has started, if one runs.
struct Shift<'a, 'b> {
    work: &'b Work<'a>,
    programs: &'b mut Programs,
    program: Option<Program>,
}

/// Every program has a socket of its own, so nothing that an earlier one said is taken for its word.
struct Program {
    running: Running,
    dir: DatumDir,
    /// Where there are too many questions to tell of the end.
    has_ended: Arc<AtomicBool>,
    ear: Ear,
    /// It waits here for the next datum.
    ask: Option<UnixStream>,
}

impl Program {
    /// What it said since this was asked last.
    fn said(&self) -> String {
        self.dir.told(&self.running.said())
    }
}

impl<'a> Shift<'a, '_> {
    /// Tries a datum until it succeeds or has failed often enough.
    fn datum(&mut self, datum: &Datum) -> Result<Finished<'a>, Stop> {
        let (mut processed, mut staged, mut log) = (self.work.begun(datum), self.work.store.objects.stage(), String::new());
        while processed.tries < self.work.spec.datum_tries {
            processed.tries += 1;
            let tried = self.attempt(datum, &mut processed, &mut staged)?;
            log = self.program.as_ref().map_or_else(String::new, Program::said);
            match tried {
                Tried::Good => {
                    processed.error = None;
                    break;
                }
                Tried::Bad(why) => processed.error = Some(why),
            }
            log += &self.end();
        }
        self.work.finished(processed, staged, log)
    }

    /// One try of a datum.
    fn attempt(&mut self, datum: &Datum, processed: &mut Processed, staged: &mut Staged<'a>) -> Result<Tried, Stop> {
        let ask = match self.asked()? {
            Ok(ask) => ask,
            Err(why) => return Ok(Tried::Bad(why)),
        };
        let Some(program) = &self.program else { return Ok(Tried::Bad("the program is not there any more".to_owned())) };
        program.dir.materialize(&self.work.store.objects, datum)?;
        write_variables(self.work, &program.dir, datum)?;
        // one that is gone by now is noticed as a program that ended
        let _ = (&ask).write_all(ANSWER.as_bytes());
        drop(ask);
        match self.next()? {
            Ok(ask) => match &mut self.program {
                Some(program) => {
                    program.ask = Some(ask);
                    self.work.collect(&program.dir, staged, processed)
                }
                None => Ok(Tried::Bad("the program is not there any more".to_owned())),
            },
            Err(why) => Ok(Tried::Bad(why)),
        }
    }

    /// A program that waits for a datum: the one that runs, or a new one once it has asked.
    fn asked(&mut self) -> Result<Result<UnixStream, String>, Stop> {
        if let Some(ask) = self.program.as_mut().and_then(|program| program.ask.take()) {
            return Ok(Ok(ask));
        }
        let stopped = || self.work.stopped();
        if let Some(stop) = self.work.limits(&stopped).cut().and_then(ends_job) {
            return Err(stop);
        }
        self.start()?;
        self.next()
    }

    fn start(&mut self) -> Result<()> {
        let dir = self.work.new_dir()?;
        let mut variables = variables::of_job(self.work.job);
        variables.insert(WORKER_VARIABLE.to_owned(), self.work.place.bin(&dir).join(SOCKET).display().to_string());
        let (ear, send) = Ear::open(dir.bin())?;
        let launch = self.work.place.launch(&dir, self.work.spec, &variables)?;
        let has_ended = Arc::new(AtomicBool::new(false));
        let ended = {
            let has_ended = Arc::clone(&has_ended);
            move || {
                has_ended.store(true, Ordering::SeqCst);
                let _ = send.try_send(Event::Ended);
            }
        };
        let running = self.programs.start(&launch, ended).map_err(|error| cannot_start(self.work.spec, &error))?;
        self.program = Some(Program { running, dir, ear, has_ended, ask: None });
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
                Err(RecvTimeoutError::Timeout) if program.has_ended.load(Ordering::SeqCst) => return Ok(Event::Ended),
                Err(RecvTimeoutError::Timeout) => limits.cut().map_or(Ok(()), Err)?,
            }
        }
    }

    /// Ends the program, if one runs: what it said last.
    fn end(&mut self) -> String {
        // its question stays open until it has ended, or it would take that for an answer
        let Some(Program { running, dir, ask: _ask, ear: _ear, .. }) = self.program.take() else { return String::new() };
        // how it ended does not matter: it waits, or has failed
        let (_, said) = self.programs.end(running);
        self.work.place.end(&dir);
        dir.told(&said)
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
    /// By the descriptor of its folder, so that it is this socket whatever stands at its path.
    path: PathBuf,
    _folder: Folder,
    events: Receiver<Event>,
    closed: Arc<AtomicBool>,
}

impl Ear {
    fn open(folder: &Folder) -> Result<(Self, SyncSender<Event>)> {
        let shown = folder.path().join(SOCKET);
        let bytes = shown.as_os_str().len();
        if bytes > SOCKET_BYTES_MAX {
            let found =
                format!("{}: this path has {bytes} bytes, and that of a socket at most {SOCKET_BYTES_MAX}", samefit_text::path(&shown));
            return Err(bad(found, "give --store a folder with a shorter path: `datumBatching` needs a socket in it"));
        }
        let folder = folder.try_clone().map_err(at(&shown))?;
        let path = folder.path_by_descriptor(SOCKET);
        let listener = UnixListener::bind(&path).map_err(at(&shown))?;
        // whoever the program runs as has to be able to ask
        folder.open_socket(SOCKET).map_err(at(&shown))?;
        let (send, events) = mpsc::sync_channel(QUESTIONS_MAX);
        let closed = Arc::new(AtomicBool::new(false));
        let hears = {
            let (send, closed) = (send.clone(), Arc::clone(&closed));
            move || hear(&listener, &send, &closed)
        };
        thread::Builder::new().spawn(hears).map_err(|error| no_thread(&error))?;
        Ok((Self { path, _folder: folder, events, closed }, send))
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::SeqCst);
        // wakes the thread, which ends by itself: a program that holds a connection open is not waited for
        let _ = UnixStream::connect(&self.path);
    }
}

fn hear(listener: &UnixListener, send: &SyncSender<Event>, closed: &AtomicBool) {
    while let Ok((stream, _)) = listener.accept() {
        if closed.load(Ordering::SeqCst) {
            return;
        }
        if let Some(error) = heard(&stream) {
            // a program waits for its answer before it asks again; what asks more than it can have answered is let go
            let _ = send.try_send(Event::Asked(stream, error));
        }
    }
}

/// What a program says with its question: nothing, or why the try failed. None if it is gone before it has asked, asks for more than a line
/// of [`QUESTION_BYTES_MAX`], or takes longer than [`QUESTION_TIME_MAX`].
fn heard(stream: &UnixStream) -> Option<Option<String>> {
    let begun = Instant::now();
    let mut line = Vec::new();
    let mut chunk = [0; 4096];
    while line.last() != Some(&b'\n') {
        let left = QUESTION_TIME_MAX.checked_sub(begun.elapsed()).filter(|left| !left.is_zero())?;
        stream.set_read_timeout(Some(left)).ok()?;
        let count = (&*stream).read(&mut chunk).ok().filter(|count| *count > 0)?;
        line.extend_from_slice(&chunk[..count]);
        if line.len() > QUESTION_BYTES_MAX {
            return None;
        }
    }
    serde_json::from_slice(&line).ok()
}

/// What a program finds in `/pfs/.env`.
fn write_variables(work: &Work<'_>, dir: &DatumDir, datum: &Datum) -> Result<()> {
    let mut text = String::new();
    for (name, value) in work.variables(dir, datum) {
        let _ = writeln!(text, "{name}={value}");
    }
    dir.write(".env", &text)
}
