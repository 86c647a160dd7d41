//! The job that a worker works on, and how a try of a datum ends. Single datums ([`super::single`]) and sets ([`super::batch`]) share it.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::context::HostContext;
use super::datum_dir::{CollectError, DatumDir};
use super::limits::{Interruption, Limits};
use super::process::StartError;
use super::runtime::Runtime;
use super::variables::{self, Variables};
use crate::datums::{Datum, DatumInput};
use crate::error::{Error, Result};
use crate::spec::Spec;
use crate::store::Store;
use crate::store::objects::StagedObjects;
use crate::store::records::{DatumResult, InputPath, Job};

/// What the workers of one job share.
pub struct JobContext<'a> {
    /// Supplies the files of inputs and takes those of outputs.
    pub store: &'a Store,
    /// What the host program supplies.
    pub host: &'a HostContext<'a>,
    /// The job.
    pub job: &'a Job,
    /// The spec of the job's pipeline.
    pub spec: &'a Spec,
    /// Where programs run.
    pub runtime: &'a dyn Runtime,
    /// When the job exceeds `jobTimeout`.
    pub deadline: Option<Instant>,
    /// Set when one worker has to give up, so that the others stop too.
    pub halted: AtomicBool,
}

/// A datum that succeeded, or whose every try failed.
pub struct FinishedDatum<'a> {
    /// The result to record.
    pub result: DatumResult,
    /// The end of the program's output.
    pub log: String,
    /// The files that the program wrote.
    pub staged: StagedObjects<'a>,
}

/// Why a job does not continue.
#[derive(Debug)]
pub enum JobStop {
    /// A person asked for it, or another worker stopped the job.
    Stopped,
    /// The job exceeded `jobTimeout`.
    Timeout,
    /// The machine failed.
    Failed(Error),
}

impl From<Error> for JobStop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// How one try of a datum ended.
pub enum Attempt {
    /// The program succeeded, and its output was collected.
    Succeeded,
    /// The try failed for this reason.
    Failed(String),
}

impl<'a> JobContext<'a> {
    /// Returns the limits of a try that begins now.
    pub fn limits<'b>(&self, stop_requested: &'b (dyn Fn() -> bool + Sync)) -> Limits<'b> {
        let datum = self.spec.datum_timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        Limits { datum, job: self.deadline, stop_requested }
    }

    /// Returns whether the workers have to stop.
    pub fn must_stop(&self) -> bool {
        self.halted.load(Ordering::Relaxed) || (self.host.stop_requested)()
    }

    /// Creates a folder for a program that is about to start.
    pub fn new_dir(&self) -> Result<DatumDir> {
        DatumDir::new(self.store.tmp(), &self.host.program)
    }

    /// Returns the environment variables of a datum.
    pub fn variables(&self, dir: &DatumDir, datum: &Datum) -> Variables {
        variables::of_datum(self.job, datum, &self.runtime.pfs(dir))
    }

    /// Collects the output of a program that succeeded. The try fails if the output cannot be stored in a repo.
    pub fn collect(&self, dir: &DatumDir, staged: &mut StagedObjects<'a>, result: &mut DatumResult) -> Result<Attempt, JobStop> {
        match dir.collect(staged) {
            Ok(files) => {
                result.files = files;
                Ok(Attempt::Succeeded)
            }
            Err(CollectError::Output(why)) => Ok(Attempt::Failed(why)),
            Err(CollectError::Machine(error)) => Err(error.into()),
        }
    }

    /// Returns a datum with its result, and adds the end of its program's output.
    pub fn finish(&self, mut result: DatumResult, mut staged: StagedObjects<'a>, log: String) -> Result<FinishedDatum<'a>, JobStop> {
        if !log.is_empty() {
            result.log = Some(staged.add_stream(log.as_bytes())?.sha256);
        }
        Ok(FinishedDatum { result, log, staged })
    }

    /// Creates the result of a datum that was not tried yet.
    pub fn new_result(&self, datum: &Datum) -> DatumResult {
        let path = |input: &DatumInput| InputPath {
            input: input.name.clone(),
            repo: input.repo.clone(),
            branch: input.branch.clone(),
            path: input.path.clone(),
        };
        DatumResult {
            id: datum.id.clone(),
            hash: datum.hash.clone(),
            inputs: datum.inputs.iter().map(path).collect(),
            files: Vec::new(),
            error: None,
            tries: 0,
            job: self.job.id.clone(),
            log: None,
        }
    }
}

/// Returns why an interruption stops the whole job. The timeout of a datum only fails its try.
pub fn job_stop(interruption: Interruption) -> Option<JobStop> {
    match interruption {
        Interruption::DatumTimeout => None,
        Interruption::JobTimeout => Some(JobStop::Timeout),
        Interruption::Stopped => Some(JobStop::Stopped),
    }
}

/// Creates the error for a program that does not start.
pub fn cannot_start(spec: &Spec, error: &StartError) -> Error {
    let program = spec.transform.cmd.first().map_or("", String::as_str);
    let (why, help) = match error {
        StartError::Program(error) => (error.to_string(), "install it, or run with --container and an --image that has it"),
        StartError::System(error) => (error.to_string(), "give this user more processes (`ulimit -u`), files (`ulimit -n`) or memory"),
        StartError::Supervisor(why) => (
            format!("its supervisor does not start it: {why}"),
            "run again; a program may have stopped or killed `samefit-supervisor`, which it must leave alone",
        ),
    };
    Error::invalid(format_args!("pipeline `{}`: `{program}` cannot be started: {why}", spec.name), help)
}

/// Creates the error for a system that refuses a thread.
pub fn no_thread(error: &io::Error) -> Error {
    Error::failed(
        format_args!("the system refuses to start a thread: {error}"),
        "give this user more processes (`ulimit -u`) or memory, or end other programs",
    )
}
