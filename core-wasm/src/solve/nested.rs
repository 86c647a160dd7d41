//! Normal equations with restricted coefficients to the F test of the restrictions, each number rounded once.
//!
//! With `rss` of the model and `rss_0` of the restricted model, whose design has `restrictions` columns fewer, the statistic is
//! `F = ((rss_0 - rss) / restrictions) / (rss / residual_df)`. Both sums of squares are ratios of minors
//! ([`quantity`](super::quantity)). Small matrices are eliminated; large ones are enclosed, ever more narrowly; where no enclosure settles
//! a rounding, the minors are computed modulo primes.

use super::certified::{Attempt, CertifiedCholesky};
use super::decide::ExactRounder;
use super::elimination::{ELIMINATED_MAX, Elimination};
use super::gram::scaled_gram;
use super::least_squares::least_squares;
use super::normal_equations::NormalEquations;
use super::quantity::{Enclosure, Quantity, Source, as_determinants, rounded};
use super::residues::determinants;
use super::restrictions::{RestrictedGram, SolvedRestrictions};
use crate::decimal::ten_to;
use crate::error::{Code, Error, Result};
use crate::ratio::Ratio;
use dashu_int::IBig;

/// Bits of the first enclosures, and how often they are doubled.
const BITS_START: usize = 192;
const DOUBLINGS_MAX: u32 = 3;

/// The F test of restrictions. Each number is the f64 nearest to the exact one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RestrictionTest {
    /// The residual sum of squares of the model.
    pub rss: f64,
    /// The residual sum of squares of the restricted model.
    pub restricted_rss: f64,
    /// `restricted_rss - rss`.
    pub difference: f64,
    /// The F statistic. None if the model fits perfectly or has no residual degrees of freedom.
    pub f: Option<f64>,
    /// `difference / rss`, that is `restrictions / residual_df * F`. None where `f` is.
    pub odds: Option<f64>,
    /// The residual degrees of freedom of the model.
    pub residual_df: i64,
}

/// Tests restrictions of the coefficients of normal equations.
///
/// Errors: those of [`least_squares`].
pub fn test_restrictions(equations: &NormalEquations, restrictions: &SolvedRestrictions) -> Result<RestrictionTest> {
    // refuses what cannot be solved
    least_squares(equations)?;
    let test = NestedModels::new(equations, restrictions).settle(ELIMINATED_MAX);
    let all = [Some(test.rss), Some(test.restricted_rss), Some(test.difference), test.f, test.odds];
    if all.into_iter().flatten().all(f64::is_finite) {
        return Ok(test);
    }
    Err(Error::new(
        Code::OutOfRange,
        "a result is too large or too small for a 64-bit float",
        "choose units in which the columns are of similar size",
    ))
}

/// The Gram matrices of a model and of its restricted model, and what else the numbers of a test depend on.
struct NestedModels {
    /// That of the columns of the model and of its target.
    larger: Vec<Vec<IBig>>,
    /// That of the columns of the restricted model and of its target.
    restricted: Vec<Vec<IBig>>,
    /// The factor of a sum of squares of the target of the model that makes it one of the target of the restricted model.
    square: IBig,
    /// A sum of squares of the target of the restricted model over this is in the units of the data.
    target_square: IBig,
    restrictions: i64,
    residual_df: i64,
}

impl NestedModels {
    fn new(equations: &NormalEquations, restrictions: &SolvedRestrictions) -> Self {
        let chosen: Vec<usize> = equations.design.iter().map(|(place, _)| *place).chain([equations.target]).collect();
        let gram = scaled_gram(&equations.moments, &chosen);
        let RestrictedGram { entries, multiple } = restrictions.substituted(&gram);
        let unit = &multiple * ten_to(gram.scales[equations.design.len()]);
        Self {
            larger: gram.entries,
            restricted: entries,
            square: &multiple * &multiple,
            target_square: &unit * &unit,
            restrictions: restrictions.len() as i64,
            residual_df: equations.rows - equations.design.len() as i64,
        }
    }

    /// Computes the test; with up to `eliminated_max` columns without enclosures. Results do not depend on it.
    fn settle(&self, eliminated_max: usize) -> RestrictionTest {
        let of_larger = |rss: Enclosure| rss.times(&self.square);
        if self.larger.len() - 1 > eliminated_max {
            for doublings in 0..=DOUBLINGS_MAX {
                let bits = BITS_START << doublings;
                let (rss, rss_0) = (enclosed_residual(&self.larger, bits).map(of_larger), enclosed_residual(&self.restricted, bits));
                let settled = rss.zip(rss_0).and_then(|(rss, rss_0)| self.round(&rss, &rss_0));
                if let Some(test) = settled {
                    return test;
                }
            }
        }
        let exact = |gram| Enclosure::exact(exact_residual(gram));
        let test = self.round(&of_larger(exact(&self.larger)), &exact(&self.restricted));
        // exact sums of squares settle every rounding
        test.unwrap_or(RestrictionTest {
            rss: f64::NAN,
            restricted_rss: f64::NAN,
            difference: f64::NAN,
            f: None,
            odds: None,
            residual_df: self.residual_df,
        })
    }

    /// Rounds all numbers, if the enclosures of the two sums of squares settle them.
    fn round(&self, rss: &Enclosure, rss_0: &Enclosure) -> Option<RestrictionTest> {
        let in_units = |ratio: &Ratio| Ratio::new(ratio.numerator.clone(), &ratio.denominator * &self.target_square).to_f64();
        let is_defined = rss.signum()? > 0 && self.residual_df > 0;
        let odds = |rss: &Ratio, rss_0: &Ratio| {
            let difference = difference(rss_0, rss);
            Ratio::new(difference.numerator * &rss.denominator, difference.denominator * &rss.numerator)
        };
        let quotient = |df: i64, restrictions: i64| match is_defined {
            true => rounded([rss_0], [rss], |[rss_0], [rss]| {
                let odds = odds(rss, rss_0);
                Ratio::new(odds.numerator * df, odds.denominator * restrictions).to_f64()
            })
            .map(|rounded| Some(rounded.value)),
            false => Some(None),
        };
        Some(RestrictionTest {
            rss: rounded([rss], [], |[rss], []| in_units(rss))?.value,
            restricted_rss: rounded([rss_0], [], |[rss_0], []| in_units(rss_0))?.value,
            difference: rounded([rss_0], [rss], |[rss_0], [rss]| in_units(&difference(rss_0, rss)))?.value,
            f: quotient(self.residual_df, self.restrictions)?,
            odds: quotient(1, 1)?,
            residual_df: self.residual_df,
        })
    }
}

fn difference(a: &Ratio, b: &Ratio) -> Ratio {
    Ratio::new(&a.numerator * &b.denominator - &b.numerator * &a.denominator, &a.denominator * &b.denominator)
}

/// Encloses the residual sum of squares of the last column; none if the bits are too few.
fn enclosed_residual(gram: &[Vec<IBig>], bits: usize) -> Option<Enclosure> {
    let count = gram.len() - 1;
    if count == 0 {
        return Some(Enclosure::exact(Ratio::new(gram[0][0].clone(), IBig::ONE)));
    }
    match CertifiedCholesky::attempt(gram, count, bits) {
        Attempt::Definite(certified) => Some(certified.enclosure(Quantity::Residual)),
        _ => None,
    }
}

/// Computes the residual sum of squares of the last column. The columns before it are independent.
fn exact_residual(gram: &[Vec<IBig>]) -> Ratio {
    let count = gram.len() - 1;
    if count <= ELIMINATED_MAX {
        return ExactRounder::new(Elimination::of(gram.to_vec()), count).enclosure(Quantity::Residual).low;
    }
    let (numerator, denominator) = as_determinants(Quantity::Residual, count);
    let known = determinants(gram, count, [numerator].into_iter().chain(denominator).collect());
    let value = |determinant| known.get(&determinant).cloned().unwrap_or(IBig::ONE);
    Ratio::new(value(numerator), denominator.map_or(IBig::ONE, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decimal::Decimal;
    use crate::solve::restrictions::LinearRestriction;
    use crate::statistics::Moments;
    use dashu_base::Gcd;
    use proptest::prelude::*;
    use std::borrow::Cow;

    /// Returns the moments of (1, columns), which are integers over `10^scale`.
    fn moments(columns: &[Vec<i64>], scale: u32) -> Moments {
        let one = vec![10i64.pow(scale); columns[0].len()];
        let all: Vec<&Vec<i64>> = std::iter::once(&one).chain(columns).collect();
        let sum = |i: usize, j: usize| all[i].iter().zip(all[j]).map(|(&a, &b)| IBig::from(a) * b).sum();
        let places = (0..all.len()).flat_map(|i| (0..=i).map(move |j| (i, j)));
        Moments(places.map(|(i, j)| Decimal { mantissa: sum(i, j), scale: 2 * scale }.normalized()).collect())
    }

    /// Equations of the intercept, of all columns but the last, and of the last as the target.
    fn equations(moments: &Moments, columns: usize, rows: usize) -> NormalEquations<'_> {
        let design = (0..columns).map(|at| (at, format!("c{at}"))).collect();
        NormalEquations {
            moments: Cow::Borrowed(moments),
            rows: rows as i64,
            design,
            target: columns,
            constant: Some(vec![0]),
            multipliers: Vec::new(),
        }
    }

    fn restrictions(rows: &[(Vec<i64>, i64)]) -> Option<SolvedRestrictions> {
        let row = |(factors, value): &(Vec<i64>, i64)| {
            LinearRestriction::new(factors.iter().map(|&factor| IBig::from(factor)).enumerate(), IBig::from(*value))
        };
        SolvedRestrictions::new(&rows.iter().map(row).collect::<Vec<_>>()).ok()
    }

    fn integer(value: i64) -> Ratio {
        Ratio::new(IBig::from(value), IBig::ONE)
    }

    /// Returns the sum in lowest terms, so that numbers stay small.
    fn plus(a: &Ratio, b: &Ratio) -> Ratio {
        let (numerator, denominator) = (&a.numerator * &b.denominator + &b.numerator * &a.denominator, &a.denominator * &b.denominator);
        let divisor = IBig::from((&numerator).gcd(&denominator));
        Ratio::new(numerator / &divisor, denominator / divisor)
    }

    fn product(a: &[Vec<Ratio>], b: &[Vec<Ratio>]) -> Vec<Vec<Ratio>> {
        let entry = |row: &[Ratio], j: usize| row.iter().zip(b).fold(integer(0), |sum, (x, row)| plus(&sum, &x.times(&row[j])));
        a.iter().map(|row| (0..b[0].len()).map(|j| entry(row, j)).collect()).collect()
    }

    fn transposed(a: &[Vec<Ratio>]) -> Vec<Vec<Ratio>> {
        (0..a[0].len()).map(|j| a.iter().map(|row| row[j].clone()).collect()).collect()
    }

    /// Inverts a positive definite matrix.
    fn inverted(a: &[Vec<Ratio>]) -> Vec<Vec<Ratio>> {
        let size = a.len();
        let unit = |i: usize| (0..size).map(move |j| integer(i64::from(i == j)));
        let mut rows: Vec<Vec<Ratio>> = a.iter().enumerate().map(|(i, row)| row.iter().cloned().chain(unit(i)).collect()).collect();
        for k in 0..size {
            let pivot = rows[k][k].clone();
            rows[k].iter_mut().for_each(|x| *x = x.times(&Ratio::new(pivot.denominator.clone(), pivot.numerator.clone())));
            let row = rows[k].clone();
            for (_, other) in rows.iter_mut().enumerate().filter(|(i, _)| *i != k) {
                let factor = other[k].times(&integer(-1));
                other.iter_mut().zip(&row).for_each(|(x, y)| *x = plus(x, &y.times(&factor)));
            }
        }
        rows.into_iter().map(|row| row[size..].to_vec()).collect()
    }

    /// Computes the difference of the sums of squares, and that of the model, by other means: the difference in Wald's form
    /// `(R b - r)' [R (X'X)^-1 R']^-1 (R b - r)`.
    fn wald(columns: &[Vec<i64>], scale: u32, rows: &[(Vec<i64>, i64)]) -> (Ratio, Ratio) {
        let (count, n) = (columns.len(), columns[0].len());
        let value = |i: usize, j: usize| integer(columns[j][i]).times_ten_to(-i64::from(scale));
        let x: Vec<Vec<Ratio>> = (0..n).map(|i| [integer(1)].into_iter().chain((0..count - 1).map(|j| value(i, j))).collect()).collect();
        let y: Vec<Vec<Ratio>> = (0..n).map(|i| vec![value(i, count - 1)]).collect();
        let inverse = inverted(&product(&transposed(&x), &x));
        let b = product(&inverse, &product(&transposed(&x), &y));
        let r: Vec<Vec<Ratio>> = rows.iter().map(|(factors, _)| factors.iter().map(|&factor| integer(factor)).collect()).collect();
        let gap: Vec<Vec<Ratio>> =
            product(&r, &b).iter().zip(rows).map(|(sum, (_, value))| vec![plus(&sum[0], &integer(-value))]).collect();
        let middle = inverted(&product(&product(&r, &inverse), &transposed(&r)));
        let form = product(&transposed(&gap), &product(&middle, &gap));
        let residuals: Vec<Vec<Ratio>> =
            product(&x, &b).iter().zip(&y).map(|(fitted, y)| vec![plus(&y[0], &fitted[0].times(&integer(-1)))]).collect();
        (form[0][0].clone(), product(&transposed(&residuals), &residuals)[0][0].clone())
    }

    #[test]
    fn a_test_of_the_slope_of_a_line() {
        // b = (-1.5, 2.3), rss 0.3; at a slope of 2 the restricted rss is that of y - 2 x about its mean
        let columns = [vec![1, 2, 3, 4], vec![1, 3, 5, 8]];
        let moments = moments(&columns, 0);
        let test = test_restrictions(&equations(&moments, 2, 4), &restrictions(&[(vec![0, 1], 2)]).unwrap()).unwrap();
        assert_eq!((test.rss, test.restricted_rss, test.difference, test.f, test.odds), (0.3, 0.75, 0.45, Some(3.0), Some(1.5)));
    }

    #[test]
    fn perfect_and_saturated_models_have_no_f() {
        for columns in [[vec![1, 2, 3], vec![3, 5, 7]], [vec![1, 2, 2], vec![1, 5, 5]]] {
            let moments = moments(&columns, 0);
            let test = test_restrictions(&equations(&moments, 2, 3), &restrictions(&[(vec![0, 1], 0)]).unwrap()).unwrap();
            assert_eq!((test.rss, test.f, test.odds), (0.0, None, None));
            assert!(test.difference > 0.0);
        }
    }

    #[test]
    fn all_coefficients_may_be_restricted() {
        let columns = [vec![1, 2, 3, 5], vec![1, 3, 5, 8]];
        let moments = moments(&columns, 0);
        let both = restrictions(&[(vec![1, 0], 0), (vec![0, 1], 0)]).unwrap();
        assert_eq!(test_restrictions(&equations(&moments, 2, 4), &both).unwrap().restricted_rss, 99.0);
    }

    #[test]
    fn wide_models_are_tested_like_narrow_ones() {
        let mut state = 7u64;
        let mut random = || {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 40) as i64
        };
        let mut columns: Vec<Vec<i64>> = (0..24).map(|_| (0..60).map(|_| random()).collect()).collect();
        let test = |columns: &[Vec<i64>], rows: &[(Vec<i64>, i64)]| {
            let moments = moments(columns, 2);
            let (equations, restrictions) = (equations(&moments, columns.len(), 60), restrictions(rows).unwrap());
            let models = NestedModels::new(&equations, &restrictions);
            let eliminated = |gram: &[Vec<IBig>]| {
                let count = gram.len() - 1;
                Enclosure::exact(ExactRounder::new(Elimination::of(gram.to_vec()), count).enclosure(Quantity::Residual).low)
            };
            let want = models.round(&eliminated(&models.larger).times(&models.square), &eliminated(&models.restricted)).unwrap();
            assert_eq!(test_restrictions(&equations, &restrictions).unwrap(), want);
            assert_eq!(models.settle(usize::MAX), want);
            want
        };
        let unit = |at: usize| (0..24).map(|k| i64::from(k == at)).collect::<Vec<_>>();
        let pair = |a: usize, b: usize| (0..24).map(|k| 2 * i64::from(k == a) - i64::from(k == b)).collect::<Vec<_>>();
        assert!(test(&columns, &[(unit(3), 0), (pair(5, 9), 1)]).f.unwrap() > 0.0);
        // restrictions that hold exactly, of a model that does not fit, and of one that does
        let first = columns[0].clone();
        columns[23] = first.iter().map(|x| 3 * x).collect();
        let test = test(&columns, &[(unit(3), 0), (unit(1), 3)]);
        assert_eq!((test.rss, test.restricted_rss, test.difference, test.f), (0.0, 0.0, 0.0, None));
    }

    proptest! {
        #[test]
        fn tests_agree_with_the_wald_form(
            columns in prop::collection::vec(prop::collection::vec(-1000i64..1000, 12), 4), scale in 0u32..4,
            rows in prop::collection::vec((prop::collection::vec(-3i64..4, 4), -5i64..5), 1..4),
        ) {
            let moments = moments(&columns, scale);
            let Some(solved) = restrictions(&rows) else { return Ok(()) };
            let Ok(test) = test_restrictions(&equations(&moments, 4, 12), &solved) else { return Ok(()) };
            let (difference, rss) = wald(&columns, scale, &rows);
            prop_assert_eq!((test.difference, test.rss, test.restricted_rss), (difference.to_f64(), rss.to_f64(), plus(&difference, &rss).to_f64()));
            if rss.signum() == 0 {
                prop_assert_eq!((test.f, test.odds), (None, None));
            } else {
                let odds = difference.times(&Ratio::new(rss.denominator.clone(), rss.numerator.clone()));
                prop_assert_eq!(test.odds, Some(odds.to_f64()));
                prop_assert_eq!(test.f, Some(Ratio::new(odds.numerator * 8, odds.denominator * rows.len()).to_f64()));
            }
        }
    }
}
