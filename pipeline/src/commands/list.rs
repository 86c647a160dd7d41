//! `list`: what the store holds, as tables for people or JSON for machines.

use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::{Value, json};

use super::table;
use crate::disk::{bad, broken};
use crate::error::Result;
use crate::paths;
use crate::reference::{Reference, stands_for};
use crate::report::Report;
use crate::store::Store;
use crate::store::records::{Job, Processed};

/// Arguments of `list`.
#[derive(Args, Clone, Debug)]
pub struct ListArgs {
    /// For machines: an array of records
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand, Clone, Debug)]
enum What {
    /// Repos, with the commit at the head of each
    Repos,
    /// Pipelines, with their last job
    Pipelines,
    /// Commits of a repo, newest first
    Commits {
        /// The repo
        repo: Reference,
    },
    /// Jobs, newest first
    Jobs {
        /// Of one pipeline (default: of all)
        pipeline: Option<String>,
    },
    /// Datums of a job
    Datums {
        /// PIPELINE for its last job, PIPELINE@JOB for another
        job: Reference,
    },
    /// Files of a commit
    Files {
        /// REPO, REPO@BRANCH or REPO=COMMIT, with :/PATH for what is below
        at: Reference,
    },
}

/// Rows for people and records for machines.
struct Listing {
    header: &'static [&'static str],
    rows: Vec<Vec<String>>,
    records: Vec<Value>,
}

impl Listing {
    fn new(header: &'static [&'static str]) -> Self {
        Self { header, rows: Vec::new(), records: Vec::new() }
    }

    fn add(&mut self, record: impl Serialize, row: Vec<String>) {
        self.records.push(json!(record));
        self.rows.push(row);
    }
}

/// Does it.
pub fn run(args: &ListArgs, store: &Store, report: &mut dyn Report) -> Result<()> {
    let listing = match &args.what {
        What::Repos => repos(store),
        What::Pipelines => pipelines(store),
        What::Commits { repo } => commits(store, repo),
        What::Jobs { pipeline } => jobs(store, pipeline.as_deref()),
        What::Datums { job } => datums(store, job),
        What::Files { at } => files(store, at),
    }?;
    if args.json {
        return report.print(format!("{:#}\n", Value::Array(listing.records)).as_bytes());
    }
    let header = listing.header.iter().map(|name| (*name).to_owned()).collect();
    report.text(&table::text(&[vec![header], listing.rows].concat()))
}

fn repos(store: &Store) -> Result<Listing> {
    let mut listing = Listing::new(&["REPO", "WRITTEN BY", "COMMIT", "FILES", "BYTES"]);
    for repo in store.repos()? {
        let head = store.commits(&repo.name)?.into_iter().next();
        let by = if repo.output { "the pipeline" } else { "put" };
        let (id, files, bytes) = head.as_ref().map_or_else(|| ("none".into(), 0, 0), |head| (head.id.clone(), head.files, head.bytes));
        let record = json!({"name": repo.name, "output": repo.output, "newest": head});
        listing.add(record, vec![repo.name, by.to_owned(), id, files.to_string(), bytes.to_string()]);
    }
    Ok(listing)
}

fn pipelines(store: &Store) -> Result<Listing> {
    let mut listing = Listing::new(&["PIPELINE", "VERSION", "LAST JOB", "STATE", "SPEC"]);
    for version in store.pipelines()? {
        let job = store.jobs(&version.pipeline)?.into_iter().next();
        let (id, state) = job.as_ref().map_or(("none", ""), |job| (job.id.as_str(), job.state.text()));
        let row = vec![version.pipeline.clone(), version.version.to_string(), id.to_owned(), state.to_owned(), version.file.clone()];
        listing.add(json!({"pipeline": version, "last_job": job}), row);
    }
    Ok(listing)
}

fn commits(store: &Store, repo: &Reference) -> Result<Listing> {
    let mut listing = Listing::new(&["COMMIT", "BRANCH", "FILES", "BYTES", "MADE", "ERROR"]);
    for commit in store.commits(&repo.repo)? {
        let numbers = [commit.files.to_string(), commit.bytes.to_string(), table::time(commit.made)];
        let row =
            [vec![commit.id.clone(), commit.branch.clone()], numbers.to_vec(), vec![commit.error.clone().unwrap_or_default()]].concat();
        listing.add(commit, row);
    }
    match listing.rows.as_slice() {
        [] => Err(bad(format_args!("there are no commits of `{}`", repo.repo), "see `samefit pipeline list repos`")),
        _ => Ok(listing),
    }
}

fn jobs(store: &Store, pipeline: Option<&str>) -> Result<Listing> {
    let mut listing = Listing::new(&["JOB", "PIPELINE", "VERSION", "STATE", "PROCESSED", "SKIPPED", "FAILED", "STARTED", "ERROR"]);
    let all: Vec<String> = store.pipelines()?.into_iter().map(|version| version.pipeline).collect();
    if let Some(unknown) = pipeline.filter(|name| !all.iter().any(|known| known == name)) {
        return Err(bad(format_args!("there is no pipeline `{unknown}`"), "see `samefit pipeline list pipelines`"));
    }
    let mut jobs: Vec<Job> = Vec::new();
    for name in all.iter().filter(|name| pipeline.is_none_or(|only| only == *name)) {
        jobs.extend(store.jobs(name)?);
    }
    jobs.sort_by_key(|job| std::cmp::Reverse(job.number));
    for job in jobs {
        let counts = [job.counts.processed, job.counts.skipped, job.counts.failed].map(|count| count.to_string());
        let row = [
            vec![job.id.clone(), job.pipeline.clone(), job.version.to_string(), job.state.text().to_owned()],
            counts.to_vec(),
            vec![table::time(job.started), job.error.clone().unwrap_or_default()],
        ];
        listing.add(job, row.concat());
    }
    Ok(listing)
}

fn datums(store: &Store, reference: &Reference) -> Result<Listing> {
    let mut listing = Listing::new(&["DATUM", "STATE", "TRIES", "READS", "WROTE", "ERROR"]);
    let job = job(store, reference)?;
    for datum in store.processed(&job)? {
        let reads: Vec<String> = datum.pieces.iter().map(|piece| format!("{}:{}", piece.repo, piece.path)).collect();
        let wrote: Vec<&str> = datum.files.iter().map(|file| file.path.as_str()).collect();
        let row = vec![
            datum.id[..12].to_owned(),
            state(&datum, &job).to_owned(),
            datum.tries.to_string(),
            reads.join(" "),
            wrote.join(" "),
            datum.error.clone().unwrap_or_default(),
        ];
        listing.add(json!({"state": state(&datum, &job), "datum": datum}), row);
    }
    Ok(listing)
}

/// How a datum ended, as a word.
pub fn state(datum: &Processed, job: &Job) -> &'static str {
    match (&datum.error, datum.job == job.id) {
        (Some(_), _) => "failed",
        (None, true) => "processed",
        (None, false) => "skipped",
    }
}

/// The job that a person names: PIPELINE for the last one, PIPELINE@JOB for another.
pub fn job(store: &Store, reference: &Reference) -> Result<Job> {
    let (mut jobs, name, help) = (store.jobs(&reference.repo)?, &reference.repo, "see `samefit pipeline list jobs`");
    let Some(at) = &reference.at else {
        let last = jobs.into_iter().next();
        return last.ok_or_else(|| bad(format_args!("there is no pipeline `{name}`, or it had no job yet"), help));
    };
    jobs.retain(|job| stands_for(at, &job.id));
    match jobs.as_slice() {
        [job] => Ok(job.clone()),
        [] => Err(bad(format_args!("the pipeline `{name}` has no job `{at}`"), help)),
        _ => Err(bad(format_args!("several jobs of `{name}` begin with `{at}`"), "write more of its digits")),
    }
}

fn files(store: &Store, at: &Reference) -> Result<Listing> {
    let mut listing = Listing::new(&["PATH", "BYTES", "SHA-256"]);
    let commit = at.commit(store)?;
    for (path, leaf) in store.tree(&commit)? {
        if paths::within(at.path(), &path) {
            listing.add(json!({"path": path, "content": leaf}), vec![path.clone(), leaf.bytes.to_string(), leaf.sha256.to_string()]);
        }
    }
    if listing.rows.is_empty() && at.path() != "/" {
        return Err(broken(
            format_args!("`{}` has no file at or below `{}`", at.repo, at.path()),
            "see `samefit pipeline list files REPO`",
        ));
    }
    Ok(listing)
}
