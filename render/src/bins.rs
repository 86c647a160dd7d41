//! Merges the narrow bins of statistics and models into bars of equal width.

use crate::scale::{extent, round_step};

/// The number of values between two edges.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bin {
    /// The lower edge.
    pub from: f64,
    /// The upper edge.
    pub to: f64,
    /// Number of values.
    pub count: f64,
}

/// Bins of a distribution between two powers of two. A distribution keeps six bits of a value's fraction.
const BINS_PER_OCTAVE: f64 = 64.0;

impl Bin {
    /// Returns a value that was counted by itself.
    #[must_use]
    pub fn of_value(value: f64, count: f64) -> Self {
        Self { from: value, to: value, count }
    }

    /// Returns the bin of a distribution that has this edge nearer to zero. Statistics and models name a bin by that edge.
    #[must_use]
    pub fn of_distribution(edge: f64, count: f64) -> Self {
        if edge == 0.0 || !edge.is_finite() {
            return Self { from: 0.0, to: 0.0, count };
        }
        let width = 2f64.powf(edge.abs().log2().floor()) / BINS_PER_OCTAVE;
        let far = edge + width * edge.signum();
        Self { from: edge.min(far), to: edge.max(far), count }
    }
}

/// How far below the edge of a bar, in widths of a bar, a value is taken to be on it.
const EDGE_TOLERANCE: f64 = 1e-9;

/// Merges bins into about `about` bars of equal, round width, in increasing order.
///
/// A bin counts for the bar in which its middle lies. No bar is narrower than the widest bin.
#[must_use]
pub fn rebin(bins: &[Bin], about: usize) -> Vec<Bin> {
    let Some((low, high)) = range(bins) else { return Vec::new() };
    let widest = bins.iter().map(|bin| bin.to - bin.from).fold(0.0, f64::max);
    let step = round_step(((high - low) / about.max(1) as f64).max(widest));
    let first = (low / step + EDGE_TOLERANCE).floor();
    // a value at the edge of two bars counts for the upper one, though the division may round to just below it
    let index = |bin: &Bin| ((f64::midpoint(bin.from, bin.to) / step + EDGE_TOLERANCE).floor() - first).max(0.0) as usize;
    let last = bins.iter().map(index).max().unwrap_or(0);
    let count = (((high / step - EDGE_TOLERANCE).ceil() - first).max(1.0) as usize).max(last + 1);
    let edge = |index: usize| (first + index as f64) * step;
    let mut bars: Vec<Bin> = (0..count).map(|index| Bin { from: edge(index), to: edge(index + 1), count: 0.0 }).collect();
    for bin in bins {
        bars[index(bin)].count += bin.count;
    }
    bars
}

/// Returns the lowest and the highest edge. `None` without bins.
fn range(bins: &[Bin]) -> Option<(f64, f64)> {
    (!bins.is_empty()).then(|| extent(bins.iter().flat_map(|bin| [bin.from, bin.to])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bin_of_a_distribution_is_a_64th_of_the_power_of_two_below() {
        assert_eq!(Bin::of_distribution(23.0, 1.0), Bin { from: 23.0, to: 23.25, count: 1.0 });
        assert_eq!(Bin::of_distribution(-0.5, 2.0), Bin { from: -0.5078125, to: -0.5, count: 2.0 });
        assert_eq!(Bin::of_distribution(0.0, 3.0), Bin { from: 0.0, to: 0.0, count: 3.0 });
    }

    #[test]
    fn values_at_edges_of_bars_count_for_the_upper_bar() {
        // tenths are not multiples of 0.1 in binary
        let values: Vec<Bin> = (0..=24).map(|tenths| Bin::of_value(f64::from(tenths) / 10.0, 1.0)).collect();
        let bars = rebin(&values, 24);
        assert_eq!(bars.iter().map(|bar| bar.count).collect::<Vec<_>>(), vec![1.0; 25]);
        assert_eq!(rebin(&[Bin::of_value(7.0, 5.0)], 8).iter().map(|bar| bar.count).sum::<f64>(), 5.0);
    }

    #[test]
    fn bars_hold_all_bins() {
        let edges = [75.0, 97.0, 134.0, 138.0, 140.0, 150.0, 206.0];
        let bars = rebin(&edges.map(|edge| Bin::of_distribution(edge, 1.0)), 8);
        assert_eq!(bars.iter().map(|bar| bar.count).sum::<f64>(), 7.0);
        assert_eq!((bars[0].from, bars[0].to), (60.0, 80.0));
        assert!(rebin(&[], 8).is_empty());
        assert_eq!(rebin(&[Bin::of_distribution(0.0, 5.0)], 8).iter().map(|bar| bar.count).sum::<f64>(), 5.0);
    }
}
