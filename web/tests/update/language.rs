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
    assert_eq!(commands[0], Command::RememberLanguage(Language::German));
    assert_eq!(requests(&commands), [&Request::PageFile("de.json".to_owned())]);
    assert_eq!(page.state.texts.language, Language::English);
    let commands = page.answer(&commands, is_file("de.json"), r#"{"site.menu": "Bereiche"}"#);
    assert_eq!(commands, [Command::SetDocumentLanguage(Language::German), Command::Draw(Part::Page)]);
    assert_eq!((page.state.texts.language, page.state.texts.text("site.menu")), (Language::German, "Bereiche"));
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
