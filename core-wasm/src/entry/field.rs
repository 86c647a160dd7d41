//! One field of a form.

use super::formula;
use super::units::Unit;
use crate::decimal::parse;
use crate::error::shorten;
use crate::schema::{Category, Entry, Field, Kind};
use serde_json::{Value, json};

/// Most values of a category that a message lists.
const CATEGORIES_LISTED: usize = 10;

/// A field of a form.
pub(super) struct FormField {
    pub(super) field: Field,
    /// Whether the field is a column that the model needs. Other fields are inputs of formulas.
    pub(super) is_column: bool,
    /// Units that the field takes, its own first. There is at least one.
    pub(super) units: Vec<Unit>,
    pub(super) entry: Option<EntryFormula>,
    /// Range and mean in the training data as JSON; null if they are not known.
    pub(super) training: Value,
}

/// A formula by which a field may be computed from others.
pub(super) struct EntryFormula {
    pub(super) entry: Entry,
    /// Indices of the inputs among the form's fields, in the formula's order.
    pub(super) inputs: Vec<usize>,
}

impl FormField {
    /// Returns the title, or the name of a field without one.
    pub(super) fn title(&self) -> &str {
        self.field.title.as_deref().unwrap_or(&self.field.name)
    }

    /// Returns the field's own unit.
    pub(super) fn unit(&self) -> &Unit {
        &self.units[0]
    }

    /// Returns the values of a category; `None` for a number.
    pub(super) fn categories(&self) -> Option<&[Category]> {
        self.field.categories.as_deref().filter(|all| self.field.kind == Some(Kind::Category) && !all.is_empty())
    }

    /// Returns the values of a category with their titles, for a message; `None` for a number.
    pub(super) fn category_list(&self) -> Option<String> {
        let all = self.categories()?;
        let one = |category: &Category| match &category.title {
            Some(title) if *title != category.value => format!("{} ({title})", category.value),
            _ => category.value.clone(),
        };
        let mut listed: Vec<String> = all.iter().take(CATEGORIES_LISTED).map(|category| shortened(&one(category))).collect();
        if all.len() > CATEGORIES_LISTED {
            listed.push(format!("one of {} more", all.len() - CATEGORIES_LISTED));
        }
        Some(listed.join(" or "))
    }

    /// Returns the field as a form's document describes it. `form`: all fields, among which the formula's inputs are.
    pub(super) fn to_json(&self, form: &[Self]) -> Value {
        let entry = self.entry.as_ref().map(|EntryFormula { entry, inputs }| {
            let titles: Vec<&str> = inputs.iter().map(|&at| form[at].title()).collect();
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

    /// Returns a number that could stand in the field, for a message: the mean of the training data, else 12.5.
    pub(super) fn example(&self) -> String {
        let decimals = self.field.decimals.unwrap_or(1).min(2);
        let mean = self.training.get("mean").and_then(Value::as_f64);
        let example = mean.map(|mean| crate::statistics::exact_decimal(mean).rounded(decimals.cast_signed()));
        example
            .or_else(|| parse(b"12.5").ok().map(|half| half.rounded(decimals.cast_signed())))
            .map_or_else(String::new, |number| number.to_string())
    }
}

/// Shortens a text of the input for a message.
pub(super) fn shortened(text: &str) -> String {
    shorten(text.trim())
}
