use samefit_web::action::Action;
use samefit_web::command::{Command, Request};
use samefit_web::drawing::Part;
use samefit_web::files::{Handle, PredictedTable, RowCounts, Table};
use samefit_web::state::Section;
use serde_json::{Value, json};

use crate::support::{Page, assert_dropped, draws, file, focuses, form, is_open, is_preview, is_read, preview, requests};
use crate::training::{is_profile, with_table};

fn table(number: u32, name: &str, read: Value) -> Table {
    Table { file: Handle(number), name: name.to_owned(), bytes: 100, read }
}

fn drop_files(page: &mut Page, names: &[&str]) -> Vec<Command> {
    let files = names.iter().zip(1..).map(|(name, number)| file(number, name)).collect();
    page.act(Action::FilesChosen(files))
}

#[test]
fn a_page_that_is_not_ready_takes_no_files() {
    let mut page = Page::default();
    assert!(drop_files(&mut page, &["a.csv"]).is_empty());
    assert!(drop_files(&mut Page::ready(), &[]).is_empty());
}

#[test]
fn files_are_read_one_after_another_and_tables_profiled_together() {
    let mut page = Page::ready();
    let commands = drop_files(&mut page, &["a.csv", "b.jsonl"]);
    assert_eq!(requests(&commands), [&Request::Preview(table(1, "a.csv", json!({"format": "csv"})))]);
    let commands = page.answer(&commands, is_preview, &preview(&json!({"delimiter": ";"})));
    assert_eq!(requests(&commands), [&Request::Preview(table(2, "b.jsonl", json!({"format": "jsonl"})))]);
    assert!(page.state.uses(Handle(1)) && page.state.uses(Handle(2)) && !page.state.uses(Handle(3)));
    let commands = page.answer(&commands, is_preview, &preview(&json!({})));
    assert!(requests(&commands).is_empty() && focuses(&commands, "preview-go"), "nothing is computed before the person goes on");
    assert!(page.state.intake.is_none() && page.state.uses(Handle(2)));
    let commands = page.act(Action::UsePreview);
    let Request::Profile(tables) = requests(&commands)[0] else { panic!("{commands:?}") };
    let read: Vec<_> = tables.iter().map(|table| (table.name.as_str(), table.read.clone())).collect();
    assert_eq!(read, [("a.csv", json!({"format": "csv", "delimiter": ";"})), ("b.jsonl", json!({"format": "jsonl"}))]);
    assert!(page.state.intake.is_none() && page.state.data.work.is_some());
    assert_eq!(page.state.section, Section::Data);
}

#[test]
fn a_model_is_opened_and_shown() {
    let mut page = Page::with_result();
    let commands = drop_files(&mut page, &["model.json"]);
    assert_eq!(requests(&commands), [&Request::ReadText(Handle(1))]);
    let model = r#"{"format": "samefit-model/1", "fit": {"rows": 7}}"#;
    let commands = page.answer(&commands, is_read, model);
    assert_eq!(requests(&commands), [&Request::OpenModel(model.to_owned())]);
    let commands = page.answer(&commands, is_open, &form().to_string());
    assert_eq!(page.state.loaded.file.as_deref(), Some("model.json"));
    assert!(!page.state.patient.has_result() && focuses(&commands, "main"));
    assert_eq!(page.state.section, Section::Predict);
}

#[test]
fn an_error_names_its_file_and_ends_the_intake() {
    let mut page = Page::ready();
    let commands = drop_files(&mut page, &["model.json", "a.csv"]);
    let commands = page.answer(&commands, is_read, r#"{"format": "samefit-model/1"}"#);
    let commands = page.fail(&commands, is_open, "json");
    assert!(requests(&commands).is_empty() && focuses(&commands, "data-fault"));
    assert_eq!(page.state.data.error.as_ref().unwrap().file, "model.json");
    assert!(page.state.intake.is_none() && !page.state.uses(Handle(2)));
}

#[test]
fn the_same_statistics_do_not_count_twice() {
    let mut page = Page::ready();
    let commands = drop_files(&mut page, &["north.json", "copy.json"]);
    let is_merge = |request: &Request| matches!(request, Request::Merge(_));
    // the copy is written in another way, and its canonical text is the same
    let commands = page.answer(&commands, is_read, r#"{"format": "samefit-statistics/2", "rows": "100", "columns": [{"name": "x"}]}"#);
    let commands = page.answer(&commands, is_merge, "the canonical text");
    let commands = page.answer(&commands, is_read, r#"{"rows":"100","format":"samefit-statistics/2","columns":[{"name":"x"}]}"#);
    let commands = page.answer(&commands, is_merge, "the canonical text");
    assert!(focuses(&commands, "data-fault"));
    let error = page.state.data.error.as_ref().unwrap();
    assert_eq!((error.code.as_str(), error.file.as_str(), error.found.as_str()), ("same-statistics", "copy.json", "north.json"));
    assert_eq!(page.state.data.statistics.len(), 1);
}

#[test]
fn statistics_are_checked_and_collected() {
    let mut page = Page::ready();
    let commands = drop_files(&mut page, &["north.json", "south.json"]);
    let statistics = r#"{"format": "samefit-statistics/2", "rows": "100", "columns": [{"name": "x"}, {"name": "y"}]}"#;
    let commands = page.answer(&commands, is_read, statistics);
    assert_eq!(requests(&commands), [&Request::Merge(vec![statistics.to_owned()])]);
    let commands = page.answer(&commands, |request| matches!(request, Request::Merge(_)), "{}");
    assert_eq!(requests(&commands), [&Request::ReadText(Handle(2))], "the next file");
    let commands = page.answer(&commands, is_read, statistics);
    page.fail(&commands, |request| matches!(request, Request::Merge(_)), "impossible-statistics");
    let known: Vec<_> = page.state.data.statistics.iter().map(|one| (one.name.as_str(), one.rows.as_str())).collect();
    assert_eq!(known, [("north.json", "100")]);
    assert_eq!(page.state.data.choice.target, "y");
    page.act(Action::RemoveStatistics(0));
    assert!(page.state.data.statistics.is_empty());
    assert!(draws(&page.act(Action::RemoveStatistics(0)), &Part::Data), "one that is gone");
}

#[test]
fn a_schema_is_checked_and_preselects_its_target() {
    let mut page = with_table();
    let commands = drop_files(&mut page, &["clinic.schema.json"]);
    let schema = r#"{"format": "samefit-schema/1", "target": {"column": "x"}, "columns": [{"name": "y"}]}"#;
    let commands = page.answer(&commands, is_read, schema);
    let commands = page.answer(&commands, |request| *request == Request::CheckSchema(schema.to_owned()), "{}");
    assert!(draws(&commands, &Part::Page));
    assert_eq!(
        (page.state.data.choice.target.as_str(), page.state.data.schema.as_ref().unwrap().name.as_str()),
        ("x", "clinic.schema.json")
    );
    assert_eq!(page.state.data.tables.len(), 1, "the table stays");
}

#[test]
fn a_record_that_is_dropped_is_shown() {
    let mut page = Page::ready();
    let commands = drop_files(&mut page, &["record.json"]);
    let commands = page.answer(&commands, is_read, r#"{"resourceType": "Bundle", "entry": []}"#);
    assert!(focuses(&commands, "fhir-title") && page.state.fhir_values.is_some());
}

#[test]
fn files_that_are_dropped_later_replace_those_that_are_not_sorted_yet() {
    let mut page = Page::ready();
    let first = drop_files(&mut page, &["a.csv"]);
    let second = page.act(Action::FilesChosen(vec![file(9, "b.csv")]));
    assert_dropped(&page.answer(&first, is_preview, &preview(&json!({}))));
    let commands = page.accept(&second);
    let Request::Profile(tables) = requests(&commands)[0] else { panic!("{commands:?}") };
    assert_eq!((tables.len(), tables[0].file), (1, Handle(9)));
}

#[test]
fn a_model_that_the_worker_has_opened_is_shown_even_if_other_files_came_since() {
    let mut page = Page::ready();
    let commands = drop_files(&mut page, &["model.json", "a.csv"]);
    let open = page.answer(&commands, is_read, r#"{"format": "samefit-model/1"}"#);
    page.act(Action::StartOver);
    let commands = page.answer(&open, is_open, &form().to_string());
    assert_eq!(page.state.loaded.file.as_deref(), Some("model.json"));
    assert!(requests(&commands).is_empty(), "but its list of files is over");
}

#[test]
fn rows_are_predicted_and_saved() {
    let mut page = with_table();
    let commands = page.act(Action::PredictTables);
    assert!(page.state.data.work.is_some());
    let counts = RowCounts { fine: 2, ..RowCounts::default() };
    let commands = page.answer_tables(&commands, vec![PredictedTable { result: Ok(counts), file: Handle(7) }]);
    assert!(draws(&commands, &Part::Data) && page.state.data.work.is_none());
    assert!(page.state.uses(Handle(7)), "the browser keeps the file");
    let saved = Command::DownloadFile { name: "a.predictions.csv".to_owned(), file: Handle(7) };
    assert_eq!(page.act(Action::DownloadPredictions(0)), [saved]);
    assert!(page.act(Action::DownloadPredictions(1)).is_empty());
}

#[test]
fn predictions_with_an_earlier_model_are_dropped() {
    let mut page = with_table();
    let predict = page.act(Action::PredictTables);
    let open = page.act(Action::UseOwnModel);
    page.answer(&open, is_open, &form().to_string());
    let table = PredictedTable { result: Ok(RowCounts::default()), file: Handle(7) };
    let commands = page.answer_tables(&predict, vec![table]);
    assert_eq!(commands, [Command::Draw(Part::Work)], "only the display of work ends");
    assert!(page.state.data.predicted.is_empty() && !page.state.uses(Handle(7)));
}

#[test]
fn new_tables_end_the_work_with_those_before() {
    let mut page = with_table();
    let train = page.act(Action::Train);
    let commands = page.act(Action::FilesChosen(vec![file(5, "b.csv")]));
    let commands = page.accept(&commands);
    let cancel = commands.iter().position(|command| *command == Command::CancelWork);
    let work = commands.iter().position(|command| matches!(command, Command::Work { .. }));
    assert!(cancel.is_some() && cancel < work, "{commands:?}");
    assert_dropped(&page.fail(&train, |_| true, "cancelled"));
    assert!(page.state.data.work.is_some());
    page.fail(&commands, is_profile, "empty-table");
    assert!(page.state.data.tables.is_empty() && page.state.data.error.is_some());
}
