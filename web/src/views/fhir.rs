//! The place for a record, and what was found in it, before it is used.

use samefit_render::markup::escape;
use samefit_render::pages::{table, table_row};

use super::words::{title, unit_label};
use crate::fhir::{Findings, Found};
use crate::state::State;

/// The section; empty unless it was opened or something was found.
#[must_use]
pub fn section(state: &State) -> String {
    match &state.findings {
        Some(findings) => confirmation(state, findings),
        None if state.importing => place(state),
        None => String::new(),
    }
}

fn place(state: &State) -> String {
    format!(
        "<section class=\"card\" aria-labelledby=\"fhir-title\"><h2 id=\"fhir-title\" tabindex=\"-1\">{}</h2><p>{}</p>\
         <label class=\"file\"><span class=\"button quiet\">{}</span><input type=\"file\" data-set=\"files\" accept=\".json,application/json,application/fhir+json\"></label>\
         <label class=\"stack\">{}<textarea id=\"fhir-text\" rows=\"5\" spellcheck=\"false\"></textarea></label><p class=\"problem\" id=\"fhir-problem\" role=\"alert\"></p>\
         <p class=\"buttons\"><button type=\"button\" data-do=\"fhir-read\">{}</button><button type=\"button\" class=\"quiet\" data-do=\"import\">{}</button></p></section>",
        state.t("fhir.title"),
        state.t("fhir.lead"),
        state.t("fhir.file"),
        state.t("fhir.paste"),
        state.t("fhir.read"),
        state.t("fhir.cancel"),
    )
}

fn confirmation(state: &State, findings: &Findings) -> String {
    let texts = &state.texts;
    let heads = ["fhir.field", "fhir.value", "fhir.date", "fhir.note"].map(|name| texts.text(name));
    let rows = findings.found.iter().map(|found| table_row(name(state, &found.field), &cells(state, found)));
    let table = if findings.found.is_empty() {
        format!("<p>{}</p>", state.t("fhir.none"))
    } else {
        table(texts.text("fhir.found"), &heads, rows).into_string()
    };
    let refused: String = findings
        .refused
        .iter()
        .map(|refused| format!("<li>{}</li>", state.tf(refused.why, &[("title", name(state, &refused.field)), ("found", &refused.found)])))
        .collect();
    let asks = state.loaded.fields().iter().any(|field| field["name"] == "sex");
    let sex = if asks { format!("<p>{}</p>", state.t("fhir.sex")) } else { String::new() };
    let used = if findings.found.is_empty() {
        String::new()
    } else {
        format!("<button type=\"button\" class=\"main\" data-do=\"fhir-use\">{}</button>", state.t("fhir.use"))
    };
    format!(
        "<section class=\"card\" aria-labelledby=\"fhir-title\"><h2 id=\"fhir-title\" tabindex=\"-1\">{}</h2><p>{} <strong>{}</strong></p>{table}\
         <ul class=\"care\">{refused}</ul>{sex}<p class=\"buttons\">{used}<button type=\"button\" class=\"quiet\" data-do=\"fhir-cancel\">{}</button></p></section>",
        state.t("fhir.title"),
        state.t("fhir.patient"),
        escape(if findings.patient.is_empty() { "\u{2013}" } else { &findings.patient }),
        state.t("fhir.cancel"),
    )
}

fn name<'a>(state: &'a State, field: &'a str) -> &'a str {
    state.loaded.field(field).map_or(field, |known| title(&state.texts, known))
}

fn cells(state: &State, found: &Found) -> [String; 3] {
    let field = state.loaded.field(&found.field).unwrap_or(&serde_json::Value::Null);
    let value = format!("{} {}", state.texts.format().text(&found.value), unit_label(field, found.unit.as_deref()));
    let note = state.texts.find(&found.note).unwrap_or_else(|| state.texts.schema(&found.note));
    [value.trim().to_owned(), found.date.chars().take(10).collect(), note.to_owned()]
}
