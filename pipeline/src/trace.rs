//! Traces files of a commit back to what made them: the datum, the job, the version of the pipeline, and the files that the datum read.

use serde::Serialize;

use crate::error::{Error, Result};
use crate::paths;
use crate::store::records::{Commit, DatumResult, InputPath, Job, OutputFile, PipelineVersion};
use crate::store::{Store, missing_record};

/// Files of one commit that one datum wrote, or that a person put.
#[derive(Debug, Serialize)]
pub struct FileOrigin {
    /// The commit.
    pub commit: Commit,
    /// The files.
    pub files: Vec<OutputFile>,
    /// What wrote the files; none if a person put them.
    #[serde(rename = "made")]
    pub producer: Option<Producer>,
}

/// The datum that wrote files.
#[derive(Debug, Serialize)]
pub struct Producer {
    /// The job that made the commit.
    pub job: Job,
    /// The version of the pipeline by which the datum ran.
    pub version: PipelineVersion,
    /// The datum. The job in its result can be an earlier one, if the datum was skipped.
    pub datum: DatumResult,
    /// The files that the datum read.
    pub inputs: Vec<FileOrigin>,
}

/// Traces a file, or all files below a folder, back to files that a person put.
pub fn trace(store: &Store, commit: &Commit, path: &str) -> Result<Vec<FileOrigin>> {
    let mut files = store.tree(commit)?;
    files.retain(|file, _| paths::is_within(path, file));
    if files.is_empty() {
        let help = format!("see `samefit pipeline list files {}`", commit.repo);
        return Err(Error::invalid(format_args!("`{}` has no file at or below `{path}` in commit {}", commit.repo, commit.id), help));
    }
    let Some(job) = store.job(&commit.repo, &commit.id)? else {
        let files = files.into_iter().map(|(path, content)| OutputFile { path, content }).collect();
        return Ok(vec![FileOrigin { commit: commit.clone(), files, producer: None }]);
    };
    let mut writers = store.datum_results(&job)?;
    writers.iter_mut().for_each(|datum| datum.files.retain(|file| paths::is_within(path, &file.path)));
    writers.retain(|datum| !datum.files.is_empty() && datum.error.is_none());
    let origin = |datum: DatumResult| {
        Ok(FileOrigin { commit: commit.clone(), files: datum.files.clone(), producer: Some(producer(store, &job, datum)?) })
    };
    writers.into_iter().map(origin).collect()
}

fn producer(store: &Store, job: &Job, datum: DatumResult) -> Result<Producer> {
    let missing = |what: &str| missing_record(format_args!("{what} of job {} of `{}`", job.id, job.pipeline));
    // if the datum was skipped, the job in which it ran has the version
    let ran = store.job(&job.pipeline, &datum.job)?.ok_or_else(|| missing("an earlier job"))?;
    let version = store.version(&job.pipeline, ran.version)?.ok_or_else(|| missing("the version"))?;
    let mut inputs = Vec::new();
    for input in &datum.inputs {
        let commit = input_commit(store, job, input)?.ok_or_else(|| missing("an input"))?;
        inputs.extend(trace(store, &commit, &input.path)?);
    }
    Ok(Producer { job: job.clone(), version, datum, inputs })
}

/// Returns the commit of an input that a job read.
fn input_commit(store: &Store, job: &Job, input: &InputPath) -> Result<Option<Commit>> {
    let head = job.inputs.iter().find(|head| head.repo == input.repo && head.branch == input.branch);
    Ok(head.map(|head| store.commit(&head.repo, &head.commit)).transpose()?.flatten())
}
