//! Files of columns give what the same data give as CSV, to the byte.
//!
//! The fixtures were written by another implementation: see `../fixtures/make.py`.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, RecordBatch};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;

use crate::place::Place;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");

/// A place with the fixtures as `fixtures`.
fn place() -> Place {
    let place = Place::new();
    std::os::unix::fs::symlink(Path::new(FIXTURES).canonicalize().unwrap(), place.path("fixtures")).unwrap();
    place
}

/// Runs a line that has to end well; what it said.
fn run(place: &Place, line: &str) -> String {
    let ran = place.shell(line);
    assert_eq!(ran.code(), 0, "{line}\n{}", ran.stderr());
    ran.stderr()
}

fn read(place: &Place, name: &str) -> String {
    std::fs::read_to_string(place.path(name)).unwrap()
}

/// The standardised data as columns of f64.
fn diabetes() -> RecordBatch {
    let csv = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../data/diabetes.csv")).unwrap();
    let (header, rows) = csv.split_once('\n').unwrap();
    let rows: Vec<Vec<f64>> = rows.lines().map(|line| line.split(',').map(|cell| cell.trim().parse().unwrap()).collect()).collect();
    let columns = header.trim().split(',').enumerate().map(|(at, name)| {
        let values: ArrayRef = Arc::new(rows.iter().map(|row| row[at]).collect::<Float64Array>());
        (name.to_owned(), values)
    });
    RecordBatch::try_from_iter(columns).unwrap()
}

/// Writes them in every format, 100 rows a part.
fn write_twins(place: &Place) {
    let data = diabetes();
    let parts: Vec<RecordBatch> = (0..data.num_rows()).step_by(100).map(|at| data.slice(at, 100.min(data.num_rows() - at))).collect();
    let create = |name: &str| File::create(place.path(name)).unwrap();
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(100)).build();
    let mut parquet = ArrowWriter::try_new(create("twin.parquet"), data.schema(), Some(properties)).unwrap();
    let mut arrow = arrow_ipc::writer::FileWriter::try_new(create("twin.arrow"), &data.schema()).unwrap();
    let mut arrows = arrow_ipc::writer::StreamWriter::try_new(create("twin.arrows"), &data.schema()).unwrap();
    for part in &parts {
        parquet.write(part).unwrap();
        arrow.write(part).unwrap();
        arrows.write(part).unwrap();
    }
    parquet.close().unwrap();
    arrow.finish().unwrap();
    arrows.finish().unwrap();
}

#[test]
fn a_model_does_not_show_the_format_of_its_data() {
    let place = place();
    write_twins(&place);
    for flags in ["", " --features bmi,ltg,bmi^2,bmi*ltg", " --features ltg,age --no-intercept"] {
        run(&place, &format!("samefit train --data data/diabetes.csv --target y{flags} --out csv"));
        for twin in ["twin.parquet", "twin.arrow", "twin.arrows"] {
            run(&place, &format!("samefit train --data {twin} --target y{flags} --out columns"));
            assert_eq!(read(&place, "columns/model.json"), read(&place, "csv/model.json"), "{twin}{flags}");
            let digest = place.shell(&format!("sha256sum {twin} | cut -c -64")).stdout();
            assert!(read(&place, "columns/provenance.json").contains(digest.trim()), "{twin}");
        }
        run(&place, "samefit verify csv --data twin.parquet");
    }
}

#[test]
fn predictions_from_columns_are_those_from_csv() {
    let place = place();
    write_twins(&place);
    run(&place, "samefit train --data data/diabetes.csv --target y --features bmi,ltg --out model");
    run(&place, "samefit infer --model model --attributes data/diabetes.csv --out csv");
    for twin in ["twin.parquet", "twin.arrow", "twin.arrows"] {
        run(&place, &format!("samefit infer --model model --attributes {twin} --out columns"));
        assert_eq!(read(&place, "columns/twin.csv"), read(&place, "csv/diabetes.csv"), "{twin}");
    }
}

#[test]
fn every_type_of_number_means_what_its_text_says() {
    let place = place();
    for columns in ["i8,u16,i64,f64,short,f32,d9,d38,d50,word,level", "level,f64"] {
        let flags = format!("--columns {columns} --missing drop");
        run(&place, &format!("samefit summarize --data fixtures/kinds.csv {flags} --out csv.json"));
        for file in ["kinds.parquet", "kinds.feather", "kinds.arrows"] {
            run(&place, &format!("samefit summarize --data fixtures/{file} {flags} --out columns.json"));
            assert_eq!(read(&place, "columns.json"), read(&place, "csv.json"), "{file} {columns}");
        }
    }
}

#[test]
fn columns_that_are_no_numbers_are_left_out_and_announced() {
    let place = place();
    run(&place, "samefit summarize --data fixtures/kinds.csv --missing drop --out csv.json");
    for file in ["kinds.parquet", "kinds.feather", "kinds.arrows"] {
        let said = run(&place, &format!("samefit summarize --data fixtures/{file} --missing drop --out columns.json"));
        assert_eq!(read(&place, "columns.json"), read(&place, "csv.json"), "{file}");
        for words in [
            "column `day`: left out: its values are of type Date32, not numbers",
            "column `flag`: left out: its values are of type Boolean, not numbers",
            "column `kind`: left out: it holds text, not numbers",
        ] {
            assert!(said.contains(words), "{file}: {said}");
        }
    }
}

#[test]
fn a_profile_does_not_show_the_format_of_its_data() {
    let place = place();
    run(&place, "samefit profile fixtures/kinds.csv --json csv.json");
    for file in ["kinds.parquet", "kinds.feather", "kinds.arrows"] {
        let said = run(&place, &format!("samefit profile fixtures/{file} --json columns.json"));
        assert_eq!(read(&place, "columns.json"), read(&place, "csv.json"), "{file}");
        assert!(said.contains("column `day`: left out: its values are of type Date32, not numbers"), "{said}");
    }
}

#[test]
fn what_cannot_be_read_is_said() {
    let place = place();
    place.shell("head -c 9000 fixtures/kinds.parquet > cut.parquet; head -c 9000 fixtures/kinds.arrows > cut.arrows");
    place.shell("head -c 9000 fixtures/kinds.feather > cut.arrow; printf 'a,y\\n1,2\\n' > text.parquet; gzip -c fixtures/kinds.parquet > whole.parquet.gz; mkfifo pipe.parquet");
    for (line, words) in [
        ("fixtures/kinds.parquet --target flag --features i8", "column `flag`: its values are of type Boolean, which are not numbers"),
        (
            "fixtures/kinds.parquet --target kind --features i8 --missing drop",
            "row 1, column `kind`: found `red`, expected a decimal number",
        ),
        ("fixtures/kinds.feather --target i8 --features nothing", "the data have no such column; they have `i8`, `u16`"),
        ("fixtures/kinds.arrows --target i8 --features short", "missing"),
        ("cut.parquet --target y", "error: cut.parquet: not Parquet and not Arrow, or damaged"),
        ("cut.arrow --target y", "error: cut.arrow: not Parquet and not Arrow, or damaged"),
        ("cut.arrows --target y", "damaged: the stream has no end mark"),
        ("text.parquet --target y", "damaged: it begins as no Parquet and no Arrow file does"),
        ("whole.parquet.gz --target y", "decompress it"),
        ("pipe.parquet --target y", "columns cannot be read from a pipe"),
    ] {
        let ran = place.shell(&format!("samefit train --data {line} --out out"));
        assert_eq!(ran.code(), 3, "{line}\n{}", ran.stderr());
        assert!(ran.stderr().contains(words), "{line}\n{}", ran.stderr());
    }
}
