//! Sums one file on one thread.

use crate::error::Result;
use crate::input::reading;
use crate::input::selected_columns::SelectedColumns;
use crate::plan::Plan;
use crate::ports::digest::InputFile;
use crate::ports::engine::Summarizer;
use crate::ports::report::Progress;
use crate::source::Source;
use crate::stage::Stage;
use crate::work::finish::{end, end_notes};

/// Sums one file. Returns the bytes of its statistics, or its state where the rows of all files count together. Adds it to
/// `inputs`, and its bytes to `progress`.
pub(crate) fn sum_table(
    stage: &mut Stage<'_>,
    plan: &Plan,
    source: &Source,
    inputs: &mut Vec<InputFile>,
    progress: &mut Progress,
) -> Result<Vec<u8>> {
    let mut summarizer = stage.engine.summarizer(&plan.text_for(source.format)).map_err(|error| plan.blame(error))?;
    progress.file += 1;
    let before = progress.bytes;
    let mut notes = Vec::new();
    let input = if source.format.holds_columns() {
        let columns = SelectedColumns::open(stage.files, plan.needed_columns(stage.engine)?.as_ref(), source)?;
        let input = add_all_rows(&columns, summarizer.as_mut()).map_err(|error| plan.blame_or(error, source))?;
        notes.extend_from_slice(columns.notes());
        progress.bytes += input.bytes;
        input
    } else {
        reading::each_chunk_at(stage.files, source, |chunk, bytes| {
            progress.bytes = before + bytes;
            stage.report.progress(progress);
            summarizer.push(chunk).map(drop).map_err(|error| plan.blame_or(error, source))
        })?
    };
    inputs.push(input);
    let sum = end(plan, summarizer.as_mut()).map_err(|error| plan.blame_or(error, source))?;
    notes.extend(end_notes(plan, summarizer.as_mut(), &source.path)?);
    notes.iter().for_each(|note| stage.report.note(note));
    Ok(sum)
}

fn add_all_rows(columns: &SelectedColumns, summarizer: &mut dyn Summarizer) -> Result<InputFile> {
    let digest = columns.begin_digest();
    columns.add_names(summarizer)?;
    let mut batches = columns.read(&columns.whole())?;
    while let Some(batch) = batches.next()? {
        summarizer.add(&batch)?;
    }
    digest()
}
