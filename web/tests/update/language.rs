use samefit_web::action::Action;
use samefit_web::command::{Command, Request};
use samefit_web::drawing::Part;
use samefit_web::state::Theme;
use samefit_web::texts::Language;

use crate::support::{Page, assert_dropped, is_file, requests};

#[test]
fn a_language_is_remembered_and_shown_once_its_texts_are_there() {
    let mut page = Page::ready();
    let commands = page.act(Action::LanguageChosen(Language::German));
    assert_eq!(requests(&commands), [&Request::PageFile("de.json".to_owned())]);
    assert_eq!(page.state.texts.language, Language::English);
    let commands = page.answer(&commands, is_file("de.json"), r#"{"site.menu": "Bereiche"}"#);
    let shown = [Command::SetDocumentLanguage(Language::German), Command::Draw(Part::Page), Command::RememberLanguage(Language::German)];
    assert_eq!(commands, shown);
    assert_eq!((page.state.texts.language, page.state.texts.text("site.menu")), (Language::German, "Bereiche"));
}

#[test]
fn a_language_that_cannot_be_loaded_whole_changes_nothing() {
    let mut page = Page::with_result();
    let before = (page.state.texts.language, page.state.texts.text("site.notice").to_owned(), page.state.patient.clone());
    for text in [None, Some(""), Some("{\"site.menu\": \"Ber"), Some("[]")] {
        let commands = page.act(Action::LanguageChosen(Language::German));
        let commands = match text {
            None => page.fail(&commands, is_file("de.json"), "page-file"),
            Some(text) => page.answer(&commands, is_file("de.json"), text),
        };
        assert_eq!(commands, [Command::Draw(Part::Page), Command::Focus("banners".to_owned())], "{text:?}");
        let after = (page.state.texts.language, page.state.texts.text("site.notice").to_owned(), page.state.patient.clone());
        assert_eq!((after, page.state.missing_language), (before.clone(), Some(Language::German)));
        assert!(samefit_web::views::frame::page(&page.state).into_string().contains("role=\"alert\""));
    }
    // a later attempt that works
    let commands = page.act(Action::LanguageChosen(Language::French));
    page.answer(&commands, is_file("fr.json"), "{}");
    assert_eq!((page.state.texts.language, page.state.missing_language), (Language::French, None));
}

#[test]
fn the_language_that_was_chosen_last_is_shown() {
    let mut page = Page::ready();
    let german = page.act(Action::LanguageChosen(Language::German));
    let french = page.act(Action::LanguageChosen(Language::French));
    page.answer(&french, is_file("fr.json"), "{}");
    assert_dropped(&page.answer(&german, is_file("de.json"), "{}"));
    assert_eq!(page.state.texts.language, Language::French);
}

#[test]
fn entries_and_result_stay() {
    let mut page = Page::with_result();
    let before = page.state.patient.clone();
    let commands = page.act(Action::LanguageChosen(Language::German));
    page.answer(&commands, is_file("de.json"), "{}");
    assert_eq!(page.state.patient, before);
}

#[test]
fn colours_are_remembered_and_shown() {
    let mut page = Page::ready();
    assert_eq!(page.act(Action::ThemeChosen(Theme::Dark)), [Command::RememberTheme(Theme::Dark), Command::ApplyTheme(Theme::Dark)]);
    assert_eq!(page.state.theme, Theme::Dark);
}
