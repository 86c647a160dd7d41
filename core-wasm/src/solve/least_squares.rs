//! Normal equations to the least-squares solution, each number of it rounded once.

use super::cholesky::leading_zeros;
use super::collinearity::{Dependence, refuse_dependences};
use super::decide::{Definiteness, EnclosureRounder, ExactRounder, Rounder, prove_definite};
use super::elimination::{ELIMINATED_MAX, Elimination, Pivot};
use super::gram::{ScaledGram, scaled_gram};
use super::normal_equations::NormalEquations;
use super::plausible::{check_pivots, check_residual, not_semidefinite};
use super::quantity::Rounded;
use super::relations;
use super::results::{ModelNumber, Units};
use super::semidefinite;
use crate::error::{Code, Error, Result};
use crate::ratio::Ratio;
use crate::statistics::Moments;
use dashu_int::IBig;

/// The estimate of one coefficient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The coefficient.
    pub value: f64,
    /// The f64 nearest to the exact coefficient less `value`.
    pub remainder: f64,
    /// Its standard error `sqrt(s^2 (X'X)^-1_jj)`, where `s^2` is the residual sum of squares over the residual degrees of freedom. None if
    /// there are no residual degrees of freedom.
    pub std_error: Option<f64>,
    /// The t statistic `value / std_error`, rounded once. None if the standard error is none or zero.
    pub t: Option<f64>,
    /// The tolerance of the column: 1 - R² of it on the other columns, about the mean if they span the constant. None for the intercept.
    pub tolerance: Option<f64>,
}

/// The least-squares solution. Each number is the f64 nearest to the exact one, or to what another f64 leaves of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Solution {
    /// The estimates, in the order of the design matrix.
    pub coefficients: Vec<Estimate>,
    /// The residual degrees of freedom: rows less coefficients.
    pub residual_df: i64,
    /// The degrees of freedom of the features: the number of coefficients, less one if the columns span the constant.
    pub model_df: i64,
    /// Whether the columns span the constant, so that sums of squares are taken about the mean.
    pub is_centred: bool,
    /// The residual sum of squares.
    pub rss: f64,
    /// The total sum of squares: about the mean if the columns span the constant, else about zero.
    pub tss: f64,
    /// The residual standard deviation `sqrt(rss / residual_df)`. None if `residual_df` is 0.
    pub residual_sd: Option<f64>,
    /// R²: `1 - rss / tss`. None if the total sum of squares is zero.
    pub r_squared: Option<f64>,
    /// Adjusted R²: `1 - (rss / residual_df) / (tss / total_df)`. None if `residual_df` or the total sum of squares is zero.
    pub adjusted_r_squared: Option<f64>,
    /// The F statistic of all features together. None without features or residual degrees of freedom, and if the residual sum of squares is
    /// zero.
    pub f: Option<f64>,
    /// `(tss - rss) / rss`, from which the p value of `f` follows. None if `f` is.
    pub odds: Option<f64>,
    /// L of `X'X = L D L'`: row i holds the entries before the diagonal, which is 1. Zeros at its beginning are left out as far as they are
    /// zeros of X'X too.
    pub l: Vec<Vec<f64>>,
    /// The diagonal of D of `X'X = L D L'`.
    pub d: Vec<f64>,
    /// For each entry of `l` the f64 nearest to the exact entry less it.
    pub l_remainder: Vec<Vec<f64>>,
    /// For each entry of `d` the f64 nearest to the exact entry less it.
    pub d_remainder: Vec<f64>,
}

/// Solves normal equations exactly and rounds each result once.
///
/// Errors: `no-rows`, `too-few-rows`, `constant-column`, `collinear`, `impossible-statistics`, `out-of-range`.
pub fn least_squares(equations: &NormalEquations) -> Result<Solution> {
    solve(equations, ELIMINATED_MAX)
}

/// Does what [`least_squares`] does, with up to `eliminated_max` columns by exact elimination. Results do not depend on it.
fn solve(equations: &NormalEquations, eliminated_max: usize) -> Result<Solution> {
    let count = equations.design.len();
    check_rows(equations.rows, count)?;
    let chosen: Vec<usize> = equations.design.iter().map(|(place, _)| *place).chain([equations.target]).collect();
    let ScaledGram { entries, scales } = scaled_gram(&equations.moments, &chosen);
    let starts: Vec<usize> = (0..count).map(|i| leading_zeros(&entries[i][..i])).collect();
    let definiteness = if count <= eliminated_max { Definiteness::Unknown } else { prove_definite(&entries, count) };
    let solution = match definiteness {
        Definiteness::Impossible => return Err(not_semidefinite()),
        Definiteness::Definite(certified) => round(equations, scales, &starts, &mut EnclosureRounder::new(&entries, count, certified))?,
        Definiteness::Unknown => {
            if count > eliminated_max
                && let Some(found) = simple_dependences(equations, &entries, &scales)?
            {
                refuse_dependences(&found, equations)?;
            }
            let eliminated = Elimination::of(entries);
            let found = dependences(&eliminated, equations, &scales)?;
            refuse_dependences(&found, equations)?;
            round(equations, scales, &starts, &mut ExactRounder::new(eliminated, count))?
        }
    };
    check_finite(&solution)?;
    Ok(solution)
}

/// Finds the columns of the design that depend on columns before them, in their order, with proven relations.
///
/// Errors: `impossible-statistics`.
pub fn dependent_columns(equations: &NormalEquations) -> Result<Vec<Dependence>> {
    let count = equations.design.len();
    let chosen: Vec<usize> = equations.design.iter().map(|(place, _)| *place).chain([equations.target]).collect();
    let ScaledGram { entries, scales } = scaled_gram(&equations.moments, &chosen);
    if count > ELIMINATED_MAX {
        if let Definiteness::Definite(_) = prove_definite(&entries, count) {
            return Ok(Vec::new());
        }
        if let Some(found) = simple_dependences(equations, &entries, &scales)? {
            return Ok(found);
        }
    }
    dependences(&Elimination::of(entries), equations, &scales)
}

/// Finds the dependent columns of normal equations whose relations are simple enough to be found; none if they are not.
fn simple_dependences(equations: &NormalEquations, entries: &[Vec<IBig>], scales: &[u32]) -> Result<Option<Vec<Dependence>>> {
    let Some(relations) = relations::search(entries) else { return Ok(None) };
    let dependent: Vec<usize> = relations.keys().copied().collect();
    let Some(pivots) = semidefinite::pivots(entries, &dependent) else { return Ok(None) };
    check_pivots(&pivots, equations.rows)?;
    let of_design = relations.into_iter().filter(|(column, _)| *column < equations.design.len());
    Ok(Some(of_design.map(|(column, relation)| Dependence::new(column, relation, scales, equations)).collect()))
}

/// Finds the dependent columns of normal equations that are eliminated.
fn dependences(eliminated: &Elimination, equations: &NormalEquations, scales: &[u32]) -> Result<Vec<Dependence>> {
    check_pivots(&eliminated.pivots, equations.rows)?;
    let dependent = (0..equations.design.len()).filter(|&k| eliminated.pivots[k] == Pivot::Zero);
    Ok(dependent.map(|column| Dependence::new(column, eliminated.relation(column), scales, equations)).collect())
}

/// Returns the columns of which a combination, without factors of zero, is the constant; none if the columns do not span it, or only by a
/// relation that is not simple.
pub fn constant_columns(moments: &Moments, design: &[usize]) -> Option<Vec<usize>> {
    let chosen: Vec<usize> = design.iter().copied().chain([0]).collect();
    let relations = relations::search(&scaled_gram(moments, &chosen).entries)?;
    relations.get(&design.len()).map(|relation| relation.iter().map(|(column, _)| *column).collect())
}

/// Returns the solution of normal equations whose design has independent columns.
///
/// `starts` are the numbers of zeros at the beginning of the rows of X'X.
fn round(equations: &NormalEquations, scales: Vec<u32>, starts: &[usize], rounder: &mut impl Rounder) -> Result<Solution> {
    let count = equations.design.len();
    let residual_df = equations.rows - count as i64;
    let constants = i64::from(equations.is_centred());
    let squares = |(j, (place, _)): (usize, &(usize, String))| sum_of_squares(equations, *place, equations.is_centred_without(j));
    let squares: Vec<Ratio> = equations.design.iter().enumerate().map(squares).collect();
    let tss = sum_of_squares(equations, equations.target, equations.is_centred());
    let (has_tss, rounded_tss) = (tss.signum() != 0, tss.to_f64());
    let features = count as i64 - constants;
    let multipliers = equations.multipliers.iter().map(Ratio::from).collect();
    let units = Units { scales, multipliers, count, residual_df, features, total_df: equations.rows - constants, tss, squares };
    // everything that is needed whatever the residual sum of squares is, so that exact determinants are computed at one go
    let l = (0..count).flat_map(|i| (starts[i]..i).map(move |j| ModelNumber::L(i, j)));
    let wanted: Vec<ModelNumber> = [ModelNumber::ResidualSign]
        .into_iter()
        .chain((0..count).map(ModelNumber::Coefficient))
        .chain((0..count).map(ModelNumber::D))
        .chain(l)
        .collect();
    let mut values = rounder.round_all(&units, &wanted).into_iter();
    let left = values.next().map_or(f64::NAN, |left| left.value);
    let b: Vec<Rounded> = values.by_ref().take(count).collect();
    let (d, d_remainder) = values.by_ref().take(count).map(|d| (d.value, d.remainder)).unzip();
    let (l, l_remainder) = (0..count).map(|i| values.by_ref().take(i - starts[i]).map(|l| (l.value, l.remainder)).unzip()).unzip();
    check_residual(left, count, equations.rows)?;

    let mut each = |wanted: Vec<ModelNumber>, there: bool| -> Vec<Option<f64>> {
        if there {
            rounder.round_all(&units, &wanted).into_iter().map(|number| Some(number.value)).collect()
        } else {
            vec![None; wanted.len()]
        }
    };
    let std_errors = each((0..count).map(ModelNumber::StdError).collect(), residual_df > 0);
    let t = each((0..count).map(ModelNumber::T).collect(), residual_df > 0 && left > 0.0);
    let intercept = equations.intercept();
    let mut tolerances = each((0..count).filter(|&j| intercept != Some(j)).map(ModelNumber::Tolerance).collect(), true);
    if let Some(intercept) = intercept {
        tolerances.insert(intercept, None);
    }
    let mut one = |wanted: ModelNumber, there: bool| each(vec![wanted], there).into_iter().next().flatten();
    let has_f = features > 0 && residual_df > 0 && left > 0.0;
    let coefficients = b.into_iter().zip(std_errors).zip(t).zip(tolerances);
    Ok(Solution {
        coefficients: coefficients
            .map(|(((b, std_error), t), tolerance)| Estimate { value: b.value, remainder: b.remainder, std_error, t, tolerance })
            .collect(),
        residual_df,
        model_df: features,
        is_centred: equations.is_centred(),
        rss: one(ModelNumber::Rss, true).unwrap_or(f64::NAN),
        tss: rounded_tss,
        residual_sd: one(ModelNumber::ResidualSd, residual_df > 0),
        r_squared: one(ModelNumber::RSquared, has_tss),
        adjusted_r_squared: one(ModelNumber::AdjustedRSquared, has_tss && residual_df > 0),
        f: one(ModelNumber::F, has_f),
        odds: one(ModelNumber::Odds, has_f),
        l,
        d,
        l_remainder,
        d_remainder,
    })
}

/// Returns the sum of squares of a place: about the mean if it is to be centred, else about zero.
pub(super) fn sum_of_squares(equations: &NormalEquations, place: usize, centred: bool) -> Ratio {
    match centred {
        true => centred_sum_of_squares(&equations.moments, place),
        false => Ratio::from(equations.moments.at(place, place)),
    }
}

/// Returns the sum of squares about the mean, `sum x^2 - (sum x)^2 / n`, of a place among (1, terms), where n is the total weight of the
/// rows. It is not zero.
pub fn centred_sum_of_squares(moments: &Moments, place: usize) -> Ratio {
    let (weight, sum, squares) = (moments.at(0, 0), moments.at(place, 0), moments.at(place, place));
    let scale = (2 * sum.scale).max(squares.scale + weight.scale);
    let (sum_squared, weighted) = (sum.times(sum), squares.times(weight));
    let numerator = weighted.mantissa_at(scale) - sum_squared.mantissa_at(scale);
    Ratio::new(numerator, weight.mantissa.clone()).times_ten_to(i64::from(weight.scale) - i64::from(scale))
}

/// Refuses fewer rows than coefficients.
fn check_rows(rows: i64, count: usize) -> Result<()> {
    if rows == 0 {
        return Err(Error::new(
            Code::NoRows,
            "there is no row of data to fit",
            "give data with at least one row more than the model has coefficients",
        ));
    }
    if (rows as u64) < count as u64 {
        let of_data = if rows == 1 { "1 row of data is".to_owned() } else { format!("{rows} rows of data are") };
        let sentence = format!("{of_data} fewer than the {count} coefficients to find");
        return Err(Error::new(Code::TooFewRows, sentence, "give more rows, or name fewer features"));
    }
    Ok(())
}

/// Refuses a solution with a number that an f64 cannot hold.
fn check_finite(solution: &Solution) -> Result<()> {
    let coefficients = solution.coefficients.iter().flat_map(|c| [Some(c.value), c.std_error, c.t]).flatten();
    let numbers = coefficients
        .chain([solution.rss, solution.tss])
        .chain(solution.residual_sd)
        .chain(solution.d.iter().copied())
        .chain(solution.l.iter().flatten().copied());
    if numbers.into_iter().all(f64::is_finite) && solution.d.iter().all(|d| *d > 0.0) {
        return Ok(());
    }
    Err(Error::new(
        Code::OutOfRange,
        "a result is too large or too small for a 64-bit float",
        "choose units in which the columns are of similar size",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decimal::Decimal;
    use crate::solve::normal_equations::INTERCEPT;
    use crate::terms::Term;
    use proptest::prelude::*;
    use std::borrow::Cow;

    /// Returns the moments of (1, columns), which are integers.
    fn moments(columns: &[Vec<i64>]) -> Moments {
        let ones = vec![1; columns[0].len()];
        let all: Vec<&Vec<i64>> = std::iter::once(&ones).chain(columns).collect();
        let sum = |i: usize, j: usize| all[i].iter().zip(all[j]).map(|(&a, &b)| IBig::from(a) * b).sum();
        let places = (0..all.len()).flat_map(|i| (0..=i).map(move |j| (i, j)));
        Moments(places.map(|(i, j)| Decimal { mantissa: sum(i, j), scale: 0 }).collect())
    }

    /// Equations solved by exact elimination and through enclosures; the last column is the target. Both must be equal to the bit.
    fn both(moments: &Moments, rows: usize, intercept: bool) -> Result<Solution> {
        let target = (0..).find(|&i| crate::statistics::moment_index(i + 1, 0) == moments.0.len()).unwrap();
        let design = (usize::from(!intercept)..target)
            .map(|place| (place, if place == 0 { INTERCEPT.to_owned() } else { format!("c{place}") }))
            .collect();
        let constant = intercept.then(|| vec![0]);
        let equations =
            NormalEquations { moments: Cow::Borrowed(moments), rows: rows as i64, design, target, constant, multipliers: Vec::new() };
        let (exact, enclosed) = (solve(&equations, usize::MAX), solve(&equations, 0));
        assert_eq!(format!("{exact:?}"), format!("{enclosed:?}"));
        exact
    }

    fn of_columns(columns: &[Vec<i64>], intercept: bool) -> Result<Solution> {
        both(&moments(columns), columns[0].len(), intercept)
    }

    #[test]
    fn orthogonal_designs_give_exact_zeros() {
        // a full factorial design of six two-level factors; the target depends on two of them
        let factor = |k: usize| (0..64i64).map(|row| if row >> k & 1 == 1 { 1 } else { -1 }).collect::<Vec<_>>();
        let mut columns: Vec<Vec<i64>> = (0..6).map(factor).collect();
        columns.push((0..64).map(|row| 3 * columns[1][row] - 7 * columns[4][row] + columns[0][row] * columns[1][row]).collect());
        let solution = of_columns(&columns, true).unwrap();
        let values: Vec<f64> = solution.coefficients.iter().map(|c| c.value).collect();
        assert_eq!(values, [0.0, 0.0, 3.0, 0.0, 0.0, -7.0, 0.0]);
        assert!(values.iter().all(|value| value.is_sign_positive() || *value != 0.0));
        assert!(solution.l.iter().chain(&solution.l_remainder).flatten().all(|l| l.to_bits() == 0));
        assert!(solution.coefficients[1..].iter().all(|c| c.remainder.to_bits() == 0 && c.tolerance == Some(1.0)));
    }

    #[test]
    fn perfect_fits_have_no_residuals() {
        let columns = [vec![1, 2, 5, 9, 4], vec![3, -1, 4, 1, 5], vec![-1, 12, 17, 43, 10]];
        let solution = of_columns(&columns, false).unwrap();
        assert_eq!((solution.rss, solution.residual_sd, solution.r_squared), (0.0, Some(0.0), Some(1.0)));
        let first = solution.coefficients[0];
        assert_eq!((first.value, first.remainder, first.std_error, first.t), (5.0, 0.0, Some(0.0), None));
        assert_eq!((solution.adjusted_r_squared, solution.f, solution.odds), (Some(1.0), None, None));
    }

    #[test]
    fn ties_between_two_floats_go_to_even() {
        // the coefficient is (2^54 + 1) / 2: halfway, rounded to even
        let tie = (1i64 << 54) + 1;
        let solution = of_columns(&[vec![2, 4, 0], vec![tie, 2 * tie, 0]], false).unwrap();
        assert_eq!((solution.coefficients[0].value, solution.coefficients[0].remainder), ((1i64 << 53) as f64, 0.5));
    }

    #[test]
    fn two_parts_are_the_exact_numbers_of_a_small_problem() {
        // x = 1, 2, 4 and y = 1, 3, 2: b = 3/14, a = 3/2, L = 7/3, D = 3, 14/3, rss = 25/14, tss = 2
        let solution = of_columns(&[vec![1, 2, 4], vec![1, 3, 2]], true).unwrap();
        let parts = |n: i64, d: i64| Ratio::new(IBig::from(n), IBig::from(d)).to_two_f64();
        let got: Vec<(f64, f64)> = solution.coefficients.iter().map(|c| (c.value, c.remainder)).collect();
        assert_eq!(got, [parts(3, 2), parts(3, 14)]);
        assert_eq!((solution.l[1][0], solution.l_remainder[1][0]), parts(7, 3));
        assert_eq!(
            (solution.d[0], solution.d_remainder[0], solution.d[1], solution.d_remainder[1]),
            (3.0, 0.0, parts(14, 3).0, parts(14, 3).1)
        );
        assert_eq!((solution.rss, solution.tss), (25.0 / 14.0, 2.0));
        // 3/25, and 1 - (25/14) / (2/2)
        assert_eq!((solution.odds, solution.f, solution.adjusted_r_squared), (Some(0.12), Some(0.12), Some(-11.0 / 14.0)));
        assert_eq!(solution.coefficients.iter().map(|c| c.tolerance).collect::<Vec<_>>(), [None, Some(1.0)]);
    }

    #[test]
    fn tolerances_are_one_less_r_squared_on_the_others() {
        // x1 = 1, 2, 3, 4 and x2 = 1, 4, 9, 16: the squared correlation is 125/129
        for intercept in [true, false] {
            let solution = of_columns(&[vec![1, 2, 3, 4], vec![1, 4, 9, 16], vec![2, 1, 2, 2]], intercept).unwrap();
            let tolerances: Vec<f64> = solution.coefficients.iter().filter_map(|c| c.tolerance).collect();
            // without an intercept: 1 - 100^2 / (30 * 354)
            let want = if intercept { 4.0 / 129.0 } else { 620.0 / 10620.0 };
            assert_eq!(tolerances, [want; 2]);
        }
    }

    #[test]
    fn both_ways_solve_powers_of_one_column_alike() {
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
    fn both_ways_solve_wide_designs_alike() {
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
    fn both_ways_solve_levels_alike() {
        // levels of equal and of different numbers of rows, each with its own slope; integers, and numbers of many digits
        for (divisor, large) in [(64, 1), (23, 1), (23, 1_000_003)] {
            let number = |k: i64| (0..64).map(|row| (row * row * k + row) % 37 * large + row % 3).collect::<Vec<i64>>();
            let (x, z, y) = (number(3), number(5), number(11));
            let indicator = |level: i64| (0..64).map(|row| i64::from(row * (row + 1) / 2 % divisor % 8 == level)).collect::<Vec<i64>>();
            let product = |level: i64| indicator(level).iter().zip(&x).map(|(one, x)| one * x).collect::<Vec<i64>>();
            let with_slopes = (1..8).flat_map(|level| [indicator(level), product(level)]);
            let without = (1..8).map(indicator);
            let after = [vec![1; 64], x.clone(), z, y];
            for columns in [with_slopes.chain(after.clone()).collect::<Vec<_>>(), without.chain(after).collect()] {
                assert!(of_columns(&columns, false).unwrap().rss > 0.0);
            }
        }
    }

    #[test]
    fn both_ways_solve_the_references_alike() {
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
        fn both_ways_solve_tables_alike(columns in tables(), intercept: bool) {
            let _ = of_columns(&columns, intercept);
        }

        #[test]
        fn both_ways_solve_combinations_alike(mut columns in tables(), weights in prop::collection::vec(-3i64..3, 7), noise in 0i64..2, intercept: bool) {
            // the target, or a feature, is nearly or exactly a combination of the rest
            let rows = columns[0].len();
            let combined = (0..rows).map(|row| columns.iter().zip(&weights).map(|(c, w)| (c[row] >> 8) * w).sum::<i64>() + noise * (row as i64 % 2)).collect();
            columns.iter_mut().flatten().for_each(|value| *value >>= 8);
            columns.push(combined);
            let _ = of_columns(&columns, intercept);
        }

        #[test]
        fn both_ways_refuse_impossible_moments_alike(columns in tables(), at in any::<prop::sample::Index>(), by in -5i64..5, intercept: bool) {
            let mut moments = moments(&columns);
            let at = at.index(moments.0.len());
            moments.0[at].mantissa += by;
            let _ = both(&moments, columns[0].len(), intercept);
        }
    }
}
