//! JSON objects to lines with predictions, many at once and without trees.
//!
//! *Invariants*: the lines are those of objects that are predicted one by one. An object that this does not take, or whose prediction has a warning
//! or an error, is left to that way.

use super::options::OutputOptions;
use super::predictor::Predictor;
use crate::forecast::Forecast;
use crate::json;
use crate::json_scan::{ObjectScan, cell, without_python_numbers};
use crate::records::VARIABLES;
use crate::terms::{COLUMNS_MAX, NAME_CHARS_MAX, check_unique, places};
use samefit_formats::csv::{RECORD_END, push_field};
use samefit_kernels::objects::{PaddedText, ScannedValue, ValueKind, append_cells, append_entries};
use samefit_kernels::scan::{MARGIN, Marks, RowScanner, WORD};
use samefit_kernels::text::append_f64;
use serde_json::Value;

/// Most objects that are predicted at once.
const OBJECTS_MAX: usize = 128;
/// Bytes of objects after which they are predicted.
const BATCH_BYTES: usize = 1 << 16;
/// The byte in margins, which is neither a separator nor a quote.
const PADDING: u8 = b'0';

/// Objects that wait to be predicted together.
pub(super) struct ObjectBatch {
    scan: ObjectScan,
    /// The shape of the objects to which the two lists belong; none before the first object.
    shape: Option<u64>,
    /// For each of the model's columns, the index of its value; none if such objects have to be predicted one by one.
    places: Option<Vec<Option<usize>>>,
    /// Each key as it is written; none if its entry is left out because the prediction has one of that name.
    keys: Vec<Option<PaddedText>>,
    /// Rows of CSV with the cells of the model's columns and an empty one, after a margin.
    cells: Vec<u8>,
    /// The texts of the objects, and their entries as they are written after a prediction, with the ends of each.
    texts: Pieces,
    entries: Pieces,
    /// The number of each object.
    numbers: Vec<u64>,
    scanner: RowScanner,
    forecast: Forecast,
}

/// Pieces of text that follow one another.
#[derive(Default)]
struct Pieces {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Pieces {
    fn end(&mut self) {
        self.ends.push(self.bytes.len());
    }

    fn get(&self, at: usize) -> &[u8] {
        &self.bytes[at.checked_sub(1).map_or(0, |before| self.ends[before])..self.ends[at]]
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }
}

impl ObjectBatch {
    /// Returns a batch for a model; none if its predictions have to be made one by one.
    pub(super) fn new(predictor: &Predictor, options: OutputOptions) -> Option<Self> {
        let columns = predictor.columns.len();
        (columns > 0 && !options.continues && predictor.predicts_together(options.all)).then(|| Self {
            scan: ObjectScan::default(),
            shape: None,
            places: None,
            keys: Vec::new(),
            cells: Vec::new(),
            texts: Pieces::default(),
            entries: Pieces::default(),
            numbers: Vec::new(),
            scanner: RowScanner::new(columns + 1, OBJECTS_MAX),
            forecast: Forecast::of_cells(&predictor.variables, 0),
        })
    }

    /// Takes an object with its number. Returns false if it has to be predicted by itself.
    pub(super) fn add(&mut self, predictor: &Predictor, options: OutputOptions, number: u64, text: &[u8]) -> bool {
        if !self.scan.scan(text) {
            return false;
        }
        if self.shape != Some(self.scan.shape()) {
            self.learn_shape(predictor, options);
        }
        let Some(places) = &self.places else { return false };
        if self.numbers.is_empty() {
            self.cells.clear();
            self.cells.resize(MARGIN, PADDING);
        }
        let values = self.scan.values();
        let mut at = 0;
        loop {
            at = append_cells(text, values, places, at, &mut self.cells);
            let Some(value) = places.get(at).copied().flatten().and_then(|place| values.get(place)) else { break };
            push_field(&mut self.cells, &cell(value, text));
            self.cells.push(b',');
            at += 1;
        }
        self.cells.push(RECORD_END);
        let mut at = if options.input { 0 } else { values.len() };
        loop {
            let entries = &mut self.entries.bytes;
            at = append_entries(text, values, &self.keys, at, entries);
            let (Some(value), Some(Some(key))) = (values.get(at), self.keys.get(at)) else { break };
            key.push(entries);
            push_value(entries, value, text);
            at += 1;
        }
        self.entries.end();
        self.texts.bytes.extend_from_slice(text);
        self.texts.end();
        self.numbers.push(number);
        true
    }

    /// Whether the objects should be predicted before more are added.
    pub(super) fn is_full(&self) -> bool {
        self.numbers.len() == OBJECTS_MAX || self.texts.bytes.len() >= BATCH_BYTES
    }

    /// Returns the number of objects.
    pub(super) fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Returns the number and the text of an object.
    pub(super) fn object(&self, at: usize) -> (u64, &[u8]) {
        (self.numbers[at], self.texts.get(at))
    }

    /// Appends the line of an object, after [`Self::predict`]. Returns false if it has to be predicted by itself.
    pub(super) fn push_line(&self, at: usize, parts: &LineParts, out: &mut Vec<u8>) -> bool {
        if self.forecast.unread[at] {
            return false;
        }
        let ends = self.forecast.lower.get(at).copied().zip(self.forecast.upper.get(at).copied());
        parts.push(self.forecast.values()[at], ends, self.entries.get(at), out);
        true
    }

    /// Removes all objects.
    pub(super) fn clear(&mut self) {
        self.numbers.clear();
        self.texts.clear();
        self.entries.clear();
    }

    /// Predicts the objects, as far as they can be predicted together.
    pub(super) fn predict(&mut self, predictor: &Predictor, options: OutputOptions) {
        let objects = self.numbers.len();
        let end = self.cells.len();
        self.cells.resize(end + WORD + MARGIN, PADDING);
        // rows with carriage returns are irregular
        match self.scanner.scan(&self.cells, MARGIN, self.cells.len() - MARGIN, Marks { delimiter: b',', point: b'.' }) {
            Ok(rows) if rows.end() == end && rows.len() == objects => {
                let places: Vec<usize> = (0..predictor.columns.len()).collect();
                self.forecast.read(&rows, &places, &predictor.variables);
                if options.all {
                    self.forecast.round_cells();
                    predictor.mark_outside(&mut self.forecast);
                }
                predictor.forecast_read(&mut self.forecast, options.all);
            }
            _ => self.forecast.leave_unread(objects),
        }
    }

    /// Finds the model's columns in objects with the keys of the last one.
    #[cold]
    fn learn_shape(&mut self, predictor: &Predictor, options: OutputOptions) {
        let names = self.scan.names();
        let trimmed: Vec<&str> = names.iter().map(|name| name.trim()).collect();
        let is_usual = names.len() <= COLUMNS_MAX
            && names.iter().all(|name| name.len() <= NAME_CHARS_MAX && name != VARIABLES)
            && check_unique(&trimmed, "").is_ok();
        let known = places(&trimmed);
        let places =
            predictor.columns.iter().map(|name| known.get(name.as_str()).copied()).map(|place| place.map(Some)).collect::<Option<Vec<_>>>();
        self.places = places.filter(|_| is_usual);
        let predicted = predictor.key();
        let is_added = |name: &str| name == predicted || options.all && matches!(name, "interval" | "warnings");
        self.keys =
            names.iter().map(|name| (!is_added(name)).then(|| PaddedText::new(&format!(", {}: ", Value::from(name.as_str()))))).collect();
        self.shape = Some(self.scan.shape());
    }
}

/// The text of a line between its numbers.
pub(super) struct LineParts {
    before_value: String,
    before_lower: String,
    no_interval: &'static str,
    all: bool,
}

impl LineParts {
    /// The text of predictions that have no warnings.
    pub(super) fn new(predictor: &Predictor, options: OutputOptions) -> Self {
        let of = if predictor.interval.of_mean { "\"of\": \"mean\", " } else { "" };
        Self {
            before_value: format!("{{{}: ", Value::from(predictor.key())),
            before_lower: format!(", \"interval\": {{\"level\": {}, {of}\"lower\": ", Value::from(predictor.interval.level)),
            no_interval: ", \"interval\": null",
            all: options.all,
        }
    }

    fn push(&self, value: f64, ends: Option<(f64, f64)>, entries: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(self.before_value.as_bytes());
        append_f64(value, out);
        if self.all {
            match ends {
                Some((lower, upper)) => {
                    out.extend_from_slice(self.before_lower.as_bytes());
                    append_f64(lower, out);
                    out.extend_from_slice(b", \"upper\": ");
                    append_f64(upper, out);
                    out.push(b'}');
                }
                None => out.extend_from_slice(self.no_interval.as_bytes()),
            }
            out.extend_from_slice(b", \"warnings\": []");
        }
        out.extend_from_slice(entries);
        out.extend_from_slice(b"}\n");
    }
}

/// Appends a value as a record is written anew.
fn push_value(out: &mut Vec<u8>, value: &ScannedValue, text: &[u8]) {
    let raw = value.raw(text);
    match value.kind {
        ValueKind::Plain => value.push_raw(text, out),
        ValueKind::Null | ValueKind::NotANumber => out.extend_from_slice(b"null"),
        ValueKind::Exponent => out.extend_from_slice(&cell(value, text)),
        ValueKind::Text | ValueKind::Infinity => {
            out.push(b'"');
            out.extend_from_slice(raw);
            out.push(b'"');
        }
        ValueKind::EscapedText => {
            let text = cell(value, text);
            out.extend_from_slice(Value::from(String::from_utf8_lossy(&text)).to_string().as_bytes());
        }
        ValueKind::Nested => {
            let raw = String::from_utf8_lossy(raw);
            // the scan has read it, so it is JSON but for numbers as Python writes them
            let nested: Value = serde_json::from_str(&without_python_numbers(&raw)).unwrap_or_default();
            out.extend_from_slice(json::line(&nested).as_bytes());
        }
    }
}
