//! Any number of threads gives what one gives, to the byte: statistics, notes, errors, provenance.
//!
//! `--piece-bytes` makes the pieces small that threads share a file by, so that borders fall everywhere.

use std::fmt::Write;
use std::fs;
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;

use crate::place::Place;

const THREADS: [usize; 3] = [2, 3, 7];

/// What a run gave: exit code, account, and the two documents of interest.
#[derive(PartialEq, Debug)]
struct Outcome {
    code: i32,
    stderr: String,
    statistics: Option<String>,
    provenance: Option<String>,
}

fn run(place: &Place, line: &str, threads: usize, piece_bytes: usize) -> Outcome {
    place.shell("rm -rf out");
    let ran = place.shell(&format!("{line} --threads {threads} --piece-bytes {piece_bytes}"));
    let read = |name: &str| fs::read_to_string(place.path(name)).ok();
    let provenance = read("out/provenance.json").map(|text| text.split("\"inputs\"").nth(1).unwrap().to_owned());
    Outcome { code: ran.code(), stderr: ran.stderr(), statistics: read("out/statistics.json"), provenance }
}

/// Runs a line with one thread and with several, in pieces of several lengths; returns what all of them gave.
fn same(place: &Place, line: &str, pieces: &[usize]) -> Outcome {
    let one = run(place, line, 1, 1 << 18);
    for threads in THREADS {
        for &piece_bytes in pieces {
            let many = run(place, line, threads, piece_bytes);
            assert_eq!(many, one, "{line}: {threads} threads, pieces of {piece_bytes} bytes");
        }
    }
    one
}

fn same_statistics(place: &Place, line: &str, pieces: &[usize]) -> Outcome {
    let outcome = same(place, line, pieces);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert!(outcome.statistics.is_some());
    outcome
}

fn same_error(place: &Place, text: &str, pieces: &[usize], begins: &str) {
    fs::write(place.path("bad.csv"), text).unwrap();
    let outcome = same(place, "samefit summarize --data bad.csv --out out", pieces);
    assert_eq!(outcome.code, 3);
    assert!(outcome.stderr.starts_with(&format!("error: bad.csv: {begins}")), "{}", outcome.stderr);
}

/// A table of `rows` rows with decimals of several lengths.
fn table(rows: usize) -> String {
    let mut text = String::from("age,bmi,y\n");
    for row in 0..rows {
        writeln!(text, "{},{}.{},{}", row % 90, 18 + row % 17, row % 1000, (row * 7919) % 350).unwrap();
    }
    text
}

const SMALL: [usize; 6] = [1, 3, 17, 64, 200, 1000];

#[test]
fn a_table_of_many_blocks() {
    let place = Place::new();
    fs::write(place.path("a.csv"), table(200_000)).unwrap();
    place.shell("gzip -k a.csv");
    let line = |path: &str| format!("samefit summarize --data {path} --out out");
    let plain = same_statistics(&place, &line("a.csv"), &[1 << 12, 100_000, 1 << 18, 1 << 20]);
    let gzip = same_statistics(&place, &line("a.csv.gz"), &[1 << 14, 1 << 18]);
    assert_eq!(gzip.statistics, plain.statistics);
    let text = table(200_000);
    let (front, back) = text.split_at(1_234_567);
    let frames = [front, back].map(|frame| zstd::encode_all(frame.as_bytes(), 1).unwrap()).concat();
    fs::write(place.path("a.csv.zst"), frames).unwrap();
    let zstd = same_statistics(&place, &line("a.csv.zst"), &[1 << 14, 1 << 18]);
    assert_eq!(zstd.statistics, plain.statistics);
    let pipe = same_statistics(&place, &format!("cat a.csv | {}", line("/dev/stdin")), &[1 << 14, 1 << 18]);
    assert_eq!(pipe.statistics, plain.statistics);
}

#[test]
fn provenance_is_the_same() {
    let place = Place::new();
    place.shell("mkdir d && cp data/diabetes.csv d/a.csv && gzip -k d/a.csv && tail -n +2 data/diabetes.csv | head -100 > rest && (head -1 data/diabetes.csv; cat rest) > d/b.csv");
    let outcome = same(&place, "samefit train --data d --target y --features bmi,ltg --out out", &[100, 5000, 1 << 18]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let digest = place.shell("sha256sum d/b.csv").stdout();
    assert!(outcome.provenance.unwrap().contains(digest.split(' ').next().unwrap()));
}

#[test]
fn quotes_line_breaks_blank_lines_text_and_missing_values() {
    let place = Place::new();
    let mut text = String::from("\u{feff}\r\n\"\"\n\r\n\"na\"\"me,\",x,y\r\n");
    for row in 0..120 {
        match row % 6 {
            0 => write!(text, "\"low\n,\"\"\n\",{row},2\r\n"),
            1 => write!(text, "\"\n\n\n\",\"{row}.5\",3\n"),
            2 => write!(text, "plain,,4\n\n\r\n"),
            3 => writeln!(text, "\"\"\"\",{row},"),
            4 => write!(text, ",{row},1\r\n"),
            _ => writeln!(text, "high,-{row}e-2,\"7\""),
        }
        .unwrap();
    }
    fs::write(place.path("q.csv"), &text).unwrap();
    let dropped = same_statistics(&place, "samefit summarize --data q.csv --missing drop --out out", &SMALL);
    assert!(
        dropped.stderr.contains("it holds text, not numbers") && dropped.stderr.contains("left out: 40 rows lack values"),
        "{}",
        dropped.stderr
    );
    let refused = same(&place, "samefit summarize --data q.csv --out out", &SMALL);
    assert!(refused.stderr.contains("40 rows lack values (`x` 20, `y` 20), the first of them this one"), "{}", refused.stderr);
    // without its last line break
    fs::write(place.path("q.csv"), text.trim_end()).unwrap();
    let cut = same_statistics(&place, "samefit summarize --data q.csv --missing drop --out out", &SMALL);
    assert_eq!(cut.statistics, dropped.statistics);
}

#[test]
fn json_lines() {
    let place = Place::new();
    let mut text = String::from("\u{feff}\n{\"x\": 1, \"w\": \"a\\\"\", \"y\": 2}\n");
    for row in 0..100 {
        writeln!(text, "{{\"y\": {row}.25, \"x\": {}, \"w\": \"b\"}}{}", row * row, if row % 9 == 0 { "\r\n" } else { "" }).unwrap();
    }
    fs::write(place.path("a.jsonl"), &text).unwrap();
    let line = "samefit summarize --data a.jsonl --out out";
    let good = same_statistics(&place, line, &SMALL);
    assert!(good.statistics.unwrap().contains("\"rows\": \"101\""));
    fs::write(place.path("a.jsonl"), text + "{\"x\": 1, \"z\": 3}\n{\"x\"\n").unwrap();
    let bad = same(&place, line, &SMALL);
    assert!(bad.stderr.starts_with("error: a.jsonl: row 115, column `z`: "), "{}", bad.stderr);
}

#[test]
fn a_folder_of_many_files() {
    let place = Place::new();
    place.shell("mkdir d");
    for file in 0..30 {
        fs::write(place.path(&format!("d/{file:02}.csv")), table(1 + file * file)).unwrap();
    }
    place.shell("echo '{\"age\": 1, \"bmi\": 2, \"y\": 3}' > d/x.json && cp d/x.json d/y.jsonl");
    same_statistics(&place, "samefit summarize --data d --columns age,bmi,y --out out", &[100, 1000, 1 << 18]);
    // the earliest file at fault is named, though a later one is found at once
    fs::write(place.path("d/29.csv"), "age,bmi,y\nold,2,3\n").unwrap();
    fs::write(place.path("d/28.csv"), table(3000) + "1,2,x\n").unwrap();
    let outcome = same(&place, "samefit summarize --data d --columns age,bmi,y --out out", &[100, 1 << 18]);
    assert!(outcome.stderr.starts_with("error: d/28.csv: row 3002, column `y`: found `x`"), "{}", outcome.stderr);
    // so it is if what is wrong shows at its end alone
    fs::write(place.path("d/27.csv"), table(3000) + "1,,2\n").unwrap();
    let outcome = same(&place, "samefit summarize --data d --columns age,bmi,y --out out", &[100, 1 << 18]);
    assert!(outcome.stderr.starts_with("error: d/27.csv: row 3002: 1 row lacks a value (`bmi` 1)"), "{}", outcome.stderr);
    // and if it is the header
    fs::write(place.path("d/00.csv"), table(1).replace("bmi", "age") + &"1,2,3\n".repeat(500)).unwrap();
    let outcome = same(&place, "samefit summarize --data d --columns age,bmi,y --out out", &[10, 100, 1 << 18]);
    assert!(outcome.stderr.starts_with("error: d/00.csv: row 1, column `age`: "), "{}", outcome.stderr);
    fs::remove_file(place.path("d/00.csv")).unwrap();
    place.shell("mkdir d/00.csv.gz");
    let outcome = same(&place, "samefit summarize --data d/01.csv d/none.csv --out out", &[10, 1 << 18]);
    assert!(outcome.stderr.starts_with("error: d/none.csv: there is no such file"), "{}", outcome.stderr);
}

#[test]
fn errors_are_the_earliest() {
    let place = Place::new();
    let pieces = [7, 100, 1000, 5000];
    same_error(&place, &(table(1000) + "1,2\n" + &table(100)[10..]), &pieces, "row 1002: found 2 fields");
    same_error(&place, &(table(1000) + "1,2,x\n3\n" + &table(900)[10..]), &pieces, "row 1002, column `y`: found `x`");
    same_error(&place, &(table(300) + "1,2,\"3\n" + &table(900)[10..]), &pieces, "row 302: a quoted field is never closed");
    same_error(&place, &(table(300) + "1,2\"x,3\n" + &table(900)[10..]), &pieces, "row 302: a quote stands in the middle");
    same_error(&place, &(table(300) + "1,2\rx,3\n" + &table(900)[10..]), &pieces, "row 302: a carriage return");
    // text in a column that nobody named is at fault when a number comes, which may be in another piece
    let texts = "low,1,2\n".repeat(200);
    same_error(&place, &("age,bmi,y\n".to_owned() + &texts + "1,2,3\n" + &texts + "1\n"), &pieces, "row 2, column `age`: found `low`");
    same_error(&place, &("age,bmi,y\n".to_owned() + &texts + "low,2\n" + &texts + "1,2,3\n"), &pieces, "row 202: found 2 fields");
    same_error(&place, &(table(200) + &texts + &table(200)[10..]), &pieces, "row 202, column `age`: found `low`");
    same_error(&place, "age;y\n1;2\n", &pieces, "row 1: the header has semicolons");
    same_error(&place, &"\n".repeat(500), &pieces, "there is nothing in it");
}

#[test]
fn damaged_compression_and_plans_that_say_too_much() {
    let place = Place::new();
    fs::write(place.path("a.csv"), table(100_000)).unwrap();
    place.shell("gzip -k a.csv && head -c 200000 a.csv.gz > cut.csv.gz");
    let outcome = same(&place, "samefit summarize --data cut.csv.gz --out out", &[1 << 12, 1 << 18]);
    assert!(outcome.stderr.starts_with("error: cut.csv.gz: the compressed data are cut off"), "{}", outcome.stderr);
    let outcome = same(&place, "samefit summarize --data a.csv --terms age^-1 --out out", &[1 << 12, 1 << 18]);
    assert_eq!(outcome.code, 3, "{}", outcome.stderr);
    let outcome = same(&place, "samefit summarize --data a.csv --columns age,height --out out", &[1 << 12, 1 << 18]);
    assert!(outcome.stderr.starts_with("error: a.csv: column `height`: "), "{}", outcome.stderr);
    assert_eq!(place.shell("samefit summarize --data a.csv --threads 0 --out out").code(), 2);
}

/// A table of columns, in row groups of so many rows: whole numbers, decimals, long numbers, some of them missing in `gaps`, all in `never`.
fn write_columns(place: &Place, name: &str, rows: usize, group: usize, change: impl Fn(usize, f64) -> Option<f64>) {
    let column = |value: &dyn Fn(usize) -> Option<f64>| -> ArrayRef { Arc::new((0..rows).map(value).collect::<Float64Array>()) };
    let text: ArrayRef = Arc::new((0..rows).map(|row| Some(if row % 3 == 0 { "low" } else { "high" })).collect::<StringArray>());
    let data = RecordBatch::try_from_iter([
        ("age", column(&|row| Some((row % 90) as f64))),
        ("name", text),
        ("bmi", column(&|row| change(row, (1800 + row % 1700) as f64 / 100.0))),
        ("long", column(&|row| Some((row as f64 * 0.7).sin() / 3.0))),
        ("y", column(&|row| Some((row * 7919 % 350) as f64))),
    ])
    .unwrap();
    let file = fs::File::create(place.path(name)).unwrap();
    if name.ends_with(".parquet") {
        let properties = WriterProperties::builder().set_max_row_group_row_count(Some(group)).build();
        let mut writer = ArrowWriter::try_new(file, data.schema(), Some(properties)).unwrap();
        writer.write(&data).unwrap();
        writer.close().unwrap();
    } else {
        let mut writer = arrow_ipc::writer::FileWriter::try_new(file, &data.schema()).unwrap();
        (0..rows).step_by(group).for_each(|at| writer.write(&data.slice(at, group.min(rows - at))).unwrap());
        writer.finish().unwrap();
    }
}

#[test]
fn files_of_columns() {
    let place = Place::new();
    let line = |path: &str| format!("samefit summarize --data {path} --missing drop --out out");
    let keep = |_: usize, value: f64| Some(value);
    write_columns(&place, "one.parquet", 150_000, 1 << 20, keep);
    let one = same_statistics(&place, &line("one.parquet"), &[1 << 18]);
    assert!(one.stderr.contains("column `name`: left out: it holds text"), "{}", one.stderr);
    for (name, group) in [("two.parquet", 100_000), ("many.parquet", 1_000), ("two.arrow", 100_000), ("many.arrow", 1_000)] {
        write_columns(&place, name, 150_000, group, keep);
        assert_eq!(same_statistics(&place, &line(name), &[1 << 18]).statistics, one.statistics, "{name}");
    }
    let gaps = |row: usize, value: f64| Some(value).filter(|_| row % 1000 != 70 && !(40_000..60_000).contains(&row));
    write_columns(&place, "gaps.parquet", 150_000, 9_000, gaps);
    let dropped = same_statistics(&place, &line("gaps.parquet"), &[1 << 18]);
    assert!(dropped.stderr.contains("20130 rows lack values (`bmi` 20130)"), "{}", dropped.stderr);
    write_columns(&place, "never.parquet", 20_000, 3_000, |_, _| None);
    let never = same(&place, &line("never.parquet"), &[1 << 18]);
    assert!(never.stderr.contains("never.parquet: there is a header but no row of data"), "{}", never.stderr);
    write_columns(&place, "empty.parquet", 0, 10, keep);
    same(&place, &line("empty.parquet"), &[1 << 18]);
    // beside tables of other formats
    fs::write(place.path("a.csv"), table(50_000)).unwrap();
    let columns = "--columns age,bmi,y";
    same_statistics(&place, &format!("{} {columns}", line("many.parquet a.csv two.arrow gaps.parquet")), &[1 << 12, 1 << 18]);
    same(&place, &format!("{} --columns age,weight", line("many.parquet")), &[1 << 18]);
}

#[test]
fn the_first_fault_of_files_of_columns() {
    let place = Place::new();
    let fault = |name: &str, group: usize, begins: &str, change: &dyn Fn(usize, f64) -> Option<f64>| {
        write_columns(&place, name, 100_000, group, change);
        let outcome = same(&place, &format!("samefit summarize --data {name} --out out"), &[1 << 18]);
        assert_eq!(outcome.code, 3);
        assert!(outcome.stderr.starts_with(&format!("error: {name}: {begins}")), "{}", outcome.stderr);
    };
    for (name, group) in [("a.parquet", 1 << 20), ("b.parquet", 1_000), ("c.arrow", 1_000)] {
        let infinite = |row: usize, value: f64| Some(if row % 30_000 == 29_999 { f64::INFINITY } else { value });
        fault(name, group, "row 30000, column `bmi`: found `inf`", &infinite);
        fault(name, group, "row 65001", &|row, value| Some(value).filter(|_| row < 65_000 || row % 7 == 0));
    }
    // what is damaged hides only what comes after it
    let damage = |name: &str, share: f64| {
        let mut bytes = fs::read(place.path(name)).unwrap();
        let at = (bytes.len() as f64 * share) as usize;
        // more than a row group, so that the head of a page is among it
        bytes[at..at + 20_000].fill(0xff);
        fs::write(place.path(name), bytes).unwrap();
        same(&place, &format!("samefit summarize --data {name} --out out"), &[1 << 18])
    };
    for (row, begins) in [(90_000, "not Parquet"), (10_000, "row 10001, column `bmi`")] {
        write_columns(&place, "d.parquet", 100_000, 1_000, |at, value| Some(if at == row { f64::INFINITY } else { value }));
        let outcome = damage("d.parquet", 0.5);
        assert!(outcome.stderr.starts_with(&format!("error: d.parquet: {begins}")), "{}", outcome.stderr);
    }
}

/// What a run of `infer` gave: exit code, account, and every file with its contents.
#[derive(PartialEq, Debug)]
struct Predicted {
    code: i32,
    account: String,
    stderr: String,
    files: Vec<(String, String)>,
}

/// Runs `infer` over `attributes` with one thread and with several, in pieces of several lengths; returns what all of them gave.
fn same_predictions(place: &Place, attributes: &str, pieces: &[usize]) -> Predicted {
    let infer = |threads: usize, piece_bytes: usize| {
        place.shell("rm -rf p");
        let flags = format!("--json --threads {threads} --piece-bytes {piece_bytes}");
        let ran = place.shell(&attributes.replace("INFER", &format!("samefit infer --model m --out p {flags} --attributes")));
        let names = place.shell("find . -path './p*' -type f | sort").stdout();
        let files = names.lines().map(|name| (name.to_owned(), fs::read_to_string(place.path(name)).unwrap())).collect();
        Predicted { code: ran.code(), account: ran.stdout(), stderr: ran.stderr(), files }
    };
    let one = infer(1, 1 << 18);
    for threads in [1, 2, 3, 7] {
        for &piece_bytes in pieces {
            assert!(infer(threads, piece_bytes) == one, "{attributes}: {threads} threads, pieces of {piece_bytes} bytes");
        }
    }
    one
}

/// The one file of predictions.
fn one_file(predicted: Predicted) -> String {
    let Predicted { code, stderr, mut files, .. } = predicted;
    assert_eq!((code, files.len()), (0, 1), "{stderr}");
    files.remove(0).1
}

fn place_with_model() -> Place {
    let place = Place::new();
    fs::write(place.path("t.csv"), table(500)).unwrap();
    assert_eq!(place.shell("samefit train -q --data t.csv --target y --out m").code(), 0);
    place
}

#[test]
fn predictions_of_a_table() {
    let place = place_with_model();
    let text = table(20_000);
    fs::write(place.path("a.csv"), &text).unwrap();
    fs::write(place.path("c.csv"), text.replace('\n', "\r\n")).unwrap();
    place.shell("gzip -k a.csv");
    fs::write(place.path("b.csv.zst"), zstd::encode_all(text.as_bytes(), 1).unwrap()).unwrap();
    let pieces = [1 << 10, 1 << 14];
    let plain = one_file(same_predictions(&place, "INFER a.csv", &pieces));
    assert_eq!(plain.lines().count(), 20_001);
    for other in ["INFER a.csv.gz", "INFER b.csv.zst", "INFER c.csv", "cat a.csv | INFER /dev/stdin"] {
        assert!(one_file(same_predictions(&place, other, &pieces)) == plain, "{other}");
    }
    let only = one_file(same_predictions(&place, "INFER a.csv --only predicted", &pieces));
    assert!(only.lines().eq(plain.lines().map(|line| line.split(',').next().unwrap())));
    let both = one_file(same_predictions(&place, "INFER a.csv --with-input", &pieces));
    assert!(both.lines().eq(text.lines().zip(plain.lines()).map(|(input, prediction)| format!("{input},{prediction}"))));
}

#[test]
fn predictions_of_quotes_line_breaks_and_json_lines() {
    let place = place_with_model();
    let mut text = String::from("\u{feff}\r\n\"\"\n\r\nbmi,\"na\"\"me,\",age\r\n");
    let mut lines = String::from("\u{feff}\n");
    for row in 0..60 {
        match row % 3 {
            0 => write!(text, "2{}.5,\"low\n,\"\"\n\",{row}\r\n\n", row % 10),
            1 => write!(text, "\"31\",\"\n\n\n\",{row}\n"),
            _ => write!(text, "-3e1,plain,\"{row}\"\r\n"),
        }
        .unwrap();
        writeln!(lines, "{{\"w\": \"a\\\"\", \"bmi\": {row}.25, \"age\": {}}}{}", row + 1, ["", "\r\n", "\n"][row % 3]).unwrap();
    }
    fs::write(place.path("q.csv"), &text).unwrap();
    fs::write(place.path("l.jsonl"), &lines).unwrap();
    for options in ["", "--only predicted", "--with-input", "--with-input --only predicted"] {
        one_file(same_predictions(&place, &format!("INFER q.csv {options}"), &SMALL));
        let predicted = one_file(same_predictions(&place, &format!("INFER l.jsonl {options}"), &SMALL));
        assert_eq!(predicted.lines().count(), 60);
    }
}

#[test]
fn predictions_that_go_on_after_records_without_one() {
    let place = place_with_model();
    let text = table(5_000);
    let broken = |(at, line): (usize, &str)| match at {
        0 => line.to_owned(),
        at if at % 97 == 3 => line.replacen(|c: char| c.is_ascii_digit(), "x", 1),
        at if at % 89 == 4 => line.rsplit_once(',').unwrap().0.to_owned(),
        at if at % 83 == 5 => format!("{line},\"more\n\""),
        _ => line.to_owned(),
    };
    let broken = text.lines().enumerate().map(broken).fold(String::new(), |text, line| text + &line + "\n");
    fs::write(place.path("b.csv"), broken).unwrap();
    fs::write(place.path("t.csv"), &text).unwrap();
    let pieces = [100, 1 << 12];
    for options in ["", " --with-input"] {
        let fine = one_file(same_predictions(&place, &format!("INFER t.csv{options}"), &[1 << 12]));
        let predicted = same_predictions(&place, &format!("INFER b.csv --on-error continue{options}"), &pieces);
        assert!(predicted.stderr.contains(" of 5000 records have no prediction: "), "{}", predicted.stderr);
        let mut refused = 0;
        for (line, fine) in one_file(predicted).lines().zip(fine.lines()).skip(1) {
            match line.strip_suffix(",fine").or_else(|| line.strip_suffix(",out of range")) {
                Some(line) => assert_eq!(line, fine),
                None => {
                    assert!(line.ends_with(":not-a-number,error") || line.ends_with(",,,row:ragged-row,error"), "{line}");
                    refused += 1;
                }
            }
        }
        assert!((150..200).contains(&refused), "{refused}");
    }
    let object = |row: usize| match row % 7 {
        3 => "nothing\n\n".to_owned(),
        5 => format!("{{\"age\": {row}}}\n"),
        6 => format!("{{\"age\": null, \"bmi\": {row}.50}}\r\n"),
        _ => format!("{{\"age\": {row}, \"bmi\": 2{}.5}}\n", row % 10),
    };
    fs::write(place.path("l.jsonl"), (0..400).map(object).collect::<String>()).unwrap();
    let lines = one_file(same_predictions(&place, "INFER l.jsonl --on-error continue", &pieces));
    assert_eq!(
        (lines.lines().count(), lines.matches("\"status\":\"missing\"").count(), lines.matches("\"status\":\"error\"").count()),
        (400, 57, 114)
    );

    write_columns(&place, "c.parquet", 500, 64, |row, value| (row % 11 != 4).then_some(value));
    let columns = one_file(same_predictions(&place, "INFER c.parquet --on-error continue --with-input", &pieces));
    assert_eq!((columns.lines().count(), columns.lines().filter(|line| line.ends_with(":missing-values,missing")).count()), (501, 46));
}

#[test]
fn predictions_of_a_folder_come_in_order() {
    let place = place_with_model();
    place.shell("mkdir d");
    for file in 0..150 {
        fs::write(place.path(&format!("d/{file:03}.json")), format!("{{\"age\": {file}, \"bmi\": 20}}")).unwrap();
    }
    for file in 0..8 {
        fs::write(place.path(&format!("d/{:03}a.csv", file * 20)), table(1 + file * file * 30)).unwrap();
    }
    fs::write(place.path("d/077b.csv"), "age,bmi\n").unwrap();
    let pieces = [100, 1 << 18];
    let good = same_predictions(&place, "INFER d", &pieces);
    assert_eq!((good.code, good.files.len()), (0, 159), "{}", good.stderr);
    same_predictions(&place, "INFER d --only predicted", &pieces);
    // the earliest file at fault is named, though a later one is found at once, and nothing is left behind
    for (name, text, begins) in [
        ("149.json", "{\"age\": 1}".to_owned(), "d/149.json: column `bmi`: "),
        ("148.json", "{".to_owned(), "d/148.json: "),
        ("140a.csv", table(900) + "1,x,3\n4\n", "d/140a.csv: row 902, column `bmi`: found `x`"),
        ("140a.csv", table(900) + "1,\"2,3\n" + &table(900), "d/140a.csv: row 902: a quoted field is never closed"),
        ("100a.csv", table(900).replace("bmi", "age") + "\n", "d/100a.csv: row 1, column `age`: "),
        ("077b.csv", String::new(), "d/077b.csv: "),
        ("031.json", "{\"age\": \"old\", \"bmi\": 1}".to_owned(), "d/031.json: column `age`: "),
        ("000.json", "{}".to_owned(), "d/000.json: column "),
    ] {
        fs::write(place.path(&format!("d/{name}")), text).unwrap();
        let bad = same_predictions(&place, "INFER d", &pieces);
        assert!(bad.stderr.starts_with(&format!("error: {begins}")), "{}", bad.stderr);
        assert_eq!((bad.code, bad.files), (3, Vec::new()));
    }
    place.shell("gzip -k t.csv && head -c 2000 t.csv.gz > cut.csv.gz");
    let cut = same_predictions(&place, "INFER cut.csv.gz", &[50, 1000]);
    assert!(cut.stderr.starts_with("error: cut.csv.gz: the compressed data are cut off"), "{}", cut.stderr);
}

#[test]
fn what_is_shared() {
    let place = Place::new();
    let text = table(6000);
    let lines: Vec<&str> = text.lines().collect();
    // one row with a finer value than all others, and one that lacks a value
    let part = |range: std::ops::Range<usize>| {
        let line = |at: usize| match at {
            700 => lines[at].split(',').enumerate().map(|(at, cell)| if at == 1 { "20.55" } else { cell }).collect::<Vec<_>>().join(","),
            2500 => "44,20.5,".to_owned(),
            _ => lines[at].to_owned(),
        };
        std::iter::once(lines[0].to_owned()).chain(range.map(line)).fold(String::new(), |text, line| text + &line + "\n")
    };
    fs::create_dir(place.path("d")).unwrap();
    fs::write(place.path("d/a.csv"), part(1..2000)).unwrap();
    fs::write(place.path("d/b.csv"), part(2000..6001)).unwrap();
    let line = "samefit summarize --share --data d --columns age,bmi,y --terms age*bmi --decimals age=0,bmi=2,y=0 --missing drop --out out";
    let outcome = same_statistics(&place, line, &[64, 1000, 1 << 14]);
    assert!(outcome.stderr.contains("column `bmi`: "), "{}", outcome.stderr);
    fs::write(place.path("whole.csv"), part(1..6001)).unwrap();
    let whole = same_statistics(&place, &line.replace("--data d", "--data whole.csv"), &[64, 1 << 14]);
    assert_eq!(whole.statistics, outcome.statistics);
    // the ages and outcomes of all other rows come in the same order again and again
    let alone = part(1..6001).replace(&format!("{}\n", lines[900]), "44,20.5,7\n");
    fs::write(place.path("alone.csv"), alone).unwrap();
    let refused = same(&place, &line.replace("--data d", "--data alone.csv"), &[64, 1 << 14]);
    assert!(
        refused.stderr.contains("column `age*y`: the sums of these two and of their products would single out 1 row"),
        "{}",
        refused.stderr
    );
    let outside = line.replace("--missing drop", "").replace("--decimals age=0,bmi=2,y=0", "--decimals age=0,bmi=2,y=0 --schema s.json");
    let schema = r#"{"format": "samefit-schema/1", "target": {"column": "y", "plausible": {"max": "349"}}, "columns": [{"name": "age", "plausible": {"max": "88"}}]}"#;
    fs::write(place.path("s.json"), schema).unwrap();
    let refused = same(&place, &outside, &[64, 1000]);
    assert!(refused.stderr.starts_with("error: d/a.csv: row 91, column `age`: found `89`"), "{}", refused.stderr);
}
