//! What a person typed into the form, and what the component answered to it.

use samefit_render::documents::list;
use serde_json::{Value, json};

/// The content of one field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// The text in the field.
    pub shown: String,
    /// The unit of the field.
    pub unit: Option<String>,
    /// Text and unit as they were typed, if the field now shows them in another unit.
    pub typed: Option<(String, Option<String>)>,
    /// Whether the person was in the field and left it.
    pub left: bool,
}

impl Entry {
    /// Returns text and unit as they were typed.
    #[must_use]
    pub fn as_typed(&self) -> (&str, Option<&str>) {
        match &self.typed {
            Some((text, unit)) => (text, unit.as_deref()),
            None => (&self.shown, self.unit.as_deref()),
        }
    }

    /// Whether nothing stands in the field.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.shown.trim().is_empty()
    }
}

/// The content of all fields, by name. A form has about a dozen, so a list is searched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entries(Vec<(String, Entry)>);

impl Entries {
    /// Returns the content of a field, if anything was ever entered there.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Entry> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, entry)| entry)
    }

    /// Returns the content of a field to be changed, if anything was ever entered there.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Entry> {
        self.0.iter_mut().find(|(known, _)| known == name).map(|(_, entry)| entry)
    }

    /// Returns the content of a field to be changed. A new field is empty and has this unit.
    pub fn get_or_insert(&mut self, name: &str, unit: Option<String>) -> &mut Entry {
        let at = self.0.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
            self.0.push((name.to_owned(), Entry { unit, ..Entry::default() }));
            self.0.len() - 1
        });
        &mut self.0[at].1
    }

    /// Replaces the content of a field.
    pub fn set(&mut self, name: &str, entry: Entry) {
        *self.get_or_insert(name, None) = entry;
    }
}

/// The entries of one patient, or of one scenario of a patient, with the component's answers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Patient {
    /// What was typed, by field.
    pub entries: Entries,
    /// The component's evaluation of the entries, from the last time a field was left.
    pub evaluated: Value,
    /// The component's prediction with its explanation; null before the first prediction.
    pub explanation: Value,
    /// Whether the entries have changed since the prediction.
    pub stale: bool,
    /// Whether the person asked for a prediction. Then problems of untouched fields are shown too.
    pub asked: bool,
}

impl Patient {
    /// Returns the entries as the component takes them.
    #[must_use]
    pub fn entries_json(&self) -> String {
        let typed = self.entries.0.iter().filter(|(_, entry)| !entry.as_typed().0.trim().is_empty()).map(|(name, entry)| {
            let (text, unit) = entry.as_typed();
            let value = unit.map_or_else(|| json!({"value": text}), |unit| json!({"value": text, "unit": unit}));
            (name.clone(), value)
        });
        Value::Object(typed.collect()).to_string()
    }

    /// Returns what the component says of a field.
    #[must_use]
    pub fn field(&self, name: &str) -> &Value {
        list(&self.evaluated["fields"]).iter().find(|field| field["name"] == name).unwrap_or(&Value::Null)
    }

    /// Returns the problems to show now: of filled fields that were left, or of all fields after a prediction was asked for.
    #[must_use]
    pub fn problems(&self) -> Vec<&Value> {
        let filled = |name: &str| self.entries.get(name).is_some_and(|entry| entry.left && !entry.is_empty());
        let shown = |problem: &&Value| self.asked || problem["name"].as_str().is_some_and(filled);
        list(&self.evaluated["problems"]).iter().filter(shown).collect()
    }

    /// Returns the problems to list above the form: after a prediction was asked for, those that prevent it.
    #[must_use]
    pub fn blocking_problems(&self) -> Vec<&Value> {
        if !self.asked {
            return Vec::new();
        }
        self.problems().into_iter().filter(|problem| problem["blocks"] == true).collect()
    }

    /// Returns the predicted value; NaN if there is none.
    #[must_use]
    pub fn prediction(&self) -> f64 {
        self.explanation["prediction"].as_f64().unwrap_or(f64::NAN)
    }

    /// Returns the ends of the prediction's interval, if it has one.
    #[must_use]
    pub fn interval(&self) -> Option<(f64, f64)> {
        let interval = &self.explanation["interval"];
        interval["lower"].as_f64().zip(interval["upper"].as_f64())
    }

    /// Whether there is a prediction, of these or of earlier entries.
    #[must_use]
    pub fn has_result(&self) -> bool {
        self.explanation.is_object()
    }

    /// Whether there is a prediction of these entries.
    #[must_use]
    pub fn is_current(&self) -> bool {
        self.has_result() && !self.stale
    }
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
}
