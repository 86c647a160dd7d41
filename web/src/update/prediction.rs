//! A prediction: asked for, shown, kept to compare with, copied.

use samefit_render::documents::list;
use serde_json::Value;

use crate::action::Comparison;
use crate::command::{AfterEvaluation, AfterSweep, Command, Reply, ReplyTo, Request};
use crate::drawing::Part;
use crate::generation::{Generation, RequestKey};
use crate::state::{State, WhatIf};
use crate::update::form::{clear, enter, evaluate, text_in_field};
use crate::update::show::{focus, form_error};
use crate::update::units::ask_all_ranges;
use crate::update::what_if::{show, sweep, take_sweep};

/// The person asks for a prediction. First the entries are evaluated.
pub(super) fn predict(state: &mut State) -> Vec<Command> {
    state.patient.asked = true;
    vec![evaluate(state, AfterEvaluation::Predict)]
}

/// The evaluation of the entries. An error takes the keyboard only from a person who waits for the prediction, not from one who types on.
pub(super) fn evaluated(state: &mut State, key: RequestKey, next: AfterEvaluation, reply: Reply) -> Vec<Command> {
    if state.request_key() != key {
        return Vec::new();
    }
    let answer = match reply {
        Ok(answer) => answer.into_text(),
        Err(error) if next == AfterEvaluation::Predict => return form_error(error),
        Err(error) => return vec![Command::Draw(Part::FormError(error))],
    };
    state.patient.evaluated = serde_json::from_str(&answer).unwrap_or_default();
    let mut commands = vec![Command::Draw(Part::Messages)];
    commands.extend(ask_all_ranges(state));
    if next == AfterEvaluation::Predict {
        commands.extend(explain(state, key));
    }
    commands
}

/// Asks for the prediction, unless problems block it.
fn explain(state: &mut State, key: RequestKey) -> Vec<Command> {
    let attributes = &state.patient.evaluated["attributes"];
    if attributes.is_null() {
        state.patient.explanation = Value::Null;
        return vec![Command::Draw(Part::Result), focus("problems")];
    }
    vec![Command::Ask { request: Request::Explain(attributes.to_string()), reply_to: ReplyTo::Explained(key) }]
}

/// The prediction. The slider's values are asked for before the result is shown, so that nothing shifts afterwards.
pub(super) fn explained(state: &mut State, key: RequestKey, reply: Reply) -> Vec<Command> {
    if state.request_key() != key {
        return Vec::new();
    }
    let answer = match reply {
        Ok(answer) => answer.into_text(),
        Err(error) => return form_error(error),
    };
    state.patient.explanation = serde_json::from_str(&answer).unwrap_or_default();
    state.patient.stale = false;
    let Some(field) = field_to_move(state) else {
        state.what_if = WhatIf::default();
        return show_result();
    };
    sweep(state, &field, AfterSweep::ShowResult(key)).map_or_else(show_result, |command| vec![command])
}

/// The predictions along a field.
pub(super) fn swept(state: &mut State, generation: Generation, what_if: WhatIf, next: AfterSweep, reply: Reply) -> Vec<Command> {
    let is_taken = take_sweep(state, generation, what_if, reply);
    match next {
        AfterSweep::ShowResult(key) if state.request_key() == key => show_result(),
        AfterSweep::ShowWhatIf if is_taken => show(),
        _ => Vec::new(),
    }
}

fn show_result() -> Vec<Command> {
    vec![Command::Draw(Part::Result), focus("result-title")]
}

/// Returns the field whose value moves: the one chosen before, else the one that moves the prediction most.
fn field_to_move(state: &State) -> Option<String> {
    let movable = state.movable_fields();
    if movable.contains(&state.what_if.field) {
        return Some(state.what_if.field.clone());
    }
    let amount = |entry: &&Value| entry["contribution"].as_f64().unwrap_or(0.0).abs();
    let entries = list(&state.patient.explanation["contributions"]).iter();
    let entries = entries.filter(|entry| movable.iter().any(|name| entry["name"] == name.as_str()));
    let largest = entries.max_by(|a, b| amount(a).total_cmp(&amount(b)));
    largest.and_then(|entry| entry["name"].as_str()).map(str::to_owned).or_else(|| movable.first().cloned())
}

/// Enters the value that is looked at, and predicts.
pub(super) fn use_moved_value(state: &mut State) -> Vec<Command> {
    let what_if = &state.what_if;
    let value = what_if.values.get(what_if.at).map(|value| text_in_field(state, &what_if.field, value));
    let entry = value.map(|value| (what_if.field.clone(), value, what_if.unit.clone()));
    enter(state, entry);
    let mut commands = vec![Command::Draw(Part::Page)];
    commands.extend(predict(state));
    commands
}

/// Keeps the result as A of a comparison.
pub(super) fn keep(state: &mut State, comparison: Comparison) -> Vec<Command> {
    if !state.patient.is_current() {
        return Vec::new();
    }
    state.kept = Some(state.patient.clone());
    match comparison {
        Comparison::ChangeValues => vec![Command::Draw(Part::Result), focus("form")],
        Comparison::OtherPatient => clear(state),
    }
}

/// Ends the comparison.
pub(super) fn end_comparison(state: &mut State) -> Vec<Command> {
    state.kept = None;
    vec![Command::Draw(Part::Result)]
}

/// Copies the result. A result of earlier entries is not copied.
pub(super) fn copy(state: &State) -> Vec<Command> {
    if !state.patient.is_current() {
        return Vec::new();
    }
    vec![Command::Draw(Part::Sheet), Command::CopyResult(state.request_key())]
}

/// The clipboard took the text, or refused it.
pub(super) fn copied(state: &State, key: &RequestKey, text: String, taken: bool) -> Vec<Command> {
    if state.request_key() != *key {
        return Vec::new();
    }
    vec![Command::Draw(Part::Copied((!taken).then_some(text)))]
}
