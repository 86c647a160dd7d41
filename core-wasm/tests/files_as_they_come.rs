//! Files as other programs and people leave them: what each of them shows, and what becomes of it.
//!
//! A file is read in silence where nobody can doubt what it means. Else the error says what was found and what to do, and whoever does that
//! literally gets on: the tests follow the help.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use samefit_core::error::{Code, Error};
use samefit_core::fit::fit;
use samefit_core::plan::Plan;
use samefit_core::predict::{Predictor, Table};
use samefit_core::profile::Profiler;
use samefit_core::statistics::Statistics;
use samefit_core::summarizer::Summarizer;
use serde_json::{Map, Value, json};

/// What every file would be if nothing were the matter with it.
const PLAIN: &str = "x,y\n1,2\n2,4\n3,7\n4,8\n";

/// Files that are read as [`PLAIN`], with what they show.
const READ: &[(&str, &str)] = &[
    ("a mark of MS-DOS at the end, Ctrl-Z", "x,y\n1,2\n2,4\n3,7\n4,8\n\u{1a}"),
    ("the same behind the last value", "x,y\n1,2\n2,4\n3,7\n4,8\u{1a}"),
    ("a file of CP/M, filled up with such marks", "x,y\r\n1,2\r\n2,4\r\n3,7\r\n4,8\r\n\u{1a}\u{1a}\u{1a}"),
    ("a space before opening quotes", "\"x\", \"y\"\n\"1\", \"2\"\n2, \"4\"\n\"3\",\t\"7\"\n4,8\n"),
    ("spaces behind closing quotes", "\"x\" ,\"y\" \n\"1\" , \"2\"\n2,4\n3,\"7\" \n4,8\n"),
    ("a line break in a name that is not needed", "x,\"a\nb\",y\n1,0,2\n2,0,4\n3,0,7\n4,0,8\n"),
    ("a byte order mark before a quote, as in the middle of joined files", "x,y\n1,2\n2,4\n\u{feff}\"3\",7\n4,8\n"),
];

/// What a person does who follows a help.
enum Follow {
    /// Gives the flags that it names first.
    Flags,

    /// Runs the command that it has in backquotes.
    Command,
    /// Removes the row of the error.
    RemoveRow,
    /// Changes all of one text in the file into another.
    Edit(&'static str, &'static str),
    /// Gives another name, and writes it so.
    Name(&'static str),
    /// There is nothing to do with this file.
    Nothing,
}

use Follow::{Command, Edit, Flags, Name, Nothing, RemoveRow};

/// Files that are refused: what they show, their text, a part of the sentence, a part of the help, and what follows it.
const REFUSED: &[(&str, &str, &str, &str, Follow)] = &[
    (
        "a delimiter at the end of rows alone",
        "x,y\n1,2,\n2,4,\n3,7,\n4,8,\n",
        "row 2: found 3 fields, expected 2 fields as in the header",
        "the row ends with a comma, and the header does not: if all rows do, end the header with one too, or give --skip 1 --header 'x,y,'",
        Flags,
    ),
    (
        "the same, followed in the file",
        "x,y\n1,2,\n2,4,\n3,7,\n4,8,\n",
        "row 2: found 3 fields",
        "end the header with one too",
        Edit("x,y\n", "x,y,\n"),
    ),
    (
        "the same in one row",
        "x,y\n1,2\n2,4,\n3,7\n4,8\n",
        "row 3: found 3 fields",
        "remove a comma at the end of the row",
        Edit("2,4,", "2,4"),
    ),
    (
        "a row of totals with other fields",
        "x,y\n1,2\n2,4\n3,7\n4,8\nTotal,,21\n",
        "row 6: found 3 fields",
        "the row looks like one of totals: remove it",
        RemoveRow,
    ),
    (
        "a row of totals",
        "x,y\n1,2\n2,4\n3,7\n4,8\nSumme:,21\n",
        "row 6, column `x`: found `Summe:`",
        "the row looks like one of totals: remove it",
        RemoveRow,
    ),
    (
        "hexadecimal numbers",
        "x,y\n0x1,2\n0x2,4\n0x3,7\n0x4,8\n",
        "row 2, column `x`: found `0x1`, expected a decimal number",
        "write decimal digits instead of hexadecimal ones: 1 here",
        Edit("0x", ""),
    ),
    (
        "single quotes around names",
        "'x','y'\n'1','2'\n'2','4'\n'3','7'\n'4','8'\n",
        "column `x`: the data have no such column, but one in quotes, `'x'`",
        "take the quotes out of the data",
        Edit("'", ""),
    ),
    (
        "single quotes around numbers",
        "x,y\n1,'2'\n2,'4'\n3,'7'\n4,'8'\n",
        "row 2, column `y`: found `'2'`, expected a decimal number",
        "write the number without the quotes around it",
        Edit("'", ""),
    ),
    (
        "columns aligned by spaces",
        "  x   y\n  1   2\n  2   4\n  3   7\n  4   8\n",
        "the data have no such column",
        "spaces stand between the names: write one delimiter in their place, such as with `sed",
        Command,
    ),
    (
        "one space between columns",
        "x y\n1 2\n2 4\n3 7\n4 8\n",
        "no such column",
        "spaces stand between the names: give --delimiter ' '",
        Flags,
    ),
    (
        "what Windows writes of an undefined number",
        "x,y\n1,2\n2,4\n9,-1.#IND\n3,7\n4,8\n",
        "row 4, column `y`: found `-1.#IND`",
        "give --na '-1.#IND' --missing drop if it means a missing value",
        Flags,
    ),
    (
        "the same with its digits filled up",
        "x,y\n1,2\n2,4\n9,1.#QNAN0\n3,7\n4,8\n",
        "found `1.#QNAN0`",
        "give --na '1.#QNAN0' --missing drop",
        Flags,
    ),
    (
        "what Windows writes of infinity",
        "x,y\n1,2\n2,4\n9,1.#INF\n3,7\n4,8\n",
        "row 4, column `y`: found `1.#INF`",
        "leave the cell empty if there is no value; infinity is not one",
        RemoveRow,
    ),
    (
        "lines in quotes as a whole",
        "\"x,y\"\n\"1,2\"\n\"2,4\"\n\"3,7\"\n\"4,8\"\n",
        "no such column",
        "each line stands in quotes as a whole: take these quotes out, such as with `sed",
        Command,
    ),
    (
        "the same with CRLF and quotes inside",
        "\"x,\"\"y\"\"\"\r\n\"1,2\"\r\n\"2,\"\"4\"\"\"\r\n\"3,7\"\r\n\"4,8\"\r\n",
        "no such column",
        "each line stands in quotes as a whole",
        Command,
    ),
    (
        "a name in other capitals",
        "x,Y\n1,2\n2,4\n3,7\n4,8\n",
        "column `y`: the data have no such column, but one with other capitals, `Y`",
        "give the name as the data have it, capitals and all",
        Name("Y"),
    ),
    (
        "a line break in a name that is needed",
        "x,\"y\r\n(mm)\"\r\n1,2\r\n2,4\r\n3,7\r\n4,8\r\n",
        "no such column; they have `x`, `y (mm)`",
        "correct the name, or give other data",
        Name("y (mm)"),
    ),
    (
        "an error of a spreadsheet",
        "x,y\n1,2\n9,#DIV/0!\n2,4\n3,7\n4,8\n",
        "row 3, column `y`: found `#DIV/0!`",
        "give --na '#DIV/0!' --missing drop",
        Flags,
    ),
    ("the same in the first column", "x,y\n1,2\n#NAME?,4\n2,4\n3,7\n4,8\n", "found `#NAME?`", "give --na '#NAME?' --missing drop", Flags),
    ("the same in German", "x,y\n1,2\n9,#NV\n2,4\n3,7\n4,8\n", "found `#NV`", "give --na '#NV' --missing drop", Flags),
    (
        "a text for no value in brackets",
        "x,y\n1,2\n9,(null)\n2,4\n3,7\n4,8\n",
        "found `(null)`",
        "give --na '(null)' --missing drop",
        Flags,
    ),
    ("`\\N` of databases", "x,y\n1,2\n9,\\N\n2,4\n3,7\n4,8\n", "found `\\N`", "give --na '\\N' --missing drop", Flags),
    (
        "stars of Fortran, where a number is too wide",
        "x,y\n1,2\n9,*****\n2,4\n3,7\n4,8\n",
        "found `*****`",
        "give --na '*****' --missing drop",
        Flags,
    ),
    (
        "a value below a limit of detection",
        "x,y\n1,<2\n2,4\n3,7\n4,8\n",
        "found `<2`",
        "write the number to take for this bound, or leave the cell empty",
        Edit("<", ""),
    ),
    (
        "a comment deep in the file",
        "x,y\n1,2\n2,4\n3,7\n# off\n4,8\n",
        "row 5: found 1 field",
        "the line looks like a comment: take it out, or give --comment '#'",
        Flags,
    ),
    (
        "currency signs",
        "x,y\n1,€ 2\n2,€ 4\n3,€ 7\n4,€ 8\n",
        "found `€ 2`",
        "write the number alone, without the sign for its unit",
        Edit("€ ", ""),
    ),
    (
        "percent signs",
        "x,y\n1,2 %\n2,4 %\n3,7 %\n4,8 %\n",
        "found `2 %`",
        "write the number alone, without the sign for its unit",
        Edit(" %", ""),
    ),
    (
        "units",
        "x,y\n1,2 mm\n2,4 mm\n3,7 mm\n4,8 mm\n",
        "found `2 mm`",
        "write the number alone, without the sign for its unit",
        Edit(" mm", ""),
    ),
    ("degrees", "x,y\n1,2°\n2,4°\n3,7°\n4,8°\n", "found `2°`", "write the number alone, without the sign for its unit", Edit("°", "")),
    (
        "dates",
        "x,y\n1,2024-01-02\n",
        "found `2024-01-02`",
        "write the days since a fixed day, or the year alone, instead of a date",
        Nothing,
    ),
    ("an apostrophe between thousands", "x,y\n1,2'000\n2,4'000\n3,7'000\n4,8'000\n", "found `2'000`", "give --thousands \"'\"", Flags),
    ("spaces between thousands", "x,y\n1,2 000\n2,4 000\n3,7 000\n4,8 000\n", "found `2 000`", "give --thousands ' '", Flags),
    (
        "separators as in India",
        "x,y\n1,\"1,00,000\"\n",
        "found `1,00,000`",
        "write the number without separators between its digits",
        Nothing,
    ),
    (
        "exponents of Fortran",
        "x,y\n1,2.0D+00\n2,4\n3,7\n4,8\n",
        "found `2.0D+00`",
        "write E instead of D before the exponent",
        Edit("D", "E"),
    ),
    ("brackets for a minus", "x,y\n1,(2)\n", "found `(2)`", "write a minus before the number instead of the brackets around it", Nothing),
    ("a minus behind the number", "x,y\n1,2-\n", "found `2-`", "write the minus before the number", Nothing),
    (
        "a dash for a minus",
        "x,y\n1,\u{2013}2\n",
        "found `\u{2013}2`",
        "write a minus instead of an en dash, U+2013, before the number",
        Nothing,
    ),
    (
        "the header again, in joined files",
        "x,y\n1,2\n2,4\nx,y\n3,7\n4,8\n",
        "row 4, column `x`: found `x`",
        "the header stands here again, as in files that were joined: remove this row",
        RemoveRow,
    ),
    (
        "the same without a line break between them",
        "x,y\n1,2\n2,4x,y\n3,7\n4,8\n",
        "row 3: found 3 fields",
        "the header stands here again, as in files that were joined: end the line before `x`, and remove the header",
        Edit("x,y\n3", "\n3"),
    ),
    (
        "the same with a byte order mark before it",
        "\u{feff}x,y\n1,2\n2,4\n\u{feff}\"x\",\"y\"\n3,7\n4,8\n",
        "row 4, column `x`: found `x`",
        "remove this row",
        RemoveRow,
    ),
    (
        "two byte order marks",
        "\u{feff}\u{feff}x,y\n1,2\n2,4\n3,7\n4,8\n",
        "but this name with a byte order mark, U+FEFF, before it",
        "remove this character from the name in the data",
        Edit("\u{feff}", ""),
    ),
    (
        "a byte order mark before a number",
        "x,y\n1,2\n2,4\n\u{feff}3,7\n4,8\n",
        "with a byte order mark, U+FEFF, before it",
        "remove the character that cannot be seen from the cell",
        Edit("\u{feff}", ""),
    ),
    (
        "a quote that is never closed",
        "x,n,y\n1,a,2\n2,\"b,4\n3,c,7\n4,d,8\n",
        "row 3: a quoted field is never closed",
        "close the quote, or copy the file again if it was cut off",
        Edit("\"b", "\"b\""),
    ),
    (
        "a quote that another one closes, lines below",
        "x,n,y\n1,a,2\n2,\"b,4\n3,\"c\",7\n4,d,8\n",
        "row 3: text stands after a closing quote",
        "a field of this row begins with a quote that is not closed in its line: close it there",
        Edit("\"b", "\"b\""),
    ),
    (
        "zero bytes at the end, after a crash",
        "x,y\n1,2\n2,4\n3,7\n4,8\n\0\0\0\0\0\0\0\0",
        "row 6: found 1 field",
        "zero bytes stand here, as after a crash: copy the file again, whole, or remove this row",
        RemoveRow,
    ),
    (
        "zero bytes in the last row",
        "x,y\n1,2\n2,4\n3,7\n4,8\n5,9\0\0\0\0",
        "row 6, column `y`",
        "zero bytes stand here, as after a crash",
        RemoveRow,
    ),
    (
        "zero bytes alone",
        "\0\0\0\0\0\0\0\0",
        "row 1: zero bytes stand in the header",
        "copy the file again, whole, and check that it is CSV",
        Nothing,
    ),
    (
        "an error message in JSON",
        "{\"error\": \"not found\", \"status\": 404}\n",
        "row 1: a quote stands in the middle of a field",
        "the data look like JSON: if they are records, give the file a name that ends in `.jsonl` or `.json`, else read what they say",
        Nothing,
    ),
    (
        "the same over several lines",
        "{\n  \"error\": \"not found\"\n}\n",
        "no such column; they have `{`",
        "the data look like JSON",
        Nothing,
    ),
    (
        "an array of records",
        "[{\"x\": 1, \"y\": 2},\n {\"x\": 2, \"y\": 4}]\n",
        "row 1: a quote stands",
        "the data look like JSON",
        Nothing,
    ),
    (
        "an error message in XML",
        "<Error><Code>AccessDenied</Code></Error>\n",
        "no such column",
        "the data look like a web page or XML: read what they say",
        Nothing,
    ),
    ("one row", "x,y\n1,2\n", "1 row of data is fewer than the 2 coefficients to find", "give more rows, or name fewer features", Nothing),
];

/// The plan of a model of `y`, with further keys.
fn plan(keys: &Map<String, Value>) -> Plan {
    let mut plan = json!({"target": "y", "features": ["x"]});
    plan.as_object_mut().unwrap().extend(keys.clone());
    Plan::parse(&plan.to_string()).unwrap()
}

fn summed(plan: &Plan, text: &str) -> Result<Statistics, Error> {
    let mut summarizer = Summarizer::new(plan.clone())?;
    summarizer.push(text.as_bytes())?;
    let statistics = summarizer.finish()?;
    fit(&statistics, plan)?;
    Ok(statistics)
}

/// Everything that the sums say, with the names of the columns as in [`PLAIN`] and numbers of thousands as of units.
fn sums(statistics: &Statistics) -> (i64, Vec<String>) {
    let moments = &statistics.moments;
    (statistics.rows, (0..3).flat_map(|a| (0..=a).map(move |b| moments.at(a, b).to_string().replace("000", ""))).collect())
}

/// The flags that a help names first, as keys of a plan.
fn flags(help: &str) -> Map<String, Value> {
    let mut words = words(&help[help.find("--").unwrap()..]).into_iter();
    let mut keys = Map::new();
    while let Some(flag) = words.next().filter(|word| word.starts_with("--")) {
        let value = words.next().unwrap();
        let value = value.trim_end_matches([';', ':']).to_owned();
        match flag.as_str() {
            "--skip" => keys.insert("skip".to_owned(), json!(value.parse::<u64>().unwrap())),
            "--header" => keys.insert("header".to_owned(), json!(value.split(',').collect::<Vec<_>>())),
            "--na" => keys.insert("na".to_owned(), json!([value])),
            "--missing" | "--delimiter" | "--comment" | "--thousands" | "--decimal" => {
                keys.insert(flag.trim_start_matches('-').to_owned(), json!(value))
            }
            other => panic!("{other}"),
        };
    }
    keys
}

/// Divides a text into words as a shell does.
fn words(text: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in text.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, ' ') => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// Runs the command that a help has in backquotes.
fn run(help: &str, text: &str) -> String {
    use std::io::Write;
    use std::process::{Command, Stdio};

    let command = help.split('`').nth(1).unwrap();
    let mut shell = Command::new("sh").args(["-c", command]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    // so few bytes fit into a pipe
    shell.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = shell.wait_with_output().unwrap();
    assert!(output.status.success(), "{command}");
    String::from_utf8(output.stdout).unwrap()
}

fn without_row(text: &str, row: u64) -> String {
    text.split_inclusive('\n').zip(1..).filter(|(_, number)| *number != row).map(|(line, _)| line).collect()
}

#[test]
fn files_without_doubt_are_read_in_silence() {
    let plan = plan(&Map::new());
    let plain = summed(&plan, PLAIN).unwrap();
    let predictor = Predictor::new(fit(&plain, &plan).unwrap()).unwrap();
    let predictions = |text: &str| {
        let mut table = Table::new(predictor.clone(), &Plan::parse(r#"{"only": "predicted"}"#).unwrap()).unwrap();
        let mut out = table.push(text.as_bytes()).unwrap();
        out.extend(table.finish().unwrap());
        String::from_utf8(out).unwrap()
    };
    let profile = |text: &str| {
        let mut profiler = Profiler::new(&Plan::parse("{}").unwrap());
        profiler.push(text.as_bytes()).unwrap();
        let profile: Value = serde_json::from_str(&profiler.finish().unwrap()).unwrap();
        profile["columns"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|column| ["x", "y"].contains(&column["name"].as_str().unwrap()))
            .cloned()
            .collect::<Vec<_>>()
    };
    for (shows, text) in READ {
        assert_eq!(summed(&plan, text).as_ref(), Ok(&plain), "{shows}");
        assert_eq!(predictions(text), predictions(PLAIN), "{shows}");
        assert_eq!(profile(text), profile(PLAIN), "{shows}");
    }
}

#[test]
fn whoever_follows_the_help_gets_on() {
    let plain = sums(&summed(&plan(&Map::new()), PLAIN).unwrap());
    let mut wrong = Vec::new();
    for (shows, text, sentence, help, follow) in REFUSED {
        let error = summed(&plan(&Map::new()), text).expect_err(shows);
        let said = error.to_string();
        if !said.contains(sentence) || !error.help.contains(help) {
            wrong.push(format!("{shows}: {said}"));
            continue;
        }
        let (keys, mended) = match follow {
            Flags => (flags(&error.help), (*text).to_owned()),
            Command => (Map::new(), run(&error.help, text)),
            RemoveRow => (Map::new(), without_row(text, error.row.unwrap())),
            Edit(from, to) => (Map::new(), text.replace(from, to)),
            Name(name) => (Map::from_iter([("target".to_owned(), json!(name))]), (*text).to_owned()),
            Nothing => continue,
        };
        match summed(&plan(&keys), &mended) {
            Ok(read) if sums(&read) == plain => {}
            Ok(read) => wrong.push(format!("{shows}: {mended:?} is read as {:?}", sums(&read))),
            Err(error) => wrong.push(format!("{shows}: {mended:?}: {error}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// The messages of a column that is left out because of its first cell, where nobody has named it.
#[test]
fn a_column_that_is_left_out_says_how_it_is_written() {
    for (cells, words) in [
        (["0x1F", "0x20"], "write decimal digits instead of hexadecimal ones: 31 here"),
        (["'5'", "'6'"], "write the number without the quotes around it"),
        (["(5)", "(6)"], "instead of the brackets"),
        (["<5", "<6"], "write the number to take for this bound"),
        (["EUR 5", "EUR 6"], "without the sign for its unit"),
        (["5 mm", "6 mm"], "without the sign for its unit"),
        (["2024-01-05", "2024-01-06"], "write the days since a fixed day"),
        (["10:30", "10:45"], "write minutes or hours"),
        (["1.0D+03", "2.0D+03"], "write E instead of D"),
        (["M", "F"], "give --categories x"),
    ] {
        let text = format!("x,y\n{},1\n{},2\n{},4\n", cells[0], cells[1], cells[0]);
        let plan = Plan::parse(r#"{"target": "y", "find_categories": true}"#).unwrap();
        let error = summed(&plan, &text).unwrap_err();
        assert_eq!(error.code, Code::NoColumns);
        assert!(error.help.contains(words), "{cells:?}: {error}");
    }
}

/// A model that names its variable in other capitals than the records do.
#[test]
fn records_are_renamed_and_not_the_model() {
    let plan = plan(&Map::new());
    let predictor = Predictor::new(fit(&summed(&plan, PLAIN).unwrap(), &plan).unwrap()).unwrap();
    let error = predictor.predict_record(br#"{"X": 2}"#).unwrap_err();
    assert!(error.sentence.contains("the record does not have it, but one with other capitals, `X`"), "{error}");
    assert_eq!(error.help, "write the name in the data as it is asked for");
}
