//! The values that a column is expected to have, where they are few enough to be counted one by one: the decimal numbers with so many digits
//! after the point between two ends.
//!
//! A value on the grid is a *step*: the integer that, over ten to the power of the decimals, is the value.
//!
//! *Not here*: which columns have a grid ([`Plan::grid`](crate::plan::Plan::grid)), and counts
//! ([`Distribution`](super::Distribution)).

use crate::decimal::{Decimal, parse, power_of_ten, ten_to};
use crate::error::shorten;
use crate::schema::Plausible;
use dashu_int::IBig;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// For each column its grid, if it has one.
pub type ColumnGrids = Arc<[Option<ValueGrid>]>;

/// Most values of a grid.
const VALUES_MAX: i64 = 4096;
/// Most digits after the point, as of any value.
const DECIMALS_MAX: u32 = 60;
/// Largest step of either sign. The difference of two steps is far below 2^63.
const STEP_MAX: i64 = 1 << 50;
/// Largest power of ten in 64 bits.
const NARROW_POWER_MAX: u32 = 18;
/// Largest power of ten in 128 bits.
const WIDE_POWER_MAX: u32 = 38;

/// Decimal numbers at equal distances.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "GridDocument", into = "GridDocument")]
pub struct ValueGrid {
    /// Digits after the point.
    decimals: u32,
    /// The steps of the lowest and the highest value.
    lowest: i64,
    highest: i64,
}

/// A grid in documents: its digits after the point, and its lowest and highest value as exact decimals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GridDocument {
    decimals: u32,
    min: String,
    max: String,
}

impl ValueGrid {
    /// Returns the grid of the numbers with so many digits after the point that are not below `min` nor above `max`; none if there is no such
    /// number, if there are more than 4096, or with more than 60 digits after the point.
    pub fn new(decimals: u32, min: &Decimal, max: &Decimal) -> Option<Self> {
        if decimals > DECIMALS_MAX {
            return None;
        }
        // a number with more digits lies between two steps, and the grid begins at the upper of the two
        let floor = |end: &Decimal| Decimal::floor(&end.mantissa, &ten_to(end.scale), decimals).mantissa;
        let step = |step: IBig| i64::try_from(&step).ok().filter(|step| step.abs() <= STEP_MAX);
        let (lowest, highest) = (step(-floor(&min.negated()))?, step(floor(max))?);
        (lowest <= highest && highest - lowest < VALUES_MAX).then_some(Self { decimals, lowest, highest })
    }

    /// Returns the grid of a column that a schema describes: of the numbers with its decimals in its plausible range. Returns none if it lacks
    /// one of them, or if they are no grid.
    pub fn of_measure(decimals: Option<u32>, plausible: Option<&Plausible>) -> Option<Self> {
        let (min, max) = plausible?.ends();
        Self::new(decimals?, &min?, &max?)
    }

    /// Returns the number of values.
    pub(super) fn len(self) -> usize {
        (self.highest - self.lowest + 1) as usize
    }

    /// Returns the step at an index.
    pub(super) fn step_at(self, index: usize) -> i64 {
        self.lowest + index as i64
    }

    /// Returns the index of a step of the grid.
    pub(super) fn index(self, step: i64) -> usize {
        (step - self.lowest) as usize
    }

    /// Returns whether a step is one of the grid's.
    pub fn has_step(self, step: i64) -> bool {
        (self.lowest..=self.highest).contains(&step)
    }

    /// Returns the value of a step.
    pub fn value(self, step: i64) -> Decimal {
        Decimal { mantissa: step.into(), scale: self.decimals }.normalized()
    }

    /// Returns the step of a value; none if the value is not on the grid.
    pub fn step(self, value: &Decimal) -> Option<i64> {
        match i128::try_from(&value.mantissa) {
            Ok(mantissa) => self.step_of(mantissa, value.scale),
            // only zeros at its end can make so long a number one of the grid
            Err(_) => {
                let value = value.clone().normalized();
                self.step_of(i128::try_from(&value.mantissa).ok()?, value.scale)
            }
        }
    }

    /// Returns the step of an integer over ten to the power `scale`; none if this value is not on the grid.
    pub(super) fn step_of(self, integer: i128, scale: u32) -> Option<i64> {
        let step = if scale <= self.decimals {
            // a higher power takes every integer but zero off the grid too
            integer.checked_mul(power_of_ten((self.decimals - scale).min(NARROW_POWER_MAX)))?
        } else {
            match scale - self.decimals {
                // an integer of 128 bits is no multiple of a higher power, but zero
                exponent if exponent > WIDE_POWER_MAX => (integer == 0).then_some(0)?,
                exponent => (integer % power_of_ten(exponent) == 0).then_some(integer / power_of_ten(exponent))?,
            }
        };
        i64::try_from(step).ok().filter(|step| self.has_step(*step))
    }

    /// Returns how integers over ten to the power `scale` lie on the grid.
    pub(super) fn at_scale(self, scale: u32) -> GridAtScale {
        let power = |exponent: u32| 10i64.pow(exponent.min(NARROW_POWER_MAX));
        if scale > self.decimals {
            return GridAtScale::Finer { power: power(scale - self.decimals), lowest: self.lowest };
        }
        let factor = power(self.decimals - scale);
        // rounded up and down
        let (first, last) = (-(-self.lowest).div_euclid(factor), self.highest.div_euclid(factor));
        let len = usize::try_from(last - first + 1).unwrap_or(0);
        let offset = if len == 0 { 0 } else { (first * factor - self.lowest) as usize };
        GridAtScale::Coarser { first, len, offset, stride: factor as usize }
    }
}

/// How integers of one scale lie on a grid.
#[derive(Clone, Copy, Debug)]
pub(super) enum GridAtScale {
    /// The integers have as many decimals as the grid or fewer: `len` integers from `first` on are on the grid, at the indexes `offset`,
    /// `offset + stride` and so on.
    Coarser { first: i64, len: usize, offset: usize, stride: usize },
    /// The integers have more decimals: the multiples of `power` are on the grid, if the quotient is one of the grid's steps, which begin at
    /// `lowest`.
    Finer { power: i64, lowest: i64 },
}

impl fmt::Display for ValueGrid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = if self.decimals == 1 { "decimal" } else { "decimals" };
        write!(f, "{} to {} with {} {digits}", self.value(self.lowest), self.value(self.highest), self.decimals)
    }
}

impl From<ValueGrid> for GridDocument {
    fn from(grid: ValueGrid) -> Self {
        Self { decimals: grid.decimals, min: grid.value(grid.lowest).to_string(), max: grid.value(grid.highest).to_string() }
    }
}

impl TryFrom<GridDocument> for ValueGrid {
    type Error = String;

    /// Refuses what [`ValueGrid::new`] would make another grid of, and ends that are written in another way.
    fn try_from(document: GridDocument) -> Result<Self, String> {
        let end = |text: &String| parse(text.as_bytes()).ok();
        let grid = end(&document.min).zip(end(&document.max)).and_then(|(min, max)| Self::new(document.decimals, &min, &max));
        grid.filter(|grid| GridDocument::from(*grid) == document).ok_or_else(|| {
            format!(
                "{} decimals from `{}` to `{}` are no grid: it has at most {VALUES_MAX} values, and its ends are the lowest and the highest",
                document.decimals,
                shorten(&document.min),
                shorten(&document.max)
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn grid(decimals: u32, min: &str, max: &str) -> Option<ValueGrid> {
        let number = |text: &str| parse(text.as_bytes()).unwrap();
        ValueGrid::new(decimals, &number(min), &number(max))
    }

    #[test]
    fn a_grid_has_the_values_between_its_ends() {
        let step = |grid: ValueGrid, text: &str| grid.step(&parse(text.as_bytes()).unwrap());
        let bmi = grid(1, "10", "100").unwrap();
        assert_eq!(bmi.len(), 901);
        for (text, found) in
            [("10", Some(100)), ("25.30", Some(253)), ("100.0", Some(1000)), ("9.9", None), ("100.1", None), ("25.35", None)]
        {
            assert_eq!(step(bmi, text), found, "{text}");
        }
        for zeros in 0..58 {
            assert_eq!(step(bmi, &format!("25.3{}", "0".repeat(zeros))), Some(253), "{zeros}");
            assert_eq!(step(bmi, &format!("0.1{}", "0".repeat(zeros))), None, "{zeros}");
            let one = 10i128.checked_pow(zeros as u32);
            assert_eq!(one.and_then(|one| bmi.step_of(one, zeros as u32 + 2)), None, "{zeros}");
        }
        assert_eq!(bmi.value(253).to_string(), "25.3");
        // ends with more digits than the values
        assert_eq!(grid(0, "-2.5", "1.5").map(|grid| (grid.lowest, grid.highest)), Some((-2, 1)));
    }

    #[test]
    fn a_grid_has_from_one_to_4096_values() {
        assert_eq!(grid(0, "1", "4096").map(ValueGrid::len), Some(4096));
        for (decimals, min, max) in
            [(0, "0", "4096"), (4, "2.3026", "8.5172"), (0, "0.1", "0.9"), (0, "1e50", "1e50"), (60, "0", "1"), (61, "0", "0")]
        {
            assert_eq!(grid(decimals, min, max), None, "{decimals} {min} {max}");
        }
        assert_eq!(grid(30, "0", "0").map(ValueGrid::len), Some(1));
    }

    #[test]
    fn a_document_of_a_grid_is_canonical() {
        let read = |text: &str| serde_json::from_str::<ValueGrid>(text).ok();
        let bmi = grid(1, "10", "99.96").unwrap();
        let text = serde_json::to_string(&bmi).unwrap();
        assert_eq!(text, r#"{"decimals":1,"min":"10","max":"99.9"}"#);
        assert_eq!(read(&text), Some(bmi));
        for other in [
            r#"{"decimals":1,"min":"10","max":"99.96"}"#,
            r#"{"decimals":1,"min":"10.0","max":"20"}"#,
            r#"{"decimals":0,"min":"0","max":"1e5"}"#,
        ] {
            assert_eq!(read(other), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn steps_are_found_at_any_scale(decimals in 0u32..30, lowest in -5000i64..5000, len in 1i64..4096, integer in -99_999i128..99_999, scale in 0u32..50) {
            let end = |step: i64| Decimal { mantissa: step.into(), scale: decimals };
            let grid = ValueGrid::new(decimals, &end(lowest), &end(lowest + len - 1)).unwrap();
            let value = Decimal { mantissa: integer.into(), scale };
            let want = (lowest..lowest + len).contains(&i64::try_from(value.rounded(decimals as i32).mantissa_at(decimals)).unwrap_or(i64::MAX))
                && value.rounded(decimals as i32) == value.clone().normalized();
            let step = grid.step_of(integer, scale);
            prop_assert_eq!(step.is_some(), want);
            prop_assert!(step.is_none_or(|step| grid.value(step) == value.clone().normalized()));
            // the same integer, by its index
            let index = match grid.at_scale(scale) {
                GridAtScale::Coarser { first, len, offset, stride } => {
                    usize::try_from(integer as i64 - first).ok().filter(|at| *at < len).map(|at| offset + at * stride)
                }
                GridAtScale::Finer { power, lowest } => {
                    let at = (integer as i64 % power == 0).then_some(integer as i64 / power - lowest);
                    at.and_then(|at| usize::try_from(at).ok()).filter(|at| *at < grid.len())
                }
            };
            prop_assert_eq!(index.map(|index| grid.step_at(index)), step);
        }
    }
}
