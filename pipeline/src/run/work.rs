//! A job's datums to what came of them, several at a time.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Instant;

use super::datum_dir::{DatumDir, Unusable};
use super::place::Place;
use super::process::{Cut, Limits, Programs};
use super::variables::{self, Variables};
use super::{World, batch, single};
use crate::datums::Datum;
use crate::error::{Error, Result};
use crate::spec::Spec;
use crate::store::Store;
use crate::store::objects::Staged;
use crate::store::records::{Job, Part, Processed};

/// Results are recorded together, up to this many.
const RECORDED_TOGETHER_MAX: usize = 256;

/// Datum sets a worker, unless the spec says how many datums a set has.
const SETS_A_WORKER: usize = 4;

/// What the workers of a job share.
pub struct Work<'a> {
    /// Where contents come from and go to.
    pub store: &'a Store,
    /// The run.
    pub world: &'a World<'a>,
    /// What is done.
    pub job: &'a Job,
    /// How.
    pub spec: &'a Spec,
    /// Where.
    pub place: &'a dyn Place,
    /// When the job has to be done.
    pub deadline: Option<Instant>,
    /// Whether a worker has to give up, and with it all.
    pub halted: AtomicBool,
}

/// A datum that has come to its end.
pub struct Finished<'a> {
    /// What is recorded of it.
    pub processed: Processed,
    /// What its program said.
    pub log: String,
    /// The contents of its output.
    pub staged: Staged<'a>,
}

/// Why the job does not go on.
#[derive(Debug)]
pub enum Stop {
    /// A person wants it, or another worker has failed.
    Stopped,
    /// It took too long.
    JobTimeout,
    /// The machine failed.
    Broken(Error),
}

impl From<Error> for Stop {
    fn from(failure: Error) -> Self {
        Self::Broken(failure)
    }
}

/// How one try of a datum ended.
pub enum Tried {
    /// Well.
    Good,
    /// Badly: why.
    Bad(String),
}

impl<'a> Work<'a> {
    /// Runs the datums; `record` gets them as they are done. Ends early for the reason it gives.
    pub fn all(&self, datums: &[&Datum], workers: usize, record: &mut dyn FnMut(Vec<Finished<'a>>) -> Result<()>) -> Option<Stop> {
        let sets: Vec<&[&Datum]> = datums.chunks(self.set_size(datums.len(), workers)).collect();
        let next = AtomicUsize::new(0);
        let (send, receive) = mpsc::channel();
        let (mut begun, mut refused) = (0, None);
        let stop = thread::scope(|scope| {
            for _ in 0..workers.min(sets.len()) {
                let (send, next, sets) = (send.clone(), &next, &sets);
                let worker = move || {
                    if let Err(stop) = self.worker(sets, next, &send) {
                        self.halted.store(true, Ordering::Relaxed);
                        let _ = send.send(Err(stop));
                    }
                };
                if let Err(error) = thread::Builder::new().spawn_scoped(scope, worker) {
                    refused = Some(error);
                    break;
                }
                begun += 1;
            }
            drop(send);
            self.receive(&receive, record)
        });
        // those that did begin have done all the work
        refused.filter(|_| begun == 0).map(|error| Stop::Broken(no_thread(&error))).or(stop)
    }

    fn set_size(&self, datums: usize, workers: usize) -> usize {
        match (self.spec.transform.datum_batching, self.spec.set_datums) {
            (false, _) => 1,
            (true, Some(number)) => usize::try_from(number).unwrap_or(usize::MAX).max(1),
            (true, None) => datums.div_ceil(workers * SETS_A_WORKER).max(1),
        }
    }

    fn worker(&self, sets: &[&[&Datum]], next: &AtomicUsize, send: &Sender<Result<Finished<'a>, Stop>>) -> Result<(), Stop> {
        let mut programs = Programs::new(&self.world.program);
        while let Some(set) = sets.get(next.fetch_add(1, Ordering::Relaxed)) {
            let each = &mut |finished| drop(send.send(Ok(finished)));
            if self.spec.transform.datum_batching {
                batch::process(self, &mut programs, set, each)?;
            } else {
                set.iter().try_for_each(|datum| single::process(self, &mut programs, datum).map(&mut *each))?;
            }
        }
        Ok(())
    }

    fn receive(
        &self,
        results: &Receiver<Result<Finished<'a>, Stop>>,
        record: &mut dyn FnMut(Vec<Finished<'a>>) -> Result<()>,
    ) -> Option<Stop> {
        let mut stop = None;
        while let Ok(first) = results.recv() {
            let together = std::iter::once(first).chain(results.try_iter().take(RECORDED_TOGETHER_MAX - 1));
            let (good, bad): (Vec<_>, Vec<_>) = together.partition(Result::is_ok);
            stop = bad.into_iter().filter_map(Result::err).fold(stop, worse);
            if let Err(failure) = record(good.into_iter().flatten().collect()) {
                self.halted.store(true, Ordering::Relaxed);
                stop = worse(stop, Stop::Broken(failure));
            }
        }
        stop
    }

    /// What ends a try that begins now.
    pub fn limits<'b>(&self, stopped: &'b (dyn Fn() -> bool + Sync)) -> Limits<'b> {
        let datum = self.spec.datum_timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        Limits { datum, job: self.deadline, stopped }
    }

    /// Whether the run has to end.
    pub fn stopped(&self) -> bool {
        self.halted.load(Ordering::Relaxed) || (self.world.stopped)()
    }

    /// A new folder for a program that is to start.
    pub fn new_dir(&self) -> Result<DatumDir> {
        DatumDir::new(self.store.tmp(), &self.world.program)
    }

    /// What a program finds in its environment about a datum.
    pub fn variables(&self, dir: &DatumDir, datum: &Datum) -> Variables {
        variables::of_datum(self.job, datum, &self.place.pfs(dir))
    }

    /// Whether a try that ended counts as good, and what it wrote.
    pub fn collect(&self, dir: &DatumDir, staged: &mut Staged<'a>, processed: &mut Processed) -> Result<Tried, Stop> {
        match dir.collect(staged) {
            Ok(files) => {
                processed.files = files;
                Ok(Tried::Good)
            }
            Err(Unusable::Output(why)) => Ok(Tried::Bad(why)),
            Err(Unusable::Machine(failure)) => Err(failure.into()),
        }
    }

    /// A datum that has its result, with what its program said.
    pub fn finished(&self, mut processed: Processed, mut staged: Staged<'a>, log: String) -> Result<Finished<'a>, Stop> {
        if !log.is_empty() {
            processed.log = Some(staged.stream(log.as_bytes())?.sha256);
        }
        Ok(Finished { processed, log, staged })
    }

    /// A datum that has no result yet.
    pub fn begun(&self, datum: &Datum) -> Processed {
        let part = |piece: &crate::datums::Piece| Part {
            input: piece.input.clone(),
            repo: piece.repo.clone(),
            branch: piece.branch.clone(),
            path: piece.path.clone(),
        };
        Processed {
            id: datum.id.clone(),
            hash: datum.hash.clone(),
            pieces: datum.pieces.iter().map(part).collect(),
            files: Vec::new(),
            error: None,
            tries: 0,
            job: self.job.id.clone(),
            log: None,
        }
    }
}

/// The system gives no thread, and so no work can be done.
pub fn no_thread(error: &std::io::Error) -> Error {
    crate::disk::broken(
        format_args!("the system refuses to begin a thread: {error}"),
        "give this user more processes (`ulimit -u`) or memory, or end something else",
    )
}

/// What has to be told of two reasons: a failure before a limit, and that before a wish.
fn worse(one: Option<Stop>, other: Stop) -> Option<Stop> {
    let rank = |stop: &Stop| match stop {
        Stop::Stopped => 0,
        Stop::JobTimeout => 1,
        Stop::Broken(_) => 2,
    };
    one.into_iter().chain([other]).max_by_key(rank)
}

/// A cut that ends the whole job; a datum's own time only ends its try.
pub fn ends_job(cut: Cut) -> Option<Stop> {
    match cut {
        Cut::DatumTimeout => None,
        Cut::JobTimeout => Some(Stop::JobTimeout),
        Cut::Stopped => Some(Stop::Stopped),
    }
}
