//! Counts equal short numbers, so that what has to be known of each is computed once.

use super::block::{BlockColumn, BlockIntegers};
use crate::decimal::Decimal;
use samefit_kernels::counts::{DIRECT_BITS, DirectCounts};

/// Numbers after which a counter of 32 bits could overflow, less one block.
pub(super) const COUNTED_MAX: u64 = u32::MAX as u64 - (1 << 20);

/// Counts numbers that are integers of up to [`DIRECT_BITS`] bits at one scale.
#[derive(Clone, Debug, Default)]
pub(super) struct ShortCounter {
    counts: DirectCounts,
    scale: u32,
    /// Number of numbers in `counts`.
    counted: u64,
}

impl ShortCounter {
    /// Returns the integers of a block if they can be counted.
    pub(super) fn countable(column: &BlockColumn) -> Option<&[i64]> {
        match &column.integers {
            BlockIntegers::Narrow(values) if column.bits <= DIRECT_BITS => Some(values),
            _ => None,
        }
    }

    /// Returns whether a block at a scale can be counted before the counts are drained.
    pub(super) fn has_room(&self, scale: u32) -> bool {
        self.scale == scale && self.counted <= COUNTED_MAX
    }

    /// Counts the integers of a block at a scale: that of the integers so far, if there are any.
    pub(super) fn count(&mut self, values: &[i64], scale: u32) {
        self.scale = scale;
        self.counts.add(values);
        self.counted += values.len() as u64;
    }

    /// Returns the numbers that were counted, each with its count, and sets all counters to zero.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = (Decimal, u32)> {
        self.counted = 0;
        let scale = self.scale;
        self.counts.drain().map(move |(mantissa, count)| (Decimal { mantissa: mantissa.into(), scale }, count))
    }
}
