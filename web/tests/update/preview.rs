//! Tables are shown before they are used.

use samefit_web::action::{Action, Choice};
use samefit_web::command::{Command, Request};
use samefit_web::drawing::Part;
use samefit_web::files::Handle;
use serde_json::{Value, json};

use crate::drawing::{html, with_english_texts};
use crate::support::{Page, assert_dropped, draws, file, focuses, is_preview, preview, requests};
use crate::training::{is_profile, with_table};

/// A page that shows tables, each guessed to be written as a plan says.
fn with_previews(plans: &[Value]) -> Page {
    let mut page = with_english_texts(Page::ready());
    let files = (1..).zip(plans).map(|(number, _)| file(number, &format!("{number}.csv"))).collect();
    let mut commands = page.act(Action::FilesChosen(files));
    for plan in plans {
        commands = page.answer(&commands, is_preview, &preview(plan));
    }
    page
}

/// Returns what is shown below the place to drop files.
fn shown(page: &Page) -> String {
    html(page, &Part::Data).into_iter().map(|(_, html)| html).collect()
}

fn choose(page: &mut Page, table: usize, name: &str, value: &str) -> Vec<Command> {
    let choice = Choice { name: format!("dialect-{name}"), argument: table.to_string(), value: value.to_owned(), checked: false };
    page.act(Action::of_choice(choice).unwrap())
}

#[test]
fn rows_types_and_controls_are_shown() {
    let mut page = with_previews(&[json!({"delimiter": ";", "na": ["?", "N/A"], "skip": 2})]);
    let shown_first = shown(&page);
    for part in ["First rows of 1.csv", "north", "numbers", "value=\"? N/A\"", "value=\"2\"", "<option value=\";\" selected>"] {
        assert!(shown_first.contains(part), "{part} is not in {shown_first}");
    }
    page.act(Action::LeavePreview);
    assert!(!shown(&page).contains("First rows") && !page.state.uses(Handle(1)));
}

#[test]
fn a_choice_previews_anew_and_keeps_the_keyboard() {
    let mut page = with_previews(&[json!({})]);
    let early = choose(&mut page, 0, "delimiter", ";");
    let late = choose(&mut page, 0, "decimal", ",");
    let Request::Preview(table) = requests(&late)[0] else { panic!("{late:?}") };
    assert_eq!(table.read, json!({"format": "csv", "delimiter": ";", "decimal": ","}));
    assert_dropped(&page.answer(&early, is_preview, &preview(&json!({"delimiter": ";"}))));
    let commands = page.answer(&late, is_preview, &preview(&json!({"delimiter": ";", "decimal": ","})));
    assert!(draws(&commands, &Part::Data) && focuses(&commands, "dialect-decimal-0"));
    let commands = page.act(Action::UsePreview);
    let Request::Profile(tables) = requests(&commands)[0] else { panic!("{commands:?}") };
    assert_eq!(tables[0].read, json!({"format": "csv", "delimiter": ";", "decimal": ","}));
}

#[test]
fn tables_that_are_written_alike_change_together() {
    let mut page = with_previews(&[json!({"delimiter": ";"}), json!({}), json!({"delimiter": ";"})]);
    let commands = choose(&mut page, 0, "header", "none");
    let headers: Vec<_> = requests(&commands)
        .into_iter()
        .map(|request| match request {
            Request::Preview(table) => table.read.get("header").cloned(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(headers, [Some(json!([])), None, Some(json!([]))]);
}

#[test]
fn a_choice_that_cannot_be_is_an_error_and_the_tables_stay() {
    let mut page = with_previews(&[json!({})]);
    let commands = choose(&mut page, 0, "comment", "#");
    let commands = page.fail(&commands, is_preview, "plan");
    assert!(focuses(&commands, "data-fault") && page.state.data.error.as_ref().unwrap().file == "1.csv");
    assert!(is_profile(requests(&page.act(Action::UsePreview))[0]));
}

#[test]
fn a_table_without_anything_to_show_is_an_error_and_what_was_there_stays() {
    let mut page = with_table();
    let commands = page.act(Action::FilesChosen(vec![file(5, "empty.csv")]));
    let empty = json!({"plan": {}, "columns": [], "rows": [], "remarks": [], "error": {"code": "no-data"}});
    page.answer(&commands, is_preview, &empty.to_string());
    assert_eq!(page.state.data.error.as_ref().unwrap().code, "no-data");
    assert!(!page.state.previews.has_any() && page.state.data.tables.len() == 1);
}
