//! The section about what would be different: the prediction as one value moves, and what is computed from it moves along.

use samefit_render::curve::{Curve, Place};
use samefit_render::markup::escape;

use super::result::{interval, prediction};
use super::words::{title, unit_label};
use crate::state::State;

/// Returns the section. Its picture and sentence are drawn again as the slider moves.
#[must_use]
pub fn section(state: &State) -> String {
    let what_if = &state.what_if;
    let options: String = state
        .movable_fields()
        .iter()
        .map(|name| {
            let field = state.loaded.field(name).unwrap_or(&serde_json::Value::Null);
            let chosen = if *name == what_if.field { " selected" } else { "" };
            format!("<option value=\"{}\"{chosen}>{}</option>", escape(name), escape(title(&state.texts, field)))
        })
        .collect();
    let Some(field) = state.loaded.field(&what_if.field) else { return String::new() };
    let label = state.tf("whatif.slider", &[("title", title(&state.texts, field))]);
    let last = what_if.values.len().saturating_sub(1);
    format!(
        "<h2>{}</h2><p>{}</p><p class=\"choices\"><label>{} <select data-set=\"what-if\" id=\"what-if-field\">{options}</select></label></p>\
         <label class=\"slider\">{label}<input type=\"range\" id=\"what-if-slider\" data-set=\"slider\" min=\"0\" max=\"{last}\" value=\"{}\" \
         aria-valuetext=\"{}\"></label><div id=\"what-if-shown\">{}</div>",
        state.t("whatif.title"),
        state.t("whatif.lead"),
        state.t("whatif.field"),
        what_if.at,
        escape(&value_text(state, what_if.at)),
        shown(state)
    )
}

/// Returns a value of the slider as people read it, with its unit.
#[must_use]
pub fn value_text(state: &State, at: usize) -> String {
    let field = state.loaded.field(&state.what_if.field).unwrap_or(&serde_json::Value::Null);
    let value = state.what_if.values.get(at).map(|value| state.texts.format().text(value)).unwrap_or_default();
    format!("{value} {}", unit_label(field, state.what_if.unit.as_deref())).trim().to_owned()
}

/// Returns the curve, and the sentence for the value at which the slider stands.
#[must_use]
pub fn shown(state: &State) -> String {
    let Some(field) = state.loaded.field(&state.what_if.field) else { return String::new() };
    let linked: Vec<&str> = state
        .loaded
        .computed_from(&state.what_if.field)
        .into_iter()
        .filter(|field| state.patient.field(field["name"].as_str().unwrap_or_default())["how"] == "computed")
        .map(|field| title(&state.texts, field))
        .collect();
    let linked = if linked.is_empty() {
        String::new()
    } else {
        format!("<p class=\"hint\">{}</p>", state.tf("whatif.linked", &[("list", &linked.join(", "))]))
    };
    format!(
        "<p id=\"what-if-said\" role=\"status\">{}</p>{}{linked}<p class=\"buttons\"><button type=\"button\" class=\"quiet\" data-do=\"use-moved\">{}</button></p>",
        escape(&sentence(state, title(&state.texts, field))),
        curve(state, field),
        state.t("whatif.use")
    )
}

fn sentence(state: &State, title: &str) -> String {
    let (texts, what_if) = (&state.texts, &state.what_if);
    let value = value_text(state, what_if.at);
    let explanation = &state.patient.explanation;
    let now =
        super::words::typed(state.loaded.field(&what_if.field).unwrap_or(&serde_json::Value::Null), &state.patient).unwrap_or_default();
    let current = state.outcome(prediction(explanation));
    match what_if.results.get(what_if.at).copied().flatten() {
        None => texts.fill("whatif.impossible", &[("title", title), ("value", &value)]),
        Some([moved, lower, upper]) => {
            let text = |end: Option<f64>| end.map_or_else(String::new, |end| state.outcome(end));
            let name = if lower.is_some() { "whatif.moved" } else { "whatif.moved-without" };
            let values = [text(moved), text(lower), text(upper)];
            texts.fill(
                name,
                &[
                    ("title", title),
                    ("value", &value),
                    ("prediction", &values[0]),
                    ("lower", &values[1]),
                    ("upper", &values[2]),
                    ("now", &now),
                    ("current", &current),
                ],
            )
        }
    }
}

fn place(state: &State, at: usize) -> Option<Place> {
    let [value, lower, upper] = state.what_if.results.get(at).copied().flatten()?;
    Some(Place { at: state.what_if.values.get(at)?.parse().ok()?, value: value?, interval: lower.zip(upper) })
}

fn curve(state: &State, field: &serde_json::Value) -> String {
    let places: Vec<Place> = (0..state.what_if.values.len()).filter_map(|at| place(state, at)).collect();
    let Some((first, last)) = places.first().zip(places.last()) else { return String::new() };
    let format = state.texts.format();
    let own_unit = state.what_if.unit.as_deref() == field["units"][0]["unit"].as_str();
    let name = field["name"].as_str().unwrap_or_default();
    let trained = if own_unit {
        field["training"]["min"].as_f64().zip(field["training"]["max"].as_f64())
    } else {
        state.range(name, state.what_if.unit.as_deref().unwrap_or_default())
    };
    let title = title(&state.texts, field);
    let unit = unit_label(field, state.what_if.unit.as_deref());
    let axis = if unit.is_empty() { title.to_owned() } else { format!("{title} ({unit})") };
    let now = state.what_if.now.map(|at| Place {
        at,
        value: prediction(&state.patient.explanation),
        interval: interval(&state.patient.explanation),
    });
    Curve {
        width: state.width,
        format,
        places: &places,
        trained,
        now,
        moved: place(state, state.what_if.at),
        x_axis: &axis,
        y_axis: state.texts.text("why.axis"),
        trained_words: state.texts.text("whatif.trained"),
        label: &state
            .texts
            .fill("whatif.alt", &[("title", title), ("from", &format.significant(first.at, 4)), ("to", &format.significant(last.at, 4))]),
    }
    .svg()
}
