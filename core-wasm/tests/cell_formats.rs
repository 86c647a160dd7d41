//! How cells are written is in no result: the same table with decimal commas, separators between thousands, or other texts for missing
//! values has the same statistics, profile, predictions and records.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use proptest::prelude::*;
use samefit_core::error::{Code, Error};
use samefit_core::fit::fit;
use samefit_core::plan::{Format, Missing, OnError, Plan};
use samefit_core::predict::{Predictor, Table};
use samefit_core::profile::Profiler;
use samefit_core::quality::RecordWriter;
use samefit_core::residuals::Residuals;
use samefit_core::summarizer::Summarizer;
use samefit_testing::cases;

/// Returns the text of the statistics, after chunks of this many bytes, and the notes.
fn summarized(plan: &Plan, data: &str, chunk: usize) -> Result<(String, String), Error> {
    let mut summarizer = Summarizer::new(plan.clone())?;
    for bytes in data.as_bytes().chunks(chunk) {
        summarizer.push(bytes)?;
    }
    Ok((summarizer.finish()?.to_json(), summarizer.notes()))
}

fn statistics(plan: &Plan, data: &str) -> String {
    summarized(plan, data, data.len()).unwrap().0
}

fn error(plan: &Plan, data: &str) -> Error {
    summarized(plan, data, data.len()).unwrap_err()
}

fn text(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| text.to_string()).collect()
}

/// A plan for a table with decimal commas, points between thousands and semicolons.
fn german() -> Plan {
    Plan { decimal: ',', thousands: Some('.'), delimiter: Some(';'), ..Plan::default() }
}

/// Writes a number as [`german`] says.
fn german_text(number: &str, grouped: bool) -> String {
    let (whole, fraction) = number.split_once('.').map_or((number, None), |(whole, fraction)| (whole, Some(fraction)));
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("-", digits));
    let separated = |(at, digit): (usize, char)| {
        let separator = if grouped && at > 0 && (digits.len() - at) % 3 == 0 { "." } else { "" };
        format!("{separator}{digit}")
    };
    let whole: String = digits.chars().enumerate().map(separated).collect();
    format!("{sign}{whole}{}", fraction.map_or(String::new(), |fraction| format!(",{fraction}")))
}

/// The rows of a table with a delimiter.
fn table(header: &str, rows: &[Vec<String>], delimiter: &str) -> String {
    rows.iter().fold(header.replace(',', delimiter) + "\n", |text, row| text + &row.join(delimiter) + "\n")
}

/// Numbers without zeros before other digits, which no separator would allow.
fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        5 => "(0|-?[1-9][0-9]{0,3})(\\.[0-9]{1,3})?",
        2 => "-?[1-9][0-9]{0,9}(\\.[0-9]{1,9})?",
        1 => "[1-9]{20,25}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(128)))]

    /// Many rows are read at once, others one by one; chunks end anywhere.
    #[test]
    fn decimal_commas_and_separators_are_in_no_result(
        rows in prop::collection::vec(prop::collection::vec(number(), 3), 1..60), grouped in any::<bool>(), chunk in 1usize..400,
    ) {
        let german_rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|cell| german_text(cell, grouped)).collect()).collect();
        let (points, commas) = (table("a,b,y", &rows, ","), table("a,b,y", &german_rows, ";"));
        prop_assert_eq!(summarized(&german(), &commas, chunk).unwrap().0, statistics(&Plan::default(), &points));
        // with the delimiter before decimals too, where every cell is in quotes
        let quoted: Vec<Vec<String>> = german_rows.iter().map(|row| row.iter().map(|cell| format!("\"{cell}\"")).collect()).collect();
        let quoted_plan = Plan { delimiter: Some(','), ..german() };
        prop_assert_eq!(summarized(&quoted_plan, &table("a,b,y", &quoted, ","), chunk).unwrap().0, statistics(&Plan::default(), &points));
    }

    /// A number that means a missing value is found among many rows at once.
    #[test]
    fn numbers_may_mean_missing_values(rows in prop::collection::vec((number(), prop::sample::select(vec!["-999", "-999.0", "7", "NA"])), 1..60)) {
        let (na, kept) = (Plan { na: text(&["-999"]), missing: Missing::Drop, ..Plan::default() }, Plan { missing: Missing::Drop, ..Plan::default() });
        let with = |missing: &str| {
            // in every column, so also where a random number is the same
            let cell = |text: &str| if !missing.is_empty() && text.parse() == Ok(-999.0) { missing.to_owned() } else { text.to_owned() };
            let rows: Vec<Vec<String>> = rows.iter().map(|(x, y)| vec![cell(x), cell(y)]).collect();
            // the first row decides that both are numbers
            table("x,y", &rows, ",").replacen('\n', "\n1,2\n", 1)
        };
        prop_assert_eq!(statistics(&na, &with("")), statistics(&kept, &with("NA")));
        let mut columns = Summarizer::new(na).unwrap();
        let float = |text: &str| text.parse::<f64>().unwrap_or(f64::NAN);
        columns.set_text("x", rows.iter().fold("1\n".to_owned(), |text, (x, _)| text + x + "\n"));
        columns.set_f64("y", std::iter::once(2.0).chain(rows.iter().map(|(_, y)| float(y))).collect::<Vec<f64>>());
        columns.sum_columns().unwrap();
        prop_assert_eq!(columns.finish().unwrap().to_json(), statistics(&kept, &with("NA")));
    }
}

#[test]
fn every_reader_of_cells_reads_decimal_commas() {
    let points = "x,site,y\n1.5,a,10.5\n2000.25,b,12\n3,a,-20.75\n4.5,b,22.5\n";
    let commas = "x;site;y\n1,5;a;10,5\n2.000,25;b;12\n3;a;-20,75\n4,5;b;22,5\n";
    let base = Plan { target: Some("y".to_owned()), features: Some(text(&["x"])), categories: text(&["site"]), ..Plan::default() };
    let german = Plan { target: base.target.clone(), features: base.features.clone(), categories: base.categories.clone(), ..german() };
    assert_eq!(statistics(&german, commas), statistics(&base, points));
    let model = {
        let mut summarizer = Summarizer::new(base.clone()).unwrap();
        summarizer.push(points.as_bytes()).unwrap();
        fit(&summarizer.finish().unwrap(), &base).unwrap()
    };
    let predicted = |plan: &Plan, data: &str| {
        let mut table = Table::new(Predictor::new(model.clone()).unwrap(), plan).unwrap();
        let mut out = table.push(data.as_bytes()).unwrap();
        out.extend(table.finish().unwrap());
        String::from_utf8(out).unwrap()
    };
    for on_error in [OnError::Stop, OnError::Continue] {
        let (base, german) = (Plan { on_error, ..base.clone() }, Plan { on_error, ..german.clone() });
        assert_eq!(predicted(&german, commas), predicted(&base, points));
        // what stands in the input passes through
        let with_input = predicted(&Plan { with_input: true, ..german }, commas);
        assert!(with_input.starts_with("x,site,y,predicted_y,"), "{with_input}");
        assert!(with_input.contains("\n\"2.000,25\",b,12,"), "{with_input}");
    }
    let profile = |plan: &Plan, data: &str| {
        let mut profiler = Profiler::new(plan);
        profiler.push(data.as_bytes()).unwrap();
        profiler.finish().unwrap()
    };
    assert_eq!(profile(&german, commas), profile(&base, points));
    let residuals = |plan: &Plan, data: &str| {
        let mut residuals = Residuals::new(Predictor::new(model.clone()).unwrap(), plan);
        residuals.push(data.as_bytes()).unwrap();
        residuals.finish().unwrap()
    };
    assert_eq!(residuals(&german, commas), residuals(&base, points));
    let records = |plan: &Plan, data: &str| {
        let mut writer = RecordWriter::new(plan.clone()).unwrap();
        let mut out = writer.push(data.as_bytes()).unwrap();
        out.extend(writer.finish().unwrap());
        String::from_utf8(out).unwrap()
    };
    assert_eq!(records(&german, commas), records(&base, points));
}

#[test]
fn flags_of_csv_say_nothing_of_json() {
    let german = Plan { format: Format::Jsonl, ..german() };
    let json = "{\"x\":1.5,\"y\":\"2.25\"}\n{\"x\":2,\"y\":3}\n";
    assert_eq!(statistics(&german, json), statistics(&Plan::default(), "x,y\n1.5,2.25\n2,3\n"));
    let named = Plan { format: Format::Jsonl, columns: Some(text(&["x"])), ..Plan::default() };
    assert_eq!(error(&named, "{\"x\":\"1,5\"}\n").help, "write a point before the decimals and no separators between thousands");
}

#[test]
fn further_texts_for_missing_values_count_everywhere() {
    let data = "hp,site,mpg\n130,a,18\n?,b,25\n95,-,24\n88,b,27\n165,a,15\n70,b,30\n";
    let want = "hp,site,mpg\n130,a,18\n88,b,27\n165,a,15\n70,b,30\n";
    let base = Plan { target: Some("mpg".to_owned()), features: Some(text(&["hp", "site"])), find_categories: true, ..Plan::default() };
    let na = Plan { na: text(&["?", "-"]), missing: Missing::Drop, ..base.clone() };
    let dropped = |statistics: &str| statistics.replace("\"dropped\": \"2\"", "\"dropped\": \"0\"");
    assert_eq!(dropped(&statistics(&na, data)), statistics(&base, want));
    let lines = |csv: &str| {
        let cell = |text: &str| text.parse::<f64>().map_or_else(|_| format!("{text:?}"), |_| text.to_owned());
        let line = |row: &str| {
            let names = ["hp", "site", "mpg"].into_iter().zip(row.split(','));
            format!("{{{}}}\n", names.map(|(name, text)| format!("{name:?}: {}", cell(text))).collect::<Vec<_>>().join(", "))
        };
        csv.lines().skip(1).map(line).collect::<String>()
    };
    let jsonl = |plan: &Plan| Plan { format: Format::Jsonl, ..plan.clone() };
    assert_eq!(dropped(&statistics(&jsonl(&na), &lines(data))), statistics(&base, want));
    // the level `-` is missing, and not a level of the model
    assert_eq!(error(&Plan { missing: Missing::Error, ..na.clone() }, data).code, Code::MissingValues);
    let mut summarizer = Summarizer::new(na.clone()).unwrap();
    summarizer.push(data.as_bytes()).unwrap();
    let model = fit(&summarizer.finish().unwrap(), &na).unwrap();
    let mut table = Table::new(Predictor::new(model).unwrap(), &Plan { on_error: OnError::Continue, ..na.clone() }).unwrap();
    let mut out = table.push(data.as_bytes()).unwrap();
    out.extend(table.finish().unwrap());
    let out = String::from_utf8(out).unwrap();
    assert_eq!(
        out.lines().filter(|line| line.ends_with(",missing")).collect::<Vec<_>>(),
        [",,,hp:missing-values,missing", ",,,site:missing-values,missing"]
    );
    let mut profiler = Profiler::new(&na);
    profiler.push(data.as_bytes()).unwrap();
    assert!(profiler.finish().unwrap().contains("\"numbers\": 5,\n      \"missing\": 1,"));
}

#[test]
fn cells_that_need_a_flag_name_it() {
    let named =
        |columns: &[&str]| Plan { target: Some("y".to_owned()), features: Some(text(columns)), find_categories: true, ..Plan::default() };
    for (data, found, help) in [
        ("x,y\n\"1,5\",1\n", "found `1,5`, expected a decimal number", "give --decimal ,"),
        (
            "x,y\n950,1\n\"1,200\",2\n",
            "found `1,200`, expected a decimal number",
            "give --thousands , if this is 1200, or --decimal , if it is 1.2",
        ),
        ("x,y\n1 000,1\n", "found `1 000`, expected a decimal number", "give --thousands ' '"),
        (
            "x,y\n1,1\n?,2\n",
            "found `?`, expected a decimal number",
            "give --na '?' --missing drop if it means a missing value, else correct the cell",
        ),
        (
            "x,y\n?,2\n1,1\n",
            "found `?`, expected a decimal number",
            "give --na '?' --missing drop if it means a missing value, else correct the cell, or name the column with --categories",
        ),
        (
            "x,y\n1,1\n#N/A,2\n",
            "found `#N/A`, expected a decimal number",
            "give --na '#N/A' --missing drop if it means a missing value, else correct the cell",
        ),
        ("x,y\n5%,2\n", "found `5%`, expected a decimal number", "write the number alone, without the sign for its unit"),
        (
            "x,y\n1,1\n\u{200b}5,2\n",
            "found `\u{200b}5` with a zero-width space, U+200B, before it, expected a decimal number",
            "remove the character that cannot be seen from the cell",
        ),
        (
            "x,y\n1,1\n\u{feff}x,y\n3,2\n",
            "found `\u{feff}x` with a byte order mark, U+FEFF, before it, expected a decimal number",
            "the header stands here again, as in files that were joined: remove this row",
        ),
    ] {
        let error = error(&named(&["x"]), data);
        assert_eq!((error.sentence.as_str(), error.help.as_str(), error.column.as_deref()), (found, help, Some("x")), "{data}");
    }
    // spaces of any kind, and the minus of mathematics
    assert_eq!(statistics(&named(&["x"]), "x,y\n\u{a0}5,1\n\u{2212}5\u{202f},2\n"), statistics(&named(&["x"]), "x,y\n5,1\n-5,2\n"));
}

#[test]
fn names_that_look_alike_are_told_apart() {
    let named = |column: &str| Plan { target: Some("y".to_owned()), features: Some(text(&[column])), ..Plan::default() };
    let say = |column: &str, data: &str| {
        let error = error(&named(column), data);
        (error.sentence, error.help)
    };
    let (sentence, help) = say("x", "x\u{200b},y\n1,2\n");
    assert_eq!(
        sentence,
        "the data have no such column, but this name with a zero-width space, U+200B, after it; they have `x\u{200b}`, `y`"
    );
    assert_eq!(help, "remove this character from the name in the data");
    let (sentence, help) = say("größe", "gro\u{308}ße,y\n1,2\n");
    assert_eq!(
        sentence,
        "the data have no such column, but this name with accents as characters by themselves; they have `gro\u{308}ße`, `y`"
    );
    assert_eq!(help, "copy the name from the data, or rename the column there");
    assert!(summarized(&named("gro\u{308}ße"), "gro\u{308}ße,y\n1,2\n", 99).is_ok());
}

#[test]
fn columns_called_like_terms_are_told_from_them() {
    let named = |feature: &str| Plan { target: Some("y".to_owned()), features: Some(text(&[feature])), ..Plan::default() };
    let (_, notes) = summarized(&named("b*a"), "a,b,a*b,y\n1,2,0.1,3\n2,1,0.7,5\n", 99).unwrap();
    assert!(
        notes.contains("left out: as a feature or term this means what is computed from `a`, `b`; to use the column, rename it"),
        "{notes}"
    );
    let error = error(&named("kg/m^2"), "a,kg/m^2,y\n1,2,3\n");
    assert_eq!((error.code, error.column.as_deref()), (Code::ColumnName, Some("kg/m^2")));
    assert!(error.sentence.starts_with("found `kg/m^2`, expected a name without `*` and `^`"), "{}", error.sentence);
    assert_eq!(error.help, "rename the column");
    let error = self::error(&named("ln(tg)"), "ln(tg),y\n1,2\n");
    assert_eq!(error.sentence, "found `ln(tg)`, expected a name that is not read as `ln(tg)`, which is computed from `tg`");
}

#[test]
fn empty_columns_are_left_out() {
    let plan = Plan { target: Some("y".to_owned()), find_categories: true, ..Plan::default() };
    let (with, notes) = summarized(&plan, "x,notes,y\n1,,2\n2,,4\n3,NA,7\n", 99).unwrap();
    assert_eq!(with, statistics(&plan, "x,y\n1,2\n2,4\n3,7\n"));
    assert!(notes.contains("\"column\": \"notes\"") && notes.contains("left out: it holds no value"), "{notes}");
    let drops = Plan { missing: Missing::Drop, ..plan.clone() };
    let (with, _) = summarized(&drops, "x,notes,more,y\n1,,,2\n2,,,4\n,,,7\n", 5).unwrap();
    assert_eq!(with, statistics(&drops, "x,y\n1,2\n2,4\n,7\n"));
    let jsonl = Plan { format: Format::Jsonl, ..plan.clone() };
    assert_eq!(
        statistics(&jsonl, "{\"x\":1,\"notes\":null,\"y\":2}\n{\"x\":2,\"notes\":null,\"y\":4}\n"),
        statistics(&plan, "x,y\n1,2\n2,4\n")
    );
    // a named column is not left out
    let named = Plan { features: Some(text(&["x", "notes"])), ..plan.clone() };
    let error = error(&named, "x,notes,y\n1,,2\n2,,4\n");
    assert_eq!(
        (error.code, error.column.as_deref(), error.sentence.as_str()),
        (Code::MissingValues, Some("notes"), "no row has a value in it")
    );
    let mut summarizer = Summarizer::new(Plan { missing: Missing::Drop, ..named.clone() }).unwrap();
    summarizer.push(b"x,notes,y\n1,,2\n2,,4\n").unwrap();
    let error = fit(&summarizer.finish().unwrap(), &named).unwrap_err();
    assert_eq!((error.code, error.sentence.as_str()), (Code::NoRows, "all 2 rows lack a value and are left out"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(64)))]

    /// Many rows are read at once while columns are empty so far, and a value in a later row decides them.
    #[test]
    fn columns_that_are_empty_so_far_are_decided_by_the_first_value(
        rows in prop::collection::vec((0i64..1000, any::<bool>()), 1..400), first in 0usize..500, word in any::<bool>(), chunk in 1usize..3000,
    ) {
        let plan = Plan { missing: Missing::Drop, ..Plan::default() };
        let value = if word { "word" } else { "5" };
        // the first value of `late` stands in row `first`, if there are so many rows; `empty` has none
        let has_value = rows.len() > first;
        let line = |(at, (x, lacks)): (usize, &(i64, bool))| {
            let late = if at == first || at > first && !lacks { value } else { "" };
            (format!("{x},{late},NA,{at}\n"), late.is_empty())
        };
        let lines: Vec<(String, bool)> = rows.iter().enumerate().map(line).collect();
        let data = lines.iter().fold("x,late,empty,y\n".to_owned(), |text, (line, _)| text + line);
        // what remains if `late` holds numbers, and if it holds words or nothing
        let numbers = has_value && !word;
        let kept = lines.iter().filter(|(_, lacks)| !numbers || !lacks).fold(String::new(), |text, (line, _)| {
            let cells: Vec<&str> = line.trim_end().split(',').collect();
            text + &if numbers { format!("{},{},{}\n", cells[0], cells[1], cells[3]) } else { format!("{},{}\n", cells[0], cells[3]) }
        });
        let header = if numbers { "x,late,y\n" } else { "x,y\n" };
        let want = statistics(&plan, &(header.to_owned() + &kept));
        let dropped = if numbers { lines.iter().filter(|(_, lacks)| *lacks).count() } else { 0 };
        let want = want.replace("\"dropped\": \"0\"", &format!("\"dropped\": \"{dropped}\""));
        prop_assert_eq!(&summarized(&plan, &data, chunk).unwrap().0, &want);
        // and as columns
        let mut columns = Summarizer::new(plan).unwrap();
        let of = |at: usize| data.lines().skip(1).fold(String::new(), |text, line| text + line.split(',').nth(at).unwrap() + "\n");
        columns.set_f64("x", rows.iter().map(|(x, _)| *x as f64).collect::<Vec<_>>());
        columns.set_text("late", of(1));
        columns.set_f64("empty", vec![f64::NAN; rows.len()]);
        columns.set_text("y", of(3));
        columns.sum_columns().unwrap();
        prop_assert_eq!(&columns.finish().unwrap().to_json(), &want);
    }
}

/// A column may be empty in the part of one summarizer, and not in that of another.
#[test]
fn whether_a_column_is_empty_is_decided_on_all_parts() {
    let plan = Plan { target: Some("y".to_owned()), missing: Missing::Drop, ..Plan::default() };
    let (header, parts) = ("x,notes,y\n", ["1,,2\n2,,4\n", "3,5,7\n4,,8\n"]);
    let state = |part: &str| {
        let mut summarizer = Summarizer::new(plan.clone()).unwrap();
        summarizer.header(header.as_bytes()).unwrap();
        summarizer.push(part.as_bytes()).unwrap();
        summarizer.state().unwrap()
    };
    for count in [1, 2] {
        let mut merged = Summarizer::new(plan.clone()).unwrap();
        parts[..count].iter().for_each(|part| merged.merge_state(&state(part)).unwrap());
        assert_eq!(merged.finish().unwrap().to_json(), statistics(&plan, &(header.to_owned() + &parts[..count].concat())));
    }
}

#[test]
fn a_model_of_nothing_but_the_mean_has_to_be_asked_for() {
    let plan = Plan { target: Some("y".to_owned()), find_categories: true, ..Plan::default() };
    let error = error(&plan, "smoker,size,notes,y\nTRUE,\"1,200\",,2\nFALSE,\"2,100\",,4\n");
    assert_eq!(error.code, Code::NoColumns);
    assert_eq!(
        error.sentence,
        "nothing is left to predict it from: `smoker` holds text, the first `TRUE`; `size` holds text, the first `1,200`; `notes` holds no value"
    );
    assert_eq!(
        error.help,
        "give --categories smoker; give --thousands , if this is 1200, or --decimal , if it is 1.2; for the mean alone, give --formula 'y ~ 1' instead of --target"
    );
    let mean = Plan { target: None, formula: Some("y ~ 1".to_owned()), ..plan };
    let mut summarizer = Summarizer::new(mean.clone()).unwrap();
    summarizer.push(b"smoker,y\nTRUE,2\nFALSE,4\n").unwrap();
    assert_eq!(fit(&summarizer.finish().unwrap(), &mean).unwrap().intercept, 3.0);
}

#[test]
fn files_with_other_columns_are_told_apart_in_plain_words() {
    let plan = Plan { target: Some("y".to_owned()), ..Plan::default() };
    let read = |data: &str| samefit_core::statistics::Statistics::parse(&statistics(&plan, data)).unwrap();
    let mut first = read("x,z,y\n1,5,2\n");
    let error = first.merge(&read("y,x\n2,1\n")).unwrap_err();
    assert_eq!(error.sentence, "the data before have numbers in `z`, these have none there");
    let error = read("x,y\n2,1\n").merge(&first).unwrap_err();
    assert_eq!(error.sentence, "these data have numbers in `z`, those before have none there");
}
