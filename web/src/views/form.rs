//! The section to predict in: the form, which the component describes, and what stands around it.

use samefit_render::documents::list;
use samefit_render::markup::{Markup, Text, html};
use serde_json::Value;

use super::words::{category_title, problem, title, training_range_in_words, unit_label};
use crate::error::Error;
use crate::state::State;
use crate::state::loaded::LoadedModel;
use crate::state::patient::Entry;

/// Most levels of a category that stand beside each other.
const FEW_LEVELS: usize = 7;

/// Returns the section.
#[must_use]
pub fn section(state: &State) -> Markup {
    let model = &state.loaded.model;
    let rows = state.texts.format().count(model.rows());
    let count = model.feature_columns().len().to_string();
    let target = state.texts.schema(model.target_title());
    let name = model.title().map_or(target, |title| state.texts.schema(title));
    html! {
        h1 { (Text(name)) }
        p.lead { (Text(&state.fill("predict.lead", &[("title", target), ("count", &count), ("n", &rows)]))) }
        @if state.loaded.file.is_none() { p { (state.t("predict.diabetes")) } }
        div #fhir { (super::fhir::section(state)) }
        div #summary { (summary(state)) }
        form.card #form novalidate autocomplete="off" {
            h2 { (state.t("form.title")) }
            @for field in state.loaded.fields().iter().filter(|field| !LoadedModel::is_hidden(field)) { (field_html(state, field)) }
            (buttons(state))
        }
        div #result { (super::result::section(state)) }
    }
}

fn buttons(state: &State) -> Markup {
    let has_example = state.loaded.file.is_none() && state.check["example"].is_object();
    html! {
        p.buttons {
            button.main type="submit" { (state.t("form.predict")) }
            @if has_example { button.quiet type="button" data-do="example" { (state.t("form.example")) } }
            " "
            button.quiet type="button" data-do="import" aria-expanded=(state.importing) { (state.t("form.import")) }
            " "
            button.quiet type="button" data-do="clear" { (state.t("form.clear")) }
        }
    }
}

fn field_html(state: &State, field: &Value) -> Markup {
    let name = field["name"].as_str().unwrap_or_default();
    let entry = state.patient.entries.get(name).cloned().unwrap_or_default();
    let (problem, computed) = messages(state, field);
    let has_problem = !problem.0.is_empty();
    let asks = |caption: Markup| {
        html! { div.asks { (caption) p.hint #{ "hint-" (name) } { (hint(state, field, &entry)) } (help(state, field)) } }
    };
    let takes = |control: Markup| {
        html! {
            div.takes {
                (control)
                p.problem #{ "problem-" (name) } { (problem) }
                p.computed #{ "computed-" (name) } { (computed) }
            }
        }
    };
    if LoadedModel::is_category(field) && !has_many_levels(field) {
        let caption = html! { legend { (Text(title(&state.texts, field))) } };
        let control = choice_of_few(state, field, &entry, name);
        html! { fieldset.field.has-problem[has_problem] #{ "field-" (name) } { (asks(caption)) (takes(control)) } }
    } else {
        let caption = html! { label for={ "in-" (name) } #{ "label-" (name) } { (label(state, field, &entry)) } };
        let control = if has_many_levels(field) { choice_of_many(state, field, &entry, name) } else { number(state, field, &entry, name) };
        html! { div.field.has-problem[has_problem] #{ "field-" (name) } { (asks(caption)) (takes(control)) } }
    }
}

/// Returns the label of a field: its title and the unit in which it is entered.
#[must_use]
pub fn label(state: &State, field: &Value, entry: &Entry) -> Markup {
    let unit = unit_label(field, entry.unit.as_deref().or(field["units"][0]["unit"].as_str()));
    html! {
        (Text(title(&state.texts, field)))
        @if !unit.is_empty() { " " span.unit { "(" (Text(unit)) ")" } }
    }
}

/// Whether the levels of a category are too many to stand beside each other.
fn has_many_levels(field: &Value) -> bool {
    LoadedModel::is_category(field) && list(&field["categories"]).len() > FEW_LEVELS
}

/// Returns the hint of a field: the training range in the unit of the field or the training patients at each level, and whether the field
/// may be left empty.
#[must_use]
pub fn hint(state: &State, field: &Value, entry: &Entry) -> Markup {
    if LoadedModel::is_category(field) {
        return html! { (Text(&levels_hint(state, field))) };
    }
    let is_optional = field["entry"].is_object();
    let range = training_range_in_words(state, field, entry.unit.as_deref());
    html! {
        @if is_optional { (state.t("form.optional")) }
        @if is_optional && range.is_some() { " " }
        @if let Some(range) = range { (state.fill("form.training", &[("range", &range)])) }
    }
}

/// Returns how many training patients each level of a category has; empty if the model does not tell.
fn levels_hint(state: &State, field: &Value) -> String {
    let all: Vec<String> = list(&field["categories"]).iter().filter_map(|category| with_rows(state, field, category)).collect();
    match all.is_empty() {
        true => String::new(),
        false if has_many_levels(field) => state.t("form.levels-many").to_owned(),
        false => state.fill("form.levels", &[("list", &all.join(", "))]),
    }
}

/// Returns the title of a level with its number of training patients; none if the model does not tell it.
fn with_rows(state: &State, field: &Value, category: &Value) -> Option<String> {
    let levels = state.loaded.model.column(field["name"].as_str()?)?.levels();
    let known = levels.into_iter().find(|known| category["value"] == known.level)?;
    Some(format!("{} ({})", category_title(&state.texts, category), state.texts.format().count(known.rows)))
}

fn help(state: &State, field: &Value) -> Markup {
    let Some(description) = field["description"].as_str() else { return html! {} };
    html! {
        details.help {
            summary aria-label={ (Text(title(&state.texts, field))) ": " (state.t("form.help")) } { "?" }
            p { (Text(state.texts.schema(description))) }
        }
    }
}

fn number(state: &State, field: &Value, entry: &Entry, name: &str) -> Markup {
    let units = list(&field["units"]);
    let is_whole = units.len() == 1 && units[0]["decimals"] == 0;
    let unit = entry.unit.as_deref().or(field["units"][0]["unit"].as_str());
    html! {
        span.box {
            input type="text" inputmode=(if is_whole { "numeric" } else { "decimal" }) #{ "in-" (name) } data-field=(name)
                value=(Text(&entry.shown)) autocomplete="off" spellcheck="false"
                aria-describedby={ "hint-" (name) " problem-" (name) " computed-" (name) };
            @if units.len() > 1 {
                select data-unit=(name) aria-label=(Text(&state.fill("form.unit", &[("title", title(&state.texts, field))]))) {
                    @for known in units { (unit_option(known, unit)) }
                }
            } @else {
                span.suffix aria-hidden="true" { (Text(unit_label(field, unit))) }
            }
        }
    }
}

fn unit_option(known: &Value, chosen: Option<&str>) -> Markup {
    let value = known["unit"].as_str().unwrap_or_default();
    html! { option value=(value) selected[Some(value) == chosen] { (Text(known["label"].as_str().unwrap_or(value))) } }
}

/// Returns the levels of a category side by side.
fn choice_of_few(state: &State, field: &Value, entry: &Entry, name: &str) -> Markup {
    html! {
        div.choices-box {
            @for (at, category) in list(&field["categories"]).iter().enumerate() {
                @let value = category["value"].as_str().unwrap_or_default();
                @let id = if at == 0 { format!("in-{name}") } else { format!("in-{name}-{at}") };
                label.choice {
                    input type="radio" name=(name) #(id) data-field=(name) value=(value) checked[entry.shown == value]
                        aria-describedby={ "problem-" (name) };
                    " "
                    (Text(category_title(&state.texts, category)))
                }
            }
        }
    }
}

/// Returns the levels of a category in a list that opens.
fn choice_of_many(state: &State, field: &Value, entry: &Entry, name: &str) -> Markup {
    html! {
        select.level #{ "in-" (name) } data-field=(name) aria-describedby={ "hint-" (name) " problem-" (name) } {
            option value="" selected[entry.is_empty()] { (state.t("form.choose")) }
            @for category in list(&field["categories"]) {
                @let value = category["value"].as_str().unwrap_or_default();
                option value=(value) selected[entry.shown == value] {
                    (Text(&with_rows(state, field, category).unwrap_or_else(|| category_title(&state.texts, category).to_owned())))
                }
            }
        }
    }
}

/// Returns what stands beside a field: its problems, and the computed value.
#[must_use]
pub fn messages(state: &State, field: &Value) -> (Markup, Markup) {
    let name = field["name"].as_str().unwrap_or_default();
    let problems = state.patient.problems().into_iter().filter(|problem| problem["name"] == name);
    let problems = html! {
        @for found in problems {
            span { (Text(&problem(&state.texts, &state.loaded, found))) }
            @if let Some(unit) = found["suggestion"]["unit"].as_str() { " " (use_unit(state, field, &found["suggestion"], unit)) }
        }
    };
    let computed = html! { (Text(&computed(state, field))) };
    (problems, computed)
}

/// Returns the button that takes the value of a field in another unit.
fn use_unit(state: &State, field: &Value, suggestion: &Value, unit: &str) -> Markup {
    let name = field["name"].as_str().unwrap_or_default();
    let value = state.texts.format().text(suggestion["value"].as_str().unwrap_or_default());
    let label = state.fill("form.use-unit", &[("value", &value), ("unit", unit_label(field, Some(unit)))]);
    html! { button.small type="button" data-do="use-unit" data-arg=(name) data-unit-to=(unit) { (Text(&label)) } }
}

fn computed(state: &State, field: &Value) -> String {
    let name = field["name"].as_str().unwrap_or_default();
    let evaluated = state.patient.field(name);
    let formula = |text: &str| state.texts.format().text(&text.replace(" * ", " × ").replace(" - ", " \u{2212} ").replace(" / ", " ÷ "));
    if let Some(text) = evaluated["computed"]["text"].as_str() {
        let unit = unit_label(field, evaluated["unit"].as_str());
        let text = format!("{} {unit}", formula(text));
        let name = if evaluated["how"] == "computed" { "form.computed" } else { "form.instead" };
        return state.fill(name, &[("text", text.trim())]);
    }
    // a hidden field is shown beside the field that it is computed from
    let hidden = state.loaded.computed_from(name).into_iter().find(|field| LoadedModel::is_hidden(field));
    let text = hidden.and_then(|hidden| state.patient.field(hidden["name"].as_str()?)["computed"]["text"].as_str());
    text.map_or_else(String::new, |text| state.fill("form.computed", &[("text", &formula(text))]))
}

/// Returns the problems of all fields with links to the fields; empty before a prediction was asked for.
#[must_use]
pub fn summary(state: &State) -> Markup {
    let problems = state.patient.blocking_problems();
    if problems.is_empty() {
        return html! {};
    }
    let items = html! {
        ul {
            @for found in problems {
                @let id = format!("in-{}", shown_field(state, found["name"].as_str().unwrap_or_default()));
                li { a href={ "#" (id) } data-do="go" data-arg=(id) { (Text(&problem(&state.texts, &state.loaded, found))) } }
            }
        }
    };
    problem_card(state, &items)
}

/// Returns an error that belongs to no field.
#[must_use]
pub fn error(state: &State, error: &Error) -> Markup {
    problem_card(state, &html! { p { (Text(&super::words::error(&state.texts, error))) } })
}

fn problem_card(state: &State, content: &Markup) -> Markup {
    html! { section.card.bad #problems tabindex="-1" role="alert" { h2 { (state.t("summary.title")) } (content) } }
}

/// Returns the field that a person can go to. For a hidden field it is the first of those that it is computed from.
fn shown_field(state: &State, name: &str) -> String {
    let hidden = state.loaded.field(name).filter(|field| LoadedModel::is_hidden(field));
    hidden.and_then(|field| field["entry"]["inputs"][0].as_str()).unwrap_or(name).to_owned()
}
