//! The section to predict in: the form, which the component describes, and what stands around it.

use samefit_render::documents::list;
use samefit_render::markup::escape;
use serde_json::Value;

use super::words::{problem, title, unit_label};
use crate::error::Error;
use crate::state::State;
use crate::state::loaded::LoadedModel;
use crate::state::patient::Entry;

/// Returns the section.
#[must_use]
pub fn section(state: &State) -> String {
    let model = &state.loaded.model;
    let rows = state.texts.format().count(model.rows());
    let count = model.feature_columns().len().to_string();
    let target = state.texts.schema(model.target_title()).to_owned();
    let lead = state.tf("predict.lead", &[("title", &target), ("count", &count), ("n", &rows)]);
    let outcome = if state.loaded.file.is_none() { format!("<p>{}</p>", state.t("predict.diabetes")) } else { String::new() };
    let name = model.title().map_or_else(|| target.clone(), |title| state.texts.schema(title).to_owned());
    format!(
        "<h1>{}</h1><p class=\"lead\">{lead}</p>{outcome}<div id=\"fhir\">{}</div><div id=\"summary\">{}</div>\
         <form id=\"form\" class=\"card\" novalidate autocomplete=\"off\"><h2>{}</h2>{}{}</form><div id=\"result\">{}</div>",
        escape(&name),
        super::fhir::section(state),
        summary(state),
        state.t("form.title"),
        fields(state),
        buttons(state),
        super::result::section(state),
    )
}

fn buttons(state: &State) -> String {
    let example = if state.loaded.file.is_none() && state.check["example"].is_object() {
        format!("<button type=\"button\" class=\"quiet\" data-do=\"example\">{}</button>", state.t("form.example"))
    } else {
        String::new()
    };
    format!(
        "<p class=\"buttons\"><button type=\"submit\" class=\"main\">{}</button>{example}\
         <button type=\"button\" class=\"quiet\" data-do=\"import\" aria-expanded=\"{}\">{}</button>\
         <button type=\"button\" class=\"quiet\" data-do=\"clear\">{}</button></p>",
        state.t("form.predict"),
        state.importing,
        state.t("form.import"),
        state.t("form.clear"),
    )
}

fn fields(state: &State) -> String {
    state.loaded.fields().iter().filter(|field| !LoadedModel::is_hidden(field)).map(|field| field_html(state, field)).collect()
}

fn field_html(state: &State, field: &Value) -> String {
    let name = escape(field["name"].as_str().unwrap_or_default());
    let entry = state.patient.entries.get(field["name"].as_str().unwrap_or_default()).cloned().unwrap_or_default();
    let (opening, closing, caption, control) = if list(&field["categories"]).is_empty() {
        let caption = format!("<label for=\"in-{name}\" id=\"label-{name}\">{}</label>", label(state, field, &entry));
        ("<div", "</div>", caption, number(state, field, &entry, &name))
    } else {
        let caption = format!("<legend>{}</legend>", escape(title(&state.texts, field)));
        ("<fieldset", "</fieldset>", caption, categories(state, field, &entry, &name))
    };
    let (problem, computed) = messages(state, field);
    let has_problem = if problem.is_empty() { "" } else { " has-problem" };
    format!(
        "{opening} class=\"field{has_problem}\" id=\"field-{name}\"><div class=\"asks\">{caption}<p class=\"hint\" id=\"hint-{name}\">{}</p>{}</div>\
         <div class=\"takes\">{control}<p class=\"problem\" id=\"problem-{name}\">{problem}</p>\
         <p class=\"computed\" id=\"computed-{name}\">{computed}</p></div>{closing}",
        hint(state, field, &entry),
        help(state, field),
    )
}

/// Returns the label of a field: its title and the unit in which it is entered.
#[must_use]
pub fn label(state: &State, field: &Value, entry: &Entry) -> String {
    let unit = unit_label(field, entry.unit.as_deref().or(field["units"][0]["unit"].as_str()));
    let unit = if unit.is_empty() { String::new() } else { format!(" <span class=\"unit\">({})</span>", escape(unit)) };
    format!("{}{unit}", escape(title(&state.texts, field)))
}

/// Returns the hint of a field: the training range in the unit of the field, and whether the field may be left empty.
#[must_use]
pub fn hint(state: &State, field: &Value, entry: &Entry) -> String {
    if !list(&field["categories"]).is_empty() {
        return String::new();
    }
    let mut parts = Vec::new();
    if field["entry"].is_object() {
        parts.push(state.t("form.optional"));
    }
    let name = field["name"].as_str().unwrap_or_default();
    let unit = entry.unit.as_deref().filter(|unit| Some(*unit) != field["units"][0]["unit"].as_str());
    let ends = match unit {
        None => field["training"]["min"].as_f64().zip(field["training"]["max"].as_f64()),
        Some(unit) => state.range(name, unit),
    };
    if let Some((low, high)) = ends {
        let format = state.texts.format();
        parts.push(state.tf("form.training", &[("low", &format.significant(low, 4)), ("high", &format.significant(high, 4))]));
    }
    parts.join(" ")
}

fn help(state: &State, field: &Value) -> String {
    let Some(description) = field["description"].as_str() else { return String::new() };
    format!(
        "<details class=\"help\"><summary aria-label=\"{}: {}\">?</summary><p>{}</p></details>",
        escape(title(&state.texts, field)),
        state.t("form.help"),
        escape(state.texts.schema(description))
    )
}

fn number(state: &State, field: &Value, entry: &Entry, name: &str) -> String {
    let units = list(&field["units"]);
    let whole = units.len() == 1 && units[0]["decimals"] == 0;
    let mode = if whole { "numeric" } else { "decimal" };
    let unit = entry.unit.as_deref().or(field["units"][0]["unit"].as_str());
    let suffix = if units.len() > 1 {
        let option = |known: &Value| {
            let value = known["unit"].as_str().unwrap_or_default();
            let chosen = if Some(value) == unit { " selected" } else { "" };
            format!("<option value=\"{}\"{chosen}>{}</option>", escape(value), escape(known["label"].as_str().unwrap_or(value)))
        };
        let label = state.tf("form.unit", &[("title", title(&state.texts, field))]);
        let options: String = units.iter().map(option).collect();
        format!("<select data-unit=\"{name}\" aria-label=\"{label}\">{options}</select>")
    } else {
        format!("<span class=\"suffix\" aria-hidden=\"true\">{}</span>", escape(unit_label(field, unit)))
    };
    format!(
        "<span class=\"box\"><input type=\"text\" inputmode=\"{mode}\" id=\"in-{name}\" data-field=\"{name}\" value=\"{}\" \
         autocomplete=\"off\" spellcheck=\"false\" aria-describedby=\"hint-{name} problem-{name} computed-{name}\">{suffix}</span>",
        escape(&entry.shown)
    )
}

fn categories(state: &State, field: &Value, entry: &Entry, name: &str) -> String {
    let one = |(at, category): (usize, &Value)| {
        let value = category["value"].as_str().unwrap_or_default();
        let chosen = if entry.shown == value { " checked" } else { "" };
        let id = if at == 0 { format!("in-{name}") } else { format!("in-{name}-{at}") };
        let label = state.texts.schema(category["title"].as_str().unwrap_or(value));
        format!(
            "<label class=\"choice\"><input type=\"radio\" name=\"{name}\" id=\"{id}\" data-field=\"{name}\" value=\"{}\"{chosen} \
             aria-describedby=\"problem-{name}\"> {}</label>",
            escape(value),
            escape(label)
        )
    };
    format!("<div class=\"choices-box\">{}</div>", list(&field["categories"]).iter().enumerate().map(one).collect::<String>())
}

/// Returns what stands beside a field: its problems, and the computed value.
#[must_use]
pub fn messages(state: &State, field: &Value) -> (String, String) {
    let name = field["name"].as_str().unwrap_or_default();
    let mut problems = String::new();
    for found in state.patient.problems().into_iter().filter(|problem| problem["name"] == name) {
        problems += &format!("<span>{}</span>", escape(&problem(&state.texts, &state.loaded, found)));
        if let Some(unit) = found["suggestion"]["unit"].as_str() {
            let value = state.texts.format().text(found["suggestion"]["value"].as_str().unwrap_or_default());
            let label = state.tf("form.use-unit", &[("value", &value), ("unit", unit_label(field, Some(unit)))]);
            problems += &format!(
                " <button type=\"button\" class=\"small\" data-do=\"use-unit\" data-arg=\"{}\" data-unit-to=\"{}\">{label}</button>",
                escape(name),
                escape(unit)
            );
        }
    }
    (problems, computed(state, field))
}

fn computed(state: &State, field: &Value) -> String {
    let name = field["name"].as_str().unwrap_or_default();
    let evaluated = state.patient.field(name);
    let formula = |text: &str| state.texts.format().text(&text.replace(" * ", " × ").replace(" - ", " \u{2212} ").replace(" / ", " ÷ "));
    if let Some(text) = evaluated["computed"]["text"].as_str() {
        let unit = unit_label(field, evaluated["unit"].as_str());
        let text = format!("{} {unit}", formula(text));
        let name = if evaluated["how"] == "computed" { "form.computed" } else { "form.instead" };
        return state.tf(name, &[("text", text.trim())]);
    }
    // a hidden field is shown beside the field that it is computed from
    let hidden = state.loaded.computed_from(name).into_iter().find(|field| LoadedModel::is_hidden(field));
    let text = hidden.and_then(|hidden| state.patient.field(hidden["name"].as_str()?)["computed"]["text"].as_str());
    text.map_or_else(String::new, |text| state.tf("form.computed", &[("text", &formula(text))]))
}

/// Returns the problems of all fields with links to the fields; empty before a prediction was asked for.
#[must_use]
pub fn summary(state: &State) -> String {
    let problems = state.patient.blocking_problems();
    if problems.is_empty() {
        return String::new();
    }
    let item = |found: &&Value| {
        let name = escape(&shown_field(state, found["name"].as_str().unwrap_or_default()));
        format!(
            "<li><a href=\"#in-{name}\" data-do=\"go\" data-arg=\"in-{name}\">{}</a></li>",
            escape(&problem(&state.texts, &state.loaded, found))
        )
    };
    format!(
        "<section class=\"card bad\" id=\"problems\" tabindex=\"-1\" role=\"alert\"><h2>{}</h2><ul>{}</ul></section>",
        state.t("error.title"),
        problems.iter().map(item).collect::<String>()
    )
}

/// Returns the field that a person can go to. For a hidden field it is the first of those that it is computed from.
fn shown_field(state: &State, name: &str) -> String {
    let hidden = state.loaded.field(name).filter(|field| LoadedModel::is_hidden(field));
    hidden.and_then(|field| field["entry"]["inputs"][0].as_str()).unwrap_or(name).to_owned()
}

/// Returns an error that belongs to no field.
#[must_use]
pub fn error(state: &State, error: &Error) -> String {
    format!(
        "<section class=\"card bad\" id=\"problems\" tabindex=\"-1\" role=\"alert\"><h2>{}</h2><p>{}</p></section>",
        state.t("error.title"),
        escape(&super::words::error(&state.texts, error))
    )
}
