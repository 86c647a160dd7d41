//! The coefficients of a model to its features: a category has a coefficient for most of its levels, and is one feature.

use super::{CoefficientFactor, Model, ModelCoefficient};
use crate::error::Result;
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
}

impl Model {
    /// Returns the features, in the order of their first coefficients.
    ///
    /// # Errors
    /// `term`, `model`.
    pub fn features(&self) -> Result<Vec<ModelFeature>> {
        let (mut features, mut places): (Vec<ModelFeature>, BTreeMap<String, usize>) = (Vec::new(), BTreeMap::new());
        for (at, coefficient) in self.coefficients.iter().enumerate() {
            let name = coefficient.feature();
            if let Some(&place) = places.get(&name) {
                features[place].coefficients.push(at);
                continue;
            }
            let term = coefficient.term()?;
            let columns = term.factors.iter().map(|(variable, _)| variable);
            let columns = columns.map(|variable| (variable.column().to_owned(), matches!(variable, Variable::Level { .. }))).collect();
            places.insert(name.clone(), features.len());
            features.push(ModelFeature { name, columns, coefficients: vec![at] });
        }
        Ok(features)
    }

    /// Returns the texts of the features, then the categories that no coefficient uses, because they have one level.
    pub(super) fn feature_names(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        let unused =
            |column: &&str| !self.coefficients.iter().flat_map(|c| c.factors.iter().flatten()).any(|factor| factor.column == *column);
        let categories = self.categories().filter(unused).map(str::to_owned).collect::<Vec<_>>();
        for name in self.coefficients.iter().map(ModelCoefficient::feature).chain(categories) {
            // coefficients of one feature follow one another
            if names.last() != Some(&name) && !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// Returns the columns that are categories.
    pub fn categories(&self) -> impl Iterator<Item = &str> {
        self.feature_columns().filter(|column| column.levels.is_some()).map(|column| column.name.as_str())
    }
}
