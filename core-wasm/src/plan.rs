//! What the flags of `train` say, as one document, and which columns of a table that means.

use crate::disclosure::policy::{Shared, check_decimals};
use crate::error::{Code, Error, Result, list};
use crate::json;
use crate::schema::Schema;
use crate::statistics::{Column, check_terms, sort_terms};
use crate::terms::{Term, check_column_name, check_unique, places};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What to sum and to fit, and how the bytes are written. See docs/formats.md.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Plan {
    /// The column to predict.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Terms of the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub features: Option<Vec<String>>,
    /// Columns to sum.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub columns: Option<Vec<String>>,
    /// Terms to sum beyond the columns.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub terms: Vec<String>,
    /// Whether the model has one.
    pub intercept: bool,
    /// What to do with rows that lack a value.
    pub missing: Missing,
    /// Whether to count each column's values.
    pub distribution: bool,
    /// Whether the statistics are to leave the place of their data: see `train::sharing`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub share: bool,
    /// Decimals by column, to share other ones than the schema says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decimals: Option<BTreeMap<String, i32>>,
    /// How the values are rounded before they are summed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shared: Option<Shared>,
    /// The data dictionary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema: Option<Schema>,
    /// Units by column, where there is no schema: what statistics say of themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub units: Option<BTreeMap<String, String>>,
    /// How the bytes are written.
    pub format: Format,
    /// Between fields; CSV only.
    pub delimiter: char,
    /// The header, where the bytes have none; CSV only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<Vec<String>>,
    /// What of a prediction to write; all of it unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only: Option<Only>,
    /// Whether a prediction stands beside what it was made from.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub with_input: bool,
}

/// The part of a prediction that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Only {
    /// The predicted value.
    Predicted,
}

/// What to do with rows that lack a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Missing {
    /// Refuse the data.
    #[default]
    Error,
    /// Leave the row out, and say how many.
    Drop,
}

/// How data are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// RFC 4180.
    #[default]
    Csv,
    /// One JSON object a line.
    Jsonl,
    /// One JSON object.
    Json,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            target: None,
            features: None,
            columns: None,
            terms: Vec::new(),
            intercept: true,
            missing: Missing::Error,
            distribution: true,
            share: false,
            decimals: None,
            shared: None,
            schema: None,
            units: None,
            format: Format::Csv,
            delimiter: ',',
            header: None,
            only: None,
            with_input: false,
        }
    }
}

impl Plan {
    /// Reads and checks a plan.
    pub fn parse(text: &str) -> Result<Self> {
        let mut document: Value = json::parse(text, Code::Plan, "a plan")?;
        // read on its own, so that what is wrong with it is said of the schema
        let schema = document.as_object_mut().and_then(|plan| plan.remove("schema")).filter(|schema| !schema.is_null());
        let schema: Option<Schema> = schema.map(|schema| json::from_value(schema, Code::Schema, "a schema")).transpose()?;
        schema.iter().try_for_each(Schema::check)?;
        let plan = Self { schema, ..json::from_value(document, Code::Plan, "a plan")? };
        if !plan.delimiter.is_ascii() || matches!(plan.delimiter, '"' | '\n' | '\r') {
            return Err(Error::found(
                Code::Plan,
                &plan.delimiter.to_string(),
                "one ASCII character that is no quote and no line break as `delimiter`",
                "correct the plan",
            ));
        }
        plan.decimals
            .iter()
            .chain(plan.shared.iter().map(|shared| &shared.decimals))
            .try_for_each(|decimals| check_decimals(decimals, Code::Plan))?;
        if plan.decimals.is_some() && !plan.share {
            return Err(Error::new(Code::Plan, "`decimals` are given, but nothing is shared", "set `share` too"));
        }
        Ok(plan)
    }

    /// Whether each column's values are counted: never if they are rounded.
    pub fn counts_values(&self) -> bool {
        self.distribution && !self.rounds()
    }

    /// Whether the values are rounded before they are summed.
    pub fn rounds(&self) -> bool {
        self.share || self.shared.is_some()
    }

    /// The column to predict: the plan's, else the schema's.
    pub fn target(&self) -> Option<&str> {
        self.target.as_deref().or_else(|| self.schema.as_ref().map(|schema| schema.target.column.as_str()))
    }

    /// The column to predict, which must be known.
    pub fn needed_target(&self) -> Result<&str> {
        self.target()
            .ok_or_else(|| Error::new(Code::Target, "no target is named", "name the column to predict with --target, or give a schema"))
    }

    /// The terms of the model, if they are named; none of them is made of the target.
    pub fn feature_terms(&self) -> Result<Option<Vec<Term>>> {
        let Some(features) = &self.features else { return Ok(None) };
        check_terms(features.len())?;
        let terms = features.iter().map(|text| Term::parse(text)).collect::<Result<Vec<_>>>()?;
        check_unique(&terms.iter().map(Term::to_string).collect::<Vec<_>>(), "feature")?;
        if terms.is_empty() && !self.intercept {
            return Err(Error::new(Code::Plan, "a model without features and without an intercept", "name a feature"));
        }
        let target = self.needed_target()?;
        match terms.iter().find(|term| term.columns().any(|name| name == target)) {
            Some(term) => Err(Error::new(Code::Target, format!("the target `{target}` is also a feature"), "leave it out of the features")
                .in_column(&term.to_string())),
            None => Ok(Some(terms)),
        }
    }

    /// The unit of a column, if the schema or the plan says.
    pub fn unit(&self, column: &str) -> Option<String> {
        match (&self.units, &self.schema) {
            (Some(units), _) => units.get(column).cloned(),
            (None, Some(schema)) => schema.unit(column).map(str::to_owned),
            (None, None) => None,
        }
    }

    /// What to sum of a table, before its header is known.
    pub fn wanted(&self) -> Result<Wanted> {
        let features = self.feature_terms()?;
        check_terms(self.terms.len())?;
        let extra = self.terms.iter().map(|text| Term::parse(text)).collect::<Result<Vec<_>>>()?;
        let mut terms: Vec<Term> = features.iter().flatten().chain(&extra).filter(|term| term.as_column().is_none()).cloned().collect();
        sort_terms(&mut terms, &[]);
        terms.dedup();
        let from_terms = features.iter().flatten().chain(&extra).flat_map(Term::columns).map(str::to_owned);
        let named: Option<Vec<String>> = match (&self.columns, &features, &self.schema) {
            (Some(columns), _, _) => Some(columns.clone()),
            (None, Some(_), _) => Some(Vec::new()),
            (None, None, Some(schema)) => Some(schema.order().map(str::to_owned).collect()),
            (None, None, None) => None,
        };
        if let Some(columns) = &self.columns {
            check_unique(columns, "column")?;
        }
        let Some(mut columns) = named else {
            let needed = from_terms.chain(self.target.clone()).collect();
            return Ok(Wanted { columns: Columns::AllNumbers { needed }, terms });
        };
        let target = if self.columns.is_none() || self.target.is_some() { self.target().map(str::to_owned) } else { None };
        check_terms(columns.len())?;
        let mut known: BTreeSet<String> = columns.iter().cloned().collect();
        columns.extend(from_terms.chain(target).filter(|name| known.insert(name.clone())));
        columns.iter().try_for_each(|name| check_column_name(name).map_err(|error| error.in_column(name)))?;
        if let Some(schema) = &self.schema {
            let order: Vec<&str> = schema.order().collect();
            let places = places(&order);
            columns.sort_by_key(|name| places.get(name.as_str()).copied().unwrap_or(usize::MAX));
        }
        let in_given_order = self.columns.is_some() || self.schema.is_some();
        Ok(Wanted { columns: Columns::Named { columns, in_given_order }, terms })
    }
}

/// What to sum of a table.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Which columns.
    pub columns: Columns,
    /// Products and powers, in canonical order.
    pub terms: Vec<Term>,
}

/// Which columns to sum.
#[derive(Clone, Debug)]
pub enum Columns {
    /// All columns of numbers, in the header's order; these must be among them.
    AllNumbers {
        /// Columns of the plan's terms and its target.
        needed: Vec<String>,
    },
    /// These, in this order or the header's.
    Named {
        /// Their names.
        columns: Vec<String>,
        /// Whether their order is the plan's or the schema's; else the header's.
        in_given_order: bool,
    },
}

impl Wanted {
    /// Indexes in the header of the columns to sum, in their order.
    ///
    /// Errors: `missing-column`, `column-name`, `no-columns`.
    pub fn resolve(&self, header: &[String]) -> Result<Vec<usize>> {
        let known = places(header);
        let find = |name: &String| known.get(name.as_str()).copied().ok_or_else(|| missing_column(name, header));
        match &self.columns {
            Columns::AllNumbers { needed } => {
                needed.iter().try_for_each(|name| find(name).map(drop))?;
                Ok((0..header.len()).collect())
            }
            Columns::Named { columns, in_given_order } => {
                let mut found = columns.iter().map(find).collect::<Result<Vec<_>>>()?;
                if !in_given_order {
                    found.sort_unstable();
                }
                Ok(found)
            }
        }
    }

    /// The names that must be there, if the columns are named.
    pub fn names(&self) -> &[String] {
        match &self.columns {
            Columns::AllNumbers { needed } => needed,
            Columns::Named { columns, .. } => columns,
        }
    }
}

/// The column of statistics that a plan's column becomes.
pub fn summed_column(plan: &Plan, name: &str) -> Column {
    Column { name: name.to_owned(), unit: plan.unit(name) }
}

fn missing_column(name: &str, header: &[String]) -> Error {
    let sentence = format!("the data have no such column; they have {}", list(header));
    let mut error = Error::new(Code::MissingColumn, sentence, "correct the name, or give other data").in_column(name);
    error.expected = Some(name.to_owned());
    error.found = Some(header.join(", "));
    error
}
