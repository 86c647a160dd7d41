//! Columns of f64 to the decimal numbers that they mean: integers at one scale.
//!
//! An f64 means its shortest decimal text that reads back as the same f64. For data that people wrote, that text has few digits, and it can be
//! found without being written: if `k`, the integer nearest to `x * 10^s`, gives `x` again when it is divided by `10^s`, then `k * 10^-s` is
//! the text's number. Proof: with |k| below [`SHORT_MAX`](samefit_kernels::floats::SHORT_MAX) and s at most [`SCALE_MAX`], `k` and `10^s` are exact f64, so the quotient is the f64
//! nearest to the decimal; a decimal of at most 15 digits is the only one that is nearest to its f64, and the shortest text has no more digits
//! than this one. What does not pass is written out and read ([`written`]), some thirty times slower.
//!
//! A float32 means its own shortest text. A caller hands it on as the f64 nearest to that text, which has at most 9 digits: by the same
//! argument it is that f64's shortest text too.
//!
//! *Invariants*: every result is the exact one, whatever scale was tried first; so neither the cut into blocks nor SIMD shows.
//!
//! *Not here*: sums (`statistics`).

use crate::decimal::{Decimal, from_f64, ten_to};
use crate::error::Result;
use dashu_int::IBig;
use samefit_kernels::floats::{MISFIT, TENS, integers_at};
use samefit_kernels::text::Written;

/// Largest scale for which the power of ten is an f64.
pub const SCALE_MAX: u32 = 22;

const SHORT_TENS: [i64; 19] = {
    let mut tens = [1; 19];
    let mut at = 1;
    while at < tens.len() {
        tens[at] = tens[at - 1] * 10;
        at += 1;
    }
    tens
};
const WIDE_TENS: [i128; 23] = {
    let mut tens = [1; 23];
    let mut at = 1;
    while at < tens.len() {
        tens[at] = tens[at - 1] * 10;
        at += 1;
    }
    tens
};

/// The numbers of one block of one column.
#[derive(Debug)]
pub struct Block<'a> {
    /// Number of digits after the point of each integer.
    pub scale: u32,
    /// One integer a value; zero where the value is missing.
    pub integers: Integers<'a>,
    /// Indexes of the values that are missing, increasing.
    pub missing: &'a [usize],
}

/// Integers of the least width that holds all of a block.
#[derive(Debug)]
pub enum Integers<'a> {
    /// Up to 18 digits: nearly always.
    Short(&'a [i64]),
    /// Up to 38 digits: numbers of 17 digits and different magnitude, as computed data have.
    Wide(&'a [i128]),
    /// Any: a column that mixes 1e30 and 1e-30.
    Long(&'a [IBig]),
}

/// Reads a column of f64 block by block. It remembers the scale that served last, which is where the next block begins.
#[derive(Debug, Default)]
pub struct Shortest {
    scale: u32,
    short: Vec<i64>,
    wide: Vec<i128>,
    long: Vec<IBig>,
    written: Vec<(usize, Written)>,
    missing: Vec<usize>,
    /// Of the last block.
    block_scale: u32,
    width: Width,
}

impl Shortest {
    /// The numbers that a block of values means. NaN is missing, zero of either sign is zero.
    ///
    /// Errors: `not-a-value` for infinity, `exponent-too-large` beyond what a cell may say; the row counts from the block's first value, which
    /// is row 1.
    pub fn read(&mut self, values: &[f64]) -> Result<Block<'_>> {
        self.short.resize(values.len(), 0);
        self.written.clear();
        self.missing.clear();
        if !at_scale(values, self.scale, &mut self.short) {
            self.write_misfits(values)?;
            if self.rescale(values) {
                self.write_misfits(values)?;
            }
        }
        let finest = self.written.iter().map(|(_, one)| u32::try_from(one.decimals).unwrap_or(0)).max();
        self.block_scale = self.scale.max(finest.unwrap_or(0));
        self.width = self.bring_to(self.block_scale);
        Ok(self.block())
    }

    /// What was read last.
    pub fn block(&self) -> Block<'_> {
        let integers = match self.width {
            Width::Short => Integers::Short(&self.short),
            Width::Wide => Integers::Wide(&self.wide),
            Width::Long => Integers::Long(&self.long),
        };
        Block { scale: self.block_scale, integers, missing: &self.missing }
    }

    /// Writes out what was not found at the scale.
    fn write_misfits(&mut self, values: &[f64]) -> Result<()> {
        self.written.clear();
        self.missing.clear();
        for (at, (integer, &value)) in self.short.iter_mut().zip(values).enumerate().filter(|(_, (integer, _))| **integer == MISFIT) {
            *integer = 0;
            match value.is_nan() {
                true => self.missing.push(at),
                false => self.written.push((at, written(value).map_err(|error| error.at_row(at as u64 + 1))?)),
            }
        }
        Ok(())
    }

    /// Looks for a scale at which fewer values are misfits. True if there is one; the block then stands at it, its misfits marked again.
    fn rescale(&mut self, values: &[f64]) -> bool {
        let Some(scale) = best_scale(self.written.iter().map(|(_, one)| *one)).filter(|&scale| scale != self.scale) else { return false };
        let before = self.written.len() + self.missing.len();
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

    /// Brings all numbers of the block to the scale of the finest.
    fn bring_to(&mut self, scale: u32) -> Width {
        let raise = scale - self.scale;
        match () {
            () if self.written.is_empty() => Width::Short,
            () if short_at_common(&mut self.short, raise, &self.written, scale) => Width::Short,
            () if wide_at_common(&self.short, raise, &self.written, scale, &mut self.wide) => Width::Wide,
            () => {
                long_at_common(&self.short, raise, &self.written, scale, &mut self.long);
                Width::Long
            }
        }
    }
}

/// Which of the buffers holds a block.
#[derive(Clone, Copy, Debug, Default)]
enum Width {
    #[default]
    Short,
    Wide,
    Long,
}

/// The number that one f64 means.
///
/// Errors: `not-a-value` for infinity (and NaN), `exponent-too-large`.
fn written(value: f64) -> Result<Written> {
    // the same limits as a cell's, and the same words: beyond them, this is the error
    let (least, most) = (1e-60, 1e61);
    if !(value == 0.0 || (least..most).contains(&value.abs())) {
        from_f64(value)?;
    }
    Ok(Written::of(value))
}

/// The scale at which most of these numbers are found without writing them, the least of several; none if no scale finds one.
fn best_scale(numbers: impl Iterator<Item = Written>) -> Option<u32> {
    // how many more are found at a scale than at the one before
    let mut change = [0i64; SCALE_MAX as usize + 2];
    for Written { digits, decimals } in numbers {
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

/// The integers of values that are found at a scale, [`MISFIT`] for the others. True if there are no others.
fn at_scale(values: &[f64], scale: u32, integers: &mut [i64]) -> bool {
    integers_at(values, TENS[scale as usize], integers)
}

/// Brings integers to a scale `raise` larger and puts those that were written in their places; false, and nothing changed, if one is too long.
fn short_at_common(found: &mut [i64], raise: u32, written: &[(usize, Written)], scale: u32) -> bool {
    let Some(power) = 10i64.checked_pow(raise) else { return false };
    let most = (i64::MAX / power).unsigned_abs();
    let long = |one: &Written| one.raise_to(scale).and_then(|raise| SHORT_TENS.get(raise)?.checked_mul(one.digits)).is_none();
    if written.iter().any(|(_, one)| long(one)) || found.iter().any(|integer| integer.unsigned_abs() > most) {
        return false;
    }
    found.iter_mut().for_each(|integer| *integer *= power);
    written.iter().for_each(|(at, one)| found[*at] = one.raise_to(scale).map_or(0, |raise| SHORT_TENS[raise] * one.digits));
    true
}

/// The same in 128 bits, beside the short ones: there is room for 15 digits and 22 more, or 17 and 21 more.
fn wide_at_common(found: &[i64], raise: u32, written: &[(usize, Written)], scale: u32, wide: &mut Vec<i128>) -> bool {
    let Some(power) = WIDE_TENS.get(raise as usize) else { return false };
    wide.clear();
    wide.extend(found.iter().map(|&integer| i128::from(integer) * power));
    written.iter().all(|(at, one)| {
        let power = one.raise_to(scale).filter(|&raise| raise < 22).map(|raise| WIDE_TENS[raise]);
        wide[*at] = power.map_or(0, |power| power * i128::from(one.digits));
        power.is_some()
    })
}

/// The same without a limit.
fn long_at_common(found: &[i64], raise: u32, written: &[(usize, Written)], scale: u32, long: &mut Vec<IBig>) {
    let power = ten_to(raise);
    long.clear();
    long.extend(found.iter().map(|&integer| &power * integer));
    written.iter().for_each(|(at, one)| long[*at] = ten_to(scale.saturating_add_signed(-one.decimals)) * one.digits);
}

impl Block<'_> {
    /// The number at an index; zero where it is missing.
    pub fn decimal(&self, at: usize) -> Decimal {
        let mantissa = match self.integers {
            Integers::Short(values) => IBig::from(values[at]),
            Integers::Wide(values) => IBig::from(values[at]),
            Integers::Long(values) => values[at].clone(),
        };
        Decimal { mantissa, scale: self.scale }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Reads `values` in blocks, and compares each with its shortest text.
    fn check(values: &[f64], block: usize) {
        let mut shortest = Shortest::default();
        for part in values.chunks(block) {
            let read = shortest.read(part).unwrap();
            for (at, &value) in part.iter().enumerate() {
                assert_eq!(read.missing.contains(&at), value.is_nan());
                let want = if value.is_nan() { Decimal::ZERO } else { from_f64(value).unwrap() };
                assert_eq!(read.decimal(at), want, "{value:e} at scale {}", read.scale);
            }
        }
    }

    fn scale(values: &[f64]) -> (u32, &'static str) {
        let mut shortest = Shortest::default();
        let read = shortest.read(values).unwrap();
        let width = match read.integers {
            Integers::Short(_) => "short",
            Integers::Wide(_) => "wide",
            Integers::Long(_) => "long",
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
    fn one_value_apart_does_not_slow_the_others() {
        let mut values = vec![1.25; 100];
        values.extend([1e14, 1e-19, 123_456_789_012.5]);
        let mut shortest = Shortest::default();
        shortest.read(&values).unwrap();
        assert_eq!((shortest.scale, shortest.written.len()), (2, 2));
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
    fn what_is_no_value_is_an_error_with_its_row() {
        for (value, code) in [
            (f64::INFINITY, "not-a-value"),
            (f64::NEG_INFINITY, "not-a-value"),
            (1e61, "exponent-too-large"),
            (5e-324, "exponent-too-large"),
        ] {
            let error = Shortest::default().read(&[1.0, f64::NAN, value]).unwrap_err();
            assert_eq!((error.code.name(), error.row), (code, Some(3)), "{value}");
            assert_eq!(error.text(), from_f64(value).unwrap_err().text());
        }
    }

    /// A float32's shortest text, by way of the nearest f64, stays what it is.
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
        fn what_is_written_is_the_shortest(value in any_value()) {
            prop_assume!(!value.is_nan());
            let got = written(value).unwrap();
            let text = format!("{value:e}");
            let digits = text.bytes().take_while(|&b| b != b'e').filter(u8::is_ascii_digit).count();
            prop_assert_eq!(got.digits.to_string().trim_start_matches('-').trim_end_matches('0').len().max(1), digits);
            prop_assert_eq!(format!("{}e{}", got.digits, -got.decimals).parse::<f64>().unwrap(), value);
        }
    }
}
