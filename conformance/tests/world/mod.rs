//! Runs stages in this process, over files in memory and on one thread.

use clap::Parser;
use samefit_stages::cli::StageVerb;
use samefit_stages::error::Result;
use samefit_stages::limits::SPLIT_BYTES;
use samefit_stages::ports::engine::Engine;
use samefit_stages::stage::Stage;
use samefit_stages::testing::{MemoryFiles, in_stage_with};

#[derive(Parser)]
struct CommandLine {
    #[command(subcommand)]
    verb: StageVerb,
}

/// Runs a command line, without the program's name, over files in memory.
pub(crate) fn run(engine: &dyn Engine, files: &MemoryFiles, line: &str) -> Result<()> {
    let command: Vec<String> = std::iter::once("samefit").chain(line.split(' ')).map(str::to_owned).collect();
    let verb = CommandLine::try_parse_from(&command).unwrap().verb;
    in_stage(engine, files, &command, |stage| verb.run(stage))
}

/// Calls `act` with a stage over files in memory. `command` is the command line that it writes into provenance.
pub(crate) fn in_stage(
    engine: &dyn Engine,
    files: &MemoryFiles,
    command: &[String],
    act: impl FnOnce(&mut Stage<'_>) -> Result<()>,
) -> Result<()> {
    in_stage_with(engine, files, SPLIT_BYTES, command, act).0
}
