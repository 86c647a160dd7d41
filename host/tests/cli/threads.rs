//! Any number of threads gives the same bytes as one thread: statistics, notes, errors, provenance and predictions.
//!
//! `--split-bytes` makes the pieces into which threads split a file so small that the borders fall everywhere.

use std::fmt::Write;
use std::fs;
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;

use crate::test_folder::TestFolder;

const THREADS: [usize; 3] = [2, 3, 7];

/// The result of `summarize` or `train`: exit code, stderr and documents.
#[derive(PartialEq, Debug)]
struct SummaryRun {
    code: i32,
    stderr: String,
    statistics: Option<String>,
    provenance: Option<String>,
}

fn run(folder: &TestFolder, line: &str, threads: usize, split_bytes: usize) -> SummaryRun {
    folder.shell("rm -rf out");
    let ran = folder.shell(&format!("{line} --threads {threads} --split-bytes {split_bytes}"));
    let read = |name: &str| fs::read_to_string(folder.path(name)).ok();
    let provenance = read("out/provenance.json").map(|text| text.split("\"inputs\"").nth(1).unwrap().to_owned());
    SummaryRun { code: ran.code(), stderr: ran.stderr(), statistics: read("out/statistics.json"), provenance }
}

/// Runs a line with one thread and with several, in pieces of several lengths. Returns the result, which must be the same for all.
fn same(folder: &TestFolder, line: &str, pieces: &[usize]) -> SummaryRun {
    let one = run(folder, line, 1, 1 << 18);
    for threads in THREADS {
        for &split_bytes in pieces {
            let many = run(folder, line, threads, split_bytes);
            assert_eq!(many, one, "{line}: {threads} threads, pieces of {split_bytes} bytes");
        }
    }
    one
}

fn same_statistics(folder: &TestFolder, line: &str, pieces: &[usize]) -> SummaryRun {
    let outcome = same(folder, line, pieces);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert!(outcome.statistics.is_some());
    outcome
}

fn same_error(folder: &TestFolder, text: &str, pieces: &[usize], begins: &str) {
    fs::write(folder.path("bad.csv"), text).unwrap();
    let outcome = same(folder, "samefit summarize --data bad.csv --out out", pieces);
    assert_eq!(outcome.code, 3);
    assert!(outcome.stderr.starts_with(&format!("error: bad.csv: {begins}")), "{}", outcome.stderr);
}

/// Returns a table of `rows` rows with decimals of several lengths.
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
    let folder = TestFolder::new();
    fs::write(folder.path("a.csv"), table(200_000)).unwrap();
    folder.shell("gzip -k a.csv");
    let line = |path: &str| format!("samefit summarize --data {path} --out out");
    let plain = same_statistics(&folder, &line("a.csv"), &[1 << 12, 100_000, 1 << 18, 1 << 20]);
    let gzip = same_statistics(&folder, &line("a.csv.gz"), &[1 << 14, 1 << 18]);
    assert_eq!(gzip.statistics, plain.statistics);
    let text = table(200_000);
    let (front, back) = text.split_at(1_234_567);
    let frames = [front, back].map(|frame| zstd::encode_all(frame.as_bytes(), 1).unwrap()).concat();
    fs::write(folder.path("a.csv.zst"), frames).unwrap();
    let zstd = same_statistics(&folder, &line("a.csv.zst"), &[1 << 14, 1 << 18]);
    assert_eq!(zstd.statistics, plain.statistics);
    let pipe = same_statistics(&folder, &format!("cat a.csv | {}", line("/dev/stdin")), &[1 << 14, 1 << 18]);
    assert_eq!(pipe.statistics, plain.statistics);
}

#[test]
fn provenance_is_the_same() {
    let folder = TestFolder::new();
    folder.shell("mkdir d && cp data/diabetes.csv d/a.csv && gzip -k d/a.csv && tail -n +2 data/diabetes.csv | head -100 > rest && (head -1 data/diabetes.csv; cat rest) > d/b.csv");
    let outcome = same(&folder, "samefit train --data d --target y --features bmi,ltg --out out", &[100, 5000, 1 << 18]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let digest = folder.shell("sha256sum d/b.csv").stdout();
    assert!(outcome.provenance.unwrap().contains(digest.split(' ').next().unwrap()));
}

#[test]
fn groups() {
    let folder = TestFolder::new();
    let row = |at: usize| {
        format!("{},{},{}.5,{}\n", at * 37 % 101, ["a", "b", " 10", "2"][at * 7 % 11 % 4], at * 53 % 97, if at == 90 { "" } else { "3" })
    };
    let text = "x,site,y,z\n".to_owned() + &(0..200).map(row).collect::<String>();
    fs::write(folder.path("data.csv"), text).unwrap();
    for verb in ["train --target y --features x", "summarize"] {
        let line = format!("samefit {verb} --data data.csv --by site --missing drop --out out");
        let files = |threads: usize, split_bytes: usize| {
            let ran = run(&folder, &line, threads, split_bytes);
            assert_eq!(ran.code, 0, "{}", ran.stderr);
            (ran, folder.shell("cd out && sha256sum groups.csv */*").stdout())
        };
        let one = files(1, 1 << 18);
        assert!(one.1.contains("10/statistics.json"), "{}", one.1);
        for threads in THREADS {
            for split_bytes in [1, 7, 64, 1000] {
                assert_eq!(files(threads, split_bytes), one, "{line}: {threads} threads, pieces of {split_bytes} bytes");
            }
        }
    }
}

#[test]
fn quotes_line_breaks_blank_lines_text_and_missing_values() {
    let folder = TestFolder::new();
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
    fs::write(folder.path("q.csv"), &text).unwrap();
    let dropped = same_statistics(&folder, "samefit summarize --data q.csv --missing drop --out out", &SMALL);
    assert!(
        dropped.stderr.contains("it holds text, not numbers") && dropped.stderr.contains("left out: 40 rows lack values"),
        "{}",
        dropped.stderr
    );
    let refused = same(&folder, "samefit summarize --data q.csv --out out", &SMALL);
    assert!(refused.stderr.contains("40 rows lack values (`x` 20, `y` 20), the first of them this one"), "{}", refused.stderr);
    // without its last line break
    fs::write(folder.path("q.csv"), text.trim_end()).unwrap();
    let cut = same_statistics(&folder, "samefit summarize --data q.csv --missing drop --out out", &SMALL);
    assert_eq!(cut.statistics, dropped.statistics);
}

#[test]
fn json_lines() {
    let folder = TestFolder::new();
    let mut text = String::from("\u{feff}\n{\"x\": 1, \"w\": \"a\\\"\", \"y\": 2}\n");
    for row in 0..100 {
        writeln!(text, "{{\"y\": {row}.25, \"x\": {}, \"w\": \"b\"}}{}", row * row, if row % 9 == 0 { "\r\n" } else { "" }).unwrap();
    }
    fs::write(folder.path("a.jsonl"), &text).unwrap();
    let line = "samefit summarize --data a.jsonl --out out";
    let good = same_statistics(&folder, line, &SMALL);
    assert!(good.statistics.unwrap().contains("\"rows\": \"101\""));
    fs::write(folder.path("a.jsonl"), text + "{\"x\": 1, \"z\": 3}\n{\"x\"\n").unwrap();
    let bad = same(&folder, line, &SMALL);
    assert!(bad.stderr.starts_with("error: a.jsonl: row 115, column `z`: "), "{}", bad.stderr);
}

/// Records of JSON with brackets and line breaks in their texts, in every layout, by the name of a file.
fn json_layouts(rows: usize) -> [(&'static str, String); 4] {
    let record = |row: usize| {
        let bmi = if row % 50 == 7 { "NaN".to_owned() } else { format!("{}.{}", 18 + row % 17, row % 100) };
        format!(
            "{{\"note\": \"}}{{[\\\"\\\\\", \"age\": {}, \"bmi\": {bmi}, \"tags\": [{row}, {{\"k\": null}}], \"y\": {}}}",
            row % 90,
            (row * 7919) % 350
        )
    };
    let records: Vec<String> = (0..rows).map(record).collect();
    let broken: Vec<String> = records.iter().map(|record| record.replace(", ", ",\n  ")).collect();
    [
        ("lines.json", records.join("\n")),
        ("broken.jsonl", broken.join("\n")),
        ("row.jsonl", records.join(" ")),
        ("array.json", format!("[\n{}\n]\n", records.join(",\n"))),
    ]
}

#[test]
fn json_of_every_layout() {
    let folder = TestFolder::new();
    let line = |name: &str| format!("samefit summarize --data {name} --columns age,bmi,y --missing drop --out out");
    let mut statistics = Vec::new();
    for (name, text) in json_layouts(150) {
        fs::write(folder.path(name), &text).unwrap();
        let summed = same_statistics(&folder, &line(name), &SMALL);
        assert!(summed.stderr.contains("summed 147 rows"), "{}", summed.stderr);
        statistics.push(summed.statistics.unwrap());
        // the record with the number 101
        fs::write(
            folder.path(name),
            text.replacen("[100, {\"k\"", "[100, {\"k\": 1, \"k\"", 1).replacen("[100,\n  {\"k\"", "[100, {\"k\": 1, \"k\"", 1),
        )
        .unwrap();
        let bad = same(&folder, &line(name), &SMALL);
        let word = if name == "lines.json" { "row" } else { "record" };
        let begins = format!("error: {name}: {word} 101: an object names the key `k` twice\n");
        assert!(bad.stderr.starts_with(&begins), "{}", bad.stderr);
    }
    assert!(statistics.iter().all(|other| *other == statistics[0]));
    let (name, text) = &json_layouts(150)[3];
    for (cut, sentence) in [(3, "the JSON is cut off: the array of records is not closed"), (10, "record 150: the JSON is cut off after ")]
    {
        fs::write(folder.path(name), &text[..text.len() - cut]).unwrap();
        let bad = same(&folder, &line(name), &SMALL);
        assert!(bad.stderr.starts_with(&format!("error: {name}: {sentence}")), "{}", bad.stderr);
    }
}

#[test]
fn a_folder_of_many_files() {
    let folder = TestFolder::new();
    folder.shell("mkdir d");
    for file in 0..30 {
        fs::write(folder.path(&format!("d/{file:02}.csv")), table(1 + file * file)).unwrap();
    }
    folder.shell("echo '{\"age\": 1, \"bmi\": 2, \"y\": 3}' > d/x.json && cp d/x.json d/y.jsonl");
    same_statistics(&folder, "samefit summarize --data d --columns age,bmi,y --out out", &[100, 1000, 1 << 18]);
    // the earliest file with an error is named, although a later one is found sooner
    fs::write(folder.path("d/29.csv"), "age,bmi,y\nold,2,3\n").unwrap();
    fs::write(folder.path("d/28.csv"), table(3000) + "1,2,x\n").unwrap();
    let outcome = same(&folder, "samefit summarize --data d --columns age,bmi,y --out out", &[100, 1 << 18]);
    assert!(outcome.stderr.starts_with("error: d/28.csv: row 3002, column `y`: found `x`"), "{}", outcome.stderr);
    // also if the error is found only at the end of the file
    fs::write(folder.path("d/27.csv"), table(3000) + "1,,2\n").unwrap();
    let outcome = same(&folder, "samefit summarize --data d --columns age,bmi,y --out out", &[100, 1 << 18]);
    assert!(outcome.stderr.starts_with("error: d/27.csv: row 3002: 1 row lacks a value (`bmi` 1)"), "{}", outcome.stderr);
    // and if the header is wrong
    fs::write(folder.path("d/00.csv"), table(1).replace("bmi", "age") + &"1,2,3\n".repeat(500)).unwrap();
    let outcome = same(&folder, "samefit summarize --data d --columns age,bmi,y --out out", &[10, 100, 1 << 18]);
    assert!(outcome.stderr.starts_with("error: d/00.csv: row 1, column `age`: "), "{}", outcome.stderr);
    fs::remove_file(folder.path("d/00.csv")).unwrap();
    folder.shell("mkdir d/00.csv.gz");
    let outcome = same(&folder, "samefit summarize --data d/01.csv d/none.csv --out out", &[10, 1 << 18]);
    assert!(outcome.stderr.starts_with("error: d/none.csv: there is no such file"), "{}", outcome.stderr);
}

#[test]
fn the_earliest_error_is_reported() {
    let folder = TestFolder::new();
    let pieces = [7, 100, 1000, 5000];
    same_error(&folder, &(table(1000) + "1,2\n" + &table(100)[10..]), &pieces, "row 1002: found 2 fields");
    same_error(&folder, &(table(1000) + "1,2,x\n3\n" + &table(900)[10..]), &pieces, "row 1002, column `y`: found `x`");
    same_error(&folder, &(table(300) + "1,2,\"3\n" + &table(900)[10..]), &pieces, "row 302: a quoted field is never closed");
    same_error(&folder, &(table(300) + "1,2\"x,3\n" + &table(900)[10..]), &pieces, "row 302: a quote stands in the middle");
    same_error(&folder, &(table(300) + "1,2\rx,3\n" + &table(900)[10..]), &pieces, "row 302: a carriage return");
    // text in a column that was not named is an error once a number follows, which may be in another piece
    let texts = "low,1,2\n".repeat(200);
    same_error(&folder, &("age,bmi,y\n".to_owned() + &texts + "1,2,3\n" + &texts + "1\n"), &pieces, "row 2, column `age`: found `low`");
    same_error(&folder, &("age,bmi,y\n".to_owned() + &texts + "low,2\n" + &texts + "1,2,3\n"), &pieces, "row 202: found 2 fields");
    same_error(&folder, &(table(200) + &texts + &table(200)[10..]), &pieces, "row 202, column `age`: found `low`");
    same_error(&folder, "age;y\n1;2\n", &pieces, "row 1: the header has semicolons");
    same_error(&folder, &"\n".repeat(500), &pieces, "there is no header and no record");
}

#[test]
fn damaged_compression_and_bad_plans() {
    let folder = TestFolder::new();
    fs::write(folder.path("a.csv"), table(100_000)).unwrap();
    folder.shell("gzip -k a.csv && head -c 200000 a.csv.gz > cut.csv.gz");
    let outcome = same(&folder, "samefit summarize --data cut.csv.gz --out out", &[1 << 12, 1 << 18]);
    assert!(outcome.stderr.starts_with("error: cut.csv.gz: the compressed data are cut off"), "{}", outcome.stderr);
    let outcome = same(&folder, "samefit summarize --data a.csv --terms age^-1 --out out", &[1 << 12, 1 << 18]);
    assert_eq!(outcome.code, 3, "{}", outcome.stderr);
    let outcome = same(&folder, "samefit summarize --data a.csv --columns age,height --out out", &[1 << 12, 1 << 18]);
    assert!(outcome.stderr.starts_with("error: a.csv: column `height`: "), "{}", outcome.stderr);
    assert_eq!(folder.shell("samefit summarize --data a.csv --threads 0 --out out").code(), 2);
}

/// Writes a Parquet or Arrow file in row groups of `group` rows, with integers, short decimals, long decimals and texts. `change` changes or
/// removes the values of `bmi`.
fn write_columns(folder: &TestFolder, name: &str, rows: usize, group: usize, change: impl Fn(usize, f64) -> Option<f64>) {
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
    let file = fs::File::create(folder.path(name)).unwrap();
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
    let folder = TestFolder::new();
    let line = |path: &str| format!("samefit summarize --data {path} --missing drop --out out");
    let keep = |_: usize, value: f64| Some(value);
    write_columns(&folder, "one.parquet", 150_000, 1 << 20, keep);
    let one = same_statistics(&folder, &line("one.parquet"), &[1 << 18]);
    assert!(one.stderr.contains("column `name`: left out: it holds text"), "{}", one.stderr);
    for (name, group) in [("two.parquet", 100_000), ("many.parquet", 1_000), ("two.arrow", 100_000), ("many.arrow", 1_000)] {
        write_columns(&folder, name, 150_000, group, keep);
        assert_eq!(same_statistics(&folder, &line(name), &[1 << 18]).statistics, one.statistics, "{name}");
    }
    let gaps = |row: usize, value: f64| Some(value).filter(|_| row % 1000 != 70 && !(40_000..60_000).contains(&row));
    write_columns(&folder, "gaps.parquet", 150_000, 9_000, gaps);
    let dropped = same_statistics(&folder, &line("gaps.parquet"), &[1 << 18]);
    assert!(dropped.stderr.contains("20130 rows lack values (`bmi` 20130)"), "{}", dropped.stderr);
    write_columns(&folder, "never.parquet", 20_000, 3_000, |_, _| None);
    let never = same(&folder, &line("never.parquet"), &[1 << 18]);
    assert!(never.stderr.contains("never.parquet: column `bmi`: left out: it holds no value"), "{}", never.stderr);
    write_columns(&folder, "empty.parquet", 0, 10, keep);
    same(&folder, &line("empty.parquet"), &[1 << 18]);
    // together with tables of other formats
    fs::write(folder.path("a.csv"), table(50_000)).unwrap();
    let columns = "--columns age,bmi,y";
    same_statistics(&folder, &format!("{} {columns}", line("many.parquet a.csv two.arrow gaps.parquet")), &[1 << 12, 1 << 18]);
    same(&folder, &format!("{} --columns age,weight", line("many.parquet")), &[1 << 18]);
}

#[test]
fn the_first_error_of_files_of_columns() {
    let folder = TestFolder::new();
    let first_error = |name: &str, group: usize, begins: &str, change: &dyn Fn(usize, f64) -> Option<f64>| {
        write_columns(&folder, name, 100_000, group, change);
        let outcome = same(&folder, &format!("samefit summarize --data {name} --out out"), &[1 << 18]);
        assert_eq!(outcome.code, 3);
        assert!(outcome.stderr.starts_with(&format!("error: {name}: {begins}")), "{}", outcome.stderr);
    };
    for (name, group) in [("a.parquet", 1 << 20), ("b.parquet", 1_000), ("c.arrow", 1_000)] {
        let infinite = |row: usize, value: f64| Some(if row % 30_000 == 29_999 { f64::INFINITY } else { value });
        first_error(name, group, "row 30000, column `bmi`: found `inf`", &infinite);
        first_error(name, group, "row 65001", &|row, value| Some(value).filter(|_| row < 65_000 || row % 7 == 0));
    }
    // damage hides only errors after it
    let damage = |name: &str, share: f64| {
        let mut bytes = fs::read(folder.path(name)).unwrap();
        let at = (bytes.len() as f64 * share) as usize;
        // more than a row group, so that it includes the header of a page
        bytes[at..at + 20_000].fill(0xff);
        fs::write(folder.path(name), bytes).unwrap();
        same(&folder, &format!("samefit summarize --data {name} --out out"), &[1 << 18])
    };
    for (row, begins) in [(90_000, "not Parquet"), (10_000, "row 10001, column `bmi`")] {
        write_columns(&folder, "d.parquet", 100_000, 1_000, |at, value| Some(if at == row { f64::INFINITY } else { value }));
        let outcome = damage("d.parquet", 0.5);
        assert!(outcome.stderr.starts_with(&format!("error: d.parquet: {begins}")), "{}", outcome.stderr);
    }
}

/// The result of `infer`: exit code, output, and the contents of every file.
#[derive(PartialEq, Debug)]
struct InferRun {
    code: i32,
    stdout: String,
    stderr: String,
    files: Vec<(String, String)>,
}

/// Runs `infer` over `attributes` with one thread and with several, in pieces of several lengths. Returns the result, which must be the same for
/// all.
fn same_predictions(folder: &TestFolder, attributes: &str, pieces: &[usize]) -> InferRun {
    let infer = |threads: usize, split_bytes: usize| {
        folder.shell("rm -rf p");
        let flags = format!("--json --threads {threads} --split-bytes {split_bytes}");
        let ran = folder.shell(&attributes.replace("INFER", &format!("samefit infer --model m --out p {flags} --attributes")));
        let names = folder.shell("find . -path './p*' -type f | sort").stdout();
        // files of columns are no text
        let text = |name: &str| String::from_utf8_lossy(&fs::read(folder.path(name)).unwrap()).into_owned();
        let files = names.lines().map(|name| (name.to_owned(), text(name))).collect();
        InferRun { code: ran.code(), stdout: ran.stdout(), stderr: ran.stderr(), files }
    };
    let one = infer(1, 1 << 18);
    for threads in [1, 2, 3, 7] {
        for &split_bytes in pieces {
            assert!(infer(threads, split_bytes) == one, "{attributes}: {threads} threads, pieces of {split_bytes} bytes");
        }
    }
    one
}

/// Returns the contents of the only file of predictions.
fn one_file(predicted: InferRun) -> String {
    let InferRun { code, stderr, mut files, .. } = predicted;
    assert_eq!((code, files.len()), (0, 1), "{stderr}");
    files.remove(0).1
}

fn folder_with_model() -> TestFolder {
    let folder = TestFolder::new();
    fs::write(folder.path("t.csv"), table(500)).unwrap();
    assert_eq!(folder.shell("samefit train -q --data t.csv --target y --out m").code(), 0);
    folder
}

#[test]
fn predictions_of_a_table() {
    let folder = folder_with_model();
    let text = table(20_000);
    fs::write(folder.path("a.csv"), &text).unwrap();
    fs::write(folder.path("c.csv"), text.replace('\n', "\r\n")).unwrap();
    folder.shell("gzip -k a.csv");
    fs::write(folder.path("b.csv.zst"), zstd::encode_all(text.as_bytes(), 1).unwrap()).unwrap();
    let pieces = [1 << 10, 1 << 14];
    let plain = one_file(same_predictions(&folder, "INFER a.csv", &pieces));
    assert_eq!(plain.lines().count(), 20_001);
    for other in ["INFER a.csv.gz", "INFER b.csv.zst", "INFER c.csv", "cat a.csv | INFER /dev/stdin"] {
        assert!(one_file(same_predictions(&folder, other, &pieces)) == plain, "{other}");
    }
    let only = one_file(same_predictions(&folder, "INFER a.csv --only predicted", &pieces));
    assert!(only.lines().eq(plain.lines().map(|line| line.split(',').next().unwrap())));
    let both = one_file(same_predictions(&folder, "INFER a.csv --with-input", &pieces));
    assert!(both.lines().eq(text.lines().zip(plain.lines()).map(|(input, prediction)| format!("{input},{prediction}"))));
}

#[test]
fn predictions_of_quotes_line_breaks_and_json_lines() {
    let folder = folder_with_model();
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
    fs::write(folder.path("q.csv"), &text).unwrap();
    fs::write(folder.path("l.jsonl"), &lines).unwrap();
    for options in ["", "--only predicted", "--with-input", "--with-input --only predicted"] {
        one_file(same_predictions(&folder, &format!("INFER q.csv {options}"), &SMALL));
        let predicted = one_file(same_predictions(&folder, &format!("INFER l.jsonl {options}"), &SMALL));
        assert_eq!(predicted.lines().count(), 60);
    }
}

#[test]
fn predictions_of_json_of_every_layout() {
    let folder = folder_with_model();
    let mut lines = Vec::new();
    for (name, text) in json_layouts(60) {
        fs::write(folder.path(name), text.replace("NaN", "20")).unwrap();
        let predicted = one_file(same_predictions(&folder, &format!("INFER {name}"), &SMALL));
        let (open, close) = if name == "array.json" { ("[\n", "\n]\n") } else { ("", "\n") };
        let predicted =
            predicted.strip_prefix(open).and_then(|text| text.strip_suffix(close)).unwrap_or_else(|| panic!("{name}: {predicted}"));
        lines.push(predicted.replace("},\n", "}\n"));
        fs::write(folder.path(name), &text).unwrap();
        one_file(same_predictions(&folder, &format!("INFER {name} --on-error continue"), &SMALL));
    }
    assert_eq!(lines[0].lines().count(), 60);
    assert!(lines.iter().all(|other| *other == lines[0]), "{lines:?}");
}

#[test]
fn predictions_that_go_on_after_records_without_one() {
    let folder = folder_with_model();
    let text = table(5_000);
    let broken = |(at, line): (usize, &str)| match at {
        0 => line.to_owned(),
        at if at % 97 == 3 => line.replacen(|c: char| c.is_ascii_digit(), "x", 1),
        at if at % 89 == 4 => line.rsplit_once(',').unwrap().0.to_owned(),
        at if at % 83 == 5 => format!("{line},\"more\n\""),
        _ => line.to_owned(),
    };
    let broken = text.lines().enumerate().map(broken).fold(String::new(), |text, line| text + &line + "\n");
    fs::write(folder.path("b.csv"), broken).unwrap();
    fs::write(folder.path("t.csv"), &text).unwrap();
    let split_sizes = [100, 1 << 12];
    for options in ["", " --with-input"] {
        let fine = one_file(same_predictions(&folder, &format!("INFER t.csv{options}"), &[1 << 12]));
        let predicted = same_predictions(&folder, &format!("INFER b.csv --on-error continue{options}"), &split_sizes);
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
    fs::write(folder.path("l.jsonl"), (0..400).map(object).collect::<String>()).unwrap();
    let lines = one_file(same_predictions(&folder, "INFER l.jsonl --on-error continue", &split_sizes));
    assert_eq!(
        (lines.lines().count(), lines.matches("\"status\":\"missing\"").count(), lines.matches("\"status\":\"error\"").count()),
        (400, 57, 114)
    );

    write_columns(&folder, "c.parquet", 500, 64, |row, value| (row % 11 != 4).then_some(value));
    let columns = one_file(same_predictions(&folder, "INFER c.parquet --to csv --on-error continue --with-input", &split_sizes));
    assert_eq!((columns.lines().count(), columns.lines().filter(|line| line.ends_with(":missing-values,missing")).count()), (501, 46));
}

#[test]
fn predictions_of_a_folder_come_in_order() {
    let folder = folder_with_model();
    folder.shell("mkdir d");
    for file in 0..150 {
        fs::write(folder.path(&format!("d/{file:03}.json")), format!("{{\"age\": {file}, \"bmi\": 20}}")).unwrap();
    }
    for file in 0..8 {
        fs::write(folder.path(&format!("d/{:03}a.csv", file * 20)), table(1 + file * file * 30)).unwrap();
    }
    fs::write(folder.path("d/077b.csv"), "age,bmi\n").unwrap();
    let pieces = [100, 1 << 18];
    let good = same_predictions(&folder, "INFER d", &pieces);
    assert_eq!((good.code, good.files.len()), (0, 159), "{}", good.stderr);
    same_predictions(&folder, "INFER d --only predicted", &pieces);
    // the earliest file with an error is named, although a later one is found sooner, and nothing is left
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
        fs::write(folder.path(&format!("d/{name}")), text).unwrap();
        let bad = same_predictions(&folder, "INFER d", &pieces);
        assert!(bad.stderr.starts_with(&format!("error: {begins}")), "{}", bad.stderr);
        assert_eq!((bad.code, bad.files), (3, Vec::new()));
    }
    folder.shell("gzip -k t.csv && head -c 2000 t.csv.gz > cut.csv.gz");
    let cut = same_predictions(&folder, "INFER cut.csv.gz", &[50, 1000]);
    assert!(cut.stderr.starts_with("error: cut.csv.gz: the compressed data are cut off"), "{}", cut.stderr);
}

#[test]
fn shared_statistics() {
    let folder = TestFolder::new();
    let text = table(6000);
    let lines: Vec<&str> = text.lines().collect();
    // one row has a value with more decimals than all others, and one lacks a value
    let part = |range: std::ops::Range<usize>| {
        let line = |at: usize| match at {
            700 => lines[at].split(',').enumerate().map(|(at, cell)| if at == 1 { "20.55" } else { cell }).collect::<Vec<_>>().join(","),
            2500 => "44,20.5,".to_owned(),
            _ => lines[at].to_owned(),
        };
        std::iter::once(lines[0].to_owned()).chain(range.map(line)).fold(String::new(), |text, line| text + &line + "\n")
    };
    fs::create_dir(folder.path("d")).unwrap();
    fs::write(folder.path("d/a.csv"), part(1..2000)).unwrap();
    fs::write(folder.path("d/b.csv"), part(2000..6001)).unwrap();
    let line = "samefit summarize --share --data d --columns age,bmi,y --terms age*bmi --decimals age=0,bmi=2,y=0 --missing drop --out out";
    let outcome = same_statistics(&folder, line, &[64, 1000, 1 << 14]);
    assert!(outcome.stderr.contains("column `bmi`: "), "{}", outcome.stderr);
    fs::write(folder.path("whole.csv"), part(1..6001)).unwrap();
    let whole = same_statistics(&folder, &line.replace("--data d", "--data whole.csv"), &[64, 1 << 14]);
    assert_eq!(whole.statistics, outcome.statistics);
    // the ages and outcomes of all other rows repeat in the same order
    let alone = part(1..6001).replace(&format!("{}\n", lines[900]), "44,20.5,7\n");
    fs::write(folder.path("alone.csv"), alone).unwrap();
    let refused = same(&folder, &line.replace("--data d", "--data alone.csv"), &[64, 1 << 14]);
    assert!(
        refused.stderr.contains("column `age*y`: the sums of these two and of their products would single out 1 row"),
        "{}",
        refused.stderr
    );
    let outside = line.replace("--missing drop", "").replace("--decimals age=0,bmi=2,y=0", "--decimals age=0,bmi=2,y=0 --schema s.json");
    let schema = r#"{"format": "samefit-schema/1", "target": {"column": "y", "plausible": {"max": "349"}}, "columns": [{"name": "age", "plausible": {"max": "88"}}]}"#;
    fs::write(folder.path("s.json"), schema).unwrap();
    let refused = same(&folder, &outside, &[64, 1000]);
    assert!(refused.stderr.starts_with("error: d/a.csv: row 91, column `age`: found `89`"), "{}", refused.stderr);
}
