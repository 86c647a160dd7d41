//! A regular Gram matrix to the columns that nearly depend on others: columns that do depend on them but for the rounding of the data.
//!
//! Columns are taken in order. Those that nearly depend on the ones before them are left out for the columns after them. So of two groups of
//! columns each is found, and named by its own relation.
//!
//! A relation in data is simple, and rounding blurs it: 1.8*celsius + 32 comes out as 1.79999...*celsius + 32.0000.... So each factor of the
//! least-squares relation is replaced by a simple number close to it. If that leaves hardly more of the column, and would not with any
//! factor, it is the relation.
//!
//! *Invariants*: the factor has so many bits that even the whole design is proven regular with it. So what it leaves of a column is right to
//! far more digits than the comparisons need.
//!
//! *Not here*: exact dependence, which is an error ([`collinearity`](super::collinearity)).

use super::cholesky::{FixedPointCholesky, NextColumn};
use super::collinearity::{in_units, sum};
use super::decide::{BITS_MAX, Definiteness, prove_definite};
use super::gram::{ScaledGram, scaled_gram};
use super::least_squares::sum_of_squares;
use super::normal_equations::NormalEquations;
use super::relations::{Relation, over_common_denominator};
use crate::ratio::Ratio;
use crate::statistics::exact_decimal;
use dashu_int::IBig;

/// A column with a tolerance below this is nearly collinear.
pub const NEAR: f64 = 1e-10;
/// Largest denominator of a simple factor.
const DENOMINATOR_MAX: u32 = 1000;
/// The relation with simple factors may leave this many times the least sum of squares.
const RESIDUAL_TIMES_MAX: u32 = 100;

/// A column of a design that nearly is a linear combination of others. Indexes are those of the design.
#[derive(Clone, Debug, PartialEq)]
pub struct NearDependence {
    /// The column.
    pub column: usize,
    /// The other features in the relation. Without a relation: features before the column that matter for it and have a tolerance below
    /// [`NEAR`].
    pub others: Vec<usize>,
    /// Share of the column's variation that the columns before it do not explain.
    pub tolerance: f64,
    /// The relation, if there is a simple one.
    pub relation: Option<NearRelation>,
}

/// A relation between columns that holds but for rounding.
#[derive(Clone, Debug, PartialEq)]
pub struct NearRelation {
    /// The combination of the other columns, such as `1.8*celsius + 32`.
    pub text: String,
    /// The least f64 that is not below the root of the sum of squares of the differences. So no difference exceeds it.
    pub within: f64,
}

/// Finds the columns of a regular design that nearly depend on others. `tolerances` are those of its columns, none for the intercept.
///
/// If no column nearly depends on those before it, though some tolerance is below [`NEAR`], the last such column is named without a relation.
pub fn near_dependences(equations: &NormalEquations, tolerances: &[Option<f64>]) -> Vec<NearDependence> {
    let is_near = |column: &usize| tolerances[*column].is_some_and(|tolerance| tolerance < NEAR);
    let near: Vec<usize> = (0..tolerances.len()).filter(is_near).collect();
    let Some((&last, others)) = near.split_last() else { return Vec::new() };
    let mut search = Search::new(equations, &near);
    let found: Vec<NearDependence> = (0..equations.design.len()).filter_map(|column| search.take(column)).collect();
    if !found.is_empty() {
        return found;
    }
    let others = if others.is_empty() { Search::new(equations, &near).others_of(last) } else { others.to_vec() };
    vec![NearDependence { column: last, others, tolerance: tolerances[last].unwrap_or(f64::NAN), relation: None }]
}

/// The columns that are kept so far, and their factor.
struct Search<'a> {
    equations: &'a NormalEquations<'a>,
    /// The columns with a tolerance below [`NEAR`].
    near: &'a [usize],
    gram: ScaledGram,
    kept: Vec<usize>,
    factor: FixedPointCholesky,
}

impl<'a> Search<'a> {
    fn new(equations: &'a NormalEquations, near: &'a [usize]) -> Self {
        let places: Vec<usize> = equations.design.iter().map(|(place, _)| *place).collect();
        let gram = scaled_gram(&equations.moments, &places);
        let bits = match prove_definite(&gram.entries, places.len()) {
            Definiteness::Definite(certified) => certified.bits(),
            Definiteness::Impossible | Definiteness::Unknown => BITS_MAX,
        };
        Self { equations, near, gram, kept: Vec::new(), factor: FixedPointCholesky::new(bits) }
    }

    /// Describes the next column if it nearly depends on the kept ones, else keeps it.
    fn take(&mut self, column: usize) -> Option<NearDependence> {
        let next = self.solve(column);
        let tolerance = if self.is_intercept(column) { 1.0 } else { self.tolerance(column, &next) };
        if tolerance < NEAR {
            return Some(self.describe(column, tolerance, &next));
        }
        self.kept.push(column);
        self.factor.push(next);
        None
    }

    /// Returns the columns that matter for a column, among all others.
    fn others_of(mut self, column: usize) -> Vec<usize> {
        (0..self.equations.design.len()).filter(|&other| other != column).for_each(|other| drop(self.take(other)));
        let next = self.solve(column);
        let factors = in_units(self.least_squares(&next), column, &self.gram.scales);
        self.others(&factors, &self.bound(column, &next))
    }

    /// Solves for a column on the kept ones.
    fn solve(&self, column: usize) -> NextColumn {
        let row: Vec<IBig> = self.kept.iter().chain([&column]).map(|&k| self.entry(column, k).clone()).collect();
        self.factor.substitute(&row)
    }

    fn entry(&self, i: usize, j: usize) -> &IBig {
        &self.gram.entries[i.max(j)][i.min(j)]
    }

    fn is_intercept(&self, column: usize) -> bool {
        self.equations.intercept() == Some(column)
    }

    /// Returns the power of ten by which a column was multiplied.
    fn scale(&self, column: usize) -> i64 {
        i64::from(self.gram.scales[column])
    }

    /// Returns the sum of squares that the kept columns leave of another one, in the units of the Gram matrix.
    fn left(&self, next: &NextColumn) -> Ratio {
        Ratio::new(next.left.clone(), IBig::ONE).times_two_to(2 * (next.exponent as i64 - self.factor.bits as i64))
    }

    /// Returns the share of a column's variation that the kept columns do not explain.
    fn tolerance(&self, column: usize, next: &NextColumn) -> f64 {
        let all = self.sum_of_squares(column).times_ten_to(2 * self.scale(column));
        self.left(next).times(&all.inverted()).to_f64()
    }

    /// Returns the sum of squares of a column in the units of the data: about the mean if the kept columns span the constant.
    fn sum_of_squares(&self, column: usize) -> Ratio {
        let centred = self.equations.constant.as_ref().is_some_and(|columns| columns.iter().all(|k| self.kept.contains(k)));
        sum_of_squares(self.equations, self.equations.design[column].0, centred)
    }

    fn describe(&self, column: usize, tolerance: f64, next: &NextColumn) -> NearDependence {
        let factors = in_units(self.least_squares(next), column, &self.gram.scales);
        let bound = self.bound(column, next);
        let nearest = factors.iter().map(|(k, factor)| (*k, factor.nearest_with_denominator(DENOMINATOR_MAX)));
        let simple: Relation = nearest.filter(|(_, factor)| factor.signum() != 0).collect();
        let residual = self.residual(column, &simple);
        if residual.minus(&bound).signum() > 0 || !self.is_distinct(&simple, &bound) {
            return NearDependence { column, others: self.others(&factors, &bound), tolerance, relation: None };
        }
        let others = simple.iter().map(|(k, _)| *k).filter(|&k| !self.is_intercept(k)).collect();
        let relation = NearRelation { text: sum(&simple, self.equations), within: root_above(&residual) };
        NearDependence { column, others, tolerance, relation: Some(relation) }
    }

    /// Returns the largest sum of squares that a relation of a column may leave, in the units of the data.
    fn bound(&self, column: usize, next: &NextColumn) -> Ratio {
        let times = Ratio::new(RESIDUAL_TIMES_MAX.into(), IBig::ONE);
        self.left(next).times_ten_to(-2 * self.scale(column)).times(&times)
    }

    /// Returns the features that matter in a relation, and of these the ones with a tolerance below [`NEAR`] if there are such.
    fn others(&self, factors: &Relation, bound: &Ratio) -> Vec<usize> {
        let features = factors.iter().filter(|(k, factor)| !self.is_intercept(*k) && self.shows(*k, factor, bound));
        let all: Vec<usize> = features.map(|(k, _)| *k).collect();
        let near: Vec<usize> = all.iter().copied().filter(|k| self.near.contains(k)).collect();
        if near.is_empty() { all } else { near }
    }

    /// Returns whether the factors of a relation are simple by more than chance.
    ///
    /// Every number is as close as `1 / (q N)` to a ratio with a denominator q of at most N (Dirichlet's theorem). So if a factor could differ
    /// by as much and leave no more than `bound`, it says nothing.
    fn is_distinct(&self, relation: &Relation, bound: &Ratio) -> bool {
        let mut features = relation.iter().filter(|(k, _)| !self.is_intercept(*k));
        features.all(|(k, factor)| self.shows(*k, &Ratio::new(IBig::ONE, &factor.denominator * DENOMINATOR_MAX), bound))
    }

    /// Returns whether a change of a column's factor changes the combination by a sum of squares above `bound`.
    fn shows(&self, column: usize, change: &Ratio, bound: &Ratio) -> bool {
        self.sum_of_squares(column).times(change).times(change).minus(bound).signum() > 0
    }

    /// Returns the least-squares relation of a column with the kept columns, in the units of the Gram matrix.
    fn least_squares(&self, next: &NextColumn) -> Relation {
        let exponent = |place: usize| next.exponent as i64 - self.factor.exponents[place] as i64 - self.factor.bits as i64;
        let factors = self.factor.solve_transposed(&next.solved).into_iter().enumerate();
        factors.map(|(place, factor)| (self.kept[place], Ratio::new(factor, IBig::ONE).times_two_to(exponent(place)))).collect()
    }

    /// Returns the exact sum of squares of a column less a relation. Both are in the units of the data.
    fn residual(&self, column: usize, relation: &Relation) -> Ratio {
        let scaled: Relation = relation.iter().map(|(k, factor)| (*k, factor.times_ten_to(self.scale(column) - self.scale(*k)))).collect();
        let (mut weights, common) = over_common_denominator(&scaled);
        weights.push((column, -&common));
        let row = |i: usize| weights.iter().map(|(j, weight)| self.entry(i, *j) * weight).sum::<IBig>();
        let sum = weights.iter().map(|(i, weight)| row(*i) * weight).sum();
        Ratio::new(sum, &common * &common).times_ten_to(-2 * self.scale(column))
    }
}

/// Returns the least f64 that is not below the square root of a ratio.
fn root_above(square: &Ratio) -> f64 {
    let root = square.sqrt_to_f64();
    let exact = Ratio::from(&exact_decimal(root));
    if exact.times(&exact).minus(square).signum() < 0 { root.next_up() } else { root }
}
