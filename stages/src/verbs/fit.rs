//! `fit`: fits a model to statistics and writes `model.json` and `provenance.json`.

use clap::Args;

use super::train::write_model;
use crate::args::{FitArgs, JsonArg, LevelArg, SchemaArg, Shown};
use crate::error::Result;
use crate::input::sources;
use crate::input::sources::Wanted;
use crate::plan::Plan;
use crate::stage::Stage;
use crate::work::summing;

/// Flags of `fit`.
#[derive(Args, Clone, Debug)]
pub struct FitVerbArgs {
    /// Statistics to fit: files or folders; several are added up first
    #[arg(value_name = "STATS", num_args = 1.., required = true)]
    pub statistics: Vec<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub fit: FitArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub level: LevelArg,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub schema: SchemaArg,
    /// Folder for model.json and provenance.json. `-` writes the model alone to standard output. `{input}` in it means the path of the statistics without extension
    #[arg(long, value_name = "DIR")]
    pub out: String,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub json: JsonArg,
}

/// Adds up the statistics, fits the model, and writes both files.
pub fn run(stage: &mut Stage<'_>, args: &FitVerbArgs) -> Result<()> {
    let plan = Plan::new().schema(stage.files, &args.schema)?.fitting(&args.fit);
    let sources = sources::find(stage, &args.statistics, Some(&args.out), Wanted::Statistics)?;
    let mut sum = summing::merge(stage, &sources)?;
    sum.inputs.splice(0..0, plan.schema_input().cloned());
    write_model(stage, &plan, &sources, &sum, &args.out, Shown { level: args.level, json: args.json })
}
