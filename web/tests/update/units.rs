use samefit_web::action::Action;
use samefit_web::command::{Command, Conversion, Request};
use samefit_web::drawing::Part;

use crate::support::{Page, assert_dropped, draws, focuses, is_convert, is_convert_all, is_evaluate, is_open, requests};

fn choose(page: &mut Page, unit: &str) -> Vec<Command> {
    page.act(Action::UnitChosen { field: "tc".to_owned(), unit: unit.to_owned() })
}

fn conversion(value: &str, from: &str, to: &str) -> Conversion {
    Conversion { field: "tc".to_owned(), value: value.to_owned(), from: from.to_owned(), to: to.to_owned() }
}

fn shown(page: &Page) -> (&str, Option<&str>) {
    let entry = page.state.patient.entries.get("tc").unwrap();
    (&entry.shown, entry.unit.as_deref())
}

#[test]
fn a_value_is_shown_in_the_chosen_unit_and_what_was_typed_counts() {
    let mut page = Page::ready();
    page.enter("tc", "5,2");
    let before = page.state.patient.entries_json();
    let commands = choose(&mut page, "mmol/L");
    assert_eq!(requests(&commands), [&Request::Convert(conversion("5.2", "mg/dL", "mmol/L"))]);
    assert!(draws(&commands, &Part::Unit("tc".to_owned())), "the label follows at once");
    let commands = page.answer(&commands, is_convert, "0.134");
    assert_eq!(shown(&page), ("0.134", Some("mmol/L")));
    assert_eq!(page.state.patient.entries_json(), before);
    assert!(commands.contains(&Command::SetInput { field: "tc".to_owned(), text: "0.134".to_owned() }));
    let ends = vec![conversion("97", "mg/dL", "mmol/L"), conversion("301", "mg/dL", "mmol/L")];
    assert_eq!(requests(&commands), [&Request::ConvertAll(ends), &Request::Evaluate(before)]);
}

#[test]
fn the_unit_in_which_a_value_was_typed_shows_it_as_it_was_typed() {
    let mut page = Page::ready();
    page.enter("tc", "157,0");
    let commands = choose(&mut page, "mmol/L");
    page.answer(&commands, is_convert, "4.06");
    let commands = choose(&mut page, "mg/dL");
    assert_eq!(shown(&page), ("157,0", Some("mg/dL")));
    assert!(!requests(&commands).into_iter().any(is_convert));
    assert!(page.state.patient.entries.get("tc").unwrap().typed.is_none());
}

#[test]
fn a_text_that_is_no_number_stays_as_it_is() {
    let mut page = Page::ready();
    page.enter("tc", "high");
    let commands = choose(&mut page, "mmol/L");
    page.fail(&commands, is_convert, "not-a-number");
    assert_eq!(shown(&page), ("high", Some("mmol/L")));
}

#[test]
fn an_empty_field_only_changes_its_unit() {
    let mut page = Page::ready();
    let commands = choose(&mut page, "mmol/L");
    assert!(requests(&commands).into_iter().all(is_convert_all), "{commands:?}");
    assert_eq!(shown(&page), ("", Some("mmol/L")));
}

#[test]
fn a_conversion_is_late_once_the_field_has_changed() {
    let mut page = Page::ready();
    page.enter("tc", "157");
    let first = choose(&mut page, "mmol/L");
    page.act(Action::Typed { field: "tc".to_owned(), text: "4.5".to_owned() });
    assert_dropped(&page.answer(&first, is_convert, "4.06"));
    assert_eq!(shown(&page), ("4.5", Some("mmol/L")));
    // two units, one after the other
    let second = choose(&mut page, "mg/dL");
    choose(&mut page, "mmol/L");
    assert_dropped(&page.answer(&second, is_convert, "174"));
    assert_eq!(shown(&page), ("4.5", Some("mmol/L")));
}

#[test]
fn a_training_range_is_asked_for_once() {
    let mut page = Page::ready();
    let commands = choose(&mut page, "mmol/L");
    let commands = page.answer(&commands, is_convert_all, r#"["2.51", "7.78"]"#);
    assert_eq!(commands, [Command::Draw(Part::Unit("tc".to_owned()))]);
    assert_eq!(page.state.range("tc", "mmol/L"), Some((2.51, 7.78)));
    choose(&mut page, "mg/dL");
    assert!(requests(&choose(&mut page, "mmol/L")).is_empty());
}

#[test]
fn a_range_that_cannot_be_converted_stays_unknown() {
    let mut page = Page::ready();
    let commands = choose(&mut page, "mmol/L");
    assert!(page.answer(&commands, is_convert_all, r#"[null, "7.78"]"#).is_empty());
    assert_eq!(page.state.range("tc", "mmol/L"), None);
}

#[test]
fn a_range_of_an_earlier_model_is_late() {
    let mut page = Page::ready();
    let ranges = choose(&mut page, "mmol/L");
    let open = page.act(Action::UseOwnModel);
    page.answer(&open, is_open, "{}");
    assert_dropped(&page.answer(&ranges, is_convert_all, r#"["2.51", "7.78"]"#));
    assert!(page.state.ranges.is_empty());
}

#[test]
fn the_person_may_say_that_a_value_is_in_another_unit() {
    let mut page = Page::ready();
    page.enter("tc", "5.2");
    let commands = page.act(Action::UseUnit { field: "tc".to_owned(), unit: "mmol/L".to_owned() });
    assert_eq!(shown(&page), ("5.2", Some("mmol/L")), "the value stays");
    assert!(focuses(&commands, "in-tc") && requests(&commands).into_iter().any(is_evaluate));
}
