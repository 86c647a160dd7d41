use samefit_web::action::Action;
use samefit_web::command::{Command, Request};
use samefit_web::drawing::Part;

use crate::support::{Page, assert_dropped, draws, focuses, is_evaluate, is_sweep, requests};

#[test]
fn another_field_moves_once_its_predictions_are_there() {
    let mut page = Page::with_result();
    assert_eq!(page.state.what_if.field, "bmi");
    let commands = page.act(Action::WhatIfFieldChosen("tc".to_owned()));
    let Request::Sweep { field, unit, .. } = requests(&commands)[0] else { panic!("{commands:?}") };
    assert_eq!((field.as_str(), unit.as_str()), ("tc", "mg/dL"));
    assert_eq!(page.state.what_if.field, "bmi", "the slider stays until then");
    let commands = page.answer(&commands, is_sweep, "[[1, 0, 2]]");
    assert_eq!(commands, [Command::Draw(Part::WhatIf), Command::Focus("what-if-field".to_owned())]);
    assert_eq!((page.state.what_if.field.as_str(), page.state.what_if.results.len()), ("tc", 1));
}

#[test]
fn predictions_along_an_earlier_field_are_late() {
    let mut page = Page::with_result();
    let first = page.act(Action::WhatIfFieldChosen("tc".to_owned()));
    let second = page.act(Action::WhatIfFieldChosen("bmi".to_owned()));
    assert_dropped(&page.answer(&first, is_sweep, "[]"));
    page.answer(&second, is_sweep, "[]");
    assert_eq!(page.state.what_if.field, "bmi");
    let third = page.act(Action::WhatIfFieldChosen("tc".to_owned()));
    page.act(Action::ClearForm);
    assert_dropped(&page.answer(&third, is_sweep, "[]"));
    assert_eq!(page.state.what_if.field, "");
}

#[test]
fn the_slider_draws_only_its_value() {
    let mut page = Page::with_result();
    assert_eq!(page.act(Action::SliderMoved(3)), [Command::Draw(Part::WhatIfValue)]);
    assert_eq!(page.state.what_if.at, 3);
}

#[test]
fn the_moved_value_is_entered_and_predicted() {
    let mut page = Page::with_result();
    page.act(Action::SliderMoved(0));
    let commands = page.act(Action::UseMovedValue);
    assert!(draws(&commands, &Part::Page));
    assert_eq!(page.state.patient.entries.get("bmi").unwrap().shown, "18.0");
    assert!(page.state.patient.stale);
    assert!(requests(&commands).into_iter().any(is_evaluate));
    assert!(focuses(&page.answer_prediction(&commands), "result-title"));
}
