//! `update`: specs to pipelines, without running them.

use std::path::PathBuf;

use clap::Args;

use super::Opening;
use crate::error::Result;
use crate::report::Report;
use crate::run::versions;
use crate::spec;

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
pub fn run(args: &UpdateArgs, store: &Opening<'_>, report: &mut dyn Report) -> Result<()> {
    let specs = spec::read(&args.specs)?;
    versions::adopt(&store()?, specs, args.reprocess, report)?;
    report.say("the next `samefit pipeline run` gives changed pipelines a job");
    Ok(())
}
