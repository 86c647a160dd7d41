//! The form of the 442 patients' data: their measurements, entered as a clinic has them, give the values in the data.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use proptest::prelude::*;
use samefit_core::entry::Form;
use samefit_core::error::Code;
use samefit_core::fit::fit;
use samefit_core::plan::Plan;
use samefit_core::schema::FORMULAS_DEEP_MAX;
use samefit_core::summarizer::Summarizer;
use samefit_core::terms::COLUMNS_MAX;
use serde_json::{Value, json};

const SCHEMA: &str = include_str!("../../data/diabetes_raw.schema.json");
const DATA: &str = include_str!("../../data/diabetes_raw.csv");

fn form() -> Form {
    Form::parse(SCHEMA).unwrap()
}

fn model(features: &[&str]) -> String {
    let features: Vec<String> = features.iter().map(|name| name.to_string()).collect();
    let plan = json!({"features": features, "schema": serde_json::from_str::<Value>(SCHEMA).unwrap()});
    let plan = Plan::parse(&plan.to_string()).unwrap();
    let mut summarizer = Summarizer::new(plan.clone()).unwrap();
    summarizer.push(DATA.as_bytes()).unwrap();
    fit(&summarizer.finish().unwrap(), &plan).unwrap().to_json()
}

/// The records of the data, as maps from column to cell.
fn records() -> Vec<serde_json::Map<String, Value>> {
    let mut reader = csv::Reader::from_reader(DATA.as_bytes());
    let names = reader.headers().unwrap().clone();
    let record = |row: csv::StringRecord| names.iter().zip(&row).map(|(name, cell)| (name.to_owned(), json!(cell))).collect();
    reader.records().map(|row| record(row.unwrap())).collect()
}

fn evaluate(form: &Form, entries: &Value) -> Value {
    form.evaluate(&entries.to_string()).unwrap().to_json()
}

fn field<'a>(evaluated: &'a Value, name: &str) -> &'a Value {
    evaluated["fields"].as_array().unwrap().iter().find(|field| field["name"] == name).unwrap()
}

fn codes(evaluated: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    evaluated["problems"].as_array().unwrap().iter().map(|problem| (text(&problem["name"]), text(&problem["code"]))).collect()
}

fn number(value: &Value) -> f64 {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).parse().unwrap()
}

/// Triglycerides in mg/dL, a whole number, from their logarithm in the data.
fn triglycerides(record: &serde_json::Map<String, Value>) -> String {
    number(&record["ltg"]).exp().round().to_string()
}

/// The measurements of a patient, without the columns that are computed from them.
fn measured(record: &serde_json::Map<String, Value>) -> serde_json::Map<String, Value> {
    let mut entries = record.clone();
    ["y", "ltg", "ldl", "tch"].iter().for_each(|name| drop(entries.remove(*name)));
    entries.insert("triglycerides".into(), json!(triglycerides(record)));
    entries
}

#[test]
fn the_logarithms_of_all_patients_come_from_their_triglycerides() {
    let form = form();
    for record in records() {
        let evaluated = evaluate(&form, &Value::Object(measured(&record)));
        assert_eq!(field(&evaluated, "ltg")["value"], record["ltg"], "{record:?}");
        assert_eq!(field(&evaluated, "ltg")["how"], "computed");
        assert!(!evaluated["attributes"].is_null(), "{evaluated}");
    }
}

#[test]
fn calculated_ldl_differs_from_the_data_by_four_tenths_at_most() {
    let form = form();
    let mut exact = 0;
    for record in records() {
        let evaluated = evaluate(&form, &Value::Object(measured(&record)));
        let (computed, want) = (number(&field(&evaluated, "ldl")["value"]), number(&record["ldl"]));
        assert!((computed - want).abs() < 0.4 + 1e-9, "{computed} {record:?}");
        exact += usize::from(computed == want);
        let high = triglycerides(&record).parse::<u32>().unwrap() >= 400;
        assert_eq!(codes(&evaluated).contains(&("ldl".to_owned(), "friedewald".to_owned())), high);
    }
    assert_eq!(exact, 438);
}

#[test]
fn fractions_of_mean_pressure_are_thirds() {
    let form = form();
    let mut fractions = 0;
    for record in records() {
        let map = number(&record["map"]);
        if map.fract() == 0.0 {
            continue;
        }
        fractions += 1;
        // some systolic pressure over some diastolic gives it
        let sum = (3.0 * map).round();
        let (systolic, diastolic) = (sum - 2.0 * (map - 10.0).round(), (map - 10.0).round());
        let mut entries = measured(&record);
        entries.remove("map");
        entries.insert("systolic".into(), json!(systolic.to_string()));
        entries.insert("diastolic".into(), json!(diastolic.to_string()));
        let evaluated = evaluate(&form, &Value::Object(entries));
        assert_eq!(field(&evaluated, "map")["value"], record["map"], "{systolic} / {diastolic}");
    }
    assert_eq!(fractions, 42);
}

#[test]
fn a_typed_ratio_counts_and_the_computed_one_is_shown() {
    let form = form();
    let (mut whole, mut same) = (0, 0);
    for record in records() {
        let mut entries = measured(&record);
        entries.insert("tch".into(), record["tch"].clone());
        let evaluated = evaluate(&form, &Value::Object(entries));
        let ratio = field(&evaluated, "tch");
        assert_eq!((&ratio["value"], &ratio["how"]), (&record["tch"], &json!("typed")));
        let computed = number(&ratio["computed"]["value"]);
        whole += usize::from(number(&ratio["value"]).fract() == 0.0);
        same += usize::from(computed == number(&ratio["value"]));
    }
    assert_eq!(whole, 380);
    assert!(same >= 58, "{same}");
}

#[test]
fn units_are_converted_exactly_and_decimal_commas_are_read() {
    let form = form();
    let entries = json!({
        "age": "59", "sex": "2", "bmi": "32,1", "systolic": "130", "diastolic": {"value": "85 mmHg"},
        "tc": {"value": "4,06", "unit": "mmol/L"}, "hdl": "38 mg/dl", "triglycerides": {"value": "1.2", "unit": "mmol/L"}, "glu": 87,
    });
    let evaluated = evaluate(&form, &entries);
    assert_eq!(codes(&evaluated), []);
    let want = json!({
        "age": "59", "sex": "2", "bmi": "32.1", "map": "100", "tc": "157.0002", "ldl": "97.7", "hdl": "38", "tch": "4.13",
        "ltg": "4.6661", "glu": "87",
    });
    assert_eq!(evaluated["attributes"], want);
    assert_eq!(field(&evaluated, "tc")["how"], "converted");
    assert_eq!(field(&evaluated, "hdl")["how"], "typed");
    assert_eq!(field(&evaluated, "tc")["typed"], json!({"value": "4.06", "unit": "mmol/L", "text": "4,06"}));
}

#[test]
fn every_problem_has_its_code() {
    let form = form();
    for (entries, want) in [
        (json!({"age": "x"}), ("age", "not-a-number")),
        (json!({"bmi": "1,234.5"}), ("bmi", "two-decimal-signs")),
        (json!({"glu": {"value": "91", "unit": "mol/L"}}), ("glu", "unit")),
        (json!({"glu": "91 apples"}), ("glu", "unit")),
        (json!({"sex": "3"}), ("sex", "category")),
        (json!({"sex": "female"}), ("sex", "category")),
        (json!({"age": "17"}), ("age", "impossible")),
        (json!({"glu": "5.2"}), ("glu", "other-unit")),
        (json!({"glu": "91 mmol/L"}), ("glu", "other-unit")),
        (json!({"glu": "0.1"}), ("glu", "impossible")),
        (json!({"systolic": "80", "diastolic": "120"}), ("diastolic", "swapped")),
        (json!({"tc": "100", "hdl": "150"}), ("tch", "impossible")),
        (json!({"tc": "200", "hdl": "50", "triglycerides": "400"}), ("ldl", "friedewald")),
    ] {
        let evaluated = evaluate(&form, &entries);
        let found: Vec<(String, String)> = codes(&evaluated).into_iter().filter(|(_, code)| code != "missing").collect();
        assert_eq!(found[0], (want.0.to_owned(), want.1.to_owned()), "{entries}: {evaluated}");
        assert!(evaluated["attributes"].is_null());
    }
}

#[test]
fn a_value_that_is_possible_only_in_another_unit_suggests_that_unit() {
    let evaluated = evaluate(&form(), &json!({"tc": "5,2"}));
    let problem = &evaluated["problems"].as_array().unwrap().iter().find(|problem| problem["name"] == "tc").unwrap();
    assert_eq!(problem["suggestion"], json!({"value": "5.2", "unit": "mmol/L"}));
    assert_eq!(problem["text"], "Total cholesterol must be from 30 to 1000 mg/dL, not 5.2: is it 5.2 mmol/L?");
    assert!(field(&evaluated, "tc")["value"].is_null(), "nothing is guessed");
}

#[test]
fn a_missing_column_asks_for_the_inputs_of_its_formula() {
    let form = Form::parse(&model(&["ltg", "ldl"])).unwrap();
    let asked = |entries: Value| codes(&evaluate(&form, &entries)).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    assert_eq!(asked(json!({})), ["triglycerides", "tc", "hdl"]);
    assert_eq!(asked(json!({"ldl": "120"})), ["triglycerides"]);
    assert_eq!(asked(json!({"ldl": "120", "ltg": "4.5"})), [""; 0]);
    let problem = &evaluate(&form, &json!({}))["problems"][0];
    assert_eq!(problem["text"], "Enter Triglycerides: Log of triglycerides and LDL cholesterol are computed from it");
}

#[test]
fn a_model_carries_what_its_formulas_need() {
    let text = model(&["bmi", "ldl"]);
    let fields = |text: &str| {
        let fields = Form::parse(text).unwrap().fields();
        fields["fields"].as_array().unwrap().iter().map(|field| field["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(fields(&text), ["bmi", "tc", "hdl", "triglycerides", "ldl"]);
    // the plan that trains it again holds a schema that is whole
    let predictor = samefit_core::predict::Predictor::new(samefit_core::model::Model::parse(&text).unwrap()).unwrap();
    Plan::parse(&samefit_core::json::document(&predictor.model().plan())).unwrap();
    let entries = json!({"bmi": "25", "tc": "200", "hdl": "50", "triglycerides": "100"});
    let evaluated = evaluate(&Form::parse(&text).unwrap(), &entries);
    let prediction = predictor.explain(evaluated["attributes"].to_string().as_bytes()).unwrap();
    assert!(prediction["prediction"].as_f64().unwrap() > 0.0);
}

#[test]
fn conversions_are_exact_or_correctly_rounded() {
    let form = form();
    let convert = |field: &str, value: &str, unit: &str, to: &str| form.convert(field, value, unit, to).unwrap();
    assert_eq!(convert("tc", "5,2", "mmol/L", "mg/dL"), "201.084");
    assert_eq!(convert("tc", "201.084", "mg/dL", "mmol/L"), "5.2");
    assert_eq!(convert("tc", "200", "mg/dl", "mmol/L"), "5.17");
    assert_eq!(convert("glu", "126", "mg/dL", "mmol/L"), "6.99");
    assert_eq!(convert("triglycerides", "150.00", "mg/dL", "mg/dL"), "150");
    let code = |field: &str, value: &str, unit: &str| form.convert(field, value, unit, "mmol/L").unwrap_err().code.name();
    assert_eq!([code("x", "1", "mg/dL"), code("tc", "1", "g"), code("tc", "x", "mg/dL")], ["entries", "unit", "not-a-number"]);
}

#[test]
fn entries_of_another_shape_are_refused() {
    let form = form();
    for entries in ["[]", "{\"bmi\": true}", "{\"bmi\": {\"value\": []}}", "{\"nobody\": \"1\"}"] {
        assert_eq!(form.evaluate(entries).err().unwrap().code, Code::Entries, "{entries}");
    }
    assert_eq!(form.evaluate("{").err().unwrap().code, Code::Json);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_entry_gives_a_value_or_a_problem(texts in prop::collection::vec("[0-9]{0,4}[.,]?[0-9]{0,2} ?(mg/dL|mmol/L|mmHg|x)?", 13)) {
        let form = form();
        let fields = form.fields();
        let names: Vec<&str> = fields["fields"].as_array().unwrap().iter().map(|field| field["name"].as_str().unwrap()).collect();
        let entries: serde_json::Map<String, Value> = names.iter().zip(&texts).map(|(name, text)| ((*name).to_owned(), json!(text))).collect();
        let evaluated = evaluate(&form, &Value::Object(entries));
        let blocks = evaluated["problems"].as_array().unwrap().iter().any(|problem| problem["blocks"] == true);
        prop_assert_eq!(blocks, evaluated["attributes"].is_null());
        for (name, text) in names.iter().zip(&texts) {
            let field = field(&evaluated, name);
            let blocked = evaluated["problems"].as_array().unwrap().iter().any(|problem| problem["name"] == *name && problem["blocks"] == true);
            prop_assert!(text.trim().is_empty() || blocked != field["value"].is_string() || field["how"] == "computed" || blocked, "{field}");
            // the values of the form are those that a form takes again, and gives back
            if let Some(value) = field["value"].as_str() {
                let again = evaluate(&form, &json!({*name: value}));
                prop_assert_eq!(again["fields"].as_array().unwrap().iter().find(|f| f["name"] == *name).unwrap()["value"].as_str(), Some(value));
            }
        }
    }
}

/// A model may come from anywhere. Its columns are checked even without the key `fields`.
#[test]
fn the_columns_of_a_model_are_checked() {
    let formula = |inputs: Value| json!({"formula": "ln", "inputs": inputs});
    let one = |column: Value| vec![("ltg", column)];
    for columns in [
        one(json!({"name": "ltg", "entry": formula(json!([]))})),
        one(json!({"name": "ltg", "other_units": [{"unit": "x", "to_base": "0"}], "plausible": {"min": "1", "max": "2"}})),
        one(json!({"name": "ltg", "decimals": 4_294_967_295u32})),
        vec![
            ("bmi", json!({"name": "bmi", "entry": formula(json!(["ltg"]))})),
            ("ltg", json!({"name": "ltg", "entry": formula(json!(["bmi"]))})),
        ],
    ] {
        let mut model: Value = serde_json::from_str(&model(&["bmi", "ltg"])).unwrap();
        model.as_object_mut().unwrap().remove("fields");
        for (name, described) in columns {
            let column = model["columns"].as_array_mut().unwrap().iter_mut().find(|column| column["name"] == name).unwrap();
            column["schema"] = described;
        }
        assert_eq!(Form::parse(&model.to_string()).err().map(|error| error.code.name()), Some("schema"));
    }
}

/// A schema with as many columns as it may have. Each but the first is computed from others.
fn computed(inputs: impl Fn(usize) -> Vec<usize>) -> String {
    let column = |at: usize| match inputs(at)[..] {
        [] => json!({"name": format!("c{at}"), "decimals": 2}),
        [input] => json!({"name": format!("c{at}"), "entry": {"formula": "ln", "inputs": [format!("c{input}")]}}),
        [input, other, ..] => {
            json!({"name": format!("c{at}"), "entry": {"formula": "ratio", "inputs": [format!("c{input}"), format!("c{other}")]}})
        }
    };
    // the last first, so that every formula stands before its inputs
    let columns: Vec<Value> = (0..COLUMNS_MAX).rev().map(column).collect();
    json!({"format": "samefit-schema/1", "target": {"column": "y"}, "columns": columns}).to_string()
}

#[test]
fn thousands_of_formulas_are_read_and_evaluated_once_each() {
    let wide = computed(|at| if at < 2 { Vec::new() } else { vec![at % 2, 1 - at % 2] });
    let form = Form::parse(&wide).unwrap();
    let evaluated = form.evaluate(r#"{"c0": "6", "c1": "3"}"#).unwrap().to_json();
    assert_eq!(evaluated["attributes"][format!("c{}", COLUMNS_MAX - 1)], "0.5");
    assert_eq!(form.evaluate("{}").unwrap().to_json()["problems"].as_array().unwrap().len(), 2);
}

#[test]
fn formulas_that_need_one_another_are_refused_beyond_their_depth() {
    let deep = |depth: usize| computed(|at| if at % (depth + 1) == 0 { Vec::new() } else { vec![at - 1] });
    assert!(Form::parse(&deep(FORMULAS_DEEP_MAX)).is_ok());
    for depth in [FORMULAS_DEEP_MAX + 1, COLUMNS_MAX] {
        let error = Form::parse(&deep(depth)).err().unwrap();
        assert!(error.text().starts_with("more than 16 entry formulas need one another"), "{}", error.text());
    }
    let circle = computed(|at| vec![(at + 1) % COLUMNS_MAX]);
    assert!(Form::parse(&circle).err().unwrap().sentence.contains("and 32758 more need one another"));
}
