//! A fitted model to and from its text, `model.json`.
//!
//! *Invariants*: keys in one order, floats as their shortest round-trip text: equal models are equal bytes.
//!
//! *Not here*: how a model is fitted (`fit`), what it predicts (`predict`).

use crate::disclosure::policy::Shared;
use crate::error::{Code, Error, Result};
use crate::json;
use crate::plan::Plan;
use crate::schema::{Field, Schema, Target};
use crate::statistics::check_terms;
use crate::terms::{Term, check_column_name};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The format's name.
pub const FORMAT: &str = "samefit-model/1";

/// A fitted model. See docs/formats.md for each field.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Model {
    /// [`FORMAT`].
    pub format: String,
    /// Column and name of what is predicted.
    pub target: Target,
    /// Root mean squared residual over the QC records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rmse: Option<f64>,
    /// How the model was accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub qc: Option<Qc>,
    /// Zero if it has none.
    pub intercept: f64,
    /// Whether it has one.
    pub has_intercept: bool,
    /// In the order of the features.
    pub coefficients: Vec<Coefficient>,
    /// Standard error of the intercept.
    pub intercept_std_error: Option<f64>,
    /// Its t statistic.
    pub intercept_t: Option<f64>,
    /// Its two-sided p value.
    pub intercept_p: Option<f64>,
    /// How well it fits its training data.
    pub fit: Fit,
    /// The factor for leverage.
    pub leverage: Leverage,
    /// Every column the features use, then the target.
    pub columns: Vec<Column>,
    /// The schema's fields that forms of these columns need.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fields: Option<Vec<Field>>,
    /// The schema's title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema_title: Option<String>,
    /// How the values were rounded that it was fitted on, if they were to be shared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared: Option<Shared>,
    /// Digest of the canonical statistics restricted to what the model uses.
    pub statistics_sha256: String,
}

/// How a model was accepted.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Qc {
    /// Number of records.
    pub rows: i64,
    /// The bound that `rmse` stays below.
    pub threshold: f64,
}

/// One coefficient.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Coefficient {
    /// The term.
    pub name: String,
    /// Its coefficient.
    pub coefficient: f64,
    /// Its standard error.
    pub std_error: Option<f64>,
    /// `coefficient / std_error`.
    pub t: Option<f64>,
    /// Two-sided p value of t.
    pub p: Option<f64>,
}

/// How well a model fits its training data.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Fit {
    /// Number of rows.
    pub rows: i64,
    /// Rows less coefficients.
    pub residual_df: i64,
    /// Residual sum of squares.
    pub rss: f64,
    /// `sqrt(rss / residual_df)`.
    pub residual_sd: Option<f64>,
    /// `1 - rss / tss`.
    pub r_squared: Option<f64>,
    /// `centred`, or without an intercept `uncentred`.
    pub r_squared_kind: String,
}

/// `X'X = L D L'`.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Leverage {
    /// Rows of L left of its unit diagonal.
    pub l: Vec<Vec<f64>>,
    /// Diagonal of D.
    pub d: Vec<f64>,
}

/// What training saw of a column.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Mean.
    pub mean: Option<f64>,
    /// Standard deviation, divisor rows - 1.
    pub sd: Option<f64>,
    /// Lower edge of the lowest cell with a value.
    pub min: Option<f64>,
    /// Upper edge of the highest cell with a value.
    pub max: Option<f64>,
    /// Counts by cell.
    pub distribution: Option<Map<String, Value>>,
    /// What the schema says of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<Field>,
}

impl Model {
    /// The text of the file.
    pub fn to_json(&self) -> String {
        json::document(self)
    }

    /// Reads and checks a model.
    pub fn parse(text: &str) -> Result<Self> {
        let model: Self = json::parse(text, Code::Model, "a model made by samefit")?;
        if model.format != FORMAT {
            return Err(Error::found(Code::Model, &model.format, &format!("the format {FORMAT}"), "train the model with this version"));
        }
        model.check()?;
        Ok(model)
    }

    /// The terms of the coefficients.
    pub fn terms(&self) -> Result<Vec<Term>> {
        self.coefficients.iter().map(|coefficient| Term::parse(&coefficient.name)).collect()
    }

    /// The columns that a prediction needs.
    pub fn feature_columns(&self) -> impl Iterator<Item = &Column> {
        self.columns.iter().filter(|column| column.name != self.target.column)
    }

    /// The name of what is predicted.
    pub fn target_name(&self) -> &str {
        self.target.name.as_deref().unwrap_or(&self.target.column)
    }

    /// The plan that summarises data for this model, without [`Self::shared`]: quality control judges by values as they were measured.
    pub fn plan(&self) -> Plan {
        Plan {
            target: Some(self.target.column.clone()),
            features: Some(self.coefficients.iter().map(|coefficient| coefficient.name.clone()).collect()),
            intercept: self.has_intercept,
            distribution: self.columns.iter().any(|column| column.distribution.is_some()),
            schema: self.schema(),
            ..Plan::default()
        }
    }

    /// The part of the schema that the model holds, if it was trained with one.
    fn schema(&self) -> Option<Schema> {
        self.fields.as_ref().map(|_| self.described())
    }

    /// What the model says of its columns, as a schema.
    pub(crate) fn described(&self) -> Schema {
        Schema {
            format: crate::schema::FORMAT.to_owned(),
            title: self.schema_title.clone(),
            description: None,
            target: self.target.clone(),
            columns: self.columns.iter().filter_map(|column| column.schema.clone()).collect(),
            fields: self.fields.clone().unwrap_or_default(),
        }
    }

    fn check(&self) -> Result<()> {
        let wrong = |sentence: &str| Err(Error::new(Code::Model, sentence, "train the model again"));
        check_terms(self.columns.len().max(self.coefficients.len()))?;
        self.columns.iter().map(|column| &column.name).chain([&self.target.column]).try_for_each(|name| check_column_name(name))?;
        self.described().check()?;
        let size = self.coefficients.len() + usize::from(self.has_intercept);
        if self.leverage.d.len() != size
            || self.leverage.l.len() != size
            || self.leverage.l.iter().enumerate().any(|(i, row)| row.len() != i)
        {
            return wrong("the factor for leverage does not fit the coefficients");
        }
        if self.leverage.d.iter().any(|d| *d <= 0.0) {
            return wrong("the factor for leverage has a diagonal that is not above zero");
        }
        let terms = self.terms()?;
        crate::terms::check_unique(&self.coefficients.iter().map(|c| &c.name).collect::<Vec<_>>(), "coefficient")?;
        match terms.iter().flat_map(Term::columns).find(|name| !self.feature_columns().any(|column| column.name == *name)) {
            Some(name) => wrong(&format!("the coefficients use the column `{name}`, which is not described")),
            None => Ok(()),
        }
    }
}
