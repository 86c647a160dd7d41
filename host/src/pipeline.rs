//! `samefit pipeline`: the library of pipelines in this program's world.

use std::process::ExitCode;
use std::sync::LazyLock;
use std::time::SystemTime;

use samefit_pipeline::cli::{PipelineArgs, run as act};
use samefit_pipeline::error::Error;
use samefit_pipeline::report::Report;
use samefit_pipeline::run::{World, children};
use samefit_stages::ports::report::Report as _;

use crate::interrupt::Stop;
use crate::terminal::Terminal;

/// Runs the verb: its exit code.
pub(crate) fn run(args: &PipelineArgs, quiet: bool) -> ExitCode {
    // only a job asks; until then, and for all other verbs, a signal ends the program as ever
    let stop = LazyLock::new(Stop::watch);
    children::adopt_orphans();
    let world = World {
        program: std::env::current_exe().unwrap_or_else(|_| "samefit".into()),
        now: || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs()),
        stopped: &|| stop.signal().is_some(),
        cores: std::thread::available_parallelism().map_or(1, usize::from),
    };
    let mut terminal = Terminal::new(quiet);
    match act(args, &world, &mut Said(&mut terminal)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Error::Stopped) => stop.end(),
        Err(failure) => {
            terminal.note(&failure.to_string());
            ExitCode::from(code(&failure))
        }
    }
}

fn code(failure: &Error) -> u8 {
    match failure {
        Error::Failed(_) | Error::Stopped => 1,
        Error::Usage(_) => 2,
        Error::Bad(_) => 3,
    }
}

/// The terminal as the library knows it.
struct Said<'a>(&'a mut Terminal);

impl Report for Said<'_> {
    fn say(&mut self, line: &str) {
        self.0.say(line);
    }

    fn note(&mut self, line: &str) {
        self.0.note(line);
    }

    fn text(&mut self, text: &str) -> Result<(), Error> {
        self.0.text(text).map_err(unwritten)
    }

    fn print(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.0.bytes(bytes).map_err(unwritten)
    }
}

fn unwritten(error: std::io::Error) -> Error {
    Error::Failed(format!("stdout: cannot be written: {error}\nhelp: see where it leads"))
}
