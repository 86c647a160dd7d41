//! Brings pipelines up to date: runs a job for each pipeline whose inputs or spec changed since its last job.

use super::context::Run;
use super::job::{self, JobOutcome};
use super::versions::{self, Pipeline};
use crate::error::{Error, Result};
use crate::report::Report;
use crate::spec::Pfs;
use crate::store;
use crate::store::records::{BranchHead, Job, JobState};

/// Brings every pipeline of the store up to date. The error names the pipelines whose last job did not succeed.
pub fn run(run: &Run<'_>, report: &mut dyn Report) -> Result<()> {
    let pipelines = versions::current(run.store)?;
    if pipelines.is_empty() {
        return Err(Error::invalid("there are no pipelines in this store", "name spec files: `samefit pipeline run SPECS`"));
    }
    let mut scheduler = Scheduler { run, pipelines: &pipelines, job_id: None };
    let mut failed = Vec::new();
    for pipeline in &pipelines {
        let state = scheduler.update(pipeline, report)?;
        failed.extend((state != JobState::Success).then_some(pipeline.spec.name.as_str()));
    }
    if failed.is_empty() {
        return Ok(());
    }
    Err(Error::failed(
        format_args!("not up to date: `{}`", failed.join("`, `")),
        "correct the cause above and run again: a changed spec or input starts a new job, and `--retry` starts one without a change",
    ))
}

struct Scheduler<'a> {
    run: &'a Run<'a>,
    /// All pipelines of the store.
    pipelines: &'a [Pipeline],
    /// The id that all jobs of this run share. The first job creates it.
    job_id: Option<String>,
}

impl Scheduler<'_> {
    /// Runs a job for a pipeline if it needs one. Returns the state of its last job.
    fn update(&mut self, pipeline: &Pipeline, report: &mut dyn Report) -> Result<JobState> {
        let name = &pipeline.spec.name;
        let inputs = self.input_heads(pipeline)?;
        let last = self.run.store.jobs(name)?.into_iter().next();
        let is_same = |job: &&Job| job.inputs == inputs && job.version == pipeline.version.version;
        match last.as_ref().filter(is_same) {
            Some(job) if job.state == JobState::Running => {
                report.say(&format!("{name}: continuing job {}", job.id));
                return self.run_job(pipeline, job.clone(), report);
            }
            Some(job) if !(self.run.options.retry && job.state != JobState::Success) => {
                say_unchanged(job, report);
                return Ok(job.state);
            }
            _ => {}
        }
        self.supersede(last.filter(|job| job.state == JobState::Running))?;
        let job = self.new_job(pipeline, inputs)?;
        match self.failed_input(&job)? {
            Some(input) => self.record_unrunnable(job, &input, report),
            None => self.run_job(pipeline, job, report),
        }
    }

    fn run_job(&self, pipeline: &Pipeline, job: Job, report: &mut dyn Report) -> Result<JobState> {
        self.run.store.write(|change| change.put_job(&job))?;
        self.run.options.runtime.warning(&pipeline.spec).iter().for_each(|warning| report.note(&warning.to_string()));
        match job::run(self.run, pipeline, job, report)? {
            JobOutcome::Ended(job) => Ok(job.state),
            JobOutcome::Stopped { finished, all } => {
                let name = &pipeline.spec.name;
                report.note(&format!(
                    "{name}: stopped; {finished} of {all} datums are finished and kept, and the next run continues from there"
                ));
                Err(Error::Stopped)
            }
        }
    }

    /// Returns the heads of the branches that a pipeline reads, each once.
    fn input_heads(&self, pipeline: &Pipeline) -> Result<Vec<BranchHead>> {
        let mut heads: Vec<BranchHead> = Vec::new();
        for Pfs { repo, branch, .. } in pipeline.spec.input.pfs() {
            if !heads.iter().any(|head| head.repo == *repo && head.branch == *branch) {
                let commit = self.head(pipeline, repo, branch)?;
                heads.push(BranchHead { repo: repo.clone(), branch: branch.clone(), commit });
            }
        }
        Ok(heads)
    }

    /// Returns the commit at the head of a branch. For the output of a pipeline it is the last job, which may have made no commit.
    fn head(&self, pipeline: &Pipeline, repo: &str, branch: &str) -> Result<String> {
        let is_output = self.pipelines.iter().any(|writer| writer.spec.name == repo && writer.spec.output_branch == branch);
        if is_output && let Some(job) = self.run.store.jobs(repo)?.into_iter().next() {
            return Ok(job.id);
        }
        let missing = || {
            let sentence = format!("pipeline `{}` reads `{repo}@{branch}`, and nothing was ever put there", pipeline.spec.name);
            Error::invalid(sentence, format_args!("put files: `samefit pipeline put {repo}@{branch} FILES`"))
        };
        self.run.store.head(repo, branch)?.map(|commit| commit.id).ok_or_else(missing)
    }

    /// Ends an unfinished job that another job replaces.
    fn supersede(&self, job: Option<Job>) -> Result<()> {
        let Some(mut job) = job else { return Ok(()) };
        job.state = JobState::Killed;
        job.error = Some("its inputs or its spec changed before its end".to_owned());
        job.ended = Some(self.run.store.now());
        self.run.store.write(|change| change.put_job(&job))
    }

    /// Creates a job that has not started.
    fn new_job(&mut self, pipeline: &Pipeline, inputs: Vec<BranchHead>) -> Result<Job> {
        let number = self.run.store.write(|change| change.next_number())?;
        let heads: Vec<&str> = inputs.iter().map(|head| head.commit.as_str()).collect();
        let derive_id = || store::derived_id(&["job", &number.to_string(), &pipeline.spec.name, &heads.join(" ")]);
        let id = self.job_id.get_or_insert_with(derive_id).clone();
        Ok(Job {
            id,
            pipeline: pipeline.spec.name.clone(),
            version: pipeline.version.version,
            number,
            state: JobState::Running,
            inputs,
            counts: Default::default(),
            datums: None,
            error: None,
            started: self.run.store.now(),
            ended: None,
        })
    }

    /// Returns the last job of a pipeline that this job reads, if that job did not succeed.
    fn failed_input(&self, job: &Job) -> Result<Option<Job>> {
        for head in &job.inputs {
            let input = self.run.store.job(&head.repo, &head.commit)?;
            if let Some(input) = input.filter(|input| input.state != JobState::Success) {
                return Ok(Some(input));
            }
        }
        Ok(None)
    }

    fn record_unrunnable(&self, mut job: Job, input: &Job, report: &mut dyn Report) -> Result<JobState> {
        job.state = JobState::Unrunnable;
        job.error = Some(format!("the last job of `{}` did not succeed ({})", input.pipeline, input.state.text()));
        job.ended = Some(self.run.store.now());
        self.run.store.write(|change| change.put_job(&job))?;
        let (name, input) = (&job.pipeline, &input.pipeline);
        report.note(&format!("{name}: not run because the last job of `{input}` did not succeed; `{name}` keeps its old output"));
        Ok(job.state)
    }
}

fn say_unchanged(job: &Job, report: &mut dyn Report) {
    match &job.error {
        None => report.say(&format!("{}: up to date", job.pipeline)),
        Some(error) => report.note(&format!("{}: nothing changed since its last job: {}: {error}", job.pipeline, job.state.text())),
    }
}
