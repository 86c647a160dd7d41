//! Rows that are to be shared to rounded ones, and a verdict on whether their exact sums would tell of single rows.
//!
//! An exact sum has a last digit. Where a column is made of multiples of ten but for one row, the sum of its products with another column has
//! the last digit of that row's product alone, and so gives that row's value of the other column away. What holds of ten holds of any step:
//! even numbers but for one odd row, quarters but for one tenth. So a column is rounded to a decimal that enough rows carry
//! ([`APART_ROWS_MIN`]), and at which for no [step](STEPS) all but fewer rows are whole steps apart.
//!
//! The decimals must be known before the first row is summed. So there are two passes: the first *surveys* the rows and names the
//! decimals; the second *releases* the sums of rounded rows, after it has checked the same of them, of their products, and of terms two by
//! two ([`Pairs`]). A third way rounds alike and checks nothing: rows to be forgotten, and rows of a model that is trained again.
//!
//! *Invariants*: counts are kept, and remainders of some dozens of rows at most for each two terms; those of parts add up
//! ([`Sharing::absorb`]), in any order.
//!
//! *Limits*: [`LEVELS_BELOW`] zeros before the point. What the sums of two terms tell together is for `pairs` to say; steps above 256, and
//! relations between three terms or more that all but few rows obey, are not looked for.

use super::pairs::{self, Finding, Pairs};
use super::spread::Spread;
use crate::decimal::{Decimal, scaled};
use crate::disclosure::policy::{APART_ROWS_MIN, Shared, check_rows, check_terms, in_words};
use crate::error::{Code, Error, Result, list};
use crate::plan::{Columns, Plan, Wanted};
use crate::schema::Plausible;
use crate::statistics::Factors;
use dashu_base::RemEuclid;
use dashu_int::IBig;
use samefit_kernels::spans::{PRIME_POWERS, prime_powers};
use serde::{Deserialize, Serialize};

/// Zeros before the point to which a column may be rounded.
const LEVELS_BELOW: i32 = 9;

/// Powers of primes suffice: what is no multiple of a product is no multiple of one of the powers of primes in it.
const STEPS: [u16; PRIME_POWERS] = prime_powers();

/// Rounds rows, and watches them.
pub(crate) struct Sharing {
    task: Task,
    columns: Vec<Column>,
    products: Vec<Product>,
    /// What the second pass finds of the terms, two by two.
    pairs: Pairs,
    target: Option<String>,
    rows: i64,
}

/// What is done with the rows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Task {
    /// They are looked at, and not summed.
    Survey,
    /// They are rounded, watched and summed.
    Release,
    /// They are rounded and summed as others were.
    Alike,
}

/// A column that is watched.
struct Column {
    name: String,
    /// What values are rounded to; what they are measured with, where that is not known yet.
    decimals: i32,
    least: Option<Decimal>,
    greatest: Option<Decimal>,
    watch: Watch,
}

/// What was seen of a column.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Watch {
    /// Rows by value, at the first level.
    values: Spread<String>,
    /// Levels of rounding, each coarser than the one before.
    levels: Vec<Level>,
    /// Values that rounding changed.
    changed: u64,
}

/// What was seen of a column that is rounded to so many decimals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Level {
    decimals: i32,
    /// Rows with a last decimal other than zero, up to [`APART_ROWS_MIN`].
    carrying: u64,
    steps: Steps,
}

/// For each of [`STEPS`], the rows by remainder; empty once each has enough rows apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Steps(Vec<Spread<u16>>);

/// A term beyond the columns that is watched.
struct Product {
    name: String,
    factors: Factors,
    watch: ProductWatch,
}

/// What was seen of a product of columns.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct ProductWatch {
    values: Spread<String>,
    steps: Steps,
}

/// All that was seen, for another to [absorb](Sharing::absorb).
#[derive(Serialize, Deserialize)]
pub(crate) struct Part {
    rows: i64,
    columns: Vec<Watch>,
    products: Vec<ProductWatch>,
    pairs: pairs::Part,
}

/// Why a level does not do.
enum Reason {
    /// So few rows carry its last decimal.
    Carried(u64),
    /// All but so few rows are whole steps apart.
    Step(u64, Decimal),
}

/// Refuses a plan that says of a column neither how finely it is measured nor how it is rounded.
pub(crate) fn check(plan: &Plan, wanted: &Wanted) -> Result<()> {
    if !plan.rounds() {
        return Ok(());
    }
    let Columns::Named { columns, .. } = &wanted.columns else {
        let sentence = "what is shared must be named, with how finely it is measured";
        return Err(Error::new(Code::Decimals, sentence, "give a schema that has `decimals` for each column, or --columns and --decimals"));
    };
    if let Some(name) = plan.decimals.iter().flat_map(|decimals| decimals.keys()).find(|name| !columns.contains(name)) {
        return Err(Error::new(Code::Decimals, "decimals are given for a column that is not summed", "correct its name").in_column(name));
    }
    if plan.share {
        check_terms(columns.len() + wanted.terms.len())?;
    }
    let unknown: Vec<&String> = columns.iter().filter(|name| decimals(plan, name).is_none()).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let flag = unknown.iter().map(|name| format!("{name}=0")).collect::<Vec<_>>().join(",");
    let sentence = format!("nobody says how finely these columns are measured: {}", list(&unknown));
    let remedy = format!("give `decimals` for each column and the target in the schema, or for instance --decimals {flag}");
    Err(Error::new(Code::Decimals, sentence, remedy))
}

/// The decimals that a column begins with.
fn decimals(plan: &Plan, name: &str) -> Option<i32> {
    if let Some(shared) = &plan.shared {
        return shared.decimals.get(name).copied();
    }
    let measured = plan.schema.as_ref().and_then(|schema| schema.decimals(name)).and_then(|decimals| i32::try_from(decimals).ok());
    plan.decimals.as_ref().and_then(|decimals| decimals.get(name).copied()).or(measured)
}

impl Sharing {
    /// For columns with these names, and terms beyond them.
    pub(crate) fn new(plan: &Plan, names: &[String], terms: impl Iterator<Item = (String, Factors)>) -> Self {
        let task = match (plan.share, &plan.shared) {
            (true, None) => Task::Survey,
            (true, Some(_)) => Task::Release,
            (false, _) => Task::Alike,
        };
        let column = |name: &String| {
            // `check` has seen to it that it is known
            let decimals = decimals(plan, name).unwrap_or_default();
            let plausible = plan.schema.as_ref().filter(|_| task != Task::Alike).and_then(|schema| schema.plausible(name));
            let (least, greatest) = plausible.map_or((None, None), Plausible::ends);
            Column { name: name.clone(), decimals, least, greatest, watch: Watch::new(decimals, task) }
        };
        let product = |(name, factors)| Product { name, factors, watch: ProductWatch::default() };
        let products: Vec<Product> = terms.map(product).collect();
        let pairs = match task {
            Task::Release => Pairs::new(names.len(), products.iter().map(|product| product.factors.clone())),
            Task::Survey | Task::Alike => Pairs::default(),
        };
        let target = plan.target().map(str::to_owned);
        Self { task, columns: names.iter().map(column).collect(), products, pairs, target, rows: 0 }
    }

    /// The row as it is to be summed; none if it is not.
    pub(crate) fn row(&mut self, row: u64, values: &[Decimal]) -> Result<Option<Vec<Decimal>>> {
        self.rows += 1;
        for (column, value) in self.columns.iter().zip(values) {
            column.check_plausible(value).map_err(|error| error.at_row(row).in_column(&column.name))?;
        }
        if self.task == Task::Survey {
            self.columns.iter_mut().zip(values).for_each(|(column, value)| column.watch.survey(value));
            return Ok(None);
        }
        let integers: Vec<IBig> = self.columns.iter().zip(values).map(|(column, value)| value.integer_at(column.decimals)).collect();
        let rounded: Vec<Decimal> = self.columns.iter().zip(&integers).map(|(column, integer)| column.decimal(integer)).collect();
        if self.task == Task::Release {
            for (at, column) in self.columns.iter_mut().enumerate() {
                column.watch.changed += u64::from(rounded[at] != values[at]);
                column.watch.values.add_with(|| integers[at].to_string());
                column.watch.levels.iter_mut().for_each(|level| level.add(&integers[at]));
            }
            self.products.iter_mut().for_each(|product| product.add(&integers));
            self.pairs.add(&integers);
        }
        Ok(Some(rounded))
    }

    /// What was seen, as a part.
    pub(crate) fn part(self) -> Part {
        let columns = self.columns.into_iter().map(|column| column.watch).collect();
        let products = self.products.into_iter().map(|product| product.watch).collect();
        Part { rows: self.rows, columns, products, pairs: self.pairs.part() }
    }

    /// Adds what another has seen; none if it is of other columns.
    pub(crate) fn absorb(&mut self, part: Part) -> Option<()> {
        if part.columns.len() != self.columns.len() || part.products.len() != self.products.len() {
            return None;
        }
        self.rows = self.rows.checked_add(part.rows)?;
        self.columns.iter_mut().zip(part.columns).try_for_each(|(column, other)| column.watch.absorb(other))?;
        self.products.iter_mut().zip(part.products).try_for_each(|(product, other)| product.watch.absorb(other))?;
        self.pairs.absorb(part.pairs)
    }

    /// The end of the first pass: the decimals of each column, and what the user should be told of them.
    pub(crate) fn choose_decimals(&self) -> Result<(Shared, Vec<Error>)> {
        if self.task != Task::Survey {
            return Err(Error::new(Code::Plan, "this is no survey: `shared` is given, or `share` is not", "survey with `share` alone"));
        }
        check_rows(self.rows, self.columns.len() + self.products.len())?;
        let (mut shared, mut notes) = (Shared::default(), Vec::new());
        for column in &self.columns {
            check_values(&column.watch.values, &column.name)?;
            let decimals = column.choose()?;
            shared.decimals.insert(column.name.clone(), decimals);
            notes.extend(column.coarser(decimals));
        }
        Ok((shared, notes))
    }

    /// The end of the second pass: how the rows were rounded, if their sums may be shared.
    pub(crate) fn verdict(&mut self) -> Result<Shared> {
        match self.task {
            Task::Survey => return Err(Error::new(Code::Plan, "a survey sums nothing", "give what it says as `shared` for a second pass")),
            Task::Release => self.check()?,
            Task::Alike => {}
        }
        Ok(Shared { decimals: self.columns.iter().map(|column| (column.name.clone(), column.decimals)).collect() })
    }

    fn check(&mut self) -> Result<()> {
        check_rows(self.rows, self.columns.len() + self.products.len())?;
        for column in &self.columns {
            check_values(&column.watch.values, &column.name)?;
            if let Some(reason) = column.watch.levels.first().and_then(Level::reason) {
                return Err(column.singled_out(Some(reason)));
            }
        }
        self.products.iter().try_for_each(|product| product.check(&self.columns))?;
        let findings = self.pairs.findings();
        findings.first().map_or(Ok(()), |first| Err(self.told_apart(first, &findings)))
    }

    fn told_apart(&self, first: &Finding, all: &[Finding]) -> Error {
        let (x, y) = first.terms;
        let (rows, prime) = (first.rows, first.prime);
        let counted = if rows == 1 { "1 row alone".to_owned() } else { format!("{rows} rows alone") };
        let (name, sums) = match x == y {
            true => (self.name(x).to_owned(), "its sum and the sum of its squares"),
            false => (format!("{}*{}", self.name(x), self.name(y)), "sums of these two and of their products"),
        };
        let sentence = format!("{sums} would tell of {counted}, by their remainders modulo powers of {prime}");
        let mut error = Error::new(Code::SingledOut, sentence, self.remedy(all)).in_column(&name);
        error.found = Some(rows.to_string());
        error.expected = Some(format!("none, or at least {APART_ROWS_MIN}"));
        error
    }

    /// What to leave out so that nothing of this is found again.
    fn remedy(&self, findings: &[Finding]) -> String {
        let mut pairs: Vec<(usize, usize)> = findings.iter().map(|finding| finding.terms).collect();
        let mut left_out = Vec::new();
        while !pairs.is_empty() {
            // one that is found by itself comes first, then one that is found often, the target last
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
        // all of them: it helps to leave out no fewer
        let names = left_out.iter().map(|term| format!("`{}`", self.name(*term))).collect::<Vec<_>>().join(", ");
        let coarser = |term: &usize| self.columns.get(*term).filter(|column| column.decimals > 0);
        let flags: Option<Vec<String>> =
            left_out.iter().map(|term| coarser(term).map(|column| format!("{}={}", column.name, column.decimals - 1))).collect();
        let or = flags.map_or_else(String::new, |flags| format!(", or round coarser: --decimals {}", flags.join(",")));
        format!("leave out {names}{or}")
    }

    /// The name of a column, or of a term beyond them.
    fn name(&self, term: usize) -> &str {
        let product = || term.checked_sub(self.columns.len()).and_then(|at| self.products.get(at));
        self.columns.get(term).map(|column| &column.name).or_else(|| product().map(|product| &product.name)).map_or("", String::as_str)
    }

    /// What the user should be told after the second pass.
    pub(crate) fn notes(&self) -> impl Iterator<Item = Error> {
        let changed = self.columns.iter().filter(|column| column.watch.changed > 0);
        changed.map(|column| {
            let (changed, rows) = (column.watch.changed, self.rows);
            let was = if changed == 1 { "was" } else { "were" };
            let sentence = format!("{changed} of {rows} values {was} rounded to {}", in_words(column.decimals));
            Error::new(Code::Rounded, sentence, "").in_column(&column.name)
        })
    }
}

impl Column {
    fn check_plausible(&self, value: &Decimal) -> Result<()> {
        let below = self.least.as_ref().is_some_and(|least| value < least);
        if !below && self.greatest.as_ref().is_none_or(|greatest| value <= greatest) {
            return Ok(());
        }
        let expected = match (&self.least, &self.greatest) {
            (Some(least), Some(greatest)) => format!("a plausible value, from {least} to {greatest}"),
            (Some(least), None) => format!("a plausible value, {least} or more"),
            (None, greatest) => format!("a plausible value, {} or less", greatest.as_ref().unwrap_or(&Decimal::ZERO)),
        };
        let remedy = "correct the cell, or leave the row out: a value that stands out is not shared; what is plausible the schema says";
        Err(Error::found(Code::Implausible, &value.to_string(), &expected, remedy))
    }

    /// A rounded value.
    fn decimal(&self, integer: &IBig) -> Decimal {
        scaled(integer.clone(), self.decimals.into())
    }

    /// The finest level that does.
    fn choose(&self) -> Result<i32> {
        let levels = &self.watch.levels;
        if let Some(level) = levels.iter().find(|level| level.reason().is_none()) {
            return Ok(level.decimals);
        }
        let telling = |reason: &Reason| !matches!(reason, Reason::Carried(0));
        Err(self.singled_out(levels.iter().filter_map(Level::reason).find(telling)))
    }

    /// Why it is shared with so many decimals, if that is not how finely it is measured.
    fn coarser(&self, decimals: i32) -> Option<Error> {
        let reason = self.watch.levels.iter().find(|level| level.decimals == decimals + 1)?.reason()?;
        let sentence = format!("is shared with {} instead of {}: {reason}", in_words(decimals), in_words(self.decimals));
        Some(Error::new(Code::Coarser, sentence, "").in_column(&self.name))
    }

    fn singled_out(&self, reason: Option<Reason>) -> Error {
        let reason = reason.map_or_else(|| "no rounding is known".to_owned(), |reason| reason.to_string());
        let sentence = format!("{reason}; the sums would single them out, and no coarser rounding leaves enough of the column");
        Error::new(Code::SingledOut, sentence, "leave the column out, or write its rare values as others").in_column(&self.name)
    }
}

/// Refuses a column or term in which too few rows differ from the commonest value.
fn check_values(values: &Spread<String>, name: &str) -> Result<()> {
    let Some(outside) = values.outside() else { return Ok(()) };
    let sentence = match outside {
        0 => "all rows have the same value".to_owned(),
        _ => format!("only {} from the commonest value, and the sums would single them out", rows_that(outside, "differs", "differ")),
    };
    let remedy = format!("leave it out, or share more rows: {APART_ROWS_MIN} at least must differ from the commonest value");
    let mut error = Error::new(Code::SingledOut, sentence, remedy).in_column(name);
    error.found = Some(outside.to_string());
    error.expected = Some(format!("at least {APART_ROWS_MIN}"));
    Err(error)
}

impl Watch {
    fn new(decimals: i32, task: Task) -> Self {
        let coarsest = match task {
            Task::Survey => decimals.min(0) - LEVELS_BELOW,
            Task::Release | Task::Alike => decimals,
        };
        Self { levels: (coarsest..=decimals).rev().map(Level::new).collect(), ..Self::default() }
    }

    /// Looks at a value at every level that may come to be chosen.
    fn survey(&mut self, value: &Decimal) {
        if self.values.is_enough() && self.levels.first().is_some_and(Level::is_settled) {
            return;
        }
        if let Some(level) = self.levels.first() {
            self.values.add_with(|| value.integer_at(level.decimals).to_string());
        }
        self.levels.iter_mut().for_each(|level| level.add(&value.integer_at(level.decimals)));
        self.drop_coarser();
    }

    fn absorb(&mut self, other: Self) -> Option<()> {
        self.values.absorb(other.values);
        self.changed = self.changed.checked_add(other.changed)?;
        // one has fewer levels if a finer one was found to do
        self.levels.truncate(other.levels.len());
        self.levels.iter_mut().zip(other.levels).try_for_each(|(level, other)| level.absorb(other))?;
        self.drop_coarser();
        Some(())
    }

    /// What does once does for good: a coarser level will not be chosen.
    fn drop_coarser(&mut self) {
        if let Some(at) = self.levels.iter().position(Level::is_settled) {
            self.levels.truncate(at + 1);
        }
    }
}

impl Level {
    fn new(decimals: i32) -> Self {
        Self { decimals, carrying: 0, steps: Steps::default() }
    }

    fn add(&mut self, integer: &IBig) {
        if self.carrying < APART_ROWS_MIN {
            self.carrying += u64::from(remainder(integer, 10) != 0);
        }
        self.steps.add(integer);
    }

    fn absorb(&mut self, other: Self) -> Option<()> {
        self.carrying = self.carrying.saturating_add(other.carrying).min(APART_ROWS_MIN);
        self.steps.absorb(other.steps)?;
        (self.decimals == other.decimals).then_some(())
    }

    /// Whether it does, whatever rows come.
    fn is_settled(&self) -> bool {
        self.carrying >= APART_ROWS_MIN && self.steps.0.is_empty()
    }

    /// Why it does not do.
    fn reason(&self) -> Option<Reason> {
        if self.carrying < APART_ROWS_MIN {
            return Some(Reason::Carried(self.carrying));
        }
        self.steps.reason(self.decimals)
    }
}

impl Default for Steps {
    fn default() -> Self {
        Self(STEPS.map(|_| Spread::default()).to_vec())
    }
}

impl Steps {
    fn add(&mut self, integer: &IBig) {
        if self.0.is_empty() {
            return;
        }
        for (spread, step) in self.0.iter_mut().zip(STEPS) {
            spread.add_with(|| remainder(integer, step));
        }
        self.settle();
    }

    fn absorb(&mut self, other: Self) -> Option<()> {
        if other.0.is_empty() {
            self.0.clear();
            return Some(());
        }
        let mut others = other.0.into_iter();
        for spread in &mut self.0 {
            spread.absorb(others.next()?);
        }
        self.settle();
        Some(())
    }

    fn settle(&mut self) {
        if self.0.iter().all(Spread::is_enough) {
            self.0.clear();
        }
    }

    /// A step of which all but few rows are whole ones apart.
    fn reason(&self, decimals: i32) -> Option<Reason> {
        let few = |(spread, step): (&Spread<u16>, u16)| Some((spread.outside().filter(|outside| *outside > 0)?, step));
        let (outside, step) = self.0.iter().zip(STEPS).find_map(few)?;
        Some(Reason::Step(outside, scaled(step.into(), decimals.into())))
    }
}

impl Product {
    fn add(&mut self, integers: &[IBig]) {
        if self.watch.values.is_enough() && self.watch.steps.0.is_empty() {
            return;
        }
        let power = |&(at, power): &(usize, u32)| integers.get(at).map_or(IBig::ONE, |integer| integer.pow(power as usize));
        let product: IBig = self.factors.iter().map(power).product();
        self.watch.values.add_with(|| product.to_string());
        self.watch.steps.add(&product);
    }

    fn check(&self, columns: &[Column]) -> Result<()> {
        check_values(&self.watch.values, &self.name)?;
        let decimals = self.factors.iter().map(|&(at, power)| columns.get(at).map_or(0, |column| column.decimals) * power as i32).sum();
        let Some(reason) = self.watch.steps.reason(decimals) else { return Ok(()) };
        let sentence = format!("{reason}, and the sums would single them out");
        Err(Error::new(Code::SingledOut, sentence, "leave the term out, or round its columns coarser with --decimals")
            .in_column(&self.name))
    }
}

impl ProductWatch {
    fn absorb(&mut self, other: Self) -> Option<()> {
        self.values.absorb(other.values);
        self.steps.absorb(other.steps)
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Carried(0) => write!(f, "no row has a last decimal other than 0"),
            Self::Carried(rows) => write!(f, "only {} a last decimal other than 0", rows_that(*rows, "has", "have")),
            Self::Step(rows, step) => write!(f, "all but {} whole steps of {step} apart", rows_that(*rows, "are", "are")),
        }
    }
}

fn rows_that(rows: u64, one: &str, many: &str) -> String {
    if rows == 1 { format!("1 row {one}") } else { format!("{rows} rows {many}") }
}

/// The remainder of an integer, not below zero.
fn remainder(integer: &IBig, step: u16) -> u16 {
    match i128::try_from(integer) {
        Ok(integer) => integer.rem_euclid(i128::from(step)) as u16,
        Err(_) => u16::try_from(integer.rem_euclid(IBig::from(step))).unwrap_or_default(),
    }
}
