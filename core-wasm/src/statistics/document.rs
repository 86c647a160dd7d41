//! Statistics to their canonical text, `statistics.json`, and back.

use super::distribution::{Bin, Distribution};
use super::level_sums::LevelSums;
use super::moments::{Moments, moment_index};
use super::types::{Statistics, SummedColumn, check_terms};
use super::weighting::WeightSums;
use crate::decimal::{Decimal, parse_sum};
use crate::error::{Code, Error, Result, shorten};
use crate::json;
use crate::release_policy::{Shared, check_decimals};
use crate::terms::{Term, Variable, check_column_name, check_unique};
use dashu_int::IBig;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
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
    terms: Vec<Vec<(String, u32)>>,
    rows: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    weights: Option<WeightsDocument>,
    moments: Vec<Vec<String>>,
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
}

/// The weights in `statistics.json`. Their sum is the first of the moments.
#[derive(Serialize, Deserialize)]
struct WeightsDocument {
    column: String,
    log_sum: String,
}

impl Statistics {
    /// Returns the canonical text.
    pub fn to_json(&self) -> String {
        json::document(&self.document(&self.terms, &self.columns, Some(self.dropped)))
    }

    /// Returns the SHA-256, in hexadecimal, of the canonical text of these terms alone, with those of them that are columns as its columns.
    /// The number of dropped rows is not part of it.
    pub fn digest(&self, terms: &[Term]) -> String {
        let columns: Vec<SummedColumn> = terms
            .iter()
            .filter_map(Term::as_column)
            .filter_map(|name| self.column_index(name))
            .map(|at| self.columns[at].clone())
            .collect();
        let text = json::document(&self.document(terms, &columns, None));
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
        Ok(parsed)
    }

    /// Returns the document of these terms and columns.
    fn document(&self, terms: &[Term], columns: &[SummedColumn], dropped: Option<i64>) -> Document {
        let places: Vec<usize> = std::iter::once(0).chain(terms.iter().filter_map(|term| self.position(term))).collect();
        let row = |i: usize| (0..=i).map(|j| self.moments.at(places[i], places[j]).to_string()).collect();
        let counts = |column: &SummedColumn| {
            self.column_index(&column.name).and_then(|at| self.distribution.as_ref().map(|all| distribution_json(&all[at])))
        };
        Document {
            format: FORMAT.to_owned(),
            columns: columns.iter().map(|column| ColumnDocument { name: column.name.clone(), unit: column.unit.clone() }).collect(),
            terms: terms.iter().map(|term| term.factors.iter().map(|(variable, power)| (variable.to_string(), *power)).collect()).collect(),
            rows: self.rows.to_string(),
            weights: self.weights.as_ref().map(|w| WeightsDocument { column: w.column.clone(), log_sum: w.log_sum.to_string() }),
            moments: (0..places.len()).map(row).collect(),
            distribution: self
                .distribution
                .is_some()
                .then(|| columns.iter().filter_map(|column| Some((column.name.clone(), counts(column)?))).collect()),
            dropped: dropped.map(|dropped| dropped.to_string()),
            shared: self.shared.as_ref().and_then(|shared| shared.restricted(columns.iter().map(|column| column.name.as_str()))),
        }
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
        let columns: Vec<SummedColumn> = document.columns.into_iter().map(|c| SummedColumn { name: c.name, unit: c.unit }).collect();
        columns.iter().try_for_each(|column| check_column_name(&column.name))?;
        check_unique(&columns.iter().map(|column| &column.name).collect::<Vec<_>>(), "column")?;
        let terms = parse_terms(document.terms, &columns)?;
        let distribution = document.distribution.map(|counts| parse_distribution(&counts, &columns)).transpose()?;
        Ok(Self {
            rows: parse_count(&document.rows, "rows")?,
            moments: parse_moments(&document.moments, &terms, u32::from(document.weights.is_some()))?,
            weights: document.weights.map(|weights| parse_weights(weights, &columns)).transpose()?,
            levels: LevelSums::default(),
            dropped: parse_count(document.dropped.as_deref().unwrap_or("0"), "dropped")?,
            shared: document.shared.map(|shared| check_shared(shared, &columns)).transpose()?,
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
        let powers: Vec<Vec<(usize, u32)>> = all.iter().map(|term| self.powers(term)).collect();
        let mut seen: BTreeMap<Vec<(usize, u32)>, &Decimal> = BTreeMap::new();
        for i in 0..all.len() {
            for j in 0..=i {
                let sum = self.moments.at(i, j);
                if *seen.entry(product(&powers[i], &powers[j])).or_insert(sum) != sum {
                    let name = Term { factors: all[i].times(all[j]) }.to_string();
                    return Err(impossible(format!("the sum of {name} is given twice, with different values")));
                }
            }
        }
        Ok(())
    }

    /// Returns the factors of a term with indexes for columns, in increasing order.
    fn powers(&self, term: &Term) -> Vec<(usize, u32)> {
        let mut powers: Vec<(usize, u32)> =
            term.factors.iter().filter_map(|(variable, power)| Some((self.column_index(variable.column())?, *power))).collect();
        powers.sort_unstable();
        powers
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

/// Returns the product of two terms that are given as in [`Statistics::powers`].
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

/// Returns counts by bin as JSON, in increasing order of the bins.
pub fn distribution_json(counts: &Distribution) -> Value {
    Value::Object(counts.iter().map(|(bin, count)| (bin.name(), Value::from(count))).collect())
}

/// Reads counts by bin from JSON. Returns none if a name is not that of a bin, or a count is not an integer.
pub fn distribution_from_json(value: &Value) -> Option<Distribution> {
    let mut counts = Distribution::default();
    for (name, count) in value.as_object()? {
        counts.add(Bin::from_name(name)?, count.as_i64()?)?;
    }
    Some(counts)
}

/// Reads terms and checks that they are in normal form and in the canonical order.
fn parse_terms(terms: Vec<Vec<(String, u32)>>, columns: &[SummedColumn]) -> Result<Vec<Term>> {
    let mut parsed = Vec::with_capacity(terms.len());
    for factors in terms {
        let written: Vec<(Variable, u32)> = factors.iter().map(|(name, power)| (Variable::Column(name.clone()), *power)).collect();
        let term = Term::of(written.clone())
            .filter(|term| term.factors == written && term.columns().all(|name| columns.iter().any(|c| c.name == name)));
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
    let place =
        |term: &Term| term.as_column().and_then(|name| columns.iter().position(|column| column.name == name)).unwrap_or(columns.len());
    terms.sort_by_cached_key(|term| (place(term), term.degree(), term.to_string()));
}

/// Reads the triangle of moments of (1, terms). `weight_degree` is 1 if they are sums of products with a weight, else 0.
fn parse_moments(rows: &[Vec<String>], terms: &[Term], weight_degree: u32) -> Result<Moments> {
    let degrees: Vec<u32> = std::iter::once(0).chain(terms.iter().map(Term::degree)).collect();
    let size = degrees.len();
    if rows.len() != size || rows.iter().enumerate().any(|(i, row)| row.len() != i + 1) {
        return Err(Error::new(Code::Statistics, format!("the moments must be a triangle of {size} rows"), "summarise the data again"));
    }
    let mut moments = Vec::with_capacity(moment_index(size, 0));
    for (row, degree) in rows.iter().zip(&degrees) {
        for (text, other) in row.iter().zip(&degrees) {
            moments.push(parse_sum(text, degree + other + weight_degree).ok_or_else(|| {
                let expected =
                    "an exact decimal number without exponent and trailing zeros, not longer than a sum of products of values can be";
                Error::found(Code::Statistics, text, expected, "summarise the data again")
            })?);
        }
    }
    Ok(Moments(moments))
}

/// Reads the weights. Their column is none of the columns that are summed.
fn parse_weights(weights: WeightsDocument, columns: &[SummedColumn]) -> Result<WeightSums> {
    check_column_name(&weights.column)?;
    if columns.iter().any(|column| column.name == weights.column) {
        return Err(
            Error::new(Code::Statistics, "the weights are also among the columns", "summarise the data again").in_column(&weights.column)
        );
    }
    let log_sum = parse_sum(&weights.log_sum, 1).ok_or_else(|| {
        Error::found(Code::Statistics, &weights.log_sum, "an exact decimal number for `log_sum`", "summarise the data again")
    })?;
    Ok(WeightSums { column: weights.column, log_sum })
}

/// Reads a count. `what` is the name of its field.
fn parse_count(text: &str, what: &str) -> Result<i64> {
    let count: Option<i64> = text.parse().ok().filter(|count: &i64| count.to_string() == text);
    count.ok_or_else(|| Error::found(Code::Statistics, text, &format!("a whole number for `{what}`"), "summarise the data again"))
}

/// Reads the counts of every column.
fn parse_distribution(counts: &Map<String, Value>, columns: &[SummedColumn]) -> Result<Vec<Distribution>> {
    let wrong = |name: &str| {
        Error::new(
            Code::Statistics,
            "the distribution must give the counts by bin of each column, and of no other",
            "summarise the data again",
        )
        .in_column(name)
    };
    if let Some(name) = counts.keys().find(|name| !columns.iter().any(|column| column.name == **name)) {
        return Err(wrong(name));
    }
    columns.iter().map(|column| counts.get(&column.name).and_then(distribution_from_json).ok_or_else(|| wrong(&column.name))).collect()
}

/// Refuses rounding that is not given for exactly the columns.
fn check_shared(shared: Shared, columns: &[SummedColumn]) -> Result<Shared> {
    check_decimals(&shared.decimals, Code::Statistics)?;
    let known = shared.restricted(columns.iter().map(|column| column.name.as_str()));
    known.filter(|known| *known == shared).ok_or_else(|| {
        Error::new(Code::Statistics, "`shared` must give the decimals of each column, and of no other", "summarise the data again")
    })
}

fn impossible(sentence: impl AsRef<str>) -> Error {
    Error::new(Code::ImpossibleStatistics, format!("no data can have these statistics: {}", sentence.as_ref()), "summarise the data again")
}
