//! Integers to counts of them, or of the histogram bins in which they lie.
//!
//! *Not here*: what a bin means (`samefit-core`'s `statistics::distribution`).

use crate::floats::INTEGER_BITS;

/// Most bits of an integer that [`DirectCounts`] counts.
pub const DIRECT_BITS: u32 = 12;
/// Most bits of an integer that becomes an f64 by one addition.
pub const EXACT_BITS: u32 = 51;
/// Low bits of an f64 that its bin leaves out: a bin is the top 18 bits.
pub const BITS_LEFT_OUT: u32 = 64 - 18;
/// Bits of a bin that are of the fraction: 64 bins between two powers of two.
const FRACTION_BITS: u32 = 6;
/// Signs and exponents of an f64: each has a page of counts.
const PAGES: usize = 1 << 12;
/// Integers of [`DIRECT_BITS`] bits, of either sign.
const DIRECT: usize = 2 << DIRECT_BITS;

/// Counts integers of up to [`DIRECT_BITS`] bits, one counter an integer.
#[derive(Clone, Debug, Default)]
pub struct DirectCounts(Vec<u32>);

impl DirectCounts {
    /// Counts each value. A counter must not pass 2^32 - 1.
    #[inline(never)]
    pub fn add(&mut self, values: &[i64]) {
        self.0.resize(DIRECT, 0);
        let counts: Option<&mut [u32; DIRECT]> = self.0.as_mut_slice().try_into().ok();
        if let Some(counts) = counts {
            for value in values {
                counts[(value + (1 << DIRECT_BITS)) as usize & (DIRECT - 1)] += 1;
            }
        }
    }

    /// Returns the integers that were counted, in increasing order, with their counts, and sets all counters to zero.
    pub fn drain(&mut self) -> impl Iterator<Item = (i64, u32)> {
        let integer = |at: usize| at as i64 - (1 << DIRECT_BITS);
        let counted = self.0.iter_mut().enumerate().filter(|(_, count)| **count > 0);
        counted.map(move |(at, count)| (integer(at), std::mem::take(count)))
    }
}

/// Counts bins, given by the top 18 bits of an f64. Memory is taken page by page, for the powers of two that occur.
#[derive(Clone, Debug, Default)]
pub struct BinCounts {
    /// For each sign and exponent, the index of its page plus one; 0 if it has none yet.
    pages: Vec<u16>,
    counts: Vec<[u32; 1 << FRACTION_BITS]>,
}

impl BinCounts {
    /// Counts each bin. A counter must not pass 2^32 - 1.
    #[inline(never)]
    pub fn add(&mut self, bins: &[u32]) {
        self.pages.resize(PAGES, 0);
        for &bin in bins {
            let page = &mut self.pages[(bin >> FRACTION_BITS) as usize & (PAGES - 1)];
            if *page == 0 {
                self.counts.push([0; 1 << FRACTION_BITS]);
                *page = self.counts.len() as u16;
            }
            self.counts[usize::from(*page) - 1][bin as usize & ((1 << FRACTION_BITS) - 1)] += 1;
        }
    }

    /// Returns the bins that were counted, with their counts, and sets all counters to zero.
    pub fn drain(&mut self) -> Vec<(u32, u32)> {
        let mut drained = Vec::new();
        for (top, &page) in self.pages.iter().enumerate().filter(|(_, page)| **page > 0) {
            let counts = self.counts[usize::from(page) - 1].iter_mut().enumerate().filter(|(_, count)| **count > 0);
            drained.extend(counts.map(|(low, count)| ((top << FRACTION_BITS | low) as u32, std::mem::take(count))));
        }
        drained
    }
}

/// Counts the values from `first` on: the value `first + i` at `counts[i * stride]`, for each `i` below `len`. Appends all others to `rest`.
/// A counter must not pass 2^32 - 1.
#[inline(never)]
pub fn count_from(values: &[i64], first: i64, len: usize, stride: usize, counts: &mut [u32], rest: &mut Vec<i64>) {
    for &value in values {
        let at = value.wrapping_sub(first) as u64;
        match counts.get_mut((at as usize).wrapping_mul(stride)) {
            Some(count) if at < len as u64 => *count += 1,
            _ => rest.push(value),
        }
    }
}

/// Counts the values that are `power` times an integer from `lowest` on: `power * (lowest + i)` at `counts[i]`. Appends all others to `rest`.
/// Values have at most [`EXACT_BITS`] bits and `power` is a power of ten of 64 bits. A counter must not pass 2^32 - 1.
#[inline(never)]
pub fn count_multiples(values: &[i64], power: i64, lowest: i64, counts: &mut [u32], rest: &mut Vec<i64>) {
    let (divisor, len) = (power as f64, counts.len() as u64);
    for &value in values {
        // exact for a multiple; of any other value it is not the quotient
        let quotient = nearest_integer(exact_f64(value) / divisor);
        let at = quotient.wrapping_sub(lowest) as u64;
        if at < len && quotient.wrapping_mul(power) == value {
            counts[at as usize] += 1;
        } else {
            rest.push(value);
        }
    }
}

/// Replaces `bins` by the bins of `values / power`. Values have at most [`EXACT_BITS`] bits and `power` is an exact power of ten, so each
/// quotient is rounded once.
#[inline(never)]
pub fn bins_of_quotients(values: &[i64], power: f64, bins: &mut Vec<u32>) {
    bins.clear();
    bins.extend(values.iter().map(|&value| ((exact_f64(value) / power).to_bits() >> BITS_LEFT_OUT) as u32));
}

/// Converts an integer of at most [`EXACT_BITS`] bits to f64.
///
/// The bits of 1.5 * 2^52 plus the integer are those of the number 1.5 * 2^52 plus the integer. A conversion (`as f64`) gives the same, but
/// few machines have one for vectors.
#[inline(always)]
fn exact_f64(value: i64) -> f64 {
    f64::from_bits(INTEGER_BITS.to_bits().wrapping_add(value as u64)) - INTEGER_BITS
}

/// Converts an f64 of a magnitude of at most 2^51 to the nearest integer: does what [`exact_f64`] does, in reverse.
#[inline(always)]
fn nearest_integer(value: f64) -> i64 {
    (value + INTEGER_BITS).to_bits().wrapping_sub(INTEGER_BITS.to_bits()) as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn integers_are_counted(values in prop::collection::vec(-4095i64..4096, 0..200)) {
            let mut direct = DirectCounts::default();
            direct.add(&values);
            direct.add(&values);
            let mut want: BTreeMap<i64, u32> = BTreeMap::new();
            values.iter().for_each(|value| *want.entry(*value).or_default() += 2);
            prop_assert_eq!(direct.drain().collect::<Vec<_>>(), want.into_iter().collect::<Vec<_>>());
            prop_assert_eq!(direct.drain().count(), 0);
        }

        #[test]
        fn values_between_two_are_counted(values in prop::collection::vec(-60i64..60, 0..200), first in -50i64..50, len in 0usize..40, stride in 1usize..5, far in any::<i64>()) {
            let (mut counts, mut rest, mut want) = (vec![0; len * stride], Vec::new(), vec![0; len * stride]);
            let values = [values, vec![far]].concat();
            count_from(&values, first, len, stride, &mut counts, &mut rest);
            let (inside, outside): (Vec<i64>, Vec<i64>) = values.iter().partition(|value| (first..first + len as i64).contains(value));
            inside.iter().for_each(|value| want[(value - first) as usize * stride] += 1);
            prop_assert_eq!((counts, rest), (want, outside));
        }

        #[test]
        fn multiples_are_counted(values in prop::collection::vec(-3000i64..3000, 0..200), exponent in 0u32..19, lowest in -50i64..50, len in 0usize..90, far in -(1i64 << 51)..1 << 51) {
            let power = 10i64.pow(exponent);
            let (mut counts, mut rest, mut want) = (vec![0; len], Vec::new(), vec![0; len]);
            let multiples: Vec<i64> = values.iter().filter_map(|value| value.checked_mul(power)).filter(|value| value.abs() < 1 << 51).collect();
            let values = [values, multiples, vec![far]].concat();
            count_multiples(&values, power, lowest, &mut counts, &mut rest);
            let is_inside = |value: &i64| value % power == 0 && (lowest..lowest + len as i64).contains(&(value / power));
            let (inside, outside): (Vec<i64>, Vec<i64>) = values.iter().partition(|value| is_inside(value));
            inside.iter().for_each(|value| want[(value / power - lowest) as usize] += 1);
            prop_assert_eq!((counts, rest), (want, outside));
        }

        #[test]
        fn bins_are_the_top_bits(values in prop::collection::vec(-(1i64 << 50)..1 << 50, 0..200), scale in 0i32..22) {
            let power = 10f64.powi(scale);
            let (mut counts, mut bins) = (BinCounts::default(), Vec::new());
            bins_of_quotients(&values, power, &mut bins);
            counts.add(&bins);
            let mut want: BTreeMap<u32, u32> = BTreeMap::new();
            values.iter().for_each(|&value| *want.entry(((value as f64 / power).to_bits() >> 46) as u32).or_default() += 1);
            prop_assert_eq!(counts.drain().into_iter().collect::<BTreeMap<_, _>>(), want);
            prop_assert!(counts.drain().is_empty());
        }
    }
}
