//! One value that moves.

use samefit_render::documents::list;
use samefit_render::format::decimal;
use serde_json::{Value, json};
use wasm_bindgen_futures::spawn_local;

use super::drawing::{draw, redraw};
use super::form::enter;
use super::result::predict;
use super::turns::{SWEEP, Turns};
use super::work::end;
use super::{change, read};
use crate::state::{State, WhatIf};
use crate::{browser, component, views};

/// Places of the slider.
const PLACES: usize = 61;

/// Predictions along the range of a field.
pub(super) async fn sweep(field: Option<String>) {
    let Some(field) = field else {
        change(|state| state.what_if = WhatIf::default());
        return;
    };
    let Some((what_if, entries)) = read(|state| Some((places(state, &field)?, state.patient.entries_json()))) else { return };
    let number = SWEEP.with(Turns::next);
    let values = json!(what_if.values).to_string();
    let answer =
        component::ask("sweep", &[&entries, &field, what_if.unit.as_deref().unwrap_or_default(), &values]).await.unwrap_or_default();
    if !SWEEP.with(|sweep| sweep.is(number)) {
        return;
    }
    let answer: Value = serde_json::from_str(&answer).unwrap_or_default();
    let result = |one: &Value| one.is_array().then(|| [one[0].as_f64(), one[1].as_f64(), one[2].as_f64()]);
    let results = list(&answer).iter().map(result).collect();
    change(|state| state.what_if = WhatIf { results, ..what_if });
}

/// Where the slider can stand: over the training range and the patient's own value, in steps as fine as the field is measured.
fn places(state: &State, name: &str) -> Option<WhatIf> {
    let field = state.loaded.field(name)?;
    let evaluated = state.patient.field(name);
    let unit = state.patient.entries.get(name).and_then(|entry| entry.as_typed().1.map(str::to_owned));
    let unit = evaluated["typed"]["unit"].as_str().map(str::to_owned).or(unit);
    let now: f64 = evaluated["typed"]["value"].as_str().and_then(|text| text.parse().ok())?;
    let known = list(&field["units"]).iter().find(|known| known["unit"].as_str() == unit.as_deref()).unwrap_or(&field["units"][0]);
    let to_base: f64 = known["to_base"].as_str().and_then(|text| text.parse().ok()).unwrap_or(1.0);
    let trained = field["training"]["min"].as_f64().zip(field["training"]["max"].as_f64());
    // what is no column has no training range: half to twice the value
    let (low, high) = trained.map_or((now / 2.0, now * 2.0), |(low, high)| (low / to_base, high / to_base));
    let end = |key: &str| known["plausible"][key].as_str().and_then(|text| text.parse::<f64>().ok());
    let low = low.min(now).max(end("min").unwrap_or(f64::NEG_INFINITY));
    let high = high.max(now).min(end("max").unwrap_or(f64::INFINITY));
    let digits = usize::try_from(known["decimals"].as_u64().unwrap_or(2)).unwrap_or(2).min(6);
    let mut values: Vec<f64> = (0..PLACES).map(|at| low + (high - low) * at as f64 / (PLACES - 1) as f64).collect();
    values.push(now);
    values.sort_by(f64::total_cmp);
    let mut texts: Vec<String> =
        values.iter().map(|value| if *value < 0.0 { format!("-{}", decimal(-*value, digits)) } else { decimal(*value, digits) }).collect();
    texts.retain(|text| text.parse::<f64>().is_ok_and(|value| value >= low && value <= high));
    texts.dedup();
    let distance = |text: &String| (text.parse::<f64>().unwrap_or(f64::NAN) - now).abs();
    let at = (0..texts.len()).min_by(|a, b| distance(&texts[*a]).total_cmp(&distance(&texts[*b]))).unwrap_or(0);
    Some(WhatIf { field: name.to_owned(), unit, values: texts, results: Vec::new(), now: Some(now), at })
}

/// The slider moved.
pub(crate) fn moved(place: &str) {
    change(|state| state.what_if.at = place.parse().unwrap_or(0));
    let text = read(|state| views::what_if::value_text(state, state.what_if.at));
    browser::set_attribute("what-if-slider", "aria-valuetext", Some(&text));
    redraw("what-if-shown", views::what_if::shown);
}

pub(super) fn choose_what_if(field: String) {
    spawn_local(async move {
        sweep(Some(field)).await;
        redraw("what-if", views::what_if::section);
        browser::focus("what-if-field");
    });
}

pub(super) fn use_moved() {
    let entry = read(|state| {
        let what_if = &state.what_if;
        Some((what_if.field.clone(), state.texts.format().text(what_if.values.get(what_if.at)?), what_if.unit.clone()))
    });
    enter(entry);
    draw();
    predict();
}
