//! Columns to what remains of each after those before it: the part that is orthogonal to them.
//!
//! *Method*: modified Gram-Schmidt orthogonalization (Å. Björck, Solving linear least squares problems by Gram-Schmidt orthogonalization, BIT
//! 7, 1967), in numbers of two parts. Columns stand in the coordinates of an orthonormal basis, from their first entry that is not zero. So
//! columns of different levels, which have no coordinate in common, cost nothing.

use super::inverse::TriangleRow;
use crate::ordered::IntoOrdered;
use crate::two_part::TwoPartF64;

/// Orthogonal columns.
pub(super) struct Remainders {
    /// Each column with its squared length.
    columns: Vec<(TriangleRow, TwoPartF64)>,
    /// For each coordinate the columns that have it, by their index.
    columns_at: Vec<Vec<usize>>,
}

impl Remainders {
    /// Returns no columns, of a number of coordinates.
    pub(super) fn new(size: usize) -> Self {
        Self { columns: Vec::new(), columns_at: vec![Vec::new(); size] }
    }

    /// Adds what remains of a column after the columns so far, and returns its squared length.
    pub(super) fn add(&mut self, column: &TriangleRow) -> TwoPartF64 {
        let mut entries = vec![TwoPartF64::ZERO; self.columns_at.len()];
        entries[column.start..].iter_mut().zip(&column.entries).for_each(|(entry, own)| *entry = *own);
        let remainder = self.without(entries);
        let is_there = |entry: &TwoPartF64| entry.high != 0.0;
        let start = remainder.iter().position(is_there).unwrap_or(remainder.len());
        let end = remainder.iter().rposition(is_there).map_or(start, |last| last + 1);
        let row = TriangleRow { start, entries: remainder[start..end].to_vec() };
        let square = row.dot(&row);
        self.columns_at[start..end].iter_mut().for_each(|columns| columns.push(self.columns.len()));
        self.columns.push((row, square));
        square
    }

    /// Returns the squared length of what remains of a column, given by all its coordinates.
    pub(super) fn square_of(&self, entries: Vec<TwoPartF64>) -> TwoPartF64 {
        self.without(entries).iter().fold(TwoPartF64::ZERO, |sum, entry| sum.plus(entry.times(*entry)))
    }

    /// Returns what remains of a column, given by all its coordinates.
    fn without(&self, mut entries: Vec<TwoPartF64>) -> Vec<TwoPartF64> {
        // what is subtracted is orthogonal to all other columns, so the rest stay orthogonal to the column
        let coordinates = entries.iter().zip(&self.columns_at).filter(|(entry, _)| entry.high != 0.0);
        let touched = coordinates.flat_map(|(_, columns)| columns).copied().into_set();
        for (row, square) in touched.into_iter().map(|at| &self.columns[at]) {
            let own = &mut entries[row.start..row.start + row.entries.len()];
            let product = own.iter().zip(&row.entries).fold(TwoPartF64::ZERO, |sum, (a, b)| sum.plus(a.times(*b)));
            let factor = product.over(*square).negated();
            own.iter_mut().zip(&row.entries).for_each(|(entry, own)| *entry = entry.plus(factor.times(*own)));
        }
        entries
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(start: usize, entries: &[f64]) -> TriangleRow {
        TriangleRow { start, entries: entries.iter().map(|&entry| TwoPartF64::new(entry, 0.0)).collect() }
    }

    #[test]
    fn squares_of_remainders_multiply_to_the_determinant_of_products() {
        // A = [[9, 0, 3], [0, 4, 2], [3, 2, 27]] has the determinant 9 * 4 * (27 - 1 - 1)
        let mut remainders = Remainders::new(3);
        let squares = [row(0, &[3.0]), row(1, &[2.0]), row(0, &[1.0, 1.0, 5.0])].map(|column| remainders.add(&column).high);
        assert_eq!(squares, [9.0, 4.0, 25.0]);
        // in another order, the first column that has all coordinates
        let mut remainders = Remainders::new(3);
        let squares = [row(0, &[1.0, 1.0, 5.0]), row(1, &[2.0]), row(0, &[3.0])].map(|column| remainders.add(&column).high);
        assert!((squares.iter().product::<f64>() / 900.0 - 1.0).abs() < 1e-15);
    }

    #[test]
    fn nothing_of_a_combination_remains() {
        let mut remainders = Remainders::new(3);
        remainders.add(&row(1, &[2.0, 1.0]));
        let sum = [0.0, 4.0, 2.0].map(|entry| TwoPartF64::new(entry, 0.0));
        assert_eq!(remainders.square_of(sum.to_vec()).high, 0.0);
    }
}
