//! Rounds the rows of statistics that are to be shared, and decides whether their exact sums may be released.
//!
//! An exact sum has a last digit. Suppose that every value of a column is a multiple of ten, except for one row. Then the sum of the column's
//! products with another column has the last digit of that row's product alone, and tells that row's value of the other column. The same
//! holds for any step instead of ten: all numbers are even except for one row, or all are quarters except for one tenth. So a column is
//! rounded until its last decimal is carried by enough rows ([`SINGLED_OUT_ROWS_MIN`]), and no step has
//! too few rows apart (`levels`).
//!
//! The decimals must be known before the first row is summed. So there are two passes over the data. The first chooses the decimals. The
//! second rounds and sums the rows, and checks the rounded rows, their products, and terms two by two (`pairs`). A third mode repeats a known
//! rounding and checks nothing: for rows to forget, and for a model that is trained again.
//!
//! Statistics with categories have sums by level. So the rows of each level, and of each pair of levels, are judged as tables by themselves
//! (`groups`).
//!
//! *Invariants*: the result depends neither on the order of the rows nor on how they were divided: counts of parts add up
//! ([`DisclosureControl::merge`]). At most some dozens of rows are kept for every two terms.
//!
//! *Limits*: steps above 256, and relations between three or more terms that all but few rows obey, are not checked.

use super::columns::{ColumnCounts, ControlledColumn, ControlledProduct, ProductCounts};
use super::groups::{GroupDecimals, Judge, LevelGroupState, LevelGroups, ListedCategory};
use super::pairs::{Finding, PairChecks, PairChecksState};
use super::rounding_levels::RoundingLevels;
use crate::decimal::Decimal;
use crate::error::{Code, Error, Result, list};
use crate::level::Level;
use crate::plan::{ColumnSelection, Plan, Selection};
use crate::release_policy::{SINGLED_OUT_ROWS_MIN, Shared, check_groups, check_rows, check_terms};
use crate::schema::Plausible;
use crate::statistics::Factors;
use crate::terms::{Term, Variable};
use dashu_int::IBig;
use serde::{Deserialize, Serialize};

/// Rounds rows and counts what could single out few of them.
pub(crate) struct DisclosureControl {
    mode: Mode,
    columns: Vec<ControlledColumn>,
    products: Vec<ControlledProduct>,
    /// Checks of every two terms; empty but for [`Mode::Release`] without categories.
    pairs: PairChecks,
    /// The rows by level; empty without categories.
    groups: LevelGroups,
    target: Option<String>,
    rows: i64,
}

/// What happens to the rows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// The first pass: rows are counted and not summed.
    ChooseDecimals,
    /// The second pass: rows are rounded, checked and summed.
    Release,
    /// Rows are rounded and summed, without a check.
    ReapplyRounding,
}

/// The counts of one [`DisclosureControl`], for another to [merge](DisclosureControl::merge).
#[derive(Serialize, Deserialize)]
pub(crate) struct DisclosureState {
    rows: i64,
    columns: Vec<ColumnCounts>,
    products: Vec<ProductCounts>,
    pairs: PairChecksState,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    groups: Vec<LevelGroupState>,
}

/// Refuses a plan that rounds a column without saying how finely it is measured, or to what it is rounded, and one that shares what cannot be
/// judged.
///
/// # Errors
/// `decimals`; `capacity` for too many columns, terms and levels; `plan` for a function or a spline, and for a category without a list of
/// levels.
pub(crate) fn check_plan(plan: &Plan, selection: &Selection) -> Result<()> {
    if !plan.rounds() {
        return Ok(());
    }
    let is_category = |name: &str| plan.is_category(name);
    let terms = selection.numeric_terms(is_category);
    terms.iter().try_for_each(check_is_product)?;
    let ColumnSelection::Named { columns, .. } = &selection.columns else {
        let sentence = "the columns to share are not named, nor how finely each is measured";
        return Err(Error::new(Code::Decimals, sentence, "give a schema that has `decimals` for each column, or --columns and --decimals"));
    };
    if let Some(name) = plan.decimals.iter().flat_map(|decimals| decimals.keys()).find(|name| !columns.contains(name)) {
        return Err(Error::new(Code::Decimals, "decimals are given for a column that is not summed", "correct its name").in_column(name));
    }
    let (categories, numbers): (Vec<&String>, Vec<&String>) = columns.iter().partition(|name| is_category(name));
    if let Some(name) = categories.iter().find(|name| plan.decimals.as_ref().is_some_and(|decimals| decimals.contains_key(**name))) {
        let sentence = "decimals are given for a category, which is not rounded";
        return Err(Error::new(Code::Decimals, sentence, "leave its decimals out").in_column(name));
    }
    if plan.share {
        check_terms(numbers.len() + terms.len())?;
        let levels = categories.iter().map(|name| levels_in_schema(plan, name)).collect::<Result<Vec<_>>>()?;
        let groups = LevelGroups::judged(&levels);
        check_groups(groups, numbers.len() + terms.len())?;
    }
    let unknown: Vec<&String> = numbers.into_iter().filter(|name| initial_decimals(plan, name).is_none()).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let flag = unknown.iter().map(|name| format!("{name}=0")).collect::<Vec<_>>().join(",");
    let sentence = format!("it is not known how finely these columns are measured: {}", list(&unknown));
    let help = format!("give `decimals` for each column and the target in the schema, or for instance --decimals {flag}");
    Err(Error::new(Code::Decimals, sentence, help))
}

/// Refuses a term that is no product of columns: it has digits that no column has, and they are not judged.
fn check_is_product(term: &Term) -> Result<()> {
    let Some(variable) = term.factors.iter().map(|(variable, _)| variable).find(|variable| !matches!(variable, Variable::Column(_))) else {
        return Ok(());
    };
    let what = if matches!(variable, Variable::Cube { .. }) { "splines" } else { "functions of columns" };
    let sentence = format!("sums of {what} cannot be shared, because their last digits are not judged");
    let help =
        format!("share the column itself; or compute a column of its values, rounded, and share that instead of `{}`", variable.column());
    Err(Error::new(Code::Plan, sentence, help).in_column(&term.to_string()))
}

/// Returns the number of levels that the schema lists for a category that is to be shared.
fn levels_in_schema(plan: &Plan, category: &str) -> Result<usize> {
    let listed = plan.listed_levels(category).ok_or_else(|| {
        let sentence = "the column is a category whose values are not known before the data are read";
        Error::new(Code::Plan, sentence, "list its values as `categories` in the schema, or leave the column out").in_column(category)
    })?;
    Ok(listed.levels().len())
}

/// The decimals of a column before the first row: those of `shared`, else those that the plan or the schema gives.
fn initial_decimals(plan: &Plan, name: &str) -> Option<i32> {
    if let Some(shared) = &plan.shared {
        return shared.decimals.get(name).copied();
    }
    let measured = plan.schema.as_ref().and_then(|schema| schema.decimals(name)).and_then(|decimals| i32::try_from(decimals).ok());
    plan.decimals.as_ref().and_then(|decimals| decimals.get(name).copied()).or(measured)
}

impl DisclosureControl {
    /// Control of the columns of numbers and the categories with these names, and of terms beyond them. [`check_plan`] has accepted the plan.
    pub(crate) fn new(plan: &Plan, names: &[String], categories: &[String], terms: impl Iterator<Item = (String, Factors)>) -> Self {
        let mode = match (plan.share, &plan.shared) {
            (true, None) => Mode::ChooseDecimals,
            (true, Some(_)) => Mode::Release,
            (false, _) => Mode::ReapplyRounding,
        };
        let products: Vec<ControlledProduct> =
            terms.map(|(name, factors)| ControlledProduct { name, factors, counts: ProductCounts::default() }).collect();
        let columns: Vec<ControlledColumn> = names.iter().map(|name| controlled_column(plan, mode, name)).collect();
        let factors = || products.iter().map(|product| product.factors.clone());
        let groups = match mode {
            Mode::ReapplyRounding => LevelGroups::default(),
            Mode::ChooseDecimals => listed(plan, categories, Judge::Decimals(columns.iter().map(|column| column.decimals).collect())),
            Mode::Release => listed(plan, categories, Judge::Pairs(names.len(), factors().collect())),
        };
        let pairs = match mode {
            Mode::Release if groups.is_empty() => PairChecks::new(names.len(), factors()),
            _ => PairChecks::default(),
        };
        Self { mode, columns, products, pairs, groups, target: plan.target().map(str::to_owned), rows: 0 }
    }

    /// Counts a row, with its values and its level of each category. Returns the rounded values to sum; `None` if the row is not summed.
    ///
    /// # Errors
    /// `implausible`.
    pub(crate) fn round<'a>(
        &mut self,
        row: u64,
        values: &[Decimal],
        levels: impl Iterator<Item = &'a Level>,
    ) -> Result<Option<Vec<Decimal>>> {
        self.rows += 1;
        for (column, value) in self.columns.iter().zip(values) {
            column.check_plausible(value).map_err(|error| error.at_row(row).in_column(&column.name))?;
        }
        if self.mode == Mode::ChooseDecimals {
            self.columns.iter_mut().zip(values).for_each(|(column, value)| column.count_measured(value));
            self.groups.count_measured(levels, values);
            return Ok(None);
        }
        let integers: Vec<IBig> = self.columns.iter().zip(values).map(|(column, value)| value.integer_at(column.decimals)).collect();
        let rounded: Vec<Decimal> = self.columns.iter().zip(&integers).map(|(column, integer)| column.rounded(integer)).collect();
        if self.mode == Mode::Release {
            for (at, column) in self.columns.iter_mut().enumerate() {
                column.count_rounded(&values[at], &rounded[at], &integers[at]);
            }
            self.products.iter_mut().for_each(|product| product.count(&integers));
            self.pairs.add(&integers);
            self.groups.count_rounded(levels, &integers);
        }
        Ok(Some(rounded))
    }

    /// Returns all counts.
    pub(crate) fn into_state(self) -> DisclosureState {
        let columns = self.columns.into_iter().map(|column| column.counts).collect();
        let products = self.products.into_iter().map(|product| product.counts).collect();
        DisclosureState { rows: self.rows, columns, products, pairs: self.pairs.into_state(), groups: self.groups.into_state() }
    }

    /// Adds the counts of other rows; `None` if they are of other columns or terms.
    pub(crate) fn merge(&mut self, state: DisclosureState) -> Option<()> {
        if state.columns.len() != self.columns.len() || state.products.len() != self.products.len() {
            return None;
        }
        self.rows = self.rows.checked_add(state.rows)?;
        self.columns.iter_mut().zip(state.columns).try_for_each(|(column, other)| column.counts.merge(other))?;
        self.products.iter_mut().zip(state.products).try_for_each(|(product, other)| product.counts.merge(other))?;
        self.pairs.merge(state.pairs)?;
        self.groups.merge(state.groups)
    }

    /// Ends the first pass. Returns the decimals of each column, and notes on columns that are coarser than they are measured.
    ///
    /// # Errors
    /// `plan` if this is not the first pass; `too-few-to-share`; `singled-out`.
    pub(crate) fn choose_decimals(&self) -> Result<(Shared, Vec<Error>)> {
        if self.mode != Mode::ChooseDecimals {
            let sentence = "the plan has `shared`, or no `share`, so no decimals are chosen";
            return Err(Error::new(Code::Plan, sentence, "choose decimals with `share` and without `shared`"));
        }
        self.check_counts()?;
        let (mut shared, mut notes) = (Shared::default(), Vec::new());
        for (at, column) in self.columns.iter().enumerate() {
            let of_all = column.choose_decimals()?;
            let of_groups = self.groups.decimals(at, column)?.filter(|group| group.decimals < of_all);
            let (decimals, note) = match of_groups {
                None => (of_all, column.coarser_note(of_all)),
                Some(GroupDecimals { decimals, rows, defect }) => {
                    (decimals, defect.map(|defect| column.coarser_among_note(decimals, &rows, &defect)))
                }
            };
            shared.decimals.insert(column.name.clone(), decimals);
            notes.extend(note);
        }
        Ok((shared, notes))
    }

    /// Ends the second pass. Returns how the rows were rounded, if their sums may be released.
    ///
    /// # Errors
    /// `plan` if this is the first pass; `too-few-to-share`; `singled-out`.
    pub(crate) fn release(&mut self) -> Result<Shared> {
        match self.mode {
            Mode::ChooseDecimals => {
                let sentence = "the first of two passes chooses decimals and sums nothing";
                return Err(Error::new(Code::Plan, sentence, "give the chosen decimals as `shared` in a second pass"));
            }
            Mode::Release => self.check()?,
            Mode::ReapplyRounding => {}
        }
        Ok(Shared { decimals: self.columns.iter().map(|column| (column.name.clone(), column.decimals)).collect() })
    }

    /// Returns notes on the columns of which rounding changed values.
    pub(crate) fn notes(&self) -> impl Iterator<Item = Error> {
        self.columns.iter().filter_map(|column| column.rounded_note(self.rows))
    }

    /// Refuses too few rows.
    fn check_counts(&self) -> Result<()> {
        let terms = self.columns.len() + self.products.len();
        check_rows(self.rows, terms)?;
        self.groups.check_rows(terms)
    }

    fn check(&mut self) -> Result<()> {
        self.check_counts()?;
        self.columns.iter().try_for_each(ControlledColumn::check)?;
        self.products.iter().try_for_each(|product| product.check(&self.columns))?;
        let findings = self.pairs.findings();
        findings.first().map_or(Ok(()), |first| Err(self.singled_out(first, None, &findings)))?;
        let of_groups = self.groups.findings();
        let Some((group, first)) = of_groups.first().and_then(|(group, findings)| Some((group, findings.first()?))) else { return Ok(()) };
        let all: Vec<Finding> = of_groups.iter().flat_map(|(_, findings)| findings).copied().collect();
        Err(self.singled_out(first, Some(group), &all))
    }

    /// The error of the first of all findings. `group` are the rows in which it is found, if they are not all rows.
    fn singled_out(&self, first: &Finding, group: Option<&str>, all: &[Finding]) -> Error {
        let (x, y) = first.terms;
        let (rows, prime) = (first.rows, first.prime);
        let rows_text = if rows == 1 { "1 row".to_owned() } else { format!("{rows} rows") };
        let (name, sums) = match x == y {
            true => (self.name(x).to_owned(), "its sum and the sum of its squares"),
            false => (format!("{}*{}", self.name(x), self.name(y)), "the sums of these two and of their products"),
        };
        let of = group.map_or_else(String::new, |group| format!(" among {group}"));
        let sentence = format!("{sums} would single out {rows_text}{of}, by their remainders modulo powers of {prime}");
        let mut error = Error::new(Code::SingledOut, sentence, self.help(all)).in_column(&name);
        error.found = Some(rows.to_string());
        error.expected = Some(format!("none, or at least {SINGLED_OUT_ROWS_MIN}"));
        error
    }

    /// Returns what to leave out, or to round, so that none of these is found again. All of it is needed.
    fn help(&self, findings: &[Finding]) -> String {
        let left_out = self.terms_to_leave_out(findings);
        let names = left_out.iter().map(|term| format!("`{}`", self.name(*term))).collect::<Vec<_>>().join(", ");
        let coarser = |term: &usize| {
            let column = self.columns.get(*term).filter(|column| column.decimals > 0)?;
            Some(format!("{}={}", column.name, column.decimals - 1))
        };
        let flags: Option<Vec<String>> = left_out.iter().map(coarser).collect();
        let or = flags.map_or_else(String::new, |flags| format!(", or round coarser: --decimals {}", flags.join(",")));
        let categories = self.groups.categories().map(|name| format!("`{name}`")).collect::<Vec<_>>();
        let or_levels = if categories.is_empty() { String::new() } else { format!(", or merge levels of {}", categories.join(" or ")) };
        format!("leave out {names}{or}{or_levels}")
    }

    /// Terms such that each finding has one of them, in order. First come terms that are found alone, then those that are found often, and
    /// last the target.
    fn terms_to_leave_out(&self, findings: &[Finding]) -> Vec<usize> {
        let mut pairs: Vec<(usize, usize)> = findings.iter().map(|finding| finding.terms).collect();
        let mut left_out = Vec::new();
        while !pairs.is_empty() {
            // whether the term is found alone, how often it is found, and whether it is not the target
            let mut ranks = vec![(false, 0, false); self.columns.len() + self.products.len()];
            for &(x, y) in &pairs {
                ranks[x].0 |= x == y;
                ranks[x].1 += 1;
                ranks[y].1 += 1;
            }
            ranks.iter_mut().enumerate().for_each(|(term, rank)| rank.2 = self.target.as_deref() != Some(self.name(term)));
            let Some(term) = (0..ranks.len()).rev().max_by_key(|term| ranks[*term]) else { break };
            pairs.retain(|&(x, y)| x != term && y != term);
            left_out.push(term);
        }
        left_out.sort_unstable();
        left_out
    }

    /// The name of a term: columns come first, then products.
    fn name(&self, term: usize) -> &str {
        let product = || term.checked_sub(self.columns.len()).and_then(|at| self.products.get(at));
        self.columns.get(term).map(|column| &column.name).or_else(|| product().map(|product| &product.name)).map_or("", String::as_str)
    }
}

/// The groups of these categories, whose levels the schema lists.
fn listed(plan: &Plan, categories: &[String], judge: Judge) -> LevelGroups {
    let category = |name: &String| ListedCategory { name: name.clone(), levels: plan.listed_levels(name).unwrap_or_default() };
    LevelGroups::new(categories.iter().map(category).collect(), judge)
}

fn controlled_column(plan: &Plan, mode: Mode, name: &str) -> ControlledColumn {
    // `check_plan` has refused unknown decimals
    let decimals = initial_decimals(plan, name).unwrap_or_default();
    let plausible = plan.schema.as_ref().filter(|_| mode != Mode::ReapplyRounding).and_then(|schema| schema.plausible(name));
    let (min, max) = plausible.map_or((None, None), Plausible::ends);
    let levels = if mode == Mode::ChooseDecimals { RoundingLevels::down_from(decimals) } else { RoundingLevels::only(decimals) };
    ControlledColumn { name: name.to_owned(), decimals, min, max, counts: ColumnCounts::new(levels) }
}
