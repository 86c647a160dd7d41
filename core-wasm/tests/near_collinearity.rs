//! Which features a model says are nearly collinear, and with which relation.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use proptest::prelude::*;
use samefit_core::error::{Code, Result};
use samefit_core::fit::fit;
use samefit_core::model::{Model, NearCollinearity};
use samefit_core::plan::{NearCollinear, Plan};
use samefit_core::summarizer::Summarizer;

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../data");

fn read(file: &str) -> String {
    std::fs::read_to_string(format!("{DATA}/{file}")).unwrap()
}

/// Fits all columns, or the terms that are named.
fn train(csv: &str, target: &str, features: &[&str], plan: Plan) -> Result<Model> {
    let features = (!features.is_empty()).then(|| features.iter().map(|name| name.to_string()).collect());
    let plan = Plan { target: Some(target.to_owned()), features, ..plan };
    let mut summarizer = Summarizer::new(plan.clone())?;
    summarizer.push(csv.as_bytes())?;
    fit(&summarizer.finish()?, &plan)
}

fn of(csv: &str, target: &str, features: &[&str]) -> Model {
    train(csv, target, features, Plan::default()).unwrap()
}

/// Returns the notes of a model as a terminal shows them.
fn notes(model: &Model) -> Vec<String> {
    model.notes().iter().map(|note| format!("{}: {}", note.sentence, note.help)).collect()
}

#[test]
fn a_temperature_in_two_units_is_named_with_its_relation() {
    let weather = read("collinear/weather.csv");
    let model = of(&weather, "load", &[]);
    assert_eq!(notes(&model), ["`fahrenheit` is 1.8*celsius + 32 to within 6e-15: leave one out"]);
    let near = &model.near_collinear[0];
    assert_eq!((near.column.as_str(), near.others.as_slice()), ("fahrenheit", &["celsius".to_owned()][..]));
    // one cell of twelve is 6e-15 off, and no f64 says so from above more closely
    assert_eq!(near.within, Some(6e-15_f64.next_up()));
    assert!(near.tolerance < 1e-30 && Some(near.tolerance) == model.coefficients[1].tolerance, "{}", near.tolerance);

    // a model that was read says the same
    assert_eq!(notes(&Model::parse(&model.to_json()).unwrap()), notes(&model));

    // the first feature stays, whatever it is
    let turned = of(&weather, "load", &["fahrenheit", "celsius"]);
    assert_eq!(notes(&turned), ["`celsius` is 5/9*fahrenheit - 160/9 to within 4e-15: leave one out"]);
}

#[test]
fn a_plan_can_refuse_it() {
    let plan = Plan { near_collinear: NearCollinear::Error, ..Plan::default() };
    let error = train(&read("collinear/weather.csv"), "load", &[], plan.clone()).unwrap_err();
    assert_eq!((error.code, error.found.as_deref()), (Code::NearCollinear, Some("1.8*celsius + 32")));
    assert_eq!(error.sentence, "`fahrenheit` is 1.8*celsius + 32 to within 6e-15");
    assert!(train(&read("diabetes.csv"), "y", &[], plan).is_ok());
    assert_eq!(Plan::parse(r#"{"near_collinear": "error"}"#).unwrap().near_collinear, NearCollinear::Error);
    assert_eq!(Plan::parse(r#"{"near_collinear": "never"}"#).unwrap_err().code, Code::Plan);
}

#[test]
fn shares_that_add_up_to_one_are_named() {
    let model = of(&read("collinear/shares.csv"), "y", &[]);
    let [near] = &model.near_collinear[..] else { panic!("{:?}", model.near_collinear) };
    assert_eq!((near.column.as_str(), near.relation.as_deref()), ("c", Some("-a - b + 1")));
    assert!(near.within.is_some_and(|within| within < 1e-15));
}

#[test]
fn exact_dependence_is_still_an_error() {
    let corrected = read("collinear/weather.csv").replace("58.459999999999994", "58.46");
    assert_eq!(train(&corrected, "load", &[], Plan::default()).unwrap_err().code, Code::Collinear);
}

#[test]
fn other_data_have_no_note() {
    for (file, target, features) in [
        ("collinear/ids.csv", "y", &[][..]),
        ("nist/longley.csv", "y", &[]),
        ("nist/norris.csv", "y", &[]),
        ("nist/pontius.csv", "y", &["x", "x^2"]),
        ("nist/wampler1.csv", "y", &["x", "x^2", "x^3", "x^4", "x^5"]),
        ("nist/wampler5.csv", "y", &["x", "x^2", "x^3", "x^4", "x^5"]),
        ("diabetes.csv", "y", &[]),
        ("diabetes_raw.csv", "y", &[]),
    ] {
        assert_eq!(notes(&of(&read(file), target, features)), [""; 0], "{file}");
    }
}

/// The variance inflation factors of Longley's data, as statsmodels and textbooks print them.
#[test]
fn variance_inflation_factors_of_longley_are_the_published_ones() {
    let model = of(&read("nist/longley.csv"), "y", &[]);
    let factors: Vec<String> = model.coefficients.iter().map(|c| format!("{:.2}", 1.0 / c.tolerance.unwrap())).collect();
    assert_eq!(factors, ["135.53", "1788.51", "33.62", "3.59", "399.15", "758.98"]);
}

#[test]
fn powers_without_a_simple_relation_are_named_together() {
    let powers = ["x", "x^2", "x^3", "x^4", "x^5", "x^6", "x^7", "x^8", "x^9", "x^10"];
    let model = of(&read("nist/filip.csv"), "y", &powers);
    assert!(!model.near_collinear.is_empty());
    for NearCollinearity { relation, within, others, tolerance, .. } in &model.near_collinear {
        assert!(relation.is_none() && within.is_none() && !others.is_empty() && *tolerance < 1e-10);
    }
    let first = &model.notes()[0];
    assert_eq!(
        first.sentence,
        "`x^8` is nearly a linear combination of `x`, `x^2`, `x^3`, `x^4`, `x^5`, `x^6`, `x^7`: 1 - R² of it on the others is 5e-12"
    );
    assert_eq!(first.help, "leave one of them out, or subtract its mean from a column before its powers are made");
}

#[test]
fn of_two_pairs_each_is_named_by_its_own_relation() {
    // inches and centimetres, pounds and kilograms, each rounded to 12 digits after the point
    let csv = "inch,cm,lb,kg,y\n61.5,156.21,130,58.96701,1\n70.2,178.308,181,82.10022,2\n66.1,167.894000000001,155,70.30682,4\n\
               59.9,152.146,120,54.43108,3\n73.4,186.436,210,95.2544,5\n68,172.720000000001,170,77.1107,2\n";
    let model = of(csv, "y", &["inch", "lb", "cm", "kg"]);
    let relations: Vec<(&str, Option<&str>)> =
        model.near_collinear.iter().map(|near| (near.column.as_str(), near.relation.as_deref())).collect();
    // a pound is 0.45359237 kg, whose denominator is beyond 1000
    assert_eq!(relations, [("cm", Some("2.54*inch")), ("kg", None)]);
    assert_eq!(model.near_collinear[1].others, ["lb"]);
    assert!(model.coefficients.iter().all(|c| c.tolerance.unwrap() < 1e-10));
}

/// No feature is near on those before it, and the first is on all others.
#[test]
fn a_feature_that_all_others_explain_together_is_named() {
    // x is u + v + w + z but for some digits at the end; its variation is four times that of z, which keeps twice the least share
    let row = |i: i64| {
        let parts = [i * 37 % 101, i * 53 % 97, i * 29 % 89, i * 41 % 103];
        let x = 10_000 * parts.iter().sum::<i64>() + 5 * (i % 3 - 1);
        let [u, v, w, z] = parts;
        format!("{}.{:04},{u},{v},{w},{z},{}\n", x / 10_000, x % 10_000, i * i % 13)
    };
    let csv = format!("x,u,v,w,z,y\n{}", (1..90).map(row).collect::<String>());
    let model = of(&csv, "y", &["x", "u", "v", "w", "z"]);
    let tolerances: Vec<f64> = model.coefficients.iter().map(|c| c.tolerance.unwrap()).collect();
    assert!(tolerances[0] < 1e-10 && tolerances[1..].iter().all(|tolerance| *tolerance > 1e-10), "{tolerances:?}");
    let [near] = &model.near_collinear[..] else { panic!("{:?}", model.near_collinear) };
    assert_eq!((near.column.as_str(), near.others.join(" ").as_str(), near.tolerance), ("x", "u v w z", tolerances[0]));
    assert_eq!((near.relation.as_ref(), near.within), (None, None));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// A column that is a simple relation of others but for rounding is named with exactly this relation, and no row is farther away.
    #[test]
    fn simple_relations_are_found(
        rows in prop::collection::vec((-5000i64..5000, -5000i64..5000, -99i64..99, any::<bool>()), 8..20), factors in (1i64..99, 1i64..40, -50i64..50), intercept: bool,
    ) {
        // c = p/q a - b + constant in units of 10^-12, some of them one unit off
        let (p, q, constant) = (factors.0, factors.1, if intercept { factors.2 } else { 0 });
        let unit = 1_000_000_000_000i128;
        let exact = |a: i64, b: i64| i128::from(p) * i128::from(a) * unit / i128::from(q) - i128::from(b) * unit + i128::from(constant) * unit;
        let decimal = |value: i128| format!("{}{}.{:012}", if value < 0 { "-" } else { "" }, value.abs() / unit, value.abs() % unit);
        let line = |(a, b, y, off): &(i64, i64, i64, bool)| format!("{a},{b},{},{y}\n", decimal(exact(*a, *b) + i128::from(*off)));
        let csv = format!("a,b,c,y\n{}", rows.iter().map(line).collect::<String>());
        let Ok(model) = train(&csv, "y", &["a", "b", "c"], Plan { intercept, ..Plan::default() }) else { return Ok(()) };
        // few rows may make the columns near in other ways
        prop_assume!(model.near_collinear.iter().any(|near| near.column == "c"));
        let near = &model.near_collinear[0];
        let within = near.within.unwrap_or_default();
        let farthest = rows.iter().map(|(a, b, _, off)| {
            let got = (exact(*a, *b) + i128::from(*off)) * i128::from(q);
            let want = i128::from(p) * i128::from(*a) * unit + (i128::from(constant) - i128::from(*b)) * unit * i128::from(q);
            (got - want).abs() as f64 / q as f64 / unit as f64
        }).fold(0.0, f64::max);
        prop_assert!(near.relation.as_ref().is_some_and(|text| text.contains("*a - b") || text.starts_with("a - b")), "{:?}", near);
        prop_assert!(within >= farthest * (1.0 - 1e-12) && within <= 2e-12 * rows.len() as f64, "{} {}", within, farthest);
    }
}
