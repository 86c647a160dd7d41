//! Digits of two columns to the sum of their products, row by row: eight products with one instruction.
//!
//! Products of digits whose places add up to the same number go into one accumulator, four lanes of 32 bits. Accumulators are emptied into
//! sums of 64 bits before a lane could overflow.

use crate::digits::{Lanes, bound, digits_for};
use crate::simd::V128;

/// Returns after how many vectors accumulators must be emptied, for columns of integers of at most `left_bits` and `right_bits` bits.
pub fn steps(left_bits: u32, right_bits: u32) -> usize {
    let (left, right) = (digits_for(left_bits), digits_for(right_bits));
    let sum =
        |k: usize| (k.saturating_sub(right - 1)..left.min(k + 1)).map(|a| bound(left_bits, a) * bound(right_bits, k - a)).sum::<u64>();
    let greatest = (0..left + right - 1).map(sum).max().unwrap_or(1);
    ((i32::MAX as u64) / (2 * greatest.max(1))).max(1) as usize
}

/// Where the sums of the products of two columns are, and how they are added up.
#[derive(Clone, Copy, Debug)]
pub struct PairSums {
    /// Index of the sum of place 0; those of the higher places follow.
    pub at: usize,
    /// Vectors after which accumulators are emptied: see [`steps`].
    pub steps: usize,
}

/// The digits of some columns.
#[derive(Clone, Copy, Debug)]
pub struct ColumnDigits<'a> {
    /// For each column its digits, as [`split`](crate::digits::split) writes them.
    pub lanes: &'a [Vec<Lanes>],
    /// For each column how many digits a row has.
    pub digits: &'a [usize],
}

/// Some rows that follow each other, and where their sums are.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    /// How many vectors they have for each place.
    pub vectors: usize,
    /// Index of the first of their sums.
    pub at: usize,
}

/// Adds the products of each left column with the right columns up to the same index: (0, 0), (1, 0), (1, 1), (2, 0) and so on. Left columns
/// before `first` are passed over. The products of each run of rows go to its own sums.
///
/// Sums of products are symmetric, so the left columns are the right ones, or the right ones times the weight of each row. `pairs` lists
/// all pairs, also those that are passed over.
#[inline(never)]
pub fn add_pairs(left: ColumnDigits<'_>, right: ColumnDigits<'_>, first: usize, pairs: &[PairSums], runs: &[Run], sums: &mut [i64]) {
    let mut pairs = pairs.iter().skip(first * (first + 1) / 2);
    for (i, (left, &left_digits)) in left.lanes.iter().zip(left.digits).enumerate().skip(first) {
        for ((right, &right_digits), &pair) in right.lanes[..=i].iter().zip(right.digits).zip(&mut pairs) {
            add(left, left_digits, right, right_digits, pair, runs, sums);
        }
    }
}

/// Adds to sum k of a pair of each run the products of the digits of `left` and `right` whose places add up to k.
fn add(left: &[Lanes], left_digits: usize, right: &[Lanes], right_digits: usize, pair: PairSums, runs: &[Run], sums: &mut [i64]) {
    macro_rules! dispatch {
        ($($a:literal $b:literal),*) => {
            match (left_digits, right_digits) {
                $(($a, $b) => fixed::<$a, $b>(left, right, pair, runs, sums),)*
                _ => in_turn(left, left_digits, right, right_digits, pair, runs, sums),
            }
        };
    }
    dispatch!(1 1, 1 2, 1 3, 1 4, 1 5, 2 1, 2 2, 2 3, 2 4, 3 1, 3 2, 3 3, 3 4, 4 1, 4 2, 4 3, 4 4, 5 1);
}

/// Most accumulators of [`fixed`].
const SUMS_MAX: usize = 7;

/// Does what [`add`] does for columns of `A` and `B` digits, with all accumulators in registers.
#[inline(always)]
fn fixed<const A: usize, const B: usize>(left: &[Lanes], right: &[Lanes], pair: PairSums, runs: &[Run], sums: &mut [i64]) {
    let ((mut left, _), (mut right, _)) = (left.as_chunks::<A>(), right.as_chunks::<B>());
    for run in runs {
        let (of_left, of_right);
        (of_left, left) = left.split_at(run.vectors);
        (of_right, right) = right.split_at(run.vectors);
        let sums = &mut sums[run.at + pair.at..][..A + B - 1];
        for (left, right) in of_left.chunks(pair.steps).zip(of_right.chunks(pair.steps)) {
            let mut accumulators = [V128::zero(); SUMS_MAX];
            for (left, right) in left.iter().zip(right) {
                let x: [V128; A] = core::array::from_fn(|a| V128::load_i16(&left[a]));
                for b in 0..B {
                    let y = V128::load_i16(&right[b]);
                    for a in 0..A {
                        accumulators[a + b] = accumulators[a + b].add_i32(x[a].dot_i16(y));
                    }
                }
            }
            for k in 0..A + B - 1 {
                sums[k] += sum(accumulators[k]);
            }
        }
    }
}

/// Does what [`add`] does for any numbers of digits, one pair of places after the other.
fn in_turn(
    mut left: &[Lanes],
    left_digits: usize,
    mut right: &[Lanes],
    right_digits: usize,
    pair: PairSums,
    runs: &[Run],
    sums: &mut [i64],
) {
    for run in runs {
        let (of_left, of_right);
        (of_left, left) = left.split_at(run.vectors * left_digits);
        (of_right, right) = right.split_at(run.vectors * right_digits);
        let sums = &mut sums[run.at + pair.at..];
        for (left, right) in of_left.chunks(pair.steps * left_digits).zip(of_right.chunks(pair.steps * right_digits)) {
            for a in 0..left_digits {
                for b in 0..right_digits {
                    let left = left.iter().skip(a).step_by(left_digits);
                    let right = right.iter().skip(b).step_by(right_digits);
                    let products = left.zip(right).map(|(x, y)| V128::load_i16(x).dot_i16(V128::load_i16(y)));
                    sums[a + b] += sum(products.fold(V128::zero(), V128::add_i32));
                }
            }
        }
    }
}

/// Returns the sum of an accumulator's four lanes.
#[inline(always)]
fn sum(accumulator: V128) -> i64 {
    accumulator.to_i32x4().iter().map(|&lane| i64::from(lane)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digits::{DIGIT_BITS, split_wide, vectors};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sums_are_exact(left_bits in 1u32..126, right_bits in 1u32..126, seeds in prop::collection::vec(any::<(i128, i128)>(), 1..600), cut in 0usize..600, extreme in any::<bool>()) {
            let shorten = |seed: i128, bits: u32| if extreme { (1i128 << bits) - 1 } else { seed >> (127 - bits) };
            let left: Vec<i128> = seeds.iter().map(|seed| shorten(seed.0, left_bits)).collect();
            let right: Vec<i128> = seeds.iter().map(|seed| shorten(seed.1, right_bits)).collect();
            let (left_digits, right_digits) = (digits_for(left_bits), digits_for(right_bits));
            let (mut left_lanes, mut right_lanes) = (Vec::new(), Vec::new());
            // two runs, with a sum that belongs to neither before those of the second
            let cut = cut % seeds.len();
            let rows = [cut, seeds.len() - cut];
            split_wide(left.iter().copied(), &rows, left_digits, &mut left_lanes);
            split_wide(right.iter().copied(), &rows, right_digits, &mut right_lanes);
            let places = left_digits + right_digits - 1;
            let mut sums = vec![0; 2 * places + 2];
            let pair = PairSums { at: 1, steps: steps(left_bits, right_bits) };
            let runs = [Run { vectors: vectors(rows[0]), at: 0 }, Run { vectors: vectors(rows[1]), at: places + 1 }];
            add(&left_lanes, left_digits, &right_lanes, right_digits, pair, &runs, &mut sums);
            for (range, run) in [(0..cut, runs[0]), (cut..seeds.len(), runs[1])] {
                let sums = &sums[run.at + pair.at..][..places];
                let sum: dashu_int::IBig = sums.iter().enumerate().map(|(k, &sum)| dashu_int::IBig::from(sum) << (k * DIGIT_BITS as usize)).sum();
                let want: dashu_int::IBig = left[range.clone()].iter().zip(&right[range]).map(|(&l, &r)| dashu_int::IBig::from(l) * dashu_int::IBig::from(r)).sum();
                prop_assert_eq!(sum, want);
            }
            prop_assert_eq!((sums[0], sums[places + 1]), (0, 0));
        }
    }
}
