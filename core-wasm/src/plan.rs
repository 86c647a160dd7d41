//! The plan: what to sum, fit and write, as one document. The command line makes it of its flags.
//!
//! *Not here*: how a plan is carried out (`summarizer`, `fit`, `predict`).

use crate::cell_format::{CellFormat, shell_word};
use crate::error::{Code, Error, Result, list};
use crate::functions::Function;
use crate::hidden;
use crate::json;
use crate::level::{KeptLevels, ListedLevels, OTHER};
use crate::model_formula::{CATEGORIES_MAX, FormulaFactor, FormulaTerm, ModelFormula, ParsedFormula, name_text};
use crate::ordered::{IntoOrdered, sort_by_key};
use crate::planned_knots::{PlannedKnots, make_splines};
use crate::release_policy::{Shared, check_decimals};
use crate::schema::Schema;
use crate::statistics::{SummedColumn, ValueGrid, Weighting, check_terms, combined_sets, sort_terms, unions};
use crate::terms::{ColumnPlaces, Term, Variable, check_column_name, check_unique, places};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// What to sum, fit and write, and how the data are written. The section *Plan* of docs/formats.md describes each key.
///
/// ```
/// use samefit_core::plan::Plan;
///
/// # fn main() -> samefit_core::error::Result<()> {
/// let plan = Plan::parse(r#"{"target": "y", "features": ["x", "x^2"]}"#)?;
/// assert_eq!(plan.target(), Some("y"));
/// assert!(plan.intercept);
///
/// let error = Plan::parse(r#"{"targt": "y"}"#).unwrap_err();
/// assert!(error.sentence.starts_with("this is not a plan: the key `targt` is unknown"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Plan {
    /// The column to predict. If it is missing, the schema's target.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Terms of the model. If they are missing, all columns but the target.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub features: Option<Vec<String>>,
    /// The model as a formula of R, instead of target, features and intercept. A plan that is read has it only if it needs the columns of the
    /// data: where a `.` stands for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub formula: Option<String>,
    /// Columns whose features are to be restricted cubic splines, each with its knots. A plan that is read has splines as features instead, where
    /// the places of the knots are known. Knots that are left are chosen by a first pass over the data.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub knots: BTreeMap<String, PlannedKnots>,
    /// Columns to sum. If they are missing, those of the features and the target, else the schema's, else all columns of numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub columns: Option<Vec<String>>,
    /// Terms to sum beyond the columns.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub terms: Vec<String>,
    /// Columns that are categories, besides those that the schema calls so.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<String>,
    /// For a category the levels that are kept: every other level is `other`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub other: BTreeMap<String, KeptLevels>,
    /// Whether a column of words that a feature names, and that neither plan nor schema describes, is taken as a category.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub find_categories: bool,
    /// Whether the model has an intercept.
    pub intercept: bool,
    /// What to do if features depend on each other.
    #[serde(skip_serializing_if = "Collinear::is_default")]
    pub collinear: Collinear,
    /// What to do if features nearly depend on each other.
    #[serde(skip_serializing_if = "NearCollinear::is_default")]
    pub near_collinear: NearCollinear,
    /// For a category the level with which the others are compared. For all others it is the first in the schema that has rows, else the
    /// first in order.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub reference: BTreeMap<String, String>,
    /// The column with the weight of each row: a decimal number, not below zero.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weights: Option<String>,
    /// The column that says for how many equal rows each row stands: a whole number, not below zero.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counts: Option<String>,
    /// The column whose levels divide the rows into groups, each of which is summed by itself, without this column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// What to do with rows that lack a value.
    pub missing: Missing,
    /// Whether to count each column's values. Rounded values are never counted.
    pub distribution: bool,
    /// Whether the statistics are to be shared with others: they must not single out a few rows.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub share: bool,
    /// Decimals of columns that are shared, instead of those in the schema.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decimals: Option<BTreeMap<String, i32>>,
    /// How values are rounded before they are summed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shared: Option<Shared>,
    /// The data dictionary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema: Option<Schema>,
    /// Units of columns, where there is no schema.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub units: Option<BTreeMap<String, String>>,
    /// The values of columns that are counted one by one, where there is no schema.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grids: Option<BTreeMap<String, ValueGrid>>,
    /// The format of the data.
    pub format: Format,
    /// The character between fields; CSV only. If it is missing, that of a line `sep=;` at the beginning of the data, else a comma.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<char>,
    /// The mark before the decimals of a number, a point or a comma; CSV only.
    #[serde(skip_serializing_if = "is_point")]
    pub decimal: char,
    /// The character between groups of three digits of a number; CSV only. A space stands for spaces of every kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thousands: Option<char>,
    /// Texts that mean a missing value, besides those that always do. A number stands for all texts of this number.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub na: Vec<String>,
    /// The names of the columns, where the data have no header; CSV only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<Vec<String>>,
    /// How many lines at the beginning of the data are passed over; CSV only.
    #[serde(skip_serializing_if = "is_zero")]
    pub skip: u64,
    /// The character with which lines begin that are passed over; CSV only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<char>,
    /// The part of a prediction to write. If it is missing, all of the prediction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only: Option<Only>,
    /// Whether to write the input's columns before the prediction.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub with_input: bool,
    /// The format of predictions. If it is missing, that of the data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<OutputFormat>,
    /// What to do with a record that cannot be predicted.
    #[serde(skip_serializing_if = "OnError::is_default")]
    pub on_error: OnError,
    /// The level of a prediction's interval. If it is missing, 0.95.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<f64>,
    /// What a prediction's interval is for.
    #[serde(skip_serializing_if = "IntervalKind::is_default")]
    pub interval: IntervalKind,
}

/// What a prediction's interval is for, in the words of R.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum IntervalKind {
    /// A new outcome.
    #[default]
    Prediction,
    /// The mean of all outcomes of records like this one.
    Confidence,
}

impl IntervalKind {
    fn is_default(&self) -> bool {
        *self == Self::Prediction
    }
}

/// A part of a prediction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Only {
    /// The predicted value.
    Predicted,
}

/// What to do if features depend on each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Collinear {
    /// Refuse the data, with the error `collinear` or `constant-column`.
    #[default]
    Error,
    /// Leave out each column that depends on those before it, with the note `collinear`.
    Drop,
}

impl Collinear {
    fn is_default(&self) -> bool {
        *self == Self::Error
    }
}

/// What to do if features nearly depend on each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NearCollinear {
    /// Fit the model, with the note `near-collinear`.
    #[default]
    Note,
    /// Refuse the data, with the error `near-collinear`.
    Error,
}

impl NearCollinear {
    fn is_default(&self) -> bool {
        *self == Self::Note
    }
}

/// What to do with rows that lack a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Missing {
    /// Refuse the data, with the error `missing-values`.
    #[default]
    Error,
    /// Leave the rows out, with the note `rows-dropped`.
    Drop,
}

/// What to do with a record that cannot be predicted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnError {
    /// End with the error.
    #[default]
    Stop,
    /// Write the record without a prediction and go on. Every record is written with its status.
    Continue,
}

impl OnError {
    fn is_default(&self) -> bool {
        *self == Self::Stop
    }
}

/// The format of data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// CSV after RFC 4180.
    #[default]
    Csv,
    /// JSON Lines: one object a line.
    Jsonl,
    /// One JSON object.
    Json,
}

/// The format of predictions, where it is not that of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutputFormat {
    /// CSV.
    Csv,
    /// JSON Lines.
    Jsonl,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            target: None,
            features: None,
            formula: None,
            knots: BTreeMap::new(),
            columns: None,
            terms: Vec::new(),
            categories: Vec::new(),
            other: BTreeMap::new(),
            find_categories: false,
            intercept: true,
            collinear: Collinear::Error,
            near_collinear: NearCollinear::Note,
            reference: BTreeMap::new(),
            weights: None,
            counts: None,
            by: None,
            missing: Missing::Error,
            distribution: true,
            share: false,
            decimals: None,
            shared: None,
            schema: None,
            units: None,
            grids: None,
            format: Format::Csv,
            delimiter: None,
            decimal: '.',
            thousands: None,
            na: Vec::new(),
            header: None,
            skip: 0,
            comment: None,
            only: None,
            with_input: false,
            to: None,
            on_error: OnError::Stop,
            level: None,
            interval: IntervalKind::Prediction,
        }
    }
}

impl Plan {
    /// Reads and checks a plan.
    ///
    /// # Errors
    /// `json`, `duplicate-key`; `schema` for what is wrong with its schema, `level`, else `plan`.
    pub fn parse(text: &str) -> Result<Self> {
        let mut document: Value = json::parse(text, Code::Plan, "a plan")?;
        // the schema is read by itself, so that its errors are errors of a schema
        let schema = document.as_object_mut().and_then(|plan| plan.remove("schema")).filter(|schema| !schema.is_null());
        let schema: Option<Schema> = schema.map(|schema| json::from_value(&schema, Code::Schema, "a schema")).transpose()?;
        schema.iter().try_for_each(Schema::check)?;
        let mut plan = Self { schema, ..json::from_value(&document, Code::Plan, "a plan")? };
        plan.trim_names();
        let merged: Vec<String> = plan.other.keys().filter(|name| !plan.is_category(name)).cloned().collect();
        plan.categories.extend(merged);
        plan.check_dialect()?;
        CellFormat::of_csv(plan.decimal, plan.thousands)?;
        plan.decimals.iter().try_for_each(|decimals| check_decimals(decimals, Code::Plan))?;
        plan.shared.iter().try_for_each(|shared| shared.check(Code::Plan))?;
        if plan.decimals.is_some() && !plan.share {
            return Err(Error::new(Code::Plan, "the plan has `decimals` without `share`", "set `share` too"));
        }
        plan.check_weights()?;
        plan.check_by()?;
        if plan.only.is_some() && plan.on_error == OnError::Continue {
            let sentence = "with `on_error`: `continue`, the warnings say why a record has no prediction, and `only` leaves them out";
            return Err(Error::new(Code::Plan, sentence, "leave out one of the two"));
        }
        plan.level.map_or(Ok(()), check_level)?;
        let Some(text) = &plan.formula else { return plan.with_splines() };
        if plan.target.is_some() || plan.features.is_some() || !plan.intercept {
            let sentence = "the plan has a formula, and target, features or intercept besides";
            return Err(Error::new(Code::Plan, sentence, "name the target, the features and the intercept in the formula alone"));
        }
        let formula = ParsedFormula::parse(text)?;
        if formula.needs_columns() { Ok(plan) } else { plan.with_formula(formula.expand(&[])?) }
    }

    /// Takes spaces at the ends of names of columns away, as they are in a header. Features and terms are trimmed where they are read.
    fn trim_names(&mut self) {
        fn trim(name: &mut String) {
            if name.trim().len() < name.len() {
                *name = name.trim().to_owned();
            }
        }
        fn trim_keys<V>(map: &mut BTreeMap<String, V>) {
            *map = std::mem::take(map).into_iter().map(|(name, value)| (name.trim().to_owned(), value)).into_map();
        }
        [&mut self.target, &mut self.weights, &mut self.counts, &mut self.by].into_iter().flatten().for_each(trim);
        let lists = self.columns.iter_mut().chain(&mut self.header).flatten();
        lists.chain(&mut self.categories).for_each(trim);
        trim_keys(&mut self.knots);
        trim_keys(&mut self.other);
        trim_keys(&mut self.reference);
        self.units.iter_mut().for_each(trim_keys);
        self.decimals.iter_mut().for_each(trim_keys);
    }

    /// Refuses characters that cannot divide CSV.
    fn check_dialect(&self) -> Result<()> {
        let found = |c: char, expected: &str| Err(Error::found(Code::Plan, &c.to_string(), expected, "correct the plan"));
        match (self.delimiter, self.comment) {
            (Some(c), _) if !c.is_ascii() || matches!(c, '"' | '\n' | '\r') => {
                found(c, "one ASCII character as `delimiter`, neither a quote nor a line break")
            }
            (_, Some(c)) if !c.is_ascii_punctuation() || matches!(c, '"' | '-' | '+' | '.') => {
                found(c, "one ASCII character as `comment`, no letter, digit, space, quote, sign or point")
            }
            (delimiter, Some(c)) if c == delimiter.unwrap_or(',') => found(c, "another character as `comment` than the delimiter"),
            _ => Ok(()),
        }
    }

    /// Returns the plan for data with these columns: with target, features and intercept instead of a formula. A `.` in it stands for those
    /// that the schema describes or, without a schema, for all but the weights. It never stands for the column of the groups.
    ///
    /// # Errors
    /// Those of [`ParsedFormula::expand`]; `duplicate-column` if the `.` means a name that stands there twice.
    pub fn for_columns<'a>(&self, columns: impl IntoIterator<Item = &'a str>) -> Result<Cow<'_, Self>> {
        let Some(text) = &self.formula else { return Ok(Cow::Borrowed(self)) };
        let described = self.schema.as_ref().map(|schema| schema.order().into_set());
        let is_meant =
            |name: &&str| !name.is_empty() && !self.is_apart(name) && described.as_ref().is_none_or(|described| described.contains(name));
        let columns: Vec<String> = columns.into_iter().filter(is_meant).map(str::to_owned).collect();
        ColumnPlaces::new(&columns).check_unique()?;
        self.with_formula(ParsedFormula::parse(text)?.expand(&columns)?).map(Cow::Owned)
    }

    /// Returns the plan with what a formula says.
    fn with_formula(&self, formula: ModelFormula) -> Result<Self> {
        let mut plan = Self { formula: None, target: Some(formula.target), intercept: formula.has_intercept, ..self.clone() };
        for factor in formula.terms.iter().flat_map(|term| &term.factors) {
            let FormulaFactor::Category { name, reference } = factor else { continue };
            if !plan.categories.contains(name) {
                plan.categories.push(name.clone());
            }
            if let Some(level) = reference {
                plan.reference.insert(name.clone(), level.clone());
            }
        }
        plan.features = Some(formula.terms.iter().map(feature_text).collect());
        plan.with_splines()
    }

    /// Returns the plan with splines as features where the places of their knots are given.
    fn with_splines(mut self) -> Result<Self> {
        let Some(column) = self.knots.keys().next() else { return Ok(self) };
        if self.rounds() {
            let sentence = "knots are chosen from values, and the plan rounds the values";
            return Err(Error::new(Code::Plan, sentence, "write the places of the knots in the features").in_column(column));
        }
        if let Some(category) = self.knots.keys().find(|name| self.is_category(name)) {
            let sentence = "it is a category, and a spline is of a number";
            return Err(Error::new(Code::Term, sentence, "ask for no knots of it").in_column(category));
        }
        let mut features = self.features.take().or_else(|| self.features_of_schema()).ok_or_else(|| {
            let sentence = "knots are asked for, and the plan names no features";
            Error::new(Code::Plan, sentence, "name the features, or give a formula or a schema").in_column(column)
        })?;
        self.knots = make_splines(&mut features, std::mem::take(&mut self.knots))?;
        self.features = Some(features);
        Ok(self)
    }

    /// Returns the features of a plan that names none: the schema's columns but the target and the weights; `None` without a schema.
    fn features_of_schema(&self) -> Option<Vec<String>> {
        let is_feature = |name: &&str| Some(*name) != self.target() && Some(*name) != self.weight_column();
        self.schema.as_ref().map(|schema| schema.order().filter(is_feature).map(str::to_owned).collect())
    }

    /// Refuses a plan whose knots are still to be chosen.
    ///
    /// # Errors
    /// `plan`.
    pub fn check_knots_are_chosen(&self) -> Result<()> {
        let Some(column) = self.knots.keys().next() else { return Ok(()) };
        let sentence = "its knots are not chosen yet";
        Err(Error::new(Code::Plan, sentence, "choose them in a first pass over the data, or write their places").in_column(column))
    }

    /// Returns whether this plan is for a first pass over the data, which chooses knots and sums nothing.
    pub fn chooses_knots(&self) -> bool {
        !self.knots.is_empty()
    }

    /// Returns how the cells of data are written. Numbers of JSON have points, whatever the plan says of CSV.
    pub fn cell_format(&self) -> CellFormat {
        let format = match self.format {
            // `parse` has refused a plan that contradicts itself
            Format::Csv => CellFormat::of_csv(self.decimal, self.thousands).unwrap_or_default(),
            Format::Jsonl | Format::Json => CellFormat::POINTS,
        };
        let also = if self.missing == Missing::Error { "--missing drop" } else { "" };
        format.with_missing(&self.na).advising(also)
    }

    /// Returns how much rows count.
    pub fn weighting(&self) -> Weighting {
        match (&self.weights, &self.counts) {
            (Some(_), _) => Weighting::Weights,
            (None, Some(_)) => Weighting::Counts,
            (None, None) => Weighting::Equal,
        }
    }

    /// Returns the column of the weights or counts of the rows, if there is one. It is summed like other columns only if it is named as one.
    pub fn weight_column(&self) -> Option<&str> {
        self.weights.as_deref().or(self.counts.as_deref())
    }

    /// Returns whether a column is that of the weights, the counts or the groups. No feature means it unless it is named.
    pub fn is_apart(&self, column: &str) -> bool {
        self.weight_column() == Some(column) || self.by.as_deref() == Some(column)
    }

    /// Refuses keys that contradict those of weights and counts.
    fn check_weights(&self) -> Result<()> {
        let Some(column) = self.weight_column() else { return Ok(()) };
        check_column_name(column).map_err(|error| error.in_column(column))?;
        if self.weights.is_some() && self.counts.is_some() {
            return Err(Error::new(Code::Plan, "the plan has both `weights` and `counts`", "leave out one of the two"));
        }
        if self.rounds() {
            let sentence = "rows with weights or counts cannot be summed to be shared: what they would tell of single rows is not examined";
            return Err(Error::new(Code::Plan, sentence, "leave out `weights` or `counts`, or do not share"));
        }
        if self.target() == Some(column) {
            let sentence = format!("the target `{column}` is also the column of the weights or counts");
            return Err(Error::new(Code::Target, sentence, "name another column for one of them").in_column(column));
        }
        Ok(())
    }

    /// Refuses a column of the groups that the plan also names as something else.
    fn check_by(&self) -> Result<()> {
        let Some(column) = self.by.as_deref() else { return Ok(()) };
        check_column_name(column).map_err(|error| error.in_column(column))?;
        if self.rounds() {
            let sentence = "groups cannot be summed to be shared: what the sums of all of them tell together is not examined";
            return Err(Error::new(Code::Plan, sentence, "write the rows of each group to a file, and share each by itself"));
        }
        let is_named = |names: &[String]| names.iter().any(|name| name == column);
        let role = match () {
            () if self.target() == Some(column) => "the target",
            () if self.weight_column() == Some(column) => "the column of the weights or counts",
            () if is_named(&self.categories) => "a category",
            () if self.columns.as_deref().is_some_and(is_named) => "a column to sum",
            () => return Ok(()),
        };
        Err(divides_and_is(column, role))
    }

    /// Returns whether each column's values are counted.
    pub fn counts_values(&self) -> bool {
        self.distribution && !self.rounds()
    }

    /// Returns whether values are rounded before they are summed.
    pub fn rounds(&self) -> bool {
        self.share || self.shared.is_some()
    }

    /// Returns the column to predict: the plan's, else the schema's.
    pub fn target(&self) -> Option<&str> {
        self.target.as_deref().or_else(|| self.schema.as_ref().map(|schema| schema.target.column.as_str()))
    }

    /// Returns the column to predict.
    ///
    /// # Errors
    /// `target` if neither the plan nor the schema names it.
    pub fn needed_target(&self) -> Result<&str> {
        self.target()
            .ok_or_else(|| Error::new(Code::Target, "no target is named", "name the column to predict with --target, or give a schema"))
    }

    /// Returns the terms of the model; `None` if the plan does not name them.
    ///
    /// # Errors
    /// `term`, `duplicate-column`, `capacity`; `target` if a term uses the target; `plan` for a model without any coefficient.
    pub fn feature_terms(&self) -> Result<Option<Vec<Term>>> {
        let Some(features) = &self.features else { return Ok(None) };
        check_terms(features.len())?;
        let terms = features.iter().map(|text| Term::parse(text)).collect::<Result<Vec<_>>>()?;
        check_unique(&terms.iter().map(Term::to_string).collect::<Vec<_>>(), "feature")?;
        if terms.is_empty() && !self.intercept {
            return Err(Error::new(Code::Plan, "the model has neither features nor an intercept", "name a feature"));
        }
        if let Some(term) = terms.iter().find(|term| term.factors.iter().any(|(variable, _)| matches!(variable, Variable::Cube { .. }))) {
            let expected = "a feature of a model; only statistics have the cubes of a spline by themselves";
            return Err(Error::found(Code::Term, &term.to_string(), expected, "name the spline: `rcs(age, 30, 50, 70)`")
                .in_column(&term.to_string()));
        }
        let target = self.needed_target()?;
        match terms.iter().find(|term| term.columns().any(|name| name == target)) {
            Some(term) => Err(Error::new(Code::Target, format!("the target `{target}` is also a feature"), "leave it out of the features")
                .in_column(&term.to_string())),
            None => Ok(Some(terms)),
        }
    }

    /// Returns whether the plan or its schema says that a column is a category.
    pub fn is_category(&self, column: &str) -> bool {
        self.categories.iter().any(|name| name == column) || self.schema.as_ref().is_some_and(|schema| schema.is_category(column))
    }

    /// Returns the levels that a category may have; none if the schema lists none.
    pub fn listed_levels(&self, column: &str) -> Option<ListedLevels> {
        self.schema.as_ref().and_then(|schema| schema.listed_levels(column))
    }

    /// Returns the levels that a category keeps, as the schema writes them; none if it keeps all.
    pub fn kept_levels(&self, column: &str) -> Option<KeptLevels> {
        let kept = self.other.get(column)?;
        let Some(listed) = self.listed_levels(column) else { return Some(kept.clone()) };
        // a level that is not listed is refused with the selection
        Some(KeptLevels::new(kept.levels().map(|level| listed.find(level).unwrap_or(level).text())))
    }

    /// Returns the levels that the rows of a category can have; none if that is not known before the data are read.
    pub fn possible_levels(&self, column: &str) -> Option<ListedLevels> {
        let kept = self.kept_levels(column);
        let with_other = |kept: KeptLevels| ListedLevels::new(kept.levels().map(|level| level.text()).chain([OTHER]));
        kept.map(with_other).or_else(|| self.listed_levels(column))
    }

    /// Refuses levels to keep of what is no category, and levels that the schema does not list.
    fn check_other(&self) -> Result<()> {
        for (column, kept) in &self.other {
            kept.check(Code::Plan).map_err(|error| error.in_column(column))?;
            if !self.is_category(column) {
                let sentence = "levels of the column are kept, and it is no category";
                return Err(Error::new(Code::Plan, sentence, "name it with --categories").in_column(column));
            }
            let listed = self.listed_levels(column);
            if let Some(level) = kept.levels().find(|level| listed.as_ref().is_some_and(|listed| listed.find(level).is_err())) {
                let help = "correct the level, or add it to the schema";
                return Err(Error::found(Code::Plan, level.text(), "a level that the schema lists", help).in_column(column));
            }
        }
        Ok(())
    }

    /// Returns the unit of a column, if the plan or the schema gives it.
    pub fn unit(&self, column: &str) -> Option<String> {
        match (&self.units, &self.schema) {
            (Some(units), _) => units.get(column).cloned(),
            (None, Some(schema)) => schema.unit(column).map(str::to_owned),
            (None, None) => None,
        }
    }

    /// Returns the values of a column that are counted one by one: those that the plan gives, else those with the schema's decimals in its
    /// plausible range. Returns none if there is no such range, or if it has too many values.
    pub fn grid(&self, column: &str) -> Option<ValueGrid> {
        match (&self.grids, &self.schema) {
            (Some(grids), _) => grids.get(column).copied(),
            (None, Some(schema)) => ValueGrid::of_measure(schema.decimals(column), schema.plausible(column)),
            (None, None) => None,
        }
    }

    /// Returns the columns and terms to sum.
    ///
    /// # Errors
    /// Those of [`feature_terms`](Self::feature_terms), and `column-name`; `target` if the target is a category.
    pub fn selection(&self) -> Result<Selection> {
        self.check_weights()?;
        self.check_by()?;
        check_unique(&self.categories, "category")?;
        self.check_other()?;
        if let Some(target) = self.target().filter(|target| self.is_category(target)) {
            let sentence = "the target is a category, and only numbers can be predicted";
            return Err(Error::new(Code::Target, sentence, "name a column of numbers with --target").in_column(target));
        }
        let features = self.feature_terms()?.unwrap_or_default();
        check_terms(self.terms.len())?;
        let extra = self.terms.iter().map(|text| Term::parse(text)).collect::<Result<Vec<_>>>()?;
        let written: Vec<Term> = features.iter().chain(&extra).cloned().collect();
        written.iter().try_for_each(|term| numeric_part(term, |name| self.is_category(name)).map(drop))?;
        let of_formula = self.formula.as_deref().map(ParsedFormula::parse).transpose()?.map(|formula| formula.columns());
        if let Some(by) = self.by.as_deref().filter(|by| written.iter().any(|term| term.columns().any(|name| name == *by))) {
            return Err(divides_and_is(by, "in a feature or term"));
        }
        let of_terms = written.iter().flat_map(Term::columns).map(str::to_owned).chain(of_formula.into_iter().flatten());
        let columns = match self.named_columns()? {
            None => ColumnSelection::AllNumbers { needed: of_terms.chain(self.categories.clone()).chain(self.target.clone()).collect() },
            Some(columns) => ColumnSelection::Named {
                columns: self.complete_columns(columns, of_terms)?,
                // tables whose values are counted together need one order of columns
                in_given_order: self.columns.is_some() || self.schema.is_some() || self.chooses_knots(),
            },
        };
        let undescribed = |name: &&str| self.schema.as_ref().is_none_or(|schema| !schema.order().any(|other| other == *name));
        let undecided: BTreeSet<String> = match self.find_categories && !self.rounds() {
            true => features.iter().flat_map(Term::columns).filter(undescribed).map(str::to_owned).into_set(),
            false => BTreeSet::new(),
        };
        let weights = self.weight_column().map(str::to_owned);
        Ok(Selection { columns, features: features.len(), terms: written, undecided, weights, by: self.by.clone() })
    }

    /// Returns the names of the columns that data for this plan need to have; `None` if the plan names none, so that any column may count.
    ///
    /// # Errors
    /// Those of [`selection`](Self::selection).
    pub fn needed_columns(&self) -> Result<Option<Vec<String>>> {
        let Selection { columns, weights, by, .. } = self.selection()?;
        let ColumnSelection::Named { mut columns, .. } = columns else { return Ok(None) };
        columns.extend(weights.filter(|weights| !columns.contains(weights)));
        columns.extend(by);
        Ok(Some(columns))
    }

    /// The columns to sum, without those of the terms and the target; `None` if neither the plan nor a schema names any.
    fn named_columns(&self) -> Result<Option<Vec<String>>> {
        if let Some(columns) = &self.columns {
            check_unique(columns, "column")?;
            // who names columns to sum wants the categories summed too
            let categories = self.categories.iter().filter(|name| !columns.contains(name));
            return Ok(Some(columns.iter().chain(categories).cloned().collect()));
        }
        Ok(match (&self.features, &self.schema) {
            (Some(_), _) => Some(Vec::new()),
            (None, Some(schema)) => Some(schema.order().filter(|name| !self.is_apart(name)).map(str::to_owned).collect()),
            (None, None) => None,
        })
    }

    /// Adds the columns of the terms and the target, and brings all into the schema's order.
    fn complete_columns(&self, mut columns: Vec<String>, of_terms: impl Iterator<Item = String>) -> Result<Vec<String>> {
        let target = if self.columns.is_none() || self.target.is_some() { self.target().map(str::to_owned) } else { None };
        check_terms(columns.len())?;
        let mut known = columns.iter().cloned().into_set();
        columns.extend(of_terms.chain(target).filter(|name| known.insert(name.clone())));
        columns.iter().try_for_each(|name| check_column_name(name).map_err(|error| error.in_column(name)))?;
        if let Some(schema) = &self.schema {
            let order: Vec<&str> = schema.order().collect();
            let places = places(&order);
            sort_by_key(&mut columns, |name| places.get(name.as_str()).copied().unwrap_or(usize::MAX));
        }
        Ok(columns)
    }
}

/// Whether a mark before decimals is left out of a plan's text.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_point(mark: &char) -> bool {
    *mark == '.'
}

/// Returns the text of a feature that a term of a formula is.
fn feature_text(term: &FormulaTerm) -> String {
    let text = |factor: &FormulaFactor| match factor {
        FormulaFactor::Column(name) | FormulaFactor::Category { name, .. } => name.clone(),
        FormulaFactor::Function { function, column } => format!("{function}({column})"),
        FormulaFactor::Spline { column, knots } => format!("rcs({column},{})", knots.join(",")),
        FormulaFactor::Product(powers) => {
            powers.iter().map(|(variable, power)| format!("{variable}^{power}")).collect::<Vec<_>>().join("*")
        }
    };
    term.factors.iter().map(text).collect::<Vec<_>>().join("*")
}

/// Refuses a level of confidence that is not between 0 and 1.
///
/// # Errors
/// `level`.
pub fn check_level(level: f64) -> Result<()> {
    if level > 0.0 && level < 1.0 {
        return Ok(());
    }
    let mut error = Error::found(Code::Level, &level.to_string(), "a level between 0 and 1", "give a level such as 0.95");
    if level > 1.0 && level < 100.0 {
        error.help = format!("write {level} % as {}", level / 100.0);
    }
    Err(error)
}

/// Whether a number is left out of a plan's text.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// The columns and terms to sum.
#[derive(Clone, Debug)]
pub struct Selection {
    /// The columns.
    pub columns: ColumnSelection,
    /// The features and terms as the plan writes them; categories may be among their factors.
    terms: Vec<Term>,
    /// The number of features among the terms, which stand first.
    features: usize,
    /// Columns of features of which neither plan nor schema says whether they are numbers or categories.
    undecided: BTreeSet<String>,
    /// The column of the weights or counts of the rows, if there is one.
    pub weights: Option<String>,
    /// The column of the groups of the rows, if there is one.
    pub by: Option<String>,
}

/// The columns to sum.
#[derive(Clone, Debug)]
pub enum ColumnSelection {
    /// All columns of numbers, in the header's order.
    AllNumbers {
        /// Columns that must be among them: those of the plan's terms, and its target.
        needed: Vec<String>,
    },
    /// The columns with these names.
    Named {
        /// Their names.
        columns: Vec<String>,
        /// Whether to keep this order; else the header's order counts.
        in_given_order: bool,
    },
}

/// Returns the product of the factors of a term that are numbers: what is summed for the term, by level of its categories. None if all its
/// factors are categories.
///
/// # Errors
/// `term` for a power or a function of a category, and for more than [`CATEGORIES_MAX`] categories.
pub fn numeric_part(term: &Term, is_category: impl Fn(&str) -> bool) -> Result<Option<Term>> {
    let (categories, numbers): (Vec<_>, Vec<_>) = term.factors.iter().cloned().partition(|(variable, _)| is_category(variable.column()));
    if let Some((variable, _)) = categories.iter().find(|(variable, _)| !matches!(variable, Variable::Column(_))) {
        let sentence = format!("`{}` is a category, and `{variable}` is of a number", variable.column());
        return Err(Error::new(Code::Term, sentence, "name the category itself in the feature").in_column(&term.to_string()));
    }
    if let Some((category, _)) = categories.iter().find(|(_, power)| *power > 1) {
        let sentence = format!("`{category}` is a category, and a category has no powers");
        return Err(Error::new(Code::Term, sentence, "name it once in the feature").in_column(&term.to_string()));
    }
    if categories.len() > CATEGORIES_MAX {
        let names = list(categories.iter().map(|(name, _)| name.to_string()));
        let sentence = format!("{names} are categories, and a feature multiplies at most {CATEGORIES_MAX}");
        return Err(Error::new(Code::Term, sentence, "leave categories out of the feature").in_column(&term.to_string()));
    }
    Ok(Term::of(numbers))
}

impl Selection {
    /// Returns the index in `header` of the column of the weights or counts, if there is one.
    ///
    /// # Errors
    /// `missing-column`, `duplicate-column`.
    pub fn resolve_weights(&self, header: &[String]) -> Result<Option<usize>> {
        self.weights.as_ref().map(|name| self.find_column(&ColumnPlaces::new(header), name, header)).transpose()
    }

    /// Returns the index in `header` of the column of the groups, if there is one.
    ///
    /// # Errors
    /// `missing-column`, `duplicate-column`.
    pub fn resolve_by(&self, header: &[String]) -> Result<Option<usize>> {
        self.by.as_ref().map(|name| self.find_column(&ColumnPlaces::new(header), name, header)).transpose()
    }

    /// Returns the names of all columns that the data must have: those to sum, that of the weights or counts, and that of the groups.
    pub fn wanted(&self) -> Vec<String> {
        let names = self.names();
        names.iter().chain(self.weights.iter().filter(|weights| !names.contains(weights))).chain(&self.by).cloned().collect()
    }

    /// Returns the products of numbers to sum beyond the columns, in canonical order. Terms that [`check_terms`](Self::check_terms) refuses
    /// are left out.
    pub fn numeric_terms(&self, is_category: impl Fn(&str) -> bool) -> Vec<Term> {
        let parts = self.terms.iter().filter_map(|term| numeric_part(term, &is_category).ok().flatten());
        let basis = parts.flat_map(|term| term.basis_terms());
        let summed = basis.flat_map(|term| term.combination().parts).map(|(_, term)| term);
        let mut terms: Vec<Term> = summed.filter(|term| term.as_column().is_none()).collect();
        sort_terms(&mut terms, &[]);
        terms.dedup();
        terms
    }

    /// Returns the sets of categories, as indexes of `categories`, whose combinations of levels are summed. A design needs those of the
    /// categories that two of its features have together.
    pub fn combined(&self, categories: &[String]) -> Vec<Vec<usize>> {
        let places = categories.iter().enumerate().map(|(at, name)| (name.as_str(), at)).into_map();
        let of = |term: &Term| term.columns().filter_map(|column| places.get(column).copied()).into_set();
        let (features, terms) = self.terms.split_at(self.features);
        let features: Vec<BTreeSet<usize>> = features.iter().map(of).collect();
        combined_sets(unions(&features).into_iter().chain(terms.iter().map(of)))
    }

    /// Refuses terms that use categories in a way that has no meaning.
    ///
    /// # Errors
    /// `term`.
    pub fn check_terms(&self, is_category: impl Fn(&str) -> bool) -> Result<()> {
        self.terms.iter().try_for_each(|term| numeric_part(term, &is_category).map(drop))
    }

    /// Returns the functions of a column in terms.
    pub fn functions_of(&self, column: &str) -> Vec<Function> {
        let variables = self.terms.iter().flat_map(|term| &term.factors).map(|(variable, _)| variable);
        let functions = variables.filter(|variable| variable.column() == column).filter_map(|variable| match variable {
            Variable::Function { function, .. } => Some(*function),
            _ => None,
        });
        functions.into_set().into_iter().collect()
    }

    /// Returns whether a term uses a column.
    pub fn uses(&self, column: &str) -> bool {
        self.terms.iter().any(|term| term.columns().any(|name| name == column))
    }

    /// Returns whether the data decide if a column holds numbers or is a category.
    pub fn is_undecided(&self, column: &str) -> bool {
        self.undecided.contains(column)
    }

    /// Returns the indexes in `header` of the columns to sum, in their order. Columns without a name are none of them.
    ///
    /// # Errors
    /// `missing-column`; `duplicate-column` if a column that is needed or meant stands there twice.
    pub fn resolve(&self, header: &[String]) -> Result<Vec<usize>> {
        let known = ColumnPlaces::new(header);
        let find = |name: &String| self.find_column(&known, name, header);
        let is_summed = |name: &String, needed: &[String]| {
            self.by.as_ref() != Some(name) && (self.weights.as_ref() != Some(name) || needed.contains(name))
        };
        match &self.columns {
            ColumnSelection::AllNumbers { needed } => {
                needed.iter().try_for_each(|name| find(name).map(drop))?;
                known.check_unique()?;
                let is_meant = |name: &String| !name.is_empty() && is_summed(name, needed);
                Ok((0..header.len()).filter(|&place| is_meant(&header[place])).collect())
            }
            ColumnSelection::Named { columns, in_given_order } => {
                let mut found = columns.iter().map(find).collect::<Result<Vec<_>>>()?;
                if !in_given_order {
                    found.sort_unstable();
                }
                Ok(found)
            }
        }
    }

    /// Returns the names in `header` that a term of the plan is also the text of, such as `a*b`, each with its term. The plan means the term.
    pub fn columns_like_terms<'a>(&self, header: &'a [String]) -> Vec<(&'a str, &Term)> {
        let computed: Vec<&Term> = self.terms.iter().filter(|term| term.as_column().is_none()).collect();
        if computed.is_empty() {
            return Vec::new();
        }
        let of = |name: &'a String| {
            let term = Term::parse(name).ok().filter(|_| name.contains(['*', '^', '(']))?;
            computed.iter().find(|other| ***other == term).map(|term| (name.as_str(), *term))
        };
        header.iter().filter_map(of).collect()
    }

    /// Returns the index in `header` of a column that is needed.
    fn find_column(&self, places: &ColumnPlaces<'_>, name: &str, header: &[String]) -> Result<usize> {
        places.find(name)?.ok_or_else(|| self.missing_column(name, header))
    }

    /// Returns the error that data lack a column. If a term uses it that is also the name of a column, nobody meant the term.
    fn missing_column(&self, name: &str, header: &[String]) -> Error {
        let like_terms = self.columns_like_terms(header);
        match like_terms.iter().find(|(_, term)| term.columns().any(|column| column == name)) {
            None => missing_column(name, header),
            Some((column, term)) => check_column_name(column)
                .err()
                .unwrap_or_else(|| {
                    let expected = format!("a name that is not read as `{term}`, which is computed from `{name}`");
                    Error::found(Code::ColumnName, column, &expected, "rename the column")
                })
                .in_column(column),
        }
    }

    /// Returns the names of the columns to sum that the data must have.
    pub fn names(&self) -> &[String] {
        match &self.columns {
            ColumnSelection::AllNumbers { needed } => needed,
            ColumnSelection::Named { columns, .. } => columns,
        }
    }
}

/// Returns a column of statistics, with the unit that the plan gives it.
pub fn summed_column(plan: &Plan, name: &str) -> SummedColumn {
    SummedColumn { name: name.to_owned(), unit: plan.unit(name) }
}

/// Returns the error for a column of the groups that is also something else.
fn divides_and_is(column: &str, role: &str) -> Error {
    let sentence = format!("`{column}` divides the rows into groups, and is {role} too");
    Error::new(Code::Plan, sentence, "leave it out there, or divide the rows by another column").in_column(column)
}

/// Returns what to give for a model of the mean of a target alone.
pub(crate) fn mean_alone(target: &str) -> String {
    format!("for the mean alone, give --formula {} instead of --target", shell_word(&format!("{} ~ 1", name_text(target))))
}

/// Returns the error that data lack a column.
pub(crate) fn missing_column(name: &str, header: &[String]) -> Error {
    let alike = header.iter().find_map(|there| hidden::difference(name, there));
    let clause = alike.as_ref().map_or("", |difference| difference.clause.as_str());
    let sentence = format!("the data have no such column{clause}; they have {}", list(header.iter().filter(|name| !name.is_empty())));
    let help = alike.as_ref().map_or("correct the name, or give other data", |difference| difference.help);
    let mut error = Error::new(Code::MissingColumn, sentence, help).in_column(name);
    error.expected = Some(name.to_owned());
    error.found = Some(header.join(", "));
    error
}
