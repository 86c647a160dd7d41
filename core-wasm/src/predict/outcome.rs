//! What became of a record: its status, its prediction, or why it has none.

use super::prediction::Prediction;
use super::warning::Warning;
use crate::entry::{FieldProblem, ProblemCode};
use crate::error::{Code, Error};
use serde_json::{Map, Value};

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Predicted, without warnings.
    Fine,
    /// Predicted, with warnings.
    OutOfRange,
    /// Not predicted: a value is missing.
    Missing,
    /// Not predicted for another reason.
    Error,
}

impl Status {
    /// Every status, in the order of the counts.
    pub const ALL: [Self; 4] = [Self::Fine, Self::OutOfRange, Self::Missing, Self::Error];

    /// Returns the word that is written for the status.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::OutOfRange => "out of range",
            Self::Missing => "missing",
            Self::Error => "error",
        }
    }

    /// Returns the status of a record with an error.
    pub(super) fn of_error(error: &Error) -> Self {
        if error.code == Code::MissingValues { Self::Missing } else { Self::Error }
    }
}

/// The number of records of each status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StatusCounts([u64; 4]);

impl StatusCounts {
    /// Counts `records` more records of a status.
    pub(super) fn add(&mut self, status: Status, records: u64) {
        self.0[status as usize] += records;
    }

    /// Returns a JSON object from each status to its number of records.
    pub fn to_json(&self) -> Value {
        Status::ALL.iter().map(|&status| (status.name().to_owned(), self.0[status as usize].into())).collect::<Map<_, _>>().into()
    }
}

/// A prediction with everything that is written of it.
pub(super) struct Predicted {
    pub(super) prediction: Prediction,
    pub(super) warnings: Vec<Warning>,
    /// Problems of entries that do not block: names of fields and codes.
    pub(super) cautions: Vec<(String, ProblemCode)>,
}

impl Predicted {
    /// Returns `fine`, or `out of range` if there are warnings.
    pub(super) fn status(&self) -> Status {
        if self.warnings.is_empty() && self.cautions.is_empty() { Status::Fine } else { Status::OutOfRange }
    }

    /// Returns the warnings as a cell of CSV has them: `column:code`, separated by spaces.
    pub(super) fn warnings_cell(&self) -> String {
        let cautions = self.cautions.iter().map(|(name, code)| format!("{name}:{}", code.name()));
        self.warnings.iter().map(Warning::short).chain(cautions).collect::<Vec<_>>().join(" ")
    }
}

/// Why a record has no prediction.
pub(super) struct Refusal {
    pub(super) status: Status,
    /// `column:code`; `row:code` if the whole record is at fault.
    pub(super) problem: String,
}

impl Refusal {
    /// The refusal of a record with an error.
    pub(super) fn of_error(error: &Error) -> Self {
        Self { status: Status::of_error(error), problem: format!("{}:{}", error.column.as_deref().unwrap_or("row"), error.code.name()) }
    }

    /// The refusal of a record with a problem of the field `name` that blocks.
    pub(super) fn of_problem(name: &str, problem: &FieldProblem) -> Self {
        let status = if problem.code == ProblemCode::Missing { Status::Missing } else { Status::Error };
        Self { status, problem: format!("{name}:{}", problem.code.name()) }
    }
}
