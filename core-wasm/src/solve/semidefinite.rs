//! A singular Gram matrix to the proof that it is positive semidefinite, or that it is not.
//!
//! Modulo a prime some columns seem to depend on those before them. If each does, by its relation or because what elimination leaves of it
//! is zero modulo so many primes that it is zero, then the matrix is semidefinite if and only if that of the other columns is; and these
//! can be proven definite.

use super::decide::{Verdict, certify};
use super::elimination::Pivot;
use super::modular::{Modular, PRIME_BITS, primes};
use super::residues::Limbs;
use dashu_base::BitTest;
use dashu_int::IBig;

/// What elimination would find on the diagonal, given the columns that are known to depend on those before them. None without a proof.
pub fn pivots(gram: &[Vec<IBig>], dependent: &[usize]) -> Option<Vec<Pivot>> {
    let chosen: Vec<usize> = (0..gram.len()).filter(|k| !dependent.contains(k)).collect();
    let row = |i: usize| chosen.iter().take_while(|&&j| j <= i).map(|&j| gram[i][j].clone()).collect();
    let rest: Vec<Vec<IBig>> = chosen.iter().map(|&i| row(i)).collect();
    match certify(&rest, rest.len()) {
        Verdict::Definite(_) => Some((0..gram.len()).map(|k| if dependent.contains(&k) { Pivot::Zero } else { Pivot::Positive }).collect()),
        Verdict::Impossible => Some(vec![Pivot::Impossible]),
        Verdict::Unknown => None,
    }
}

/// The columns of which elimination leaves nothing; none if there is more to them. For columns whose relations are not simple: data with
/// fewer rows than columns.
///
/// What it leaves at (i, j) is, times a leading minor, a minor, so by Hadamard's inequality (J. Hadamard, 1893) not above the product of
/// the lengths of its rows.
pub fn dependent(gram: &[Vec<IBig>]) -> Option<Vec<usize>> {
    let size_bits = gram.len().bit_len();
    let at = |i: usize, j: usize| &gram[i.max(j)][i.min(j)];
    let length_bits = |i: usize| (0..gram.len()).map(|j| at(i, j).bit_len()).max().unwrap_or(0) + size_bits;
    let needed = (0..gram.len()).map(length_bits).sum::<usize>().div_ceil(PRIME_BITS) + 1;
    let limbs = Limbs::of(gram);
    let mut first = None;
    for prime in primes().take(needed) {
        let factor = Modular::of(&limbs.residues(prime), 0, prime)?;
        let zeros: Vec<usize> = (0..gram.len()).filter(|&k| factor.pivot(k) == 0).collect();
        let nothing_left = zeros.iter().all(|&j| (j..gram.len()).all(|i| factor.left(i, j) == 0));
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
        /// Few rows, dependent columns, or entries changed so that it is no data's: what is said is what elimination finds.
        #[test]
        fn what_is_said_is_so(
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
                // of data something is always said
                prop_assert_eq!(dependent(&gram).and_then(|dependent| pivots(&gram, &dependent)), Some(want));
            }
        }
    }
}
