//! One column, or one product of columns, of statistics that are to be shared: what its rows show, and whether its sums may be released.

use super::dominant_class::DominantClassCounter;
use super::rounding_levels::{Defect, RoundingLevel, RoundingLevels, StepCounters};
use crate::decimal::{Decimal, scaled};
use crate::error::{Code, Error, Result};
use crate::release_policy::{SINGLED_OUT_ROWS_MIN, in_words, rows_that};
use crate::statistics::Factors;
use dashu_int::IBig;
use serde::{Deserialize, Serialize};

/// A column.
pub(super) struct ControlledColumn {
    pub(super) name: String,
    /// The decimals to which values are rounded; in the first pass, the decimals with which they are measured.
    pub(super) decimals: i32,
    /// Least plausible value.
    pub(super) min: Option<Decimal>,
    /// Greatest plausible value.
    pub(super) max: Option<Decimal>,
    pub(super) counts: ColumnCounts,
}

/// What the rows show of a column.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ColumnCounts {
    /// Rows by value at the finest level.
    values: DominantClassCounter<String>,
    levels: RoundingLevels,
    /// Values that rounding changed.
    pub(super) changed: u64,
}

/// A term beyond the columns: a product of powers of them, and of what is computed of them.
pub(super) struct ControlledProduct {
    pub(super) name: String,
    pub(super) factors: Factors,
    pub(super) counts: ProductCounts,
}

/// What the rows show of a product.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ProductCounts {
    values: DominantClassCounter<String>,
    steps: StepCounters,
}

impl ControlledColumn {
    /// Refuses a value outside the plausible range.
    pub(super) fn check_plausible(&self, value: &Decimal) -> Result<()> {
        let is_below = self.min.as_ref().is_some_and(|min| value < min);
        if !is_below && self.max.as_ref().is_none_or(|max| value <= max) {
            return Ok(());
        }
        let expected = match (&self.min, &self.max) {
            (Some(min), Some(max)) => format!("a plausible value, from {min} to {max}"),
            (Some(min), None) => format!("a plausible value, {min} or more"),
            (None, max) => format!("a plausible value, {} or less", max.as_ref().unwrap_or(&Decimal::ZERO)),
        };
        let help = "correct the cell, or leave the row out: an extreme value could be recognised; the schema has the plausible range";
        Err(Error::found(Code::Implausible, &value.to_string(), &expected, help))
    }

    /// Returns a value in units of the last decimal as a number.
    pub(super) fn rounded(&self, integer: &IBig) -> Decimal {
        scaled(integer.clone(), self.decimals.into())
    }

    /// Counts a value in the first pass.
    pub(super) fn count_measured(&mut self, value: &Decimal) {
        let Self { counts: ColumnCounts { values, levels, .. }, decimals, .. } = self;
        if values.is_enough() && levels.is_settled() {
            return;
        }
        values.add_with(|| value.integer_at(*decimals).to_string());
        levels.add(value);
    }

    /// Counts a value in the second pass: before rounding, after rounding, and in units of the last decimal.
    pub(super) fn count_rounded(&mut self, value: &Decimal, rounded: &Decimal, integer: &IBig) {
        self.counts.changed += u64::from(rounded != value);
        self.counts.values.add_with(|| integer.to_string());
        self.counts.levels.0.iter_mut().for_each(|level| level.add(integer));
    }

    /// Returns the decimals of the finest level that is fit.
    pub(super) fn choose_decimals(&self) -> Result<i32> {
        check_values(&self.counts.values, &self.name)?;
        self.counts.levels.finest_fit().map_err(|defect| self.singled_out(defect))
    }

    /// Returns a note if the chosen decimals are coarser than the column is measured.
    pub(super) fn coarser_note(&self, decimals: i32) -> Option<Error> {
        let defect = self.counts.levels.defect_at(decimals + 1)?;
        let sentence = format!("is shared with {} instead of {}: {defect}", in_words(decimals), in_words(self.decimals));
        Some(Error::new(Code::Coarser, sentence, "").in_column(&self.name))
    }

    /// Returns a note that a group of rows needs coarser decimals than those with which the column is measured.
    pub(super) fn coarser_among_note(&self, decimals: i32, rows: &str, defect: &Defect) -> Error {
        let sentence = format!("is shared with {} instead of {}: among {rows}, {defect}", in_words(decimals), in_words(self.decimals));
        Error::new(Code::Coarser, sentence, "").in_column(&self.name)
    }

    /// Returns the error of a column that no rounding makes fit in a group of rows.
    pub(super) fn not_fit_among(&self, rows: &str) -> Error {
        let sentence = format!("few of {rows} differ from the others however the column is rounded, and the sums would single them out");
        Error::new(Code::SingledOut, sentence, "leave the column out, or merge the level with another one").in_column(&self.name)
    }

    /// Returns a note if rounding changed values of `rows` rows.
    pub(super) fn rounded_note(&self, rows: i64) -> Option<Error> {
        let changed = self.counts.changed;
        let was = if changed == 1 { "was" } else { "were" };
        let sentence = format!("{changed} of {rows} values {was} rounded to {}", in_words(self.decimals));
        (changed > 0).then(|| Error::new(Code::Rounded, sentence, "").in_column(&self.name))
    }

    /// Refuses to release the sums of the column if its last digits single out few rows.
    pub(super) fn check(&self) -> Result<()> {
        check_values(&self.counts.values, &self.name)?;
        match self.counts.levels.0.first().and_then(RoundingLevel::defect) {
            None => Ok(()),
            defect => Err(self.singled_out(defect)),
        }
    }

    fn singled_out(&self, defect: Option<Defect>) -> Error {
        let defect = defect.map_or_else(|| "no level of rounding is fit".to_owned(), |defect| defect.to_string());
        let sentence = format!("{defect}; the sums would single them out, and no coarser rounding leaves enough of the column");
        Error::new(Code::SingledOut, sentence, "leave the column out, or write its rare values as others").in_column(&self.name)
    }
}

impl ColumnCounts {
    /// Counts for levels that are still open.
    pub(super) fn new(levels: RoundingLevels) -> Self {
        Self { levels, ..Self::default() }
    }

    /// Adds the rows that others have counted; `None` if they are of another column.
    pub(super) fn merge(&mut self, other: Self) -> Option<()> {
        self.values.merge(other.values);
        self.changed = self.changed.checked_add(other.changed)?;
        self.levels.merge(other.levels)
    }
}

impl ControlledProduct {
    /// Counts a row by the values of all columns, and of what is computed of them, in their units.
    pub(super) fn count(&mut self, integers: &[IBig]) {
        if self.counts.values.is_enough() && self.counts.steps.is_settled() {
            return;
        }
        let power = |&(at, power): &(usize, u32)| integers.get(at).map_or(IBig::ONE, |integer| integer.pow(power as usize));
        let product: IBig = self.factors.iter().map(power).product();
        self.counts.values.add_with(|| product.to_string());
        self.counts.steps.add(&product);
    }

    /// Refuses to release the sums of the product if its last digits single out few rows. `units` are those of the values of a row.
    pub(super) fn check(&self, units: &[Decimal]) -> Result<()> {
        check_values(&self.counts.values, &self.name)?;
        let factors = self.factors.iter().flat_map(|&(at, power)| units.get(at).into_iter().cycle().take(power as usize));
        let unit = factors.fold(Decimal::from(1), |unit, factor| unit.times(factor));
        let Some(defect) = self.counts.steps.defect(&unit) else { return Ok(()) };
        let sentence = format!("{defect}, and the sums would single them out");
        let help = "leave the term out, or round its columns coarser with --decimals";
        Err(Error::new(Code::SingledOut, sentence, help).in_column(&self.name))
    }
}

impl ProductCounts {
    /// Adds the rows that others have counted; `None` if they are of another product.
    pub(super) fn merge(&mut self, other: Self) -> Option<()> {
        self.values.merge(other.values);
        self.steps.merge(other.steps)
    }
}

/// Refuses a column or term in which too few rows differ from the most common value.
fn check_values(values: &DominantClassCounter<String>, name: &str) -> Result<()> {
    let Some(outside) = values.few_outside() else { return Ok(()) };
    let sentence = match outside {
        0 => "all rows have the same value".to_owned(),
        _ => format!("only {} from the most common value, and the sums would single them out", rows_that(outside, "differs", "differ")),
    };
    let help = format!("leave it out, or share more rows: at least {SINGLED_OUT_ROWS_MIN} must differ from the most common value");
    let mut error = Error::new(Code::SingledOut, sentence, help).in_column(name);
    error.found = Some(outside.to_string());
    error.expected = Some(format!("at least {SINGLED_OUT_ROWS_MIN}"));
    Err(error)
}
