//! A version of a pipeline and the commits that it reads to a job, its datums and its output commit.
//!
//! *Invariants*: a datum that an earlier job processed, with the same contents and salt, is skipped, and its output kept; the earlier job is
//! the nearest that succeeded. Output, job and branch change at once. Two datums that write one path fail the job.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use super::Run;
use super::versions::Pipeline;
use super::work::{Finished, Stop, Work};
use crate::datums::{Datum, Tree, datums};
use crate::disk::broken;
use crate::error::Result;
use crate::paths;
use crate::report::Report;
use crate::store::records::{Commit, Counts, Job, Processed, State};
use crate::store::{self, Store};

/// Datums whose last words are shown, and how many lines of each.
const SHOWN_MAX: usize = 3;
const LINES_MAX: usize = 2;

/// How the work on a job ended.
pub enum Ended {
    /// It came to its end, well or badly.
    Job(Job),
    /// The run has to end before.
    Stopped {
        /// Datums that are done.
        done: usize,
        /// Of how many.
        all: usize,
    },
}

/// Runs what is left of a job.
pub fn execute(run: &Run<'_>, pipeline: &Pipeline, job: Job, report: &mut dyn Report) -> Result<Ended> {
    let datums = datums_of(run.store, pipeline, &job)?;
    let known = known(run.store, pipeline, &job)?;
    let mut results: BTreeMap<String, Processed> = BTreeMap::new();
    let mut left = Vec::new();
    for datum in &datums {
        match known.get(&datum.hash) {
            Some(processed) => drop(results.insert(datum.hash.clone(), processed.clone())),
            None => left.push(datum),
        }
    }
    let places: BTreeMap<&str, usize> = left.iter().enumerate().map(|(place, datum)| (datum.hash.as_str(), place)).collect();
    let mut said = Words::default();
    let stop = work(run, pipeline, &job, &left, &mut |finished| {
        finished.iter().for_each(|finished| said.hear(places[finished.processed.hash.as_str()], finished));
        record(run.store, &job, finished, &mut results)
    });
    match stop {
        Some(Stop::Broken(failure)) => Err(failure),
        Some(Stop::Stopped) => {
            Ok(Ended::Stopped { done: results.values().filter(|result| result.error.is_none()).count(), all: datums.len() })
        }
        late => {
            let late = late.map(|_| "it took longer than `jobTimeout`".to_owned());
            let ordered: Vec<Processed> = datums.iter().filter_map(|datum| results.remove(&datum.hash)).collect();
            let job = conclude(run.store, pipeline, job, &ordered, late)?;
            say(&job, &said, report);
            Ok(Ended::Job(job))
        }
    }
}

/// The datums of a job, done or not.
pub fn datums_of(store: &Store, pipeline: &Pipeline, job: &Job) -> Result<Vec<Datum>> {
    let mut trees = BTreeMap::new();
    for head in &job.inputs {
        let lost = || broken(format_args!("commit {} of `{}` is not in the store", head.commit, head.repo), "see `samefit pipeline check`");
        let commit = store.commit(&head.repo, &head.commit)?.ok_or_else(lost)?;
        trees.insert((head.repo.as_str(), head.branch.as_str()), Arc::new(store.tree(&commit)?));
    }
    let tree = |repo: &str, branch: &str| trees.get(&(repo, branch)).cloned().unwrap_or_default();
    Ok(datums(&pipeline.spec.input, &pipeline.version.salt, &tree))
}

/// What need not run again, by datum hash: what the nearest job that succeeded had, and what this one did before it was interrupted.
fn known(store: &Store, pipeline: &Pipeline, job: &Job) -> Result<BTreeMap<String, Processed>> {
    let mut known = BTreeMap::new();
    let nearest = store.jobs(&job.pipeline)?.into_iter().find(|other| other.number < job.number && other.state == State::Success);
    if let Some(nearest) = nearest.filter(|_| !pipeline.spec.reprocess) {
        known.extend(store.processed(&nearest)?.into_iter().map(|processed| (processed.hash.clone(), processed)));
    }
    known.extend(store.done(&job.pipeline, job.version)?.into_iter().map(|processed| (processed.hash.clone(), processed)));
    Ok(known)
}

fn work<'a>(
    run: &'a Run<'_>,
    pipeline: &'a Pipeline,
    job: &'a Job,
    left: &[&Datum],
    record: &mut dyn FnMut(Vec<Finished<'a>>) -> Result<()>,
) -> Option<Stop> {
    let spec = &pipeline.spec;
    let workers = run.options.workers.unwrap_or_else(|| run.world.cores.min(spec.workers as usize)).max(1);
    let deadline = spec.job_timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    let work = Work { store: run.store, world: run.world, job, spec, place: run.options.place, deadline, halted: AtomicBool::new(false) };
    work.all(left, workers, record)
}

/// Makes results durable: those that failed are not, for an interrupted job tries them again.
fn record(store: &Store, job: &Job, finished: Vec<Finished<'_>>, results: &mut BTreeMap<String, Processed>) -> Result<()> {
    let mut staged = store.objects.stage();
    let mut all = Vec::new();
    for Finished { processed, staged: more, .. } in finished {
        staged.absorb(more);
        all.push(processed);
    }
    staged.settle()?;
    store.write(|change| {
        let good = all.iter().filter(|processed| processed.error.is_none());
        good.into_iter().try_for_each(|processed| change.done(&job.pipeline, job.version, processed))
    })?;
    results.extend(all.into_iter().map(|processed| (processed.hash.clone(), processed)));
    Ok(())
}

/// Ends a job: its output becomes the head of the branch.
fn conclude(store: &Store, pipeline: &Pipeline, mut job: Job, results: &[Processed], late: Option<String>) -> Result<Job> {
    job.counts = count(&job, results);
    let tree = merged(results);
    let wrong = tree.as_ref().err().cloned();
    job.state = match (&late, &wrong, job.counts.failed) {
        (Some(_), _, _) => State::Killed,
        (None, None, 0) => State::Success,
        _ => State::Error,
    };
    job.error = late.or(wrong).or_else(|| first_failure(&job, results));
    job.ended = Some(store.now());
    let tree = tree.ok();
    let mut staged = store.objects.stage();
    job.datums = Some(store::list(&mut staged, &results)?.sha256);
    let listing = tree.as_ref().map(|tree| store::list(&mut staged, tree)).transpose()?;
    staged.settle()?;
    let branch = &pipeline.spec.output_branch;
    let parent = store.head(&job.pipeline, branch)?.map(|commit| commit.id);
    let tree = tree.unwrap_or_default();
    store.write(|change| {
        change.commit(&Commit {
            id: job.id.clone(),
            repo: job.pipeline.clone(),
            branch: branch.clone(),
            parent,
            tree: listing.map(|leaf| leaf.sha256),
            files: tree.len() as u64,
            bytes: tree.values().map(|leaf| leaf.bytes).sum(),
            error: job.error.clone(),
            number: job.number,
            made: store.now(),
        })?;
        change.job(&job)?;
        change.forget_done(&job.pipeline)
    })?;
    Ok(job)
}

fn count(job: &Job, results: &[Processed]) -> Counts {
    let mut counts = Counts::default();
    for result in results {
        match (&result.error, result.job == job.id) {
            (Some(_), _) => counts.failed += 1,
            (None, true) => counts.processed += 1,
            (None, false) => counts.skipped += 1,
        }
    }
    counts
}

/// What all datums wrote; an error if two wrote one path.
fn merged(results: &[Processed]) -> Result<Tree, String> {
    let mut writers: BTreeMap<&str, &Processed> = BTreeMap::new();
    let mut tree = Tree::new();
    for result in results.iter().filter(|result| result.error.is_none()) {
        for file in &result.files {
            if let Some(other) = writers.insert(&file.path, result) {
                return Err(format!(
                    "duplicate path output by different datums: `{}` by {} and by {}",
                    file.path,
                    named(other),
                    named(result)
                ));
            }
            tree.insert(file.path.clone(), file.leaf);
        }
    }
    let clash = paths::clash(&tree).map(|(file, other)| format!("one datum wrote the file `{file}` and another `{other}` below it"));
    clash.map_or(Ok(tree), Err)
}

fn first_failure(job: &Job, results: &[Processed]) -> Option<String> {
    let failed = results.iter().find(|result| result.error.is_some())?;
    let all = results.len();
    Some(format!("{} of {all} datums failed; first {}: {}", job.counts.failed, named(failed), failed.error.as_deref().unwrap_or_default()))
}

/// A datum as people know it: its paths, and the start of its id.
fn named(processed: &Processed) -> String {
    let paths: Vec<String> = processed.pieces.iter().map(|piece| format!("{}:{}", piece.repo, piece.path)).collect();
    format!("datum {} ({})", &processed.id[..12.min(processed.id.len())], paths.join(", "))
}

/// The last lines of some datums, by their places among all: of the first that failed, and else of the first. In whatever order they end,
/// the same is said.
#[derive(Default)]
struct Words {
    good: BTreeMap<usize, String>,
    bad: BTreeMap<usize, String>,
    heard: usize,
}

impl Words {
    fn hear(&mut self, place: usize, finished: &Finished<'_>) {
        let lines: Vec<&str> = finished.log.lines().filter(|line| !line.trim().is_empty()).collect();
        if lines.is_empty() {
            return;
        }
        self.heard += 1;
        let last = lines[lines.len().saturating_sub(LINES_MAX)..].iter().map(|line| format!("  | {line}\n")).collect();
        let kind = if finished.processed.error.is_some() { &mut self.bad } else { &mut self.good };
        kind.insert(place, last);
        if kind.len() > SHOWN_MAX {
            kind.pop_last();
        }
    }

    fn text(&self) -> String {
        let shown: Vec<&str> = self.bad.values().chain(self.good.values()).take(SHOWN_MAX).map(String::as_str).collect();
        let more = self.heard - shown.len();
        shown.concat() + &if more == 0 { String::new() } else { format!("  and the words of {more} more\n") }
    }
}

fn say(job: &Job, said: &Words, report: &mut dyn Report) {
    let Counts { processed, skipped, failed } = job.counts;
    let mut text = format!("{}: {processed} processed, {skipped} skipped, {failed} failed", job.pipeline);
    let _ = write!(text, "\n{}", said.text());
    report.say(text.trim_end());
    let Some(error) = &job.error else { return };
    report.note(&format!("{}: the job failed: {error}", job.pipeline));
    report.note(&format!(
        "  `{}` shows the output of this failed job now, and what reads it does not run; what succeeded before is in `samefit pipeline list \
         commits {}`",
        job.pipeline, job.pipeline
    ));
}
