//! A singular Gram matrix to a proof that it is positive semidefinite, or that it is not.
//!
//! Modulo a prime, some columns seem to depend on those before them. Each of them does if its relation is verified, or if what elimination
//! leaves of it is zero modulo so many primes that it must be zero. If all of them do, the matrix is positive semidefinite exactly if that
//! of the other columns is. Those can be proven positive definite.

use super::decide::{Definiteness, prove_definite};
use super::elimination::Pivot;
use super::modular::{ModularLdl, PRIME_BITS, primes};
use super::residues::LimbMatrix;
use dashu_base::BitTest;
use dashu_int::IBig;

/// Returns the pivots that elimination would find, given all columns that depend on those before them. Returns none if there is no proof.
pub fn pivots(gram: &[Vec<IBig>], dependent: &[usize]) -> Option<Vec<Pivot>> {
    let chosen: Vec<usize> = (0..gram.len()).filter(|k| !dependent.contains(k)).collect();
    let row = |i: usize| chosen.iter().take_while(|&&j| j <= i).map(|&j| gram[i][j].clone()).collect();
    let rest: Vec<Vec<IBig>> = chosen.iter().map(|&i| row(i)).collect();
    match prove_definite(&rest, rest.len()) {
        Definiteness::Definite(_) => {
            Some((0..gram.len()).map(|k| if dependent.contains(&k) { Pivot::Zero } else { Pivot::Positive }).collect())
        }
        Definiteness::Impossible => Some(vec![Pivot::Impossible]),
        Definiteness::Unknown => None,
    }
}

/// Returns the columns of which elimination leaves nothing, if this is proven; else none. It serves where relations are not simple: data
/// with fewer rows than columns.
///
/// What elimination leaves at (i, j), times a leading minor, is a minor. By Hadamard's inequality (J. Hadamard, Résolution d'une question
/// relative aux déterminants, 1893) it is not above the product of the lengths of its rows. So it is zero if it is zero modulo primes whose
/// product is larger.
pub fn dependent(gram: &[Vec<IBig>]) -> Option<Vec<usize>> {
    let size_bits = gram.len().bit_len();
    let at = |i: usize, j: usize| &gram[i.max(j)][i.min(j)];
    let length_bits = |i: usize| (0..gram.len()).map(|j| at(i, j).bit_len()).max().unwrap_or(0) + size_bits;
    let needed = (0..gram.len()).map(length_bits).sum::<usize>().div_ceil(PRIME_BITS) + 1;
    let limbs = LimbMatrix::of(gram);
    let mut first = None;
    for prime in primes().take(needed) {
        let factor = ModularLdl::of(&limbs.residues(prime), 0, prime)?;
        let zeros: Vec<usize> = (0..gram.len()).filter(|&k| factor.pivot(k) == 0).collect();
        let nothing_left = zeros.iter().all(|&j| (j..gram.len()).all(|i| factor.remainder(i, j) == 0));
        if !nothing_left || *first.get_or_insert_with(|| zeros.clone()) != zeros {
            return None;
        }
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::solve::elimination::Elimination;
    use crate::solve::relations::search;
    use proptest::prelude::*;

    proptest! {
        /// Few rows, dependent columns, or entries changed so that no data have them: every proof agrees with elimination.
        #[test]
        fn proofs_agree_with_elimination(
            rows in prop::collection::vec(prop::collection::vec(-99i64..99, 6), 1..9),
            weights in prop::collection::vec(-2i64..3, 3), place in 3usize..6, at in 0usize..6, by in -1i64..2,
        ) {
            let rows: Vec<Vec<i64>> = rows.into_iter().map(|mut row| { row[place] = (0..3).map(|k| weights[k] * row[k]).sum(); row }).collect();
            let sum = |i: usize, j: usize| rows.iter().map(|row| IBig::from(row[i] * row[j])).sum();
            let mut gram: Vec<Vec<IBig>> = (0..6).map(|i| (0..=i).map(|j| sum(i, j)).collect()).collect();
            gram[at][at / 2] += by;
            let want = Elimination::of(gram.clone()).pivots;
            let impossible = |pivots: &[Pivot]| pivots.contains(&Pivot::Impossible);
            let related = search(&gram).map(|relations| relations.into_keys().collect::<Vec<_>>());
            for dependent in [related, dependent(&gram)].into_iter().flatten() {
                if let Some(got) = pivots(&gram, &dependent) {
                    prop_assert!(got == want || impossible(&got) && impossible(&want), "{:?} {:?}", got, want);
                }
            }
            if by == 0 {
                // for moments of data there is always a proof
                prop_assert_eq!(dependent(&gram).and_then(|dependent| pivots(&gram, &dependent)), Some(want));
            }
        }
    }
}
