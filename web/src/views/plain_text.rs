//! Turns a result into text for a patient record. It says what the printed sheet says, line by line.

use super::result::{all_warnings, sentences};
use super::words::entered;
use crate::state::State;
use crate::state::patient::Patient;

/// Returns the text. `now` is date and time in the page's language.
#[must_use]
pub fn text(state: &State, now: &str) -> String {
    let model = &state.loaded.model;
    let texts = &state.texts;
    let title = texts.schema(model.title().unwrap_or_else(|| model.target_title()));
    let mut lines = vec![title.to_owned(), texts.text("site.notice").to_owned()];
    if let Some(file) = &state.loaded.file {
        lines.push(texts.fill("banner.other-model", &[("n", &model.rows().to_string()), ("file", file)]));
    }
    if let Some(kept) = &state.kept {
        lines.push("\nA".to_owned());
        lines.extend(patient_lines(state, kept));
        lines.push("\nB".to_owned());
    } else {
        lines.push(String::new());
    }
    lines.extend(patient_lines(state, &state.patient));
    let digest = model.document["statistics_sha256"].as_str().unwrap_or_default();
    lines.push(String::new());
    lines.push(format!("* {}", texts.text("sheet.computed")));
    lines.push(texts.fill("sheet.model-line", &[("title", title), ("n", &model.rows().to_string()), ("digest", digest)]));
    lines.push(format!("{}: {}", texts.text("site.digest"), state.facts["sha256"].as_str().unwrap_or_default()));
    lines.push(format!("{}: {}", texts.text("sheet.date"), now));
    lines.join("\n") + "\n"
}

fn patient_lines(state: &State, patient: &Patient) -> Vec<String> {
    let texts = &state.texts;
    let mut lines: Vec<String> =
        entered(texts, &state.loaded, patient).into_iter().map(|(name, value)| format!("{name}: {value}")).collect();
    lines.push(texts.fill("plain-text.prediction", &[("value", &state.outcome(patient.prediction()))]));
    if let Some((lower, upper)) = patient.interval() {
        lines.push(texts.fill("plain-text.interval", &[("lower", &state.outcome(lower)), ("upper", &state.outcome(upper))]));
    }
    lines.extend(sentences(state, patient));
    lines.extend(all_warnings(state, patient).into_iter().map(|warning| format!("! {warning}")));
    lines
}
