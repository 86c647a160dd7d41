//! Student's t distribution: the p value of a t statistic and the quantile of an interval, to a relative 1e-12.
//!
//! The two-sided p value is the regularised incomplete beta function `I_x(df/2, 1/2)` at `x = df / (df + t^2)` (Abramowitz and Stegun,
//! Handbook of Mathematical Functions, 26.7.1), evaluated by its continued fraction (26.5.8) with Lentz's method.
//!
//! *Invariants*: elementary functions come from `libm`, so native code and wasm agree to the last bit.

use libm::{exp, log1p, sqrt};

/// Two-sided p value of `t` on `df` > 0 degrees of freedom: P(|T| >= |t|).
pub fn two_sided_p(t: f64, df: f64) -> f64 {
    let ratio = t * t / df;
    if ratio == 0.0 {
        return 1.0;
    }
    let (x, rest) = (1.0 / (1.0 + ratio), ratio / (1.0 + ratio));
    let (a, b) = (df / 2.0, 0.5);
    // x^a (1 - x)^b / B(a, b)
    let front = exp(-a * log1p(ratio)) * sqrt(rest) * gamma_ratio(a) / SQRT_PI;
    // the fraction converges fast on one side of the mean of the beta distribution only
    if x < (a + 1.0) / (a + b + 2.0) { front / a * fraction(x, a, b) } else { 1.0 - front / b * fraction(rest, b, a) }
}

/// The value that |T| stays below with this probability, from a half to 1, on `df` > 0 degrees of freedom.
pub fn two_sided_quantile(probability: f64, df: f64) -> f64 {
    let tail = 1.0 - probability;
    // the tail is a convex, falling function of t: from a point left of the root, such as 0, Newton's steps come from the left
    let mut t = 0.0;
    for _ in 0..NEWTON_STEPS_MAX {
        let step = (two_sided_p(t, df) - tail) / (2.0 * density(t, df));
        let next = t + step;
        if next <= t {
            break;
        }
        t = next;
    }
    t
}

/// Density of t on `df` degrees of freedom.
fn density(t: f64, df: f64) -> f64 {
    let log_power = (df + 1.0) / 2.0 * log1p(t * t / df);
    gamma_ratio(df / 2.0) / (SQRT_PI * sqrt(df)) * exp(-log_power)
}

const SQRT_PI: f64 = 1.772_453_850_905_516;
const NEWTON_STEPS_MAX: usize = 200;
/// Steps of the continued fraction. It takes about the square root of the degrees of freedom.
const FRACTION_STEPS_MAX: usize = 1 << 24;
/// From here on the asymptotic series of [`gamma_ratio`] is good to the last bits.
const SERIES_FROM: f64 = 24.0;

/// Gamma(a + 1/2) / Gamma(a) for a a multiple of 1/2: by the asymptotic series (F. Tricomi and A. Erdelyi, Pacific J. Math. 1, 1951), for
/// small a through the recurrence `r(a) = r(a + 1) a / (a + 1/2)`. A difference of log-gammas would lose its digits for large a.
fn gamma_ratio(a: f64) -> f64 {
    let (mut a, mut factor) = (a, 1.0);
    while a < SERIES_FROM {
        factor *= a / (a + 0.5);
        a += 1.0;
    }
    const SERIES: [f64; 9] = [
        1.0,
        -1.0 / 8.0,
        1.0 / 128.0,
        5.0 / 1024.0,
        -21.0 / 32768.0,
        -399.0 / 262144.0,
        869.0 / 4194304.0,
        39325.0 / 33554432.0,
        -334477.0 / 2147483648.0,
    ];
    let sum = SERIES.iter().rev().fold(0.0, |sum, coefficient| sum / a + coefficient);
    factor * sqrt(a) * sum
}

/// The continued fraction of the incomplete beta function, without its front factor and 1 / a.
fn fraction(x: f64, a: f64, b: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let not_zero = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / not_zero(1.0 - (a + b) * x / (a + 1.0));
    let mut value = d;
    for m in 1..FRACTION_STEPS_MAX {
        let m = m as f64;
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / not_zero(1.0 + even * d);
        c = not_zero(1.0 + even / c);
        value *= d * c;
        d = 1.0 / not_zero(1.0 + odd * d);
        c = not_zero(1.0 + odd / c);
        value *= d * c;
        if (d * c - 1.0).abs() < 1e-16 {
            break;
        }
    }
    value
}
