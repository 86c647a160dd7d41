//! A prediction: asked for, kept to compare with, copied.

use samefit_render::documents::list;
use serde_json::Value;
use wasm_bindgen_futures::spawn_local;

use super::drawing::{draw_result, draw_sheet, say_fault};
use super::form::{clear, evaluate};
use super::turns::question;
use super::what_if::sweep;
use super::{change, read};
use crate::state::{Patient, State};
use crate::{browser, component, record, views};

/// The person asks for a prediction.
pub(crate) fn predict() {
    change(|state| state.patient.asked = true);
    spawn_local(async {
        let asked = question();
        let is_old = || question() != asked;
        if !evaluate().await {
            return;
        }
        let attributes = read(|state| state.patient.evaluated["attributes"].clone());
        if attributes.is_null() {
            change(|state| state.patient.explanation = Value::Null);
            draw_result();
            browser::focus("problems");
            return;
        }
        let answer = component::ask("explain", &[&attributes.to_string()]).await;
        if is_old() {
            return;
        }
        match answer {
            Ok(answer) => {
                change(|state| {
                    state.patient.explanation = serde_json::from_str(&answer).unwrap_or_default();
                    state.patient.stale = false;
                });
                // the slider's place is there before the result is, so that nothing moves
                let field = read(|state| Some(state.what_if.field.clone()).filter(|field| views::what_if::movable(state).contains(field)));
                let field = field.or_else(|| read(favourite));
                sweep(field).await;
                if is_old() {
                    return;
                }
                draw_result();
                browser::focus("result-title");
            }
            Err(fault) => say_fault(&fault),
        }
    });
}

/// The field that moves the prediction most.
fn favourite(state: &State) -> Option<String> {
    let movable = views::what_if::movable(state);
    let amount = |entry: &&Value| entry["contribution"].as_f64().unwrap_or(0.0).abs();
    let entries = list(&state.patient.explanation["contributions"]).iter();
    let best =
        entries.filter(|entry| movable.iter().any(|name| entry["name"] == name.as_str())).max_by(|a, b| amount(a).total_cmp(&amount(b)));
    best.and_then(|entry| entry["name"].as_str()).map(str::to_owned).or_else(|| movable.first().cloned())
}

pub(super) fn keep(other: bool) {
    if !read(|state| state.patient.is_current()) {
        return;
    }
    change(|state| {
        state.kept = Some(state.patient.clone());
        if other {
            state.patient = Patient::default();
        }
    });
    if other {
        clear();
    } else {
        draw_result();
        browser::focus("form");
    }
}

pub(super) fn copy() {
    if !read(|state| state.patient.is_current()) {
        return;
    }
    draw_sheet();
    let (text, asked) = (read(record::text), question());
    spawn_local(async move {
        let copied = browser::copy(&text).await;
        if question() != asked {
            return;
        }
        let html = if copied {
            read(|state| state.t("actions.copied"))
        } else {
            let text = samefit_render::markup::escape(&text);
            read(|state| {
                format!(
                    "<label class=\"stack\">{}<textarea rows=\"12\" readonly>{text}</textarea></label>",
                    state.t("actions.copy-by-hand")
                )
            })
        };
        browser::set_html("copied", &html);
    });
}
