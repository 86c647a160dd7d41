//! `validate`: checks spec files and reports every problem in them.

use std::path::PathBuf;

use clap::Args;

use crate::error::Result;
use crate::graph;
use crate::report::Report;
use crate::spec;

/// Arguments of `validate`.
#[derive(Args, Clone, Debug)]
pub struct ValidateArgs {
    /// Spec files, or folders of them
    #[arg(value_name = "SPEC", required = true)]
    specs: Vec<PathBuf>,
}

/// Checks the specs, and reports the order in which their pipelines run.
pub fn run(args: &ValidateArgs, report: &mut dyn Report) -> Result<()> {
    let specs = spec::read(&args.specs)?;
    let notes = spec::lint(&specs);
    let order = graph::order(specs)?;
    notes.iter().for_each(|note| report.note(&note.to_string()));
    let names: Vec<&str> = order.pipelines.iter().map(|spec| spec.name.as_str()).collect();
    report.say(&format!("{} pipelines are valid, in this order: {}", names.len(), names.join(", ")));
    report.say(&format!("they read the repos {}", order.source_repos.join(", ")));
    Ok(())
}
