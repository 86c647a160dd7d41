//! A verb that is run datum after datum in one process (`--batch`), so that thousands of small datums cost one start.
//!
//! Asks for a datum before anything is read, runs the verb as if it stood alone, says how that ended and asks for the next. The verbs do not
//! know of it. What a datum leaves is complete, durable and in its place before the next is asked for, because a verb ends so; the end of the
//! process is SIGKILL, and it comes while it waits.
//!
//! *Not here*: how the worker is asked (`pachctl`); what one datum leaves for the next (`kept`).

use std::path::Path;
use std::{fs, io};

use clap::{Arg, ArgAction, ArgMatches, Command};
use samefit_stages::error::{Error, Result};
use samefit_stages::ports::report::Report;

use crate::files::stands;
use crate::pachctl::Worker;

/// Those that turn what lies in `/pfs` into what lies in `/pfs/out`.
const VERBS: [&str; 8] = ["train", "summarize", "merge", "fit", "qc", "infer", "forget", "qc-pre-process"];

const FLAG: &str = "batch";

/// Which variable of a datum is looked for in the worker's file of them.
const ID: &str = "PACH_DATUM_ID=";
const VARIABLES: &str = ".env";

/// The command line with `--batch` for the verbs that take it.
pub(crate) fn offered(command: Command) -> Command {
    let flag = || {
        Arg::new(FLAG)
            .long(FLAG)
            .action(ArgAction::SetTrue)
            .help("Work at datum after datum as Pachyderm hands them out: for a pipeline with `datumBatching`")
    };
    VERBS.into_iter().fold(command, |command, verb| command.mut_subcommand(verb, |verb| verb.arg(flag())))
}

/// If datums are to be asked for, where the verb writes.
pub(crate) fn asked_for(matches: &ArgMatches) -> Option<String> {
    let (verb, matches) = matches.subcommand()?;
    if !VERBS.contains(&verb) || !matches.get_flag(FLAG) {
        return None;
    }
    matches.get_one::<String>("out").cloned()
}

/// Runs `verb` for every datum; returns only if there is no asking any more.
pub(crate) fn run(
    worker: &mut dyn Worker,
    out: &str,
    report: &mut dyn Report,
    verb: &mut dyn FnMut(&mut dyn Report) -> Result<()>,
) -> Error {
    let mut reason = None;
    loop {
        if let Err(failure) = worker.next(reason.as_deref()) {
            return failure;
        }
        let datum = datum(out).map_or_else(|| "the datum".to_owned(), |id| format!("datum {}", samefit_text::name(&id)));
        report.say(&datum);
        reason = verb(report).err().map(|failure| failure.to_string());
        if let Some(reason) = &reason {
            report.note(&format!("{reason}\nnote: {datum} failed"));
        }
    }
}

/// The datum's name, if the worker says it.
fn datum(out: &str) -> Option<String> {
    let found = Path::new(out).ancestors().skip(1).map(|folder| fs::read(stands(&folder.join(VARIABLES).to_string_lossy())));
    let text = found.filter_map(io::Result::ok).next()?;
    id(&String::from_utf8_lossy(&text))
}

/// A value with a line break in it is not quoted, so a line may be anything; the last one of a name counts.
fn id(variables: &str) -> Option<String> {
    variables.lines().rev().find_map(|line| line.strip_prefix(ID)).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_datum_is_found_among_its_variables() {
        let text = "PATH=/bin\nODD=two\nlines\nPACH_DATUM_ID=old\nattributes=/pfs/attributes/1.json\nPACH_DATUM_ID=7f3a\nPACH_JOB_ID=1\n";
        assert_eq!(id(text).as_deref(), Some("7f3a"));
        assert_eq!(id("PATH=/bin\n"), None);
    }

    #[test]
    fn variables_stand_beside_the_output_or_above_it() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(VARIABLES), "PACH_DATUM_ID=7f3a\n").unwrap();
        let out = |below: &str| folder.path().join(below).display().to_string();
        assert_eq!(datum(&out("out")).as_deref(), Some("7f3a"));
        assert_eq!(datum(&out("out/{input}")).as_deref(), Some("7f3a"));
    }
}
