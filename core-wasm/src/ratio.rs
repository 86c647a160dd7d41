//! A ratio of integers of any size, to the nearest f64 or to text.

use crate::decimal::{Decimal, ten_to};
use crate::rounding::{ratio_to_f64, ratio_to_two_f64, signum, sqrt_ratio_to_f64};
use dashu_base::{Abs, DivRem, Gcd, Signed};
use dashu_int::IBig;

/// `numerator / denominator`, not in lowest terms.
#[derive(Clone, Debug)]
pub struct Ratio {
    /// The numerator, of either sign.
    pub numerator: IBig,
    /// The denominator, of either sign and not zero.
    pub denominator: IBig,
}

impl Ratio {
    /// Returns the ratio of two integers. The denominator is not zero.
    pub fn new(numerator: IBig, denominator: IBig) -> Self {
        Self { numerator, denominator }
    }

    /// Returns the ratio times `10^exponent`.
    #[must_use]
    pub fn times_ten_to(&self, exponent: i64) -> Self {
        let power = ten_to(exponent.unsigned_abs() as u32);
        if exponent >= 0 {
            Self::new(&self.numerator * power, self.denominator.clone())
        } else {
            Self::new(self.numerator.clone(), &self.denominator * power)
        }
    }

    /// Returns the ratio times `2^exponent`.
    #[must_use]
    pub fn times_two_to(mut self, exponent: i64) -> Self {
        let bits = exponent.unsigned_abs() as usize;
        if exponent >= 0 {
            self.numerator <<= bits
        } else {
            self.denominator <<= bits
        }
        self
    }

    /// Returns one over the ratio, which is not zero.
    #[must_use]
    pub fn inverted(self) -> Self {
        Self::new(self.denominator, self.numerator)
    }

    /// Returns the sum of two ratios.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        Self::new(&self.numerator * &other.denominator + &other.numerator * &self.denominator, &self.denominator * &other.denominator)
    }

    /// Returns the ratio less another.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        Self::new(&self.numerator * &other.denominator - &other.numerator * &self.denominator, &self.denominator * &other.denominator)
    }

    /// Returns the product of two ratios.
    #[must_use]
    pub fn times(&self, other: &Self) -> Self {
        Self::new(&self.numerator * &other.numerator, &self.denominator * &other.denominator)
    }

    /// Returns the ratio over an integer that is not zero.
    #[must_use]
    pub fn over(mut self, divisor: i64) -> Self {
        self.denominator *= divisor;
        self
    }

    /// Returns the nearest f64, ties to even.
    pub fn to_f64(&self) -> f64 {
        ratio_to_f64(&self.numerator, &self.denominator)
    }

    /// Returns the nearest f64 and the f64 nearest to the rest, as [`ratio_to_two_f64`] does.
    pub fn to_two_f64(&self) -> (f64, f64) {
        ratio_to_two_f64(&self.numerator, &self.denominator)
    }

    /// Returns the f64 nearest to the square root, ties to even. The ratio is not negative.
    pub fn sqrt_to_f64(&self) -> f64 {
        sqrt_ratio_to_f64(&self.numerator, &self.denominator)
    }

    /// Returns the sign as -1, 0 or 1.
    pub fn signum(&self) -> i32 {
        signum(&self.numerator) * signum(&self.denominator)
    }

    /// Returns the magnitude as text: a decimal number if it is one, else a fraction in lowest terms.
    pub fn magnitude_text(&self) -> String {
        let (numerator, denominator) = self.lowest_terms();
        match decimal_places(&denominator) {
            Some(scale) => Decimal { mantissa: numerator.abs() * ten_to(scale) / denominator, scale }.to_string(),
            None => format!("{}/{denominator}", numerator.abs()),
        }
    }

    /// Returns the ratio as a decimal number, if it is one.
    pub fn to_decimal(&self) -> Option<Decimal> {
        let (numerator, denominator) = self.lowest_terms();
        decimal_places(&denominator).map(|scale| Decimal { mantissa: numerator * ten_to(scale) / denominator, scale })
    }

    /// Returns the nearest ratio whose denominator is at most `denominator_max`, in lowest terms. It is found by continued fractions.
    pub fn nearest_with_denominator(&self, denominator_max: u32) -> Self {
        let denominator_max = IBig::from(denominator_max);
        let (mut rest, mut divisor) = ((&self.numerator).abs(), (&self.denominator).abs());
        let magnitude = Self::new(rest.clone(), divisor.clone());
        let (mut before, mut convergent) = ((IBig::ZERO, IBig::ONE), (IBig::ONE, IBig::ZERO));
        while divisor != IBig::ZERO {
            let (quotient, next) = (&rest).div_rem(&divisor);
            if &before.1 + &quotient * &convergent.1 > denominator_max {
                // the last step, as far as the denominator goes
                let steps = (&denominator_max - &before.1) / &convergent.1;
                let part = Self::new(before.0 + &steps * &convergent.0, before.1 + steps * &convergent.1);
                let whole = Self::new(convergent.0, convergent.1);
                let distance = |ratio: &Self| {
                    let difference = ratio.minus(&magnitude);
                    Self::new(difference.numerator.abs(), difference.denominator)
                };
                let nearest = if distance(&part).minus(&distance(&whole)).signum() < 0 { part } else { whole };
                return nearest.with_sign_of(self);
            }
            let after = (before.0 + &quotient * &convergent.0, before.1 + quotient * &convergent.1);
            (before, convergent) = (convergent, after);
            (rest, divisor) = (divisor, next);
        }
        Self::new(convergent.0, convergent.1).with_sign_of(self)
    }

    /// Returns a ratio that is not negative, with the sign of another one.
    fn with_sign_of(self, other: &Self) -> Self {
        if other.is_negative() { Self::new(-self.numerator, self.denominator) } else { self }
    }

    /// Returns the ratio without a common divisor of its numbers, the denominator above zero.
    #[must_use]
    pub fn in_lowest_terms(&self) -> Self {
        let (numerator, denominator) = self.lowest_terms();
        Self { numerator, denominator }
    }

    /// Returns numerator and denominator without a common divisor, the denominator above zero.
    fn lowest_terms(&self) -> (IBig, IBig) {
        let divisor = IBig::from((&self.numerator).gcd(&self.denominator)) * signum(&self.denominator);
        (&self.numerator / &divisor, &self.denominator / &divisor)
    }

    /// Returns whether the ratio is 1 or -1.
    pub fn is_unit(&self) -> bool {
        (&self.numerator).abs() == (&self.denominator).abs()
    }

    /// Returns whether the ratio is below zero.
    pub fn is_negative(&self) -> bool {
        self.numerator.is_negative() != self.denominator.is_negative() && self.signum() != 0
    }
}

impl From<&Decimal> for Ratio {
    fn from(value: &Decimal) -> Self {
        Self::new(value.mantissa.clone(), IBig::ONE).times_ten_to(-i64::from(value.scale))
    }
}

/// Returns the greatest common divisor; zero for two zeros.
pub(crate) fn common_divisor(a: &IBig, b: &IBig) -> IBig {
    if *a == IBig::ZERO && *b == IBig::ZERO { IBig::ZERO } else { a.gcd(b).into() }
}

/// Returns the least common multiple, above zero, of integers that are not zero; one for none.
pub(crate) fn least_multiple<'n>(integers: impl IntoIterator<Item = &'n IBig>) -> IBig {
    integers.into_iter().fold(IBig::ONE, |multiple, integer| {
        let both = integer / common_divisor(&multiple, integer) * multiple;
        &both * signum(&both)
    })
}

/// Returns the number of digits after the point of `1 / denominator`; none if they have no end.
fn decimal_places(denominator: &IBig) -> Option<u32> {
    let mut rest = denominator.clone();
    let mut count = |prime: u8| {
        let mut times = 0;
        while (&rest % IBig::from(prime)) == IBig::ZERO {
            rest /= IBig::from(prime);
            times += 1;
        }
        times
    };
    let places = count(2).max(count(5));
    (rest == IBig::ONE).then_some(places)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_written_as_decimals_or_fractions() {
        for (n, d, text) in [(1, 3, "1/3"), (-3, 6, "0.5"), (100, 50, "2"), (1, 80, "0.0125"), (7, -7, "1"), (0, 3, "0")] {
            assert_eq!(Ratio::new(IBig::from(n), IBig::from(d)).magnitude_text(), text);
        }
    }

    #[test]
    fn multiples_are_the_least() {
        for (integers, want) in [(&[][..], 1), (&[1, -1], 1), (&[6, 6], 6), (&[4, -6, 1], 12), (&[7, 12, 21], 84)] {
            assert_eq!(least_multiple(&integers.iter().map(|&integer| IBig::from(integer)).collect::<Vec<_>>()), IBig::from(want));
        }
    }

    #[test]
    fn some_ratios_are_decimals() {
        for (n, d, text) in [(1, 3, None), (3, -6, Some("-0.5")), (-100, 50, Some("-2")), (0, 3, Some("0"))] {
            assert_eq!(Ratio::new(IBig::from(n), IBig::from(d)).to_decimal().map(|decimal| decimal.to_string()).as_deref(), text);
        }
    }

    #[test]
    fn nearest_simple_ratios_are_those_of_a_search() {
        for (n, d) in [
            (31_415_926_535_i64, 10_000_000_000_i64),
            (-9, 5),
            (1, 1_000_000),
            (6, 10_000),
            (5, 10_000),
            (7777, 3),
            (0, 7),
            (999, 1000),
            (-1, 1001),
        ] {
            let distance = |p: i64, q: i64| ((i128::from(p) * i128::from(d) - i128::from(n) * i128::from(q)).abs(), i128::from(q));
            let nearest = |q: i64| (n * q).div_euclid(d)..(n * q).div_euclid(d) + 2;
            let all = (1..=1000).flat_map(|q| nearest(q).map(move |p| (p, q)));
            // the first of those that are equally near has the smallest denominator
            let best =
                all.reduce(
                    |a, b| if distance(b.0, b.1).0 * distance(a.0, a.1).1 < distance(a.0, a.1).0 * distance(b.0, b.1).1 { b } else { a },
                );
            let got = Ratio::new(IBig::from(n), IBig::from(d)).nearest_with_denominator(1000);
            assert_eq!(Some((got.numerator, got.denominator)), best.map(|(p, q)| (IBig::from(p), IBig::from(q))), "{n}/{d}");
        }
    }
}
