//! Processes a set of datums in one process: the program is started once and asks for each datum by running `pachctl next datum`.
//!
//! The runner acts as Pachyderm's worker. It listens at a socket whose path is in the variable `PIPELINE_WORKER`. A request for the next datum
//! means that the current one succeeded, or, with `--error`, that its try failed. When there is no next datum, the program is ended while it
//! waits.
//!
//! *Invariants*: a failed try, or a program that ends by itself, uses up one try of the current datum. Then the program is started again.
//!
//! *Limits*: everything that the program writes counts as output of the datum that is current when it is read. The path of a socket has at most
//! 107 bytes. Without datums no program is started.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

use super::attempt::{Attempt, FinishedDatum, JobContext, JobStop, cannot_start, job_stop, no_thread};
use super::datum_dir::DatumDir;
use super::limits::{CHECK_INTERVAL, Interruption, Limits};
use super::process::{ProgramRunner, RunningProgram};
use super::variables;
use crate::datums::Datum;
use crate::error::{Error, Result};
use crate::folder::Folder;
use crate::next_datum::{READY, SOCKET, WORKER_VARIABLE};
use crate::store::objects::StagedObjects;
use crate::store::records::DatumResult;

/// The system's limit on the path of a socket.
const SOCKET_PATH_BYTES_MAX: usize = 107;

/// How long a request may be: one line with the reason of a failure.
const REQUEST_BYTES_MAX: usize = 1 << 16;
/// How long a program may take to send a request.
const REQUEST_TIME_MAX: Duration = Duration::from_secs(10);
/// How many requests wait to be answered. A program sends one at a time, so further ones are dropped.
const REQUESTS_MAX: usize = 4;

/// Processes a set of datums and calls `each` with every result.
pub fn process<'a>(
    job: &JobContext<'a>,
    runner: &mut ProgramRunner,
    set: &[&Datum],
    each: &mut dyn FnMut(FinishedDatum<'a>),
) -> Result<(), JobStop> {
    let mut session = BatchSession { job, runner, program: None };
    let done = set.iter().try_for_each(|datum| session.process(datum).map(&mut *each));
    // the program must not outlive the set, also after an error
    session.end_program();
    done
}

/// A worker's session with a program that asks for datums.
struct BatchSession<'a, 'b> {
    job: &'b JobContext<'a>,
    runner: &'b mut ProgramRunner,
    program: Option<BatchProgram>,
}

/// A program that asks for datums. Each start has its own socket, so a late request of an earlier program is never taken for one of this.
struct BatchProgram {
    running: RunningProgram,
    dir: DatumDir,
    /// Set when the program has exited. The event about it can be lost if too many requests wait.
    has_exited: Arc<AtomicBool>,
    listener: Listener,
    /// The connection at which the program waits for the next datum.
    request: Option<UnixStream>,
}

impl BatchProgram {
    /// Returns what the program wrote since the last call.
    fn take_output(&self) -> String {
        self.dir.with_pfs_paths(&self.running.take_output())
    }
}

/// The next request of a program, or why the try of the current datum failed.
type NextRequest = Result<UnixStream, String>;

impl<'a> BatchSession<'a, '_> {
    /// Tries a datum until it succeeds or has used up its tries.
    fn process(&mut self, datum: &Datum) -> Result<FinishedDatum<'a>, JobStop> {
        let (mut result, mut staged, mut log) = (self.job.new_result(datum), self.job.store.objects.stage(), String::new());
        while result.tries < self.job.spec.datum_tries {
            result.tries += 1;
            let attempt = self.attempt(datum, &mut result, &mut staged)?;
            log = self.program.as_ref().map_or_else(String::new, BatchProgram::take_output);
            match attempt {
                Attempt::Succeeded => {
                    result.error = None;
                    break;
                }
                Attempt::Failed(why) => result.error = Some(why),
            }
            log += &self.end_program();
        }
        self.job.finish(result, staged, log)
    }

    /// Hands the datum to the program and waits for its next request.
    fn attempt(&mut self, datum: &Datum, result: &mut DatumResult, staged: &mut StagedObjects<'a>) -> Result<Attempt, JobStop> {
        let mut request = match self.waiting_request()? {
            Ok(request) => request,
            Err(why) => return Ok(Attempt::Failed(why)),
        };
        let Some(program) = &mut self.program else { return Ok(no_program()) };
        program.dir.materialize(&self.job.store.objects, datum)?;
        write_variables(self.job, &program.dir, datum)?;
        // if the program is gone, the wait for its next request notices
        let _ = request.write_all(READY.as_bytes());
        drop(request);
        let next = self.next_request()?;
        let Some(program) = &mut self.program else { return Ok(no_program()) };
        match next {
            Ok(request) => {
                program.request = Some(request);
                self.job.collect(&program.dir, staged, result)
            }
            Err(why) => Ok(Attempt::Failed(why)),
        }
    }

    /// Returns the request of a program that waits for a datum. Starts a program if none runs.
    fn waiting_request(&mut self) -> Result<NextRequest, JobStop> {
        if let Some(request) = self.program.as_mut().and_then(|program| program.request.take()) {
            return Ok(Ok(request));
        }
        let stop_requested = || self.job.must_stop();
        if let Some(stop) = self.job.limits(&stop_requested).exceeded().and_then(job_stop) {
            return Err(stop);
        }
        self.start_program()?;
        self.next_request()
    }

    fn start_program(&mut self) -> Result<()> {
        let dir = self.job.new_dir()?;
        let mut variables = variables::of_job(self.job.job);
        variables.insert(WORKER_VARIABLE.to_owned(), self.job.runtime.bin(&dir).join(SOCKET).display().to_string());
        let (listener, send) = Listener::open(dir.bin())?;
        let launch = self.job.runtime.launch(&dir, self.job.spec, &variables)?;
        let has_exited = Arc::new(AtomicBool::new(false));
        let on_exit = {
            let has_exited = Arc::clone(&has_exited);
            move || {
                has_exited.store(true, Ordering::SeqCst);
                let _ = send.try_send(BatchEvent::Exited);
            }
        };
        let running = self.runner.start(&launch, on_exit).map_err(|error| cannot_start(self.job.spec, &error))?;
        self.program = Some(BatchProgram { running, dir, listener, has_exited, request: None });
        Ok(())
    }

    fn next_request(&self) -> Result<NextRequest, JobStop> {
        let stop_requested = || self.job.must_stop();
        match self.wait_for_event(&self.job.limits(&stop_requested)) {
            Ok(BatchEvent::Request(stream, None)) => Ok(Ok(stream)),
            Ok(BatchEvent::Request(_, Some(why))) => Ok(Err(why)),
            Ok(BatchEvent::Exited) => Ok(Err("the program ended by itself and did not ask for the next datum".to_owned())),
            Err(interruption) => match job_stop(interruption) {
                Some(stop) => Err(stop),
                None => Ok(Err(interruption.to_string())),
            },
        }
    }

    fn wait_for_event(&self, limits: &Limits<'_>) -> Result<BatchEvent, Interruption> {
        let Some(program) = &self.program else { return Ok(BatchEvent::Exited) };
        loop {
            match program.listener.events.recv_timeout(CHECK_INTERVAL) {
                Ok(event) => return Ok(event),
                Err(RecvTimeoutError::Disconnected) => return Ok(BatchEvent::Exited),
                Err(RecvTimeoutError::Timeout) if program.has_exited.load(Ordering::SeqCst) => return Ok(BatchEvent::Exited),
                Err(RecvTimeoutError::Timeout) => limits.exceeded().map_or(Ok(()), Err)?,
            }
        }
    }

    /// Ends the program if one runs. Returns what it wrote since the last time.
    fn end_program(&mut self) -> String {
        // its connection must stay open until it has ended: the program would take a closed one for an answer
        let Some(BatchProgram { running, dir, request: _request, listener: _listener, .. }) = self.program.take() else {
            return String::new();
        };
        // how it ended has no meaning: it waits for a datum, or its try has failed already
        let (_, output) = self.runner.end(running);
        self.job.runtime.clean_up(&dir);
        dir.with_pfs_paths(&output)
    }
}

fn no_program() -> Attempt {
    Attempt::Failed("the program does not run any more".to_owned())
}

/// What happens while a program runs.
enum BatchEvent {
    /// The program asks for the next datum. The text says why the try of the current datum failed, if it did.
    Request(UnixStream, Option<String>),
    /// The program has exited.
    Exited,
}

/// A socket, and a thread that reads the requests sent to it.
struct Listener {
    /// The path by way of the folder's descriptor. It leads to this socket, whatever a program puts at the visible path.
    path: PathBuf,
    _folder: Folder,
    events: Receiver<BatchEvent>,
    closed: Arc<AtomicBool>,
}

impl Listener {
    /// Opens a socket in a folder. Returns also where to send further events.
    fn open(folder: &Folder) -> Result<(Self, SyncSender<BatchEvent>)> {
        let shown = folder.path().join(SOCKET);
        let bytes = shown.as_os_str().len();
        if bytes > SOCKET_PATH_BYTES_MAX {
            let path = samefit_text::path(&shown);
            return Err(Error::invalid(
                format_args!("{path}: this path has {bytes} bytes, and that of a socket at most {SOCKET_PATH_BYTES_MAX}"),
                "give --store a folder with a shorter path: `datumBatching` needs a socket in it",
            ));
        }
        let folder = folder.try_clone().map_err(Error::at(&shown))?;
        let path = folder.path_by_descriptor(SOCKET);
        let listener = UnixListener::bind(&path).map_err(Error::at(&shown))?;
        // the program may run as any user
        folder.allow_all_on_socket(SOCKET).map_err(Error::at(&shown))?;
        let (send, events) = mpsc::sync_channel(REQUESTS_MAX);
        let closed = Arc::new(AtomicBool::new(false));
        let accept = {
            let (send, closed) = (send.clone(), Arc::clone(&closed));
            move || accept_loop(&listener, &send, &closed)
        };
        thread::Builder::new().spawn(accept).map_err(|error| no_thread(&error))?;
        Ok((Self { path, _folder: folder, events, closed }, send))
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::SeqCst);
        // this wakes the thread; it is not joined, because a program that holds a connection open would delay it
        let _ = UnixStream::connect(&self.path);
    }
}

fn accept_loop(listener: &UnixListener, send: &SyncSender<BatchEvent>, closed: &AtomicBool) {
    while let Ok((stream, _)) = listener.accept() {
        if closed.load(Ordering::SeqCst) {
            return;
        }
        if let Some(error) = read_request(&stream) {
            // if too many requests wait, this one is dropped: a program must wait for an answer before it asks again
            let _ = send.try_send(BatchEvent::Request(stream, error));
        }
    }
}

/// Reads a request and returns the reason of a failure that it holds, if it holds one. None if the connection closes before the end of the
/// line, or the request exceeds [`REQUEST_BYTES_MAX`] or [`REQUEST_TIME_MAX`].
fn read_request(stream: &UnixStream) -> Option<Option<String>> {
    let begun = Instant::now();
    let mut line = Vec::new();
    let mut chunk = [0; 4096];
    while line.last() != Some(&b'\n') {
        let left = REQUEST_TIME_MAX.checked_sub(begun.elapsed()).filter(|left| !left.is_zero())?;
        stream.set_read_timeout(Some(left)).ok()?;
        let count = (&*stream).read(&mut chunk).ok().filter(|count| *count > 0)?;
        line.extend_from_slice(&chunk[..count]);
        if line.len() > REQUEST_BYTES_MAX {
            return None;
        }
    }
    serde_json::from_slice(&line).ok()
}

/// Writes the variables of a datum to `/pfs/.env`.
fn write_variables(job: &JobContext<'_>, dir: &DatumDir, datum: &Datum) -> Result<()> {
    let mut text = String::new();
    for (name, value) in job.variables(dir, datum) {
        let _ = writeln!(text, "{name}={value}");
    }
    dir.write(".env", &text)
}
