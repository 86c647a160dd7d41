//! The terms of a model to what is summed for many rows: terms that differ in levels alone become one, whose coefficient a row chooses.
//!
//! In a row, all indicators of a category but one are zero. So the sum of a category's coefficients times its indicators is one coefficient
//! or none, whatever the number of levels.

use super::linear_form::TermFactors;
use super::variables::Variables;
use std::collections::BTreeMap;

/// The terms of a model for many rows.
#[derive(Clone, Debug)]
pub(crate) struct BatchTerms {
    terms: Vec<BatchTerm>,
    /// For each coefficient its term, and its place there.
    places: Vec<(usize, usize)>,
}

/// A product of numbers with one coefficient, or with one that the levels of a row choose.
#[derive(Clone, Debug)]
pub(super) struct BatchTerm {
    /// Indexes of numbers with their powers; none for the number one.
    pub(super) factors: TermFactors,
    /// What chooses the coefficient; `None` for a term with one.
    pub(super) choice: Option<Choice>,
    /// The indexes of the coefficients that can be chosen, by place. At place 0 of a choice is none.
    pub(super) coefficients: Vec<Option<usize>>,
}

/// How the levels of a row choose a place among coefficients: the sum of one number for each category.
#[derive(Clone, Debug)]
pub(super) struct Choice {
    /// Indexes of categories, each with a number for each of its levels.
    pub(super) categories: Vec<(usize, Vec<u32>)>,
}

/// The index of a term, with the levels of its indicators.
type Member = (usize, Vec<usize>);

impl BatchTerms {
    /// Returns the terms of a model.
    pub(crate) fn new(terms: &[TermFactors], variables: &Variables) -> Self {
        let mut new = Self { terms: Vec::new(), places: Vec::new() };
        let mut groups: Vec<(TermFactors, Vec<usize>, Vec<Member>)> = Vec::new();
        let mut known: BTreeMap<(TermFactors, Vec<usize>), usize> = BTreeMap::new();
        for (at, term) in terms.iter().enumerate() {
            let (indicators, factors): (Vec<_>, Vec<_>) = term.iter().partition(|(variable, _)| variables.indicator(*variable).is_some());
            let levels = indicators.iter().filter_map(|(variable, _)| variables.indicator(*variable));
            let (categories, levels): (Vec<usize>, Vec<usize>) = levels.unzip();
            let next = groups.len();
            let group = if categories.is_empty() { next } else { *known.entry((factors.clone(), categories.clone())).or_insert(next) };
            if group == next {
                groups.push((factors, categories, Vec::new()));
            }
            groups[group].2.push((at, levels));
        }
        new.places.resize(terms.len(), (0, 0));
        for (group, (factors, categories, members)) in groups.into_iter().enumerate() {
            let (term, places) = BatchTerm::new(factors, &categories, &members, variables);
            members.iter().zip(places).for_each(|((at, _), place)| new.places[*at] = (group, place));
            new.terms.push(term);
        }
        new
    }

    /// Returns the terms.
    pub(super) fn terms(&self) -> &[BatchTerm] {
        &self.terms
    }

    /// Returns the number of coefficients.
    pub(super) fn coefficients(&self) -> usize {
        self.places.len()
    }

    /// Returns the term of a coefficient, and the coefficient's place there.
    pub(super) fn place(&self, coefficient: usize) -> (usize, usize) {
        self.places[coefficient]
    }
}

impl BatchTerm {
    /// Returns the term of some coefficients, each with its levels of the categories, and their places.
    fn new(factors: TermFactors, categories: &[usize], members: &[(usize, Vec<usize>)], variables: &Variables) -> (Self, Vec<usize>) {
        if categories.is_empty() {
            let coefficients = members.iter().map(|(at, _)| Some(*at)).collect();
            return (Self { factors, choice: None, coefficients }, vec![0; members.len()]);
        }
        let mut step = 1;
        let mut choice = Choice { categories: Vec::new() };
        for (nth, &category) in categories.iter().enumerate() {
            let mut numbers = vec![0; variables.categories()[category].levels.len()];
            let mut used: Vec<usize> = members.iter().map(|(_, levels)| levels[nth]).collect();
            used.sort_unstable();
            used.dedup();
            used.iter().zip(1..).for_each(|(&level, code)| numbers[level] = code * step);
            choice.categories.push((category, numbers));
            step *= used.len() as u32 + 1;
        }
        let place = |levels: &Vec<usize>| choice.categories.iter().zip(levels).map(|((_, numbers), &level)| numbers[level] as usize).sum();
        let places: Vec<usize> = members.iter().map(|(_, levels)| place(levels)).collect();
        let mut coefficients = vec![None; step as usize];
        members.iter().zip(&places).for_each(|((at, _), &place)| coefficients[place] = Some(*at));
        (Self { factors, choice: Some(choice), coefficients }, places)
    }
}
