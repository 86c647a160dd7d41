//! Runs command lines in this process, over files in memory.

use clap::Parser;
use samefit_stages::cli::StageVerb;
use samefit_stages::error::Result;
use samefit_stages::ports::engine::Engine;
use samefit_stages::testing::{MemoryFiles, ReportedLines, in_stage_with};
use std::num::NonZeroUsize;

#[derive(Parser)]
struct CommandLine {
    #[command(subcommand)]
    verb: StageVerb,
}

/// Runs a command line without the program's name, on so many threads that read splits of so many bytes. Returns the result and what was
/// reported.
pub(crate) fn run(
    engine: &dyn Engine,
    files: &MemoryFiles,
    line: &[&str],
    threads: usize,
    split_bytes: usize,
) -> (Result<()>, ReportedLines) {
    let command: Vec<String> = std::iter::once("samefit").chain(line.iter().copied()).map(str::to_owned).collect();
    let verb = CommandLine::try_parse_from(&command).unwrap().verb;
    in_stage_with(engine, files, split_bytes, &command, |stage| {
        stage.threads = NonZeroUsize::new(threads);
        verb.run(stage)
    })
}
