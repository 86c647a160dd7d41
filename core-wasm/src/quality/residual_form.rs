//! A model's residual as a linear form of summed terms, and the exact sums of it and of its square over records.
//!
//! The terms are grouped by the levels of their indicators. A product of two groups is zero but in the rows that have the levels of both, and
//! the sums of all its products are among the moments of these rows.

use crate::decimal::Decimal;
use crate::error::{Code, Error, Result};
use crate::level::Level;
use crate::model::Model;
use crate::ordered::IntoOrdered;
use crate::ratio::least_multiple;
use crate::statistics::{COMBINED_MIN, CombinedMoments, Moments, Statistics, exact_decimal, unions};
use crate::terms::{Term, TermCombination, Variable};
use dashu_int::IBig;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// The residual of a model: a sum over an integer.
pub(super) struct ResidualForm<'s> {
    records: &'s Statistics,
    groups: Vec<TermGroup>,
    /// The moments of the rows of combinations of levels, for each set of three categories or more that two groups have together.
    combinations: BTreeMap<Vec<usize>, CombinedMoments<'s>>,
    /// The integer by which the sum is divided; above zero.
    pub(super) divisor: IBig,
}

/// The terms with the same indicators.
struct TermGroup {
    levels: IndicatorLevels,
    /// The places of the terms, without their indicators, among (1, terms) of the statistics, with their factors.
    factors: Vec<(usize, Decimal)>,
}

/// Indexes of categories of the statistics, each with a level.
type IndicatorLevels = Vec<(usize, Level)>;

impl<'s> ResidualForm<'s> {
    /// Returns the residual of a model, by the terms of records.
    ///
    /// # Errors
    /// `missing-term`; those of the model's terms.
    pub(super) fn new(model: &Model, records: &'s Statistics) -> Result<Self> {
        let whole = |value: f64, remainder: f64| exact_decimal(value).plus(&exact_decimal(remainder)).negated();
        let target = model.target.column.clone();
        let mut terms = vec![(Term::column(&target), Decimal::from(1), target)];
        if model.has_intercept {
            terms.push((Term::ONE, whole(model.intercept, model.intercept_remainder), String::new()));
        }
        for (term, one) in model.terms()?.into_iter().zip(&model.coefficients) {
            terms.push((term, whole(one.coefficient, one.remainder), one.feature()));
        }
        let combinations: Vec<TermCombination> = terms.iter().map(|(term, ..)| term.combination()).collect();
        let divisor = least_multiple(combinations.iter().map(|combination| &combination.divisor));
        let mut groups: BTreeMap<IndicatorLevels, BTreeMap<usize, Decimal>> = BTreeMap::new();
        for (combination, (_, factor, feature)) in combinations.iter().zip(&terms) {
            let factor = factor.times(&Decimal { mantissa: &divisor / &combination.divisor, scale: 0 });
            for (weight, term) in &combination.parts {
                let (levels, place) = place(term, records).ok_or_else(|| missing(feature))?;
                let sum = groups.entry(levels).or_default().entry(place).or_insert(Decimal::ZERO);
                *sum = sum.plus(&factor.times(weight));
            }
        }
        let group =
            |(levels, factors): (IndicatorLevels, BTreeMap<usize, Decimal>)| TermGroup { levels, factors: factors.into_iter().collect() };
        let groups: Vec<TermGroup> = groups.into_iter().map(group).collect();
        Ok(Self { records, combinations: combined_moments(&groups, records), groups, divisor })
    }

    /// Returns the sum of the residuals times [`Self::divisor`]; with weights, of their products with the weights.
    pub(super) fn sum(&self) -> Result<Decimal> {
        let one = TermGroup { levels: Vec::new(), factors: vec![(0, 1.into())] };
        self.groups.iter().try_fold(Decimal::ZERO, |sum, group| Ok(sum.plus(&self.sum_of_products(group, &one)?)))
    }

    /// Returns the sum of the squares of the residuals times the square of [`Self::divisor`]; with weights, of their products with the
    /// weights.
    pub(super) fn sum_of_squares(&self) -> Result<Decimal> {
        let mut sum = Decimal::ZERO;
        for (at, group) in self.groups.iter().enumerate() {
            sum = sum.plus(&self.sum_of_products(group, group)?);
            for other in &self.groups[..at] {
                sum = sum.plus(&self.sum_of_products(group, other)?.times(&2.into()));
            }
        }
        Ok(sum)
    }

    /// Returns the sum of the products of two groups over all records.
    fn sum_of_products(&self, one: &TermGroup, other: &TermGroup) -> Result<Decimal> {
        let Some(moments) = self.moments(&one.levels, &other.levels)? else { return Ok(Decimal::ZERO) };
        let row = |place: usize| {
            let products = other.factors.iter().map(|(at, factor)| factor.times(moments.at(place, *at)));
            products.fold(Decimal::ZERO, |sum, product| sum.plus(&product))
        };
        Ok(one.factors.iter().fold(Decimal::ZERO, |sum, (place, factor)| sum.plus(&factor.times(&row(*place)))))
    }

    /// Returns the moments of the records that have the levels of both; none if there are no such records.
    ///
    /// Errors: `missing-term` for combinations of levels of which the statistics have no sums.
    fn moments<'a>(&'a self, one: &'a IndicatorLevels, other: &'a IndicatorLevels) -> Result<Option<&'a Moments>> {
        if one.iter().any(|own| other.iter().any(|others| own.0 == others.0 && own.1 != others.1)) {
            return Ok(None);
        }
        let records = self.records;
        let mut all: Vec<&(usize, Level)> = one.iter().chain(other.iter().filter(|level| !one.contains(level))).collect();
        all.sort_unstable();
        match all[..] {
            [] => Ok(Some(&records.moments)),
            [(category, level)] => Ok(records.levels.of_level(*category, level)),
            [first, second] => Ok(records.levels.of_pair((first.0, &first.1), (second.0, &second.1))),
            _ => {
                let (set, levels): (Vec<usize>, Vec<&Level>) = all.iter().map(|(category, level)| (*category, level)).unzip();
                let names = || set.iter().map(|&at| records.levels.categories[at].column.as_str()).collect::<Vec<_>>().join("*");
                let moments = self.combinations.get(&set).ok_or_else(|| missing(&names()))?;
                Ok(moments.get(&levels).map(Cow::as_ref))
            }
        }
    }
}

/// Returns the levels of a term's indicators, and the place of the rest among (1, terms) of the statistics; none if they do not have it.
fn place(term: &Term, records: &Statistics) -> Option<(IndicatorLevels, usize)> {
    let (mut factors, mut levels) = (Vec::new(), Vec::new());
    for (variable, power) in &term.factors {
        match variable {
            Variable::Level { column, level } => levels.push((records.levels.category(column)?, level.clone())),
            _ => factors.push((variable.clone(), *power)),
        }
    }
    levels.sort();
    let numbers = Term { factors };
    Some((levels, if numbers == Term::ONE { 0 } else { records.position(&numbers)? }))
}

/// Returns the moments of combinations of levels, for each set of three categories or more that two groups have together and of which the
/// statistics have sums.
fn combined_moments<'s>(groups: &[TermGroup], records: &'s Statistics) -> BTreeMap<Vec<usize>, CombinedMoments<'s>> {
    let sets: Vec<BTreeSet<usize>> = groups.iter().map(|group| group.levels.iter().map(|(category, _)| *category).into_set()).collect();
    let sets = unions(&sets).into_iter().map(|set| set.into_iter().collect::<Vec<_>>());
    sets.filter(|set| set.len() >= COMBINED_MIN).filter_map(|set| Some((set.clone(), records.levels.of_combinations(&set)?))).into_map()
}

/// Returns the error of a feature whose terms the records' statistics do not have.
pub(super) fn missing(feature: &str) -> Error {
    Error::new(Code::MissingTerm, "the records' statistics have no such term", "summarise the records with the model's plan")
        .in_column(feature)
}
