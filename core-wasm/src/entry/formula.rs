//! Computes the entry formulas over exact decimals.
//!
//! *Invariants*: sums, products and quotients are exact and rounded once, ties to even. The logarithm is the f64 nearest to that of the number as
//! it was entered; the value of this f64 is rounded once, the same way.

use super::units::as_integers;
use crate::decimal::{Decimal, from_f64};
use crate::functions::Function;
use crate::schema::Formula;
use crate::statistics::exact_decimal;
use dashu_int::IBig;

/// The Friedewald formula holds for triglycerides below this value, in mg/dL (W. T. Friedewald, R. I. Levy and D. S. Fredrickson, Clinical
/// Chemistry 18, 1972).
pub(super) const FRIEDEWALD_BELOW: i64 = 400;

/// Why a formula has no result for its inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Undefined {
    /// The input with this index is not above zero.
    NotPositive(usize),
    /// The diastolic pressure is not below the systolic one.
    Swapped,
}

/// Computes a formula over its inputs, which stand in the formula's order.
///
/// The result is rounded to `round` digits after the point. Without `round`, a sum is exact, and a quotient or logarithm is the shortest
/// decimal that reads back as the nearest f64.
pub(super) fn compute(formula: Formula, inputs: &[Decimal], round: Option<u32>) -> Result<Decimal, Undefined> {
    match (formula, inputs) {
        (Formula::Ln, [x]) => ln(x, round),
        (Formula::Ratio, [_, bottom]) if *bottom <= Decimal::ZERO => Err(Undefined::NotPositive(1)),
        (Formula::Ratio, [top, bottom]) => Ok(quotient(top, bottom, round)),
        (Formula::MeanPressure, [systolic, diastolic]) if diastolic >= systolic => Err(Undefined::Swapped),
        (Formula::MeanPressure, [systolic, diastolic]) => Ok(quotient(&systolic.plus(diastolic).plus(diastolic), &Decimal::from(3), round)),
        (Formula::Friedewald, [total, hdl, triglycerides]) => {
            let fifth = Decimal { mantissa: IBig::from(2), scale: 1 };
            let exact = total.plus(&hdl.negated()).plus(&triglycerides.times(&fifth).negated());
            Ok(round.map_or_else(|| exact.clone(), |scale| exact.rounded(scale.cast_signed())).normalized())
        }
        // the schema was checked, so there are as many inputs as the formula takes
        _ => Err(Undefined::NotPositive(0)),
    }
}

fn ln(x: &Decimal, round: Option<u32>) -> Result<Decimal, Undefined> {
    let nearest = Function::Ln.apply(x).map_err(|_| Undefined::NotPositive(0))?;
    Ok(of_f64(nearest, round))
}

fn quotient(top: &Decimal, bottom: &Decimal, round: Option<u32>) -> Decimal {
    let (numerator, denominator) = as_integers(top, bottom);
    match round {
        Some(scale) => Decimal::nearest(&numerator, &denominator, scale).normalized(),
        None => of_f64(crate::rounding::ratio_to_f64(&numerator, &denominator), None),
    }
}

fn of_f64(value: f64, round: Option<u32>) -> Decimal {
    let exact = exact_decimal(value);
    round.map_or_else(|| from_f64(value).unwrap_or_else(|_| exact.clone()), |scale| exact.rounded(scale.cast_signed())).normalized()
}

/// Returns whether the inputs are in the range for which the formula was made.
pub(super) fn holds(formula: Formula, inputs: &[Decimal]) -> bool {
    match (formula, inputs) {
        (Formula::Friedewald, [_, _, triglycerides]) => *triglycerides < Decimal::from(FRIEDEWALD_BELOW),
        _ => true,
    }
}

/// Writes the formula with the given names or values of its inputs.
pub(super) fn text<S: AsRef<str>>(formula: Formula, inputs: &[S]) -> String {
    let input = |at: usize| inputs.get(at).map_or("", AsRef::as_ref);
    match formula {
        Formula::Ln => format!("ln({})", input(0)),
        Formula::Ratio => format!("{} / {}", input(0), input(1)),
        Formula::MeanPressure => format!("({} + 2 * {}) / 3", input(0), input(1)),
        Formula::Friedewald => format!("{} - {} - {} / 5", input(0), input(1), input(2)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decimal::parse;

    fn computed(formula: Formula, inputs: &[&str], round: Option<u32>) -> Result<String, Undefined> {
        let inputs: Vec<Decimal> = inputs.iter().map(|text| parse(text.as_bytes()).unwrap()).collect();
        compute(formula, &inputs, round).map(|value| value.to_string())
    }

    #[test]
    fn formulas_round_once() {
        for (formula, inputs, round, want) in [
            (Formula::Ln, &["106.284"][..], Some(4), "4.6661"),
            (Formula::Ln, &["1"], Some(4), "0"),
            (Formula::Ln, &["0.5"], None, "-0.6931471805599453"),
            // the logarithm of the f64 nearest to 2.3 is 0.8329091229351039
            (Formula::Ln, &["2.3"], None, "0.832909122935104"),
            // the nearest f64 is 1, and its logarithm 0
            (Formula::Ln, &["1.00000000000000000001"], None, "0.00000000000000000001"),
            (Formula::Ratio, &["190", "50"], Some(2), "3.8"),
            (Formula::Ratio, &["157", "38"], Some(2), "4.13"),
            (Formula::Ratio, &["1", "8"], Some(2), "0.12"),
            (Formula::Ratio, &["2", "3"], None, "0.6666666666666666"),
            (Formula::MeanPressure, &["120", "80"], Some(2), "93.33"),
            (Formula::MeanPressure, &["121", "79"], Some(2), "93"),
            (Formula::Friedewald, &["157", "38", "129"], Some(1), "93.2"),
            (Formula::Friedewald, &["201.084", "50.271", "106.284"], None, "129.5562"),
        ] {
            assert_eq!(computed(formula, inputs, round).as_deref(), Ok(want), "{formula:?} {inputs:?}");
        }
    }

    #[test]
    fn inputs_outside_the_domain_have_no_result() {
        assert_eq!(computed(Formula::Ln, &["0"], Some(4)), Err(Undefined::NotPositive(0)));
        assert_eq!(computed(Formula::Ln, &["-3"], Some(4)), Err(Undefined::NotPositive(0)));
        assert_eq!(computed(Formula::Ratio, &["3", "0"], Some(2)), Err(Undefined::NotPositive(1)));
        assert_eq!(computed(Formula::MeanPressure, &["80", "120"], Some(2)), Err(Undefined::Swapped));
    }
}
