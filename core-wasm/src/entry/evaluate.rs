//! Evaluates the entries of a form: texts in fields to the values of the model's columns, how these came about, and problems.
//!
//! Fields are evaluated in the form's order, in which the inputs of a formula stand before the field it computes.

use super::field::{EntryFormula, FormField};
use super::form::Form;
use super::problem::{self, EnteredNumber, FieldProblem};
use super::units::within;
use super::{formula, typed, units};
use crate::decimal::{Decimal, parse};
use crate::error::{Code, Error, Result};
use crate::json;
use crate::ordered::sort_by_key;
use crate::schema::Category;
use serde_json::{Map, Value, json};

/// The text in a field.
#[derive(Clone, Default)]
struct EnteredText {
    text: String,
    /// The unit chosen beside the field.
    unit: Option<String>,
}

/// The value of a field.
#[derive(Clone, Debug, PartialEq)]
pub enum EnteredValue {
    /// A number, in the field's own unit.
    Number(Decimal),
    /// A category's value, as the schema or the model writes it.
    Level(String),
}

impl EnteredValue {
    /// Returns the number; `None` for a category whose value is no number.
    fn number(&self) -> Option<Decimal> {
        match self {
            Self::Number(number) => Some(number.clone()),
            Self::Level(text) => parse(text.as_bytes()).ok(),
        }
    }
}

impl std::fmt::Display for EnteredValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Level(text) => f.write_str(text),
        }
    }
}

/// The value of a field and how it came about.
#[derive(Default)]
struct FieldValue {
    /// `None` if there is no value.
    value: Option<EnteredValue>,
    how: Option<&'static str>,
    /// Number, unit and text as typed, as JSON; null if nothing was typed.
    typed: Value,
    /// Result and text of the entry formula, as JSON; null without one.
    computed: Value,
    /// Whether a problem of the field blocks. Then no other problem of it is reported.
    blocked: bool,
}

/// The values and problems of all fields of a form.
pub struct Evaluation<'a> {
    form: &'a Form,
    fields: Vec<FieldValue>,
    problems: Vec<FieldProblem>,
}

impl Form {
    /// Evaluates entries: a JSON object from field names to texts, numbers, or objects with `value` and `unit`.
    ///
    /// # Errors
    /// `json`, and `entries` for an unknown field or a value of another shape. A wrong entry is a problem of the evaluation, not an error.
    pub fn evaluate(&self, entries: &str) -> Result<Evaluation<'_>> {
        let entries: Map<String, Value> = json::parse(entries, Code::Entries, "an object of entries")?;
        let mut texts = vec![EnteredText::default(); self.fields.len()];
        for (name, value) in &entries {
            texts[self.needed_position(name)?] = entered_text(name, value)?;
        }
        Ok(self.evaluate_fields(&texts))
    }

    /// Evaluates pairs of a field's name and its text. Names that are no fields are skipped.
    pub fn evaluate_texts<'t>(&self, entries: impl IntoIterator<Item = (&'t str, String)>) -> Evaluation<'_> {
        let mut texts = vec![EnteredText::default(); self.fields.len()];
        for (name, text) in entries {
            if let Some(at) = self.position(name) {
                texts[at] = EnteredText { text, unit: None };
            }
        }
        self.evaluate_fields(&texts)
    }

    fn evaluate_fields(&self, texts: &[EnteredText]) -> Evaluation<'_> {
        let mut evaluation = Evaluation { form: self, fields: Vec::new(), problems: Vec::new() };
        for (at, entered) in texts.iter().enumerate() {
            let value = evaluation.evaluate_field(at, entered);
            evaluation.fields.push(value);
        }
        evaluation.report_missing();
        sort_by_key(&mut evaluation.problems, |problem| problem.at);
        evaluation
    }
}

fn entered_text(name: &str, value: &Value) -> Result<EnteredText> {
    let entered = match value {
        Value::Object(entry) => text_of(entry.get("value")).zip(text_of(entry.get("unit"))),
        value => text_of(Some(value)).map(|text| (text, String::new())),
    };
    let (text, unit) = entered.ok_or_else(|| {
        let expected = "a text, or an object with the texts `value` and `unit`";
        Error::found(Code::Entries, &json::line(value), expected, "see Entries in docs/formats.md").in_column(name)
    })?;
    Ok(EnteredText { text, unit: Some(unit).filter(|unit| !unit.is_empty()) })
}

/// Returns a JSON text, the digits of a number, or an empty text for null; `None` for any other value.
fn text_of(value: Option<&Value>) -> Option<String> {
    match value {
        None | Some(Value::Null) => Some(String::new()),
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        Some(_) => None,
    }
}

impl<'a> Evaluation<'a> {
    /// Returns the value of a column or field.
    pub fn value(&self, name: &str) -> Option<&EnteredValue> {
        self.form.position(name).and_then(|at| self.fields[at].value.as_ref())
    }

    /// Returns the problems, in the order of the form.
    pub fn problems(&self) -> &[FieldProblem] {
        &self.problems
    }

    /// Returns the name of the field that a problem belongs to.
    pub fn name_of(&self, problem: &FieldProblem) -> &'a str {
        &self.form.fields[problem.at].field.name
    }

    /// Returns the evaluation as JSON (Entries in `docs/formats.md`).
    pub fn to_json(&self) -> Value {
        let fields = &self.form.fields;
        let blocked = self.problems.iter().any(|problem| problem.code.blocks());
        let field = |(field, value): (&FormField, &FieldValue)| {
            json!({
                "name": field.field.name, "value": value.value.as_ref().map(EnteredValue::to_string), "unit": field.unit().name,
                "how": value.how, "typed": value.typed, "computed": value.computed,
            })
        };
        let attribute = |name: &String| (name.clone(), json!(self.value(name).map(EnteredValue::to_string)));
        let attributes = (!blocked).then(|| self.form.columns.iter().map(attribute).collect::<Map<String, Value>>());
        json!({
            "attributes": attributes,
            "fields": fields.iter().zip(&self.fields).map(field).collect::<Vec<_>>(),
            "problems": self.problems.iter().map(|problem| problem.to_json(fields)).collect::<Vec<_>>(),
        })
    }

    fn evaluate_field(&mut self, at: usize, entered: &EnteredText) -> FieldValue {
        let field = &self.form.fields[at];
        let is_typed = !entered.text.trim().is_empty();
        let mut value = FieldValue::default();
        if is_typed {
            match category_of_text(at, field, entered) {
                Ok(Some(category)) => take_category(category, field, entered, &mut value),
                Ok(None) => match read(at, field, entered) {
                    Ok(number) => self.take_number(at, &number, &mut value),
                    Err(problem) => self.report(problem, &mut value),
                },
                Err(problem) => self.report(problem, &mut value),
            }
            if value.typed.is_null() {
                value.typed = json!({"value": null, "unit": null, "text": entered.text});
            }
        }
        if let Some(formula) = &field.entry {
            self.compute(at, formula, is_typed, &mut value);
        }
        value
    }

    fn report(&mut self, problem: FieldProblem, value: &mut FieldValue) {
        value.blocked |= problem.code.blocks();
        self.problems.push(problem);
    }

    /// Takes a typed number as the field's value, if the field can have it.
    fn take_number(&mut self, at: usize, entered: &EnteredNumber<'_>, value: &mut FieldValue) {
        let field = &self.form.fields[at];
        value.typed = json!({"value": entered.number.to_string(), "unit": entered.unit.name, "text": entered.text});
        let in_own_unit = entered.unit.to_base(&entered.number);
        let found = match field.categories() {
            Some(all) => category_of_number(all, &entered.number).ok_or_else(|| problem::unknown_category(at, field, entered)),
            None if within(&in_own_unit, &field.unit().plausible) => Ok(EnteredValue::Number(in_own_unit)),
            None => Err(problem::impossible(at, field, entered)),
        };
        match found {
            Err(problem) => self.report(problem, value),
            Ok(found) => {
                value.how = Some(if std::ptr::eq(entered.unit, field.unit()) { "typed" } else { "converted" });
                value.value = Some(found);
            }
        }
    }

    /// Computes the field's formula. The result is the field's value unless something was typed.
    fn compute(&mut self, at: usize, formula: &EntryFormula, is_typed: bool, value: &mut FieldValue) {
        let inputs: Option<Vec<Decimal>> = formula.inputs.iter().map(|&input| self.fields[input].value.as_ref()?.number()).collect();
        let (Some(inputs), fields) = (inputs, &self.form.fields) else { return };
        let field = &fields[at];
        let result = formula::compute(formula.entry.formula, &inputs, formula.entry.round.or(field.field.decimals));
        let texts: Vec<String> = inputs.iter().map(Decimal::to_string).collect();
        let text = formula::text(formula.entry.formula, &texts);
        if let Ok(result) = &result {
            value.computed = json!({"value": result.to_string(), "text": format!("{text} = {result}")});
        }
        if is_typed {
            return;
        }
        match result {
            Err(undefined) => self.report(problem::undefined(fields, formula, undefined), value),
            Ok(result) if !within(&result, &field.unit().plausible) => {
                self.report(problem::impossible_result(at, field, &text, &result), value);
            }
            Ok(result) => {
                (value.how, value.value) = (Some("computed"), Some(EnteredValue::Number(result)));
                if !formula::holds(formula.entry.formula, &inputs) {
                    self.report(problem::friedewald(at, fields, formula), value);
                }
            }
        }
    }

    /// Reports the empty fields that the model needs, itself or through formulas.
    fn report_missing(&mut self) {
        let fields = &self.form.fields;
        let mut needed: Vec<bool> = fields.iter().map(|field| field.is_column).collect();
        let mut computed_from: Vec<Vec<usize>> = vec![Vec::new(); fields.len()];
        // inputs stand before the fields that are computed from them
        for at in (0..fields.len()).rev() {
            if !needed[at] || self.fields[at].value.is_some() || self.fields[at].blocked {
                continue;
            }
            match &fields[at].entry {
                // an input that is no number leaves nothing to compute from
                Some(formula) if formula.inputs.iter().any(|&input| self.fields[input].value.is_none()) => {
                    for &input in &formula.inputs {
                        needed[input] = true;
                        computed_from[input].push(at);
                    }
                }
                _ => {
                    computed_from[at].reverse();
                    self.problems.push(problem::missing(at, fields, &computed_from[at]));
                }
            }
        }
    }
}

/// Returns the value of a category whose text was entered; `None` if the field is no category, or the text is none of its values.
fn category_of_text<'a>(at: usize, field: &'a FormField, entered: &EnteredText) -> std::result::Result<Option<&'a Category>, FieldProblem> {
    let text = entered.text.trim();
    let Some(category) = field.categories().and_then(|all| all.iter().find(|category| category.value.trim() == text)) else {
        return Ok(None);
    };
    match entered.unit.as_deref() {
        Some(name) if units::find(&field.units, name).is_none() => Err(problem::unknown_unit(at, field, name)),
        _ => Ok(Some(category)),
    }
}

/// Returns the value of the category that is this number, as the schema writes it.
fn category_of_number(all: &[Category], number: &Decimal) -> Option<EnteredValue> {
    let is = |value: &String| parse(value.as_bytes()).is_ok_and(|value| value == *number);
    all.iter().find(|category| is(&category.value)).map(|category| EnteredValue::Level(category.value.clone()))
}

/// Takes a value of a category as the field's value.
fn take_category(category: &Category, field: &FormField, entered: &EnteredText, value: &mut FieldValue) {
    value.typed = json!({"value": category.value, "unit": field.unit().name, "text": entered.text});
    (value.how, value.value) = (Some("typed"), Some(EnteredValue::Level(category.value.clone())));
}

/// Reads the text of field `at`, which is not blank. A unit in the text counts before the one chosen beside it.
fn read<'a>(at: usize, field: &'a FormField, entered: &'a EnteredText) -> std::result::Result<EnteredNumber<'a>, FieldProblem> {
    let text = entered.text.as_str();
    let typed = typed::read(text).map_err(|fault| problem::not_a_number(at, field, text, fault))?;
    let unit = match typed.unit.or(entered.unit.as_deref()) {
        None => field.unit(),
        Some(name) => units::find(&field.units, name).ok_or_else(|| problem::unknown_unit(at, field, name))?,
    };
    Ok(EnteredNumber { text, number: typed.number, unit })
}
