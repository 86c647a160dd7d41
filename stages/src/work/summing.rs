//! Data files to the text of their statistics, whatever their number and format.
//!
//! A table is one stream; all the JSON files together are one stream, a line each, because thousands of one-record files are common. The
//! statistics of the streams are merged: sums do not depend on how the rows were parted. Rows that are to be shared are judged together, so there
//! the streams are absorbed by one. By many threads (`parallel`) the answer is the same.

use std::num::NonZeroUsize;

use crate::error::{Error, InputError, Result};
use crate::input::columns::Table;
use crate::input::json_line::JsonLine;
use crate::input::reading;
use crate::plan::Plan;
use crate::ports::digest::Input;
use crate::ports::engine::{Engine, Merger, Stream, Summarizer};
use crate::ports::files::{Files, Kind};
use crate::ports::report::Progress;
use crate::source::{Format, Source};
use crate::stage::Stage;
use crate::text::json;
use crate::work::finish::{end, end_notes, notes, text};
use crate::work::parallel;

/// Statistics and what they were made of.
pub struct Sum {
    /// Text of `statistics.json`.
    pub statistics: String,
    /// Every file that was read, the schema first.
    pub inputs: Vec<Input>,
    /// What an error that belongs to all of the data names.
    pub name: String,
    /// What the user was told of all of the data, if they are to be shared.
    pub notes: Vec<String>,
}

/// The statistics of all rows of all `sources`, of which there is at least one.
pub fn sum(stage: &mut Stage<'_>, plan: &Plan, sources: &[Source]) -> Result<Sum> {
    let (records, tables): (Vec<&Source>, Vec<&Source>) = sources.iter().partition(|source| source.format == Format::Json);
    let mut inputs: Vec<Input> = plan.schema_input().into_iter().cloned().collect();
    let mut parts = Parts::new(stage.engine, plan, tables.len() + usize::from(!records.is_empty()));
    let threads = stage.threads.map_or(1, NonZeroUsize::get);
    if threads > 1 && !tables.is_empty() {
        inputs.extend(parallel::tables(stage, threads, plan, &tables, &mut |statistics, path| parts.add(statistics, path))?);
    } else {
        let mut progress = stage.begins(&tables);
        for table in tables {
            let statistics = one(stage, plan, table, &mut inputs, &mut progress)?;
            parts.add(statistics, &table.path)?;
        }
    }
    if let Some(first) = records.first() {
        let statistics = all_records(stage, plan, &records, &mut inputs)?;
        parts.add(statistics, &first.path)?;
    }
    let name = name(sources);
    let (statistics, notes) = parts.finish(&name)?;
    notes.iter().for_each(|note| stage.report.note(note));
    Ok(Sum { statistics, inputs, name, notes })
}

/// The statistics of all rows, made to be shared, in two passes: the first says how to round, the second rounds and sums.
pub fn share(stage: &mut Stage<'_>, plan: &Plan, sources: &[Source]) -> Result<Sum> {
    if let Some(pipe) = sources.iter().find(|source| source.kind != Kind::File) {
        let help = "save it as a file first";
        return Err(InputError::new("unsupported-format", "data that are to be shared are read twice, and a pipe cannot be", help)
            .in_file(&pipe.path));
    }
    let survey = sum(stage, plan, sources)?;
    let plan = plan.clone().with("shared", Some(json::parse_ours(&survey.statistics)?));
    let mut sum = sum(stage, &plan, sources)?;
    sum.notes.splice(0..0, survey.notes);
    match survey.inputs.iter().zip(&sum.inputs).find(|(before, after)| before != after) {
        None => Ok(sum),
        Some((input, _)) => Err(reading::changed(&input.path)),
    }
}

/// The sum of statistics documents, of which there is at least one. Even a single one is read: it may come from anywhere.
pub fn merge(stage: &mut Stage<'_>, sources: &[Source]) -> Result<Sum> {
    let mut inputs = Vec::new();
    let mut merger = stage.engine.merger()?;
    for source in sources {
        let (text, input) = reading::text(stage.files, &source.path)?;
        inputs.push(input);
        merger.add(&text).map_err(|failure| failure.in_file(&source.path))?;
    }
    Ok(Sum { statistics: merger.finish()?, inputs, name: name(sources), notes: Vec::new() })
}

/// What files gave, that becomes one.
struct Parts<'a> {
    engine: &'a dyn Engine,
    plan: &'a Plan,
    sum: Option<Whole<'a>>,
    only: String,
    count: usize,
}

/// What becomes of several.
enum Whole<'a> {
    /// Statistics of the engine's own making.
    Merged(Box<dyn Merger + Send + 'a>),
    /// Parts that count together.
    ByState(Box<dyn Summarizer + 'a>),
}

impl<'a> Parts<'a> {
    fn new(engine: &'a dyn Engine, plan: &'a Plan, count: usize) -> Self {
        Self { engine, plan, sum: None, only: String::new(), count }
    }

    /// Adds what a file gave. The statistics of a single one stay as they are, unparsed.
    fn add(&mut self, text: String, path: &str) -> Result<()> {
        if self.count == 1 && !self.plan.shares() {
            self.only = text;
            return Ok(());
        }
        if self.sum.is_none() {
            self.sum = Some(self.whole()?);
        }
        let added = match &mut self.sum {
            Some(Whole::Merged(merger)) => merger.add(&text),
            Some(Whole::ByState(summarizer)) => summarizer.merge_state(&text),
            None => Ok(()),
        };
        added.map_err(|failure| failure.in_file(path))
    }

    fn whole(&self) -> Result<Whole<'a>> {
        Ok(match self.plan.shares() {
            true => Whole::ByState(self.engine.summarizer(&self.plan.text()).map_err(|failure| self.plan.blame(failure))?),
            false => Whole::Merged(self.engine.merger()?),
        })
    }

    /// All of it, and what the user should be told of it. `name`: of all files.
    fn finish(self, name: &str) -> Result<(String, Vec<String>)> {
        let blame = |failure: Error| failure.in_file(name);
        match self.sum {
            None => Ok((self.only, Vec::new())),
            Some(Whole::Merged(mut merger)) => Ok((merger.finish()?, Vec::new())),
            Some(Whole::ByState(mut summarizer)) => {
                let whole =
                    if self.plan.surveys() { summarizer.choose_decimals() } else { summarizer.finish().and_then(text) }.map_err(blame)?;
                Ok((whole, notes(summarizer.as_mut(), name)?))
            }
        }
    }
}

/// The statistics of one file.
fn one(stage: &mut Stage<'_>, plan: &Plan, source: &Source, inputs: &mut Vec<Input>, progress: &mut Progress) -> Result<String> {
    let mut stream = stage.engine.summarizer(&plan.text_for(source.format)).map_err(|failure| plan.blame(failure))?;
    progress.file += 1;
    let before = progress.bytes;
    let mut first_notes = Vec::new();
    let input = if source.format.holds_columns() {
        let table = Table::open(stage.files, plan.named_columns().as_ref(), source)?;
        let input = all_rows(&table, stream.as_mut()).map_err(|failure| plan.blame_or(failure, source))?;
        first_notes.extend_from_slice(table.notes());
        progress.bytes += input.bytes;
        input
    } else {
        reading::each_chunk_at(stage.files, &source.path, |chunk, bytes| {
            progress.bytes = before + bytes;
            stage.report.progress(progress);
            stream.push(chunk).map(drop).map_err(|failure| plan.blame_or(failure, source))
        })?
    };
    inputs.push(input);
    let statistics = end(plan, stream.as_mut()).map_err(|failure| plan.blame_or(failure, source))?;
    first_notes.extend(end_notes(plan, stream.as_mut(), &source.path)?);
    first_notes.iter().for_each(|note| stage.report.note(note));
    Ok(statistics)
}

/// Adds all rows of a file of columns.
fn all_rows(table: &Table, summarizer: &mut dyn Summarizer) -> Result<Input> {
    let later = table.begin_input();
    table.begin(summarizer)?;
    let mut batches = table.read(&table.whole())?;
    while let Some(batch) = batches.next()? {
        summarizer.add(&batch)?;
    }
    later()
}

/// The statistics of files with one record each. If something is wrong, the file at fault is looked for by reading them one at a time.
fn all_records(stage: &mut Stage<'_>, plan: &Plan, sources: &[&Source], inputs: &mut Vec<Input>) -> Result<String> {
    let mut progress = stage.begins(sources);
    if let [source] = sources {
        return one(stage, plan, source, inputs, &mut progress);
    }
    let before = inputs.len();
    records_as_lines(stage, plan, sources, inputs, &mut progress).or_else(|failure| {
        if !matches!(failure, Error::Data { path: None, .. }) {
            return Err(failure);
        }
        inputs.truncate(before);
        sources.iter().try_for_each(|source| one(stage, plan, source, inputs, &mut Progress::default()).map(drop))?;
        Err(failure)
    })
}

fn records_as_lines(
    stage: &mut Stage<'_>,
    plan: &Plan,
    sources: &[&Source],
    inputs: &mut Vec<Input>,
    progress: &mut Progress,
) -> Result<String> {
    let mut stream = stage.engine.summarizer(&plan.text_for(Format::JsonLines)).map_err(|failure| plan.blame(failure))?;
    let mut flat = Vec::new();
    for source in sources {
        inputs.push(record_as_line(stage.files, &source.path, stream.as_mut(), &mut flat)?);
        progress.file += 1;
        progress.bytes += inputs.last().map_or(0, |input| input.bytes);
        stage.report.progress(progress);
    }
    let statistics = end(plan, stream.as_mut())?;
    let folder = sources.first().map_or("", |source| crate::text::paths::folder(&source.path));
    end_notes(plan, stream.as_mut(), folder)?.iter().for_each(|note| stage.report.note(note));
    Ok(statistics)
}

/// Hands a file with one record to a stream of lines. `flat`: room for the line.
pub(crate) fn record_as_line(files: &dyn Files, path: &str, stream: &mut dyn Stream, flat: &mut Vec<u8>) -> Result<Input> {
    let mut line = JsonLine::default();
    let input = reading::each_chunk(files, path, |chunk| stream.push(line.flatten(chunk, flat)).map(drop))?;
    if !line.holds_something() {
        return Err(InputError::new("json", "found nothing, expected a record", "remove the file, or write it again").in_file(path));
    }
    stream.push(b"\n")?;
    Ok(input)
}

/// What an error that belongs to all of the data names: the file, or the first and how many more.
fn name(sources: &[Source]) -> String {
    match sources {
        [] => String::new(),
        [source] => source.path.clone(),
        [first, rest @ ..] => format!("{} and {} more", first.path, rest.len()),
    }
}
