//! Rows of a table to rows of CSV, or to objects of JSON Lines, with predictions.

use super::entered::EnteredPredictor;
use super::options::OutputOptions;
use super::outcome::{Predicted, Refusal, Status, StatusCounts};
use super::predictor::Predictor;
use super::row_object::{PROBLEM, STATUS, cell_value, refused_entries, status_entries};
use crate::error::{Code, Error, Result};
use crate::forecast::Forecast;
use crate::json;
use crate::plan::OutputFormat;
use crate::sink::{GatheredRecord, Record, Sink, each_record};
use crate::terms::ColumnPlaces;
use samefit_formats::csv::{RECORD_END, push_field, push_record};
use samefit_kernels::scan::Rows;
use samefit_kernels::text::{append_f64, append_predictions};
use serde_json::{Map, Value};

/// Predicts rows of a table, and writes them as rows of CSV or as objects.
pub(super) struct RowPredictions {
    predictor: Predictor,
    options: OutputOptions,
    to: OutputFormat,
    /// Whether the first written line names the columns.
    pub(super) writes_header: bool,
    /// Names of the input's columns.
    names: Vec<String>,
    /// Index of each of the model's columns in the input; empty if the rows are entered through the form.
    places: Vec<usize>,
    entered: Option<EnteredPredictor>,
    forecast: Forecast,
    pub(super) counts: StatusCounts,
    /// The written rows.
    pub(super) out: Vec<u8>,
}

impl RowPredictions {
    pub(super) fn new(predictor: Predictor, options: OutputOptions, to: OutputFormat) -> Self {
        Self {
            forecast: Forecast::of_cells(&predictor.variables, 0),
            predictor,
            options,
            to,
            writes_header: true,
            names: Vec::new(),
            places: Vec::new(),
            entered: None,
            counts: StatusCounts::default(),
            out: Vec::new(),
        }
    }

    /// Returns the names of the columns that are added to the input's.
    fn added(&self) -> Vec<String> {
        if self.to == OutputFormat::Jsonl {
            let rest = ["interval", "warnings"].into_iter().filter(|_| self.options.all);
            let status = [PROBLEM, STATUS].into_iter().filter(|_| self.options.continues);
            return std::iter::once(self.predictor.key()).chain(rest.chain(status).map(str::to_owned)).collect();
        }
        let rest = ["lower", "upper", "warnings"].into_iter().filter(|_| self.options.all);
        let status = self.options.continues.then_some(STATUS);
        std::iter::once(self.predictor.key()).chain(rest.chain(status).map(str::to_owned)).collect()
    }

    /// Predicts one row. The outer error stops the table; the inner one is a row without a prediction.
    fn predict(&self, record: &Record) -> Result<std::result::Result<Predicted, Refusal>> {
        if let Some(entered) = &self.entered {
            return Ok(entered.predict(&self.predictor, self.entries(entered, record), self.options));
        }
        let row = self.predictor.row(self.places.iter().map(|&place| record.cell(place)));
        match row.and_then(|row| self.predictor.predict_parts(&row, self.options)) {
            Ok(predicted) => Ok(Ok(predicted)),
            Err(error) if self.options.continues => Ok(Err(Refusal::of_error(&error))),
            Err(error) => Err(error),
        }
    }

    /// Returns the fields of the form that a row has values for.
    fn entries<'n>(&'n self, entered: &EnteredPredictor, record: &Record) -> Vec<(&'n str, String)> {
        let format = self.predictor.variables.format();
        let names = self.names.iter().enumerate().filter(|(_, name)| entered.has_field(name));
        let cells = names.map(|(at, name)| (name.as_str(), record.cell(at))).filter(|(_, cell)| !format.is_missing(cell));
        cells.map(|(name, cell)| (name, format.plain(cell))).collect()
    }

    /// Writes the cells of the input, as many as there are columns, each followed by a comma.
    fn write_input(&mut self, record: &Record) {
        if !self.options.input {
            return;
        }
        for column in 0..self.names.len() {
            if column < record.len() {
                push_field(&mut self.out, record.whole_cell(column));
            }
            self.out.push(b',');
        }
    }

    /// Returns the cells of the input as entries of an object.
    fn input_entries(&self, record: &Record) -> Map<String, Value> {
        let names = self.names.iter().take(if self.options.input { record.len() } else { 0 });
        names.enumerate().map(|(column, name)| (name.clone(), cell_value(record.whole_cell(column)))).collect()
    }

    /// Writes a row as an object.
    fn write_object(&mut self, entries: [Map<String, Value>; 2], status: Status) {
        self.counts.add(status, 1);
        let status = if self.options.continues { status_entries(status) } else { Map::new() };
        let object: Map<String, Value> = entries.into_iter().flatten().chain(status).collect();
        self.out.extend_from_slice(json::line(&object.into()).as_bytes());
        self.out.push(RECORD_END);
    }

    fn write_predicted(&mut self, record: &Record, predicted: &Predicted) {
        if self.to == OutputFormat::Jsonl {
            let entries = [self.predictor.prediction_entries(predicted, self.options), self.input_entries(record)];
            return self.write_object(entries, predicted.status());
        }
        self.write_input(record);
        let interval = predicted.prediction.interval;
        append_f64(predicted.prediction.value, &mut self.out);
        if self.options.all {
            for end in [interval.map(|(lower, _)| lower), interval.map(|(_, upper)| upper)] {
                self.out.push(b',');
                if let Some(end) = end {
                    append_f64(end, &mut self.out);
                }
            }
            self.out.push(b',');
            push_field(&mut self.out, predicted.warnings_cell().as_bytes());
        }
        self.end_row(predicted.status());
    }

    fn write_refused(&mut self, record: &Record, refusal: &Refusal) {
        if self.to == OutputFormat::Jsonl {
            return self.write_object([self.input_entries(record), refused_entries(refusal)], refusal.status);
        }
        self.write_input(record);
        self.out.extend_from_slice(b",,,");
        push_field(&mut self.out, refusal.problem.as_bytes());
        self.end_row(refusal.status);
    }

    /// Ends a row, with its status if rows have one.
    fn end_row(&mut self, status: Status) {
        self.counts.add(status, 1);
        if self.options.continues {
            self.out.push(b',');
            self.out.extend_from_slice(status.name().as_bytes());
        }
        self.out.push(RECORD_END);
    }

    /// Writes a row that was predicted with others and that needs no warning.
    fn write_forecast(&mut self, rows: &Rows<'_>, row: usize, forecast: &Forecast, cell: &mut Vec<u8>) {
        if self.options.input {
            for column in 0..rows.width() {
                cell.clear();
                rows.unquote(row, column, cell);
                push_field(&mut self.out, cell);
                self.out.push(b',');
            }
        }
        let end = |ends: &'_ [f64]| ends.get(row).copied();
        let ends = (end(&forecast.lower), end(&forecast.upper));
        append_predictions(&forecast.values()[row..=row], (ends.0.as_slice(), ends.1.as_slice()), self.options.all, &mut self.out);
        if self.options.continues {
            self.out.pop();
            self.out.extend_from_slice(b",fine\n");
        }
    }
}

impl Sink for RowPredictions {
    fn header(&mut self, names: &[String]) -> Result<()> {
        if self.options.continues {
            self.entered = EnteredPredictor::for_names(&self.predictor, names);
        }
        match &self.entered {
            None => self.places = self.predictor.places(names)?,
            Some(entered) => {
                let places = ColumnPlaces::new(names);
                names.iter().filter(|name| entered.has_field(name)).try_for_each(|name| places.find(name).map(drop))?;
            }
        }
        let added = self.added();
        let kept = if self.options.input { names } else { &[] };
        if let Some(name) = kept.iter().find(|name| added.contains(name)) {
            return Err(name_collision(name, *name == added[0], self.options.continues));
        }
        self.names = names.to_vec();
        if self.writes_header && self.to == OutputFormat::Csv {
            push_record(&mut self.out, kept.iter().chain(&added));
        }
        Ok(())
    }

    fn takes_rows(&self) -> bool {
        self.entered.is_none()
    }

    fn wants(&self) -> Vec<String> {
        // with `continue`, a record may have what a form asks for instead
        if self.options.continues { Vec::new() } else { self.predictor.columns.clone() }
    }

    fn skips_unknown(&self) -> bool {
        !self.options.input
    }

    fn rows(&mut self, rows: &Rows<'_>, first: u64) -> Result<()> {
        if self.to == OutputFormat::Jsonl || !self.predictor.predicts_together(self.options.all) {
            return each_record(self, rows, first);
        }
        let mut forecast = std::mem::take(&mut self.forecast);
        forecast.read(rows, &self.places, &self.predictor.variables);
        if self.options.all {
            forecast.round_cells();
            self.predictor.mark_outside(&mut forecast);
        }
        self.predictor.forecast_read(&mut forecast, self.options.all);
        let unread = forecast.unread.iter().filter(|unread| **unread).count();
        self.counts.add(Status::Fine, (rows.len() - unread) as u64);
        if unread == 0 && !self.options.input && !self.options.continues {
            append_predictions(forecast.values(), (&forecast.lower, &forecast.upper), self.options.all, &mut self.out);
            self.forecast = forecast;
            return Ok(());
        }
        let (mut gathered, mut cell) = (GatheredRecord::default(), Vec::new());
        for row in 0..rows.len() {
            if forecast.unread[row] {
                let number = first + row as u64;
                self.record(&gathered.gather(rows, row, number)).map_err(|error| error.at_row(number))?;
            } else {
                self.write_forecast(rows, row, &forecast, &mut cell);
            }
        }
        self.forecast = forecast;
        Ok(())
    }

    fn record(&mut self, record: &Record) -> Result<()> {
        match self.predict(record)? {
            Ok(predicted) => self.write_predicted(record, &predicted),
            Err(refusal) => self.write_refused(record, &refusal),
        }
        Ok(())
    }

    fn ragged(&mut self, record: &Record, error: Error) -> Result<()> {
        if !self.options.continues {
            return Err(error);
        }
        self.write_refused(record, &Refusal::of_error(&error));
        Ok(())
    }
}

/// Returns the error that a column of the input has the name of one that is added. `is_prediction`: of the predicted value.
fn name_collision(name: &str, is_prediction: bool, continues: bool) -> Error {
    let sentence = format!("the input has a column `{name}`, and the predictions have one of that name too");
    let or = if is_prediction || continues { "" } else { ", write the predicted value alone (--only predicted)" };
    Error::new(Code::DuplicateColumn, sentence, format!("rename the input's column{or}, or leave out --with-input")).in_column(name)
}
