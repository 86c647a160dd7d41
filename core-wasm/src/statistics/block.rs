//! Values of a column over the rows of a block: integers at one power of ten, in the narrowest of three kinds that holds them all.
//!
//! Most data fit in 64 bits; numbers of up to about 38 digits in 128; the rest, and high powers of anything, in big integers.

use crate::decimal::{Decimal, power_of_ten, ten_to};
use dashu_base::{BitTest, UnsignedAbs};
use dashu_int::IBig;
use samefit_kernels::digits::{self, Lanes};
use samefit_kernels::integers;

/// Most bits of a magnitude in 64 bits; one bit more than the sign stays free.
pub(crate) const NARROW_BITS: u32 = 62;
/// The same in 128 bits.
pub(crate) const WIDE_BITS: u32 = 126;

/// Integers of one kind.
#[derive(Clone, Debug)]
pub(super) enum Integers {
    Narrow(Vec<i64>),
    Wide(Vec<i128>),
    Big(Vec<IBig>),
}

/// A column, or a product of columns, in a block.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    /// The integers are the values times ten to this power.
    pub(super) scale: u32,
    /// No magnitude has more bits.
    pub(super) bits: u32,
    pub(super) integers: Integers,
}

impl Column {
    /// No values.
    pub(crate) fn new() -> Self {
        Self { scale: 0, bits: 0, integers: Integers::Narrow(Vec::new()) }
    }

    /// Forgets the values.
    pub(super) fn clear(&mut self) {
        match &mut self.integers {
            Integers::Narrow(values) => values.clear(),
            others => *others = Integers::Narrow(Vec::new()),
        }
        (self.scale, self.bits) = (0, 0);
    }

    /// Number of values.
    pub(super) fn len(&self) -> usize {
        match &self.integers {
            Integers::Narrow(values) => values.len(),
            Integers::Wide(values) => values.len(),
            Integers::Big(values) => values.len(),
        }
    }

    /// Adds integers at a scale; `all_bits` has every bit that one of their magnitudes has.
    pub(crate) fn extend(&mut self, values: &[i64], all_bits: u64, scale: u32) {
        let bits = u64::BITS - all_bits.leading_zeros();
        match (self.meet(scale, bits), &mut self.integers) {
            (0, Integers::Narrow(own)) => {
                own.extend_from_slice(values);
                self.bits = self.bits.max(bits);
            }
            (power, Integers::Narrow(own)) => {
                let factor = power_of_ten(power) as i64;
                integers::extend_times(own, values, factor);
                self.bits = self.bits.max(bits_of((i128::from(all_bits)) * i128::from(factor)));
            }
            (power, _) => self.extend_raised(values.iter().map(|&value| value.into()), raised(bits, power), power),
        }
    }

    /// Adds wider integers at a scale; no magnitude has more than `bits` bits.
    pub(crate) fn extend_wide(&mut self, values: &[i128], bits: u32, scale: u32) {
        let power = self.meet(scale, bits);
        self.extend_raised(values.iter().copied(), raised(bits, power), power);
    }

    /// Adds integers times a power of ten, of at most `bits` bits then.
    fn extend_raised(&mut self, values: impl Iterator<Item = i128>, bits: u32, power: u32) {
        match &mut self.integers {
            Integers::Narrow(own) => own.extend(values.map(|value| (value * power_of_ten(power)) as i64)),
            Integers::Wide(own) => own.extend(values.map(|value| value * power_of_ten(power))),
            Integers::Big(own) => own.extend(values.map(|value| IBig::from(value) * ten_to(power))),
        }
        self.bits = self.bits.max(bits);
    }

    /// Adds a value.
    pub(crate) fn push(&mut self, value: &Decimal) {
        match i128::try_from(&value.mantissa) {
            Ok(mantissa) if value.scale <= WIDE_BITS => self.extend_wide(&[mantissa], bits_of(mantissa), value.scale),
            _ => {
                let bits = value.mantissa.bit_len() as u32;
                let power = self.meet(value.scale, bits);
                self.bits = self.bits.max(raised(bits, power));
                let mantissa = &value.mantissa * ten_to(power);
                match &mut self.integers {
                    Integers::Narrow(own) => own.push(i64::try_from(&mantissa).unwrap_or_default()),
                    Integers::Wide(own) => own.push(i128::try_from(&mantissa).unwrap_or_default()),
                    Integers::Big(own) => own.push(mantissa),
                }
            }
        }
    }

    /// Makes room for values of up to `bits` bits at `scale`: raises this column's scale if it is lower. Returns the power of ten by
    /// which those values are to be multiplied.
    fn meet(&mut self, scale: u32, bits: u32) -> u32 {
        if self.len() == 0 {
            (self.scale, self.bits) = (scale, 0);
        }
        self.raise(scale);
        let power = self.scale - scale;
        self.hold(raised(bits, power));
        power
    }

    /// The same values at a scale that is not lower; nothing happens if it is.
    pub(super) fn raise(&mut self, scale: u32) {
        let power = scale.saturating_sub(self.scale);
        if power == 0 {
            return;
        }
        self.hold(raised(self.bits, power));
        match &mut self.integers {
            Integers::Narrow(values) => integers::multiply(values, power_of_ten(power) as i64),
            Integers::Wide(values) => values.iter_mut().for_each(|value| *value *= power_of_ten(power)),
            Integers::Big(values) => values.iter_mut().for_each(|value| *value *= ten_to(power)),
        }
        self.scale = scale;
        self.bits = self.integers.bits();
    }

    /// Whether the values, at a scale that is not lower, are integers of so many digits.
    pub(super) fn fits(&self, scale: u32, digits: usize) -> bool {
        scale >= self.scale && digits::digits_for(raised(self.bits, scale - self.scale)) <= digits
    }

    /// Makes sure that integers of so many bits have a place.
    fn hold(&mut self, bits: u32) {
        match &self.integers {
            Integers::Narrow(values) if bits > WIDE_BITS => self.integers = Integers::Big(values.iter().map(|&v| v.into()).collect()),
            Integers::Wide(values) if bits > WIDE_BITS => self.integers = Integers::Big(values.iter().map(|&v| v.into()).collect()),
            Integers::Narrow(values) if bits > NARROW_BITS => {
                self.integers = Integers::Wide(values.iter().map(|&v| v.into()).collect());
            }
            _ => {}
        }
    }

    /// The products of the values of two columns, row by row.
    pub(super) fn times(&self, other: &Self) -> Self {
        let (scale, bits) = (self.scale + other.scale, self.bits + other.bits);
        let integers = match (&self.integers, &other.integers) {
            (Integers::Narrow(left), Integers::Narrow(right)) if bits <= NARROW_BITS => Integers::Narrow(integers::products(left, right)),
            (Integers::Narrow(left), Integers::Narrow(right)) => {
                Integers::Wide(left.iter().zip(right).map(|(&l, &r)| i128::from(l) * i128::from(r)).collect())
            }
            (left, right) => Integers::Big(left.to_big().iter().zip(right.to_big()).map(|(l, r)| l * r).collect()),
        };
        let mut product = Self { scale, bits, integers };
        product.bits = product.integers.bits();
        product
    }

    /// Digits for sums of products: see [`digits::split`].
    pub(super) fn split(&self, digits: usize, out: &mut Vec<Lanes>) {
        match &self.integers {
            Integers::Narrow(values) if digits <= digits::NARROW_MAX => digits::split(values, digits, out),
            Integers::Narrow(values) => digits::split_wide(values.iter().map(|&value| i128::from(value)), digits, out),
            Integers::Wide(values) => digits::split_wide(values.iter().copied(), digits, out),
            Integers::Big(values) => digits::split_big(values, digits, out),
        }
    }
}

impl Integers {
    fn to_big(&self) -> Vec<IBig> {
        match self {
            Self::Narrow(values) => values.iter().map(|&value| value.into()).collect(),
            Self::Wide(values) => values.iter().map(|&value| value.into()).collect(),
            Self::Big(values) => values.clone(),
        }
    }

    /// Bits of the greatest magnitude.
    fn bits(&self) -> u32 {
        match self {
            Self::Narrow(values) => u64::BITS - integers::all_bits(values).leading_zeros(),
            Self::Wide(values) => u128::BITS - values.iter().fold(0, |all, value| all | value.unsigned_abs()).leading_zeros(),
            Self::Big(values) => values.iter().map(|value| value.unsigned_abs().bit_len() as u32).max().unwrap_or(0),
        }
    }
}

fn bits_of(value: i128) -> u32 {
    u128::BITS - value.unsigned_abs().leading_zeros()
}

/// Bits of a number of `bits` bits times ten to a power, at most.
pub(crate) fn raised(bits: u32, power: u32) -> u32 {
    match power {
        0 => bits,
        // log2(10) < 3.322
        _ if bits > 0 => bits + (u64::from(power) * 3322 / 1000) as u32 + 1,
        _ => 0,
    }
}

/// The values of a column.
#[cfg(test)]
pub(crate) fn block_values(column: &Column) -> Vec<Decimal> {
    column.integers.to_big().into_iter().map(|mantissa| Decimal { mantissa, scale: column.scale }).collect()
}
