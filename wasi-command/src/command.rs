//! `wasi:cli/run`: arguments to a verb, a failure to what the runtime shows.
//!
//! A WASI 0.2 command ends well or it does not: the call that hands a number over is not stable, and a runtime without it would refuse the whole
//! command. So a runtime's exit code is 0 or, most often, 1, where the native program tells usage (2), bad data (3) and a refused model (4)
//! apart. The message says which it is, and is the native program's.

use std::panic::{self, PanicHookInfo};

use clap::Parser;
use samefit_stages::cli::StageCli;
use samefit_stages::error::{Error, Result};
use samefit_stages::limits::PIECE_BYTES;
use samefit_stages::ports::report::Report;
use samefit_stages::stage::Stage;
use wasip2::cli::environment::get_arguments;

use crate::disk::Disk;
use crate::engine::Linked;
use crate::terminal::{Terminal, complain};

/// The program's name in `provenance.json`, so that no one takes it for the native one.
const PROGRAM: &str = "samefit.command.wasm";

struct Command;

// SAFETY: the macro exports one function under the name that the world gives it; nothing else here has that name
#[allow(unsafe_code)]
mod export {
    use super::Command;
    wasip2::cli::command::export!(Command);
}

impl wasip2::exports::cli::run::Guest for Command {
    fn run() -> Result<(), ()> {
        panic::set_hook(Box::new(stopped));
        let arguments = get_arguments().into_iter().skip(1);
        let command: Vec<String> = std::iter::once(PROGRAM.to_owned()).chain(arguments).collect();
        match StageCli::try_parse_from(&command) {
            Ok(cli) => run(&cli, &command).map_err(|failure| complain(&format!("{failure}\n"))),
            Err(error) => usage(&error),
        }
    }
}

fn run(cli: &StageCli, command: &[String]) -> Result<()> {
    let mut terminal = Terminal { quiet: cli.quiet.quiet };
    cli.verb.run(&mut Stage {
        engine: &Linked,
        files: &Disk::given(),
        report: &mut terminal,
        threads: None,
        piece_bytes: PIECE_BYTES,
        command,
    })
}

/// Help goes to stdout and is no failure; a mistake goes to stderr and is.
fn usage(error: &clap::Error) -> Result<(), ()> {
    let text = error.render().to_string();
    if error.use_stderr() {
        complain(&text);
        return Err(());
    }
    Terminal { quiet: false }.print(&text).map_err(|failure| complain(&format!("{failure}\n")))
}

/// What a runtime shows of a panic is an address in the code: this says what happened first.
fn stopped(info: &PanicHookInfo<'_>) {
    complain(&format!("{}\n", Error::Trap(info.to_string())));
}
