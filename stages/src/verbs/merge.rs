//! `merge`: adds up statistics into the statistics of all their rows.

use clap::Args;

use super::summarize::write_statistics;
use crate::args::JsonArg;
use crate::error::Result;
use crate::input::sources;
use crate::input::sources::Wanted;
use crate::output::outputs;
use crate::stage::Stage;
use crate::work::summing;

/// Flags of `merge`.
#[derive(Args, Clone, Debug)]
pub struct MergeArgs {
    /// Statistics to add up: files or folders
    #[arg(value_name = "STATS", num_args = 1.., required = true)]
    pub statistics: Vec<String>,
    /// File to write; `-` is standard output
    #[arg(long, value_name = "FILE")]
    pub out: String,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub json: JsonArg,
}

/// Adds up the statistics and writes the sum.
pub fn run(stage: &mut Stage<'_>, args: &MergeArgs) -> Result<()> {
    let sources = sources::find(stage, &args.statistics, Some(&args.out), Wanted::Statistics)?;
    let sum = summing::merge(stage, &sources)?;
    write_statistics(stage, &sum, outputs::expand(&args.out, &sources)?, false, args.json)
}
