//! The values of a column to the usual knots: its quantiles at Harrell's probabilities.

use super::{Knots, difference};
use crate::decimal::{Decimal, ten_to};
use crate::error::{Code, Error, Result};
use dashu_int::IBig;

/// Fewest knots with usual quantiles.
const COUNT_MIN: usize = 3;

/// Usual probabilities of 3 to 7 knots, in millionths (F. E. Harrell, Regression Modeling Strategies, 2nd edition, 2015, section 2.4.6).
///
/// `Hmisc::rcspline.eval` spaces them equally between 0.1 and 0.9, 0.05 and 0.95, or, for 7 knots, 0.025 and 0.975. Those of 7 knots are no
/// decimal numbers: the second is 11/60, of which Harrell's table has four digits. Here they have six digits, so that knots are decimal
/// numbers.
const USUAL: [&[u32]; 5] = [
    &[100_000, 500_000, 900_000],
    &[50_000, 350_000, 650_000, 950_000],
    &[50_000, 275_000, 500_000, 725_000, 950_000],
    &[50_000, 230_000, 410_000, 590_000, 770_000, 950_000],
    &[25_000, 183_333, 341_667, 500_000, 658_333, 816_667, 975_000],
];

/// Digits after the point of a probability in millionths.
const PROBABILITY_DECIMALS: u32 = 6;

impl Knots {
    /// Returns the probabilities of the usual quantiles for 3 to 7 knots; `None` for other counts.
    ///
    /// ```
    /// use samefit_core::splines::Knots;
    ///
    /// let texts = |count| Knots::usual_probabilities(count).map(|all| all.iter().map(|one| one.to_string()).collect::<Vec<_>>());
    /// assert_eq!(texts(3), Some(vec!["0.1".to_owned(), "0.5".to_owned(), "0.9".to_owned()]));
    /// assert_eq!(texts(8), None);
    /// ```
    #[must_use]
    pub fn usual_probabilities(count: usize) -> Option<Vec<Decimal>> {
        let millionths = USUAL.get(count.checked_sub(COUNT_MIN)?)?;
        Some(millionths.iter().map(|&one| Decimal { mantissa: one.into(), scale: PROBABILITY_DECIMALS }).collect())
    }

    /// As [`usual_probabilities`](Self::usual_probabilities).
    ///
    /// # Errors
    ///
    /// `term` for other counts than 3 to 7.
    pub fn check_usual(count: usize) -> Result<Vec<Decimal>> {
        Self::usual_probabilities(count).ok_or_else(|| {
            let most = COUNT_MIN + USUAL.len() - 1;
            let expected = format!("a number of knots from {COUNT_MIN} to {most}");
            Error::found(Code::Term, &count.to_string(), &expected, "ask for so many, or write the places of the knots")
        })
    }

    /// Returns the usual knots of a column: `count` [`quantile`]s. `values` are the column's values in increasing order, each with the
    /// number of rows that have it.
    ///
    /// Hmisc moves the outer knots to the fifth least and fifth largest value of fewer than 100 rows, and also if 5 % of the rows or more have
    /// the least or the largest value. This function does not.
    ///
    /// # Errors
    ///
    /// `term` if `count` is not from 3 to 7, if quantiles are equal, or if there are no rows.
    pub fn at_usual_quantiles(values: &[(Decimal, u64)], count: usize) -> Result<Self> {
        let probabilities = Self::check_usual(count)?;
        let knots: Vec<Decimal> = probabilities.iter().filter_map(|probability| quantile(values, probability)).collect();
        if knots.len() < count || knots.windows(2).any(|pair| pair[0] == pair[1]) {
            let sentence = format!("the quantiles at which {count} knots usually stand are not {count} different numbers");
            return Err(Error::new(Code::Term, sentence, "ask for fewer knots, or write their places"));
        }
        Self::new(knots)
    }
}

/// Returns the quantile of a column at a probability from 0 to 1; none if there are no rows.
///
/// It is R's default, type 7 (R. J. Hyndman and Y. Fan, Sample quantiles in statistical packages, The American Statistician 50, 1996):
/// linear interpolation between the values at the places `floor(h)` and `floor(h) + 1`, counted from 0, for `h = (rows - 1) probability`. It
/// is exact. `values` are in increasing order, each with the number of rows that have it.
pub fn quantile(values: &[(Decimal, u64)], probability: &Decimal) -> Option<Decimal> {
    let rows: u128 = values.iter().map(|(_, count)| u128::from(*count)).sum();
    let rows_before = IBig::from(rows.checked_sub(1)?);
    let place = Decimal { mantissa: rows_before, scale: 0 }.times(probability);
    let whole = Decimal::floor(&place.mantissa, &ten_to(place.scale), 0);
    let below = u128::try_from(&whole.mantissa).ok()?;
    let low = value_at(values, below)?;
    // after the last row there is none, and nothing to add either
    let high = value_at(values, below + 1).unwrap_or(low);
    let part = difference(&place, &whole);
    Some(low.plus(&difference(high, low).times(&part)).normalized())
}

/// Returns the value of the row with an index, counted from 0 in increasing order of the values.
fn value_at(values: &[(Decimal, u64)], index: u128) -> Option<&Decimal> {
    let mut rows = 0;
    let reaches = |(_, count): &&(Decimal, u64)| {
        rows += u128::from(*count);
        rows > index
    };
    values.iter().find(reaches).map(|(value, _)| value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decimal::parse;

    fn column(text: &str) -> Vec<(Decimal, u64)> {
        let read = |cell: &str| (parse(cell.as_bytes()).unwrap(), 1);
        text.split(' ').map(read).collect()
    }

    /// `quantile(c(1.5, 2, 4, 8), c(0, 0.25, 0.5, 0.9, 1))` in R.
    #[test]
    fn quantiles_are_interpolated() {
        let values = column("1.5 2 4 8");
        let found = ["0", "0.25", "0.5", "0.9", "1"].map(|p| quantile(&values, &parse(p.as_bytes()).unwrap()).unwrap().to_string());
        assert_eq!(found, ["1.5", "1.875", "3", "6.8", "8"]);
        assert_eq!(quantile(&[], &Decimal::ZERO), None);
    }

    #[test]
    fn a_count_stands_for_as_many_rows() {
        let counted = [(2.into(), 3), (5.into(), 0), (9.into(), 2), (11.into(), 1)];
        let rows = column("2 2 2 9 9 11");
        for probability in Knots::usual_probabilities(7).unwrap() {
            assert_eq!(quantile(&counted, &probability), quantile(&rows, &probability));
        }
    }

    #[test]
    fn usual_knots_are_quantiles() {
        let values: Vec<(Decimal, u64)> = (0..=100).map(|integer| (integer.into(), 1)).collect();
        for (count, want) in [
            (3, "10,50,90"),
            (4, "5,35,65,95"),
            (5, "5,27.5,50,72.5,95"),
            (6, "5,23,41,59,77,95"),
            (7, "2.5,18.3333,34.1667,50,65.8333,81.6667,97.5"),
        ] {
            assert_eq!(Knots::at_usual_quantiles(&values, count).unwrap().to_string(), want);
        }
    }

    #[test]
    fn columns_without_usual_knots_are_errors() {
        let few = [(1.into(), 90), (2.into(), 10)];
        for (values, count, sentence) in [
            (&few[..], 3, "the quantiles at which 3 knots usually stand are not 3 different numbers"),
            (&[], 4, "the quantiles at which 4 knots usually stand are not 4 different numbers"),
            (&few, 2, "found `2`, expected a number of knots from 3 to 7"),
            (&few, 8, "found `8`, expected a number of knots from 3 to 7"),
        ] {
            let error = Knots::at_usual_quantiles(values, count).unwrap_err();
            assert_eq!((error.code, error.sentence.as_str()), (Code::Term, sentence));
        }
    }
}
