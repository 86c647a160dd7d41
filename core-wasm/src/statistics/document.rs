//! Statistics to their canonical text, `statistics.json`, and back.

use super::combination_sums::{CombinationSums, combined_sets};
use super::distribution::{Bin, CountedRange, Distribution};
use super::level_sums::{CategorySums, LevelSums, pair_index};
use super::moments::{Moments, moment_index};
use super::types::{Statistics, SummedColumn, check_terms};
use super::value_grid::{GridDocument, ValueGrid};
use super::weighting::WeightSums;
use crate::decimal::{Decimal, parse, parse_sum};
use crate::error::{Code, Error, Result, shorten};
use crate::functions::Function;
use crate::json;
use crate::level::{KeptLevels, Level};
use crate::ordered::{IntoOrdered, sort_by};
use crate::release_policy::Shared;
use crate::terms::{Term, Variable, check_column_name, check_unique};
use dashu_int::IBig;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The name and version of the format.
pub const FORMAT: &str = "samefit-statistics/2";
/// The format before. A document of that format means the same in this one.
const FORMAT_1: &str = "samefit-statistics/1";

/// `statistics.json`. Counts and moments are text, because they may have more digits than a JSON number keeps.
#[derive(Serialize, Deserialize)]
struct Document {
    format: String,
    columns: Vec<ColumnDocument>,
    terms: Vec<Vec<(VariableDocument, u32)>>,
    rows: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    weights: Option<WeightsDocument>,
    moments: Vec<Vec<String>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    categories: Vec<CategoryDocument>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pairs: Vec<PairDocument>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    combinations: Vec<CombinationDocument>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    distribution: Option<Map<String, Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dropped: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shared: Option<Shared>,
}

/// A column in `statistics.json`.
#[derive(Serialize, Deserialize)]
struct ColumnDocument {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unit: Option<String>,
    /// The values that are counted one by one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    grid: Option<GridDocument>,
}

/// The weights in `statistics.json`. Their sum is the first of the moments.
#[derive(Serialize, Deserialize)]
struct WeightsDocument {
    column: String,
    log_sum: String,
}

/// A variable of a term in `statistics.json`.
#[derive(Serialize, Deserialize, PartialEq, Debug)]
#[serde(untagged)]
enum VariableDocument {
    Column(String),
    Function { column: String, function: String },
    Cube { column: String, knot: String },
}

impl VariableDocument {
    fn of(variable: &Variable) -> Self {
        let column = variable.column().to_owned();
        match variable {
            Variable::Function { function, .. } => Self::Function { column, function: function.name().to_owned() },
            Variable::Cube { knot, .. } => Self::Cube { column, knot: knot.to_string() },
            // other variables are not summed
            Variable::Column(_) | Variable::Level { .. } | Variable::Spline { .. } => Self::Column(column),
        }
    }

    /// Returns the variable; `None` for an unknown function, or a knot that is not written canonically.
    fn variable(&self) -> Option<Variable> {
        match self {
            Self::Column(column) => Some(Variable::Column(column.clone())),
            Self::Function { column, function } => {
                Function::from_name(function).map(|function| Variable::Function { function, column: column.clone() })
            }
            Self::Cube { column, knot: text } => {
                let knot = parse(text.as_bytes()).ok().map(Decimal::normalized).filter(|knot| knot.to_string() == *text)?;
                Some(Variable::Cube { column: column.clone(), knot })
            }
        }
    }
}

/// A category in `statistics.json`, with its levels in their order.
#[derive(Serialize, Deserialize)]
struct CategoryDocument {
    column: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kept: Option<KeptLevels>,
    levels: Vec<LevelDocument>,
}

/// The rows of a level.
#[derive(Serialize, Deserialize)]
struct LevelDocument {
    level: Level,
    moments: Vec<Vec<String>>,
}

/// Two categories in `statistics.json`, with the pairs of levels that have rows in common.
#[derive(Serialize, Deserialize)]
struct PairDocument {
    columns: (String, String),
    cells: Vec<CellDocument<(Level, Level)>>,
}

/// Three categories or more in `statistics.json`, with the combinations of levels that have rows in common.
#[derive(Serialize, Deserialize)]
struct CombinationDocument {
    columns: Vec<String>,
    cells: Vec<CellDocument<Vec<Level>>>,
}

/// The rows of some levels together.
#[derive(Serialize, Deserialize)]
struct CellDocument<K> {
    levels: K,
    moments: Vec<Vec<String>>,
}

impl Statistics {
    /// Returns the canonical text.
    pub fn to_json(&self) -> String {
        let categories: Vec<usize> = (0..self.levels.categories.len()).collect();
        let combined: Vec<Vec<usize>> = self.levels.combined().map(<[usize]>::to_vec).collect();
        json::document(&self.document(&self.terms, &self.columns, &categories, &combined, Some(self.dropped)))
    }

    /// Returns the SHA-256, in hexadecimal, of the canonical text of these terms and categories alone, with those terms that are columns as
    /// its columns. Of the combinations of levels only those of the sets in `combined`, indexes of `categories`, are part of it. The number of
    /// dropped rows is not.
    pub fn digest(&self, terms: &[Term], categories: &[&str], combined: &[Vec<usize>]) -> String {
        let columns: Vec<SummedColumn> = terms
            .iter()
            .filter_map(Term::as_column)
            .filter_map(|name| self.column_index(name))
            .map(|at| self.columns[at].clone())
            .collect();
        let categories: Vec<usize> = categories.iter().filter_map(|column| self.levels.category(column)).collect();
        let text = json::document(&self.document(terms, &columns, &categories, combined, None));
        samefit_formats::hex::encode(Sha256::digest(text.as_bytes()))
    }

    /// Reads the canonical text, and refuses products and counts that contradict each other.
    ///
    /// Errors: `statistics`, `impossible-statistics`, `capacity`, and those of column names.
    pub fn parse(text: &str) -> Result<Self> {
        let document: Document = json::parse(text, Code::Statistics, "statistics")?;
        let parsed = Self::from_document(document)?;
        parsed.check_products_agree()?;
        parsed.check_counts_add_up()?;
        parsed.levels.check_add_up(&parsed.moments)?;
        Ok(parsed)
    }

    /// Returns the document of these terms, columns and categories, and of the combinations of sets of these categories.
    fn document(
        &self,
        terms: &[Term],
        columns: &[SummedColumn],
        categories: &[usize],
        combined: &[Vec<usize>],
        dropped: Option<i64>,
    ) -> Document {
        let places: Vec<usize> = std::iter::once(0).chain(terms.iter().filter_map(|term| self.position(term))).collect();
        let written = |moments: &Moments| write_moments(moments, &places);
        let counts = |column: &SummedColumn| self.column_index(&column.name).and_then(|at| self.distribution.as_ref().map(|all| &all[at]));
        let column = |column: &SummedColumn| ColumnDocument {
            name: column.name.clone(),
            unit: column.unit.clone(),
            grid: counts(column).and_then(Distribution::grid).map(GridDocument::from),
        };
        Document {
            format: FORMAT.to_owned(),
            columns: columns.iter().map(column).collect(),
            terms: terms.iter().map(term_document).collect(),
            rows: self.rows.to_string(),
            weights: self.weights.as_ref().map(|w| WeightsDocument { column: w.column.clone(), log_sum: w.log_sum.to_string() }),
            moments: written(&self.moments),
            categories: categories.iter().map(|&at| self.category_document(&self.levels.categories[at], written)).collect(),
            pairs: pairs_of(categories).map(|(first, second)| write_pairs(&self.levels, first, second, written)).collect(),
            combinations: combined.iter().map(|set| write_combination(&self.levels, categories, set, written)).collect(),
            distribution: self
                .distribution
                .is_some()
                .then(|| columns.iter().filter_map(|column| Some((column.name.clone(), counts(column).map(distribution_json)?))).collect()),
            dropped: dropped.map(|dropped| dropped.to_string()),
            shared: self.shared.as_ref().and_then(|shared| shared.restricted(columns.iter().map(|column| column.name.as_str()), terms)),
        }
    }

    fn category_document(&self, category: &CategorySums, written: impl Fn(&Moments) -> Vec<Vec<String>>) -> CategoryDocument {
        let level = |(level, moments): (&Level, &Moments)| LevelDocument { level: level.clone(), moments: written(moments) };
        let levels = category.levels.iter().map(level).collect();
        CategoryDocument { column: category.column.clone(), kept: self.kept.get(&category.column).cloned(), levels }
    }

    /// Reads a document without comparing its numbers with each other.
    fn from_document(document: Document) -> Result<Self> {
        if document.format != FORMAT && document.format != FORMAT_1 {
            return Err(Error::found(
                Code::Statistics,
                &document.format,
                &format!("the format {FORMAT}"),
                "check that this is the right file",
            ));
        }
        check_terms(document.columns.len().max(document.terms.len()))?;
        let grids = parse_grids(&document.columns, document.distribution.is_some())?;
        let columns: Vec<SummedColumn> = document.columns.into_iter().map(|c| SummedColumn { name: c.name, unit: c.unit }).collect();
        columns.iter().try_for_each(|column| check_column_name(&column.name))?;
        check_unique(&columns.iter().map(|column| &column.name).collect::<Vec<_>>(), "column")?;
        let terms = parse_terms(document.terms, &columns)?;
        let degrees = MomentDegrees::new(&terms, document.weights.is_some());
        let kept = parse_kept(&document.categories)?;
        let levels = parse_levels(document.categories, document.pairs, document.combinations, &columns, &degrees)?;
        let distribution = document.distribution.map(|counts| parse_distribution(&counts, &columns, &grids)).transpose()?;
        Ok(Self {
            rows: parse_count(&document.rows, "rows")?,
            weights: document.weights.map(parse_weights).transpose()?,
            moments: parse_moments(&document.moments, &degrees)?,
            levels,
            kept,
            dropped: parse_count(document.dropped.as_deref().unwrap_or("0"), "dropped")?,
            shared: document.shared.map(|shared| check_shared(shared, &columns, &terms)).transpose()?,
            columns,
            terms,
            distribution,
        })
    }

    /// Refuses equal products of terms with different sums and, without weights, a first moment that is not the number of rows.
    fn check_products_agree(&self) -> Result<()> {
        if self.weights.is_none() && *self.moments.at(0, 0) != (Decimal { mantissa: IBig::from(self.rows), scale: 0 }) {
            return Err(impossible(format!("the first moment is {}, the rows are {}", self.moments.at(0, 0), self.rows)));
        }
        if self.terms.len() == self.columns.len() {
            // all terms are columns, so no two products of them are equal
            return Ok(());
        }
        let one = Term::ONE;
        let all: Vec<&Term> = std::iter::once(&one).chain(&self.terms).collect();
        let mut variables: Vec<&Variable> = self.terms.iter().flat_map(|term| &term.factors).map(|(variable, _)| variable).collect();
        variables.sort_unstable();
        variables.dedup();
        // factors stand in the order of their variables, so their indexes increase
        let index = |variable: &Variable| variables.partition_point(|known| *known < variable);
        let powers: Vec<Vec<(usize, u32)>> =
            all.iter().map(|term| term.factors.iter().map(|(variable, power)| (index(variable), *power)).collect()).collect();
        // the first place of each product
        let mut seen: BTreeMap<Vec<(usize, u32)>, usize> = BTreeMap::new();
        for i in 0..all.len() {
            for j in 0..=i {
                let (at, first) = (moment_index(i, j), *seen.entry(product(&powers[i], &powers[j])).or_insert(moment_index(i, j)));
                let differs = |moments: &Moments| moments.0[at] != moments.0[first];
                if at != first && std::iter::once(&self.moments).chain(self.levels.entries()).any(differs) {
                    let name = Term { factors: all[i].times(all[j]) }.to_string();
                    return Err(impossible(format!("the sum of {name} is given twice, with different values")));
                }
            }
        }
        Ok(())
    }

    /// Refuses a distribution whose counts do not add up to the number of rows.
    fn check_counts_add_up(&self) -> Result<()> {
        for (column, counts) in self.columns.iter().zip(self.distribution.iter().flatten()) {
            if counts.total() != Some(self.rows) {
                let sentence = format!("its counts add up to {}, the rows are {}", counts.total().unwrap_or(i64::MAX), self.rows);
                return Err(impossible(sentence).in_column(&column.name));
            }
        }
        Ok(())
    }
}

/// Returns the product of two terms that are given as indexes of variables with powers, in increasing order.
fn product(left: &[(usize, u32)], right: &[(usize, u32)]) -> Vec<(usize, u32)> {
    let mut all = [left, right].concat();
    all.sort_unstable();
    all.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        kept.1 += if same { next.1 } else { 0 };
        same
    });
    all
}

/// The keys of a column's distribution that has a grid.
const VALUES: &str = "values";
const BINS: &str = "bins";

/// Returns counts as JSON, in increasing order of the values: those by bin, or with a grid those of its values and those by bin.
pub fn distribution_json(counts: &Distribution) -> Value {
    let bins = Value::Object(counts.bins().map(|(bin, count)| (bin.name(), Value::from(count))).collect());
    if counts.grid().is_none() {
        return bins;
    }
    let values: Map<String, Value> = counts.values().map(|(value, count)| (value.to_string(), Value::from(count))).collect();
    Value::Object([(VALUES.to_owned(), Value::Object(values)), (BINS.to_owned(), bins)].into_iter().collect())
}

/// Reads the counts of a column with this grid from JSON. Returns none if a name is not that of a value of the grid or of a bin, or a count
/// is not an integer.
fn distribution_from_json(value: &Value, grid: Option<ValueGrid>) -> Option<Distribution> {
    let mut counts = Distribution::on(grid);
    let (values, bins) = parts(value)?;
    if values.is_some() != grid.is_some() {
        return None;
    }
    for (name, count) in values.into_iter().flatten() {
        let step = grid?.step(&parse(name.as_bytes()).ok()?)?;
        // a value has one name
        grid.filter(|grid| grid.value(step).to_string() == *name)?;
        counts.add_step(step, count.as_i64()?)?;
    }
    for (name, count) in bins {
        counts.add_bin(Bin::from_name(name)?, count.as_i64()?)?;
    }
    Some(counts)
}

/// Reads the counts of a column of a model. Returns none if a name is neither that of a bin nor, among values, a number, or if a count is not
/// an integer.
pub fn counted_ranges(distribution: &Value) -> Option<Vec<CountedRange>> {
    let (values, bins) = parts(distribution)?;
    let value = |(name, count): (&String, &Value)| {
        let value = parse(name.as_bytes()).ok()?.to_f64();
        Some(CountedRange { low: value, high: value, count: count.as_i64()? })
    };
    let bin = |(name, count): (&String, &Value)| Some(CountedRange::of_bin(Bin::from_name(name)?, count.as_i64()?));
    values.into_iter().flatten().map(value).chain(bins.iter().map(bin)).collect()
}

/// Counts by the name of what is counted.
type NamedCounts = Map<String, Value>;

/// Returns the counts of values, if there are such, and those by bin.
fn parts(distribution: &Value) -> Option<(Option<&NamedCounts>, &NamedCounts)> {
    let counts = distribution.as_object()?;
    match counts.get(VALUES) {
        None => Some((None, counts)),
        Some(values) if counts.len() == 2 => Some((Some(values.as_object()?), counts.get(BINS)?.as_object()?)),
        Some(_) => None,
    }
}

fn term_document(term: &Term) -> Vec<(VariableDocument, u32)> {
    term.factors.iter().map(|(variable, power)| (VariableDocument::of(variable), *power)).collect()
}

/// Reads terms and checks that they are in normal form and in the canonical order.
fn parse_terms(terms: Vec<Vec<(VariableDocument, u32)>>, columns: &[SummedColumn]) -> Result<Vec<Term>> {
    let mut parsed = Vec::with_capacity(terms.len());
    for factors in terms {
        let written = factors.iter().map(|(variable, power)| Some((variable.variable()?, *power))).collect::<Option<Vec<_>>>();
        let term = written.and_then(|written| Term::of(written.clone()).filter(|term| term.factors == written));
        let term = term.filter(|term| term.columns().all(|name| columns.iter().any(|column| column.name == name)));
        parsed.push(term.ok_or_else(|| {
            Error::new(
                Code::Statistics,
                format!("the term {} is not a product of powers of the columns in normal form", shorten(&format!("{factors:?}"))),
                "summarise the data again",
            )
        })?);
    }
    let mut ordered = parsed.clone();
    sort_terms(&mut ordered, columns);
    ordered.dedup();
    let columns_first = columns.iter().map(|column| Term::column(&column.name));
    if ordered != parsed || !columns_first.eq(parsed.iter().take(columns.len()).cloned()) {
        return Err(Error::new(
            Code::Statistics,
            "the terms must be the columns, then products in the order of degree and text, each once",
            "summarise the data again",
        ));
    }
    Ok(parsed)
}

/// Sorts terms into the canonical order: the columns in their own order, then products by degree and text.
pub(crate) fn sort_terms(terms: &mut [Term], columns: &[SummedColumn]) {
    let places = columns.iter().enumerate().map(|(at, column)| (column.name.as_str(), at)).into_map();
    let place = |term: &Term| term.as_column().and_then(|name| places.get(name).copied()).unwrap_or(columns.len());
    terms.sort_by_cached_key(|term| (place(term), term.degree(), term.to_string()));
}

/// The degrees of the terms whose sums of products a document has.
struct MomentDegrees {
    /// Of one and the terms.
    degrees: Vec<u32>,
    /// Whether the sums are of products with a weight.
    is_weighted: bool,
}

impl MomentDegrees {
    fn new(terms: &[Term], is_weighted: bool) -> Self {
        Self { degrees: std::iter::once(0).chain(terms.iter().map(Term::degree)).collect(), is_weighted }
    }
}

/// Reads the triangle of moments of (1, terms).
fn parse_moments(rows: &[Vec<String>], MomentDegrees { degrees, is_weighted }: &MomentDegrees) -> Result<Moments> {
    let size = degrees.len();
    if rows.len() != size || rows.iter().enumerate().any(|(i, row)| row.len() != i + 1) {
        return Err(Error::new(Code::Statistics, format!("the moments must be a triangle of {size} rows"), "summarise the data again"));
    }
    let mut moments = Vec::with_capacity(moment_index(size, 0));
    for (row, degree) in rows.iter().zip(degrees) {
        for (text, other) in row.iter().zip(degrees) {
            moments.push(parse_sum(text, degree + other + u32::from(*is_weighted)).ok_or_else(|| {
                let expected =
                    "an exact decimal number without exponent and trailing zeros, not longer than a sum of products of values can be";
                Error::found(Code::Statistics, text, expected, "summarise the data again")
            })?);
        }
    }
    Ok(Moments(moments))
}

/// Reads the weights.
fn parse_weights(weights: WeightsDocument) -> Result<WeightSums> {
    check_column_name(&weights.column)?;
    let log_sum = parse_sum(&weights.log_sum, 1).ok_or_else(|| {
        Error::found(Code::Statistics, &weights.log_sum, "an exact decimal number for `log_sum`", "summarise the data again")
    })?;
    Ok(WeightSums { column: weights.column, log_sum })
}

/// Returns the triangle of the moments at these places.
fn write_moments(moments: &Moments, places: &[usize]) -> Vec<Vec<String>> {
    let row = |i: usize| (0..=i).map(|j| moments.at(places[i], places[j]).text()).collect();
    (0..places.len()).map(row).collect()
}

/// Returns each two of the categories, in the order of [`pair_index`].
fn pairs_of(categories: &[usize]) -> impl Iterator<Item = (usize, usize)> {
    categories.iter().enumerate().flat_map(|(at, &second)| categories[..at].iter().map(move |&first| (first, second)))
}

/// Returns the document of two categories. In the sums they may stand in the other order.
fn write_pairs(sums: &LevelSums, first: usize, second: usize, written: impl Fn(&Moments) -> Vec<Vec<String>>) -> PairDocument {
    let column = |at: usize| sums.categories[at].column.clone();
    let pairs = &sums.pairs[pair_index(first.min(second), first.max(second))];
    let mut cells: Vec<CellDocument<(Level, Level)>> = pairs
        .iter()
        .map(|((one, other), moments)| {
            let levels = if first < second { (one, other) } else { (other, one) };
            CellDocument { levels: (levels.0.clone(), levels.1.clone()), moments: written(moments) }
        })
        .collect();
    sort_by(&mut cells, |a, b| a.levels.cmp(&b.levels));
    PairDocument { columns: (column(first), column(second)), cells }
}

/// Returns the document of the combinations of levels of a set of categories.
fn write_combination(
    sums: &LevelSums,
    categories: &[usize],
    set: &[usize],
    written: impl Fn(&Moments) -> Vec<Vec<String>>,
) -> CombinationDocument {
    let set: Vec<usize> = set.iter().map(|&at| categories[at]).collect();
    let cells = sums.of_combinations(&set).unwrap_or_default();
    let cell = |(levels, moments): (&Vec<&Level>, &Cow<'_, Moments>)| CellDocument {
        levels: levels.iter().copied().cloned().collect(),
        moments: written(moments),
    };
    CombinationDocument {
        columns: set.iter().map(|&at| sums.categories[at].column.clone()).collect(),
        cells: cells.iter().map(cell).collect(),
    }
}

/// Reads the sums by level, and refuses other levels, orders and shapes than [`Statistics::to_json`] writes.
fn parse_levels(
    categories: Vec<CategoryDocument>,
    pairs: Vec<PairDocument>,
    combinations: Vec<CombinationDocument>,
    columns: &[SummedColumn],
    degrees: &MomentDegrees,
) -> Result<LevelSums> {
    check_terms(categories.len())?;
    let names: Vec<String> = categories.iter().map(|category| category.column.clone()).collect();
    names.iter().try_for_each(|name| check_column_name(name))?;
    check_unique(&columns.iter().map(|column| &column.name).chain(&names).collect::<Vec<_>>(), "column")?;
    let mut sums = LevelSums::of_no_rows(names, []);
    for (own, category) in sums.categories.iter_mut().zip(categories) {
        let levels = category.levels.into_iter().map(|entry| (entry.level, entry.moments)).collect();
        own.levels = parse_entries(levels, degrees, Level::is_of_cell).map_err(|error| error.in_column(&own.column))?;
    }
    let all: Vec<usize> = (0..sums.categories.len()).collect();
    let expected: Vec<(usize, usize)> = pairs_of(&all).collect();
    let column = |at: usize| &sums.categories[at].column;
    if pairs.len() != expected.len()
        || pairs
            .iter()
            .zip(&expected)
            .any(|(pair, (first, second))| (&pair.columns.0, &pair.columns.1) != (column(*first), column(*second)))
    {
        let sentence = "`pairs` must have each two categories, in the order of the categories";
        return Err(Error::new(Code::Statistics, sentence, "summarise the data again"));
    }
    for ((own, pair), (_, second)) in sums.pairs.iter_mut().zip(pairs).zip(&expected) {
        let cells = pair.cells.into_iter().map(|cell| (cell.levels, cell.moments)).collect();
        let parsed = parse_entries(cells, degrees, |(one, other)| one.is_of_cell() && other.is_of_cell());
        *own = parsed.map_err(|error| error.in_column(&sums.categories[*second].column))?;
    }
    sums.combinations = parse_combinations(combinations, &sums, degrees)?;
    sums.check_size()?;
    Ok(sums)
}

/// Reads the combinations of levels of three categories or more.
fn parse_combinations(documents: Vec<CombinationDocument>, sums: &LevelSums, degrees: &MomentDegrees) -> Result<Vec<CombinationSums>> {
    let wrong = || {
        let sentence = "`combinations` must have sets of three categories or more, in order, none of which is part of another";
        Error::new(Code::Statistics, sentence, "summarise the data again")
    };
    let mut combinations = Vec::with_capacity(documents.len());
    for CombinationDocument { columns, cells } in documents {
        let categories: Vec<usize> = columns.iter().map(|column| sums.category(column)).collect::<Option<_>>().ok_or_else(wrong)?;
        let cells = cells.into_iter().map(|cell| (cell.levels, cell.moments)).collect();
        let is_key = |levels: &Vec<Level>| levels.len() == categories.len() && levels.iter().all(Level::is_of_cell);
        let cells = parse_entries(cells, degrees, is_key).map_err(|error| error.in_column(&columns.join("*")))?;
        combinations.push(CombinationSums { categories, cells });
    }
    let sets = combinations.iter().map(|combination| combination.categories.iter().copied().into_set());
    if combined_sets(sets).iter().eq(combinations.iter().map(|combination| &combination.categories)) {
        Ok(combinations)
    } else {
        Err(wrong())
    }
}

/// Reads the levels that categories keep.
fn parse_kept(categories: &[CategoryDocument]) -> Result<BTreeMap<String, KeptLevels>> {
    let mut all = BTreeMap::new();
    for CategoryDocument { column, kept, levels } in categories {
        let Some(kept) = kept else { continue };
        kept.check(Code::Statistics).map_err(|error| error.in_column(column))?;
        if let Some(entry) = levels.iter().find(|entry| !kept.allows(&entry.level)) {
            let expected = "one of the levels that are kept, or `other`";
            return Err(Error::found(Code::Statistics, entry.level.text(), expected, "summarise the data again").in_column(column));
        }
        all.insert(column.clone(), kept.clone());
    }
    Ok(all)
}

/// Reads the moments of levels, or of combinations of levels.
fn parse_entries<K: Ord>(
    entries: Vec<(K, Vec<Vec<String>>)>,
    degrees: &MomentDegrees,
    is_key: impl Fn(&K) -> bool,
) -> Result<BTreeMap<K, Moments>> {
    let in_order = entries.windows(2).all(|pair| pair[0].0 < pair[1].0);
    if !in_order || !entries.iter().all(|(key, _)| is_key(key)) {
        let sentence = "the levels must be texts without spaces around them, in order, each once";
        return Err(Error::new(Code::Statistics, sentence, "summarise the data again"));
    }
    let mut parsed = BTreeMap::new();
    for (key, moments) in entries {
        let moments = parse_moments(&moments, degrees)?;
        let is_count = moments.0.first().is_some_and(|count| i64::try_from(&count.mantissa).is_ok() && count.scale == 0);
        if moments.is_zero() || !(degrees.is_weighted || is_count) {
            let sentence = "a level must have a number of rows, or a sum of weights, and some number that is not zero";
            return Err(Error::new(Code::Statistics, sentence, "summarise the data again"));
        }
        parsed.insert(key, moments);
    }
    Ok(parsed)
}

/// Reads a count. `what` is the name of its field.
fn parse_count(text: &str, what: &str) -> Result<i64> {
    let count: Option<i64> = text.parse().ok().filter(|count: &i64| count.to_string() == text);
    count.ok_or_else(|| Error::found(Code::Statistics, text, &format!("a whole number for `{what}`"), "summarise the data again"))
}

/// Reads the grids of the columns, which only columns with a distribution have.
fn parse_grids(columns: &[ColumnDocument], is_counted: bool) -> Result<Vec<Option<ValueGrid>>> {
    let wrong = |column: &ColumnDocument, sentence: String| {
        Error::new(Code::Statistics, sentence, "summarise the data again").in_column(&column.name)
    };
    let grid = |column: &ColumnDocument| match &column.grid {
        None => Ok(None),
        Some(_) if !is_counted => Err(wrong(column, "a column has a grid only in statistics with a distribution".to_owned())),
        Some(grid) => ValueGrid::try_from(grid.clone()).map(Some).map_err(|sentence| wrong(column, sentence)),
    };
    columns.iter().map(grid).collect()
}

/// Reads the counts of every column.
fn parse_distribution(counts: &Map<String, Value>, columns: &[SummedColumn], grids: &[Option<ValueGrid>]) -> Result<Vec<Distribution>> {
    let wrong = |name: &str| {
        Error::new(
            Code::Statistics,
            "the distribution must give the counts of each column, by bin or, with a grid, by value and by bin, and of no other",
            "summarise the data again",
        )
        .in_column(name)
    };
    if let Some(name) = counts.keys().find(|name| !columns.iter().any(|column| column.name == **name)) {
        return Err(wrong(name));
    }
    let read = |(column, grid): (&SummedColumn, &Option<ValueGrid>)| {
        counts.get(&column.name).and_then(|counts| distribution_from_json(counts, *grid)).ok_or_else(|| wrong(&column.name))
    };
    columns.iter().zip(grids).map(read).collect()
}

/// Refuses rounding that is not given for exactly the columns and the functions in terms.
fn check_shared(shared: Shared, columns: &[SummedColumn], terms: &[Term]) -> Result<Shared> {
    shared.check(Code::Statistics)?;
    let known = shared.restricted(columns.iter().map(|column| column.name.as_str()), terms);
    known.filter(|known| *known == shared).ok_or_else(|| {
        Error::new(
            Code::Statistics,
            "`shared` must give the decimals of each column and of each function in the terms, and of no other",
            "summarise the data again",
        )
    })
}

fn impossible(sentence: impl AsRef<str>) -> Error {
    Error::new(Code::ImpossibleStatistics, format!("no data can have these statistics: {}", sentence.as_ref()), "summarise the data again")
}
