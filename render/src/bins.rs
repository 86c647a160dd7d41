//! Counts by cell, as statistics and models keep them, to bars of one width.

use crate::scale::{extent, round_step};

/// How many values lie between two edges.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bin {
    /// The lower edge.
    pub from: f64,
    /// The upper edge.
    pub to: f64,
    /// Values between them.
    pub count: f64,
}

/// Cells are the top 18 bits of an f64: six bits of fraction.
const FRACTION_CELLS: f64 = 64.0;

/// The cell that is named by its edge nearer to zero.
#[must_use]
pub fn cell(edge: f64, count: f64) -> Bin {
    if edge == 0.0 || !edge.is_finite() {
        return Bin { from: 0.0, to: 0.0, count };
    }
    let width = 2f64.powf(edge.abs().log2().floor()) / FRACTION_CELLS;
    let far = edge + width * edge.signum();
    Bin { from: edge.min(far), to: edge.max(far), count }
}

/// Bars of one round width, about so many, that hold all the cells. A cell counts where its middle lies, except that whole numbers,
/// which stand at a cell's edge, are kept with it.
#[must_use]
pub fn rebin(cells: &[Bin], about: usize) -> Vec<Bin> {
    let Some((low, high)) = range(cells) else { return Vec::new() };
    let widest = cells.iter().map(|cell| cell.to - cell.from).fold(0.0, f64::max);
    let step = round_step(((high - low) / about.max(1) as f64).max(widest));
    let first = (low / step).floor();
    let bars = ((high / step).ceil() - first).max(1.0) as usize;
    let mut bins: Vec<Bin> =
        (0..bars).map(|at| Bin { from: (first + at as f64) * step, to: (first + at as f64 + 1.0) * step, count: 0.0 }).collect();
    for cell in cells {
        let middle = f64::midpoint(cell.from, cell.to);
        let at = ((middle / step).floor() - first).max(0.0) as usize;
        bins[at.min(bars - 1)].count += cell.count;
    }
    bins
}

/// From the lowest to the highest edge.
#[must_use]
pub fn range(cells: &[Bin]) -> Option<(f64, f64)> {
    (!cells.is_empty()).then(|| extent(cells.iter().flat_map(|cell| [cell.from, cell.to])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_a_64th_of_the_power_of_two_below() {
        assert_eq!(cell(23.0, 1.0), Bin { from: 23.0, to: 23.25, count: 1.0 });
        assert_eq!(cell(-0.5, 2.0), Bin { from: -0.5078125, to: -0.5, count: 2.0 });
        assert_eq!(cell(0.0, 3.0), Bin { from: 0.0, to: 0.0, count: 3.0 });
    }

    #[test]
    fn bars_hold_all_cells() {
        let cells: Vec<Bin> = [75.0, 97.0, 134.0, 138.0, 140.0, 150.0, 206.0].into_iter().map(|edge| cell(edge, 1.0)).collect();
        let bars = rebin(&cells, 8);
        assert_eq!(bars.iter().map(|bar| bar.count).sum::<f64>(), 7.0);
        assert_eq!((bars[0].from, bars[0].to), (60.0, 80.0));
        assert!(rebin(&[], 8).is_empty());
        assert_eq!(rebin(&[cell(0.0, 5.0)], 8).iter().map(|bar| bar.count).sum::<f64>(), 5.0);
    }
}
