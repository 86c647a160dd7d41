//! All that the page knows.

use samefit_render::documents::{Model, list};
use serde_json::{Value, json};

use crate::fhir::Findings;
use crate::files::Data;
use crate::texts::Texts;

/// The page.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// Words.
    pub texts: Texts,
    /// Which of its sections is open.
    pub section: Section,
    /// Whether it is able to predict.
    pub readiness: Readiness,
    /// What the component says of itself.
    pub facts: Value,
    /// Digest of the page's files.
    pub version: String,
    /// Whether a newer version waits.
    pub newer: bool,
    /// The model in use.
    pub loaded: Loaded,
    /// Text of the model that the page comes with.
    pub own_model: String,
    /// What is stored beside it: an example, its answer, and how often its intervals held.
    pub check: Value,
    /// The form and what came of it.
    pub patient: Patient,
    /// What was kept to compare with.
    pub kept: Option<Patient>,
    /// The value that moves.
    pub what_if: WhatIf,
    /// A record that was read, not yet used.
    pub findings: Option<Findings>,
    /// Whether the place for a record is open.
    pub importing: bool,
    /// Files of the person.
    pub data: Data,
    /// Training ranges in other units than the columns' own, by field and unit.
    pub ranges: Vec<((String, String), (f64, f64))>,
    /// Pixels for pictures.
    pub width: f64,
    /// The day, as the browser writes it.
    pub today: String,
}

/// A part of the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Section {
    /// The form and its result.
    #[default]
    Predict,
    /// Tables, training, pooling.
    Data,
    /// The model.
    About,
}

impl Section {
    /// The name in addresses and in the names of texts.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Predict => "predict",
            Self::Data => "data",
            Self::About => "about",
        }
    }

    /// From an address, `#data`.
    #[must_use]
    pub fn of_address(hash: &str) -> Self {
        [Self::Data, Self::About].into_iter().find(|section| hash.trim_start_matches('#') == section.name()).unwrap_or_default()
    }
}

/// Whether the page may predict.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Readiness {
    /// Not yet.
    #[default]
    Starting,
    /// The stored example gave the stored answer.
    Ready,
    /// It did not, or the component could not be started: why, as HTML.
    Refused(String),
}

/// A model, with its form.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// What it says.
    pub model: Model,
    /// Its text, as it was read.
    pub text: String,
    /// What the component says of its form.
    pub form: Value,
    /// The file it came from, if it is not the page's own.
    pub file: Option<String>,
}

impl State {
    /// The training range of a field in another unit than its own, if it is known.
    #[must_use]
    pub fn range(&self, field: &str, unit: &str) -> Option<(f64, f64)> {
        self.ranges.iter().find(|(known, _)| known.0 == field && known.1 == unit).map(|(_, range)| *range)
    }
}

impl Loaded {
    /// The fields, in the order to draw them.
    #[must_use]
    pub fn fields(&self) -> &[Value] {
        list(&self.form["fields"])
    }

    /// A field by its name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Value> {
        self.fields().iter().find(|field| field["name"] == name)
    }

    /// The fields that are computed from this one, directly or not.
    #[must_use]
    pub fn computed_from(&self, name: &str) -> Vec<&Value> {
        let uses = |field: &&Value| list(&field["entry"]["inputs"]).iter().any(|input| input == name);
        self.fields().iter().filter(uses).collect()
    }

    /// Whether a field is one nobody types: a logarithm.
    #[must_use]
    pub fn is_hidden(field: &Value) -> bool {
        field["entry"]["formula"] == "ln"
    }
}

/// What stands in one field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// The text in the field.
    pub shown: String,
    /// Its unit.
    pub unit: Option<String>,
    /// Text and unit as they were typed, if the field shows them in another unit now.
    pub typed: Option<(String, Option<String>)>,
    /// Whether the person was in the field and left it.
    pub left: bool,
}

impl Entry {
    /// Text and unit as they were typed.
    #[must_use]
    pub fn as_typed(&self) -> (&str, Option<&str>) {
        match &self.typed {
            Some((text, unit)) => (text, unit.as_deref()),
            None => (&self.shown, self.unit.as_deref()),
        }
    }
}

/// What stands in the fields, by name. A form has a dozen: they are looked through.
#[derive(Clone, Debug, Default)]
pub struct Entries(Vec<(String, Entry)>);

impl Entries {
    /// What stands in a field, if anything ever did.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Entry> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, entry)| entry)
    }

    /// What stands in a field, to be changed; empty in this unit at first.
    pub fn of(&mut self, name: &str, unit: Option<String>) -> &mut Entry {
        let at = self.0.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
            self.0.push((name.to_owned(), Entry { unit, ..Entry::default() }));
            self.0.len() - 1
        });
        &mut self.0[at].1
    }

    /// Puts something into a field.
    pub fn set(&mut self, name: &str, entry: Entry) {
        *self.of(name, None) = entry;
    }
}

/// One patient, or one scenario of a patient.
#[derive(Clone, Debug, Default)]
pub struct Patient {
    /// What was typed, by field.
    pub entries: Entries,
    /// What the component made of it, as of the last time a field was left.
    pub evaluated: Value,
    /// What it says of the prediction.
    pub explanation: Value,
    /// The entries have changed since then.
    pub stale: bool,
    /// Problems are shown for fields that were never touched too.
    pub asked: bool,
}

impl Patient {
    /// The entries as the component takes them.
    #[must_use]
    pub fn entries_json(&self) -> String {
        let typed = self.entries.0.iter().filter(|(_, entry)| !entry.as_typed().0.trim().is_empty()).map(|(name, entry)| {
            let (text, unit) = entry.as_typed();
            let value = unit.map_or_else(|| json!({"value": text}), |unit| json!({"value": text, "unit": unit}));
            (name.clone(), value)
        });
        Value::Object(typed.collect()).to_string()
    }

    /// What the component says of a field.
    #[must_use]
    pub fn field(&self, name: &str) -> &Value {
        list(&self.evaluated["fields"]).iter().find(|field| field["name"] == name).unwrap_or(&Value::Null)
    }

    /// Problems that are to be shown now.
    #[must_use]
    pub fn problems(&self) -> Vec<&Value> {
        let filled = |name: &str| self.entries.get(name).is_some_and(|entry| entry.left && !entry.shown.trim().is_empty());
        let shown = |problem: &&Value| self.asked || problem["name"].as_str().is_some_and(filled);
        list(&self.evaluated["problems"]).iter().filter(shown).collect()
    }

    /// Whether a result may be shown.
    #[must_use]
    pub fn has_result(&self) -> bool {
        self.explanation.is_object()
    }

    /// Whether there is a result, and it is that of these entries.
    #[must_use]
    pub fn is_current(&self) -> bool {
        self.has_result() && !self.stale
    }
}

/// The value that moves, and what came of it.
#[derive(Clone, Debug, Default)]
pub struct WhatIf {
    /// Name of the field.
    pub field: String,
    /// Its unit.
    pub unit: Option<String>,
    /// The values, as text.
    pub values: Vec<String>,
    /// For each value, if it can be: prediction, lower and upper end.
    pub results: Vec<Option<[Option<f64>; 3]>>,
    /// Where the patient stands.
    pub now: Option<f64>,
    /// Which of them the slider is at.
    pub at: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_go_to_the_component_as_they_were_typed() {
        let mut patient = Patient::default();
        let typed = Some(("5,2".to_owned(), Some("mmol/L".to_owned())));
        let shown = Entry { shown: "201.084".to_owned(), unit: Some("mg/dL".to_owned()), typed, left: true };
        patient.entries.set("tc", shown);
        patient.entries.set("age", Entry { shown: "50".to_owned(), ..Entry::default() });
        patient.entries.set("bmi", Entry::default());
        let sent: Value = serde_json::from_str(&patient.entries_json()).unwrap_or_default();
        assert_eq!(sent, json!({"age": {"value": "50"}, "tc": {"value": "5,2", "unit": "mmol/L"}}));
    }

    #[test]
    fn problems_wait_until_a_filled_field_is_left() {
        let mut patient = Patient { evaluated: json!({"problems": [{"name": "a"}, {"name": "b"}]}), ..Patient::default() };
        patient.entries.set("a", Entry { shown: "x".to_owned(), left: true, ..Entry::default() });
        patient.entries.set("b", Entry { left: true, ..Entry::default() });
        assert_eq!(patient.problems(), [&json!({"name": "a"})]);
        patient.asked = true;
        assert_eq!(patient.problems().len(), 2);
    }

    #[test]
    fn addresses_name_sections() {
        assert_eq!(Section::of_address("#about"), Section::About);
        assert_eq!(Section::of_address(""), Section::Predict);
        assert_eq!(Section::of_address("#nonsense"), Section::Predict);
    }
}
