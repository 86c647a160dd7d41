//! A record into the form, once it is confirmed.

use wasm_bindgen_futures::spawn_local;

use super::drawing::{draw, go, redraw};
use super::form::{enter, evaluate};
use super::{change, read};
use crate::state::Section;
use crate::{browser, fhir, views};

pub(super) fn toggle_import() {
    let open = change(|state| {
        state.importing = !state.importing;
        state.findings = None;
        state.importing
    });
    redraw("fhir", views::fhir::section);
    if open {
        browser::focus("fhir-title");
    }
}

pub(super) fn take_record(text: &str) {
    let found = read(|state| fhir::read(text, state.loaded.fields()));
    match found {
        Ok(findings) => {
            change(|state| state.findings = Some(findings));
            go(Section::Predict);
            draw();
            browser::focus("fhir-title");
        }
        Err((name, found)) => {
            change(|state| (state.importing, state.findings) = (true, None));
            go(Section::Predict);
            draw();
            browser::set_html("fhir-problem", &read(|state| state.tf(name, &[("found", &found)])));
        }
    }
}

pub(super) fn use_record() {
    let Some(findings) = change(|state| {
        state.importing = false;
        state.findings.take()
    }) else {
        return;
    };
    let format = read(|state| state.texts.format());
    enter(findings.found.into_iter().map(|found| (found.field, format.text(&found.value), found.unit)));
    draw();
    spawn_local(async {
        evaluate().await;
    });
    browser::focus("form");
}
