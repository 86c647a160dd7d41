//! The sheet to print: one page with entries as typed, warnings, prediction, interval, model and digest.

use samefit_render::markup::escape;
use samefit_render::outlook::Row;

use super::result::{all_warnings, interval, outlook, prediction, sentences};
use super::words::entered;
use crate::state::State;

/// Width of pictures on the printed page, in pixels.
const WIDTH: f64 = 640.0;

/// Returns the sheet; empty without a prediction of these entries. `now` returns date and time in the page's language.
#[must_use]
pub fn sheet(state: &State, now: &dyn Fn() -> String) -> String {
    let patient = &state.patient;
    if !patient.is_current() {
        return String::new();
    }
    let format = state.texts.format();
    let pairs = |entries: Vec<(String, String)>| -> String {
        entries.iter().map(|(name, value)| format!("<div><dt>{}</dt><dd>{}</dd></div>", escape(name), escape(value))).collect()
    };
    let both = match &state.kept {
        Some(kept) => vec![("A", kept), ("B", patient)],
        None => vec![("", patient)],
    };
    let mut body = String::new();
    for (label, one) in &both {
        body += &format!("<h2>{label} {}</h2><dl>{}</dl>", state.t("print.entries"), pairs(entered(&state.texts, &state.loaded, one)));
        body += &format!(
            "<p class=\"number\"><span>{label} {}</span> <strong>{}</strong></p>",
            state.t("compare.prediction"),
            state.outcome(prediction(&one.explanation))
        );
        body += &sentences(state, one).iter().map(|sentence| format!("<p>{}</p>", escape(sentence))).collect::<String>();
        body += &all_warnings(state, one).iter().map(|warning| format!("<p class=\"care\">! {}</p>", escape(warning))).collect::<String>();
    }
    let rows: Vec<Row> = both
        .iter()
        .map(|(label, one)| Row { label: (*label).to_owned(), value: prediction(&one.explanation), interval: interval(&one.explanation) })
        .collect();
    let model = &state.loaded.model;
    let title = state.texts.schema(model.title().unwrap_or_else(|| model.target_title()));
    let banner = state.loaded.file.as_ref().map_or_else(String::new, |file| {
        format!("<p><strong>{}</strong></p>", state.tf("custom.banner", &[("n", &model.rows().to_string()), ("file", file)]))
    });
    let digest = model.document["statistics_sha256"].as_str().unwrap_or_default();
    format!(
        "<h1>{}</h1><p><strong>{}</strong></p>{banner}{body}{}<p class=\"fine\">* {}</p><p class=\"fine\">{}<br>{}: {}<br>{}: {}</p>",
        escape(title),
        state.t("site.notice"),
        outlook(state, &rows, WIDTH),
        state.t("print.computed"),
        state.tf("print.model-line", &[("title", title), ("n", &format.count(model.rows())), ("digest", digest)]),
        state.t("site.digest"),
        escape(state.facts["sha256"].as_str().unwrap_or_default()),
        state.t("print.date"),
        escape(&now()),
    )
}
