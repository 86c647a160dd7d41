//! The values of a column, block by block, to counts of values and by bin.
//!
//! Values on the column's grid, if it has one, are counted one by one. Of all others, short integers are counted as they are, at their power of ten, and sorted into bins at the end. Longer ones become the nearest f64 by
//! one division of two exact f64; its top bits are the bin. Still longer ones become an f64 near the value. Near the edge of a bin, and for
//! integers of any size, the bin is computed exactly, value by value.

use super::block::{BlockColumn, BlockIntegers};
use super::distribution::{Bin, Distribution, bin_of};
use super::grid_counter::GridCounter;
use super::short_counter::{COUNTED_MAX, ShortCounter};
use super::value_grid::ValueGrid;
use crate::decimal::{Decimal, exact_power_of_ten};
use dashu_int::IBig;
use samefit_kernels::counts::{BITS_LEFT_OUT, BinCounts, EXACT_BITS, bins_of_quotients};

/// Counts the values of one column.
#[derive(Clone, Debug)]
pub(super) struct BinCounter {
    /// Counts of values on the grid; none without a grid.
    grid: Option<GridCounter>,
    /// Counts of short values.
    short: ShortCounter,
    /// Counts of bins, in 32 bits.
    counts: BinCounts,
    /// Number of values in `counts`.
    values: u64,
    /// All other counts, in 64 bits.
    total: Distribution,
    /// Scratch space: the bins of a block.
    bins: Vec<u32>,
}

impl BinCounter {
    /// Returns a counter of no values, which counts those on a grid one by one.
    pub(super) fn new(grid: Option<ValueGrid>) -> Self {
        Self {
            grid: grid.map(GridCounter::new),
            short: ShortCounter::default(),
            counts: BinCounts::default(),
            values: 0,
            total: Distribution::on(grid),
            bins: Vec::new(),
        }
    }

    /// Counts the values of a block. Returns none if a count overflows.
    pub(super) fn count(&mut self, column: &BlockColumn) -> Option<()> {
        if self.grid.as_ref().is_some_and(|grid| !grid.has_room()) {
            self.drain()?;
        }
        match &mut self.grid {
            None => self.count_in_bins(column),
            Some(grid) => match grid.count(column) {
                None => Some(()),
                Some(others) => self.count_in_bins(&others),
            },
        }
    }

    /// Counts the values of a block that are not on the grid. Returns none if a count overflows.
    fn count_in_bins(&mut self, column: &BlockColumn) -> Option<()> {
        if let Some(values) = ShortCounter::countable(column) {
            if !self.short.has_room(column.scale) {
                self.drain()?;
            }
            self.short.count(values, column.scale);
            return Some(());
        }
        if self.values > COUNTED_MAX {
            self.drain()?;
        }
        match (&column.integers, exact_power_of_ten(column.scale)) {
            (BlockIntegers::Narrow(values), Some(power)) if column.bits <= EXACT_BITS => {
                self.count_quotients(values, power);
                Some(())
            }
            (BlockIntegers::Narrow(values), Some(power)) => self.count_near(values.iter().map(|&value| value.into()), column.scale, power),
            (BlockIntegers::Wide(values), Some(power)) => self.count_near(values.iter().copied(), column.scale, power),
            (BlockIntegers::Narrow(values), None) => self.count_singly(values.iter().map(|&value| value.into()), column.scale),
            (BlockIntegers::Wide(values), None) => self.count_singly(values.iter().map(|&value| value.into()), column.scale),
            (BlockIntegers::Big(values), _) => self.count_singly(values.iter().cloned(), column.scale),
        }
    }

    /// Counts each value of a block `times` times. Returns none if a count overflows.
    pub(super) fn count_times(&mut self, column: &BlockColumn, times: &[i64]) -> Option<()> {
        match (&column.integers, exact_power_of_ten(column.scale)) {
            (BlockIntegers::Narrow(values), Some(power)) if column.bits <= EXACT_BITS && self.grid.is_none() => {
                bins_of_quotients(values, power, &mut self.bins);
                self.bins.iter().zip(times).try_for_each(|(&bin, &times)| self.total.add_bin(Bin::of_top_bits(bin), times))
            }
            _ => column.decimals().zip(times).try_for_each(|(value, &times)| self.total.add(&value, times)),
        }
    }

    /// Returns all counts; none if one overflows.
    pub(super) fn finish(mut self) -> Option<Distribution> {
        self.drain()?;
        Some(self.total)
    }

    /// Counts integers of up to [`EXACT_BITS`] bits over an exact power of ten.
    fn count_quotients(&mut self, values: &[i64], power: f64) {
        bins_of_quotients(values, power, &mut self.bins);
        self.count_bins();
    }

    /// Counts longer integers over an exact power of ten. Both the conversion and the division round, so quotients are off by less than two
    /// units in the last place. That matters only near the edge of a bin.
    fn count_near(&mut self, values: impl Iterator<Item = i128>, scale: u32, power: f64) -> Option<()> {
        const BIN: u64 = 1 << BITS_LEFT_OUT;
        self.bins.clear();
        for value in values {
            let bits = (value as f64 / power).to_bits();
            if (2..BIN - 2).contains(&(bits % BIN)) {
                self.bins.push((bits >> BITS_LEFT_OUT) as u32);
            } else {
                self.total.add_bin(bin_of(&Decimal { mantissa: value.into(), scale }), 1)?;
            }
        }
        self.count_bins();
        Some(())
    }

    /// Counts the bins in `self.bins`.
    fn count_bins(&mut self) {
        self.counts.add(&self.bins);
        self.values += self.bins.len() as u64;
    }

    /// Counts values exactly, one by one.
    fn count_singly(&mut self, values: impl Iterator<Item = IBig>, scale: u32) -> Option<()> {
        values.map(|mantissa| bin_of(&Decimal { mantissa, scale })).try_for_each(|bin| self.total.add_bin(bin, 1))
    }

    /// Adds the counts of 32 bits to those of 64 bits. Returns none if a count overflows.
    fn drain(&mut self) -> Option<()> {
        for (step, count) in self.grid.iter_mut().flat_map(GridCounter::drain) {
            self.total.add_step(step, count.into())?;
        }
        for (value, count) in self.short.drain() {
            self.total.add_bin(bin_of(&value), count.into())?;
        }
        for (bin, count) in self.counts.drain() {
            self.total.add_bin(Bin::of_top_bits(bin), count.into())?;
        }
        self.values = 0;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn all_ways_count_the_same(seeds in prop::collection::vec(any::<i64>(), 1..50), bits in 1u32..62, scale in 0u32..30, edge in any::<bool>(), grid in prop::option::of((0u32..4, -4000i64..4000, 1i64..4096))) {
            let end = |step: i64, scale| Decimal { mantissa: step.into(), scale };
            let grid = grid.and_then(|(decimals, first, len)| ValueGrid::new(decimals, &end(first, decimals), &end(first + len - 1, decimals)));
            let edges = |seed: &i64| 10i64.pow(scale.min(15)) * (seed >> 60);
            let values: Vec<i64> = seeds.iter().map(|seed| if edge && seed % 2 == 0 { edges(seed) } else { seed >> (63 - bits) }).collect();
            let (mut column, mut counter) = (BlockColumn::new(), BinCounter::new(grid));
            column.extend(&values, values.iter().fold(0, |all, value| all | value.unsigned_abs()), scale);
            counter.count(&column).unwrap();
            let (mut singly, mut at_once) = (Distribution::on(grid), BinCounter::new(grid));
            column.decimals().for_each(|value| singly.add(&value, 1).unwrap());
            at_once.count_times(&column, &vec![1; values.len()]).unwrap();
            let counted = counter.finish();
            prop_assert_eq!(&counted, &Some(singly));
            prop_assert_eq!(&counted, &at_once.finish());
        }
    }
}
