//! Sums of products of columns of integers: for each pair of columns, one 64-bit sum for each place of their digits' products.
//!
//! The sums are for columns of certain scales and numbers of digits. A block whose columns fit is raised to these scales and added. Any
//! other block needs new sums.
//!
//! Rows may be of several *cells*, each of which has sums of its own, all of one form.
//!
//! With weights, the sum of w x y is that of the products of w x and y. So each pair takes one column times the weight of each row, and one
//! plain column.
//!
//! *Limits*: after [`ROWS_MAX`] rows the sums have to be drained.

use super::block::{BlockColumn, NARROW_BITS, raised_bits};
use super::moments::moment_index;
use super::summed_products::SummedProducts;
use crate::decimal::Decimal;
use crate::error::Result;
use dashu_int::IBig;
use samefit_kernels::digits::{DIGIT_BITS, Lanes, digits_for, vectors};
use samefit_kernels::products::{self, ColumnDigits, PairSums, Run};

/// Rows after which a sum could overflow: each row adds less than 2^34.
pub(super) const ROWS_MAX: usize = 1 << 28;

/// What the products of a block are made of.
pub(super) struct BlockFactors {
    /// The columns (1, terms).
    pub(super) columns: Vec<BlockColumn>,
    /// The same columns times the weight of each row; none if each row counts once.
    pub(super) weighted: Option<Vec<BlockColumn>>,
}

/// Some rows of a block that follow each other, and belong to one cell.
#[derive(Clone, Copy, Debug)]
pub(super) struct CellRows {
    pub(super) cell: usize,
    pub(super) rows: usize,
}

/// Sums of the products of (1, terms) for each cell.
#[derive(Debug, Default)]
pub(super) struct ProductSums {
    columns: SideForms,
    /// The columns times weights; none if each row counts once.
    weighted: Option<SideForms>,
    /// Where the sums of each pair of columns are, in the order of [`Moments`](super::Moments).
    pairs: Vec<PairSums>,
    /// The sums of each cell, cell after cell.
    sums: Vec<i64>,
    /// How many sums a cell has.
    sums_per_cell: usize,
    /// Rows in the sums of all cells.
    rows: usize,
}

/// The columns that can be factors on one side of the products.
#[derive(Debug, Default)]
struct SideForms {
    forms: Vec<ColumnForm>,
    /// Digits of an integer of each column.
    digits: Vec<usize>,
}

/// Scratch space: the digits of a block, column by column.
#[derive(Debug, Default)]
pub(super) struct BlockDigits {
    columns: Vec<Vec<Lanes>>,
    weighted: Vec<Vec<Lanes>>,
}

/// The form of the integers that can be summed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct ColumnForm {
    /// Digits after the point.
    scale: u32,
    /// Upper bound of the bits of each magnitude.
    bits: u32,
}

impl BlockFactors {
    /// Returns the factors of rows with these values in the columns, and with these weights or counts.
    ///
    /// Errors: `undefined` for a value of which a function is not defined.
    pub(super) fn new(rows: usize, mut columns: Vec<BlockColumn>, weights: Option<&BlockColumn>, terms: &SummedProducts) -> Result<Self> {
        terms.append_to(&mut columns)?;
        columns.insert(0, BlockColumn::ones(rows));
        let weighted = weights.map(|weights| columns.iter().map(|column| column.times(weights)).collect());
        Ok(Self { columns, weighted })
    }
}

impl ProductSums {
    /// Returns sums of no rows, of the form of a block.
    pub(super) fn of(block: &BlockFactors) -> Self {
        Self::of_forms(SideForms::of(&block.columns), block.weighted.as_deref().map(SideForms::of))
    }

    /// Returns sums of no rows, of a form for a block, and if possible for those that these sums are for.
    pub(super) fn widened_for(&self, block: &BlockFactors) -> Self {
        let weighted = block.weighted.as_deref().map(|columns| match &self.weighted {
            Some(side) => side.widened_for(columns),
            None => SideForms::of(columns),
        });
        Self::of_forms(self.columns.widened_for(&block.columns), weighted)
    }

    fn of_forms(columns: SideForms, weighted: Option<SideForms>) -> Self {
        let mut sums = Self { columns, weighted, ..Self::default() };
        sums.arrange();
        sums
    }

    /// Returns whether the products of a block can be added. If so, its columns are raised to the scales of the sums.
    pub(super) fn fit(&mut self, block: &mut BlockFactors) -> bool {
        let weighted_fit = match (&self.weighted, &block.weighted) {
            (Some(side), Some(columns)) => side.fit(columns),
            (None, None) => true,
            _ => false,
        };
        let fits = self.rows < ROWS_MAX && weighted_fit && self.columns.fit(&block.columns);
        if fits {
            let mut wider = self.columns.accept(&mut block.columns);
            if let (Some(side), Some(columns)) = (&mut self.weighted, &mut block.weighted) {
                wider |= side.accept(columns);
            }
            if wider {
                self.arrange_steps();
            }
        }
        fits
    }

    /// Adds the products of a block that [fits](Self::fit), each row to its cell. `cells` tells of which cells the rows are, from the first on.
    pub(super) fn add(&mut self, block: &BlockFactors, cells: &[CellRows], digits: &mut BlockDigits) {
        let rows: Vec<usize> = cells.iter().map(|cell| cell.rows).collect();
        let run = |cell: &CellRows| Run { vectors: vectors(cell.rows), at: cell.cell * self.sums_per_cell };
        let runs: Vec<Run> = cells.iter().map(run).collect();
        let end = cells.iter().map(|cell| (cell.cell + 1) * self.sums_per_cell).max().unwrap_or(0);
        if self.sums.len() < end {
            self.sums.resize(end, 0);
        }
        let first = self.first();
        let right = self.columns.split(&block.columns, &rows, &mut digits.columns);
        let left = match (&self.weighted, &block.weighted) {
            (Some(side), Some(columns)) => side.split(columns, &rows, &mut digits.weighted),
            _ => right,
        };
        products::add_pairs(left, right, first, &self.pairs, &runs, &mut self.sums);
        self.rows += block.columns.first().map_or(0, BlockColumn::len);
    }

    /// Adds the sums of a cell to the totals of (1, terms), and sets them to zero. Without weights, the total of (1, 1), the number of rows, is
    /// left alone. The sums of all cells have to be drained together.
    pub(super) fn drain_into(&mut self, cell: usize, totals: &mut [Decimal]) {
        let sums = self.sums.get(cell * self.sums_per_cell..(cell + 1) * self.sums_per_cell).unwrap_or_default();
        let (left, right) = (self.left(), &self.columns);
        for i in self.first()..if sums.is_empty() { 0 } else { right.forms.len() } {
            for j in 0..=i {
                let at = moment_index(i, j);
                let digits = left.digits[i] + right.digits[j] - 1;
                let mantissa = joined(&sums[self.pairs[at].at..][..digits]);
                totals[at].add(&Decimal { mantissa, scale: left.forms[i].scale + right.forms[j].scale });
            }
        }
        if let Some(sums) = self.sums.get_mut(cell * self.sums_per_cell..(cell + 1) * self.sums_per_cell) {
            sums.fill(0);
        }
        self.rows = 0;
    }

    /// Returns the columns on the left side of the products.
    fn left(&self) -> &SideForms {
        self.weighted.as_ref().unwrap_or(&self.columns)
    }

    /// Returns the first left column whose products are summed. Without weights that of (1, 1) is not: rows are counted elsewhere.
    fn first(&self) -> usize {
        usize::from(self.weighted.is_none())
    }

    /// Gives each pair of columns its place among the sums.
    fn arrange(&mut self) {
        let mut at = 0;
        for i in 0..self.columns.forms.len() {
            for j in 0..=i {
                self.pairs.push(PairSums { at, steps: 1 });
                at += self.left().digits[i] + self.columns.digits[j] - 1;
            }
        }
        self.sums_per_cell = at;
        self.arrange_steps();
    }

    /// Computes after how many vectors the accumulators of each pair are emptied.
    fn arrange_steps(&mut self) {
        for i in 0..self.columns.forms.len() {
            for j in 0..=i {
                let steps = products::steps(self.left().forms[i].bits, self.columns.forms[j].bits);
                self.pairs[moment_index(i, j)].steps = steps;
            }
        }
    }
}

impl SideForms {
    /// Returns the forms of columns.
    fn of(columns: &[BlockColumn]) -> Self {
        let forms: Vec<ColumnForm> = columns.iter().map(|column| ColumnForm { scale: column.scale, bits: column.bits }).collect();
        Self { digits: forms.iter().map(|form| digits_for(form.bits)).collect(), forms }
    }

    /// Returns forms for columns and for those that these forms are for. A column has only the form of its present values if the other would be
    /// of many digits.
    fn widened_for(&self, columns: &[BlockColumn]) -> Self {
        let mut forms = Self::of(columns);
        for ((form, digits), before) in forms.forms.iter_mut().zip(&mut forms.digits).zip(&self.forms) {
            let scale = form.scale.max(before.scale);
            let raised = |form: &ColumnForm| raised_bits(form.bits, scale - form.scale);
            let bits = raised(form).max(raised(before));
            if bits <= NARROW_BITS {
                *form = ColumnForm { scale, bits };
                *digits = digits_for(bits);
            }
        }
        forms
    }

    /// Returns whether columns can be brought to these forms.
    fn fit(&self, columns: &[BlockColumn]) -> bool {
        self.forms.len() == columns.len()
            && columns.iter().zip(&self.forms).zip(&self.digits).all(|((column, form), &digits)| column.fits(form.scale, digits))
    }

    /// Raises columns that [fit](Self::fit) to the scales of these forms. Returns whether one has longer integers of as many digits than
    /// those before: accumulators are emptied more often for them.
    fn accept(&mut self, columns: &mut [BlockColumn]) -> bool {
        let mut wider = false;
        for (column, form) in columns.iter_mut().zip(&mut self.forms) {
            column.raise(form.scale);
            wider |= column.bits > form.bits;
            form.bits = form.bits.max(column.bits);
        }
        wider
    }

    /// Writes the digits of columns into scratch space, in runs of so many rows, and returns them.
    fn split<'d>(&'d self, columns: &[BlockColumn], runs: &[usize], lanes: &'d mut Vec<Vec<Lanes>>) -> ColumnDigits<'d> {
        lanes.resize(columns.len(), Vec::new());
        for ((column, &digits), lanes) in columns.iter().zip(&self.digits).zip(lanes.iter_mut()) {
            column.split(runs, digits, lanes);
        }
        ColumnDigits { lanes, digits: &self.digits }
    }
}

/// Returns an integer from the sums of its places.
fn joined(sums: &[i64]) -> IBig {
    let places = (0..).step_by(DIGIT_BITS as usize);
    match sums.len() {
        // at most 63 bits, and four times 13
        0..=5 => sums.iter().zip(places).map(|(&sum, place)| i128::from(sum) << place).sum::<i128>().into(),
        _ => sums.iter().zip(places).map(|(&sum, place)| IBig::from(sum) << place).sum(),
    }
}
