use samefit_web::action::{Action, TrainingFile};
use samefit_web::command::{Command, Request};
use samefit_web::drawing::Part;
use samefit_web::files::{Handle, SchemaFile, Table};
use samefit_web::state::Section;
use serde_json::json;

use crate::drawing::{html, with_english_texts};
use crate::support::{Page, assert_dropped, draws, file, focuses, form, is_open, is_read, requests};

pub(crate) fn is_profile(request: &Request) -> bool {
    matches!(request, Request::Profile(_))
}

fn is_summarize(request: &Request) -> bool {
    matches!(request, Request::Summarize { .. })
}

fn is_fit(request: &Request) -> bool {
    matches!(request, Request::Fit { .. })
}

fn is_residuals(request: &Request) -> bool {
    matches!(request, Request::Residuals { .. })
}

/// A ready page with a table of the columns x, z and y.
pub(crate) fn with_table() -> Page {
    let mut page = Page::ready();
    let commands = page.act(Action::FilesChosen(vec![file(1, "a.csv")]));
    let commands = page.accept(&commands);
    let column = |name: &str| json!({"name": name, "numbers": 3, "text": 0});
    let profile = json!([{"rows": 3, "columns": [column("x"), column("z"), column("y")]}]);
    page.answer(&commands, is_profile, &profile.to_string());
    page
}

/// The worker's answer to a request for statistics.
fn statistics() -> String {
    json!({"statistics": "the statistics", "notes": [{"code": "dropped"}], "audit": "a line"}).to_string()
}

fn table() -> Table {
    Table { file: Handle(1), name: "a.csv".to_owned(), bytes: 100, read: json!({"format": "csv"}) }
}

#[test]
fn profiles_preselect_what_to_train() {
    let page = with_table();
    assert_eq!((page.state.section, page.state.data.profiles.len()), (Section::Data, 1));
    assert_eq!(page.state.data.choice.target, "y");
    assert_eq!(page.state.data.choice.features, ["x", "z"]);
    assert!(page.state.data.work.is_none());
}

#[test]
fn training_sums_fits_and_computes_residuals() {
    let mut page = with_table();
    page.act(Action::DropMissingChosen(true));
    let commands = page.act(Action::Train);
    let plan = json!({"target": "y", "features": ["x", "z"], "missing": "drop", "find_categories": true});
    assert_eq!(requests(&commands), [&Request::Summarize { tables: vec![table()], plan: plan.clone() }]);
    assert!(draws(&commands, &Part::Work));
    let commands = page.answer(&commands, is_summarize, &statistics());
    assert_eq!(requests(&commands), [&Request::Fit { statistics: "the statistics".to_owned(), plan }]);
    let commands = page.answer(&commands, is_fit, "the model");
    let residuals = Request::Residuals { tables: vec![table()], model: "the model".to_owned(), plan: json!({"missing": "drop"}) };
    assert_eq!(requests(&commands), [&residuals]);
    assert!(page.state.data.trained.is_none() && page.state.data.work.is_some());
    let commands = page.answer(&commands, is_residuals, "[{\"rows\": 3}]");
    assert_eq!(commands, [Command::Draw(Part::Work), Command::Draw(Part::Data), Command::Focus("trained-title".to_owned())]);
    let trained = page.state.data.trained.as_ref().unwrap();
    assert_eq!(
        (trained.model.as_str(), trained.statistics.as_str(), trained.audit.as_deref()),
        ("the model", "the statistics", Some("a line"))
    );
    assert_eq!((trained.notes.len(), trained.residuals.len()), (1, 1));
    let saved = Command::Download { name: "model.json", content: "the model".to_owned() };
    assert_eq!(page.act(Action::Download(TrainingFile::Model)), [saved]);
    assert_eq!(page.act(Action::Download(TrainingFile::Audit)).len(), 1);
}

#[test]
fn a_training_run_keeps_the_choice_of_its_beginning() {
    let mut page = with_table();
    let commands = page.act(Action::Train);
    page.act(Action::TargetChosen("x".to_owned()));
    let commands = page.answer(&commands, is_summarize, &statistics());
    let Request::Fit { plan, .. } = requests(&commands)[0] else { panic!("{commands:?}") };
    assert_eq!(plan["target"], "y");
}

#[test]
fn the_choice_can_be_changed() {
    let mut page = with_table();
    let commands = page.act(Action::TargetChosen("x".to_owned()));
    assert!(focuses(&commands, "target"));
    assert_eq!(page.state.data.choice.features, ["z", "y"]);
    page.act(Action::FeatureChosen { name: "z".to_owned(), used: false });
    assert_eq!(page.state.data.plan(), json!({"target": "x", "features": ["y"], "find_categories": true}));
    page.act(Action::FeatureChosen { name: "y".to_owned(), used: false });
    assert_eq!(page.act(Action::Train), [Command::Draw(Part::Data)], "nothing to predict from");
}

/// A ready page with a table: words, codes, and the columns x and y.
fn with_categories() -> Page {
    let mut page = Page::ready();
    let commands = page.act(Action::FilesChosen(vec![file(1, "a.csv")]));
    let commands = page.accept(&commands);
    let number = |name: &str| json!({"name": name, "numbers": 9, "text": 0});
    let codes = json!({"name": "ward", "numbers": 9, "text": 0, "distribution": {"1": 4, "2": 5},
        "quantiles": [{"value": 1.0, "error": 0.0}, {"value": 2.0, "error": 0.0}]});
    let words = json!({"name": "site", "numbers": 0, "text": 9, "first_text": "north"});
    let profile = json!([{"rows": 9, "columns": [words, codes, number("x"), number("y")]}]);
    page.answer(&commands, is_profile, &profile.to_string());
    page
}

#[test]
fn words_are_offered_and_trained_on_when_they_are_chosen() {
    let mut page = with_categories();
    assert_eq!(page.state.data.choice.features, ["ward", "x"], "words may be names");
    page.act(Action::FeatureChosen { name: "site".to_owned(), used: true });
    let commands = page.act(Action::Train);
    let plan = json!({"target": "y", "features": ["site", "ward", "x"], "find_categories": true});
    assert_eq!(requests(&commands), [&Request::Summarize { tables: vec![table()], plan }]);
}

#[test]
fn codes_are_called_a_category_and_no_longer_offered_as_the_target() {
    let mut page = with_categories();
    let choose = |is_category| Action::CategoryChosen { name: "ward".to_owned(), is_category };
    let commands = page.act(choose(true));
    assert_eq!(commands, [Command::Draw(Part::Data), Command::Focus("as-category-1".to_owned())]);
    assert_eq!(page.state.data.plan()["categories"], json!(["ward"]));
    let targets = |page: &Page| {
        let html = html(page, &Part::Data).remove(0).1;
        let select = html.split("</select>").next().unwrap().to_owned();
        ["site", "ward", "x", "y"].map(|name| select.contains(&format!(">{name}</option>")))
    };
    assert_eq!(targets(&page), [false, false, true, true]);
    page.act(choose(false));
    assert_eq!(targets(&page), [false, true, true, true]);
    assert!(page.state.data.plan().get("categories").is_none());
}

#[test]
fn what_is_a_category_is_said_beside_the_column() {
    let mut page = with_english_texts(with_categories());
    let drawn = |page: &Page| html(page, &Part::Data).remove(0).1;
    let first = drawn(&page);
    assert!(first.contains(r#"<p class="hint" id="kind-0">category: words</p>"#), "{first}");
    assert!(first.contains(r#"aria-label="ward: as a category, 2 levels""#) && !first.contains("as-category-0"), "{first}");
    let columns = json!([{"name": "ward", "kind": "category", "categories": [{"value": "1"}]}]);
    page.state.data.schema = Some(SchemaFile { document: json!({"columns": columns}), ..SchemaFile::default() });
    let described = drawn(&page);
    assert!(described.contains(">category, 1 level</p>") && !described.contains("as-category-1"), "{described}");
}

#[test]
fn text_that_is_no_word_is_shown_and_needs_the_person_to_call_it_a_category() {
    let mut page = with_english_texts(with_categories());
    page.state.data.profiles[0]["columns"][0]["first_text"] = json!("21,5");
    let drawn = |page: &Page| html(page, &Part::Data).remove(0).1;
    let html = drawn(&page);
    assert!(html.contains("text, for example “21,5”") && html.contains(r#"aria-label="site: as a category""#), "{html}");
    page.act(Action::FeatureChosen { name: "site".to_owned(), used: true });
    assert!(page.state.data.plan().get("categories").is_none(), "the component says what is wrong with it");
    page.act(Action::CategoryChosen { name: "site".to_owned(), is_category: true });
    assert_eq!(page.state.data.plan()["categories"], json!(["site"]));
}

#[test]
fn statistics_to_share_have_a_plan_of_their_own() {
    let mut page = with_table();
    assert!(draws(&page.act(Action::ShareChosen(true)), &Part::Data));
    let commands = page.act(Action::Train);
    let Request::Share { plan, schema, .. } = requests(&commands)[0] else { panic!("{commands:?}") };
    assert_eq!((plan, schema), (&json!({"columns": ["x", "z", "y"], "share": true}), &None));
    let commands = page.answer(&commands, |request| matches!(request, Request::Share { .. }), &statistics());
    assert!(requests(&commands).into_iter().all(is_fit));
}

#[test]
fn pooled_statistics_are_merged_and_fitted_without_residuals() {
    let mut page = Page::ready();
    let text = r#"{"format": "samefit-statistics/2", "rows": "9", "columns": [{"name": "x"}, {"name": "y"}]}"#;
    let commands = page.act(Action::FilesChosen(vec![file(1, "north.json")]));
    let commands = page.answer(&commands, is_read, text);
    page.answer(&commands, |request| matches!(request, Request::Merge(_)), "{}");
    let commands = page.act(Action::Train);
    assert_eq!(requests(&commands), [&Request::Merge(vec![text.to_owned()])]);
    let commands = page.answer(&commands, |request| matches!(request, Request::Merge(_)), "the sum");
    let commands = page.answer(&commands, is_fit, "the model");
    assert!(focuses(&commands, "trained-title"));
    let trained = page.state.data.trained.as_ref().unwrap();
    assert_eq!((trained.statistics.as_str(), trained.residuals.len()), ("the sum", 0));
    assert!(page.act(Action::Download(TrainingFile::Audit)).is_empty());
}

#[test]
fn a_fit_of_statistics_that_have_changed_is_dropped() {
    let mut page = Page::ready();
    let text = r#"{"format": "samefit-statistics/2", "rows": "9", "columns": [{"name": "x"}, {"name": "y"}]}"#;
    let commands = page.act(Action::FilesChosen(vec![file(1, "north.json")]));
    let commands = page.answer(&commands, is_read, text);
    page.answer(&commands, |request| matches!(request, Request::Merge(_)), "{}");
    let train = page.act(Action::Train);
    let commands = page.act(Action::RemoveStatistics(0));
    assert!(commands.contains(&Command::CancelWork));
    assert_dropped(&page.fail(&train, |request| matches!(request, Request::Merge(_)), "cancelled"));
}

#[test]
fn progress_is_drawn_while_the_work_goes_on() {
    let mut page = with_table();
    let commands = page.act(Action::Train);
    let generation = page.state.generations.work;
    let progressed = |done| Action::WorkProgressed { generation, done, total: 100.0 };
    assert_eq!(page.act(progressed(40.0)), [Command::Draw(Part::Progress)]);
    assert_eq!(page.state.data.work.as_ref().map(|work| work.done), Some(40.0));
    page.fail(&commands, is_summarize, "not-a-number");
    assert_dropped(&page.act(progressed(50.0)));
    page.act(Action::Train);
    assert_dropped(&page.act(progressed(60.0)));
    assert_eq!(page.state.data.work.as_ref().map(|work| work.done), Some(0.0), "progress of earlier work");
}

#[test]
fn cancelled_work_is_said_and_changes_nothing() {
    let mut page = with_table();
    let train = page.act(Action::Train);
    assert_eq!(page.act(Action::CancelWork), [Command::CancelWork]);
    let commands = page.fail(&train, is_summarize, "cancelled");
    assert!(draws(&commands, &Part::Work) && focuses(&commands, "data-fault"));
    assert_eq!(page.state.data.error.as_ref().map(|error| error.code.as_str()), Some("cancelled"));
    assert!(page.state.data.work.is_none() && page.state.data.trained.is_none());
    assert_eq!(page.state.data.tables.len(), 1, "the table is still there");
    let commands = page.act(Action::Train);
    assert!(page.state.data.error.is_none());
    assert!(!page.answer(&commands, is_summarize, &statistics()).is_empty(), "and can be trained on");
}

#[test]
fn a_trap_in_the_middle_of_training_is_said_and_the_next_run_works() {
    let mut page = with_table();
    let commands = page.act(Action::Train);
    let commands = page.answer(&commands, is_summarize, &statistics());
    page.fail(&commands, is_fit, "trap");
    assert_eq!(page.state.data.error.as_ref().map(|error| error.code.as_str()), Some("trap"));
    let commands = page.act(Action::Train);
    let commands = page.answer(&commands, is_summarize, &statistics());
    let commands = page.answer(&commands, is_fit, "the model");
    page.answer(&commands, is_residuals, "[]");
    assert!(page.state.data.trained.is_some());
}

#[test]
fn starting_over_drops_the_work() {
    let mut page = with_table();
    let train = page.act(Action::Train);
    let commands = page.act(Action::StartOver);
    assert!(commands.contains(&Command::CancelWork) && draws(&commands, &Part::Data));
    assert!(page.state.data.tables.is_empty() && !page.state.uses(Handle(1)));
    assert_dropped(&page.answer(&train, is_summarize, &statistics()));
    assert!(page.state.data.trained.is_none());
}

#[test]
fn the_trained_model_is_used_and_the_page_goes_back_to_its_own() {
    let mut page = with_table();
    assert!(page.act(Action::UseTrainedModel).is_empty(), "there is none yet");
    let commands = page.act(Action::Train);
    let commands = page.answer(&commands, is_summarize, &statistics());
    let commands = page.answer(&commands, is_fit, r#"{"fit": {"rows": 3}}"#);
    page.answer(&commands, is_residuals, "[]");
    let open = page.act(Action::UseTrainedModel);
    let commands = page.answer(&open, is_open, &form().to_string());
    assert_eq!(commands[0], Command::SetAddress(Section::Predict));
    assert_eq!((page.state.loaded.file.as_deref(), page.state.loaded.model.rows()), (Some("a.csv"), 3));
    let open = page.act(Action::UseOwnModel);
    page.answer(&open, is_open, &form().to_string());
    assert_eq!(page.state.loaded.file, None);
}

#[test]
fn a_model_that_is_refused_is_said() {
    let mut page = Page::ready();
    let open = page.act(Action::UseOwnModel);
    let commands = page.fail(&open, is_open, "json");
    assert!(focuses(&commands, "data-fault"));
}
