//! One datum to its result: the program is started for it, and again if it fails.

use std::io;

use super::datum_dir::DatumDir;
use super::process::{Programs, words};
use super::work::{Finished, Stop, Tried, Work, ends_job};
use crate::datums::Datum;
use crate::disk::bad;
use crate::error::{Error, Result};
use crate::spec::Spec;

/// Tries a datum until it succeeds or has failed often enough.
pub fn process<'a>(work: &Work<'a>, programs: &mut Programs, datum: &Datum) -> Result<Finished<'a>, Stop> {
    let mut processed = work.begun(datum);
    let mut staged = work.store.objects.stage();
    loop {
        processed.tries += 1;
        let dir = work.new_dir()?;
        dir.materialize(&work.store.objects, datum)?;
        let (code, log) = run(work, programs, &dir, datum)?;
        let tried = match code {
            Ok(()) => work.collect(&dir, &mut staged, &mut processed)?,
            Err(why) => Tried::Bad(why),
        };
        processed.error = match tried {
            Tried::Good => None,
            Tried::Bad(_) if processed.tries < work.spec.datum_tries => continue,
            Tried::Bad(why) => Some(why),
        };
        return work.finished(processed, staged, dir.told(&log));
    }
}

/// Runs the program once: how it went, and what it said.
fn run(work: &Work<'_>, programs: &mut Programs, dir: &DatumDir, datum: &Datum) -> Result<(Result<(), String>, String), Stop> {
    let stopped = || work.stopped();
    let limits = work.limits(&stopped);
    if let Some(stop) = limits.cut().and_then(ends_job) {
        return Err(stop);
    }
    let launch = work.place.launch(dir, work.spec, &work.variables(dir, datum))?;
    let running = programs.start(&launch, || {}).map_err(|error| cannot_start(work.spec, &error))?;
    let (ended, log) = programs.wait(running, &limits);
    work.place.end(dir);
    let ended = match ended {
        Ok(ended) => ended,
        Err(unended) => return Ok((Err(unended.text().to_owned()), log)),
    };
    let accepted = |code: i32| code == 0 || work.spec.transform.accept_return_code.contains(&code);
    match ended {
        Ok(status) if status.code().is_some_and(accepted) => Ok((Ok(()), log)),
        Ok(_) => Ok((Err(words(ended)), log)),
        Err(cut) => match ends_job(cut) {
            Some(stop) => Err(stop),
            None => Ok((Err(words(ended)), log)),
        },
    }
}

/// The program is not there, or is none; or what should start it does not answer, which is none of the system's errors.
pub fn cannot_start(spec: &Spec, error: &io::Error) -> Error {
    let program = spec.transform.cmd.first().map_or("", String::as_str);
    let help = match error.raw_os_error() {
        Some(_) => "install it, or run with --container and an --image that has it",
        None => "run again; a program may have stopped or ended `samefit-supervisor`, which it must leave alone",
    };
    bad(format_args!("pipeline `{}`: `{program}` cannot be started: {error}", spec.name), help)
}
