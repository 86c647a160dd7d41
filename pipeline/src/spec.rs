//! The JSON text of pipeline specs to [`Spec`]s, or to the [`Problem`]s that they have.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::glob::Glob;

/// A pipeline.
#[derive(Clone, Debug)]
pub struct Spec {
    /// Its name, and that of the repo it writes.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
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
    pub datum_sets: Option<u64>,
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
}

/// What a pipeline runs.
#[derive(Clone, Debug, Default)]
pub struct Transform {
    /// The program and its arguments.
    pub cmd: Vec<String>,
    /// The container image.
    pub image: Option<String>,
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
    /// Every piece of each with every piece of the others.
    Cross(Vec<Input>),
}

impl Input {
    /// The repos of an input, in the order of the spec.
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
    /// Files are pipes.
    pub lazy: bool,
}

/// What is wrong with a spec, where, and what to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file.
    pub file: PathBuf,
    /// The pipeline, if its name could be read.
    pub pipeline: Option<String>,
    /// `input.cross[1].pfs.glob`; empty for the document itself.
    pub field: String,
    /// What stands there.
    pub found: String,
    /// What should stand there.
    pub expected: String,
    /// What to do.
    pub help: String,
}

/// ``file: pipeline `infer`, field `input.pfs.glob`: found .., expected ..``, then what to do on a line of its own.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pipeline = self.pipeline.iter().map(|name| format!("pipeline `{name}`"));
        let field = Some(&self.field).filter(|field| !field.is_empty()).map(|field| format!("field `{field}`"));
        let place: Vec<String> = pipeline.chain(field).collect();
        write!(f, "{}: ", self.file.display())?;
        if !place.is_empty() {
            write!(f, "{}: ", place.join(", "))?;
        }
        write!(f, "found {}, expected {}\nhelp: {}", self.found, self.expected, self.help)
    }
}

/// Something worth knowing about a spec that is no problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The file.
    pub file: PathBuf,
    /// The pipeline.
    pub pipeline: String,
    /// `input.cross[1].pfs.glob`.
    pub field: String,
    /// What it means, and after a line break what to do.
    pub text: String,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.text.replacen('\n', "\nhelp: ", 1);
        write!(f, "note: {}: pipeline `{}`, field `{}`: {text}", self.file.display(), self.pipeline, self.field)
    }
}

/// Reads every pipeline of these files, and of the `.json` files of these folders. A file holds one document, several, or an array.
pub fn read(_files: &[PathBuf]) -> Result<Vec<Spec>, Vec<Problem>> {
    Ok(Vec::new())
}

/// What an operator should know of specs that are right: fields without effect here, and what costs more than it seems.
pub fn check(_specs: &[Spec]) -> Vec<Note> {
    Vec::new()
}
