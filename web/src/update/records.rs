//! A FHIR record: read, confirmed, entered.

use crate::command::Command;
use crate::drawing::Part;
use crate::fhir::{self, FhirValue};
use crate::state::{Section, State};
use crate::update::form::{replace_patient, show_entered, text_in_field};
use crate::update::show::{focus, open_section};

/// Opens or closes the place for a record.
pub(super) fn toggle_import(state: &mut State) -> Vec<Command> {
    state.importing = !state.importing;
    state.fhir_values = None;
    let mut commands = vec![Command::Draw(Part::Record)];
    commands.extend(state.importing.then(|| focus("fhir-title")));
    commands
}

/// Reads a record. Its values are shown; none is entered yet.
pub(super) fn read(state: &mut State, text: &str) -> Vec<Command> {
    match fhir::read(text, state.loaded.fields()) {
        Ok(values) => {
            state.fhir_values = Some(values);
            let mut commands = open_section(state, Section::Predict);
            commands.push(focus("fhir-title"));
            commands
        }
        Err(refused) => {
            (state.importing, state.fhir_values) = (true, None);
            let mut commands = open_section(state, Section::Predict);
            let reason = state.texts.fill(refused.reason, &[("found", &refused.found)]);
            commands.push(Command::Draw(Part::RefusedRecord(reason)));
            commands
        }
    }
}

/// Enters the values of the record, and nothing else: what the record lacks is empty then.
pub(super) fn enter_values(state: &mut State) -> Vec<Command> {
    state.importing = false;
    let Some(read) = state.fhir_values.take() else { return Vec::new() };
    let entry = |value: FhirValue| {
        let text = text_in_field(state, &value.field, &value.value);
        (value.field, text, value.unit)
    };
    let entries: Vec<_> = read.values.into_iter().map(entry).collect();
    replace_patient(state, entries);
    show_entered(state)
}

/// Forgets the record.
pub(super) fn discard(state: &mut State) -> Vec<Command> {
    (state.fhir_values, state.importing) = (None, false);
    vec![Command::Draw(Part::Record)]
}
