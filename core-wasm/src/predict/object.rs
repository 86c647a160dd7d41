//! JSON objects to JSON objects with predictions, each on a line, or as a document.

use super::entered::EnteredPredictor;
use super::object_batch::{LineParts, ObjectBatch};
use super::options::OutputOptions;
use super::outcome::{Predicted, Refusal, Status, StatusCounts};
use super::predictor::Predictor;
use super::row_object::{STATUS, refused_entries, status_entries};
use crate::error::Result;
use crate::json;
use crate::json_scan::without_python_numbers;
use crate::records::parse_object;
use samefit_formats::csv::RECORD_END;
use serde_json::{Map, Value, json};

/// Key of a text that is no object.
const RECORD: &str = "record";

/// Predicts JSON objects.
pub(super) struct ObjectPredictions {
    pub(super) predictor: Predictor,
    pub(super) options: OutputOptions,
    entered: Entered,
    pub(super) counts: StatusCounts,
}

/// Whether records are entered through the form.
enum Entered {
    /// The first record is still to come.
    Undecided,
    No,
    Yes(Box<EnteredPredictor>),
}

impl ObjectPredictions {
    pub(super) fn new(predictor: Predictor, options: OutputOptions) -> Self {
        let entered = if options.continues { Entered::Undecided } else { Entered::No };
        Self { predictor, options, entered, counts: StatusCounts::default() }
    }

    /// Returns whether it is known how records are read.
    pub(super) fn is_decided(&self) -> bool {
        !matches!(self.entered, Entered::Undecided)
    }

    /// Learns from the first record whether all records are entered through the form.
    pub(super) fn decide(&mut self, record: &[u8]) {
        if !self.is_decided() {
            let object = parse_object(record).unwrap_or_default();
            let names: Vec<&String> = object.keys().collect();
            self.entered =
                EnteredPredictor::for_names(&self.predictor, &names).map_or(Entered::No, |entered| Entered::Yes(Box::new(entered)));
        }
    }

    /// Takes a record: into the batch if there is one that takes it. Appends the lines that are complete.
    pub(super) fn add(&mut self, batch: Option<&mut ObjectBatch>, number: u64, text: &[u8], out: &mut Vec<u8>) -> Result<()> {
        let Some(batch) = batch else { return self.line(text, out) };
        if !batch.add(&self.predictor, self.options, number, text) {
            self.flush(Some(batch), out)?;
            return self.line(text, out);
        }
        if batch.is_full() { self.flush(Some(batch), out) } else { Ok(()) }
    }

    /// Appends the lines of the records in a batch.
    pub(super) fn flush(&mut self, batch: Option<&mut ObjectBatch>, out: &mut Vec<u8>) -> Result<()> {
        let Some(batch) = batch else { return Ok(()) };
        if batch.len() == 0 {
            return Ok(());
        }
        batch.predict(&self.predictor, self.options);
        let (parts, mut together) = (LineParts::new(&self.predictor, self.options), 0);
        for at in 0..batch.len() {
            if batch.push_line(at, &parts, out) {
                together += 1;
            } else {
                let (number, text) = batch.object(at);
                self.line(text, out).map_err(|error| error.at_row(number))?;
            }
        }
        batch.clear();
        self.counts.add(Status::Fine, together);
        Ok(())
    }

    /// Appends a line for a record.
    pub(super) fn line(&mut self, line: &[u8], out: &mut Vec<u8>) -> Result<()> {
        let text = if self.options.continues { self.line_with_status(line) } else { json::line(&self.predict(line)?) };
        out.extend_from_slice(text.as_bytes());
        out.push(RECORD_END);
        Ok(())
    }

    /// Returns the document for the document of one record.
    pub(super) fn document(&mut self, text: &[u8]) -> Result<String> {
        if !self.options.continues {
            return Ok(json::document(&self.predict(text)?));
        }
        let line = self.line_with_status(text);
        Ok(json::document(&json::value(&line, crate::error::Code::Json, "a prediction")?))
    }

    fn predict(&mut self, record: &[u8]) -> Result<Value> {
        let object = parse_object(record)?;
        let predicted = self.predictor.predict_object(&object, self.options)?;
        self.counts.add(predicted.status(), 1);
        Ok(self.predictor.prediction_object(&predicted, object, self.options).into())
    }

    /// Returns the line for a record, predicted or not.
    fn line_with_status(&mut self, record: &[u8]) -> String {
        self.decide(record);
        let text = String::from_utf8_lossy(record);
        let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
        let object = match parse_object(record) {
            Ok(object) => object,
            Err(error) => {
                let object = Map::from_iter([(RECORD.to_owned(), Value::from(text))]);
                return self.refused(&json!(object).to_string(), &object, &Refusal::of_error(&error));
            }
        };
        // a record of several lines, or with numbers that are no JSON, is written anew
        let is_kept = !text.contains(['\n', '\r']) && without_python_numbers(text) == text;
        let text = if is_kept { text } else { &json::line(&object.clone().into()) };
        let result = match &self.entered {
            Entered::Yes(entered) => entered.predict(&self.predictor, entries(entered, &object), self.options),
            _ => self.predictor.predict_object(&object, self.options).map_err(|error| Refusal::of_error(&error)),
        };
        match (result, &self.entered) {
            (Err(refusal), _) => self.refused(text, &object, &refusal),
            (Ok(predicted), Entered::Yes(_)) => self.entered(text, &object, &predicted),
            (Ok(predicted), _) => self.predicted(object, &predicted),
        }
    }

    /// A record of the model's columns: the line of a prediction, and the status.
    fn predicted(&mut self, mut object: Map<String, Value>, predicted: &Predicted) -> String {
        self.counts.add(predicted.status(), 1);
        object.shift_remove(STATUS);
        let line = json::line(&self.predictor.prediction_object(predicted, object, self.options).into());
        let open = line.strip_suffix('}').unwrap_or(&line);
        format!("{open},{}}}", inner(&status_entries(predicted.status())))
    }

    /// A record that was entered through the form: the prediction, the record's own text, and the status.
    fn entered(&mut self, text: &str, object: &Map<String, Value>, predicted: &Predicted) -> String {
        self.counts.add(predicted.status(), 1);
        around(&self.predictor.prediction_entries(predicted, self.options), text, object, &status_entries(predicted.status()))
    }

    /// A record without a prediction: its own text, the problem and the status.
    fn refused(&mut self, text: &str, object: &Map<String, Value>, refusal: &Refusal) -> String {
        self.counts.add(refusal.status, 1);
        let mut after = refused_entries(refusal);
        after.append(&mut status_entries(refusal.status));
        around(&Map::new(), text, object, &after)
    }
}

/// Returns the texts and numbers of an object that are fields of the form.
fn entries<'o>(entered: &EnteredPredictor, object: &'o Map<String, Value>) -> Vec<(&'o str, String)> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let fields = object.iter().filter(|(name, _)| entered.has_field(name));
    fields.filter_map(|(name, value)| Some((name.as_str(), text(value)?))).collect()
}

/// Writes entries before and after those of an object, whose own text is kept: so its numbers stay as they are written. If it has one of
/// the keys that are added, it is written anew without them.
fn around(before: &Map<String, Value>, text: &str, object: &Map<String, Value>, after: &Map<String, Value>) -> String {
    let is_added = |key: &String| before.contains_key(key) || after.contains_key(key);
    let own = if object.keys().any(is_added) {
        let others = object.iter().filter(|(key, _)| !is_added(key)).map(|(key, value)| (key.clone(), value.clone()));
        inner(&others.collect())
    } else {
        text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or_default().trim().to_owned()
    };
    let parts = [inner(before), own, inner(after)].into_iter().filter(|part| !part.is_empty());
    format!("{{{}}}", parts.collect::<Vec<_>>().join(","))
}

/// Returns the entries of an object as compact JSON, without the braces around them.
fn inner(object: &Map<String, Value>) -> String {
    let text = json!(object).to_string();
    text[1..text.len() - 1].to_owned()
}
