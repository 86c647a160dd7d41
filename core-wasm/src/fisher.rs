//! The F distribution: the probability of a value at least as large.
//!
//! With x = d2 / (d2 + d1 F) the probability is the incomplete beta ratio I_x(d2/2, d1/2). The recurrence
//! `I_x(a, b + 1) = I_x(a, b) + x^a (1 - x)^b / (b B(a, b))` (NIST Digital Library of Mathematical Functions, 8.17.21) leads to b = d1/2.
//! It begins at b = 1, where the ratio is x^a, or at b = 1/2, where it is Student's two-sided p value. All terms are positive, so nothing
//! cancels.
//!
//! The first term may be below the smallest f64 and the sum still not: 300 features do that. So all terms are multiplied by a power of e,
//! which is taken back as they grow.
//!
//! *Limits*: the relative error is below 1e-12 for up to 2,048 numerator degrees of freedom. A probability below about 1e-300 may come out
//! as 0.

use crate::student::{gamma_ratio, two_sided_p_times_exp};
use libm::{exp, log1p, sqrt};
use std::f64::consts::PI;

/// The power of e by which terms are scaled at once.
const STEP: f64 = 512.0;
/// Terms above this are scaled down. It is far from the ends of the range, so one step stays inside it.
const LARGE: f64 = 1e200;

/// Returns P(F >= f) for F with `d1` and `d2` degrees of freedom, where `odds` is d1 f / d2. `d2` is a positive whole number.
pub fn upper_tail(odds: f64, d1: u32, d2: f64) -> f64 {
    let a = d2 / 2.0;
    let log_power = a * log1p(odds);
    // steps by which the terms are larger than they should be
    let mut steps = (log_power / STEP).floor();
    let log_scale = steps * STEP;
    let (x_to_a, rest) = (exp(log_scale - log_power), odds / (1.0 + odds));
    let (mut probability, mut term, mut b) = if d1.is_multiple_of(2) {
        (x_to_a, x_to_a * rest * a, 1.0)
    } else {
        let student = two_sided_p_times_exp(sqrt(odds) * sqrt(d2), d2, log_scale);
        (student, 2.0 * x_to_a * sqrt(rest) * gamma_ratio(a) / sqrt(PI), 0.5)
    };
    while b < f64::from(d1) / 2.0 {
        probability += term;
        term *= rest * (a + b) / (b + 1.0);
        b += 1.0;
        if steps > 0.0 && probability.max(term) > LARGE {
            steps -= 1.0;
            probability *= exp(-STEP);
            term *= exp(-STEP);
        }
    }
    while steps > 0.0 && probability > 0.0 {
        steps -= 1.0;
        probability *= exp(-STEP);
    }
    probability.min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_are_those_of_mpmath() {
        let peers: Vec<serde_json::Value> = serde_json::from_str(include_str!("../../data/peers/fisher.json")).unwrap();
        assert!(peers.len() > 30);
        for peer in peers {
            let number = |key: &str| peer[key].as_f64().unwrap();
            let want: f64 = peer["share"].as_str().unwrap().parse().unwrap();
            let got = upper_tail(number("odds"), number("d1") as u32, number("d2"));
            // the terms are rounded, each to a relative 1e-16 or so
            assert!((got / want - 1.0).abs() < 1e-12, "{peer}: {got}");
        }
    }

    #[test]
    fn at_zero_the_probability_is_one() {
        assert_eq!([1, 2, 3, 10].map(|d1| upper_tail(0.0, d1, 5.0)), [1.0; 4]);
    }
}
