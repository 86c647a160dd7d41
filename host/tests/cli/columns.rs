//! Parquet and Arrow files give the same bytes as a CSV file with the same data.
//!
//! Another implementation wrote the fixtures: see `../fixtures/make.py`.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{Array, ArrayRef, Float64Array, RecordBatch, RecordBatchReader};
use arrow_schema::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::properties::WriterProperties;

use crate::test_folder::TestFolder;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");

/// Returns a folder with a link `fixtures` to the fixtures.
fn folder_with_fixtures() -> TestFolder {
    let folder = TestFolder::new();
    std::os::unix::fs::symlink(Path::new(FIXTURES).canonicalize().unwrap(), folder.path("fixtures")).unwrap();
    folder
}

/// Runs a line that must succeed, and returns its stderr.
fn run(folder: &TestFolder, line: &str) -> String {
    let ran = folder.shell(line);
    assert_eq!(ran.code(), 0, "{line}\n{}", ran.stderr());
    ran.stderr()
}

fn read(folder: &TestFolder, name: &str) -> String {
    std::fs::read_to_string(folder.path(name)).unwrap()
}

/// Returns the standardised data as columns of f64.
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

/// Writes the standardised data in every format, 100 rows in each part.
fn write_twins(folder: &TestFolder) {
    let data = diabetes();
    let parts: Vec<RecordBatch> = (0..data.num_rows()).step_by(100).map(|at| data.slice(at, 100.min(data.num_rows() - at))).collect();
    let create = |name: &str| File::create(folder.path(name)).unwrap();
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
fn a_model_does_not_depend_on_the_format_of_its_data() {
    let folder = folder_with_fixtures();
    write_twins(&folder);
    for flags in ["", " --features bmi,ltg,bmi^2,bmi*ltg", " --features ltg,age --no-intercept"] {
        run(&folder, &format!("samefit train --data data/diabetes.csv --target y{flags} --out csv"));
        for twin in ["twin.parquet", "twin.arrow", "twin.arrows"] {
            run(&folder, &format!("samefit train --data {twin} --target y{flags} --out columns"));
            assert_eq!(read(&folder, "columns/model.json"), read(&folder, "csv/model.json"), "{twin}{flags}");
            let digest = folder.shell(&format!("sha256sum {twin} | cut -c -64")).stdout();
            assert!(read(&folder, "columns/provenance.json").contains(digest.trim()), "{twin}");
        }
        run(&folder, "samefit verify csv --data twin.parquet");
    }
    // the groups of a column of floats are those of their texts
    run(&folder, "samefit train --data data/diabetes.csv --target y --by sex --out groups");
    for twin in ["twin.parquet", "twin.arrow", "twin.arrows"] {
        run(&folder, &format!("samefit train --data {twin} --target y --by sex --out groups-of-columns"));
        let same = folder.shell("diff -r -x provenance.json groups groups-of-columns && ls groups").stdout();
        assert_eq!(same.lines().count(), 4, "{twin}: {same}");
    }
}

#[test]
fn predictions_from_columns_are_those_from_csv() {
    let folder = folder_with_fixtures();
    write_twins(&folder);
    run(&folder, "samefit train --data data/diabetes.csv --target y --features bmi,ltg --out model");
    run(&folder, "samefit infer --model model --attributes data/diabetes.csv --out csv");
    for twin in ["twin.parquet", "twin.arrow", "twin.arrows"] {
        run(&folder, &format!("samefit infer --model model --attributes {twin} --to csv --out columns"));
        assert_eq!(read(&folder, "columns/twin.csv"), read(&folder, "csv/diabetes.csv"), "{twin}");
    }
}

#[test]
fn every_type_of_number_has_the_value_of_its_text() {
    let folder = folder_with_fixtures();
    for columns in ["i8,u16,i64,f64,short,f32,d9,d38,d50,word,level", "level,f64"] {
        let flags = format!("--columns {columns} --missing drop");
        run(&folder, &format!("samefit summarize --data fixtures/kinds.csv {flags} --out csv.json"));
        for file in ["kinds.parquet", "kinds.feather", "kinds.arrows"] {
            run(&folder, &format!("samefit summarize --data fixtures/{file} {flags} --out columns.json"));
            assert_eq!(read(&folder, "columns.json"), read(&folder, "csv.json"), "{file} {columns}");
        }
    }
}

/// Booleans are the levels `true` and `false`, as in CSV; as numbers they are refused, with an advice that works.
#[test]
fn booleans_are_categories() {
    let folder = folder_with_fixtures();
    let names = ["--features i8,flag", "--features i8,flag --categories flag", "--formula i8~flag+u16"];
    for name in names.map(|name| if name.starts_with("--formula") { name.to_owned() } else { format!("--target u16 {name}") }) {
        run(&folder, &format!("samefit train --data fixtures/kinds.csv {name} --missing drop --out csv"));
        assert!(read(&folder, "csv/model.json").contains("flag[true]"), "{name}");
        for file in ["kinds.parquet", "kinds.feather", "kinds.arrows"] {
            run(&folder, &format!("samefit train --data fixtures/{file} {name} --missing drop --out columns"));
            assert_eq!(read(&folder, "columns/model.json"), read(&folder, "csv/model.json"), "{file} {name}");
        }
    }
    run(&folder, "samefit infer --model csv --attributes fixtures/kinds.csv --on-error continue --out from-csv");
    run(&folder, "samefit infer --model csv --attributes fixtures/kinds.parquet --to csv --on-error continue --out from-columns");
    assert_eq!(read(&folder, "from-columns/kinds.csv"), read(&folder, "from-csv/kinds.csv"));

    let line = "samefit summarize --data fixtures/kinds.parquet --missing drop --columns i8,flag --out s.json";
    let refused = folder.shell(line);
    assert_eq!(refused.code(), 3);
    assert!(refused.stderr().contains("column `flag`: found `true`, expected a decimal number"), "{}", refused.stderr());
    assert!(refused.stderr().contains("or name the column with --categories"), "{}", refused.stderr());
    run(&folder, &format!("{line} --categories flag"));
}

/// The rows of a file of columns as one record batch.
fn rows(folder: &TestFolder, name: &str) -> RecordBatch {
    let file = File::open(folder.path(name)).unwrap();
    let (schema, batches): (SchemaRef, Vec<RecordBatch>) = if name.ends_with("parquet") {
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
        (reader.schema(), reader.map(Result::unwrap).collect())
    } else {
        let reader = arrow_ipc::reader::FileReader::try_new(file, None).unwrap();
        (reader.schema(), reader.map(Result::unwrap).collect())
    };
    arrow_select::concat::concat_batches(&schema, &batches).unwrap()
}

#[test]
fn columns_of_the_input_keep_their_types_beside_the_predictions() {
    let folder = folder_with_fixtures();
    run(&folder, "samefit train --data fixtures/kinds.csv --target u16 --features i8,flag --missing drop --out model");
    let infer = "samefit infer --model model --on-error continue --with-input";
    run(&folder, &format!("{infer} --attributes fixtures/kinds.csv --out csv"));
    let predictions: Vec<String> = read(&folder, "csv/kinds.csv").lines().map(str::to_owned).collect();
    for (input, to, output) in [
        ("kinds.parquet", "", "kinds.parquet"),
        ("kinds.feather", "", "kinds.feather"),
        ("kinds.parquet", "--to arrow", "kinds.arrow"),
        ("kinds.feather", "--to parquet", "kinds.parquet"),
    ] {
        run(&folder, &format!("{infer} --attributes fixtures/{input} {to} --out columns"));
        let (before, after) = (rows(&folder, &format!("fixtures/{input}")), rows(&folder, &format!("columns/{output}")));
        let kept = before.num_columns();
        assert_eq!(after.num_columns(), kept + 5, "{output}");
        assert_eq!(after.num_rows(), predictions.len() - 1, "{output}");
        for (at, field) in before.schema().fields().iter().enumerate() {
            assert_eq!(after.schema().field(at).data_type(), field.data_type(), "{output}");
            assert_eq!(after.column(at), before.column(at), "{output} {}", field.name());
        }
        let (numbers, status) = (after.column(kept).as_primitive::<Float64Type>(), after.column(kept + 4).as_string::<i32>());
        for (row, line) in predictions.iter().skip(1).enumerate() {
            let cells: Vec<&str> = line.rsplitn(6, ',').collect();
            assert_eq!((cells[0], cells[4].parse().ok()), (status.value(row), numbers.is_valid(row).then(|| numbers.value(row))), "{line}");
        }
    }
    let collision =
        folder.shell("samefit -q infer --model model --with-input --attributes columns/kinds.parquet --on-error continue --out out");
    assert_eq!(collision.code(), 3);
    assert!(
        collision.stderr().contains("the input has a column `predicted_u16`, and the predictions have one of that name too"),
        "{}",
        collision.stderr()
    );
}

#[test]
fn columns_without_numbers_are_left_out_and_named() {
    let folder = folder_with_fixtures();
    run(&folder, "samefit summarize --data fixtures/kinds.csv --missing drop --out csv.json");
    for file in ["kinds.parquet", "kinds.feather", "kinds.arrows"] {
        let stderr = run(&folder, &format!("samefit summarize --data fixtures/{file} --missing drop --out columns.json"));
        assert_eq!(read(&folder, "columns.json"), read(&folder, "csv.json"), "{file}");
        for words in [
            "column `day`: left out: its values are of type Date32",
            "column `flag`: left out: it holds text, not numbers",
            "column `kind`: left out: it holds text, not numbers",
        ] {
            assert!(stderr.contains(words), "{file}: {stderr}");
        }
    }
}

#[test]
fn a_profile_does_not_depend_on_the_format_of_its_data() {
    let folder = folder_with_fixtures();
    run(&folder, "samefit profile fixtures/kinds.csv --json csv.json");
    for file in ["kinds.parquet", "kinds.feather", "kinds.arrows"] {
        let stderr = run(&folder, &format!("samefit profile fixtures/{file} --json columns.json"));
        assert_eq!(read(&folder, "columns.json"), read(&folder, "csv.json"), "{file}");
        assert!(stderr.contains("column `day`: left out: its values are of type Date32"), "{stderr}");
    }
}

#[test]
fn files_that_cannot_be_read_are_errors() {
    let folder = folder_with_fixtures();
    folder.shell("head -c 9000 fixtures/kinds.parquet > cut.parquet; head -c 9000 fixtures/kinds.arrows > cut.arrows");
    folder.shell("head -c 9000 fixtures/kinds.feather > cut.arrow; printf 'a,y\\n1,2\\n' > text.parquet; gzip -c fixtures/kinds.parquet > whole.parquet.gz; mkfifo pipe.parquet");
    for (line, words) in [
        ("fixtures/kinds.parquet --target day --features i8", "column `day`: its values are of type Date32"),
        (
            "fixtures/kinds.parquet --target flag --features i8 --missing drop",
            "row 1, column `flag`: found `true`, expected a decimal number",
        ),
        (
            "fixtures/kinds.parquet --target kind --features i8 --missing drop",
            "row 1, column `kind`: found `red`, expected a decimal number",
        ),
        ("fixtures/kinds.feather --target i8 --features nothing", "the data have no such column; they have `i8`, `u16`"),
        ("fixtures/kinds.arrows --target i8 --features short", "missing"),
        ("cut.parquet --target y", "error: cut.parquet: not Parquet and not Arrow, or damaged"),
        ("cut.arrow --target y", "error: cut.arrow: not Parquet and not Arrow, or damaged"),
        ("cut.arrows --target y", "damaged: the stream has no end mark"),
        ("text.parquet --target y", "this file is text, though its name is that of Parquet or Arrow"),
        ("whole.parquet.gz --target y", "decompress it"),
        ("pipe.parquet --target y", "columns cannot be read from a pipe"),
    ] {
        let ran = folder.shell(&format!("samefit train --data {line} --out out"));
        assert_eq!(ran.code(), 3, "{line}\n{}", ran.stderr());
        assert!(ran.stderr().contains(words), "{line}\n{}", ran.stderr());
    }
}
