//! Files of a commit to what made them: the datum of a job of a version of a pipeline, the files it read, and what made those.

use serde::Serialize;

use crate::disk::{bad, broken};
use crate::error::Result;
use crate::paths;
use crate::store::Store;
use crate::store::records::{Commit, Job, Part, Processed, Version, Written};

/// Files of a commit that one datum wrote, or that people put.
#[derive(Debug, Serialize)]
pub struct Origin {
    /// The commit they are in.
    pub commit: Commit,
    /// The files.
    pub files: Vec<Written>,
    /// What wrote them; none if people put them.
    pub made: Option<Made>,
}

/// What wrote files.
#[derive(Debug, Serialize)]
pub struct Made {
    /// The job that the commit is of.
    pub job: Job,
    /// The version of the pipeline with which the datum ran.
    pub version: Version,
    /// The datum. It ran in the job it names, which may be an earlier one.
    pub datum: Processed,
    /// What it read.
    pub inputs: Vec<Origin>,
}

/// Follows a file, or what is below a folder, back to the files that people put.
pub fn trace(store: &Store, commit: &Commit, path: &str) -> Result<Vec<Origin>> {
    let mut files = store.tree(commit)?;
    files.retain(|file, _| paths::within(path, file));
    if files.is_empty() {
        let help = format!("see `samefit pipeline list files {}`", commit.repo);
        return Err(bad(format_args!("`{}` has no file at or below `{path}` in commit {}", commit.repo, commit.id), help));
    }
    let files = files.into_iter().map(|(path, leaf)| Written { path, leaf });
    let Some(job) = store.job(&commit.repo, &commit.id)? else {
        return Ok(vec![Origin { commit: commit.clone(), files: files.collect(), made: None }]);
    };
    let mut writers = store.processed(&job)?;
    writers.iter_mut().for_each(|datum| datum.files.retain(|file| paths::within(path, &file.path)));
    writers.retain(|datum| !datum.files.is_empty() && datum.error.is_none());
    let origin =
        |datum: Processed| Ok(Origin { commit: commit.clone(), files: datum.files.clone(), made: Some(made(store, &job, datum)?) });
    writers.into_iter().map(origin).collect()
}

fn made(store: &Store, job: &Job, datum: Processed) -> Result<Made> {
    let lost = |what: &str| {
        broken(format_args!("{what} of job {} of `{}` is not in the store", job.id, job.pipeline), "see `samefit pipeline check`")
    };
    // a datum that was skipped was made by the version of the job in which it ran
    let ran = store.job(&job.pipeline, &datum.job)?.ok_or_else(|| lost("an earlier job"))?;
    let version = store.version(&job.pipeline, ran.version)?.ok_or_else(|| lost("the version"))?;
    let mut inputs = Vec::new();
    for part in &datum.pieces {
        let commit = read(store, job, part)?.ok_or_else(|| lost("an input"))?;
        inputs.extend(trace(store, &commit, &part.path)?);
    }
    Ok(Made { job: job.clone(), version, datum, inputs })
}

/// The commit that a job read of an input.
fn read(store: &Store, job: &Job, part: &Part) -> Result<Option<Commit>> {
    let head = job.inputs.iter().find(|head| head.repo == part.repo && head.branch == part.branch);
    Ok(head.map(|head| store.commit(&head.repo, &head.commit)).transpose()?.flatten())
}
