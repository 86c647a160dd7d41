//! Statistics to and from their canonical text, `statistics.json`.

use super::{Cell, Column, Distribution, Moments, Statistics, check_terms, moment_index};
use crate::decimal::{Decimal, parse_sum};
use crate::error::{Code, Error, Result, shorten};
use crate::json;
use crate::release_policy::{Shared, check_decimals};
use crate::terms::{Term, check_column_name, check_unique};
use dashu_int::IBig;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// The format's name.
pub const FORMAT: &str = "samefit-statistics/1";

#[derive(Serialize, Deserialize)]
struct Document {
    format: String,
    columns: Vec<ColumnDocument>,
    terms: Vec<Vec<(String, u32)>>,
    rows: String,
    moments: Vec<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    distribution: Option<Map<String, Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dropped: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shared: Option<Shared>,
}

#[derive(Serialize, Deserialize)]
struct ColumnDocument {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unit: Option<String>,
}

impl Statistics {
    /// The canonical text.
    pub fn to_json(&self) -> String {
        json::document(&self.document(&self.terms, &self.columns, Some(self.dropped)))
    }

    /// SHA-256, in hexadecimal, of the canonical text restricted to these terms; `columns` are the terms that are columns.
    /// The rows that were dropped are not in it.
    pub fn digest(&self, terms: &[Term]) -> String {
        let columns: Vec<Column> = terms
            .iter()
            .filter_map(Term::as_column)
            .filter_map(|name| self.column_index(name))
            .map(|at| self.columns[at].clone())
            .collect();
        let text = json::document(&self.document(terms, &columns, None));
        samefit_formats::hex::encode(Sha256::digest(text.as_bytes()))
    }

    /// Reads the canonical text, and refuses what no data can have.
    pub fn parse(text: &str) -> Result<Self> {
        let document: Document = json::parse(text, Code::Statistics, "statistics")?;
        let parsed = Self::from_document(document)?;
        parsed.check_products_agree()?;
        parsed.check_counts_add_up()?;
        Ok(parsed)
    }

    fn document(&self, terms: &[Term], columns: &[Column], dropped: Option<i64>) -> Document {
        let places: Vec<usize> = std::iter::once(0).chain(terms.iter().filter_map(|term| self.position(term))).collect();
        let row = |i: usize| (0..=i).map(|j| self.moments.at(places[i], places[j]).to_string()).collect();
        let counts = |column: &Column| {
            self.column_index(&column.name).and_then(|at| self.distribution.as_ref().map(|all| distribution_json(&all[at])))
        };
        Document {
            format: FORMAT.to_owned(),
            columns: columns.iter().map(|column| ColumnDocument { name: column.name.clone(), unit: column.unit.clone() }).collect(),
            terms: terms.iter().map(|term| term.factors.clone()).collect(),
            rows: self.rows.to_string(),
            moments: (0..places.len()).map(row).collect(),
            distribution: self
                .distribution
                .is_some()
                .then(|| columns.iter().filter_map(|column| Some((column.name.clone(), counts(column)?))).collect()),
            dropped: dropped.map(|dropped| dropped.to_string()),
            shared: self.shared.as_ref().and_then(|shared| shared.restricted(columns.iter().map(|column| column.name.as_str()))),
        }
    }

    fn from_document(document: Document) -> Result<Self> {
        if document.format != FORMAT {
            return Err(Error::found(
                Code::Statistics,
                &document.format,
                &format!("the format {FORMAT}"),
                "check that this is the right file",
            ));
        }
        check_terms(document.columns.len().max(document.terms.len()))?;
        let columns: Vec<Column> = document.columns.into_iter().map(|c| Column { name: c.name, unit: c.unit }).collect();
        columns.iter().try_for_each(|column| check_column_name(&column.name))?;
        check_unique(&columns.iter().map(|column| &column.name).collect::<Vec<_>>(), "column")?;
        let terms = parse_terms(document.terms, &columns)?;
        let distribution = document.distribution.map(|counts| parse_distribution(&counts, &columns)).transpose()?;
        Ok(Self {
            rows: parse_count(&document.rows, "rows")?,
            moments: parse_moments(&document.moments, &terms)?,
            dropped: parse_count(document.dropped.as_deref().unwrap_or("0"), "dropped")?,
            shared: document.shared.map(|shared| check_shared(shared, &columns)).transpose()?,
            columns,
            terms,
            distribution,
        })
    }

    /// Equal monomials have equal sums, and the first moment is the number of rows.
    fn check_products_agree(&self) -> Result<()> {
        if *self.moments.at(0, 0) != (Decimal { mantissa: IBig::from(self.rows), scale: 0 }) {
            return Err(impossible(format!("the first moment is {}, the rows are {}", self.moments.at(0, 0), self.rows)));
        }
        if self.terms.len() == self.columns.len() {
            // the terms are the columns: no two products of them are equal
            return Ok(());
        }
        let one = Term { factors: Vec::new() };
        let all: Vec<&Term> = std::iter::once(&one).chain(&self.terms).collect();
        let powers: Vec<Vec<(usize, u32)>> = all.iter().map(|term| self.powers(term)).collect();
        let mut seen: BTreeMap<Vec<(usize, u32)>, &Decimal> = BTreeMap::new();
        for i in 0..all.len() {
            for j in 0..=i {
                let sum = self.moments.at(i, j);
                if *seen.entry(product(&powers[i], &powers[j])).or_insert(sum) != sum {
                    let name = Term { factors: all[i].times(all[j]) }.to_string();
                    return Err(impossible(format!("the sum of {name} stands there twice, with two values")));
                }
            }
        }
        Ok(())
    }

    /// A term by the indices of its columns, in their order.
    fn powers(&self, term: &Term) -> Vec<(usize, u32)> {
        let mut powers: Vec<(usize, u32)> =
            term.factors.iter().filter_map(|(name, power)| Some((self.column_index(name)?, *power))).collect();
        powers.sort_unstable();
        powers
    }

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

/// The product of two terms by the indices of their columns.
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

/// Counts by cell as JSON, in increasing order.
pub fn distribution_json(counts: &Distribution) -> Value {
    Value::Object(counts.iter().map(|(cell, count)| (cell.name(), Value::from(count))).collect())
}

/// Counts by cell from JSON; none if a name is no cell's or a count no integer.
pub fn distribution_from_json(value: &Value) -> Option<Distribution> {
    let mut counts = Distribution::default();
    for (name, count) in value.as_object()? {
        counts.add(Cell::from_name(name)?, count.as_i64()?)?;
    }
    Some(counts)
}

fn parse_terms(terms: Vec<Vec<(String, u32)>>, columns: &[Column]) -> Result<Vec<Term>> {
    let mut parsed = Vec::with_capacity(terms.len());
    for factors in terms {
        let written = factors.clone();
        let term =
            Term::of(factors).filter(|term| term.factors == written && term.columns().all(|name| columns.iter().any(|c| c.name == name)));
        parsed.push(term.ok_or_else(|| {
            Error::new(
                Code::Statistics,
                format!("the term {} is not a product of the columns in normal form", shorten(&format!("{written:?}"))),
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
            "the terms are not the columns, then products by degree and text, each once",
            "summarise the data again",
        ));
    }
    Ok(parsed)
}

/// The canonical order: the columns in their order, then by degree, then by text.
pub(crate) fn sort_terms(terms: &mut [Term], columns: &[Column]) {
    let place =
        |term: &Term| term.as_column().and_then(|name| columns.iter().position(|column| column.name == name)).unwrap_or(columns.len());
    terms.sort_by_cached_key(|term| (place(term), term.degree(), term.to_string()));
}

fn parse_moments(rows: &[Vec<String>], terms: &[Term]) -> Result<Moments> {
    let degrees: Vec<u32> = std::iter::once(0).chain(terms.iter().map(Term::degree)).collect();
    let size = degrees.len();
    if rows.len() != size || rows.iter().enumerate().any(|(i, row)| row.len() != i + 1) {
        return Err(Error::new(Code::Statistics, format!("the moments are not a triangle of {size} rows"), "summarise the data again"));
    }
    let mut moments = Vec::with_capacity(moment_index(size, 0));
    for (row, degree) in rows.iter().zip(&degrees) {
        for (text, other) in row.iter().zip(&degrees) {
            moments.push(parse_sum(text, degree + other).ok_or_else(|| {
                let expected = "an exact decimal without exponent and trailing zeros, no longer than a sum of products of values";
                Error::found(Code::Statistics, text, expected, "summarise the data again")
            })?);
        }
    }
    Ok(Moments(moments))
}

fn parse_count(text: &str, what: &str) -> Result<i64> {
    let count: Option<i64> = text.parse().ok().filter(|count: &i64| count.to_string() == text);
    count.ok_or_else(|| Error::found(Code::Statistics, text, &format!("a whole number for `{what}`"), "summarise the data again"))
}

fn parse_distribution(counts: &Map<String, Value>, columns: &[Column]) -> Result<Vec<Distribution>> {
    let wrong = |name: &str| {
        Error::new(Code::Statistics, "the distribution is not counts by cell, one set a column", "summarise the data again").in_column(name)
    };
    if let Some(name) = counts.keys().find(|name| !columns.iter().any(|column| column.name == **name)) {
        return Err(wrong(name));
    }
    columns.iter().map(|column| counts.get(&column.name).and_then(distribution_from_json).ok_or_else(|| wrong(&column.name))).collect()
}

/// Shared statistics say of each column how it was rounded.
fn check_shared(shared: Shared, columns: &[Column]) -> Result<Shared> {
    check_decimals(&shared.decimals, Code::Statistics)?;
    let known = shared.restricted(columns.iter().map(|column| column.name.as_str()));
    known.filter(|known| *known == shared).ok_or_else(|| {
        Error::new(Code::Statistics, "`shared` does not give decimals for each column, and no others", "summarise the data again")
    })
}

fn impossible(sentence: impl AsRef<str>) -> Error {
    Error::new(Code::ImpossibleStatistics, format!("no data can have these statistics: {}", sentence.as_ref()), "summarise the data again")
}
