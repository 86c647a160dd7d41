//! The frame around every section: the head with the menu, banners, the foot.

use samefit_render::markup::{Markup, Text, html};

use super::words::error;
use crate::state::{Readiness, Refusal, Section, State, Theme};
use crate::texts::Language;

/// Returns the whole page.
#[must_use]
pub fn page(state: &State) -> Markup {
    html! {
        a.skip href="#main" data-do="go" data-arg="main" { (state.t("site.skip")) }
        (head(state))
        div #banners tabindex="-1" { (banners(state)) }
        main #main tabindex="-1" { (section(state)) }
        (foot(state))
        div #sheet {}
    }
}

/// Returns the open section, or why the page does not predict.
#[must_use]
pub fn section(state: &State) -> Markup {
    match &state.readiness {
        Readiness::Starting => html! { p.starting role="status" { (state.t("site.starting")) } },
        Readiness::Refused(refusal) => html! {
            section.card.bad role="alert" { h1 { (state.t("refused.title")) } p { (Text(&reason(state, refusal))) } }
        },
        Readiness::Ready => match state.section {
            Section::Predict => super::form::section(state),
            Section::Data => super::data::section(state),
            Section::About => super::about::section(state),
        },
    }
}

fn reason(state: &State, refusal: &Refusal) -> String {
    match refusal {
        Refusal::SelfTest => state.t("refused.selftest").to_owned(),
        Refusal::Start(why) => state.fill("refused.start", &[("why", &error(&state.texts, why))]),
    }
}

fn head(state: &State) -> Markup {
    html! {
        header.top {
            div.bar {
                p.mark {
                    svg viewBox="0 0 40 24" aria-hidden="true" { path d="M3 4v16M37 4v16M3 12h34" {} circle cx="23" cy="12" r="6" {} }
                    "samefit"
                }
                nav aria-label=(state.t("site.menu")) {
                    ul {
                        @for section in Section::ALL {
                            @let is_open = section == state.section;
                            li {
                                a href={ "#" (section.name()) } aria-current=[is_open.then_some("page")] {
                                    (state.t(&format!("nav.{}", section.name())))
                                }
                            }
                        }
                    }
                }
            }
            p.notice { strong { (state.t("site.notice")) } }
        }
    }
}

/// Returns the banners: that the model is not the page's own, that a language could not be loaded, and that a newer version of the page waits.
#[must_use]
pub fn banners(state: &State) -> Markup {
    let rows = state.texts.format().count(state.loaded.model.rows());
    html! {
        @if let Some(file) = &state.loaded.file {
            div.banner role="status" {
                p { strong { (Text(&state.fill("banner.other-model", &[("n", &rows), ("file", file)]))) } }
                button.quiet type="button" data-do="own-model" { (state.t("banner.own-model")) }
            }
        }
        @if let Some(language) = state.missing_language {
            div.banner role="alert" { p { (Text(&state.fill("banner.missing-language", &[("language", language.own_name())]))) } }
        }
        @if state.newer {
            div.banner role="status" {
                p { (state.t("banner.newer-version")) }
                button type="button" data-do="update" { (state.t("banner.take-newer-version")) }
                " "
                button.quiet type="button" data-do="later" { (state.t("banner.later")) }
            }
        }
    }
}

fn foot(state: &State) -> Markup {
    let version = [("version", state.version.as_str()), ("component", state.facts["version"].as_str().unwrap_or_default())];
    html! {
        footer {
            p { (state.t("site.private")) }
            p.choices {
                label { (state.t("site.language")) " " select data-set="language" { @for one in Language::ALL { (language(state, one)) } } }
                " "
                label { (state.t("site.theme")) " " select data-set="theme" { @for one in Theme::ALL { (theme(state, one)) } } }
            }
            p.fine {
                (Text(&state.fill("site.version", &version)))
                br;
                (state.t("site.digest")) ": "
                code.digest #digest { (Text(state.facts["sha256"].as_str().unwrap_or_default())) }
            }
        }
    }
}

fn language(state: &State, one: Language) -> Markup {
    html! { option value=(one.code()) lang=(one.code()) selected[one == state.texts.language] { (one.own_name()) } }
}

fn theme(state: &State, one: Theme) -> Markup {
    html! { option value=(one.name()) selected[one == state.theme] { (state.t(&format!("site.theme.{}", one.name()))) } }
}
