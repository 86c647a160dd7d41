use samefit_web::action::{Action, Opening};
use samefit_web::command::{Command, Request};
use samefit_web::drawing::Part;
use samefit_web::state::{Readiness, Refusal, Section, Theme};
use samefit_web::texts::Language;
use serde_json::json;

use crate::support::{Page, check, draws, form, is_file, is_open, request_of, requests};

fn opening() -> Opening {
    Opening { language: Language::German, theme: Theme::Dark, section: Section::About, width: 600.0, ..Opening::default() }
}

/// Opens the page and answers everything that it needs to start. Returns the commands after the last answer.
fn files_read(page: &mut Page, opening: Opening) -> Vec<Command> {
    let commands = page.act(Action::Started(opening));
    let commands = page.answer(&commands, |_| true, "{}");
    page.answer(&commands, is_file("model.json"), "{}");
    page.answer(&commands, is_file("check.json"), &check().to_string());
    page.answer(&commands, is_file("version.txt"), "abc");
    page.answer(&commands, |request| *request == Request::StartComponent, r#"{"sha256": "ab"}"#)
}

fn self_tested(page: &mut Page, opening: Opening, answer: &str) -> Vec<Command> {
    let commands = files_read(page, opening);
    let commands = page.answer(&commands, is_open, &form().to_string());
    page.answer(&commands, |request| *request == Request::PredictRecord("{\"bmi\": 32.1}".to_owned()), answer)
}

#[test]
fn texts_come_first_and_then_everything_else_at_once() {
    let mut page = Page::default();
    let commands = page.act(Action::Started(opening()));
    assert_eq!(commands[0], Command::ApplyTheme(Theme::Dark));
    assert_eq!(requests(&commands), [&Request::PageFile("de.json".to_owned())]);
    assert_eq!((page.state.section, page.state.theme, page.state.width), (Section::About, Theme::Dark, 600.0));
    let commands = page.answer(&commands, is_file("de.json"), r#"{"site.starting": "Gleich"}"#);
    assert_eq!(page.state.texts.text("site.starting"), "Gleich");
    assert_eq!(commands[..2], [Command::SetDocumentLanguage(Language::German), Command::Draw(Part::Page)]);
    let files = ["model.json", "check.json", "version.txt"].map(|name| Request::PageFile(name.to_owned()));
    assert_eq!(requests(&commands), [&Request::StartComponent, &files[0], &files[1], &files[2]]);
    assert_eq!(page.state.readiness, Readiness::Starting);
}

#[test]
fn the_model_is_opened_once_everything_is_there() {
    let mut page = Page::default();
    let commands = files_read(&mut page, opening());
    assert_eq!(requests(&commands), [&Request::OpenModel("{}".to_owned())]);
    assert_eq!((page.state.version.as_str(), page.state.facts["sha256"].as_str()), ("abc", Some("ab")));
    assert_eq!(page.state.check, check());
}

#[test]
fn the_stored_answer_makes_the_page_ready() {
    let mut page = Page::default();
    let commands = self_tested(&mut page, opening(), "{\"predicted_y\": 201}\n");
    assert_eq!(page.state.readiness, Readiness::Ready);
    assert_eq!(commands, [Command::Draw(Part::Page), Command::WatchForNewerVersion]);
    assert_eq!(page.state.loaded.fields().len(), 3);
}

#[test]
fn another_answer_refuses_to_predict() {
    let mut page = Page::default();
    let commands = self_tested(&mut page, opening(), "{\"predicted_y\": 202}");
    assert_eq!(page.state.readiness, Readiness::Refused(Refusal::SelfTest));
    assert!(draws(&commands, &Part::Page));
}

#[test]
fn a_stored_example_without_an_answer_refuses_to_predict() {
    let mut page = Page::default();
    let commands = page.act(Action::Started(opening()));
    let commands = page.answer(&commands, |_| true, "{}");
    page.answer(&commands, is_file("model.json"), "{}");
    page.answer(&commands, is_file("check.json"), "{}");
    page.answer(&commands, is_file("version.txt"), "abc");
    let commands = page.answer(&commands, |request| *request == Request::StartComponent, "{}");
    let commands = page.answer(&commands, is_open, &form().to_string());
    page.answer(&commands, |request| matches!(request, Request::PredictRecord(_)), "");
    assert_eq!(page.state.readiness, Readiness::Refused(Refusal::SelfTest));
}

#[test]
fn a_component_that_does_not_start_is_said() {
    let mut page = Page::default();
    let commands = page.act(Action::Started(opening()));
    let commands = page.answer(&commands, |_| true, "{}");
    let refused = page.fail(&commands, |request| *request == Request::StartComponent, "page-file");
    assert!(draws(&refused, &Part::Page));
    let Readiness::Refused(Refusal::Start(error)) = &page.state.readiness else { panic!("{:?}", page.state.readiness) };
    assert_eq!(error.code, "page-file");
}

#[test]
fn the_page_starts_without_the_name_of_its_version() {
    let mut page = Page::default();
    let commands = page.act(Action::Started(opening()));
    let commands = page.answer(&commands, |_| true, "{}");
    page.answer(&commands, is_file("model.json"), "{}");
    page.answer(&commands, is_file("check.json"), "{}");
    page.answer(&commands, |request| *request == Request::StartComponent, "{}");
    let commands = page.fail(&commands, is_file("version.txt"), "page-file");
    assert_eq!(requests(&commands), [&Request::OpenModel("{}".to_owned())]);
}

#[test]
fn a_served_model_is_opened_after_the_self_test_and_no_copy_is_kept() {
    let mut page = Page::default();
    let served = Opening { served: true, served_model: Some("clinic.json".to_owned()), ..opening() };
    let commands = self_tested(&mut page, served, "{\"predicted_y\": 201}");
    assert_eq!(page.state.readiness, Readiness::Starting);
    let commands = page.answer(&commands, is_file("custom.json"), r#"{"fit": {"rows": 7}}"#);
    let commands = page.answer(&commands, is_open, &form().to_string());
    assert_eq!(commands, [Command::Draw(Part::Page)]);
    assert_eq!(page.state.readiness, Readiness::Ready);
    assert_eq!((page.state.loaded.file.as_deref(), page.state.loaded.model.rows()), (Some("clinic.json"), 7));
    assert_eq!(page.state.own_model, "{}");
}

#[test]
fn a_newer_version_is_offered_and_taken_only_when_asked_for() {
    let mut page = Page::ready();
    assert!(draws(&page.act(Action::NewerVersionReady), &Part::Banners));
    assert!(page.state.newer);
    page.act(Action::DismissNewerVersion);
    assert!(!page.state.newer);
    assert_eq!(page.act(Action::TakeNewerVersion), [Command::TakeNewerVersion]);
}

#[test]
fn the_address_opens_a_section_once() {
    let mut page = Page::ready();
    let commands = page.act(Action::AddressChanged(Section::About));
    assert_eq!(commands, [Command::Draw(Part::Page), Command::Focus("main".to_owned())]);
    assert!(page.act(Action::AddressChanged(Section::About)).is_empty());
}

#[test]
fn pictures_follow_the_width() {
    let mut page = Page::ready();
    assert!(page.act(Action::Resized(600.5)).is_empty(), "half a pixel");
    assert_eq!(page.act(Action::Resized(300.0)), [Command::Draw(Part::Result)]);
    page.act(Action::AddressChanged(Section::About));
    assert_eq!(page.act(Action::Resized(600.0)), [Command::Draw(Part::Section)]);
}

#[test]
fn nothing_is_asked_twice_while_the_page_starts() {
    let mut page = Page::default();
    let commands = page.act(Action::Started(opening()));
    page.answer(&commands, |_| true, &json!({}).to_string());
    let commands = page.act(Action::LanguageChosen(Language::French));
    let commands = page.answer(&commands, is_file("fr.json"), "{}");
    assert!(commands.iter().all(|command| request_of(command).is_none()), "{commands:?}");
}
