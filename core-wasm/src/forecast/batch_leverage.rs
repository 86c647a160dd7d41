//! The values of many rows to their leverages, by the operations of [`LeverageFactors::parts`] in the same order.
//!
//! Consecutive columns of the factors may be those of one term in rows of different levels, and have only zeros in their rows of L. In a row
//! all of them but one are zero. So they are one column, whose entries of L and D a row chooses, whatever the number of levels.

use super::batch_terms::BatchTerms;
use super::leverage::LeverageFactors;
use samefit_kernels::floats;

/// Where the columns of the factors come from.
#[derive(Clone, Debug)]
pub(crate) struct LeveragePlan {
    columns: Vec<FactorColumn>,
    /// Whether the first column of the design matrix is that of the intercept.
    has_intercept: bool,
}

/// A column of the factors, or several of which a row chooses one.
#[derive(Clone, Debug)]
struct FactorColumn {
    /// Index of the term; `None` for the intercept.
    term: Option<usize>,
    /// The first of the columns of the factors.
    first: usize,
    /// If rows choose the coefficient of the term: for each place the column of the factors, if it is one of these.
    positions: Vec<Option<usize>>,
}

/// Scratch space for the leverages of a batch.
#[derive(Default)]
pub(super) struct BatchLeverage {
    z: Vec<Vec<f64>>,
    known: Vec<f64>,
}

/// The terms of a batch: their values, and the places that its rows choose.
pub(super) trait TermValues {
    /// Replaces `out` by the products of the factors of a term.
    fn product(&self, term: usize, out: &mut Vec<f64>);
    /// Returns the places of the rows' coefficients in a term that has a choice.
    fn choices(&self, term: usize) -> &[u32];
}

impl LeveragePlan {
    /// Returns the plan for the factors of a model.
    pub(crate) fn new(factors: &LeverageFactors, terms: &BatchTerms) -> Self {
        let has_intercept = factors.d().len() > terms.coefficients();
        let mut new = Self { columns: Vec::new(), has_intercept };
        for position in 0..factors.d().len() {
            new.add(position, factors, terms);
        }
        new
    }

    fn add(&mut self, position: usize, factors: &LeverageFactors, terms: &BatchTerms) {
        let coefficient = factors.design_column(position).checked_sub(usize::from(self.has_intercept));
        let place = coefficient.map(|coefficient| terms.place(coefficient));
        let (term, place) = (place.map(|(term, _)| term), place.map_or(0, |(_, place)| place));
        let is_choice = term.is_some_and(|term| terms.terms()[term].choice.is_some());
        // the entries of L in the row of a column that joins others have to be zeros, and theirs too
        let is_free = is_choice && factors.is_apart(position);
        match self.columns.last_mut() {
            Some(last) if is_free && last.term == term && factors.is_apart(last.first) => last.positions[place] = Some(position),
            _ => {
                let mut positions =
                    term.filter(|_| is_choice).map_or_else(Vec::new, |term| vec![None; terms.terms()[term].coefficients.len()]);
                positions.iter_mut().skip(place).take(1).for_each(|own| *own = Some(position));
                self.columns.push(FactorColumn { term, first: position, positions });
            }
        }
    }
}

impl FactorColumn {
    /// Returns the term of which the rows choose one of several columns; `None` if there is one column.
    fn chosen(&self) -> Option<usize> {
        self.term.filter(|_| self.positions.iter().flatten().count() > 1)
    }

    /// Returns a number of each of the columns, by place.
    fn of_each(&self, number: impl Fn(usize) -> f64, none: f64) -> Vec<f64> {
        self.positions.iter().map(|position| position.map_or(none, &number)).collect()
    }
}

impl BatchLeverage {
    /// Adds the leverages of the rows to `leverages`, which has zeros.
    pub(super) fn add(&mut self, plan: &LeveragePlan, factors: &LeverageFactors, values: &impl TermValues, leverages: &mut [f64]) {
        let rows = leverages.len();
        self.z.resize_with(plan.columns.len(), Vec::new);
        for (at, column) in plan.columns.iter().enumerate() {
            let (before, rest) = self.z.split_at_mut(at);
            let z = &mut rest[0];
            design_column(column, values, rows, z);
            self.known.clear();
            self.known.resize(rows, 0.0);
            let others = plan.columns.iter().zip(before.iter()).filter(|_| !factors.is_apart(column.first));
            for (other, z) in others {
                match other.chosen() {
                    Some(term) => {
                        let l = other.of_each(|j| factors.l(column.first, j), 0.0);
                        floats::add_chosen_times(&mut self.known, &l, values.choices(term), z);
                    }
                    None => floats::add_times(&mut self.known, factors.l(column.first, other.first), z),
                }
            }
            match column.chosen() {
                Some(term) => {
                    let d = column.of_each(|i| factors.d()[i], 1.0);
                    floats::add_chosen_leverage(z, &self.known, &d, values.choices(term), leverages);
                }
                None => floats::add_leverage(z, &self.known, factors.d()[column.first], leverages),
            }
        }
    }
}

/// Replaces `out` by a column of the design matrix, or by the sum of those of which a row chooses one.
fn design_column(column: &FactorColumn, values: &impl TermValues, rows: usize, out: &mut Vec<f64>) {
    let Some(term) = column.term else {
        out.clear();
        return out.resize(rows, 1.0);
    };
    values.product(term, out);
    if !column.positions.is_empty() {
        let kept: Vec<bool> = column.positions.iter().map(Option::is_some).collect();
        floats::zero_unchosen(out, &kept, values.choices(term));
    }
}
