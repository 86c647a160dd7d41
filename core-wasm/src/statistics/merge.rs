//! Adding statistics to others of the same columns and terms, and subtracting them.

use super::distribution::Distribution;
use super::types::{Statistics, SummedColumn};
use super::value_grid::ValueGrid;
use super::weighting::WeightSums;
use crate::decimal::Decimal;
use crate::error::{Code, Error, Result, list};
use crate::release_policy::{Shared, in_words};
use crate::terms::Term;

impl Statistics {
    /// Adds the rows of `other`.
    ///
    /// Errors: `statistics-differ`, `capacity`. Nothing changes if there is an error.
    ///
    /// ```
    /// use samefit_core::plan::Plan;
    /// use samefit_core::summarizer::Summarizer;
    ///
    /// let summarize = |csv: &str| {
    ///     let mut summarizer = Summarizer::new(Plan::default())?;
    ///     summarizer.push(csv.as_bytes())?;
    ///     summarizer.finish()
    /// };
    /// let first = summarize("x,y\n1,2.5\n2,4\n")?;
    /// let second = summarize("x,y\n3,7.25\n")?;
    /// let mut sum = first.clone();
    /// sum.merge(&second)?;
    /// assert_eq!(sum, summarize("x,y\n1,2.5\n2,4\n3,7.25\n")?);
    /// sum.subtract(&second)?;
    /// assert_eq!(sum.to_json(), first.to_json());
    /// # Ok::<(), samefit_core::error::Error>(())
    /// ```
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        *self = self.combine(other, 1)?;
        Ok(())
    }

    /// Subtracts the rows of `other`. The result may be impossible, if `other` has rows that were never added:
    /// [`plausible::check`](crate::solve::plausible::check) tells.
    ///
    /// Errors: `statistics-differ`, `capacity`. Nothing changes if there is an error.
    pub fn subtract(&mut self, other: &Self) -> Result<()> {
        *self = self.combine(other, -1)?;
        Ok(())
    }

    /// Returns these statistics plus `sign` (1 or -1) times `other`, whose columns may stand in another order.
    fn combine(&self, other: &Self, sign: i64) -> Result<Self> {
        let other = &*other.in_order_of(self);
        self.check_same_shape(other)?;
        let add = |a: i64, b: i64| b.checked_mul(sign).and_then(|b| a.checked_add(b)).ok_or_else(capacity);
        let signed = |value: &Decimal| if sign < 0 { value.negated() } else { value.clone() };
        let mut moments = self.moments.clone();
        moments.add(&other.moments, sign);
        let weights = self.weights.as_ref().zip(other.weights.as_ref()).map(|(own, others)| WeightSums {
            column: own.column.clone(),
            log_sum: own.log_sum.plus(&signed(&others.log_sum)).normalized(),
        });
        let mut distribution = self.distribution.clone();
        for (own, others) in distribution.iter_mut().flatten().zip(other.distribution.iter().flatten()) {
            own.merge_times(others, sign).ok_or_else(capacity)?;
        }
        Ok(Self {
            columns: self.columns.clone(),
            terms: self.terms.clone(),
            rows: add(self.rows, other.rows)?,
            weights,
            moments: moments.normalized(),
            levels: self.levels.clone().plus(&other.levels, sign)?,
            kept: self.kept.clone(),
            distribution,
            dropped: add(self.dropped, other.dropped)?.max(0),
            shared: self.shared.clone(),
        })
    }

    /// Refuses `other` if its columns, units, categories, levels that are kept, terms, weights, rounding, distribution or grids differ.
    fn check_same_shape(&self, other: &Self) -> Result<()> {
        let names = |s: &Self| s.columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>();
        let terms = |s: &Self| s.terms.iter().map(Term::to_string).collect::<Vec<_>>();
        let (ours, theirs) = (names(self), names(other));
        if ours != theirs {
            return Err(columns_differ(&ours, &theirs));
        }
        if let Some((own, others)) = self.columns.iter().zip(&other.columns).find(|(own, others)| own.unit != others.unit) {
            let unit = |column: &SummedColumn| column.unit.clone().unwrap_or_else(|| "no unit".to_owned());
            let remedy = "summarise both with the same schema; convert the data first if they are in another unit";
            let error = differ("units", &[unit(own)], &[unit(others)], remedy);
            return Err(error.in_column(&own.name));
        }
        let categories = |s: &Self| s.levels.columns().map(str::to_owned).collect::<Vec<_>>();
        if categories(self) != categories(other) {
            let remedy = "summarise both with the same --categories, or with the same schema";
            return Err(differ("categories", &categories(self), &categories(other), remedy));
        }
        let combined = |s: &Self| {
            let columns = |set: &[usize]| set.iter().map(|&at| s.levels.categories[at].column.as_str()).collect::<Vec<_>>().join("*");
            s.levels.combined().map(columns).collect::<Vec<_>>()
        };
        if combined(self) != combined(other) {
            let remedy = "summarise both with the same products of categories in --features or --terms";
            return Err(differ("combinations of categories", &combined(self), &combined(other), remedy));
        }
        let kept = |s: &Self, column: &str| match s.kept.get(column) {
            Some(kept) => kept.levels().map(ToString::to_string).collect(),
            None => vec!["all levels".to_owned()],
        };
        if let Some(column) = self.levels.columns().find(|column| self.kept.get(*column) != other.kept.get(*column)) {
            let remedy = "summarise both with the same --other";
            return Err(differ("levels that are kept", &kept(self, column), &kept(other, column), remedy).in_column(column));
        }
        if terms(self) != terms(other) {
            return Err(differ("terms", &terms(self), &terms(other), "summarise both with the same --terms"));
        }
        let weights = |s: &Self| s.weights.as_ref().map_or_else(|| "no weights".to_owned(), |weights| weights.column.clone());
        if weights(self) != weights(other) || self.weights.is_some() != other.weights.is_some() {
            return Err(differ("weights", &[weights(self)], &[weights(other)], "summarise both with the same --weights"));
        }
        check_shared_alike(self.shared.as_ref(), other.shared.as_ref())?;
        if self.distribution.is_some() != other.distribution.is_some() {
            let has = |s: &Self| vec![if s.distribution.is_some() { "distribution" } else { "no distribution" }.to_owned()];
            return Err(differ("distribution", &has(self), &has(other), "summarise both with or both without --no-distribution"));
        }
        self.check_same_grids(other)
    }

    /// Refuses `other` if other values of a column were counted one by one.
    fn check_same_grids(&self, other: &Self) -> Result<()> {
        let grids = |s: &Self| s.distribution.iter().flatten().map(Distribution::grid).collect::<Vec<_>>();
        let grids = grids(self).into_iter().zip(grids(other));
        let Some((column, (own, others))) = self.columns.iter().zip(grids).find(|(_, (own, others))| own != others) else {
            return Ok(());
        };
        let in_words = |grid: Option<ValueGrid>| vec![grid.map_or_else(|| "none".to_owned(), |grid| grid.to_string())];
        let remedy = "summarise both again with the same schema: its decimals and its plausible ranges say which values are counted";
        Err(differ("values that are counted one by one", &in_words(own), &in_words(others), remedy).in_column(&column.name))
    }
}

/// Refuses two statistics of which only one is made to be shared, or which are rounded differently.
fn check_shared_alike(ours: Option<&Shared>, theirs: Option<&Shared>) -> Result<()> {
    let (Some(own), Some(others)) = (ours, theirs) else {
        if ours == theirs {
            return Ok(());
        }
        let say = |shared: Option<&Shared>| if shared.is_some() { "made to be shared" } else { "not made to be shared" };
        let sentence = format!("the first statistics are {}, these are {}", say(ours), say(theirs));
        let mut error = Error::new(Code::StatisticsDiffer, sentence, "summarise both with --share, or both without");
        (error.found, error.expected) = (Some(say(theirs).to_owned()), Some(say(ours).to_owned()));
        return Err(error);
    };
    // equal columns and terms have equal names, in the same order
    let pairs = own.named().zip(others.named()).map(|((name, own), (_, others))| (name, own, others));
    let differing: Vec<(String, i32, i32)> = pairs.filter(|(_, own, others)| own != others).collect();
    let Some((first, own, others)) = differing.first() else { return Ok(()) };
    let finer = |ours: bool| differing.iter().filter(move |(_, own, others)| (own > others) == ours);
    let flag = |ours: bool| finer(ours).map(|(name, own, others)| format!("{name}={}", own.min(others))).collect::<Vec<_>>().join(",");
    let remedies: Vec<String> = [("the first", true), ("these", false)]
        .iter()
        .filter(|(_, ours)| finer(*ours).next().is_some())
        .map(|(which, ours)| format!("summarise {which} again with --decimals {}", flag(*ours)))
        .collect();
    let sentence = format!("the first statistics are rounded to {}, these to {}", in_words(*own), in_words(*others));
    let mut error = Error::new(Code::StatisticsDiffer, sentence, remedies.join(", and "));
    (error.found, error.expected) = (Some(others.to_string()), Some(own.to_string()));
    Err(error.in_column(first))
}

/// Returns the error of other columns of numbers than those of the tables before.
fn columns_differ(ours: &[String], theirs: &[String]) -> Error {
    let only = |a: &[String], b: &[String]| list(a.iter().filter(|name| !b.contains(name)));
    let (lacking, more) = (only(ours, theirs), only(theirs, ours));
    let sentence = match (lacking.is_empty(), more.is_empty()) {
        (false, true) => format!("the data before have numbers in {lacking}, these have none there"),
        (true, _) => format!("these data have numbers in {more}, those before have none there"),
        (false, false) => format!("the data before have numbers in {lacking}, these in {more}"),
    };
    let mut help = "name the columns that all of them have, with --features or --columns, or give data with the same columns".to_owned();
    if lacking.is_empty() || more.is_empty() {
        // a column may be there, and be empty
        help.push_str("; one that is there without a value can be named too, with --missing drop, which leaves its rows out");
    }
    let mut error = Error::new(Code::StatisticsDiffer, sentence, help);
    error.found = Some(theirs.join(", "));
    error.expected = Some(ours.join(", "));
    error
}

/// Returns the error of two lists of names that differ. `what` they are called.
fn differ(what: &str, ours: &[String], theirs: &[String], remedy: &str) -> Error {
    let only = |a: &[String], b: &[String]| a.iter().filter(|name| !b.contains(name)).cloned().collect::<Vec<_>>();
    let (ours_only, theirs_only) = (only(ours, theirs), only(theirs, ours));
    let say = |names: &[String]| if names.is_empty() { "nothing more".to_owned() } else { list(names) };
    let sentence = format!("the statistics differ in their {what}: the first have {}, these have {}", say(&ours_only), say(&theirs_only));
    let mut error = Error::new(Code::StatisticsDiffer, sentence, remedy);
    error.found = Some(theirs.join(", "));
    error.expected = Some(ours.join(", "));
    error
}

fn capacity() -> Error {
    Error::new(Code::Capacity, format!("a count beyond {}", i64::MAX), "keep the statistics apart")
}
