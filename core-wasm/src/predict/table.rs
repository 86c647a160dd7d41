//! A stream of records to a stream of records with predictions, in the same format or in another.

use super::interval::Interval;
use super::object::ObjectPredictions;
use super::options::OutputOptions;
use super::outcome::StatusCounts;
use super::predictor::Predictor;
use super::rows::RowPredictions;
use crate::error::{Result, spent};
use crate::plan::{Format, OutputFormat, Plan};
use crate::records::check_length;
use crate::table::{LineReader, Reader};

/// Predicts every record of a stream, and writes it in the format in which it comes, or in the format that the plan names.
pub struct Table {
    input: Input,
    /// Number of the last record, and what became of all of them, once the input has ended.
    ended: (u64, StatusCounts),
}

/// How the records are read and written.
enum Input {
    /// A table, or objects that are written as a table.
    Rows(Box<(Reader, RowPredictions)>),
    JsonLines(Box<(LineReader, ObjectPredictions)>),
    /// The bytes of one object so far.
    Json(Box<(Vec<u8>, ObjectPredictions)>),
    Ended,
}

impl Input {
    /// Records that are rows of a table while they are predicted.
    fn rows(plan: &Plan, predictor: Predictor, options: OutputOptions, to: OutputFormat) -> Self {
        Self::Rows(Box::new((Reader::new(plan), RowPredictions::new(predictor, options, to))))
    }

    /// Returns the number of the last record and what became of all of them; `None` after the end.
    fn totals(&self) -> Option<(u64, StatusCounts)> {
        match self {
            Self::Rows(rows) => Some((rows.0.rows(), rows.1.counts)),
            Self::JsonLines(lines) => Some((lines.0.rows(), lines.1.counts)),
            // the object is read at the end
            Self::Json(json) => Some((0, json.1.counts)),
            Self::Ended => None,
        }
    }
}

impl Table {
    /// Returns a table of records written as the plan says, with the intervals that it asks for.
    ///
    /// # Errors
    /// `level` if the plan's level is not between 0 and 1.
    pub fn new(predictor: Predictor, plan: &Plan) -> Result<Self> {
        let predictor = predictor.with_interval(Interval::of_plan(plan))?;
        let options = OutputOptions::of(plan);
        let input = match (plan.format, plan.to) {
            (Format::Csv, to) => Input::rows(plan, predictor, options, to.unwrap_or(OutputFormat::Csv)),
            (Format::Jsonl | Format::Json, Some(OutputFormat::Csv)) => Input::rows(plan, predictor, options, OutputFormat::Csv),
            (Format::Jsonl, _) => Input::JsonLines(Box::new((LineReader::default(), ObjectPredictions::new(predictor, options)))),
            (Format::Json, _) => Input::Json(Box::new((Vec::new(), ObjectPredictions::new(predictor, options)))),
        };
        Ok(Self { input, ended: (0, StatusCounts::default()) })
    }

    /// Reads the next bytes. Returns the predictions that are complete.
    ///
    /// # Errors
    /// Those of the table, and, unless the plan says `on_error: continue`, of a record that cannot be predicted.
    pub fn push(&mut self, chunk: &[u8]) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        match &mut self.input {
            Input::Rows(table) => {
                let (reader, rows) = &mut **table;
                reader.push(chunk, rows)?;
                // the next chunk most likely needs as much
                let room = rows.out.len();
                out = std::mem::replace(&mut rows.out, Vec::with_capacity(room));
            }
            Input::JsonLines(lines) => {
                let (reader, objects) = &mut **lines;
                reader.push(chunk, &mut |_, line| objects.line(line, &mut out))?;
            }
            Input::Json(json) => {
                json.0.extend_from_slice(chunk);
                check_length(json.0.len())?;
            }
            Input::Ended => return Err(spent()),
        }
        Ok(out)
    }

    /// Reads only the names of the columns from the records that the data begin with: this table then reads bytes from the middle, and
    /// writes no header. Returns whether the names are known; if not, call it again with more records.
    ///
    /// # Errors
    /// Those of the header.
    pub fn header(&mut self, records: &[u8]) -> Result<bool> {
        match &mut self.input {
            Input::Rows(table) => {
                let (reader, rows) = &mut **table;
                rows.writes_header = false;
                reader.header(records, rows)
            }
            Input::JsonLines(lines) => {
                let (reader, objects) = &mut **lines;
                if !objects.is_decided() {
                    reader.push(records, &mut |_, line| {
                        objects.decide(line);
                        Ok(())
                    })?;
                }
                Ok(objects.is_decided())
            }
            Input::Json(_) => Ok(true),
            Input::Ended => Err(spent()),
        }
    }

    /// Sets the number of the next record. Call it between records.
    ///
    /// # Errors
    /// `spent` after the end.
    pub fn continue_at(&mut self, row: u64) -> Result<()> {
        match &mut self.input {
            Input::Rows(table) => table.0.continue_at(row),
            Input::JsonLines(lines) => lines.0.continue_at(row),
            Input::Json(_) => {}
            Input::Ended => return Err(spent()),
        }
        Ok(())
    }

    /// Returns the number of the last record; the header and blank lines count.
    pub fn rows(&self) -> u64 {
        self.input.totals().unwrap_or(self.ended).0
    }

    /// Returns how many records have which status. With `only`, nothing looks for warnings, and no record is out of range.
    pub fn counts(&self) -> StatusCounts {
        self.input.totals().unwrap_or(self.ended).1
    }

    /// Ends the records. Returns the rest of the predictions.
    ///
    /// # Errors
    /// As for [`Self::push`].
    pub fn finish(&mut self) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        let mut input = std::mem::replace(&mut self.input, Input::Ended);
        match &mut input {
            Input::Rows(table) => {
                let (reader, rows) = &mut **table;
                reader.finish(rows)?;
                out = std::mem::take(&mut rows.out);
            }
            Input::JsonLines(lines) => {
                let (reader, objects) = &mut **lines;
                reader.finish(&mut |_, line| objects.line(line, &mut out))?;
            }
            Input::Json(json) => {
                out = json.1.document(&json.0)?.into_bytes();
                self.ended = (1, json.1.counts);
                return Ok(out);
            }
            Input::Ended => return Err(spent()),
        }
        self.ended = input.totals().unwrap_or(self.ended);
        Ok(out)
    }
}
