//! Damaged, cut and partial files of columns.

use std::io::Write;
use std::ops::Range;

use ::parquet::basic::{BrotliLevel, Compression};
use ::parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader, ParquetMetaDataWriter};
use samefit_stages::error::Error;
use samefit_stages::ports::columns::Values;

use super::parquet::pages;
use super::*;

fn open_fixture(name: &str) -> Box<dyn ColumnFile> {
    open(&fixture_path(name), read_input).unwrap()
}

fn fixture_path(name: &str) -> String {
    format!("{}/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// A digest that depends on the length of a file only, which is all that these tests need.
fn read_input(path: &str) -> Result<InputFile> {
    let bytes = std::fs::metadata(path).map_err(|error| reading::read_error(path, &error))?.len();
    Ok(InputFile { path: path.to_owned(), bytes, sha256: String::new() })
}

/// Reads a whole file and returns its number of rows.
fn rows(path: &str) -> Result<usize> {
    let file = open(path, read_input)?;
    let digest = file.begin_digest();
    let readable: Vec<(usize, ValueForm)> =
        file.fields().iter().enumerate().filter_map(|(at, field)| Some((at, field.as_data()?))).collect();
    let mut batches = file.read(&readable, &Partition::Parts(0..file.parts()))?;
    let mut rows = 0;
    while let Some(batch) = batches.next()? {
        rows += batch.rows;
    }
    digest()?;
    Ok(rows)
}

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(fixture_path(name)).unwrap()
}

fn rows_of(bytes: &[u8]) -> Result<usize> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    rows(file.path().to_str().unwrap())
}

#[test]
fn parts_add_up_to_the_whole() {
    for name in ["kinds.parquet", "kinds.feather"] {
        let file = open_fixture(name);
        let read = |share: Partition| {
            let mut batches = file.read(&[(0, ValueForm::Data), (3, ValueForm::Data)], &share).unwrap();
            let mut found = Vec::new();
            while let Some(batch) = batches.next().unwrap() {
                let [(first, _), (second, Values::Numbers(numbers))] = &batch.columns[..] else { panic!("two columns") };
                assert_eq!([first.as_str(), second.as_str()], ["i8", "f64"]);
                found.extend(numbers.iter().map(|number| number.to_bits()));
            }
            found
        };
        assert_eq!(file.parts(), 3);
        let whole = read(Partition::Parts(0..3));
        let parts = [0..1, 1..3, 3..3].map(|parts| read(Partition::Parts(parts)));
        assert_eq!(parts.concat(), whole, "{name}");
        assert_eq!(whole.len(), 60);
        if let Some(rows) = file.rows(1) {
            let rows = [0..1, 1..5, 5..rows].map(|rows| read(Partition::Rows(1, rows)));
            assert_eq!(rows.concat(), read(Partition::Parts(1..2)), "{name}");
        }
    }
}

fn parquet_metadata(path: &str) -> ParquetMetaData {
    ParquetMetaDataReader::new().parse_and_finish(&std::fs::File::open(path).unwrap()).unwrap()
}

/// Returns where the bodies of the pages are, which the checksums cover.
fn bodies(path: &str) -> Vec<Range<usize>> {
    let file = SharedFile::open(path).unwrap();
    let metadata = parquet_metadata(path);
    let chunks = metadata.row_groups().iter().flat_map(|group| group.columns().iter().map(|chunk| (chunk, group.num_rows())));
    let mut bodies = Vec::new();
    for (chunk, rows) in chunks {
        let mut at = chunk.byte_range().0;
        for header in pages::headers(&file, chunk, usize::try_from(rows).unwrap()).unwrap() {
            at += header.header_bytes;
            bodies.push(usize::try_from(at).unwrap()..usize::try_from(at + header.stored_bytes).unwrap());
            at += header.stored_bytes;
        }
    }
    bodies
}

/// The fixtures have pages of both versions, with and without dictionaries. Every changed bit of a body is an error.
#[test]
fn a_page_that_differs_from_its_checksum_is_bad_data() {
    for name in ["checksums-1.parquet", "checksums-2.parquet"] {
        let whole = fixture(name);
        assert_eq!(rows_of(&whole).unwrap(), 60);
        let bodies = bodies(&fixture_path(name));
        assert!(bodies.len() >= 3 * 4 + 3 * 2, "{name}: {} pages", bodies.len());
        for at in bodies.into_iter().flatten() {
            let mut damaged = whole.clone();
            damaged[at] ^= 1 << (at % 8);
            assert_bad_data(&rows_of(&damaged).unwrap_err(), &format!("{name} changed at {at}"));
        }
    }
}

/// A damaged file is read or refused as bad data.
#[test]
fn damage_is_bad_data() {
    for name in ["kinds.parquet", "kinds.feather", "kinds.arrows"] {
        let whole = fixture(name);
        assert_eq!(rows_of(&whole).unwrap(), 60);
        let step = whole.len() / 200;
        for at in (0..whole.len()).step_by(step) {
            assert_bad_data(&rows_of(&whole[..at]).unwrap_err(), &format!("{name} cut at {at}"));
        }
        // one byte in nine, to save time
        for at in (0..whole.len()).step_by(9) {
            let mut damaged = whole.clone();
            damaged[at] ^= [1, 0x80, 0xff, 0x10][at % 4];
            if let Err(error) = rows_of(&damaged) {
                assert_bad_data(&error, &format!("{name} changed at {at}"));
            }
        }
    }
}

fn assert_bad_data(error: &Error, what: &str) {
    assert_eq!(error.exit_code(), 3, "{what}: {error}");
}

/// The file is not compressed with Brotli, but its footer says so.
#[test]
fn a_codec_that_the_program_does_not_have_is_named() {
    let path = fixture_path("checksums-1.parquet");
    let metadata = parquet_metadata(&path);
    let groups = metadata.row_groups().iter().map(|group| {
        let columns = group.columns().iter().map(|chunk| {
            let builder = chunk.clone().into_builder().set_compression(Compression::BROTLI(BrotliLevel::default()));
            builder.build().unwrap()
        });
        group.clone().into_builder().set_column_metadata(columns.collect()).build().unwrap()
    });
    let metadata = metadata.clone().into_builder().set_row_groups(groups.collect()).build();
    let mut bytes = fixture("checksums-1.parquet");
    ParquetMetaDataWriter::new(&mut bytes, &metadata).finish().unwrap();
    let error = rows_of(&bytes).unwrap_err();
    assert_bad_data(&error, "Brotli");
    assert!(error.to_string().contains("this file needs what this version does not have: the codec Brotli"), "{error}");
}

#[test]
fn names_have_no_spaces_at_their_ends() {
    let field = |name: &str| arrow_schema::Field::new(name, arrow_schema::DataType::Float64, true);
    let names = |names: &[&str]| -> Vec<String> {
        let schema = Schema::new(names.iter().map(|name| field(name)).collect::<Vec<_>>());
        fields(&schema).unwrap().into_iter().map(|field| field.name).collect()
    };
    assert_eq!(names(&[" x ", "y "]), ["x", "y"]);
    // the spaces tell the two apart
    assert_eq!(names(&["x ", "x", "y"]), ["x ", "x", "y"]);
}
