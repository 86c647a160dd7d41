//! The coefficients of a design by the names that restrictions use.

use crate::design::Design;
use crate::solve::INTERCEPT;
use crate::terms::Term;

/// The coefficients of a design, the intercept first if there is one.
pub(super) struct Coefficients {
    /// Their names.
    pub(super) names: Vec<String>,
    /// The factors of their terms as texts, sorted.
    factors: Vec<Vec<String>>,
    /// The features that have other columns than one of their own name: their factors as texts, sorted, and the indexes of their
    /// coefficients.
    features: Vec<(Vec<String>, Vec<usize>)>,
}

impl Coefficients {
    pub(super) fn of(design: &Design) -> Self {
        let first = usize::from(design.has_intercept);
        let expanded = design.features.iter().filter(|feature| !feature.categories.is_empty() || feature.columns.len() != 1);
        let features = expanded.map(|feature| (factors(&feature.term), feature.columns.clone().map(|at| at + first).collect()));
        let intercept = design.has_intercept.then(Vec::new);
        Self {
            names: design.names(),
            factors: intercept.into_iter().chain(design.columns.iter().map(|column| factors(&column.term))).collect(),
            features: features.collect(),
        }
    }

    /// Returns the index of the coefficient that these factors name, in any order.
    pub(super) fn find(&self, names: &[String]) -> Option<usize> {
        let wanted = sorted(names);
        let is_named = |at: &usize| self.factors[*at] == wanted;
        (usize::from(self.has_intercept())..self.names.len()).find(is_named)
    }

    /// Returns the indexes of the coefficients of a whole feature with a category or a spline, however its spline is spelled.
    pub(super) fn feature(&self, names: &[String]) -> Option<&[usize]> {
        let canonical = |name: &String| Term::parse(name).map_or_else(|_| name.clone(), |term| term.to_string());
        let wanted = sorted(&names.iter().map(canonical).collect::<Vec<_>>());
        self.features.iter().find(|(factors, _)| *factors == wanted).map(|(_, indexes)| indexes.as_slice())
    }

    pub(super) fn has_intercept(&self) -> bool {
        self.names.first().is_some_and(|first| first == INTERCEPT)
    }
}

/// Returns the factors of a term as texts, sorted.
fn factors(term: &Term) -> Vec<String> {
    let text = |factor| Term { factors: vec![factor] }.to_string();
    sorted(&term.factors.iter().cloned().map(text).collect::<Vec<_>>())
}

fn sorted(texts: &[String]) -> Vec<String> {
    let mut sorted = texts.to_vec();
    sorted.sort_unstable();
    sorted
}

#[cfg(test)]
impl Coefficients {
    /// Returns the coefficients of an intercept, if it is the first name, and of features without categories.
    pub(super) fn of_names(names: &[String]) -> Self {
        let of_name =
            |name: &String| if name == INTERCEPT { Vec::new() } else { Term::parse(name).map(|term| factors(&term)).unwrap_or_default() };
        Self { names: names.to_vec(), factors: names.iter().map(of_name).collect(), features: Vec::new() }
    }
}
