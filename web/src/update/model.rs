//! The model that the page predicts with.

use samefit_render::documents::Model;

use crate::command::{Command, OpenReason, ReplyTo, Request};
use crate::state::loaded::LoadedModel;
use crate::state::patient::Patient;
use crate::state::{Section, State, WhatIf};
use crate::update::show::{focus, open_section};

/// Asks the worker to open a model. `file` is where it came from; none for the page's own.
pub(super) fn open(text: String, file: Option<String>, reason: OpenReason) -> Command {
    Command::Ask { request: Request::OpenModel(text.clone()), reply_to: ReplyTo::OpenedModel { text, file, reason } }
}

/// Makes a model the page's model. Whatever belongs to the model before is forgotten, and its answers are late.
pub(super) fn take(state: &mut State, text: &str, form: &str, file: Option<String>) {
    let model = Model::new(serde_json::from_str(text).unwrap_or_default());
    state.loaded = LoadedModel { model, form: serde_json::from_str(form).unwrap_or_default(), file };
    state.generations.model.advance();
    state.generations.sweep.advance();
    state.patient = Patient::default();
    state.kept = None;
    state.what_if = WhatIf::default();
    state.fhir_values = None;
    state.ranges.clear();
    state.data.predicted.clear();
}

/// Shows the form of the model.
pub(super) fn show(state: &mut State) -> Vec<Command> {
    let mut commands = open_section(state, Section::Predict);
    commands.push(focus("main"));
    commands
}

/// Opens the trained model.
pub(super) fn use_trained(state: &State) -> Vec<Command> {
    let Some(trained) = &state.data.trained else { return Vec::new() };
    let is_pooled = state.data.tables.is_empty();
    let name = if is_pooled { state.texts.text("data.pool").to_owned() } else { state.data.table_names() };
    vec![open(trained.model.clone(), Some(name), OpenReason::Chosen)]
}

/// Opens the page's own model.
pub(super) fn use_own(state: &State) -> Vec<Command> {
    vec![open(state.own_model.clone(), None, OpenReason::Chosen)]
}
