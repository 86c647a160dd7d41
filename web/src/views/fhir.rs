//! The place for a FHIR record, and its values for the person to confirm.

use samefit_render::markup::escape;
use samefit_render::pages::{table_head, table_row};

use super::words::{title, unit_label};
use crate::fhir::{FhirValue, FhirValues};
use crate::state::State;

/// Returns the section; empty unless the person opened it or a record was read.
#[must_use]
pub fn section(state: &State) -> String {
    match &state.fhir_values {
        Some(read) => confirmation(state, read),
        None if state.importing => place(state),
        None => String::new(),
    }
}

fn place(state: &State) -> String {
    format!(
        "<section class=\"card\" aria-labelledby=\"fhir-title\"><h2 id=\"fhir-title\" tabindex=\"-1\">{}</h2><p>{}</p>\
         <label class=\"file\"><span class=\"button quiet\">{}</span><input type=\"file\" data-set=\"files\" accept=\".json,application/json,application/fhir+json\"></label>\
         <label class=\"stack\">{}<textarea id=\"fhir-text\" rows=\"5\" spellcheck=\"false\"></textarea></label><p class=\"problem\" id=\"fhir-problem\" role=\"alert\"></p>\
         <p class=\"buttons\"><button type=\"button\" data-do=\"fhir-read\" data-value-of=\"fhir-text\">{}</button><button type=\"button\" class=\"quiet\" data-do=\"import\">{}</button></p></section>",
        state.t("fhir.title"),
        state.t("fhir.lead"),
        state.t("fhir.file"),
        state.t("fhir.paste"),
        state.t("fhir.read"),
        state.t("fhir.cancel"),
    )
}

fn confirmation(state: &State, read: &FhirValues) -> String {
    let texts = &state.texts;
    let mut table =
        table_head(texts.text("fhir.found"), &["fhir.field", "fhir.value", "fhir.date", "fhir.note"].map(|name| texts.text(name)));
    for value in &read.values {
        table_row(&mut table, name(state, &value.field), &cells(state, value));
    }
    let table = if read.values.is_empty() { format!("<p>{}</p>", state.t("fhir.none")) } else { table + "</tbody></table></div>" };
    let refused: String = read
        .refused
        .iter()
        .map(|refused| {
            format!("<li>{}</li>", state.tf(refused.reason, &[("title", name(state, &refused.field)), ("found", &refused.found)]))
        })
        .collect();
    let asks = state.loaded.fields().iter().any(|field| field["name"] == "sex");
    let sex = if asks { format!("<p>{}</p>", state.t("fhir.sex")) } else { String::new() };
    let used = if read.values.is_empty() {
        String::new()
    } else {
        format!("<button type=\"button\" class=\"main\" data-do=\"fhir-use\">{}</button>", state.t("fhir.use"))
    };
    format!(
        "<section class=\"card\" aria-labelledby=\"fhir-title\"><h2 id=\"fhir-title\" tabindex=\"-1\">{}</h2><p>{} <strong>{}</strong></p>{table}\
         <ul class=\"care\">{refused}</ul>{sex}<p class=\"buttons\">{used}<button type=\"button\" class=\"quiet\" data-do=\"fhir-cancel\">{}</button></p></section>",
        state.t("fhir.title"),
        state.t("fhir.patient"),
        escape(if read.patient.is_empty() { "\u{2013}" } else { &read.patient }),
        state.t("fhir.cancel"),
    )
}

fn name<'a>(state: &'a State, field: &'a str) -> &'a str {
    state.loaded.field(field).map_or(field, |known| title(&state.texts, known))
}

fn cells(state: &State, value: &FhirValue) -> [String; 3] {
    let field = state.loaded.field(&value.field).unwrap_or(&serde_json::Value::Null);
    let text = format!("{} {}", state.texts.format().text(&value.value), unit_label(field, value.unit.as_deref()));
    let note = state.texts.find(&value.note).unwrap_or_else(|| state.texts.schema(&value.note));
    [text.trim().to_owned(), value.date.chars().take(10).collect(), note.to_owned()]
}
