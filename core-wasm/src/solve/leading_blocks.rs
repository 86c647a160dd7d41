//! A Gram matrix whose first columns fall into small orthogonal blocks, such as those of the levels of a category, to the exact numbers of L
//! and D that are cheap.
//!
//! Some numbers of L and D are often f64: numbers of rows, and sums of integers over them. No enclosure settles that an f64 leaves nothing
//! of them, and determinants of the whole matrix would be dear. But each block is eliminated by itself. What the blocks leave of the first
//! columns after them is often simple too: the intercept less the levels is the reference level. So these columns are eliminated as far as
//! their fractions stay short.
//!
//! *Invariants*: the matrix is positive definite in its leading columns.

use super::cholesky::leading_zeros;
use super::quantity::Quantity;
use crate::ratio::Ratio;
use dashu_base::BitTest;
use dashu_int::IBig;
use std::collections::BTreeMap;
use std::ops::Range;

/// Most bits of the diagonal of a block together, which bound the bits of its minors.
const BLOCK_BITS_MAX: usize = 1024;
/// Most bits of a denominator after the blocks.
const DENOMINATOR_BITS_MAX: usize = 128;

/// Returns L and D of the leading `count` columns of a lower triangle exactly, as far as that is cheap.
pub(super) fn exact_factors(gram: &[Vec<IBig>], count: usize) -> BTreeMap<Quantity, Ratio> {
    let starts: Vec<usize> = (0..count).map(|i| leading_zeros(&gram[i][..i])).collect();
    let ranges = block_ranges(gram, &starts);
    let end = ranges.last().map_or(0, |range| range.end);
    let blocks: Vec<Block> = ranges.into_iter().map(|range| Block::of(gram, range, &starts, end)).collect();
    let mut exact = BTreeMap::new();
    for block in &blocks {
        block.add_to(&mut exact, end);
    }
    add_after_blocks(gram, end..count, &blocks, &mut exact);
    exact
}

/// Returns the blocks: columns of different blocks are orthogonal. They end before the first column that would make a block too large.
fn block_ranges(gram: &[Vec<IBig>], starts: &[usize]) -> Vec<Range<usize>> {
    let bits = |range: &Range<usize>| range.clone().map(|k| gram[k][k].bit_len()).sum::<usize>();
    let mut blocks: Vec<Range<usize>> = Vec::new();
    for (i, &start) in starts.iter().enumerate() {
        let joined = blocks.partition_point(|block| block.end <= start);
        let block = blocks.get(joined).map_or(i, |block| block.start)..i + 1;
        if bits(&block) > BLOCK_BITS_MAX {
            break;
        }
        blocks.truncate(joined);
        blocks.push(block);
    }
    blocks
}

/// A block that is eliminated without fractions, as in [`elimination`](super::elimination).
struct Block {
    columns: Range<usize>,
    /// The entries `a_ij` in the columns of the block: of its own rows, up to the diagonal, and of the rows after all blocks.
    rows: Vec<Vec<IBig>>,
    /// For each row after all blocks the number of zeros at its beginning.
    starts: Vec<usize>,
}

impl Block {
    /// Eliminates the block of these columns. All blocks end at `end`.
    fn of(gram: &[Vec<IBig>], columns: Range<usize>, starts: &[usize], end: usize) -> Self {
        let own = columns.clone().map(|i| gram[i][columns.start..=i].to_vec());
        let after = (end..starts.len()).map(|i| gram[i][columns.clone()].to_vec());
        let mut rows: Vec<Vec<IBig>> = own.chain(after).collect();
        let mut previous = IBig::ONE;
        for k in 0..columns.len() {
            let pivot = rows[k][k].clone();
            let column: Vec<IBig> = rows.iter().take(columns.len()).map(|row| row.get(k).cloned().unwrap_or(IBig::ZERO)).collect();
            for row in &mut rows[k + 1..] {
                let left = row[k].clone();
                for (entry, right) in row[k + 1..].iter_mut().zip(&column[k + 1..]) {
                    *entry = (&pivot * &*entry - &left * right) / &previous;
                }
            }
            previous = pivot;
        }
        Self { columns, rows, starts: starts[end..].to_vec() }
    }

    /// Returns the pivot of a column of the block, and that before it.
    fn pivots(&self, k: usize) -> (&IBig, IBig) {
        (&self.rows[k][k], k.checked_sub(1).map_or(IBig::ONE, |before| self.rows[before][before].clone()))
    }

    /// Adds D and L of the block. All blocks end at `end`.
    fn add_to(&self, exact: &mut BTreeMap<Quantity, Ratio>, end: usize) {
        let (size, first) = (self.columns.len(), self.columns.start);
        for k in 0..size {
            let (pivot, before) = self.pivots(k);
            exact.insert(Quantity::D(first + k), Ratio::new(pivot.clone(), before));
            for (at, row) in self.rows.iter().enumerate().skip(k + 1) {
                let i = if at < size { first + at } else { end + at - size };
                // the rest are zeros that nobody asks for
                if at < size || self.starts[at - size] <= first + k {
                    exact.insert(Quantity::L(i, first + k), Ratio::new(row[k].clone(), pivot.clone()));
                }
            }
        }
    }

    /// Returns the part of the product of two columns after all blocks, given by their index after these, that lies in the block.
    fn part(&self, i: usize, j: usize) -> Ratio {
        let size = self.columns.len();
        let (one, other) = (&self.rows[size + i], &self.rows[size + j]);
        let mut sum = Ratio::new(IBig::ZERO, IBig::ONE);
        for k in (0..size).filter(|&k| !one[k].is_zero() && !other[k].is_zero()) {
            let (pivot, before) = self.pivots(k);
            sum = sum.plus(&Ratio::new(&one[k] * &other[k], pivot * before));
        }
        sum.in_lowest_terms()
    }
}

/// Adds D and L of the columns after the blocks, until the fractions of one become too long.
fn add_after_blocks(gram: &[Vec<IBig>], columns: Range<usize>, blocks: &[Block], exact: &mut BTreeMap<Quantity, Ratio>) {
    // what is left of the product of columns i and j before j is eliminated
    let mut left: BTreeMap<(usize, usize), Ratio> = BTreeMap::new();
    for j in columns.clone() {
        for (i, row) in gram.iter().enumerate().take(columns.end).skip(j) {
            let whole = Ratio::new(row[j].clone(), IBig::ONE);
            let in_blocks = blocks.iter().map(|block| Some(block.part(i - columns.start, j - columns.start)));
            let in_columns = (columns.start..j).map(|k| {
                let (one, other, pivot) = (left.get(&(i, k))?, left.get(&(j, k))?, left.get(&(k, k))?);
                Some(one.times(other).times(&pivot.clone().inverted()))
            });
            let rest = in_blocks.chain(in_columns).try_fold(whole, |whole, part| {
                let part = part?;
                if part.numerator.is_zero() {
                    return Some(whole);
                }
                let rest = whole.minus(&part).in_lowest_terms();
                (rest.denominator.bit_len() <= DENOMINATOR_BITS_MAX).then_some(rest)
            });
            match (rest, left.get(&(j, j))) {
                (Some(pivot), None) => {
                    exact.insert(Quantity::D(j), pivot.clone());
                    left.insert((j, j), pivot);
                }
                (Some(rest), Some(pivot)) => {
                    exact.insert(Quantity::L(i, j), rest.times(&pivot.clone().inverted()));
                    left.insert((i, j), rest);
                }
                (None, None) => return,
                (None, Some(_)) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::solve::decide::ExactRounder;
    use crate::solve::elimination::Elimination;
    use crate::solve::quantity::Source;
    use proptest::prelude::*;

    /// Indicators of the levels of rows and products of each with a number, level by level; then ones and the columns of numbers.
    fn gram(levels: &[usize], numbers: &[Vec<i64>]) -> Vec<Vec<IBig>> {
        let count = levels.iter().max().map_or(0, |last| last + 1);
        let indicator = |level: usize| levels.iter().map(|&own| i64::from(own == level)).collect::<Vec<_>>();
        let product = |level: usize| indicator(level).iter().zip(&numbers[0]).map(|(a, b)| a * b).collect::<Vec<_>>();
        let mut columns: Vec<Vec<i64>> = (1..count).flat_map(|level| [indicator(level), product(level)]).collect();
        columns.push(vec![1; levels.len()]);
        columns.extend_from_slice(numbers);
        let sum = |i: usize, j: usize| columns[i].iter().zip(&columns[j]).map(|(a, b)| IBig::from(a * b)).sum();
        (0..columns.len()).map(|i| (0..=i).map(|j| sum(i, j)).collect()).collect()
    }

    proptest! {
        #[test]
        fn numbers_are_those_of_elimination(
            levels in prop::collection::vec(0usize..5, 30..60), large in prop_oneof![Just(9i64), Just(1 << 30)], seed: u64,
        ) {
            let mut state = seed | 1;
            let mut random = || { state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407); (state >> 33) as i64 % large };
            let numbers: Vec<Vec<i64>> = (0..3).map(|_| levels.iter().map(|_| random()).collect()).collect();
            let gram = gram(&levels, &numbers);
            let count = gram.len() - 1;
            let eliminated = Elimination::of(gram.clone());
            prop_assume!(eliminated.independent(count).len() == count);
            let (exact, known) = (exact_factors(&gram, count), ExactRounder::new(eliminated, count));
            for (quantity, ratio) in &exact {
                prop_assert_eq!(ratio.minus(&known.enclosure(*quantity).low).signum(), 0, "{:?}", quantity);
            }
            // the intercept leaves the reference level
            prop_assert!(exact.contains_key(&Quantity::D(count - 3)) && exact.contains_key(&Quantity::L(count - 1, count - 3)));
        }
    }
}
