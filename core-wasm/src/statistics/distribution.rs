//! Values to counts: how often a column has each value of its grid, and how many of its other values lie in each bin of a histogram.
//!
//! A column without a [grid](ValueGrid) has bins only. A bin is the top 18 bits of the nearest f64: the sign, the exponent and six bits of the fraction. So there are 64 bins between two
//! powers of two, of equal width. Counts are integers, so they can be merged and subtracted as sums can. Zero of either sign is the bin
//! `"0"`.
//!
//! *Not here*: quantiles and ranges for people ([`profile`](crate::profile), [`model`](crate::model)).

use super::value_grid::ValueGrid;
use crate::decimal::Decimal;
use crate::ordered::sort_by;
use crate::rounding::exact_parts;
use dashu_int::IBig;
use samefit_kernels::counts::BITS_LEFT_OUT;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

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

/// The counts of a column's values: one by one of those on its grid, by bin of all others. Counts of zero are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Distribution {
    grid: Option<ValueGrid>,
    /// The counts of the values on the grid, by their steps.
    values: BTreeMap<i64, i64>,
    bins: BTreeMap<Bin, i64>,
}

/// Values between two numbers, with their count. A value that was counted by itself is both numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CountedRange {
    /// No value is below.
    pub low: f64,
    /// No value is above.
    pub high: f64,
    /// Number of values.
    pub count: i64,
}

/// Where the values of a column lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ColumnRange {
    /// No value is below.
    pub min: f64,
    /// No value is above.
    pub max: f64,
    /// Whether `min` and `max` are themselves values of the column. Otherwise one of them is the edge of a bin.
    pub is_exact: bool,
}

impl Distribution {
    /// Returns the distribution of no values, which counts those on a grid one by one.
    pub fn on(grid: Option<ValueGrid>) -> Self {
        Self { grid, ..Self::default() }
    }

    /// Returns the grid on which values are counted one by one.
    pub fn grid(&self) -> Option<ValueGrid> {
        self.grid
    }

    /// Adds `count`, which may be negative, to the count of a value. Returns none if it overflows.
    pub(super) fn add(&mut self, value: &Decimal, count: i64) -> Option<()> {
        match self.grid.and_then(|grid| grid.step(value)) {
            Some(step) => self.add_step(step, count),
            None => self.add_bin(bin_of(value), count),
        }
    }

    /// Adds `count`, which may be negative, to the count of a bin. Returns none if it overflows.
    pub fn add_bin(&mut self, bin: Bin, count: i64) -> Option<()> {
        add_to(&mut self.bins, bin, count)
    }

    /// Adds `count`, which may be negative, to the count of a value of the grid, by its step. Returns none if it overflows, and if the grid
    /// has no such step.
    pub fn add_step(&mut self, step: i64, count: i64) -> Option<()> {
        self.grid.filter(|grid| grid.has_step(step))?;
        add_to(&mut self.values, step, count)
    }

    /// Adds the counts of `other`, which has the same grid. Returns none if one overflows.
    pub fn merge(&mut self, other: &Self) -> Option<()> {
        self.merge_times(other, 1)
    }

    /// Adds `sign` (1 or -1) times the counts of `other`, which has the same grid. Returns none if one overflows.
    pub(super) fn merge_times(&mut self, other: &Self, sign: i64) -> Option<()> {
        other.steps().try_for_each(|(step, count)| self.add_step(step, count.checked_mul(sign)?))?;
        other.bins().try_for_each(|(bin, count)| self.add_bin(bin, count.checked_mul(sign)?))
    }

    /// Returns the steps of the grid with their counts, in increasing order of the values.
    pub fn steps(&self) -> impl Iterator<Item = (i64, i64)> {
        self.values.iter().map(|(&step, &count)| (step, count))
    }

    /// Returns the values of the grid with their counts, in increasing order.
    pub fn values(&self) -> impl Iterator<Item = (Decimal, i64)> {
        self.grid.into_iter().flat_map(|grid| self.steps().map(move |(step, count)| (grid.value(step), count)))
    }

    /// Returns bins with their counts, in increasing order of the values. They have the values that are not on the grid.
    pub fn bins(&self) -> impl Iterator<Item = (Bin, i64)> {
        self.bins.iter().map(|(&bin, &count)| (bin, count))
    }

    /// Returns the sum of the counts; none if it overflows.
    pub fn total(&self) -> Option<i64> {
        self.values.values().chain(self.bins.values()).try_fold(0i64, |sum, &count| sum.checked_add(count))
    }

    /// Returns the range of the values; none if there is no value.
    pub fn range(&self) -> Option<ColumnRange> {
        let value = |step: Option<(&i64, &i64)>| Some(self.grid?.value(*step?.0).to_f64());
        let values = value(self.values.first_key_value()).zip(value(self.values.last_key_value()));
        let bins = self.bins.first_key_value().zip(self.bins.last_key_value()).map(|(first, last)| (first.0.range().0, last.0.range().1));
        let ((min, max), (low, high)) = (values.or(bins)?, bins.or(values)?);
        Some(ColumnRange { min: min.min(low), max: max.max(high), is_exact: values.is_some() && min <= low && high <= max })
    }

    /// Returns a range in which the value of this rank lies, counted from 0 in increasing order; none if there are not so many values.
    pub fn range_at_rank(&self, rank: i64) -> Option<(f64, f64)> {
        // a value and a bin may overlap: the value of a rank is neither below the low end of that rank nor above the high one
        let at_rank = |end: fn(&CountedRange) -> f64| {
            let mut all: Vec<CountedRange> = self.counted_ranges().collect();
            sort_by(&mut all, |a, b| end(a).total_cmp(&end(b)));
            let mut below = 0i64;
            all.into_iter().find_map(|one| {
                below = below.saturating_add(one.count);
                (below > rank).then_some(end(&one))
            })
        };
        at_rank(|one| one.low).zip(at_rank(|one| one.high))
    }

    /// Returns the values of the grid, and then the bins, with their counts.
    fn counted_ranges(&self) -> impl Iterator<Item = CountedRange> {
        let values = self.values().map(|(value, count)| CountedRange { low: value.to_f64(), high: value.to_f64(), count });
        values.chain(self.bins().map(|(bin, count)| CountedRange::of_bin(bin, count)))
    }
}

impl CountedRange {
    /// Returns the range of a bin, with its count.
    pub(super) fn of_bin(bin: Bin, count: i64) -> Self {
        let (low, high) = bin.range();
        Self { low, high, count }
    }
}

/// Adds `count` to the count of `key`. Returns none if it overflows.
fn add_to<K: Ord>(counts: &mut BTreeMap<K, i64>, key: K, count: i64) -> Option<()> {
    match counts.entry(key) {
        Entry::Vacant(entry) if count != 0 => {
            entry.insert(count);
        }
        Entry::Vacant(_) => {}
        Entry::Occupied(mut entry) => match entry.get().checked_add(count)? {
            0 => {
                entry.remove();
            }
            sum => {
                entry.insert(sum);
            }
        },
    }
    Some(())
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

    fn counted(grid: Option<(u32, i64, i64)>, texts: &[&str]) -> Distribution {
        let grid = grid.and_then(|(decimals, min, max)| ValueGrid::new(decimals, &min.into(), &max.into()));
        let mut counts = Distribution::on(grid);
        texts.iter().for_each(|text| counts.add(&crate::decimal::parse(text.as_bytes()).unwrap(), 1).unwrap());
        counts
    }

    #[test]
    fn a_range_is_exact_if_its_ends_are_on_the_grid() {
        let range = |grid, texts: &[&str]| counted(grid, texts).range().map(|range| (range.min, range.max, range.is_exact));
        assert_eq!(range(None, &["18", "42.2"]), Some((18.0, 42.5, false)));
        assert_eq!(range(Some((1, 10, 100)), &["18", "42.20"]), Some((18.0, 42.2, true)));
        // a value with more digits between the ends changes nothing; one beyond them is known to its bin
        assert_eq!(range(Some((1, 10, 100)), &["18", "42.2", "20.25"]), Some((18.0, 42.2, true)));
        assert_eq!(range(Some((1, 10, 100)), &["18", "42.2", "150.3"]), Some((18.0, 152.0, false)));
        assert_eq!(range(Some((1, 10, 100)), &["18", "42.2", "42.21"]), Some((18.0, 42.5, false)));
        assert_eq!(range(Some((1, 10, 100)), &["150.3"]), Some((150.0, 152.0, false)));
        assert_eq!(range(Some((1, 10, 100)), &[]), None);
    }

    proptest! {
        #[test]
        fn the_value_of_a_rank_lies_in_its_range(values in prop::collection::vec(-300i64..300, 1..30), scale in 0u32..3, rank in 0usize..30) {
            let decimal = |value: &i64| Decimal { mantissa: (*value).into(), scale };
            let mut counts = Distribution::on(ValueGrid::new(1, &(-5).into(), &20.into()));
            values.iter().for_each(|value| counts.add(&decimal(value), 1).unwrap());
            let mut sorted: Vec<f64> = values.iter().map(|value| decimal(value).to_f64()).collect();
            sorted.sort_by(f64::total_cmp);
            match (sorted.get(rank), counts.range_at_rank(rank as i64)) {
                (Some(value), Some((low, high))) => prop_assert!(low <= *value && *value <= high, "{low} {value} {high}"),
                (value, range) => prop_assert_eq!((value, range), (None, None)),
            }
            let range = counts.range().unwrap();
            let (min, max) = (sorted[0], sorted[sorted.len() - 1]);
            prop_assert!(range.min <= min && max <= range.max);
            prop_assert!(!range.is_exact || (range.min, range.max) == (min, max));
            let is_on_grid = |value: &i64| counts.grid().unwrap().step(&decimal(value)).is_some();
            prop_assert!(range.is_exact || !values.iter().all(is_on_grid));
        }

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
