//! State to the document: all of it, or the parts that changed.

use serde_json::Value;

use super::{change, read};
use crate::state::{Loaded, Section, State};
use crate::{browser, views};

pub(super) fn draw() {
    change(|state| state.width = browser::picture_width());
    let theme = browser::theme();
    browser::set_html("page", &read(|state| views::frame::page(state, &theme)));
    draw_sheet();
    entitle();
}

pub(super) fn redraw(id: &str, view: fn(&State) -> String) {
    browser::set_html(id, &read(view));
}

fn entitle() {
    let title = read(|state| {
        let section = state.texts.text(&format!("nav.{}", state.section.name())).to_owned();
        let bad = state.section == Section::Predict && !views::form::summary(state).is_empty();
        if bad { format!("{}: {section} – samefit", state.texts.text("error.prefix")) } else { format!("{section} – samefit") }
    });
    browser::set_title(&title);
}

pub(super) fn draw_sheet() {
    let language = read(|state| state.texts.language.clone());
    let today = browser::today(&language);
    change(|state| state.today = today);
    redraw("sheet", views::sheet::sheet);
}

/// What is said beside every field, which leaves the fields alone.
pub(super) fn draw_messages() {
    let said: Vec<(String, String, String)> = read(|state| {
        let one = |field: &Value| {
            let (said, computed) = views::form::messages(state, field);
            Some((field["name"].as_str()?.to_owned(), said, computed))
        };
        state.loaded.fields().iter().filter(|field| !Loaded::is_hidden(field)).filter_map(one).collect()
    });
    for (name, said, computed) in said {
        let bad = !said.is_empty();
        browser::set_html(&format!("problem-{name}"), &said);
        browser::set_html(&format!("computed-{name}"), &computed);
        browser::set_class(&format!("field-{name}"), "has-problem", bad);
        browser::set_attribute(&format!("in-{name}"), "aria-invalid", bad.then_some("true"));
    }
    redraw("summary", views::form::summary);
    entitle();
}

pub(super) fn draw_result() {
    change(|state| state.width = browser::picture_width());
    redraw("result", views::result::section);
    draw_sheet();
}

/// Pictures are drawn for the width there is.
pub(crate) fn resized() {
    let width = browser::picture_width();
    if (read(|state| state.width) - width).abs() < 1.0 {
        return;
    }
    change(|state| state.width = width);
    match read(|state| state.section) {
        Section::Predict => redraw("result", views::result::section),
        Section::Data => redraw("data", views::data::results),
        Section::About => redraw("main", views::frame::section),
    }
}

/// Opens a section, and says so in the address: a link to the section that the address names already does nothing.
pub(super) fn go(section: Section) {
    change(|state| state.section = section);
    if Section::of_address(&browser::address()) != section {
        browser::set_address(section.name());
    }
}

/// The address says which section is open.
pub(crate) fn navigate() {
    let section = Section::of_address(&browser::address());
    if section != read(|state| state.section) {
        change(|state| state.section = section);
        draw();
        browser::focus("main");
    }
}

/// Something that belongs to no field.
pub(super) fn say_fault(fault: &str) {
    let html = read(|state| {
        let said = samefit_render::markup::escape(&views::words::fault(&state.texts, fault));
        format!(
            "<section class=\"card bad\" id=\"problems\" tabindex=\"-1\" role=\"alert\"><h2>{}</h2><p>{said}</p></section>",
            state.t("error.title")
        )
    });
    browser::set_html("summary", &html);
    browser::focus("problems");
}
