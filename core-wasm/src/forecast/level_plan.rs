//! The coefficients of a linear form, and the sizes of the integers of a batch, to the levels by which
//! [`levels`](samefit_kernels::levels) sums many rows.
//!
//! The integers of a term are written as digits, and each column of digits has a coefficient c: that of the model, times a power of ten for
//! the term's decimals and a power of two for the place of the digit. All coefficients become integers of a *unit*, cut off: some 2^-250 of
//! the largest sum B. A level takes the multiple of its grid that is nearest to each coefficient and leaves the rest to the next. The grid q
//! of a level is the least power of two with `sum of |c| M < 2^52 q`, where M bounds the magnitudes of a column of digits. The multiples
//! differ from the coefficients by at most q / 2. So sums stay below `2^52 q + sum of M q / 2`, which is below 2^53 q as the sum of all M is
//! below 2^53. This is what exact f64 need.
//!
//! Of the coefficients among which a row chooses, one takes part in its sum, so the largest magnitude bounds all of them.
//!
//! After the last level, `sum of (|c| + 1) M` over what is left bounds the distance to the exact sum: a coefficient that was cut off is off
//! by less than one unit.

use super::batch_terms::BatchTerm;
use super::linear_form::LinearForm;
use crate::decimal::ten_to;
use crate::rounding::{pow2, ratio_to_f64};
use crate::statistics::{NARROW_BITS, raised_bits};
use dashu_base::{BitTest, UnsignedAbs};
use dashu_int::{IBig, UBig};
use samefit_kernels::levels::{ChosenProduct, DigitLayout};

/// Bits of the largest sum, in units.
const DEPTH_BITS: i64 = 250;
/// Largest exponent of two of the largest sum, either way. All grids and sums stay between 2^-900 and 2^900.
const EXPONENT_MAX: i64 = 600;
/// Bits that a sum of a level has above its grid.
const LEVEL_BITS: usize = 52;
/// Bits of a sum that the levels settle: those of an f64, and as many more that one row of some thousands is not settled.
const SETTLED_BITS: u32 = 53 + 13;
/// Most levels of a sum.
const SUM_LEVELS_MAX: usize = 12;
/// The bits of a digit that are tried.
const WIDTHS: [u32; 8] = [12, 14, 16, 18, 20, 22, 24, 26];
/// What splitting a digit off costs, in products.
const SPLIT_COST: f64 = 1.5;

/// The sizes of the integers of a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TermShape {
    /// Most bits of a magnitude.
    pub(super) bits: u32,
    /// Digits after the point.
    pub(super) scale: u32,
}

impl TermShape {
    /// Returns the power of ten by which integers of the other shape become integers of this one; none if some could be too long.
    pub(super) fn raise(self, other: Self) -> Option<u32> {
        let power = self.scale.checked_sub(other.scale)?;
        (raised_bits(other.bits, power) <= self.bits).then_some(power)
    }

    /// Returns a shape that the integers of both can have; none if more than 64 bits would become necessary for it.
    pub(super) fn with(self, other: Self) -> Option<Self> {
        let scale = self.scale.max(other.scale);
        let bits = [self, other].map(|one| raised_bits(one.bits, scale - one.scale));
        let merged = Self { bits: bits[0].max(bits[1]), scale };
        (merged.bits <= NARROW_BITS.max(self.bits).max(other.bits)).then_some(merged)
    }
}

/// How the sums of a batch are computed.
#[derive(Clone, Debug)]
pub(super) struct LevelPlan {
    /// For each term how its integers become digits; none if its coefficient is zero.
    pub(super) layouts: Vec<Option<DigitLayout>>,
    /// The constants of the first two levels.
    pub(super) constants: [f64; 2],
    /// The products of the first two levels: columns of digits with their coefficients.
    pub(super) products: Vec<(usize, [f64; 2])>,
    /// The products of the first two levels whose coefficients the rows choose; their choices are numbered as the terms are.
    pub(super) chosen: Vec<ChosenProduct<[f64; 2]>>,
    /// Each further level.
    pub(super) more: Vec<FurtherLevel>,
    /// A bound of what the levels leave out.
    pub(super) tail: f64,
}

/// A level after the first two.
#[derive(Clone, Debug)]
pub(super) struct FurtherLevel {
    pub(super) constant: f64,
    pub(super) products: Vec<(usize, f64)>,
    pub(super) chosen: Vec<ChosenProduct<f64>>,
}

/// The coefficients of a column of digits that are still to be summed.
struct Rest {
    /// The index of the term whose rows choose one of the coefficients; `None` if there is one.
    choice: Option<usize>,
    coefficients: Vec<RestCoefficient>,
    /// A bound of the magnitude of the digits.
    most: u64,
}

struct RestCoefficient {
    /// In units.
    value: IBig,
    /// Whether the coefficient was cut off.
    is_cut: bool,
}

impl LevelPlan {
    /// Returns a plan for terms of these shapes. It settles `more_bits` more bits than usual. `None` if the numbers are too large or too
    /// small for it.
    pub(super) fn new(form: &LinearForm, terms: &[BatchTerm], shapes: &[TermShape], more_bits: u32) -> Option<Self> {
        let is_used = |term: usize| coefficients(form, &terms[term]).any(|coefficient| *coefficient != IBig::ZERO);
        let used: Vec<u32> = (0..shapes.len()).filter(|&term| is_used(term)).map(|term| shapes[term].bits).collect();
        let width = best_width(&used, SETTLED_BITS + more_bits)?;
        let layouts: Vec<Option<DigitLayout>> =
            shapes.iter().enumerate().map(|(term, shape)| is_used(term).then(|| layout(shape.bits, width))).collect();
        let unit = unit_exponent(form, terms, shapes)?;
        let mut rests = rests(form, terms, shapes, &layouts, unit);
        let settled = size(&rests, false).bit_len().saturating_sub((SETTLED_BITS + more_bits) as usize);
        let mut levels = Vec::new();
        while levels.len() < 2 || levels.len() < SUM_LEVELS_MAX && size(&rests, true).bit_len() > settled {
            levels.push(level(&mut rests, unit));
        }
        let tail = ratio_to_f64(&size(&rests, true).into(), &IBig::ONE) * pow2(unit) * (1.0 + f64::EPSILON);
        let mut levels = levels.into_iter();
        let (first, second) = (levels.next()?, levels.next()?);
        let (mut products, mut chosen) = (Vec::new(), Vec::new());
        for (digits, (rest, (first, second))) in rests[1..].iter().zip(first[1..].iter().zip(&second[1..])).enumerate() {
            let both: Vec<[f64; 2]> = first.iter().zip(second).map(|(&p, &q)| [p, q]).collect();
            match (rest.choice, &both[..]) {
                (None, [both]) => products.push((digits, *both)),
                (Some(choice), _) => chosen.push(ChosenProduct { digits, choice, coefficients: both }),
                (None, _) => return None,
            }
        }
        products.retain(|(_, both)| *both != [0.0; 2]);
        let constants = [first[0][0], second[0][0]];
        let more = levels.map(|level| FurtherLevel::new(level, &rests)).collect();
        Some(Self { layouts, constants, products, chosen, more, tail })
    }
}

impl FurtherLevel {
    /// Returns a level of the coefficients of the constant and of each column of digits.
    fn new(coefficients: Vec<Vec<f64>>, rests: &[Rest]) -> Self {
        let mut new = Self { constant: 0.0, products: Vec::new(), chosen: Vec::new() };
        for (at, (coefficients, rest)) in coefficients.into_iter().zip(rests).enumerate() {
            if coefficients.iter().all(|p| *p == 0.0) {
                continue;
            }
            match (at.checked_sub(1), rest.choice) {
                (None, _) => new.constant = coefficients[0],
                (Some(digits), None) => new.products.push((digits, coefficients[0])),
                (Some(digits), Some(choice)) => new.chosen.push(ChosenProduct { digits, choice, coefficients }),
            }
        }
        new
    }
}

/// Returns the coefficients of a term, which are zero where no coefficient can be chosen.
fn coefficients<'a>(form: &'a LinearForm, term: &'a BatchTerm) -> impl Iterator<Item = &'a IBig> {
    term.coefficients.iter().map(|at| at.map_or(const { &IBig::ZERO }, |at| &form.coefficients()[at + 1]))
}

/// Returns how integers of so many bits become digits of at most `width` bits.
fn layout(bits: u32, width: u32) -> DigitLayout {
    let count = bits.div_ceil(width).max(1);
    DigitLayout { count: count as usize, width: bits.div_ceil(count).max(2), bits: bits.max(1) }
}

/// Returns the width of digits that needs the fewest operations to settle so many bits; none if there are too many terms.
fn best_width(bits: &[u32], settled: u32) -> Option<u32> {
    let cost = |width: u32| {
        let layouts = bits.iter().map(|&bits| layout(bits, width));
        let (mut columns, mut most) = (1.0, 1.0);
        for layout in layouts {
            columns += layout.count as f64;
            most += (0..layout.count).map(|place| layout.bound(place) as f64).sum::<f64>();
        }
        let most_bits = libm::log2(most);
        let gain = LEVEL_BITS as f64 + 1.0 - most_bits;
        let levels = libm::ceil((f64::from(settled) + most_bits - 1.0 - LEVEL_BITS as f64) / gain) + 1.0;
        (gain >= 2.0).then_some(columns * (levels.max(2.0) + SPLIT_COST))
    };
    let costs = WIDTHS.iter().filter_map(|&width| Some((width, cost(width)?)));
    costs.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(width, _)| width)
}

/// Returns the exponent of two of the unit; none if sums are too large or too small for f64.
fn unit_exponent(form: &LinearForm, terms: &[BatchTerm], shapes: &[TermShape]) -> Option<i64> {
    // 10^-scale is at most 2^-(3.32 scale)
    let top = |coefficient: &IBig, bits: u32, scale: u32| {
        coefficient.bit_len() as i64 - i64::from(form.exponent()) + i64::from(bits) - i64::from(scale) * 332 / 100
    };
    let of_terms = terms.iter().zip(shapes).flat_map(|(term, shape)| coefficients(form, term).map(|one| (one, shape.bits, shape.scale)));
    let all = std::iter::once((&form.coefficients()[0], 0, 0)).chain(of_terms);
    let top =
        all.filter(|(coefficient, ..)| **coefficient != IBig::ZERO).map(|(coefficient, bits, scale)| top(coefficient, bits, scale)).max();
    let top = top.unwrap_or(0);
    (top.abs() <= EXPONENT_MAX).then_some(top - DEPTH_BITS)
}

/// Returns the intercept and then the coefficients of each column of digits, in units.
fn rests(form: &LinearForm, terms: &[BatchTerm], shapes: &[TermShape], layouts: &[Option<DigitLayout>], unit: i64) -> Vec<Rest> {
    let rest = |coefficient: &IBig, scale: u32, place_bits: u32| {
        let shift = i64::from(place_bits) - unit - i64::from(form.exponent());
        let (up, down) = (shift.max(0) as usize, shift.min(0).unsigned_abs() as usize);
        let (numerator, denominator) = (coefficient << up, ten_to(scale) << down);
        let cut = &numerator / &denominator;
        RestCoefficient { is_cut: &cut * &denominator != numerator, value: cut }
    };
    let mut all = vec![Rest { choice: None, coefficients: vec![rest(&form.coefficients()[0], 0, 0)], most: 1 }];
    for (at, ((term, shape), layout)) in terms.iter().zip(shapes).zip(layouts).enumerate() {
        for (layout, place) in layout.iter().flat_map(|layout| (0..layout.count).map(move |place| (layout, place))) {
            let coefficients = coefficients(form, term).map(|one| rest(one, shape.scale, layout.width * place as u32)).collect();
            all.push(Rest { choice: term.choice.as_ref().map(|_| at), coefficients, most: layout.bound(place) });
        }
    }
    all
}

/// Returns a bound of the magnitude of the sum of what is left, in units; with what was cut off, or without it.
fn size(rests: &[Rest], with_cut: bool) -> UBig {
    let one = |one: &RestCoefficient| (&one.value).unsigned_abs() + UBig::from(u8::from(with_cut && one.is_cut));
    rests.iter().map(|rest| rest.coefficients.iter().map(one).max().unwrap_or(UBig::ZERO) * rest.most).sum()
}

/// Takes a level off what is left. Returns its coefficients.
fn level(rests: &mut [Rest], unit: i64) -> Vec<Vec<f64>> {
    let grid = size(rests, false).bit_len().saturating_sub(LEVEL_BITS);
    let weight = pow2(unit + grid as i64);
    let half = if grid > 0 { UBig::ONE << (grid - 1) } else { UBig::ZERO };
    let one = |one: &mut RestCoefficient| {
        let magnitude = (&one.value).unsigned_abs();
        // below 2^53, because the magnitude is at most the size
        let multiple = u64::try_from((magnitude + &half) >> grid).unwrap_or(u64::MAX);
        let taken = IBig::from(multiple) << grid;
        let is_negative = one.value < IBig::ZERO;
        one.value -= if is_negative { -taken } else { taken };
        if is_negative { -(multiple as f64) * weight } else { multiple as f64 * weight }
    };
    rests.iter_mut().map(|rest| rest.coefficients.iter_mut().map(one).collect()).collect()
}
