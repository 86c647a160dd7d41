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
//! After the last level, `sum of (|c| + 1) M` over what is left bounds the distance to the exact sum: a coefficient that was cut off is off
//! by less than one unit.

use super::linear_form::LinearForm;
use crate::decimal::ten_to;
use crate::rounding::{pow2, ratio_to_f64};
use crate::statistics::{NARROW_BITS, raised_bits};
use dashu_base::{BitTest, UnsignedAbs};
use dashu_int::{IBig, UBig};
use samefit_kernels::levels::DigitLayout;

/// Bits of the largest sum, in units.
const DEPTH_BITS: i64 = 250;
/// Largest exponent of two of the largest sum, either way. All grids and sums stay between 2^-900 and 2^900.
const EXPONENT_MAX: i64 = 600;
/// Bits that a sum of a level has above its grid.
const LEVEL_BITS: usize = 52;
/// Bits of a sum that the levels settle: those of an f64, and as many more that one row of some thousands is not settled.
const SETTLED_BITS: u32 = 53 + 13;
/// Most levels.
const LEVELS_MAX: usize = 12;
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
    /// The constant and the products of each further level.
    pub(super) more: Vec<(f64, Vec<(usize, f64)>)>,
    /// A bound of what the levels leave out.
    pub(super) tail: f64,
}

/// The coefficient of a column of digits that is still to be summed.
struct Rest {
    /// In units.
    coefficient: IBig,
    /// Whether the coefficient was cut off.
    is_cut: bool,
    /// A bound of the magnitude of the digits.
    most: u64,
}

impl LevelPlan {
    /// Returns a plan for terms of these shapes. It settles `more_bits` more bits than usual. `None` if the numbers are too large or too
    /// small for it.
    pub(super) fn new(form: &LinearForm, shapes: &[TermShape], more_bits: u32) -> Option<Self> {
        let is_used = |term: usize| form.coefficients()[term + 1] != IBig::ZERO;
        let used: Vec<u32> = (0..shapes.len()).filter(|&term| is_used(term)).map(|term| shapes[term].bits).collect();
        let width = best_width(&used, SETTLED_BITS + more_bits)?;
        let layouts: Vec<Option<DigitLayout>> =
            shapes.iter().enumerate().map(|(term, shape)| is_used(term).then(|| layout(shape.bits, width))).collect();
        let unit = unit_exponent(form, shapes)?;
        let mut rests = rests(form, shapes, &layouts, unit);
        let settled = size(&rests, false).bit_len().saturating_sub((SETTLED_BITS + more_bits) as usize);
        let mut levels = Vec::new();
        while levels.len() < 2 || levels.len() < LEVELS_MAX && size(&rests, true).bit_len() > settled {
            levels.push(level(&mut rests, unit));
        }
        let tail = ratio_to_f64(&size(&rests, true).into(), &IBig::ONE) * pow2(unit) * (1.0 + f64::EPSILON);
        let mut levels = levels.into_iter();
        let (first, second) = (levels.next()?, levels.next()?);
        let products = first.iter().zip(&second).skip(1).enumerate();
        let products = products.filter(|(_, (p, q))| **p != 0.0 || **q != 0.0).map(|(column, (&p, &q))| (column, [p, q])).collect();
        let more = levels.map(|level| {
            let products = level[1..].iter().copied().enumerate().filter(|(_, p)| *p != 0.0).collect();
            (level[0], products)
        });
        Some(Self { layouts, constants: [first[0], second[0]], products, more: more.collect(), tail })
    }
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
fn unit_exponent(form: &LinearForm, shapes: &[TermShape]) -> Option<i64> {
    // 10^-scale is at most 2^-(3.32 scale)
    let top = |coefficient: &IBig, bits: u32, scale: u32| {
        coefficient.bit_len() as i64 - i64::from(form.exponent()) + i64::from(bits) - i64::from(scale) * 332 / 100
    };
    let terms = form.coefficients()[1..].iter().zip(shapes).map(|(coefficient, shape)| (coefficient, shape.bits, shape.scale));
    let all = std::iter::once((&form.coefficients()[0], 0, 0)).chain(terms);
    let top =
        all.filter(|(coefficient, ..)| **coefficient != IBig::ZERO).map(|(coefficient, bits, scale)| top(coefficient, bits, scale)).max();
    let top = top.unwrap_or(0);
    (top.abs() <= EXPONENT_MAX).then_some(top - DEPTH_BITS)
}

/// Returns the intercept and then the coefficient of each column of digits, in units.
fn rests(form: &LinearForm, shapes: &[TermShape], layouts: &[Option<DigitLayout>], unit: i64) -> Vec<Rest> {
    let rest = |coefficient: &IBig, scale: u32, place_bits: u32, most: u64| {
        let shift = i64::from(place_bits) - unit - i64::from(form.exponent());
        let (up, down) = (shift.max(0) as usize, shift.min(0).unsigned_abs() as usize);
        let (numerator, denominator) = (coefficient << up, ten_to(scale) << down);
        let cut = &numerator / &denominator;
        Rest { is_cut: &cut * &denominator != numerator, coefficient: cut, most }
    };
    let mut all = vec![rest(&form.coefficients()[0], 0, 0, 1)];
    for ((coefficient, shape), layout) in form.coefficients()[1..].iter().zip(shapes).zip(layouts) {
        for (layout, place) in layout.iter().flat_map(|layout| (0..layout.count).map(move |place| (layout, place))) {
            all.push(rest(coefficient, shape.scale, layout.width * place as u32, layout.bound(place)));
        }
    }
    all
}

/// Returns a bound of the magnitude of the sum of what is left, in units; with what was cut off, or without it.
fn size(rests: &[Rest], with_cut: bool) -> UBig {
    rests.iter().map(|rest| ((&rest.coefficient).unsigned_abs() + UBig::from(u8::from(with_cut && rest.is_cut))) * rest.most).sum()
}

/// Takes a level off what is left. Returns its coefficients.
fn level(rests: &mut [Rest], unit: i64) -> Vec<f64> {
    let grid = size(rests, false).bit_len().saturating_sub(LEVEL_BITS);
    let weight = pow2(unit + grid as i64);
    let one = |rest: &mut Rest| {
        let magnitude = (&rest.coefficient).unsigned_abs();
        let half = if grid > 0 { UBig::ONE << (grid - 1) } else { UBig::ZERO };
        // below 2^53, because the magnitude is at most the size
        let multiple = u64::try_from((magnitude + half) >> grid).unwrap_or(u64::MAX);
        let taken = IBig::from(multiple) << grid;
        let is_negative = rest.coefficient < IBig::ZERO;
        rest.coefficient -= if is_negative { -taken } else { taken };
        if is_negative { -(multiple as f64) * weight } else { multiple as f64 * weight }
    };
    rests.iter_mut().map(one).collect()
}
