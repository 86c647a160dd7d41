//! Runs a verb for one datum after another in one process (`--batch`), so that thousands of small datums need one start of the program.
//!
//! Asks for a datum, runs the verb as if it ran alone, reports how it ended, and asks for the next datum. The verbs do not know about it. A verb
//! ends when its output is complete and flushed to the disk, so the output of a datum is safe before the next is asked for. The worker ends
//! the process with SIGKILL while it waits for a datum.
//!
//! *Not here*: how datums are asked for (`pachctl`); what is reused from one datum to the next (`instance_cache`).

use std::path::Path;
use std::{fs, io};

use clap::{Arg, ArgAction, ArgMatches, Command};
use samefit_stages::error::{Error, Result};
use samefit_stages::ports::report::Report;

use crate::pachctl::DatumSource;
use crate::pfs::resolve_pfs;

/// The verbs that read files in `/pfs` and write files in `/pfs/out`.
const VERBS: [&str; 8] = ["train", "summarize", "merge", "fit", "qc", "infer", "forget", "qc-pre-process"];

const FLAG: &str = "batch";

/// The file in which the worker lists the environment variables of a datum.
const VARIABLES_FILE: &str = ".env";
/// The line with the datum's id begins so.
const ID_PREFIX: &str = "PACH_DATUM_ID=";

/// Adds `--batch` to the verbs that take it.
pub(crate) fn with_batch_flag(command: Command) -> Command {
    let flag = || {
        Arg::new(FLAG)
            .long(FLAG)
            .action(ArgAction::SetTrue)
            .help("Process one datum after another as Pachyderm hands them out: for a pipeline with `datumBatching`")
    };
    VERBS.into_iter().fold(command, |command, verb| command.mut_subcommand(verb, |verb| verb.arg(flag())))
}

/// Returns the value of `--out` if `--batch` was given.
pub(crate) fn batch_out(matches: &ArgMatches) -> Option<String> {
    let (verb, matches) = matches.subcommand()?;
    if !VERBS.contains(&verb) || !matches.get_flag(FLAG) {
        return None;
    }
    matches.get_one::<String>("out").cloned()
}

/// Runs `verb` for every datum. Returns only if asking for a datum fails, with that error.
pub(crate) fn run(
    datums: &mut dyn DatumSource,
    out: &str,
    report: &mut dyn Report,
    verb: &mut dyn FnMut(&mut dyn Report) -> Result<()>,
) -> Error {
    let mut error = None;
    loop {
        if let Err(error) = datums.next(error.as_deref()) {
            return error;
        }
        let datum = datum_id(out).map_or_else(|| "the datum".to_owned(), |id| format!("datum {}", samefit_text::name(&id)));
        report.say(&datum);
        error = verb(report).err().map(|error| error.to_string());
        if let Some(error) = &error {
            report.note(&format!("{error}\nnote: {datum} failed"));
        }
    }
}

/// Returns the id of the current datum from the worker's file of variables, which is in a folder above the output.
fn datum_id(out: &str) -> Option<String> {
    let read = |folder: &Path| fs::read(resolve_pfs(&folder.join(VARIABLES_FILE).to_string_lossy()));
    let text = Path::new(out).ancestors().skip(1).map(read).find_map(io::Result::ok)?;
    parse_id(&String::from_utf8_lossy(&text))
}

/// Returns the id in a file of variables. The last one counts: the worker does not quote line breaks, so a line can be part of a value.
fn parse_id(variables: &str) -> Option<String> {
    variables.lines().rev().find_map(|line| line.strip_prefix(ID_PREFIX)).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_of_a_datum_is_found_among_its_variables() {
        let text = "PATH=/bin\nODD=two\nlines\nPACH_DATUM_ID=old\nattributes=/pfs/attributes/1.json\nPACH_DATUM_ID=7f3a\nPACH_JOB_ID=1\n";
        assert_eq!(parse_id(text).as_deref(), Some("7f3a"));
        assert_eq!(parse_id("PATH=/bin\n"), None);
    }

    #[test]
    fn the_file_of_variables_is_in_a_folder_above_the_output() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(VARIABLES_FILE), "PACH_DATUM_ID=7f3a\n").unwrap();
        let out = |below: &str| folder.path().join(below).display().to_string();
        assert_eq!(datum_id(&out("out")).as_deref(), Some("7f3a"));
        assert_eq!(datum_id(&out("out/{input}")).as_deref(), Some("7f3a"));
    }
}
