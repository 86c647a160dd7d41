//! Statistics with categories that are released: each rule at its limit, for levels and for pairs of levels.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use samefit_core::error::{Code, Error};
use samefit_core::fit::fit;
use samefit_core::level::Level;
use samefit_core::plan::Plan;
use samefit_core::release_policy::check_groups;
use samefit_core::statistics::Statistics;
use samefit_core::summarizer::{Summarizer, forget};
use samefit_testing::random::Random;
use serde_json::json;

/// A table of two categories and three columns of numbers.
const HEADER: &str = "site,ward,a,b,y\n";
const SITES: [&str; 3] = ["north", "south", "west"];
const WARDS: [&str; 2] = ["1", "2"];

/// A plan to share the table. The schema lists the levels.
fn plan() -> Plan {
    let values = |levels: &[&str]| levels.iter().map(|level| json!({"value": level})).collect::<Vec<_>>();
    let number = |name: &str| json!({"name": name, "kind": "number", "decimals": 0});
    let schema = json!({
        "format": "samefit-schema/1",
        "target": {"column": "y", "decimals": 0},
        "columns": [
            {"name": "site", "kind": "category", "categories": values(&SITES)},
            {"name": "ward", "kind": "category", "categories": values(&WARDS)},
            number("a"),
            number("b"),
        ],
    });
    Plan { schema: Some(serde_json::from_value(schema).unwrap()), share: true, ..Plan::default() }
}

/// As [`plan`], without the column `ward`.
fn plan_of_site() -> Plan {
    Plan { columns: Some(["site", "a", "b", "y"].map(str::to_owned).to_vec()), ..plan() }
}

/// Rows with these levels in which none stands out.
fn rows(site: &str, ward: &str, count: usize, random: &mut Random) -> Vec<String> {
    (0..count).map(|_| format!("{site},{ward},{},{},{}\n", random.between(1, 999), random.between(1, 99), random.between(1, 499))).collect()
}

/// Rows of each ward of `north` and `south`.
fn table(random: &mut Random) -> Vec<String> {
    let cells = [("north", "1"), ("north", "2"), ("south", "1"), ("south", "2")];
    cells.iter().flat_map(|(site, ward)| rows(site, ward, 120, random)).collect()
}

/// Returns a row with another value of `a`, computed from its own.
fn with_a(row: &str, value: impl Fn(&str) -> String) -> String {
    let mut cells: Vec<String> = row.split(',').map(str::to_owned).collect();
    cells[2] = value(&cells[2]);
    cells.join(",")
}

fn fed(plan: &Plan, rows: &[String]) -> Result<Summarizer, Error> {
    let mut summarizer = Summarizer::new(plan.clone())?;
    summarizer.push((HEADER.to_owned() + &rows.concat()).as_bytes())?;
    Ok(summarizer)
}

/// Shares a table in two passes. Returns the statistics and the notes of both passes.
fn share(plan: &Plan, rows: &[String]) -> Result<(Statistics, String), Error> {
    let mut first = fed(plan, rows)?;
    let shared = first.choose_decimals()?;
    let mut second = fed(&Plan { shared: Some(shared), ..plan.clone() }, rows)?;
    let statistics = second.finish()?;
    Ok((statistics, first.notes() + &second.notes()))
}

fn refusal(plan: &Plan, rows: &[String]) -> (Code, String, String) {
    let error = share(plan, rows).unwrap_err();
    (error.code, error.column.clone().unwrap_or_default(), error.text())
}

#[test]
fn levels_of_few_rows_are_refused_and_levels_without_rows_are_not_released() {
    let mut random = Random::new("few rows");
    let table = table(&mut random);
    let with = |count: usize, random: &mut Random| [table.clone(), rows("west", "1", count, random)].concat();
    let statistics = share(&plan_of_site(), &table).unwrap().0;
    let levels: Vec<&str> = statistics.levels.categories[0].levels.keys().map(Level::text).collect();
    assert_eq!(levels, ["north", "south"]);
    for count in [1, 4] {
        let (code, column, text) = refusal(&plan_of_site(), &with(count, &mut random));
        assert_eq!((code, column.as_str()), (Code::SingledOut, "site"));
        let have = if count == 1 { "1 row has" } else { "4 rows have" };
        let want = format!(
            "only {have} the level `west`, and the sums would single them out\nkeep the other levels and merge the rest: --other site=south, or leave out `site`"
        );
        assert_eq!(text, want);
    }
    for count in [5, 29] {
        let (code, column, text) = refusal(&plan_of_site(), &with(count, &mut random));
        assert_eq!((code, column.as_str()), (Code::TooFewToShare, "site"));
        let want = format!("{count} rows have the level `west`, too few to share 3 columns and terms of them; 30 are needed: 10 for each");
        assert!(text.starts_with(&want), "{text}");
    }
    let zeros: Vec<String> = (0..30).map(|row| format!("west,1,{},7,7\n", row % 2)).collect();
    assert!(share(&plan_of_site(), &[table.clone(), zeros].concat()).is_ok());
    // the same of a pair of levels, each of which has rows enough
    let table = [table, rows("west", "1", 120, &mut random)].concat();
    assert!(share(&plan(), &table).is_ok());
    let (code, column, text) = refusal(&plan(), &[table, rows("west", "2", 3, &mut random)].concat());
    assert_eq!((code, column.as_str()), (Code::SingledOut, "site"));
    assert!(text.starts_with("only 3 rows have the level `west` and the level `2` of `ward`, and the sums"), "{text}");
}

#[test]
fn what_cannot_be_judged_is_refused_before_the_data_are_read() {
    let refusal = |plan: Plan| Summarizer::new(plan).err().unwrap();
    let mut unlisted = plan();
    unlisted.schema.as_mut().unwrap().columns[0].categories = None;
    let error = refusal(unlisted);
    assert_eq!((error.code, error.column.as_deref()), (Code::Plan, Some("site")));
    assert!(error.help.starts_with("list its values as `categories` in the schema"), "{error}");
    let named = Plan { categories: vec!["b".to_owned()], ..plan() };
    assert_eq!(refusal(named).code, Code::Plan);
    let of_category = Plan { decimals: Some([("site".to_owned(), 0)].into()), ..plan() };
    assert_eq!(refusal(of_category).code, Code::Decimals);
}

#[test]
fn levels_and_terms_are_limited_together() {
    let fits = |groups: usize, terms: usize| check_groups(groups, terms).is_ok();
    assert!(fits(1, 256) && !fits(2, 256));
    assert!(fits(12, 9) && fits(24, 50) && !fits(300, 50));
    assert!(fits(1024, 7) && !fits(1025, 1));
    let mut many = plan_of_site();
    let column = &mut many.schema.as_mut().unwrap().columns[0];
    let value = column.categories.as_ref().unwrap()[0].clone();
    column.categories = Some((0..1025).map(|at| samefit_core::schema::Category { value: at.to_string(), ..value.clone() }).collect());
    let error = Summarizer::new(many).err().unwrap();
    assert_eq!(error.code, Code::Capacity);
    assert!(error.sentence.starts_with("3 columns and terms for each of 1025 levels or pairs of levels"), "{error}");
}

#[test]
fn a_column_is_rounded_as_far_as_a_level_needs() {
    let mut random = Random::new("rounding");
    let mut plan = plan_of_site();
    plan.schema.as_mut().unwrap().columns[2].decimals = Some(1);
    // in all rows 120 have tenths, but in the south only three
    let mut table = table(&mut random);
    for at in (0..120).chain(300..303) {
        table[at] = with_a(&table[at], |a| format!("{a}.5"));
    }
    let (statistics, notes) = share(&plan, &table).unwrap();
    assert_eq!(statistics.shared.unwrap().decimals["a"], 0);
    let want = "is shared with 0 decimals instead of 1 decimal: among the rows with the level `south` of `site`, all but 3 rows are whole steps of 0.2 apart";
    assert!(notes.contains(want), "{notes}");
    assert_eq!(
        share(&Plan { columns: Some(["a", "b", "y"].map(str::to_owned).to_vec()), ..plan }, &table).unwrap().0.shared.unwrap().decimals["a"],
        1
    );
}

#[test]
fn a_group_within_a_pair_of_levels_is_found() {
    let mut random = Random::new("group in a pair");
    // `a` is 0 or 1, and 1 in three of the rows with two levels
    let mut table = table(&mut random);
    for (at, row) in table.iter_mut().enumerate() {
        let is_one = if at < 120 { at < 3 } else { at % 2 == 0 };
        *row = with_a(row, |_| u8::from(is_one).to_string());
    }
    assert!(share(&plan_of_site(), &table).is_ok());
    let (code, column, text) = refusal(&plan(), &table);
    assert_eq!((code, column.as_str()), (Code::SingledOut, "a"));
    assert!(text.contains("the rows with the level `north` of `site` and the level `1` of `ward`"), "{text}");
}

#[test]
fn order_and_division_of_rows_change_nothing() {
    let (mut random, mut outcomes) = (Random::new("divided"), Vec::new());
    for even_rows in [0, 117, 120] {
        // in some of the 120 rows of one pair of levels, or in all of them, `a` is even
        let mut table = table(&mut random);
        table[..even_rows].iter_mut().for_each(|row| *row = with_a(row, |a| (a.parse::<i64>().unwrap() * 2).to_string()));
        table[even_rows..120].iter_mut().for_each(|row| *row = with_a(row, |a| (a.parse::<i64>().unwrap() * 2 + 1).to_string()));
        let one = share(&plan(), &table);
        let order = random.sample(table.len(), table.len());
        let shuffled: Vec<String> = order.iter().map(|at| table[*at].clone()).collect();
        assert_eq!(share(&plan(), &shuffled), one);
        let together = |plan: &Plan| -> Result<Summarizer, Error> {
            let mut all = Summarizer::new(plan.clone())?;
            for part in shuffled.chunks(130) {
                all.merge_state(&fed(plan, part)?.state()?)?;
            }
            Ok(all)
        };
        let divided = || -> Result<(Statistics, String), Error> {
            let mut first = together(&plan())?;
            let shared = first.choose_decimals()?;
            let mut second = together(&Plan { shared: Some(shared), ..plan() })?;
            let statistics = second.finish()?;
            Ok((statistics, first.notes() + &second.notes()))
        };
        assert_eq!(divided(), one);
        outcomes.push(one.map(|(statistics, _)| statistics.shared.unwrap().decimals["a"]).ok());
    }
    // 117 even numbers single out the three others, so the column is rounded to tens
    assert_eq!(outcomes, [Some(0), Some(-1), Some(0)]);
}

#[test]
fn forgetting_must_leave_enough_rows_of_each_level() {
    let mut random = Random::new("forget");
    let north = rows("north", "1", 100, &mut random);
    // no column tells the few rows of the south apart
    let south: Vec<String> = (0..33).map(|at| format!("south,1,{},7,7\n", at % 2)).collect();
    let statistics = share(&plan_of_site(), &[north, south.clone()].concat()).unwrap().0;
    let same_rounding = Plan { share: false, shared: statistics.shared.clone(), ..plan_of_site() };
    let of = |rows: &[String]| fed(&same_rounding, rows).unwrap().finish().unwrap();
    let forgotten = |count: usize| {
        let mut rest = statistics.clone();
        forget(&mut rest, &of(&south[..count])).map(|()| rest)
    };
    assert!(forgotten(3).is_ok() && forgotten(33).is_ok());
    assert_eq!(forgotten(4).unwrap_err().code, Code::TooFewToShare);
    let error = forgotten(30).unwrap_err();
    assert_eq!((error.code, error.column.as_deref()), (Code::SingledOut, Some("site")));
    // a model of shared statistics needs as many rows of each level
    let mut rest = statistics.clone();
    rest.subtract(&of(&south[..30])).unwrap();
    let to_fit = Plan { share: false, features: Some(["site", "a", "b"].map(str::to_owned).to_vec()), ..plan() };
    assert_eq!(fit(&rest, &to_fit).unwrap_err().code, Code::SingledOut);
    let model = fit(&statistics, &to_fit).unwrap();
    assert_eq!(model.shared, statistics.shared);
}

#[test]
fn twelve_levels_of_eight_columns_are_shared_without_rounding() {
    let mut random = Random::new("twelve levels");
    let levels: Vec<String> = (0..12).map(|level| format!("site {level}")).collect();
    let names: Vec<String> = (0..8).map(|at| format!("c{at}")).collect();
    let mut columns = vec![json!({
        "name": "site",
        "kind": "category",
        "categories": levels.iter().map(|level| json!({"value": level})).collect::<Vec<_>>(),
    })];
    columns.extend(names[1..].iter().map(|name| json!({"name": name, "decimals": 0})));
    let schema = json!({"format": "samefit-schema/1", "target": {"column": "c0", "decimals": 0}, "columns": columns});
    let plan = Plan { schema: Some(serde_json::from_value(schema).unwrap()), share: true, ..Plan::default() };
    let mut text = format!("site,{}\n", names.join(","));
    for row in 0..12 * 110 {
        let values: Vec<String> = (0..8).map(|_| random.between(1, 1999).to_string()).collect();
        text += &format!("{},{}\n", levels[row % 12], values.join(","));
    }
    let fed = |plan: &Plan| {
        let mut summarizer = Summarizer::new(plan.clone()).unwrap();
        summarizer.push(text.as_bytes()).unwrap();
        summarizer
    };
    let shared = fed(&plan).choose_decimals().unwrap();
    let statistics = fed(&Plan { shared: Some(shared), ..plan }).finish().unwrap();
    assert_eq!(statistics.levels.categories[0].levels.len(), 12);
    assert!(statistics.shared.unwrap().decimals.values().all(|decimals| *decimals == 0));
}
