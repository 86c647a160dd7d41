use samefit_web::action::{Action, Comparison};
use samefit_web::command::Command;
use samefit_web::drawing::Part;

use crate::support::{Page, assert_dropped, draws, focuses};

#[test]
fn a_result_is_kept_and_its_values_can_be_changed() {
    let mut page = Page::with_result();
    let commands = page.act(Action::Keep(Comparison::ChangeValues));
    assert!(draws(&commands, &Part::Result) && focuses(&commands, "form"));
    assert_eq!(page.state.kept.as_ref(), Some(&page.state.patient));
    assert!(draws(&page.act(Action::EndComparison), &Part::Result));
    assert!(page.state.kept.is_none());
}

#[test]
fn a_result_is_kept_and_another_patient_is_entered() {
    let mut page = Page::with_result();
    let commands = page.act(Action::Keep(Comparison::OtherPatient));
    assert!(page.state.kept.as_ref().unwrap().is_current());
    assert!(page.state.patient.entries.get("bmi").is_none());
    assert!(focuses(&commands, "in-bmi"));
}

#[test]
fn a_stale_result_is_neither_kept_nor_copied() {
    let mut page = Page::with_result();
    page.act(Action::Typed { field: "bmi".to_owned(), text: "33".to_owned() });
    assert!(page.act(Action::Keep(Comparison::ChangeValues)).is_empty());
    assert!(page.state.kept.is_none());
    assert!(page.act(Action::CopyResult).is_empty());
}

#[test]
fn copying_tells_how_it_ended() {
    let mut page = Page::with_result();
    let key = page.state.request_key();
    assert_eq!(page.act(Action::CopyResult), [Command::Draw(Part::Sheet), Command::CopyResult(key.clone())]);
    let copied = |taken| Action::Copied { key: key.clone(), text: "the text".to_owned(), taken };
    assert_eq!(page.act(copied(true)), [Command::Draw(Part::Copied(None))]);
    assert_eq!(page.act(copied(false)), [Command::Draw(Part::Copied(Some("the text".to_owned())))]);
    page.act(Action::Typed { field: "bmi".to_owned(), text: "33".to_owned() });
    assert_dropped(&page.act(copied(true)));
}
