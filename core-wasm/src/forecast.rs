//! Rows of cells at known places to predictions with their intervals, many rows at once.
//!
//! Everything is computed column by column over the rows, each row's operations in the order in which `predict` does them for one row, so that
//! both give the same bits. Rows whose cells are not read here, or whose results need a word (a warning, an error), are left to it.
//!
//! *Not here*: what is written (`predict`).

use crate::column::Column;
use samefit_kernels::floats;
use samefit_kernels::scan::Rows;

/// The design of a model: for each coefficient the index of a column and its power, one after another.
pub(crate) type Terms = [Vec<(usize, u32)>];

/// Predictions of the rows of a batch.
#[derive(Clone, Default)]
pub(crate) struct Forecast {
    readers: Vec<Column>,
    /// Values by column.
    columns: Vec<Vec<f64>>,
    /// Rows of the design matrix by column, the intercept's ones first if there is one; then what is left of them.
    design: Vec<Vec<f64>>,
    known: Vec<f64>,
    /// Rows that are to be looked at by themselves.
    pub(crate) unread: Vec<bool>,
    /// The predicted target.
    pub(crate) values: Vec<f64>,
    /// Half the width of the interval.
    pub(crate) halves: Vec<f64>,
}

/// What a forecast needs of a model.
pub(crate) struct Formula<'a> {
    pub(crate) terms: &'a Terms,
    pub(crate) intercept: f64,
    pub(crate) coefficients: &'a mut dyn Iterator<Item = f64>,
}

/// What an interval needs of a model.
pub(crate) struct Spread<'a> {
    pub(crate) has_intercept: bool,
    pub(crate) l: &'a [Vec<f64>],
    pub(crate) d: &'a [f64],
    /// `t * residual_sd`.
    pub(crate) half_width: f64,
}

impl Forecast {
    /// For a model of so many columns.
    pub(crate) fn new(columns: usize) -> Self {
        let mut new = Self::default();
        new.readers.resize_with(columns, Column::default);
        new.columns.resize_with(columns, Vec::new);
        new
    }

    /// Reads the columns at these places. Rows with a cell that is not read here are marked as unread.
    pub(crate) fn read(&mut self, rows: &Rows<'_>, places: &[usize]) {
        self.unread.clear();
        self.unread.resize(rows.len(), false);
        for ((reader, values), &place) in self.readers.iter_mut().zip(&mut self.columns).zip(places) {
            reader.read(rows, place, &mut self.unread);
            reader.to_f64(values);
        }
    }

    /// The values of a column that was read; anything for unread rows.
    pub(crate) fn column(&self, column: usize) -> &[f64] {
        &self.columns[column]
    }

    /// Marks rows with a value outside the range of its column as unread; ends that are not there are infinite.
    pub(crate) fn mark_outside(&mut self, column: usize, range: (f64, f64)) {
        floats::mark_outside(&self.columns[column], range, &mut self.unread);
    }

    /// Predicts the rows that were read.
    pub(crate) fn predict(&mut self, formula: Formula<'_>) {
        let rows = self.unread.len();
        self.halves.clear();
        self.design.resize_with(formula.terms.len() + 1, Vec::new);
        self.values.clear();
        self.values.resize(rows, formula.intercept);
        for ((factors, coefficient), term) in formula.terms.iter().zip(formula.coefficients).zip(&mut self.design[1..]) {
            product(factors, &self.columns, rows, term);
            floats::add_times(&mut self.values, coefficient, term);
        }
        self.mark_infinite();
    }

    /// Half the width of the interval of each row, after [`Self::predict`], which takes the design with it.
    pub(crate) fn spread(&mut self, spread: &Spread<'_>) {
        let rows = self.unread.len();
        self.design[0].clear();
        self.design[0].resize(rows, 1.0);
        let z = &mut self.design[usize::from(!spread.has_intercept)..];
        self.halves.clear();
        self.halves.resize(rows, 0.0);
        for i in 0..z.len() {
            let (before, rest) = z.split_at_mut(i);
            self.known.clear();
            self.known.resize(rows, 0.0);
            for (l, z) in spread.l[i].iter().zip(before.iter()) {
                floats::add_times(&mut self.known, *l, z);
            }
            floats::add_leverage(&mut rest[0], &self.known, spread.d[i], &mut self.halves);
        }
        floats::half_widths(&mut self.halves, spread.half_width);
        self.mark_infinite();
    }

    fn mark_infinite(&mut self) {
        floats::mark_infinite(&self.values, &self.halves, &mut self.unread);
    }
}

/// A power or product, multiplied from left to right.
fn product(factors: &[(usize, u32)], columns: &[Vec<f64>], rows: usize, out: &mut Vec<f64>) {
    out.clear();
    let mut powers = factors.iter().flat_map(|&(column, power)| std::iter::repeat_n(&columns[column], power as usize));
    match powers.next() {
        Some(first) => out.extend_from_slice(first),
        None => out.resize(rows, 1.0),
    }
    powers.for_each(|factor| floats::multiply(out, factor));
}
