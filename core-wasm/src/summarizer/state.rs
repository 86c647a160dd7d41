//! The bytes of a summarizer's state: what one instance hands to another that shares the work on one table.
//!
//! *Invariants*: nothing is rounded.
//!
//! *Not here*: a file format. States go between instances of one version of the component, and are never kept.

use super::pending::PendingRows;
use super::totals::too_many_rows;
use crate::decimal::{Decimal, parse_sum};
use crate::disclosure::control::DisclosureState;
use crate::error::{Code, Error, Result};
use crate::json;
use crate::statistics::{Bin, Distribution, Moments, Totals};
use crate::terms::DEGREE_MAX;
use serde::{Deserialize, Serialize};

/// Name and version of the format, which is JSON.
const FORMAT: &str = "samefit-state/1";

/// The state of a summarizer.
#[derive(Serialize, Deserialize)]
pub(super) struct State {
    format: String,
    pub(super) columns: Vec<ColumnState>,
    pub(super) dropped: DroppedState,
    pub(super) disclosure: Option<DisclosureState>,
    /// The totals of the rows that count; `None` if no header was read.
    pub(super) totals: Option<TotalsState>,
    pub(super) pending: Option<PendingState>,
    /// What stopped the reading.
    failure: Option<FailureState>,
}

/// The state of one column.
#[derive(Serialize, Deserialize)]
pub(super) struct ColumnState {
    pub(super) name: String,
    pub(super) first_number: Option<u64>,
    pub(super) first_text: Option<(u64, String)>,
    pub(super) missing: u64,
}

/// The rows that were dropped.
#[derive(Serialize, Deserialize)]
pub(super) struct DroppedState {
    pub(super) unannounced: i64,
    pub(super) announced: i64,
    pub(super) first_row: Option<u64>,
}

/// The rows that are pending.
#[derive(Serialize, Deserialize)]
pub(super) struct PendingState {
    lacking: Vec<usize>,
    first_row: u64,
    pub(super) sums: TotalsState,
}

/// Totals as exact decimal text.
#[derive(Serialize, Deserialize)]
pub(super) struct TotalsState {
    rows: i64,
    moments: Vec<String>,
    log_sum: Option<String>,
    /// For each column the bits of each bin's inner edge, and the bin's count.
    distribution: Option<Vec<Vec<(u64, i64)>>>,
}

/// An error that stopped the reading.
#[derive(Serialize, Deserialize)]
struct FailureState {
    code: String,
    row: Option<u64>,
    column: Option<String>,
    found: Option<String>,
    expected: Option<String>,
    sentence: String,
    help: String,
}

impl State {
    /// A state in the current format.
    pub(super) fn new(
        columns: Vec<ColumnState>,
        dropped: DroppedState,
        disclosure: Option<DisclosureState>,
        totals: Option<(Totals, Option<PendingRows<Totals>>)>,
        failure: Option<Error>,
    ) -> Self {
        let (totals, pending) = totals.map_or((None, None), |(totals, pending)| (Some(TotalsState::new(&totals)), pending));
        let pending =
            pending.map(|PendingRows { lacking, first_row, sums }| PendingState { lacking, first_row, sums: TotalsState::new(&sums) });
        Self { format: FORMAT.to_owned(), columns, dropped, disclosure, totals, pending, failure: failure.map(FailureState::new) }
    }

    /// Writes the bytes.
    pub(super) fn to_bytes(&self) -> Result<Vec<u8>> {
        serde_json::to_vec(self).map_err(|_| wrong_state("it cannot be written"))
    }

    /// Reads the bytes.
    ///
    /// # Errors
    /// `part` for a state of another version, for bytes that are not UTF-8, or for JSON that is no state; `json` for text that is not JSON.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self> {
        let text = std::str::from_utf8(bytes).map_err(|_| wrong_state("it is not as it was made"))?;
        let state: Self = json::parse(text, Code::Part, "the state of a summarizer")?;
        if state.format == FORMAT { Ok(state) } else { Err(wrong_state("it is of another version")) }
    }

    /// The names of the columns; `None` if no header was read.
    pub(super) fn names(&self) -> Option<Vec<String>> {
        self.totals.as_ref().map(|_| self.columns.iter().map(|column| column.name.clone()).collect())
    }

    /// Takes the error that stopped the reading.
    pub(super) fn take_failure(&mut self) -> Result<Option<Error>> {
        self.failure.take().map(FailureState::into_error).transpose()
    }
}

impl PendingState {
    /// The pending rows with their totals.
    pub(super) fn into_rows(self) -> Result<PendingRows<Totals>> {
        Ok(PendingRows { lacking: self.lacking, first_row: self.first_row, sums: self.sums.into_totals()? })
    }
}

impl TotalsState {
    fn new(totals: &Totals) -> Self {
        let counts = |counts: &Distribution| counts.iter().map(|(cell, count)| (cell.inner_edge().to_bits(), count)).collect();
        Self {
            rows: totals.rows,
            moments: totals.moments.0.iter().map(Decimal::to_string).collect(),
            log_sum: totals.log_sum.as_ref().map(Decimal::to_string),
            distribution: totals.distribution.as_ref().map(|columns| columns.iter().map(counts).collect()),
        }
    }

    /// Whether there are so many moments, counts for so many columns (`None` for totals without counts), and logarithms of weights.
    pub(super) fn has_shape(&self, moments: usize, counted_columns: Option<usize>, weighted: bool) -> bool {
        self.log_sum.is_some() == weighted && self.moments.len() == moments && self.distribution.as_ref().map(Vec::len) == counted_columns
    }

    /// The totals as numbers.
    pub(super) fn into_totals(self) -> Result<Totals> {
        let decimal = |text: &String| parse_sum(text, 2 * DEGREE_MAX + 1).ok_or_else(|| wrong_state("a sum is not a decimal number"));
        let counts = |cells: Vec<(u64, i64)>| {
            let mut counts = Distribution::default();
            cells.into_iter().try_for_each(|(edge, count)| counts.add(Bin::of(f64::from_bits(edge)), count)).ok_or_else(too_many_rows)?;
            Ok(counts)
        };
        Ok(Totals {
            rows: self.rows,
            log_sum: self.log_sum.as_ref().map(decimal).transpose()?,
            moments: Moments(self.moments.iter().map(decimal).collect::<Result<_>>()?),
            distribution: self.distribution.map(|columns| columns.into_iter().map(counts).collect::<Result<_>>()).transpose()?,
        })
    }
}

impl FailureState {
    fn new(error: Error) -> Self {
        let Error { code, row, column, found, expected, sentence, help } = error;
        Self { code: code.name().to_owned(), row, column, found, expected, sentence, help }
    }

    fn into_error(self) -> Result<Error> {
        let Self { code, row, column, found, expected, sentence, help } = self;
        let code = Code::from_name(&code).ok_or_else(|| wrong_state("its error has an unknown code"))?;
        Ok(Error { code, row, column, found, expected, sentence, help })
    }
}

/// The error for a state that this summarizer cannot merge.
pub(super) fn wrong_state(reason: &str) -> Error {
    let sentence = format!("this state cannot be merged: {reason}");
    Error::new(Code::Part, sentence, "merge the state of a summarizer with the same plan and the same header, from this version")
}
