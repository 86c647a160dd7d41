//! Runs `samefit pipeline`: connects the library of pipelines to this program's terminal, clock and signals.

use std::process::ExitCode;
use std::sync::LazyLock;
use std::time::SystemTime;

use samefit_pipeline::cli::{self, PipelineArgs};
use samefit_pipeline::error::{Error, Result};
use samefit_pipeline::report::Report;
use samefit_pipeline::run::context::HostContext;
use samefit_pipeline::run::reaper;
use samefit_stages::ports::report::Report as _;

use crate::signals::StopFlag;
use crate::terminal::Terminal;

/// Runs a verb, and returns the exit code of the program.
pub(crate) fn run(args: &PipelineArgs, quiet: bool) -> ExitCode {
    // only a job checks for signals; before its first check, and in other verbs, a signal ends the program at once
    let stop = LazyLock::new(StopFlag::install);
    reaper::adopt_orphans();
    let host = HostContext {
        program: std::env::current_exe().unwrap_or_else(|_| "samefit".into()),
        now: || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs()),
        stop_requested: &|| stop.signal().is_some(),
        cores: std::thread::available_parallelism().map_or(1, usize::from),
    };
    let mut terminal = Terminal::new(quiet);
    match cli::run(args, &host, &mut TerminalReport(&mut terminal)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Error::Stopped) => stop.exit(),
        Err(error) => {
            terminal.note(&error.to_string());
            ExitCode::from(exit_code(&error))
        }
    }
}

fn exit_code(error: &Error) -> u8 {
    match error {
        Error::Failed(_) | Error::Stopped => 1,
        Error::Usage(_) => 2,
        Error::Invalid(_) | Error::Specs(_) => 3,
    }
}

/// The terminal as the output of the library.
struct TerminalReport<'a>(&'a mut Terminal);

impl Report for TerminalReport<'_> {
    fn say(&mut self, text: &str) {
        self.0.say(text);
    }

    fn note(&mut self, text: &str) {
        self.0.note(text);
    }

    fn print_text(&mut self, text: &str) -> Result<()> {
        self.0.text(text).map_err(stdout_error)
    }

    fn print_bytes(&mut self, bytes: &[u8]) -> Result<()> {
        self.0.bytes(bytes).map_err(stdout_error)
    }
}

fn stdout_error(error: std::io::Error) -> Error {
    Error::failed(format_args!("stdout: cannot be written: {error}"), "check where it leads")
}
