//! The records of the store, as they are serialized to JSON. Some keys differ from the names of fields, so that stores and `--json` keep
//! their format.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::datums::{ContentRef, Hash};

/// A repo. People put files into it, or a pipeline writes it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Repo {
    /// The name.
    pub name: String,
    /// Whether the pipeline of the same name writes it.
    pub output: bool,
}

/// The files of a repo at one time. A commit never changes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Commit {
    /// 32 hexadecimal digits. A commit of a pipeline's output has the id of its job.
    pub id: String,
    /// The repo.
    pub repo: String,
    /// The branch on which the commit was made.
    pub branch: String,
    /// The commit before it on the branch.
    pub parent: Option<String>,
    /// The listing of the files. None if two datums wrote the same path, so that the commit cannot be read.
    pub tree: Option<Hash>,
    /// The number of files.
    pub files: u64,
    /// The length of all files in bytes.
    pub bytes: u64,
    /// Why the job that made the commit failed.
    pub error: Option<String>,
    /// Later commits have higher numbers. Commits, jobs and versions of pipelines take them from one series. A commit of a job has the
    /// number of the job.
    pub number: u64,
    /// When it was made, in seconds since 1970.
    pub made: u64,
}

/// One version of a pipeline. It never changes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PipelineVersion {
    /// The pipeline.
    pub pipeline: String,
    /// The number of the version, from 1.
    pub version: u64,
    /// The spec as it was read.
    pub spec: serde_json::Value,
    /// The digest of the spec's text.
    pub spec_sha256: Hash,
    /// The file that the spec was read from.
    pub file: String,
    /// A text that is part of every datum's hash. A new salt runs every datum again.
    pub salt: String,
    /// When it was made, in seconds since 1970.
    pub made: u64,
}

/// The state of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum JobState {
    /// The job has not ended, or was interrupted.
    Running,
    /// Every datum succeeded.
    Success,
    /// A datum failed, or two datums wrote the same path.
    Error,
    /// The job took too long, or another job replaced it before its end.
    Killed,
    /// The job was not run, because it reads the output of a job that failed.
    Unrunnable,
}

impl JobState {
    /// Returns the state in words.
    pub fn text(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Success => "success",
            Self::Error => "failure",
            Self::Killed => "killed",
            Self::Unrunnable => "unrunnable",
        }
    }
}

/// One run of a pipeline's version over commits.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Job {
    /// 32 hexadecimal digits. All jobs of one run share the id, and so do their output commits.
    pub id: String,
    /// The pipeline.
    pub pipeline: String,
    /// The version of the pipeline.
    pub version: u64,
    /// Later jobs have higher numbers. Commits, jobs and versions of pipelines take them from one series.
    pub number: u64,
    /// The state.
    pub state: JobState,
    /// The branches that it reads, with their heads.
    pub inputs: Vec<BranchHead>,
    /// How many datums ended in which way.
    pub counts: DatumCounts,
    /// The listing of its datum results ([`DatumResult`]), once the job has ended.
    pub datums: Option<Hash>,
    /// Why the job did not succeed.
    pub error: Option<String>,
    /// When it started, in seconds since 1970.
    pub started: u64,
    /// When it ended, in seconds since 1970.
    pub ended: Option<u64>,
}

/// A branch and the commit at its head.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BranchHead {
    /// The repo.
    pub repo: String,
    /// The branch.
    pub branch: String,
    /// The id of the commit. For the output of a pipeline it is the id of the last job, even if that job made no commit.
    pub commit: String,
}

/// How many datums ended in which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatumCounts {
    /// Datums that ran and succeeded.
    pub processed: u64,
    /// Datums whose output an earlier job had already made.
    pub skipped: u64,
    /// Datums whose every try failed.
    pub failed: u64,
}

/// The result of a datum.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DatumResult {
    /// The id of the datum, which depends on the names, repos, branches and paths of its inputs.
    pub id: String,
    /// The hash of the datum, which depends on the id, all contents and the salt.
    pub hash: String,
    /// The paths of the inputs.
    #[serde(rename = "pieces")]
    pub inputs: Vec<InputPath>,
    /// The files that it wrote.
    pub files: Vec<OutputFile>,
    /// Why its last try failed.
    pub error: Option<String>,
    /// How many times it was tried.
    pub tries: u32,
    /// The id of the job in which it ran.
    pub job: String,
    /// The object with the end of the program's output.
    pub log: Option<Hash>,
}

/// The path of one input of a datum.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InputPath {
    /// The input's name.
    pub input: String,
    /// The repo.
    pub repo: String,
    /// The branch.
    pub branch: String,
    /// `/`, `/1.json`, or `/site/` for a folder.
    pub path: String,
}

/// A file that a datum wrote.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OutputFile {
    /// The path in the output repo, such as `/1.json`.
    pub path: String,
    /// The content.
    #[serde(rename = "leaf")]
    pub content: ContentRef,
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse_hash(&text).ok_or_else(|| de::Error::custom(format_args!("`{text}` is no SHA-256")))
    }
}

/// Parses 64 hexadecimal digits.
pub fn parse_hash(text: &str) -> Option<Hash> {
    samefit_formats::hex::decode(text)?.try_into().ok().map(Hash)
}

#[derive(Serialize, Deserialize)]
struct ContentRecord {
    sha256: Hash,
    bytes: u64,
}

impl Serialize for ContentRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        ContentRecord { sha256: self.sha256, bytes: self.bytes }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ContentRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        ContentRecord::deserialize(deserializer).map(|ContentRecord { sha256, bytes }| Self { sha256, bytes })
    }
}
