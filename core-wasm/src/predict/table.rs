//! A stream of records to a stream of records with predictions, in the same format or in another.

use super::interval::Interval;
use super::object::ObjectPredictions;
use super::object_batch::ObjectBatch;
use super::options::OutputOptions;
use super::outcome::StatusCounts;
use super::predictor::Predictor;
use super::rows::RowPredictions;
use crate::error::{Result, spent};
use crate::json_stream::JsonStream;
use crate::plan::{Format, OnError, OutputFormat, Plan};
use crate::records::check_length;
use crate::table::Reader;
use samefit_formats::csv::RECORD_END;
use samefit_formats::json_records::{Layout, RecordCount};

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
    JsonRecords(Box<JsonRecords>),
    /// The bytes so far of what may be one object.
    Json(Box<(Vec<u8>, RecordCount, ObjectPredictions)>),
    Ended,
}

/// Objects to lines, or to an array if they come in one.
struct JsonRecords {
    stream: JsonStream,
    objects: ObjectPredictions,
    /// Predicts many objects at once; none where that cannot be.
    batch: Option<ObjectBatch>,
    /// Whether lines are written, whatever the records come in.
    writes_lines: bool,
    /// Whether the bracket of the array is written.
    has_begun: bool,
}

impl JsonRecords {
    fn new(objects: ObjectPredictions) -> Self {
        let batch = ObjectBatch::new(&objects.predictor, objects.options);
        Self { stream: JsonStream::default(), batch, objects, writes_lines: false, has_begun: false }
    }

    fn push(&mut self, chunk: &[u8]) -> Result<Vec<u8>> {
        let Self { stream, objects, batch, .. } = self;
        let mut lines = Vec::new();
        let read = stream.push(chunk, &mut |record| objects.add(batch.as_mut(), record.row, record.text, &mut lines));
        // the objects before one with an error may have one too
        objects.flush(batch.as_mut(), &mut lines).and(read)?;
        Ok(self.in_layout(lines))
    }

    fn finish(&mut self) -> Result<Vec<u8>> {
        let Self { stream, objects, batch, .. } = self;
        let mut lines = Vec::new();
        let read = stream.finish(&mut |record| objects.add(batch.as_mut(), record.row, record.text, &mut lines));
        objects.flush(batch.as_mut(), &mut lines).and(read)?;
        let mut out = self.in_layout(lines);
        if self.is_array() {
            out.extend_from_slice(if self.has_begun { b"\n]\n" } else { b"[]\n" });
        }
        Ok(out)
    }

    fn is_array(&self) -> bool {
        self.stream.layout() == Some(Layout::Array) && !self.writes_lines
    }

    /// Returns lines as they are, or as entries of the array in which the records come.
    fn in_layout(&mut self, lines: Vec<u8>) -> Vec<u8> {
        if !self.is_array() {
            return lines;
        }
        let mut out = Vec::with_capacity(lines.len() + lines.len() / 16);
        for line in lines.split_inclusive(|&byte| byte == RECORD_END) {
            out.extend_from_slice(if std::mem::replace(&mut self.has_begun, true) { b",\n" } else { b"[\n" });
            out.extend_from_slice(line.strip_suffix(&[RECORD_END]).unwrap_or(line));
        }
        out
    }
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
            Self::JsonRecords(records) => Some((records.stream.rows(), records.objects.counts)),
            // the object is read at the end
            Self::Json(json) => Some((0, json.2.counts)),
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
        let also = if plan.on_error == OnError::Stop { "--on-error continue" } else { "" };
        let predictor = predictor.with_interval(Interval::of_plan(plan))?.with_format(plan.cell_format().advising(also));
        let options = OutputOptions::of(plan);
        let objects = |predictor: Predictor| ObjectPredictions::new(predictor, options);
        let input = match (plan.format, plan.to) {
            (Format::Csv, to) => Input::rows(plan, predictor, options, to.unwrap_or(OutputFormat::Csv)),
            (Format::Jsonl | Format::Json, Some(OutputFormat::Csv)) => Input::rows(plan, predictor, options, OutputFormat::Csv),
            (Format::Jsonl | Format::Json, Some(OutputFormat::Jsonl)) => {
                Input::JsonRecords(Box::new(JsonRecords { writes_lines: true, ..JsonRecords::new(objects(predictor)) }))
            }
            (Format::Jsonl, None) => Input::JsonRecords(Box::new(JsonRecords::new(objects(predictor)))),
            (Format::Json, None) => Input::Json(Box::new((Vec::new(), RecordCount::default(), objects(predictor)))),
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
            Input::JsonRecords(records) => out = records.push(chunk)?,
            Input::Json(json) => {
                json.0.extend_from_slice(chunk);
                if json.1.are_several(chunk) {
                    return self.read_several();
                }
                check_length(json.0.len())?;
            }
            Input::Ended => return Err(spent()),
        }
        Ok(out)
    }

    /// Reads as records what was taken for one object.
    fn read_several(&mut self) -> Result<Vec<u8>> {
        if let Input::Json(json) = std::mem::replace(&mut self.input, Input::Ended) {
            let (bytes, _, objects) = *json;
            self.input = Input::JsonRecords(Box::new(JsonRecords::new(objects)));
            return self.push(&bytes);
        }
        Err(spent())
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
            Input::JsonRecords(table) => {
                let (mut found, JsonRecords { stream, objects, .. }) = (false, &mut **table);
                stream.push(records, &mut |record| {
                    objects.decide(record.text);
                    found = true;
                    Ok(())
                })?;
                Ok(found)
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
            Input::JsonRecords(records) => {
                records.stream.continue_at(row);
                records.has_begun = true;
            }
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
        let mut input = std::mem::replace(&mut self.input, Input::Ended);
        let out = match &mut input {
            Input::Rows(table) => {
                let (reader, rows) = &mut **table;
                reader.finish(rows)?;
                std::mem::take(&mut rows.out)
            }
            Input::JsonRecords(records) => records.finish()?,
            Input::Json(json) => {
                let out = json.2.document(&json.0)?.into_bytes();
                self.ended = (1, json.2.counts);
                return Ok(out);
            }
            Input::Ended => return Err(spent()),
        };
        self.ended = input.totals().unwrap_or(self.ended);
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fit::fit;
    use crate::plan::Only;
    use crate::summarizer::Summarizer;
    use proptest::prelude::*;

    fn predictor() -> Predictor {
        let plan = Plan {
            target: Some("y".to_owned()),
            features: Some(vec!["x".to_owned(), "g".to_owned()]),
            categories: vec!["g".to_owned()],
            ..Plan::default()
        };
        let mut summarizer = Summarizer::new(plan.clone()).unwrap();
        summarizer.push(b"x,g,y\n1,a,2\n2.5,b,3\n4,a,7\n5,b,5.5\n9,a,8\n").unwrap();
        Predictor::new(fit(&summarizer.finish().unwrap(), &plan).unwrap()).unwrap()
    }

    fn value() -> impl Strategy<Value = &'static str> {
        let usual = prop::sample::select(vec!["1", "2.50", "9", "\"3\"", "4E0"]);
        let other = prop::sample::select(vec![
            "\"a\\u0062\\n\"",
            "[1, {\"k\":NaN}]",
            "{}",
            "NaN",
            "true",
            "null",
            "-Infinity",
            "\"\\r\"",
            "\"é\"",
            "12",
        ]);
        prop_oneof![6 => usual, 1 => other]
    }

    fn level() -> impl Strategy<Value = &'static str> {
        prop_oneof![9 => prop::sample::select(vec!["\"a\"", "\"b\""]), 1 => prop::sample::select(vec!["\"c\"", "\" a\"", "\"\\u0061\"", "null"])]
    }

    fn record() -> impl Strategy<Value = String> {
        let other = prop::sample::select(vec!["z", "interval", "predicted_y", " x", "\\u007a", ""]);
        (value(), level(), prop::option::of((other, value())), any::<bool>()).prop_map(|(x, g, other, swapped)| {
            let mut entries = vec![format!("\"x\": {x}"), format!("\"g\":{g}")];
            entries.extend(other.map(|(key, value)| format!("\"{key}\" : {value}")));
            if swapped {
                entries.swap(0, 1);
            }
            format!("{{{}}}", entries.join(","))
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn lines_are_those_of_single_objects(records in prop::collection::vec(record(), 1..12), only in any::<bool>(), with_input in any::<bool>()) {
            let plan = Plan { format: Format::Jsonl, only: only.then_some(Only::Predicted), with_input, ..Plan::default() };
            let predictor = predictor();
            let mut table = Table::new(predictor.clone(), &plan).unwrap();
            let together = table.push(records.join("\n").as_bytes()).and_then(|mut out| {
                out.extend(table.finish()?);
                Ok(out)
            });
            let mut objects = ObjectPredictions::new(predictor, OutputOptions::of(&plan));
            let mut single = Vec::new();
            let outcome = records.iter().zip(1..).try_for_each(|(text, row)| objects.line(text.as_bytes(), &mut single).map_err(|error| error.at_row(row)));
            match (together, outcome) {
                (Ok(together), Ok(())) => {
                    prop_assert_eq!(String::from_utf8_lossy(&together), String::from_utf8_lossy(&single));
                    prop_assert_eq!(table.counts(), objects.counts);
                }
                (Err(together), Err(single)) => prop_assert_eq!(together, single),
                (together, single) => prop_assert!(false, "{together:?} {single:?}"),
            }
        }
    }
}
