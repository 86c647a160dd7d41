//! `inspect`: shows what made a file (which model, which data), and what is known about a commit or a job.

use clap::Args;
use samefit_text::line;
use serde_json::{Value, json};

use super::list::{datum_state, named_job};
use super::table::{counted, time};
use crate::error::Result;
use crate::reference::Reference;
use crate::report::Report;
use crate::store::Store;
use crate::store::records::{Commit, Job, OutputFile, PipelineVersion};
use crate::trace::{FileOrigin, Producer, trace};

/// How many files of one origin are shown. Further files are counted.
const FILES_SHOWN_MAX: usize = 3;

/// Arguments of `inspect`.
#[derive(Args, Clone, Debug)]
pub struct InspectArgs {
    /// REPO:/PATH for a file, REPO, REPO@BRANCH or REPO=COMMIT for a commit and its job
    #[arg(value_name = "REPO[:/PATH]")]
    what: Reference,
    /// Print everything that is known, as JSON
    #[arg(long)]
    json: bool,
}

/// Shows a file with its origin, a commit with its job, or a job that made no commit.
pub fn run(args: &InspectArgs, store: &Store, report: &mut dyn Report) -> Result<()> {
    let commit = args.what.commit(store);
    let text = match (&args.what.path, commit) {
        (Some(path), commit) => {
            let origins = trace(store, &commit?, path)?;
            if args.json { pretty(&json!(origins)) } else { origins.iter().map(|origin| origin_text(origin, 0)).collect() }
        }
        (None, Ok(commit)) => {
            let job = store.job(&commit.repo, &commit.id)?;
            if args.json { pretty(&json!({"commit": commit, "job": job})) } else { commit_text(store, &commit, job.as_ref())? }
        }
        (None, Err(error)) => {
            let job = named_job(store, &args.what).map_err(|_| error)?;
            if args.json { pretty(&json!({"job": job})) } else { job_text(store, &job)? }
        }
    };
    if args.json { report.print_bytes(text.as_bytes()) } else { report.print_text(&text) }
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

fn commit_text(store: &Store, commit: &Commit, job: Option<&Job>) -> Result<String> {
    let mut text = format!("{} commit {} of {}, made {}\n", commit.repo, commit.id, commit.branch, time(commit.made));
    text += &format!(
        "{}, {}; before it: {}\n",
        counted(commit.files, "file"),
        counted(commit.bytes, "byte"),
        commit.parent.as_deref().unwrap_or("nothing")
    );
    match job {
        Some(job) => text += &job_text(store, job)?,
        None => text += "put by a person\n",
    }
    Ok(text)
}

/// Shows a job, and every failed datum with the end of its program's output.
fn job_text(store: &Store, job: &Job) -> Result<String> {
    let mut text = format!("job {} of {}, version {}: {}\n", job.id, job.pipeline, job.version, job.state.text());
    text += &job.error.iter().map(|error| format!("  {}\n", line(error))).collect::<String>();
    text += &format!("  {} processed, {} skipped, {} failed\n", job.counts.processed, job.counts.skipped, job.counts.failed);
    text += &job.inputs.iter().map(|head| format!("  reads {}@{}={}\n", head.repo, head.branch, head.commit)).collect::<String>();
    for result in store.datum_results(job)?.iter().filter(|result| result.error.is_some()) {
        let error = result.error.as_deref().unwrap_or_default();
        text += &format!("  datum {} {}: {}\n", result.id, datum_state(result, job), line(error));
        let log = result.log.map(|log| store.objects.read(&log)).transpose()?.unwrap_or_default();
        text += &samefit_text::bytes(&log).lines().map(|line| format!("    | {line}\n")).collect::<String>();
    }
    Ok(text)
}

fn origin_text(origin: &FileOrigin, depth: usize) -> String {
    let FileOrigin { commit, files, producer } = origin;
    let indent = "  ".repeat(depth);
    let name = format!("{}@{}={}", commit.repo, commit.branch, commit.id);
    let file =
        |file: &OutputFile| format!("{indent}{name}:{}  sha256 {}  {} bytes\n", line(&file.path), file.content.sha256, file.content.bytes);
    let mut text: String = files.iter().take(FILES_SHOWN_MAX).map(file).collect();
    if files.len() > FILES_SHOWN_MAX {
        text += &format!("{indent}{name} and {} more files (all of them: --json)\n", files.len() - FILES_SHOWN_MAX);
    }
    match producer {
        Some(producer) => text + &producer_text(producer, depth + 1),
        None => text + &format!("{indent}  put {}\n", time(commit.made)),
    }
}

fn producer_text(producer: &Producer, depth: usize) -> String {
    let Producer { job, version, datum, inputs } = producer;
    let indent = "  ".repeat(depth);
    let unchanged = if datum.job == job.id { "" } else { ", unchanged since" };
    let PipelineVersion { pipeline, version, spec_sha256, .. } = version;
    let text = format!(
        "{indent}made by {pipeline} version {version} (spec sha256 {spec_sha256})\n{indent}in job {}{unchanged}, datum {}, from\n",
        datum.job, datum.id
    );
    text + &inputs.iter().map(|origin| origin_text(origin, depth + 1)).collect::<String>()
}
