use samefit_web::action::Action;
use samefit_web::command::{Command, Request};
use samefit_web::drawing::Part;
use samefit_web::state::Section;
use serde_json::{Value, json};

use crate::support::{Page, draws, focuses, form, is_open, requests};

/// A page whose form knows the codes of cholesterol, with a record of one value.
fn page_and_record() -> (Page, String) {
    let mut page = Page::ready();
    let mut form = form();
    let code = json!({"system": "http://loinc.org", "code": "14647-2"});
    form["fields"][1]["units"][1]["code"] = code.clone();
    let open = page.act(Action::UseOwnModel);
    page.answer(&open, is_open, &form.to_string());
    let quantity = json!({"value": 4.06, "code": "mmol/L", "system": "http://unitsofmeasure.org"});
    let observation = json!({"resourceType": "Observation", "status": "final", "code": {"coding": [code]}, "valueQuantity": quantity});
    (page, observation.to_string())
}

#[test]
fn a_record_is_shown_and_entered_only_when_it_is_confirmed() {
    let (mut page, record) = page_and_record();
    let commands = page.act(Action::ToggleImport);
    assert!(draws(&commands, &Part::Record) && focuses(&commands, "fhir-title"));
    let commands = page.act(Action::ReadRecord(record));
    assert_eq!(commands, [Command::SetAddress(Section::Predict), Command::Draw(Part::Page), Command::Focus("fhir-title".to_owned())]);
    assert_eq!(page.state.fhir_values.as_ref().unwrap().values.len(), 1);
    assert!(page.state.patient.entries.get("tc").is_none(), "nothing is entered yet");
    let commands = page.act(Action::UseRecord);
    let entered: Value = json!({"tc": {"value": "4.06", "unit": "mmol/L"}});
    assert_eq!(requests(&commands), [&Request::Evaluate(entered.to_string())]);
    assert!(focuses(&commands, "form") && page.state.fhir_values.is_none() && !page.state.importing);
    assert!(page.act(Action::UseRecord).is_empty(), "once");
}

#[test]
fn nothing_of_the_patient_before_stays() {
    let (mut page, record) = page_and_record();
    page.enter("age", "81");
    page.enter("tc", "301");
    let shown = page.act(Action::ReadRecord(record));
    assert!(draws(&shown, &Part::Page));
    let section = samefit_web::views::fhir::section(&page.state).into_string();
    assert!(section.contains("fhir.lacking"), "{section}");
    let commands = page.act(Action::UseRecord);
    let entered: Value = json!({"tc": {"value": "4.06", "unit": "mmol/L"}});
    assert_eq!(requests(&commands), [&Request::Evaluate(entered.to_string())]);
    assert!(page.state.patient.entries.get("age").is_none());
    assert!(!page.state.patient.has_result());
}

#[test]
fn the_example_replaces_a_patient_too() {
    let mut page = Page::with_result();
    page.enter("tc", "301");
    page.state.check = json!({"example": {"age": "50"}});
    let commands = page.act(Action::FillExample);
    assert_eq!(requests(&commands), [&Request::Evaluate(json!({"age": {"value": "50"}}).to_string())]);
    assert!(!page.state.patient.has_result());
}

#[test]
fn a_record_that_is_not_wanted_is_forgotten() {
    let (mut page, record) = page_and_record();
    page.act(Action::ReadRecord(record));
    assert_eq!(page.act(Action::DiscardRecord), [Command::Draw(Part::Record)]);
    assert!(page.state.fhir_values.is_none());
    assert!(page.act(Action::UseRecord).is_empty());
}

#[test]
fn a_document_that_is_no_record_is_refused_with_its_reason() {
    let mut page = Page::ready();
    let commands = page.act(Action::ReadRecord("{\"resourceType\": \"Claim\"}".to_owned()));
    assert!(page.state.importing && page.state.fhir_values.is_none());
    assert!(commands.iter().any(|command| matches!(command, Command::Draw(Part::RefusedRecord(_)))), "{commands:?}");
}

#[test]
fn the_place_for_a_record_closes_again() {
    let mut page = Page::ready();
    page.act(Action::ToggleImport);
    assert_eq!(page.act(Action::ToggleImport), [Command::Draw(Part::Record)]);
    assert!(!page.state.importing);
}
