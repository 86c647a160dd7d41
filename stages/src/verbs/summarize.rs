//! `summarize`: sums data and writes `statistics.json`.

use clap::Args;

use super::by_group;
use crate::args::{ByArg, JsonArg, ReadArgs, ShareArgs, SumArgs, ThreadsArg};
use crate::error::{Error, Result};
use crate::output::outputs;
use crate::output::outputs::Outputs;
use crate::output::{audit, describe};
use crate::plan::Plan;
use crate::stage::Stage;
use crate::text::json;
use crate::text::paths::{STANDARD, extension, join};
use crate::work::data_files;
use crate::work::summing;
use crate::work::summing::Sum;

/// Flags of `summarize`.
#[derive(Args, Clone, Debug)]
pub struct SummarizeArgs {
    /// Data to sum: files or folders (.csv, .tsv, .json, .jsonl, each also .gz or .zst; .parquet, .arrow, .arrows, .feather)
    #[arg(long, value_name = "PATH", num_args = 1.., required = true)]
    pub data: Vec<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub sum: SumArgs,
    /// Refused: knots that are chosen here would not be those of other data to merge with
    #[arg(long, value_name = "COLUMN=N", hide = true)]
    pub knots: Vec<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub read: ReadArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub share: ShareArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub by: ByArg,
    /// Folder for statistics.json, or the file itself if it ends in .json; `-` is standard output; with --by a folder for groups.csv and a folder for each group. `{input}` in it means the path of the data file without extension
    #[arg(long, value_name = "PATH")]
    pub out: String,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub threads: ThreadsArg,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub json: JsonArg,
}

/// Sums the data and writes the statistics.
pub fn run(stage: &mut Stage<'_>, args: &SummarizeArgs) -> Result<()> {
    stage.use_threads(args.threads);
    stage.use_sheet(&args.read.sheet);
    if args.by.by.is_some() && args.share.share {
        let help = "write the rows of each group to a file, and share each by itself";
        return Err(Error::usage(
            "--by makes statistics of groups, and --share does not examine what those of all groups tell together",
            help,
        ));
    }
    if let Some(knots) = args.knots.first() {
        let column = knots.split('=').next().unwrap_or_default();
        let sentence = "`summarize` chooses no knots: statistics to merge need the same knots";
        return Err(Error::usage(sentence, format!("name the knots: `--terms \"rcs({}, 30, 50, 70)\"`", samefit_text::name(column))));
    }
    let plan = Plan::new().reading(stage.files, &args.read)?.summing(&args.sum).sharing(&args.share).dividing(&args.by);
    let sources = data_files::find(stage, &plan, &args.data, Some(&args.out))?;
    if plan.is_grouped() {
        return by_group::summarize(stage, &plan, &sources, &args.out, args.json);
    }
    let sum = if args.share.share { summing::sum_for_release(stage, &plan, &sources) } else { summing::sum(stage, &plan, &sources) }?;
    let out = outputs::expand(&args.out, &sources)?;
    let out = if extension(&out) == "json" || out == STANDARD { out } else { join(&outputs::folder(stage.files, out)?, "statistics.json") };
    write_statistics(stage, &sum, out, args.share.share, args.json)
}

/// Writes statistics to a file. Adds a line to the audit log beside it if the statistics are `released`. Also used by `merge` and `forget`.
pub(super) fn write_statistics(stage: &mut Stage<'_>, sum: &Sum, out: String, released: bool, json_arg: JsonArg) -> Result<()> {
    outputs::refuse_two_on_stdout(&out, json_arg)?;
    let out = outputs::file(stage.files, out)?;
    if released && out == STANDARD {
        let help = "name a file: the audit log stands beside it";
        return Err(Error::usage("--share writes an audit log beside the statistics, and `-` is standard output", help));
    }
    if released {
        audit::check(stage.files, &out)?;
    }
    let mut outputs = Outputs::new(stage.files, sum.inputs.iter().map(|input| input.path.as_str()));
    outputs.put(&out, &sum.statistics)?;
    if released {
        audit::put(stage, &mut outputs, sum, &out)?;
    }
    let written = outputs.commit()?;
    stage.show(json_arg.json, &describe::statistics_line(&json::parse_ours(&sum.statistics)?), &sum.statistics)?;
    stage.say_written(&written);
    Ok(())
}
