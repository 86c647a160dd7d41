//! Words that several views share: titles, units, values, problems, warnings, errors.

use samefit_render::markup::escape;
use serde_json::Value;

use crate::error::Error;
use crate::state::State;
use crate::state::loaded::LoadedModel;
use crate::state::patient::Patient;
use crate::texts::Texts;

impl State {
    /// Returns a text as HTML.
    #[must_use]
    pub fn t(&self, name: &str) -> String {
        escape(self.texts.text(name))
    }

    /// Returns a text with values, as HTML.
    #[must_use]
    pub fn tf(&self, name: &str, values: &[(&str, &str)]) -> String {
        escape(&self.texts.fill(name, values))
    }

    /// Returns a value of the outcome, with the digits that mean something for this model.
    #[must_use]
    pub fn outcome(&self, value: f64) -> String {
        self.texts.format().fixed(value, self.loaded.model.outcome_digits())
    }
}

/// Returns the title of a field or column in the language of the page.
#[must_use]
pub fn title<'a>(texts: &'a Texts, field: &'a Value) -> &'a str {
    texts.schema(field["title"].as_str().or(field["name"].as_str()).unwrap_or_default())
}

/// Returns a unit as people write it.
#[must_use]
pub fn unit_label<'a>(field: &'a Value, unit: Option<&'a str>) -> &'a str {
    let known = samefit_render::documents::list(&field["units"]).iter().find(|known| known["unit"].as_str() == unit);
    known.and_then(|known| known["label"].as_str()).or(unit).unwrap_or_default()
}

/// Returns a value as it was typed, with its unit; none if the field is empty.
#[must_use]
pub fn typed(field: &Value, patient: &Patient) -> Option<String> {
    let entry = patient.entries.get(field["name"].as_str()?)?;
    let (text, unit) = entry.as_typed();
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let label = unit_label(field, unit);
    // the unit may have been typed behind the value
    let has_unit = text.chars().any(char::is_alphabetic);
    Some(if label.is_empty() || has_unit { text.to_owned() } else { format!("{text} {label}") })
}

/// Returns the title of a category, by its value as text.
#[must_use]
pub fn category<'a>(texts: &'a Texts, field: &'a Value, value: &'a str) -> &'a str {
    let categories = samefit_render::documents::list(&field["categories"]);
    let known = categories.iter().find(|category| category["value"].as_str() == Some(value));
    known.and_then(|category| category["title"].as_str()).map_or(value, |title| texts.schema(title))
}

/// Returns the title of a category, by its value as a number.
#[must_use]
pub fn category_of_number<'a>(texts: &'a Texts, field: &'a Value, value: f64) -> &'a str {
    let categories = samefit_render::documents::list(&field["categories"]);
    let known = categories.iter().find(|category| category["value"].as_str().and_then(|text| text.parse().ok()) == Some(value));
    known.and_then(|category| category["title"].as_str()).map_or("", |title| texts.schema(title))
}

/// Returns title and value of every field that was typed or computed, for the printed sheet, the copied text and comparisons. A star marks a
/// computed value.
#[must_use]
pub fn entered(texts: &Texts, loaded: &LoadedModel, patient: &Patient) -> Vec<(String, String)> {
    let entry = |field: &Value| {
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
    loaded.fields().iter().filter(|field| !LoadedModel::is_hidden(field)).filter_map(entry).collect()
}

/// Returns a problem of a field in the language of the page.
#[must_use]
pub fn problem(texts: &Texts, loaded: &LoadedModel, problem: &Value) -> String {
    let field = problem["name"].as_str().and_then(|name| loaded.field(name)).unwrap_or(&Value::Null);
    let code = problem["code"].as_str().unwrap_or_default();
    let text = |key: &str| texts.range(problem[key].as_str().unwrap_or_default());
    let name = format!("problem.{code}");
    match texts.find(&name) {
        Some(_) => texts.fill(&name, &[("title", title(texts, field)), ("found", &text("found")), ("expected", &text("expected"))]),
        None => problem["text"].as_str().unwrap_or_default().to_owned(),
    }
}

/// Returns a warning of a prediction in the language of the page, in the unit in which the value was typed.
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

/// Returns a value that was typed in another unit than its column's, and the range that it is compared with, both in the typed unit.
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

/// Returns an error in the language of the page, with the place that it is in.
///
/// Errors of the page itself have texts `page-error.CODE`, which name no place. Errors of the component have texts `error.CODE`; without one, as
/// in English, the component's own sentence and help are shown.
#[must_use]
pub fn error(texts: &Texts, error: &Error) -> String {
    let own = if error.help.is_empty() { error.sentence.clone() } else { format!("{}\n{}", error.sentence, error.help) };
    let values: [(&str, &str); 6] = [
        ("row", &error.row),
        ("column", &error.column),
        ("found", &error.found),
        ("expected", &error.expected),
        ("text", &own),
        ("file", &error.file),
    ];
    if let Some(text) = texts.find(&format!("page-error.{}", error.code)) {
        return crate::texts::fill(text, &values);
    }
    let sentence = texts.find(&format!("error.{}", error.code)).map_or_else(|| own.clone(), |text| crate::texts::fill(text, &values));
    let row = (!error.row.is_empty()).then(|| texts.fill("place.row", &values));
    let column = (!error.column.is_empty()).then(|| texts.fill("place.column", &values));
    let file = (!error.file.is_empty()).then(|| error.file.clone());
    let place: Vec<String> = [file, row, column].into_iter().flatten().collect();
    if place.is_empty() { sentence } else { format!("{}: {sentence}", place.join(", ")) }
}
