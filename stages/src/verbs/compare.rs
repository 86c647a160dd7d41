//! `compare`: tests whether a model is better than one with fewer features, or whether coefficients obey linear restrictions.

use clap::Args;
use serde_json::{Value, json};

use crate::args::{JsonArg, Levels, Names, ReadArgs, RoleArgs, SumArgs, ThreadsArg, features, levels};
use crate::error::{Error, Result};
use crate::input::sources;
use crate::input::sources::Wanted;
use crate::output::described_test;
use crate::plan::Plan;
use crate::stage::Stage;
use crate::text::json;
use crate::work::data_files;
use crate::work::summing;
use crate::work::summing::Sum;

/// Flags of `compare`.
#[derive(Args, Clone, Debug)]
pub struct CompareArgs {
    /// Data to fit both models to: files or folders (.csv, .tsv, .json, .jsonl, each also .gz or .zst; .parquet, .arrow, .arrows, .feather)
    #[arg(long, value_name = "PATH", num_args = 1.., required_unless_present = "statistics")]
    pub data: Vec<String>,
    /// Statistics to fit both models to: files or folders; several are added up first
    #[arg(long, value_name = "STATS", num_args = 1.., conflicts_with = "data")]
    pub statistics: Vec<String>,
    /// Column to predict; default: the schema's target
    #[arg(long, value_name = "COLUMN", required_unless_present = "schema")]
    pub target: Option<String>,
    /// Features of a model; give this twice, or once with --test. The features of one model must be among those of the other
    #[arg(long, value_name = "A,B^2,A*B", value_parser = features)]
    pub features: Vec<Names>,
    /// Linear restrictions on the coefficients, tested together: "bmi = ltg, age = 0"
    #[arg(long, value_name = "RESTRICTIONS", allow_hyphen_values = true)]
    pub test: Option<String>,
    /// Fit without an intercept
    #[arg(long)]
    pub no_intercept: bool,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub roles: RoleArgs,
    /// Levels with which the other levels of a category are compared; default: the schema's first, else the first in order
    #[arg(long, value_name = "COLUMN=LEVEL", value_parser = levels)]
    pub reference: Option<Levels>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub read: ReadArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub threads: ThreadsArg,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub json: JsonArg,
}

/// Sums the data, or adds up the statistics, and tests.
pub fn run(stage: &mut Stage<'_>, args: &CompareArgs) -> Result<()> {
    stage.use_threads(args.threads);
    stage.use_sheet(&args.read.sheet);
    let base = Plan::new()
        .reading(stage.files, &args.read)?
        .roles(&args.roles)
        .with("target", args.target.as_deref().map(Value::from))
        .with("intercept", args.no_intercept.then_some(Value::Bool(false)))
        .with("reference", args.reference.as_ref().map(|levels| json!(levels.0)));
    let of = |features: &Names| base.clone().with("features", Some(Value::from(features.0.clone())));
    match (args.features.as_slice(), &args.test) {
        ([first, second], None) => {
            // the engine knows which terms are the same, such as `a*b` and `b*a`
            let sum = sum(stage, args, &of(first).with("terms", Some(Value::from(second.0.clone()))))?;
            let test = stage.engine.compare(&sum.statistics, &of(first).text(), &of(second).text());
            show(stage, args, &test.map_err(|error| base.blame(error).in_file(&sum.name))?)
        }
        ([] | [_], Some(restrictions)) => {
            let plan = args.features.first().map_or_else(|| base.clone(), of);
            let sum = sum(stage, args, &plan)?;
            let test = stage.engine.test(&sum.statistics, &plan.text(), restrictions);
            show(stage, args, &test.map_err(|error| base.blame(error).in_file(&sum.name))?)
        }
        _ => {
            let sentence = "a comparison needs either --features twice, or --test with the features of one model";
            Err(Error::usage(sentence, "give `--features A --features A,B`, or `--features A,B --test \"A = B\"`"))
        }
    }
}

fn sum(stage: &mut Stage<'_>, args: &CompareArgs, plan: &Plan) -> Result<Sum> {
    if args.statistics.is_empty() {
        let sums = SumArgs { no_distribution: true, ..SumArgs::default() };
        let plan = plan.clone().summing(&sums).finding_categories();
        let sources = data_files::find(stage, &plan, &args.data, None)?;
        return summing::sum(stage, &plan, &sources);
    }
    let sources = sources::find(stage, &args.statistics, None, Wanted::Statistics)?;
    summing::merge(stage, &sources)
}

fn show(stage: &mut Stage<'_>, args: &CompareArgs, test: &str) -> Result<()> {
    if args.json.json {
        return stage.report.document(test);
    }
    let text = described_test::text(&json::parse_ours(test)?);
    stage.report.print(&(text + "\n"))
}
