//! Processes the datums of a job, several at a time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use super::attempt::{FinishedDatum, JobContext, JobStop, no_thread};
use super::process::ProgramRunner;
use super::{batch, single};
use crate::datums::Datum;
use crate::error::Result;

/// How many results are recorded together at most.
const RECORDED_TOGETHER_MAX: usize = 256;

/// How many datum sets each worker gets, unless the spec says how many datums a set has.
const SETS_PER_WORKER: usize = 4;

/// Records datums that have finished.
type Record<'r, 'a> = dyn FnMut(Vec<FinishedDatum<'a>>) -> Result<()> + 'r;

/// What a worker sends for each datum.
type Finished<'a> = Result<FinishedDatum<'a>, JobStop>;

/// Processes datums and calls `record` with results as they come. Returns why it stopped early, if it did.
pub fn process<'a>(job: &JobContext<'a>, datums: &[&Datum], workers: usize, record: &mut Record<'_, 'a>) -> Option<JobStop> {
    let sets: Vec<&[&Datum]> = datums.chunks(set_size(job, datums.len(), workers)).collect();
    let next = AtomicUsize::new(0);
    let (send, receive) = mpsc::channel();
    let (mut started, mut refused) = (0, None);
    let stop = thread::scope(|scope| {
        for _ in 0..workers.min(sets.len()) {
            let (send, next, sets) = (send.clone(), &next, &sets);
            let worker = move || {
                if let Err(stop) = work(job, sets, next, &send) {
                    job.halted.store(true, Ordering::Relaxed);
                    let _ = send.send(Err(stop));
                }
            };
            if let Err(error) = thread::Builder::new().spawn_scoped(scope, worker) {
                refused = Some(error);
                break;
            }
            started += 1;
        }
        drop(send);
        receive_results(job, &receive, record)
    });
    // a refused thread is an error only if no other worker did its work
    refused.filter(|_| started == 0).map(|error| JobStop::Failed(no_thread(&error))).or(stop)
}

fn set_size(job: &JobContext<'_>, datums: usize, workers: usize) -> usize {
    match (job.spec.transform.datum_batching, job.spec.set_datums) {
        (false, _) => 1,
        (true, Some(number)) => usize::try_from(number).unwrap_or(usize::MAX).max(1),
        (true, None) => datums.div_ceil(workers * SETS_PER_WORKER).max(1),
    }
}

/// Takes one set after another until none is left.
fn work<'a>(job: &JobContext<'a>, sets: &[&[&Datum]], next: &AtomicUsize, send: &Sender<Finished<'a>>) -> Result<(), JobStop> {
    let mut runner = ProgramRunner::new(&job.host.program);
    while let Some(set) = sets.get(next.fetch_add(1, Ordering::Relaxed)) {
        let each = &mut |finished| drop(send.send(Ok(finished)));
        if job.spec.transform.datum_batching {
            batch::process(job, &mut runner, set, each)?;
        } else {
            set.iter().try_for_each(|datum| single::process(job, &mut runner, datum).map(&mut *each))?;
        }
    }
    Ok(())
}

fn receive_results<'a>(job: &JobContext<'a>, results: &Receiver<Finished<'a>>, record: &mut Record<'_, 'a>) -> Option<JobStop> {
    let mut stop = None;
    while let Ok(first) = results.recv() {
        let together = std::iter::once(first).chain(results.try_iter().take(RECORDED_TOGETHER_MAX - 1));
        let (finished, stops): (Vec<_>, Vec<_>) = together.partition(Result::is_ok);
        stop = stops.into_iter().filter_map(Result::err).fold(stop, more_important);
        if let Err(error) = record(finished.into_iter().flatten().collect()) {
            job.halted.store(true, Ordering::Relaxed);
            stop = more_important(stop, JobStop::Failed(error));
        }
    }
    stop
}

/// Returns the reason that a person should read: a failure rather than a timeout, and a timeout rather than a request to stop.
fn more_important(one: Option<JobStop>, other: JobStop) -> Option<JobStop> {
    let rank = |stop: &JobStop| match stop {
        JobStop::Stopped => 0,
        JobStop::Timeout => 1,
        JobStop::Failed(_) => 2,
    };
    one.into_iter().chain([other]).max_by_key(rank)
}
