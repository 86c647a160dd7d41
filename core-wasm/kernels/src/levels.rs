//! Sums of coefficients times integers, many rows at once, to f64 whose roundings are proven.
//!
//! A prediction is a sum of products c m of a real coefficient c and an integer m. It is computed in *levels*. The coefficients of a level
//! are multiples of its grid q, a power of two, and the integers are so small that every sum of products stays below 2^53 q. Then each
//! product and each partial sum is a multiple of q below 2^53 q, so f64 holds it exactly: plain multiplications and additions do not round,
//! in any order. The next level has the rest of each coefficient, at most q / 2, on a finer grid. After the last level a proven bound of all
//! that is left stands for the rest. Who makes the levels keeps these conditions (`forecast` of `samefit-core`); where they hold, a row is
//!
//! ```text
//! exact sum = high + low + something of at most `error`,   high = fl(high + low)
//! ```
//!
//! *Adding levels.* [`two_levels`] adds the first two by Knuth's TwoSum, which is exact: high + low is their sum. [`one_more_level`] adds a
//! sum s to high + low: `(t, e) = TwoSum(low, s)` and `(high, r) = TwoSum(high, t)` are exact, `low = fl(r + e)` is off by at most 2^-53
//! |low|, and `error` grows by twice that. A last TwoSum makes high = fl(high + low) again.
//!
//! *Rounding.* `high` is the f64 nearest to the exact sum x if no x within `error` of high + low rounds to another one. Let m be the distance
//! from `high` to the midpoint towards its neighbour, a power of two. Let `reach` be `error + 2^-50 (error + |low|)`, computed in f64. If
//! low + error >= m, then low + reach >= m (1 + 2^-51), so fl(low + reach) > m, and `high + fl(low + reach)` is not `high`. So where
//! `high + (low + reach)` and `high + (low - reach)` both are `high`, |x - high| is below m on either side, and x rounds to `high`. The
//! other rows are marked, and their caller computes them with integers. A row whose `high` is 0 is left unmarked only if x is exactly 0.
//!
//! *Limits*: magnitudes from 2^-900 to 2^900, so that nothing overflows or becomes subnormal; infinity and NaN are marked.
//!
//! *Invariants*: these are the same operations on every machine, so results are the same to the last bit. They would be correct in any
//! order.

/// Rows that are computed together: every column of digits and every result has a multiple of this length.
pub const BLOCK: usize = 8;

/// The bits of 2^52. In an f64 from 2^52 to 2^53 the lowest bits are those of the integer above 2^52.
const TWO_52: u64 = (52 + 1023) << 52;

/// How integers are written as digits: `count` of them, each but the last of `width` bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DigitLayout {
    /// Number of digits, at least 1.
    pub count: usize,
    /// Bits of a digit below the top one.
    pub width: u32,
    /// Most bits of a magnitude. The top digit has at most 50 of them.
    pub bits: u32,
}

impl DigitLayout {
    /// Returns an upper bound of the magnitude of the digit of a place.
    pub fn bound(self, place: usize) -> u64 {
        // the lower digits may carry one into the top digit
        if place + 1 == self.count { self.top() + u64::from(place > 0) } else { 1 << (self.width - 1) }
    }

    /// Returns a power of two that no integer's part in the top digit exceeds, before a carry.
    fn top(self) -> u64 {
        1 << (self.bits - self.width * (self.count as u32 - 1))
    }

    /// Returns what is added to the digit of a place so that it is not negative.
    fn bias(self, place: usize) -> u64 {
        self.bound(place)
    }

    /// Returns the biases of all places, as one integer.
    fn biases(self) -> u128 {
        (0..self.count).map(|place| u128::from(self.bias(place)) << (self.width * place as u32)).sum()
    }
}

/// Returns the number of rows with those that fill the last block.
pub fn padded(rows: usize) -> usize {
    rows.next_multiple_of(BLOCK)
}

/// Writes the digits of `values` as f64, lowest place first: `value = digit 0 + 2^width digit 1 + ...`. The digits lie between minus
/// their bound and their bound. `out` has a column for each place; missing rows of the last block become zeros.
#[inline(never)]
pub fn split(values: &[i64], layout: DigitLayout, out: &mut [Vec<f64>]) {
    let biases = layout.biases() as u64;
    for (place, out) in out.iter_mut().enumerate().take(layout.count) {
        let shift = layout.width * place as u32;
        let mask = if place + 1 == layout.count { u64::MAX } else { (1 << layout.width) - 1 };
        let bias = f64::from_bits(TWO_52 | layout.bias(place));
        out.clear();
        out.extend(values.iter().map(|value| {
            let digit = (value.cast_unsigned().wrapping_add(biases) >> shift) & mask;
            f64::from_bits(TWO_52 | digit) - bias
        }));
        out.resize(padded(values.len()), 0.0);
    }
}

/// Does what [`split`] does for integers of up to 126 bits.
#[inline(never)]
pub fn split_wide(values: &[i128], layout: DigitLayout, out: &mut [Vec<f64>]) {
    let biases = layout.biases();
    for (place, out) in out.iter_mut().enumerate().take(layout.count) {
        let shift = layout.width * place as u32;
        let mask = if place + 1 == layout.count { u64::MAX } else { (1 << layout.width) - 1 };
        let bias = f64::from_bits(TWO_52 | layout.bias(place));
        out.clear();
        out.extend(values.iter().map(|value| {
            let digit = (value.cast_unsigned().wrapping_add(biases) >> shift) as u64 & mask;
            f64::from_bits(TWO_52 | digit) - bias
        }));
        out.resize(padded(values.len()), 0.0);
    }
}

/// Sums of many rows: `high + low`, off by at most `error`.
#[derive(Clone, Debug, Default)]
pub struct RowSums {
    /// The f64 nearest to `high + low`.
    pub high: Vec<f64>,
    /// The rest.
    pub low: Vec<f64>,
    /// A bound of the distance to the exact sum.
    pub error: Vec<f64>,
}

/// A product of a column of digits and of coefficients of which each row chooses one.
#[derive(Clone, Debug)]
pub struct ChosenProduct<T> {
    /// Index of the column of digits.
    pub digits: usize,
    /// Index of the column of choices.
    pub choice: usize,
    /// The coefficients. A choice is an index among them.
    pub coefficients: Vec<T>,
}

/// Columns of digits, and columns of choices. All have a multiple of [`BLOCK`] rows.
#[derive(Clone, Copy, Debug)]
pub struct Columns<'a> {
    /// The digits of each column.
    pub digits: &'a [Vec<f64>],
    /// For each row the index of a coefficient.
    pub choices: &'a [Vec<u32>],
}

/// Sets the sums to those of two levels. `products` has, for each column of digits, its index and its coefficients; `chosen` has the
/// products whose coefficients the rows choose; `constants` are added to every row. `tail` is a bound of what the levels leave out, those
/// that are still to come not counted.
#[inline(never)]
pub fn two_levels(
    constants: [f64; 2],
    products: &[(usize, [f64; 2])],
    chosen: &[ChosenProduct<[f64; 2]>],
    columns: Columns<'_>,
    tail: f64,
    rows: usize,
    sums: &mut RowSums,
) {
    for of_rows in [&mut sums.high, &mut sums.low, &mut sums.error] {
        of_rows.resize(padded(rows), 0.0);
    }
    sums.error.fill(tail);
    let (highs, lows) = (sums.high.as_chunks_mut::<BLOCK>().0, sums.low.as_chunks_mut::<BLOCK>().0);
    for (block, (high, low)) in highs.iter_mut().zip(lows).enumerate() {
        let (mut first, mut second) = ([constants[0]; BLOCK], [constants[1]; BLOCK]);
        for &(column, [p, q]) in products {
            let digits = &columns.digits[column].as_chunks::<BLOCK>().0[block];
            for row in 0..BLOCK {
                first[row] += p * digits[row];
                second[row] += q * digits[row];
            }
        }
        for product in chosen {
            let digits = &columns.digits[product.digits].as_chunks::<BLOCK>().0[block];
            let choices = &columns.choices[product.choice].as_chunks::<BLOCK>().0[block];
            for row in 0..BLOCK {
                let [p, q] = product.coefficients[choices[row] as usize];
                first[row] += p * digits[row];
                second[row] += q * digits[row];
            }
        }
        for row in 0..BLOCK {
            (high[row], low[row]) = two_sum(first[row], second[row]);
        }
    }
}

/// Adds a level to the sums.
#[inline(never)]
pub fn one_more_level(constant: f64, products: &[(usize, f64)], chosen: &[ChosenProduct<f64>], columns: Columns<'_>, sums: &mut RowSums) {
    let (highs, lows) = (sums.high.as_chunks_mut::<BLOCK>().0, sums.low.as_chunks_mut::<BLOCK>().0);
    let errors = sums.error.as_chunks_mut::<BLOCK>().0;
    for (block, ((high, low), error)) in highs.iter_mut().zip(lows).zip(errors).enumerate() {
        let mut level = [constant; BLOCK];
        for &(column, p) in products {
            let digits = &columns.digits[column].as_chunks::<BLOCK>().0[block];
            for row in 0..BLOCK {
                level[row] += p * digits[row];
            }
        }
        for product in chosen {
            let digits = &columns.digits[product.digits].as_chunks::<BLOCK>().0[block];
            let choices = &columns.choices[product.choice].as_chunks::<BLOCK>().0[block];
            for row in 0..BLOCK {
                level[row] += product.coefficients[choices[row] as usize] * digits[row];
            }
        }
        for row in 0..BLOCK {
            let (sum, rest) = two_sum(low[row], level[row]);
            let (upper, lower) = two_sum(high[row], sum);
            let both = lower + rest;
            error[row] += TWICE_ULP * both.abs();
            (high[row], low[row]) = two_sum(upper, both);
        }
    }
}

/// Sets the mark of each row whose exact sum may round to another f64 than `high`. There are as many marks as rows.
#[inline(never)]
pub fn mark_unsettled(sums: &RowSums, marks: &mut [bool]) {
    for (((mark, &high), &low), &error) in marks.iter_mut().zip(&sums.high).zip(&sums.low).zip(&sums.error) {
        *mark |= !is_settled(high, low, error);
    }
}

/// Writes the f64 nearest to the exact sum less and plus each of `halves`. Sets the mark of each row with an end that may round otherwise,
/// or that is not finite. There are as many marks and halves as rows.
#[inline(never)]
pub fn ends(sums: &RowSums, halves: &[f64], lower: &mut Vec<f64>, upper: &mut Vec<f64>, marks: &mut [bool]) {
    for (ends, sign) in [(lower, -1.0), (upper, 1.0)] {
        ends.clear();
        ends.resize(halves.len(), 0.0);
        let sums = sums.high.iter().zip(&sums.low).zip(&sums.error);
        for (((end, mark), half), ((&high, &low), &error)) in ends.iter_mut().zip(marks.iter_mut()).zip(halves).zip(sums) {
            let (sum, rest) = two_sum(high, sign * half);
            let both = rest + low;
            let (nearest, rest) = two_sum(sum, both);
            *end = nearest;
            *mark |= !is_settled(nearest, rest, error + TWICE_ULP * both.abs());
        }
    }
}

/// 2^-52: twice the relative error of a rounding.
const TWICE_ULP: f64 = f64::EPSILON;

/// Returns the sum of two numbers as the nearest f64 and the exact rest (D. E. Knuth, The Art of Computer Programming 2, 4.2.2).
#[inline(always)]
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let of_b = sum - a;
    (sum, (a - (sum - of_b)) + (b - of_b))
}

/// Returns whether every number within `error` of `high + low` rounds to `high`, which is the f64 nearest to `high + low`.
#[inline(always)]
pub fn is_settled(high: f64, low: f64, error: f64) -> bool {
    let reach = error + 4.0 * f64::EPSILON * (error + low.abs());
    (high + (low + reach) == high) & (high + (low - reach) == high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use dashu_int::IBig;
    use proptest::prelude::*;

    fn layout() -> impl Strategy<Value = DigitLayout> {
        (1u32..=126)
            .prop_flat_map(|bits| {
                let fewest = bits.div_ceil(40) as usize;
                (fewest..=fewest + 6).prop_map(move |count| DigitLayout { count, width: bits.div_ceil(count as u32).max(2), bits })
            })
            .prop_filter("the top digit has bits", |layout| layout.bits > layout.width * (layout.count as u32 - 1))
    }

    /// Returns a dyadic f64 as an integer of units of 2^-200.
    fn units(value: f64) -> IBig {
        let bits = value.abs().to_bits();
        let (mantissa, exponent) = (IBig::from((bits & ((1 << 52) - 1)) | 1 << 52), (bits >> 52) as i64 - 1075);
        let magnitude = if value == 0.0 { IBig::ZERO } else { mantissa << (exponent + 200) as usize };
        if value < 0.0 { -magnitude } else { magnitude }
    }

    proptest! {
        #[test]
        fn digits_make_the_integer_and_keep_their_bounds(layout in layout(), seeds in prop::collection::vec(any::<i128>(), 1..20), extreme in any::<bool>()) {
            let most = (1i128 << layout.bits) - 1;
            let values: Vec<i128> = seeds.iter().map(|seed| if extreme { most * seed.signum() } else { seed >> (127 - layout.bits) }).collect();
            let mut digits = vec![Vec::new(); layout.count];
            split_wide(&values, layout, &mut digits);
            for (row, &value) in values.iter().enumerate() {
                let sum: i128 = digits.iter().enumerate().map(|(place, column)| (column[row] as i128) << (layout.width * place as u32)).sum();
                prop_assert_eq!(sum, value);
                prop_assert!(digits.iter().enumerate().all(|(place, column)| column[row].abs() <= layout.bound(place) as f64));
            }
            if layout.bits <= 62 {
                let narrow: Vec<i64> = values.iter().map(|&value| value as i64).collect();
                let mut others = vec![Vec::new(); layout.count];
                split(&narrow, layout, &mut others);
                prop_assert_eq!(others, digits);
            }
        }

        /// The exact sum of the levels lies within `error` of `high + low`, and ends that are not marked are the nearest.
        #[test]
        fn sums_are_within_their_error(
            coefficients in prop::collection::vec([-(1i64 << 40)..1 << 40, -(1i64 << 40)..1 << 40, -(1i64 << 40)..1 << 40], 1..5),
            values in prop::collection::vec(-1000i64..1000, 1..30),
            half in 0f64..1e3,
        ) {
            let layout = DigitLayout { count: 1, width: 10, bits: 10 };
            let mut digits = vec![vec![]];
            split(&values, layout, &mut digits);
            let power = |exponent: i32| 2f64.powi(exponent);
            // each column is the same digits: what matters is that levels overlap and cancel
            let at = |level: usize, exponent: i32| coefficients.iter().map(|all| all[level] as f64 * power(exponent)).collect::<Vec<_>>();
            let (first, second, third) = (at(0, -40), at(1, -75), at(2, -110));
            let mut two: Vec<(usize, [f64; 2])> = first.iter().zip(&second).map(|(&p, &q)| (0, [p, q])).collect();
            let mut one: Vec<(usize, f64)> = third.iter().map(|&p| (0, p)).collect();
            // the last product is chosen by some rows
            let choices = vec![(0..padded(values.len()) as u32).map(|row| row % 3 % 2).collect()];
            let (last_two, last_one) = (two.pop().unwrap().1, one.pop().unwrap().1);
            let chosen_two = [ChosenProduct { digits: 0, choice: 0, coefficients: vec![[0.0; 2], last_two] }];
            let chosen_one = [ChosenProduct { digits: 0, choice: 0, coefficients: vec![0.0, last_one] }];
            let columns = Columns { digits: &digits, choices: &choices };
            let mut sums = RowSums::default();
            two_levels([1.5, 0.0], &two, &chosen_two, columns, 0.0, values.len(), &mut sums);
            one_more_level(0.0, &one, &chosen_one, columns, &mut sums);
            let mut marks = vec![false; values.len()];
            mark_unsettled(&sums, &mut marks);
            let (mut lower, mut upper, mut end_marks) = (vec![], vec![], vec![false; values.len()]);
            ends(&sums, &vec![half; values.len()], &mut lower, &mut upper, &mut end_marks);
            for (row, value) in values.iter().enumerate() {
                let is_taken = |at: usize| at + 1 < coefficients.len() || choices[0][row] == 1;
                let all = [&first, &second, &third].into_iter().flat_map(|level| level.iter().enumerate().filter(|(at, _)| is_taken(*at)));
                let exact: IBig = all.map(|(_, &p)| units(p) * value).sum::<IBig>() + units(1.5);
                let magnitude = |value: IBig| if value < IBig::ZERO { -value } else { value };
                let off = magnitude(&exact - units(sums.high[row]) - units(sums.low[row]));
                prop_assert!(off <= units(sums.error[row]) , "{}", row);
                let is_nearest = |end: f64, exact: &IBig| [end.next_down(), end.next_up()].iter().all(|other| magnitude(exact - units(end)) <= magnitude(exact - units(*other)));
                prop_assert!(marks[row] || sums.high[row] == 0.0 || is_nearest(sums.high[row], &exact));
                prop_assert!(marks[row] || sums.high[row] != 0.0 || exact == IBig::ZERO);
                if !end_marks[row] && half > 1e-9 && lower[row].abs() > 1e-30 && upper[row].abs() > 1e-30 {
                    prop_assert!(is_nearest(lower[row], &(&exact - units(half))));
                    prop_assert!(is_nearest(upper[row], &(&exact + units(half))));
                }
            }
        }
    }

    #[test]
    fn a_tie_and_what_is_near_one_are_not_settled() {
        let half_ulp = 2f64.powi(-53);
        assert!(is_settled(1.0, 0.0, 0.0) && is_settled(1.0, half_ulp / 2.0, half_ulp / 4.0) && is_settled(0.0, 0.0, 0.0));
        assert!(!is_settled(1.0, half_ulp, 0.0) && !is_settled(1.0, half_ulp / 2.0, half_ulp / 2.0) && !is_settled(0.0, 0.0, 1e-300));
        // below a power of two, neighbours are twice as near
        assert!(!is_settled(1.0, -half_ulp / 2.0, 0.0) && !is_settled(1.0, -half_ulp / 4.0, half_ulp / 4.0));
        assert!(!is_settled(f64::INFINITY, f64::NAN, 0.0) && !is_settled(f64::NAN, 0.0, 0.0));
    }
}
