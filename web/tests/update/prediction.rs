use samefit_web::action::Action;
use samefit_web::command::{Command, Request};
use samefit_web::drawing::Part;
use serde_json::json;

use crate::support::{
    Page, assert_dropped, draws, evaluation, explanation, focuses, is_convert_all, is_evaluate, is_explain, is_open, is_sweep, requests,
};

#[test]
fn a_prediction_is_evaluated_explained_swept_and_shown() {
    let mut page = Page::ready();
    page.enter("bmi", "32.1");
    let commands = page.act(Action::Predict);
    assert!(page.state.patient.asked);
    let commands = page.answer(&commands, is_evaluate, &evaluation(&[("bmi", "32.1", "kg/m2")]));
    assert!(draws(&commands, &Part::Messages));
    assert_eq!(requests(&commands), [&Request::Explain(json!({"bmi": "32.1"}).to_string())]);
    let commands = page.answer(&commands, is_explain, &explanation(201.0));
    assert!(!draws(&commands, &Part::Result), "the slider's values come first");
    let Request::Sweep { field, values, .. } = requests(&commands)[0] else { panic!("{commands:?}") };
    assert_eq!(field, "bmi", "it moves the prediction most");
    assert!(values.contains(&"18.0".to_owned()) && values.contains(&"32.1".to_owned()) && values.contains(&"42.0".to_owned()));
    let commands = page.answer(&commands, is_sweep, "[[150, 50, 250], null]");
    assert_eq!(commands, [Command::Draw(Part::Result), Command::Focus("result-title".to_owned())]);
    assert!(page.state.patient.is_current());
    assert_eq!(page.state.what_if.results, [Some([Some(150.0), Some(50.0), Some(250.0)]), None]);
    assert_eq!(page.state.what_if.now, Some(32.1));
}

#[test]
fn problems_block_the_prediction_and_get_the_keyboard() {
    let mut page = Page::with_result();
    page.enter("bmi", "");
    let commands = page.act(Action::Predict);
    let commands =
        page.answer(&commands, is_evaluate, r#"{"problems": [{"name": "bmi", "code": "missing", "blocks": true}], "attributes": null}"#);
    assert!(requests(&commands).is_empty());
    assert!(draws(&commands, &Part::Result) && focuses(&commands, "problems"));
    assert!(!page.state.patient.has_result(), "the result before is gone");
    assert_eq!(page.state.patient.blocking_problems().len(), 1);
}

#[test]
fn a_prediction_of_earlier_entries_is_late() {
    let mut page = Page::ready();
    page.enter("bmi", "32.1");
    let commands = page.act(Action::Predict);
    let explain = page.answer(&commands, is_evaluate, &evaluation(&[("bmi", "32.1", "kg/m2")]));
    page.act(Action::Typed { field: "bmi".to_owned(), text: "33".to_owned() });
    assert_dropped(&page.answer(&explain, is_explain, &explanation(201.0)));
    assert!(!page.state.patient.has_result());
}

#[test]
fn a_result_is_not_shown_once_the_entries_change_before_it_is_drawn() {
    let mut page = Page::ready();
    page.enter("bmi", "32.1");
    let commands = page.act(Action::Predict);
    let commands = page.answer(&commands, is_evaluate, &evaluation(&[("bmi", "32.1", "kg/m2")]));
    let sweep = page.answer(&commands, is_explain, &explanation(201.0));
    page.act(Action::Typed { field: "bmi".to_owned(), text: "33".to_owned() });
    assert_dropped(&page.answer(&sweep, is_sweep, "[]"));
    assert!(page.state.patient.stale);
}

#[test]
fn a_prediction_of_an_earlier_model_is_late() {
    let mut page = Page::ready();
    page.enter("bmi", "32.1");
    let commands = page.act(Action::Predict);
    let explain = page.answer(&commands, is_evaluate, &evaluation(&[("bmi", "32.1", "kg/m2")]));
    let open = page.act(Action::UseOwnModel);
    page.answer(&open, is_open, "{}");
    assert_dropped(&page.answer(&explain, is_explain, &explanation(201.0)));
}

#[test]
fn a_result_without_a_value_that_can_move_is_shown_at_once() {
    let mut page = Page::ready();
    let commands = page.act(Action::Predict);
    let evaluated = json!({"fields": [{"name": "bmi", "how": "computed"}], "problems": [], "attributes": {}}).to_string();
    let commands = page.answer(&commands, is_evaluate, &evaluated);
    let commands = page.answer(&commands, is_explain, &explanation(201.0));
    assert_eq!(commands, [Command::Draw(Part::Result), Command::Focus("result-title".to_owned())]);
}

#[test]
fn a_refused_prediction_is_said() {
    let mut page = Page::ready();
    page.enter("bmi", "32.1");
    let commands = page.act(Action::Predict);
    let commands = page.answer(&commands, is_evaluate, &evaluation(&[("bmi", "32.1", "kg/m2")]));
    let commands = page.fail(&commands, is_explain, "trap");
    assert!(focuses(&commands, "problems"));
    assert!(!page.state.patient.has_result());
}

#[test]
fn ranges_in_other_units_are_asked_for_beside_the_prediction() {
    let mut page = Page::ready();
    page.enter("tc", "5.2 mmol/L");
    let commands = page.act(Action::Predict);
    let commands = page.answer(&commands, is_evaluate, &evaluation(&[("tc", "5.2", "mmol/L")]));
    assert_eq!(requests(&commands).len(), 2);
    let explained = page.answer(&commands, is_explain, &explanation(201.0));
    page.answer(&explained, is_sweep, "[]");
    // a warning in the result names the range
    assert!(draws(&page.answer(&commands, is_convert_all, r#"["2.5", "7.8"]"#), &Part::Result));
}

#[test]
fn printing_draws_the_sheet_first() {
    let mut page = Page::with_result();
    assert_eq!(page.act(Action::Print), [Command::Draw(Part::Sheet), Command::Print]);
}
