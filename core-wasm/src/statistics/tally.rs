//! Values of a column, block by block, to counts by cell, as fast as memory counts.
//!
//! Short integers are counted as they are, at their power of ten, and sorted into cells at the end. Longer ones become the nearest f64 by
//! one division of exact numbers, whose top bits are the cell. Still longer ones become an f64 near it, which is looked at again at the
//! edges of cells; only huge ones are all looked at one by one.

use super::block::{Column, Integers};
use super::distribution::{Cell, Distribution, cell_of};
use crate::decimal::{Decimal, exact_power_of_ten};
use dashu_int::IBig;
use samefit_kernels::counts::{BITS_LEFT_OUT, Cells, DIRECT_BITS, Direct, EXACT_BITS, cells_of_quotients};

/// Values counted before counts of 32 bits could overflow.
const VALUES_MAX: u64 = u32::MAX as u64 - (1 << 20);

/// Counts of one column.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    /// Counts of short integers at scale `direct_scale`.
    direct: Direct,
    direct_scale: u32,
    counts: Cells,
    /// Values in `direct` and `counts`.
    values: u64,
    /// What was counted otherwise, or taken out of the counts above.
    rest: Distribution,
    cells: Vec<u32>,
}

impl Tally {
    /// Counts the values of a block. None if a count overflows.
    pub(super) fn count(&mut self, column: &Column) -> Option<()> {
        if self.values > VALUES_MAX {
            self.drain()?;
        }
        match (&column.integers, exact_power_of_ten(column.scale)) {
            (Integers::Narrow(values), _) if column.bits <= DIRECT_BITS => self.count_direct(values, column.scale),
            (Integers::Narrow(values), Some(power)) if column.bits <= EXACT_BITS => {
                self.count_quotients(values, power);
                Some(())
            }
            (Integers::Narrow(values), Some(power)) => self.count_near(values.iter().map(|&value| value.into()), column.scale, power),
            (Integers::Wide(values), Some(power)) => self.count_near(values.iter().copied(), column.scale, power),
            (Integers::Narrow(values), None) => self.count_singly(values.iter().map(|&value| value.into()), column.scale),
            (Integers::Wide(values), None) => self.count_singly(values.iter().map(|&value| value.into()), column.scale),
            (Integers::Big(values), _) => self.count_singly(values.iter().cloned(), column.scale),
        }
    }

    /// All counts.
    pub(super) fn finish(mut self) -> Option<Distribution> {
        self.drain()?;
        Some(self.rest)
    }

    fn count_direct(&mut self, values: &[i64], scale: u32) -> Option<()> {
        if self.direct_scale != scale {
            self.drain()?;
            self.direct_scale = scale;
        }
        self.direct.add(values);
        self.values += values.len() as u64;
        Some(())
    }

    fn count_quotients(&mut self, values: &[i64], power: f64) {
        cells_of_quotients(values, power, &mut self.cells);
        self.count_cells();
    }

    /// Integers and quotients that both are rounded: off by less than two units in the last place, which matters at the edge of a cell only.
    fn count_near(&mut self, values: impl Iterator<Item = i128>, scale: u32, power: f64) -> Option<()> {
        const CELL: u64 = 1 << BITS_LEFT_OUT;
        self.cells.clear();
        for value in values {
            let bits = (value as f64 / power).to_bits();
            if (2..CELL - 2).contains(&(bits % CELL)) {
                self.cells.push((bits >> BITS_LEFT_OUT) as u32);
            } else {
                self.rest.add(cell_of(&Decimal { mantissa: value.into(), scale }), 1)?;
            }
        }
        self.count_cells();
        Some(())
    }

    fn count_cells(&mut self) {
        self.counts.add(&self.cells);
        self.values += self.cells.len() as u64;
    }

    fn count_singly(&mut self, values: impl Iterator<Item = IBig>, scale: u32) -> Option<()> {
        values.map(|mantissa| cell_of(&Decimal { mantissa, scale })).try_for_each(|cell| self.rest.add(cell, 1))
    }

    /// Counts of 32 bits into those of 64.
    fn drain(&mut self) -> Option<()> {
        for (mantissa, count) in self.direct.drain() {
            self.rest.add(cell_of(&Decimal { mantissa: mantissa.into(), scale: self.direct_scale }), count.into())?;
        }
        for (cell, count) in self.counts.drain() {
            self.rest.add(Cell::of_top_bits(cell), count.into())?;
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
        fn every_way_counts_the_same(seeds in prop::collection::vec(any::<i64>(), 1..50), bits in 1u32..62, scale in 0u32..30, edge in any::<bool>()) {
            let edges = |seed: &i64| 10i64.pow(scale.min(15)) * (seed >> 60);
            let values: Vec<i64> = seeds.iter().map(|seed| if edge && seed % 2 == 0 { edges(seed) } else { seed >> (63 - bits) }).collect();
            let (mut column, mut tally) = (Column::new(), Tally::default());
            column.extend(&values, values.iter().fold(0, |all, value| all | value.unsigned_abs()), scale);
            tally.count(&column).unwrap();
            let mut singly = Tally::default();
            singly.count_singly(values.iter().map(|&value| value.into()), scale).unwrap();
            prop_assert_eq!(tally.finish(), singly.finish());
        }
    }
}
