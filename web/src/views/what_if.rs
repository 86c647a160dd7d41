//! The section about what would be different: the prediction as one value moves, and what is computed from it moves along; or the prediction
//! at each level of a category.

use samefit_render::curve::{Curve, CurvePoint};
use samefit_render::dot_plot::{Dot, DotPlot};
use samefit_render::markup::{Markup, Text, html};
use samefit_render::pages::{table, table_row};
use serde_json::Value;

use super::words::{category, title, training_range, typed, unit_label, value_in_words};
use crate::state::State;
use crate::state::loaded::LoadedModel;

/// Most levels in the picture. More would make it longer than a screen; the table has all.
const DOTS_MAX: usize = 30;
/// Stands in a table where there is no value.
const NO_VALUE: &str = "\u{2013}";

/// Returns the section. Its picture and sentence are drawn again as the slider moves.
#[must_use]
pub fn section(state: &State) -> Markup {
    let what_if = &state.what_if;
    let Some(field) = state.loaded.field(&what_if.field) else { return html! {} };
    html! {
        h2 { (state.t("what-if.title")) }
        p { (state.t("what-if.lead")) }
        p.choices {
            label {
                (state.t("what-if.field")) " "
                select data-set="what-if" #what-if-field { @for name in state.movable_fields() { (field_option(state, &name)) } }
            }
        }
        @if LoadedModel::is_category(field) { (level_choice(state, field)) } @else { (slider(state, field)) }
        div #what-if-shown { (shown(state)) }
        // it stays open while other levels are looked at
        @if LoadedModel::is_category(field) { (level_table(state, title(&state.texts, field))) }
    }
}

fn slider(state: &State, field: &Value) -> Markup {
    let what_if = &state.what_if;
    let last = what_if.values.len().saturating_sub(1);
    html! {
        label.slider {
            (Text(&state.fill("what-if.slider", &[("title", title(&state.texts, field))])))
            input type="range" #what-if-slider data-set="slider" min="0" max=(last) value=(what_if.at)
                aria-valuetext=(Text(&value_text(state, what_if.at)));
        }
    }
}

/// Returns the choice of the level to look at. It moves as the slider does: its values are numbers of levels.
fn level_choice(state: &State, field: &Value) -> Markup {
    let what_if = &state.what_if;
    html! {
        p.choices {
            label {
                (Text(&state.fill("what-if.slider", &[("title", title(&state.texts, field))]))) " "
                select data-set="slider" #what-if-level {
                    @for at in 0..what_if.values.len() {
                        option value=(at) selected[at == what_if.at] { (Text(&value_text(state, at))) }
                    }
                }
            }
        }
    }
}

fn field_option(state: &State, name: &str) -> Markup {
    let field = state.loaded.field(name).unwrap_or(&Value::Null);
    html! { option value=(name) selected[name == state.what_if.field] { (Text(title(&state.texts, field))) } }
}

/// Returns a value to look at as people read it, with its unit.
#[must_use]
pub fn value_text(state: &State, at: usize) -> String {
    let field = state.loaded.field(&state.what_if.field).unwrap_or(&Value::Null);
    let value = state.what_if.values.get(at).map(|value| value_in_words(&state.texts, field, value)).unwrap_or_default();
    format!("{value} {}", unit_label(field, state.what_if.unit.as_deref())).trim().to_owned()
}

/// Returns the sentence for the value that is looked at, and the picture: a curve, or a dot for each level.
#[must_use]
pub fn shown(state: &State) -> Markup {
    let Some(field) = state.loaded.field(&state.what_if.field) else { return html! {} };
    let linked = linked_titles(state);
    html! {
        p #what-if-said role="status" { (Text(&sentence(state, field))) }
        @if LoadedModel::is_category(field) { (levels(state, field)) } @else { (curve(state, field)) }
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
        let name = if LoadedModel::is_category(field) { "what-if.no-level" } else { "what-if.impossible" };
        return texts.fill(name, &[("title", title), ("value", &value)]);
    };
    let text = |end: Option<f64>| end.map_or_else(String::new, |end| state.outcome(end));
    let name = if lower.is_some() { "what-if.moved" } else { "what-if.moved-without" };
    let now = typed(field, &state.patient).unwrap_or_default();
    let now = if LoadedModel::is_category(field) { category(texts, field, &now).to_owned() } else { now };
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

/// Returns a picture of the predictions at the levels of a category; empty if they are too many.
fn levels(state: &State, field: &Value) -> Markup {
    let own = state.patient.field(&state.what_if.field)["value"].as_str();
    let dot = |at: usize| {
        let [value, lower, upper] = state.what_if.results.get(at).copied().flatten()?;
        let is_own = own == state.what_if.values.get(at).map(String::as_str);
        let is_chosen = at == state.what_if.at;
        Some(Dot { label: value_text(state, at), value: value?, interval: lower.zip(upper), is_own, is_chosen })
    };
    let dots: Vec<Dot> = (0..state.what_if.values.len()).filter_map(dot).collect();
    if dots.is_empty() || dots.len() > DOTS_MAX {
        return html! {};
    }
    dot_plot(state, title(&state.texts, field), &dots)
}

fn dot_plot(state: &State, title: &str, dots: &[Dot]) -> Markup {
    let listed: Vec<String> = dots.iter().map(|dot| format!("{} {}", dot.label, state.outcome(dot.value))).collect();
    DotPlot {
        width: state.width,
        format: state.texts.format(),
        digits: state.loaded.model.outcome_digits(),
        dots,
        axis: state.t("contributions.axis"),
        label: &state.fill("what-if.levels-alt", &[("title", title), ("list", &listed.join(", "))]),
    }
    .svg()
}

/// Returns every level with its prediction and interval. A level without a prediction has dashes.
fn level_table(state: &State, title: &str) -> Markup {
    let caption = state.fill("what-if.levels", &[("title", title)]);
    let heads = [title, state.t("compare.prediction"), state.t("compare.interval")];
    let row = |at: usize| {
        let found = state.what_if.results.get(at).copied().flatten();
        let prediction = found.and_then(|[value, ..]| value).map(|value| state.outcome(value));
        let interval = found.and_then(|[_, lower, upper]| lower.zip(upper));
        let interval = interval.map(|(lower, upper)| format!("{} \u{2026} {}", state.outcome(lower), state.outcome(upper)));
        table_row(&value_text(state, at), &[prediction, interval].map(|text| text.unwrap_or_else(|| NO_VALUE.to_owned())))
    };
    let rows = (0..state.what_if.values.len()).map(row);
    html! { details { summary { (Text(&caption)) } (table(&caption, &heads, rows)) } }
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
