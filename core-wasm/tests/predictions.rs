//! Predictions of many rows at once are those of each row by itself, to the byte.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use proptest::prelude::*;
use samefit_core::error::Error;
use samefit_core::fit::fit;
use samefit_core::plan::{Only, Plan};
use samefit_core::predict::{Predictor, Table};
use samefit_core::summarizer::Summarizer;

const FEATURES: [&str; 5] = ["a", "b", "a*b", "b^2", "c"];

/// Text of a table with the columns a, b, c and y.
fn table(rows: &[(i32, i32, f64, i32)], cell: impl Fn(usize) -> Option<&'static str>) -> String {
    let row = |(at, (a, b, c, y)): (usize, &(i32, i32, f64, i32))| match cell(at) {
        Some(cell) => format!("{a},{cell},{c},{y}\n"),
        None => format!("{a},{}.{:02},{c},{y}\n", b / 100, b % 100),
    };
    "a,b,c,y\n".to_owned() + &rows.iter().enumerate().map(row).collect::<String>()
}

fn predictor(text: &str, features: usize, intercept: bool) -> Option<Predictor> {
    let plan = Plan {
        target: Some("y".to_owned()),
        features: Some(FEATURES[..features].iter().map(|name| name.to_string()).collect()),
        intercept,
        ..Plan::default()
    };
    let mut summarizer = Summarizer::new(plan.clone()).unwrap();
    summarizer.push(text.as_bytes()).unwrap();
    fit(&summarizer.finish().unwrap(), &plan).ok().map(|model| Predictor::new(model).unwrap())
}

fn predicted(predictor: &Predictor, plan: &Plan, text: &str, chunk: usize) -> Result<String, Error> {
    let mut table = Table::new(predictor.clone(), plan);
    let mut out = Vec::new();
    for chunk in text.as_bytes().chunks(chunk) {
        out.extend(table.push(chunk)?);
    }
    out.extend(table.finish()?);
    Ok(String::from_utf8(out).unwrap())
}

fn row() -> impl Strategy<Value = (i32, i32, f64, i32)> {
    (0..100, 0..9999, prop_oneof![-1.0..1.0f64, Just(0.5), -1e17..1e17f64], 0..400)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn many_rows_are_predicted_as_each(
        training in prop::collection::vec(row(), 12..40),
        rows in prop::collection::vec(row(), 1..200),
        features in 1usize..6,
        intercept in any::<bool>(),
        odd in prop_oneof![Just(None), (0usize..200, prop_oneof![Just("1e2"), Just(" 7"), Just("x"), Just(""), Just("1e60"), Just("123456789.125")]).prop_map(Some)],
        only in any::<bool>(),
        with_input in any::<bool>(),
        semicolons in any::<bool>(),
    ) {
        let Some(predictor) = predictor(&table(&training, |_| None), features, intercept) else { return Ok(()) };
        let text = table(&rows, |at| odd.filter(|(row, _)| *row == at).map(|(_, cell)| cell));
        // between semicolons a column that is not used may hold commas
        let text = if semicolons { text.replace(',', ";").replace(";y\n", ";y;d\n").replace('\n', ";1,5\n").replace("d;1,5", "d") } else { text };
        let plan = Plan { only: only.then_some(Only::Predicted), with_input, delimiter: if semicolons { ';' } else { ',' }, ..Plan::default() };
        let singly = predicted(&predictor, &plan, &text, 1);
        prop_assert_eq!(&predicted(&predictor, &plan, &text, usize::MAX), &singly);
        prop_assert_eq!(&predicted(&predictor, &plan, &text, 997), &singly);
    }
}
