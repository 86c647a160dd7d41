//! The values of many rows to their leverages, by the operations of [`LeverageFactors::parts`](super::leverage::LeverageFactors::parts) in
//! the same order.
//!
//! Consecutive columns of the factors may be those of one term in rows of different levels, and have only zeros in their rows of L. In a row
//! all of them but one are zero. So they are one column, whose entries of L and D a row chooses, whatever the number of levels.

use super::batch_terms::BatchTerms;
use crate::model::Leverage;
use samefit_kernels::floats;

/// The factors of a model, with such columns made one.
#[derive(Clone, Debug)]
pub(crate) struct LeveragePlan {
    columns: Vec<FactorColumn>,
}

/// A column of the factors, or several of which a row chooses one.
#[derive(Clone, Debug)]
struct FactorColumn {
    /// Index of the term; `None` for the intercept.
    term: Option<usize>,
    /// If rows choose the coefficient of the term: whether the coefficient at each place is that of one of the columns.
    kept: Vec<bool>,
    /// The entries of its row of L that are not zero, with the indexes of their columns.
    l: Vec<(usize, FactorEntry)>,
    d: FactorEntry,
}

/// An entry of L or D.
#[derive(Clone, Debug)]
enum FactorEntry {
    One(f64),
    /// For each place that the rows choose in a term.
    Chosen(usize, Vec<f64>),
}

/// The columns of the factors that become one.
struct JoinedColumns {
    term: Option<usize>,
    /// The first of them.
    first: usize,
    /// If rows choose the coefficient of the term: for each place the column, if it is one of these.
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
    pub(crate) fn new(leverage: &Leverage, terms: &BatchTerms) -> Self {
        let all = joined(leverage, terms);
        let row = |at: usize| {
            // what joins others has zeros alone
            let before = all[..at].iter().map(|other| other.entry(|j| leverage.l_at(all[at].first, j).high, 0.0));
            before.enumerate().filter(|(_, entry)| !entry.is_zero()).collect()
        };
        let column = |(at, own): (usize, &JoinedColumns)| FactorColumn {
            term: own.term,
            kept: own.positions.iter().map(Option::is_some).collect(),
            l: row(at),
            d: own.entry(|i| leverage.d[i], 1.0),
        };
        Self { columns: all.iter().enumerate().map(column).collect() }
    }
}

/// Joins the columns of the factors of which a row chooses one.
fn joined(leverage: &Leverage, terms: &BatchTerms) -> Vec<JoinedColumns> {
    let has_intercept = leverage.d.len() > terms.coefficients();
    let mut all: Vec<JoinedColumns> = Vec::new();
    for (position, column) in leverage.columns().into_iter().enumerate() {
        let coefficient = column.checked_sub(usize::from(has_intercept));
        let (term, place) = coefficient.map(|coefficient| terms.place(coefficient)).unzip();
        let places = term.map(|term| &terms.terms()[term]).filter(|term| term.choice.is_some()).map(|term| term.coefficients.len());
        let (Some(places), Some(place)) = (places, place) else {
            all.push(JoinedColumns { term, first: position, positions: Vec::new() });
            continue;
        };
        // the entries of L in the row of a column that joins others have to be zeros, and theirs too
        let joins = |last: &&mut JoinedColumns| last.term == term && leverage.is_apart(position) && leverage.is_apart(last.first);
        match all.last_mut().filter(joins) {
            Some(last) => last.positions[place] = Some(position),
            None => {
                let positions = (0..places).map(|own| (own == place).then_some(position)).collect();
                all.push(JoinedColumns { term, first: position, positions });
            }
        }
    }
    all
}

impl JoinedColumns {
    /// Returns the entry of a row of L, or of D, for numbers of columns of the factors. `none`: the number where no column can be chosen.
    fn entry(&self, number: impl Fn(usize) -> f64, none: f64) -> FactorEntry {
        match self.term.filter(|_| self.positions.iter().flatten().count() > 1) {
            Some(term) => FactorEntry::Chosen(term, self.positions.iter().map(|position| position.map_or(none, &number)).collect()),
            None => FactorEntry::One(number(self.first)),
        }
    }
}

impl FactorEntry {
    fn is_zero(&self) -> bool {
        match self {
            Self::One(number) => *number == 0.0,
            Self::Chosen(_, numbers) => numbers.iter().all(|number| *number == 0.0),
        }
    }
}

impl BatchLeverage {
    /// Adds the leverages of the rows to `leverages`, which has zeros.
    pub(super) fn add(&mut self, plan: &LeveragePlan, values: &impl TermValues, leverages: &mut [f64]) {
        let rows = leverages.len();
        self.z.resize_with(plan.columns.len(), Vec::new);
        for (at, column) in plan.columns.iter().enumerate() {
            let (before, rest) = self.z.split_at_mut(at);
            let z = &mut rest[0];
            design_column(column, values, rows, z);
            self.known.clear();
            self.known.resize(rows, 0.0);
            for (other, entry) in &column.l {
                match entry {
                    FactorEntry::One(l) => floats::add_times(&mut self.known, *l, &before[*other]),
                    FactorEntry::Chosen(term, l) => {
                        floats::add_chosen_times(&mut self.known, l, values.choices(*term), &before[*other]);
                    }
                }
            }
            match &column.d {
                FactorEntry::One(d) => floats::add_leverage(z, &self.known, *d, leverages),
                FactorEntry::Chosen(term, d) => floats::add_chosen_leverage(z, &self.known, d, values.choices(*term), leverages),
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
    if !column.kept.is_empty() {
        floats::zero_unchosen(out, &column.kept, values.choices(term));
    }
}
