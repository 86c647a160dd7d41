//! The command line of `samefit pipeline`. Each verb has its own file in [`crate::commands`].

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::commands::{check, get, inspect, list, put, replay, rollback, run, update, validate};
use crate::error::Result;
use crate::report::Report;
use crate::run::context::HostContext;
use crate::store::Store;

/// The arguments of `samefit pipeline`.
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
    /// Compare every file in the store with its digest
    Check(check::CheckArgs),
}

/// Runs the verb of a command line. Verbs that only read need a store that exists; the others create one.
pub fn run(args: &PipelineArgs, host: &HostContext<'_>, report: &mut dyn Report) -> Result<()> {
    let open = || Store::open(&args.store, host.now);
    let create = || Store::create(&args.store, host.now);
    match &args.verb {
        Verb::Run(verb) => run::run(verb, &create, host, report),
        Verb::Put(verb) => put::run(verb, &create, report),
        Verb::Update(verb) => update::run(verb, &create, report),
        Verb::Validate(verb) => validate::run(verb, report),
        Verb::Get(verb) => get::run(verb, &open()?, report),
        Verb::List(verb) => list::run(verb, &open()?, report),
        Verb::Inspect(verb) => inspect::run(verb, &open()?, report),
        Verb::Rollback(verb) => rollback::run(verb, &open()?, report),
        Verb::Check(verb) => check::run(verb, &open()?, report),
        Verb::Replay(verb) => replay::run(verb, &open, host, report),
    }
}
