//! Turns a part of the page into changes of the document.

use samefit_render::markup::{Markup, Text, html};

use crate::error::Error;
use crate::state::loaded::LoadedModel;
use crate::state::{Section, State};
use crate::views;

/// A part of the page that is drawn by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    Page,
    /// The open section.
    Section,
    /// Banners above the section.
    Banners,
    /// What stands beside the fields of the form. The fields themselves stay, so that the keyboard stays where it is.
    Messages,
    /// Label and hint of a field, which name its unit.
    Unit(String),
    /// An error that belongs to no field of the form.
    FormError(Error),
    /// The place for a FHIR record.
    Record,
    /// Why a FHIR record is refused.
    RefusedRecord(String),
    /// The result and the sheet to print.
    Result,
    /// The sheet to print.
    Sheet,
    /// What copying the result came to: nothing if it worked, else the text to copy by hand.
    Copied(Option<String>),
    /// The section about what would be different.
    WhatIf,
    /// Picture and sentence for the value at which the slider stands.
    WhatIfValue,
    /// What is known of the person's files.
    Data,
    /// The long work that goes on, or nothing.
    Work,
    /// How far the long work has come. The button to cancel stays.
    Progress,
}

/// A change of the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Replace what is inside an element.
    Html {
        /// The element.
        id: String,
        /// The new content.
        html: String,
    },
    /// Add a class to an element, or remove it.
    Class {
        /// The element.
        id: String,
        /// The class.
        class: &'static str,
        /// Whether the element has it.
        on: bool,
    },
    /// Set an attribute of an element, or remove it.
    Attribute {
        /// The element.
        id: String,
        /// Name of the attribute.
        name: &'static str,
        /// Its value; none removes it.
        value: Option<String>,
    },
    /// Set the title of the document.
    Title(String),
}

/// Returns the changes that show a part as the state has it. `now` returns date and time in the page's language, for the sheet to print.
pub fn changes(state: &State, part: &Part, now: &dyn Fn() -> String) -> Vec<Change> {
    match part {
        Part::Page => vec![content("page", views::frame::page(state)), sheet(state, now), title(state)],
        Part::Section => vec![content("main", views::frame::section(state))],
        Part::Banners => vec![content("banners", views::frame::banners(state))],
        Part::Messages => messages(state),
        Part::Unit(field) => unit(state, field),
        Part::FormError(error) => vec![content("summary", views::form::error(state, error))],
        Part::Record => vec![content("fhir", views::fhir::section(state))],
        Part::RefusedRecord(reason) => vec![content("fhir-problem", html! { (Text(reason)) })],
        Part::Result => vec![content("result", views::result::section(state)), sheet(state, now)],
        Part::Sheet => vec![sheet(state, now)],
        Part::Copied(text) => vec![content("copied", views::result::copied(state, text.as_deref()))],
        Part::WhatIf => vec![content("what-if", views::what_if::section(state))],
        Part::WhatIfValue => what_if_value(state),
        Part::Data => vec![content("data", views::data::results(state))],
        Part::Work => vec![content("work", views::data::work(state))],
        Part::Progress => progress(state),
    }
}

fn content(id: &str, content: Markup) -> Change {
    Change::Html { id: id.to_owned(), html: content.into_string() }
}

fn sheet(state: &State, now: &dyn Fn() -> String) -> Change {
    content("sheet", views::sheet::sheet(state, now))
}

fn title(state: &State) -> Change {
    let section = state.texts.text(&format!("nav.{}", state.section.name())).to_owned();
    let has_problem = state.section == Section::Predict && !state.patient.blocking_problems().is_empty();
    let prefix = if has_problem { format!("{}: ", state.texts.text("summary.title-prefix")) } else { String::new() };
    Change::Title(format!("{prefix}{section} – samefit"))
}

fn messages(state: &State) -> Vec<Change> {
    let mut all = Vec::new();
    for field in state.loaded.fields().iter().filter(|field| !LoadedModel::is_hidden(field)) {
        let Some(name) = field["name"].as_str() else { continue };
        let (problem, computed) = views::form::messages(state, field);
        let has_problem = !problem.0.is_empty();
        all.push(content(&format!("problem-{name}"), problem));
        all.push(content(&format!("computed-{name}"), computed));
        all.push(Change::Class { id: format!("field-{name}"), class: "has-problem", on: has_problem });
        let value = has_problem.then(|| "true".to_owned());
        all.push(Change::Attribute { id: format!("in-{name}"), name: "aria-invalid", value });
    }
    all.push(content("summary", views::form::summary(state)));
    all.push(title(state));
    all
}

fn unit(state: &State, name: &str) -> Vec<Change> {
    let Some((field, entry)) = state.loaded.field(name).zip(state.patient.entries.get(name)) else { return Vec::new() };
    vec![
        content(&format!("label-{name}"), views::form::label(state, field, entry)),
        content(&format!("hint-{name}"), views::form::hint(state, field, entry)),
    ]
}

fn what_if_value(state: &State) -> Vec<Change> {
    let value = Some(views::what_if::value_text(state, state.what_if.at));
    // a choice of a level, which has no such slider, is read aloud by itself
    vec![
        Change::Attribute { id: "what-if-slider".to_owned(), name: "aria-valuetext", value },
        content("what-if-shown", views::what_if::shown(state)),
    ]
}

fn progress(state: &State) -> Vec<Change> {
    let Some((percent, line)) = views::data::progress(state) else { return Vec::new() };
    let value = Change::Attribute { id: "progress".to_owned(), name: "value", value: Some(percent) };
    vec![value, content("progress-line", html! { (line) })]
}
