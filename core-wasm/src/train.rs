//! Data to statistics to a model: what `summarize`, `fit` and `forget` ask for.
//!
//! *Not here*: exact sums (`statistics`), the solution (`solve`), the file (`model`).

use crate::decimal::{Decimal, is_missing, parse};
use crate::error::{Error, Result, list, shorten, spent};
use crate::plan::{Missing, Plan, Wanted, summed_column};
use crate::sink::{Record, Sink};
use crate::statistics::{Accumulator, Column, Moments, Statistics, Totals, check_terms, moment_index};
use crate::table::Reader;
use crate::terms::{Term, check_column_name};
use serde_json::Value;

/// Most rows kept aside because a column has no value in them and has not shown yet whether it holds numbers.
pub const ASIDE_ROWS_MAX: usize = 1 << 16;

/// A value of a column: a number, or missing, or what is wrong with it.
type Cell = std::result::Result<Option<Decimal>, Box<Error>>;

/// Reads data and sums its columns.
pub struct Summarizer {
    reader: Option<Reader>,
    sums: Sums,
    /// In the order in which they were set first, which is the data's.
    batch: Vec<(String, Vec<Cell>)>,
}

impl Summarizer {
    /// A summarizer for a plan.
    pub fn new(plan: Plan) -> Result<Self> {
        let wanted = plan.wanted()?;
        let reader = Reader::new(&plan);
        Ok(Self { reader: Some(reader), sums: Sums::new(plan, wanted), batch: Vec::new() })
    }

    /// The next bytes.
    pub fn push(&mut self, chunk: &[u8]) -> Result<()> {
        self.reader.as_mut().ok_or_else(spent)?.push(chunk, &mut self.sums)
    }

    /// The values of one column of a batch; NaN is missing.
    pub fn set_f64(&mut self, column: &str, values: &[f64]) -> Result<()> {
        let number = |(i, &value): (usize, &f64)| match value.is_nan() {
            true => Ok(Ok(None)),
            false => crate::decimal::from_f64(value)
                .map(|value| Ok(Some(value)))
                .map_err(|error| error.at_row(self.sums.rows + i as u64 + 1).in_column(column)),
        };
        let values = values.iter().enumerate().map(number).collect::<Result<Vec<_>>>()?;
        self.set(column, values);
        Ok(())
    }

    /// The values of one column of a batch as decimal text, one a line.
    pub fn set_text(&mut self, column: &str, text: &[u8]) -> Result<()> {
        let named = self.sums.wanted.names().iter().any(|name| name == column);
        let lines = text.strip_suffix(b"\n").unwrap_or(text);
        let number = |(i, line): (usize, &[u8])| {
            let cell = crate::decimal::trim(line.strip_suffix(b"\r").unwrap_or(line));
            if is_missing(cell) {
                return Ok(Ok(None));
            }
            match parse(cell) {
                Ok(value) => Ok(Ok(Some(value))),
                // as in CSV, a column that nobody named may turn out to hold text
                Err(error) if error.code == "not-a-number" && !named => Ok(Err(Box::new(error))),
                Err(error) => Err(error.at_row(self.sums.rows + i as u64 + 1).in_column(column)),
            }
        };
        let values = if text.is_empty() {
            Ok(Vec::new())
        } else {
            lines.split(|&byte| byte == b'\n').enumerate().map(number).collect::<Result<Vec<_>>>()
        };
        self.set(column, values?);
        Ok(())
    }

    fn set(&mut self, column: &str, values: Vec<Cell>) {
        match self.batch.iter_mut().find(|(name, _)| name == column) {
            Some((_, old)) => *old = values,
            None => self.batch.push((column.to_owned(), values)),
        }
    }

    /// Adds the batch of columns that were set.
    pub fn sum_columns(&mut self) -> Result<()> {
        let batch = std::mem::take(&mut self.batch);
        self.reader.as_ref().ok_or_else(spent)?;
        if self.sums.columns.is_none() {
            self.sums.header(&batch.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>())?;
        }
        let set = |name: &String| batch.iter().find(|(other, _)| other == name).map(|(_, values)| values).ok_or_else(|| not_set(name));
        let columns = self.sums.names().iter().map(set).collect::<Result<Vec<_>>>()?;
        let rows = columns.first().map_or(0, |column| column.len());
        if let Some(at) = columns.iter().position(|column| column.len() != rows) {
            let sentence = format!("the column has {} values, the first has {rows}", columns[at].len());
            return Err(Error::new("column-lengths", sentence, "set columns of equal lengths").in_column(&self.sums.names()[at]));
        }
        for row in 0..rows {
            let number = self.sums.rows + 1;
            let summed = self.sums.columns.as_mut().map_or(&mut [][..], Vec::as_mut_slice);
            let take = |(summed, column): (&mut Summed, &&Vec<Cell>)| summed.take(number, column[row].clone());
            let values = summed.iter_mut().zip(&columns).map(take).collect::<Result<Vec<_>>>()?;
            self.sums.add(number, values)?;
        }
        Ok(())
    }

    /// Records read so far, header and blank lines included.
    pub fn rows(&self) -> u64 {
        self.reader.as_ref().map_or(0, Reader::rows).max(self.sums.rows)
    }

    /// What the user should be told, as a JSON array of error records.
    pub fn notes(&self) -> String {
        crate::json::line(&Value::Array(self.sums.notes.iter().map(Error::to_json).collect()))
    }

    /// The end of the data.
    pub fn finish(&mut self) -> Result<Statistics> {
        let mut reader = self.reader.take().ok_or_else(spent)?;
        if self.sums.columns.is_none() || reader.rows() > 0 {
            reader.finish(&mut self.sums)?;
        }
        self.sums.finish()
    }
}

/// The statistics without the rows of `gone`.
///
/// Errors: `statistics-differ`; `impossible-statistics` if what is left is what no data can have.
pub fn forget(statistics: &mut Statistics, gone: &Statistics) -> Result<()> {
    let mut rest = statistics.clone();
    rest.subtract(gone)?;
    crate::solve::plausible::check(&rest).map_err(|error| {
        let reason = error.text.split('\n').next().unwrap_or_default();
        Error::new(
            error.code,
            format!("the rows to subtract are not all among the statistics ({reason})"),
            "subtract only rows that were summed, once",
        )
    })?;
    *statistics = rest;
    Ok(())
}

/// Whether a column holds numbers.
#[derive(Clone, Debug, PartialEq)]
enum Kind {
    /// It was named, so it has to.
    Named,
    /// Nobody named it, and it had no value yet.
    Undecided,
    /// Nobody named it, and it held a number.
    Number,
    /// Nobody named it, and it held text first: where, and which.
    Text(u64, String),
}

/// A column in the making.
struct Summed {
    name: String,
    /// Index in the data.
    place: usize,
    kind: Kind,
    missing: u64,
}

/// The sink that sums.
struct Sums {
    plan: Plan,
    wanted: Wanted,
    columns: Option<Vec<Summed>>,
    accumulator: Option<Accumulator>,
    /// Rows whose only missing values are in columns that are not decided.
    aside: Vec<Vec<Option<Decimal>>>,
    rows: u64,
    first_missing: Option<u64>,
    dropped: i64,
    notes: Vec<Error>,
}

impl Sink for Sums {
    fn header(&mut self, names: &[String]) -> Result<()> {
        let places = self.wanted.resolve(names)?;
        check_terms(places.len() + self.wanted.terms.len())?;
        let named = self.wanted.names();
        let is_named = |name: &String| named.contains(name);
        let kind = |name: &String| if is_named(name) { Kind::Named } else { Kind::Undecided };
        let columns: Vec<Summed> =
            places.iter().map(|&place| Summed { name: names[place].clone(), place, kind: kind(&names[place]), missing: 0 }).collect();
        columns.iter().try_for_each(|column| check_column_name(&column.name).map_err(|error| error.in_column(&column.name)))?;
        if self.plan.schema.is_some() && self.plan.columns.is_none() && self.plan.features.is_none() {
            let left_out = names.iter().filter(|name| !is_named(name));
            self.notes.extend(left_out.map(|name| left_out_note(name, "the schema does not describe it")));
        }
        self.accumulator = Some(Accumulator::new(columns.len(), self.products(&columns)?, self.plan.distribution));
        self.columns = Some(columns);
        Ok(())
    }

    fn record(&mut self, record: &Record) -> Result<()> {
        let columns = self.columns.as_mut().map_or(&mut [][..], Vec::as_mut_slice);
        let values = columns.iter_mut().map(|column| column.read(record)).collect::<Result<Vec<_>>>()?;
        self.add(record.row, values)
    }

    fn wants(&self) -> Vec<String> {
        self.wanted.names().to_vec()
    }

    fn skips_unknown(&self) -> bool {
        matches!(self.wanted.columns, crate::plan::Columns::Named { .. })
    }

    fn target(&self) -> &str {
        self.plan.target().unwrap_or("dependent_variable")
    }
}

impl Summed {
    /// The value of this column in a record. Text in a column that nobody named reads as zero: the column is left out at the end.
    fn read(&mut self, record: &Record) -> Result<Option<Decimal>> {
        let cell = record.cell(self.place);
        self.take(record.row, if is_missing(cell) { Ok(None) } else { parse(cell).map(Some).map_err(Box::new) })
    }

    /// The same for a cell that was parsed.
    fn take(&mut self, row: u64, cell: Cell) -> Result<Option<Decimal>> {
        let cell = match cell {
            Ok(None) => return Ok(None),
            Ok(Some(value)) => Ok(value),
            Err(error) => Err(error),
        };
        match (cell, &self.kind) {
            (Ok(value), Kind::Named | Kind::Number) => Ok(Some(value)),
            (Ok(value), Kind::Undecided) => {
                self.kind = Kind::Number;
                Ok(Some(value))
            }
            (Ok(_), Kind::Text(first, text)) => Err(text_beside_numbers(*first, text, row).in_column(&self.name)),
            (Err(error), Kind::Undecided) if error.code == "not-a-number" => {
                self.kind = Kind::Text(row, error.found.unwrap_or_default());
                Ok(Some(Decimal::ZERO))
            }
            (Err(error), Kind::Text(..)) if error.code == "not-a-number" => Ok(Some(Decimal::ZERO)),
            (Err(error), _) => Err(error.at_row(row).in_column(&self.name)),
        }
    }

    fn is_text(&self) -> bool {
        matches!(self.kind, Kind::Text(..))
    }
}

impl Sums {
    fn new(plan: Plan, wanted: Wanted) -> Self {
        Self {
            plan,
            wanted,
            columns: None,
            accumulator: None,
            aside: Vec::new(),
            rows: 0,
            first_missing: None,
            dropped: 0,
            notes: Vec::new(),
        }
    }

    fn names(&self) -> Vec<String> {
        self.columns.iter().flatten().map(|column| column.name.clone()).collect()
    }

    /// The plan's products, by the columns' indexes.
    fn products(&self, columns: &[Summed]) -> Result<Vec<Vec<(usize, u32)>>> {
        let index = |name: &str| columns.iter().position(|column| column.name == name);
        let factors = |term: &Term| term.factors.iter().map(|(name, power)| index(name).map(|at| (at, *power))).collect::<Option<Vec<_>>>();
        // a plan's terms bring their columns, so each is found
        Ok(self.wanted.terms.iter().filter_map(factors).collect())
    }

    /// Adds a row, counts it as lacking values, or keeps it aside.
    fn add(&mut self, row: u64, values: Vec<Option<Decimal>>) -> Result<()> {
        self.rows = row;
        if values.iter().all(Option::is_some) {
            return self.accumulate(values);
        }
        let columns = self.columns.as_mut().map_or(&mut [][..], Vec::as_mut_slice);
        let mut certain = false;
        for (column, _) in columns.iter_mut().zip(&values).filter(|(_, value)| value.is_none()) {
            column.missing += u64::from(!column.is_text());
            certain |= matches!(column.kind, Kind::Named | Kind::Number);
        }
        if certain {
            self.dropped += 1;
            self.first_missing = self.first_missing.or(Some(row));
            return Ok(());
        }
        if columns.iter().zip(&values).all(|(column, value)| value.is_some() || column.is_text()) {
            return self.accumulate(values);
        }
        self.first_missing = self.first_missing.or(Some(row));
        self.aside.push(values);
        if self.aside.len() > ASIDE_ROWS_MAX { Err(self.undecided()) } else { Ok(()) }
    }

    fn accumulate(&mut self, values: Vec<Option<Decimal>>) -> Result<()> {
        let row = values.into_iter().map(|value| value.unwrap_or(Decimal::ZERO));
        self.accumulator.as_mut().ok_or_else(spent)?.push(row)
    }

    fn finish(&mut self) -> Result<Statistics> {
        self.settle_aside()?;
        let columns = self.columns.take().ok_or_else(spent)?;
        self.check_missing(&columns)?;
        let totals = self.accumulator.take().ok_or_else(spent)?.finish()?;
        for column in columns.iter().filter(|column| column.is_text()) {
            self.notes.push(left_out_note(&column.name, "it holds text, not numbers"));
        }
        let kept: Vec<usize> = (0..columns.len()).filter(|&at| !columns[at].is_text()).collect();
        self.check_kept(&columns, &kept, totals.rows)?;
        Ok(statistics(&self.plan, &self.wanted, &columns, &kept, totals, self.dropped))
    }

    /// Columns are decided now: rows kept aside are summed if only text was missing in them.
    fn settle_aside(&mut self) -> Result<()> {
        for values in std::mem::take(&mut self.aside) {
            let columns = self.columns.as_deref().unwrap_or_default();
            if columns.iter().zip(&values).all(|(column, value)| value.is_some() || column.is_text()) {
                self.accumulate(values)?;
            } else {
                self.dropped += 1;
            }
        }
        Ok(())
    }

    fn check_missing(&mut self, columns: &[Summed]) -> Result<()> {
        if self.dropped == 0 {
            return Ok(());
        }
        let lacking = columns.iter().filter(|column| column.missing > 0 && !column.is_text());
        let by_column: Vec<String> = lacking.map(|column| format!("`{}` {}", shorten(&column.name), column.missing)).collect();
        let rows = if self.dropped == 1 { "1 row lacks a value".to_owned() } else { format!("{} rows lack values", self.dropped) };
        let counts = by_column.join(", ");
        match self.plan.missing {
            Missing::Drop => {
                self.notes.push(Error::new("rows-dropped", format!("left out: {rows} ({counts})"), ""));
                Ok(())
            }
            Missing::Error => {
                let sentence = format!("{rows} ({counts}), the first of them this one");
                let mut error = Error::new("missing-values", sentence, "fill in the values, or leave such rows out with --missing drop");
                error.row = self.first_missing;
                error.found = Some(counts);
                Err(error)
            }
        }
    }

    fn check_kept(&self, columns: &[Summed], kept: &[usize], rows: i64) -> Result<()> {
        if let Some(column) = columns
            .iter()
            .find(|column| column.is_text() && self.wanted.terms.iter().any(|term| term.columns().any(|name| name == column.name)))
        {
            return Err(Error::new("not-a-number", "a term uses a column of text", "leave the term out").in_column(&column.name));
        }
        if kept.is_empty() {
            return Err(Error::new(
                "no-columns",
                format!("none of the columns holds numbers: {}", list(columns.iter().map(|c| &c.name))),
                "check that this is the right file",
            ));
        }
        if rows == 0 && columns.iter().any(|column| column.kind == Kind::Undecided) {
            return Err(Error::new(
                "no-rows",
                "there is a header but no row of data",
                "give data, or name the columns with --columns to get statistics of no rows",
            ));
        }
        Ok(())
    }

    fn undecided(&self) -> Error {
        let undecided = self.columns.iter().flatten().filter(|column| column.kind == Kind::Undecided).map(|column| &column.name);
        let sentence = format!("{ASIDE_ROWS_MAX} rows have no value in {}, which could hold numbers or text", list(undecided));
        Error::new("undecided-column", sentence, "name the columns to use with --columns or --features")
    }
}

fn statistics(plan: &Plan, wanted: &Wanted, columns: &[Summed], kept: &[usize], totals: Totals, dropped: i64) -> Statistics {
    let products = columns.len()..columns.len() + wanted.terms.len();
    let places: Vec<usize> = std::iter::once(0).chain(kept.iter().copied().chain(products).map(|at| at + 1)).collect();
    let mut moments = Vec::with_capacity(moment_index(places.len(), 0));
    for i in 0..places.len() {
        moments.extend((0..=i).map(|j| totals.moments.at(places[i], places[j]).clone()));
    }
    let summed: Vec<Column> = kept.iter().map(|&at| summed_column(plan, &columns[at].name)).collect();
    Statistics {
        terms: summed.iter().map(|column| Term::column(&column.name)).chain(wanted.terms.iter().cloned()).collect(),
        columns: summed,
        rows: totals.rows,
        moments: Moments(moments),
        distribution: totals.distribution.map(|counts| kept.iter().map(|&at| counts[at].clone()).collect()),
        dropped: if plan.missing == Missing::Drop { dropped } else { 0 },
    }
}

fn left_out_note(column: &str, reason: &str) -> Error {
    Error::new("column-left-out", format!("left out: {reason}"), "").in_column(column)
}

fn text_beside_numbers(row: u64, text: &str, number_row: u64) -> Error {
    let expected = format!("a decimal number as in row {number_row}");
    Error::found("not-a-number", text, &expected, "correct the cell, or leave it empty if there is no value").at_row(row)
}

fn not_set(name: &str) -> Error {
    Error::new("missing-column", "the batch has no such column", "set every column before `sum-columns`").in_column(name)
}
