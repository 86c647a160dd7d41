//! The values of a column in a block of rows: integers at one power of ten, in the narrowest of three types that holds them all.
//!
//! Most data fit in 64 bits, and numbers of up to about 38 digits in 128 bits. Longer numbers, and high powers of any numbers, are integers
//! of any size.

use crate::decimal::{Decimal, power_of_ten, ten_to};
use dashu_base::{BitTest, UnsignedAbs};
use dashu_int::IBig;
use samefit_kernels::digits::{self, Lanes};
use samefit_kernels::integers;

/// Most bits of a magnitude that is kept in 64 bits. One bit besides the sign stays free.
pub(crate) const NARROW_BITS: u32 = 62;
/// Most bits of a magnitude that is kept in 128 bits.
pub(crate) const WIDE_BITS: u32 = 126;

/// The integers of a column, in one of three types.
#[derive(Clone, Debug)]
pub(super) enum BlockIntegers {
    Narrow(Vec<i64>),
    Wide(Vec<i128>),
    Big(Vec<IBig>),
}

/// A column, or a product of columns, in a block of rows.
#[derive(Clone, Debug)]
pub(crate) struct BlockColumn {
    /// The integers are the values times `10^scale`.
    pub(super) scale: u32,
    /// Upper bound of the bits of each magnitude.
    pub(super) bits: u32,
    pub(super) integers: BlockIntegers,
}

impl BlockColumn {
    /// Returns a column without values.
    pub(crate) fn new() -> Self {
        Self { scale: 0, bits: 0, integers: BlockIntegers::Narrow(Vec::new()) }
    }

    /// Returns a column with the number one in each of `rows` rows.
    pub(super) fn ones(rows: usize) -> Self {
        Self { scale: 0, bits: 1, integers: BlockIntegers::Narrow(vec![1; rows]) }
    }

    /// Removes all values.
    pub(super) fn clear(&mut self) {
        match &mut self.integers {
            BlockIntegers::Narrow(values) => values.clear(),
            others => *others = BlockIntegers::Narrow(Vec::new()),
        }
        (self.scale, self.bits) = (0, 0);
    }

    /// Returns the number of values.
    pub(super) fn len(&self) -> usize {
        match &self.integers {
            BlockIntegers::Narrow(values) => values.len(),
            BlockIntegers::Wide(values) => values.len(),
            BlockIntegers::Big(values) => values.len(),
        }
    }

    /// Appends integers at a scale. `all_bits` is the bitwise or of their magnitudes.
    pub(crate) fn extend(&mut self, values: &[i64], all_bits: u64, scale: u32) {
        let bits = u64::BITS - all_bits.leading_zeros();
        match (self.align(scale, bits), &mut self.integers) {
            (0, BlockIntegers::Narrow(own)) => {
                own.extend_from_slice(values);
                self.bits = self.bits.max(bits);
            }
            (power, BlockIntegers::Narrow(own)) => {
                let factor = power_of_ten(power) as i64;
                integers::extend_times(own, values, factor);
                self.bits = self.bits.max(bits_of((i128::from(all_bits)) * i128::from(factor)));
            }
            (power, _) => self.extend_raised(values.iter().map(|&value| value.into()), raised_bits(bits, power), power),
        }
    }

    /// Appends integers of 128 bits at a scale. No magnitude has more than `bits` bits.
    pub(crate) fn extend_wide(&mut self, values: &[i128], bits: u32, scale: u32) {
        let power = self.align(scale, bits);
        self.extend_raised(values.iter().copied(), raised_bits(bits, power), power);
    }

    /// Appends integers times `10^power`. No product has more than `bits` bits.
    fn extend_raised(&mut self, values: impl Iterator<Item = i128>, bits: u32, power: u32) {
        match &mut self.integers {
            BlockIntegers::Narrow(own) => own.extend(values.map(|value| (value * power_of_ten(power)) as i64)),
            BlockIntegers::Wide(own) => own.extend(values.map(|value| value * power_of_ten(power))),
            BlockIntegers::Big(own) => own.extend(values.map(|value| IBig::from(value) * ten_to(power))),
        }
        self.bits = self.bits.max(bits);
    }

    /// Appends a value.
    pub(crate) fn push(&mut self, value: &Decimal) {
        match i128::try_from(&value.mantissa) {
            Ok(mantissa) if value.scale <= WIDE_BITS => self.extend_wide(&[mantissa], bits_of(mantissa), value.scale),
            _ => {
                let bits = value.mantissa.bit_len() as u32;
                let power = self.align(value.scale, bits);
                self.bits = self.bits.max(raised_bits(bits, power));
                let mantissa = &value.mantissa * ten_to(power);
                match &mut self.integers {
                    BlockIntegers::Narrow(own) => own.push(i64::try_from(&mantissa).unwrap_or_default()),
                    BlockIntegers::Wide(own) => own.push(i128::try_from(&mantissa).unwrap_or_default()),
                    BlockIntegers::Big(own) => own.push(mantissa),
                }
            }
        }
    }

    /// Returns the values of the rows with these indexes, in this order.
    pub(super) fn gathered(&self, rows: &[u32]) -> Self {
        let integers = match &self.integers {
            BlockIntegers::Narrow(values) => BlockIntegers::Narrow(integers::gathered(values, rows)),
            BlockIntegers::Wide(values) => BlockIntegers::Wide(rows.iter().map(|&row| values[row as usize]).collect()),
            BlockIntegers::Big(values) => BlockIntegers::Big(rows.iter().map(|&row| values[row as usize].clone()).collect()),
        };
        Self { scale: self.scale, bits: self.bits, integers }
    }

    /// Raises the column to `scale` if its own is lower, and chooses a type that holds values of up to `bits` bits at `scale` as well.
    /// Returns the power of ten by which those values have to be multiplied.
    fn align(&mut self, scale: u32, bits: u32) -> u32 {
        if self.len() == 0 {
            (self.scale, self.bits) = (scale, 0);
        }
        self.raise(scale);
        let power = self.scale - scale;
        self.widen(raised_bits(bits, power));
        power
    }

    /// Raises the scale, with the same values. Does nothing if `scale` is not above the column's own.
    pub(super) fn raise(&mut self, scale: u32) {
        let power = scale.saturating_sub(self.scale);
        if power == 0 {
            return;
        }
        self.widen(raised_bits(self.bits, power));
        match &mut self.integers {
            BlockIntegers::Narrow(values) => integers::multiply(values, power_of_ten(power) as i64),
            BlockIntegers::Wide(values) => values.iter_mut().for_each(|value| *value *= power_of_ten(power)),
            BlockIntegers::Big(values) => values.iter_mut().for_each(|value| *value *= ten_to(power)),
        }
        self.scale = scale;
        self.bits = self.integers.bits();
    }

    /// Returns the values.
    pub(super) fn decimals(&self) -> impl Iterator<Item = Decimal> + '_ {
        let scale = self.scale;
        let (narrow, wide, big): (&[i64], &[i128], &[IBig]) = match &self.integers {
            BlockIntegers::Narrow(values) => (values, &[], &[]),
            BlockIntegers::Wide(values) => (&[], values, &[]),
            BlockIntegers::Big(values) => (&[], &[], values),
        };
        let small = narrow.iter().map(|&value| IBig::from(value)).chain(wide.iter().map(|&value| IBig::from(value)));
        small.chain(big.iter().cloned()).map(move |mantissa| Decimal { mantissa, scale })
    }

    /// Returns whether the values at `scale` are integers of at most `digits` digits. False if `scale` is lower than the column's own.
    pub(super) fn fits(&self, scale: u32, digits: usize) -> bool {
        scale >= self.scale && digits::digits_for(raised_bits(self.bits, scale - self.scale)) <= digits
    }

    /// Changes to a type that holds integers of `bits` bits, if the present one does not.
    fn widen(&mut self, bits: u32) {
        match &self.integers {
            BlockIntegers::Narrow(values) if bits > WIDE_BITS => {
                self.integers = BlockIntegers::Big(values.iter().map(|&v| v.into()).collect())
            }
            BlockIntegers::Wide(values) if bits > WIDE_BITS => {
                self.integers = BlockIntegers::Big(values.iter().map(|&v| v.into()).collect())
            }
            BlockIntegers::Narrow(values) if bits > NARROW_BITS => {
                self.integers = BlockIntegers::Wide(values.iter().map(|&v| v.into()).collect());
            }
            _ => {}
        }
    }

    /// Returns the products of the values of two columns, row by row.
    pub(super) fn times(&self, other: &Self) -> Self {
        let (scale, bits) = (self.scale + other.scale, self.bits + other.bits);
        let integers = match (&self.integers, &other.integers) {
            (BlockIntegers::Narrow(left), BlockIntegers::Narrow(right)) if bits <= NARROW_BITS => {
                BlockIntegers::Narrow(integers::products(left, right))
            }
            (BlockIntegers::Narrow(left), BlockIntegers::Narrow(right)) => {
                BlockIntegers::Wide(left.iter().zip(right).map(|(&l, &r)| i128::from(l) * i128::from(r)).collect())
            }
            (BlockIntegers::Narrow(narrow), BlockIntegers::Wide(wide)) | (BlockIntegers::Wide(wide), BlockIntegers::Narrow(narrow))
                if bits <= WIDE_BITS =>
            {
                BlockIntegers::Wide(narrow.iter().zip(wide).map(|(&n, &w)| i128::from(n) * w).collect())
            }
            (left, right) => BlockIntegers::Big(left.to_big().iter().zip(right.to_big()).map(|(l, r)| l * r).collect()),
        };
        let mut product = Self { scale, bits, integers };
        product.bits = product.integers.bits();
        product
    }

    /// Returns for each value by how much it is above a number; zero if it is not above it.
    pub(super) fn excess_over(&self, number: &Decimal) -> Self {
        let mut excess = self.clone();
        let number_bits = number.mantissa.bit_len() as u32;
        let power = excess.align(number.scale, number_bits);
        // a difference may have one bit more
        excess.widen(excess.bits.max(raised_bits(number_bits, power)) + 1);
        let number = number.mantissa_at(excess.scale);
        match &mut excess.integers {
            BlockIntegers::Narrow(values) => integers::subtract_down_to_zero(values, i64::try_from(&number).unwrap_or_default()),
            BlockIntegers::Wide(values) => {
                let number = i128::try_from(&number).unwrap_or_default();
                values.iter_mut().for_each(|value| *value = (*value - number).max(0));
            }
            BlockIntegers::Big(values) => values.iter_mut().for_each(|value| *value = (&*value - &number).max(IBig::ZERO)),
        }
        excess.bits = excess.integers.bits();
        excess
    }

    /// Returns for each value whether it is not zero.
    pub(super) fn nonzero(&self) -> Vec<bool> {
        match &self.integers {
            BlockIntegers::Narrow(values) => values.iter().map(|value| *value != 0).collect(),
            BlockIntegers::Wide(values) => values.iter().map(|value| *value != 0).collect(),
            BlockIntegers::Big(values) => values.iter().map(|value| *value != IBig::ZERO).collect(),
        }
    }

    /// Keeps the values whose place in `kept` is true.
    pub(super) fn retain(&mut self, kept: &[bool]) {
        fn retain<T>(values: &mut Vec<T>, kept: &[bool]) {
            let mut kept = kept.iter();
            values.retain(|_| kept.next().is_some_and(|kept| *kept));
        }
        match &mut self.integers {
            BlockIntegers::Narrow(values) => retain(values, kept),
            BlockIntegers::Wide(values) => retain(values, kept),
            BlockIntegers::Big(values) => retain(values, kept),
        }
    }

    /// Returns the values if all of them are whole numbers of 64 bits.
    pub(super) fn whole_numbers(&self) -> Option<Vec<i64>> {
        let one = ten_to(self.scale);
        match &self.integers {
            BlockIntegers::Narrow(values) if self.scale == 0 => Some(values.clone()),
            others => others.to_big().iter().map(|value| ((value % &one).is_zero()).then(|| i64::try_from(value / &one).ok())?).collect(),
        }
    }

    /// Replaces `out` by the digits of the values, `digits` a row, in runs of so many rows: see [`digits::split`].
    pub(super) fn split(&self, runs: &[usize], digits: usize, out: &mut Vec<Lanes>) {
        match &self.integers {
            BlockIntegers::Narrow(values) if digits <= digits::NARROW_MAX => digits::split(values, runs, digits, out),
            BlockIntegers::Narrow(values) => digits::split_wide(values.iter().map(|&value| i128::from(value)), runs, digits, out),
            BlockIntegers::Wide(values) => digits::split_wide(values.iter().copied(), runs, digits, out),
            BlockIntegers::Big(values) => digits::split_big(values, runs, digits, out),
        }
    }
}

impl BlockIntegers {
    /// Returns the integers in the type of any size.
    fn to_big(&self) -> Vec<IBig> {
        match self {
            Self::Narrow(values) => values.iter().map(|&value| value.into()).collect(),
            Self::Wide(values) => values.iter().map(|&value| value.into()).collect(),
            Self::Big(values) => values.clone(),
        }
    }

    /// Returns the number of bits of the greatest magnitude.
    fn bits(&self) -> u32 {
        match self {
            Self::Narrow(values) => u64::BITS - integers::all_bits(values).leading_zeros(),
            Self::Wide(values) => u128::BITS - values.iter().fold(0, |all, value| all | value.unsigned_abs()).leading_zeros(),
            Self::Big(values) => values.iter().map(|value| value.unsigned_abs().bit_len() as u32).max().unwrap_or(0),
        }
    }
}

/// Returns the number of bits of a magnitude.
fn bits_of(value: i128) -> u32 {
    u128::BITS - value.unsigned_abs().leading_zeros()
}

/// Returns an upper bound of the bits of a number of `bits` bits times `10^power`.
pub(crate) fn raised_bits(bits: u32, power: u32) -> u32 {
    match power {
        0 => bits,
        // log2(10) < 3.322
        _ if bits > 0 => bits + (u64::from(power) * 3322 / 1000) as u32 + 1,
        _ => 0,
    }
}

/// Returns the values of a column.
#[cfg(test)]
pub(crate) fn block_values(column: &BlockColumn) -> Vec<Decimal> {
    column.decimals().collect()
}
