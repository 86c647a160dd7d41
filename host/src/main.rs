//! The native program: command line to verb, failure to exit code.

mod batch;
mod columns;
#[cfg(test)]
mod conformance;
mod engine;
mod engine_config;
mod files;
mod hidden;
mod inspect;
mod interrupt;
mod kept;
mod limits;
mod output;
mod pachctl;
mod pipeline;
mod progress;
mod serve;
mod stamp;
mod terminal;

use std::ffi::{OsStr, OsString};
use std::num::NonZeroUsize;
use std::path::Path;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue};
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use samefit_pipeline::cli::PipelineArgs;
use samefit_pipeline::next_datum;
use samefit_pipeline::run::supervisor;
use samefit_stages::cli::{QuietArg, StageVerb};
use samefit_stages::error::Result;
use samefit_stages::limits::PIECE_BYTES;
use samefit_stages::ports::engine::Engine;
use samefit_stages::ports::report::Report;
use samefit_stages::stage::Stage;
use samefit_stages::verbs::{forget, inspect as documents, profile, qc_pre_process, split, verify};

use crate::engine::Wasm;
use crate::files::Disk;
use crate::pachctl::Pachctl;
use crate::terminal::{Terminal, complain};

/// Exact linear regression: the same answer to the last bit, wherever it runs
#[derive(Parser, Debug)]
#[command(name = "samefit", arg_required_else_help = true, disable_help_subcommand = true)]
struct Cli {
    #[command(flatten)]
    quiet: QuietArg,
    /// Bytes of the pieces that threads share a file by
    #[arg(long, value_name = "N", global = true, hide = true, default_value_t = PIECE_BYTES)]
    piece_bytes: usize,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Describe the columns of a table
    Profile(profile::ProfileArgs),
    /// Split a table into training and holdout
    Split(split::SplitArgs),
    #[command(flatten)]
    Stage(StageVerb),
    /// Take rows out of statistics
    Forget(forget::ForgetArgs),
    /// Turn a table into QC records, one file a row
    QcPreProcess(qc_pre_process::QcPreProcessArgs),
    /// Make a model again and compare every byte
    Verify(verify::VerifyArgs),
    /// Show a model, statistics or a component
    Inspect(documents::InspectArgs),
    /// Serve the page to a browser on this machine
    Serve(serve::ServeArgs),
    /// Run Pachyderm pipeline specs on this machine, without a cluster
    Pipeline(PipelineArgs),
}

impl Verb {
    fn run(&self, stage: &mut Stage<'_>) -> Result<()> {
        match self {
            Self::Stage(verb) => verb.run(stage),
            Self::Profile(args) => profile::run(stage, args),
            Self::Split(args) => split::run(stage, args),
            Self::Forget(args) => forget::run(stage, args),
            Self::QcPreProcess(args) => qc_pre_process::run(stage, args),
            Self::Verify(args) => verify::run(stage, args),
            Self::Inspect(args) => inspect::run(stage, args),
            Self::Serve(args) => serve::run(stage, args),
            // it needs no stage: see `main`
            Self::Pipeline(_) => Ok(()),
        }
    }
}

fn main() -> ExitCode {
    let command: Vec<OsString> = std::env::args_os().collect();
    // so called by the program of a pipeline that asks for its datums
    if command.first().is_some_and(|name| Path::new(name).file_name() == Some(OsStr::new("pachctl"))) {
        return next_datum::main(command.into_iter().skip(1));
    }
    // so called by the pipeline runner, between itself and a program
    if command.first().is_some_and(|name| name == supervisor::NAME) {
        return supervisor::main();
    }
    interrupt::report_file_limit();
    let wasm = Wasm::embedded();
    match parse(&command, wasm.as_ref().ok()) {
        Ok((Cli { quiet, verb: Verb::Pipeline(args), .. }, _)) => pipeline::run(&args, quiet.quiet),
        Ok((cli, batch)) => ended(wasm.and_then(|wasm| run(&cli, batch.as_deref(), &wasm, &command))),
        Err(error) => usage(&on_one_line(error)),
    }
}

/// `batch`: where the verb writes, if it is to be run for every datum.
fn run(cli: &Cli, batch: Option<&str>, wasm: &Wasm, command: &[OsString]) -> Result<()> {
    let arguments = command.iter().skip(1).map(|argument| argument.to_string_lossy().into_owned());
    let command: Vec<String> = std::iter::once("samefit".to_owned()).chain(arguments).collect();
    let mut terminal = Terminal::new(cli.quiet.quiet);
    let threads = Some(std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN));
    let mut once = |report: &mut dyn Report| {
        let piece_bytes = cli.piece_bytes;
        cli.verb.run(&mut Stage { engine: wasm, files: &Disk::default(), report, threads, piece_bytes, command: &command })
    };
    match batch {
        None => once(&mut terminal),
        Some(out) => Err(batch::run(&mut Pachctl::find(), out, &mut terminal, &mut once)),
    }
}

fn parse(command: &[OsString], wasm: Option<&Wasm>) -> Result<(Cli, Option<String>), clap::Error> {
    let mut matches = batch::offered(Cli::command()).version(version(wasm)).try_get_matches_from(command)?;
    let batch = batch::asked_for(&matches);
    Ok((Cli::from_arg_matches_mut(&mut matches)?, batch))
}

/// Of the program and of what computes.
fn version(wasm: Option<&Wasm>) -> String {
    let program = env!("CARGO_PKG_VERSION");
    match wasm.map(Engine::identity) {
        Some(Ok(identity)) => format!("{program}\ncomponent {} sha256 {}", identity.version, identity.component_sha256),
        _ => program.to_owned(),
    }
}

/// A mistake in the command line with what was typed on one line, so that it is not taken for our own words.
fn on_one_line(mut error: clap::Error) -> clap::Error {
    let shown = |text: &String| samefit_text::name(text).into_owned();
    let typed: Vec<(ContextKind, ContextValue)> = error
        .context()
        .filter_map(|(kind, value)| match value {
            ContextValue::String(text) => Some((kind, ContextValue::String(shown(text)))),
            ContextValue::Strings(texts) => Some((kind, ContextValue::Strings(texts.iter().map(shown).collect()))),
            _ => None,
        })
        .collect();
    for (kind, value) in typed {
        error.insert(kind, value);
    }
    error
}

/// Help goes to stdout and is no failure; a mistake goes to stderr and is.
fn usage(error: &clap::Error) -> ExitCode {
    let text = error.render().to_string();
    if error.use_stderr() {
        complain(&text);
        return ExitCode::from(2);
    }
    match Terminal::new(false).print(&text) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => ended(Err(failure)),
    }
}

fn ended(answer: Result<()>) -> ExitCode {
    match answer {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            interrupt::settle();
            complain(&format!("{failure}\n"));
            ExitCode::from(failure.exit_code())
        }
    }
}
