//! Attacks on released statistics: exact sums single out patients, and sums that were made to be shared do not.
//!
//! **The attacker** has a released document: the exact sums of its columns and terms and of the products of any two of them, or a model that
//! was fitted to such sums. The attacker knows one thing of the rows: a polynomial of degree two in two of the terms is zero modulo some m up
//! to 256 in all rows but a few, four at most. People know such things of others: ages are whole numbers, doses are multiples of 5, codes are
//! 0 or 1, nobody is in both groups, one column is twice another. The attacker knows no value of any row, and nothing of the few rows.
//!
//! **The attack** computes the sum of the polynomial from the moments. Modulo m, this sum is of the few rows alone. If it is one row, and the
//! polynomial is linear, then that row's remainders modulo m in all other columns follow.
//!
//! Statistics that are not made to be shared, and models of them, are open to this attack. The tests assert that too, which shows that the
//! attack works. Shared statistics have no such polynomial: sharing rounds the values until there is none, or refuses. The tests look for
//! polynomials by themselves, in tables with planted rows of many kinds ([`planted`]), for all pairs of columns and all m ([`search`]).
//!
//! *Not shown*: what an attacker learns who knows more, such as all rows but one, or another release that differs in few rows; polynomials in
//! three or more terms; m above 256; what is likely but not certain, such as an outlier behind a large sum of squares.
//!
//! **Examples.** In `data/diabetes_raw.csv` exactly one patient has an HDL cholesterol that is not a whole number, 42.5. In tenths, all other
//! values are multiples of ten. So the last digit of the sum of HDL over the patients of one sex is 5 if this patient is among them, and 0 if
//! not. Other sums tell whether the patient's age, glucose and outcome are odd. A model tells as much: the factors L and D multiply to X'X,
//! whose entries are decimals that a 64-bit float holds. In LDL cholesterol, measured in tenths, exactly one patient has an odd number, so the
//! sums tell the same of that patient.
//!
//! **Functions and splines.** Statistics with a function of a column, or with the cubes of a spline, have sums of further columns. The attack is
//! made on them as on columns.
//!
//! **Categories.** Statistics with categories have the sums over the rows of each level, and of each pair of levels. So the attack is made on
//! the rows of each level as on a table.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

#[path = "disclosure/planted.rs"]
mod planted;
#[path = "disclosure/search.rs"]
mod search;

use planted::{Computed, Kind, Planted, ordinary, planted, planted_term};
use samefit_core::error::{Code, Error};
use samefit_core::fit::fit;
use samefit_core::plan::Plan;
use samefit_core::schema::Schema;
use samefit_core::statistics::Statistics;
use samefit_core::summarizer::Summarizer;
use samefit_testing::random::{Random, rounds};
use search::{Found, Released, Table, search};
use serde_json::Value;
use std::collections::BTreeMap;

/// Sums of products of two columns by their names. The name "" is the column of ones, and `sex[2]` is one in rows with this level.
type Sums = BTreeMap<(String, String), f64>;

/// Columns of whole numbers. The attack tells whether a patient's values in them are odd.
const WHOLE: [&str; 5] = ["age", "sex[2]", "tc", "glu", "y"];

fn read(path: &str) -> String {
    std::fs::read_to_string(format!("{}/../data/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn rows() -> Vec<BTreeMap<String, f64>> {
    let text = read("diabetes_raw.csv");
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let row = |line: &str| -> BTreeMap<String, f64> {
        names.iter().map(|name| name.to_string()).zip(line.split(',').map(|cell| cell.parse().unwrap())).collect()
    };
    let with_level = |mut row: BTreeMap<String, f64>| {
        row.insert("sex[2]".to_owned(), f64::from(u8::from(row["sex"] == 2.0)));
        row
    };
    lines.map(row).map(with_level).collect()
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

/// Returns the texts of the statistics and of the model of all columns, not made to be shared.
fn plain() -> (String, String) {
    let statistics = summarizer(&plan()).finish().unwrap();
    (statistics.to_json(), fit(&statistics, &plan()).unwrap().to_json())
}

/// As [`plain`], but made to be shared, after doing what the errors advise. Among the patients of one sex with an odd age, few have an odd
/// number of hundredths in the ratio `tch`, and few an odd number of tenths.
fn shared() -> (String, String) {
    let plan = Plan { share: true, ..plan() };
    let shared = summarizer(&plan).choose_decimals().unwrap();
    let error = summarizer(&Plan { shared: Some(shared), ..plan.clone() }).finish().unwrap_err();
    assert_eq!((error.code, error.column.as_deref()), (Code::SingledOut, Some("age*tch")));
    assert!(error.help.contains("or round coarser: --decimals tch=1"), "{error}");
    let plan = Plan { decimals: Some([("tch".to_owned(), 0)].into()), ..plan };
    let shared = summarizer(&plan).choose_decimals().unwrap();
    let statistics = summarizer(&Plan { shared: Some(shared), ..plan.clone() }).finish().unwrap();
    (statistics.to_json(), fit(&statistics, &plan).unwrap().to_json())
}

/// Reads the sums in statistics.
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
    let of_level = &statistics["categories"][0]["levels"][1];
    assert_eq!(of_level["level"], "2");
    for (i, row) in of_level["moments"].as_array().unwrap().iter().enumerate() {
        put(&mut sums, names[i], "sex[2]", row[0].as_str().unwrap().parse().unwrap());
    }
    sums
}

/// Computes sums from a model: X'X = L D L', and X'y from the coefficients.
fn sums_of_model(text: &str) -> Sums {
    let model: Value = serde_json::from_str(text).unwrap();
    let floats = |value: &Value| value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect::<Vec<f64>>();
    let d = floats(&model["leverage"]["d"]);
    // the rows of L, with the zeros that they leave out
    let full = |row: Vec<f64>, at: usize| [vec![0.0; at - row.len()], row, vec![1.0]].concat();
    let l: Vec<Vec<f64>> = model["leverage"]["l"].as_array().unwrap().iter().enumerate().map(|(at, row)| full(floats(row), at)).collect();
    let order = floats(&model["leverage"]["order"]);
    let place = |column: usize| order.iter().position(|other| *other as usize == column).unwrap();
    let coefficients = model["coefficients"].as_array().unwrap();
    let names: Vec<&str> = std::iter::once("").chain(coefficients.iter().map(|term| term["name"].as_str().unwrap())).collect();
    let values: Vec<f64> = std::iter::once(&model["intercept"])
        .chain(coefficients.iter().map(|term| &term["coefficient"]))
        .map(|x| x.as_f64().unwrap())
        .collect();
    let entry = |i: usize, j: usize| {
        let (i, j) = (place(i), place(j));
        (0..=i.min(j)).map(|k| l[i][k] * d[k] * l[j][k]).sum::<f64>()
    };
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

/// Attacks one column, in units of this decimal. If exactly one row is odd there, returns whether this row's values in other columns are odd.
/// Returns `None` if the number of odd rows is even, so that it cannot be one.
fn parities(sums: &Sums, column: &str, decimals: i32) -> Option<BTreeMap<String, bool>> {
    // rounding restores the decimal that the float stands for
    let is_odd = |other: &str| (sums[&(column.to_owned(), other.to_owned())] * 10f64.powi(decimals)).round() as i64 % 2 != 0;
    is_odd("").then(|| WHOLE.iter().map(|other| (other.to_string(), is_odd(other))).collect())
}

/// As [`parities`], in units of one half: 42.5 is odd in halves, and whole numbers are even.
fn half(sums: &Sums, column: &str) -> Option<BTreeMap<String, bool>> {
    let is_odd = |other: &str| (sums[&(column.to_owned(), other.to_owned())] * 2.0).round() as i64 % 2 != 0;
    is_odd("").then(|| WHOLE.iter().map(|other| (other.to_string(), is_odd(other))).collect())
}

/// Returns whether the values of the only row with this property are odd.
fn truth(has_property: impl Fn(&BTreeMap<String, f64>) -> bool) -> BTreeMap<String, bool> {
    let found: Vec<BTreeMap<String, f64>> = rows().into_iter().filter(has_property).collect();
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
fn plain_statistics_single_out_patients() {
    let sums = sums_of_statistics(&plain().0);
    assert_eq!(half(&sums, "hdl"), Some(truth(has_half_hdl)));
    assert_eq!(parities(&sums, "ldl", 1), Some(truth(has_odd_ldl)));
    // the sums by level tell the sex
    assert!(!truth(has_half_hdl)["sex[2]"]);
}

#[test]
fn plain_models_single_out_the_same_patients() {
    let sums = sums_of_model(&plain().1);
    assert_eq!(half(&sums, "hdl"), Some(truth(has_half_hdl)));
    assert_eq!(parities(&sums, "ldl", 1), Some(truth(has_odd_ldl)));
}

#[test]
fn shared_statistics_and_models_do_not_single_them_out() {
    let (statistics, model) = shared();
    for sums in [sums_of_statistics(&statistics), sums_of_model(&model)] {
        assert_eq!(half(&sums, "hdl"), None, "all values are whole numbers now");
        assert!(!is_answer(parities(&sums, "hdl", 0), has_half_hdl));
        assert_eq!(half(&sums, "ldl"), None);
        assert!(!is_answer(parities(&sums, "ldl", 1), has_odd_ldl));
        assert!(!is_answer(parities(&sums, "ldl", 0), has_odd_ldl));
    }
    for text in [statistics, model] {
        let document: Value = serde_json::from_str(&text).unwrap();
        let decimals = &document["shared"]["decimals"];
        assert_eq!((&decimals["hdl"], &decimals["ldl"], &decimals["bmi"]), (&0.into(), &0.into(), &1.into()));
        assert!(!text.contains("\"distribution\": {"), "counts of values would tell rare values");
    }
}

fn is_answer(answer: Option<BTreeMap<String, bool>>, of: fn(&BTreeMap<String, f64>) -> bool) -> bool {
    answer == Some(truth(of))
}

/// The attack for any step: at least five of the rounded rows differ from the most common remainder, or none does. The same holds in each level.
#[test]
fn no_step_singles_out_fewer_than_five_rows() {
    let document: Value = serde_json::from_str(&shared().0).unwrap();
    for (name, decimals) in document["shared"]["decimals"].as_object().unwrap() {
        let unit = 10f64.powi(decimals.as_i64().unwrap() as i32);
        let of = |level: Option<f64>| -> Vec<i64> {
            let of_level = rows().into_iter().filter(|row| level.is_none_or(|level| row["sex"] == level));
            of_level.map(|row| (row[name] * unit).round_ties_even() as i64).collect()
        };
        for (integers, step) in [None, Some(1.0), Some(2.0)].map(of).iter().flat_map(|integers| (2..=256).map(move |step| (integers, step)))
        {
            let mut counts = BTreeMap::new();
            integers.iter().for_each(|integer| *counts.entry(integer.rem_euclid(step)).or_insert(0) += 1);
            let apart = integers.len() - counts.values().max().unwrap();
            assert!(apart == 0 || apart >= 5, "{name}: {apart} rows are not a whole number of steps of {step} from the rest");
        }
    }
}

/// Random polynomials for each pair of columns and each prime.
const TRIES: usize = 2;

/// Writes the table as CSV.
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

/// Returns the statistics of a table of these columns and of those of `plan`, made to be shared or not.
fn release_csv(text: &str, decimals: &BTreeMap<String, i32>, columns: &[String], share: bool, plan: &Plan) -> Result<Statistics, Error> {
    let fed = |plan: &Plan| -> Result<Summarizer, Error> {
        let mut summarizer = Summarizer::new(plan.clone())?;
        summarizer.push(text.as_bytes())?;
        Ok(summarizer)
    };
    let plan = Plan { columns: Some(columns.iter().chain(plan.columns.iter().flatten()).cloned().collect()), ..plan.clone() };
    if !share {
        return fed(&plan)?.finish();
    }
    let decimals = decimals.iter().filter(|(name, _)| columns.contains(name)).map(|(name, decimals)| (name.clone(), *decimals)).collect();
    let plan = Plan { share: true, decimals: Some(decimals), ..plan };
    let shared = fed(&plan)?.choose_decimals()?;
    fed(&Plan { shared: Some(shared), ..plan })?.finish()
}

/// Returns the statistics of these columns, made to be shared or not.
fn release(planted: &Planted, columns: &[String], share: bool) -> Result<Statistics, Error> {
    release_csv(&csv(planted), &decimals_of(planted), columns, share, &Plan::default())
}

/// Returns the statistics of these columns and of a category `g`, made to be shared or not. The levels `a`, `b` and so on have the rows of one
/// table each.
fn release_levels(tables: &[Planted], columns: &[String], share: bool) -> Result<Statistics, Error> {
    let levels: Vec<String> = (b'a'..).take(tables.len()).map(|level| char::from(level).to_string()).collect();
    let values: Vec<Value> = levels.iter().map(|level| serde_json::json!({"value": level})).collect();
    let schema = serde_json::json!({
        "format": "samefit-schema/1",
        "target": {"column": "w"},
        "columns": [{"name": "g", "kind": "category", "categories": values}],
    });
    let mut text = format!("g,{}\n", tables[0].table.names.join(","));
    for (table, level) in tables.iter().zip(&levels) {
        csv(table).lines().skip(1).for_each(|line| text += &format!("{level},{line}\n"));
    }
    let plan = Plan { schema: serde_json::from_value(schema).unwrap(), columns: Some(vec!["g".to_owned()]), ..Plan::default() };
    release_csv(&text, &decimals_of(&tables[0]), columns, share, &plan)
}

/// Rounds half to even, to a multiple of a power of ten.
fn rounded(value: i64, zeros: i32) -> i64 {
    let unit = 10_i64.pow(zeros.unsigned_abs());
    let (below, rest) = (value.div_euclid(unit), value.rem_euclid(unit));
    match (rest * 2).cmp(&unit) {
        std::cmp::Ordering::Less => below,
        std::cmp::Ordering::Greater => below + 1,
        std::cmp::Ordering::Equal => below + below.rem_euclid(2),
    }
}

/// Returns these columns of the table, rounded to these decimals, in units of the last decimal.
fn table_of(planted: &Planted, columns: &[String], decimals: &BTreeMap<String, i32>) -> Table {
    let measured = decimals_of(planted);
    let place = |name: &String| planted.table.names.iter().position(|other| other == name).unwrap();
    let value = |row: &Vec<i64>, name: &String| rounded(row[place(name)], measured[name] - decimals[name]);
    let rows = planted.table.rows.iter().map(|row| columns.iter().map(|name| value(row, name)).collect());
    Table { names: columns.to_vec(), rows: rows.collect() }
}

/// Asserts that the document tells the sum of the polynomial over the few rows and, for a single row, its remainders in other columns.
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

/// Shares some columns with `share`, and leaves out columns as the errors advise. Returns the columns that remain, and the statistics; `None`
/// if no column remains.
fn share_as_advised(mut columns: Vec<String>, share: impl Fn(&[String]) -> Result<Statistics, Error>) -> Option<(Vec<String>, Statistics)> {
    loop {
        match share(&columns) {
            Ok(statistics) => return Some((columns, statistics)),
            Err(error) => {
                assert!(matches!(error.code, Code::SingledOut | Code::TooFewToShare | Code::Undefined), "{error}");
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
fn planted_rows_are_found_in_plain_statistics_and_not_in_shared_ones() {
    let mut random = Random::new("planted");
    let (mut alone, mut refused, mut coarser) = (0, 0, 0);
    for round in 0..rounds(1, 60) * Kind::ALL.len() {
        let kind = Kind::ALL[round % Kind::ALL.len()];
        let planted = planted(kind, &mut random);
        let measured = decimals_of(&planted);
        let plain = Released::read(&release(&planted, &planted.table.names, false).unwrap().to_json(), &planted.table.names, &measured);
        let found = search(&planted.table, &mut random, TRIES);
        let of_planted = found.iter().filter(|found| found.rows.iter().all(|row| planted.rows.contains(row)));
        assert!(of_planted.count() > 0, "{kind:?}: {planted:?}");
        found.iter().for_each(|found| assert_read_off(&plain, &planted.table, found));
        let linear = |found: &&Found| found.rows.len() == 1 && plain.remainder_in(&found.polynomial, 2).is_some();
        alone += found.iter().filter(linear).count();
        let all = release(&planted, &planted.table.names, true);
        match &all {
            Ok(statistics) => coarser += usize::from(statistics.shared.as_ref().unwrap().decimals != measured),
            Err(_) => refused += 1,
        }
        let Some((columns, statistics)) = share_as_advised(planted.table.names.clone(), |columns| release(&planted, columns, true)) else {
            continue;
        };
        let decimals = statistics.shared.unwrap().decimals;
        let left = search(&table_of(&planted, &columns, &decimals), &mut random, TRIES);
        assert!(left.is_empty(), "{kind:?}: {:?} in {planted:?}", left[0]);
    }
    // each kind of outcome has occurred
    assert!(alone > 0 && refused > 0 && coarser > 0, "{alone} read off, {refused} refused, {coarser} rounded");
}

/// The decimals of a function in plain statistics: those of the shortest text of its f64.
const PLAIN_DECIMALS: usize = 16;

/// Returns the statistics of these columns, and of a term of x if x is among them, made to be shared or not.
fn release_term(planted: &Planted, names: &[String], computed: Computed, share: bool) -> Result<Statistics, Error> {
    let (terms, columns): (Vec<String>, Vec<String>) = names.iter().cloned().partition(|name| *name == computed.term());
    let terms = if columns.iter().any(|name| name == "x") { terms } else { Vec::new() };
    release_csv(&csv(planted), &decimals_of(planted), &columns, share, &Plan { terms, ..Plan::default() })
}

/// Returns the table with the term as a further column. `zeros` of x are rounded away, and functions are rounded to `decimals`.
fn with_term(table: &Table, computed: Computed, zeros: u32, decimals: usize) -> Table {
    let x = table.names.iter().position(|name| name == "x").unwrap();
    let unit = 10_i64.pow(zeros);
    let row = |row: &Vec<i64>| [&row[..], &[computed.value(row[x] * unit, zeros, decimals)]].concat();
    Table { names: [&table.names[..], &[computed.term()]].concat(), rows: table.rows.iter().map(row).collect() }
}

/// The planted rows differ in a function or a cube of x. In `Computed::StepsAboveKnot`, x alone does not tell them.
#[test]
fn rows_that_functions_and_splines_tell_are_found_in_plain_statistics_and_not_in_shared_ones() {
    let mut random = Random::new("planted in terms");
    let mut hidden = 0;
    let kinds = [Computed::Root, Computed::Logarithm, Computed::StepsAboveKnot(7), Computed::StepsAboveKnot(4), Computed::FewAboveKnot];
    for round in 0..rounds(1, 40) * kinds.len() {
        let computed = kinds[round % kinds.len()];
        let planted = planted_term(computed, &mut random);
        let table = with_term(&planted.table, computed, 0, PLAIN_DECIMALS);
        let names = table.names.clone();
        let is_function = matches!(computed, Computed::Root | Computed::Logarithm);
        let mut measured = decimals_of(&planted);
        measured.insert(computed.term(), if is_function { PLAIN_DECIMALS as i32 } else { 0 });
        let plain = Released::read(&release_term(&planted, &names, computed, false).unwrap().to_json(), &names, &measured);
        let found = search(&table, &mut random, TRIES);
        assert!(found.iter().any(|found| found.rows.iter().all(|row| planted.rows.contains(row))), "{computed:?}: {planted:?}");
        found.iter().for_each(|found| assert_read_off(&plain, &table, found));
        let is_refused = release_term(&planted, &names, computed, true).is_err();
        assert!(is_refused, "{computed:?}: {planted:?}");
        hidden += usize::from(release(&planted, &planted.table.names, true).is_ok());
        let share = |names: &[String]| release_term(&planted, names, computed, true);
        let Some((columns, statistics)) = share_as_advised(names, share) else { continue };
        let (columns, terms): (Vec<String>, Vec<String>) = columns.into_iter().partition(|name| *name != computed.term());
        let decimals = statistics.shared.unwrap().decimals;
        let mut shared = table_of(&planted, &columns, &decimals);
        if let (false, Some(zeros)) = (terms.is_empty(), decimals.get("x")) {
            shared = with_term(&shared, computed, zeros.unsigned_abs(), 4);
        }
        let left = search(&shared, &mut random, TRIES);
        assert!(left.is_empty(), "{computed:?}: {:?} in {planted:?}", left[0]);
    }
    // there are rows that only the term singles out
    assert!(hidden > 0);
}

#[test]
fn functions_and_splines_of_ordinary_tables_are_shared() {
    let mut random = Random::new("ordinary terms");
    for computed in [Computed::Root, Computed::Logarithm, Computed::FewAboveKnot] {
        for _ in 0..rounds(1, 60) {
            let mut planted = ordinary(&mut random);
            // half of the rows are above the knot
            planted.table.rows.iter_mut().for_each(|row| row[0] = random.between(1, 1000));
            let names = with_term(&planted.table, computed, 0, 4).names;
            let statistics = release_term(&planted, &names, computed, true).unwrap();
            assert_eq!(statistics.shared.unwrap().decimals, decimals_of(&planted));
            assert!(search(&with_term(&planted.table, computed, 0, 4), &mut random, TRIES).is_empty());
        }
    }
}

/// An ordinary table with the columns of another one.
fn others(planted: &Planted, random: &mut Random) -> Planted {
    Planted { decimals: planted.decimals, ..ordinary(random) }
}

/// The planted rows differ from all others of their level, and not from the rows of another level.
#[test]
fn planted_rows_of_a_level_are_found_in_plain_statistics_and_not_in_shared_ones() {
    let mut random = Random::new("planted in a level");
    let (mut hidden, mut refused, mut coarser) = (0, 0, 0);
    for round in 0..rounds(1, 30) * Kind::ALL.len() {
        let kind = Kind::ALL[round % Kind::ALL.len()];
        let planted = planted(kind, &mut random);
        let (names, measured) = (planted.table.names.clone(), decimals_of(&planted));
        let levels = [planted.clone(), others(&planted, &mut random)];
        let plain = release_levels(&levels, &names, false).unwrap().to_json();
        let plain = Released::read_level(&plain, "a", &names, &measured);
        let found = search(&planted.table, &mut random, TRIES);
        assert!(found.iter().any(|found| found.rows.iter().all(|row| planted.rows.contains(row))), "{kind:?}: {planted:?}");
        found.iter().for_each(|found| assert_read_off(&plain, &planted.table, found));
        let is_fine =
            |shared: &Result<Statistics, Error>| shared.as_ref().is_ok_and(|all| all.shared.as_ref().unwrap().decimals == measured);
        let mut all_rows = planted.clone();
        all_rows.table.rows.extend(levels[1].table.rows.clone());
        let (without, with) = (release(&all_rows, &names, true), release_levels(&levels, &names, true));
        assert!(!is_fine(&with), "{kind:?}: {planted:?}");
        hidden += usize::from(is_fine(&without));
        match with {
            Ok(_) => coarser += 1,
            Err(_) => refused += 1,
        }
        let Some((columns, statistics)) = share_as_advised(names, |columns| release_levels(&levels, columns, true)) else { continue };
        let decimals = statistics.shared.unwrap().decimals;
        for level in &levels {
            let left = search(&table_of(level, &columns, &decimals), &mut random, TRIES);
            assert!(left.is_empty(), "{kind:?}: {:?} in {planted:?}", left[0]);
        }
    }
    // each kind of outcome has occurred; there are rows that only the sums by level single out
    assert!(hidden > 0 && refused > 0 && coarser > 0, "{hidden} hidden in all rows, {refused} refused, {coarser} rounded");
}

#[test]
fn the_sums_of_a_level_of_one_row_are_the_row() {
    let mut random = Random::new("small level");
    for rows in 1..=4 {
        let all = ordinary(&mut random);
        let (names, measured) = (all.table.names.clone(), decimals_of(&all));
        let mut few = all.clone();
        few.table.rows.truncate(rows);
        let levels = [others(&all, &mut random), few.clone()];
        let plain = Released::read_level(&release_levels(&levels, &names, false).unwrap().to_json(), "b", &names, &measured);
        let sums: Vec<i128> = (0..names.len()).map(|column| few.table.rows.iter().map(|row| i128::from(row[column])).sum()).collect();
        assert_eq!(plain.sums(), sums);
        let error = release_levels(&levels, &names, true).unwrap_err();
        assert_eq!((error.code, error.column.as_deref(), error.found), (Code::SingledOut, Some("g"), Some(rows.to_string())));
        // the rows are not singled out among all
        let merged = [Planted { table: Table { rows: [levels[0].table.rows.clone(), few.table.rows].concat(), ..few.table }, ..all }];
        assert!(release_levels(&merged, &names, true).is_ok());
    }
}

#[test]
fn ordinary_tables_are_shared_without_rounding() {
    let mut random = Random::new("ordinary");
    for _ in 0..rounds(4, 200) {
        let planted = ordinary(&mut random);
        let statistics = release(&planted, &planted.table.names, true).unwrap();
        assert_eq!(statistics.shared.unwrap().decimals, decimals_of(&planted));
        assert!(search(&planted.table, &mut random, TRIES).is_empty());
        let levels = [planted.clone(), others(&planted, &mut random), others(&planted, &mut random)];
        let statistics = release_levels(&levels, &planted.table.names, true).unwrap();
        assert_eq!(statistics.shared.unwrap().decimals, decimals_of(&planted));
    }
}
