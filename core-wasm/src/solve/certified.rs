//! A factor in fixed point to proven enclosures of all quantities of the exact factor.
//!
//! *Proof.* H is the scaled matrix of the design, C its computed factor, Y the exact inverse of C' and X the computed one. There are n
//! columns, and u is 2^-bits. Norms are Frobenius norms. From [`cholesky`](super::cholesky), `C C' = H + E` and `C' X = I + Δ` with
//! `|E| <= 2 n u` and `|Δ| <= n u`.
//!
//! 1. `Y = X (I + Δ)^-1`. So the lengths of the rows of Y are those of X but for factors of at most `1 / (1 - n u)`.
//! 2. `H = C (I - F) C'` with `F = Y' E Y`. So `|F| <= |Y|^2 |E|`, which is below `2^-sure_bits`, called ε from here on. It is small, so H
//!    is positive definite, and `H^-1 = Y (I - F)^-1 Y'`. The diagonal of `H^-1` is the squared lengths of the rows of Y but for factors
//!    within `1 / (1 ± ε)`.
//! 3. Let `I - F = (I + N)' (I + N)`, where `I + N` is the Cholesky factor and N is upper triangular. `-F = N + N' + N'N` and
//!    `|N + N'|^2 >= 2 |N|^2` give `√2 |N| <= |F| + |N|^2`. N grows from 0 as F does, so `|N| <= |F|` while |F| is below 1/4. The transpose
//!    of the exact factor is `(I + N) C'`. So its diagonal is that of C but for factors within `1 ± ε`. The rows of C are not longer than
//!    1, so each entry is that of C but for ε.
//! 4. `C c = h + e` for the target's column h, with `|e| <= √n u`. The exact solution is `Y (I - F)^-1 (c - Y' e)`, and `|Y| √n u <= ε`. So
//!    it lies within `|Y_j| (|c| ε + ε) / (1 - ε)` of `Y c`, from which the computed solution differs by at most `|Y_j| √n u`. And
//!    `|c| <= 2`.
//! 5. The exact residual sum of squares is `H_nn - z'(I - F)^-1 z` with `z = c - Y'e`. So it lies within `(4 ε + 5 ε) / (1 - ε)` of
//!    `H_nn - c'c`.
//!
//! The constants below round these bounds up to powers of two, given `ε <= 2^-8`.

use super::cholesky::FixedPointCholesky;
use super::quantity::{Enclosure, Quantity, Source};
use dashu_base::BitTest;
use dashu_int::IBig;

/// Fewest bits with which the proof holds: it takes ε to be small.
const SURE_BITS_MIN: usize = 8;

/// A computed factor, and how close it is to the exact one.
pub struct CertifiedCholesky {
    factor: FixedPointCholesky,
    /// Squared lengths of the rows of X, at twice the bits.
    norms: Vec<IBig>,
    /// Computed coefficients of the target; empty if there is none.
    solution: Vec<IBig>,
    /// Bits of which the factor is sure: `ε = 2^-sure_bits`.
    pub sure_bits: usize,
}

/// The result of an attempt to prove that a matrix is positive definite.
pub enum Attempt {
    /// The leading columns are positive definite.
    Definite(Box<CertifiedCholesky>),
    /// The matrix is not positive semidefinite.
    Impossible,
    /// Nothing is proven: more bits are needed, or the matrix is singular.
    Unknown,
}

impl CertifiedCholesky {
    /// Factors the leading `count` columns of a lower triangle with `bits` bits after the point. The next column, if there is one, is the
    /// target.
    pub fn attempt(gram: &[Vec<IBig>], count: usize, bits: usize) -> Attempt {
        let factor = FixedPointCholesky::of(gram, count, bits);
        let broken = factor.rows.len() < count;
        match Self::prove(factor) {
            Some(certified) if broken && certified.residual_signum() == Some(-1) => Attempt::Impossible,
            Some(certified) if !broken => Attempt::Definite(Box::new(certified)),
            _ => Attempt::Unknown,
        }
    }

    /// Returns the bits after the point.
    pub fn bits(&self) -> usize {
        self.factor.bits
    }

    /// Computes how many bits a factor is sure of. Returns none if they are too few.
    fn prove(factor: FixedPointCholesky) -> Option<Self> {
        let norms = factor.inverse_norms();
        let count = norms.len();
        // |F| <= |Y|^2 |E| < 2 |X|^2 * 2 n u, with |X|^2 and n rounded up to powers of two
        let squared: IBig = norms.iter().sum();
        let lost = (squared.bit_len().saturating_sub(2 * factor.bits)) + count.bit_len() + 2;
        let sure_bits = factor.bits.checked_sub(lost).filter(|&sure| sure >= SURE_BITS_MIN)?;
        let solution = match &factor.next {
            // |c|^2 = H_nn - left must not exceed 4
            Some(next) if next.left < IBig::from(-3) << (2 * factor.bits) => return None,
            Some(next) => factor.solve_transposed(&next.solved),
            None => Vec::new(),
        };
        Some(Self { factor, norms, solution, sure_bits })
    }

    /// Returns the sign of the residual sum of squares, if it is sure.
    fn residual_signum(&self) -> Option<i32> {
        self.enclosure(Quantity::Residual).signum()
    }

    /// Returns the enclosure of a number within a relative `2^(2 - sure_bits)` of `value / 2^denominator_bits`.
    fn relative(&self, value: &IBig, denominator_bits: usize) -> Enclosure {
        let one = IBig::ONE << self.sure_bits;
        Enclosure::between(value * (&one - 4), value * (&one + 4), &(one << denominator_bits))
    }

    /// Returns the enclosure of a number within `2^exponent` of `value / 2^bits`.
    fn absolute(&self, value: &IBig, exponent: i64, bits: usize) -> Enclosure {
        let radius = IBig::ONE << usize::try_from(exponent + bits as i64).unwrap_or(0);
        Enclosure::between(value - &radius, value + &radius, &(IBig::ONE << bits))
    }

    /// Encloses a coefficient. By 4: `|Y_j| (3 ε / (1 - ε) + ε) <= 2^3 |X_j| ε`.
    fn coefficient(&self, j: usize) -> Enclosure {
        let length_bits = self.norms[j].bit_len().div_ceil(2) as i64 - self.bits() as i64;
        self.absolute(&self.solution[j], length_bits + 3 - self.sure_bits as i64, self.bits())
    }

    /// Encloses the residual sum of squares. By 5: `9 ε / (1 - ε)` and what scaling cut off are together `<= 2^4 ε`.
    fn residual(&self) -> Enclosure {
        let left = self.factor.next.as_ref().map_or(IBig::ZERO, |next| next.left.clone());
        self.absolute(&left, 4 - self.sure_bits as i64, 2 * self.bits())
    }

    /// Encloses an entry of L. By 3: `(c_ij ± ε) / (c_jj (1 ± ε)) = (c_ij ± r) / c_jj`, `r <= 2 ε / (1 - ε) <= 2^2 ε`.
    fn l(&self, i: usize, j: usize) -> Enclosure {
        let (entry, pivot) = (&self.factor.rows[i][j], &self.factor.rows[j][j]);
        let radius = IBig::ONE << (self.bits() + 2 - self.sure_bits);
        Enclosure::between(entry - &radius, entry + &radius, pivot)
    }
}

impl Source for CertifiedCholesky {
    fn enclosure(&self, quantity: Quantity) -> Enclosure {
        let exponent = |j: usize| self.factor.exponents[j] as i64;
        let target = self.factor.rows.len();
        match quantity {
            Quantity::Coefficient(j) => self.coefficient(j).times_two_to(exponent(target) - exponent(j)),
            Quantity::Residual => self.residual().times_two_to(2 * exponent(target)),
            // by 2, and by 1 twice: a factor within 1 / (1 - ε)^3
            Quantity::Inverse(j) => self.relative(&self.norms[j], 2 * self.bits()).times_two_to(-2 * exponent(j)),
            Quantity::L(i, j) => self.l(i, j).times_two_to(exponent(i) - exponent(j)),
            // by 3: a factor within (1 ± ε)^2
            Quantity::D(j) => {
                let pivot = &self.factor.rows[j][j];
                self.relative(&(pivot * pivot), 2 * self.bits()).times_two_to(2 * exponent(j))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ratio::Ratio;
    use crate::rounding::signum;
    use crate::solve::decide::ExactRounder;
    use crate::solve::elimination::Elimination;
    use proptest::prelude::*;

    /// Returns whether a <= b.
    fn at_most(a: &Ratio, b: &Ratio) -> bool {
        let signs = signum(&a.denominator) * signum(&b.denominator);
        let difference = &a.numerator * &b.denominator - &b.numerator * &a.denominator;
        signum(&difference) * signs <= 0
    }

    proptest! {
        /// Few bits make wide enclosures, which test the proof.
        #[test]
        fn enclosures_hold_the_exact_numbers(
            rows in prop::collection::vec(prop::collection::vec(prop_oneof![-9i64..9, -100_000i64..100_000, Just(0)], 5), 5..9),
            bits in 12usize..150,
        ) {
            let sum = |i: usize, j: usize| rows.iter().map(|row| IBig::from(row[i]) * row[j]).sum();
            let gram: Vec<Vec<IBig>> = (0..5).map(|i| (0..=i).map(|j| sum(i, j)).collect()).collect();
            let Attempt::Definite(certified) = CertifiedCholesky::attempt(&gram, 4, bits) else { return Ok(()) };
            let exact = ExactRounder::new(Elimination::of(gram), 4);
            let each = (0..4).flat_map(|j| [Quantity::Coefficient(j), Quantity::Inverse(j), Quantity::D(j)]);
            let lower = (0..4).flat_map(|i| (0..i).map(move |j| Quantity::L(i, j)));
            for quantity in each.chain(lower).chain([Quantity::Residual]) {
                let (want, got) = (exact.enclosure(quantity).low, certified.enclosure(quantity));
                prop_assert!(at_most(&got.low, &want) && at_most(&want, got.high()), "{:?} at {} bits", quantity, bits);
            }
        }

        #[test]
        fn no_singular_matrix_is_proven_definite(
            rows in prop::collection::vec(prop::collection::vec(-100_000i64..100_000, 3), 4..9), weights in prop::collection::vec(-3i64..3, 3), bits in 12usize..400,
        ) {
            let rows: Vec<Vec<i64>> = rows.into_iter().map(|row| { let last = row.iter().zip(&weights).map(|(x, w)| x * w).sum(); [row, vec![last]].concat() }).collect();
            let sum = |i: usize, j: usize| rows.iter().map(|row| IBig::from(row[i]) * row[j]).sum();
            let gram: Vec<Vec<IBig>> = (0..4).map(|i| (0..=i).map(|j| sum(i, j)).collect()).collect();
            prop_assert!(matches!(CertifiedCholesky::attempt(&gram, 4, bits), Attempt::Unknown));
        }
    }
}
