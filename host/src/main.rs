//! The native program `samefit`: parses the command line, runs the verb, and turns errors into exit codes.
//!
//! The modules, each of which uses only those before it: the component (`engine_config`, `system_limits`, `instance_cache`, `engine`), the disk
//! (`pfs`, `file_snapshot`, `signals`, `staging_dir`, `output`, `columns`, `files`), the terminal (`progress`, `terminal`), and the verbs that only
//! this program has (`pachctl` and `batch`, `inspect`, `page` and `serve`, `completions` and `man`, `pipeline`).

mod batch;
mod columns;
mod completions;
#[cfg(test)]
mod conformance;
mod engine;
mod engine_config;
mod file_snapshot;
mod files;
mod inspect;
mod instance_cache;
mod man;
mod output;
mod pachctl;
mod page;
mod pfs;
mod pipeline;
mod progress;
mod serve;
mod signals;
mod staging_dir;
mod system_limits;
mod terminal;

use std::ffi::{OsStr, OsString};
use std::num::NonZeroUsize;
use std::path::Path;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue};
use clap::{Command, CommandFactory, FromArgMatches, Parser, Subcommand};
use samefit_pipeline::cli::PipelineArgs;
use samefit_pipeline::next_datum;
use samefit_pipeline::run::supervisor;
use samefit_stages::cli::{QuietArg, StageVerb};
use samefit_stages::error::Result;
use samefit_stages::input::record_count::with_rows_as_records;
use samefit_stages::limits::SPLIT_BYTES;
use samefit_stages::ports::engine::Engine;
use samefit_stages::ports::report::Report;
use samefit_stages::stage::Stage;
use samefit_stages::verbs::{compare, forget, inspect as documents, profile, qc_pre_process, split, verify};

use crate::engine::WasmEngine;
use crate::files::Disk;
use crate::pachctl::Pachctl;
use crate::terminal::{Terminal, print_error};

/// Exact linear regression: the same results to the last bit, wherever it runs
#[derive(Parser, Debug)]
#[command(name = "samefit", arg_required_else_help = true, disable_help_subcommand = true)]
struct Cli {
    #[command(flatten)]
    quiet: QuietArg,
    /// Bytes of the pieces into which a file is split for threads
    #[arg(long, value_name = "N", global = true, hide = true, default_value_t = SPLIT_BYTES)]
    split_bytes: usize,
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
    /// Remove rows from statistics
    Forget(forget::ForgetArgs),
    /// Turn a table into QC records, one file per row
    QcPreProcess(qc_pre_process::QcPreProcessArgs),
    /// Train a model again and compare every byte
    Verify(verify::VerifyArgs),
    /// Show a model, statistics or a component
    Inspect(documents::InspectArgs),
    /// Test a model against one with fewer features, or restrictions on its coefficients
    Compare(compare::CompareArgs),
    /// Serve the page to a browser on this machine
    Serve(serve::ServeArgs),
    /// Run Pachyderm pipeline specs on this machine, without a cluster
    Pipeline(PipelineArgs),
    /// Print the script with which a shell completes command lines
    Completions(completions::CompletionsArgs),
    /// Print or write pages of the manual
    Man(man::ManArgs),
}

impl Verb {
    fn run(&self, stage: &mut Stage<'_>) -> Result<()> {
        let result = match self {
            Self::Stage(verb) => verb.run(stage),
            Self::Profile(args) => profile::run(stage, args),
            Self::Split(args) => split::run(stage, args),
            Self::Forget(args) => forget::run(stage, args),
            Self::QcPreProcess(args) => qc_pre_process::run(stage, args),
            Self::Verify(args) => verify::run(stage, args),
            Self::Inspect(args) => inspect::run(stage, args),
            Self::Compare(args) => compare::run(stage, args),
            Self::Serve(args) => serve::run(stage, args),
            Self::Completions(args) => completions::run(stage, args, command()),
            Self::Man(args) => man::run(stage, args, command()),
            // `main` runs it, because it needs no stage
            Self::Pipeline(_) => Ok(()),
        };
        result.map_err(|error| with_rows_as_records(stage.files, error))
    }
}

fn main() -> ExitCode {
    let command: Vec<OsString> = std::env::args_os().collect();
    // the program of a pipeline runs this one under this name to ask for its datums
    if command.first().is_some_and(|name| Path::new(name).file_name() == Some(OsStr::new("pachctl"))) {
        return next_datum::main(command.into_iter().skip(1));
    }
    // the pipeline runner starts this one under this name between itself and a program
    if command.first().is_some_and(|name| name == supervisor::NAME) {
        return supervisor::main();
    }
    signals::report_file_limit_as_error();
    let engine = WasmEngine::embedded();
    match parse(&command, engine.as_ref().ok()) {
        Ok((Cli { quiet, verb: Verb::Pipeline(args), .. }, _)) => pipeline::run(&args, quiet.quiet),
        Ok((cli, batch_out)) => exit_code(engine.and_then(|engine| run(&cli, batch_out.as_deref(), &engine, &command))),
        Err(error) => usage(&with_escaped_arguments(error)),
    }
}

/// Runs the verb once, or for every datum if there is a `batch_out`, the output path of a verb with `--batch`.
fn run(cli: &Cli, batch_out: Option<&str>, engine: &WasmEngine, command: &[OsString]) -> Result<()> {
    let arguments = command.iter().skip(1).map(|argument| argument.to_string_lossy().into_owned());
    let command: Vec<String> = std::iter::once("samefit".to_owned()).chain(arguments).collect();
    let mut terminal = Terminal::new(cli.quiet.quiet);
    let threads = Some(std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN));
    let mut once = |report: &mut dyn Report| {
        let split_bytes = cli.split_bytes;
        cli.verb.run(&mut Stage { engine, files: &Disk::default(), report, sheet: None, threads, split_bytes, command: &command })
    };
    match batch_out {
        None => once(&mut terminal),
        Some(out) => Err(batch::run(&mut Pachctl::find(), out, &mut terminal, &mut once)),
    }
}

/// Describes every command line that the program takes.
fn command() -> Command {
    batch::with_batch_flag(Cli::command()).version(env!("CARGO_PKG_VERSION"))
}

/// Returns the arguments and, with `--batch`, the verb's output path.
fn parse(command: &[OsString], engine: Option<&WasmEngine>) -> Result<(Cli, Option<String>), clap::Error> {
    let mut matches = self::command().version(version(engine)).try_get_matches_from(command)?;
    let batch_out = batch::batch_out(&matches);
    Ok((Cli::from_arg_matches_mut(&mut matches)?, batch_out))
}

/// Returns the version of the program, and the version and digest of the component.
fn version(engine: Option<&WasmEngine>) -> String {
    let program = env!("CARGO_PKG_VERSION");
    match engine.map(Engine::identity) {
        Some(Ok(identity)) => format!("{program}\ncomponent {} sha256 {}", identity.version, identity.component_sha256),
        _ => program.to_owned(),
    }
}

/// Escapes the arguments that a usage error quotes, so that a line break in one cannot look like a line of ours. The arguments are the strings
/// in clap's context; clap's own sentences are not touched.
fn with_escaped_arguments(mut error: clap::Error) -> clap::Error {
    let escape = |text: &String| samefit_text::name(text).into_owned();
    let escaped: Vec<(ContextKind, ContextValue)> = error
        .context()
        .filter_map(|(kind, value)| match value {
            ContextValue::String(text) => Some((kind, ContextValue::String(escape(text)))),
            ContextValue::Strings(texts) => Some((kind, ContextValue::Strings(texts.iter().map(escape).collect()))),
            _ => None,
        })
        .collect();
    for (kind, value) in escaped {
        error.insert(kind, value);
    }
    error
}

/// Prints help to stdout, or a usage error to stderr, and returns the exit code.
fn usage(error: &clap::Error) -> ExitCode {
    let text = error.render().to_string();
    if error.use_stderr() {
        print_error(&text);
        return ExitCode::from(2);
    }
    match Terminal::new(false).print(&text) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => exit_code(Err(error)),
    }
}

/// Prints the error, if there is one, and returns the exit code.
fn exit_code(result: Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            signals::wait_for_cleanup();
            print_error(&format!("{error}\n"));
            ExitCode::from(error.exit_code())
        }
    }
}
