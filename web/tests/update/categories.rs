//! A model with a category of words: its form, its result, and the prediction at each level.

use samefit_web::action::Action;
use samefit_web::command::{Command, Request};
use samefit_web::drawing::Part;
use serde_json::{Value, json};

use crate::drawing::{html, with_english_texts};
use crate::support::{Page, draws, focuses, is_evaluate, is_explain, is_open, is_sweep, requests};

/// Number of levels that stand beside each other.
const FEW: usize = 7;

/// The model: `y = bmi + site`, with levels of which the first two have titles.
fn model(levels: usize) -> Value {
    let titles = json!([{"value": "n", "title": "North"}, {"value": "s", "title": "South"}]);
    let levels: Vec<Value> = names(levels).iter().map(|level| json!({"level": level, "rows": 12})).collect();
    let indicator = json!({"name": "site[s]", "factors": [{"column": "site", "level": "s"}], "coefficient": 4.5});
    json!({
        "target": {"column": "y"}, "fit": {"rows": 24}, "intercept": 1, "coefficients": [{"name": "bmi", "coefficient": 2}, indicator],
        "columns": [
            {"name": "bmi", "mean": 26, "sd": 4, "min": 18, "max": 42, "schema": {"title": "Body mass index"}},
            {"name": "site", "levels": levels, "reference": "n", "schema": {"title": "Site", "categories": titles}},
            {"name": "y", "mean": 150, "sd": 70, "min": 25, "max": 346},
        ],
    })
}

fn names(levels: usize) -> Vec<String> {
    (0..levels).map(|at| ["n", "s"].get(at).map_or_else(|| format!("ward {at}"), |name| (*name).to_owned())).collect()
}

/// The form that the component makes for it.
fn form(levels: usize) -> Value {
    let title = |name: &str| match name {
        "n" => Some("North"),
        "s" => Some("South"),
        _ => None,
    };
    let category = |name: &String| title(name).map_or_else(|| json!({"value": name}), |title| json!({"value": name, "title": title}));
    let categories: Vec<Value> = names(levels).iter().map(category).collect();
    json!({"fields": [
        {"name": "bmi", "title": "Body mass index", "kind": "number", "units": [{"unit": "kg/m2", "label": "kg/m²"}]},
        {"name": "site", "title": "Site", "kind": "category", "units": [{"unit": null, "label": null}], "categories": categories},
    ]})
}

fn page(levels: usize) -> Page {
    let mut page = with_english_texts(Page::ready());
    page.state.own_model = model(levels).to_string();
    let commands = page.act(Action::UseOwnModel);
    page.answer(&commands, is_open, &form(levels).to_string());
    page
}

fn evaluation(site: &str) -> String {
    let field = |name: &str, value: &str| json!({"name": name, "how": "typed", "value": value, "typed": {"value": value}});
    let attributes = json!({"bmi": "30", "site": site});
    json!({"fields": [field("bmi", "30"), field("site", site)], "problems": [], "attributes": attributes}).to_string()
}

fn explanation() -> String {
    let contributions = json!([
        {"name": "bmi", "columns": ["bmi"], "value": 30.0, "mean": 26.0, "contribution": 8.0},
        {"name": "site", "columns": ["site"], "levels": {"site": "s"}, "value": null, "mean": null, "contribution": 20.25},
    ]);
    json!({"prediction": 200, "interval": {"lower": 100, "upper": 300}, "contributions": contributions, "warnings": []}).to_string()
}

/// Predicts for the level `s`. The worker predicts 180 at `n` and 200 at `s`, and nothing at others.
fn with_result(levels: usize) -> Page {
    let mut page = page(levels);
    page.enter("bmi", "30");
    page.enter("site", "s");
    let commands = page.act(Action::Predict);
    let commands = page.answer(&commands, is_evaluate, &evaluation("s"));
    let commands = page.answer(&commands, is_explain, &explanation());
    let Request::Sweep { field, values, .. } = requests(&commands)[0] else { panic!("{commands:?}") };
    assert_eq!((field.as_str(), values), ("site", &names(levels)), "the largest contribution moves first");
    let mut answer = vec![json!([180, 80, 280]), json!([200, 100, 300])];
    answer.resize(levels, Value::Null);
    page.answer(&commands, is_sweep, &json!(answer).to_string());
    page
}

fn drawn(page: &Page, part: &Part) -> String {
    html(page, part).into_iter().map(|(_, html)| html).collect()
}

#[test]
fn few_levels_stand_beside_each_other_with_their_patients() {
    let page = page(3);
    let form = drawn(&page, &Part::Section);
    assert_eq!(form.matches("type=\"radio\" name=\"site\"").count(), 3);
    assert!(form.contains("> North</label>") && form.contains("> ward 2</label>"), "a level without a title shows itself: {form}");
    assert!(form.contains("Training patients: North (12), South (12), ward 2 (12)."), "{form}");
}

#[test]
fn many_levels_are_a_list_that_begins_with_no_choice() {
    assert_eq!(drawn(&page(FEW), &Part::Section).matches("type=\"radio\" name=\"site\"").count(), FEW);
    let mut page = page(FEW + 1);
    let form = drawn(&page, &Part::Section);
    assert!(!form.contains("type=\"radio\"") && form.contains("<label id=\"label-site\" for=\"in-site\""), "{form}");
    assert!(form.contains("<option value=\"\" selected>Choose …</option><option value=\"n\">North (12)</option>"), "{form}");
    page.enter("site", "s");
    assert!(drawn(&page, &Part::Section).contains("<option value=\"s\" selected>South (12)</option>"));
}

#[test]
fn a_level_is_entered_as_it_is_in_every_language() {
    let mut page = page(2);
    page.state.check = json!({"example": {"bmi": "30.5", "site": "2.5 km"}});
    page.state.texts.language = samefit_web::texts::Language::German;
    page.act(Action::FillExample);
    let shown = |field: &str| page.state.patient.entries.get(field).map(|entry| entry.shown.clone());
    assert_eq!((shown("bmi").as_deref(), shown("site").as_deref()), (Some("30,5"), Some("2.5 km")));
}

#[test]
fn the_contribution_of_a_category_names_the_level() {
    let page = with_result(2);
    let result = drawn(&page, &Part::Result);
    let row = "<th scope=\"row\">Site</th><td>South</td><td>–</td><td>adds 20.3</td>";
    assert!(result.contains(row), "{result}");
    assert!(result.contains("A category moves it from the average over all its levels"), "{result}");
    assert!(drawn(&page, &Part::Sheet).contains("<dt>Site</dt><dd>South</dd>"));
}

#[test]
fn what_if_shows_the_prediction_at_each_level() {
    let page = with_result(3);
    let shown = drawn(&page, &Part::WhatIf);
    assert!(shown.contains("<select id=\"what-if-level\" data-set=\"slider\">") && !shown.contains("type=\"range\""), "{shown}");
    assert!(shown.contains("<option value=\"1\" selected>South</option><option value=\"2\">ward 2</option>"), "{shown}");
    assert!(shown.contains("Predictions with their 95 % intervals by Site: North 180, South 200."), "{shown}");
    assert!(shown.contains("<th scope=\"row\">North</th><td>180</td><td>80 … 280</td>"), "{shown}");
    assert!(shown.contains("<th scope=\"row\">ward 2</th><td>–</td><td>–</td>"), "{shown}");
}

#[test]
fn another_level_is_looked_at_and_used() {
    let mut page = with_result(3);
    assert_eq!(page.act(Action::SliderMoved(0)), [Command::Draw(Part::WhatIfValue)]);
    let said = "With Site at North: 180, interval 80 to 280. Now, at South: 200.";
    assert!(drawn(&page, &Part::WhatIfValue).contains(said), "{}", drawn(&page, &Part::WhatIfValue));
    page.act(Action::SliderMoved(2));
    let nothing = "With Site at ward 2 there is no prediction, because no training patient has this combination.";
    assert!(drawn(&page, &Part::WhatIfValue).contains(nothing));
    page.act(Action::SliderMoved(0));
    let commands = page.act(Action::UseMovedValue);
    assert_eq!(page.state.patient.entries.get("site").map(|entry| entry.shown.as_str()), Some("n"));
    assert!(draws(&commands, &Part::Page) && requests(&commands).into_iter().any(is_evaluate));
}

#[test]
fn levels_that_are_too_many_for_a_picture_are_in_the_table() {
    let page = with_result(40);
    let mut answer = vec![json!([180, 80, 280])];
    answer.resize(40, json!([200, 100, 300]));
    let mut page = page;
    let commands = page.act(Action::WhatIfFieldChosen("site".to_owned()));
    let commands = page.answer(&commands, is_sweep, &json!(answer).to_string());
    assert!(focuses(&commands, "what-if-field"));
    let shown = drawn(&page, &Part::WhatIf);
    assert!(!shown.contains("<svg") && shown.matches("<tr>").count() == 41, "{shown}");
}

#[test]
fn about_names_levels_by_their_titles_and_counts_patients() {
    let mut page = page(3);
    page.act(Action::AddressChanged(samefit_web::state::Section::About));
    let about = drawn(&page, &Part::Section);
    assert!(about.contains("<th scope=\"row\">Site [South]</th><td>4.5</td>"), "{about}");
    assert!(about.contains("site[s]"), "the equation has the names of the model: {about}");
    assert!(about.contains("<th scope=\"row\">North (the others are compared with it)</th><td>12</td>"), "{about}");
    assert!(about.contains("<th scope=\"row\">ward 2</th><td>12</td>"), "{about}");
    assert_eq!(about.matches("<th scope=\"row\">Site</th>").count(), 0, "a category has no mean");
    let sum = "no measurement changes the effect of another";
    assert!(about.contains(sum), "{about}");
    let product = json!({"name": "bmi*site[s]", "coefficient": 1, "factors": [{"column": "bmi"}, {"column": "site", "level": "s"}]});
    page.state.loaded.model.document["coefficients"].as_array_mut().unwrap().push(product);
    let about = drawn(&page, &Part::Section);
    assert!(!about.contains(sum) && about.contains("Body mass index × Site [South]"), "{about}");
}
