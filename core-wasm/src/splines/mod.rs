//! Knots to the exact values of a restricted cubic spline.
//!
//! A restricted cubic spline is a piecewise cubic function with continuous second derivatives that is linear before the first knot and after
//! the last one. With the knots `t_1 < .. < t_k` it is a linear combination of `k - 1` basis functions: x itself, and for j from 1 to k - 2
//!
//! ```text
//! [ (x - t_j)+^3 - (x - t_(k-1))+^3 (t_k - t_j) / (t_k - t_(k-1)) + (x - t_k)+^3 (t_(k-1) - t_j) / (t_k - t_(k-1)) ] / (t_k - t_1)^2
//! ```
//!
//! where `u+` is u, or 0 if u is below 0 (F. E. Harrell, Regression Modeling Strategies, 2nd edition, 2015, section 2.4.5). They
//! are those of `Hmisc::rcspline.eval(x, knots, inclx = TRUE)` with its default, `norm = 2`, and of `rms::rcs`.
//!
//! *Invariants*: everything is exact. Knots are decimal numbers, and weights are ratios of them.
//!
//! *Not here*: the text `rcs(age, 30, 50, 70)` ([`factors`](crate::factors)).

pub mod quantiles;

use crate::decimal::{self, Decimal};
use crate::error::{Code, Error, Result};
use crate::ratio::Ratio;
use dashu_int::IBig;

/// Fewest knots.
pub const KNOTS_MIN: usize = 3;
/// Most knots.
pub const KNOTS_MAX: usize = 10;

/// The knots of a restricted cubic spline: [`KNOTS_MIN`] to [`KNOTS_MAX`] numbers, in increasing order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Knots {
    knots: Vec<Decimal>,
}

/// What a basis function adds up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SplinePiece<'a> {
    /// The number x itself.
    X,
    /// `(x - knot)+^3`.
    Cube(&'a Decimal),
}

impl SplinePiece<'_> {
    /// Returns the piece's value at `x`.
    pub fn value(self, x: &Decimal) -> Decimal {
        match self {
            Self::X => x.clone(),
            Self::Cube(knot) => cube(x, knot),
        }
    }
}

impl Knots {
    /// Returns the knots of a spline.
    ///
    /// # Errors
    ///
    /// `term` if there are too few or too many, if one is not above the one before, or if the text of one has more digits than a number may
    /// have.
    pub fn new(knots: Vec<Decimal>) -> Result<Self> {
        let list = list(&knots);
        if !(KNOTS_MIN..=KNOTS_MAX).contains(&knots.len()) {
            return Err(Error::found(Code::Term, &list, &format!("{KNOTS_MIN} to {KNOTS_MAX} knots"), EXAMPLE));
        }
        if let Some(pair) = knots.windows(2).find(|pair| pair[0] >= pair[1]) {
            let expected = format!("knots in increasing order, and not {} before {}", pair[0], pair[1]);
            return Err(Error::found(Code::Term, &list, &expected, "write each knot once, the smallest first"));
        }
        if let Some(knot) = knots.iter().find(|knot| decimal::parse(knot.to_string().as_bytes()).is_err()) {
            return Err(Error::found(Code::Term, &knot.to_string(), "knots with fewer digits", "round the knots"));
        }
        Ok(Self { knots: knots.into_iter().map(Decimal::normalized).collect() })
    }

    /// Reads knots, one a text. Spaces around them do not count.
    ///
    /// # Errors
    ///
    /// `term` if a text is not a decimal number, and that of [`new`](Self::new).
    ///
    /// ```
    /// use samefit_core::splines::Knots;
    ///
    /// assert_eq!(Knots::parse(&["30", " 5e1", "70.50"])?.to_string(), "30,50,70.5");
    /// # Ok::<(), samefit_core::error::Error>(())
    /// ```
    pub fn parse<S: AsRef<str>>(texts: &[S]) -> Result<Self> {
        let not_a_number = |text: &str| Error::found(Code::Term, text, "a decimal number as a knot", EXAMPLE);
        let read = |text: &str| decimal::parse(text.as_bytes()).map_err(|_| not_a_number(text));
        Self::new(texts.iter().map(|text| read(text.as_ref().trim())).collect::<Result<_>>()?)
    }

    /// Returns the knots, in increasing order.
    pub fn as_slice(&self) -> &[Decimal] {
        &self.knots
    }

    /// Returns the number of basis functions: one fewer than there are knots.
    pub fn basis_len(&self) -> usize {
        self.knots.len() - 1
    }

    /// Returns the basis function with an index below [`basis_len`](Self::basis_len) as a linear combination over an integer above zero:
    /// weights, what they multiply, and the integer. Function 0 is x.
    pub fn scaled_basis(&self, index: usize) -> (Vec<(Decimal, SplinePiece<'_>)>, IBig) {
        let Some(knot) = index.checked_sub(1).map(|at| &self.knots[at]) else { return (vec![(1.into(), SplinePiece::X)], IBig::ONE) };
        let (first, before, last) = (&self.knots[0], &self.knots[self.knots.len() - 2], &self.knots[self.knots.len() - 1]);
        let (range, end) = (difference(last, first), difference(last, before));
        let weights = [(end.clone(), knot), (difference(knot, last), before), (difference(before, knot), last)];
        let divisor = range.times(&range).times(&end).normalized();
        // the power of ten of the divisor goes to the weights
        let power = Decimal { mantissa: decimal::ten_to(divisor.scale), scale: 0 };
        let part = |(weight, knot): (Decimal, _)| (weight.times(&power).normalized(), SplinePiece::Cube(knot));
        (weights.into_iter().map(part).collect(), divisor.mantissa)
    }

    /// Returns the basis function with an index below [`basis_len`](Self::basis_len) as a linear combination: weights, and what they
    /// multiply. Function 0 is x.
    ///
    /// ```
    /// use samefit_core::splines::Knots;
    ///
    /// let knots = Knots::parse(&["0", "1", "3"])?;
    /// // (x^3 - 3/2 (x - 1)^3 + 1/2 (x - 3)^3) / 9
    /// let weights: Vec<String> = knots.basis(1).iter().map(|(weight, _)| weight.magnitude_text()).collect();
    /// assert_eq!(weights, ["1/9", "1/6", "1/18"]);
    /// # Ok::<(), samefit_core::error::Error>(())
    /// ```
    pub fn basis(&self, index: usize) -> Vec<(Ratio, SplinePiece<'_>)> {
        let (parts, divisor) = self.scaled_basis(index);
        let inverse = Ratio::new(IBig::ONE, divisor);
        parts.into_iter().map(|(weight, piece)| (Ratio::from(&weight).times(&inverse), piece)).collect()
    }

    /// Returns the value of the basis function with an index below [`basis_len`](Self::basis_len) at `x`.
    pub fn value(&self, index: usize, x: &Decimal) -> Ratio {
        let terms = self.basis(index).into_iter().map(|(weight, piece)| weight.times(&Ratio::from(&piece.value(x))));
        terms.fold(Ratio::from(&Decimal::ZERO), |sum, term| sum.plus(&term))
    }
}

/// Writes the knots as a term does: in their canonical texts, with commas between them and no spaces.
impl std::fmt::Display for Knots {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&list(&self.knots))
    }
}

/// What to do about knots that cannot be read.
const EXAMPLE: &str = "write the places of the knots, as in `rcs(age, 30, 50, 70)`";

/// Returns `(x - knot)+^3`: the third power of how far `x` is above the knot, and zero below it.
pub fn cube(x: &Decimal, knot: &Decimal) -> Decimal {
    if x <= knot {
        return Decimal::ZERO;
    }
    let above = difference(x, knot);
    above.times(&above).times(&above)
}

fn difference(a: &Decimal, b: &Decimal) -> Decimal {
    a.plus(&b.negated())
}

fn list(knots: &[Decimal]) -> String {
    knots.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn number(text: &str) -> Decimal {
        decimal::parse(text.as_bytes()).unwrap()
    }

    fn knots(text: &str) -> Knots {
        Knots::parse(&text.split(',').collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn knots_that_make_no_spline_are_errors() {
        for (text, want) in [
            ("30,70", "found `30,70`, expected 3 to 10 knots"),
            ("1,2,3,4,5,6,7,8,9,10,11", "found `1,2,3,4,5,6,7,8,9,10,11`, expected 3 to 10 knots"),
            ("30,70,50", "found `30,70,50`, expected knots in increasing order, and not 70 before 50"),
            ("30,50,50.0", "found `30,50,50`, expected knots in increasing order, and not 50 before 50"),
            ("30,x,70", "found `x`, expected a decimal number as a knot"),
            ("30,,70", "found ``, expected a decimal number as a knot"),
        ] {
            let error = Knots::parse(&text.split(',').collect::<Vec<_>>()).unwrap_err();
            assert_eq!((error.code, error.sentence.as_str()), (Code::Term, want));
        }
        let long = Decimal { mantissa: 1.into(), scale: 200 };
        assert_eq!(Knots::new(vec![long, 1.into(), 2.into()]).unwrap_err().help, "round the knots");
    }

    #[test]
    fn texts_read_back() {
        let read = knots("-1e1, 0.50 ,3");
        assert_eq!((read.to_string().as_str(), read.basis_len()), ("-10,0.5,3", 2));
        assert_eq!(knots(&read.to_string()), read);
    }

    /// Values of Hmisc's formula in rational numbers.
    #[test]
    fn values_are_those_of_hmisc() {
        for (text, x, want) in [
            ("30,50,70", "20", &["0"][..]),
            ("30,50,70", "45", &["2.109375"]),
            ("30,50,70", "60.5", &["16.285859375"]),
            ("30,50,70", "88", &["57"]),
            ("18.5,22,25.4,31,40", "21", &["125/3698", "0", "0"]),
            ("18.5,22,25.4,31,40", "25.5", &["1372/1849", "343/3698", "1/462250"]),
            ("18.5,22,25.4,31,40", "30.25", &["103823/29584", "35937/29584", "912673/3698000"]),
            ("18.5,22,25.4,31,40", "47", &["2575/86", "31104/1849", "1823248/231125"]),
            ("-1,0,0.5,2", "-0.5", &["1/72", "0"]),
            ("-1,0,0.5,2", "0.25", &["125/576", "1/576"]),
            ("-1,0,0.5,2", "1", &["31/36", "5/54"]),
            ("-1,0,0.5,2", "3.3", &["4.2", "37/45"]),
        ] {
            let (knots, x) = (knots(text), number(x));
            assert_eq!(knots.value(0, &x).to_decimal(), Some(x.clone()));
            let found: Vec<String> = (1..knots.basis_len()).map(|index| knots.value(index, &x).magnitude_text()).collect();
            assert_eq!(found, want, "{text} at {x}");
        }
    }

    fn some_knots() -> impl Strategy<Value = Knots> {
        prop::collection::btree_set(-10_000i64..10_000, KNOTS_MIN..=KNOTS_MAX).prop_map(|integers| {
            let decimals = integers.into_iter().map(|integer| Decimal { mantissa: integer.into(), scale: 2 });
            Knots::new(decimals.collect()).unwrap()
        })
    }

    proptest! {
        /// Zero before the function's own knot, and a line after the last knot.
        #[test]
        fn ends_are_linear(knots in some_knots(), from in 0i64..100_000, step in 1i64..1_000) {
            let hundredths = |integer: i64| Decimal { mantissa: integer.into(), scale: 2 };
            for index in 1..knots.basis_len() {
                let before = difference(&knots.as_slice()[index - 1], &hundredths(from));
                prop_assert_eq!(knots.value(index, &before).signum(), 0);
                let last = &knots.as_slice()[knots.as_slice().len() - 1];
                let at = |steps: i64| knots.value(index, &last.plus(&hundredths(from + steps * step)));
                let (first, second) = (at(1).minus(&at(0)), at(2).minus(&at(1)));
                prop_assert_eq!(second.minus(&first).signum(), 0);
                prop_assert_eq!(first.signum(), 1);
            }
        }

        #[test]
        fn texts_of_all_knots_read_back(knots in some_knots()) {
            let text = knots.to_string();
            prop_assert_eq!(Knots::parse(&text.split(',').collect::<Vec<_>>()).unwrap(), knots);
        }
    }
}
