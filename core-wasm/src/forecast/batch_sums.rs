//! The integers of a batch of rows to their predictions, by levels.
//!
//! *Invariants*: a prediction is right or its row is marked. So neither the sizes of batches nor plans that were made before change a result.

use super::level_plan::{LevelPlan, TermShape};
use super::linear_form::{LinearForm, TermFactors};
use crate::column::{ColumnIntegers, ScaledIntegers};
use crate::statistics::{NARROW_BITS, WIDE_BITS};
use samefit_kernels::integers;
use samefit_kernels::levels::{self, RowSums};

/// Most plans that are kept. Batches differ in their sizes only where a column has numbers of different kinds.
const PLANS_MAX: usize = 8;
/// How many more bits are settled after a batch with many unsettled rows, and most such bits.
const MORE_BITS: (u32, u32) = (24, 120);
/// More unsettled rows than one in so many are too many.
const UNSETTLED_SHARE: usize = 32;

/// Sums the terms of a linear form for many rows. Use one for each form.
#[derive(Clone, Default)]
pub(super) struct BatchSums {
    plans: Vec<(Vec<TermShape>, Option<LevelPlan>)>,
    more_bits: u32,
    /// The columns of digits of all terms.
    digits: Vec<Vec<f64>>,
    sums: RowSums,
    /// Scratch space for products of columns.
    narrow: Vec<i64>,
    wide: Vec<i128>,
}

impl BatchSums {
    /// Sums the terms of the columns' rows. Sets `unread` for rows whose sum may round to another f64 than [`Self::values`] has.
    pub(super) fn sum(&mut self, form: &LinearForm, columns: &[ScaledIntegers<'_>], unread: &mut [bool]) {
        let rows = unread.len();
        let shapes: Option<Vec<TermShape>> = form.terms().iter().map(|factors| shape(factors, columns)).collect();
        let Some(plan) = shapes.map(|shapes| self.plan(form, &shapes)) else { return unread.fill(true) };
        let Some(plan) = &self.plans[plan].1 else { return unread.fill(true) };
        let mut first = 0;
        for (factors, layout) in form.terms().iter().zip(&plan.layouts) {
            let Some(layout) = *layout else { continue };
            self.digits.resize_with(self.digits.len().max(first + layout.count), Vec::new);
            let out = &mut self.digits[first..first + layout.count];
            match product(factors, columns, layout.bits > NARROW_BITS, &mut self.narrow, &mut self.wide) {
                ColumnIntegers::Narrow(values) => levels::split(values, layout, out),
                ColumnIntegers::Wide(values) => levels::split_wide(values, layout, out),
            }
            first += layout.count;
        }
        levels::two_levels(plan.constants, &plan.products, &self.digits, plan.tail, rows, &mut self.sums);
        for (constant, products) in &plan.more {
            levels::one_more_level(*constant, products, &self.digits, &mut self.sums);
        }
        let before = count(unread);
        levels::mark_unsettled(&self.sums, unread);
        if plan.tail > 0.0 && count(unread) - before > rows / UNSETTLED_SHARE && self.more_bits < MORE_BITS.1 {
            self.more_bits += MORE_BITS.0;
            self.plans.clear();
        }
    }

    /// Returns the predictions, with those that fill the last block.
    pub(super) fn values(&self) -> &[f64] {
        &self.sums.high
    }

    /// Writes the predictions less and plus `halves`. Sets `unread` for rows with an end that may round to another f64, or is not finite.
    pub(super) fn ends(&self, halves: &[f64], lower: &mut Vec<f64>, upper: &mut Vec<f64>, unread: &mut [bool]) {
        levels::ends(&self.sums, halves, lower, upper, unread);
    }

    /// Returns the index of a plan for these shapes. Makes one if there is none.
    fn plan(&mut self, form: &LinearForm, shapes: &[TermShape]) -> usize {
        let includes = |planned: &[TermShape]| planned.iter().zip(shapes).all(|(planned, shape)| planned.includes(*shape));
        if let Some(at) = self.plans.iter().position(|(planned, _)| includes(planned)) {
            return at;
        }
        // a plan for the same scales and fewer bits gives way to one for the bits of both
        let same_scales = |planned: &[TermShape]| planned.iter().zip(shapes).all(|(planned, shape)| planned.scale == shape.scale);
        let mut shapes = shapes.to_vec();
        if let Some(at) = self.plans.iter().position(|(planned, _)| same_scales(planned)) {
            let (smaller, _) = self.plans.remove(at);
            shapes.iter_mut().zip(smaller).for_each(|(shape, smaller)| shape.bits = shape.bits.max(smaller.bits));
        }
        self.plans.truncate(PLANS_MAX - 1);
        let plan = LevelPlan::new(form, &shapes, self.more_bits);
        self.plans.insert(0, (shapes, plan));
        0
    }
}

fn count(marks: &[bool]) -> usize {
    marks.iter().filter(|mark| **mark).count()
}

/// Returns the sizes of a term's integers; none if they have too many bits.
fn shape(factors: &TermFactors, columns: &[ScaledIntegers<'_>]) -> Option<TermShape> {
    let bits = factors.iter().map(|&(column, power)| columns[column].bits * power).sum();
    let scale = factors.iter().map(|&(column, power)| columns[column].scale * power).sum();
    (bits <= WIDE_BITS).then_some(TermShape { bits, scale })
}

/// Returns the integers of a term whose shape is known to fit; in 128 bits if `as_wide`.
fn product<'a>(
    factors: &TermFactors,
    columns: &[ScaledIntegers<'a>],
    as_wide: bool,
    narrow: &'a mut Vec<i64>,
    wide: &'a mut Vec<i128>,
) -> ColumnIntegers<'a> {
    let powers = || factors.iter().flat_map(|&(column, power)| std::iter::repeat_n(columns[column].integers, power as usize));
    let bits: u32 = factors.iter().map(|&(column, power)| columns[column].bits * power).sum();
    let is_narrow = bits <= NARROW_BITS && powers().all(|integers| matches!(integers, ColumnIntegers::Narrow(_)));
    match factors[..] {
        [(column, 1)] if !(is_narrow && as_wide) => return columns[column].integers,
        _ if is_narrow && !as_wide => {
            narrow.clear();
            for integers in powers() {
                match integers {
                    ColumnIntegers::Narrow(values) if narrow.is_empty() => narrow.extend_from_slice(values),
                    ColumnIntegers::Narrow(values) => integers::multiply_rows(narrow, values),
                    ColumnIntegers::Wide(_) => {}
                }
            }
            return ColumnIntegers::Narrow(narrow);
        }
        _ => {}
    }
    wide.clear();
    for integers in powers() {
        match (wide.is_empty(), integers) {
            (true, ColumnIntegers::Narrow(values)) => wide.extend(values.iter().map(|&value| i128::from(value))),
            (true, ColumnIntegers::Wide(values)) => wide.extend_from_slice(values),
            (false, ColumnIntegers::Narrow(values)) => {
                wide.iter_mut().zip(values).for_each(|(product, &value)| *product *= i128::from(value))
            }
            (false, ColumnIntegers::Wide(values)) => wide.iter_mut().zip(values).for_each(|(product, value)| *product *= value),
        }
    }
    ColumnIntegers::Wide(wide)
}
