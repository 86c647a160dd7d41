//! A stream of records to a stream of records with predictions, in the same format.

use super::csv::CsvPredictions;
use super::interval::Interval;
use super::object::ObjectPredictions;
use super::options::OutputOptions;
use super::outcome::StatusCounts;
use super::predictor::Predictor;
use crate::error::{Result, spent};
use crate::plan::{Format, Plan};
use crate::json_stream::JsonStream;
use crate::records::check_length;
use crate::table::Reader;

/// Predicts every record of a stream, and writes it in the format in which it comes.
pub struct Table {
    input: Input,
    /// Number of the last record, and what became of all of them, once the input has ended.
    ended: (u64, StatusCounts),
}

/// How the records are read.
enum Input {
    Csv(Box<(Reader, CsvPredictions)>),
    JsonLines(Box<(JsonStream, ObjectPredictions)>),
    /// The bytes of one object so far.
    Json(Box<(Vec<u8>, ObjectPredictions)>),
    Ended,
}

impl Input {
    /// Returns the number of the last record and what became of all of them; `None` after the end.
    fn totals(&self) -> Option<(u64, StatusCounts)> {
        match self {
            Self::Csv(csv) => Some((csv.0.rows(), csv.1.counts)),
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
        let input = match plan.format {
            Format::Csv => Input::Csv(Box::new((Reader::new(plan), CsvPredictions::new(predictor, options)))),
            Format::Jsonl => Input::JsonLines(Box::new((JsonStream::default(), ObjectPredictions::new(predictor, options)))),
            Format::Json => Input::Json(Box::new((Vec::new(), ObjectPredictions::new(predictor, options)))),
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
            Input::Csv(csv) => {
                let (reader, rows) = &mut **csv;
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
            Input::Csv(csv) => {
                let (reader, rows) = &mut **csv;
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
            Input::Csv(csv) => csv.0.continue_at(row),
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
            Input::Csv(csv) => {
                let (reader, rows) = &mut **csv;
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
