//! Exact moments to the correctly rounded least-squares solution.
//!
//! The moments of the chosen terms become an integer Gram matrix (each term at a scale of its own), which is eliminated fraction-free.
//! Everything that a model says of its fit is a ratio of its entries, or the square root of one, rounded once.
//!
//! *Not here*: what a model file holds (`model`), predictions (`predict`).

mod collinearity;
pub mod elimination;
pub mod plausible;
pub mod ratio;

use crate::decimal::Decimal;
use crate::error::{Error, Result};
use crate::statistics::Moments;
use crate::terms::Term;
use dashu_int::IBig;
use elimination::Elimination;
use plausible::check_elimination;
use ratio::Ratio;

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

/// Solves the normal equations exactly and rounds each result once.
///
/// Errors: `no-rows`, `too-few-rows`, `constant-column`, `collinear`, `impossible-statistics`, `out-of-range`.
pub fn least_squares(problem: &Problem) -> Result<Solution> {
    let count = problem.design.len();
    check_rows(problem.rows, count)?;
    let chosen: Vec<usize> = problem.design.iter().map(|(place, _)| *place).chain([problem.target]).collect();
    let gram = scaled_gram(problem.moments, &chosen);
    let eliminated = Elimination::of(gram.entries);
    check_elimination(&eliminated, problem.rows)?;
    collinearity::check(&eliminated, problem, &gram.scales)?;
    let solution = Exact { eliminated, scales: gram.scales, count, residual_df: problem.rows - count as i64 }.round(problem);
    check_finite(&solution)?;
    Ok(solution)
}

/// The eliminated normal equations: the design matrix's columns are 0 to `count`, the target is column `count`.
struct Exact {
    eliminated: Elimination,
    scales: Vec<u32>,
    count: usize,
    residual_df: i64,
}

impl Exact {
    fn round(&self, problem: &Problem) -> Solution {
        let determinant = self.eliminated.determinant(self.count);
        let numerators = self.eliminated.combination(self.count);
        let inverse = self.eliminated.inverse_diagonal(self.count);
        let coefficients = (0..self.count).map(|j| self.coefficient(j, &numerators[j].1, &inverse[j], &determinant)).collect();
        let rss = self.rss(&determinant);
        let residual_sd =
            (self.residual_df > 0).then(|| Ratio::new(rss.numerator.clone(), &rss.denominator * self.residual_df).sqrt_to_f64());
        let (l, d) = self.factors();
        Solution { coefficients, residual_df: self.residual_df, rss: rss.to_f64(), residual_sd, r_squared: r_squared(problem, &rss), l, d }
    }

    /// Scale of the target less that of column `j`, and so on: powers of ten that lead back to the data's units.
    fn scale(&self, j: usize) -> i64 {
        i64::from(self.scales[j])
    }

    /// `D` of the target's column is what is left of its sum of squares: the residual sum of squares.
    fn rss(&self, determinant: &IBig) -> Ratio {
        let left = self.eliminated.at(self.count, self.count).clone();
        Ratio::new(left, determinant.clone()).times_ten_to(-2 * self.scale(self.count))
    }

    fn coefficient(&self, j: usize, numerator: &IBig, inverse: &IBig, determinant: &IBig) -> Coefficient {
        let unit = self.scale(j) - self.scale(self.count);
        let value = Ratio::new(numerator.clone(), determinant.clone()).times_ten_to(unit);
        let left = self.eliminated.at(self.count, self.count);
        // s^2 (X'X)^-1_jj = (left / d / df) (inverse_j / d)
        let variance =
            (self.residual_df > 0).then(|| Ratio::new(left * inverse, determinant * determinant * self.residual_df).times_ten_to(2 * unit));
        // t^2 = numerator^2 df / (left inverse_j)
        let t = (self.residual_df > 0 && *left != IBig::ZERO)
            .then(|| f64::from(value.signum()) * Ratio::new(numerator * numerator * self.residual_df, left * inverse).sqrt_to_f64());
        // no sign on zero
        Coefficient { value: value.to_f64(), std_error: variance.map(|variance| variance.sqrt_to_f64()), t: t.map(|t| t + 0.0) }
    }

    fn factors(&self) -> (Vec<Vec<f64>>, Vec<f64>) {
        let at = |i: usize, j: usize| self.eliminated.at(i, j).clone();
        let l = |i: usize, j: usize| Ratio::new(at(i, j), at(j, j)).times_ten_to(self.scale(j) - self.scale(i)).to_f64();
        let before = |j: usize| if j == 0 { IBig::ONE } else { at(j - 1, j - 1) };
        let d = |j: usize| Ratio::new(at(j, j), before(j)).times_ten_to(-2 * self.scale(j)).to_f64();
        ((0..self.count).map(|i| (0..i).map(|j| l(i, j)).collect()).collect(), (0..self.count).map(d).collect())
    }
}

/// `(tss - rss) / tss`.
fn r_squared(problem: &Problem, rss: &Ratio) -> Option<f64> {
    let squares = problem.moments.at(problem.target, problem.target);
    let has_intercept = problem.design.first().is_some_and(|(place, _)| *place == 0);
    let tss = if has_intercept { centred_sum_of_squares(problem.moments, problem.target, problem.rows) } else { of_decimal(squares) };
    (tss.signum() != 0).then(|| {
        let explained = &tss.numerator * &rss.denominator - &rss.numerator * &tss.denominator;
        Ratio::new(explained, tss.numerator * &rss.denominator).to_f64()
    })
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
            "no-rows",
            "there is no row of data to fit",
            "give data with at least one row more than the model has coefficients",
        ));
    }
    if (rows as u64) < count as u64 {
        let sentence = format!("{rows} rows of data are fewer than the {count} coefficients to find");
        return Err(Error::new("too-few-rows", sentence, "give more rows, or name fewer features"));
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
        "out-of-range",
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
