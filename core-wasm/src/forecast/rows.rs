//! Rows of cells at known positions, or of columns, to predictions with their intervals, many rows at once.
//!
//! Rows are marked as unread, and left to [`predict`](crate::predict), if a cell cannot be read here, if the result needs a warning or is
//! an error, or if its rounding is not settled.

use super::batch_leverage::{BatchLeverage, LeveragePlan, TermValues};
use super::batch_sums::BatchSums;
use super::batch_terms::BatchTerms;
use super::linear_form::{LinearForm, TermFactors};
use super::variables::Variables;
use crate::batch::{BatchReader, Values};
use crate::column::{CellReader, ScaledIntegers};
use crate::decimal::trim;
use samefit_kernels::floats;
use samefit_kernels::scan::Rows;
use std::ops::Range;
use std::sync::Arc;

/// Predicts the target for the rows of a batch. Use one for each model.
#[derive(Default)]
pub(crate) struct Forecast {
    /// The readers of the numbers of a table.
    cells: Vec<CellReader>,
    /// The readers of the numbers of a batch, if there is no table.
    batch: Vec<BatchReader>,
    /// For each category the level of each row.
    levels: Vec<Vec<u32>>,
    sums: BatchSums,
    leverage: BatchLeverage,
    /// The values of each number, once they are rounded.
    numbers: Vec<Vec<f64>>,
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
    /// Returns a forecast for the rows of a table that has the columns of a model, and `more` columns of numbers.
    pub(crate) fn of_cells(variables: &Variables, more: usize) -> Self {
        let mut new = Self::default();
        new.cells.resize_with(variables.numbers().len() + more, || CellReader::new(Arc::clone(variables.format())));
        new.levels.resize_with(variables.categories().len(), Vec::new);
        new
    }

    /// Returns a forecast for columns that a host sets.
    pub(crate) fn of_columns(variables: &Variables) -> Self {
        let mut new = Self::default();
        new.batch.resize_with(variables.numbers().len(), BatchReader::default);
        new.levels.resize_with(variables.categories().len(), Vec::new);
        new
    }

    /// Reads the columns at `places` of the table: those of the model, then more columns of numbers. Sets `unread` for rows with a cell
    /// that cannot be read here.
    pub(crate) fn read(&mut self, rows: &Rows<'_>, places: &[usize], variables: &Variables) {
        self.start(rows.len());
        let more = variables.columns()..places.len();
        for (reader, column) in self.cells.iter_mut().zip(variables.numbers().iter().copied().chain(more)) {
            reader.read(rows, places[column], &mut self.unread);
        }
        for (category, levels) in variables.categories().iter().zip(&mut self.levels) {
            // a quote inside the cell is left to the reader of single records
            // what is always missing is no level
            let known = |cell: &&[u8]| !variables.format().is_further_missing(cell);
            let find = |row: usize| {
                let cell = rows.plain_cell(row, places[category.column]).map(trim);
                cell.filter(known).and_then(|cell| category.levels.find(cell))
            };
            keep_levels((0..rows.len()).map(find), levels, &mut self.unread);
        }
        self.mark_empty_cells(variables);
    }

    /// Reads some rows of the columns of a batch. Sets `unread` for rows with a value that is missing or cannot be read here.
    pub(crate) fn read_columns(&mut self, columns: &[&Values], rows: Range<usize>, variables: &Variables) {
        self.start(rows.len());
        for (reader, &column) in self.batch.iter_mut().zip(variables.numbers()) {
            reader.read(columns[column], rows.clone(), &mut self.unread);
            reader.bring_to_one_scale();
        }
        for (category, levels) in variables.categories().iter().zip(&mut self.levels) {
            let (values, known) = (columns[category.column], &category.levels);
            match values {
                Values::Numbers(numbers) => {
                    keep_levels(numbers[rows.clone()].iter().map(|&value| known.find_f64(value)), levels, &mut self.unread)
                }
                Values::Text(lines) => keep_levels(rows.clone().map(|at| known.find(lines.cell(at))), levels, &mut self.unread),
            }
        }
        self.mark_empty_cells(variables);
    }

    /// Marks rows with levels that no row of the training data has together.
    fn mark_empty_cells(&mut self, variables: &Variables) {
        for cells in variables.empty_cells() {
            let mut levels = Vec::with_capacity(cells.categories.len());
            for (row, unread) in self.unread.iter_mut().enumerate() {
                levels.clear();
                levels.extend(cells.categories.iter().map(|&category| self.levels[category][row] as usize));
                *unread |= cells.levels.contains(&levels);
            }
        }
    }

    /// Marks all of some rows as unread, instead of reading them.
    pub(crate) fn leave_unread(&mut self, rows: usize) {
        self.start(rows);
        self.unread.fill(true);
    }

    fn start(&mut self, rows: usize) {
        self.unread.clear();
        self.unread.resize(rows, false);
        self.lower.clear();
        self.upper.clear();
    }

    /// Rounds the numbers that were read to f64, for [`Self::number`], [`Self::mark_outside`] and [`Self::predict_intervals`].
    pub(crate) fn round_cells(&mut self) {
        self.numbers.resize_with(self.cells.len(), Vec::new);
        for (reader, column) in self.cells.iter().zip(&mut self.numbers) {
            reader.numbers().to_f64(column);
        }
    }

    /// Does what [`Self::round_cells`] does for the rows of [`Self::read_columns`].
    pub(crate) fn round_values(&mut self, columns: &[&Values], rows: Range<usize>, variables: &Variables) {
        self.numbers.resize_with(self.batch.len(), Vec::new);
        for ((reader, column), &of) in self.batch.iter().zip(&mut self.numbers).zip(variables.numbers()) {
            match (columns[of], reader.numbers()) {
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

    /// Returns the values of a number. Those of unread rows mean nothing.
    pub(crate) fn number(&self, number: usize) -> &[f64] {
        &self.numbers[number]
    }

    /// Sets `unread` for rows with a value outside `range`, whose ends may be infinite.
    pub(crate) fn mark_outside(&mut self, number: usize, range: (f64, f64)) {
        floats::mark_outside(&self.numbers[number], range, &mut self.unread);
    }

    /// Computes [`Self::values`]. Sets `unread` for rows whose rounding is not settled.
    pub(crate) fn predict(&mut self, form: &LinearForm, terms: &BatchTerms) {
        let numbers = self.cells.iter().map(|reader| Some(reader.numbers())).chain(self.batch.iter().map(BatchReader::numbers));
        match numbers.collect::<Option<Vec<ScaledIntegers<'_>>>>() {
            Some(numbers) => self.sums.sum(form, terms, &numbers, &self.levels, &mut self.unread),
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
    pub(crate) fn predict_intervals(&mut self, terms: &BatchTerms, plan: &LeveragePlan, half_width: HalfWidth) {
        if !self.unread.contains(&false) {
            return;
        }
        self.halves.clear();
        self.halves.resize(self.unread.len(), 0.0);
        let values = BatchValues { terms, numbers: &self.numbers, sums: &self.sums, rows: self.unread.len() };
        self.leverage.add(plan, &values, &mut self.halves);
        floats::half_widths(&mut self.halves, half_width.factor, if half_width.of_mean { 0.0 } else { 1.0 });
        self.sums.ends(&self.halves, &mut self.lower, &mut self.upper, &mut self.unread);
    }
}

/// Keeps the levels of rows. Sets `unread` for rows without one.
fn keep_levels(found: impl Iterator<Item = Option<usize>>, levels: &mut Vec<u32>, unread: &mut [bool]) {
    levels.clear();
    levels.extend(found.zip(unread).map(|(level, unread)| {
        *unread |= level.is_none();
        level.unwrap_or(0) as u32
    }));
}

/// The terms of the rows that were read.
struct BatchValues<'a> {
    terms: &'a BatchTerms,
    numbers: &'a [Vec<f64>],
    sums: &'a BatchSums,
    rows: usize,
}

impl TermValues for BatchValues<'_> {
    fn product(&self, term: usize, out: &mut Vec<f64>) {
        product(&self.terms.terms()[term].factors, self.numbers, self.rows, out);
    }

    fn choices(&self, term: usize) -> &[u32] {
        self.sums.choices(term)
    }
}

/// Replaces `out` by the product of powers of numbers in f64, multiplied from left to right.
fn product(factors: &TermFactors, numbers: &[Vec<f64>], rows: usize, out: &mut Vec<f64>) {
    out.clear();
    let mut powers = factors.iter().flat_map(|&(number, power)| std::iter::repeat_n(&numbers[number], power as usize));
    match powers.next() {
        Some(first) => out.extend_from_slice(first),
        None => out.resize(rows, 1.0),
    }
    powers.for_each(|factor| floats::multiply(out, factor));
}
