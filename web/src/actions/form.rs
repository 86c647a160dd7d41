//! What a person types, and what the component makes of it.

use wasm_bindgen_futures::spawn_local;

use super::drawing::{draw, draw_messages, draw_result, say_fault};
use super::turns::{SWEEP, Turns, question};
use super::units::learn_ranges;
use super::{change, read};
use crate::state::{Entry, Patient, WhatIf};
use crate::{browser, component};

/// A field's text changed. Nothing is said of it before the person leaves the field.
pub(crate) fn typed(name: &str, value: &str) {
    change(|state| {
        let unit = state.loaded.field(name).and_then(|field| field["units"][0]["unit"].as_str()).map(str::to_owned);
        let entry = state.patient.entries.of(name, unit);
        value.clone_into(&mut entry.shown);
        entry.typed = None;
        entry.left = false;
    });
    grow_stale();
}

fn grow_stale() {
    let first = change(|state| {
        let first = state.patient.has_result() && !state.patient.stale;
        state.patient.stale = true;
        first
    });
    if first {
        draw_result();
    }
}

/// The person leaves a field: now it is looked at.
pub(crate) fn left(name: &str) {
    let filled = change(|state| {
        let there = state.patient.entries.get(name).is_some();
        if there {
            state.patient.entries.of(name, None).left = true;
        }
        there
    });
    if filled {
        spawn_local(async {
            evaluate().await;
        });
    }
}

/// What the component makes of the entries; whether they are still the entries.
pub(super) async fn evaluate() -> bool {
    let asked = question();
    let answer = component::ask("evaluate", &[&asked.1]).await;
    if question() != asked {
        return false;
    }
    match answer {
        Ok(answer) => {
            change(|state| state.patient.evaluated = serde_json::from_str(&answer).unwrap_or_default());
            draw_messages();
            learn_ranges().await;
            question() == asked
        }
        Err(fault) => {
            say_fault(&fault);
            false
        }
    }
}

/// Entries that did not come from the keyboard.
pub(super) fn enter(entries: impl IntoIterator<Item = (String, String, Option<String>)>) {
    change(|state| {
        for (name, shown, unit) in entries {
            let own = state.loaded.field(&name).and_then(|field| field["units"][0]["unit"].as_str()).map(str::to_owned);
            state.patient.entries.set(&name, Entry { shown, unit: unit.or(own), typed: None, left: true });
        }
        state.patient.stale = true;
    });
}

pub(super) fn example() {
    let entries: Vec<_> = read(|state| {
        let format = state.texts.format();
        let example = state.check["example"].as_object();
        example.into_iter().flatten().filter_map(|(name, value)| Some((name.clone(), format.text(value.as_str()?), None))).collect()
    });
    enter(entries);
    draw();
    spawn_local(async {
        evaluate().await;
    });
    browser::focus("form");
}

/// An empty form.
pub(super) fn clear() {
    SWEEP.with(Turns::next);
    change(|state| {
        state.patient = Patient::default();
        state.what_if = WhatIf::default();
    });
    draw();
    let first = read(|state| state.loaded.fields().first().and_then(|field| field["name"].as_str().map(str::to_owned)));
    browser::focus(&format!("in-{}", first.unwrap_or_default()));
}
