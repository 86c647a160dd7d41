//! The command line of the verbs that every host has. A host with more verbs flattens [`StageVerb`] into its own command line.

use clap::{Parser, Subcommand};

use crate::error::Result;
use crate::input::record_count::with_rows_as_records;
use crate::stage::Stage;
use crate::verbs::{fit, infer, merge, qc, summarize, train};

/// Exact linear regression: the same answer to the last bit, wherever it runs
#[derive(Parser, Clone, Debug)]
#[command(name = "samefit", bin_name = "samefit", version, arg_required_else_help = true, disable_help_subcommand = true)]
pub struct StageCli {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub quiet: QuietArg,
    #[command(subcommand)]
    #[allow(missing_docs)]
    pub verb: StageVerb,
}

/// How much is reported.
#[derive(clap::Args, Clone, Copy, Debug, Default)]
pub struct QuietArg {
    /// Report only notes and errors
    #[arg(long, short, global = true, display_order = 900)]
    pub quiet: bool,
}

/// The verbs.
#[derive(Subcommand, Clone, Debug)]
pub enum StageVerb {
    /// Fit a model to data
    Train(train::TrainArgs),
    /// Sum data exactly, to fit, merge or share the statistics later
    Summarize(summarize::SummarizeArgs),
    /// Add up the statistics of several data sets
    Merge(merge::MergeArgs),
    /// Fit a model to statistics
    Fit(fit::FitVerbArgs),
    /// Check a model on records that it was not fitted on
    Qc(qc::QcArgs),
    /// Predict with a model
    Infer(infer::InferArgs),
}

impl StageVerb {
    /// Runs the verb.
    pub fn run(&self, stage: &mut Stage<'_>) -> Result<()> {
        let result = match self {
            Self::Train(args) => train::run(stage, args),
            Self::Summarize(args) => summarize::run(stage, args),
            Self::Merge(args) => merge::run(stage, args),
            Self::Fit(args) => fit::run(stage, args),
            Self::Qc(args) => qc::run(stage, args),
            Self::Infer(args) => infer::run(stage, args),
        };
        result.map_err(|error| with_rows_as_records(stage.files, error))
    }
}
