//! Values outside the ranges of their columns to warnings.

use super::range::{Outside, ValueRange};
use crate::decimal::Decimal;
use crate::error::shorten;
use crate::model::ModelColumn;
use serde_json::{Value, json};

/// The kinds of warnings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WarningCode {
    /// The value is below every training value.
    BelowTrainingRange,
    /// The value is above every training value.
    AboveTrainingRange,
    /// The value is below the plausible range of the schema.
    BelowPlausible,
    /// The value is above the plausible range of the schema.
    AbovePlausible,
    /// The values together are unlike those of the training data. Only explanations have this warning.
    UnlikeCombination,
}

impl WarningCode {
    /// Returns the stable kebab-case name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BelowTrainingRange => "below-training-range",
            Self::AboveTrainingRange => "above-training-range",
            Self::BelowPlausible => "below-plausible",
            Self::AbovePlausible => "above-plausible",
            Self::UnlikeCombination => "unlike-combination",
        }
    }
}

/// Something about a value that the reader of a prediction should know.
#[derive(Clone, Debug, PartialEq)]
pub struct Warning {
    /// The kind of warning.
    pub code: WarningCode,
    /// The column of the value.
    pub column: String,
    /// The value, as decimal text of at most 40 characters.
    pub found: String,
    /// The range that the value is outside of.
    pub limits: ValueRange,
    /// English sentence.
    pub text: String,
}

impl Warning {
    /// Returns the warning as a prediction has it.
    pub(super) fn to_json(&self) -> Value {
        json!({
            "code": self.code.name(), "column": self.column, "found": self.found, "expected": self.limits.text(),
            "text": self.text,
        })
    }

    /// Returns the warning as an explanation has it, with its limits as data.
    pub(crate) fn to_json_with_limits(&self) -> Value {
        json!({
            "code": self.code.name(), "column": self.column, "found": self.found, "expected": self.limits.text(),
            "limits": self.limits.to_json(), "text": self.text,
        })
    }

    /// Returns `column:code`, as a cell of CSV has it.
    pub(super) fn short(&self) -> String {
        format!("{}:{}", self.column, self.code.name())
    }
}

/// The ranges of one column. A value outside of either gives a warning.
#[derive(Clone, Debug)]
pub(super) struct ColumnRanges {
    training: ValueRange,
    plausible: ValueRange,
}

impl ColumnRanges {
    /// Returns the ranges that a model holds for a column.
    pub(super) fn of(column: &ModelColumn) -> Self {
        let plausible = column.schema.as_ref().and_then(|schema| schema.plausible.as_ref());
        let (min, max) = plausible.map_or((None, None), |plausible| plausible.ends());
        let to_f64 = |end: Option<Decimal>| end.map(|end| end.to_f64());
        Self {
            training: ValueRange { min: column.min, max: column.max, is_exact: column.range_is_exact },
            plausible: ValueRange { min: to_f64(min), max: to_f64(max), is_exact: true },
        }
    }

    /// Returns the ends of the range without warnings, infinite where there is no limit.
    pub(super) fn without_warnings(&self) -> (f64, f64) {
        self.training.intersection(self.plausible)
    }

    /// Returns the warnings for a value of the column.
    pub(super) fn warnings(&self, column: &str, exact: &Decimal) -> Vec<Warning> {
        let value = exact.to_f64();
        let warn = |limits: ValueRange, outside: Outside, codes: [WarningCode; 2], range: &str, advice: &str| {
            let (code, word) = match outside {
                Outside::Below => (codes[0], "below"),
                Outside::Above => (codes[1], "above"),
            };
            let found = shorten(&exact.to_string());
            let text = format!("{column} {found} is {word} {range} ({}){advice}", limits.text());
            Warning { code, column: column.to_owned(), found, limits, text }
        };
        let training = self.training.outside(value).map(|outside| {
            let codes = [WarningCode::BelowTrainingRange, WarningCode::AboveTrainingRange];
            let advice = ": the prediction is an extrapolation, and its interval may be too narrow";
            warn(self.training, outside, codes, "every training value", advice)
        });
        let plausible = self.plausible.outside(value).map(|outside| {
            let codes = [WarningCode::BelowPlausible, WarningCode::AbovePlausible];
            warn(self.plausible, outside, codes, "the plausible range", ": check the value and its unit")
        });
        training.into_iter().chain(plausible).collect()
    }
}
