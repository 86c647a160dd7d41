//! A Gram matrix to a source of its quantities that is no dearer than the numbers of a model need.
//!
//! Small matrices are eliminated exactly. Of larger ones proven enclosures come first; where these leave a number undecided, narrower
//! ones; where these do too (a zero, a tie, a coincidence), the determinants that the number is made of, exactly.

use super::certified::{Attempt, Certified};
use super::elimination::Elimination;
use super::quantity::{Determinant, Enclosure, Quantity, Source, as_determinants};
use super::ratio::Ratio;
use super::relations::search;
use super::residues::{determinants, surely_regular};
use super::results::{Units, Wanted};
use dashu_int::IBig;
use std::collections::BTreeMap;

/// Bits of the first attempt: 53, as many again so that hardly a number is left undecided, and the rest for the condition of the data.
const BITS_START: usize = 192;
/// Bits that are to be sure at least.
const SURE_BITS: usize = 96;
/// Beyond this exact elimination is no slower.
const BITS_MAX: usize = 8192;

/// What a matrix turned out to be.
pub enum Verdict {
    /// Its leading columns are positive definite.
    Definite(Box<Certified>),
    /// It is not positive semidefinite.
    Impossible,
    /// It is singular, or nearly so: exact elimination has to tell.
    Unknown,
}

/// Looks for a proof that the leading `count` columns are positive definite, or that the matrix is not semidefinite.
pub fn certify(gram: &[Vec<IBig>], count: usize) -> Verdict {
    let mut bits = BITS_START;
    let mut regular = false;
    while bits <= BITS_MAX {
        match Certified::attempt(gram, count, bits) {
            Attempt::Definite(certified) if certified.sure_bits >= SURE_BITS => return Verdict::Definite(certified),
            Attempt::Definite(certified) => bits += (SURE_BITS - certified.sure_bits).next_multiple_of(64),
            Attempt::Impossible => return Verdict::Impossible,
            // more bits never make a singular matrix definite
            Attempt::Unknown if !regular && !surely_regular(gram, count) => return Verdict::Unknown,
            Attempt::Unknown => (regular, bits) = (true, 2 * bits),
        }
    }
    Verdict::Unknown
}

/// Rounds the numbers of a model.
pub trait Decide {
    /// The numbers wanted, each the nearest f64.
    fn decide(&mut self, units: &Units, wanted: &[Wanted]) -> Vec<f64>;
}

/// An eliminated matrix whose leading `count` columns are independent: all is known.
pub struct Eliminated {
    eliminated: Elimination,
    count: usize,
    numerators: Vec<IBig>,
    adjugates: Vec<IBig>,
}

impl Eliminated {
    /// Solves and inverts.
    pub fn new(eliminated: Elimination, count: usize) -> Self {
        let numerators = eliminated.combination(count).into_iter().map(|(_, numerator)| numerator).collect();
        let adjugates = eliminated.inverse_diagonal(count);
        Self { eliminated, count, numerators, adjugates }
    }
}

impl Source for Eliminated {
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

impl Decide for Eliminated {
    fn decide(&mut self, units: &Units, wanted: &[Wanted]) -> Vec<f64> {
        found(wanted.iter().map(|&wanted| units.round(wanted, self)))
    }
}

/// Proven enclosures, and what had to be computed exactly.
pub struct Refined<'a> {
    gram: &'a [Vec<IBig>],
    count: usize,
    certified: Box<Certified>,
    exact: BTreeMap<Quantity, Ratio>,
    steps: std::vec::IntoIter<Step<'a>>,
}

/// Makes more numbers decided, those at least that are given.
type Step<'a> = fn(&mut Refined<'a>, &[Wanted]);

impl<'a> Refined<'a> {
    /// Starts from the first enclosures.
    pub fn new(gram: &'a [Vec<IBig>], count: usize, certified: Box<Certified>) -> Self {
        let steps: Vec<Step> = vec![Self::relate, Self::refine];
        Self { gram, count, certified, exact: BTreeMap::new(), steps: steps.into_iter() }
    }

    /// A target that depends on the design has simple coefficients more often than not.
    fn relate(&mut self, undecided: &[Wanted]) {
        if !undecided.contains(&Wanted::ResidualSign) {
            return;
        }
        if let Some(relation) = search(self.gram).and_then(|relations| relations.get(&self.count).cloned()) {
            let zero = || Ratio::new(IBig::ZERO, IBig::ONE);
            self.exact.extend((0..self.count).map(|j| (Quantity::Coefficient(j), zero())));
            self.exact.extend(relation.into_iter().map(|(j, ratio)| (Quantity::Coefficient(j), ratio)));
            self.exact.insert(Quantity::Residual, zero());
        }
    }

    /// Twice the bits.
    fn refine(&mut self, _: &[Wanted]) {
        if let Attempt::Definite(narrower) = Certified::attempt(self.gram, self.count, 2 * self.certified.bits()) {
            self.certified = narrower;
        }
    }

    /// What the numbers are made of, exactly: then they are decided.
    fn compute(&mut self, undecided: &[Wanted]) {
        let quantities = undecided.iter().flat_map(|wanted| wanted.quantities());
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

impl Source for Refined<'_> {
    fn enclosure(&self, quantity: Quantity) -> Enclosure {
        self.exact.get(&quantity).map_or_else(|| self.certified.enclosure(quantity), |ratio| Enclosure::exact(ratio.clone()))
    }
}

impl Decide for Refined<'_> {
    fn decide(&mut self, units: &Units, wanted: &[Wanted]) -> Vec<f64> {
        let mut values: Vec<Option<f64>> = wanted.iter().map(|&wanted| units.round(wanted, self)).collect();
        loop {
            let undecided: Vec<usize> = (0..values.len()).filter(|&at| values[at].is_none()).collect();
            if undecided.is_empty() {
                break;
            }
            let step = self.steps.next();
            step.unwrap_or(Self::compute)(self, &undecided.iter().map(|&at| wanted[at]).collect::<Vec<_>>());
            undecided.iter().for_each(|&at| values[at] = units.round(wanted[at], self));
            if step.is_none() {
                break;
            }
        }
        found(values.into_iter())
    }
}

/// Everything that is exact is decided.
fn found(values: impl Iterator<Item = Option<f64>>) -> Vec<f64> {
    values.map(|value| value.unwrap_or(f64::NAN)).collect()
}
