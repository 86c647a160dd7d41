//! Half the width of intervals, on NIST's data and on data that are collinear but for rounding, against rational numbers; and the shapes of
//! intervals in every format.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use dashu_int::IBig;
use samefit_core::decimal::{Decimal, parse, ten_to};
use samefit_core::error::Code;
use samefit_core::fit::fit;
use samefit_core::plan::{Format, Plan};
use samefit_core::predict::{Batch, Interval, Predictor, Status, Table};
use samefit_core::rounding::ratio_to_f64;
use samefit_core::student::two_sided_quantile;
use samefit_core::summarizer::Summarizer;
use serde_json::{Value, json};

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../data");

fn read(path: &str) -> String {
    std::fs::read_to_string(format!("{DATA}/{path}")).unwrap()
}

fn trained(text: &str, plan: &Plan) -> Predictor {
    let mut summarizer = Summarizer::new(plan.clone()).unwrap();
    summarizer.push(text.as_bytes()).unwrap();
    Predictor::new(fit(&summarizer.finish().unwrap(), plan).unwrap()).unwrap()
}

/// Returns the columns of the design, each as integers at one scale.
fn design(text: &str, predictor: &Predictor) -> Vec<Vec<IBig>> {
    let names: Vec<&str> = text.lines().next().unwrap().split(',').collect();
    let rows: Vec<Vec<Decimal>> =
        text.lines().skip(1).map(|line| line.split(',').map(|cell| parse(cell.as_bytes()).unwrap()).collect()).collect();
    let ones = predictor.model().has_intercept.then(|| vec![Decimal::from(1); rows.len()]);
    let terms = predictor.model().terms().unwrap();
    let term = |term: &samefit_core::terms::Term| -> Vec<Decimal> {
        let value = |row: &Vec<Decimal>| {
            let factors = term.factors.iter().flat_map(|(name, power)| std::iter::repeat_n(name, *power as usize));
            factors.fold(Decimal::from(1), |product, name| {
                product.times(&row[names.iter().position(|other| *other == name.column()).unwrap()])
            })
        };
        rows.iter().map(value).collect()
    };
    let columns = ones.into_iter().chain(terms.iter().map(term));
    let integers = |column: Vec<Decimal>| {
        let scale = column.iter().map(|value| value.scale).max().unwrap();
        column.iter().map(|value| value.mantissa_at(scale)).collect()
    };
    columns.map(integers).collect()
}

/// Returns the leverage of a row of the design: minus the determinant of X'X bordered by the row, over that of X'X.
fn leverage(columns: &[Vec<IBig>], row: usize) -> (IBig, IBig) {
    let size = columns.len();
    let dot = |a: &[IBig], b: &[IBig]| a.iter().zip(b).map(|(a, b)| a * b).sum::<IBig>();
    let mut matrix: Vec<Vec<IBig>> = columns.iter().map(|a| columns.iter().map(|b| dot(a, b)).chain([a[row].clone()]).collect()).collect();
    matrix.push(columns.iter().map(|column| column[row].clone()).chain([IBig::ZERO]).collect());
    let mut before = IBig::ONE;
    for k in 0..size {
        for i in k + 1..=size {
            for j in k + 1..=size {
                matrix[i][j] = (&matrix[i][j] * &matrix[k][k] - &matrix[i][k] * &matrix[k][j]) / &before;
            }
        }
        before = matrix[k][k].clone();
    }
    (-matrix[size][size].clone(), before)
}

#[test]
fn halves_are_those_of_rational_numbers() {
    let powers: Vec<String> = (1..=10).map(|power| if power == 1 { "x".to_owned() } else { format!("x^{power}") }).collect();
    let sets: [(&str, &str, &[String], bool); 9] = [
        ("nist/filip.csv", "y", &powers, true),
        ("nist/wampler1.csv", "y", &powers[..5], true),
        ("nist/wampler4.csv", "y", &powers[..5], true),
        ("nist/longley.csv", "y", &[], true),
        ("nist/norris.csv", "y", &[], true),
        ("nist/noint1.csv", "y", &[], false),
        ("collinear/weather.csv", "load", &[], true),
        ("collinear/shares.csv", "y", &[], true),
        ("collinear/ids.csv", "y", &[], true),
    ];
    for (path, target, features, intercept) in sets {
        let text = read(path);
        let features = (!features.is_empty()).then(|| features.to_vec());
        let predictor = trained(&text, &Plan { target: Some(target.to_owned()), features, intercept, ..Plan::default() });
        let columns = design(&text, &predictor);
        let fit = &predictor.model().fit;
        let factor = two_sided_quantile(0.95, fit.residual_df as f64) * fit.residual_sd.unwrap();
        let names: Vec<&str> = text.lines().next().unwrap().split(',').collect();
        for (of_mean, outcome) in [(false, 1), (true, 0)] {
            let predictor = predictor.clone().with_interval(Interval { level: 0.95, of_mean }).unwrap();
            for (row, line) in text.lines().skip(1).enumerate() {
                let cells = names.iter().zip(line.split(',')).map(|(name, cell)| (name.to_string(), Value::from(cell)));
                let record = Value::Object(cells.collect()).to_string();
                let interval = &predictor.predict_record(record.as_bytes()).unwrap()["interval"];
                let [lower, upper] = ["lower", "upper"].map(|end| interval[end].to_string().parse::<f64>().unwrap());
                let (numerator, denominator) = leverage(&columns, row);
                let want = factor * ratio_to_f64(&(numerator + &denominator * outcome), &denominator).sqrt();
                let ulp = lower.abs().max(upper.abs()).next_up() - lower.abs().max(upper.abs());
                let off = ((upper - lower) / 2.0 - want).abs();
                assert!(off <= 1e-9 * want + ulp, "{path}, row {row}: {off:e} of {want:e}");
            }
        }
    }
}

/// What is added to an explained prediction gives the prediction, but for half an ulp of each number.
#[test]
fn contributions_add_up() {
    for (path, target) in [("collinear/weather.csv", "load"), ("collinear/ids.csv", "y"), ("nist/longley.csv", "y")] {
        let text = read(path);
        let predictor = trained(&text, &Plan { target: Some(target.to_owned()), ..Plan::default() });
        let names: Vec<&str> = text.lines().next().unwrap().split(',').collect();
        for line in text.lines().skip(1) {
            let cells = names.iter().zip(line.split(',')).map(|(name, cell)| (name.to_string(), Value::from(cell)));
            let explained = predictor.explain(Value::Object(cells.collect()).to_string().as_bytes()).unwrap();
            let number = |value: &Value| value.to_string().parse::<f64>().unwrap();
            let parts = explained["contributions"].as_array().unwrap().iter().map(|one| number(&one["contribution"]));
            let parts: Vec<f64> = parts.chain([number(&explained["start"]["value"])]).collect();
            let exact = |value: f64| samefit_core::statistics::exact_decimal(value);
            let sum = parts.iter().fold(exact(-number(&explained["prediction"])), |sum, &part| sum.plus(&exact(part)));
            let ulps: f64 = parts.iter().map(|part| part.abs().next_up() - part.abs()).sum();
            let ulp = number(&explained["prediction"]).abs().next_up() - number(&explained["prediction"]).abs();
            let off = ratio_to_f64(&sum.mantissa, &ten_to(sum.scale)).abs();
            // the stored remainders round the exact means and coefficients once more
            assert!(off <= 0.51 * (ulps + ulp), "{path}: {off:e}");
        }
    }
}

#[test]
fn intervals_say_their_level_and_what_they_are_for() {
    let predictor = trained("a,y\n1,2\n2,4.5\n3,6\n4,7.5\n", &Plan { target: Some("y".to_owned()), ..Plan::default() });
    let record = predictor.predict_record(br#"{"a": 2}"#).unwrap();
    assert_eq!(record["interval"].as_object().unwrap().keys().collect::<Vec<_>>(), ["level", "lower", "upper"]);
    let plan = Plan::parse(r#"{"level": 0.5, "interval": "confidence", "format": "jsonl"}"#).unwrap();
    let mut table = Table::new(predictor.clone(), &plan).unwrap();
    let mut line = table.push(b"{\"a\": 2}\n").unwrap();
    line.extend(table.finish().unwrap());
    let line: Value = serde_json::from_slice(&line).unwrap();
    assert_eq!(line["interval"].as_object().unwrap().keys().collect::<Vec<_>>(), ["level", "of", "lower", "upper"]);
    assert_eq!((&line["interval"]["level"], &line["interval"]["of"]), (&json!(0.5), &json!("mean")));

    for level in [0.0, 1.0, -0.5, 95.0, f64::NAN] {
        assert_eq!(predictor.clone().with_interval(Interval { level, of_mean: false }).unwrap_err().code, Code::Level);
        let plan = Plan { level: Some(level), ..Plan::default() };
        assert_eq!(Table::new(predictor.clone(), &plan).map(drop).unwrap_err().code, Code::Level);
    }
    assert_eq!(Plan::parse(r#"{"level": 95}"#).unwrap_err().code, Code::Level);
    assert_eq!(Plan::parse(r#"{"interval": "tolerance"}"#).unwrap_err().code, Code::Plan);
    assert_eq!(Format::Jsonl, plan.format);
}

#[test]
fn a_batch_says_what_became_of_each_row() {
    let plan = Plan { target: Some("y".to_owned()), ..Plan::default() };
    let predictor = trained("a,b,y\n1,2,2\n2,1,4.5\n3,7,6\n4,2,7.5\n5,1,9\n", &plan);
    let mut batch = Batch::new(predictor.clone());
    batch.set_f64("a", vec![1.0, f64::NAN, 3.0, 1e9, f64::INFINITY]);
    batch.set_text("b", "2\n1\nx\n1.50\n \n");
    batch.set_text("unused", "?");
    let values = batch.predict(Interval::default()).unwrap();
    assert_eq!(
        batch.status(),
        [Status::Fine, Status::Missing, Status::Error, Status::OutOfRange, Status::Error].map(|status| status as u8)
    );
    assert_eq!(values.iter().map(|value| value.is_nan()).collect::<Vec<_>>(), [[false, true, true, false, true]; 3].concat());
    let problems = batch.problems();
    let problem = |at: usize| [&problems[at]["code"], &problems[at]["row"], &problems[at]["column"]].map(Value::to_string).join(" ");
    assert_eq!([0, 1, 2].map(problem), ["\"missing-values\" 2 \"a\"", "\"not-a-number\" 3 \"b\"", "\"not-a-value\" 5 \"a\""]);
    let record = predictor.predict_record(br#"{"a": 1000000000, "b": 1.5}"#).unwrap();
    assert_eq!(json!(values[3]), record["predicted_y"]);

    // the columns are gone
    assert_eq!(batch.predict(Interval::default()).unwrap_err().code, Code::MissingFeature);
    batch.set_f64("a", vec![1.0]);
    batch.set_f64("b", vec![1.0, 2.0]);
    assert_eq!(batch.predict(Interval::default()).unwrap_err().code, Code::ColumnLengths);
    batch.set_f64("a", vec![f64::NAN; 150]);
    batch.set_f64("b", vec![1.0; 150]);
    batch.predict(Interval { level: 0.5, of_mean: true }).unwrap();
    assert_eq!((batch.status().len(), batch.problems().as_array().unwrap().len()), (150, 100));
}

#[test]
fn a_curve_takes_numbers_and_texts() {
    let predictor = trained("a,y\n1,2\n2,4.5\n3,6\n", &Plan { target: Some("y".to_owned()), ..Plan::default() });
    let curve = |values: &str| predictor.curve(b"{}", "a", values.as_bytes());
    assert_eq!(curve("[1, 2.50]").unwrap(), curve("[\"1\", \" 2.5\"]").unwrap());
    assert_eq!(curve("[1, 2]").unwrap(), predictor.predict_columns(&[1.0, 2.0], 2).unwrap());
    for (values, code, row) in [
        ("[1, null]", Code::MissingValues, Some(2)),
        ("[\"x\"]", Code::NotANumber, Some(1)),
        ("[[1]]", Code::Record, None),
        ("{}", Code::Record, None),
        ("[1", Code::Json, None),
    ] {
        let error = curve(values).unwrap_err();
        assert_eq!((error.code, error.row), (code, row), "{values}");
    }
}
