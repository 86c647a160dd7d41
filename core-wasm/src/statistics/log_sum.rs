//! Weights, block by block, to the sum of their logarithms.
//!
//! Each logarithm is rounded to the nearest f64, which means its shortest decimal text. So the sum is exact. Short weights are counted, and
//! the logarithm of each is taken once.

use super::block::{BlockColumn, BlockIntegers};
use crate::decimal::Decimal;
use crate::error::Result;
use crate::functions::Function;
use dashu_int::IBig;
use samefit_kernels::counts::{DIRECT_BITS, DirectCounts};
use std::collections::BTreeMap;

/// Weights after which a counter of 32 bits could overflow, less one block.
const WEIGHTS_MAX: u64 = u32::MAX as u64 - (1 << 20);

/// Sums logarithms of weights.
#[derive(Debug, Default)]
pub(super) struct LogSum {
    /// Counts of short weights at `direct_scale`.
    direct: DirectCounts,
    direct_scale: u32,
    /// Number of weights in `direct`.
    counted: u64,
    /// The mantissas of logarithms by their scale. A logarithm has at most 17 digits, so as many as there can be rows do not overflow.
    mantissas: BTreeMap<u32, i128>,
}

impl LogSum {
    /// Adds the logarithms of the weights of a block.
    ///
    /// Errors: `undefined` for a weight that is not above zero.
    pub(super) fn add(&mut self, weights: &BlockColumn) -> Result<()> {
        match &weights.integers {
            BlockIntegers::Narrow(values) if weights.bits <= DIRECT_BITS => {
                if self.direct_scale != weights.scale || self.counted > WEIGHTS_MAX {
                    self.drain()?;
                    self.direct_scale = weights.scale;
                }
                self.direct.add(values);
                self.counted += values.len() as u64;
                Ok(())
            }
            _ => weights.decimals().try_for_each(|weight| self.add_times(&weight, 1)),
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
        let counted: Vec<(i64, u32)> = self.direct.drain().collect();
        self.counted = 0;
        counted.into_iter().try_for_each(|(mantissa, count)| {
            self.add_times(&Decimal { mantissa: mantissa.into(), scale: self.direct_scale }, count.into())
        })
    }

    /// Adds `count` times the logarithm of a weight.
    fn add_times(&mut self, weight: &Decimal, count: i128) -> Result<()> {
        let logarithm = Function::Ln.value(weight)?;
        // a mantissa of 17 digits always fits
        *self.mantissas.entry(logarithm.scale).or_default() += i128::try_from(&logarithm.mantissa).unwrap_or_default() * count;
        Ok(())
    }
}
