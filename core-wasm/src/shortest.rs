//! Columns of f64 to the decimal numbers that they mean: integers at one scale.
//!
//! An f64 means its shortest decimal text that reads back as the same f64. In data that people wrote, that text has few digits, and its
//! number can be found without writing it. Let `k` be the integer nearest to `x * 10^s`. If `k / 10^s`, as f64, is `x` again, then
//! `k * 10^-s` is the number of the text.
//!
//! *Proof.* |k| is below [`SHORT_MAX`](samefit_kernels::floats::SHORT_MAX) = 10^15 and s is at most [`SCALE_MAX`], so `k` and `10^s` are
//! exact f64, and their quotient is the f64 nearest to the decimal number. A decimal number of at most 15 digits is the only one of so many
//! digits that is nearest to its f64, and the shortest text has no more digits than this one.
//!
//! Other values are written out and read back ([`shortest_decimal`]), which takes some thirty times longer.
//!
//! A float32 means its own shortest text. Callers pass the f64 nearest to that text, which has at most 9 digits. By the same argument it is
//! the shortest text of that f64 too.
//!
//! *Invariants*: the numbers are exact whatever scale is tried first. So neither the size of blocks nor SIMD changes a result.
//!
//! *Not here*: sums (`statistics`).

use crate::decimal::{Decimal, from_f64, scaled, ten_to};
use crate::error::Result;
use dashu_int::IBig;
use samefit_kernels::floats::{MISFIT, integers_at};
use samefit_kernels::powers::{F64_EXPONENT_MAX, F64_POWERS, I64_POWERS, I128_POWERS};
use samefit_kernels::text::ShortestDecimal;

/// Most digits after the point that are tried: the power of ten is an exact f64.
pub const SCALE_MAX: u32 = F64_EXPONENT_MAX as u32;

/// The decimal numbers of a block of values: `integers[i] * 10^-scale`.
#[derive(Debug)]
pub struct DecimalBlock<'a> {
    /// Number of digits after the point.
    pub scale: u32,
    /// One integer for each value; zero where the value is missing.
    pub integers: IntegerSlice<'a>,
    /// Indexes of the missing values, in increasing order.
    pub missing: &'a [usize],
}

/// Integers in the narrowest type that holds all of a block.
#[derive(Debug)]
pub enum IntegerSlice<'a> {
    /// Integers of up to 18 digits, as in nearly all data.
    Short(&'a [i64]),
    /// Integers of up to 38 digits, as of computed numbers: 17 digits, and exponents that differ.
    Wide(&'a [i128]),
    /// Integers of any size, as of a column that mixes 1e30 and 1e-30.
    Long(&'a [IBig]),
}

/// Reads a column of f64 block by block. The scale that fitted one block is tried first on the next.
#[derive(Debug, Default)]
pub struct ShortestReader {
    /// The scale to try first.
    scale: u32,
    short: Vec<i64>,
    wide: Vec<i128>,
    long: Vec<IBig>,
    /// The numbers of the block that are no integers at the scale, with their indexes.
    misfits: Vec<(usize, ShortestDecimal)>,
    missing: Vec<usize>,
    /// The scale of the last block.
    block_scale: u32,
    width: Width,
}

impl ShortestReader {
    /// Returns the decimal numbers that a block of values means. NaN is a missing value; zero of either sign is zero.
    ///
    /// Errors: `not-a-value` for infinity, `exponent-too-large` beyond [`EXPONENT_MAX`](crate::decimal::EXPONENT_MAX). The first value of
    /// the block is row 1 of the error.
    pub fn read(&mut self, values: &[f64]) -> Result<DecimalBlock<'_>> {
        self.short.resize(values.len(), 0);
        self.misfits.clear();
        self.missing.clear();
        if !at_scale(values, self.scale, &mut self.short) {
            self.read_misfits(values)?;
            if self.rescale(values) {
                self.read_misfits(values)?;
            }
        }
        let finest = self.misfits.iter().map(|(_, one)| u32::try_from(one.decimals).unwrap_or(0)).max();
        self.block_scale = self.scale.max(finest.unwrap_or(0));
        self.width = self.bring_to(self.block_scale);
        Ok(self.block())
    }

    /// Returns the block that was read last.
    pub fn block(&self) -> DecimalBlock<'_> {
        let integers = match self.width {
            Width::Short => IntegerSlice::Short(&self.short),
            Width::Wide => IntegerSlice::Wide(&self.wide),
            Width::Long => IntegerSlice::Long(&self.long),
        };
        DecimalBlock { scale: self.block_scale, integers, missing: &self.missing }
    }

    /// Finds the numbers of the values that are no integers at the scale, and the missing ones.
    fn read_misfits(&mut self, values: &[f64]) -> Result<()> {
        self.misfits.clear();
        self.missing.clear();
        for (at, (integer, &value)) in self.short.iter_mut().zip(values).enumerate().filter(|(_, (integer, _))| **integer == MISFIT) {
            *integer = 0;
            match value.is_nan() {
                true => self.missing.push(at),
                false => self.misfits.push((at, shortest_decimal(value).map_err(|error| error.at_row(at as u64 + 1))?)),
            }
        }
        Ok(())
    }

    /// Changes to a scale at which fewer values are misfits, and marks the misfits again. Returns whether there is such a scale.
    fn rescale(&mut self, values: &[f64]) -> bool {
        let Some(scale) = best_scale(self.misfits.iter().map(|(_, one)| *one)).filter(|&scale| scale != self.scale) else { return false };
        let before = self.misfits.len() + self.missing.len();
        at_scale(values, scale, &mut self.short);
        let better = self.short.iter().filter(|&&integer| integer == MISFIT).count() < before;
        if better {
            self.scale = scale;
        } else {
            at_scale(values, self.scale, &mut self.short);
            self.short.iter_mut().filter(|integer| **integer == MISFIT).for_each(|integer| *integer = 0);
        }
        better
    }

    /// Brings all numbers of the block to `scale`, that of the number with the most decimals. Returns the type that holds them.
    fn bring_to(&mut self, scale: u32) -> Width {
        let raise = scale - self.scale;
        match () {
            () if self.misfits.is_empty() => Width::Short,
            () if short_at_common(&mut self.short, raise, &self.misfits, scale) => Width::Short,
            () if wide_at_common(&self.short, raise, &self.misfits, scale, &mut self.wide) => Width::Wide,
            () => {
                long_at_common(&self.short, raise, &self.misfits, scale, &mut self.long);
                Width::Long
            }
        }
    }
}

/// Which of a reader's buffers holds the block.
#[derive(Clone, Copy, Debug, Default)]
enum Width {
    #[default]
    Short,
    Wide,
    Long,
}

/// Returns the decimal number that an f64 means.
///
/// Errors: `not-a-value` for infinity and NaN, `exponent-too-large`.
fn shortest_decimal(value: f64) -> Result<ShortestDecimal> {
    // beyond the limits of a cell, reading the value as a cell gives the error
    let (least, most) = (1e-60, 1e61);
    if !(value == 0.0 || (least..most).contains(&value.abs())) {
        from_f64(value)?;
    }
    Ok(ShortestDecimal::of(value))
}

/// Returns the decimal number that a finite f64 of any size means.
pub(crate) fn decimal_of(value: f64) -> Decimal {
    let ShortestDecimal { digits, decimals } = ShortestDecimal::of(value);
    scaled(digits.into(), decimals.into())
}

/// Returns the scale at which most of these numbers are integers below [`SHORT_MAX`](samefit_kernels::floats::SHORT_MAX), and the least of
/// several such scales. Returns none if no number is one at any scale.
fn best_scale(numbers: impl Iterator<Item = ShortestDecimal>) -> Option<u32> {
    // how many more numbers are integers at a scale than at the scale before
    let mut change = [0i64; SCALE_MAX as usize + 2];
    for ShortestDecimal { digits, decimals } in numbers {
        let least = decimals.max(0) as usize;
        let length = digits.unsigned_abs().checked_ilog10().map_or(1, |log| log as i32 + 1);
        let most = usize::try_from(decimals + 15 - length).unwrap_or(0).min(SCALE_MAX as usize);
        if length <= 15 && least <= most {
            change[least] += 1;
            change[most + 1] -= 1;
        }
    }
    let mut best = (0, None);
    let mut found = 0;
    for (scale, change) in (0..=SCALE_MAX).zip(change) {
        found += change;
        if found > best.0 {
            best = (found, Some(scale));
        }
    }
    best.1
}

/// Writes the integers of values at a scale, [`MISFIT`] where there is none. Returns whether all have one.
fn at_scale(values: &[f64], scale: u32, integers: &mut [i64]) -> bool {
    integers_at(values, F64_POWERS[scale as usize], integers)
}

/// Multiplies integers by `10^raise` and puts the misfits in their places, all at `scale`. Changes nothing and returns false if a number
/// needs more than 64 bits.
fn short_at_common(found: &mut [i64], raise: u32, misfits: &[(usize, ShortestDecimal)], scale: u32) -> bool {
    let Some(&power) = I64_POWERS.get(raise as usize) else { return false };
    let most = (i64::MAX / power).unsigned_abs();
    let long = |one: &ShortestDecimal| one.raise_to(scale).and_then(|raise| I64_POWERS.get(raise)?.checked_mul(one.digits)).is_none();
    if misfits.iter().any(|(_, one)| long(one)) || found.iter().any(|integer| integer.unsigned_abs() > most) {
        return false;
    }
    found.iter_mut().for_each(|integer| *integer *= power);
    misfits.iter().for_each(|(at, one)| found[*at] = one.raise_to(scale).map_or(0, |raise| I64_POWERS[raise] * one.digits));
    true
}

/// Does what [`short_at_common`] does in 128 bits, which hold 38 digits: 15 digits of `found` and 22 more, or 17 digits of a misfit and 21
/// more.
fn wide_at_common(found: &[i64], raise: u32, misfits: &[(usize, ShortestDecimal)], scale: u32, wide: &mut Vec<i128>) -> bool {
    let Some(power) = I128_POWERS.get(raise as usize).filter(|_| raise <= SCALE_MAX) else { return false };
    wide.clear();
    wide.extend(found.iter().map(|&integer| i128::from(integer) * power));
    misfits.iter().all(|(at, one)| {
        let power = one.raise_to(scale).filter(|&raise| raise < 22).map(|raise| I128_POWERS[raise]);
        wide[*at] = power.map_or(0, |power| power * i128::from(one.digits));
        power.is_some()
    })
}

/// Does what [`short_at_common`] does in integers of any size.
fn long_at_common(found: &[i64], raise: u32, misfits: &[(usize, ShortestDecimal)], scale: u32, long: &mut Vec<IBig>) {
    let power = ten_to(raise);
    long.clear();
    long.extend(found.iter().map(|&integer| &power * integer));
    misfits.iter().for_each(|(at, one)| long[*at] = ten_to(scale.saturating_add_signed(-one.decimals)) * one.digits);
}

impl DecimalBlock<'_> {
    /// Returns the number at an index; zero where it is missing.
    pub fn decimal(&self, at: usize) -> Decimal {
        let mantissa = match self.integers {
            IntegerSlice::Short(values) => IBig::from(values[at]),
            IntegerSlice::Wide(values) => IBig::from(values[at]),
            IntegerSlice::Long(values) => values[at].clone(),
        };
        Decimal { mantissa, scale: self.scale }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Reads `values` in blocks and compares each number with that of the shortest text.
    fn check(values: &[f64], block: usize) {
        let mut shortest = ShortestReader::default();
        for part in values.chunks(block) {
            let read = shortest.read(part).unwrap();
            for (at, &value) in part.iter().enumerate() {
                assert_eq!(read.missing.contains(&at), value.is_nan());
                let want = if value.is_nan() { Decimal::ZERO } else { from_f64(value).unwrap() };
                assert_eq!(read.decimal(at), want, "{value:e} at scale {}", read.scale);
            }
        }
    }

    /// Returns the scale at which values are read, and the type that holds them.
    fn scale(values: &[f64]) -> (u32, &'static str) {
        let mut shortest = ShortestReader::default();
        let read = shortest.read(values).unwrap();
        let width = match read.integers {
            IntegerSlice::Short(_) => "short",
            IntegerSlice::Wide(_) => "wide",
            IntegerSlice::Long(_) => "long",
        };
        (read.scale, width)
    }

    #[test]
    fn the_scale_is_that_of_the_data() {
        assert_eq!(scale(&[1.0, -2.0, 346.0]), (0, "short"));
        assert_eq!(scale(&[1.0, 32.1, f64::NAN, 4.85, 4.1271]), (4, "short"));
        assert_eq!(scale(&[0.0, -0.0]), (0, "short"));
        assert_eq!(scale(&[8.2, 0.1 + 0.2]), (17, "short"));
        assert_eq!(scale(&[1.0 / 3.0, 6.666666666666667e-3]), (18, "short"));
        assert_eq!(scale(&[10.0 / 3.0, 6.666666666666667e-7]), (22, "wide"));
        assert_eq!(scale(&[1.5e30, 1e-30]), (30, "long"));
    }

    #[test]
    fn one_odd_value_does_not_slow_the_others() {
        let mut values = vec![1.25; 100];
        values.extend([1e14, 1e-19, 123_456_789_012.5]);
        let mut shortest = ShortestReader::default();
        shortest.read(&values).unwrap();
        assert_eq!((shortest.scale, shortest.misfits.len()), (2, 2));
        check(&values, 103);
    }

    #[test]
    fn zero_is_zero_and_the_edges_are_right() {
        check(&[0.0, -0.0, f64::NAN, 8.2, 8.2f64.next_down(), 0.1 + 0.2, 1e15, 999_999_999_999_999.0, -1e15, 9_007_199_254_740_993.0], 20);
        check(
            &[1e22, 1e23, 1e-22, 1e-23, 123456789012345e-22, 1e60, 9.9e60, 1e-60, 5e-324_f64.max(1e-59), 2f64.powi(51), 2f64.powi(52)],
            3,
        );
        check(&[f64::from(0.1f32), 16777217.0, 4503599627370497.5, 2251799813685248.25], 1);
    }

    #[test]
    fn infinities_and_extremes_are_errors_with_their_row() {
        for (value, code) in [
            (f64::INFINITY, "not-a-value"),
            (f64::NEG_INFINITY, "not-a-value"),
            (1e61, "exponent-too-large"),
            (5e-324, "exponent-too-large"),
        ] {
            let error = ShortestReader::default().read(&[1.0, f64::NAN, value]).unwrap_err();
            assert_eq!((error.code.name(), error.row), (code, Some(3)), "{value}");
            assert_eq!(error.text(), from_f64(value).unwrap_err().text());
        }
    }

    /// The shortest text of a float32 and that of the f64 nearest to it are the same number.
    #[test]
    fn a_float32_means_its_own_text() {
        for bits in (0..u32::MAX).step_by(65_521) {
            let value = f32::from_bits(bits);
            let text = format!("{value:e}");
            if value.is_finite() && (value == 0.0 || (1e-37..1e38).contains(&value.abs())) {
                let through: f64 = text.parse().unwrap();
                assert_eq!(from_f64(through).unwrap(), crate::decimal::parse(text.as_bytes()).unwrap());
            }
        }
    }

    fn decimals(places: i32) -> impl Strategy<Value = f64> {
        (-9_999_999i64..9_999_999).prop_map(move |k| format!("{k}e-{places}").parse().unwrap())
    }

    fn any_value() -> impl Strategy<Value = f64> {
        let bits = any::<u64>().prop_map(f64::from_bits);
        bits.prop_filter("within the limits of a cell", |x| x.is_nan() || *x == 0.0 || (1e-60..1e60).contains(&x.abs()))
    }

    proptest! {
        #[test]
        fn columns_of_decimals(values in prop::collection::vec(decimals(2), 1..200), block in 1usize..64) {
            check(&values, block);
        }

        #[test]
        fn columns_of_anything(
            values in prop::collection::vec(
                prop_oneof![3 => decimals(2), 3 => decimals(7), 1 => decimals(20), 3 => -3.0f64..3.0, 2 => any_value(), 1 => Just(f64::NAN), 1 => -1e16f64..1e16, 1 => (-1e15f64..1e15).prop_map(f64::round)],
                1..100),
            block in 1usize..64
        ) {
            check(&values, block);
        }

        #[test]
        fn one_value(value in prop_oneof![any_value(), -1e17f64..1e17, (0u64..u64::MAX, 0i32..40).prop_map(|(k, s)| format!("{k}e-{s}").parse().unwrap())]) {
            check(&[value], 1);
        }

        #[test]
        fn misfits_are_read_from_the_shortest_text(value in any_value()) {
            prop_assume!(!value.is_nan());
            let got = shortest_decimal(value).unwrap();
            let text = format!("{value:e}");
            let digits = text.bytes().take_while(|&b| b != b'e').filter(u8::is_ascii_digit).count();
            prop_assert_eq!(got.digits.to_string().trim_start_matches('-').trim_end_matches('0').len().max(1), digits);
            prop_assert_eq!(format!("{}e{}", got.digits, -got.decimals).parse::<f64>().unwrap(), value);
        }
    }
}
