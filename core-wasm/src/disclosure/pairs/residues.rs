//! Residues of an integer modulo all prime powers that are checked.

use dashu_base::RemEuclid;
use dashu_int::IBig;
use samefit_kernels::spans::{self, MODULI, PRIMES};

/// A residue for each of [`MODULI`].
pub(super) type Residues = [u8; PRIMES];

/// A set of [`MODULI`], one bit each.
pub(super) type ModuliSet = u64;

/// All of [`MODULI`].
pub(super) const ALL_MODULI: ModuliSet = (1 << PRIMES) - 1;

/// Returns the indexes in [`MODULI`] of a set.
pub(super) fn indexes(set: ModuliSet) -> impl Iterator<Item = usize> {
    (0..PRIMES).filter(move |at| set >> at & 1 == 1)
}

/// Returns the residues of an integer for a set of moduli; zero for all others.
pub(super) fn residues(integer: &IBig, moduli: ModuliSet) -> Residues {
    let mut residues = [0; PRIMES];
    match i64::try_from(integer) {
        Ok(integer) => spans::residues(integer, moduli, &mut residues),
        Err(_) => indexes(moduli).for_each(|at| {
            residues[at] = u8::try_from(integer.rem_euclid(IBig::from(MODULI[at].value))).unwrap_or_default();
        }),
    }
    residues
}

/// Returns the residues of an integer for all moduli.
pub(super) fn all_residues(value: i128) -> Residues {
    residues(&value.into(), ALL_MODULI)
}
