//! A symmetric integer matrix to its Cholesky factor in fixed point, the factor's inverse, and solutions, each with a bound of its
//! residual.
//!
//! The matrix G is first scaled by powers of two to a matrix H with a diagonal in [1/4, 1), so no entry of its factor C exceeds 1. All
//! numbers are integers over 2^bits. Sums of products are exact. Only the division (or the root) at the end of each sum is cut off, by less
//! than the divisor. So, entry by entry:
//!
//! - `|C C' - H| <= 2^(1 - bits)`,
//! - `|C' x - c| <= 2^-bits` for solutions x, and for the columns of the inverse of C'.
//!
//! Zeros at the beginning of a row of G are zeros of C too, and cost nothing.
//!
//! *Not here*: what these bounds prove about the exact factor ([`certified`](super::certified)).

use dashu_base::{BitTest, SquareRoot, UnsignedAbs};
use dashu_int::IBig;

/// The factor of columns of a matrix, and the solution for the column after them.
pub struct FixedPointCholesky {
    /// Bits after the point.
    pub bits: usize,
    /// Scaling: `H_ij = G_ij 2^-(exponents[i] + exponents[j])`.
    pub exponents: Vec<usize>,
    /// The lower triangle of C, row by row.
    pub rows: Vec<Vec<IBig>>,
    /// The number of zeros at the beginning of each row.
    starts: Vec<usize>,
    /// The solution for the column after those that are factored. None if there is no such column. Its exponent is the last of `exponents`.
    pub next: Option<NextColumn>,
}

/// The solution for a column h after those that are factored.
pub struct NextColumn {
    /// Its scaling, as in [`FixedPointCholesky::exponents`].
    pub exponent: usize,
    /// c with `C c = h`.
    pub solved: Vec<IBig>,
    /// The rest of its diagonal `H_nn - c'c`, at twice the bits.
    pub left: IBig,
}

impl FixedPointCholesky {
    /// Returns the factor of no column.
    pub fn new(bits: usize) -> Self {
        Self { bits, exponents: Vec::new(), rows: Vec::new(), starts: Vec::new(), next: None }
    }

    /// Factors the leading `count` columns of a lower triangle, or those before the first pivot that is not above zero.
    pub fn of(gram: &[Vec<IBig>], count: usize, bits: usize) -> Self {
        let mut factor = Self::new(bits);
        for row in gram.iter().take(count + 1) {
            let next = factor.substitute(row);
            if factor.rows.len() == count || next.left <= IBig::ZERO {
                factor.exponents.push(next.exponent);
                factor.next = Some(next);
                break;
            }
            factor.push(next);
        }
        factor
    }

    /// Factors one more column. What is left of its diagonal is above zero.
    pub fn push(&mut self, column: NextColumn) {
        let NextColumn { exponent, mut solved, left } = column;
        solved.push(IBig::from(left.unsigned_abs().sqrt()));
        self.exponents.push(exponent);
        self.starts.push(leading_zeros(&solved));
        self.rows.push(solved);
    }

    /// Solves for one more column of the matrix, whose row of the lower triangle ends with its diagonal.
    pub fn substitute(&self, row: &[IBig]) -> NextColumn {
        let place = self.rows.len();
        let exponent = row[place].bit_len().div_ceil(2);
        // zeros at the beginning of a row stay zeros
        let start = leading_zeros(&row[..place]);
        let mut solved = vec![IBig::ZERO; start];
        solved.reserve(place + 1 - start);
        for (j, above) in self.rows.iter().enumerate().skip(start) {
            let common = start.max(self.starts[j]);
            let left = self.scaled(&row[j], exponent + self.exponents[j]) - dot(&solved[common..], &above[common..]);
            solved.push(left / &above[j]);
        }
        let left = self.scaled(&row[place], 2 * exponent) - dot(&solved[start..], &solved[start..]);
        NextColumn { exponent, solved, left }
    }

    /// Returns an entry of G over `2^down` at twice the bits, cut off by less than the last of them.
    fn scaled(&self, entry: &IBig, down: usize) -> IBig {
        let bits = 2 * self.bits;
        if bits >= down { entry << (bits - down) } else { entry >> (down - bits) }
    }

    /// Solves `C' x = c` for the leading columns, as many as `c` is long.
    pub fn solve_transposed(&self, c: &[IBig]) -> Vec<IBig> {
        let mut left: Vec<IBig> = c.iter().map(|c| c << self.bits).collect();
        for (k, row) in self.rows.iter().enumerate().take(c.len()).rev() {
            let (before, rest) = left.split_at_mut(k);
            if rest[0].is_zero() {
                continue;
            }
            rest[0] = &rest[0] / &row[k];
            for (entry, factor) in before.iter_mut().zip(row).skip(self.starts[k]) {
                *entry -= factor * &rest[0];
            }
        }
        left
    }

    /// Returns the squared lengths of the rows of the inverse of C', at twice the bits.
    pub fn inverse_norms(&self) -> Vec<IBig> {
        let size = self.rows.len();
        let mut norms = vec![IBig::ZERO; size];
        for j in 0..size {
            let mut unit = vec![IBig::ZERO; j + 1];
            unit[j] = IBig::ONE << self.bits;
            for (norm, x) in norms.iter_mut().zip(self.solve_transposed(&unit)).filter(|(_, x)| !x.is_zero()) {
                *norm += x.clone() * x;
            }
        }
        norms
    }
}

/// Returns the number of zeros at the beginning of a list.
pub fn leading_zeros(entries: &[IBig]) -> usize {
    entries.iter().position(|entry| !entry.is_zero()).unwrap_or(entries.len())
}

/// Returns the sum of the products of two lists, up to the end of the shorter one.
fn dot(left: &[IBig], right: &[IBig]) -> IBig {
    left.iter().zip(right).map(|(l, r)| l * r).sum()
}
