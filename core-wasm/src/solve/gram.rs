//! Decimal moments to an integer Gram matrix.

use crate::statistics::Moments;
use dashu_int::IBig;

/// A Gram matrix of integers: entry (i, j) is the moment of terms i and j times `10^(scales[i] + scales[j])`.
///
/// This is the Gram matrix of columns that are multiplied by `10^scales[i]`, so scaling changes neither ranks nor signs.
pub(super) struct ScaledGram {
    /// The lower triangle, row by row.
    pub(super) entries: Vec<Vec<IBig>>,
    /// A power of ten for each term.
    pub(super) scales: Vec<u32>,
}

/// Returns the Gram matrix of the chosen places of (1, terms), in that order.
pub(super) fn scaled_gram(moments: &Moments, chosen: &[usize]) -> ScaledGram {
    let moment = |i: usize, j: usize| moments.at(chosen[i], chosen[j]);
    let mut scales: Vec<u32> = (0..chosen.len()).map(|i| moment(i, i).scale.div_ceil(2)).collect();
    for i in 0..chosen.len() {
        for j in 0..i {
            let lacking = moment(i, j).scale.saturating_sub(scales[i] + scales[j]);
            scales[i] += lacking;
        }
    }
    let entries = (0..chosen.len()).map(|i| (0..=i).map(|j| moment(i, j).mantissa_at(scales[i] + scales[j])).collect()).collect();
    ScaledGram { entries, scales }
}
