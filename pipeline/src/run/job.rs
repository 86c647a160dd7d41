//! Runs one job: a version of a pipeline over the commits that it reads, up to its output commit.
//!
//! *Invariants*: a datum is skipped, and its output kept, if an earlier job processed it with the same contents and the same salt. That job is
//! the last one that succeeded. Output, job and branch change in one transaction. Two datums that write the same path fail the job.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use super::attempt::{FinishedDatum, JobContext, JobStop};
use super::context::Run;
use super::versions::Pipeline;
use super::workers;
use crate::datums::{Datum, Tree, datums};
use crate::error::Result;
use crate::paths;
use crate::report::Report;
use crate::store::objects::StagedObjects;
use crate::store::records::{Commit, DatumCounts, DatumResult, Job, JobState};
use crate::store::{self, Store};

/// How many datums' output is shown.
const DATUMS_SHOWN_MAX: usize = 3;
/// How many lines of each datum's output are shown.
const LINES_SHOWN_MAX: usize = 2;

/// How the work on a job ended.
pub enum JobOutcome {
    /// The job has ended, with or without success.
    Ended(Job),
    /// The run was stopped before the job's end.
    Stopped {
        /// The number of datums that are finished.
        finished: usize,
        /// The number of all datums of the job.
        all: usize,
    },
}

/// Processes the datums of a job that are not processed yet, and commits the output.
pub fn run(run: &Run<'_>, pipeline: &Pipeline, job: Job, report: &mut dyn Report) -> Result<JobOutcome> {
    let datums = datums_of(run.store, pipeline, &job)?;
    let mut results = reusable_results(run.store, pipeline, &job)?;
    let hashes: BTreeSet<&str> = datums.iter().map(|datum| datum.hash.as_str()).collect();
    results.retain(|hash, _| hashes.contains(hash.as_str()));
    let unprocessed: Vec<&Datum> = datums.iter().filter(|datum| !results.contains_key(&datum.hash)).collect();
    let positions: BTreeMap<&str, usize> = unprocessed.iter().zip(0..).map(|(datum, position)| (datum.hash.as_str(), position)).collect();
    let mut excerpts = LogExcerpts::default();
    let stop = process(run, pipeline, &job, &unprocessed, &mut |finished| {
        finished.iter().for_each(|finished| excerpts.add(positions[finished.result.hash.as_str()], finished));
        record(run.store, &job, finished, &mut results)
    });
    match stop {
        Some(JobStop::Failed(error)) => Err(error),
        Some(JobStop::Stopped) => {
            let finished = results.values().filter(|result| result.error.is_none()).count();
            Ok(JobOutcome::Stopped { finished, all: datums.len() })
        }
        timeout => {
            let timeout = timeout.map(|_| "it took longer than `jobTimeout`".to_owned());
            let ordered: Vec<DatumResult> = datums.iter().filter_map(|datum| results.remove(&datum.hash)).collect();
            let job = end(run.store, pipeline, job, &ordered, timeout)?;
            say_result(&job, &excerpts, report);
            Ok(JobOutcome::Ended(job))
        }
    }
}

/// Returns all datums of a job.
pub fn datums_of(store: &Store, pipeline: &Pipeline, job: &Job) -> Result<Vec<Datum>> {
    let mut trees = BTreeMap::new();
    for head in &job.inputs {
        let missing = || store::missing_record(format_args!("commit {} of `{}`", head.commit, head.repo));
        let commit = store.commit(&head.repo, &head.commit)?.ok_or_else(missing)?;
        trees.insert((head.repo.as_str(), head.branch.as_str()), Arc::new(store.tree(&commit)?));
    }
    let tree = |repo: &str, branch: &str| trees.get(&(repo, branch)).cloned().unwrap_or_default();
    Ok(datums(&pipeline.spec.input, &pipeline.version.salt, &tree))
}

/// Returns results that need not be computed again, by datum hash: those of the last job that succeeded, and those that this job finished before
/// it was interrupted.
fn reusable_results(store: &Store, pipeline: &Pipeline, job: &Job) -> Result<BTreeMap<String, DatumResult>> {
    let by_hash = |results: Vec<DatumResult>| results.into_iter().map(|result| (result.hash.clone(), result));
    let mut reusable = BTreeMap::new();
    let last = store.jobs(&job.pipeline)?.into_iter().find(|other| other.number < job.number && other.state == JobState::Success);
    if let Some(last) = last.filter(|_| !pipeline.spec.reprocess) {
        reusable.extend(by_hash(store.datum_results(&last)?));
    }
    reusable.extend(by_hash(store.finished_datums(&job.pipeline, job.version)?));
    Ok(reusable)
}

fn process<'a>(
    run: &'a Run<'_>,
    pipeline: &'a Pipeline,
    job: &'a Job,
    datums: &[&Datum],
    record: &mut dyn FnMut(Vec<FinishedDatum<'a>>) -> Result<()>,
) -> Option<JobStop> {
    let Run { store, host, options } = *run;
    let spec = &pipeline.spec;
    let workers = options.workers.unwrap_or_else(|| host.cores.min(spec.workers as usize)).max(1);
    let deadline = spec.job_timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    let context = JobContext { store, host, job, spec, runtime: options.runtime, deadline, halted: AtomicBool::new(false) };
    workers::process(&context, datums, workers, record)
}

/// Makes results durable. Failed datums are left out, so that an interrupted job tries them again.
fn record(store: &Store, job: &Job, finished: Vec<FinishedDatum<'_>>, results: &mut BTreeMap<String, DatumResult>) -> Result<()> {
    let mut staged = store.objects.stage();
    let mut new = Vec::new();
    for FinishedDatum { result, staged: files, .. } in finished {
        staged.merge(files);
        new.push(result);
    }
    staged.publish()?;
    store.write(|change| {
        let mut succeeded = new.iter().filter(|result| result.error.is_none());
        succeeded.try_for_each(|result| change.put_finished_datum(&job.pipeline, job.version, result))
    })?;
    results.extend(new.into_iter().map(|result| (result.hash.clone(), result)));
    Ok(())
}

/// Ends a job: sets its state, and makes its output the head of the branch.
fn end(store: &Store, pipeline: &Pipeline, mut job: Job, results: &[DatumResult], timeout: Option<String>) -> Result<Job> {
    job.counts = count(&job, results);
    let tree = merge_outputs(results);
    let conflict = tree.as_ref().err().cloned();
    job.state = match (&timeout, &conflict, job.counts.failed) {
        (Some(_), _, _) => JobState::Killed,
        (None, None, 0) => JobState::Success,
        _ => JobState::Error,
    };
    job.error = timeout.or(conflict).or_else(|| first_failure(&job, results));
    job.ended = Some(store.now());
    let mut staged = store.objects.stage();
    job.datums = Some(store::stage_listing(&mut staged, &results)?.sha256);
    let commit = output_commit(store, pipeline, &job, tree.ok(), &mut staged)?;
    staged.publish()?;
    store.write(|change| {
        change.put_commit(&commit)?;
        change.put_job(&job)?;
        change.clear_finished_datums(&job.pipeline)
    })?;
    Ok(job)
}

/// Creates the output commit of a job. Without a tree, because of a conflict, it has no listing and cannot be read.
fn output_commit(store: &Store, pipeline: &Pipeline, job: &Job, tree: Option<Tree>, staged: &mut StagedObjects<'_>) -> Result<Commit> {
    let listing = tree.as_ref().map(|tree| store::stage_listing(staged, tree)).transpose()?;
    let branch = &pipeline.spec.output_branch;
    let tree = tree.unwrap_or_default();
    Ok(Commit {
        id: job.id.clone(),
        repo: job.pipeline.clone(),
        branch: branch.clone(),
        parent: store.head(&job.pipeline, branch)?.map(|commit| commit.id),
        tree: listing.map(|listing| listing.sha256),
        files: tree.len() as u64,
        bytes: tree.values().map(|content| content.bytes).sum(),
        error: job.error.clone(),
        number: job.number,
        made: store.now(),
    })
}

fn count(job: &Job, results: &[DatumResult]) -> DatumCounts {
    let mut counts = DatumCounts::default();
    for result in results {
        match (&result.error, result.job == job.id) {
            (Some(_), _) => counts.failed += 1,
            (None, true) => counts.processed += 1,
            (None, false) => counts.skipped += 1,
        }
    }
    counts
}

/// Returns the files that all datums wrote. The error says which path two datums wrote.
fn merge_outputs(results: &[DatumResult]) -> Result<Tree, String> {
    let mut writers: BTreeMap<&str, &DatumResult> = BTreeMap::new();
    let mut tree = Tree::new();
    for result in results.iter().filter(|result| result.error.is_none()) {
        for file in &result.files {
            if let Some(other) = writers.insert(&file.path, result) {
                let [one, two] = [other, result].map(datum_label);
                return Err(format!("duplicate path output by different datums: `{}` by {one} and by {two}", file.path));
            }
            tree.insert(file.path.clone(), file.content);
        }
    }
    let conflict = paths::conflict(&tree).map(|(file, other)| format!("one datum wrote the file `{file}` and another `{other}` below it"));
    conflict.map_or(Ok(tree), Err)
}

fn first_failure(job: &Job, results: &[DatumResult]) -> Option<String> {
    let failed = results.iter().find(|result| result.error.is_some())?;
    let (count, all, error) = (job.counts.failed, results.len(), failed.error.as_deref().unwrap_or_default());
    Some(format!("{count} of {all} datums failed; first {}: {error}", datum_label(failed)))
}

/// Returns the beginning of a datum's id and its paths, such as `datum 24775b3a6c9d (attributes:/1.json)`.
fn datum_label(result: &DatumResult) -> String {
    let paths: Vec<String> = result.inputs.iter().map(|input| format!("{}:{}", input.repo, input.path)).collect();
    format!("datum {} ({})", &result.id[..12.min(result.id.len())], paths.join(", "))
}

/// The last lines of a few datums' output: of the first datums that failed, then of the first that succeeded. The choice depends only on the
/// positions of the datums, not on the order in which they end.
#[derive(Default)]
struct LogExcerpts {
    succeeded: BTreeMap<usize, String>,
    failed: BTreeMap<usize, String>,
    /// How many datums had output.
    datums: usize,
}

impl LogExcerpts {
    /// Adds the output of the datum at a position.
    fn add(&mut self, position: usize, finished: &FinishedDatum<'_>) {
        let lines: Vec<&str> = finished.log.lines().filter(|line| !line.trim().is_empty()).collect();
        if lines.is_empty() {
            return;
        }
        self.datums += 1;
        let last = lines[lines.len().saturating_sub(LINES_SHOWN_MAX)..].iter().map(|line| format!("  | {line}\n")).collect();
        let excerpts = if finished.result.error.is_some() { &mut self.failed } else { &mut self.succeeded };
        excerpts.insert(position, last);
        if excerpts.len() > DATUMS_SHOWN_MAX {
            excerpts.pop_last();
        }
    }

    fn text(&self) -> String {
        let shown: Vec<&str> = self.failed.values().chain(self.succeeded.values()).take(DATUMS_SHOWN_MAX).map(String::as_str).collect();
        let more = self.datums - shown.len();
        let plural = if more == 1 { "" } else { "s" };
        shown.concat() + &if more == 0 { String::new() } else { format!("  and the output of {more} more datum{plural}\n") }
    }
}

fn say_result(job: &Job, excerpts: &LogExcerpts, report: &mut dyn Report) {
    let (name, DatumCounts { processed, skipped, failed }) = (&job.pipeline, job.counts);
    let text = format!("{name}: {processed} processed, {skipped} skipped, {failed} failed\n{}", excerpts.text());
    report.say(text.trim_end());
    let Some(error) = &job.error else { return };
    report.note(&format!("{name}: the job failed: {error}"));
    report.note(&format!(
        "  `{name}` now shows the output of this failed job, and pipelines that read it do not run; earlier output is in `samefit pipeline \
         list commits {name}`"
    ));
}
