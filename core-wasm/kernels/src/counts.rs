//! Integers to counts of them, or of the cells in which they lie.
//!
//! *Not here*: what a cell means (`samefit-core`'s `statistics::distribution`).

/// Integers of up to so many bits are counted as they are.
pub const DIRECT_BITS: u32 = 12;
/// Integers of up to so many bits become an f64 by an addition.
pub const EXACT_BITS: u32 = 51;
/// Low bits of an f64 that its cell leaves out.
pub const BITS_LEFT_OUT: u32 = 64 - 18;
/// Bits of a cell within its power of two.
const FRACTION_BITS: u32 = 6;
/// Powers of two, with a sign.
const PAGES: usize = 1 << 12;
const DIRECT: usize = 2 << DIRECT_BITS;

/// Counts of integers of up to [`DIRECT_BITS`] bits.
#[derive(Clone, Debug, Default)]
pub struct Direct(Vec<u32>);

impl Direct {
    /// Counts integers.
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

    /// The integers that were counted and how often, in increasing order; all counts are zero then.
    pub fn drain(&mut self) -> impl Iterator<Item = (i64, u32)> {
        let integer = |at: usize| at as i64 - (1 << DIRECT_BITS);
        let counted = self.0.iter_mut().enumerate().filter(|(_, count)| **count > 0);
        counted.map(move |(at, count)| (integer(at), std::mem::take(count)))
    }
}

/// Counts of cells, the top 18 bits of an f64. There is memory for the powers of two that were seen.
#[derive(Clone, Debug, Default)]
pub struct Cells {
    /// Where the counts of a power of two stand, one more than the index; 0 for none yet.
    pages: Vec<u16>,
    counts: Vec<[u32; 1 << FRACTION_BITS]>,
}

impl Cells {
    /// Counts cells.
    #[inline(never)]
    pub fn add(&mut self, cells: &[u32]) {
        self.pages.resize(PAGES, 0);
        for &cell in cells {
            let page = &mut self.pages[(cell >> FRACTION_BITS) as usize & (PAGES - 1)];
            if *page == 0 {
                self.counts.push([0; 1 << FRACTION_BITS]);
                *page = self.counts.len() as u16;
            }
            self.counts[usize::from(*page) - 1][cell as usize & ((1 << FRACTION_BITS) - 1)] += 1;
        }
    }

    /// The cells that were counted and how often; all counts are zero then.
    pub fn drain(&mut self) -> Vec<(u32, u32)> {
        let mut drained = Vec::new();
        for (top, &page) in self.pages.iter().enumerate().filter(|(_, page)| **page > 0) {
            let counts = self.counts[usize::from(page) - 1].iter_mut().enumerate().filter(|(_, count)| **count > 0);
            drained.extend(counts.map(|(low, count)| ((top << FRACTION_BITS | low) as u32, std::mem::take(count))));
        }
        drained
    }
}

/// The cells of integers of up to [`EXACT_BITS`] bits over a power of ten that is an exact f64: two exact numbers, one division that rounds.
#[inline(never)]
pub fn cells_of_quotients(values: &[i64], power: f64, cells: &mut Vec<u32>) {
    cells.clear();
    cells.extend(values.iter().map(|&value| ((exact_f64(value) / power).to_bits() >> BITS_LEFT_OUT) as u32));
}

/// An integer of up to [`EXACT_BITS`] bits as an f64. A conversion would do as well, but machines have none for vectors: the bits of
/// 1.5 * 2^52 plus the integer are those of the number 1.5 * 2^52 plus the integer.
#[inline(always)]
fn exact_f64(value: i64) -> f64 {
    const BASE: f64 = 6_755_399_441_055_744.0;
    f64::from_bits(BASE.to_bits().wrapping_add(value as u64)) - BASE
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn integers_are_counted(values in prop::collection::vec(-4095i64..4096, 0..200)) {
            let mut direct = Direct::default();
            direct.add(&values);
            direct.add(&values);
            let mut want: BTreeMap<i64, u32> = BTreeMap::new();
            values.iter().for_each(|value| *want.entry(*value).or_default() += 2);
            prop_assert_eq!(direct.drain().collect::<Vec<_>>(), want.into_iter().collect::<Vec<_>>());
            prop_assert_eq!(direct.drain().count(), 0);
        }

        #[test]
        fn cells_are_the_top_bits(values in prop::collection::vec(-(1i64 << 50)..1 << 50, 0..200), scale in 0i32..22) {
            let power = 10f64.powi(scale);
            let (mut counts, mut cells) = (Cells::default(), Vec::new());
            cells_of_quotients(&values, power, &mut cells);
            counts.add(&cells);
            let mut want: BTreeMap<u32, u32> = BTreeMap::new();
            values.iter().for_each(|&value| *want.entry(((value as f64 / power).to_bits() >> 46) as u32).or_default() += 1);
            prop_assert_eq!(counts.drain().into_iter().collect::<BTreeMap<_, _>>(), want);
            prop_assert!(counts.drain().is_empty());
        }
    }
}
