//! Implements `wasi:cli/run`: parses the arguments, runs the verb and prints errors.
//!
//! A WASI 0.2 command only succeeds or fails. The function that passes an exit code is not stable, and a runtime that lacks it would refuse the
//! whole command. So the exit code of a runtime is 0 or usually 1, while the native program has different ones for usage (2), bad data (3) and
//! a refused model (4). The message is the native program's and says which of them it is.

use std::panic::{self, PanicHookInfo};

use clap::Parser;
use samefit_stages::cli::StageCli;
use samefit_stages::error::{Error, Result};
use samefit_stages::limits::SPLIT_BYTES;
use samefit_stages::ports::report::Report;
use samefit_stages::stage::Stage;
use wasip2::cli::environment::get_arguments;

use crate::disk::Disk;
use crate::engine::LinkedEngine;
use crate::terminal::{Terminal, print_error};

/// The program's name in `provenance.json`, different from the native program's.
const PROGRAM: &str = "samefit.command.wasm";

/// The exported command.
struct Command;

// SAFETY: the macro exports one function under the name that the world defines, and nothing else here exports that name
#[allow(unsafe_code)]
mod export {
    use crate::command::Command;

    wasip2::cli::command::export!(Command);
}

impl wasip2::exports::cli::run::Guest for Command {
    fn run() -> Result<(), ()> {
        panic::set_hook(Box::new(report_panic));
        let arguments = get_arguments().into_iter().skip(1);
        let command: Vec<String> = std::iter::once(PROGRAM.to_owned()).chain(arguments).collect();
        match StageCli::try_parse_from(&command) {
            Ok(cli) => run(&cli, &command).map_err(|error| print_error(&format!("{error}\n"))),
            Err(error) => usage(&error),
        }
    }
}

fn run(cli: &StageCli, command: &[String]) -> Result<()> {
    let mut terminal = Terminal { quiet: cli.quiet.quiet };
    cli.verb.run(&mut Stage {
        sheet: None,
        engine: &LinkedEngine,
        files: &Disk::from_preopens(),
        report: &mut terminal,
        threads: None,
        split_bytes: SPLIT_BYTES,
        command,
    })
}

/// Prints help to stdout, or a usage error to stderr. Only the error fails.
fn usage(error: &clap::Error) -> Result<(), ()> {
    let text = error.render().to_string();
    if error.use_stderr() {
        print_error(&text);
        return Err(());
    }
    Terminal { quiet: false }.print(&text).map_err(|error| print_error(&format!("{error}\n")))
}

/// Prints the message of a panic. The runtime itself shows only an address in the code.
fn report_panic(info: &PanicHookInfo<'_>) {
    print_error(&format!("{}\n", Error::Trap(info.to_string())));
}
