//! What exact sums tell of single patients, and what they do not tell if they were made to be shared.
//!
//! **The attacker** has a released document: the exact sums, and sums of products of any two, of its columns and terms, or a model that was
//! fitted on them. Of all rows but a few, four at most, the attacker knows one thing: that a polynomial of degree two in two of the terms is
//! zero there modulo some m up to 256. That is how people know things of others: all ages are whole numbers, all doses multiples of 5, all
//! codes 0 or 1, nobody is in both groups, one column is twice the other. The attacker knows nothing else: no value of any row, and nothing of
//! the few. **The attack** adds up the polynomial from the moments. What comes, modulo m, is of the few rows alone. If they are one row, and
//! the polynomial is linear, that row's remainders modulo m in all other columns follow.
//!
//! Statistics that are not shared are open to it, and so are models of them: that is asserted too, so that the attack is one. Against
//! shared ones there is no such polynomial: sharing rounds the values until there is none, or refuses. The tests look for polynomials by
//! themselves, in tables with planted rows of many kinds ([`planted`]) and for all pairs of columns and all m ([`search`]).
//!
//! *Not shown*: what an attacker learns who knows more, say all rows but one, or another release that differs by few rows; polynomials
//! in three terms or more; m above 256; what is likely but not certain, such as an outlier behind a large sum of squares.
//!
//! In `data/diabetes_raw.csv` one patient alone has an HDL cholesterol that is no whole number, 42.5. In tenths, all the others are
//! multiples of ten. So the last digit of the sum of HDL times sex is that of this patient's product alone: 5 if the code of the sex
//! is odd, 0 if it is even. The same gives whether the patient's age, glucose and outcome are odd. Nothing is guessed: it is written in the
//! file. A model says as much, for L and D multiply to X'X, whose entries are decimals that a 64-bit float holds.
//!
//! Multiples of ten are not needed. In LDL cholesterol, measured in tenths, one patient alone has an odd number, so the sums give that
//! patient's parities away: any step does of which all values but one are multiples.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

#[path = "disclosure/planted.rs"]
mod planted;
#[path = "disclosure/search.rs"]
mod search;

use planted::{KINDS, Planted, ordinary, planted};
use samefit_core::error::Code;
use samefit_core::error::Error;
use samefit_core::fit::fit;
use samefit_core::plan::Plan;
use samefit_core::schema::Schema;
use samefit_core::statistics::Statistics;
use samefit_core::summarizer::Summarizer;
use samefit_testing::random::{Random, rounds};
use search::{Found, Released, Table, search};
use serde_json::Value;
use std::collections::BTreeMap;

/// Sums of products by the names of two columns; "" is the column of ones.
type Sums = BTreeMap<(String, String), f64>;

/// Columns of whole numbers, whose parity the attack is after.
const WHOLE: [&str; 5] = ["age", "sex", "tc", "glu", "y"];

fn read(path: &str) -> String {
    std::fs::read_to_string(format!("{}/../data/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn rows() -> Vec<BTreeMap<String, f64>> {
    let text = read("diabetes_raw.csv");
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    lines.map(|line| names.iter().map(|name| name.to_string()).zip(line.split(',').map(|cell| cell.parse().unwrap())).collect()).collect()
}

fn plan() -> Plan {
    let schema: Schema = serde_json::from_str(&read("diabetes_raw.schema.json")).unwrap();
    Plan { schema: Some(schema), ..Plan::default() }
}

fn summarizer(plan: &Plan) -> Summarizer {
    let mut summarizer = Summarizer::new(plan.clone()).unwrap();
    summarizer.push(read("diabetes_raw.csv").as_bytes()).unwrap();
    summarizer
}

/// The texts of the statistics and of the model of all columns, made plainly.
fn plain() -> (String, String) {
    let statistics = summarizer(&plan()).finish().unwrap();
    (statistics.to_json(), fit(&statistics, &plan()).unwrap().to_json())
}

/// The same, made to be shared.
fn shared() -> (String, String) {
    let plan = Plan { share: true, ..plan() };
    let shared = summarizer(&plan).choose_decimals().unwrap();
    let statistics = summarizer(&Plan { shared: Some(shared), ..plan.clone() }).finish().unwrap();
    (statistics.to_json(), fit(&statistics, &plan).unwrap().to_json())
}

/// What anyone reads in statistics.
fn sums_of_statistics(text: &str) -> Sums {
    let statistics: Value = serde_json::from_str(text).unwrap();
    let terms = statistics["terms"].as_array().unwrap();
    let names: Vec<&str> = std::iter::once("").chain(terms.iter().map(|term| term[0][0].as_str().unwrap())).collect();
    let mut sums = Sums::new();
    for (i, row) in statistics["moments"].as_array().unwrap().iter().enumerate() {
        for (j, sum) in row.as_array().unwrap().iter().enumerate() {
            put(&mut sums, names[i], names[j], sum.as_str().unwrap().parse().unwrap());
        }
    }
    sums
}

/// What anyone can compute from a model: X'X = L D L', and with the coefficients X'y.
fn sums_of_model(text: &str) -> Sums {
    let model: Value = serde_json::from_str(text).unwrap();
    let floats = |value: &Value| value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect::<Vec<f64>>();
    let d = floats(&model["leverage"]["d"]);
    let l: Vec<Vec<f64>> = model["leverage"]["l"].as_array().unwrap().iter().map(|row| [floats(row), vec![1.0]].concat()).collect();
    let coefficients = model["coefficients"].as_array().unwrap();
    let names: Vec<&str> = std::iter::once("").chain(coefficients.iter().map(|term| term["name"].as_str().unwrap())).collect();
    let values: Vec<f64> = std::iter::once(&model["intercept"])
        .chain(coefficients.iter().map(|term| &term["coefficient"]))
        .map(|x| x.as_f64().unwrap())
        .collect();
    let entry = |i: usize, j: usize| (0..=i.min(j)).map(|k| l[i][k] * d[k] * l[j][k]).sum::<f64>();
    let mut sums = Sums::new();
    for i in 0..names.len() {
        (0..=i).for_each(|j| put(&mut sums, names[i], names[j], entry(i, j)));
        put(&mut sums, names[i], "y", (0..names.len()).map(|j| entry(i, j) * values[j]).sum());
    }
    sums
}

fn put(sums: &mut Sums, a: &str, b: &str, sum: f64) {
    sums.insert((a.to_owned(), b.to_owned()), sum);
    sums.insert((b.to_owned(), a.to_owned()), sum);
}

/// The attack on one column, in so many decimals: if one row alone is odd there, whether that row's values of other columns are odd.
/// None if even the number of odd rows is even, so that it cannot be one.
fn parities(sums: &Sums, column: &str, decimals: i32) -> Option<BTreeMap<String, bool>> {
    // what a float has lost of a decimal, rounding brings back
    let is_odd = |other: &str| (sums[&(column.to_owned(), other.to_owned())] * 10f64.powi(decimals)).round() as i64 % 2 != 0;
    is_odd("").then(|| WHOLE.iter().map(|other| (other.to_string(), is_odd(other))).collect())
}

/// The same of 42.5: odd in halves, for in tenths it is a multiple of five and all others are of ten.
fn half(sums: &Sums, column: &str) -> Option<BTreeMap<String, bool>> {
    let is_odd = |other: &str| (sums[&(column.to_owned(), other.to_owned())] * 2.0).round() as i64 % 2 != 0;
    is_odd("").then(|| WHOLE.iter().map(|other| (other.to_string(), is_odd(other))).collect())
}

/// What is true of the one row that satisfies this.
fn truth(is_it: impl Fn(&BTreeMap<String, f64>) -> bool) -> BTreeMap<String, bool> {
    let found: Vec<BTreeMap<String, f64>> = rows().into_iter().filter(is_it).collect();
    assert_eq!(found.len(), 1);
    WHOLE.iter().map(|name| (name.to_string(), found[0][*name] as i64 % 2 != 0)).collect()
}

fn has_half_hdl(row: &BTreeMap<String, f64>) -> bool {
    row["hdl"].fract() != 0.0
}

fn has_odd_ldl(row: &BTreeMap<String, f64>) -> bool {
    (row["ldl"] * 10.0).round() as i64 % 2 != 0
}

#[test]
fn plain_statistics_tell_of_single_patients() {
    let sums = sums_of_statistics(&plain().0);
    assert_eq!(half(&sums, "hdl"), Some(truth(has_half_hdl)));
    assert_eq!(parities(&sums, "ldl", 1), Some(truth(has_odd_ldl)));
    // the code is 1 or 2, so that its parity is all of it
    assert!(truth(has_half_hdl)["sex"]);
}

#[test]
fn plain_models_tell_the_same() {
    let sums = sums_of_model(&plain().1);
    assert_eq!(half(&sums, "hdl"), Some(truth(has_half_hdl)));
    assert_eq!(parities(&sums, "ldl", 1), Some(truth(has_odd_ldl)));
}

#[test]
fn shared_statistics_and_models_do_not() {
    let (statistics, model) = shared();
    for sums in [sums_of_statistics(&statistics), sums_of_model(&model)] {
        assert_eq!(half(&sums, "hdl"), None, "all are whole numbers now");
        assert!(!is_answer(parities(&sums, "hdl", 0), has_half_hdl));
        assert_eq!(half(&sums, "ldl"), None);
        assert!(!is_answer(parities(&sums, "ldl", 1), has_odd_ldl));
        assert!(!is_answer(parities(&sums, "ldl", 0), has_odd_ldl));
    }
    for text in [statistics, model] {
        let document: Value = serde_json::from_str(&text).unwrap();
        let decimals = &document["shared"]["decimals"];
        assert_eq!((&decimals["hdl"], &decimals["ldl"], &decimals["bmi"]), (&0.into(), &0.into(), &1.into()));
        assert!(!text.contains("\"distribution\": {"), "counts of values would tell of rare ones");
    }
}

fn is_answer(came: Option<BTreeMap<String, bool>>, of: fn(&BTreeMap<String, f64>) -> bool) -> bool {
    came == Some(truth(of))
}

/// The attack in general: whatever the step, no fewer than five of the rounded rows stand apart from the rest.
#[test]
fn no_step_singles_out_fewer_than_five_rows() {
    let document: Value = serde_json::from_str(&shared().0).unwrap();
    for (name, decimals) in document["shared"]["decimals"].as_object().unwrap() {
        let unit = 10f64.powi(decimals.as_i64().unwrap() as i32);
        let integers: Vec<i64> = rows().iter().map(|row| (row[name] * unit).round_ties_even() as i64).collect();
        for step in 2..=256 {
            let mut counts = BTreeMap::new();
            integers.iter().for_each(|integer| *counts.entry(integer.rem_euclid(step)).or_insert(0) += 1);
            let apart = integers.len() - counts.values().max().unwrap();
            assert!(apart == 0 || apart >= 5, "{name}: {apart} rows are no whole steps of {step} from the rest");
        }
    }
}

/// Random polynomials that are tried for each pair of columns and each prime.
const TRIES: usize = 2;

/// The table as a file: its cells have so many decimals.
fn csv(planted: &Planted) -> String {
    let cell = |value: i64, decimals: i32| if decimals == 0 { value.to_string() } else { format!("{}.{}", value / 10, value % 10) };
    let line =
        |row: &Vec<i64>| row.iter().zip(planted.decimals).map(|(value, decimals)| cell(*value, decimals)).collect::<Vec<_>>().join(",");
    let lines = planted.table.rows.iter().map(line);
    std::iter::once(planted.table.names.join(",")).chain(lines).map(|line| line + "\n").collect()
}

fn decimals_of(planted: &Planted) -> BTreeMap<String, i32> {
    planted.table.names.iter().cloned().zip(planted.decimals).collect()
}

/// The statistics of these columns, made plainly or to be shared.
fn release(planted: &Planted, columns: &[String], share: bool) -> Result<Statistics, Error> {
    let text = csv(planted);
    let fed = |plan: &Plan| -> Result<Summarizer, Error> {
        let mut summarizer = Summarizer::new(plan.clone())?;
        summarizer.push(text.as_bytes())?;
        Ok(summarizer)
    };
    let plan = Plan { columns: Some(columns.to_vec()), ..Plan::default() };
    if !share {
        return fed(&plan)?.finish();
    }
    let decimals = decimals_of(planted).into_iter().filter(|(name, _)| columns.contains(name)).collect();
    let plan = Plan { share: true, decimals: Some(decimals), ..plan };
    let shared = fed(&plan)?.choose_decimals()?;
    fed(&Plan { shared: Some(shared), ..plan })?.finish()
}

/// Half to even.
fn rounded(value: i64, zeros: i32) -> i64 {
    let unit = 10_i64.pow(zeros.unsigned_abs());
    let (below, rest) = (value.div_euclid(unit), value.rem_euclid(unit));
    match (rest * 2).cmp(&unit) {
        std::cmp::Ordering::Less => below,
        std::cmp::Ordering::Greater => below + 1,
        std::cmp::Ordering::Equal => below + below.rem_euclid(2),
    }
}

/// These columns of the table, rounded to these decimals, in units of the last.
fn table_of(planted: &Planted, columns: &[String], decimals: &BTreeMap<String, i32>) -> Table {
    let measured = decimals_of(planted);
    let place = |name: &String| planted.table.names.iter().position(|other| other == name).unwrap();
    let value = |row: &Vec<i64>, name: &String| rounded(row[place(name)], measured[name] - decimals[name]);
    let rows = planted.table.rows.iter().map(|row| columns.iter().map(|name| value(row, name)).collect());
    Table { names: columns.to_vec(), rows: rows.collect() }
}

/// What the document tells is what these few rows are: the sum of the polynomial, and what follows of a row that is alone.
fn assert_read_off(released: &Released, table: &Table, found: &Found) {
    let Found { polynomial, rows } = found;
    assert_eq!(released.sum_of(polynomial), polynomial.sum_over(table, rows), "{found:?}");
    if let [alone] = rows[..] {
        for column in 0..table.names.len() {
            if let Some(remainder) = released.remainder_in(polynomial, column) {
                assert_eq!(remainder, table.rows[alone][column].rem_euclid(polynomial.modulus()), "{found:?}");
            }
        }
    }
}

/// Shares what can be shared: leaves out what the errors say. Returns the columns that were left, and the document.
fn share_as_advised(planted: &Planted) -> Option<(Vec<String>, Statistics)> {
    let mut columns = planted.table.names.clone();
    loop {
        match release(planted, &columns, true) {
            Ok(statistics) => return Some((columns, statistics)),
            Err(error) => {
                assert_eq!(error.code, Code::SingledOut, "{error}");
                let advice = error.help.as_str();
                let named = |name: &String| advice.contains(&format!("`{name}`")) || error.column.as_ref() == Some(name);
                let before = columns.len();
                columns.retain(|name| !named(name));
                assert!(columns.len() < before, "the advice names a column: {error}");
            }
        }
        if columns.is_empty() {
            return None;
        }
    }
}

#[test]
fn planted_rows_are_read_off_plain_statistics_and_not_off_shared_ones() {
    let mut random = Random::new("planted");
    let (mut alone, mut refused, mut coarser) = (0, 0, 0);
    for round in 0..rounds(1, 60) * KINDS.len() {
        let kind = round % KINDS.len();
        let planted = planted(kind, &mut random);
        let measured = decimals_of(&planted);
        let plain = Released::read(&release(&planted, &planted.table.names, false).unwrap().to_json(), &planted.table.names, &measured);
        let found = search(&planted.table, &mut random, TRIES);
        let of_planted = found.iter().filter(|found| found.rows.iter().all(|row| planted.rows.contains(row)));
        assert!(of_planted.count() > 0, "{}: {planted:?}", KINDS[kind]);
        found.iter().for_each(|found| assert_read_off(&plain, &planted.table, found));
        let linear = |found: &&Found| found.rows.len() == 1 && plain.remainder_in(&found.polynomial, 2).is_some();
        alone += found.iter().filter(linear).count();
        let all = release(&planted, &planted.table.names, true);
        match &all {
            Ok(statistics) => coarser += usize::from(statistics.shared.as_ref().unwrap().decimals != measured),
            Err(_) => refused += 1,
        }
        let Some((columns, statistics)) = share_as_advised(&planted) else { continue };
        let decimals = statistics.shared.unwrap().decimals;
        let left = search(&table_of(&planted, &columns, &decimals), &mut random, TRIES);
        assert!(left.is_empty(), "{}: {:?} in {planted:?}", KINDS[kind], left[0]);
    }
    // none of it was for nothing
    assert!(alone > 0 && refused > 0 && coarser > 0, "{alone} read off, {refused} refused, {coarser} rounded");
}

#[test]
fn ordinary_tables_are_shared_as_they_are() {
    let mut random = Random::new("ordinary");
    for _ in 0..rounds(4, 200) {
        let planted = ordinary(&mut random);
        let statistics = release(&planted, &planted.table.names, true).unwrap();
        assert_eq!(statistics.shared.unwrap().decimals, decimals_of(&planted));
        assert!(search(&planted.table, &mut random, TRIES).is_empty());
    }
}
