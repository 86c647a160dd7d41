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
//! Functions of columns and cubes of splines are those of rounded values; functions are rounded again (`computed`).
//!
//! Statistics with categories have sums by level. So the rows of each level, and of each pair of levels, are judged as tables by themselves
//! (`groups`).
//!
//! *Invariants*: the result depends neither on the order of the rows nor on how they were divided: counts of parts add up
//! ([`DisclosureControl::merge`]). At most some dozens of rows are kept for every two terms.
//!
//! *Limits*: steps above 256, and relations between three or more terms that all but few rows obey, are not checked.

use super::columns::{ColumnCounts, ControlledColumn, ControlledProduct, ProductCounts};
use super::computed::{ComputedColumn, ControlledCube, ControlledFunction, KnotRows};
use super::groups::{GroupDecimals, Judge, LevelGroupState, LevelGroups, ListedCategory};
use super::pairs::{Finding, PairChecks, PairChecksState};
use super::rounding_levels::{RoundingLevel, RoundingLevels};
use crate::decimal::Decimal;
use crate::error::{Code, Error, Result, list};
use crate::factors::FactorText;
use crate::functions::Function;
use crate::level::Level;
use crate::ordered::{IntoOrdered, sort_by};
use crate::plan::{ColumnSelection, Plan, Selection};
use crate::release_policy::{
    FUNCTION_DECIMALS, RoundedFunction, SINGLED_OUT_ROWS_MIN, Shared, check_groups, check_rows, check_terms, functions_in,
};
use crate::schema::Plausible;
use crate::statistics::{Derived, Factors};
use dashu_int::IBig;
use serde::{Deserialize, Serialize};

/// Rounds rows and counts what could single out few of them.
pub(crate) struct DisclosureControl {
    mode: Mode,
    columns: Vec<ControlledColumn>,
    /// What is computed of the columns.
    computed: Vec<ComputedColumn>,
    products: Vec<ControlledProduct>,
    /// The rows above each knot.
    knots: KnotRows,
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
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    functions: Vec<RoundingLevel>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    above_knots: Vec<u64>,
    pairs: PairChecksState,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    groups: Vec<LevelGroupState>,
}

/// Refuses a plan that rounds a column without saying how finely it is measured, or to what it is rounded, and one that shares what cannot be
/// judged.
///
/// # Errors
/// `decimals`; `capacity` for too many columns, terms and levels; `plan` for a category without a list of levels.
pub(crate) fn check_plan(plan: &Plan, selection: &Selection) -> Result<()> {
    if !plan.rounds() {
        return Ok(());
    }
    let is_category = |name: &str| plan.is_category(name);
    let terms = selection.numeric_terms(is_category);
    let ColumnSelection::Named { columns, .. } = &selection.columns else {
        let sentence = "the columns to share are not named, nor how finely each is measured";
        return Err(Error::new(Code::Decimals, sentence, "give a schema that has `decimals` for each column, or --columns and --decimals"));
    };
    let functions = functions_in(&terms);
    let is_function = |name: &String| function_of(name).is_some_and(|function| functions.contains(&function));
    let mut named = plan.decimals.iter().flat_map(|decimals| decimals.keys());
    if let Some(name) = named.find(|name| !columns.contains(name) && !is_function(name)) {
        let sentence = "decimals are given for a column or a function that is not summed";
        return Err(Error::new(Code::Decimals, sentence, "correct its name").in_column(name));
    }
    let (categories, numbers): (Vec<&String>, Vec<&String>) = columns.iter().partition(|name| is_category(name));
    if let Some(name) = categories.iter().find(|name| plan.decimals.as_ref().is_some_and(|decimals| decimals.contains_key(**name))) {
        let sentence = "decimals are given for a category, which is not rounded";
        return Err(Error::new(Code::Decimals, sentence, "leave its decimals out").in_column(name));
    }
    if plan.share {
        check_terms(numbers.len() + terms.len())?;
        let levels = categories.iter().map(|name| possible_levels(plan, name)).collect::<Result<Vec<_>>>()?;
        let groups = LevelGroups::judged(&levels);
        check_groups(groups, numbers.len() + terms.len())?;
    }
    if let Some((column, function)) = functions.iter().find(|(column, function)| function_decimals(plan, column, *function).is_none()) {
        let sentence = "`shared` does not say how the function is rounded";
        let help = "add it to `functions` of `shared`, or leave the term out";
        return Err(Error::new(Code::Decimals, sentence, help).in_column(&format!("{function}({column})")));
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

/// Returns the number of levels that the rows of a category that is to be shared can have.
fn possible_levels(plan: &Plan, category: &str) -> Result<usize> {
    let possible = plan.possible_levels(category).ok_or_else(|| {
        let sentence = "the column is a category whose values are not known before the data are read";
        let help = format!(
            "list its values as `categories` in the schema, name those to keep with --other {category}=LEVEL,LEVEL, or leave the column out"
        );
        Error::new(Code::Plan, sentence, help).in_column(category)
    })?;
    Ok(possible.levels().len())
}

/// The decimals of a column before the first row: those of `shared`, else those that the plan or the schema gives.
fn initial_decimals(plan: &Plan, name: &str) -> Option<i32> {
    if let Some(shared) = &plan.shared {
        return shared.decimals.get(name).copied();
    }
    let measured = plan.schema.as_ref().and_then(|schema| schema.decimals(name)).and_then(|decimals| i32::try_from(decimals).ok());
    plan.decimals.as_ref().and_then(|decimals| decimals.get(name).copied()).or(measured)
}

/// The decimals of a function: those of `shared`, else those that the plan gives, else [`FUNCTION_DECIMALS`]. `None` if `shared` lacks it.
pub(crate) fn function_decimals(plan: &Plan, column: &str, function: Function) -> Option<i32> {
    if let Some(shared) = &plan.shared {
        return shared.function(column, function);
    }
    let is_meant = |name: &str| function_of(name).is_some_and(|(of, other)| of == column && other == function);
    let mut given = plan.decimals.iter().flatten().filter(|(name, _)| is_meant(name));
    Some(given.next().map_or(FUNCTION_DECIMALS, |(_, decimals)| *decimals))
}

/// Returns the function that a text such as `ln(tg)` means, after its column.
fn function_of(text: &str) -> Option<(String, Function)> {
    match FactorText::parse(text).ok()? {
        (FactorText::Function(function, column), 1) => Some((column, function)),
        _ => None,
    }
}

impl DisclosureControl {
    /// Control of the columns of numbers and the categories with these names, of what is computed of the columns, and of terms beyond them.
    /// [`check_plan`] has accepted the plan.
    pub(crate) fn new(
        plan: &Plan,
        names: &[String],
        categories: &[String],
        derived: &[Derived],
        terms: impl Iterator<Item = (String, Factors)>,
    ) -> Self {
        let mode = match (plan.share, &plan.shared) {
            (true, None) => Mode::ChooseDecimals,
            (true, Some(_)) => Mode::Release,
            (false, _) => Mode::ReapplyRounding,
        };
        let products: Vec<ControlledProduct> =
            terms.map(|(name, factors)| ControlledProduct { name, factors, counts: ProductCounts::default() }).collect();
        let columns: Vec<ControlledColumn> = names.iter().map(|name| controlled_column(plan, mode, name)).collect();
        let computed: Vec<ComputedColumn> = derived.iter().map(|derived| computed_column(&columns, derived)).collect();
        let knots = KnotRows::new(&computed, names.len());
        let factors = || products.iter().map(|product| product.factors.clone());
        let groups = match mode {
            Mode::ReapplyRounding => LevelGroups::default(),
            Mode::ChooseDecimals => listed(plan, categories, Judge::Decimals(columns.iter().map(|column| column.decimals).collect())),
            Mode::Release => listed(plan, categories, Judge::Pairs(names.len(), factors().collect(), knots.clone())),
        };
        let pairs = match mode {
            Mode::Release if groups.is_empty() => PairChecks::new(names.len(), factors()),
            _ => PairChecks::default(),
        };
        Self { mode, columns, computed, products, knots, pairs, groups, target: plan.target().map(str::to_owned), rows: 0 }
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
        let mut integers: Vec<IBig> = self.columns.iter().zip(values).map(|(column, value)| value.integer_at(column.decimals)).collect();
        let rounded: Vec<Decimal> = self.columns.iter().zip(&integers).map(|(column, integer)| column.rounded(integer)).collect();
        for computed in &self.computed {
            let of = computed.of();
            let integer = computed.integer(&rounded, &integers);
            integers
                .push(integer.map_err(|error| undefined(error, &values[of], &rounded[of]).at_row(row).in_column(&self.columns[of].name))?);
        }
        if self.mode == Mode::Release {
            for (at, column) in self.columns.iter_mut().enumerate() {
                column.count_rounded(&values[at], &rounded[at], &integers[at]);
            }
            for (computed, integer) in self.computed.iter_mut().zip(&integers[self.columns.len()..]) {
                if let ComputedColumn::Function(function) = computed {
                    function.level.add(integer);
                }
            }
            self.knots.add(&integers);
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
        let functions = self.computed.into_iter().filter_map(|computed| match computed {
            ComputedColumn::Function(function) => Some(function.level),
            ComputedColumn::Cube(_) => None,
        });
        DisclosureState {
            rows: self.rows,
            columns,
            products,
            functions: functions.collect(),
            above_knots: self.knots.rows,
            pairs: self.pairs.into_state(),
            groups: self.groups.into_state(),
        }
    }

    /// Adds the counts of other rows; `None` if they are of other columns or terms.
    pub(crate) fn merge(&mut self, state: DisclosureState) -> Option<()> {
        let functions = self.computed.iter_mut().filter_map(|computed| match computed {
            ComputedColumn::Function(function) => Some(function),
            ComputedColumn::Cube(_) => None,
        });
        let functions: Vec<&mut ControlledFunction> = functions.collect();
        if state.columns.len() != self.columns.len()
            || state.products.len() != self.products.len()
            || state.functions.len() != functions.len()
        {
            return None;
        }
        functions.into_iter().zip(state.functions).try_for_each(|(function, other)| function.level.merge(other))?;
        self.knots.merge(&state.above_knots)?;
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
        let (mut shared, mut notes) = (Shared { functions: self.rounded_functions(), ..Shared::default() }, Vec::new());
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
        Ok(Shared {
            decimals: self.columns.iter().map(|column| (column.name.clone(), column.decimals)).into_map(),
            functions: self.rounded_functions(),
        })
    }

    /// How the functions are rounded, by column.
    fn rounded_functions(&self) -> Vec<RoundedFunction> {
        let functions = self.computed.iter().filter_map(ComputedColumn::function).map(|function| RoundedFunction {
            column: self.columns[function.of].name.clone(),
            function: function.function,
            decimals: function.decimals,
        });
        let mut functions: Vec<RoundedFunction> = functions.collect();
        sort_by(&mut functions, Ord::cmp);
        functions
    }

    /// Returns notes on the columns of which rounding changed values.
    pub(crate) fn notes(&self) -> impl Iterator<Item = Error> {
        self.columns.iter().filter_map(|column| column.rounded_note(self.rows))
    }

    /// Refuses too few rows.
    fn check_counts(&self) -> Result<()> {
        let terms = self.columns.len() + self.products.len();
        check_rows(self.rows, terms)?;
        self.knots.check(terms, None)?;
        self.groups.check_rows(terms)
    }

    fn check(&mut self) -> Result<()> {
        self.check_counts()?;
        self.columns.iter().try_for_each(ControlledColumn::check)?;
        self.computed.iter().filter_map(ComputedColumn::function).try_for_each(ControlledFunction::check)?;
        let of_columns = self.columns.iter().map(|column| column.rounded(&IBig::ONE));
        let units: Vec<Decimal> = of_columns.chain(self.computed.iter().map(ComputedColumn::unit)).collect();
        self.products.iter().try_for_each(|product| product.check(&units))?;
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
            let column = self.columns.get(*term).map(|column| (&column.name, column.decimals));
            let (name, decimals) = column.or_else(|| self.function_at(*term)).filter(|(_, decimals)| *decimals > 0)?;
            Some(format!("{name}={}", decimals - 1))
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

    /// The name and the decimals of a term that is a function.
    fn function_at(&self, term: usize) -> Option<(&String, i32)> {
        let product = self.products.get(term.checked_sub(self.columns.len())?)?;
        let [(at, 1)] = product.factors[..] else { return None };
        let function = self.computed.get(at.checked_sub(self.columns.len())?)?.function()?;
        Some((&function.name, function.decimals))
    }

    /// The name of a term: columns come first, then products.
    fn name(&self, term: usize) -> &str {
        let product = || term.checked_sub(self.columns.len()).and_then(|at| self.products.get(at));
        self.columns.get(term).map(|column| &column.name).or_else(|| product().map(|product| &product.name)).map_or("", String::as_str)
    }
}

/// The groups of these categories, whose levels are known.
fn listed(plan: &Plan, categories: &[String], judge: Judge) -> LevelGroups {
    let category = |name: &String| ListedCategory { name: name.clone(), levels: plan.possible_levels(name).unwrap_or_default() };
    LevelGroups::new(categories.iter().map(category).collect(), judge)
}

/// What is computed of columns whose decimals are known.
fn computed_column(columns: &[ControlledColumn], derived: &Derived) -> ComputedColumn {
    match derived {
        Derived::Function { function, column, decimals } => {
            let decimals = decimals.unwrap_or(FUNCTION_DECIMALS);
            ComputedColumn::Function(ControlledFunction {
                name: format!("{function}({})", columns[*column].name),
                function: *function,
                of: *column,
                decimals,
                level: RoundingLevel::new(decimals),
            })
        }
        Derived::Cube(column, knot) => {
            let of = &columns[*column];
            ComputedColumn::Cube(ControlledCube::new(*column, &of.name, of.decimals, knot))
        }
    }
}

/// The error of a function that is not defined for a rounded value.
fn undefined(error: Error, value: &Decimal, rounded: &Decimal) -> Error {
    let help = format!("leave the row or the function out: {value} is rounded to {rounded} before it is shared");
    if value == rounded { error } else { Error { help, ..error } }
}

fn controlled_column(plan: &Plan, mode: Mode, name: &str) -> ControlledColumn {
    // `check_plan` has refused unknown decimals
    let decimals = initial_decimals(plan, name).unwrap_or_default();
    let plausible = plan.schema.as_ref().filter(|_| mode != Mode::ReapplyRounding).and_then(|schema| schema.plausible(name));
    let (min, max) = plausible.map_or((None, None), Plausible::ends);
    let levels = if mode == Mode::ChooseDecimals { RoundingLevels::down_from(decimals) } else { RoundingLevels::only(decimals) };
    ControlledColumn { name: name.to_owned(), decimals, min, max, counts: ColumnCounts::new(levels) }
}
