//! Integers to digits of 16 bits, whose products [`products`](crate::products) adds exactly, eight at a time.
//!
//! An integer is written to the base 2^[`DIGIT_BITS`] with balanced digits, from -2^12 to 2^12 - 1. The top digit may use all of its 16
//! bits, so an integer that fits in 16 bits is one digit. The digits of one place of eight rows make a vector ([`Lanes`]). The vectors of
//! the same eight rows follow each other, lowest place first.
//!
//! A *run* is a number of consecutive rows that are summed together. It begins with a vector of its own, so that the sums of many short runs
//! cost little more than that of a long one. Missing rows of its last vector are zeros.
//!
//! Places count from 0: a digit of place k stands for itself times 2^(13 k).

use crate::simd::{V128, i16x8};
use dashu_base::RemEuclid;
use dashu_int::IBig;

/// Bits of a digit below the top one.
pub const DIGIT_BITS: u32 = 13;
/// Largest magnitude of a digit below the top one.
const HALF: u64 = 1 << (DIGIT_BITS - 1);
/// Most digits that [`split`] writes: an integer of 64 bits has no more.
pub const NARROW_MAX: usize = 5;
/// Rows in a vector.
pub const LANES: usize = 8;

/// The digits of one place of eight rows.
pub type Lanes = [i16; LANES];

/// Returns how many digits integers have whose magnitudes have at most `bits` bits.
pub fn digits_for(bits: u32) -> usize {
    // the carry of the lower digits may add one to the top digit
    if bits <= 15 { 1 } else { 1 + (bits - 14).div_ceil(DIGIT_BITS) as usize }
}

/// Returns an upper bound of the magnitude of the digit of a place, for integers of at most `bits` bits.
pub fn bound(bits: u32, place: usize) -> u64 {
    let digits = digits_for(bits);
    match place + 1 {
        1 if digits == 1 => 1 << bits,
        top if top == digits => (1 << (bits - DIGIT_BITS * place as u32)) + 1,
        _ => HALF,
    }
}

/// Returns how many vectors a run of `rows` rows has for each place.
pub fn vectors(rows: usize) -> usize {
    rows.div_ceil(LANES)
}

/// Replaces `out` by the digits of `values`, `digits` a row, at most [`NARROW_MAX`]. `runs` gives the number of rows of each run; together they
/// are all rows.
///
/// Within each eight rows the order changes, in the same way for every column, so sums of products are not affected.
#[inline(never)]
pub fn split(values: &[i64], runs: &[usize], digits: usize, out: &mut Vec<Lanes>) {
    make_room(runs, digits, out);
    // with the biases of all places added, every digit is unsigned; subtracting the bias of its place gives the balanced one
    let biases = (0..digits).map(|place| bias(place, digits) << (DIGIT_BITS * place as u32)).fold(0u64, u64::wrapping_add);
    for place in 0..digits {
        let out = out[place..].iter_mut().step_by(digits);
        match place {
            0 => split_place::<0>(values, runs, digits, biases, out),
            1 => split_place::<1>(values, runs, digits, biases, out),
            2 => split_place::<2>(values, runs, digits, biases, out),
            3 => split_place::<3>(values, runs, digits, biases, out),
            _ => split_place::<4>(values, runs, digits, biases, out),
        }
    }
}

/// Does what [`split`] does for integers of up to 126 bits, with any number of digits.
#[inline(never)]
pub fn split_wide(values: impl Iterator<Item = i128>, runs: &[usize], digits: usize, out: &mut Vec<Lanes>) {
    make_room(runs, digits, out);
    for (mut value, (vector, lane)) in values.zip(lanes_of(runs)) {
        for place in 0..digits {
            let digit = if place + 1 == digits { value as i64 } else { low_digit(value as i64) };
            value = (value - i128::from(digit)) >> DIGIT_BITS;
            out[vector * digits + place][lane] = digit as i16;
        }
    }
}

/// Does what [`split`] does for integers of any size, with any number of digits.
#[inline(never)]
pub fn split_big(values: &[IBig], runs: &[usize], digits: usize, out: &mut Vec<Lanes>) {
    make_room(runs, digits, out);
    let base = IBig::ONE << DIGIT_BITS as usize;
    for (value, (vector, lane)) in values.iter().zip(lanes_of(runs)) {
        let mut value = value.clone();
        for place in 0..digits {
            let digit = match place + 1 == digits {
                true => i64::try_from(&value).unwrap_or_default(),
                false => low_digit(i64::try_from(&(&value).rem_euclid(&base)).unwrap_or_default()),
            };
            value = (value - digit) >> DIGIT_BITS as usize;
            out[vector * digits + place][lane] = digit as i16;
        }
    }
}

/// Replaces `out` by zeros for the digits of all runs.
fn make_room(runs: &[usize], digits: usize, out: &mut Vec<Lanes>) {
    out.clear();
    out.resize(digits * runs.iter().map(|&rows| vectors(rows)).sum::<usize>(), [0; LANES]);
}

/// Returns for each row of runs the number of its vector, and its lane there, in the order of [`split`].
fn lanes_of(runs: &[usize]) -> impl Iterator<Item = (usize, usize)> {
    let firsts = runs.iter().scan(0, |next, &rows| Some(std::mem::replace(next, *next + vectors(rows))));
    let row = |first: usize| move |row: usize| (first + row / LANES, row % LANES / 2 + 4 * (row % 2));
    firsts.zip(runs).flat_map(move |(first, &rows)| (0..rows).map(row(first)))
}

/// Returns the balanced digit of place 0.
fn low_digit(value: i64) -> i64 {
    let half = HALF as i64;
    (value.wrapping_add(half) & (2 * half - 1)) - half
}

/// Writes the digits of one place: eight integers, of 64 bits each, become eight lanes of 16 bits.
fn split_place<'a, const PLACE: u32>(
    values: &[i64],
    runs: &[usize],
    digits: usize,
    biases: u64,
    mut out: impl Iterator<Item = &'a mut Lanes>,
) {
    let mask = 2 * bias(PLACE as usize, digits) - 1;
    let masks = [0, 16, 32, 48].map(|lane| V128::of_u64x2(mask << lane, mask << lane));
    let biases = V128::of_u64x2(biases, biases);
    let bias = i16x8([bias(PLACE as usize, digits) as i16; LANES]);
    let shift = DIGIT_BITS * PLACE;
    let eight = |values: &[i64; LANES]| {
        let two = |i: usize| V128::load_i64(&[values[2 * i], values[2 * i + 1]]).add_u64(biases);
        let lane = |i: usize, to: u32| if shift >= to { two(i).shr_u64(shift - to) } else { two(i).shl_u64(to - shift) }.and(masks[i]);
        lane(0, 0).or(lane(1, 16)).or(lane(2, 32)).or(lane(3, 48)).sub_i16(bias)
    };
    let mut rest = values;
    for &rows in runs {
        let (run, others) = rest.split_at(rows);
        let (whole, last) = run.as_chunks::<LANES>();
        for (values, lanes) in whole.iter().zip(&mut out) {
            eight(values).store_i16(lanes);
        }
        if !last.is_empty()
            && let Some(lanes) = out.next()
        {
            // what follows the run is read with it, and then replaced by zeros
            match rest[rows - last.len()..].first_chunk() {
                Some(values) => eight(values).and(V128::load_i16(&FIRST_ROWS[last.len()])).store_i16(lanes),
                None => {
                    let mut values = [0; LANES];
                    values[..last.len()].copy_from_slice(last);
                    eight(&values).store_i16(lanes);
                }
            }
        }
        rest = others;
    }
}

/// For each number of rows, the lanes of as many rows with all bits set.
const FIRST_ROWS: [Lanes; LANES] = {
    let mut masks = [[0; LANES]; LANES];
    let mut rows = 1;
    while rows < LANES {
        masks[rows] = masks[rows - 1];
        masks[rows][(rows - 1) / 2 + 4 * ((rows - 1) % 2)] = -1;
        rows += 1;
    }
    masks
};

/// Returns half the range of a place's digits. The top digit has 16 bits, or as many as are left of 64.
fn bias(place: usize, digits: usize) -> u64 {
    if place + 1 == digits { 1 << (63 - DIGIT_BITS as usize * place).min(15) } else { HALF }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Puts integers together from their digits, in the order of the rows.
    fn joined(lanes: &[Lanes], digits: usize, runs: &[usize]) -> Vec<i128> {
        let digit = |(vector, lane): (usize, usize), place: usize| i128::from(lanes[vector * digits + place][lane]);
        lanes_of(runs).map(|at| (0..digits).map(|place| digit(at, place) << (DIGIT_BITS * place as u32)).sum()).collect()
    }

    /// Returns runs of `rows` rows together.
    fn runs(rows: usize, lengths: &[usize]) -> Vec<usize> {
        let mut left = rows;
        let mut runs = Vec::new();
        for length in lengths {
            runs.push(left.min(*length));
            left -= left.min(*length);
        }
        runs.push(left);
        runs
    }

    proptest! {
        #[test]
        fn digits_make_the_integer(bits in 1u32..62, seeds in prop::collection::vec(any::<i64>(), 1..60), lengths in prop::collection::vec(0usize..20, 0..6), more in 0usize..2) {
            let runs = runs(seeds.len(), &lengths);
            let values: Vec<i64> = seeds.iter().map(|seed| seed >> (63 - bits)).collect();
            let bits = values.iter().map(|value| 64 - value.unsigned_abs().leading_zeros()).max().unwrap();
            let digits = (digits_for(bits) + more).min(NARROW_MAX);
            let mut lanes = Vec::new();
            split(&values, &runs, digits, &mut lanes);
            // rows that are missing add nothing to sums
            prop_assert_eq!(lanes.len(), digits * runs.iter().map(|&rows| vectors(rows)).sum::<usize>());
            let rows: std::collections::BTreeSet<_> = lanes_of(&runs).collect();
            prop_assert!((0..lanes.len() * LANES).all(|at| rows.contains(&(at / LANES / digits, at % LANES)) || lanes[at / LANES][at % LANES] == 0));
            prop_assert_eq!(joined(&lanes, digits, &runs), values.iter().map(|&v| i128::from(v)).collect::<Vec<_>>());
            for (at, lane) in lanes.iter().enumerate() {
                prop_assert!(more > 0 || lane.iter().all(|digit| u64::from(digit.unsigned_abs()) <= bound(bits, at % digits)));
            }
            let mut others = Vec::new();
            split_wide(values.iter().map(|&value| value.into()), &runs, digits, &mut others);
            prop_assert_eq!(&others, &lanes);
            split_big(&values.iter().map(|&value| value.into()).collect::<Vec<_>>(), &runs, digits, &mut others);
            prop_assert_eq!(&others, &lanes);
        }

        #[test]
        fn wide_digits_make_the_integer(bits in 1u32..127, seeds in prop::collection::vec(any::<i128>(), 1..20), lengths in prop::collection::vec(0usize..20, 0..3)) {
            let runs = runs(seeds.len(), &lengths);
            let values: Vec<i128> = seeds.iter().map(|seed| seed >> (127 - bits)).collect();
            let bits = values.iter().map(|value| 128 - value.unsigned_abs().leading_zeros()).max().unwrap();
            let digits = digits_for(bits);
            let (mut lanes, mut others) = (Vec::new(), Vec::new());
            split_wide(values.iter().copied(), &runs, digits, &mut lanes);
            prop_assert_eq!(joined(&lanes, digits, &runs), values.clone());
            split_big(&values.iter().map(|&value| value.into()).collect::<Vec<_>>(), &runs, digits, &mut others);
            prop_assert_eq!(&others, &lanes);
        }
    }
}
