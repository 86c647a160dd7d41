//! Models that no training makes are refused or read, and never end the program.

use crate::small;
use proptest::prelude::*;
use samefit_core::entry::Form;
use samefit_core::model::Model;
use samefit_core::plan::Plan;
use samefit_core::predict::{Predictor, Table};
use samefit_core::summary::summary;
use serde_json::{Value, json};

fn refused(model: &Value) -> String {
    let error = Model::parse(&model.to_string()).err().unwrap_or_else(|| panic!("{model}"));
    assert_eq!(error.code.name(), "model");
    error.sentence
}

#[test]
fn contradictions_are_refused() {
    type Change<'a> = &'a dyn Fn(&mut Value);
    let changed = |change: Change<'_>| {
        let mut model = small::model();
        change(&mut model);
        refused(&model)
    };
    let cases: [(Change<'_>, &str); 21] = [
        (&|model| model["coefficients"][0]["factors"][0]["level"] = json!("z"), "of another term"),
        (&|model| model["columns"][1]["levels"][1]["level"] = json!("z"), "is of the level `b` of `site`, which is not among its levels"),
        (&|model| model["columns"][1]["levels"][1]["level"] = json!("a"), "has a level twice"),
        (&|model| model["columns"][1]["levels"][1]["level"] = json!(" a"), "is not the text of a cell"),
        (&|model| model["columns"][1]["levels"][0]["level"] = json!("NA"), "is not the text of a cell"),
        (&|model| model["columns"][1]["levels"] = json!([]), "has no levels"),
        (&|model| model["columns"][1]["levels"] = json!(null), "has a reference and no levels"),
        (&|model| model["columns"][1]["reference"] = json!("z"), "the reference of the column `site`"),
        (&|model| model["columns"][1]["kept"] = json!(["a"]), "is neither kept nor `other`"),
        (&|model| model["columns"][0]["kept"] = json!(["a"]), "keeps levels and has no levels"),
        (&|model| model["columns"][0]["levels"] = json!([{"level": "a", "rows": 1}]), "uses the category `x` as a number"),
        (&|model| model["columns"][2]["levels"] = json!([{"level": "a", "rows": 1}]), "the target has levels"),
        (&|model| model["leverage"]["order"] = json!([0, 1, 1, 3]), "`leverage.order`"),
        (&|model| model["leverage"]["order"] = json!([0, 1, 2]), "`leverage.order`"),
        (&|model| model["leverage"]["order"] = json!([0, 1, 2, 4]), "`leverage.order`"),
        (&|model| model["leverage"]["l"][2] = json!([1.0]), "`leverage` has another size"),
        (&|model| model["empty_cells"] = json!([[{"column": "site", "level": "b"}]]), "`empty_cells`"),
        (&|model| model["empty_cells"] = json!([[{"column": "site", "level": "b"}, {"column": "site", "level": "c"}]]), "`empty_cells`"),
        (&|model| model["empty_cells"] = json!(vec![json!([]); (1 << 16) + 1]), "`empty_cells` has more than 65536 combinations"),
        (&|model| model["coefficients"][2]["name"] = json!("rcs(x,1,2,3)"), "not of one basis function of a spline of `x`"),
        (
            &|model| {
                model["coefficients"][2]["name"] = json!("rcs(x,1,2,3)[2]^2");
                model["coefficients"][2]["factors"] = json!([{"column": "x", "knots": ["1", "2", "3"], "basis": 2, "power": 2}]);
            },
            "not of one basis function of a spline of `x`, to the power 1",
        ),
    ];
    for (change, sentence) in cases {
        let found = changed(change);
        assert!(found.contains(sentence), "{found}, expected {sentence}");
    }
    let mut model = small::model();
    model["leverage"]["order"] = json!([0, 1, 2, 3]);
    model["leverage"]["l"][3] = json!([1.0]);
    Model::parse(&model.to_string()).unwrap();
}

fn damaged() -> impl Strategy<Value = String> {
    let texts = [
        "",
        "0",
        "-1",
        "1e999",
        "null",
        "true",
        "[]",
        "{}",
        "\"site\"",
        "\"x\"",
        "\"y\"",
        "\"a\"",
        "\"c\"",
        "[[]]",
        "4",
        "2048",
        "\"site[b]\"",
    ];
    let mut ordered = small::model();
    ordered["leverage"]["order"] = json!([1, 2, 0, 3]);
    ordered["empty_cells"] = json!([]);
    let text = ordered.to_string();
    let replacement = prop_oneof![prop::sample::select(texts.to_vec()).prop_map(str::to_owned), "[0-9\"\\[\\]{},:.e-]{0,4}"];
    prop::collection::vec((0..text.len(), replacement), 1..3).prop_map(move |changes| {
        let mut text = text.clone();
        for (at, replacement) in changes {
            let is_end = |c: char| ",:[]{}".contains(c);
            let at = at.min(text.len() - 1);
            let start = text[..at].rfind(is_end).map_or(0, |i| i + 1);
            let end = text[start..].find(is_end).map_or(text.len(), |i| start + i);
            text.replace_range(start..end, &replacement);
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn damaged_models_never_panic(text in damaged()) {
        if let Ok(model) = Model::parse(&text) {
            drop((model.plan(), summary(&model, 0.95)));
            let form = Form::of_model(&model);
            drop((form.fields(), form.evaluate(r#"{"x": "5", "site": "b"}"#).map(|entries| entries.to_json())));
            if let Ok(predictor) = Predictor::new(model) {
                drop(predictor.predict_record(br#"{"x": 1.5, "site": "c"}"#));
                drop(predictor.explain(br#"{"x": 1.5, "site": "a"}"#));
                drop(predictor.curve(br#"{"x": 1.5, "site": "a"}"#, "site", br#"["b", 1, null]"#));
                drop(predictor.predict_columns(&[1.0, 2.0, 3.0, 4.0], 2));
                if let Ok(mut table) = Table::new(predictor, &Plan::default()) {
                    drop(table.push(b"x,site\n1,a\n2,b\n3,c\n").and_then(|_| table.finish()));
                }
            }
        }
    }
}
