//! A singular Gram matrix to the proven relations of its dependent columns.
//!
//! Relations in data are simple: a column occurs twice, or columns add up to another one. So they are searched modulo a few primes,
//! reconstructed as rational numbers, and verified. `G v = 0` in integers proves that a column depends on those before it as v says.
//!
//! *Limits*: numerators and denominators have at most about [`PRIMES_MAX`] * 14 bits.
//!
//! *Not here*: whether the other columns are independent ([`semidefinite`](super::semidefinite)).

use super::modular::{ModularLdl, primes};
use super::residues::{ChineseRemainder, LimbMatrix};
use crate::ordered::IntoOrdered;
use crate::ratio::Ratio;
use dashu_base::{DivRem, Gcd, SquareRoot, UnsignedAbs};
use dashu_int::{IBig, UBig};
use std::collections::BTreeMap;

/// Most primes of a search.
const PRIMES_MAX: usize = 32;

/// A column as a linear combination of independent columns before it: their indexes and factors, without factors of zero.
pub type Relation = Vec<(usize, Ratio)>;

/// Returns the relations of a lower triangle, by dependent column. Returns none if they are not all found. The columns without a relation
/// may still depend on each other.
pub fn search(gram: &[Vec<IBig>]) -> Option<BTreeMap<usize, Relation>> {
    let limbs = LimbMatrix::of(gram);
    let mut search: Option<(Vec<usize>, ChineseRemainder)> = None;
    for (known, prime) in (1..=PRIMES_MAX).zip(primes()) {
        let factor = ModularLdl::of(&limbs.residues(prime), 0, prime)?;
        let dependent: Vec<usize> = (0..gram.len()).filter(|&k| factor.pivot(k) == 0).collect();
        let (first, values) = search.get_or_insert_with(|| (dependent.clone(), ChineseRemainder::new(dependent.iter().sum())));
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

/// Returns the relations, if the residues known so far determine all of them and each is verified.
fn proven(gram: &[Vec<IBig>], dependent: &[usize], values: &ChineseRemainder) -> Option<BTreeMap<usize, Relation>> {
    let bound = (&values.modulus >> 1).sqrt();
    let mut rest = values.values.iter();
    let relation = |&k: &usize| {
        let factors = rest.by_ref().take(k).map(|value| rational(value, &values.modulus, &bound)).enumerate();
        let relation: Relation = factors.filter_map(|(j, ratio)| Some((j, ratio?))).filter(|(_, ratio)| ratio.signum() != 0).collect();
        holds(gram, k, &relation).then_some((k, relation))
    };
    Some(dependent.iter().map(relation).collect::<Option<Vec<_>>>()?.into_iter().into_map())
}

/// Returns the ratio of two integers of a magnitude of at most `bound` that is `value` modulo `modulus`, if there is one. It is found by
/// Euclid's algorithm, stopped halfway (P. S. Wang, A p-adic algorithm for univariate partial fractions, SYMSAC 1981).
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

/// Returns whether column `k` of the matrix is this combination of its other columns.
fn holds(gram: &[Vec<IBig>], k: usize, relation: &[(usize, Ratio)]) -> bool {
    let (factors, common) = over_common_denominator(relation);
    let at = |i: usize, j: usize| &gram[i.max(j)][i.min(j)];
    (0..gram.len()).all(|i| factors.iter().map(|(j, factor)| at(i, *j) * factor).sum::<IBig>() == at(i, k) * &common)
}

/// Returns the factors of a relation as integers over a common denominator, and that denominator.
pub(super) fn over_common_denominator(relation: &[(usize, Ratio)]) -> (Vec<(usize, IBig)>, IBig) {
    let common = relation.iter().fold(IBig::ONE, |common, (_, ratio)| {
        let shared = IBig::from((&common).gcd(&ratio.denominator));
        common / shared * &ratio.denominator
    });
    let factors = relation.iter().map(|(j, ratio)| (*j, &ratio.numerator * (&common / &ratio.denominator))).collect();
    (factors, common)
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
    fn relations_are_found_only_where_they_hold() {
        // column 2 is three times column 1 minus twice column 0
        let columns: [[i64; 3]; 3] = [[1, 1, 1], [3, 1, 4], [7, 1, 10]];
        let sum = |i: usize, j: usize| IBig::from((0..3).map(|r| columns[i][r] * columns[j][r]).sum::<i64>());
        let mut gram: Vec<Vec<IBig>> = (0..3).map(|i| (0..=i).map(|j| sum(i, j)).collect()).collect();
        let found = search(&gram).unwrap();
        let text: Vec<(usize, String)> = found[&2].iter().map(|(j, ratio)| (*j, ratio.magnitude_text())).collect();
        assert_eq!((found.len(), text), (1, vec![(0, "2".to_owned()), (1, "3".to_owned())]));
        gram[2][2] += 1;
        assert!(search(&gram).unwrap().is_empty());
    }
}
