use samefit_web::action::Action;
use samefit_web::command::{Command, Request};
use samefit_web::drawing::Part;
use samefit_web::error::Error;
use serde_json::json;

use crate::support::{Page, assert_dropped, draws, evaluation, focuses, is_evaluate, is_open, requests};

#[test]
fn nothing_is_asked_while_a_person_types() {
    let mut page = Page::ready();
    assert!(page.act(Action::Typed { field: "bmi".to_owned(), text: "thirty".to_owned() }).is_empty());
    let entry = page.state.patient.entries.get("bmi").unwrap();
    assert_eq!((entry.shown.as_str(), entry.unit.as_deref(), entry.left), ("thirty", Some("kg/m2"), false));
}

#[test]
fn leaving_a_field_evaluates_the_entries_and_shows_its_problems() {
    let mut page = Page::ready();
    let commands = page.enter("bmi", "thirty");
    let sent = json!({"bmi": {"value": "thirty", "unit": "kg/m2"}}).to_string();
    assert_eq!(requests(&commands), [&Request::Evaluate(sent)]);
    let commands = page.answer(&commands, is_evaluate, r#"{"problems": [{"name": "bmi"}, {"name": "tc"}]}"#);
    assert_eq!(commands, [Command::Draw(Part::Messages)]);
    assert_eq!(page.state.patient.problems().len(), 1, "only of the field that was left");
}

#[test]
fn a_field_that_was_never_typed_into_is_not_evaluated() {
    let mut page = Page::ready();
    assert!(page.act(Action::FieldLeft("bmi".to_owned())).is_empty());
}

#[test]
fn the_first_change_after_a_result_makes_it_stale() {
    let mut page = Page::with_result();
    assert!(page.state.patient.is_current());
    let commands = page.act(Action::Typed { field: "bmi".to_owned(), text: "3".to_owned() });
    assert_eq!(commands, [Command::Draw(Part::Result)]);
    assert!(page.state.patient.stale);
    assert!(page.act(Action::Typed { field: "bmi".to_owned(), text: "33".to_owned() }).is_empty(), "it is drawn once");
}

#[test]
fn an_evaluation_of_earlier_entries_is_late() {
    let mut page = Page::ready();
    let commands = page.enter("bmi", "30");
    page.act(Action::Typed { field: "bmi".to_owned(), text: "31".to_owned() });
    assert_dropped(&page.answer(&commands, is_evaluate, &evaluation(&[])));
    assert!(page.state.patient.evaluated.is_null());
}

#[test]
fn an_evaluation_with_an_earlier_model_is_late() {
    let mut page = Page::ready();
    let evaluate = page.enter("bmi", "30");
    let open = page.act(Action::UseOwnModel);
    page.answer(&open, is_open, "{}");
    page.act(Action::Typed { field: "bmi".to_owned(), text: "30".to_owned() });
    assert_dropped(&page.answer(&evaluate, is_evaluate, &evaluation(&[])));
}

#[test]
fn the_example_is_entered_and_evaluated() {
    let mut page = Page::ready();
    let commands = page.act(Action::FillExample);
    let sent = json!({"bmi": {"value": "32.1", "unit": "kg/m2"}, "tc": {"value": "157", "unit": "mg/dL"}}).to_string();
    assert_eq!(requests(&commands), [&Request::Evaluate(sent)]);
    assert!(draws(&commands, &Part::Page) && focuses(&commands, "form"));
    assert!(page.state.patient.entries.get("bmi").unwrap().left, "its problems are shown at once");
}

#[test]
fn an_emptied_form_stays_empty() {
    let mut page = Page::with_result();
    let evaluate = page.enter("bmi", "33");
    let commands = page.act(Action::ClearForm);
    assert_eq!(commands, [Command::Draw(Part::Page), Command::Focus("in-bmi".to_owned())]);
    assert_dropped(&page.answer(&evaluate, is_evaluate, &evaluation(&[])));
    assert!(!page.state.patient.has_result() && page.state.patient.entries.get("bmi").is_none());
    assert_eq!(page.state.what_if.field, "");
}

#[test]
fn a_trap_is_said_and_the_next_request_is_answered() {
    let mut page = Page::ready();
    let commands = page.enter("bmi", "30");
    let commands = page.fail(&commands, is_evaluate, "trap");
    let error = Error { code: "trap".to_owned(), ..Error::default() };
    assert_eq!(commands, [Command::Draw(Part::FormError(error.clone()))], "the keyboard stays with a person who types on");
    let commands = page.act(Action::Predict);
    let commands = page.fail(&commands, is_evaluate, "trap");
    assert_eq!(commands, [Command::Draw(Part::FormError(error)), Command::Focus("problems".to_owned())]);
    assert_eq!(page.state.patient.entries.get("bmi").unwrap().shown, "30", "entries stay");
    // another instance of the component has taken over
    page.enter("tc", "157");
    let commands = page.predict();
    assert!(page.state.patient.is_current() && focuses(&commands, "result-title"));
}
