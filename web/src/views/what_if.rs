//! The section about what would be different: the prediction as one value moves, and what is computed from it moves along.

use samefit_render::curve::{Curve, CurvePoint};
use samefit_render::markup::{Markup, Text, html};
use serde_json::Value;

use super::words::{title, training_range, typed, unit_label};
use crate::state::State;

/// Returns the section. Its picture and sentence are drawn again as the slider moves.
#[must_use]
pub fn section(state: &State) -> Markup {
    let what_if = &state.what_if;
    let Some(field) = state.loaded.field(&what_if.field) else { return html! {} };
    let last = what_if.values.len().saturating_sub(1);
    html! {
        h2 { (state.t("what-if.title")) }
        p { (state.t("what-if.lead")) }
        p.choices {
            label {
                (state.t("what-if.field")) " "
                select data-set="what-if" #what-if-field { @for name in state.movable_fields() { (field_option(state, &name)) } }
            }
        }
        label.slider {
            (Text(&state.fill("what-if.slider", &[("title", title(&state.texts, field))])))
            input type="range" #what-if-slider data-set="slider" min="0" max=(last) value=(what_if.at)
                aria-valuetext=(Text(&value_text(state, what_if.at)));
        }
        div #what-if-shown { (shown(state)) }
    }
}

fn field_option(state: &State, name: &str) -> Markup {
    let field = state.loaded.field(name).unwrap_or(&Value::Null);
    html! { option value=(name) selected[name == state.what_if.field] { (Text(title(&state.texts, field))) } }
}

/// Returns a value of the slider as people read it, with its unit.
#[must_use]
pub fn value_text(state: &State, at: usize) -> String {
    let field = state.loaded.field(&state.what_if.field).unwrap_or(&Value::Null);
    let value = state.what_if.values.get(at).map(|value| state.texts.format().text(value)).unwrap_or_default();
    format!("{value} {}", unit_label(field, state.what_if.unit.as_deref())).trim().to_owned()
}

/// Returns the curve, and the sentence for the value at which the slider stands.
#[must_use]
pub fn shown(state: &State) -> Markup {
    let Some(field) = state.loaded.field(&state.what_if.field) else { return html! {} };
    let linked = linked_titles(state);
    html! {
        p #what-if-said role="status" { (Text(&sentence(state, field))) }
        (curve(state, field))
        @if !linked.is_empty() { p.hint { (Text(&state.fill("what-if.linked", &[("list", &linked.join(", "))]))) } }
        p.buttons { button.quiet type="button" data-do="use-moved" { (state.t("what-if.use")) } }
    }
}

/// Returns the titles of the fields that are computed from the one that moves.
fn linked_titles(state: &State) -> Vec<&str> {
    let is_computed = |field: &&Value| state.patient.field(field["name"].as_str().unwrap_or_default())["how"] == "computed";
    let fields = state.loaded.computed_from(&state.what_if.field).into_iter();
    fields.filter(is_computed).map(|field| title(&state.texts, field)).collect()
}

fn sentence(state: &State, field: &Value) -> String {
    let (texts, what_if) = (&state.texts, &state.what_if);
    let (title, value) = (title(texts, field), value_text(state, what_if.at));
    let Some([moved, lower, upper]) = what_if.results.get(what_if.at).copied().flatten() else {
        return texts.fill("what-if.impossible", &[("title", title), ("value", &value)]);
    };
    let text = |end: Option<f64>| end.map_or_else(String::new, |end| state.outcome(end));
    let name = if lower.is_some() { "what-if.moved" } else { "what-if.moved-without" };
    let now = typed(field, &state.patient).unwrap_or_default();
    let values = [
        ("title", title.to_owned()),
        ("value", value),
        ("prediction", text(moved)),
        ("lower", text(lower)),
        ("upper", text(upper)),
        ("now", now),
        ("current", state.outcome(state.patient.prediction())),
    ];
    texts.fill(name, &values.each_ref().map(|(name, value)| (*name, value.as_str())))
}

fn point(state: &State, at: usize) -> Option<CurvePoint> {
    let [value, lower, upper] = state.what_if.results.get(at).copied().flatten()?;
    Some(CurvePoint { at: state.what_if.values.get(at)?.parse().ok()?, value: value?, interval: lower.zip(upper) })
}

fn curve(state: &State, field: &Value) -> Markup {
    let points: Vec<CurvePoint> = (0..state.what_if.values.len()).filter_map(|at| point(state, at)).collect();
    let Some((first, last)) = points.first().zip(points.last()) else { return html! {} };
    let format = state.texts.format();
    let title = title(&state.texts, field);
    let unit = unit_label(field, state.what_if.unit.as_deref());
    let axis = if unit.is_empty() { title.to_owned() } else { format!("{title} ({unit})") };
    let now = state.what_if.now.map(|at| CurvePoint { at, value: state.patient.prediction(), interval: state.patient.interval() });
    let ends = [first.at, last.at].map(|end| format.significant(end, 4));
    Curve {
        width: state.width,
        format,
        points: &points,
        training_range: training_range(state, field, state.what_if.unit.as_deref()),
        now,
        moved: point(state, state.what_if.at),
        x_axis: &axis,
        y_axis: state.t("contributions.axis"),
        training_label: state.t("what-if.trained"),
        label: &state.fill("what-if.alt", &[("title", title), ("from", &ends[0]), ("to", &ends[1])]),
    }
    .svg()
}
