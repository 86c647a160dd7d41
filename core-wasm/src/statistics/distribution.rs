//! Values to counts: how many of a column's values lie in each cell.
//!
//! A cell is the top 18 bits of the nearest f64: sign, exponent and six bits of the fraction, so its width is 1/64 of the power of two
//! below the value. Counts are integers: they merge and subtract as sums do. Zero of either sign is the cell `"0"`.
//!
//! *Not here*: quantiles and ranges for people (`model`, `profile`).

use crate::decimal::{Decimal, exact_power_of_ten};
use crate::rounding::ratio_to_f64;
use dashu_int::IBig;
use samefit_kernels::counts::BITS_LEFT_OUT;
use std::collections::BTreeMap;

/// The cell of a value; cells are ordered as their values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell(i32);

impl Cell {
    /// The cell of a value that is a number.
    pub fn of(value: f64) -> Self {
        let magnitude = (value.abs().to_bits() >> BITS_LEFT_OUT) as i32;
        Self(if value < 0.0 { -magnitude } else { magnitude })
    }

    /// The cell whose values have these top 18 bits.
    pub(super) fn of_top_bits(bits: u32) -> Self {
        let magnitude = (bits & 0x1_ffff) as i32;
        Self(if bits >> 17 & 1 == 1 { -magnitude } else { magnitude })
    }

    /// The edge nearer to zero, by which the cell is named.
    pub fn inner_edge(self) -> f64 {
        self.edge(0)
    }

    /// The least value and the least upper bound of the cell's values.
    pub fn range(self) -> (f64, f64) {
        let (inner, outer) = (self.edge(0), if self.0 == 0 { 0.0 } else { self.edge(1) });
        if self.0 < 0 { (outer, inner) } else { (inner, outer) }
    }

    fn edge(self, beyond: u64) -> f64 {
        let magnitude = f64::from_bits((u64::from(self.0.unsigned_abs()) + beyond) << BITS_LEFT_OUT);
        if self.0 < 0 { -magnitude } else { magnitude }
    }

    /// The name: the inner edge as an exact decimal.
    pub fn name(self) -> String {
        let edge = self.inner_edge();
        short_name(edge).unwrap_or_else(|| exact_decimal(edge).to_string())
    }

    /// The cell of that name; none if it is no cell's.
    pub fn from_name(name: &str) -> Option<Self> {
        let plain = name.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'.'));
        let value: f64 = name.parse().ok().filter(|value: &f64| plain && value.is_finite())?;
        let cell = Self::of(value);
        (cell.name() == name).then_some(cell)
    }
}

/// [`Cell::name`] in 128 bits, where they hold it: `m / 2^e` has the digits of `m * 5^e`.
fn short_name(edge: f64) -> Option<String> {
    /// The largest such e: an edge has 7 bits, and 5^52 has 121.
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

/// Counts of one column's values by cell. Counts of zero are not kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Distribution {
    counts: BTreeMap<Cell, i64>,
}

impl Distribution {
    /// Counts `count` more values in a cell; `count` may be negative. None if the count overflows.
    pub fn add(&mut self, cell: Cell, count: i64) -> Option<()> {
        let sum = self.counts.get(&cell).copied().unwrap_or(0).checked_add(count)?;
        match sum {
            0 => self.counts.remove(&cell),
            _ => self.counts.insert(cell, sum),
        };
        Some(())
    }

    /// Adds other counts. None if one overflows.
    pub fn merge(&mut self, other: &Self) -> Option<()> {
        other.iter().try_for_each(|(cell, count)| self.add(cell, count))
    }

    /// Cells and counts, in increasing order of the values.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (Cell, i64)> {
        self.counts.iter().map(|(&cell, &count)| (cell, count))
    }

    /// Sum of the counts; none if it overflows.
    pub fn total(&self) -> Option<i64> {
        self.counts.values().try_fold(0i64, |sum, &count| sum.checked_add(count))
    }

    /// Outer edges of the outermost cells: every value lies between them. None without values.
    pub fn range(&self) -> Option<(f64, f64)> {
        let (first, last) = (self.counts.first_key_value()?, self.counts.last_key_value()?);
        Some((first.0.range().0, last.0.range().1))
    }

    /// The cell in which the value of this rank (from 0) lies.
    pub fn cell_at_rank(&self, rank: i64) -> Option<Cell> {
        let mut below = 0i64;
        self.iter().find_map(|(cell, count)| {
            below = below.saturating_add(count);
            (below > rank).then_some(cell)
        })
    }
}

/// The exact decimal number that an f64 is. Every f64 is one: its denominator is a power of two.
pub fn exact_decimal(value: f64) -> Decimal {
    let (mantissa, exponent) = exact_parts(value);
    if exponent >= 0 {
        return Decimal { mantissa: mantissa << exponent as usize, scale: 0 };
    }
    let scale = exponent.unsigned_abs();
    Decimal { mantissa: mantissa * IBig::from(5).pow(scale as usize), scale }
}

/// (m, e) with m * 2^e = value, m odd or zero; `value` is finite.
fn exact_parts(value: f64) -> (IBig, i32) {
    let bits = value.abs().to_bits();
    let raw = (bits >> 52) as i32;
    let fraction = bits & ((1 << 52) - 1);
    let (mantissa, exponent) = if raw == 0 { (fraction, -1074) } else { (fraction | 1 << 52, raw - 1075) };
    if mantissa == 0 {
        return (IBig::ZERO, 0);
    }
    let zeros = mantissa.trailing_zeros();
    let odd = IBig::from(mantissa >> zeros);
    (if value < 0.0 { -odd } else { odd }, exponent + zeros as i32)
}

/// The cell of an exact decimal.
pub(super) fn cell_of(value: &Decimal) -> Cell {
    // the common case: both integers are exact in f64, and one division rounds once
    if let (Ok(mantissa), Some(power)) = (i64::try_from(&value.mantissa), exact_power_of_ten(value.scale))
        && mantissa.unsigned_abs() < 1 << 53
    {
        return Cell::of(mantissa as f64 / power);
    }
    Cell::of(ratio_to_f64(&value.mantissa, &crate::decimal::ten_to(value.scale)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cell(text: &str) -> Cell {
        cell_of(&crate::decimal::parse(text.as_bytes()).unwrap())
    }

    #[test]
    fn cells_are_named_by_the_edge_nearer_to_zero() {
        for (value, name) in
            [("18.0", "18"), ("18.3", "18.25"), ("42.2", "42"), ("-18.3", "-18.25"), ("0", "0"), ("-0.0", "0"), ("1", "1"), ("151", "150")]
        {
            assert_eq!(cell(value).name(), name, "{value}");
        }
        assert_eq!(cell("42.2").range(), (42.0, 42.5));
        assert_eq!(cell("-18.3").range(), (-18.5, -18.25));
        assert_eq!(cell("0").range(), (0.0, 0.0));
    }

    #[test]
    fn names_that_are_no_edges_are_refused() {
        for name in ["18.3", "18.0", "", "-0", "1e3", "nan"] {
            assert_eq!(Cell::from_name(name), None, "{name}");
        }
    }

    proptest! {
        #[test]
        fn cells_order_as_their_values(a in -1e60f64..1e60, b in -1e-3f64..1e-3) {
            let (x, y) = (Cell::of(a), Cell::of(b));
            prop_assert!(x == y || (x < y) == (a < b));
            for cell in [x, y, Cell::of(a * 1e-70), Cell::of(b * 1e-9)] {
                prop_assert_eq!(cell.name(), exact_decimal(cell.inner_edge()).to_string());
                prop_assert_eq!(Cell::from_name(&cell.name()), Some(cell));
            }
            let (low, high) = y.range();
            prop_assert!(low <= b && b <= high);
        }
    }
}
