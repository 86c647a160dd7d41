//! A schema or a model to the form in which its columns are entered.

use super::field::{EntryFormula, FormField};
use super::{typed, units};
use crate::error::{Code, Error, Result, list};
use crate::json;
use crate::level::Level;
use crate::model::{Model, ModelColumn};
use crate::ordered::IntoOrdered;
use crate::schema::{Category, Field, Kind, Schema, Target};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The form of a schema or of a model.
pub struct Form {
    title: Option<String>,
    target: Target,
    /// Names of the columns that the model needs, in the model's order.
    pub(super) columns: Vec<String>,
    /// Fields, ordered so that the inputs of a formula stand before the field it computes.
    pub(super) fields: Vec<FormField>,
    /// Index of each field by name.
    positions: BTreeMap<String, usize>,
}

/// Fields by name, with what the training data say of a column. `None`: the field is only an input of formulas.
type KnownFields = BTreeMap<String, (Field, Option<Value>)>;

impl Form {
    /// Reads a schema, or a model with the parts of a schema that it carries.
    ///
    /// # Errors
    /// `schema`, `model`, `json`, and the errors of names in a schema.
    pub fn parse(document: &str) -> Result<Self> {
        let value: Value = json::parse(document, Code::Schema, "a schema or a model")?;
        if value.get("coefficients").is_some() {
            return Ok(Self::of_model(&Model::parse(document)?));
        }
        let schema: Schema = json::from_value(&value, Code::Schema, "a schema or a model")?;
        schema.check()?;
        let target = schema.as_target(&schema.target.column);
        let columns = schema.columns.iter().map(|field| (field.clone(), Value::Null)).collect();
        Ok(Self::new(schema.title, target, columns, &schema.fields))
    }

    /// Returns the form of a model. A model without a schema has a form of bare numbers, and of categories whose titles are their levels. A
    /// category offers the levels that the training data have rows of.
    pub fn of_model(model: &Model) -> Self {
        let columns = model.feature_columns().map(|column| {
            let training = json!({"min": column.min, "max": column.max, "range_is_exact": column.range_is_exact, "mean": column.mean});
            (field_of(column), training)
        });
        let fields = model.fields.as_deref().unwrap_or_default();
        Self::new(model.schema_title.clone(), model.target.clone(), columns.collect(), fields)
    }

    fn new(title: Option<String>, target: Target, columns: Vec<(Field, Value)>, fields: &[Field]) -> Self {
        let names: Vec<String> = columns.iter().map(|(field, _)| field.name.clone()).collect();
        let columns = columns.into_iter().map(|(field, training)| (field, Some(training)));
        // names are unique: the schema was checked
        let known: KnownFields = columns
            .chain(fields.iter().map(|field| (field.clone(), None)))
            .map(|(field, training)| (field.name.clone(), (field, training)))
            .into_map();
        let mut form = Self { title, target, columns: Vec::new(), fields: Vec::new(), positions: BTreeMap::new() };
        for name in &names {
            form.add(name, &known);
        }
        form.columns = names;
        form
    }

    /// Adds a field after the inputs of its formula, unless it is there already. Returns its index; `None` if nothing describes it.
    ///
    /// It calls itself as deep as formulas stand upon another, which the schema limits. A formula that uses a field that cannot be
    /// entered (the target) is left out.
    fn add(&mut self, name: &str, known: &KnownFields) -> Option<usize> {
        if let Some(at) = self.position(name) {
            return Some(at);
        }
        let (field, training) = known.get(name)?;
        // formulas do not go round in a circle: the schema was checked
        let entry = field.entry.clone().and_then(|entry| {
            let inputs = entry.inputs.iter().map(|input| self.add(input, known)).collect::<Option<Vec<_>>>()?;
            Some(EntryFormula { entry, inputs })
        });
        let units = units::of(field);
        let (is_column, training) = (training.is_some(), training.clone().unwrap_or(Value::Null));
        self.positions.insert(name.to_owned(), self.fields.len());
        self.fields.push(FormField { field: field.clone(), is_column, units, entry, training });
        Some(self.fields.len() - 1)
    }

    /// Returns the index of a field.
    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.positions.get(name).copied()
    }

    /// Returns the index of a field that must be there.
    pub(super) fn needed_position(&self, name: &str) -> Result<usize> {
        self.position(name).ok_or_else(|| {
            let names = list(self.fields.iter().map(|field| &field.field.name));
            Error::found(Code::Entries, name, &format!("a field of the form: {names}"), "ask the form for its fields").in_column(name)
        })
    }

    /// Returns whether the form has a field of this name.
    pub fn has_field(&self, name: &str) -> bool {
        self.positions.contains_key(name)
    }

    /// Returns whether a table with these names must be entered through the form: it lacks a column of the model, but it has every
    /// field from which the form computes the columns that it lacks.
    pub fn is_needed_for<S: AsRef<str>>(&self, names: &[S]) -> bool {
        let has = |name: &str| names.iter().any(|known| known.as_ref() == name);
        // inputs stand before the fields that are computed from them
        let mut covered: Vec<bool> = Vec::with_capacity(self.fields.len());
        for field in &self.fields {
            let is_computed = field.entry.as_ref().is_some_and(|entry| entry.inputs.iter().all(|&input| covered[input]));
            covered.push(has(&field.field.name) || is_computed);
        }
        let is_covered = |name: &String| self.position(name).is_some_and(|at| covered[at]);
        !self.columns.iter().all(|name| has(name)) && self.columns.iter().all(is_covered)
    }

    /// Returns the fields to draw and the columns that the model needs (Form in `docs/formats.md`).
    pub fn fields(&self) -> Value {
        let fields: Vec<Value> = self.fields.iter().map(|field| field.to_json(&self.fields)).collect();
        json!({"title": self.title, "target": self.target, "columns": self.columns, "fields": fields})
    }

    /// Converts a value to another unit of its field: exactly if the quotient is a finite decimal, else correctly rounded.
    ///
    /// # Errors
    /// `entries` for an unknown field, `unit`, `not-a-number`.
    pub fn convert(&self, field: &str, value: &str, unit: &str, to: &str) -> Result<String> {
        let form_field = &self.fields[self.needed_position(field)?];
        let unit_of = |name: &str| {
            units::find(&form_field.units, name).ok_or_else(|| {
                Error::found(Code::Unit, name, &units::list(&form_field.units), "choose one of the field's units").in_column(field)
            })
        };
        let (unit, to) = (unit_of(unit)?, unit_of(to)?);
        let number = match typed::read(value) {
            Ok(typed::TypedNumber { number, unit: None }) => number,
            _ => return Err(Error::found(Code::NotANumber, value, "a number", "correct the value").in_column(field)),
        };
        if std::ptr::eq(unit, to) {
            return Ok(number.to_string());
        }
        Ok(to.of_base(&unit.to_base(&number)).to_string())
    }
}

/// Returns the field of a model's column. A category has those of the schema's values that are levels of the model, and then its other
/// levels.
fn field_of(column: &ModelColumn) -> Field {
    let field = column.schema.clone().unwrap_or_else(|| Field { name: column.name.clone(), ..Field::default() });
    let Some(levels) = &column.levels else { return field };
    let mut others: BTreeSet<&Level> = levels.iter().map(|one| &one.level).collect();
    let listed = field.categories.iter().flatten().filter(|category| others.remove(&Level::new(&category.value))).cloned();
    let mut categories: Vec<Category> = listed.collect();
    categories.extend(others.into_iter().map(|level| Category { value: level.text().to_owned(), title: None }));
    Field { kind: Some(Kind::Category), categories: Some(categories), ..field }
}
