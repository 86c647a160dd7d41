//! The pipelines of a store, brought up to date: a job for each whose inputs or spec changed since its last one.
//!
//! | module | turns |
//! |---|---|
//! | [`versions`] | spec files into versions of pipelines |
//! | [`job`] | a version and the commits it reads into a job and its output commit |
//! | [`work`] | datums into results, several at a time: each by itself ([`single`]) or a set to a program ([`batch`]) |
//! | [`datum_dir`], [`variables`], [`place`], [`container`] | a datum into a folder and an environment, and those into what to start ([`launch`]) |
//! | [`process`], [`supervisor`], [`control_group`], [`children`] | what to start into how it ended, with all that it started |
//!
//! *Invariants*: a job that is interrupted stays `running`, and what it did is in the store; the next run goes on with it.

pub mod batch;
pub mod children;
pub mod container;
pub mod control_group;
pub mod datum_dir;
pub mod job;
pub mod launch;
pub mod place;
pub mod process;
pub mod single;
pub mod supervisor;
pub mod variables;
pub mod versions;
pub mod work;

use std::path::PathBuf;

use self::job::Ended;
use self::place::Place;
use self::versions::Pipeline;
use crate::disk::{bad, broken};
use crate::error::{Error, Result};
use crate::report::Report;
use crate::spec::Pfs;
use crate::store::records::{Head, Job, State};
use crate::store::{self, Store};

/// What a run knows of the world it runs in.
pub struct World<'a> {
    /// What runs as `samefit` and as `pachctl`, and as [`supervisor::NAME`].
    pub program: PathBuf,
    /// Seconds since 1970.
    pub now: fn() -> u64,
    /// Whether the run is to end.
    pub stopped: &'a (dyn Fn() -> bool + Sync),
    /// How many threads the machine runs at once.
    pub cores: usize,
}

/// How a run goes about it.
pub struct Options<'a> {
    /// Datums at a time, whatever the specs and the machine say.
    pub workers: Option<usize>,
    /// Whether jobs that failed get another one though nothing changed.
    pub retry: bool,
    /// Where programs run.
    pub place: &'a dyn Place,
}

/// A run over a store.
pub struct Run<'a> {
    /// The store.
    pub store: &'a Store,
    /// The world.
    pub world: &'a World<'a>,
    /// How.
    pub options: &'a Options<'a>,
}

/// Brings every pipeline up to date.
pub fn run(run: &Run<'_>, report: &mut dyn Report) -> Result<()> {
    let pipelines = versions::known(run.store)?;
    if pipelines.is_empty() {
        return Err(bad("there are no pipelines in this store", "name spec files: `samefit pipeline run SPECS`"));
    }
    let mut id = None;
    let mut bad_jobs = Vec::new();
    for pipeline in &pipelines {
        let ended = run.bring(pipeline, &pipelines, &mut id, report)?;
        bad_jobs.extend((ended != State::Success).then_some(pipeline.spec.name.as_str()));
    }
    if bad_jobs.is_empty() {
        return Ok(());
    }
    Err(broken(
        format_args!("not up to date: `{}`", bad_jobs.join("`, `")),
        "correct what the job says above and run again: a change of its spec or of its inputs gives it a new job, and `--retry` does without one",
    ))
}

impl Run<'_> {
    /// Gives a pipeline a job if it needs one: the state of its last.
    fn bring(&self, pipeline: &Pipeline, all: &[Pipeline], id: &mut Option<String>, report: &mut dyn Report) -> Result<State> {
        let name = &pipeline.spec.name;
        let inputs = self.heads(pipeline, all)?;
        let last = self.store.jobs(name)?.into_iter().next();
        let same = |job: &&Job| job.inputs == inputs && job.version == pipeline.version.version;
        match last.as_ref().filter(same) {
            Some(job) if job.state == State::Running => {
                report.say(&format!("{name}: going on with job {}", job.id));
                return self.execute(pipeline, job.clone(), report);
            }
            Some(job) if !(self.options.retry && job.state != State::Success) => {
                say_unchanged(job, report);
                return Ok(job.state);
            }
            _ => {}
        }
        self.supersede(last.filter(|job| job.state == State::Running))?;
        let job = self.new_job(pipeline, inputs, id)?;
        match self.blocked(&job)? {
            Some(by) => self.unrunnable(job, &by, report),
            None => self.execute(pipeline, job, report),
        }
    }

    fn execute(&self, pipeline: &Pipeline, job: Job, report: &mut dyn Report) -> Result<State> {
        self.store.write(|change| change.job(&job))?;
        self.options.place.doubt(&pipeline.spec).iter().for_each(|doubt| report.note(doubt));
        match job::execute(self, pipeline, job, report)? {
            Ended::Job(job) => Ok(job.state),
            Ended::Stopped { done, all } => {
                report.note(&format!(
                    "{}: stopped; {done} of {all} datums are done and kept, the next run goes on from there",
                    pipeline.spec.name
                ));
                Err(Error::Stopped)
            }
        }
    }

    /// What a pipeline reads: heads of branches; of another pipeline, its last job.
    fn heads(&self, pipeline: &Pipeline, all: &[Pipeline]) -> Result<Vec<Head>> {
        let mut heads: Vec<Head> = Vec::new();
        for Pfs { repo, branch, .. } in pipeline.spec.input.pfs() {
            if !heads.iter().any(|head| head.repo == *repo && head.branch == *branch) {
                heads.push(Head { repo: repo.clone(), branch: branch.clone(), commit: self.head(pipeline, all, repo, branch)? });
            }
        }
        Ok(heads)
    }

    fn head(&self, pipeline: &Pipeline, all: &[Pipeline], repo: &str, branch: &str) -> Result<String> {
        let written = all.iter().any(|writer| writer.spec.name == repo && writer.spec.output_branch == branch);
        if written && let Some(job) = self.store.jobs(repo)?.into_iter().next() {
            return Ok(job.id);
        }
        let help = format!("put files: `samefit pipeline put {repo}@{branch} FILES`");
        let missing =
            || bad(format_args!("pipeline `{}` reads `{repo}@{branch}`, and nothing was ever put there", pipeline.spec.name), help);
        self.store.head(repo, branch)?.map(|commit| commit.id).ok_or_else(missing)
    }

    /// A job that something else took the place of before it came to its end.
    fn supersede(&self, job: Option<Job>) -> Result<()> {
        let Some(mut job) = job else { return Ok(()) };
        job.state = State::Killed;
        job.error = Some("its inputs or its spec changed before it came to its end".to_owned());
        job.ended = Some(self.store.now());
        self.store.write(|change| change.job(&job))
    }

    /// A job that has not begun; all of a run have one id, made when the first needs it.
    fn new_job(&self, pipeline: &Pipeline, inputs: Vec<Head>, id: &mut Option<String>) -> Result<Job> {
        let number = self.store.write(|change| change.number())?;
        let heads: Vec<&str> = inputs.iter().map(|head| head.commit.as_str()).collect();
        let id = id.get_or_insert_with(|| store::id(&["job", &number.to_string(), &pipeline.spec.name, &heads.join(" ")]));
        Ok(Job {
            id: id.clone(),
            pipeline: pipeline.spec.name.clone(),
            version: pipeline.version.version,
            number,
            state: State::Running,
            inputs,
            counts: Default::default(),
            datums: None,
            error: None,
            started: self.store.now(),
            ended: None,
        })
    }

    /// The pipeline before it whose last job did not succeed, if there is one.
    fn blocked(&self, job: &Job) -> Result<Option<Job>> {
        for head in &job.inputs {
            let above = self.store.job(&head.repo, &head.commit)?;
            if let Some(above) = above.filter(|above| above.state != State::Success) {
                return Ok(Some(above));
            }
        }
        Ok(None)
    }

    fn unrunnable(&self, mut job: Job, by: &Job, report: &mut dyn Report) -> Result<State> {
        job.state = State::Unrunnable;
        job.error = Some(format!("the last job of `{}` did not succeed ({})", by.pipeline, by.state.text()));
        job.ended = Some(self.store.now());
        self.store.write(|change| change.job(&job))?;
        report.note(&format!(
            "{}: not run, for the last job of `{}` did not succeed; `{}` goes on showing its old output",
            job.pipeline, by.pipeline, job.pipeline
        ));
        Ok(job.state)
    }
}

fn say_unchanged(job: &Job, report: &mut dyn Report) {
    match &job.error {
        None => report.say(&format!("{}: up to date", job.pipeline)),
        Some(error) => report.note(&format!("{}: nothing changed since its last job: {}: {error}", job.pipeline, job.state.text())),
    }
}
