//! A table to a description of each of its columns, whatever they hold.
//!
//! *Invariants*: sums are exact, so mean and standard deviation are rounded once; everything is the same for any order of the rows but
//! `first_text`.
//!
//! *Limits*: memory for a block of rows and for at most 2^18 counts a column, whatever the number of rows. A quantile is known to half the
//! width of its cell: 1/128 of its value at most.

use crate::column::CellReader;
use crate::decimal::{is_missing, parse, trim};
use crate::error::{Result, shorten, spent};
use crate::fit::{mean, sd};
use crate::json;
use crate::plan::Plan;
use crate::schema::{Field, Kind, Schema};
use crate::sink::{Record, Sink};
use crate::statistics::{Accumulator, Distribution, distribution_json};
use crate::table::Reader;
use samefit_kernels::scan::Rows;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The profile's format.
pub const FORMAT: &str = "samefit-profile/1";
/// Shares of the numbers that are not above a quantile, in percent.
const QUANTILES: [i64; 5] = [5, 25, 50, 75, 95];

/// Describes every column of a table.
pub struct Profiler {
    reader: Option<Reader>,
    columns: Columns,
}

impl Profiler {
    /// A profiler of bytes written as the plan says, which holds values against the plan's schema.
    pub fn new(plan: &Plan) -> Self {
        Self { reader: Some(Reader::new(plan)), columns: Columns { schema: plan.schema.clone(), ..Columns::default() } }
    }

    /// The next bytes.
    pub fn push(&mut self, chunk: &[u8]) -> Result<()> {
        self.reader.as_mut().ok_or_else(spent)?.push(chunk, &mut self.columns)
    }

    /// The end of the data: the profile's text.
    pub fn finish(&mut self) -> Result<String> {
        self.reader.take().ok_or_else(spent)?.finish(&mut self.columns)?;
        Ok(json::document(&std::mem::take(&mut self.columns).into_json()?))
    }
}

#[derive(Default)]
struct Columns {
    schema: Option<Schema>,
    rows: u64,
    all: Vec<Described>,
    /// Which of the rows that came together have a cell that is to be looked at by itself.
    unread: Vec<bool>,
    cell: Vec<u8>,
}

/// One column: its numbers are summed on their own, for each column may lack other rows.
struct Described {
    name: String,
    /// What the schema says of it.
    field: Option<Field>,
    numbers: Accumulator,
    missing: u64,
    text: u64,
    first_text: Option<String>,
    /// Least and greatest number.
    range: Option<(f64, f64)>,
    /// Whether there is a number that is no whole one.
    fractions: bool,
    expected: Option<Expected>,
    /// Reads its cells in rows that come together.
    cells: CellReader,
    values: Vec<f64>,
}

/// What the schema expects of a column's numbers, and how many are otherwise.
struct Expected {
    min: f64,
    max: f64,
    /// Of a category: its values.
    values: Option<Vec<f64>>,
    below: u64,
    above: u64,
    other: u64,
}

impl Columns {
    fn into_json(self) -> Result<Value> {
        let order = self.schema.iter().flat_map(Schema::order);
        let there: BTreeSet<&str> = self.all.iter().map(|column| column.name.as_str()).collect();
        let absent: Vec<&str> = order.filter(|name| !there.contains(name)).collect();
        let absent = json!(absent);
        let described = self.all.into_iter().map(Described::into_json).collect::<Result<Vec<Value>>>()?;
        Ok(json!({"format": FORMAT, "rows": self.rows, "missing_columns": absent, "columns": described}))
    }
}

impl Sink for Columns {
    fn header(&mut self, names: &[String]) -> Result<()> {
        let fields = self.schema.iter().flat_map(|schema| &schema.columns);
        let fields: BTreeMap<&str, &Field> = fields.map(|field| (field.name.as_str(), field)).collect();
        let field = |name: &str| match &self.schema {
            Some(schema) if schema.target.column == name => schema.as_feature(name),
            _ => fields.get(name).map(|field| (*field).clone()),
        };
        self.all = names.iter().map(|name| Described::new(name, field(name))).collect();
        Ok(())
    }

    fn rows(&mut self, rows: &Rows<'_>, _first: u64) -> Result<()> {
        self.rows += rows.len() as u64;
        for (at, column) in self.all.iter_mut().enumerate() {
            self.unread.clear();
            self.unread.resize(rows.len(), false);
            column.add_rows(rows, at, &mut self.unread)?;
            for row in (0..rows.len()).filter(|&row| self.unread[row]) {
                self.cell.clear();
                rows.unquote(row, at, &mut self.cell);
                column.add(trim(&self.cell))?;
            }
        }
        Ok(())
    }

    fn record(&mut self, record: &Record) -> Result<()> {
        self.rows += 1;
        self.all.iter_mut().enumerate().try_for_each(|(at, column)| column.add(record.cell(at)))
    }
}

impl Described {
    fn new(name: &str, field: Option<Field>) -> Self {
        Self {
            name: name.to_owned(),
            expected: field.as_ref().and_then(Expected::of),
            field,
            numbers: Accumulator::new(1, [], true),
            missing: 0,
            text: 0,
            first_text: None,
            range: None,
            fractions: false,
            cells: CellReader::default(),
            values: Vec::new(),
        }
    }

    /// Adds the cells of rows that come together, but for those that it marks.
    fn add_rows(&mut self, rows: &Rows<'_>, at: usize, unread: &mut [bool]) -> Result<()> {
        self.cells.read(rows, at, unread);
        self.cells.to_f64(&mut self.values);
        let values = std::mem::take(&mut self.values);
        values.iter().zip(&*unread).filter(|(_, unread)| !**unread).for_each(|(&value, _)| self.note(value));
        self.values = values;
        let lacking = unread.iter().filter(|unread| **unread).count();
        if let [column] = self.numbers.columns_mut() {
            self.cells.append_to(column, (lacking > 0).then_some(&*unread));
        }
        self.numbers.add_rows(rows.len() - lacking)
    }

    fn add(&mut self, cell: &[u8]) -> Result<()> {
        if is_missing(cell) {
            self.missing += 1;
            return Ok(());
        }
        match parse(cell) {
            Ok(value) => {
                self.note(value.to_f64());
                self.numbers.push([value])
            }
            Err(_) => {
                self.text += 1;
                self.first_text.get_or_insert_with(|| shorten(&String::from_utf8_lossy(cell)));
                Ok(())
            }
        }
    }

    /// What is looked at of a number beside the sums.
    fn note(&mut self, value: f64) {
        let (min, max) = self.range.unwrap_or((value, value));
        self.range = Some((min.min(value), max.max(value)));
        self.fractions |= value != libm::trunc(value);
        if let Some(expected) = &mut self.expected {
            expected.note(value);
        }
    }

    fn kind(&self, numbers: i64) -> &'static str {
        match (numbers > 0, self.text > 0) {
            (true, true) => "mixed",
            (true, false) if self.field.as_ref().is_some_and(|field| field.kind == Some(Kind::Category)) => "category",
            (true, false) => "number",
            (false, true) => "text",
            (false, false) => "empty",
        }
    }

    fn into_json(mut self) -> Result<Value> {
        let totals = std::mem::replace(&mut self.numbers, Accumulator::new(0, [], false)).finish()?;
        let counts = totals.distribution.as_deref().and_then(<[_]>::first).cloned().unwrap_or_default();
        let kind = self.kind(totals.rows);
        let (title, unit) = self.field.map_or((None, None), |field| (field.title, field.unit));
        Ok(json!({
            "name": self.name, "title": title, "unit": unit, "kind": kind,
            "numbers": totals.rows, "missing": self.missing, "text": self.text, "first_text": self.first_text,
            "mean": mean(&totals.moments, 1, totals.rows), "sd": sd(&totals.moments, 1, totals.rows),
            "min": self.range.map(|(min, _)| min), "max": self.range.map(|(_, max)| max),
            "quantiles": self.range.map_or_else(Vec::new, |range| quantiles(&counts, totals.rows, range, !self.fractions)),
            "outside": self.expected.map(|expected| expected.to_json()),
            "distribution": distribution_json(&counts),
        }))
    }
}

/// The least number that a share of the numbers is not above, to half the length of what it can be: its cell, within the range, and the
/// whole numbers in it if all are whole.
fn quantiles(counts: &Distribution, numbers: i64, (min, max): (f64, f64), whole: bool) -> Vec<Value> {
    let quantile = |percent: i64| {
        // the rank is the share of the numbers, rounded up, from 0
        let rank = (i128::from(numbers) * i128::from(percent) + 99) / 100 - 1;
        let (low, high) = counts.bin_at_rank(i64::try_from(rank).ok()?)?.range();
        let (low, high) = if whole { whole_numbers(low, high) } else { (low, high) };
        let (low, high) = (low.max(min), high.min(max));
        Some(json!({"share": percent as f64 / 100.0, "value": low + (high - low) / 2.0, "error": (high - low) / 2.0}))
    };
    QUANTILES.into_iter().filter_map(quantile).collect()
}

/// The least and the greatest whole number of a cell, whose edge farther from zero is no value of it.
fn whole_numbers(low: f64, high: f64) -> (f64, f64) {
    match () {
        () if low == high => (low, high),
        () if low >= 0.0 => (libm::ceil(low), libm::ceil(high) - 1.0),
        () => (libm::floor(low) + 1.0, libm::floor(high)),
    }
}

impl Expected {
    /// None if the schema expects nothing in particular.
    fn of(field: &Field) -> Option<Self> {
        let ends = field.plausible.as_ref().map_or((None, None), |plausible| plausible.ends());
        let categories = field.categories.as_ref().filter(|_| field.kind == Some(Kind::Category));
        if ends.0.is_none() && ends.1.is_none() && categories.is_none() {
            return None;
        }
        let number = |text: &String| parse(text.as_bytes()).ok().map(|value| value.to_f64());
        Some(Self {
            min: ends.0.map_or(f64::NEG_INFINITY, |min| min.to_f64()),
            max: ends.1.map_or(f64::INFINITY, |max| max.to_f64()),
            values: categories.map(|all| all.iter().filter_map(|category| number(&category.value)).collect()),
            below: 0,
            above: 0,
            other: 0,
        })
    }

    fn note(&mut self, value: f64) {
        self.below += u64::from(value < self.min);
        self.above += u64::from(value > self.max);
        self.other += u64::from(self.values.as_ref().is_some_and(|values| !values.contains(&value)));
    }

    fn to_json(&self) -> Value {
        json!({"below": self.below, "above": self.above, "other": self.other})
    }
}
