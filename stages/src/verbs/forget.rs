//! `forget`: takes rows out of statistics, as if the rows had never been summed.
//!
//! The rows are summed exactly as the statistics were. The plan follows from the statistics: columns, terms, units, whether there is a distribution and which values it
//! counts one by one, and how values were rounded for release.
//!
//! *Limits*: statistics do not tell which rows they were made of. Rows that were never summed are refused only if the rest is impossible, such as a
//! negative count.

use clap::Args;
use serde_json::{Map, Value, json};

use super::summarize::write_statistics;
use crate::args::{DialectArgs, JsonArg, SheetArg, ThreadsArg};
use crate::error::Result;
use crate::input::reading;
use crate::input::sources;
use crate::output::{describe, outputs};
use crate::plan::Plan;
use crate::ports::files::Kind;
use crate::source::{Format, Source};
use crate::stage::Stage;
use crate::text::{json, paths};
use crate::work::data_files;
use crate::work::summing;

/// Flags of `forget`.
#[derive(Args, Clone, Debug)]
pub struct ForgetArgs {
    /// Statistics to take rows out of
    #[arg(value_name = "STATS")]
    pub statistics: String,
    /// Rows to take out: files or folders, with the columns of the statistics. Make sure that each row was summed before: statistics do not tell, and other rows are refused only if the rest is impossible
    #[arg(long, value_name = "PATH", num_args = 1.., required = true)]
    pub rows: Vec<String>,
    /// What to do with rows that lack a value: `error` refuses the rows, `drop` leaves them out and reports how many
    #[arg(long, value_name = "error|drop", value_parser = ["error", "drop"], hide_possible_values = true)]
    pub missing: Option<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub dialect: DialectArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub sheet: SheetArg,
    /// Column of whole numbers, if a row stands for so many rows, as `summarize --counts` takes it
    #[arg(long, value_name = "COLUMN")]
    pub counts: Option<String>,
    /// File to write
    #[arg(long, value_name = "FILE")]
    pub out: String,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub threads: ThreadsArg,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub json: JsonArg,
}

/// Sums the rows, subtracts them from the statistics, and writes the rest.
pub fn run(stage: &mut Stage<'_>, args: &ForgetArgs) -> Result<()> {
    stage.use_threads(args.threads);
    stage.use_sheet(&args.sheet);
    let path = sources::document_path(stage.files, &args.statistics, "statistics.json")?;
    let (text, input) = reading::text(stage.files, &path)?;
    let document = json::parse(&text, &path)?;
    let plan = plan(&document).missing(args.missing.as_deref()).dialect(&args.dialect);
    let plan = plan.with("counts", args.counts.as_deref().map(Value::from));
    let sources = data_files::find(stage, &plan, &args.rows, Some(&args.out))?;
    let mut sum = summing::sum(stage, &plan, &sources)?;
    sum.statistics = stage.engine.subtract(&text, &sum.statistics).map_err(|error| error.in_file(&path))?;
    sum.inputs.insert(0, input);
    let is_released = document.get("shared").is_some();
    write_statistics(stage, &sum, output_path(&args.out, &path)?, is_released, args.json)?;
    if is_released {
        stage.report.note(&format!(
            "note: {}: the difference between these statistics and the new ones is the sums of the rows that were taken out",
            samefit_text::line(&path)
        ));
    }
    Ok(())
}

/// Replaces `{input}` in `out` by the path of the statistics, not of the rows.
fn output_path(out: &str, path: &str) -> Result<String> {
    let source = Source::new(path, paths::name(path), Format::Json, Kind::File);
    outputs::expand(out, &[source])
}

/// Returns the plan that statistics were made with, as far as they tell.
fn plan(statistics: &Value) -> Plan {
    let columns = statistics["columns"].as_array().map(Vec::as_slice).unwrap_or_default();
    let names: Vec<&Value> = columns.iter().map(|column| &column["name"]).collect();
    let units: Map<String, Value> =
        columns.iter().filter_map(|column| Some((column["name"].as_str()?.to_owned(), column.get("unit")?.clone()))).collect();
    let grids: Map<String, Value> =
        columns.iter().filter_map(|column| Some((column["name"].as_str()?.to_owned(), column.get("grid")?.clone()))).collect();
    let products = describe::terms(statistics).into_iter().filter(|term| !names.iter().any(|name| *name == term));
    let combined = statistics["combinations"].as_array().into_iter().flatten().map(|combination| {
        let columns = combination["columns"].as_array().into_iter().flatten().filter_map(Value::as_str);
        columns.collect::<Vec<_>>().join("*")
    });
    let terms: Vec<String> = products.chain(combined).collect();
    let categories: Vec<&Value> = statistics["categories"].as_array().into_iter().flatten().map(|category| &category["column"]).collect();
    let kept = |category: &Value| Some((category["column"].as_str()?.to_owned(), category.get("kept")?.clone()));
    let other: Map<String, Value> = statistics["categories"].as_array().into_iter().flatten().filter_map(kept).collect();
    Plan::new()
        .with("columns", Some(json!(names)))
        .with("categories", (!categories.is_empty()).then(|| json!(categories)))
        .with("other", (!other.is_empty()).then_some(Value::Object(other)))
        .with("weights", statistics["weights"].get("column").cloned())
        .with("units", Some(Value::Object(units)))
        .with("grids", (!grids.is_empty()).then_some(Value::Object(grids)))
        .with("terms", Some(json!(terms)))
        .with("shared", statistics.get("shared").cloned())
        .with("distribution", Some(Value::Bool(statistics.get("distribution").is_some())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plan_follows_from_the_statistics() {
        let statistics = json!({
            "columns": [{"name": "age", "unit": "a", "grid": {"decimals": 0, "min": "18", "max": "90"}}, {"name": "y"}],
            "terms": [[["age", 1]], [["y", 1]], [["age", 2]], [["age", 1], ["bmi", 3]], [[{"column": "tg", "function": "ln"}, 2]], [[{"column": "t", "knot": "-5"}, 1]]],
            "weights": {"column": "w", "log_sum": "0"},
            "categories": [{"column": "site", "levels": []}],
            "combinations": [{"columns": ["site", "sex", "smoker"], "cells": []}],
        });
        let plan = plan(&statistics);
        assert_eq!(plan.get("columns"), Some(&json!(["age", "y"])));
        assert_eq!(plan.get("units"), Some(&json!({"age": "a"})));
        assert_eq!(plan.get("grids"), Some(&json!({"age": {"decimals": 0, "min": "18", "max": "90"}})));
        assert_eq!(plan.get("terms"), Some(&json!(["age^2", "age*bmi^3", "ln(tg)^2", "(t+5)+^3", "site*sex*smoker"])));
        assert_eq!((plan.get("categories"), plan.get("weights")), (Some(&json!(["site"])), Some(&json!("w"))));
        assert_eq!(plan.get("distribution"), Some(&json!(false)));
    }
}
