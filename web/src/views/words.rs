//! Words that several views share: titles, units, values, ranges, problems, warnings, errors.

use samefit_render::documents::list;
use serde_json::Value;

use crate::error::Error;
use crate::state::State;
use crate::state::loaded::LoadedModel;
use crate::state::patient::Patient;
use crate::texts::Texts;

/// Digits of the numbers in a warning about an unusual combination, which are no measurements.
const LEVERAGE_DIGITS: i32 = 3;

/// The ranges that a value is compared with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ComparedRange {
    /// Lowest to highest value of the training data.
    Training,
    /// What the schema calls plausible.
    Plausible,
}

impl ComparedRange {
    /// Returns the range that a warning of this code is about.
    fn of_warning(code: &str) -> Option<Self> {
        match code {
            "above-training-range" | "below-training-range" => Some(Self::Training),
            "above-plausible" | "below-plausible" => Some(Self::Plausible),
            _ => None,
        }
    }
}

impl State {
    /// Returns a text.
    #[must_use]
    pub fn t<'a>(&'a self, name: &'a str) -> &'a str {
        self.texts.text(name)
    }

    /// Returns a text with its `{names}` replaced by values.
    #[must_use]
    pub fn fill(&self, name: &str, values: &[(&str, &str)]) -> String {
        self.texts.fill(name, values)
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
    let known = list(&field["units"]).iter().find(|known| known["unit"].as_str() == unit);
    known.and_then(|known| known["label"].as_str()).or(unit).unwrap_or_default()
}

/// Returns a number with its unit, if it has one.
fn with_unit(number: &str, unit: &str) -> String {
    if unit.is_empty() { number.to_owned() } else { format!("{number} {unit}") }
}

/// Returns the training range of a field in this unit, or in its own; none if it is not known.
#[must_use]
pub fn training_range(state: &State, field: &Value, unit: Option<&str>) -> Option<(f64, f64)> {
    let own = field["units"][0]["unit"].as_str();
    match unit.filter(|unit| Some(*unit) != own) {
        None => field["training"]["min"].as_f64().zip(field["training"]["max"].as_f64()),
        Some(unit) => state.range(field["name"].as_str().unwrap_or_default(), unit),
    }
}

/// Returns the training range of a field in this unit, or in its own, in words; none if it is not known. The words say `about` unless both
/// ends are values of the data. In another unit they are rounded.
#[must_use]
pub fn training_range_in_words(state: &State, field: &Value, unit: Option<&str>) -> Option<String> {
    let (low, high) = training_range(state, field, unit)?;
    let own = field["units"][0]["unit"].as_str();
    let is_exact = field["training"]["range_is_exact"] == true && unit.is_none_or(|unit| Some(unit) == own);
    let format = state.texts.format();
    let [low, high] = [low, high].map(|end| if is_exact { format.shortest(end) } else { format.significant(end, 4) });
    Some(about(&state.texts, range(&state.texts, (Some(&low), Some(&high)), false), is_exact))
}

/// Returns a range or an end of it in words that say whether it is exact.
#[must_use]
pub fn about(texts: &Texts, range: String, is_exact: bool) -> String {
    if is_exact || range.is_empty() { range } else { texts.fill("range.about", &[("range", &range)]) }
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
    // the unit may have been typed behind the value, and a level has none
    let has_no_unit_to_add = text.chars().any(char::is_alphabetic) || LoadedModel::is_category(field);
    Some(if has_no_unit_to_add { text.to_owned() } else { with_unit(text, unit_label(field, unit)) })
}

/// Returns what people call a level of a category: its title, or the level if it has none. `value` is the level, or the same number written
/// in another way.
#[must_use]
pub fn category<'a>(texts: &'a Texts, field: &'a Value, value: &'a str) -> &'a str {
    let all = || list(&field["categories"]).iter();
    let number = |text: &str| text.parse::<f64>().ok().filter(|number| number.is_finite());
    let has_number = |category: &&Value| number(value).is_some() && category["value"].as_str().and_then(number) == number(value);
    let known = all().find(|category| category["value"] == value).or_else(|| all().find(has_number));
    known.map_or(value, |category| category_title(texts, category))
}

/// Returns what people call an entry of a field's categories.
#[must_use]
pub fn category_title<'a>(texts: &'a Texts, category: &'a Value) -> &'a str {
    texts.schema(category["title"].as_str().or(category["value"].as_str()).unwrap_or_default())
}

/// Returns a value that stands in a field, as people read it: the title of a level, or a number as the language writes it.
#[must_use]
pub fn value_in_words(texts: &Texts, field: &Value, value: &str) -> String {
    if LoadedModel::is_category(field) { category(texts, field, value).to_owned() } else { texts.format().text(value) }
}

/// Returns title and value of every field that was typed or computed, for the printed sheet, the copied text and comparisons. A star marks
/// a computed value.
#[must_use]
pub fn entered(texts: &Texts, loaded: &LoadedModel, patient: &Patient) -> Vec<(String, String)> {
    let entry = |field: &Value| {
        let name = field["name"].as_str()?;
        let value = match typed(field, patient) {
            Some(text) if LoadedModel::is_category(field) => category(texts, field, &text).to_owned(),
            Some(text) => text,
            None => {
                let evaluated = patient.field(name);
                let value = texts.format().text(evaluated["value"].as_str()?);
                with_unit(&value, unit_label(field, evaluated["unit"].as_str())) + " *"
            }
        };
        Some((title(texts, field).to_owned(), value))
    };
    loaded.fields().iter().filter(|field| !LoadedModel::is_hidden(field)).filter_map(entry).collect()
}

/// Returns a range in words, from its ends as they are written. `is_exclusive`: the ends themselves are outside the range.
fn range(texts: &Texts, (low, high): (Option<&str>, Option<&str>), is_exclusive: bool) -> String {
    let name = match (low, high) {
        (Some(_), Some(_)) => "range.both",
        (Some(_), None) if is_exclusive => "range.above",
        (Some(_), None) => "range.min",
        (None, Some(_)) if is_exclusive => "range.below",
        (None, Some(_)) => "range.max",
        (None, None) => return String::new(),
    };
    texts.fill(name, &[("min", low.unwrap_or_default()), ("max", high.unwrap_or_default())])
}

/// Returns limits of the component, `{min, max, unit, exclusive}` or `{min, max, exact}` with decimal texts, in words and with their unit.
fn limits(texts: &Texts, field: &Value, limits: &Value) -> String {
    let end = |key: &str| limits[key].as_str().map(|number| texts.format().text(number));
    let (low, high) = (end("min"), end("max"));
    let range = range(texts, (low.as_deref(), high.as_deref()), limits["exclusive"] == true);
    with_unit(&about(texts, range, limits["exact"] != false), unit_label(field, limits["unit"].as_str()))
}

/// Joins alternatives: `a or b`.
fn alternatives(texts: &Texts, all: impl IntoIterator<Item = String>) -> String {
    all.into_iter().reduce(|first, second| texts.fill("list.or", &[("first", &first), ("second", &second)])).unwrap_or_default()
}

/// Returns a problem of a field in the language of the page.
#[must_use]
pub fn problem(texts: &Texts, loaded: &LoadedModel, problem: &Value) -> String {
    let name = format!("problem.{}", problem["code"].as_str().unwrap_or_default());
    if texts.find(&name).is_none() {
        return problem["text"].as_str().unwrap_or_default().to_owned();
    }
    let field = problem["name"].as_str().and_then(|name| loaded.field(name)).unwrap_or(&Value::Null);
    let found = problem["found"].as_str().unwrap_or_default();
    // a number that was read is written as the language writes it; any other text stays as it was typed
    let found = if problem["limits"].is_object() { texts.format().text(found) } else { found.to_owned() };
    texts.fill(&name, &[("title", title(texts, field)), ("found", &found), ("expected", &expected(texts, field, problem))])
}

/// Returns what a problem expects: a range in one unit or several, or the units of the field.
fn expected(texts: &Texts, field: &Value, problem: &Value) -> String {
    if problem["limits"].is_object() {
        let all = std::iter::once(&problem["limits"]).chain(list(&problem["other_limits"]));
        return alternatives(texts, all.map(|one| limits(texts, field, one)));
    }
    let labels = list(&field["units"]).iter().filter_map(|unit| unit["label"].as_str());
    alternatives(texts, labels.map(str::to_owned))
}

/// Returns a warning of a prediction in the language of the page, in the unit in which the value was typed.
#[must_use]
pub fn warning(state: &State, patient: &Patient, warning: &Value) -> String {
    let texts = &state.texts;
    let code = warning["code"].as_str().unwrap_or_default();
    let name = format!("warning.{code}");
    if texts.find(&name).is_none() {
        return warning["text"].as_str().unwrap_or_default().to_owned();
    }
    let field = warning["column"].as_str().and_then(|name| state.loaded.field(name));
    let (found, expected) = match field {
        None => leverage(state, warning),
        Some(field) => {
            let in_typed_unit = ComparedRange::of_warning(code).and_then(|range| in_typed_unit(state, patient, field, range));
            in_typed_unit.unwrap_or_else(|| in_own_unit(state, field, warning))
        }
    };
    let title = field.map_or("", |field| title(texts, field));
    texts.fill(&name, &[("title", title), ("found", &found), ("expected", &expected)])
}

/// Returns the leverage of an unusual combination, and the leverage up to which a combination is usual.
fn leverage(state: &State, warning: &Value) -> (String, String) {
    let number = |value: &Value| value.as_str().and_then(|text| text.parse().ok()).unwrap_or(f64::NAN);
    let text = |value: &Value| state.texts.format().significant(number(value), LEVERAGE_DIGITS);
    (text(&warning["found"]), text(&warning["limits"]["max"]))
}

/// Returns the value of a warning, and the range that it is compared with, both in the field's own unit.
fn in_own_unit(state: &State, field: &Value, warning: &Value) -> (String, String) {
    let found = state.texts.format().text(warning["found"].as_str().unwrap_or_default());
    (with_unit(&found, field["units"][0]["label"].as_str().unwrap_or_default()), limits(&state.texts, field, &warning["limits"]))
}

/// Returns a value that was typed in another unit than its column's, and the range that it is compared with, both in the typed unit.
fn in_typed_unit(state: &State, patient: &Patient, field: &Value, compared: ComparedRange) -> Option<(String, String)> {
    let evaluated = patient.field(field["name"].as_str()?);
    let (number, unit) = (evaluated["typed"]["value"].as_str()?, evaluated["typed"]["unit"].as_str()?);
    if evaluated["how"] != "converted" {
        return None;
    }
    let format = state.texts.format();
    let range = match compared {
        ComparedRange::Plausible => {
            let known = list(&field["units"]).iter().find(|known| known["unit"] == unit)?;
            let end = |key: &str| Some(format.text(known["plausible"][key].as_str()?));
            range(&state.texts, (end("min").as_deref(), end("max").as_deref()), false)
        }
        ComparedRange::Training => training_range_in_words(state, field, Some(unit))?,
    };
    let value = with_unit(&format.text(number), unit_label(field, Some(unit)));
    Some((value, range))
}

/// Returns an error in the language of the page, with the place that it is in.
///
/// Errors of the page itself have texts `page-error.CODE`, which name no place. Errors of the component have texts `error.CODE`; without
/// one, as in English, the component's own sentence and help are shown.
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::texts::Language;

    fn texts(language: Language) -> Texts {
        let path = format!("{}/texts/{}.json", env!("CARGO_MANIFEST_DIR"), language.code());
        Texts::new(language, &std::fs::read_to_string(path).unwrap_or_default())
    }

    fn loaded() -> LoadedModel {
        let unit = |unit: &str| json!({"unit": unit, "label": unit});
        let field =
            json!({"name": "tc", "title": "Cholesterol", "units": [unit("mg/dL"), unit("mmol/L")], "training": {"min": 97, "max": 301}});
        LoadedModel { form: json!({"fields": [field]}), ..LoadedModel::default() }
    }

    fn limits_of(min: &str, max: &str, unit: &str) -> Value {
        json!({"min": min, "max": max, "unit": unit, "exclusive": false})
    }

    #[test]
    fn a_problem_names_its_range_in_every_unit() {
        let found = json!({"name": "tc", "code": "other-unit", "found": "5.2 mg/dL", "limits": limits_of("30", "1000", "mg/dL"),
            "other_limits": [limits_of("0.78", "25.85", "mmol/L")]});
        let english = problem(&texts(Language::English), &loaded(), &found);
        assert!(english.contains("30 to 1000 mg/dL or 0.78 to 25.85 mmol/L") && english.contains("5.2 mg/dL"), "{english}");
        let german = problem(&texts(Language::German), &loaded(), &found);
        assert!(german.contains("30 bis 1000 mg/dL oder 0,78 bis 25,85 mmol/L") && german.contains("5,2 mg/dL"), "{german}");
        let french = problem(&texts(Language::French), &loaded(), &found);
        assert!(french.contains("30 à 1000 mg/dL ou 0,78 à 25,85 mmol/L"), "{french}");
    }

    #[test]
    fn a_range_may_have_one_end() {
        let english = texts(Language::English);
        let in_words = |limits: Value| super::limits(&english, &Value::Null, &limits);
        assert_eq!(in_words(json!({"min": "18", "max": null, "exclusive": false})), "18 or more");
        assert_eq!(in_words(json!({"min": null, "max": "18", "exclusive": false})), "18 or less");
        assert_eq!(in_words(json!({"min": "0", "max": null, "exclusive": true})), "more than 0");
        assert_eq!(in_words(json!({"min": null, "max": "400", "exclusive": true})), "less than 400");
        assert_eq!(in_words(Value::Null), "");
    }

    #[test]
    fn what_is_no_number_stays_as_it_was_typed() {
        let found = json!({"name": "tc", "code": "unit", "found": "g.L", "limits": null});
        let german = problem(&texts(Language::German), &loaded(), &found);
        assert!(german.contains("g.L") && german.contains("mg/dL oder mmol/L"), "{german}");
    }

    #[test]
    fn a_warning_names_value_and_range_in_the_typed_unit() {
        let mut state = State { texts: texts(Language::English), loaded: loaded(), ..State::default() };
        let found = json!({"code": "above-training-range", "column": "tc", "found": "328.695", "limits": {"min": "97", "max": "301"}});
        let own = warning(&state, &state.patient, &found);
        assert!(own.contains("Cholesterol 328.695 mg/dL") && own.contains("(97 to 301"), "{own}");
        let in_bins = json!({"code": "above-training-range", "column": "tc", "found": "328.695",
            "limits": {"min": "97", "max": "302", "exact": false}});
        let own = warning(&state, &state.patient, &in_bins);
        assert!(own.contains("(about 97 to 302"), "{own}");
        let evaluated = json!({"name": "tc", "how": "converted", "typed": {"value": "8.5", "unit": "mmol/L"}});
        state.patient.evaluated = json!({"fields": [evaluated]});
        state.ranges.push(crate::state::ConvertedRange { field: "tc".into(), unit: "mmol/L".into(), low: 2.508, high: 7.784 });
        let typed = warning(&state, &state.patient, &found);
        assert!(typed.contains("Cholesterol 8.5 mmol/L") && typed.contains("(about 2.508 to 7.784)"), "{typed}");
    }

    #[test]
    fn a_training_range_is_about_unless_its_ends_are_values() {
        let units = [json!({"unit": "mg/dL"}), json!({"unit": "mmol/L"})];
        let field = |training: Value| json!({"name": "tc", "units": units, "training": training});
        let mut state = State { texts: texts(Language::English), ..State::default() };
        state.ranges.push(crate::state::ConvertedRange { field: "tc".into(), unit: "mmol/L".into(), low: 2.5081, high: 7.784 });
        let exact = field(json!({"min": 97, "max": 1301.25, "range_is_exact": true}));
        let in_words = |field: &Value, unit| training_range_in_words(&state, field, unit);
        assert_eq!(in_words(&exact, None).as_deref(), Some("97 to 1301.25"));
        assert_eq!(in_words(&exact, Some("mg/dL")).as_deref(), Some("97 to 1301.25"));
        assert_eq!(in_words(&exact, Some("mmol/L")).as_deref(), Some("about 2.508 to 7.784"));
        // older models do not tell
        assert_eq!(in_words(&field(json!({"min": 97, "max": 302})), None).as_deref(), Some("about 97 to 302"));
        assert_eq!(in_words(&field(json!({"min": null, "max": null, "range_is_exact": false})), None), None);
        state.texts = texts(Language::German);
        assert_eq!(training_range_in_words(&state, &field(json!({"min": 97, "max": 302})), None).as_deref(), Some("etwa 97 bis 302"));
        state.texts = texts(Language::French);
        assert_eq!(training_range_in_words(&state, &exact, None).as_deref(), Some("97 à 1301,25"));
    }

    #[test]
    fn an_unusual_combination_names_two_numbers() {
        let state = State { texts: texts(Language::English), ..State::default() };
        let limits = json!({"min": null, "max": "0.0746606"});
        let found = json!({"code": "unlike-combination", "column": null, "found": "2.3610348824388114", "limits": limits});
        let text = warning(&state, &state.patient, &found);
        assert!(text.contains("2.36") && text.contains("0.0747") && !text.contains("2.361"), "{text}");
    }

    #[test]
    fn an_error_names_its_place() {
        let wrong = Error { code: "strange".into(), sentence: "It is wrong".into(), help: "Mend it".into(), ..Error::default() };
        let wrong = Error { row: "3".into(), column: "bmi".into(), file: "a.csv".into(), ..wrong };
        assert_eq!(error(&texts(Language::English), &wrong), "a.csv, row 3, column bmi: It is wrong\nMend it");
    }
}
