//! A Gram matrix to chosen determinants, exactly: modulo as many primes as their size needs, then by the Chinese remainder theorem.
//!
//! This settles what no enclosure can: zeros, and numbers halfway between two f64.
//!
//! *Invariants*: the matrix is positive semidefinite, and its leading `count` columns are positive definite. Then the inequalities of
//! Hadamard and Fischer (R. A. Horn and C. R. Johnson, Matrix Analysis, 7.8) bound each of these determinants by the product of the
//! diagonal. The last pivot may also be negative, if its magnitude is less than its diagonal entry.

use super::modular::{ModularLdl, PRIME_BITS, inverse, primes};
use super::quantity::Determinant;
use crate::ordered::IntoOrdered;
use dashu_base::{BitTest, UnsignedAbs};
use dashu_int::{IBig, UBig};
use std::collections::BTreeMap;

/// Returns the wanted determinants of a lower triangle, for a design of `count` columns.
pub fn determinants(gram: &[Vec<IBig>], count: usize, wanted: Vec<Determinant>) -> BTreeMap<Determinant, IBig> {
    // one bit more for the sign, and one for a determinant that is equal to its bound
    let bits = gram.iter().enumerate().map(|(i, row)| row[i].bit_len()).sum::<usize>() + 2;
    let needed = bits.div_ceil(PRIME_BITS);
    let limbs = LimbMatrix::of(gram);
    let usable = primes().filter_map(|prime| ModularLdl::of(&limbs.residues(prime), count, prime).map(|factor| (prime, factor)));
    let solved = wanted.iter().any(|determinant| matches!(determinant, Determinant::Numerator(_)));
    let mut integers = ChineseRemainder::new(wanted.len());
    for (prime, factor) in usable.take(needed) {
        let numerators = if solved { factor.numerators(count) } else { Vec::new() };
        let residue = |determinant: &Determinant| match *determinant {
            Determinant::Minor(i, j) => factor.minor(i, j),
            Determinant::Numerator(j) => numerators[j],
            Determinant::Adjugate(j) => factor.adjugate(j, count),
        };
        integers.add(prime, wanted.iter().map(residue));
    }
    let values = integers.finish();
    wanted.into_iter().zip(values).into_map()
}

/// Returns whether one of two primes proves that the leading `count` columns are independent: it divides none of their leading minors.
pub fn is_proven_regular(gram: &[Vec<IBig>], count: usize) -> bool {
    let limbs = LimbMatrix::of(&gram[..count]);
    primes().take(2).any(|prime| ModularLdl::of(&limbs.residues(prime), count, prime).is_some())
}

/// A lower triangle of integers as signs and digits of 32 bits, lowest digit first. Residues are computed quickly from it.
pub struct LimbMatrix(Vec<Vec<(bool, Vec<u32>)>>);

impl LimbMatrix {
    /// Splits the integers into digits.
    pub fn of(gram: &[Vec<IBig>]) -> Self {
        let limbs = |entry: &IBig| {
            let bytes = entry.unsigned_abs().to_le_bytes();
            let limb = |bytes: &[u8]| bytes.iter().rev().fold(0, |limb, &byte| limb << 8 | u32::from(byte));
            (*entry < IBig::ZERO, bytes.chunks(4).map(limb).collect())
        };
        Self(gram.iter().map(|row| row.iter().map(limbs).collect()).collect())
    }

    /// Returns the matrix modulo a prime.
    pub fn residues(&self, prime: u64) -> Vec<Vec<u32>> {
        let longest = self.0.iter().flatten().map(|(_, limbs)| limbs.len()).max().unwrap_or(0);
        let powers: Vec<u64> = std::iter::successors(Some(1), |power| Some((power << 32) % prime)).take(longest).collect();
        let residue = |(negative, limbs): &(bool, Vec<u32>)| {
            // the sums of the lower and of the upper halves of the products stay far below 2^64
            let products = limbs.iter().zip(&powers).map(|(&limb, power)| u64::from(limb) * power);
            let (low, high) = products.fold((0, 0), |(low, high), product| (low + (product & u64::from(u32::MAX)), high + (product >> 32)));
            let rest = (((high % prime) << 32) + low) % prime;
            (if *negative && rest != 0 { prime - rest } else { rest }) as u32
        };
        self.0.iter().map(|row| row.iter().map(residue).collect()).collect()
    }
}

/// Integers that are known modulo a growing product of primes, by the Chinese remainder theorem (H. L. Garner, The residue number system,
/// IRE Trans. Electronic Computers EC-8, 1959).
pub struct ChineseRemainder {
    /// The integers modulo `modulus`, from 0.
    pub values: Vec<UBig>,
    /// The product of the primes.
    pub modulus: UBig,
}

impl ChineseRemainder {
    /// Returns `size` integers that are known modulo 1.
    pub fn new(size: usize) -> Self {
        Self { values: vec![UBig::ZERO; size], modulus: UBig::ONE }
    }

    /// Adds a prime, and the residues of all integers modulo it.
    pub fn add(&mut self, prime: u64, residues: impl Iterator<Item = u64>) {
        let step = inverse(u64::from(&self.modulus % prime as u32), prime);
        for (value, residue) in self.values.iter_mut().zip(residues) {
            let known = u64::from(&*value % prime as u32);
            let times = (residue + prime - known) % prime * step % prime;
            if times != 0 {
                *value += &self.modulus * times;
            }
        }
        self.modulus *= prime;
    }

    /// Returns the integers, of either sign, that are nearest to zero.
    fn finish(self) -> Vec<IBig> {
        let half = &self.modulus >> 1;
        let modulus = IBig::from(self.modulus);
        self.values.into_iter().map(|value| if value > half { IBig::from(value) - &modulus } else { IBig::from(value) }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::solve::elimination::Elimination;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn determinants_are_those_of_elimination(rows in prop::collection::vec(prop::collection::vec(any::<i32>(), 6), 6..9)) {
            let sum = |i: usize, j: usize| rows.iter().map(|row| IBig::from(row[i]) * row[j]).sum();
            let gram: Vec<Vec<IBig>> = (0..6).map(|i| (0..=i).map(|j| sum(i, j)).collect()).collect();
            let exact = Elimination::of(gram.clone());
            let minors = (0..6).flat_map(|i| (0..=i).map(move |j| (Determinant::Minor(i, j), (i, j))));
            let want: Vec<(Determinant, IBig)> = minors.map(|(minor, (i, j))| (minor, exact.at(i, j).clone()))
                .chain(exact.combination(5).into_iter().map(|(j, n)| (Determinant::Numerator(j), n)))
                .chain(exact.inverse_diagonal(5).into_iter().enumerate().map(|(j, n)| (Determinant::Adjugate(j), n)))
                .collect();
            let got = determinants(&gram, 5, want.iter().map(|(determinant, _)| *determinant).collect());
            prop_assert_eq!(got, want.into_iter().collect());
        }
    }
}
