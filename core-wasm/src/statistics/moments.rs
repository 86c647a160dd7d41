//! The sums of products of the terms: a symmetric matrix, kept as its lower triangle.

use crate::decimal::Decimal;

/// The sums of products of (1, terms) over all rows: the lower triangle of a symmetric matrix, row by row.
///
/// Place 0 is the number one in every row, so `at(0, 0)` is the number of rows and `at(i, 0)` the sum of term i.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moments(pub Vec<Decimal>);

/// Returns the index of row `i`, column `j` <= `i`, in a lower triangle.
pub const fn moment_index(i: usize, j: usize) -> usize {
    i * (i + 1) / 2 + j
}

impl Moments {
    /// Returns the sum of products of places `i` and `j`, in either order.
    pub fn at(&self, i: usize, j: usize) -> &Decimal {
        &self.0[moment_index(i.max(j), i.min(j))]
    }

    /// Returns the sums of products of these places, in this order.
    pub(crate) fn of_places(&self, places: &[usize]) -> Self {
        let row = |i: usize| (0..=i).map(move |j| (i, j));
        Self((0..places.len()).flat_map(row).map(|(i, j)| self.at(places[i], places[j]).clone()).collect())
    }

    /// Returns as many sums, all zero.
    pub(crate) fn zeros(count: usize) -> Self {
        Self(vec![Decimal::ZERO; count])
    }

    /// Adds `sign` (1 or -1) times moments of the same terms. The sums may be left with zeros at the end of their decimals.
    pub(crate) fn add(&mut self, other: &Self, sign: i64) {
        for (sum, other) in self.0.iter_mut().zip(&other.0) {
            if sign < 0 {
                sum.add(&other.negated());
            } else {
                sum.add(other);
            }
        }
    }

    /// Returns the same sums without zeros at the end of their decimals.
    pub(crate) fn normalized(self) -> Self {
        Self(self.0.into_iter().map(Decimal::normalized).collect())
    }

    /// Returns whether all sums are zero.
    pub fn is_zero(&self) -> bool {
        self.0.iter().all(|sum| *sum == Decimal::ZERO)
    }
}
