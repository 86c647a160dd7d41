//! What a person types into a form to the columns of a model: units, entry formulas, and what is wrong.
//!
//! *Invariants*: nothing is filled in, clamped or guessed: a value is what was typed, its exact conversion, or a formula over such values.
//!
//! *Not here*: how a text becomes a number (`typed`), units (`units`), formulas (`formula`), values and problems (`evaluate`); ranges of the
//! training data, which only make a prediction an extrapolation (`predict`, `explain`).

mod evaluate;
mod formula;
mod typed;
mod units;

use crate::decimal::parse;
use crate::error::{Code, Error, Result, list, shorten};
use crate::json;
use crate::model::Model;
use crate::schema::{Entry, Field, Kind, Schema, Target};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use units::Unit;

/// The form of a schema or of a model.
pub struct Form {
    title: Option<String>,
    target: Target,
    /// What the model needs, in its order.
    columns: Vec<String>,
    /// In an order in which the inputs of a formula stand before its column.
    fields: Vec<Asked>,
    /// Where they stand, by name.
    positions: BTreeMap<String, usize>,
}

/// A field of the form.
struct Asked {
    field: Field,
    /// Whether the model needs it.
    is_column: bool,
    units: Vec<Unit>,
    entry: Option<Formula>,
    training: Value,
}

/// An entry formula whose inputs are fields of the form.
struct Formula {
    entry: Entry,
    /// Indices of the inputs among the form's fields.
    inputs: Vec<usize>,
}

impl Form {
    /// Reads a schema, or a model with what it carries of one.
    ///
    /// Errors: `schema`, `model`, `json`, and those of a schema's names.
    pub fn parse(document: &str) -> Result<Self> {
        let value: Value = json::parse(document, Code::Schema, "a schema or a model")?;
        if value.get("coefficients").is_some() {
            return Self::of_model(&Model::parse(document)?);
        }
        let schema: Schema = json::from_value(&value, Code::Schema, "a schema or a model")?;
        schema.check()?;
        let target = schema.as_target(&schema.target.column);
        let columns = schema.columns.iter().map(|field| (field.clone(), Value::Null)).collect();
        Ok(Self::new(schema.title, target, columns, &schema.fields))
    }

    fn of_model(model: &Model) -> Result<Self> {
        let bare = |name: &String| Field { name: name.clone(), ..Field::default() };
        let columns = model.feature_columns().map(|column| {
            let training = json!({"min": column.min, "max": column.max, "mean": column.mean});
            (column.schema.clone().unwrap_or_else(|| bare(&column.name)), training)
        });
        let fields = model.fields.as_deref().unwrap_or_default();
        Ok(Self::new(model.schema_title.clone(), model.target.clone(), columns.collect(), fields))
    }

    fn new(title: Option<String>, target: Target, columns: Vec<(Field, Value)>, fields: &[Field]) -> Self {
        let names = columns.iter().map(|(field, _)| field.name.clone()).collect();
        let mut form = Self { title, target, columns: names, fields: Vec::new(), positions: BTreeMap::new() };
        let known: BTreeMap<String, (Field, Option<Value>)> = columns
            .into_iter()
            .map(|(field, training)| (field, Some(training)))
            .chain(fields.iter().map(|field| (field.clone(), None)))
            // names are unique: the schema was checked
            .map(|(field, training)| (field.name.clone(), (field, training)))
            .collect();
        let columns = form.columns.clone();
        for name in &columns {
            form.ask(name, &known);
        }
        form
    }

    /// The place of a field, which is added, after the inputs of its formula, if it is not there; none if nobody describes it.
    ///
    /// It calls itself as often as formulas are deep, which the schema limits.
    fn ask(&mut self, name: &str, known: &BTreeMap<String, (Field, Option<Value>)>) -> Option<usize> {
        if let Some(at) = self.position(name) {
            return Some(at);
        }
        let (field, training) = known.get(name)?;
        // formulas do not go round in a circle: the schema was checked. One whose input cannot be asked for (the target) is none.
        let entry = field.entry.clone().and_then(|entry| {
            let inputs = entry.inputs.iter().map(|input| self.ask(input, known)).collect::<Option<Vec<_>>>()?;
            Some(Formula { entry, inputs })
        });
        let units = units::of(field);
        let (is_column, training) = (training.is_some(), training.clone().unwrap_or(Value::Null));
        self.positions.insert(name.to_owned(), self.fields.len());
        self.fields.push(Asked { field: field.clone(), is_column, units, entry, training });
        Some(self.fields.len() - 1)
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.positions.get(name).copied()
    }

    fn needed_position(&self, name: &str) -> Result<usize> {
        self.position(name).ok_or_else(|| {
            let names = list(self.fields.iter().map(|asked| &asked.field.name));
            Error::found(Code::Entries, name, &format!("a field of the form: {names}"), "ask the form for its fields").in_column(name)
        })
    }

    /// The fields to draw, and what the model needs.
    pub fn fields(&self) -> Value {
        let fields: Vec<Value> = self.fields.iter().map(|asked| asked.to_json(self)).collect();
        json!({"title": self.title, "target": self.target, "columns": self.columns, "fields": fields})
    }

    /// A value in another unit of its field: exact where the quotient ends, else correctly rounded.
    ///
    /// Errors: `entries` for a field, `unit`, `not-a-number`.
    pub fn convert(&self, field: &str, value: &str, unit: &str, to: &str) -> Result<String> {
        let asked = &self.fields[self.needed_position(field)?];
        let unit_of = |name: &str| units::find(&asked.units, name).ok_or_else(|| asked.no_such_unit(name));
        let (unit, to) = (unit_of(unit)?, unit_of(to)?);
        let number = match typed::read(value) {
            Ok(typed::Typed { number, unit: None }) => number,
            _ => return Err(Error::found(Code::NotANumber, value, "a number", "correct the value").in_column(field)),
        };
        if std::ptr::eq(unit, to) {
            return Ok(number.to_string());
        }
        Ok(to.of_base(&unit.to_base(&number)).to_string())
    }
}

impl Asked {
    fn title(&self) -> &str {
        self.field.title.as_deref().unwrap_or(&self.field.name)
    }

    /// The field's own unit.
    fn unit(&self) -> &Unit {
        // units::of gives at least one
        &self.units[0]
    }

    /// Titles and numbers of a category; none for a number.
    fn categories(&self) -> Option<&[crate::schema::Category]> {
        self.field.categories.as_deref().filter(|all| self.field.kind == Some(Kind::Category) && !all.is_empty())
    }

    fn no_such_unit(&self, name: &str) -> Error {
        Error::found(Code::Unit, name, &units::list(&self.units), "choose one of the field's units").in_column(&self.field.name)
    }

    fn to_json(&self, form: &Form) -> Value {
        let entry = self.entry.as_ref().map(|Formula { entry, inputs }| {
            let titles: Vec<&str> = inputs.iter().map(|&at| form.fields[at].title()).collect();
            let text = formula::text(entry.formula, &titles);
            json!({"formula": entry.formula, "inputs": entry.inputs, "round": entry.round, "text": text})
        });
        json!({
            "name": self.field.name, "title": self.title(), "column": self.is_column,
            "kind": self.field.kind.unwrap_or(Kind::Number), "categories": self.categories(),
            "units": self.units.iter().map(Unit::to_json).collect::<Vec<_>>(),
            "other_codes": self.field.other_codes, "description": self.field.description,
            "entry": entry, "training": self.training,
        })
    }

    /// A number that could stand in the field, for a message: the training data's mean, or the middle of what is plausible.
    fn example(&self) -> String {
        let decimals = self.field.decimals.unwrap_or(1).min(2);
        let mean = self.training.get("mean").and_then(Value::as_f64);
        let example = mean.map(|mean| crate::statistics::exact_decimal(mean).rounded(decimals.cast_signed()));
        example
            .or_else(|| parse(b"12.5").ok().map(|half| half.rounded(decimals.cast_signed())))
            .map_or_else(String::new, |number| number.to_string())
    }
}

/// A text of the input for a message, not too long.
fn quoted(text: &str) -> String {
    shorten(text.trim())
}
