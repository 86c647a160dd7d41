//! A table to a description of each of its columns, whatever they hold.

use crate::decimal::{Decimal, is_missing, parse};
use crate::error::{Result, shorten};
use crate::fit::{mean, sd};
use crate::json;
use crate::plan::Plan;
use crate::sink::{Record, Sink};
use crate::statistics::{Accumulator, Statistics, distribution_json};
use crate::table::Reader;
use crate::terms::Term;
use serde_json::{Value, json};

/// The profile's format.
pub const FORMAT: &str = "samefit-profile/1";

/// Describes every column of a table.
pub struct Profiler {
    reader: Option<Reader>,
    columns: Columns,
}

impl Profiler {
    /// A profiler of bytes written as the plan says.
    pub fn new(plan: &Plan) -> Self {
        Self { reader: Some(Reader::new(plan)), columns: Columns::default() }
    }

    /// The next bytes.
    pub fn push(&mut self, chunk: &[u8]) -> Result<()> {
        self.reader.as_mut().ok_or_else(crate::error::spent)?.push(chunk, &mut self.columns)
    }

    /// The end of the data: the profile's text.
    pub fn finish(&mut self) -> Result<String> {
        self.reader.take().ok_or_else(crate::error::spent)?.finish(&mut self.columns)?;
        let columns = std::mem::take(&mut self.columns);
        let described = columns.all.into_iter().map(Described::into_json).collect::<Result<Vec<Value>>>()?;
        Ok(json::document(&json!({"format": FORMAT, "rows": columns.rows, "columns": described})))
    }
}

#[derive(Default)]
struct Columns {
    rows: u64,
    all: Vec<Described>,
}

/// One column: its numbers are summed on their own, for each column may lack other rows.
struct Described {
    name: String,
    numbers: Accumulator,
    missing: u64,
    text: u64,
    first_text: Option<String>,
}

impl Sink for Columns {
    fn header(&mut self, names: &[String]) -> Result<()> {
        let column =
            |name: &String| Described { name: name.clone(), numbers: Accumulator::new(1, [], true), missing: 0, text: 0, first_text: None };
        self.all = names.iter().map(column).collect();
        Ok(())
    }

    fn record(&mut self, record: &Record) -> Result<()> {
        self.rows += 1;
        self.all.iter_mut().enumerate().try_for_each(|(at, column)| column.add(record.cell(at)))
    }
}

impl Described {
    fn add(&mut self, cell: &[u8]) -> Result<()> {
        if is_missing(cell) {
            self.missing += 1;
            return Ok(());
        }
        match parse(cell) {
            Ok(value) => self.numbers.push([value] as [Decimal; 1]),
            Err(_) => {
                self.text += 1;
                self.first_text.get_or_insert_with(|| shorten(&String::from_utf8_lossy(cell)));
                Ok(())
            }
        }
    }

    fn into_json(self) -> Result<Value> {
        let totals = self.numbers.finish()?;
        let counts = totals.distribution.as_deref().and_then(<[_]>::first).cloned().unwrap_or_default();
        let statistics = Statistics {
            columns: Vec::new(),
            terms: vec![Term::column(&self.name)],
            rows: totals.rows,
            moments: totals.moments,
            distribution: None,
            dropped: 0,
            shared: None,
        };
        let range = counts.range();
        Ok(json!({
            "name": self.name, "numbers": totals.rows, "missing": self.missing, "text": self.text, "first_text": self.first_text,
            "mean": mean(&statistics, 1), "sd": sd(&statistics, 1),
            "min": range.map(|(min, _)| min), "median": counts.at_rank((totals.rows - 1) / 2), "max": range.map(|(_, max)| max),
            "distribution": distribution_json(&counts),
        }))
    }
}
