//! The sheet to print: one page with entries as typed, warnings, prediction, interval, model and digest.

use samefit_render::markup::{Markup, Text, html};
use samefit_render::prediction::Prediction;

use super::result::{all_warnings, outlook, plotted, sentences};
use super::words::entered;
use crate::state::State;
use crate::state::patient::Patient;

/// Width of pictures on the printed page, in pixels.
const WIDTH: f64 = 640.0;

/// Returns the sheet; empty without a prediction of these entries. `now` returns date and time in the page's language.
#[must_use]
pub fn sheet(state: &State, now: &dyn Fn() -> String) -> Markup {
    let patient = &state.patient;
    if !patient.is_current() {
        return html! {};
    }
    let all = match &state.kept {
        Some(kept) => vec![("A", kept), ("B", patient)],
        None => vec![("", patient)],
    };
    let plotted: Vec<Prediction> = all.iter().map(|(label, one)| plotted(label, one)).collect();
    let model = &state.loaded.model;
    let title = state.texts.schema(model.title().unwrap_or_else(|| model.target_title()));
    let rows = state.texts.format().count(model.rows());
    let digest = model.document["statistics_sha256"].as_str().unwrap_or_default();
    html! {
        h1 { (Text(title)) }
        p { strong { (state.t("site.notice")) } }
        @if let Some(file) = &state.loaded.file {
            p { strong { (Text(&state.fill("banner.other-model", &[("n", &model.rows().to_string()), ("file", file)]))) } }
        }
        @for (label, one) in &all { (patient_part(state, label, one)) }
        (outlook(state, &plotted, WIDTH))
        p.fine { "* " (state.t("sheet.computed")) }
        p.fine {
            (Text(&state.fill("sheet.model-line", &[("title", title), ("n", &rows), ("digest", digest)])))
            br;
            (state.t("site.digest")) ": " (Text(state.facts["sha256"].as_str().unwrap_or_default()))
            br;
            (state.t("sheet.date")) ": " (Text(&now()))
        }
    }
}

/// Returns entries, prediction, sentences and warnings of one patient.
fn patient_part(state: &State, label: &str, patient: &Patient) -> Markup {
    html! {
        h2 { (label) " " (state.t("sheet.entries")) }
        dl {
            @for (name, value) in entered(&state.texts, &state.loaded, patient) { div { dt { (Text(&name)) } dd { (Text(&value)) } } }
        }
        p.number {
            span { (label) " " (state.t("compare.prediction")) }
            " "
            strong { (state.outcome(patient.prediction())) }
        }
        @for sentence in sentences(state, patient) { p { (Text(&sentence)) } }
        @for warning in all_warnings(state, patient) { p.care { "! " (Text(&warning)) } }
    }
}
