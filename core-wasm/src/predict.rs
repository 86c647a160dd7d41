//! A model and values to predictions with their 95 % intervals and warnings.
//!
//! A prediction is `intercept + c1 x1 + c2 x2 + ...` from left to right in f64, a power or product multiplied from left to right. The
//! leverage of x is the sum of `z_i^2 / d_i`, `L z = x` solved forwards, so it is never negative.
//!
//! *Not here*: reading bytes (`table`, `records`).

use crate::decimal::{Decimal, is_missing, parse};
use crate::error::{Code, Error, Result, list};
use crate::forecast::{Forecast, Formula, Spread};
use crate::json;
use crate::model::Model;
use crate::plan::{Format, Only, Plan};
use crate::records::{Lookup, cells, check_length, parse_object};
use crate::sink::{Gathered, Record, Sink};
use crate::student::two_sided_quantile;
use crate::table::{Lines, Reader};
use crate::terms::places;
use samefit_formats::csv::{RECORD_END, push_field, push_record};
use samefit_kernels::scan::Rows;
use samefit_kernels::text::{append, append_lines};
use serde_json::{Map, Value, json};

/// Probability with which an interval holds a new observation.
pub const LEVEL: f64 = 0.95;

/// A model made ready to predict.
#[derive(Clone, Debug)]
pub struct Predictor {
    model: Model,
    /// Names of the columns that a prediction needs.
    columns: Vec<String>,
    /// For each coefficient: index of a column and its power.
    terms: Vec<Vec<(usize, u32)>>,
    /// `t * residual_sd`; none without residual degrees of freedom.
    half_width: Option<f64>,
    bounds: Vec<Bounds>,
}

/// Ranges of one column outside of which a prediction comes with a warning.
#[derive(Clone, Debug)]
struct Bounds {
    training: (Option<f64>, Option<f64>),
    plausible: (Option<f64>, Option<f64>),
}

/// What is predicted for one row.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// The predicted target.
    pub value: f64,
    /// Ends of the interval; none without residual degrees of freedom.
    pub interval: Option<(f64, f64)>,
}

/// Something about a value that whoever reads the prediction should know.
#[derive(Clone, Debug, PartialEq)]
pub struct Warning {
    /// Which.
    pub code: &'static str,
    /// Of which column.
    pub column: String,
    /// The value.
    pub found: f64,
    /// The range as English text.
    pub expected: String,
    /// Least and greatest value of the range.
    pub limits: (Option<f64>, Option<f64>),
    /// A sentence.
    pub text: String,
}

impl Predictor {
    /// Makes a model ready.
    pub fn new(model: Model) -> Result<Self> {
        let columns: Vec<String> = model.feature_columns().map(|column| column.name.clone()).collect();
        let index = |name: &str| columns.iter().position(|column| column == name).unwrap_or(0);
        let terms = model.terms()?.iter().map(|term| term.factors.iter().map(|(name, power)| (index(name), *power)).collect()).collect();
        let bounds = model.feature_columns().map(Bounds::of).collect();
        let df = model.fit.residual_df;
        let half_width = model.fit.residual_sd.filter(|_| df > 0).map(|sd| two_sided_quantile(LEVEL, df as f64) * sd);
        Ok(Self { columns, terms, half_width, bounds, model })
    }

    /// The model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Names of the columns that a prediction needs, in the order of the values of [`Self::predict`].
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Predicts one row of values.
    ///
    /// Errors: `out-of-range` if the result is beyond a 64-bit float.
    pub fn predict(&self, values: &[f64]) -> Result<Prediction> {
        let design = self.design(values);
        let value = self.sum(&design);
        let half = self.half_width.map(|half_width| half_width * libm::sqrt(1.0 + self.leverage(design)));
        finite(Prediction { value, interval: half.map(|half| (value - half, value + half)) })
    }

    /// What of a prediction is written: its value alone is asked for without its interval.
    fn prediction(&self, values: &[f64], written: Written) -> Result<Prediction> {
        if written.all { self.predict(values) } else { finite(Prediction { value: self.sum(&self.design(values)), interval: None }) }
    }

    /// The predicted target.
    fn sum(&self, design: &[f64]) -> f64 {
        let slopes = if self.model.has_intercept { &design[1..] } else { design };
        self.model.coefficients.iter().zip(slopes).fold(self.model.intercept, |sum, (c, x)| sum + c.coefficient * x)
    }

    /// Predicts rows given as columns, one after another in the order of [`Self::columns`]. Returns the predictions, then the lower, then
    /// the upper ends of the intervals, which are infinite without residual degrees of freedom.
    ///
    /// Errors: `column-lengths`, `missing-values` for NaN, `not-a-value` for infinity, `out-of-range`.
    pub fn predict_columns(&self, values: &[f64], rows: usize) -> Result<Vec<f64>> {
        if self.columns.len().checked_mul(rows) != Some(values.len()) {
            let sentence = format!("found {} values, expected {rows} for each of {} columns", values.len(), self.columns.len());
            return Err(Error::new(Code::ColumnLengths, sentence, "give the model's columns one after another"));
        }
        let mut out = vec![0.0; 3 * rows];
        for row in 0..rows {
            let at_row = |error: Error| error.at_row(row as u64 + 1);
            let one: Vec<f64> = (0..self.columns.len()).map(|column| values[column * rows + row]).collect();
            self.check_values(&one).map_err(at_row)?;
            let prediction = self.predict(&one).map_err(at_row)?;
            let (lower, upper) = prediction.interval.unwrap_or((f64::NEG_INFINITY, f64::INFINITY));
            (out[row], out[rows + row], out[2 * rows + row]) = (prediction.value, lower, upper);
        }
        Ok(out)
    }

    fn check_values(&self, values: &[f64]) -> Result<()> {
        for (name, value) in self.columns.iter().zip(values) {
            if value.is_nan() {
                self.value(name, b"")?;
            }
            if value.is_infinite() {
                self.value(name, b"inf")?;
            }
        }
        Ok(())
    }

    /// Warnings for values outside the range seen in training, or the schema's plausible one.
    pub fn warnings(&self, values: &[f64]) -> Vec<Warning> {
        let columns = self.columns.iter().zip(values).zip(&self.bounds);
        columns.flat_map(|((name, &value), bounds)| bounds.warnings(name, value)).collect()
    }

    /// One row of the design matrix, the intercept's 1 first if there is one.
    pub(crate) fn design(&self, values: &[f64]) -> Vec<f64> {
        let term = |factors: &Vec<(usize, u32)>| {
            let powers = factors.iter().flat_map(|&(column, power)| std::iter::repeat_n(values[column], power as usize));
            powers.reduce(|product, factor| product * factor).unwrap_or(1.0)
        };
        self.model.has_intercept.then_some(1.0).into_iter().chain(self.terms.iter().map(term)).collect()
    }

    /// Predicts many rows at once, as [`Self::prediction`] does; what needs a warning or an error is marked as unread.
    fn forecast(&self, forecast: &mut Forecast, rows: &Rows<'_>, places: &[usize], written: Written) {
        forecast.read(rows, places);
        if written.all {
            for (column, bounds) in self.bounds.iter().enumerate() {
                forecast.mark_outside(column, bounds.within());
            }
        }
        self.forecast_read(forecast, written.all);
    }

    /// Predicts the rows that were read; what needs an error is marked as unread.
    pub(crate) fn forecast_read(&self, forecast: &mut Forecast, intervals: bool) {
        let coefficients = &mut self.model.coefficients.iter().map(|coefficient| coefficient.coefficient);
        forecast.predict(Formula { terms: &self.terms, intercept: self.model.intercept, coefficients });
        if let Some(half_width) = self.half_width.filter(|_| intervals) {
            let factor = &self.model.leverage;
            forecast.spread(&Spread { has_intercept: self.model.has_intercept, l: &factor.l, d: &factor.d, half_width });
        }
    }

    fn leverage(&self, design: Vec<f64>) -> f64 {
        self.leverage_parts(design).iter().fold(0.0, |sum, part| sum + part)
    }

    /// What each coordinate adds to the leverage, the intercept's first if there is one.
    pub(crate) fn leverage_parts(&self, mut z: Vec<f64>) -> Vec<f64> {
        let factor = &self.model.leverage;
        for i in 0..z.len() {
            let known: f64 = factor.l[i].iter().zip(&z).fold(0.0, |sum, (l, z)| sum + l * z);
            z[i] -= known;
        }
        z.iter().zip(&factor.d).map(|(z, d)| z * z / d).collect()
    }

    /// One attributes object in, one prediction object out.
    pub fn predict_record(&self, text: &[u8]) -> Result<Value> {
        self.record(text, Written { all: true, input: true })
    }

    /// The parts of that object that are to be written.
    fn record(&self, text: &[u8], written: Written) -> Result<Value> {
        let object = parse_object(text)?;
        let values = self.values_of(&object, None)?;
        let prediction = self.prediction(&values, written)?;
        let mut out = Map::new();
        out.insert(self.key(), json!(prediction.value));
        if written.all {
            out.insert(
                "interval".to_owned(),
                prediction.interval.map_or(Value::Null, |(lower, upper)| json!({"level": LEVEL, "lower": lower, "upper": upper})),
            );
            out.insert("warnings".to_owned(), Value::Array(self.warnings(&values).iter().map(Warning::to_json).collect()));
        }
        if written.input {
            for (key, value) in object {
                out.entry(key).or_insert(value);
            }
        }
        Ok(Value::Object(out))
    }

    /// The values of an attributes object, in the order of the columns; what it says of the column `but` does not count.
    pub(crate) fn values_of(&self, object: &Map<String, Value>, but: Option<usize>) -> Result<Vec<f64>> {
        let cells = cells(object, &self.model.target.column)?;
        let mut lookup = Lookup::new(&cells);
        let value_of = |(at, name): (usize, &String)| {
            if but == Some(at) {
                return Ok(0.0);
            }
            let text = lookup.text(at, name).ok_or_else(|| self.missing_feature(name, cells.pairs.iter().map(|(name, _)| name)))?;
            self.value(name, crate::decimal::trim(text.as_bytes()))
        };
        self.columns.iter().enumerate().map(value_of).collect()
    }

    /// `predicted_` and the target's name.
    fn key(&self) -> String {
        format!("predicted_{}", self.model.target_name())
    }

    /// Where the columns stand among these names.
    pub(crate) fn places(&self, names: &[String]) -> Result<Vec<usize>> {
        let known = places(names);
        let find = |name: &String| known.get(name.as_str()).copied().ok_or_else(|| self.missing_feature(name, names.iter()));
        self.columns.iter().map(find).collect()
    }

    /// The value of a cell.
    pub(crate) fn value(&self, column: &str, cell: &[u8]) -> Result<f64> {
        if is_missing(cell) {
            let error =
                Error::new(Code::MissingValues, "there is no value, and the model uses it", "fill in the value, or leave the record out");
            return Err(error.in_column(column));
        }
        parse(cell).map(|value| value.to_f64()).map_err(|error| error.in_column(column))
    }

    fn missing_feature<S: AsRef<str>>(&self, name: &str, there: impl Iterator<Item = S>) -> Error {
        let there: Vec<String> = there.map(|name| name.as_ref().to_owned()).collect();
        let has = if there.is_empty() { "nothing".to_owned() } else { list(&there) };
        let sentence = format!("the model uses this variable, and the record does not have it; it has {has}");
        let mut error = Error::new(
            Code::MissingFeature,
            sentence,
            "give records with the model's variables, or the model that belongs to these records",
        )
        .in_column(name);
        (error.found, error.expected) = (Some(there.join(", ")), Some(self.columns.join(", ")));
        error
    }
}

impl Bounds {
    fn of(column: &crate::model::Column) -> Self {
        let ends = column.schema.as_ref().and_then(|schema| schema.plausible.as_ref()).map(|plausible| plausible.ends());
        let (min, max) = ends.unwrap_or((None, None));
        let to_f64 = |end: Option<Decimal>| end.map(|end| end.to_f64());
        Self { training: (column.min, column.max), plausible: (to_f64(min), to_f64(max)) }
    }

    /// The range without warnings.
    fn within(&self) -> (f64, f64) {
        let low = [self.training.0, self.plausible.0].into_iter().flatten().fold(f64::NEG_INFINITY, f64::max);
        let high = [self.training.1, self.plausible.1].into_iter().flatten().fold(f64::INFINITY, f64::min);
        (low, high)
    }

    fn warnings(&self, column: &str, value: f64) -> Vec<Warning> {
        let training = outside(value, self.training, ["below-training-range", "above-training-range"]);
        let plausible = outside(value, self.plausible, ["below-plausible", "above-plausible"]);
        let warn = |(code, word): (&'static str, &str), range: (Option<f64>, Option<f64>), what: &str, so: &str| {
            let expected = range_text(range);
            Warning {
                code,
                column: column.to_owned(),
                found: value,
                text: format!("{column} {value} is {word} {what} ({expected}){so}"),
                expected,
                limits: range,
            }
        };
        let training = training.map(|which| {
            warn(which, self.training, "every training value", ": the prediction is an extrapolation, and its interval may be too narrow")
        });
        let plausible = plausible.map(|which| warn(which, self.plausible, "the plausible range", ": check the value and its unit"));
        training.into_iter().chain(plausible).collect()
    }
}

impl Warning {
    /// The warning as a prediction has it.
    pub(crate) fn to_json(&self) -> Value {
        json!({"code": self.code, "column": self.column, "found": self.found.to_string(), "expected": self.expected, "text": self.text})
    }

    /// The warning as an explanation has it: with its limits, as text.
    pub(crate) fn to_json_with_limits(&self) -> Value {
        let text = |end: Option<f64>| end.map(|end| end.to_string());
        let limits = json!({"min": text(self.limits.0), "max": text(self.limits.1)});
        json!({
            "code": self.code, "column": self.column, "found": self.found.to_string(), "expected": self.expected, "limits": limits,
            "text": self.text,
        })
    }
}

/// Refuses what a 64-bit float cannot hold.
fn finite(prediction: Prediction) -> Result<Prediction> {
    let (lower, upper) = prediction.interval.unwrap_or_default();
    if prediction.value.is_finite() && lower.is_finite() && upper.is_finite() {
        return Ok(prediction);
    }
    Err(Error::new(Code::OutOfRange, "the prediction is beyond what a 64-bit float can hold", "check the values"))
}

fn outside(value: f64, (min, max): (Option<f64>, Option<f64>), codes: [&'static str; 2]) -> Option<(&'static str, &'static str)> {
    if min.is_some_and(|min| value < min) {
        return Some((codes[0], "below"));
    }
    max.is_some_and(|max| value > max).then_some((codes[1], "above"))
}

fn range_text(range: (Option<f64>, Option<f64>)) -> String {
    match range {
        (Some(min), Some(max)) => format!("{min} to {max}"),
        (Some(min), None) => format!("at least {min}"),
        (None, Some(max)) => format!("at most {max}"),
        (None, None) => String::new(),
    }
}

/// What of a prediction is written.
#[derive(Clone, Copy, Debug)]
struct Written {
    /// The interval and the warnings too.
    all: bool,
    /// What it was made from too.
    input: bool,
}

impl Written {
    /// What a plan says of CSV. JSON is handed back whole unless less is asked for.
    fn of(plan: &Plan) -> Self {
        let all = plan.only != Some(Only::Predicted);
        Self { all, input: plan.with_input || all && plan.format != Format::Csv }
    }
}

/// Predicts every record of a stream, in the format in which it comes.
pub struct Table {
    predictor: Predictor,
    written: Written,
    input: Input,
    /// Rows and predictions, once the input has ended.
    ended: (u64, u64),
}

enum Input {
    Csv(Box<(Reader, CsvOut)>),
    JsonLines(Lines),
    Json(Vec<u8>),
    Ended,
}

impl Input {
    /// Rows read and records predicted, if it counts them.
    fn count(&self) -> Option<(u64, u64)> {
        match self {
            Self::Csv(csv) => Some((csv.0.rows(), csv.0.records())),
            Self::JsonLines(lines) => Some((lines.rows(), lines.records())),
            Self::Json(_) | Self::Ended => None,
        }
    }
}

impl Table {
    /// A table of records written as the plan says.
    pub fn new(predictor: Predictor, plan: &Plan) -> Self {
        let written = Written::of(plan);
        let input = match plan.format {
            Format::Csv => Input::Csv(Box::new((Reader::new(plan), CsvOut::new(predictor.clone(), written)))),
            Format::Jsonl => Input::JsonLines(Lines::default()),
            Format::Json => Input::Json(Vec::new()),
        };
        Self { predictor, written, input, ended: (0, 0) }
    }

    /// The next bytes; returns the predictions that are complete.
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
            Input::JsonLines(lines) => lines.push(chunk, &mut |_, line| predict_line(&self.predictor, line, self.written, &mut out))?,
            Input::Json(bytes) => {
                bytes.extend_from_slice(chunk);
                check_length(bytes.len())?;
            }
            Input::Ended => return Err(crate::error::spent()),
        }
        Ok(out)
    }

    /// The records with which the data begin, read for the names of the columns alone: this table is to read bytes from the middle, and
    /// writes no header. Returns whether the names are known now; if not, call it again with more records.
    pub fn header(&mut self, records: &[u8]) -> Result<bool> {
        match &mut self.input {
            Input::Csv(csv) => {
                let (reader, rows) = &mut **csv;
                rows.headed = false;
                reader.header(records, rows)
            }
            // every object has its own names
            Input::JsonLines(_) | Input::Json(_) => Ok(true),
            Input::Ended => Err(crate::error::spent()),
        }
    }

    /// The next record counts as this row. Call it between records.
    pub fn continue_at(&mut self, row: u64) -> Result<()> {
        match &mut self.input {
            Input::Csv(csv) => csv.0.continue_at(row),
            Input::JsonLines(lines) => lines.continue_at(row),
            Input::Json(_) => {}
            Input::Ended => return Err(crate::error::spent()),
        }
        Ok(())
    }

    /// The number of the last record that was read, header and blank lines included.
    pub fn rows(&self) -> u64 {
        self.input.count().unwrap_or(self.ended).0
    }

    /// Records predicted so far.
    pub fn predictions(&self) -> u64 {
        self.input.count().unwrap_or(self.ended).1
    }

    /// The end of the records; returns the rest.
    pub fn finish(&mut self) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        let mut input = std::mem::replace(&mut self.input, Input::Ended);
        match &mut input {
            Input::Csv(csv) => {
                let (reader, rows) = &mut **csv;
                reader.finish(rows)?;
                out = std::mem::take(&mut rows.out);
            }
            Input::JsonLines(lines) => lines.finish(&mut |_, line| predict_line(&self.predictor, line, self.written, &mut out))?,
            Input::Json(bytes) => {
                out = json::document(&self.predictor.record(bytes, self.written)?).into_bytes();
                self.ended = (1, 1);
            }
            Input::Ended => return Err(crate::error::spent()),
        }
        self.ended = input.count().unwrap_or(self.ended);
        Ok(out)
    }
}

fn predict_line(predictor: &Predictor, line: &[u8], written: Written, out: &mut Vec<u8>) -> Result<()> {
    out.extend_from_slice(json::line(&predictor.record(line, written)?).as_bytes());
    out.push(RECORD_END);
    Ok(())
}

/// The sink that predicts rows of CSV into rows of CSV.
struct CsvOut {
    predictor: Predictor,
    written: Written,
    /// Whether the first line names the columns.
    headed: bool,
    places: Vec<usize>,
    forecast: Forecast,
    out: Vec<u8>,
}

impl CsvOut {
    fn new(predictor: Predictor, written: Written) -> Self {
        let forecast = Forecast::new(predictor.columns.len());
        Self { predictor, written, headed: true, places: Vec::new(), forecast, out: Vec::new() }
    }

    /// The names of the columns that are added.
    fn added(&self) -> Vec<String> {
        let rest = ["lower", "upper", "warnings"].into_iter().filter(|_| self.written.all);
        std::iter::once(self.predictor.key()).chain(rest.map(str::to_owned)).collect()
    }

    /// A cell of the input.
    fn cell(&mut self, cell: &[u8]) {
        push_field(&mut self.out, cell);
        self.out.push(b',');
    }
}

impl Sink for CsvOut {
    fn header(&mut self, names: &[String]) -> Result<()> {
        self.places = self.predictor.places(names)?;
        let added = self.added();
        let kept = if self.written.input { names } else { &[] };
        if let Some(name) = kept.iter().find(|name| added.contains(name)) {
            return Err(named_twice(name, *name == added[0]));
        }
        if self.headed {
            push_record(&mut self.out, kept.iter().chain(&added));
        }
        Ok(())
    }

    fn rows(&mut self, rows: &Rows<'_>, first: u64) -> Result<()> {
        let mut forecast = std::mem::take(&mut self.forecast);
        self.predictor.forecast(&mut forecast, rows, &self.places, self.written);
        let (mut gathered, mut text) = (Gathered::default(), Vec::new());
        if !self.written.input && !forecast.unread.contains(&true) {
            append_lines(&forecast.values, &forecast.halves, self.written.all, &mut self.out);
            self.forecast = forecast;
            return Ok(());
        }
        for row in 0..rows.len() {
            if forecast.unread[row] {
                let number = first + row as u64;
                self.record(&gathered.gather(rows, row, number)).map_err(|error| error.at_row(number))?;
            } else {
                if self.written.input {
                    for column in 0..rows.width() {
                        text.clear();
                        rows.unquote(row, column, &mut text);
                        self.cell(&text);
                    }
                }
                let half = forecast.halves.get(row..=row).unwrap_or_default();
                append_lines(&forecast.values[row..=row], half, self.written.all, &mut self.out);
            }
        }
        self.forecast = forecast;
        Ok(())
    }

    fn record(&mut self, record: &Record) -> Result<()> {
        let columns = self.places.iter().zip(&self.predictor.columns);
        let values = columns.map(|(&place, name)| self.predictor.value(name, record.cell(place))).collect::<Result<Vec<f64>>>()?;
        let prediction = self.predictor.prediction(&values, self.written)?;
        if self.written.input {
            (0..record.len()).for_each(|column| self.cell(record.whole_cell(column)));
        }
        append(prediction.value, &mut self.out);
        if self.written.all {
            for end in [prediction.interval.map(|(lower, _)| lower), prediction.interval.map(|(_, upper)| upper)] {
                self.out.push(b',');
                if let Some(end) = end {
                    append(end, &mut self.out);
                }
            }
            let warnings: Vec<String> = self.predictor.warnings(&values).iter().map(|w| format!("{}:{}", w.column, w.code)).collect();
            self.out.push(b',');
            push_field(&mut self.out, warnings.join(" ").as_bytes());
        }
        self.out.push(RECORD_END);
        Ok(())
    }
}

/// `with_input` needs two columns of one name.
fn named_twice(name: &str, is_prediction: bool) -> Error {
    let sentence = format!("the input has a column `{name}`, and the predictions have one of that name too");
    let or = if is_prediction { "" } else { ", write the predicted value alone (--only predicted)" };
    Error::new(Code::DuplicateColumn, sentence, format!("rename the input's column{or}, or leave out --with-input")).in_column(name)
}
