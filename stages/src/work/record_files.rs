//! Sums files with one JSON record each, as if they were one file of JSON Lines, because thousands of such files are common.

use crate::code::Code;
use crate::error::{Error, InputError, Result};
use crate::input::json_line::JsonLine;
use crate::input::reading;
use crate::plan::Plan;
use crate::ports::digest::InputFile;
use crate::ports::engine::Stream;
use crate::ports::files::Files;
use crate::ports::report::Progress;
use crate::source::{Format, Source};
use crate::stage::Stage;
use crate::text::paths;
use crate::work::finish::{end, end_notes};
use crate::work::table_sum::sum_table;

/// Sums all records. Returns the bytes of their statistics, or their state where the rows of all files count together. Adds the files that were
/// read to `inputs`.
///
/// The row of an error is a file here. To name the file at fault, the files are read again one at a time.
pub(crate) fn sum_records(stage: &mut Stage<'_>, plan: &Plan, sources: &[&Source], inputs: &mut Vec<InputFile>) -> Result<Vec<u8>> {
    let mut progress = stage.begin_progress(sources);
    if let [source] = sources {
        return sum_table(stage, plan, source, inputs, &mut progress);
    }
    let before = inputs.len();
    sum_as_lines(stage, plan, sources, inputs, &mut progress).or_else(|error| {
        if !matches!(error, Error::Data { path: None, .. }) {
            return Err(error);
        }
        inputs.truncate(before);
        sources.iter().try_for_each(|source| sum_table(stage, plan, source, inputs, &mut Progress::default()).map(drop))?;
        Err(error)
    })
}

fn sum_as_lines(
    stage: &mut Stage<'_>,
    plan: &Plan,
    sources: &[&Source],
    inputs: &mut Vec<InputFile>,
    progress: &mut Progress,
) -> Result<Vec<u8>> {
    let mut summarizer = stage.engine.summarizer(&plan.text_for(Format::JsonLines)).map_err(|error| plan.blame(error))?;
    let mut buffer = Vec::new();
    for source in sources {
        inputs.push(push_record(stage.files, source, summarizer.as_mut(), &mut buffer)?);
        progress.file += 1;
        progress.bytes += inputs.last().map_or(0, |input| input.bytes);
        stage.report.progress(progress);
    }
    let sum = end(plan, summarizer.as_mut())?;
    let folder = sources.first().map_or("", |source| paths::folder(&source.path));
    end_notes(plan, summarizer.as_mut(), folder)?.iter().for_each(|note| stage.report.note(note));
    Ok(sum)
}

/// Pushes a file with one record into a stream of JSON Lines. `buffer` is used for the line and may hold anything.
pub(crate) fn push_record(files: &dyn Files, source: &Source, stream: &mut dyn Stream, buffer: &mut Vec<u8>) -> Result<InputFile> {
    let mut line = JsonLine::default();
    let input = reading::each_chunk(files, source, |chunk| stream.push(line.flatten(chunk, buffer)).map(drop))?;
    if !line.holds_something() {
        return Err(
            InputError::new(Code::Json, "found nothing, expected a record", "remove the file, or write it again").in_file(&source.path)
        );
    }
    stream.push(b"\n")?;
    Ok(input)
}
