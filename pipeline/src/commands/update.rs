//! `update`: specs to pipelines, without running them.

use std::path::PathBuf;

use clap::Args;

use crate::failure::Failure;
use crate::report::Report;
use crate::run::versions;
use crate::store::Store;

/// Arguments of `update`.
#[derive(Args, Clone, Debug)]
pub struct UpdateArgs {
    /// Spec files, or folders of them
    #[arg(value_name = "SPEC", required = true)]
    specs: Vec<PathBuf>,
    /// The next run processes every datum of these pipelines again
    #[arg(long)]
    reprocess: bool,
}

/// Does it.
pub fn run(args: &UpdateArgs, store: &Store, report: &mut dyn Report) -> Result<(), Failure> {
    versions::adopt(store, &args.specs, args.reprocess, report)?;
    report.say("the next `samefit pipeline run` gives changed pipelines a job");
    Ok(())
}
