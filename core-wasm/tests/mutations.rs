//! Documents and data with random damage give a result or an error, never a panic.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use proptest::prelude::*;
use samefit_core::entry::Form;
use samefit_core::fit::fit;
use samefit_core::model::Model;
use samefit_core::plan::Plan;
use samefit_core::predict::Predictor;
use samefit_core::quality::{first_difference, judge};
use samefit_core::statistics::Statistics;
use samefit_core::summarizer::{Summarizer, forget};

const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../data/cases");

fn case(path: &str) -> String {
    std::fs::read_to_string(format!("{CASES}/{path}")).unwrap()
}

/// A text that replaces a piece of a document.
fn replacement() -> impl Strategy<Value = String> {
    let words = [
        "",
        "0",
        "-1",
        "1e999",
        "9223372036854775807",
        "-9223372036854775808",
        "null",
        "true",
        "\"\"",
        "[]",
        "{}",
        "\"x^16\"",
        "\u{0}",
        "99999999999999999999",
        "4294967295",
        "0.5",
    ];
    prop_oneof![prop::sample::select(words.to_vec()).prop_map(str::to_owned), "[0-9\"\\[\\]{},:.e-]{0,4}"]
}

/// A text in which one token, or a few bytes, are replaced.
fn damaged(text: String) -> impl Strategy<Value = String> {
    (0..text.len(), 0usize..12, replacement(), any::<bool>()).prop_map(move |(at, length, replacement, whole_token)| {
        let is_end = |c: char| ",:[]{} \n".contains(c);
        let start = if whole_token { text[..at].rfind(is_end).map_or(0, |i| i + 1) } else { at };
        let end = if whole_token { text[start..].find(is_end).map_or(text.len(), |i| start + i) } else { (at + length).min(text.len()) };
        format!("{}{replacement}{}", &text[..start], &text[end..])
    })
}

fn plan() -> Plan {
    Plan { target: Some("y".to_owned()), features: Some(vec!["bmi".to_owned(), "ltg".to_owned()]), ..Plan::default() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn damaged_statistics_never_panic(text in damaged(case("shard-a/statistics.json"))) {
        if let Ok(mut statistics) = Statistics::parse(&text) {
            let whole = Statistics::parse(&case("shard-ab/statistics.json")).unwrap();
            drop(fit(&statistics, &Plan { target: Some("y".to_owned()), ..Plan::default() }));
            drop(forget(&mut whole.clone(), &statistics));
            drop(forget(&mut statistics.clone(), &whole));
            drop(statistics.merge(&whole));
            prop_assert_eq!(&Statistics::parse(&statistics.to_json()).unwrap(), &statistics);
        }
    }

    #[test]
    fn damaged_forms_never_panic(
        text in prop_oneof![
            damaged(include_str!("../../data/diabetes_raw.schema.json").to_owned()),
            damaged(case("train-raw-ldl/model.json")),
        ]
    ) {
        if let Ok(form) = Form::parse(&text) {
            drop(form.fields());
            drop(form.evaluate(r#"{"tc": "200", "hdl": "50 mg/dL", "triglycerides": {"value": "1,2", "unit": "mmol/L"}, "systolic": "120"}"#));
            drop(form.convert("tc", "5.2", "mmol/L", "mg/dL"));
        }
    }

    #[test]
    fn damaged_models_never_panic(text in damaged(case("train-schema-leaves-out/model.json"))) {
        drop(first_difference(&text, &text));
        if let Ok(model) = Model::parse(&text) {
            drop(judge(&model, &Statistics::parse(&case("train-schema-leaves-out/statistics.json")).unwrap(), 10.0));
            let again = Plan::parse(&samefit_core::json::document(&model.plan()));
            drop(again.and_then(Summarizer::new));
            if let Ok(predictor) = Predictor::new(model) {
                drop(predictor.predict_record(b"{\"x\": 1.5, \"y\": 2}"));
            }
        }
    }

    #[test]
    fn damaged_plans_never_panic(text in damaged(case("plan-with-schema/plan.json"))) {
        if let Ok(mut summarizer) = Plan::parse(&text).and_then(Summarizer::new) {
            drop(summarizer.push(b"x,y\n1,2\n2,4\n").and_then(|()| summarizer.finish()));
        }
    }

    #[test]
    fn damaged_data_never_panic(text in damaged(case("../diabetes.csv").lines().take(20).collect::<Vec<_>>().join("\n"))) {
        let mut summarizer = Summarizer::new(plan()).unwrap();
        if summarizer.push(text.as_bytes()).is_ok() {
            drop(summarizer.finish().and_then(|statistics| fit(&statistics, &plan())));
        }
    }

    #[test]
    fn any_bytes_as_data_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        let mut summarizer = Summarizer::new(Plan::default()).unwrap();
        if summarizer.push(&bytes).is_ok() {
            drop(summarizer.finish());
        }
    }
}
