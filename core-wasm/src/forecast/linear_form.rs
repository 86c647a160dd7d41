//! The coefficients of a model and one row of decimal numbers to the exact prediction.
//!
//! A coefficient is the exact sum of two f64, so all of them are integers over one power of two. The values of a row are integers over
//! powers of ten. So a prediction is an integer over a power of ten and a power of two, and it is rounded once. The values of splines are
//! decimal numbers over integers, which have a common multiple.

use crate::decimal::{Decimal, ten_to};
use crate::ratio::least_multiple;
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
    /// What the product of the variables of each term is divided by.
    divisors: Vec<IBig>,
    /// The least common multiple of the divisors.
    divisor: IBig,
}

/// The exact number `numerator * 10^-scale * 2^-exponent / divisor`.
#[derive(Clone, Debug)]
pub(crate) struct ExactNumber {
    numerator: IBig,
    scale: u32,
    exponent: u32,
    /// Above zero.
    divisor: IBig,
}

impl LinearForm {
    /// Returns a form with the intercept and one coefficient for each term, each the sum of two f64.
    ///
    /// The value of a term is the product of its variables over its divisor, an integer above zero.
    pub(super) fn new(parts: &[(f64, f64)], terms: Vec<TermFactors>, divisors: Vec<IBig>) -> Self {
        let parts: Vec<(IBig, i32)> = parts.iter().flat_map(|&(value, remainder)| [exact_parts(value), exact_parts(remainder)]).collect();
        let least = parts.iter().map(|&(_, exponent)| exponent).min().unwrap_or(0).min(0);
        let integer = |(mantissa, exponent): &(IBig, i32)| mantissa << (exponent - least) as usize;
        let coefficients = parts.chunks(2).map(|two| two.iter().map(integer).sum()).collect();
        Self { terms, coefficients, exponent: least.unsigned_abs(), divisor: least_multiple(&divisors), divisors }
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

    /// Returns whether the value of each term is the product of its variables.
    pub(crate) fn is_undivided(&self) -> bool {
        self.divisor == IBig::ONE
    }

    /// Returns the value of each term.
    pub(crate) fn design(&self, values: &[Decimal]) -> Vec<ExactNumber> {
        let value = |(factors, divisor): (&TermFactors, &IBig)| {
            let Decimal { mantissa, scale } = product(factors, values);
            ExactNumber { numerator: mantissa, scale, exponent: 0, divisor: divisor.clone() }
        };
        self.terms.iter().zip(&self.divisors).map(value).collect()
    }

    /// Returns the number of digits after the point of the term that has the most.
    pub(super) fn scale(&self, values: &[Decimal]) -> u32 {
        let scales = self.terms.iter().map(|factors| factors.iter().map(|&(column, power)| values[column].scale * power).sum());
        scales.max().unwrap_or(0)
    }

    /// Returns the prediction for one row.
    pub(super) fn at(&self, values: &[Decimal]) -> ExactNumber {
        let scale = self.scale(values);
        let mut numerator = &self.coefficients[0] * ten_to(scale) * &self.divisor;
        for ((factors, divisor), coefficient) in self.terms.iter().zip(&self.divisors).zip(&self.coefficients[1..]) {
            // most levels of a category are zero
            if is_zero(factors, values) {
                continue;
            }
            let (own, product) = match factors[..] {
                [(column, 1)] => (values[column].scale, coefficient * &values[column].mantissa),
                _ => {
                    let term = product(factors, values);
                    (term.scale, coefficient * term.mantissa)
                }
            };
            let product = if *divisor == self.divisor { product } else { product * (&self.divisor / divisor) };
            numerator += if own == scale { product } else { product * ten_to(scale - own) };
        }
        ExactNumber { numerator, scale, exponent: self.exponent, divisor: self.divisor.clone() }
    }

    /// Returns what some coefficients together add to the prediction, compared with a row whose terms have their means. Each coefficient
    /// comes with the value of its term and the mean.
    pub(crate) fn contribution<'v>(&self, of: impl Iterator<Item = (usize, &'v ExactNumber, TwoPartF64)>) -> f64 {
        let one =
            |(at, value, mean): (usize, &ExactNumber, TwoPartF64)| self.times_coefficient(1 + at, value.less(mean.high).less(mean.low));
        of.map(one).reduce(|sum, one| sum.plus(&one)).map_or(0.0, |sum| sum.to_f64())
    }

    /// Returns the prediction for a row whose terms have these values.
    pub(crate) fn at_terms(&self, values: &[TwoPartF64]) -> f64 {
        let one = |(at, value): (usize, &TwoPartF64)| self.times_coefficient(1 + at, ExactNumber::of(value.high).less(-value.low));
        let intercept = ExactNumber { numerator: self.coefficients[0].clone(), scale: 0, exponent: self.exponent, divisor: IBig::ONE };
        values.iter().enumerate().map(one).fold(intercept, |sum, term| sum.plus(&term)).to_f64()
    }

    fn times_coefficient(&self, at: usize, value: ExactNumber) -> ExactNumber {
        ExactNumber { numerator: value.numerator * &self.coefficients[at], exponent: value.exponent + self.exponent, ..value }
    }
}

/// Returns whether a term is zero because one of its variables is.
pub(super) fn is_zero(factors: &TermFactors, values: &[Decimal]) -> bool {
    factors.iter().any(|&(variable, _)| values[variable].mantissa == IBig::ZERO)
}

/// Returns the product of the variables of a term.
fn product(factors: &TermFactors, values: &[Decimal]) -> Decimal {
    if is_zero(factors, values) {
        return Decimal::ZERO;
    }
    let power = |value: &Decimal, power: u32| match power {
        1 => value.clone(),
        _ => Decimal { mantissa: value.mantissa.pow(power as usize), scale: value.scale * power },
    };
    let powers = factors.iter().map(|&(variable, exponent)| power(&values[variable], exponent));
    powers.reduce(|product, factor| product.times(&factor)).unwrap_or(Decimal::from(1))
}

impl ExactNumber {
    /// Returns a finite f64 as it is.
    pub(crate) fn of(value: f64) -> Self {
        let (mantissa, exponent) = exact_parts(value);
        Self { numerator: mantissa << exponent.max(0) as usize, scale: 0, exponent: exponent.min(0).unsigned_abs(), divisor: IBig::ONE }
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
        let (own, others) = (raised(self), raised(other));
        if self.divisor == other.divisor {
            return Self { numerator: own + others, scale, exponent, divisor: self.divisor.clone() };
        }
        let numerator = own * &other.divisor + others * &self.divisor;
        Self { numerator, scale, exponent, divisor: &self.divisor * &other.divisor }
    }

    /// Returns the power of ten times the power of two times the divisor.
    fn denominator(&self) -> IBig {
        (ten_to(self.scale) * &self.divisor) << self.exponent as usize
    }

    /// Returns the nearest f64, ties to even. Zero has no sign.
    pub(crate) fn to_f64(&self) -> f64 {
        ratio_to_f64(&self.numerator, &self.denominator()) + 0.0
    }

    /// Returns the nearest f64, and the f64 nearest to the rest.
    pub(crate) fn to_two_f64(&self) -> TwoPartF64 {
        let (high, low) = ratio_to_two_f64(&self.numerator, &self.denominator());
        TwoPartF64 { high, low }
    }
}

impl From<&Decimal> for ExactNumber {
    fn from(value: &Decimal) -> Self {
        Self { numerator: value.mantissa.clone(), scale: value.scale, exponent: 0, divisor: IBig::ONE }
    }
}
