//! Sums data files of any number and format into statistics.
//!
//! Each table is summed by itself, and all JSON files with one record each are summed as one table. The statistics are then added up. Where
//! all rows count together, tables give states that one summarizer merges: for statistics to be released with `--share`, and for the choice of
//! knots. With `--by`, statistics are added up group by group.
//!
//! *Invariants*: the result does not depend on how rows are divided into files, nor on the number of threads.

use std::num::NonZeroUsize;

use serde_json::Value;

use crate::code::Code;
use crate::error::{InputError, Result};
use crate::input::reading;
use crate::plan::Plan;
use crate::ports::digest::InputFile;
use crate::ports::files::Kind;
use crate::source::{Format, Source};
use crate::stage::Stage;
use crate::text::json;
use crate::work::finish::{FileNote, GroupStatistics};
use crate::work::parallel::sum_tables;
use crate::work::record_files::sum_records;
use crate::work::table_sum::sum_table;
use crate::work::total::Total;

/// Statistics, and what they were made of.
pub struct Sum {
    /// Text of `statistics.json`.
    pub statistics: String,
    /// Every file that was read, the schema first.
    pub inputs: Vec<InputFile>,
    /// The name of all data files together, for errors that no single file is to blame for.
    pub name: String,
    /// Notes on all of the data together, if they are summed with `--share`.
    pub(crate) notes: Vec<FileNote>,
}

/// The statistics of groups of rows, and what they were made of.
pub(crate) struct GroupSum {
    /// The groups in order.
    pub(crate) groups: Vec<GroupStatistics>,
    /// Every file that was read, the schema first.
    pub(crate) inputs: Vec<InputFile>,
    /// The name of all data files together.
    pub(crate) name: String,
}

/// Sums all rows of `sources`, which must not be empty.
pub fn sum(stage: &mut Stage<'_>, plan: &Plan, sources: &[Source]) -> Result<Sum> {
    let (total, inputs) = add_files(stage, plan, sources)?;
    let name = name(sources);
    let (statistics, notes) = total.finish(&name)?;
    notes.iter().for_each(|note| stage.report.note(&note.to_string()));
    Ok(Sum { statistics, inputs, name, notes })
}

/// Sums the rows of `sources` by group. The plan divides rows into groups.
pub(crate) fn sum_groups(stage: &mut Stage<'_>, plan: &Plan, sources: &[Source]) -> Result<GroupSum> {
    let (total, inputs) = add_files(stage, plan, sources)?;
    Ok(GroupSum { groups: total.finish_groups()?, inputs, name: name(sources) })
}

/// Sums each of `sources` and adds up the sums. Returns the total and the files that were read, the schema first.
fn add_files<'a, 's: 'a>(stage: &mut Stage<'s>, plan: &'a Plan, sources: &[Source]) -> Result<(Total<'a>, Vec<InputFile>)> {
    let (records, tables): (Vec<&Source>, Vec<&Source>) = sources.iter().partition(|source| source.format == Format::Json);
    let mut inputs: Vec<InputFile> = plan.schema_input().into_iter().cloned().collect();
    let mut total = Total::new(stage.engine, plan, tables.len() + usize::from(!records.is_empty()));
    let threads = stage.threads.map_or(1, NonZeroUsize::get);
    if threads > 1 && !tables.is_empty() {
        inputs.extend(sum_tables(stage, threads, plan, &tables, &mut |sum, path| total.add(sum, path))?);
    } else {
        let mut progress = stage.begin_progress(&tables);
        for table in tables {
            let sum = sum_table(stage, plan, table, &mut inputs, &mut progress)?;
            total.add(sum, &table.path)?;
        }
    }
    if let Some(first) = records.first() {
        let sum = sum_records(stage, plan, &records, &mut inputs)?;
        total.add(sum, &first.path)?;
    }
    Ok((total, inputs))
}

/// Sums all rows of `sources` for release. The data are read twice: the first pass chooses how to round, the second rounds and sums.
pub fn sum_for_release(stage: &mut Stage<'_>, plan: &Plan, sources: &[Source]) -> Result<Sum> {
    refuse_pipes(sources, "--share", "save it as a file first")?;
    let first = sum(stage, plan, sources)?;
    let plan = plan.clone().with("shared", Some(json::parse_ours(&first.statistics)?));
    let mut sum = sum(stage, &plan, sources)?;
    check_unchanged(&first.inputs, &sum.inputs)?;
    sum.notes.splice(0..0, first.notes);
    Ok(sum)
}

/// Chooses knots of splines in a first pass over the data, if the plan asks for any, and tells the user where they are. Returns the plan with
/// their places, and the files that were read: none without a first pass.
pub(crate) fn choose_knots(stage: &mut Stage<'_>, plan: Plan, sources: &[Source]) -> Result<(Plan, Vec<InputFile>)> {
    if !plan.chooses_knots() {
        return Ok((plan, Vec::new()));
    }
    refuse_pipes(sources, "--knots", "save it as a file first, or write the places of the knots in the features")?;
    let first = sum(stage, &plan, sources)?;
    let knots = json::parse_ours(&first.statistics)?;
    for (column, places) in knots.as_object().into_iter().flatten() {
        let (file, column) = (samefit_text::line(&first.name), samefit_text::name(column));
        let places = places.as_array().into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>().join(", ");
        stage.report.note(&format!("note: {file}: column `{column}`: restricted cubic spline with knots at {places}"));
    }
    Ok((plan.with("knots", Some(knots)), first.inputs))
}

/// Refuses data that cannot be read twice, as `flag` needs.
fn refuse_pipes(sources: &[Source], flag: &str, help: &str) -> Result<()> {
    let Some(pipe) = sources.iter().find(|source| source.kind != Kind::File) else { return Ok(()) };
    let sentence = format!("`{flag}` reads the data twice, and a pipe can be read once");
    Err(InputError::new(Code::UnsupportedFormat, sentence, help).in_file(&pipe.path))
}

/// Refuses files that changed between two passes.
pub(crate) fn check_unchanged(first: &[InputFile], second: &[InputFile]) -> Result<()> {
    let changed = first.iter().zip(second).find(|(before, after)| before != after);
    changed.map_or(Ok(()), |(input, _)| Err(reading::changed_error(&input.path)))
}

/// Adds up statistics documents, of which there must be at least one. A single one is parsed too, because it may come from anywhere.
pub fn merge(stage: &mut Stage<'_>, sources: &[Source]) -> Result<Sum> {
    let mut inputs = Vec::new();
    let mut merger = stage.engine.merger()?;
    for source in sources {
        let (text, input) = reading::text(stage.files, &source.path)?;
        inputs.push(input);
        merger.add(&text).map_err(|error| error.in_file(&source.path))?;
    }
    Ok(Sum { statistics: merger.finish()?, inputs, name: name(sources), notes: Vec::new() })
}

/// Returns the name of all files together: the file, or the first and how many more.
fn name(sources: &[Source]) -> String {
    match sources {
        [] => String::new(),
        [source] => source.path.clone(),
        [first, rest @ ..] => format!("{} and {} more", first.path, rest.len()),
    }
}
