//! Units of fields: what was typed in another one, and the training range in it.

use serde_json::Value;
use wasm_bindgen_futures::spawn_local;

use super::drawing::draw;
use super::form::evaluate;
use super::turns::question;
use super::{change, read};
use crate::state::{Entry, State};
use crate::{browser, component, views};

/// A unit was chosen: what stands in the field is shown in it, and what was typed is kept.
pub(crate) fn unit(name: &str, to: &str) {
    let Some((text, from, own)) = read(|state| {
        let own = state.loaded.field(name)?["units"][0]["unit"].as_str().map(str::to_owned);
        let entry = state.patient.entries.get(name).cloned().unwrap_or_default();
        let (text, from) = entry.as_typed();
        Some((text.to_owned(), from.map(str::to_owned).or_else(|| own.clone()), own))
    }) else {
        return;
    };
    let same = from.as_deref() == Some(to) || text.trim().is_empty();
    // what was typed counts already; the text in the field follows, unless something newer comes before it
    let chosen = change(|state| {
        let entry = state.patient.entries.of(name, own);
        entry.unit = Some(to.to_owned());
        entry.typed = (!same).then(|| (text.clone(), from.clone()));
        if same {
            entry.shown.clone_from(&text);
        }
        entry.clone()
    });
    browser::set_value(&format!("in-{name}"), &chosen.shown);
    draw_unit(name);
    let (name, to) = (name.to_owned(), to.to_owned());
    spawn_local(async move {
        if !same {
            let plain = text.trim().replace(',', ".");
            let shown = component::ask("convert", &[&name, &plain, from.as_deref().unwrap_or_default(), &to]).await;
            if read(|state| state.patient.entries.get(&name) != Some(&chosen)) {
                return;
            }
            // what is no number, or the same in both units, stands there as it did
            let shown = shown.ok().filter(|shown| *shown != text).map(|shown| read(|state| state.texts.format().text(&shown)));
            let typed = shown.is_some().then_some((text.clone(), from));
            let shown = shown.unwrap_or(text);
            browser::set_value(&format!("in-{name}"), &shown);
            change(|state| state.patient.entries.set(&name, Entry { shown, typed, ..chosen }));
        }
        learn_range(&name, &to).await;
        draw_unit(&name);
        if read(|state| state.patient.entries.get(&name).is_some_and(|entry| !entry.shown.trim().is_empty())) {
            evaluate().await;
        }
    });
}

pub(super) fn use_unit(name: &str, unit: &str) {
    change(|state| {
        let entry = state.patient.entries.of(name, None);
        entry.unit = Some(unit.to_owned());
        entry.typed = None;
        state.patient.stale = true;
    });
    draw();
    browser::focus(&format!("in-{name}"));
    let (name, unit) = (name.to_owned(), unit.to_owned());
    spawn_local(async move {
        learn_range(&name, &unit).await;
        draw_unit(&name);
        evaluate().await;
    });
}

/// The label and the range follow the unit.
fn draw_unit(name: &str) {
    let drawn = read(|state| {
        let field = state.loaded.field(name)?;
        let entry = state.patient.entries.get(name)?;
        let unit = views::words::unit_label(field, entry.unit.as_deref()).to_owned();
        let title = views::words::title(&state.texts, field).to_owned();
        Some((title, unit, views::form::hint(state, field, entry)))
    });
    let Some((title, unit, hint)) = drawn else { return };
    let [title, unit] = [title, unit].map(|text| samefit_render::markup::escape(&text));
    browser::set_html(&format!("label-{name}"), &format!("{title} <span class=\"unit\">({unit})</span>"));
    browser::set_html(&format!("hint-{name}"), &hint);
}

/// The training range in another unit, as the component converts it; whether it was not known before.
async fn learn_range(name: &str, unit: &str) -> bool {
    let model = question().0;
    let Some((own, training)) = read(|state| {
        let field = state.loaded.field(name)?;
        let own = field["units"][0]["unit"].as_str().unwrap_or_default().to_owned();
        let known = own == unit || field["training"].is_null() || state.range(name, unit).is_some();
        (!known).then(|| (own, field["training"].clone()))
    }) else {
        return false;
    };
    let mut ends = Vec::new();
    for end in [&training["min"], &training["max"]] {
        let converted = component::ask("convert", &[name, &end.to_string(), &own, unit]).await;
        ends.extend(converted.ok().and_then(|text| text.parse::<f64>().ok()));
    }
    let [low, high] = ends[..] else { return false };
    if question().0 != model {
        return false;
    }
    change(|state| state.ranges.push(((name.to_owned(), unit.to_owned()), (low, high))));
    true
}

/// The training ranges in all units that were chosen or typed, for hints, warnings and the curve.
pub(super) async fn learn_ranges() {
    let wanted = |state: &State, field: &Value| {
        let name = field["name"].as_str()?;
        let typed = state.patient.field(name)["typed"]["unit"].as_str();
        let chosen = state.patient.entries.get(name).and_then(|entry| entry.unit.as_deref());
        Some([typed, chosen].into_iter().flatten().map(|unit| (name.to_owned(), unit.to_owned())).collect::<Vec<_>>())
    };
    let wanted: Vec<_> = read(|state| state.loaded.fields().iter().filter_map(|field| wanted(state, field)).flatten().collect());
    for (name, unit) in wanted {
        if learn_range(&name, &unit).await {
            draw_unit(&name);
        }
    }
}
