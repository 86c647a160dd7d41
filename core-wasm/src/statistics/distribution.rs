//! Values to counts: how many values of a column lie in each bin of a histogram.
//!
//! A bin is the top 18 bits of the nearest f64: the sign, the exponent and six bits of the fraction. So there are 64 bins between two
//! powers of two, of equal width. Counts are integers, so they can be merged and subtracted as sums can. Zero of either sign is the bin
//! `"0"`.
//!
//! *Not here*: quantiles and ranges for people ([`profile`](crate::profile), [`model`](crate::model)).

use crate::decimal::Decimal;
use crate::rounding::exact_parts;
use dashu_int::IBig;
use samefit_kernels::counts::BITS_LEFT_OUT;
use std::collections::BTreeMap;

/// A bin of the histogram. Bins are ordered as their values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bin(i32);

impl Bin {
    /// Returns the bin of a value that is not NaN.
    pub fn of(value: f64) -> Self {
        let magnitude = (value.abs().to_bits() >> BITS_LEFT_OUT) as i32;
        Self(if value < 0.0 { -magnitude } else { magnitude })
    }

    /// Returns the bin of the values whose top 18 bits are `bits`.
    pub(super) fn of_top_bits(bits: u32) -> Self {
        let magnitude = (bits & 0x1_ffff) as i32;
        Self(if bits >> 17 & 1 == 1 { -magnitude } else { magnitude })
    }

    /// Returns the edge that is nearer to zero. It names the bin.
    pub fn inner_edge(self) -> f64 {
        self.edge(0)
    }

    /// Returns the lower and the upper edge. Of the two, the one nearer to zero belongs to the bin.
    pub fn range(self) -> (f64, f64) {
        let (inner, outer) = (self.edge(0), if self.0 == 0 { 0.0 } else { self.edge(1) });
        if self.0 < 0 { (outer, inner) } else { (inner, outer) }
    }

    /// Returns the edge nearer to zero of the bin that is `beyond` bins farther from zero.
    fn edge(self, beyond: u64) -> f64 {
        let magnitude = f64::from_bits((u64::from(self.0.unsigned_abs()) + beyond) << BITS_LEFT_OUT);
        if self.0 < 0 { -magnitude } else { magnitude }
    }

    /// Returns the name: the edge nearer to zero as an exact decimal number.
    pub fn name(self) -> String {
        let edge = self.inner_edge();
        short_name(edge).unwrap_or_else(|| exact_decimal(edge).to_string())
    }

    /// Returns the bin of a name; none if no bin has it.
    pub fn from_name(name: &str) -> Option<Self> {
        let plain = name.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'.'));
        let value: f64 = name.parse().ok().filter(|value: &f64| plain && value.is_finite())?;
        let bin = Self::of(value);
        (bin.name() == name).then_some(bin)
    }
}

/// Returns [`Bin::name`] if it can be computed in 128 bits. `m / 2^e` has the digits of `m * 5^e`.
fn short_name(edge: f64) -> Option<String> {
    /// Largest such e: an edge has 7 bits, and 5^52 has 121.
    const HALVINGS_MAX: i32 = 52;
    let bits = edge.abs().to_bits();
    let (raw, fraction) = ((bits >> 52) as i32, bits & ((1 << 52) - 1));
    if bits == 0 {
        return Some("0".to_owned());
    }
    let mantissa = fraction | 1 << 52;
    let zeros = mantissa.trailing_zeros();
    let (mantissa, exponent) = (u128::from(mantissa >> zeros), raw - 1075 + zeros as i32);
    if raw == 0 || mantissa >= 1 << 7 || !(-HALVINGS_MAX..=100).contains(&exponent) {
        return None;
    }
    let sign = if edge < 0.0 { "-" } else { "" };
    if exponent >= 0 {
        return Some(format!("{sign}{}", mantissa << exponent));
    }
    let decimals = exponent.unsigned_abs();
    let digits = format!("{:0>width$}", mantissa * 5u128.pow(decimals), width = decimals as usize + 1);
    let (whole, fraction) = digits.split_at(digits.len() - decimals as usize);
    Some(format!("{sign}{whole}.{fraction}"))
}

/// The counts of a column's values by bin. Bins with a count of zero are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Distribution {
    counts: BTreeMap<Bin, i64>,
}

impl Distribution {
    /// Adds `count`, which may be negative, to the count of a bin. Returns none if it overflows.
    pub fn add(&mut self, bin: Bin, count: i64) -> Option<()> {
        let sum = self.counts.get(&bin).copied().unwrap_or(0).checked_add(count)?;
        match sum {
            0 => self.counts.remove(&bin),
            _ => self.counts.insert(bin, sum),
        };
        Some(())
    }

    /// Adds the counts of `other`. Returns none if one overflows.
    pub fn merge(&mut self, other: &Self) -> Option<()> {
        other.iter().try_for_each(|(bin, count)| self.add(bin, count))
    }

    /// Returns bins with their counts, in increasing order of the values.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (Bin, i64)> {
        self.counts.iter().map(|(&bin, &count)| (bin, count))
    }

    /// Returns the sum of the counts; none if it overflows.
    pub fn total(&self) -> Option<i64> {
        self.counts.values().try_fold(0i64, |sum, &count| sum.checked_add(count))
    }

    /// Returns the lower edge of the first bin and the upper edge of the last: every value lies between them. Returns none if there is no
    /// value.
    pub fn range(&self) -> Option<(f64, f64)> {
        let (first, last) = (self.counts.first_key_value()?, self.counts.last_key_value()?);
        Some((first.0.range().0, last.0.range().1))
    }

    /// Returns the bin of the value of this rank, counted from 0 in increasing order; none if there are not so many values.
    pub fn bin_at_rank(&self, rank: i64) -> Option<Bin> {
        let mut below = 0i64;
        self.iter().find_map(|(bin, count)| {
            below = below.saturating_add(count);
            (below > rank).then_some(bin)
        })
    }
}

/// Returns the exact value of a finite f64. It is a decimal number, because its denominator is a power of two.
pub fn exact_decimal(value: f64) -> Decimal {
    let (mantissa, exponent) = exact_parts(value);
    if exponent >= 0 {
        return Decimal { mantissa: mantissa << exponent as usize, scale: 0 };
    }
    let scale = exponent.unsigned_abs();
    Decimal { mantissa: mantissa * IBig::from(5).pow(scale as usize), scale }
}

/// Returns the bin of an exact decimal number.
pub(super) fn bin_of(value: &Decimal) -> Bin {
    Bin::of(value.to_f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bin(text: &str) -> Bin {
        bin_of(&crate::decimal::parse(text.as_bytes()).unwrap())
    }

    #[test]
    fn bins_are_named_by_the_edge_nearer_to_zero() {
        for (value, name) in
            [("18.0", "18"), ("18.3", "18.25"), ("42.2", "42"), ("-18.3", "-18.25"), ("0", "0"), ("-0.0", "0"), ("1", "1"), ("151", "150")]
        {
            assert_eq!(bin(value).name(), name, "{value}");
        }
        assert_eq!(bin("42.2").range(), (42.0, 42.5));
        assert_eq!(bin("-18.3").range(), (-18.5, -18.25));
        assert_eq!(bin("0").range(), (0.0, 0.0));
    }

    #[test]
    fn other_names_are_refused() {
        for name in ["18.3", "18.0", "", "-0", "1e3", "nan"] {
            assert_eq!(Bin::from_name(name), None, "{name}");
        }
    }

    proptest! {
        #[test]
        fn bins_are_ordered_as_their_values(a in -1e60f64..1e60, b in -1e-3f64..1e-3) {
            let (x, y) = (Bin::of(a), Bin::of(b));
            prop_assert!(x == y || (x < y) == (a < b));
            for bin in [x, y, Bin::of(a * 1e-70), Bin::of(b * 1e-9)] {
                prop_assert_eq!(bin.name(), exact_decimal(bin.inner_edge()).to_string());
                prop_assert_eq!(Bin::from_name(&bin.name()), Some(bin));
            }
            let (low, high) = y.range();
            prop_assert!(low <= b && b <= high);
        }
    }
}
