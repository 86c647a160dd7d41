//! A plan and statistics to a design: its columns and the sums of their products.

use super::category::DesignCategory;
use super::columns::{DesignColumn, expand};
use super::feature::{Feature, check_summed, check_units, combined, features, place, used_terms};
use super::{gram, order};
use crate::decimal::{Decimal, ten_to};
use crate::error::{Code, Error, Result, list};
use crate::model::CoefficientFactor;
use crate::plan::Plan;
use crate::release_policy::{MERGE_LEVELS, check_group_rows, check_rows};
use crate::solve::{INTERCEPT, LinearRestriction, NormalEquations, constant_columns, plausible};
use crate::statistics::{Moments, Statistics, pair_index};
use crate::terms::Term;
use std::borrow::Cow;

/// The design of a model: its columns, and the sums of their products.
#[derive(Debug)]
pub struct Design<'a> {
    /// The column to predict.
    pub target: String,
    /// Whether the model has an intercept.
    pub has_intercept: bool,
    /// The features, in the order of the plan.
    pub features: Vec<Feature>,
    /// The columns, without the intercept.
    pub columns: Vec<DesignColumn>,
    /// The categories in the features.
    pub categories: Vec<DesignCategory>,
    /// Combinations of levels that a feature asks for and that no row has.
    pub empty_cells: Vec<Vec<CoefficientFactor>>,
    /// The terms of the statistics that are used: the numerical parts of the features, the target, and columns that only products use.
    pub used: Vec<Term>,
    rows: i64,
    /// The sums of products of (1, terms of the statistics), or of (1, columns, target) if there are categories.
    moments: Cow<'a, Moments>,
    /// The places of the columns and of the target in `moments`.
    places: Vec<usize>,
    target_place: usize,
    /// As in [`NormalEquations`].
    constant: Option<Vec<usize>>,
    multipliers: Vec<Decimal>,
}

impl<'a> Design<'a> {
    /// Builds the design of a plan, if the statistics have what it needs.
    ///
    /// # Errors
    /// `target`, `term`, `no-columns`, `missing-term`, `units-differ`, `statistics-differ`, `reference`, `constant-column`, `capacity`,
    /// `too-few-to-share`, `impossible-statistics`.
    pub fn new(statistics: &'a Statistics, plan: &Plan) -> Result<Self> {
        plausible::check_counts(statistics)?;
        check_shared(statistics)?;
        check_weights(statistics, plan)?;
        let target = plan.needed_target()?;
        let target_term = Term::column(target);
        let (mut features, mut categories) = features(statistics, plan, target)?;
        let used = used_terms(&features, &target_term);
        features.iter().try_for_each(|feature| check_summed(statistics, plan, feature))?;
        used.iter().try_for_each(|term| place(statistics, term).map(drop))?;
        check_units(statistics, plan, &used)?;
        let target_place = place(statistics, &target_term)?;
        let expansion = expand(statistics, plan, &mut features, &mut categories)?;
        let mut design = Self {
            target: target.to_owned(),
            has_intercept: plan.intercept,
            features,
            columns: expansion.columns,
            empty_cells: expansion.empty_cells,
            used,
            rows: statistics.rows,
            moments: Cow::Borrowed(&statistics.moments),
            places: Vec::new(),
            target_place,
            categories,
            constant: None,
            multipliers: Vec::new(),
        };
        let single = |column: &DesignColumn| if let [(_, place)] = column.parts[..] { Some(place) } else { None };
        let places: Option<Vec<usize>> = design.columns.iter().map(single).collect();
        if let Some(places) = places.filter(|_| design.categories.is_empty()) {
            design.places = places;
        } else {
            design.moments = Cow::Owned(gram::moments(statistics, &design.categories, &design.combined(), &design.columns, target_place)?);
            design.places = (1..=design.columns.len()).collect();
            design.target_place = design.columns.len() + 1;
        }
        design.update();
        Ok(design)
    }

    /// Finds what depends on which columns there are.
    fn update(&mut self) {
        self.constant = match (self.has_intercept, self.is_indicated()) {
            (true, _) => Some(vec![0]),
            (false, true) => constant_columns(&self.moments, &self.places),
            (false, false) => None,
        };
        let one = Decimal::from(1);
        let intercept = self.has_intercept.then_some(&one);
        let divisors = intercept.into_iter().chain(self.columns.iter().map(|column| &column.divisor));
        let is_multiplied = self.columns.iter().any(|column| column.divisor != one);
        self.multipliers = if is_multiplied { divisors.cloned().collect() } else { Vec::new() };
    }

    /// Returns the columns of the categories.
    pub fn category_columns(&self) -> Vec<&str> {
        self.categories.iter().map(|category| category.column.as_str()).collect()
    }

    /// Returns the sets of categories whose combinations of levels the features have, as indexes of [`Self::category_columns`].
    pub fn combined(&self) -> Vec<Vec<usize>> {
        combined(&self.features)
    }

    /// Returns the number of columns, the intercept among them.
    pub fn size(&self) -> usize {
        self.columns.len() + usize::from(self.has_intercept)
    }

    /// Returns the names of the columns, the intercept's first.
    pub fn names(&self) -> Vec<String> {
        let intercept = self.has_intercept.then(|| INTERCEPT.to_owned());
        intercept.into_iter().chain(self.columns.iter().map(|column| column.term.to_string())).collect()
    }

    /// Returns the order of the columns in the factors, as indexes among the intercept, if there is one, and then the columns; none without
    /// categories.
    pub fn order(&self) -> Option<Vec<usize>> {
        order::order(&self.columns, self.has_intercept)
    }

    /// Returns the normal equations, with the columns in their own order.
    pub fn equations(&self) -> NormalEquations<'_> {
        let intercept = self.has_intercept.then_some(0);
        let places: Vec<usize> = intercept.into_iter().chain(self.places.iter().copied()).collect();
        NormalEquations {
            moments: Cow::Borrowed(&self.moments),
            rows: self.rows,
            design: places.iter().copied().zip(self.names()).collect(),
            target: self.target_place,
            constant: self.constant.clone(),
            multipliers: self.multipliers.clone(),
        }
    }

    /// Returns a restriction of coefficients as one of the coefficients of columns that were multiplied.
    pub(crate) fn for_multiplied_columns(&self, restriction: &LinearRestriction) -> LinearRestriction {
        let multipliers = &self.multipliers;
        if multipliers.is_empty() {
            return restriction.clone();
        }
        // a coefficient is the multiplier times that of the multiplied column
        let scale = restriction.factors.keys().map(|&at| multipliers[at].scale).max().unwrap_or(0);
        let factors = restriction.factors.iter().map(|(&at, factor)| (at, factor * multipliers[at].mantissa_at(scale)));
        LinearRestriction::new(factors, &restriction.value * ten_to(scale))
    }

    /// Returns the normal equations, with the columns in the order of the factors.
    pub fn ordered_equations(&self) -> NormalEquations<'_> {
        let equations = self.equations();
        let Some(order) = self.order() else { return equations };
        let design = order.iter().map(|&at| equations.design[at].clone()).collect();
        let constant = equations.constant.map(|columns| (0..order.len()).filter(|&at| columns.contains(&order[at])).collect());
        let multipliers = order.iter().filter_map(|&at| equations.multipliers.get(at).cloned()).collect();
        NormalEquations { design, constant, multipliers, ..equations }
    }

    /// Leaves out columns, given as indexes among the intercept, if there is one, and then the columns.
    pub fn leave_out(&mut self, indexes: &[usize]) {
        let first = usize::from(self.has_intercept);
        let is_kept = |at: &usize| !indexes.contains(&(at + first));
        let kept: Vec<usize> = (0..self.columns.len()).filter(is_kept).collect();
        let before = |end: usize| kept.iter().filter(|&&at| at < end).count();
        for feature in &mut self.features {
            feature.columns = before(feature.columns.start)..before(feature.columns.end);
        }
        self.columns = kept.iter().map(|&at| self.columns[at].clone()).collect();
        self.places = kept.iter().map(|&at| self.places[at]).collect();
        self.update();
    }

    /// Returns whether the levels of a category stand in a feature without numbers, so that the columns span the constant.
    fn is_indicated(&self) -> bool {
        self.features.iter().any(|feature| feature.numeric == Term::ONE)
    }
}

/// Refuses statistics that claim to be made for sharing and have too few rows, or too few of a level or of a pair of levels.
///
/// # Errors
/// `too-few-to-share`, `singled-out`.
pub(crate) fn check_shared(statistics: &Statistics) -> Result<()> {
    if statistics.shared.is_none() {
        return Ok(());
    }
    let terms = statistics.terms.len();
    check_rows(statistics.rows, terms)?;
    // a count beyond 64 bits is enough for everything
    let rows = |moments: &Moments| i64::try_from(&moments.at(0, 0).integer_at(0)).unwrap_or(i64::MAX);
    let categories = &statistics.levels.categories;
    let merging = || MERGE_LEVELS.to_owned();
    for (second, category) in categories.iter().enumerate() {
        for (level, moments) in &category.levels {
            check_group_rows(rows(moments), terms, &[(&category.column, level)], merging)?;
        }
        for (first, other) in categories[..second].iter().enumerate() {
            for ((one, level), moments) in &statistics.levels.pairs[pair_index(first, second)] {
                check_group_rows(rows(moments), terms, &[(&other.column, one), (&category.column, level)], merging)?;
            }
        }
    }
    Ok(())
}

/// Refuses statistics with other weights than the plan names.
fn check_weights(statistics: &Statistics, plan: &Plan) -> Result<()> {
    let own = statistics.weights.as_ref().map(|weights| weights.column.as_str());
    match plan.weights.as_deref() {
        Some(wanted) if own != Some(wanted) => {
            let has = own.map_or_else(|| "no weights".to_owned(), |own| format!("the weights {}", list([own])));
            let sentence = format!("the statistics have {has}, the plan names {}", list([wanted]));
            Err(Error::new(Code::StatisticsDiffer, sentence, "summarise the data with these --weights"))
        }
        _ => Ok(()),
    }
}
