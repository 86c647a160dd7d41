//! The coefficients of a model to its features: a category has a coefficient for most of its levels, and is one feature.

use super::{CoefficientFactor, Model, ModelCoefficient};
use crate::error::Result;
use crate::ordered::IntoOrdered;
use crate::terms::{Term, Variable};
use std::collections::BTreeMap;

/// A feature of a model: a term of columns, of which some may be categories.
pub struct ModelFeature {
    /// The text of the term, such as `age*site`.
    pub name: String,
    /// The columns of the term, and whether they are categories.
    pub columns: Vec<(String, bool)>,
    /// The indexes of its coefficients.
    pub coefficients: Vec<usize>,
}

impl ModelCoefficient {
    /// Returns the text of the feature: the term with columns in place of their levels, and splines in place of their basis functions.
    pub fn feature(&self) -> String {
        let Some(factors) = &self.factors else { return self.name.clone() };
        let whole = |factor: &CoefficientFactor| {
            let variable = match factor.variable()? {
                Variable::Level { column, .. } => Variable::Column(column),
                Variable::Spline { column, knots, .. } => Variable::Spline { column, knots, basis: None },
                other => other,
            };
            Some((variable, factor.power))
        };
        let term = factors.iter().map(whole).collect::<Option<_>>().and_then(Term::of);
        term.map_or_else(|| self.name.clone(), |term| term.to_string())
    }

    /// Returns whether the term is a product of columns, functions of columns and levels: each spline in it is the column itself.
    pub(crate) fn is_of_columns(&self) -> bool {
        self.factors.iter().flatten().all(|factor| factor.basis.is_none_or(|basis| basis == 1))
    }
}

impl Model {
    /// Returns the features, in the order of their first coefficients.
    ///
    /// # Errors
    /// `term`, `model`.
    pub fn features(&self) -> Result<Vec<ModelFeature>> {
        let feature = |(name, coefficients): (String, Vec<usize>)| {
            let term = self.coefficients[coefficients[0]].term()?;
            let columns = term.factors.iter().map(|(variable, _)| variable);
            let columns = columns.map(|variable| (variable.column().to_owned(), matches!(variable, Variable::Level { .. }))).collect();
            Ok(ModelFeature { name, columns, coefficients })
        };
        self.coefficients_by_feature().into_iter().map(feature).collect()
    }

    /// Returns the text of each feature with the indexes of its coefficients.
    fn coefficients_by_feature(&self) -> Vec<(String, Vec<usize>)> {
        let mut features: Vec<(String, Vec<usize>)> = Vec::new();
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        for (at, name) in self.coefficients.iter().map(ModelCoefficient::feature).enumerate() {
            let place = *places.entry(name).or_insert_with_key(|name| {
                features.push((name.clone(), Vec::new()));
                features.len() - 1
            });
            features[place].1.push(at);
        }
        features
    }

    /// Returns the texts of the features, then the categories that no coefficient uses, because they have one level.
    pub(super) fn feature_names(&self) -> Vec<String> {
        let factors = self.coefficients.iter().flat_map(|one| one.factors.iter().flatten());
        let used = factors.map(|factor| factor.column.as_str()).into_set();
        let unused = self.categories().filter(|column| !used.contains(column)).map(str::to_owned);
        self.coefficients_by_feature().into_iter().map(|(name, _)| name).chain(unused).collect()
    }

    /// Returns the columns that are categories.
    pub fn categories(&self) -> impl Iterator<Item = &str> {
        self.feature_columns().filter(|column| column.levels.is_some()).map(|column| column.name.as_str())
    }
}
