//! The values of a column, block by block, to counts of those on its grid, and to a column of the others.

use super::block::{BlockColumn, BlockIntegers};
use super::short_counter::COUNTED_MAX;
use super::value_grid::{GridAtScale, ValueGrid};
use crate::decimal::Decimal;
use samefit_kernels::counts::{EXACT_BITS, count_from, count_multiples};

/// Counts the values of a column that are on a grid.
#[derive(Clone, Debug)]
pub(super) struct GridCounter {
    grid: ValueGrid,
    /// One counter a value of the grid; empty before the first block.
    counts: Vec<u32>,
    /// Number of values in `counts`.
    counted: u64,
}

impl GridCounter {
    /// Returns a counter of no values.
    pub(super) fn new(grid: ValueGrid) -> Self {
        Self { grid, counts: Vec::new(), counted: 0 }
    }

    /// Returns whether a block can be counted before the counts are drained.
    pub(super) fn has_room(&self) -> bool {
        self.counted <= COUNTED_MAX
    }

    /// Counts the values of a block that are on the grid. Returns a column of the others; none if there are no others.
    pub(super) fn count(&mut self, column: &BlockColumn) -> Option<BlockColumn> {
        self.counts.resize(self.grid.len(), 0);
        self.counted += column.len() as u64;
        let scale = column.scale;
        let others = match &column.integers {
            BlockIntegers::Narrow(values) if column.bits <= EXACT_BITS => BlockIntegers::Narrow(self.count_at_scale(values, scale)),
            BlockIntegers::Narrow(values) => {
                BlockIntegers::Narrow(self.count_singly(values, |grid, &value| grid.step_of(value.into(), scale)))
            }
            BlockIntegers::Wide(values) => BlockIntegers::Wide(self.count_singly(values, |grid, &value| grid.step_of(value, scale))),
            BlockIntegers::Big(values) => {
                let step = |grid: ValueGrid, mantissa: &_| grid.step(&Decimal { mantissa: Clone::clone(mantissa), scale });
                BlockIntegers::Big(self.count_singly(values, step))
            }
        };
        let others = BlockColumn { scale, bits: column.bits, integers: others };
        (others.len() > 0).then_some(others)
    }

    /// Counts integers of up to [`EXACT_BITS`] bits. Returns those that are not on the grid.
    fn count_at_scale(&mut self, values: &[i64], scale: u32) -> Vec<i64> {
        let mut others = Vec::new();
        match self.grid.at_scale(scale) {
            GridAtScale::Coarser { first, len, offset, stride } => {
                count_from(values, first, len, stride, &mut self.counts[offset..], &mut others);
            }
            GridAtScale::Finer { power, lowest, .. } => count_multiples(values, power, lowest, &mut self.counts, &mut others),
        }
        others
    }

    /// Counts integers of any size. Returns those that are not on the grid.
    fn count_singly<T: Clone>(&mut self, values: &[T], step: impl Fn(ValueGrid, &T) -> Option<i64>) -> Vec<T> {
        let mut others = Vec::new();
        for value in values {
            match step(self.grid, value) {
                Some(step) => self.counts[self.grid.index(step)] += 1,
                None => others.push(value.clone()),
            }
        }
        others
    }

    /// Returns the steps that were counted, each with its count, and sets all counters to zero.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = (i64, u32)> {
        self.counted = 0;
        let grid = self.grid;
        let counted = self.counts.iter_mut().enumerate().filter(|(_, count)| **count > 0);
        counted.map(move |(at, count)| (grid.step_at(at), std::mem::take(count)))
    }
}
