//! `update`: creates or updates pipelines without running them.

use std::path::PathBuf;

use clap::Args;

use super::OpenStore;
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
    /// Let the next run process every datum of these pipelines again
    #[arg(long)]
    reprocess: bool,
}

/// Creates or updates the pipelines.
pub fn run(args: &UpdateArgs, store: &OpenStore<'_>, report: &mut dyn Report) -> Result<()> {
    let specs = spec::read(&args.specs)?;
    versions::apply_specs(&store()?, specs, args.reprocess, report)?;
    report.say("the next `samefit pipeline run` gives changed pipelines a job");
    Ok(())
}
