//! Chooses the cheapest method that settles every rounding.
//!
//! Small matrices are eliminated exactly. For larger ones, proven enclosures come first. If they leave a number unsettled, narrower
//! enclosures follow. If these do too (a zero, a tie, a coincidence), the determinants from which the number is computed are found exactly.

use super::certified::{Attempt, CertifiedCholesky};
use super::elimination::Elimination;
use super::leading_blocks::exact_factors;
use super::quantity::{Determinant, Enclosure, Quantity, Rounded, Source, as_determinants};
use super::relations::search;
use super::residues::{determinants, is_proven_regular};
use super::results::{ModelNumber, Units};
use crate::ratio::Ratio;
use dashu_int::IBig;
use std::collections::BTreeMap;

/// Bits after the point in the first attempt: twice 53, about 40 so that hardly any number is left unsettled, and the rest for
/// ill-conditioned data.
const BITS_START: usize = 192;
/// Fewest bits that an enclosure must be sure of.
const SURE_BITS: usize = 144;
/// Most bits after the point. With more, exact elimination is not slower.
pub const BITS_MAX: usize = 8192;

/// What is proven about a matrix.
pub enum Definiteness {
    /// Its leading columns are positive definite.
    Definite(Box<CertifiedCholesky>),
    /// It is not positive semidefinite, so no data have it.
    Impossible,
    /// Nothing: it is singular, or nearly so. Exact elimination has to decide.
    Unknown,
}

/// Looks for a proof that the leading `count` columns of a lower triangle are positive definite, or that the matrix is not positive
/// semidefinite.
pub fn prove_definite(gram: &[Vec<IBig>], count: usize) -> Definiteness {
    let mut bits = BITS_START;
    let mut regular = false;
    while bits <= BITS_MAX {
        match CertifiedCholesky::attempt(gram, count, bits) {
            Attempt::Definite(certified) if certified.sure_bits >= SURE_BITS => return Definiteness::Definite(certified),
            Attempt::Definite(certified) => bits += (SURE_BITS - certified.sure_bits).next_multiple_of(64),
            Attempt::Impossible => return Definiteness::Impossible,
            // no number of bits proves that a singular matrix is definite
            Attempt::Unknown if !regular && !is_proven_regular(gram, count) => return Definiteness::Unknown,
            Attempt::Unknown => (regular, bits) = (true, 2 * bits),
        }
    }
    Definiteness::Unknown
}

/// Rounds the numbers of a model.
pub trait Rounder {
    /// Returns each of these numbers as the nearest f64, or in two parts.
    fn round_all(&mut self, units: &Units, wanted: &[ModelNumber]) -> Vec<Rounded>;
}

/// Rounds by the exact elimination of a matrix whose leading `count` columns are independent.
pub struct ExactRounder {
    eliminated: Elimination,
    count: usize,
    numerators: Vec<IBig>,
    adjugates: Vec<IBig>,
}

impl ExactRounder {
    /// Solves the equations and computes the diagonal of the inverse.
    pub fn new(eliminated: Elimination, count: usize) -> Self {
        let numerators = eliminated.combination(count).into_iter().map(|(_, numerator)| numerator).collect();
        let adjugates = eliminated.inverse_diagonal(count);
        Self { eliminated, count, numerators, adjugates }
    }
}

impl Source for ExactRounder {
    fn enclosure(&self, quantity: Quantity) -> Enclosure {
        let value = |determinant| match determinant {
            Determinant::Minor(i, j) => self.eliminated.at(i, j).clone(),
            Determinant::Numerator(j) => self.numerators[j].clone(),
            Determinant::Adjugate(j) => self.adjugates[j].clone(),
        };
        let (numerator, denominator) = as_determinants(quantity, self.count);
        Enclosure::exact(Ratio::new(value(numerator), denominator.map_or(IBig::ONE, value)))
    }
}

impl Rounder for ExactRounder {
    fn round_all(&mut self, units: &Units, wanted: &[ModelNumber]) -> Vec<Rounded> {
        settled(wanted.iter().map(|&number| units.round(number, self)))
    }
}

/// Rounds by proven enclosures, and computes exactly what they do not settle.
pub struct EnclosureRounder<'a> {
    gram: &'a [Vec<IBig>],
    count: usize,
    certified: Box<CertifiedCholesky>,
    /// The quantities that are known exactly.
    exact: BTreeMap<Quantity, Ratio>,
    /// The steps that are left, cheapest first. After the last, [`Self::compute`] settles everything.
    steps: std::vec::IntoIter<Step<'a>>,
}

/// Improves what is known, so that more of these unsettled numbers can be rounded.
type Step<'a> = fn(&mut EnclosureRounder<'a>, &[ModelNumber]);

impl<'a> EnclosureRounder<'a> {
    /// Returns a rounder that begins with the enclosures of a certified factor.
    pub fn new(gram: &'a [Vec<IBig>], count: usize, certified: Box<CertifiedCholesky>) -> Self {
        let steps: Vec<Step> = vec![Self::relate, Self::refine];
        Self { gram, count, certified, exact: exact_factors(gram, count), steps: steps.into_iter() }
    }

    /// Looks for simple coefficients of a target that depends on the design, if it may depend on it.
    fn relate(&mut self, unsettled: &[ModelNumber]) {
        if !unsettled.contains(&ModelNumber::ResidualSign) {
            return;
        }
        if let Some(relation) = search(self.gram).and_then(|relations| relations.get(&self.count).cloned()) {
            let zero = || Ratio::new(IBig::ZERO, IBig::ONE);
            self.exact.extend((0..self.count).map(|j| (Quantity::Coefficient(j), zero())));
            self.exact.extend(relation.into_iter().map(|(j, ratio)| (Quantity::Coefficient(j), ratio)));
            self.exact.insert(Quantity::Residual, zero());
        }
    }

    /// Doubles the bits of the enclosures.
    fn refine(&mut self, _: &[ModelNumber]) {
        if let Attempt::Definite(narrower) = CertifiedCholesky::attempt(self.gram, self.count, 2 * self.certified.bits()) {
            self.certified = narrower;
        }
    }

    /// Computes the quantities of the unsettled numbers exactly, which settles them.
    fn compute(&mut self, unsettled: &[ModelNumber]) {
        let quantities = unsettled.iter().flat_map(|wanted| wanted.quantities());
        let missing: Vec<Quantity> = quantities.filter(|quantity| !self.exact.contains_key(quantity)).collect();
        let parts = |quantity: &Quantity| as_determinants(*quantity, self.count);
        let mut needed: Vec<Determinant> =
            missing.iter().map(parts).flat_map(|(numerator, denominator)| std::iter::once(numerator).chain(denominator)).collect();
        needed.sort_unstable();
        needed.dedup();
        let known = determinants(self.gram, self.count, needed);
        let value = |determinant| known.get(&determinant).cloned().unwrap_or(IBig::ONE);
        let ratio = |(numerator, denominator): (Determinant, Option<Determinant>)| {
            Ratio::new(value(numerator), denominator.map_or(IBig::ONE, value))
        };
        self.exact.extend(missing.iter().map(|quantity| (*quantity, ratio(parts(quantity)))));
    }
}

impl Source for EnclosureRounder<'_> {
    fn enclosure(&self, quantity: Quantity) -> Enclosure {
        self.exact.get(&quantity).map_or_else(|| self.certified.enclosure(quantity), |ratio| Enclosure::exact(ratio.clone()))
    }
}

impl Rounder for EnclosureRounder<'_> {
    fn round_all(&mut self, units: &Units, wanted: &[ModelNumber]) -> Vec<Rounded> {
        let mut values: Vec<Option<Rounded>> = wanted.iter().map(|&number| units.round(number, self)).collect();
        loop {
            let unsettled: Vec<usize> = (0..values.len()).filter(|&at| values[at].is_none()).collect();
            if unsettled.is_empty() {
                break;
            }
            let step = self.steps.next();
            step.unwrap_or(Self::compute)(self, &unsettled.iter().map(|&at| wanted[at]).collect::<Vec<_>>());
            unsettled.iter().for_each(|&at| values[at] = units.round(wanted[at], self));
            if step.is_none() {
                break;
            }
        }
        settled(values.into_iter())
    }
}

/// Returns settled numbers. Exact quantities settle every number, so none is left.
fn settled(values: impl Iterator<Item = Option<Rounded>>) -> Vec<Rounded> {
    values.map(|value| value.unwrap_or(f64::NAN.into())).collect()
}
