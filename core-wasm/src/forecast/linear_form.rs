//! The coefficients of a model and one row of decimal numbers to the exact prediction.
//!
//! A coefficient is the exact sum of two f64, so all of them are integers over one power of two. The values of a row are integers over
//! powers of ten. So a prediction is an integer over a power of ten and a power of two, and it is rounded once.

use crate::decimal::{Decimal, ten_to};
use crate::rounding::{exact_parts, ratio_to_f64, ratio_to_two_f64};
use crate::two_part::TwoPartF64;
use dashu_int::IBig;

/// The factors of a term: indexes of columns with their powers.
pub(crate) type TermFactors = Vec<(usize, u32)>;

/// The terms and coefficients of a model: the prediction is the intercept plus the sum of coefficients times terms.
#[derive(Clone, Debug)]
pub(crate) struct LinearForm {
    /// One term for each coefficient.
    terms: Vec<TermFactors>,
    /// The intercept, then the coefficients, each times `2^exponent`.
    coefficients: Vec<IBig>,
    exponent: u32,
}

/// The exact number `numerator * 10^-scale * 2^-exponent`.
#[derive(Clone, Debug)]
pub(crate) struct ExactNumber {
    numerator: IBig,
    scale: u32,
    exponent: u32,
}

impl LinearForm {
    /// Returns a form with the intercept and one coefficient for each term, each the sum of two f64.
    pub(super) fn new(parts: &[(f64, f64)], terms: Vec<TermFactors>) -> Self {
        let parts: Vec<(IBig, i32)> = parts.iter().flat_map(|&(value, remainder)| [exact_parts(value), exact_parts(remainder)]).collect();
        let least = parts.iter().map(|&(_, exponent)| exponent).min().unwrap_or(0).min(0);
        let integer = |(mantissa, exponent): &(IBig, i32)| mantissa << (exponent - least) as usize;
        let coefficients = parts.chunks(2).map(|two| two.iter().map(integer).sum()).collect();
        Self { terms, coefficients, exponent: least.unsigned_abs() }
    }

    /// Returns the terms.
    pub(crate) fn terms(&self) -> &[TermFactors] {
        &self.terms
    }

    /// Returns the intercept, then the coefficients, each times 2 to the power of [`Self::exponent`].
    pub(crate) fn coefficients(&self) -> &[IBig] {
        &self.coefficients
    }

    /// Returns the exponent of the power of two by which the coefficients are multiplied.
    pub(crate) fn exponent(&self) -> u32 {
        self.exponent
    }

    /// Returns the value of each term.
    pub(crate) fn design(&self, values: &[Decimal]) -> Vec<Decimal> {
        self.terms.iter().map(|factors| product(factors, values)).collect()
    }

    /// Returns the number of digits after the point of the term that has the most.
    pub(super) fn scale(&self, values: &[Decimal]) -> u32 {
        let scales = self.terms.iter().map(|factors| factors.iter().map(|&(column, power)| values[column].scale * power).sum());
        scales.max().unwrap_or(0)
    }

    /// Returns the prediction for one row.
    pub(super) fn at(&self, values: &[Decimal]) -> ExactNumber {
        let scale = self.scale(values);
        let mut numerator = &self.coefficients[0] * ten_to(scale);
        for (factors, coefficient) in self.terms.iter().zip(&self.coefficients[1..]) {
            let (own, product) = match factors[..] {
                [(column, 1)] => (values[column].scale, coefficient * &values[column].mantissa),
                _ => {
                    let term = product(factors, values);
                    (term.scale, coefficient * term.mantissa)
                }
            };
            numerator += if own == scale { product } else { product * ten_to(scale - own) };
        }
        ExactNumber { numerator, scale, exponent: self.exponent }
    }

    /// Returns what some coefficients together add to the prediction, compared with a row whose terms have their means. Each coefficient
    /// comes with the value of its term and the mean.
    pub(crate) fn contribution<'v>(&self, of: impl Iterator<Item = (usize, &'v Decimal, TwoPartF64)>) -> f64 {
        let one = |(at, value, mean): (usize, &Decimal, TwoPartF64)| {
            self.times_coefficient(1 + at, ExactNumber::from(value).less(mean.high).less(mean.low))
        };
        of.map(one).reduce(|sum, one| sum.plus(&one)).map_or(0.0, |sum| sum.to_f64())
    }

    /// Returns the prediction for a row whose terms have these values.
    pub(crate) fn at_terms(&self, values: &[TwoPartF64]) -> f64 {
        let one = |(at, value): (usize, &TwoPartF64)| self.times_coefficient(1 + at, ExactNumber::of(value.high).less(-value.low));
        let intercept = ExactNumber { numerator: self.coefficients[0].clone(), scale: 0, exponent: self.exponent };
        values.iter().enumerate().map(one).fold(intercept, |sum, term| sum.plus(&term)).to_f64()
    }

    fn times_coefficient(&self, at: usize, value: ExactNumber) -> ExactNumber {
        ExactNumber { numerator: value.numerator * &self.coefficients[at], exponent: value.exponent + self.exponent, ..value }
    }
}

/// Returns the value of a term.
fn product(factors: &[(usize, u32)], values: &[Decimal]) -> Decimal {
    let powers = factors
        .iter()
        .map(|&(column, power)| Decimal { mantissa: values[column].mantissa.pow(power as usize), scale: values[column].scale * power });
    powers.reduce(|product, factor| product.times(&factor)).unwrap_or(Decimal::from(1))
}

impl ExactNumber {
    /// Returns a finite f64 as it is.
    pub(crate) fn of(value: f64) -> Self {
        let (mantissa, exponent) = exact_parts(value);
        Self { numerator: mantissa << exponent.max(0) as usize, scale: 0, exponent: exponent.min(0).unsigned_abs() }
    }

    /// Returns the number less a finite f64.
    pub(crate) fn less(&self, value: f64) -> Self {
        self.plus(&Self::of(-value))
    }

    /// Returns the number plus a finite f64.
    pub(crate) fn plus_f64(&self, value: f64) -> Self {
        self.plus(&Self::of(value))
    }

    fn plus(&self, other: &Self) -> Self {
        let (scale, exponent) = (self.scale.max(other.scale), self.exponent.max(other.exponent));
        let raised = |one: &Self| (&one.numerator * ten_to(scale - one.scale)) << (exponent - one.exponent) as usize;
        Self { numerator: raised(self) + raised(other), scale, exponent }
    }

    /// Returns the nearest f64, ties to even. Zero has no sign.
    pub(crate) fn to_f64(&self) -> f64 {
        ratio_to_f64(&self.numerator, &(ten_to(self.scale) << self.exponent as usize)) + 0.0
    }

    /// Returns the nearest f64, and the f64 nearest to the rest.
    pub(crate) fn to_two_f64(&self) -> TwoPartF64 {
        let (high, low) = ratio_to_two_f64(&self.numerator, &(ten_to(self.scale) << self.exponent as usize));
        TwoPartF64 { high, low }
    }
}

impl From<&Decimal> for ExactNumber {
    fn from(value: &Decimal) -> Self {
        Self { numerator: value.mantissa.clone(), scale: value.scale, exponent: 0 }
    }
}
