//! Counts the different values of the columns whose knots are chosen: the first of two passes.
//!
//! *Limits*: [`VALUES_MAX`] different values of a column. Beyond it, nothing more of the column is kept.

use crate::decimal::{Decimal, parse_sum};
use crate::error::{Code, Error, Result, shorten};
use crate::plan::Plan;
use crate::planned_knots::PlannedKnots;
use crate::splines::Knots;
use crate::statistics::too_many_rows;
use std::collections::BTreeMap;

/// Most different values of a column whose knots are chosen.
const VALUES_MAX: usize = 1_000_000;

/// The different values of a column.
pub(super) struct ValueCounts {
    /// Index of the column among those that are read.
    place: usize,
    /// How many knots to choose.
    knots: usize,
    /// Each value with the number of rows that have it; `None` if there are too many values.
    counts: Option<BTreeMap<Decimal, u64>>,
}

/// The values as text, with their counts; `None` if there are too many.
pub(super) type ValueCountsState = Option<Vec<(String, u64)>>;

impl ValueCounts {
    /// Returns the counts of no rows for each column whose knots the plan leaves to be chosen. `names` are the columns that are read.
    pub(super) fn of_plan(plan: &Plan, names: &[String]) -> Vec<Self> {
        let one = |(column, knots): (&String, &PlannedKnots)| match knots {
            PlannedKnots::Usual(knots) => {
                let place = names.iter().position(|name| name == column)?;
                Some(Self { place, knots: *knots, counts: Some(BTreeMap::new()) })
            }
            PlannedKnots::At(_) => None,
        };
        plan.knots.iter().filter_map(one).collect()
    }

    /// Returns the index of the column among those that are read.
    pub(super) fn place(&self) -> usize {
        self.place
    }

    /// Counts a value that so many rows have.
    ///
    /// # Errors
    /// `capacity` for more rows than a count may have.
    pub(super) fn add(&mut self, value: Decimal, rows: u64) -> Result<()> {
        let Some(counts) = &mut self.counts else { return Ok(()) };
        let count = counts.entry(value.normalized()).or_default();
        *count = count.checked_add(rows).ok_or_else(too_many_rows)?;
        if counts.len() > VALUES_MAX {
            self.counts = None;
        }
        Ok(())
    }

    /// Adds what another summarizer counted.
    ///
    /// # Errors
    /// `capacity`. `Ok(false)` if the state is not as it was made.
    pub(super) fn merge(&mut self, state: ValueCountsState) -> Result<bool> {
        let Some(values) = state else {
            self.counts = None;
            return Ok(true);
        };
        for (text, rows) in values {
            let Some(value) = parse_sum(&text, 1) else { return Ok(false) };
            self.add(value, rows)?;
        }
        Ok(true)
    }

    /// Returns what another summarizer can merge.
    pub(super) fn into_state(self) -> ValueCountsState {
        self.counts.map(|counts| counts.into_iter().map(|(value, rows)| (value.to_string(), rows)).collect())
    }

    /// Returns the knots at the usual quantiles. `column` is the name of the column.
    ///
    /// # Errors
    /// `capacity` for too many values, `no-rows`, and `term` if quantiles are equal.
    pub(super) fn into_knots(self, column: &str) -> Result<Knots> {
        let counts = self.counts.ok_or_else(|| too_many_values(column))?;
        if counts.is_empty() {
            return Err(Error::new(
                Code::NoRows,
                "there is no row from which to choose knots",
                "give data, or write the places of the knots",
            ));
        }
        let values: Vec<(Decimal, u64)> = counts.into_iter().collect();
        Knots::at_usual_quantiles(&values, self.knots)
    }
}

fn too_many_values(column: &str) -> Error {
    let sentence = format!("more than {VALUES_MAX} different values, too many to choose knots from");
    Error::new(Code::Capacity, sentence, format!("write the places of the knots, as in `rcs({}, 30, 50, 70)`", shorten(column)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(values: impl Iterator<Item = i64>) -> ValueCounts {
        let mut counts = ValueCounts { place: 0, knots: 3, counts: Some(BTreeMap::new()) };
        values.for_each(|value| counts.add(value.into(), 1).unwrap());
        counts
    }

    #[test]
    fn too_many_different_values_are_an_error() {
        let most = VALUES_MAX as i64;
        assert_eq!(counts(0..most).into_knots("age").unwrap().to_string(), "99999.9,499999.5,899999.1");
        // a value that is there already is none more
        let mut full = counts((0..most).chain(0..most));
        assert_eq!(full.merge(Some(vec![("7".to_owned(), 1)])), Ok(true));
        assert!(full.counts.is_some());
        full.merge(Some(vec![("0.5".to_owned(), 1)])).unwrap();
        full.merge(Some(vec![("7".to_owned(), 1)])).unwrap();
        let error = full.into_knots("age").unwrap_err();
        assert_eq!(error.code, Code::Capacity);
        assert_eq!(error.sentence, "more than 1000000 different values, too many to choose knots from");
        assert_eq!(error.help, "write the places of the knots, as in `rcs(age, 30, 50, 70)`");
        // the excess of one summarizer is that of all
        let mut other = counts(0..5);
        other.merge(None).unwrap();
        assert_eq!(other.into_state(), None);
    }

    #[test]
    fn states_carry_values_of_any_size() {
        let mut counts = counts(0..3);
        let huge = Decimal { mantissa: dashu_int::IBig::from(10).pow(119), scale: 0 };
        counts.add(huge.clone(), 4).unwrap();
        counts.add(Decimal { mantissa: (-1).into(), scale: 120 }, 2).unwrap();
        counts.add(Decimal { mantissa: 20.into(), scale: 1 }, 1).unwrap();
        let expected = counts.counts.clone();
        let mut other = ValueCounts { place: 0, knots: 3, counts: Some(BTreeMap::new()) };
        assert_eq!(other.merge(counts.into_state()), Ok(true));
        assert_eq!(other.counts, expected);
        assert_eq!(expected.unwrap()[&2.into()], 2);
        assert_eq!(other.merge(Some(vec![("1,5".to_owned(), 1)])), Ok(false));
    }
}
