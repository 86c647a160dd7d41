//! Elementary functions of a decimal number, correctly rounded.
//!
//! The result is the f64 nearest to the true value of the function of the number as it is written. A function of the f64 nearest to that
//! number often has another nearest f64: `ln(2.3)` is 0.832909122935104, and the logarithm of the f64 2.3 is 0.8329091229351039.
//!
//! *Method*: integers of 128 bits settle nearly all numbers of up to 18 digits ([`samefit_kernels::logarithms`],
//! [`samefit_kernels::roots`]). Integers of growing precision (`logarithm`), and square roots of integers
//! ([`rounding`](crate::rounding)), settle the rest.
//!
//! *Not here*: the text of a function of a column ([`factors`](crate::factors)), formulas of entry fields ([`entry`](crate::entry)).

mod logarithm;

use crate::decimal::{Decimal, ten_to};
use crate::error::{Code, Error, Result};
use crate::rounding::sqrt_ratio_to_f64;
use crate::shortest::decimal_of;
use samefit_kernels::{logarithms, roots};
use serde::{Deserialize, Serialize};

/// A function of one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Function {
    /// The natural logarithm.
    Ln,
    /// The logarithm to base 10.
    Log10,
    /// The square root.
    Sqrt,
}

impl Function {
    /// All functions.
    pub const ALL: [Self; 3] = [Self::Ln, Self::Log10, Self::Sqrt];

    /// Returns the name that stands in terms.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ln => "ln",
            Self::Log10 => "log10",
            Self::Sqrt => "sqrt",
        }
    }

    /// Returns the function with this name; `None` if there is none.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|function| function.name() == name)
    }

    /// Returns whether the function is defined for zero. All are for numbers above zero, and none for numbers below it.
    #[must_use]
    pub fn is_defined_at_zero(self) -> bool {
        self == Self::Sqrt
    }

    /// Returns the f64 nearest to the function of a number, ties to even. Zero has no sign.
    ///
    /// # Errors
    ///
    /// `undefined` for logarithms of numbers that are not above zero, and for square roots of numbers below zero.
    ///
    /// ```
    /// use samefit_core::decimal::parse;
    /// use samefit_core::functions::Function;
    ///
    /// assert_eq!(Function::Ln.apply(&parse(b"2.3")?)?, 0.832909122935104);
    /// assert_eq!(Function::Log10.apply(&parse(b"0.001")?)?, -3.0);
    /// assert!(Function::Sqrt.apply(&parse(b"-1")?).is_err());
    /// # Ok::<(), samefit_core::error::Error>(())
    /// ```
    pub fn apply(self, x: &Decimal) -> Result<f64> {
        // the mantissa, if it has at most 63 bits and is not zero
        let small = i64::try_from(&x.mantissa).ok().and_then(|mantissa| u64::try_from(mantissa).ok()).filter(|&mantissa| mantissa > 0);
        match self {
            _ if x.mantissa < 0.into() || !self.is_defined_at_zero() && x.mantissa == 0.into() => Err(self.undefined(x)),
            Self::Ln => Ok(small.and_then(|mantissa| logarithms::ln(mantissa, x.scale)).unwrap_or_else(|| logarithm::ln(x))),
            Self::Log10 => Ok(small.and_then(|mantissa| logarithms::log10(mantissa, x.scale)).unwrap_or_else(|| logarithm::log10(x))),
            Self::Sqrt => {
                let root = small.and_then(|mantissa| roots::sqrt(mantissa, x.scale));
                Ok(root.unwrap_or_else(|| sqrt_ratio_to_f64(&x.mantissa, &ten_to(x.scale))))
            }
        }
    }

    /// Returns the number that [`apply`](Self::apply) means: that of its shortest decimal text.
    ///
    /// # Errors
    ///
    /// Those of [`apply`](Self::apply).
    ///
    /// ```
    /// use samefit_core::decimal::parse;
    /// use samefit_core::functions::Function;
    ///
    /// assert_eq!(Function::Sqrt.value(&parse(b"2")?)?.to_string(), "1.4142135623730951");
    /// # Ok::<(), samefit_core::error::Error>(())
    /// ```
    pub fn value(self, x: &Decimal) -> Result<Decimal> {
        self.apply(x).map(decimal_of)
    }

    /// Returns the error of a number for which the function is not defined.
    fn undefined(self, x: &Decimal) -> Error {
        let expected = match self {
            Self::Ln | Self::Log10 => format!("a number above zero, as {self} needs"),
            Self::Sqrt => format!("a number not below zero, as {self} needs"),
        };
        Error::found(Code::Undefined, &x.to_string(), &expected, "leave the row out, or use another function")
    }
}

impl std::fmt::Display for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decimal::{parse, scaled};
    use crate::rounding::exact_parts;
    use dashu_int::IBig;
    use proptest::prelude::*;

    fn number(text: &str) -> Decimal {
        parse(text.as_bytes()).unwrap()
    }

    /// Values that mpmath 1.4 computed with 200 digits.
    #[test]
    fn values_are_those_of_mpmath() {
        for (function, text, want) in [
            (Function::Ln, "2.3", 0.832909122935104),
            (Function::Ln, "145", 4.976733742420574),
            (Function::Ln, "0.6", -0.5108256237659907),
            (Function::Ln, "0.7", -0.3566749439387324),
            (Function::Ln, "1e-20", -46.051701859880914),
            (Function::Ln, "1.0000000000000000000000000000000000000001", 1e-40),
            (Function::Log10, "3.25", 0.5118833609788743),
            (Function::Log10, "0.05", -1.3010299956639813),
            (Function::Log10, "123456789012345678901234567890.1234567891", 29.0915149772127),
            (Function::Sqrt, "0.7", 0.8366600265340756),
            (Function::Sqrt, "18.6", 4.3127717305695645),
            (Function::Sqrt, "123456789012345678901234567890.1234567891", 351364182882014.44),
        ] {
            assert_eq!(function.apply(&number(text)).unwrap(), want, "{function}({text})");
        }
    }

    #[test]
    fn exact_results_are_exact() {
        for (function, text, want) in [
            (Function::Ln, "1", "0"),
            (Function::Ln, "1.000", "0"),
            (Function::Log10, "1.0", "0"),
            (Function::Log10, "1e-60", "-60"),
            (Function::Log10, "1000.00", "3"),
            (Function::Log10, "1e60", "60"),
            (Function::Sqrt, "0", "0"),
            (Function::Sqrt, "-0.0", "0"),
            (Function::Sqrt, "1", "1"),
            (Function::Sqrt, "0.01", "0.1"),
            (Function::Sqrt, "1e60", "1000000000000000000000000000000"),
        ] {
            assert_eq!(function.value(&number(text)).unwrap().to_string(), want, "{function}({text})");
            assert!(function.apply(&number(text)).unwrap().is_sign_positive() || want.starts_with('-'));
        }
    }

    #[test]
    fn the_ends_of_what_a_cell_can_say_have_values() {
        let least = format!("0.{}1e-60", "0".repeat(60));
        let most = format!("{}e60", "9".repeat(60));
        let near = [format!("0.{}", "9".repeat(60)), format!("1.{}1", "0".repeat(58))];
        let value = |function: Function, text: &str| function.value(&number(text)).unwrap().to_string();
        assert_eq!(value(Function::Log10, &least), "-121");
        assert_eq!(value(Function::Log10, &most), "120");
        assert_eq!(value(Function::Sqrt, &least), format!("0.{}3162277660168379", "0".repeat(60)));
        assert_eq!(value(Function::Sqrt, &most), format!("1{}", "0".repeat(60)));
        assert_eq!(value(Function::Ln, &near[0]), format!("-0.{}1", "0".repeat(59)));
        assert_eq!(value(Function::Ln, &near[1]), format!("0.{}1", "0".repeat(58)));
        assert_eq!(value(Function::Log10, &near[0]), format!("-0.{}4342944819032518", "0".repeat(60)));
    }

    #[test]
    fn numbers_outside_the_domain_are_errors() {
        for (function, text) in [(Function::Ln, "0"), (Function::Ln, "-0.5"), (Function::Log10, "-0"), (Function::Sqrt, "-1e-60")] {
            let error = function.apply(&number(text)).unwrap_err();
            assert_eq!((error.code, error.found), (Code::Undefined, Some(crate::error::shorten(&number(text).to_string()))));
        }
        let error = Function::Ln.value(&number("-3.20")).unwrap_err();
        assert_eq!(error.sentence, "found `-3.2`, expected a number above zero, as ln needs");
    }

    #[test]
    fn names_are_read_back() {
        assert!(Function::ALL.iter().all(|&function| Function::from_name(function.name()) == Some(function)));
        assert_eq!(Function::from_name("exp"), None);
    }

    const BITS: usize = 640;

    /// Returns `exp(exponent)` in units of 2^-BITS, with some hundred right digits, for an exponent in the same units.
    fn exp(exponent: &IBig) -> IBig {
        // the series of a small exponent, squared again and again
        let small = exponent >> 16;
        let (mut term, mut sum, mut count) = (IBig::ONE << BITS, IBig::ONE << BITS, 1);
        while term != IBig::ZERO && term != IBig::from(-1) {
            term = ((term * &small) >> BITS) / count;
            sum += &term;
            count += 1;
        }
        (0..16).fold(sum, |power, _| (&power * &power) >> BITS)
    }

    /// Returns twice the number in the middle between an f64 and the next one, in units of 2^-BITS, and the two f64.
    fn middle(value: f64) -> (IBig, [f64; 2]) {
        let fixed = |value: f64| {
            let (mantissa, exponent) = exact_parts(value);
            mantissa << (BITS as i32 + exponent) as usize
        };
        (fixed(value) + fixed(value.next_up()), [value, value.next_up()])
    }

    /// Returns the two neighbouring decimals of `digits` digits between which a number is, given in units of 2^-BITS.
    fn around(value: &IBig, digits: i64, log10: f64) -> [Decimal; 2] {
        // near 1 there are digits that say nothing of the logarithm
        let digits = digits - log10.abs().log10().floor().min(0.0) as i64;
        let decimals = digits - 1 - log10.floor() as i64;
        let power = ten_to(decimals.unsigned_abs() as u32);
        let below = if decimals >= 0 { (value * power) >> BITS } else { (value / power) >> BITS };
        [scaled(below.clone(), decimals), scaled(below + 1, decimals)]
    }

    proptest! {
        /// Arguments of so many digits that their logarithm nearly is in the middle between two f64.
        #[test]
        fn logarithms_near_a_middle_are_rounded_to_the_right_side(
            value in prop_oneof![-138.0f64..138.0, -1.0f64..1.0, -1e-6f64..1e-6], digits in 19i64..50,
        ) {
            prop_assume!(value.abs() > 1e-12);
            let (twice, want) = middle(value);
            let found = around(&exp(&(twice >> 1)), digits, value * std::f64::consts::LOG10_E).map(|x| Function::Ln.apply(&x).unwrap());
            prop_assert_eq!(found, want);
        }

        #[test]
        fn logarithms_to_base_ten_near_a_middle_are_rounded_to_the_right_side(
            value in prop_oneof![-60.0f64..60.0, -1.0f64..1.0, -1e-6f64..1e-6], digits in 19i64..50,
        ) {
            prop_assume!(value.abs() > 1e-12);
            // ln 10, to 100 digits
            let ln_10 = "2302585092994045684017991454684364207601101488628772976033327900967572609677352480235997205089598298";
            let (twice, want) = middle(value);
            let exponent = twice * ln_10.parse::<IBig>().unwrap() / ten_to(99);
            let found = around(&exp(&(exponent >> 1)), digits, value).map(|x| Function::Log10.apply(&x).unwrap());
            prop_assert_eq!(found, want);
        }

        /// The square of a middle between two f64 is a tie; the next numbers of 60 digits are not.
        #[test]
        fn square_roots_of_ties_are_even(half in 1u64 << 52..1 << 53, shift in 0u32..7) {
            let twice = IBig::from(2 * half + 1);
            let scale = 2 * shift;
            let square = Decimal { mantissa: &twice * &twice * IBig::from(5).pow(scale as usize), scale };
            let step = Decimal { mantissa: IBig::ONE, scale: 26 };
            let root = |x: &Decimal| Function::Sqrt.apply(x).unwrap();
            let unit = 2.0 / 2f64.powi(shift as i32);
            let (below, above) = (half as f64 * unit, (half + 1) as f64 * unit);
            prop_assert_eq!(root(&square), if half % 2 == 0 { below } else { above });
            prop_assert_eq!(root(&square.plus(&step)), above);
            prop_assert_eq!(root(&square.plus(&step.negated())), below);
        }

        /// Both methods find the same f64.
        #[test]
        fn short_numbers_are_rounded_as_long_ones(mantissa in 1i64.., bits in 0u32..62, scale in 0u32..40) {
            let x = Decimal { mantissa: (mantissa >> bits).max(1).into(), scale };
            prop_assert_eq!(Function::Ln.apply(&x).unwrap(), logarithm::ln(&x));
            prop_assert_eq!(Function::Log10.apply(&x).unwrap(), logarithm::log10(&x));
            prop_assert_eq!(Function::Sqrt.apply(&x).unwrap(), sqrt_ratio_to_f64(&x.mantissa, &ten_to(scale)));
        }

        #[test]
        fn numbers_near_one_are_rounded_as_long_ones(more in -1000i64..1000, scale in 4u32..19) {
            let x = Decimal { mantissa: ten_to(scale) + more, scale };
            prop_assert_eq!(Function::Ln.apply(&x).unwrap(), logarithm::ln(&x));
            prop_assert_eq!(Function::Log10.apply(&x).unwrap(), logarithm::log10(&x));
        }
    }
}
