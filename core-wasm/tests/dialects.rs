//! CSV as it comes: columns without a name of their own, lines that are no records, and what errors and notes say of them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use proptest::prelude::*;
use samefit_core::error::{Code, Error};
use samefit_core::plan::Plan;
use samefit_core::profile::Profiler;
use samefit_core::statistics::Statistics;
use samefit_core::summarizer::Summarizer;
use serde_json::Value;

fn plan(text: &str) -> Plan {
    Plan::parse(text).unwrap()
}

/// The statistics of a table, and the texts of the notes on it.
fn summed(plan: &Plan, text: &str) -> Result<(Statistics, Vec<String>), Error> {
    let mut summarizer = Summarizer::new(plan.clone())?;
    summarizer.push(text.as_bytes())?;
    let statistics = summarizer.finish()?;
    Ok((statistics, notes(&summarizer.notes())))
}

fn notes(text: &str) -> Vec<String> {
    let notes: Vec<Value> = serde_json::from_str(text).unwrap();
    notes.iter().map(|note| note["text"].as_str().unwrap().to_owned()).collect()
}

fn error(plan: &Plan, text: &str) -> Error {
    summed(plan, text).unwrap_err()
}

const PLAIN: &str = "x,y\n1,2\n2,4\n3,7\n";

#[test]
fn columns_that_are_not_needed_are_passed_over() {
    let tables = [",x,y\n0,1,2\n1,2,4\n2,3,7\n", "x,y,,,\n1,2,,,\n2,4,,,\n3,7,,,\n"];
    let twice = ["x,note,note,y\n1,5,6,2\n2,6,7,4\n3,8,9,7\n", "note,x,y,note\na,1,2,5\nb,2,4,b\nc,3,7,c\n"];
    let (needed, all, formula) = (plan(r#"{"columns": ["x", "y"]}"#), plan("{}"), plan(r#"{"formula": "y ~ ."}"#));
    for table in tables {
        let plain = summed(&needed, PLAIN).unwrap().0;
        assert_eq!(summed(&needed, table), Ok((plain.clone(), Vec::new())), "{table}");
        for plan in [&all, &formula] {
            let (statistics, notes) = summed(plan, table).unwrap();
            assert_eq!(statistics, plain, "{table}");
            assert_eq!(notes.len(), 1, "{notes:?}");
        }
    }
    assert_eq!(summed(&all, tables[0]).unwrap().1, ["column 1 has no name and was left out: if it is needed, name it in the header"]);
    let several = "columns 3, 4 and 5 have no name and were left out: if they are needed, name them in the header";
    assert_eq!(summed(&all, tables[1]).unwrap().1, [several]);
    for table in twice {
        assert_eq!(summed(&needed, table), summed(&needed, PLAIN), "{table}");
        for plan in [&all, &formula] {
            // nobody can tell which of the two is meant
            let error = error(plan, table);
            assert_eq!((error.code, error.column.as_deref(), error.row), (Code::DuplicateColumn, Some("note"), Some(1)), "{table}");
        }
    }
    let many = format!("x,y{}\n{}", ",".repeat(12), format!("1,2{}\n", ",".repeat(12)).repeat(3));
    assert!(summed(&all, &many).unwrap().1[0].starts_with("columns 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 and 2 more have no name"));
}

#[test]
fn a_column_that_is_needed_stands_there_once() {
    let twice = "x,note,note,y\n1,5,6,2\n";
    for text in [
        r#"{"target": "y", "features": ["note"]}"#,
        r#"{"columns": ["note"]}"#,
        r#"{"target": "note"}"#,
        r#"{"weights": "note"}"#,
        r#"{"by": "note"}"#,
        r#"{"categories": ["note"]}"#,
        r#"{"formula": "y ~ note"}"#,
    ] {
        let error = error(&plan(text), twice);
        assert_eq!((error.code, error.column.as_deref()), (Code::DuplicateColumn, Some("note")), "{text}");
        assert_eq!(error.help, "give each of them a name of its own in the header");
    }
    // the weights may be summed too
    assert!(summed(&plan(r#"{"weights": "x", "columns": ["x", "y"]}"#), PLAIN).is_ok());
}

#[test]
fn names_have_no_spaces_at_their_ends() {
    let plan = plan(r#"{"target": " y", "features": [" x "], "weights": "w ", "reference": {" s": "a"}, "categories": ["s "]}"#);
    assert!(summed(&plan, " x ,y, w,s\n1,2,1,a\n2,4,1,b\n").is_ok());
    let mut summarizer = Summarizer::new(Plan { format: samefit_core::plan::Format::Jsonl, ..plan }).unwrap();
    summarizer.push(b"{\"x \": 1, \" y\": 2, \"w\": 1, \"s\": \"a\"}\n").unwrap();
    assert_eq!(summarizer.finish().unwrap().rows, 1);
}

#[test]
fn a_header_of_numbers_is_probably_a_row() {
    let hint = "every name in the header is a number: if the file has no header, give its names with --header";
    assert_eq!(summed(&plan("{}"), "5.1,3.5\n4.9,3.0\n").unwrap().1, [hint]);
    assert_eq!(summed(&plan(r#"{"header": ["a", "b"]}"#), "5.1,3.5\n4.9,3.0\n").unwrap().1, Vec::<String>::new());
    assert_eq!(error(&plan(r#"{"target": "y"}"#), "1,1\n2,4\n").help, hint);
    assert_eq!(error(&plan(r#"{"target": "1"}"#), "1,1\n2,4\n").help, hint);
    let mut profiler = Profiler::new(&plan("{}"));
    profiler.push(b"1,1\n2,4\n").unwrap();
    let profile: Value = serde_json::from_str(&profiler.finish().unwrap()).unwrap();
    assert_eq!((profile["notes"][0]["text"].as_str(), profile["columns"].as_array().unwrap().len()), (Some(hint), 2));
}

#[test]
fn an_error_says_what_the_first_lines_look_like() {
    let plan = plan(r#"{"target": "y", "features": ["x"]}"#);
    let help = |text: &str| error(&plan, text).help;
    let comment = "line 1 looks like a comment: take it out, or give --comment '#'";
    assert_eq!(help("# logger 7, firmware 2\n# started 08:00\nx,y\n1,2\n"), comment);
    assert_eq!(help("#a\n\nx,y\n1,2\n"), comment);
    assert_eq!(help("# logger 7\n# started \"08:00\nx,y\n1,2\n"), comment);
    let line = "the line looks like a comment: take it out, or give --comment '#'";
    assert_eq!(help("# logger \"7\nx,y\n1,2\n"), line);
    assert_eq!(help("x,y\n1,2\n#,\"\n3,4\n"), line);
    // with `#` as comments, the second line would be the header
    assert_eq!(help("#a\nb\nx,y\n1,2\n"), "line 3 has the name `x`: if the header is there, give --skip 2");
    assert_eq!(help("Report\n\n\"two\nlines\"\nx,y\n1,2\n"), "line 5 has the name `x`: if the header is there, give --skip 4");
    let plain = "correct the name, or give other data";
    assert_eq!(help("a,b\n1,2\n"), plain);
    assert_eq!(help("a,b\n1,x\n"), plain, "a row of data");
    assert_eq!(help(&format!("a,b\n{}x,y\n", "1,2\n".repeat(40))), plain, "too far below");
    assert_eq!(help("x;price, EUR\n1;2\n"), "the header has semicolons: if they stand between the names, give --delimiter ';'");
    assert_eq!(help("a;price, EUR\n1;2\n"), plain);
    assert_eq!(help("a\"b\nx,y\n1,2\n").split("; ").last(), Some("if the line is a title, give --skip 1"));
}

#[test]
fn a_row_of_units_is_told_from_the_row_below() {
    let text = r#"{"target": "y", "features": ["T", "p"], "find_categories": true}"#;
    let (found, numbers) = (plan(text), plan(&text.replace("true", "false")));
    let units = "row 2 holds no number in any column: if it has units, take it out, or give --skip 2 --header T,p,y";
    assert_eq!(error(&found, "T,p,y\n[K],[Pa],[m]\n1,2,3\n").help, units);
    assert_eq!(error(&numbers, "T,p,y\nK,Pa,m\n1,2,3\n").help, units);
    let words = r#"{"target": "y", "features": ["T"], "find_categories": true, "columns": ["T"]}"#;
    assert_eq!(error(&plan(words), "T,p,y\nK,Pa,\n1,2,3\n").help, units);
    // here the row is as it should be
    let plain = "correct the cell, or name the column with --categories";
    assert_eq!(error(&found, "T,p,y\n[K],1,2\n1,2,3\n").help, plain);
    let plain = "correct the cell, or leave it empty if there is no value";
    assert_eq!(error(&found, "T,p,y\n[K],[Pa],[m]\n[K],[Pa],[m]\n").help, plain);
    let quoted = plan(r#"{"target": "y", "features": ["T in"]}"#);
    assert!(error(&quoted, "T in,\"p, all\",y\nK,Pa,m\n1,2,3\n").help.ends_with("give --skip 2 --header 'T in,\"p, all\",y'"));
    assert!(error(&quoted, "T in,,y\nK,Pa,m\n1,2,3\n").help.ends_with("give --skip 2 and the names of the columns with --header"));
    let given = plan(r#"{"target": "y", "features": ["x"], "header": ["x", "y"]}"#);
    assert!(error(&given, "K,m\n1,2\n").help.ends_with("give --skip 1"));
}

#[test]
fn characters_that_cannot_divide_csv_are_refused() {
    for text in [
        r#"{"comment": "-"}"#,
        r#"{"comment": "§"}"#,
        r#"{"comment": ","}"#,
        r#"{"comment": ";", "delimiter": ";"}"#,
        r#"{"comment": "1"}"#,
    ] {
        assert_eq!(Plan::parse(text).unwrap_err().code, Code::Plan, "{text}");
    }
    assert_eq!(plan(r##"{"comment": "#", "delimiter": ";"}"##).comment, Some('#'));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Parts of a table with comments that are summed by several summarizers, and one that sums all of it.
    #[test]
    fn parts_are_read_as_the_whole(
        rows in prop::collection::vec((1u32..100, 1u32..100, prop::option::of("[\",#a]{0,6}")), 2..40),
        cut in 1usize..40,
        given in any::<bool>(),
    ) {
        let body: Vec<String> = rows.iter().map(|(x, y, comment)| {
            comment.iter().map(|comment| format!("#{comment}\n")).collect::<String>() + &format!("{x};{y}\n")
        }).collect();
        let header = if given { "" } else { "x;y\n" };
        let begin = format!("a \"title\"\nsep=;\n{header}");
        let given = if given { r#", "header": ["x", "y"]"# } else { "" };
        let plan = plan(&format!(r##"{{"skip": 1, "comment": "#", "columns": ["x", "y"]{given}}}"##));
        let (first, second) = body.split_at(cut.min(body.len()));
        let whole = summed(&plan, &(begin.clone() + &body.concat())).unwrap().0;
        let mut summarizers = [0, 1].map(|_| Summarizer::new(plan.clone()).unwrap());
        let [one, other] = &mut summarizers;
        one.push((begin.clone() + &first.concat()).as_bytes()).unwrap();
        let records = begin + first.first().map_or("", String::as_str);
        let known: Vec<bool> = records.split_inclusive('\n').map(|line| other.header(line.as_bytes()).unwrap()).collect();
        prop_assert!(known.contains(&true));
        other.continue_at(1000).unwrap();
        other.push(second.concat().as_bytes()).unwrap();
        let state = other.state().unwrap();
        one.merge_state(&state).unwrap();
        prop_assert_eq!(one.finish().unwrap(), whole);
    }
}
