//! What a summarizer has read, to text and back: how instances that share the work on one table come together.
//!
//! *Invariants*: nothing is rounded, and nothing depends on the order in which parts are absorbed.
//!
//! *Not here*: a file format. Parts go from an instance of the component to another of the same version, and are never kept.

use super::{Aside, Sums};
use crate::decimal::{Decimal, parse_sum};
use crate::disclosure::sharing::{self, Sharing};
use crate::error::{Code, Error, Result, spent};
use crate::json;
use crate::statistics::{Cell, Distribution, Moments, Totals, moment_index};
use crate::terms::DEGREE_MAX;
use serde::{Deserialize, Serialize};

/// The name of the text's form.
const FORMAT: &str = "samefit-part/1";

/// What stands in the text.
#[derive(Serialize, Deserialize)]
pub(super) struct Part {
    format: String,
    columns: Vec<ColumnPart>,
    dropped: i64,
    told: i64,
    first_missing: Option<u64>,
    sharing: Option<sharing::Part>,
    sums: Option<SumsPart>,
    aside: Option<AsidePart>,
    failure: Option<FailurePart>,
}

#[derive(Serialize, Deserialize)]
struct ColumnPart {
    name: String,
    number: Option<u64>,
    text: Option<(u64, String)>,
    missing: u64,
}

#[derive(Serialize, Deserialize)]
struct AsidePart {
    without: Vec<usize>,
    first: u64,
    sums: SumsPart,
}

#[derive(Serialize, Deserialize)]
struct SumsPart {
    rows: i64,
    moments: Vec<String>,
    /// Bits of a cell's edge, and the count.
    distribution: Option<Vec<Vec<(u64, i64)>>>,
}

#[derive(Serialize, Deserialize)]
struct FailurePart {
    code: String,
    row: Option<u64>,
    column: Option<String>,
    found: Option<String>,
    expected: Option<String>,
    sentence: String,
    help: String,
}

/// The text of what was summed and of what stopped the reading.
pub(super) fn write(sums: &mut Sums, failure: Option<Error>) -> Result<String> {
    // without an accumulator it stopped before there was a header
    let (total, aside) = match sums.accumulator.is_some() {
        true => sums.sums().map(|(total, aside)| (Some(total), aside))?,
        false => (None, None),
    };
    let columns = sums.columns.take().unwrap_or_default().into_iter();
    let part = Part {
        format: FORMAT.to_owned(),
        columns: columns.map(|c| ColumnPart { name: c.name, number: c.number, text: c.text, missing: c.missing }).collect(),
        dropped: sums.dropped,
        told: sums.told,
        sharing: sums.sharing.take().map(Sharing::part),
        first_missing: sums.first_missing,
        sums: total.as_ref().map(SumsPart::of),
        aside: aside.map(|Aside { without, first, sums }| AsidePart { without, first, sums: SumsPart::of(&sums) }),
        failure: failure.map(FailurePart::of),
    };
    serde_json::to_string(&part).map_err(|error| not_a_part(&error.to_string()))
}

/// Reads a part's text.
pub(super) fn parse(text: &str) -> Result<Part> {
    let part: Part = json::parse(text, Code::Part, "a part of a table")?;
    if part.format == FORMAT { Ok(part) } else { Err(not_a_part("it is of another version")) }
}

impl Part {
    /// The names of its columns, if it came so far as to know them.
    pub(super) fn names(&self) -> Option<Vec<String>> {
        self.sums.as_ref().map(|_| self.columns.iter().map(|column| column.name.clone()).collect())
    }
}

/// Adds a part's rows to `sums`; returns what stopped its reading.
pub(super) fn merge(part: Part, sums: &mut Sums) -> Result<Option<Error>> {
    let failure = part.failure.map(FailurePart::error).transpose()?;
    let Some(more) = part.sums else {
        // it stopped before there was a header
        return if failure.is_some() { Ok(failure) } else { Err(not_a_part("it holds nothing")) };
    };
    let columns = sums.columns.as_mut().ok_or_else(spent)?;
    if !columns.iter().map(|column| &column.name).eq(part.columns.iter().map(|column| &column.name)) {
        return Err(not_a_part("it has other columns"));
    }
    let moments = moment_index(columns.len() + sums.wanted.terms.len() + 1, 0);
    let counts = sums.plan.counts_values().then_some(columns.len());
    let fits = |sums: &SumsPart| sums.moments.len() == moments && sums.distribution.as_ref().map(Vec::len) == counts;
    if !part.aside.iter().map(|aside| &aside.sums).chain([&more]).all(fits) {
        return Err(not_a_part("its sums are of other columns"));
    }
    for (column, other) in columns.iter_mut().zip(part.columns) {
        column.missing += other.missing;
        column.number = first(column.number, other.number, |row| *row);
        column.text = first(column.text.take(), other.text, |(row, _)| *row);
    }
    match (&mut sums.sharing, part.sharing) {
        (Some(own), Some(other)) => own.absorb(other).ok_or_else(|| not_a_part("it was watched otherwise"))?,
        (None, None) => {}
        _ => return Err(not_a_part("it is rounded otherwise")),
    }
    sums.dropped += part.dropped;
    sums.told += part.told;
    sums.first_missing = first(sums.first_missing, part.first_missing, |row| *row);
    sums.absorbed = sum(sums.absorbed.take(), more.totals()?)?;
    if let Some(AsidePart { without, first, sums: apart }) = part.aside {
        sums.absorb_aside(Aside { without, first, sums: apart.totals()? })?;
    }
    Ok(failure)
}

fn first<T>(a: Option<T>, b: Option<T>, row: impl Fn(&T) -> u64) -> Option<T> {
    a.into_iter().chain(b).min_by_key(row)
}

/// The sums of two sets of rows, or of the one that there is.
pub(super) fn sum(sum: Option<Totals>, more: Totals) -> Result<Option<Totals>> {
    Ok(Some(match sum {
        Some(sum) => plus(sum, &more)?,
        None => more,
    }))
}

/// The sums of two sets of rows; `other` has as many columns and moments.
pub(super) fn plus(mut sum: Totals, other: &Totals) -> Result<Totals> {
    sum.rows = sum.rows.checked_add(other.rows).ok_or_else(too_many_rows)?;
    for (moment, more) in sum.moments.0.iter_mut().zip(&other.moments.0) {
        *moment = moment.plus(more).normalized();
    }
    for (counts, more) in sum.distribution.iter_mut().flatten().zip(other.distribution.iter().flatten()) {
        counts.merge(more).ok_or_else(too_many_rows)?;
    }
    Ok(sum)
}

impl SumsPart {
    fn of(totals: &Totals) -> Self {
        let cells = |counts: &Distribution| counts.iter().map(|(cell, count)| (cell.inner_edge().to_bits(), count)).collect();
        Self {
            rows: totals.rows,
            moments: totals.moments.0.iter().map(Decimal::to_string).collect(),
            distribution: totals.distribution.as_ref().map(|all| all.iter().map(cells).collect()),
        }
    }

    fn totals(self) -> Result<Totals> {
        let decimal = |text: &String| parse_sum(text, 2 * DEGREE_MAX).ok_or_else(|| not_a_part("a sum is no decimal number"));
        let counts = |cells: Vec<(u64, i64)>| {
            let mut counts = Distribution::default();
            cells.into_iter().try_for_each(|(edge, count)| counts.add(Cell::of(f64::from_bits(edge)), count)).ok_or_else(too_many_rows)?;
            Ok(counts)
        };
        Ok(Totals {
            rows: self.rows,
            moments: Moments(self.moments.iter().map(decimal).collect::<Result<_>>()?),
            distribution: self.distribution.map(|all| all.into_iter().map(counts).collect::<Result<_>>()).transpose()?,
        })
    }
}

impl FailurePart {
    fn of(error: Error) -> Self {
        let Error { code, row, column, found, expected, sentence, help } = error;
        Self { code: code.name().to_owned(), row, column, found, expected, sentence, help }
    }

    fn error(self) -> Result<Error> {
        let Self { code, row, column, found, expected, sentence, help } = self;
        let code = Code::from_name(&code).ok_or_else(|| not_a_part("an unknown error"))?;
        Ok(Error { code, row, column, found, expected, sentence, help })
    }
}

fn not_a_part(reason: &str) -> Error {
    Error::new(Code::Part, format!("this is not a part of the same table: {reason}"), "absorb what a summarizer of the same plan gave")
}

fn too_many_rows() -> Error {
    Error::new(Code::Capacity, format!("more than {} rows", i64::MAX), "split the data")
}
