//! What several views say in the same way.

use samefit_render::markup::escape;
use serde_json::Value;

use crate::state::{Loaded, Patient, State};
use crate::texts::Texts;

impl State {
    /// A text as HTML.
    #[must_use]
    pub fn t(&self, name: &str) -> String {
        escape(self.texts.text(name))
    }

    /// A text with values, as HTML.
    #[must_use]
    pub fn tf(&self, name: &str, values: &[(&str, &str)]) -> String {
        escape(&self.texts.fill(name, values))
    }

    /// A value of the outcome, with the digits that mean something for this model.
    #[must_use]
    pub fn outcome(&self, value: f64) -> String {
        self.texts.format().fixed(value, self.loaded.model.outcome_digits())
    }
}

/// The title of a field or column in the language of the page.
#[must_use]
pub fn title<'a>(texts: &'a Texts, field: &'a Value) -> &'a str {
    texts.schema(field["title"].as_str().or(field["name"].as_str()).unwrap_or_default())
}

/// A unit as people write it.
#[must_use]
pub fn unit_label<'a>(field: &'a Value, unit: Option<&'a str>) -> &'a str {
    let known = samefit_render::documents::list(&field["units"]).iter().find(|known| known["unit"].as_str() == unit);
    known.and_then(|known| known["label"].as_str()).or(unit).unwrap_or_default()
}

/// A value as it was typed, with its unit.
#[must_use]
pub fn typed(field: &Value, patient: &Patient) -> Option<String> {
    let entry = patient.entries.get(field["name"].as_str()?)?;
    let (text, unit) = entry.as_typed();
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let label = unit_label(field, unit);
    // a unit that was typed behind the value stands there already
    let has_unit = text.chars().any(char::is_alphabetic);
    Some(if label.is_empty() || has_unit { text.to_owned() } else { format!("{text} {label}") })
}

/// What is shown of a category's value.
#[must_use]
pub fn category<'a>(texts: &'a Texts, field: &'a Value, value: &'a str) -> &'a str {
    let categories = samefit_render::documents::list(&field["categories"]);
    let known = categories.iter().find(|category| category["value"].as_str() == Some(value));
    known.and_then(|category| category["title"].as_str()).map_or(value, |title| texts.schema(title))
}

/// The same of a number.
#[must_use]
pub fn category_of<'a>(texts: &'a Texts, field: &'a Value, value: f64) -> &'a str {
    let categories = samefit_render::documents::list(&field["categories"]);
    let known = categories.iter().find(|category| category["value"].as_str().and_then(|text| text.parse().ok()) == Some(value));
    known.and_then(|category| category["title"].as_str()).map_or("", |title| texts.schema(title))
}

/// Every field that was typed or computed, with what stands in it: for print, copies and comparisons.
#[must_use]
pub fn entered(texts: &Texts, loaded: &Loaded, patient: &Patient) -> Vec<(String, String)> {
    let one = |field: &Value| {
        let name = field["name"].as_str()?;
        let value = match typed(field, patient) {
            Some(text) if field["kind"] == "category" => category(texts, field, &text).to_owned(),
            Some(text) => text,
            None => {
                let evaluated = patient.field(name);
                let value = texts.format().text(evaluated["value"].as_str()?);
                let label = unit_label(field, evaluated["unit"].as_str());
                format!("{value} {label}").trim().to_owned() + " *"
            }
        };
        Some((title(texts, field).to_owned(), value))
    };
    loaded.fields().iter().filter(|field| !Loaded::is_hidden(field)).filter_map(one).collect()
}

/// A problem of a field in the language of the page.
#[must_use]
pub fn problem(texts: &Texts, loaded: &Loaded, problem: &Value) -> String {
    let field = problem["name"].as_str().and_then(|name| loaded.field(name)).unwrap_or(&Value::Null);
    let code = problem["code"].as_str().unwrap_or_default();
    let text = |key: &str| texts.range(problem[key].as_str().unwrap_or_default());
    let name = format!("problem.{code}");
    match texts.find(&name) {
        Some(_) => texts.fill(&name, &[("title", title(texts, field)), ("found", &text("found")), ("expected", &text("expected"))]),
        None => problem["text"].as_str().unwrap_or_default().to_owned(),
    }
}

/// A warning of a prediction in the language of the page, in the unit in which the value was typed.
#[must_use]
pub fn warning(state: &State, patient: &Patient, warning: &Value) -> String {
    let texts = &state.texts;
    let name = warning["column"].as_str().unwrap_or_default();
    let field = state.loaded.field(name).unwrap_or(&Value::Null);
    let code = warning["code"].as_str().unwrap_or_default();
    let text = |key: &str| texts.range(warning[key].as_str().unwrap_or_default());
    let as_typed = in_typed_unit(state, patient, field, code);
    let (found, expected) = as_typed.unwrap_or_else(|| {
        let unit = field["units"][0]["label"].as_str().unwrap_or_default();
        (format!("{} {unit}", text("found")).trim().to_owned(), text("expected"))
    });
    let name = format!("warning.{code}");
    match texts.find(&name) {
        Some(_) => texts.fill(&name, &[("title", title(texts, field)), ("found", &found), ("expected", &expected)]),
        None => warning["text"].as_str().unwrap_or_default().to_owned(),
    }
}

/// A value that was typed in another unit than its column's, and the range that it is held against.
fn in_typed_unit(state: &State, patient: &Patient, field: &Value, code: &str) -> Option<(String, String)> {
    let evaluated = patient.field(field["name"].as_str()?);
    let (number, unit) = (evaluated["typed"]["value"].as_str()?, evaluated["typed"]["unit"].as_str()?);
    if evaluated["how"] != "converted" {
        return None;
    }
    let format = state.texts.format();
    let (low, high) = if code.ends_with("-plausible") {
        let known = samefit_render::documents::list(&field["units"]).iter().find(|known| known["unit"] == unit)?;
        let end = |key: &str| Some(format.text(known["plausible"][key].as_str()?));
        (end("min")?, end("max")?)
    } else {
        let (low, high) = state.range(evaluated["name"].as_str()?, unit)?;
        (format.significant(low, 4), format.significant(high, 4))
    };
    let value = format!("{} {}", format.text(number), unit_label(field, Some(unit)));
    Some((value, format!("{low}{}{high}", state.texts.range(" to "))))
}

/// An error of the component, or one of the page, in the language of the page. `fault`: text of an error record.
#[must_use]
pub fn fault(texts: &Texts, fault: &str) -> String {
    let fault: Value = serde_json::from_str(fault).unwrap_or_else(|_| serde_json::json!({"text": fault}));
    let code = fault["code"].as_str().unwrap_or_default();
    let get = |key: &str| fault[key].as_str().map(str::to_owned).or_else(|| fault[key].as_u64().map(|n| n.to_string())).unwrap_or_default();
    let (row, column, found, expected, text) = (get("row"), get("column"), get("found"), get("expected"), get("text"));
    let file = get("file");
    let values: [(&str, &str); 6] =
        [("row", &row), ("column", &column), ("found", &found), ("expected", &expected), ("text", &text), ("file", &file)];
    if let Some(own) = texts.find(&format!("fault.{code}")) {
        return crate::texts::fill(own, &values);
    }
    let said = texts.find(&format!("error.{code}")).map_or(text.clone(), |own| crate::texts::fill(own, &values));
    let row = (!row.is_empty()).then(|| texts.fill("fault.at-row", &values));
    let column = (!column.is_empty()).then(|| texts.fill("fault.at-column", &values));
    let place: Vec<String> = [(!file.is_empty()).then_some(file.clone()), row, column].into_iter().flatten().collect();
    if place.is_empty() { said } else { format!("{}: {said}", place.join(", ")) }
}
