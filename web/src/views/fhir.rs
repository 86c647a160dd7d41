//! The place for a FHIR record, and its values for the person to confirm.

use samefit_render::markup::{Markup, Text, html};
use samefit_render::pages::{table, table_row};

use super::words::{title, unit_label, value_in_words};
use crate::fhir::{FhirValue, FhirValues, RefusedValue};
use crate::state::State;

/// Returns the section; empty unless the person opened it or a record was read.
#[must_use]
pub fn section(state: &State) -> Markup {
    match &state.fhir_values {
        Some(read) => confirmation(state, read),
        None if state.importing => place(state),
        None => html! {},
    }
}

fn place(state: &State) -> Markup {
    html! {
        section.card aria-labelledby="fhir-title" {
            h2 #fhir-title tabindex="-1" { (state.t("fhir.title")) }
            p { (state.t("fhir.lead")) }
            label.file {
                span.button.quiet { (state.t("fhir.file")) }
                input type="file" data-set="files" accept=".json,application/json,application/fhir+json";
            }
            label.stack { (state.t("fhir.paste")) textarea #fhir-text rows="5" spellcheck="false" {} }
            p.problem #fhir-problem role="alert" {}
            p.buttons {
                button type="button" data-do="fhir-read" data-value-of="fhir-text" { (state.t("fhir.read")) }
                button.quiet type="button" data-do="import" { (state.t("fhir.cancel")) }
            }
        }
    }
}

fn confirmation(state: &State, read: &FhirValues) -> Markup {
    let is_lacking = |field: &&str| read.values.iter().all(|value| value.field != *field);
    let names = state.loaded.fields().iter().filter_map(|field| field["name"].as_str());
    let lacking: Vec<&str> = names.filter(is_lacking).map(|field| name(state, field)).collect();
    let asks_sex = state.loaded.fields().iter().any(|field| field["name"] == "sex");
    html! {
        section.card aria-labelledby="fhir-title" {
            h2 #fhir-title tabindex="-1" { (state.t("fhir.title")) }
            p {
                (state.t("fhir.patient")) " "
                strong { (Text(if read.patient.is_empty() { "\u{2013}" } else { &read.patient })) }
            }
            (values(state, read))
            ul.care { @for refused in &read.refused { li { (Text(&reason(state, refused))) } } }
            @if !lacking.is_empty() && !read.values.is_empty() { p { (Text(&state.fill("fhir.lacking", &[("fields", &lacking.join(", "))]))) } }
            @if asks_sex { p { (state.t("fhir.sex")) } }
            p.buttons {
                @if !read.values.is_empty() { button.main type="button" data-do="fhir-use" { (state.t("fhir.use")) } }
                button.quiet type="button" data-do="fhir-cancel" { (state.t("fhir.cancel")) }
            }
        }
    }
}

fn values(state: &State, read: &FhirValues) -> Markup {
    if read.values.is_empty() {
        return html! { p { (state.t("fhir.none")) } };
    }
    let heads = ["fhir.field", "fhir.value", "fhir.date", "fhir.note"].map(|name| state.t(name));
    let rows = read.values.iter().map(|value| table_row(name(state, &value.field), &cells(state, value)));
    table(state.t("fhir.found"), &heads, rows)
}

fn reason(state: &State, refused: &RefusedValue) -> String {
    state.fill(refused.reason, &[("title", name(state, &refused.field)), ("found", &refused.found)])
}

fn name<'a>(state: &'a State, field: &'a str) -> &'a str {
    state.loaded.field(field).map_or(field, |known| title(&state.texts, known))
}

fn cells(state: &State, value: &FhirValue) -> [String; 3] {
    let field = state.loaded.field(&value.field).unwrap_or(&serde_json::Value::Null);
    let text = format!("{} {}", value_in_words(&state.texts, field, &value.value), unit_label(field, value.unit.as_deref()));
    let note = state.texts.find(&value.note).unwrap_or_else(|| state.texts.schema(&value.note));
    [text.trim().to_owned(), value.date.chars().take(10).collect(), note.to_owned()]
}
