//! Decides to how many decimals a column can be rounded so that its last digits single out no few rows.
//!
//! A level is a number of decimals. A level is fit if enough rows carry its last decimal, and if there is no *step* such that all but few rows
//! are a whole number of steps apart. Steps are the prime powers up to 256. They suffice: a number that is no multiple of a product is no
//! multiple of one of the prime powers in it.

use super::dominant_class::DominantClassCounter;
use crate::decimal::{Decimal, scaled};
use crate::release_policy::{SINGLED_OUT_ROWS_MIN, rows_that};
use dashu_base::RemEuclid;
use dashu_int::IBig;
use samefit_kernels::spans::{PRIME_POWERS, prime_powers};
use serde::{Deserialize, Serialize};

/// A column may be rounded to so many zeros before the point.
const ZEROS_MAX: i32 = 9;

const STEPS: [u16; PRIME_POWERS] = prime_powers();

/// The levels that a column may still be rounded to, from the finest to the coarsest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RoundingLevels(pub(super) Vec<RoundingLevel>);

/// What is known of one level.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RoundingLevel {
    pub(super) decimals: i32,
    /// Rows whose last decimal is not zero, counted up to [`SINGLED_OUT_ROWS_MIN`].
    carrying_rows: u64,
    steps: StepCounters,
}

/// For each of [`STEPS`] the rows by remainder; empty once every step has enough rows outside the most common remainder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StepCounters(Vec<DominantClassCounter<u16>>);

/// Why a level is not fit, or a term may not be released.
pub(super) enum Defect {
    /// Only so many rows carry the last decimal.
    LastDecimal(u64),
    /// All but so many rows are a whole number of such steps apart.
    Step(u64, Decimal),
}

impl RoundingLevels {
    /// One level.
    pub(super) fn only(decimals: i32) -> Self {
        Self(vec![RoundingLevel::new(decimals)])
    }

    /// All levels from these decimals down to [`ZEROS_MAX`] zeros before the point.
    pub(super) fn down_from(decimals: i32) -> Self {
        Self((decimals.min(0) - ZEROS_MAX..=decimals).rev().map(RoundingLevel::new).collect())
    }

    /// Counts a value at every level.
    pub(super) fn add(&mut self, value: &Decimal) {
        self.0.iter_mut().for_each(|level| level.add(&value.integer_at(level.decimals)));
        self.drop_coarser();
    }

    /// Returns whether the finest level is fit, whatever rows follow.
    pub(super) fn is_settled(&self) -> bool {
        self.0.first().is_some_and(RoundingLevel::is_settled)
    }

    /// Returns the decimals of the finest fit level. If there is none, returns the defect of the finest level that some row carries.
    pub(super) fn finest_fit(&self) -> Result<i32, Option<Defect>> {
        if let Some(level) = self.0.iter().find(|level| level.defect().is_none()) {
            return Ok(level.decimals);
        }
        let is_carried = |defect: &Defect| !matches!(defect, Defect::LastDecimal(0));
        Err(self.0.iter().filter_map(RoundingLevel::defect).find(is_carried))
    }

    /// Returns the decimals of the finest level for a group of rows, and the defect of the level above it: the first level if it has no step
    /// of which all but few rows are a whole number apart, else the first one that is fit. A group may have one value, but a column is not
    /// rounded until it has. Returns `None` if there is no such level.
    pub(super) fn finest_fit_in_group(&self) -> Option<(i32, Option<Defect>)> {
        let step = |level: &RoundingLevel| level.steps.defect(&level.unit());
        let is_fit = |(at, level): (usize, &RoundingLevel)| if at == 0 { step(level).is_none() } else { level.defect().is_none() };
        let at = self.0.iter().enumerate().position(is_fit)?;
        Some((self.0[at].decimals, at.checked_sub(1).and_then(|above| step(&self.0[above]))))
    }

    /// Returns the defect of the level with these decimals.
    pub(super) fn defect_at(&self, decimals: i32) -> Option<Defect> {
        self.0.iter().find(|level| level.decimals == decimals)?.defect()
    }

    /// Adds the rows that others have counted; `None` if they are of other levels.
    pub(super) fn merge(&mut self, other: Self) -> Option<()> {
        // one of the two has fewer levels if it found a finer one that is fit
        self.0.truncate(other.0.len());
        self.0.iter_mut().zip(other.0).try_for_each(|(level, other)| level.merge(other))?;
        self.drop_coarser();
        Some(())
    }

    /// Drops the levels below one that stays fit: they will not be chosen.
    fn drop_coarser(&mut self) {
        if let Some(at) = self.0.iter().position(RoundingLevel::is_settled) {
            self.0.truncate(at + 1);
        }
    }
}

impl RoundingLevel {
    /// A level without rows.
    pub(super) fn new(decimals: i32) -> Self {
        Self { decimals, carrying_rows: 0, steps: StepCounters::default() }
    }

    /// The last decimal.
    fn unit(&self) -> Decimal {
        scaled(IBig::ONE, self.decimals.into())
    }

    /// Counts a row by its value in units of the last decimal.
    pub(super) fn add(&mut self, integer: &IBig) {
        if self.carrying_rows < SINGLED_OUT_ROWS_MIN {
            self.carrying_rows += u64::from(remainder(integer, 10) != 0);
        }
        self.steps.add(integer);
    }

    /// Adds the rows that others have counted; `None` if they are of another level.
    pub(super) fn merge(&mut self, other: Self) -> Option<()> {
        self.carrying_rows = self.carrying_rows.saturating_add(other.carrying_rows).min(SINGLED_OUT_ROWS_MIN);
        self.steps.merge(other.steps)?;
        (self.decimals == other.decimals).then_some(())
    }

    /// Whether the level is fit, whatever rows follow.
    fn is_settled(&self) -> bool {
        self.carrying_rows >= SINGLED_OUT_ROWS_MIN && self.steps.is_settled()
    }

    /// Returns why the level is not fit; `None` if it is fit.
    pub(super) fn defect(&self) -> Option<Defect> {
        if self.carrying_rows < SINGLED_OUT_ROWS_MIN {
            return Some(Defect::LastDecimal(self.carrying_rows));
        }
        self.steps.defect(&self.unit())
    }
}

impl Default for StepCounters {
    fn default() -> Self {
        Self(STEPS.map(|_| DominantClassCounter::default()).to_vec())
    }
}

impl StepCounters {
    /// Counts a row by its value in units of the last decimal.
    pub(super) fn add(&mut self, integer: &IBig) {
        if self.is_settled() {
            return;
        }
        for (counter, step) in self.0.iter_mut().zip(STEPS) {
            counter.add_with(|| remainder(integer, step));
        }
        self.settle();
    }

    /// Adds the rows that others have counted; `None` if they are of other steps.
    pub(super) fn merge(&mut self, other: Self) -> Option<()> {
        if other.is_settled() {
            self.0.clear();
            return Some(());
        }
        let mut others = other.0.into_iter();
        for counter in &mut self.0 {
            counter.merge(others.next()?);
        }
        self.settle();
        Some(())
    }

    /// Returns whether no step has a defect, whatever rows follow.
    pub(super) fn is_settled(&self) -> bool {
        self.0.is_empty()
    }

    fn settle(&mut self) {
        if self.0.iter().all(DominantClassCounter::is_enough) {
            self.0.clear();
        }
    }

    /// Returns the smallest step of which all but few rows are a whole number apart. `unit` is that of the rows' integers.
    pub(super) fn defect(&self, unit: &Decimal) -> Option<Defect> {
        let few = |(counter, step): (&DominantClassCounter<u16>, u16)| Some((counter.few_outside().filter(|outside| *outside > 0)?, step));
        let (outside, step) = self.0.iter().zip(STEPS).find_map(few)?;
        Some(Defect::Step(outside, unit.times(&i64::from(step).into())))
    }
}

impl std::fmt::Display for Defect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::LastDecimal(0) => write!(f, "no row has a last decimal other than 0"),
            Self::LastDecimal(rows) => write!(f, "only {} a last decimal other than 0", rows_that(*rows, "has", "have")),
            Self::Step(rows, step) => write!(f, "all but {} whole steps of {step} apart", rows_that(*rows, "are", "are")),
        }
    }
}

/// The remainder of an integer; never negative.
fn remainder(integer: &IBig, step: u16) -> u16 {
    match i64::try_from(integer) {
        Ok(integer) => integer.rem_euclid(step.into()) as u16,
        Err(_) => u16::try_from(integer.rem_euclid(IBig::from(step))).unwrap_or_default(),
    }
}
