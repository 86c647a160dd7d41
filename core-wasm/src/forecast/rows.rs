//! Rows of cells at known positions, or of columns, to predictions with their intervals, many rows at once.
//!
//! Rows are marked as unread, and left to [`predict`](crate::predict), if a cell cannot be read here, if the result needs a warning or is
//! an error, or if its rounding is not settled.

use super::batch_sums::BatchSums;
use super::leverage::LeverageFactors;
use super::linear_form::{LinearForm, TermFactors};
use crate::batch::{BatchReader, Values};
use crate::column::{CellReader, ScaledIntegers};
use samefit_kernels::floats;
use samefit_kernels::scan::Rows;
use std::ops::Range;

/// Predicts the target for the rows of a batch. Use one for each model.
#[derive(Default)]
pub(crate) struct Forecast {
    /// The readers of the columns of a table.
    cells: Vec<CellReader>,
    /// The readers of the columns of a batch, if there is no table.
    batch: Vec<BatchReader>,
    sums: BatchSums,
    /// The values of each column, once they are rounded.
    columns: Vec<Vec<f64>>,
    /// The columns of the design matrix, that of the intercept (ones) first. [`Self::predict_intervals`] overwrites them.
    design: Vec<Vec<f64>>,
    /// Scratch space of the forward substitution.
    known: Vec<f64>,
    /// Half the width of each row's interval.
    halves: Vec<f64>,
    /// Whether a row has to be predicted by itself.
    pub(crate) unread: Vec<bool>,
    /// The ends of the rows' intervals; empty if there are no intervals.
    pub(crate) lower: Vec<f64>,
    pub(crate) upper: Vec<f64>,
}

/// The part of an interval's half width that is the same for all rows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HalfWidth {
    /// `t s`: the quantile of Student's t times the residual standard deviation.
    pub(crate) factor: f64,
    /// Whether the interval is for the mean of all outcomes, and not for a new one.
    pub(crate) of_mean: bool,
}

impl HalfWidth {
    /// Returns half the width of the interval of a row with this leverage.
    pub(crate) fn at(self, leverage: f64) -> f64 {
        self.factor * libm::sqrt(if self.of_mean { leverage } else { 1.0 + leverage })
    }
}

impl Forecast {
    /// Returns a forecast for the rows of a table, for a model of `columns` columns.
    pub(crate) fn of_cells(columns: usize) -> Self {
        let mut new = Self::default();
        new.cells.resize_with(columns, CellReader::default);
        new
    }

    /// Returns a forecast for columns that a host sets, for a model of `columns` columns.
    pub(crate) fn of_columns(columns: usize) -> Self {
        let mut new = Self::default();
        new.batch.resize_with(columns, BatchReader::default);
        new
    }

    /// Reads the columns at `places` of the table. Sets `unread` for rows with a cell that cannot be read here.
    pub(crate) fn read(&mut self, rows: &Rows<'_>, places: &[usize]) {
        self.start(rows.len());
        for (reader, &place) in self.cells.iter_mut().zip(places) {
            reader.read(rows, place, &mut self.unread);
        }
    }

    /// Reads some rows of the columns of a batch. Sets `unread` for rows with a value that is missing or cannot be read here.
    pub(crate) fn read_columns(&mut self, columns: &[&Values], rows: Range<usize>) {
        self.start(rows.len());
        for (reader, values) in self.batch.iter_mut().zip(columns) {
            reader.read(values, rows.clone(), &mut self.unread);
            reader.bring_to_one_scale();
        }
    }

    fn start(&mut self, rows: usize) {
        self.unread.clear();
        self.unread.resize(rows, false);
        self.lower.clear();
        self.upper.clear();
    }

    /// Rounds the cells that were read to f64, for [`Self::column`], [`Self::mark_outside`] and [`Self::predict_intervals`].
    pub(crate) fn round_cells(&mut self) {
        self.columns.resize_with(self.cells.len(), Vec::new);
        for (reader, column) in self.cells.iter().zip(&mut self.columns) {
            reader.numbers().to_f64(column);
        }
    }

    /// Does what [`Self::round_cells`] does for the rows of [`Self::read_columns`].
    pub(crate) fn round_values(&mut self, columns: &[&Values], rows: Range<usize>) {
        self.columns.resize_with(self.batch.len(), Vec::new);
        for ((reader, column), values) in self.batch.iter().zip(&mut self.columns).zip(columns) {
            match (values, reader.numbers()) {
                // a number is the f64 nearest to what it means
                (Values::Numbers(numbers), _) => {
                    column.clear();
                    column.extend_from_slice(&numbers[rows.clone()]);
                }
                (Values::Text(_), Some(numbers)) => numbers.to_f64(column),
                // such rows are predicted one by one
                (Values::Text(_), None) => {
                    column.clear();
                    column.resize(rows.len(), 0.0);
                }
            }
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

    /// Computes [`Self::values`]. Sets `unread` for rows whose rounding is not settled.
    pub(crate) fn predict(&mut self, form: &LinearForm) {
        let numbers = self.cells.iter().map(|reader| Some(reader.numbers())).chain(self.batch.iter().map(BatchReader::numbers));
        match numbers.collect::<Option<Vec<ScaledIntegers<'_>>>>() {
            Some(numbers) => self.sums.sum(form, &numbers, &mut self.unread),
            None => self.unread.fill(true),
        }
    }

    /// Returns the predicted target of each row.
    pub(crate) fn values(&self) -> &[f64] {
        let values = self.sums.values();
        &values[..values.len().min(self.unread.len())]
    }

    /// Computes `lower` and `upper`, once they are rounded and [`Self::predict`]. Sets `unread` for rows with an end that is not
    /// settled or not finite. The factors must not need two parts.
    pub(crate) fn predict_intervals(&mut self, form: &LinearForm, factors: &LeverageFactors, half_width: HalfWidth) {
        if !self.unread.contains(&false) {
            return;
        }
        let rows = self.unread.len();
        self.design.resize_with(form.terms().len() + 1, Vec::new);
        self.design[0].clear();
        self.design[0].resize(rows, 1.0);
        for (factors, term) in form.terms().iter().zip(&mut self.design[1..]) {
            product(factors, &self.columns, rows, term);
        }
        let with_intercept = factors.d().len() > form.terms().len();
        let z = &mut self.design[usize::from(!with_intercept)..];
        self.halves.clear();
        self.halves.resize(rows, 0.0);
        for i in 0..z.len() {
            let (before, rest) = z.split_at_mut(i);
            self.known.clear();
            self.known.resize(rows, 0.0);
            for (l, z) in factors.l()[i].iter().zip(before.iter()) {
                floats::add_times(&mut self.known, *l, z);
            }
            floats::add_leverage(&mut rest[0], &self.known, factors.d()[i], &mut self.halves);
        }
        floats::half_widths(&mut self.halves, half_width.factor, if half_width.of_mean { 0.0 } else { 1.0 });
        self.sums.ends(&self.halves, &mut self.lower, &mut self.upper, &mut self.unread);
    }
}

/// Replaces `out` by the values of a term in f64: a product of powers of columns, multiplied from left to right.
fn product(factors: &TermFactors, columns: &[Vec<f64>], rows: usize, out: &mut Vec<f64>) {
    out.clear();
    let mut powers = factors.iter().flat_map(|&(column, power)| std::iter::repeat_n(&columns[column], power as usize));
    match powers.next() {
        Some(first) => out.extend_from_slice(first),
        None => out.resize(rows, 1.0),
    }
    powers.for_each(|factor| floats::multiply(out, factor));
}
