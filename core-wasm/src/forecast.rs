//! Rows of cells at known positions to predictions with their intervals, many rows at once.
//!
//! Everything is computed column by column. For each row the operations are those of [`predict`](crate::predict), in the same order, so
//! both give the same bits. Rows are left to [`predict`](crate::predict) if a cell cannot be read here, or if the result needs a warning or
//! is an error.
//!
//! *Not here*: how predictions are written ([`predict`](crate::predict)).

use crate::column::CellReader;
use samefit_kernels::floats;
use samefit_kernels::scan::Rows;

/// The terms of a model: for each coefficient, the indexes of its columns with their powers.
pub(crate) type DesignTerms = [Vec<(usize, u32)>];

/// Predicts the target for the rows of a batch.
#[derive(Clone, Default)]
pub(crate) struct Forecast {
    readers: Vec<CellReader>,
    /// The values of each column.
    columns: Vec<Vec<f64>>,
    /// The columns of the design matrix, that of the intercept (ones) first. [`Self::predict_intervals`] overwrites them.
    design: Vec<Vec<f64>>,
    /// Scratch space of the forward substitution.
    known: Vec<f64>,
    /// Whether a row has to be predicted by itself.
    pub(crate) unread: Vec<bool>,
    /// The predicted target of each row.
    pub(crate) values: Vec<f64>,
    /// Half the width of each row's prediction interval; empty if there are no intervals.
    pub(crate) halves: Vec<f64>,
}

/// The terms and coefficients of a model: the prediction is the intercept plus the sum of coefficients times terms.
pub(crate) struct LinearPredictor<'a> {
    /// One term for each coefficient.
    pub(crate) terms: &'a DesignTerms,
    pub(crate) intercept: f64,
    pub(crate) coefficients: &'a mut dyn Iterator<Item = f64>,
}

/// The parts of a model that prediction intervals need.
///
/// Half the width of the interval at a row x of the design matrix is `t s sqrt(1 + x'(X'X)^-1 x)`. With `X'X = L D L'` and `L z = x` the
/// leverage `x'(X'X)^-1 x` is the sum of `z_i^2 / D_i`.
pub(crate) struct IntervalParams<'a> {
    pub(crate) has_intercept: bool,
    /// Row i holds the i entries of L before the diagonal, which is 1.
    pub(crate) l: &'a [Vec<f64>],
    /// The diagonal of D.
    pub(crate) d: &'a [f64],
    /// `t s`: the quantile of Student's t times the residual standard deviation.
    pub(crate) half_width: f64,
}

impl Forecast {
    /// Returns a forecast for a model of `columns` columns.
    pub(crate) fn new(columns: usize) -> Self {
        let mut new = Self::default();
        new.readers.resize_with(columns, CellReader::default);
        new.columns.resize_with(columns, Vec::new);
        new
    }

    /// Reads the columns at `places` of the table. Sets `unread` for rows with a cell that cannot be read here.
    pub(crate) fn read(&mut self, rows: &Rows<'_>, places: &[usize]) {
        self.unread.clear();
        self.unread.resize(rows.len(), false);
        for ((reader, values), &place) in self.readers.iter_mut().zip(&mut self.columns).zip(places) {
            reader.read(rows, place, &mut self.unread);
            reader.to_f64(values);
        }
    }

    /// Returns the values of a column. Those of unread rows mean nothing.
    pub(crate) fn column(&self, column: usize) -> &[f64] {
        &self.columns[column]
    }

    /// Sets `unread` for rows with a value outside `range`, whose ends may be infinite.
    pub(crate) fn mark_outside(&mut self, column: usize, range: (f64, f64)) {
        floats::mark_outside(&self.columns[column], range, &mut self.unread);
    }

    /// Computes `values`. Sets `unread` for rows whose prediction is not finite.
    pub(crate) fn predict(&mut self, predictor: LinearPredictor<'_>) {
        let rows = self.unread.len();
        self.halves.clear();
        self.design.resize_with(predictor.terms.len() + 1, Vec::new);
        self.values.clear();
        self.values.resize(rows, predictor.intercept);
        for ((factors, coefficient), term) in predictor.terms.iter().zip(predictor.coefficients).zip(&mut self.design[1..]) {
            product(factors, &self.columns, rows, term);
            floats::add_times(&mut self.values, coefficient, term);
        }
        self.mark_infinite();
    }

    /// Computes `halves`, after [`Self::predict`]. Sets `unread` for rows whose interval is not finite.
    pub(crate) fn predict_intervals(&mut self, params: &IntervalParams<'_>) {
        let rows = self.unread.len();
        self.design[0].clear();
        self.design[0].resize(rows, 1.0);
        let z = &mut self.design[usize::from(!params.has_intercept)..];
        self.halves.clear();
        self.halves.resize(rows, 0.0);
        for i in 0..z.len() {
            let (before, rest) = z.split_at_mut(i);
            self.known.clear();
            self.known.resize(rows, 0.0);
            for (l, z) in params.l[i].iter().zip(before.iter()) {
                floats::add_times(&mut self.known, *l, z);
            }
            floats::add_leverage(&mut rest[0], &self.known, params.d[i], &mut self.halves);
        }
        floats::half_widths(&mut self.halves, params.half_width);
        self.mark_infinite();
    }

    fn mark_infinite(&mut self) {
        floats::mark_infinite(&self.values, &self.halves, &mut self.unread);
    }
}

/// Replaces `out` by the values of a term: a product of powers of columns, multiplied from left to right.
fn product(factors: &[(usize, u32)], columns: &[Vec<f64>], rows: usize, out: &mut Vec<f64>) {
    out.clear();
    let mut powers = factors.iter().flat_map(|&(column, power)| std::iter::repeat_n(&columns[column], power as usize));
    match powers.next() {
        Some(first) => out.extend_from_slice(first),
        None => out.resize(rows, 1.0),
    }
    powers.for_each(|factor| floats::multiply(out, factor));
}
