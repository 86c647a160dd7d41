//! `train`: fits a model to data and writes `model.json` and `provenance.json`.

use clap::Args;

use super::by_group;
use crate::args::{ByArg, FitArgs, JsonArg, KnotsArg, LevelArg, ReadArgs, Shown, SumArgs, ThreadsArg};
use crate::error::Result;
use crate::output::described_model::{DescribedModel, notes_of};
use crate::output::outputs;
use crate::output::outputs::Outputs;
use crate::output::provenance;
use crate::plan::Plan;
use crate::source::Source;
use crate::stage::Stage;
use crate::text::paths::{STANDARD, join};
use crate::work::data_files;
use crate::work::summing;
use crate::work::summing::Sum;

/// Flags of `train`.
#[derive(Args, Clone, Debug)]
pub struct TrainArgs {
    /// Data to fit: files or folders (.csv, .tsv, .json, .jsonl, each also .gz or .zst; .parquet, .arrow, .arrows, .feather)
    #[arg(long, value_name = "PATH", num_args = 1.., required = true)]
    pub data: Vec<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub fit: FitArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub knots: KnotsArg,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub sum: SumArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub by: ByArg,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub level: LevelArg,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub read: ReadArgs,
    /// Folder for model.json and provenance.json; with --by for groups.csv and a folder for each group. `-` writes the model alone to standard output. `{input}` in it means the path of the data file without extension
    #[arg(long, value_name = "DIR")]
    pub out: String,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub threads: ThreadsArg,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub json: JsonArg,
}

/// Sums the data, fits the model, and writes both files.
pub fn run(stage: &mut Stage<'_>, args: &TrainArgs) -> Result<()> {
    stage.use_threads(args.threads);
    stage.use_sheet(&args.read.sheet);
    let plan = Plan::new().reading(stage.files, &args.read)?.summing(&args.sum).fitting(&args.fit).finding_categories();
    let plan = plan.choosing_knots(&args.knots)?.dividing(&args.by);
    let sources = data_files::find(stage, &plan, &args.data, Some(&args.out))?;
    let (plan, read_before) = summing::choose_knots(stage, plan, &sources)?;
    if plan.is_grouped() {
        return by_group::train(stage, &plan, &sources, &read_before, &args.out, Shown { level: args.level, json: args.json });
    }
    let sum = summing::sum(stage, &plan, &sources)?;
    summing::check_unchanged(&read_before, &sum.inputs)?;
    write_model(stage, &plan, &sources, &sum, &args.out, Shown { level: args.level, json: args.json })
}

/// Fits a model to `sum` and writes `model.json` and `provenance.json`, or the model alone to standard output. Also used by `fit`.
pub(super) fn write_model(stage: &mut Stage<'_>, plan: &Plan, sources: &[Source], sum: &Sum, out: &str, shown: Shown) -> Result<()> {
    outputs::refuse_two_on_stdout(out, shown.json)?;
    let text = stage.engine.fit(&sum.statistics, &plan.text()).map_err(|error| plan.blame(error).in_file(&sum.name))?;
    let model = stage.engine.model(&text)?;
    let notes = notes_of(&*model)?;
    // a summary takes a while, and is in no file
    let is_seen = shown.json.json || !stage.report.is_quiet();
    let described = if is_seen { Some(DescribedModel::new(&*model, &text, shown.level)?) } else { None };
    let provenance = provenance::text(stage, &sum.inputs, plan.get("knots"))?;
    let out = outputs::expand(out, sources)?;
    let mut outputs = Outputs::new(stage.files, sum.inputs.iter().map(|input| input.path.as_str()));
    if out == STANDARD {
        outputs.put(&out, &text)?;
    } else {
        let out = outputs::folder(stage.files, out)?;
        outputs.put(&join(&out, "model.json"), &text)?;
        outputs.put(&join(&out, "provenance.json"), &provenance)?;
    }
    let written = outputs.commit()?;
    for note in notes {
        stage.report.note(&format!("note: {}: {note}", samefit_text::line(&sum.name)));
    }
    if let Some(described) = described {
        stage.show(shown.json.json, &described.text(), &described.document())?;
    }
    stage.say_written(&written);
    Ok(())
}
