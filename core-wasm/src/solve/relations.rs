//! A singular Gram matrix to the relations of its dependent columns, proven.
//!
//! Relations of data are simple: a column stands there twice, columns add up to another. So they are looked for modulo a few primes, made
//! rational, and put to the test: `G v = 0` in integers proves that a column depends on those before it as v says. If the columns that
//! are left are positive definite, then the whole matrix is semidefinite.
//!
//! *Limits*: coefficients of at most about [`PRIMES_MAX`] * 14 bits, above and below the line. *Not here*: what is not found or not
//! proven is for `elimination`.

use super::decide::{Verdict, certify};
use super::elimination::Pivot;
use super::modular::{Modular, primes};
use super::ratio::Ratio;
use super::residues::{Limbs, Rising};
use dashu_base::{DivRem, Gcd, SquareRoot, UnsignedAbs};
use dashu_int::{IBig, UBig};
use std::collections::BTreeMap;

/// Primes after which the search ends.
const PRIMES_MAX: usize = 32;

/// A column as a combination of independent columns before it; factors of zero left out.
pub type Relation = Vec<(usize, Ratio)>;

/// A semidefinite matrix.
pub struct Relations {
    /// One a column; none is impossible.
    pub pivots: Vec<Pivot>,
    /// By dependent column.
    pub relations: BTreeMap<usize, Relation>,
}

/// What a matrix is; none if the relations are not found, or if the matrix is not semidefinite.
pub fn find(gram: &[Vec<IBig>]) -> Option<Relations> {
    search(gram).and_then(|relations| semidefinite(gram, relations))
}

/// The relations of a matrix, by dependent column; none if they are not found. The other columns may or may not depend on each other.
pub fn search(gram: &[Vec<IBig>]) -> Option<BTreeMap<usize, Relation>> {
    let limbs = Limbs::of(gram);
    let mut rising: Option<(Vec<usize>, Rising)> = None;
    for (known, prime) in (1..=PRIMES_MAX).zip(primes()) {
        let factor = Modular::of(&limbs.residues(prime), 0, prime)?;
        let dependent: Vec<usize> = (0..gram.len()).filter(|&k| factor.pivot(k) == 0).collect();
        let (first, values) = rising.get_or_insert_with(|| (dependent.clone(), Rising::new(dependent.iter().sum())));
        if *first != dependent {
            return None;
        }
        values.add(prime, dependent.iter().flat_map(|&k| factor.combination(k)));
        if known.is_power_of_two()
            && let Some(relations) = proven(gram, &dependent, values)
        {
            return Some(relations);
        }
    }
    None
}

/// The relations if what is known so far is enough for all of them.
fn proven(gram: &[Vec<IBig>], dependent: &[usize], values: &Rising) -> Option<BTreeMap<usize, Relation>> {
    let bound = (&values.modulus >> 1).sqrt();
    let mut rest = values.values.iter();
    let relation = |&k: &usize| {
        let factors = rest.by_ref().take(k).map(|value| rational(value, &values.modulus, &bound)).enumerate();
        let relation: Relation = factors.filter_map(|(j, ratio)| Some((j, ratio?))).filter(|(_, ratio)| ratio.signum() != 0).collect();
        holds(gram, k, &relation).then_some((k, relation))
    };
    dependent.iter().map(relation).collect()
}

/// The ratio of two integers of at most `bound` that is `value` modulo `modulus`, if there is one: by Euclid's algorithm, stopped halfway
/// (P. S. Wang, A p-adic algorithm for univariate partial fractions, 1981).
fn rational(value: &UBig, modulus: &UBig, bound: &UBig) -> Option<Ratio> {
    let (mut before, mut rest) = (modulus.clone(), value.clone());
    let (mut factor_before, mut factor) = (IBig::ZERO, IBig::ONE);
    while rest > *bound {
        let (quotient, next) = (&before).div_rem(&rest);
        (before, rest) = (rest, next);
        (factor_before, factor) = (factor.clone(), factor_before - IBig::from(quotient) * factor);
    }
    ((&factor).unsigned_abs() <= *bound).then(|| Ratio::new(IBig::from(rest), factor))
}

/// Whether column `k` of the matrix is that combination of its other columns.
fn holds(gram: &[Vec<IBig>], k: usize, relation: &[(usize, Ratio)]) -> bool {
    let common = relation.iter().fold(IBig::ONE, |common, (_, ratio)| {
        let shared = IBig::from((&common).gcd(&ratio.denominator));
        common / shared * &ratio.denominator
    });
    let factors: Vec<(usize, IBig)> = relation.iter().map(|(j, ratio)| (*j, &ratio.numerator * (&common / &ratio.denominator))).collect();
    let at = |i: usize, j: usize| &gram[i.max(j)][i.min(j)];
    (0..gram.len()).all(|i| factors.iter().map(|(j, factor)| at(i, *j) * factor).sum::<IBig>() == at(i, k) * &common)
}

/// The rest of the matrix has to be positive definite.
fn semidefinite(gram: &[Vec<IBig>], relations: BTreeMap<usize, Relation>) -> Option<Relations> {
    let independent = |k: &usize| !relations.contains_key(k);
    let chosen: Vec<usize> = (0..gram.len()).filter(independent).collect();
    let rest: Vec<Vec<IBig>> =
        chosen.iter().map(|&i| chosen.iter().take_while(|&&j| j <= i).map(|&j| gram[i][j].clone()).collect()).collect();
    let pivots = (0..gram.len()).map(|k| if independent(&k) { Pivot::Positive } else { Pivot::Zero }).collect();
    matches!(certify(&rest, rest.len()), Verdict::Definite(_)).then_some(Relations { pivots, relations })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_found_from_their_residue() {
        let modulus = UBig::from(1_000_003u32);
        // -22/7 modulo a prime
        let seventh = (0..1_000_003u64).find(|x| x * 7 % 1_000_003 == 1).unwrap();
        let residue = UBig::from((1_000_003 - 22) * seventh % 1_000_003);
        assert_eq!(rational(&residue, &modulus, &UBig::from(707u32)).unwrap().times_ten_to(0).magnitude_text(), "22/7");
        assert!(rational(&residue, &modulus, &UBig::from(707u32)).unwrap().is_negative());
    }

    #[test]
    fn relations_are_found_or_nothing_is_said() {
        let columns: [[i64; 5]; 5] = [[1, 1, 1, 1, 1], [3, 1, 4, 1, 5], [9, 2, 6, 5, 3], [7, 2, 9, 3, 10], [0, 2, 7, 1, 8]];
        let gram = |columns: &[[i64; 5]]| -> Vec<Vec<IBig>> {
            let sum = |i: usize, j: usize| (0..5).map(|r| IBig::from(columns[i][r] * columns[j][r])).sum();
            (0..columns.len()).map(|i| (0..=i).map(|j| sum(i, j)).collect()).collect()
        };
        // 3 a - 2 of the second column, less halves
        let mut dependent = columns;
        dependent[3] = std::array::from_fn(|row| 3 * columns[1][row] - 2);
        let found = find(&gram(&dependent)).unwrap();
        assert_eq!(found.pivots, [Pivot::Positive, Pivot::Positive, Pivot::Positive, Pivot::Zero, Pivot::Positive]);
        let text: Vec<(usize, String)> = found.relations[&3].iter().map(|(j, ratio)| (*j, ratio.magnitude_text())).collect();
        assert_eq!(text, [(0, "2".to_owned()), (1, "3".to_owned())]);
        // no data has these
        let mut impossible = gram(&dependent);
        impossible[4][4] = IBig::from(-1);
        assert!(find(&impossible).is_none());
        let mut impossible = gram(&dependent);
        impossible[4][3] += 1;
        assert!(find(&impossible).is_none());
    }
}
