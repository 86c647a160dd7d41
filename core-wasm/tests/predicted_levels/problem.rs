//! Random models with categories, and rows of cells for them.

use proptest::prelude::*;
use samefit_core::decimal::{Decimal, parse, ten_to};
use samefit_core::model::Model;
use samefit_core::predict::Interval;
use samefit_core::rounding::ratio_to_f64;
use samefit_core::statistics::exact_decimal;
use samefit_core::student::two_sided_quantile;
use serde_json::{Value, json};

/// The columns: numbers and categories in turn.
pub(super) const COLUMNS: [&str; 4] = ["a", "site", "b", "smoker"];
const SITES: [&str; 5] = ["1", "2", "10", "north", "x y"];
const SMOKERS: [&str; 2] = ["no", "yes"];

/// A factor of a term: a column, and a power or a level.
#[derive(Clone, Copy, Debug)]
pub(super) enum Factor {
    Power(usize, u32),
    Level(usize, &'static str),
}
use Factor::{Level, Power};

const TERMS: [&[Factor]; 13] = [
    &[Power(0, 1)],
    &[Power(2, 2)],
    &[Level(1, "2")],
    &[Level(1, "10")],
    &[Level(1, "north")],
    &[Level(1, "x y")],
    &[Level(3, "yes")],
    &[Power(0, 1), Level(1, "2")],
    &[Power(0, 1), Level(1, "north")],
    &[Power(0, 1), Level(1, "x y")],
    &[Level(1, "2"), Level(3, "yes")],
    &[Level(1, "north"), Level(3, "yes")],
    &[Power(0, 1), Power(2, 1)],
];

/// A model and rows of cells.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    pub(super) intercept: Option<(f64, f64)>,
    pub(super) terms: Vec<(&'static [Factor], (f64, f64))>,
    pub(super) rows: Vec<[String; 4]>,
    /// Which column of the design matrix stands where in the factors.
    pub(super) order: Option<Vec<usize>>,
    /// The rows of L, left of the diagonal, with all zeros.
    pub(super) l: Vec<Vec<f64>>,
    pub(super) d: Vec<f64>,
    pub(super) sd: f64,
}

/// Two parts, the second at most half an ulp of the first.
fn parts() -> impl Strategy<Value = (f64, f64)> {
    let value = prop_oneof![3 => -10.0f64..10.0, 1 => (-99i32..99).prop_map(f64::from), 1 => -1e9f64..1e9, 1 => Just(0.0)];
    (value, prop_oneof![1 => Just(0.0), 2 => -1.0f64..1.0]).prop_map(|(value, remainder)| {
        let half_ulp = (value.abs().next_up() - value.abs()) / 2.0;
        (value, half_ulp * remainder)
    })
}

fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => (-999i32..999, 0usize..3).prop_map(|(k, scale)| Decimal { mantissa: k.into(), scale: scale as u32 }.to_string()),
        1 => "-?[0-9]{1,20}(\\.[0-9]{1,9})?",
        1 => (-3.0f64..3.0).prop_map(|value| json!(value).to_string()),
    ]
}

fn row() -> impl Strategy<Value = [String; 4]> {
    let site = prop_oneof![8 => prop::sample::select(&SITES[..]), 1 => Just("1.0"), 1 => Just("02"), 1 => Just("1e1")];
    (number(), site, number(), prop::sample::select(&SMOKERS[..]))
        .prop_map(|(a, site, b, smoker)| [a, site.to_owned(), b, smoker.to_owned()])
}

pub(super) fn problem() -> impl Strategy<Value = Problem> {
    let terms = prop::collection::vec((any::<prop::sample::Index>(), parts()), 0..10);
    let rows = prop_oneof![prop::collection::vec(row(), 1..6), prop::collection::vec(row(), 1..120)];
    let factors = (prop::collection::vec(prop_oneof![1 => Just(0.0), 4 => -2.0f64..2.0], 66), prop::collection::vec(0.1f64..50.0, 11));
    let order = (0u32..4, prop::collection::vec(any::<u32>(), 11), prop::collection::vec(0usize..12, 11));
    (prop::option::weighted(0.8, parts()), terms, rows, factors, order, prop_oneof![Just(1.0), 1e-9f64..1e3]).prop_map(
        |(intercept, chosen, rows, (l, d), (kind, keys, zeros), sd)| {
            let mut terms: Vec<(&'static [Factor], (f64, f64))> = Vec::new();
            let mut seen = Vec::new();
            for (at, coefficient) in chosen {
                let at = at.index(TERMS.len());
                if !seen.contains(&at) {
                    seen.push(at);
                    terms.push((TERMS[at], coefficient));
                }
            }
            let intercept = if terms.is_empty() { Some(intercept.unwrap_or((1.5, 0.0))) } else { intercept };
            let (first, size) = (usize::from(intercept.is_some()), terms.len() + usize::from(intercept.is_some()));
            let mut order: Vec<usize> = (0..size).collect();
            // indicators of one category first, or any order
            let is_first = |at: &usize| at.checked_sub(first).is_none_or(|at| !matches!(terms[at].0, [Level(1, _)]));
            let is_second = |at: &usize| at.checked_sub(first).is_none_or(|at| !matches!(terms[at].0, [Power(0, 1), Level(1, _)]));
            match kind {
                1 => order.sort_by_key(|at| (is_first(at), is_second(at), keys[*at])),
                2 => order.sort_by_key(|at| keys[*at]),
                _ => {}
            }
            let order = (kind > 0).then_some(order);
            let row = |i: usize| -> Vec<f64> {
                let leading = match (&order, kind) {
                    (None, _) => 0,
                    (Some(order), 1) if !is_first(&order[i]) || !is_second(&order[i]) => i,
                    _ => zeros[i].min(i),
                };
                (0..i).map(|j| if j < leading { 0.0 } else { l[i * (i - 1) / 2 + j] }).collect()
            };
            let l = (0..size).map(row).collect();
            Problem { intercept, terms, rows, order, l, d: d[..size].to_vec(), sd }
        },
    )
}

/// Returns the level of a cell.
fn level(cell: &str) -> &str {
    match cell {
        "1.0" => "1",
        "02" => "2",
        "1e1" => "10",
        other => other,
    }
}

impl Problem {
    pub(super) fn model(&self) -> Model {
        Model::parse(&self.json().to_string()).unwrap()
    }

    pub(super) fn json(&self) -> Value {
        let coefficient = |(term, (value, remainder)): &(&[Factor], (f64, f64))| {
            let text = |factor: &Factor| match factor {
                Power(column, 1) => COLUMNS[*column].to_owned(),
                Power(column, power) => format!("{}^{power}", COLUMNS[*column]),
                Level(column, level) => format!("{}[{level}]", COLUMNS[*column]),
            };
            let factor = |factor: &Factor| match factor {
                Power(column, 1) => json!({"column": COLUMNS[*column]}),
                Power(column, power) => json!({"column": COLUMNS[*column], "power": power}),
                Level(column, level) => json!({"column": COLUMNS[*column], "level": level}),
            };
            let is_number = term.iter().all(|factor| matches!(factor, Power(..)));
            let mut one = json!({
                "name": term.iter().map(text).collect::<Vec<_>>().join("*"),
                "coefficient": value, "remainder": remainder, "std_error": 1.0, "t": 1.0, "p": 0.5,
            });
            if !is_number {
                one["factors"] = term.iter().map(factor).collect();
            }
            one
        };
        let rows = |texts: &[&str]| texts.iter().map(|text| json!({"level": text, "rows": 4})).collect::<Value>();
        let mut columns: Vec<Value> = COLUMNS.iter().map(|name| number_column(name)).chain([number_column("y")]).collect();
        columns[1]["levels"] = rows(&SITES);
        columns[1]["reference"] = json!("1");
        let listed: Vec<Value> = SITES.iter().map(|site| json!({"value": site, "title": format!("site {site}")})).collect();
        columns[1]["schema"] = json!({"name": "site", "kind": "category", "categories": listed});
        columns[3]["levels"] = rows(&SMOKERS);
        let shown = |row: &Vec<f64>| match self.order {
            // zeros at the beginning may be left out
            Some(_) => row.iter().copied().skip_while(|l| *l == 0.0).collect(),
            None => row.clone(),
        };
        let (intercept, remainder) = self.intercept.unwrap_or_default();
        let mut model = json!({
            "format": "samefit-model/2", "target": {"column": "y"},
            "intercept": intercept, "intercept_remainder": remainder, "has_intercept": self.intercept.is_some(),
            "coefficients": self.terms.iter().map(coefficient).collect::<Vec<_>>(),
            "intercept_std_error": null, "intercept_t": null, "intercept_p": null,
            "fit": {"rows": 20, "residual_df": 9, "rss": 1.0, "residual_sd": self.sd, "r_squared": 0.5, "r_squared_kind": "centred"},
            "leverage": {"l": self.l.iter().map(shown).collect::<Vec<_>>(), "d": self.d},
            "columns": columns, "statistics_sha256": "",
        });
        if let Some(order) = &self.order {
            model["leverage"]["order"] = json!(order);
        }
        model
    }

    /// Returns the value of each variable: 0 or 1 for a level.
    pub(super) fn value(&self, factor: Factor, row: &[String; 4]) -> Decimal {
        match factor {
            Power(column, power) => {
                let value = parse(row[column].as_bytes()).unwrap();
                (1..power).fold(value.clone(), |product, _| product.times(&value))
            }
            Level(column, own) => Decimal::from(i64::from(level(&row[column]) == own)),
        }
    }

    fn exact(&self, row: &[String; 4]) -> Decimal {
        let both = |(value, remainder): (f64, f64)| exact_decimal(value).plus(&exact_decimal(remainder));
        let term = |term: &[Factor]| term.iter().fold(Decimal::from(1), |product, factor| product.times(&self.value(*factor, row)));
        let terms = self.terms.iter().map(|(factors, coefficient)| both(*coefficient).times(&term(factors)));
        terms.fold(both(self.intercept.unwrap_or_default()), |sum, term| sum.plus(&term))
    }

    /// Returns half the width of an interval, by the operations that define it.
    fn half(&self, row: &[String; 4], Interval { level, of_mean }: Interval) -> f64 {
        let power = |factor: &Factor| match factor {
            Power(column, power) => vec![parse(row[*column].as_bytes()).unwrap().to_f64(); *power as usize],
            Level(..) => vec![self.value(*factor, row).to_f64()],
        };
        let term = |term: &[Factor]| term.iter().flat_map(power).reduce(|product, factor| product * factor).unwrap();
        let design: Vec<f64> = self.intercept.map(|_| 1.0).into_iter().chain(self.terms.iter().map(|(factors, _)| term(factors))).collect();
        let mut z: Vec<f64> = (0..design.len()).map(|i| design[self.order.as_ref().map_or(i, |order| order[i])]).collect();
        let mut leverage = 0.0;
        for i in 0..z.len() {
            let known = self.l[i].iter().zip(&z).fold(0.0, |sum, (l, z)| sum + l * z);
            z[i] -= known;
            leverage += z[i] * z[i] / self.d[i];
        }
        two_sided_quantile(level, 9.0) * self.sd * (if of_mean { leverage } else { 1.0 + leverage }).sqrt()
    }

    /// Returns the prediction and the ends of the interval of a row.
    pub(super) fn expected(&self, row: &[String; 4], interval: Interval) -> [f64; 3] {
        let (exact, half) = (self.exact(row), exact_decimal(self.half(row, interval)));
        let nearest = |number: &Decimal| ratio_to_f64(&number.mantissa, &ten_to(number.scale)) + 0.0;
        [exact.clone(), exact.plus(&half.negated()), exact.plus(&half)].map(|number| nearest(&number))
    }
}

pub(super) fn number_column(name: &str) -> Value {
    json!({"name": name, "mean": null, "sd": null, "min": null, "max": null, "distribution": null})
}
