//! `verify`: trains a model's data again, rounded if they were, and compares the two models to the byte.

use clap::Args;
use samefit_text::line;
use serde_json::{Value, json};

use crate::args::{DelimiterArg, JsonArg, ThreadsArg};
use crate::engine::Answer;
use crate::failure::Failure;
use crate::inputs::{self, Wanted};
use crate::plan::Plan;
use crate::stage::Stage;
use crate::{json, reading, summing};

/// Flags of `verify`.
#[derive(Args, Clone, Debug)]
pub struct VerifyArgs {
    /// The model: a file, or a folder with model.json
    #[arg(value_name = "MODEL")]
    pub model: String,
    /// The data it should have been fitted on: files, or folders of files
    #[arg(long, value_name = "PATH", num_args = 1.., required = true)]
    pub data: Vec<String>,
    /// What to do with rows that lack a value, as it was when the model was trained
    #[arg(long, value_name = "error|drop", value_parser = ["error", "drop"], hide_possible_values = true)]
    pub missing: Option<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub delimiter: DelimiterArg,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub threads: ThreadsArg,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub json: JsonArg,
}

/// Sums the data, fits them, compares.
pub fn run(stage: &mut Stage<'_>, args: &VerifyArgs) -> Answer<()> {
    stage.use_threads(args.threads);
    let path = inputs::document_path(stage.files, &args.model, "model.json")?;
    let (model, _) = reading::text(stage.files, &path)?;
    let plan = stage.engine.model(&model).and_then(|model| model.plan()).map_err(|failure| failure.in_file(&path))?;
    let shared = json::parse(&model, &path)?.get("shared").cloned();
    let plan = Plan::of_engine(&plan)?.with("shared", shared).missing(args.missing.as_deref()).delimiter(args.delimiter);
    let sources = inputs::find(stage, &args.data, None, Wanted::Data)?;
    let sum = summing::sum(stage, &plan, &sources)?;
    let again = stage.engine.fit(&sum.statistics, &plan.text()).map_err(|failure| failure.in_file(&sum.name))?;
    let difference = stage.engine.first_difference(&model, &again).map_err(|failure| failure.in_file(&path))?;
    tell(stage, args, &path, &sum.name, &json::parse_ours(&again)?["fit"]["rows"], difference)
}

fn tell(stage: &mut Stage<'_>, args: &VerifyArgs, path: &str, data: &str, rows: &Value, difference: Option<String>) -> Answer<()> {
    let (path, data) = (line(path), line(data));
    let document = json::document(&json!({"equal": difference.is_none(), "difference": difference, "rows": rows}));
    match difference {
        None => {
            let text = format!("{path} is the model of {data}: training again on {rows} rows gives the same bytes");
            stage.show(args.json.json, &text, &document)
        }
        Some(difference) => {
            if args.json.json {
                stage.report.document(&document)?;
            }
            Err(Failure::Refused(format!(
                "{path} is not the model of {data} ({rows} rows); the first difference: {}\nit was fitted on other rows, or changed since",
                line(&difference)
            )))
        }
    }
}
