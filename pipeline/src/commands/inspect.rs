//! `inspect`: which model and which data made this prediction? And what is known of a commit or a job.

use clap::Args;
use samefit_text::line;
use serde_json::{Value, json};

use super::list::{job, state};
use super::table::{counted, time};
use crate::error::Result;
use crate::reference::Reference;
use crate::report::Report;
use crate::store::Store;
use crate::store::records::{Commit, Job, Version, Written};
use crate::trace::{Made, Origin, trace};

/// Files that are shown of those with one origin; more are counted.
const FILES_SHOWN_MAX: usize = 3;

/// Arguments of `inspect`.
#[derive(Args, Clone, Debug)]
pub struct InspectArgs {
    /// REPO:/PATH for a file, REPO, REPO@BRANCH or REPO=COMMIT for a commit and its job
    #[arg(value_name = "REPO[:/PATH]")]
    what: Reference,
    /// For machines: all that is known
    #[arg(long)]
    json: bool,
}

/// Does it.
pub fn run(args: &InspectArgs, store: &Store, report: &mut dyn Report) -> Result<()> {
    let commit = args.what.commit(store);
    let text = match (&args.what.path, commit) {
        (Some(path), commit) => {
            let origins = trace(store, &commit?, path)?;
            if args.json { pretty(&json!(origins)) } else { origins.iter().map(|origin| origin_text(origin, 0)).collect() }
        }
        (None, Ok(commit)) => {
            let made = store.job(&commit.repo, &commit.id)?;
            if args.json { pretty(&json!({"commit": commit, "job": made})) } else { commit_text(store, &commit, made.as_ref())? }
        }
        // a job that made no commit
        (None, Err(failure)) => {
            let found = job(store, &args.what).map_err(|_| failure)?;
            if args.json { pretty(&json!({"job": found})) } else { job_text(store, &found)? }
        }
    };
    if args.json { report.print(text.as_bytes()) } else { report.text(&text) }
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

fn commit_text(store: &Store, commit: &Commit, made: Option<&Job>) -> Result<String> {
    let mut text = format!("{} commit {} of {}, made {}\n", commit.repo, commit.id, commit.branch, time(commit.made));
    text += &format!(
        "{}, {}; before it: {}\n",
        counted(commit.files, "file"),
        counted(commit.bytes, "byte"),
        commit.parent.as_deref().unwrap_or("nothing")
    );
    match made {
        Some(job) => text += &job_text(store, job)?,
        None => text += "put by a person\n",
    }
    Ok(text)
}

fn job_text(store: &Store, job: &Job) -> Result<String> {
    let mut text = format!("job {} of {}, version {}: {}\n", job.id, job.pipeline, job.version, job.state.text());
    text += &job.error.iter().map(|error| format!("  {}\n", line(error))).collect::<String>();
    text += &format!("  {} processed, {} skipped, {} failed\n", job.counts.processed, job.counts.skipped, job.counts.failed);
    text += &job.inputs.iter().map(|head| format!("  reads {}@{}={}\n", head.repo, head.branch, head.commit)).collect::<String>();
    for datum in store.processed(job)?.iter().filter(|datum| datum.error.is_some()) {
        text += &format!("  datum {} {}: {}\n", datum.id, state(datum, job), line(datum.error.as_deref().unwrap_or_default()));
        let log = datum.log.map(|log| store.objects.bytes(&log)).transpose()?.unwrap_or_default();
        text += &samefit_text::bytes(&log).lines().map(|line| format!("    | {line}\n")).collect::<String>();
    }
    Ok(text)
}

fn origin_text(origin: &Origin, depth: usize) -> String {
    let Origin { commit, files, made } = origin;
    let indent = "  ".repeat(depth);
    let name = format!("{}@{}={}", commit.repo, commit.branch, commit.id);
    let file = |file: &Written| format!("{indent}{name}:{}  sha256 {}  {} bytes\n", line(&file.path), file.leaf.sha256, file.leaf.bytes);
    let mut text: String = files.iter().take(FILES_SHOWN_MAX).map(file).collect();
    if files.len() > FILES_SHOWN_MAX {
        text += &format!("{indent}{name} and {} more files (all of them: --json)\n", files.len() - FILES_SHOWN_MAX);
    }
    match made {
        Some(made) => text + &made_text(made, depth + 1),
        None => text + &format!("{indent}  put {}\n", time(commit.made)),
    }
}

fn made_text(made: &Made, depth: usize) -> String {
    let Made { job, version, datum, inputs } = made;
    let indent = "  ".repeat(depth);
    let skipped = if datum.job == job.id { "" } else { ", unchanged since" };
    let Version { pipeline, version, spec_sha256, .. } = version;
    let text = format!(
        "{indent}made by {pipeline} version {version} (spec sha256 {spec_sha256})\n{indent}in job {}{skipped}, datum {}, from\n",
        datum.job, datum.id
    );
    text + &inputs.iter().map(|origin| origin_text(origin, depth + 1)).collect::<String>()
}
