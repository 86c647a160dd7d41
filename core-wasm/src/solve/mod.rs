//! Exact moments to the correctly rounded least-squares solution.
//!
//! The moments of the chosen terms become an integer Gram matrix (each term at a scale of its own). Everything that a model says of its fit
//! is a ratio of its minors, or the square root of one, rounded once: `quantity` says which, `results` rounds, `decide` finds the least work
//! that decides every rounding. Small matrices are eliminated fraction-free (`elimination`). In large ones determinants have thousands of
//! digits; there a fixed-point factor (`cholesky`) with a proof of its error (`certified`) does, and where it does not, determinants modulo
//! primes (`modular`, `residues`). What is singular is proven so by `relations` and `semidefinite`.
//!
//! *Limits*: time grows with the cube of the columns. In the component on one core of a small server: 100 features 0.1 s, 300 features
//! 1.2 s; where a zero or a tie has to be proven, 300 features up to 4 s.
//!
//! *Not here*: what a model file holds (`model`), predictions (`predict`).

pub mod certified;
pub mod cholesky;
mod collinearity;
pub mod decide;
pub mod elimination;
pub mod modular;
pub mod plausible;
pub mod quantity;
pub mod ratio;
pub mod relations;
pub mod residues;
pub mod results;
pub mod semidefinite;

use crate::decimal::Decimal;
use crate::error::{Code, Error, Result};
use crate::statistics::Moments;
use crate::terms::Term;
use dashu_int::IBig;
use decide::{Decide, Eliminated, Refined, Verdict, certify};
use elimination::Elimination;
use plausible::{check_pivots, check_residual, not_semidefinite};
use ratio::Ratio;
use results::{Units, Wanted};

/// A Gram matrix of integers: entry (i, j) is the moment of terms i and j times `10^(scales[i] + scales[j])`.
pub struct ScaledGram {
    /// Lower triangle, row by row.
    pub entries: Vec<Vec<IBig>>,
    /// Powers of ten, one a term.
    pub scales: Vec<u32>,
}

/// The integer Gram matrix of the chosen places of (1, terms), in that order.
pub fn scaled_gram(moments: &Moments, chosen: &[usize]) -> ScaledGram {
    let moment = |i: usize, j: usize| moments.at(chosen[i], chosen[j]);
    let mut scales: Vec<u32> = (0..chosen.len()).map(|i| moment(i, i).scale.div_ceil(2)).collect();
    for i in 0..chosen.len() {
        for j in 0..i {
            let lacking = moment(i, j).scale.saturating_sub(scales[i] + scales[j]);
            scales[i] += lacking;
        }
    }
    let entries = (0..chosen.len()).map(|i| (0..=i).map(|j| moment(i, j).mantissa_at(scales[i] + scales[j])).collect()).collect();
    ScaledGram { entries, scales }
}

/// What to fit: places among (1, terms) of the statistics.
pub struct Problem<'a> {
    /// Sums of products of (1, terms).
    pub moments: &'a Moments,
    /// Number of rows.
    pub rows: i64,
    /// Place and name of each column of the design matrix, the intercept (place 0) first if there is one.
    pub design: Vec<(usize, String)>,
    /// Place of the target.
    pub target: usize,
}

/// One coefficient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coefficient {
    /// The least-squares solution.
    pub value: f64,
    /// Its standard error, `sqrt(s^2 (X'X)^-1_jj)`; none without residual degrees of freedom.
    pub std_error: Option<f64>,
    /// `value / std_error`, rounded once; none if the standard error is none or zero.
    pub t: Option<f64>,
}

/// The least-squares solution, each number the f64 nearest to the exact one.
#[derive(Clone, Debug, PartialEq)]
pub struct Solution {
    /// In the order of the design matrix.
    pub coefficients: Vec<Coefficient>,
    /// Rows less coefficients.
    pub residual_df: i64,
    /// Residual sum of squares.
    pub rss: f64,
    /// `sqrt(rss / residual_df)`.
    pub residual_sd: Option<f64>,
    /// `1 - rss / tss`; tss about the mean with an intercept, else about zero. None if tss is zero.
    pub r_squared: Option<f64>,
    /// L of `X'X = L D L'`: row i holds the i entries left of the unit diagonal.
    pub l: Vec<Vec<f64>>,
    /// D of `X'X = L D L'`.
    pub d: Vec<f64>,
}

/// Most columns that are eliminated exactly at once; beyond, enclosures are faster.
const ELIMINATED_MAX: usize = 12;

/// Solves the normal equations exactly and rounds each result once.
///
/// Errors: `no-rows`, `too-few-rows`, `constant-column`, `collinear`, `impossible-statistics`, `out-of-range`.
pub fn least_squares(problem: &Problem) -> Result<Solution> {
    solve(problem, ELIMINATED_MAX)
}

/// [`least_squares`] with a choice of what is eliminated exactly, which changes no bit of it.
fn solve(problem: &Problem, eliminated_max: usize) -> Result<Solution> {
    let count = problem.design.len();
    check_rows(problem.rows, count)?;
    let chosen: Vec<usize> = problem.design.iter().map(|(place, _)| *place).chain([problem.target]).collect();
    let ScaledGram { entries, scales } = scaled_gram(problem.moments, &chosen);
    let verdict = if count <= eliminated_max { Verdict::Unknown } else { certify(&entries, count) };
    let solution = match verdict {
        Verdict::Impossible => return Err(not_semidefinite()),
        Verdict::Definite(certified) => round(problem, scales, &mut Refined::new(&entries, count, certified))?,
        Verdict::Unknown => {
            if count > eliminated_max {
                check_relations(problem, &entries, &scales)?;
            }
            let eliminated = Elimination::of(entries);
            check_pivots(&eliminated.pivots, problem.rows)?;
            collinearity::check(&eliminated.pivots, |k| eliminated.relation(k), problem, &scales)?;
            round(problem, scales, &mut Eliminated::new(eliminated, count))?
        }
    };
    check_finite(&solution)?;
    Ok(solution)
}

/// Refuses what is collinear, or impossible, by relations that are simple; whatever they do not show is let pass.
fn check_relations(problem: &Problem, entries: &[Vec<IBig>], scales: &[u32]) -> Result<()> {
    let Some(relations) = relations::search(entries) else { return Ok(()) };
    let dependent: Vec<usize> = relations.keys().copied().collect();
    let Some(pivots) = semidefinite::pivots(entries, &dependent) else { return Ok(()) };
    check_pivots(&pivots, problem.rows)?;
    collinearity::check(&pivots, |k| relations.get(&k).cloned().unwrap_or_default(), problem, scales)
}

/// The numbers of the solution, whose design has independent columns.
fn round(problem: &Problem, scales: Vec<u32>, numbers: &mut impl Decide) -> Result<Solution> {
    let count = problem.design.len();
    let residual_df = problem.rows - count as i64;
    let tss = total_sum_of_squares(problem);
    let has_tss = tss.signum() != 0;
    let units = Units { scales, count, residual_df, tss };
    // what does not depend on whether anything is left, so that what has to be exact is computed in one go
    let l = (0..count).flat_map(|i| (0..i).map(move |j| Wanted::L(i, j)));
    let wanted: Vec<Wanted> =
        [Wanted::ResidualSign].into_iter().chain((0..count).map(Wanted::Coefficient)).chain((0..count).map(Wanted::D)).chain(l).collect();
    let mut values = numbers.decide(&units, &wanted).into_iter();
    let left = values.next().unwrap_or(f64::NAN);
    let b: Vec<f64> = values.by_ref().take(count).collect();
    let d = values.by_ref().take(count).collect();
    let l = (0..count).map(|i| values.by_ref().take(i).collect()).collect();
    check_residual(left, count, problem.rows)?;

    let mut each = |wanted: Vec<Wanted>, there: bool| -> Vec<Option<f64>> {
        if there { numbers.decide(&units, &wanted).into_iter().map(Some).collect() } else { vec![None; wanted.len()] }
    };
    let std_errors = each((0..count).map(Wanted::StdError).collect(), residual_df > 0);
    let t = each((0..count).map(Wanted::T).collect(), residual_df > 0 && left > 0.0);
    let mut one = |wanted: Wanted, there: bool| each(vec![wanted], there).into_iter().next().flatten();
    let (rss, residual_sd, r_squared) = (one(Wanted::Rss, true), one(Wanted::ResidualSd, residual_df > 0), one(Wanted::RSquared, has_tss));
    let coefficients = b.into_iter().zip(std_errors).zip(t).map(|((value, std_error), t)| Coefficient { value, std_error, t });
    Ok(Solution { coefficients: coefficients.collect(), residual_df, rss: rss.unwrap_or(f64::NAN), residual_sd, r_squared, l, d })
}

/// About the mean with an intercept, else about zero.
fn total_sum_of_squares(problem: &Problem) -> Ratio {
    let has_intercept = problem.design.first().is_some_and(|(place, _)| *place == 0);
    match has_intercept {
        true => centred_sum_of_squares(problem.moments, problem.target, problem.rows),
        false => of_decimal(problem.moments.at(problem.target, problem.target)),
    }
}

/// `sum x^2 - (sum x)^2 / rows` of a place among (1, terms); `rows` is not zero.
pub fn centred_sum_of_squares(moments: &Moments, place: usize, rows: i64) -> Ratio {
    let (sum, squares) = (moments.at(place, 0), moments.at(place, place));
    let scale = (2 * sum.scale).max(squares.scale);
    let sum_squared = Decimal { mantissa: &sum.mantissa * &sum.mantissa, scale: 2 * sum.scale };
    let numerator = squares.mantissa_at(scale) * rows - sum_squared.mantissa_at(scale);
    Ratio::new(numerator, IBig::from(rows)).times_ten_to(-i64::from(scale))
}

/// A decimal as a ratio.
pub fn of_decimal(value: &Decimal) -> Ratio {
    Ratio::new(value.mantissa.clone(), IBig::ONE).times_ten_to(-i64::from(value.scale))
}

fn check_rows(rows: i64, count: usize) -> Result<()> {
    if rows == 0 {
        return Err(Error::new(
            Code::NoRows,
            "there is no row of data to fit",
            "give data with at least one row more than the model has coefficients",
        ));
    }
    if (rows as u64) < count as u64 {
        let sentence = format!("{rows} rows of data are fewer than the {count} coefficients to find");
        return Err(Error::new(Code::TooFewRows, sentence, "give more rows, or name fewer features"));
    }
    Ok(())
}

fn check_finite(solution: &Solution) -> Result<()> {
    let coefficients = solution.coefficients.iter().flat_map(|c| [Some(c.value), c.std_error, c.t]).flatten();
    let numbers = coefficients
        .chain([solution.rss])
        .chain(solution.residual_sd)
        .chain(solution.d.iter().copied())
        .chain(solution.l.iter().flatten().copied());
    if numbers.into_iter().all(f64::is_finite) && solution.d.iter().all(|d| *d > 0.0) {
        return Ok(());
    }
    Err(Error::new(
        Code::OutOfRange,
        "a result is beyond what a 64-bit float can hold",
        "choose units in which the columns are of similar size",
    ))
}

/// The name of the intercept where a column of the design matrix is named.
pub const INTERCEPT: &str = "(intercept)";

/// Name of a place of the design matrix.
pub fn design_name(term: Option<&Term>) -> String {
    term.map_or_else(|| INTERCEPT.to_owned(), Term::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Moments of (1, columns), all integers.
    fn moments(columns: &[Vec<i64>]) -> Moments {
        let ones = vec![1; columns[0].len()];
        let all: Vec<&Vec<i64>> = std::iter::once(&ones).chain(columns).collect();
        let sum = |i: usize, j: usize| all[i].iter().zip(all[j]).map(|(&a, &b)| IBig::from(a) * b).sum();
        let places = (0..all.len()).flat_map(|i| (0..=i).map(move |j| (i, j)));
        Moments(places.map(|(i, j)| Decimal { mantissa: sum(i, j), scale: 0 }).collect())
    }

    /// A problem solved by exact elimination and through enclosures; the last column is the target. Both must be equal to the bit.
    fn both(moments: &Moments, rows: usize, intercept: bool) -> Result<Solution> {
        let target = (0..).find(|&i| crate::statistics::moment_index(i + 1, 0) == moments.0.len()).unwrap();
        let design = (usize::from(!intercept)..target)
            .map(|place| (place, if place == 0 { INTERCEPT.to_owned() } else { format!("c{place}") }))
            .collect();
        let problem = Problem { moments, rows: rows as i64, design, target };
        let (exact, enclosed) = (solve(&problem, usize::MAX), solve(&problem, 0));
        assert_eq!(format!("{exact:?}"), format!("{enclosed:?}"));
        exact
    }

    fn of_columns(columns: &[Vec<i64>], intercept: bool) -> Result<Solution> {
        both(&moments(columns), columns[0].len(), intercept)
    }

    #[test]
    fn zeros_of_orthogonal_designs_are_zeros() {
        // a full factorial design of six two-level factors; the target depends on two of them
        let factor = |k: usize| (0..64i64).map(|row| if row >> k & 1 == 1 { 1 } else { -1 }).collect::<Vec<_>>();
        let mut columns: Vec<Vec<i64>> = (0..6).map(factor).collect();
        columns.push((0..64).map(|row| 3 * columns[1][row] - 7 * columns[4][row] + columns[0][row] * columns[1][row]).collect());
        let solution = of_columns(&columns, true).unwrap();
        let values: Vec<f64> = solution.coefficients.iter().map(|c| c.value).collect();
        assert_eq!(values, [0.0, 0.0, 3.0, 0.0, 0.0, -7.0, 0.0]);
        assert!(values.iter().all(|value| value.is_sign_positive() || *value != 0.0));
        assert!(solution.l.iter().flatten().all(|l| l.to_bits() == 0));
    }

    #[test]
    fn perfect_fits_leave_nothing() {
        let columns = [vec![1, 2, 5, 9, 4], vec![3, -1, 4, 1, 5], vec![-1, 12, 17, 43, 10]];
        let solution = of_columns(&columns, false).unwrap();
        assert_eq!((solution.rss, solution.residual_sd, solution.r_squared), (0.0, Some(0.0), Some(1.0)));
        assert_eq!(solution.coefficients[0], Coefficient { value: 5.0, std_error: Some(0.0), t: None });
    }

    #[test]
    fn halves_between_two_floats_are_told() {
        // the coefficient is (2^54 + 1) / 2: halfway, rounded to even
        let tie = (1i64 << 54) + 1;
        let solution = of_columns(&[vec![2, 4, 0], vec![tie, 2 * tie, 0]], false).unwrap();
        assert_eq!(solution.coefficients[0].value, (1i64 << 53) as f64);
    }

    #[test]
    fn powers_of_one_column_are_ill_conditioned() {
        for degree in [5, 10, 14] {
            let x: Vec<i64> = (0..40).map(|row| 3000 + 17 * row + row % 3).collect();
            let power = |degree: u32| x.iter().map(|&x| IBig::from(x).pow(degree as usize)).collect::<Vec<_>>();
            let mut all: Vec<Vec<IBig>> = (0..=degree).map(power).collect();
            all.push((0..40i64).map(|row| IBig::from(row * row % 11)).collect());
            let sum = |i: usize, j: usize| all[i].iter().zip(&all[j]).map(|(a, b)| a * b).sum();
            let places = (0..all.len()).flat_map(|i| (0..=i).map(move |j| (i, j)));
            let moments = Moments(places.map(|(i, j)| Decimal { mantissa: sum(i, j), scale: 0 }).collect());
            assert!(both(&moments, 40, true).unwrap().rss > 0.0);
        }
    }

    #[test]
    fn wide_designs_are_equal_to_the_bit() {
        let mut state = 7u64;
        let mut random = || {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 40) as i64
        };
        let mut columns: Vec<Vec<i64>> = (0..24).map(|_| (0..60).map(|_| random()).collect()).collect();
        assert!(of_columns(&columns, true).unwrap().rss > 0.0);
        // a dependent column, found by both
        columns[20] = (0..60).map(|row| 2 * columns[3][row] - columns[11][row] + 5).collect();
        assert_eq!(of_columns(&columns, true).unwrap_err().code, Code::Collinear);
    }

    #[test]
    fn references_are_solved_alike() {
        let data = concat!(env!("CARGO_MANIFEST_DIR"), "/../data");
        let sets = |path: &str| -> serde_json::Map<String, serde_json::Value> {
            serde_json::from_str(&std::fs::read_to_string(format!("{data}/{path}")).unwrap()).unwrap()
        };
        let nist = sets("nist/reference.json").into_iter().map(|(name, want)| (format!("nist/{name}.csv"), want));
        let diabetes = sets("reference.json").into_iter().map(|(name, want)| (format!("{}.csv", name.split(':').next().unwrap()), want));
        for (file, want) in nist.chain(diabetes) {
            let terms = want["terms"].as_array().unwrap().iter().filter_map(serde_json::Value::as_str).map(str::to_owned);
            let terms: Vec<String> = terms.filter(|term| term != INTERCEPT).collect();
            let plan = crate::plan::Plan { target: Some("y".to_owned()), features: Some(terms.clone()), ..Default::default() };
            let mut summarizer = crate::summarizer::Summarizer::new(plan).unwrap();
            summarizer.push(&std::fs::read(format!("{data}/{file}")).unwrap()).unwrap();
            let statistics = summarizer.finish().unwrap();
            let place = |term: &str| statistics.position(&Term::parse(term).unwrap()).unwrap();
            let chosen: Vec<usize> = std::iter::once(0).chain(terms.iter().map(|term| place(term))).chain([place("y")]).collect();
            let moments = (0..chosen.len()).flat_map(|i| (0..=i).map(move |j| (i, j)));
            let moments = Moments(moments.map(|(i, j)| statistics.moments.at(chosen[i], chosen[j]).clone()).collect());
            assert!(both(&moments, statistics.rows as usize, want["intercept"] != false).is_ok(), "{file}");
        }
    }

    fn tables() -> impl Strategy<Value = Vec<Vec<i64>>> {
        let cell = || prop_oneof![4 => -9i64..9, 2 => -1_000_000i64..1_000_000, 1 => Just(0), 1 => any::<i64>().prop_map(|x| x >> 2)];
        (2usize..7, 1usize..20).prop_flat_map(move |(columns, rows)| prop::collection::vec(prop::collection::vec(cell(), rows), columns))
    }

    proptest! {
        #[test]
        fn tables_are_solved_alike(columns in tables(), intercept: bool) {
            let _ = of_columns(&columns, intercept);
        }

        #[test]
        fn combinations_are_solved_alike(mut columns in tables(), weights in prop::collection::vec(-3i64..3, 7), noise in 0i64..2, intercept: bool) {
            // the target, or a feature, is nearly or exactly a combination of the rest
            let rows = columns[0].len();
            let combined = (0..rows).map(|row| columns.iter().zip(&weights).map(|(c, w)| (c[row] >> 8) * w).sum::<i64>() + noise * (row as i64 % 2)).collect();
            columns.iter_mut().flatten().for_each(|value| *value >>= 8);
            columns.push(combined);
            let _ = of_columns(&columns, intercept);
        }

        #[test]
        fn what_no_data_can_have_is_refused_alike(columns in tables(), at in any::<prop::sample::Index>(), by in -5i64..5, intercept: bool) {
            let mut moments = moments(&columns);
            let at = at.index(moments.0.len());
            moments.0[at].mantissa += by;
            let _ = both(&moments, columns[0].len(), intercept);
        }
    }
}
