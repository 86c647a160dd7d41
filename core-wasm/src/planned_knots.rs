//! The knots that a plan asks for, into features that are restricted cubic splines.
//!
//! *Not here*: quantiles ([`splines::quantiles`](crate::splines::quantiles)), the values whose quantiles they are
//! ([`summarizer`](crate::summarizer)).

use crate::error::{Code, Error, Result};
use crate::splines::Knots;
use crate::terms::{Term, Variable};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a plan says of the knots of a column.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(untagged)]
pub enum PlannedKnots {
    /// So many knots are to be chosen: the usual quantiles of the column.
    Usual(usize),
    /// The places of the knots, as decimal texts.
    At(Vec<String>),
}

/// Replaces the feature that is a column by itself with a spline of the column, for each column with places of knots. Returns the columns whose
/// knots are still to be chosen. Other features of a column, such as products, stay as they are.
///
/// # Errors
///
/// `term` if no feature is the column by itself, for a number of knots that has no usual quantiles, and those of [`Knots::parse`].
///
/// ```
/// use samefit_core::planned_knots::{PlannedKnots, make_splines};
/// use std::collections::BTreeMap;
///
/// let mut features = ["sex", "age", "age*sex"].map(str::to_owned);
/// let places = ["30", "50", "70"].map(str::to_owned).to_vec();
/// make_splines(&mut features, BTreeMap::from([("age".to_owned(), PlannedKnots::At(places))]))?;
/// assert_eq!(features, ["sex", "rcs(age,30,50,70)", "age*sex"]);
/// # Ok::<(), samefit_core::error::Error>(())
/// ```
pub fn make_splines(features: &mut [String], planned: BTreeMap<String, PlannedKnots>) -> Result<BTreeMap<String, PlannedKnots>> {
    let mut open = BTreeMap::new();
    for (column, knots) in planned {
        let is_column = |feature: &&mut String| Term::parse(feature).is_ok_and(|term| term.as_column() == Some(&column));
        let feature = features.iter_mut().find(is_column).ok_or_else(|| not_a_feature(&column))?;
        match knots {
            PlannedKnots::Usual(count) => {
                Knots::check_usual(count).map_err(|error| error.in_column(&column))?;
                open.insert(column, knots);
            }
            PlannedKnots::At(places) => {
                let knots = Knots::parse(&places).map_err(|error| error.in_column(&column))?;
                *feature = Variable::Spline { column, knots, basis: None }.to_string();
            }
        }
    }
    Ok(open)
}

/// The error for knots of a column that is no feature.
fn not_a_feature(column: &str) -> Error {
    let sentence = "knots are asked for, and no feature is this column by itself";
    Error::new(Code::Term, sentence, "name the column as a feature, or ask for no knots of it").in_column(column)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned(column: &str, knots: PlannedKnots) -> BTreeMap<String, PlannedKnots> {
        BTreeMap::from([(column.to_owned(), knots)])
    }

    #[test]
    fn knots_to_choose_stay() {
        let mut features = ["age", "bmi"].map(str::to_owned);
        let open = make_splines(&mut features, planned("bmi", PlannedKnots::Usual(4))).unwrap();
        assert_eq!((open, features), (planned("bmi", PlannedKnots::Usual(4)), ["age", "bmi"].map(str::to_owned)));
    }

    #[test]
    fn knots_without_a_feature_or_usual_places_are_errors() {
        let at = |places: &[&str]| PlannedKnots::At(places.iter().map(|&place| place.to_owned()).collect());
        for (column, knots, sentence) in [
            ("sex", PlannedKnots::Usual(4), "knots are asked for, and no feature is this column by itself"),
            ("age", PlannedKnots::Usual(2), "found `2`, expected a number of knots from 3 to 7"),
            ("age", PlannedKnots::Usual(8), "found `8`, expected a number of knots from 3 to 7"),
            ("age", at(&["3", "1", "2"]), "found `3,1,2`, expected knots in increasing order, and not 3 before 1"),
        ] {
            let mut features = ["age", "age*sex"].map(str::to_owned);
            let error = make_splines(&mut features, planned(column, knots)).unwrap_err();
            assert_eq!((error.code, error.sentence.as_str(), error.column.as_deref()), (Code::Term, sentence, Some(column)));
        }
    }
}
