//! A file of a commit to what made it: the datum of a job of a version of a pipeline, the files it read, and what made those.

use serde::Serialize;

use crate::disk::{bad, broken};
use crate::failure::Failure;
use crate::paths;
use crate::store::Store;
use crate::store::records::{Commit, Job, Part, Processed, Version, Written};

/// Where a file comes from.
#[derive(Debug, Serialize)]
pub struct Trace {
    /// The file.
    pub file: Written,
    /// The commit it was found in.
    pub commit: Commit,
    /// What wrote it; none if a person put it.
    pub made: Option<Made>,
}

/// What wrote a file.
#[derive(Debug, Serialize)]
pub struct Made {
    /// The job that the commit is of.
    pub job: Job,
    /// The version of the pipeline.
    pub version: Version,
    /// The datum. It ran in the job it names, which may be an earlier one.
    pub datum: Processed,
    /// What it read.
    pub inputs: Vec<Read>,
}

/// What a datum read of one input.
#[derive(Debug, Serialize)]
pub struct Read {
    /// The input and its path.
    pub part: Part,
    /// Every file of it, and where that comes from.
    pub files: Vec<Trace>,
}

/// Follows a file back to the files that people put.
pub fn trace(store: &Store, commit: &Commit, path: &str) -> Result<Trace, Failure> {
    let tree = store.tree(commit)?;
    let help = format!("see `samefit pipeline list files {}`", commit.repo);
    let leaf = *tree.get(path).ok_or_else(|| bad(format_args!("`{}` has no file `{path}` in commit {}", commit.repo, commit.id), help))?;
    let made = store.job(&commit.repo, &commit.id)?.map(|job| made(store, job, path)).transpose()?;
    Ok(Trace { file: Written { path: path.to_owned(), leaf }, commit: commit.clone(), made })
}

fn made(store: &Store, job: Job, path: &str) -> Result<Made, Failure> {
    let lost = |what: &str| {
        broken(format_args!("{what} of job {} of `{}` is not in the store", job.id, job.pipeline), "see `samefit pipeline check`")
    };
    let wrote = |datum: &Processed| datum.files.iter().any(|file| file.path == path);
    let datum = store.processed(&job)?.into_iter().find(wrote).ok_or_else(|| lost("the datum"))?;
    // a datum that was skipped was made by the version of the job in which it ran
    let ran = store.job(&job.pipeline, &datum.job)?.ok_or_else(|| lost("an earlier job"))?;
    let version = store.version(&job.pipeline, ran.version)?.ok_or_else(|| lost("the version"))?;
    let inputs = datum.pieces.iter().map(|part| read(store, &job, part)).collect::<Result<_, _>>()?;
    Ok(Made { job, version, datum, inputs })
}

fn read(store: &Store, job: &Job, part: &Part) -> Result<Read, Failure> {
    let head = job.inputs.iter().find(|head| head.repo == part.repo && head.branch == part.branch);
    let commit = head.map(|head| store.commit(&head.repo, &head.commit)).transpose()?.flatten();
    let commit =
        commit.ok_or_else(|| broken(format_args!("the commit of `{}` is not in the store", part.repo), "see `samefit pipeline check`"))?;
    let tree = store.tree(&commit)?;
    let files =
        tree.keys().filter(|file| paths::within(&part.path, file)).map(|file| trace(store, &commit, file)).collect::<Result<_, _>>()?;
    Ok(Read { part: part.clone(), files })
}
