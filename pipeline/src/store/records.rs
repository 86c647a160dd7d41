//! What the store knows, as plain data that is kept as JSON.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::datums::{Hash, ContentRef};

/// A repo: of files that people put, or of a pipeline's output.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Repo {
    /// Its name.
    pub name: String,
    /// Whether a pipeline of that name writes it.
    pub output: bool,
}

/// The files of a repo at one time. It never changes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Commit {
    /// 32 hexadecimal digits. For a pipeline's output, those of the job.
    pub id: String,
    /// The repo.
    pub repo: String,
    /// The branch that it was made on.
    pub branch: String,
    /// What was there before.
    pub parent: Option<String>,
    /// The listing of its files; none if they contradict each other, so that nothing can be read.
    pub tree: Option<Hash>,
    /// How many files.
    pub files: u64,
    /// Their length.
    pub bytes: u64,
    /// Why its job failed.
    pub error: Option<String>,
    /// Later ones have higher numbers: commits, jobs and versions of pipelines take them from one row. A job's commit has the job's.
    pub number: u64,
    /// Seconds since 1970.
    pub made: u64,
}

/// One version of a pipeline. It never changes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PipelineVersion {
    /// The pipeline.
    pub pipeline: String,
    /// From 1.
    pub version: u64,
    /// The spec as it was read.
    pub spec: serde_json::Value,
    /// Of the spec's text.
    pub spec_sha256: Hash,
    /// The file it was read from.
    pub file: String,
    /// Part of every datum's hash: a new one means that everything runs again.
    pub salt: String,
    /// Seconds since 1970.
    pub made: u64,
}

/// How far a job has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum JobState {
    /// Not at its end yet, or interrupted.
    Running,
    /// Every datum succeeded.
    Success,
    /// A datum failed, or two wrote the same path.
    Error,
    /// It took too long, or something else took its place before it came to its end.
    Killed,
    /// What it reads comes from a job that failed.
    Unrunnable,
}

impl JobState {
    /// As people read it.
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

/// One way through a pipeline: a version of it over commits.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Job {
    /// 32 hexadecimal digits: those of its output commit, and of every other job of the same run.
    pub id: String,
    /// The pipeline.
    pub pipeline: String,
    /// Its version.
    pub version: u64,
    /// Later ones have higher numbers: commits, jobs and versions of pipelines take them from one row. A job's commit has the job's.
    pub number: u64,
    /// How far it has come.
    pub state: JobState,
    /// What it reads.
    pub inputs: Vec<BranchHead>,
    /// Datums by how they ended.
    pub counts: DatumCounts,
    /// The listing of its datums ([`Processed`]), once it has ended.
    pub datums: Option<Hash>,
    /// Why it did not succeed.
    pub error: Option<String>,
    /// Seconds since 1970.
    pub started: u64,
    /// Seconds since 1970, once it has ended.
    pub ended: Option<u64>,
}

/// A branch, and the commit that stood at its head.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BranchHead {
    /// The repo.
    pub repo: String,
    /// The branch.
    pub branch: String,
    /// The commit; for a pipeline's output the job, whether it made a commit or not.
    pub commit: String,
}

/// Datums by how they ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatumCounts {
    /// Those that ran.
    pub processed: u64,
    /// Those whose output an earlier job had made.
    pub skipped: u64,
    /// Those whose every try failed.
    pub failed: u64,
}

/// What came of a datum.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DatumResult {
    /// Of the inputs' names, repos, branches and paths.
    pub id: String,
    /// Of the id, the contents and the salt.
    pub hash: String,
    /// The inputs' paths.
    #[serde(rename = "pieces")]
    pub inputs: Vec<InputPath>,
    /// What it wrote.
    pub files: Vec<OutputFile>,
    /// Why its last try failed.
    pub error: Option<String>,
    /// How often it was tried.
    pub tries: u32,
    /// The job in which it ran.
    pub job: String,
    /// What its program said: the end of it.
    pub log: Option<Hash>,
}

/// Which piece of an input.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InputPath {
    /// The input's name.
    pub input: String,
    /// The repo.
    pub repo: String,
    /// The branch.
    pub branch: String,
    /// `/`, `/1.json` or `/site/`.
    pub path: String,
}

/// A file that a datum wrote.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OutputFile {
    /// `/1.json`.
    pub path: String,
    /// Its content.
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

/// The digest that 64 hexadecimal digits mean.
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
