//! The JSON text of pipeline specs to [`Spec`]s, or to the [`Problem`]s that they have.
//!
//! Text to documents (`documents.rs`); keys and types against the table of all that Pachyderm knows (`fields.rs`, `shape.rs`); values to
//! what they mean (`values.rs`) and to a [`Spec`] (`build.rs`). What is wrong and what is worth knowing: `problem.rs`.
//!
//! *Invariants*: what is accepted here Pachyderm accepts as well. A field that changes what is computed is read or refused; one that only
//! says how a cluster does it is ignored, and [`check`] says so.
//!
//! *Not here*: what several specs have to do with each other, but for [`check`]: `graph.rs`.

mod build;
mod documents;
mod fields;
mod problem;
mod shape;
mod values;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use problem::{Note, Problem};
pub use values::is_name;

use crate::glob::Glob;

/// A pipeline.
#[derive(Clone, Debug)]
pub struct Spec {
    /// Its name, and that of the repo it writes.
    pub name: String,
    /// What it runs.
    pub transform: Transform,
    /// What it reads.
    pub input: Input,
    /// `parallelismSpec.constant`; at least one.
    pub workers: u32,
    /// How often a datum is tried before it failed.
    pub datum_tries: u32,
    /// How long a try may take.
    pub datum_timeout: Option<Duration>,
    /// How long a job may take.
    pub job_timeout: Option<Duration>,
    /// What a worker may use: of the limits, else of the requests.
    pub memory_bytes: Option<u64>,
    /// Datums in a set (`datumSetSpec.number`).
    pub set_datums: Option<u64>,
    /// The branch it writes: `master` unless named.
    pub output_branch: String,
    /// Whether every job runs every datum (`reprocessSpec` is `every_job`).
    pub reprocess: bool,
    /// Part of every datum's hash, if the spec gives one.
    pub salt: Option<String>,
    /// Where it was read.
    pub file: PathBuf,
    /// The document as it was read.
    pub text: serde_json::Value,
    /// What reading it found worth knowing; [`check`] gives these and more.
    pub notes: Vec<Note>,
}

/// What a pipeline runs.
#[derive(Clone, Debug, Default)]
pub struct Transform {
    /// The program and its arguments.
    pub cmd: Vec<String>,
    /// Variables for the program.
    pub env: BTreeMap<String, String>,
    /// Who the program runs as.
    pub user: Option<String>,
    /// Where the program starts.
    pub working_dir: Option<String>,
    /// Exit codes that are no failure, beside 0.
    pub accept_return_code: Vec<i32>,
    /// Whether the program asks for its datums, a set of them to a process.
    pub datum_batching: bool,
}

/// What a pipeline reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// What a glob matches in a repo.
    Pfs(Pfs),
    /// Every piece of each with every piece of the others. As in Pachyderm sorted by the names that the spec gives; those without come
    /// first, in the order of the spec.
    Cross(Vec<Input>),
}

impl Input {
    /// The `pfs` inputs, in Pachyderm's order.
    pub fn pfs(&self) -> Vec<&Pfs> {
        match self {
            Self::Pfs(pfs) => vec![pfs],
            Self::Cross(inputs) => inputs.iter().flat_map(Self::pfs).collect(),
        }
    }
}

/// What a glob matches in a repo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pfs {
    /// The folder below /pfs: the repo's name unless named.
    pub name: String,
    /// The repo.
    pub repo: String,
    /// `master` unless named.
    pub branch: String,
    /// Each match is a piece.
    pub glob: Glob,
    /// Files are shown empty.
    pub empty_files: bool,
    /// Where the spec says so, for messages: `input.cross[1].pfs`.
    pub field: String,
}

/// Reads every pipeline of these files, and of the `.json` files of these folders. A file holds one document, several, or an array.
pub fn read(files: &[PathBuf]) -> Result<Vec<Spec>, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut specs = Vec::new();
    for file in documents::files(files, &mut problems) {
        for document in documents::documents(&file, &mut problems) {
            match build::spec(&file, &document) {
                Ok(spec) => specs.push(spec),
                Err(found) => problems.extend(found),
            }
        }
    }
    if problems.is_empty() { Ok(specs) } else { Err(problems) }
}

/// Reads one document, which came from a file.
pub fn of(document: &serde_json::Value, file: &Path) -> Result<Spec, Vec<Problem>> {
    build::spec(file, document)
}

/// What an operator should know of specs that are right: fields without effect here, and what costs more than it seems.
pub fn check(specs: &[Spec]) -> Vec<Note> {
    let branches: BTreeMap<&str, &str> = specs.iter().map(|spec| (spec.name.as_str(), spec.output_branch.as_str())).collect();
    specs.iter().flat_map(|spec| spec.notes.iter().cloned().chain(costs(spec, &branches))).collect()
}

/// `branches` has the pipelines and the branches that they write.
fn costs(spec: &Spec, branches: &BTreeMap<&str, &str>) -> Vec<Note> {
    let inputs = spec.input.pfs();
    let note = |field: String, text: String| Note { file: spec.file.clone(), pipeline: spec.name.clone(), field, text };
    let mut notes = Vec::new();
    let many = inputs.iter().any(|input| !input.glob.is_plain());
    for input in &inputs {
        let written = branches.get(input.repo.as_str());
        let glob = format!("{}.glob", input.field);
        if many && written.is_some() && input.glob.is_whole() {
            notes.push(note(glob, format!("`/` is all that `{0}` writes, what it records of how it was made too: any change of it runs every datum again\nname the file that is needed, such as `/model.json`", input.repo)));
        } else if input.glob.text().ends_with("**") {
            notes.push(note(glob, format!("`{}` matches folders and also the files in them, so a file is in several datums\nwrite `*` for each part of the path, such as `/*/*`", input.glob)));
        }
        if let Some(branch) = written.filter(|branch| **branch != input.branch) {
            let text = format!(
                "pipeline `{}` writes branch `{branch}`, so nothing writes branch `{}`\nread the branch that is written",
                input.repo, input.branch
            );
            notes.push(note(format!("{}.branch", input.field), text));
        }
    }
    if spec.workers > 1 && !many {
        let text = format!(
            "{} workers share at most one datum: no glob matches more than one path\nwrite a glob that parts the data, such as `/*`",
            spec.workers
        );
        notes.push(note("parallelismSpec.constant".to_owned(), text));
    }
    notes
}

#[cfg(test)]
mod tests;
