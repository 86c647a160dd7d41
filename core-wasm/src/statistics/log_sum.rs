//! Weights, block by block, to the sum of their logarithms.
//!
//! Each logarithm is rounded to the nearest f64, which means its shortest decimal text. So the sum is exact. Short weights are counted, and
//! the logarithm of each is taken once.

use super::block::BlockColumn;
use super::short_counter::ShortCounter;
use crate::decimal::Decimal;
use crate::error::Result;
use crate::functions::Function;
use dashu_int::IBig;
use std::collections::BTreeMap;

/// Sums logarithms of weights.
#[derive(Debug, Default)]
pub(super) struct LogSum {
    /// Counts of short weights.
    short: ShortCounter,
    /// The mantissas of logarithms by their scale. A logarithm has at most 17 digits, so as many as there can be rows do not overflow.
    mantissas: BTreeMap<u32, i128>,
}

impl LogSum {
    /// Adds the logarithms of the weights of a block.
    ///
    /// Errors: `undefined` for a weight that is not above zero.
    pub(super) fn add(&mut self, weights: &BlockColumn) -> Result<()> {
        match ShortCounter::countable(weights) {
            Some(values) => {
                if !self.short.has_room(weights.scale) {
                    self.drain()?;
                }
                self.short.count(values, weights.scale);
                Ok(())
            }
            None => weights.decimals().try_for_each(|weight| self.add_times(&weight, 1)),
        }
    }

    /// Returns the sum.
    ///
    /// Errors: as for [`Self::add`].
    pub(super) fn finish(mut self) -> Result<Decimal> {
        self.drain()?;
        let sums = self.mantissas.into_iter().map(|(scale, mantissa)| Decimal { mantissa: IBig::from(mantissa), scale });
        Ok(sums.fold(Decimal::ZERO, |sum, part| sum.plus(&part)).normalized())
    }

    /// Adds the logarithms of the weights that were counted.
    fn drain(&mut self) -> Result<()> {
        let counted: Vec<(Decimal, u32)> = self.short.drain().collect();
        counted.into_iter().try_for_each(|(weight, count)| self.add_times(&weight, count.into()))
    }

    /// Adds `count` times the logarithm of a weight.
    fn add_times(&mut self, weight: &Decimal, count: i128) -> Result<()> {
        let logarithm = Function::Ln.value(weight)?;
        // a mantissa of 17 digits always fits
        *self.mantissas.entry(logarithm.scale).or_default() += i128::try_from(&logarithm.mantissa).unwrap_or_default() * count;
        Ok(())
    }
}
