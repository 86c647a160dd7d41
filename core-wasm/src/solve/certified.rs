//! A factor in fixed point to proven enclosures of everything that the exact factor defines.
//!
//! *Proof.* H is the scaled matrix of the design, C its computed factor, Y the inverse of C', X its computed inverse; n columns, u =
//! 2^-bits; norms are Frobenius's. `cholesky` leaves `C C' = H + E` and `C' X = I + Δ` with `|E| <= 2 n u` and `|Δ| <= n u`.
//!
//! 1. `Y = X (I + Δ)^-1`, so the lengths of its rows are those of X but for factors of at most `1 / (1 - n u)`.
//! 2. `H = C (I - F) C'` with `F = Y' E Y`, so `|F| <= |Y|^2 |E|`, which is below `2^-sure_bits`, ε from here. It is small, so H is positive
//!    definite, and `H^-1 = Y (I - F)^-1 Y'`: its diagonal is the squares of those lengths but for a factor within `1 / (1 ± ε)`.
//! 3. Let `I - F = (I + N)' (I + N)`, `I + N` its Cholesky factor, N upper triangular. From `-F = N + N' + N'N` and
//!    `|N + N'|^2 >= 2 |N|^2` comes `√2 |N| <= |F| + |N|^2`; and since N grows from 0 as F does, `|N| <= |F|` while F is below 1/4.
//!    The exact factor's transpose is `(I + N) C'`. So its diagonal is that of C but for a factor within `1 ± ε`, and, the rows of C
//!    being no longer than 1, each of its entries is that of C but for ε.
//! 4. `C c = h + e` for the target's column h, `|e| <= √n u`. The exact solution is `Y (I - F)^-1 (c - Y' e)`, and `|Y| √n u <= ε`, so
//!    it lies within `|Y_j| (|c| ε + ε) / (1 - ε)` of `Y c`, which the computed one misses by `|Y_j| √n u` at most; `|c| <= 2`.
//! 5. The exact residual sum of squares is `H_nn - z'(I - F)^-1 z` with `z = c - Y'e`: within `(4 ε + 5 ε) / (1 - ε)` of `H_nn - c'c`.
//!
//! The constants below round these up to powers of two, `ε <= 2^-8` given.

use super::cholesky::Cholesky;
use super::quantity::{Enclosure, Quantity, Source};
use dashu_base::BitTest;
use dashu_int::IBig;

/// Fewest bits that can be sure: the proof takes ε to be small.
const SURE_BITS_MIN: usize = 8;

/// A factored matrix, and how far it is from the exact one.
pub struct Certified {
    factor: Cholesky,
    /// Squared lengths of the rows of X, at twice the bits.
    norms: Vec<IBig>,
    /// The target's coefficients.
    solution: Vec<IBig>,
    /// `ε = 2^-sure_bits`.
    pub sure_bits: usize,
}

/// What came of an attempt.
pub enum Attempt {
    /// The leading columns are positive definite.
    Definite(Box<Certified>),
    /// The matrix is not positive semidefinite.
    Impossible,
    /// More bits are needed, or the matrix is singular.
    Unknown,
}

impl Certified {
    /// Factors the leading `count` columns of a lower triangle; the next, if there is one, is the target.
    pub fn attempt(gram: &[Vec<IBig>], count: usize, bits: usize) -> Attempt {
        let factor = Cholesky::of(gram, count, bits);
        let broken = factor.rows.len() < count;
        match Self::prove(factor) {
            Some(certified) if broken && certified.residual_signum() == Some(-1) => Attempt::Impossible,
            Some(certified) if !broken => Attempt::Definite(Box::new(certified)),
            _ => Attempt::Unknown,
        }
    }

    /// Bits behind the point.
    pub fn bits(&self) -> usize {
        self.factor.bits
    }

    fn prove(factor: Cholesky) -> Option<Self> {
        let norms = factor.inverse_norms();
        let count = norms.len();
        // |Y|^2 < 2 |X|^2 and |E| <= 2 n u, each factor below a power of two
        let squared: IBig = norms.iter().sum();
        let lost = (squared.bit_len().saturating_sub(2 * factor.bits)) + count.bit_len() + 2;
        let sure_bits = factor.bits.checked_sub(lost).filter(|&sure| sure >= SURE_BITS_MIN)?;
        let solution = match &factor.next {
            // |c|^2 = H_nn - left <= 4
            Some((_, left)) if *left < IBig::from(-3) << (2 * factor.bits) => return None,
            Some((c, _)) => factor.solve_transposed(c),
            None => Vec::new(),
        };
        Some(Self { factor, norms, solution, sure_bits })
    }

    fn residual_signum(&self) -> Option<i32> {
        self.enclosure(Quantity::Residual).signum()
    }

    /// A number within a relative `2^(2 - sure_bits)`, over `2^denominator_bits`.
    fn relative(&self, value: &IBig, denominator_bits: usize) -> Enclosure {
        let one = IBig::ONE << self.sure_bits;
        Enclosure::between(value * (&one - 4), value * (&one + 4), &(one << denominator_bits))
    }

    /// A number at `bits` behind the point, within `2^exponent` of the exact one.
    fn absolute(&self, value: &IBig, exponent: i64, bits: usize) -> Enclosure {
        let radius = IBig::ONE << usize::try_from(exponent + bits as i64).unwrap_or(0);
        Enclosure::between(value - &radius, value + &radius, &(IBig::ONE << bits))
    }

    /// By 4: `|Y_j| (3 ε / (1 - ε) + ε) <= 2^3 |X_j| ε`.
    fn coefficient(&self, j: usize) -> Enclosure {
        let length_bits = self.norms[j].bit_len().div_ceil(2) as i64 - self.bits() as i64;
        self.absolute(&self.solution[j], length_bits + 3 - self.sure_bits as i64, self.bits())
    }

    /// By 5: `9 ε / (1 - ε)` and what scaling lost `<= 2^4 ε`.
    fn residual(&self) -> Enclosure {
        let left = self.factor.next.as_ref().map_or(IBig::ZERO, |(_, left)| left.clone());
        self.absolute(&left, 4 - self.sure_bits as i64, 2 * self.bits())
    }

    /// By 3: `(c_ij ± ε) / (c_jj (1 ± ε)) = (c_ij ± r) / c_jj`, `r <= 2 ε / (1 - ε) <= 2^2 ε`.
    fn l(&self, i: usize, j: usize) -> Enclosure {
        let (entry, pivot) = (&self.factor.rows[i][j], &self.factor.rows[j][j]);
        let radius = IBig::ONE << (self.bits() + 2 - self.sure_bits);
        Enclosure::between(entry - &radius, entry + &radius, pivot)
    }
}

impl Source for Certified {
    fn enclosure(&self, quantity: Quantity) -> Enclosure {
        let exponent = |j: usize| self.factor.exponents[j] as i64;
        let target = self.factor.rows.len();
        match quantity {
            Quantity::Coefficient(j) => self.coefficient(j).times_two_to(exponent(target) - exponent(j)),
            Quantity::Residual => self.residual().times_two_to(2 * exponent(target)),
            // by 2, and by 1 twice: 1 / (1 - ε)^3
            Quantity::Inverse(j) => self.relative(&self.norms[j], 2 * self.bits()).times_two_to(-2 * exponent(j)),
            Quantity::L(i, j) => self.l(i, j).times_two_to(exponent(i) - exponent(j)),
            // by 3: (1 ± ε)^2
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
    use crate::rounding::signum;
    use crate::solve::decide::Eliminated;
    use crate::solve::elimination::Elimination;
    use crate::solve::ratio::Ratio;
    use proptest::prelude::*;

    fn at_most(a: &Ratio, b: &Ratio) -> bool {
        let signs = signum(&a.denominator) * signum(&b.denominator);
        let difference = &a.numerator * &b.denominator - &b.numerator * &a.denominator;
        signum(&difference) * signs <= 0
    }

    proptest! {
        /// With few bits the enclosures are wide, and what they promise is put to the test.
        #[test]
        fn enclosures_hold_the_exact_numbers(
            rows in prop::collection::vec(prop::collection::vec(prop_oneof![-9i64..9, -100_000i64..100_000, Just(0)], 5), 5..9),
            bits in 12usize..150,
        ) {
            let sum = |i: usize, j: usize| rows.iter().map(|row| IBig::from(row[i]) * row[j]).sum();
            let gram: Vec<Vec<IBig>> = (0..5).map(|i| (0..=i).map(|j| sum(i, j)).collect()).collect();
            let Attempt::Definite(certified) = Certified::attempt(&gram, 4, bits) else { return Ok(()) };
            let exact = Eliminated::new(Elimination::of(gram), 4);
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
            prop_assert!(matches!(Certified::attempt(&gram, 4, bits), Attempt::Unknown));
        }
    }
}
