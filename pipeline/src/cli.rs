//! The command line of `samefit pipeline`: one verb a file of [`crate::commands`].

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::commands::{check, get, inspect, list, put, replay, rollback, run, update, validate};
use crate::error::Result;
use crate::report::Report;
use crate::run::World;
use crate::store::Store;

/// What follows `samefit pipeline`.
#[derive(Args, Clone, Debug)]
pub struct PipelineArgs {
    /// Folder of repos, commits and jobs
    #[arg(long, global = true, value_name = "DIR", default_value = ".samefit-pipeline")]
    store: PathBuf,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Clone, Debug)]
enum Verb {
    /// Bring pipelines up to date with their inputs and specs
    Run(run::RunArgs),
    /// Check spec files
    Validate(validate::ValidateArgs),
    /// Put files into a repo
    Put(put::PutArgs),
    /// Get files out of a repo
    Get(get::GetArgs),
    /// List repos, pipelines, commits, jobs, datums or files
    List(list::ListArgs),
    /// Show what made a file, a commit or a job
    Inspect(inspect::InspectArgs),
    /// Create or change pipelines without running them
    Update(update::UpdateArgs),
    /// Move a branch back to an older commit
    Rollback(rollback::RollbackArgs),
    /// Run one datum again, alone, in a folder you can look into
    Replay(replay::ReplayArgs),
    /// Compare everything in the store with its digest
    Check(check::CheckArgs),
}

/// Does what the command line says.
pub fn run(args: &PipelineArgs, world: &World<'_>, report: &mut dyn Report) -> Result<()> {
    let open = || Store::open(&args.store, world.now);
    let create = || Store::create(&args.store, world.now);
    match &args.verb {
        Verb::Run(verb) => run::run(verb, &create, world, report),
        Verb::Put(verb) => put::run(verb, &create, report),
        Verb::Update(verb) => update::run(verb, &create, report),
        Verb::Validate(verb) => validate::run(verb, report),
        Verb::Get(verb) => get::run(verb, &open()?, report),
        Verb::List(verb) => list::run(verb, &open()?, report),
        Verb::Inspect(verb) => inspect::run(verb, &open()?, report),
        Verb::Rollback(verb) => rollback::run(verb, &open()?, report),
        Verb::Check(verb) => check::run(verb, &open()?, report),
        Verb::Replay(verb) => replay::run(verb, &open, world, report),
    }
}
