//! The integers of a batch of rows to their predictions, by levels.
//!
//! *Invariants*: a prediction is right or its row is marked. So neither the sizes of batches nor plans that were made before change a result.

use super::batch_terms::{BatchTerm, BatchTerms};
use super::level_plan::{LevelPlan, TermShape};
use super::linear_form::{LinearForm, TermFactors};
use crate::column::{ColumnIntegers, ScaledIntegers};
use crate::decimal::power_of_ten;
use crate::statistics::{NARROW_BITS, WIDE_BITS};
use samefit_kernels::integers;
use samefit_kernels::levels::{self, Columns, RowSums, padded};

/// Most plans that are kept. Batches differ in their sizes only where a column has numbers of different kinds.
const PLANS_MAX: usize = 8;
/// How many more bits are settled after a batch with many unsettled rows, and most such bits.
const MORE_BITS: (u32, u32) = (24, 120);
/// More unsettled rows than one in so many, and than one, are too many.
const UNSETTLED_SHARE: usize = 32;

/// Sums the terms of a linear form for many rows. Use one for each form.
#[derive(Clone, Default)]
pub(super) struct BatchSums {
    plans: Vec<(Vec<TermShape>, Option<LevelPlan>)>,
    more_bits: u32,
    /// The columns of digits of all terms.
    digits: Vec<Vec<f64>>,
    /// For each term whose coefficient the rows choose, the place of each row's coefficient.
    choices: Vec<Vec<u32>>,
    sums: RowSums,
    /// Scratch space for products of columns.
    narrow: Vec<i64>,
    wide: Vec<i128>,
}

impl BatchSums {
    /// Sums the terms of the rows. `numbers` has the columns of numbers, `levels` for each category the levels of the rows. Sets `unread`
    /// for rows whose sum may round to another f64 than [`Self::values`] has.
    pub(super) fn sum(
        &mut self,
        form: &LinearForm,
        terms: &BatchTerms,
        numbers: &[ScaledIntegers<'_>],
        levels: &[Vec<u32>],
        unread: &mut [bool],
    ) {
        let (terms, rows) = (terms.terms(), unread.len());
        let shapes: Option<Vec<TermShape>> = terms.iter().map(|term| shape(&term.factors, numbers)).collect();
        let Some(shapes) = shapes else { return unread.fill(true) };
        self.choose(terms, levels, rows);
        let plan = self.plan(form, terms, &shapes);
        let (planned, Some(plan)) = &self.plans[plan] else { return unread.fill(true) };
        let mut first = 0;
        for (at, (term, layout)) in terms.iter().zip(&plan.layouts).enumerate() {
            let Some(layout) = *layout else { continue };
            self.digits.resize_with(self.digits.len().max(first + layout.count), Vec::new);
            let out = &mut self.digits[first..first + layout.count];
            first += layout.count;
            if term.factors.is_empty() {
                out[0].clear();
                out[0].resize(padded(rows), 1.0);
                continue;
            }
            let power = planned[at].raise(shapes[at]).unwrap_or(0);
            match product(&term.factors, numbers, power, layout.bits, &mut self.narrow, &mut self.wide) {
                ColumnIntegers::Narrow(values) => levels::split(values, layout, out),
                ColumnIntegers::Wide(values) => levels::split_wide(values, layout, out),
            }
        }
        let columns = Columns { digits: &self.digits, choices: &self.choices };
        levels::two_levels(plan.constants, &plan.products, &plan.chosen, columns, plan.tail, rows, &mut self.sums);
        for level in &plan.more {
            levels::one_more_level(level.constant, &level.products, &level.chosen, columns, &mut self.sums);
        }
        let before = count(unread);
        levels::mark_unsettled(&self.sums, unread);
        if plan.tail > 0.0 && count(unread) - before > (rows / UNSETTLED_SHARE).max(1) && self.more_bits < MORE_BITS.1 {
            self.more_bits += MORE_BITS.0;
            self.plans.clear();
        }
    }

    /// Finds the place of each row's coefficient, for each term that has a choice.
    fn choose(&mut self, terms: &[BatchTerm], levels: &[Vec<u32>], rows: usize) {
        self.choices.resize_with(terms.len(), Vec::new);
        for (term, choices) in terms.iter().zip(&mut self.choices) {
            let Some(choice) = &term.choice else { continue };
            choices.clear();
            choices.resize(padded(rows), 0);
            for (category, numbers) in &choice.categories {
                choices.iter_mut().zip(&levels[*category]).for_each(|(place, &level)| *place += numbers[level as usize]);
            }
        }
    }

    /// Returns for each row the place of its coefficient in a term that has a choice, with those that fill the last block.
    pub(super) fn choices(&self, term: usize) -> &[u32] {
        &self.choices[term]
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
    ///
    /// A plan holds for all terms with fewer decimals too. So some numbers with more decimals than the others, in some batches, need one plan
    /// and not one for each combination of columns.
    fn plan(&mut self, form: &LinearForm, terms: &[BatchTerm], shapes: &[TermShape]) -> usize {
        let holds = |planned: &[TermShape]| planned.iter().zip(shapes).all(|(planned, shape)| planned.raise(*shape).is_some());
        if let Some(at) = self.plans.iter().position(|(planned, _)| holds(planned)) {
            return at;
        }
        let merge =
            |planned: &[TermShape]| planned.iter().zip(shapes).map(|(planned, shape)| planned.with(*shape)).collect::<Option<Vec<_>>>();
        let merged: Option<(usize, Vec<TermShape>)> =
            self.plans.iter().enumerate().find_map(|(at, (planned, _))| Some((at, merge(planned)?)));
        let shapes = match merged {
            Some((at, shapes)) => {
                self.plans.remove(at);
                shapes
            }
            None => shapes.to_vec(),
        };
        self.plans.truncate(PLANS_MAX - 1);
        let plan = LevelPlan::new(form, terms, &shapes, self.more_bits);
        self.plans.insert(0, (shapes, plan));
        0
    }
}

fn count(marks: &[bool]) -> usize {
    marks.iter().filter(|mark| **mark).count()
}

/// Returns the sizes of a term's integers; none if they have too many bits. A term without factors is one.
fn shape(factors: &TermFactors, columns: &[ScaledIntegers<'_>]) -> Option<TermShape> {
    let bits = factors.iter().map(|&(column, power)| columns[column].bits * power).sum();
    let scale = factors.iter().map(|&(column, power)| columns[column].scale * power).sum();
    let bits = if factors.is_empty() { 1 } else { bits };
    (bits <= WIDE_BITS).then_some(TermShape { bits, scale })
}

/// Returns the integers of a term times `10^power`, which have at most `bits` bits.
fn product<'a>(
    factors: &TermFactors,
    columns: &[ScaledIntegers<'a>],
    power: u32,
    bits: u32,
    narrow: &'a mut Vec<i64>,
    wide: &'a mut Vec<i128>,
) -> ColumnIntegers<'a> {
    let powers = || factors.iter().flat_map(|&(column, power)| std::iter::repeat_n(columns[column].integers, power as usize));
    let is_narrow = bits <= NARROW_BITS && powers().all(|integers| matches!(integers, ColumnIntegers::Narrow(_)));
    if let ([(column, 1)], 0) = (&factors[..], power) {
        match columns[*column].integers {
            ColumnIntegers::Narrow(_) if !is_narrow => {}
            integers => return integers,
        }
    }
    if is_narrow {
        narrow.clear();
        for integers in powers() {
            match integers {
                ColumnIntegers::Narrow(values) if narrow.is_empty() => integers::extend_times(narrow, values, power_of_ten(power) as i64),
                ColumnIntegers::Narrow(values) => integers::multiply_rows(narrow, values),
                ColumnIntegers::Wide(_) => {}
            }
        }
        return ColumnIntegers::Narrow(narrow);
    }
    wide.clear();
    let factor = power_of_ten(power);
    for integers in powers() {
        match (wide.is_empty(), integers) {
            (true, ColumnIntegers::Narrow(values)) => wide.extend(values.iter().map(|&value| i128::from(value) * factor)),
            (true, ColumnIntegers::Wide(values)) => wide.extend(values.iter().map(|value| value * factor)),
            (false, ColumnIntegers::Narrow(values)) => {
                wide.iter_mut().zip(values).for_each(|(product, &value)| *product *= i128::from(value))
            }
            (false, ColumnIntegers::Wide(values)) => wide.iter_mut().zip(values).for_each(|(product, value)| *product *= value),
        }
    }
    ColumnIntegers::Wide(wide)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decimal::Decimal;
    use crate::forecast::variables::Variables;
    use dashu_int::IBig;
    use proptest::prelude::*;

    /// Rows of columns with so many bits, and a form of some coefficient for each.
    fn settled(bits: u32, scale: u32, rows: usize, seed: u64) -> (usize, usize) {
        let part = |k: i32| ((f64::from(k) * 0.7 - 3.3) / 1e3, f64::from(k) * 1e-20);
        let parts: Vec<(f64, f64)> = std::iter::once((152.1, 1e-15)).chain((1..=10).map(part)).collect();
        let form = LinearForm::new(&parts, (0..10).map(|column| vec![(column, 1)]).collect(), vec![IBig::ONE; 10]);
        let mut random = samefit_testing::random::Random::new(&seed.to_string());
        let columns: Vec<Vec<i64>> =
            (0..10).map(|_| (0..rows).map(|_| (random.bits() >> (64 - bits)) as i64 - (1 << (bits - 1))).collect()).collect();
        let integers: Vec<ScaledIntegers<'_>> =
            columns.iter().map(|values| ScaledIntegers { integers: ColumnIntegers::Narrow(values), bits, scale }).collect();
        let (mut sums, mut unread) = (BatchSums::default(), vec![false; rows]);
        let terms = BatchTerms::new(form.terms(), &Variables::of_numbers(10));
        sums.sum(&form, &terms, &integers, &[], &mut unread);
        for row in (0..rows).filter(|&row| !unread[row]) {
            let values: Vec<Decimal> = columns.iter().map(|column| Decimal { mantissa: column[row].into(), scale }).collect();
            assert_eq!(sums.values()[row], form.at(&values).to_f64());
        }
        // there is no plan after too many rows were not settled
        let plan = sums.plans.first().and_then(|(_, plan)| plan.as_ref());
        let levels = 2 + plan.map_or(usize::MAX - 2, |plan| plan.more.len());
        (count(&unread), levels)
    }

    #[test]
    fn usual_columns_need_few_levels_and_are_settled() {
        for (bits, scale, levels) in [(13, 2, 2), (17, 4, 2), (44, 13, 3), (57, 16, 4)] {
            let (unsettled, needed) = settled(bits, scale, 1000, 7);
            assert!(unsettled <= 2 && needed <= levels, "{bits} bits: {unsettled} unsettled with {needed} levels");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn what_is_settled_is_right(bits in 2u32..62, scale in 0u32..40, seed: u64) {
            settled(bits, scale, 50, seed);
        }
    }
}
