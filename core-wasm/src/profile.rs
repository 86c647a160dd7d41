//! Describes each column of a table, of numbers or not.
//!
//! *Invariants*: sums are exact, and mean and standard deviation are rounded once. The result does not depend on the order of the rows,
//! except `first_text`.
//!
//! *Limits*: memory for a block of rows and for at most 2^18 counts a column, for any number of rows. The error of a quantile is at most
//! half the width of its cell, which is at most 1/128 of its value. It is zero where the schema's decimals and plausible range leave few
//! enough values to count them one by one.

use crate::cell_format::CellFormat;
use crate::column::CellReader;
use crate::decimal::{parse_if_number, trim};
use crate::error::{Error, Result, shorten, spent};
use crate::fit::{mean, sd};
use crate::json;
use crate::level::{ListedLevels, level_of};
use crate::ordered::IntoOrdered;
use crate::plan::Plan;
use crate::schema::{Field, Kind, Schema};
use crate::sink::{Record, Sink};
use crate::statistics::{Accumulator, Distribution, ValueGrid, distribution_json};
use crate::table::Reader;
use samefit_kernels::scan::Rows;
use serde_json::{Value, json};
use std::sync::Arc;

/// The format of a profile.
pub const FORMAT: &str = "samefit-profile/1";
/// The quantiles of a profile, in percent of the numbers that are not above them.
const QUANTILES: [i64; 5] = [5, 25, 50, 75, 95];

/// Describes every column of a table.
pub struct Profiler {
    /// `None` after the end.
    reader: Option<Reader>,
    columns: ProfileSink,
}

impl Profiler {
    /// Returns a profiler of bytes that are written as the plan says. It compares values with the plan's schema, if there is one.
    pub fn new(plan: &Plan) -> Self {
        Self { reader: Some(Reader::new(plan)), columns: ProfileSink::new(plan) }
    }

    /// Reads the next bytes of the table.
    ///
    /// # Errors
    /// Those of the table, and `capacity`.
    pub fn push(&mut self, chunk: &[u8]) -> Result<()> {
        self.reader.as_mut().ok_or_else(spent)?.push(chunk, &mut self.columns)
    }

    /// Ends the table. Returns the text of the profile.
    ///
    /// # Errors
    /// As for [`Self::push`].
    pub fn finish(&mut self) -> Result<String> {
        self.reader.take().ok_or_else(spent)?.finish(&mut self.columns)?;
        Ok(json::document(&std::mem::take(&mut self.columns).into_json()?))
    }
}

/// Describes the columns row by row.
#[derive(Default)]
struct ProfileSink {
    schema: Option<Schema>,
    format: Arc<CellFormat>,
    rows: u64,
    /// What the user should know about the header.
    notes: Vec<Error>,
    all: Vec<ColumnProfile>,
    /// Rows of the current batch with a cell that is read by itself.
    unread: Vec<bool>,
    cell: Vec<u8>,
}

/// The description of one column. Its numbers are summed by themselves, because other columns may have values in other rows.
struct ColumnProfile {
    name: String,
    format: Arc<CellFormat>,
    /// The column in the schema.
    field: Option<Field>,
    numbers: Accumulator,
    missing: u64,
    text: u64,
    first_text: Option<String>,
    /// Least and greatest number.
    range: Option<(f64, f64)>,
    /// Whether a number is not whole.
    fractions: bool,
    expected: Option<ExpectedValues>,
    /// Reads the cells of many rows at once.
    cells: CellReader,
    values: Vec<f64>,
}

/// The values that the schema expects in a column, and the number of others.
struct ExpectedValues {
    min: f64,
    max: f64,
    /// The values of a category; `None` for a number.
    values: Option<Vec<f64>>,
    /// The same as levels, for cells with text.
    levels: Option<ListedLevels>,
    below: u64,
    above: u64,
    other: u64,
}

impl ProfileSink {
    fn new(plan: &Plan) -> Self {
        Self { schema: plan.schema.clone(), format: Arc::new(plan.cell_format()), ..Self::default() }
    }

    fn into_json(self) -> Result<Value> {
        let order = self.schema.iter().flat_map(Schema::order);
        let there = self.all.iter().map(|column| column.name.as_str()).into_set();
        let absent: Vec<&str> = order.filter(|name| !there.contains(name)).collect();
        let absent = json!(absent);
        let described = self.all.into_iter().map(ColumnProfile::into_json).collect::<Result<Vec<Value>>>()?;
        let notes: Vec<Value> = self.notes.iter().map(Error::to_json).collect();
        Ok(json!({"format": FORMAT, "rows": self.rows, "notes": notes, "missing_columns": absent, "columns": described}))
    }
}

impl Sink for ProfileSink {
    fn header(&mut self, names: &[String]) -> Result<()> {
        let fields = self.schema.iter().flat_map(|schema| &schema.columns);
        let fields = fields.map(|field| (field.name.as_str(), field)).into_map();
        let field = |name: &str| match &self.schema {
            Some(schema) if schema.target.column == name => schema.as_feature(name),
            _ => fields.get(name).map(|field| (*field).clone()),
        };
        self.all = names.iter().map(|name| ColumnProfile::new(name, field(name), &self.format)).collect();
        Ok(())
    }

    fn note(&mut self, note: Error) {
        self.notes.push(note);
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

impl ColumnProfile {
    fn new(name: &str, field: Option<Field>, format: &Arc<CellFormat>) -> Self {
        Self {
            name: name.to_owned(),
            expected: field.as_ref().and_then(ExpectedValues::of),
            numbers: Accumulator::of_column(
                field.as_ref().and_then(|field| ValueGrid::of_measure(field.decimals, field.plausible.as_ref())),
            ),
            field,
            missing: 0,
            text: 0,
            first_text: None,
            range: None,
            fractions: false,
            cells: CellReader::new(Arc::clone(format)),
            format: Arc::clone(format),
            values: Vec::new(),
        }
    }

    /// Adds the cells of many rows. Marks the rows whose cells are to be added by [`Self::add`].
    fn add_rows(&mut self, rows: &Rows<'_>, at: usize, unread: &mut [bool]) -> Result<()> {
        self.cells.read(rows, at, unread);
        self.cells.numbers().to_f64(&mut self.values);
        let values = std::mem::take(&mut self.values);
        values.iter().zip(&*unread).filter(|(_, unread)| !**unread).for_each(|(&value, _)| self.note(value));
        self.values = values;
        let lacking = unread.iter().filter(|unread| **unread).count();
        if let [column] = self.numbers.columns_mut() {
            self.cells.append_to(column, (lacking > 0).then_some(&*unread));
        }
        self.numbers.add_rows(rows.len() - lacking)
    }

    /// Adds one cell.
    fn add(&mut self, cell: &[u8]) -> Result<()> {
        if self.format.is_missing(cell) {
            self.missing += 1;
            return Ok(());
        }
        match self.format.number(cell) {
            Some(value) => {
                self.note(value.to_f64());
                self.numbers.push([value])
            }
            None => {
                self.text += 1;
                if let Some(expected) = &mut self.expected {
                    expected.note_text(cell);
                }
                self.first_text.get_or_insert_with(|| shorten(&String::from_utf8_lossy(cell)));
                Ok(())
            }
        }
    }

    /// Notes the range and kind of a number, beside the sums.
    fn note(&mut self, value: f64) {
        let (min, max) = self.range.unwrap_or((value, value));
        self.range = Some((min.min(value), max.max(value)));
        self.fractions |= value != libm::trunc(value);
        if let Some(expected) = &mut self.expected {
            expected.note(value);
        }
    }

    fn kind(&self, numbers: i64) -> &'static str {
        let is_category = self.field.as_ref().is_some_and(|field| field.kind == Some(Kind::Category));
        match (numbers > 0, self.text > 0) {
            (true, _) | (_, true) if is_category => "category",
            (true, true) => "mixed",
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

/// Returns the quantiles: for each share, the least number that this share of the numbers is not above. A quantile is known to its cell
/// (a value that is counted by itself is known), or, if all numbers are `whole`, to the whole numbers in it. Its value is the middle of these, and its error half their distance.
fn quantiles(counts: &Distribution, numbers: i64, (min, max): (f64, f64), whole: bool) -> Vec<Value> {
    let quantile = |percent: i64| {
        // ranks count from 0: the share of the numbers, rounded up, less 1
        let rank = (i128::from(numbers) * i128::from(percent) + 99) / 100 - 1;
        let (low, high) = counts.range_at_rank(i64::try_from(rank).ok()?)?;
        let (low, high) = if whole { whole_numbers(low, high) } else { (low, high) };
        let (low, high) = (low.max(min), high.min(max));
        Some(json!({"share": percent as f64 / 100.0, "value": low + (high - low) / 2.0, "error": (high - low) / 2.0}))
    };
    QUANTILES.into_iter().filter_map(quantile).collect()
}

/// Returns the least and the greatest whole number of a cell. Its edge that is farther from zero does not belong to it.
fn whole_numbers(low: f64, high: f64) -> (f64, f64) {
    match () {
        () if low == high => (low, high),
        () if low >= 0.0 => (libm::ceil(low), libm::ceil(high) - 1.0),
        () => (libm::floor(low) + 1.0, libm::floor(high)),
    }
}

impl ExpectedValues {
    /// Returns what the schema expects of a field; `None` if it gives neither a range nor categories.
    fn of(field: &Field) -> Option<Self> {
        let ends = field.plausible.as_ref().map_or((None, None), |plausible| plausible.ends());
        let categories = field.categories.as_ref().filter(|_| field.kind == Some(Kind::Category));
        if ends.0.is_none() && ends.1.is_none() && categories.is_none() {
            return None;
        }
        let number = |text: &String| parse_if_number(text.as_bytes()).map(|value| value.to_f64());
        Some(Self {
            min: ends.0.map_or(f64::NEG_INFINITY, |min| min.to_f64()),
            max: ends.1.map_or(f64::INFINITY, |max| max.to_f64()),
            values: categories.map(|all| all.iter().filter_map(|category| number(&category.value)).collect()),
            levels: categories.map(|all| ListedLevels::new(all.iter().map(|category| category.value.as_str()))),
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

    /// Notes a cell that is no number. Only a category may have one.
    fn note_text(&mut self, cell: &[u8]) {
        let is_listed = |listed: &ListedLevels| matches!(level_of(cell), Ok(Some(level)) if listed.position(&level).is_some());
        self.other += u64::from(self.levels.as_ref().is_some_and(|listed| !is_listed(listed)));
    }

    fn to_json(&self) -> Value {
        json!({"below": self.below, "above": self.above, "other": self.other})
    }
}
