//! Predictions are the f64 nearest to the exact sum, and the ends of intervals the f64 nearest to the exact sum less and plus half the width:
//! of random models, by records, tables in chunks, columns and batches, compared with rational numbers to the last bit.
//!
//! `PROPTEST_CASES` sets the number of models.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod prediction_paths;

use dashu_int::IBig;
use prediction_paths::{check_batch, check_columns, check_records, check_table, interval};
use proptest::prelude::*;
use samefit_core::decimal::{Decimal, parse, ten_to};
use samefit_core::model::Model;
use samefit_core::predict::{Batch, Interval, Predictor};
use samefit_core::rounding::ratio_to_f64;
use samefit_core::statistics::exact_decimal;
use samefit_core::student::two_sided_quantile;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const COLUMNS: [&str; 4] = ["a", "b", "c", "d"];

/// A model and rows of cells.
#[derive(Clone, Debug)]
struct Problem {
    intercept: Option<(f64, f64)>,
    /// Powers of the columns, coefficient and remainder.
    terms: Vec<([u32; 4], (f64, f64))>,
    rows: Vec<[String; 4]>,
    /// L below its diagonal, row by row, and D.
    l: Vec<f64>,
    d: Vec<f64>,
    sd: f64,
}

/// Two parts, the second at most half an ulp of the first.
fn parts(value: f64, remainder: f64) -> (f64, f64) {
    let half_ulp = (value.abs().next_up() - value.abs()) / 2.0;
    (value, half_ulp * remainder)
}

fn coefficient() -> impl Strategy<Value = (f64, f64)> {
    let value = prop_oneof![
        3 => -10.0f64..10.0,
        2 => (-99i32..99).prop_map(f64::from),
        1 => (-1000i32..1000).prop_map(|k| f64::from(k) / 64.0),
        2 => (-9.0f64..9.0, -55i32..58).prop_map(|(m, e)| format!("{m}e{e}").parse().unwrap()),
        1 => Just(0.0),
    ];
    (value, prop_oneof![2 => Just(0.0), 3 => -1.0f64..1.0]).prop_map(|(value, remainder)| parts(value, remainder))
}

/// Cells of one kind.
fn column(rows: usize) -> impl Strategy<Value = Vec<String>> {
    let text = |value: f64| json!(value).to_string();
    let many = move |cell: BoxedStrategy<String>| prop::collection::vec(cell, rows..=rows).boxed();
    prop_oneof![
        4 => many((-999i32..999, 0usize..3).prop_map(|(k, scale)| Decimal { mantissa: k.into(), scale: scale as u32 }.to_string()).boxed()),
        2 => many((-3.0f64..3.0).prop_map(text).boxed()),
        2 => many("-?0\\.[0-9]{8,14}".boxed()),
        1 => many("-?[1-9][0-9]{15,20}".boxed()),
        1 => many("-?[0-9]{1,30}(\\.[0-9]{1,29})?".boxed()),
        1 => many((-9.0f64..9.0, -40i32..40).prop_map(move |(m, e)| text(format!("{m}e{e}").parse().unwrap())).boxed()),
        1 => many("-?[0-9]{1,3}(\\.[0-9]{1,2})?|[0-9]e-?[0-5]?[0-9]|0|1e-60|1e60|0\\.00".boxed()),
    ]
}

fn powers() -> impl Strategy<Value = [u32; 4]> {
    let one = |at: usize| std::array::from_fn(|column| u32::from(column == at));
    prop_oneof![
        6 => (0usize..4).prop_map(one),
        1 => (0usize..4, 2u32..5).prop_map(|(at, power)| std::array::from_fn(|column| if column == at { power } else { 0 })),
        1 => (0usize..4, 0usize..4, 1u32..3).prop_map(|(a, b, power)| std::array::from_fn(|column| if column == a { power } else { u32::from(column == b) })),
    ]
}

fn problem() -> impl Strategy<Value = Problem> {
    let rows = prop_oneof![1usize..6, 1usize..200];
    let columns = rows.prop_flat_map(|rows| (column(rows), column(rows), column(rows), column(rows)));
    let terms = prop::collection::vec((powers(), coefficient()), 0..6);
    let kind = prop_oneof![4 => Just(0), 1 => 1..4];
    let leverage = (prop::collection::vec(-2.0f64..2.0, 21), prop::collection::vec(0.1f64..50.0, 7), prop_oneof![Just(1.0), 1e-9f64..1e3]);
    (prop::option::weighted(0.8, coefficient()), terms, columns, kind, leverage).prop_map(
        |(intercept, mut terms, columns, kind, (l, d, sd))| {
            let mut seen = BTreeSet::new();
            terms.retain(|(powers, _)| seen.insert(*powers));
            let (a, mut b, c, d_column) = columns;
            let first = parts(1.0 / 3.0 * 1e14, 0.37);
            match kind {
                // huge coefficients of columns that are equal but for the last digits
                1 => {
                    b = a.iter().map(|cell| nearly(cell)).collect();
                    terms = vec![([1, 0, 0, 0], first), ([0, 1, 0, 0], (-first.0, 0.25 * first.1)), ([0, 0, 1, 0], parts(0.1, 0.9))];
                }
                // sums that are zero, in every row or in some
                2 => {
                    b = a.clone();
                    terms = vec![([1, 0, 0, 0], first), ([0, 1, 0, 0], (-first.0, -first.1))];
                }
                // halves of the last place: ties
                3 => terms = vec![([1, 0, 0, 0], (1.0, 0.0)), ([0, 1, 0, 0], (2f64.powi(-53), 0.0)), ([0, 0, 1, 0], (2f64.powi(-54), 0.0))],
                _ => {}
            }
            let intercept = if kind == 2 { None } else { intercept };
            let intercept = if terms.is_empty() { Some(intercept.unwrap_or((1.5, 0.0))) } else { intercept };
            let rows = (0..a.len()).map(|row| [a[row].clone(), b[row].clone(), c[row].clone(), d_column[row].clone()]).collect();
            Problem { intercept, terms, rows, l, d, sd }
        },
    )
}

/// Returns a cell with another last digit.
fn nearly(cell: &str) -> String {
    let digits = cell.split(['e', 'E']).next().unwrap();
    match digits.strip_suffix(|last: char| last.is_ascii_digit()) {
        Some(rest) if digits.len() == cell.len() && rest.len() > 1 => format!("{rest}3"),
        _ => cell.to_owned(),
    }
}

impl Problem {
    fn size(&self) -> usize {
        self.terms.len() + usize::from(self.intercept.is_some())
    }

    fn l_row(&self, i: usize) -> &[f64] {
        &self.l[i * i.saturating_sub(1) / 2..][..i]
    }

    fn model(&self) -> Model {
        let name = |powers: &[u32; 4]| {
            let factors = COLUMNS.iter().zip(powers).filter(|(_, power)| **power > 0);
            factors
                .map(|(name, power)| if *power == 1 { (*name).to_owned() } else { format!("{name}^{power}") })
                .collect::<Vec<_>>()
                .join("*")
        };
        let coefficients: Vec<Value> = self
            .terms
            .iter()
            .map(|(powers, (value, remainder))| {
                json!({"name": name(powers), "coefficient": value, "remainder": remainder, "std_error": 1.0, "t": 1.0, "p": 0.5})
            })
            .collect();
        let column = |name: &str| json!({"name": name, "mean": null, "sd": null, "min": null, "max": null, "distribution": null});
        let (intercept, remainder) = self.intercept.unwrap_or_default();
        let model = json!({
            "format": "samefit-model/2", "target": {"column": "y"},
            "intercept": intercept, "intercept_remainder": remainder, "has_intercept": self.intercept.is_some(),
            "coefficients": coefficients,
            "intercept_std_error": null, "intercept_t": null, "intercept_p": null,
            "fit": {"rows": 20, "residual_df": 9, "rss": 1.0, "residual_sd": self.sd, "r_squared": 0.5, "r_squared_kind": "centred"},
            "leverage": {"l": (0..self.size()).map(|i| self.l_row(i)).collect::<Vec<_>>(), "d": self.d[..self.size()]},
            "columns": COLUMNS.iter().map(|name| column(name)).chain([column("y")]).collect::<Vec<_>>(),
            "statistics_sha256": "",
        });
        Model::parse(&model.to_string()).unwrap()
    }

    /// Returns the exact prediction as a ratio.
    fn exact(&self, values: &[Decimal]) -> Decimal {
        let both = |(value, remainder): (f64, f64)| exact_decimal(value).plus(&exact_decimal(remainder));
        let term = |powers: &[u32; 4]| {
            let factors = values.iter().zip(powers).flat_map(|(value, power)| std::iter::repeat_n(value, *power as usize));
            factors.fold(Decimal::from(1), |product, factor| product.times(factor))
        };
        let terms = self.terms.iter().map(|(powers, coefficient)| both(*coefficient).times(&term(powers)));
        terms.fold(both(self.intercept.unwrap_or_default()), |sum, term| sum.plus(&term))
    }

    /// Returns half the width of an interval, by the operations that define it.
    fn half(&self, values: &[Decimal], Interval { level, of_mean }: Interval) -> f64 {
        let values: Vec<f64> = values.iter().map(Decimal::to_f64).collect();
        let term = |powers: &[u32; 4]| {
            let factors = values.iter().zip(powers).flat_map(|(value, power)| std::iter::repeat_n(*value, *power as usize));
            factors.reduce(|product, factor| product * factor).unwrap()
        };
        let mut z: Vec<f64> = self.intercept.map(|_| 1.0).into_iter().chain(self.terms.iter().map(|(powers, _)| term(powers))).collect();
        let mut leverage = 0.0;
        for i in 0..z.len() {
            let known = self.l_row(i).iter().zip(&z).fold(0.0, |sum, (l, z)| sum + l * z);
            z[i] -= known;
            leverage += z[i] * z[i] / self.d[i];
        }
        two_sided_quantile(level, 9.0) * self.sd * (if of_mean { leverage } else { 1.0 + leverage }).sqrt()
    }

    /// Returns the prediction and the ends of the interval of a row; none if they are too large.
    fn expected(&self, values: &[Decimal], interval: Interval) -> Option<[f64; 3]> {
        let (exact, half) = (self.exact(values), self.half(values, interval));
        if !half.is_finite() {
            return None;
        }
        let half = exact_decimal(half);
        let all = [exact.clone(), exact.plus(&half.negated()), exact.plus(&half)].map(|number| nearest(&number));
        all.iter().all(|value| value.is_finite()).then_some(all)
    }
}

/// Returns the nearest f64, without a sign if it is zero.
fn nearest(number: &Decimal) -> f64 {
    ratio_to_f64(&number.mantissa, &ten_to(number.scale)) + 0.0
}

fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(64)
}

fn check(mut problem: Problem, interval: Interval, chunk: usize, shortest: [bool; 4]) -> Result<(), TestCaseError> {
    // some columns are f64, which mean their shortest text
    for row in &mut problem.rows {
        for (cell, _) in row.iter_mut().zip(shortest).filter(|(_, shortest)| *shortest) {
            *cell = json!(parse(cell.as_bytes()).unwrap().to_f64()).to_string();
        }
    }
    let decimals = |row: &[String; 4]| row.each_ref().map(|cell| parse(cell.as_bytes()).unwrap());
    problem.rows = problem.rows.clone().into_iter().filter(|row| problem.expected(&decimals(row), interval).is_some()).collect();
    let values: Vec<[Decimal; 4]> = problem.rows.iter().map(decimals).collect();
    let want: Vec<[f64; 3]> = values.iter().map(|row| problem.expected(row, interval).unwrap()).collect();
    let predictor = Predictor::new(problem.model()).unwrap().with_interval(interval).unwrap();

    let text = format!("a,b,c,d\n{}", problem.rows.iter().map(|row| row.join(",") + "\n").collect::<String>());
    check_table(&predictor, &text, chunk, &want)?;

    let mut batch = Batch::new(predictor.clone());
    for (at, name) in COLUMNS.iter().enumerate() {
        match shortest[at] {
            true => batch.set_f64(name, values.iter().map(|row| row[at].to_f64()).collect::<Vec<_>>()),
            false => batch.set_text(name, problem.rows.iter().map(|row| row[at].clone() + "\n").collect::<String>().into_bytes()),
        }
    }
    check_batch(&mut batch, interval, &want)?;
    if shortest == [true; 4] {
        let flat: Vec<f64> = (0..4).flat_map(|at| values.iter().map(move |row| row[at].to_f64())).collect();
        check_columns(&predictor.predict_columns(&flat, want.len()).unwrap(), &want, "columns")?;
    }

    let record = |row: &[String; 4]| json!({"a": row[0], "b": row[1], "c": row[2], "d": row[3]}).to_string();
    check_records(&predictor, problem.rows.iter().map(record), &want)?;

    // the other columns as in the first row
    if let Some(first) = problem.rows.first() {
        let cells: Vec<&String> = problem.rows.iter().map(|row| &row[0]).take(10).collect();
        let mut points = Vec::new();
        for cell in &cells {
            let mut row = values[0].clone();
            row[0] = parse(cell.as_bytes()).unwrap();
            points.push(problem.expected(&row, interval));
        }
        let curve = predictor.curve(record(first).as_bytes(), "a", json!(cells).to_string().as_bytes());
        match points.into_iter().collect::<Option<Vec<_>>>() {
            Some(points) => check_columns(&curve.unwrap(), &points, "curve")?,
            None => prop_assert!(curve.is_err()),
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), max_shrink_iters: 2000, ..ProptestConfig::default() })]

    #[test]
    fn every_path_rounds_the_exact_prediction(problem in problem(), interval in interval(), chunk in prop_oneof![1usize..9, 500usize..5000], shortest in any::<[bool; 4]>()) {
        check(problem, interval, chunk, shortest)?;
    }

    /// Columns of f64 may hold values that no cell can.
    #[test]
    fn columns_take_numbers_of_any_size(
        problem in problem(),
        exponents in prop::collection::vec((-9.0f64..9.0, prop_oneof![-320i32..-60, -30i32..30, 60i32..100]), 20),
    ) {
        let mut problem = problem;
        problem.terms.retain(|(powers, _)| powers.iter().sum::<u32>() == 1);
        problem.intercept = Some(problem.intercept.unwrap_or((0.5, 0.0)));
        let values: Vec<f64> = exponents.iter().map(|(m, e)| format!("{m}e{e}").parse::<f64>().unwrap()).collect();
        let rows = values.len() / 4;
        let exact = |value: f64| {
            // of two equally short texts, JSON has the one that counts
            let text = json!(value).to_string();
            let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
            let number = parse(mantissa.as_bytes()).unwrap();
            let exponent: i32 = exponent.parse().unwrap();
            let power = IBig::from(10).pow(exponent.unsigned_abs() as usize);
            if exponent < 0 { Decimal { scale: number.scale + exponent.unsigned_abs(), ..number } } else { Decimal { mantissa: number.mantissa * power, ..number } }
        };
        let predictor = Predictor::new(problem.model()).unwrap();
        let got = predictor.predict_columns(&values, rows);
        let row = |row: usize| -> Vec<Decimal> { (0..4).map(|column| exact(values[column * rows + row])).collect() };
        let want: Option<Vec<[f64; 3]>> = (0..rows).map(|at| problem.expected(&row(at), Interval::default())).collect();
        match want {
            Some(want) => {
                let got = got.unwrap();
                for (row, want) in want.iter().enumerate() {
                    prop_assert_eq!([got[row], got[rows + row], got[2 * rows + row]].map(f64::to_bits), want.map(f64::to_bits));
                }
            }
            None => prop_assert!(got.is_err()),
        }
    }
}
