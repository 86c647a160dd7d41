//! `list`: lists what the store holds, as tables for people or as JSON for machines.

use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::{Value, json};

use super::table;
use crate::error::{Error, Result};
use crate::paths;
use crate::reference::{Reference, is_id_prefix};
use crate::report::Report;
use crate::store::Store;
use crate::store::records::{DatumResult, Job};

/// Arguments of `list`.
#[derive(Args, Clone, Debug)]
pub struct ListArgs {
    /// Print an array of records, as JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    kind: ListKind,
}

#[derive(Subcommand, Clone, Debug)]
enum ListKind {
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
        /// Only jobs of this pipeline (default: all)
        pipeline: Option<String>,
    },
    /// Datums of a job
    Datums {
        /// PIPELINE for its last job, PIPELINE@JOB for another
        job: Reference,
    },
    /// Files of a commit
    Files {
        /// REPO, REPO@BRANCH or REPO=COMMIT, with :/PATH for the files below it
        at: Reference,
    },
}

/// A list as rows for people and as records for machines.
struct ListOutput {
    header: &'static [&'static str],
    rows: Vec<Vec<String>>,
    records: Vec<Value>,
}

impl ListOutput {
    fn new(header: &'static [&'static str]) -> Self {
        Self { header, rows: Vec::new(), records: Vec::new() }
    }

    fn add(&mut self, record: impl Serialize, row: Vec<String>) {
        self.records.push(json!(record));
        self.rows.push(row);
    }
}

/// Prints the list.
pub fn run(args: &ListArgs, store: &Store, report: &mut dyn Report) -> Result<()> {
    let list = match &args.kind {
        ListKind::Repos => repos(store),
        ListKind::Pipelines => pipelines(store),
        ListKind::Commits { repo } => commits(store, repo),
        ListKind::Jobs { pipeline } => jobs(store, pipeline.as_deref()),
        ListKind::Datums { job } => datums(store, job),
        ListKind::Files { at } => files(store, at),
    }?;
    if args.json {
        return report.print_bytes(format!("{:#}\n", Value::Array(list.records)).as_bytes());
    }
    let header = list.header.iter().map(|name| (*name).to_owned()).collect();
    report.print_text(&table::render(&[vec![header], list.rows].concat()))
}

fn repos(store: &Store) -> Result<ListOutput> {
    let mut list = ListOutput::new(&["REPO", "WRITTEN BY", "COMMIT", "FILES", "BYTES"]);
    for repo in store.repos()? {
        let head = store.commits(&repo.name)?.into_iter().next();
        let by = if repo.output { "the pipeline" } else { "put" };
        let (id, files, bytes) = head.as_ref().map_or_else(|| ("none".into(), 0, 0), |head| (head.id.clone(), head.files, head.bytes));
        let record = json!({"name": repo.name, "output": repo.output, "newest": head});
        list.add(record, vec![repo.name, by.to_owned(), id, files.to_string(), bytes.to_string()]);
    }
    Ok(list)
}

fn pipelines(store: &Store) -> Result<ListOutput> {
    let mut list = ListOutput::new(&["PIPELINE", "VERSION", "LAST JOB", "STATE", "SPEC"]);
    for version in store.pipelines()? {
        let job = store.jobs(&version.pipeline)?.into_iter().next();
        let (id, state) = job.as_ref().map_or(("none", ""), |job| (job.id.as_str(), job.state.text()));
        let row = vec![version.pipeline.clone(), version.version.to_string(), id.to_owned(), state.to_owned(), version.file.clone()];
        list.add(json!({"pipeline": version, "last_job": job}), row);
    }
    Ok(list)
}

fn commits(store: &Store, repo: &Reference) -> Result<ListOutput> {
    let mut list = ListOutput::new(&["COMMIT", "BRANCH", "FILES", "BYTES", "MADE", "ERROR"]);
    for commit in store.commits(&repo.repo)? {
        let numbers = [commit.files.to_string(), commit.bytes.to_string(), table::time(commit.made)];
        let row =
            [vec![commit.id.clone(), commit.branch.clone()], numbers.to_vec(), vec![commit.error.clone().unwrap_or_default()]].concat();
        list.add(commit, row);
    }
    match list.rows.as_slice() {
        [] => Err(Error::invalid(format_args!("there are no commits of `{}`", repo.repo), "see `samefit pipeline list repos`")),
        _ => Ok(list),
    }
}

fn jobs(store: &Store, pipeline: Option<&str>) -> Result<ListOutput> {
    let mut list = ListOutput::new(&["JOB", "PIPELINE", "VERSION", "STATE", "PROCESSED", "SKIPPED", "FAILED", "STARTED", "ERROR"]);
    let all: Vec<String> = store.pipelines()?.into_iter().map(|version| version.pipeline).collect();
    if let Some(unknown) = pipeline.filter(|name| !all.iter().any(|known| known == name)) {
        return Err(Error::invalid(format_args!("there is no pipeline `{unknown}`"), "see `samefit pipeline list pipelines`"));
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
        list.add(job, row.concat());
    }
    Ok(list)
}

fn datums(store: &Store, reference: &Reference) -> Result<ListOutput> {
    let mut list = ListOutput::new(&["DATUM", "STATE", "TRIES", "READS", "WROTE", "ERROR"]);
    let job = named_job(store, reference)?;
    for datum in store.datum_results(&job)? {
        let reads: Vec<String> = datum.inputs.iter().map(|input| format!("{}:{}", input.repo, input.path)).collect();
        let wrote: Vec<&str> = datum.files.iter().map(|file| file.path.as_str()).collect();
        let row = vec![
            datum.id[..12].to_owned(),
            datum_state(&datum, &job).to_owned(),
            datum.tries.to_string(),
            reads.join(" "),
            wrote.join(" "),
            datum.error.clone().unwrap_or_default(),
        ];
        list.add(json!({"state": datum_state(&datum, &job), "datum": datum}), row);
    }
    Ok(list)
}

/// Returns how a datum ended, as one word.
pub fn datum_state(datum: &DatumResult, job: &Job) -> &'static str {
    match (&datum.error, datum.job == job.id) {
        (Some(_), _) => "failed",
        (None, true) => "processed",
        (None, false) => "skipped",
    }
}

/// Returns the job that a person names: the last one for `PIPELINE`, or another one for `PIPELINE@JOB`.
pub fn named_job(store: &Store, reference: &Reference) -> Result<Job> {
    let (mut jobs, name, help) = (store.jobs(&reference.repo)?, &reference.repo, "see `samefit pipeline list jobs`");
    let Some(at) = &reference.branch_or_commit else {
        let last = jobs.into_iter().next();
        return last.ok_or_else(|| Error::invalid(format_args!("there is no pipeline `{name}`, or it has no job yet"), help));
    };
    jobs.retain(|job| is_id_prefix(at, &job.id));
    match jobs.as_slice() {
        [job] => Ok(job.clone()),
        [] => Err(Error::invalid(format_args!("the pipeline `{name}` has no job `{at}`"), help)),
        _ => Err(Error::invalid(format_args!("several jobs of `{name}` begin with `{at}`"), "write more of its digits")),
    }
}

fn files(store: &Store, at: &Reference) -> Result<ListOutput> {
    let mut list = ListOutput::new(&["PATH", "BYTES", "SHA-256"]);
    let commit = at.commit(store)?;
    for (path, content) in store.tree(&commit)? {
        if paths::is_within(at.path(), &path) {
            list.add(json!({"path": path, "content": content}), vec![path.clone(), content.bytes.to_string(), content.sha256.to_string()]);
        }
    }
    if list.rows.is_empty() && at.path() != "/" {
        return Err(Error::failed(
            format_args!("`{}` has no file at or below `{}`", at.repo, at.path()),
            "see `samefit pipeline list files REPO`",
        ));
    }
    Ok(list)
}
