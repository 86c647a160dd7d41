//! Processes one datum: starts the program for it, and starts it again if it fails.

use super::attempt::{Attempt, FinishedDatum, JobContext, JobStop, cannot_start, job_stop};
use super::datum_dir::DatumDir;
use super::process::{ProgramRunner, describe_exit};
use crate::datums::Datum;

/// Tries a datum until it succeeds or has used up its tries.
pub fn process<'a>(job: &JobContext<'a>, runner: &mut ProgramRunner, datum: &Datum) -> Result<FinishedDatum<'a>, JobStop> {
    let mut result = job.new_result(datum);
    let mut staged = job.store.objects.stage();
    loop {
        result.tries += 1;
        let dir = job.new_dir()?;
        dir.materialize(&job.store.objects, datum)?;
        let (attempt, log) = run(job, runner, &dir, datum)?;
        let attempt = match attempt {
            Attempt::Succeeded => job.collect(&dir, &mut staged, &mut result)?,
            failed => failed,
        };
        result.error = match attempt {
            Attempt::Succeeded => None,
            Attempt::Failed(_) if result.tries < job.spec.datum_tries => continue,
            Attempt::Failed(why) => Some(why),
        };
        return job.finish(result, staged, dir.with_pfs_paths(&log));
    }
}

/// Runs the program once. Returns how it ended, and the end of its output.
fn run(job: &JobContext<'_>, runner: &mut ProgramRunner, dir: &DatumDir, datum: &Datum) -> Result<(Attempt, String), JobStop> {
    let stop_requested = || job.must_stop();
    let limits = job.limits(&stop_requested);
    if let Some(stop) = limits.exceeded().and_then(job_stop) {
        return Err(stop);
    }
    let launch = job.runtime.launch(dir, job.spec, &job.variables(dir, datum))?;
    let program = runner.start(&launch, || {}).map_err(|error| cannot_start(job.spec, &error))?;
    let (ended, log) = runner.wait(program, &limits);
    job.runtime.clean_up(dir);
    let exit = match ended {
        Ok(exit) => exit,
        Err(error) => return Ok((Attempt::Failed(error.to_string()), log)),
    };
    if let Some(stop) = exit.err().and_then(job_stop) {
        return Err(stop);
    }
    let is_accepted = exit.is_ok_and(|status| job.spec.transform.accepts(status));
    Ok((if is_accepted { Attempt::Succeeded } else { Attempt::Failed(describe_exit(exit)) }, log))
}
