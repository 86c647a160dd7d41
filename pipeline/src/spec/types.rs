//! Pipeline specs as Rust values: every field that has an effect here, with its type.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

use super::problem::Note;
use crate::glob::Glob;

/// The branch that is read or written by default.
pub const DEFAULT_BRANCH: &str = "master";

/// One pipeline.
#[derive(Clone, Debug)]
pub struct Spec {
    /// The name of the pipeline and of the repo that it writes.
    pub name: String,
    /// The program that processes each datum.
    pub transform: Transform,
    /// The files that become datums.
    pub input: Input,
    /// The number of workers (`parallelismSpec.constant`); at least 1.
    pub workers: u32,
    /// How often a datum is tried before it counts as failed.
    pub datum_tries: u32,
    /// The time limit of one try.
    pub datum_timeout: Option<Duration>,
    /// The time limit of a job.
    pub job_timeout: Option<Duration>,
    /// The memory limit of a worker in bytes, taken from `resourceLimits`, else from `resourceRequests`.
    pub memory_bytes: Option<u64>,
    /// The number of datums in a set (`datumSetSpec.number`).
    pub set_datums: Option<u64>,
    /// The branch that the pipeline writes; `master` by default.
    pub output_branch: String,
    /// Whether every job runs every datum (`reprocessSpec` is `every_job`).
    pub reprocess: bool,
    /// A text that is part of every datum's hash, if the spec gives one.
    pub salt: Option<String>,
    /// The file that the spec was read from.
    pub file: PathBuf,
    /// The whole document as it was read.
    pub text: serde_json::Value,
    /// Notes from reading the spec. [`lint`](super::lint::lint) returns them with its own.
    pub notes: Vec<Note>,
}

/// The program of a pipeline.
#[derive(Clone, Debug, Default)]
pub struct Transform {
    /// The program and its arguments.
    pub cmd: Vec<String>,
    /// Environment variables by name.
    pub env: BTreeMap<String, String>,
    /// The user that the program runs as.
    pub user: Option<String>,
    /// The folder that the program starts in.
    pub working_dir: Option<String>,
    /// Exit codes that count as success besides 0.
    pub accept_return_code: Vec<i32>,
    /// Whether one process asks for its datums one after another.
    pub datum_batching: bool,
}

impl Transform {
    /// Returns whether an exit status counts as success.
    pub fn accepts(&self, status: ExitStatus) -> bool {
        status.code().is_some_and(|code| code == 0 || self.accept_return_code.contains(&code))
    }
}

/// The input of a pipeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// Every match of a glob in a repo.
    Pfs(Pfs),
    /// Every combination of one match of each input. As in Pachyderm the inputs are sorted by the names that the spec gives. Inputs without a
    /// name come first, in the order of the spec.
    Cross(Vec<Input>),
}

impl Input {
    /// Returns the `pfs` inputs in Pachyderm's order.
    pub fn pfs(&self) -> Vec<&Pfs> {
        match self {
            Self::Pfs(pfs) => vec![pfs],
            Self::Cross(inputs) => inputs.iter().flat_map(Self::pfs).collect(),
        }
    }
}

/// A glob over a repo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pfs {
    /// The folder below `/pfs` that shows the files; the repo's name by default.
    pub name: String,
    /// The repo.
    pub repo: String,
    /// The branch; `master` by default.
    pub branch: String,
    /// The glob. Each match is one part of a datum.
    pub glob: Glob,
    /// Whether the program sees empty files.
    pub empty_files: bool,
    /// The path of this input in the spec, such as `input.cross[1].pfs`, for messages.
    pub field: String,
}
