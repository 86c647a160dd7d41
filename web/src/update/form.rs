//! What a person enters, from the keyboard or otherwise.

use crate::command::{AfterEvaluation, Command, ReplyTo, Request};
use crate::drawing::Part;
use crate::state::loaded::LoadedModel;
use crate::state::patient::{Entry, Patient};
use crate::state::{State, WhatIf};
use crate::update::show::focus;

/// The text of a field changed. Its problems are shown only after the person leaves the field.
pub(super) fn typed(state: &mut State, field: &str, text: &str) -> Vec<Command> {
    let unit = state.loaded.own_unit(field);
    let entry = state.patient.entries.get_or_insert(field, unit);
    text.clone_into(&mut entry.shown);
    entry.typed = None;
    entry.left = false;
    let was_current = state.patient.is_current();
    state.patient.stale = true;
    if was_current { vec![Command::Draw(Part::Result)] } else { Vec::new() }
}

/// The person left a field, so the entries are evaluated.
pub(super) fn left(state: &mut State, field: &str) -> Vec<Command> {
    let Some(entry) = state.patient.entries.get_mut(field) else { return Vec::new() };
    entry.left = true;
    vec![evaluate(state, AfterEvaluation::ShowMessages)]
}

/// Asks the component for an evaluation of the entries.
pub(super) fn evaluate(state: &State, next: AfterEvaluation) -> Command {
    let key = state.request_key();
    Command::Ask { request: Request::Evaluate(key.entries.clone()), reply_to: ReplyTo::Evaluated { key, next } }
}

/// Enters the values of one patient, who may be another one: nothing that was entered before stays, and no result.
pub(super) fn replace_patient(state: &mut State, values: impl IntoIterator<Item = (String, String, Option<String>)>) {
    forget_patient(state);
    enter(state, values);
}

fn forget_patient(state: &mut State) {
    state.generations.sweep.advance();
    state.patient = Patient::default();
    state.what_if = WhatIf::default();
}

/// Enters values that were not typed: field, text and unit. A value without a unit is in the field's own.
pub(super) fn enter(state: &mut State, values: impl IntoIterator<Item = (String, String, Option<String>)>) {
    for (field, shown, unit) in values {
        let unit = unit.or_else(|| state.loaded.own_unit(&field));
        state.patient.entries.set(&field, Entry { shown, unit, typed: None, left: true });
    }
    state.patient.stale = true;
}

/// Returns the text of a value in a field: a number as the language writes it, a level as it is.
pub(super) fn text_in_field(state: &State, field: &str, value: &str) -> String {
    let is_category = state.loaded.field(field).is_some_and(LoadedModel::is_category);
    if is_category { value.to_owned() } else { state.texts.format().text(value) }
}

/// Shows values that were entered, and evaluates them.
pub(super) fn show_entered(state: &State) -> Vec<Command> {
    vec![Command::Draw(Part::Page), evaluate(state, AfterEvaluation::ShowMessages), focus("form")]
}

/// Fills in the stored example.
pub(super) fn fill_example(state: &mut State) -> Vec<Command> {
    let example = state.check["example"].as_object();
    let value = |(field, value): (&String, &serde_json::Value)| Some((field.clone(), text_in_field(state, field, value.as_str()?), None));
    let values: Vec<_> = example.into_iter().flatten().filter_map(value).collect();
    replace_patient(state, values);
    show_entered(state)
}

/// Empties the form.
pub(super) fn clear(state: &mut State) -> Vec<Command> {
    forget_patient(state);
    let first = state.loaded.fields().first().and_then(|field| field["name"].as_str()).unwrap_or_default();
    vec![Command::Draw(Part::Page), focus(&format!("in-{first}"))]
}
