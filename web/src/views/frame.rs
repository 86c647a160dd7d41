//! The frame around every section: the head with the menu, banners, the foot.

use samefit_render::markup::escape;

use super::words::error;
use crate::state::{Readiness, Refusal, Section, State, Theme};
use crate::texts::Language;

/// Returns the whole page.
#[must_use]
pub fn page(state: &State) -> String {
    format!(
        "<a class=\"skip\" href=\"#main\" data-do=\"go\" data-arg=\"main\">{}</a>{}<div id=\"banners\">{}</div>\
         <main id=\"main\" tabindex=\"-1\">{}</main>{}<div id=\"sheet\"></div>",
        state.t("site.skip"),
        head(state),
        banners(state),
        section(state),
        foot(state)
    )
}

/// Returns the open section, or why the page does not predict.
#[must_use]
pub fn section(state: &State) -> String {
    match &state.readiness {
        Readiness::Starting => format!("<p class=\"starting\" role=\"status\">{}</p>", state.t("starting")),
        Readiness::Refused(refusal) => {
            let why = match refusal {
                Refusal::SelfTest => state.t("refused.selftest"),
                Refusal::Start(why) => state.tf("refused.start", &[("why", &error(&state.texts, why))]),
            };
            format!("<section class=\"card bad\" role=\"alert\"><h1>{}</h1><p>{why}</p></section>", state.t("refused.title"))
        }
        Readiness::Ready => match state.section {
            Section::Predict => super::form::section(state),
            Section::Data => super::data::section(state),
            Section::About => super::about::section(state),
        },
    }
}

fn head(state: &State) -> String {
    let link = |section: Section| {
        let current = if section == state.section { " aria-current=\"page\"" } else { "" };
        let name = section.name();
        format!("<li><a href=\"#{name}\"{current}>{}</a></li>", state.t(&format!("nav.{name}")))
    };
    let links: String = Section::ALL.map(link).concat();
    format!(
        "<header class=\"top\"><div class=\"bar\"><p class=\"mark\"><svg viewBox=\"0 0 40 24\" aria-hidden=\"true\"><path d=\"M3 4v16M37 4v16M3 12h34\"/>\
         <circle cx=\"23\" cy=\"12\" r=\"6\"/></svg>samefit</p><nav aria-label=\"{}\"><ul>{links}</ul></nav></div>\
         <p class=\"notice\"><strong>{}</strong></p></header>",
        state.t("site.menu"),
        state.t("site.notice"),
    )
}

/// Returns the banners: that the model is not the page's own, and that a newer version of the page waits.
#[must_use]
pub fn banners(state: &State) -> String {
    let mut html = String::new();
    if let Some(file) = &state.loaded.file {
        let rows = state.texts.format().count(state.loaded.model.rows());
        html += &format!(
            "<div class=\"banner\" role=\"status\"><p><strong>{}</strong></p><button type=\"button\" class=\"quiet\" data-do=\"own-model\">{}</button></div>",
            state.tf("custom.banner", &[("n", &rows), ("file", file)]),
            state.t("custom.back")
        );
    }
    if state.newer {
        html += &format!(
            "<div class=\"banner\" role=\"status\"><p>{}</p><button type=\"button\" data-do=\"update\">{}</button> \
             <button type=\"button\" class=\"quiet\" data-do=\"later\">{}</button></div>",
            state.t("site.newer"),
            state.t("site.update"),
            state.t("site.later")
        );
    }
    html
}

fn foot(state: &State) -> String {
    let option = |value: &str, label: &str, chosen: bool, lang: &str| {
        format!("<option value=\"{value}\"{lang}{}>{}</option>", if chosen { " selected" } else { "" }, escape(label))
    };
    let language_option = |one: Language| {
        let code = one.code();
        option(code, one.own_name(), one == state.texts.language, &format!(" lang=\"{code}\""))
    };
    let theme_option = |one: Theme| option(one.name(), state.texts.text(&format!("site.theme.{}", one.name())), one == state.theme, "");
    let languages: String = Language::ALL.iter().map(|one| language_option(*one)).collect();
    let themes: String = Theme::ALL.iter().map(|one| theme_option(*one)).collect();
    let component = state.facts["version"].as_str().unwrap_or_default();
    let digest = state.facts["sha256"].as_str().unwrap_or_default();
    format!(
        "<footer><p>{}</p><p class=\"choices\"><label>{} <select data-set=\"language\">{languages}</select></label> \
         <label>{} <select data-set=\"theme\">{themes}</select></label></p>\
         <p class=\"fine\">{}<br>{}: <code class=\"digest\" id=\"digest\">{digest}</code></p></footer>",
        state.t("site.private"),
        state.t("site.language"),
        state.t("site.theme"),
        state.tf("site.version", &[("version", &state.version), ("component", component)]),
        state.t("site.digest"),
    )
}
