//! Data files to the text of their statistics, whatever their number and format.
//!
//! A table is one stream; all the JSON files together are one stream, a line each, because thousands of one-record files are common. The
//! statistics of the streams are merged: sums do not depend on how the rows were parted. By many threads (`sharing`) the answer is the same.

use crate::columns;
use std::num::NonZeroUsize;

use crate::engine::{Answer, Engine, Merger, Stream};
use crate::failure::{Failure, Fault};
use crate::inputs::{Format, Source};
use crate::json_line::JsonLine;
use crate::plan::Plan;
use crate::reading::{self, Input};
use crate::report::Progress;
use crate::sharing;
use crate::stage::Stage;

/// Statistics and what they were made of.
pub struct Sum {
    /// Text of `statistics.json`.
    pub statistics: String,
    /// Every file that was read, the schema first.
    pub inputs: Vec<Input>,
    /// What an error that belongs to all of the data names.
    pub name: String,
}

/// The statistics of all rows of all `sources`, of which there is at least one.
pub fn sum(stage: &mut Stage<'_>, plan: &Plan, sources: &[Source]) -> Answer<Sum> {
    let (records, tables): (Vec<&Source>, Vec<&Source>) = sources.iter().partition(|source| source.format == Format::Json);
    let mut inputs: Vec<Input> = plan.schema_input().into_iter().cloned().collect();
    let mut parts = Parts::new(stage.engine, tables.len() + usize::from(!records.is_empty()));
    let threads = stage.threads.map_or(1, NonZeroUsize::get);
    if threads > 1 && !tables.is_empty() && !tables.iter().any(|table| table.format.holds_columns()) {
        inputs.extend(sharing::tables(stage, threads, plan, &tables, &mut |statistics, path| parts.add(statistics, path))?);
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
    Ok(Sum { statistics: parts.finish()?, inputs, name: name(sources) })
}

/// The sum of statistics documents, of which there is at least one. Even a single one is read: it may come from anywhere.
pub fn merge(stage: &mut Stage<'_>, sources: &[Source]) -> Answer<Sum> {
    let mut inputs = Vec::new();
    let mut merger = stage.engine.merger()?;
    for source in sources {
        let (text, input) = reading::text(stage.files, &source.path)?;
        inputs.push(input);
        merger.add(&text).map_err(|failure| failure.in_file(&source.path))?;
    }
    Ok(Sum { statistics: merger.finish()?, inputs, name: name(sources) })
}

/// Statistics of the engine's own making that become one; a single document stays as it is, unparsed.
struct Parts<'a> {
    engine: &'a dyn Engine,
    merger: Option<Box<dyn Merger + Send + 'a>>,
    only: String,
    count: usize,
}

impl<'a> Parts<'a> {
    fn new(engine: &'a dyn Engine, count: usize) -> Self {
        Self { engine, merger: None, only: String::new(), count }
    }

    fn add(&mut self, statistics: String, path: &str) -> Answer<()> {
        if self.count == 1 {
            self.only = statistics;
            return Ok(());
        }
        if self.merger.is_none() {
            self.merger = Some(self.engine.merger()?);
        }
        self.merger.as_mut().map_or(Ok(()), |merger| merger.add(&statistics)).map_err(|failure| failure.in_file(path))
    }

    fn finish(self) -> Answer<String> {
        self.merger.map_or(Ok(self.only), |mut merger| merger.finish())
    }
}

/// The statistics of one file.
fn one(stage: &mut Stage<'_>, plan: &Plan, source: &Source, inputs: &mut Vec<Input>, progress: &mut Progress) -> Answer<String> {
    let mut stream = stage.engine.summarizer(&plan.text_for(source.format)).map_err(|failure| plan.blame(failure))?;
    progress.file += 1;
    let before = progress.bytes;
    let input = if source.format.holds_columns() {
        columns::sum(stage, plan, source, stream.as_mut())?
    } else {
        reading::each_chunk_at(stage.files, &source.path, |chunk, bytes| {
            progress.bytes = before + bytes;
            stage.report.progress(progress);
            stream.push(chunk).map(drop).map_err(|failure| plan.blame_or(failure, source))
        })?
    };
    inputs.push(input);
    let statistics = stream.finish().map_err(|failure| plan.blame_or(failure, source))?;
    note(stage, stream.as_mut(), &source.path)?;
    text(statistics)
}

/// The statistics of files with one record each. If something is wrong, the file at fault is looked for by reading them one at a time.
fn all_records(stage: &mut Stage<'_>, plan: &Plan, sources: &[&Source], inputs: &mut Vec<Input>) -> Answer<String> {
    let mut progress = stage.begins(sources);
    if let [source] = sources {
        return one(stage, plan, source, inputs, &mut progress);
    }
    let before = inputs.len();
    records_as_lines(stage, plan, sources, inputs, &mut progress).or_else(|failure| {
        if !matches!(failure, Failure::Data { path: None, .. }) {
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
) -> Answer<String> {
    let mut stream = stage.engine.summarizer(&plan.text_for(Format::JsonLines)).map_err(|failure| plan.blame(failure))?;
    let mut flat = Vec::new();
    for source in sources {
        let mut line = JsonLine::default();
        inputs.push(reading::each_chunk(stage.files, &source.path, |chunk| stream.push(line.flatten(chunk, &mut flat)).map(drop))?);
        if !line.holds_something() {
            return Err(Fault::new("json", "found nothing, expected a record", "remove the file, or write it again").in_file(&source.path));
        }
        stream.push(b"\n")?;
        progress.file += 1;
        progress.bytes += inputs.last().map_or(0, |input| input.bytes);
        stage.report.progress(progress);
    }
    let statistics = stream.finish()?;
    let folder = sources.first().map_or("", |source| crate::paths::folder(&source.path));
    note(stage, stream.as_mut(), folder)?;
    text(statistics)
}

/// Passes on what the engine wants the user to know.
pub fn note(stage: &mut Stage<'_>, stream: &mut dyn Stream, path: &str) -> Answer<()> {
    notes(stream, path)?.iter().for_each(|note| stage.report.note(note));
    Ok(())
}

/// What the engine wants the user to know, as lines.
pub(crate) fn notes(stream: &mut dyn Stream, path: &str) -> Answer<Vec<String>> {
    let notes: Vec<Fault> =
        serde_json::from_str(&stream.notes()?).map_err(|error| Failure::Trap(format!("notes that are not in the contract: {error}")))?;
    Ok(notes.iter().map(|fault| format!("note: {path}: {fault}")).collect())
}

/// What an error that belongs to all of the data names: the file, or the first and how many more.
fn name(sources: &[Source]) -> String {
    match sources {
        [] => String::new(),
        [source] => source.path.clone(),
        [first, rest @ ..] => format!("{} and {} more", first.path, rest.len()),
    }
}

/// The text of statistics.
pub(crate) fn text(bytes: Vec<u8>) -> Answer<String> {
    String::from_utf8(bytes).map_err(|_| Failure::Trap("statistics that are not UTF-8".to_owned()))
}
