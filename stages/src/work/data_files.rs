//! Finds the data files of a command line, with the columns that their paths name.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::error::Result;
use crate::input::path_columns;
use crate::input::sources;
use crate::input::sources::Wanted;
use crate::plan::Plan;
use crate::source::{Format, Source};
use crate::stage::Stage;

/// Finds the data files that `paths` mean. A column of a path is one of the file's if the plan names it. `out`: where this command writes.
pub(crate) fn find(stage: &mut Stage<'_>, plan: &Plan, paths: &[String], out: Option<&str>) -> Result<Vec<Source>> {
    let mut found = sources::find(stage, paths, out, Wanted::Data)?;
    add_path_columns(stage, plan, plan, &mut found)?;
    Ok(found)
}

/// Adds to each file the columns of its path that the plan `naming` names. `reading`: the plan that says how CSV is written.
pub(crate) fn add_path_columns(stage: &Stage<'_>, naming: &Plan, reading: &Plan, sources: &mut [Source]) -> Result<()> {
    let mut named: Option<BTreeSet<String>> = None;
    for source in sources.iter_mut().filter(|source| source.path.contains('=')) {
        let mut columns = path_columns::of_path(&source.path);
        if columns.is_empty() {
            continue;
        }
        let named = match &named {
            Some(named) => named,
            None => named.insert(names(stage, naming)?),
        };
        columns.retain(|column| named.contains(&column.name));
        let is_text = source.format.is_csv() || source.format == Format::Workbook;
        if columns.is_empty() || !source.format.holds_columns() && (!is_text || reading.has_given_header()) {
            continue;
        }
        source.path_columns = columns;
        source.layout = reading.layout_of(source.format);
    }
    Ok(())
}

/// Returns the columns that a plan names.
fn names(stage: &Stage<'_>, plan: &Plan) -> Result<BTreeSet<String>> {
    // a plan for which any column may count names some all the same
    let mut named = plan.needed_columns(stage.engine)?.unwrap_or_default();
    let text = |key: &str| plan.get(key).and_then(Value::as_str).map(str::to_owned);
    named.extend(["target", "by", "weights", "counts"].into_iter().filter_map(text));
    for key in ["columns", "categories"] {
        named.extend(plan.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).map(str::to_owned));
    }
    for key in ["other", "knots", "reference"] {
        named.extend(plan.get(key).and_then(Value::as_object).into_iter().flatten().map(|(column, _)| column.clone()));
    }
    Ok(named)
}
